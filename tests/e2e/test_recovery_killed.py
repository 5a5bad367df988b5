"""Kill a start at random moments of its recovery, again and again: the one that is let through
comes to the state that an undisturbed one comes to, and everything is whole.
"""

from pathlib import Path

from bench import filled
from stockyard.cli.data import examine
from tests.e2e.dying import told_by

KILLS, KILLS_SOAK = 6, 50


def test_a_recovery_that_is_killed_again_and_again_comes_through(
    tmp_path: Path, soak_factor: int
) -> None:
    kills = KILLS if soak_factor == 1 else KILLS_SOAK
    data = tmp_path / "data"
    filled.fill(str(data), 50, 1_500, 200)
    # As after a crash of a process that never took a snapshot.
    for name in ("snapshots.db", "projections.db"):
        (data / name).unlink()
    told = told_by("recovery_dying", data, 13, kills, timeout_s=300)
    assert told["same"]
    assert told["deaths"] == kills
    # They died at different points: query tables were found in different states.
    assert told["cursors"] > 1
    assert examine(data, print).broken == ()
