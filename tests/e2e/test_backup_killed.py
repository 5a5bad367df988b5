"""Backups and restores are killed at any moment: what has the name of one is whole, always."""

from pathlib import Path

from bench import filled
from stockyard.cli.data import examine
from tests.e2e.dying import told_by

KILLS, KILLS_SOAK = 6, 50


def test_however_they_are_killed_every_backup_is_whole(tmp_path: Path, soak_factor: int) -> None:
    kills = KILLS if soak_factor == 1 else KILLS_SOAK
    data = tmp_path / "data"
    filled.fill(str(data), 5, 60, 10)
    told = told_by("backup_dying", data, tmp_path, 11, kills, timeout_s=60 + 10 * kills)
    assert sum(told["deaths"].values()) == kills
    assert told["deaths"]["restore"] > 0
    # Old ones made room, and no run that was cut off has left anything.
    assert 1 <= told["backups"] <= 3
    assert told["left"] == ["lock"]
    kept = examine(tmp_path / "again", lambda _: None)
    assert kept.broken == ()
    assert kept.seq <= examine(data, lambda _: None).seq
