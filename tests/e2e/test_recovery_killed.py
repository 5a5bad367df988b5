"""Kill a start at random moments of its recovery, again and again: the one that is let through
comes to the state that an undisturbed one comes to, and ``stockyard verify`` finds it whole.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench import filled
from stockyard.cli import main

pytestmark = pytest.mark.filterwarnings("ignore:Cyclopts application invoked without tokens")
KILLS, KILLS_SOAK = 6, 50


def test_a_recovery_that_is_killed_again_and_again_comes_through(
    tmp_path: Path,
    soak_factor: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    kills = KILLS if soak_factor == 1 else KILLS_SOAK
    data = tmp_path / "data"
    filled.fill(str(data), 50, 1_500, 200)
    # As after a crash of a process that never took a snapshot.
    for name in ("snapshots.db", "projections.db"):
        (data / name).unlink()
    ran = subprocess.run(
        [sys.executable, "-m", "tests.e2e.recovery_dying", str(data), "13", str(kills)],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told["same"]
    assert told["deaths"] == kills
    # They died at different points: query tables were found in different states.
    assert told["cursors"] > 1
    monkeypatch.setattr(sys, "argv", ["stockyard", "verify", "--data", str(data)])
    with pytest.raises(SystemExit) as left:
        main()
    shown = capsys.readouterr().out
    assert (left.value.code, shown.splitlines()[-1]) == (0, "whole"), shown
