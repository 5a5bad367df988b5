"""Kill a world at random moments while it takes snapshots and archives them: every start afterwards
is whole, and ``stockyard verify`` finds every archived snapshot to be what the journal comes to.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from stockyard.cli import main

pytestmark = pytest.mark.filterwarnings("ignore:Cyclopts application invoked without tokens")
KILLS, KILLS_SOAK = 6, 50


def test_every_start_after_a_kill_is_whole(
    tmp_path: Path,
    soak_factor: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    kills = KILLS if soak_factor == 1 else KILLS_SOAK
    data = tmp_path / "data"
    ran = subprocess.run(
        [sys.executable, "-m", "tests.e2e.archiving_dying", str(data), "11", str(kills)],
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told["deaths"] == kills
    assert told["archived"] >= kills / 3
    monkeypatch.delenv("STOCKYARD_SOAK", raising=False)
    monkeypatch.setattr(sys, "argv", ["stockyard", "verify", "--data", str(data)])
    with pytest.raises(SystemExit) as left:
        main()
    shown = capsys.readouterr()
    assert (left.value.code, shown.out[-6:]) == (0, "whole\n"), shown
