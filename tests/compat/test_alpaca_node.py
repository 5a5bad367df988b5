"""Goal: bots in JavaScript run here. Method: Alpaca's npm package, in its versions 3 and 4, runs
unmodified against a live process; only addresses and keys are set.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.running import Running
from tests.tidy.checkout import ROOT

BOTS = Path(__file__).parent / "node"
PLACES = (str(Path(sys.executable).parent), str(ROOT / ".make/tools/bin"), os.environ["PATH"])
"""Where Node may be: with these tests, with what builds the web app, anywhere."""
PATIENCE = 90.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("node") / "data"
    running = Running(data, updates_per_second=20, calendar="always", profile="ideal")
    yield running
    running.kill()


def run(server: Running, bot: str) -> Any:
    """What a bot saw."""
    assert (BOTS / "node_modules").is_dir(), (
        "the packages are not installed: make test does it, or npm ci --prefix tests/compat/node"
    )
    node = shutil.which("node", path=os.pathsep.join(PLACES))
    assert node is not None, "there is no Node: make test brings it"
    ran = subprocess.run(
        [node, bot],
        cwd=BOTS,
        env={
            "PATH": os.environ["PATH"],
            "ADDRESS": server.demo["url"],
            "KEY_ID": server.demo["api_key"],
            "SECRET": server.demo["api_secret"],
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])


def test_version_4_trades_and_listens(server: Running) -> None:
    said = run(server, "v4.mjs")
    bought, waiting = said["orders"]
    assert (said["account"], said["clock"], said["authenticated"]) == ("ACTIVE", True, True)
    assert said["updates"] == [
        ["new", "new", bought], ["fill", "filled", bought],
        ["new", "new", waiting], ["canceled", "canceled", waiting],
    ]  # fmt: skip
    assert said["fill"] == {"qty": "2", "positionQty": "2"}
    assert (said["agrees"], said["again"], said["position"]) == ("filled", waiting, "2")
    assert said["refused"][0] == 403
    assert said["stocksKnown"] is said["coinsKnown"] is True
    assert said["stocks"]["trade"]["symbol"] == "AAPL"
    assert said["coins"]["book"]["symbol"] == "BTC/USD"
    assert said["latest"] == ["AAPL", "MSFT"]
    assert "errors" not in said


def test_version_3_trades_and_listens(server: Running) -> None:
    said = run(server, "v3.mjs")
    bought, waiting, replaced = said["orders"]
    assert (said["account"], said["clock"]) == ("ACTIVE", True)
    assert said["updates"] == [
        ["new", "new", bought], ["fill", "filled", bought], ["new", "new", waiting],
        ["replaced", "replaced", waiting], ["new", "new", replaced],
        ["canceled", "canceled", replaced],
    ]  # fmt: skip
    assert said["fill"] == {"qty": "2", "positionQty": "2"}
    assert (said["open"], said["position"], said["positions"]) == (0, "2", 0)
    assert said["refused"] == [403, 40310000]
    assert {each.get("Symbol", each.get("S")) for each in said["found"].values()} == {"BTC/USD"}
    assert 0 < said["found"]["quote"]["BidPrice"] < said["found"]["quote"]["AskPrice"]
    assert said["latest"] is True
    assert "errors" not in said
