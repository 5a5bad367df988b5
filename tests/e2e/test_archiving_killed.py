"""Kill a world at random moments while it takes snapshots and archives them: every start afterwards
is whole, and every archived snapshot is found to be what the journal comes to.
"""

from pathlib import Path

from stockyard.cli.data import examine
from tests.e2e.dying import told_by

KILLS, KILLS_SOAK = 6, 50


def test_every_start_after_a_kill_is_whole(tmp_path: Path, soak_factor: int) -> None:
    kills = KILLS if soak_factor == 1 else KILLS_SOAK
    told = told_by("archiving_dying", tmp_path / "data", 11, kills, timeout_s=240)
    assert told["deaths"] == kills
    assert told["archived"] >= kills / 3
    assert examine(tmp_path / "data", print).broken == ()
