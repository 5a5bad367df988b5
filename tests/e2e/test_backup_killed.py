"""Backups and restores are killed at any moment: what has the name of one is whole, always."""

import json
import os
import subprocess
import sys
from pathlib import Path

from bench import filled
from stockyard.cli.data import examine

KILLS = 50 if os.environ.get("STOCKYARD_SOAK") else 6


def test_however_they_are_killed_every_backup_is_whole(tmp_path: Path) -> None:
    data = tmp_path / "data"
    filled.fill(str(data), 5, 60, 10)
    words = [str(data), str(tmp_path), "11", str(KILLS)]
    ran = subprocess.run(
        [sys.executable, "-m", "tests.e2e.backup_dying", *words],
        capture_output=True, text=True, timeout=60 + 10 * KILLS, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert sum(told["deaths"].values()) == KILLS
    assert told["deaths"]["restore"] > 0
    # Old ones made room, and no run that was cut off has left anything.
    assert 1 <= told["backups"] <= 3
    assert told["left"] == ["lock"]
    kept = examine(tmp_path / "again", lambda _: None)
    assert kept.broken == ()
    assert kept.seq <= examine(data, lambda _: None).seq
