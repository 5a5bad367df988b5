"""Goal: a bot framework runs here. Method: lumibot as it is published, with a bot in its ordinary
shape, against a live process; only keys and the address are set. Test controls move the price.
"""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.running import Client, Running
from tests.tidy.checkout import ROOT

BOT = Path(__file__).parent / "bots/swing.py"
FRAMEWORK = Path(os.environ.get("FRAMEWORKS", ROOT / ".make/frameworks"))
PATIENCE = 60.0


class Swinging:
    """The bot in a process of its own; ``heard``: the lines that it prints, as they come."""

    def __init__(self, server: Running, home: Path) -> None:
        assert (FRAMEWORK / "lumibot").is_dir(), (
            "the framework is not installed: make test does it, or make .make/frameworks.stamp"
        )
        self._log = home / "bot.log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-W", "ignore", str(BOT)],
                cwd=home,
                env={
                    "PATH": os.environ["PATH"],
                    "HOME": str(home),
                    "PYTHONPATH": str(FRAMEWORK),
                    "PYTHONDONTWRITEBYTECODE": "1",
                    "APCA_API_BASE_URL": server.demo["url"],
                    "APCA_API_KEY_ID": server.demo["api_key"],
                    "APCA_API_SECRET_KEY": server.demo["api_secret"],
                },
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._log.open("a") as log:
                log.write(line)
            if line.startswith("["):
                self._lines.put(line)

    def heard(self) -> Any:
        """The next thing that the strategy tells, however long the machine takes."""
        try:
            return json.loads(self._lines.get(timeout=PATIENCE))
        except queue.Empty:
            raise AssertionError(f"the bot says no more:\n{self.log}") from None

    @property
    def log(self) -> str:
        """All that the framework wrote."""
        return self._log.read_text()[-6000:]

    def interrupt(self) -> int:
        """Control-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=PATIENCE)

    def end(self) -> None:
        """Leave nothing behind."""
        self.process.kill()
        self.process.wait()
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    running = Running(
        tmp_path / "data", "--controls", updates_per_second=20, calendar="always", profile="ideal"
    )
    yield running
    running.kill()


@pytest.fixture
def controls(server: Running) -> Iterator[Client]:
    made = server.connect()
    status, told = made.ask("POST", "/api/v1/sim/clock/stop")
    assert status == 200, told
    yield made
    made.close()


def quote(controls: Client, bid: str, ask: str) -> None:
    said = {"symbol": "AAPL", "bid": bid, "ask": ask, "bid_size": "1000", "ask_size": "1000"}
    status, told = controls.ask("POST", "/api/v1/sim/market/quote", said)
    assert status in (200, 201), told


@pytest.fixture
def bot(server: Running, controls: Client, tmp_path: Path) -> Iterator[Swinging]:
    # The days before the market began end where it first traded: well above what is quoted then.
    quote(controls, "190.00", "190.02")
    traded = {"symbol": "AAPL", "price": "190.01", "size": "100"}
    status, told = controls.ask("POST", "/api/v1/sim/market/trade", traded)
    assert status in (200, 201), told
    quote(controls, "150.00", "150.02")
    home = tmp_path / "home"
    home.mkdir()
    made = Swinging(server, home)
    yield made
    made.end()


def test_lumibot_buys_hears_of_it_and_sells(controls: Client, bot: Swinging) -> None:
    began, *saw = bot.heard()
    assert (began, saw[2], saw[3]) == ("began", 5, 150.01), bot.log
    assert saw[:2] == [100_000, 100_000]
    what, side, price, quantity, bought = bot.heard()
    assert (what, side, price, quantity) == ("filled", "buy", 150.02, 10), bot.log
    # It holds what gained nothing, and sells what gained.
    assert controls.get("/v2/positions/AAPL")["qty"] == "10"
    quote(controls, "160.00", "160.02")
    what, side, price, quantity, sold = bot.heard()
    assert (what, side, price, quantity) == ("filled", "sell", 160, 10), bot.log
    assert controls.get("/v2/positions") == []
    orders = controls.get("/v2/orders?status=all&direction=asc")
    assert [(x["id"], x["status"]) for x in orders] == [(bought, "filled"), (sold, "filled")]
    assert bot.interrupt() == 0, bot.log
