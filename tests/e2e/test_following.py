"""Goal: a feed in the settings feeds the engine, over real sockets, through cuts and restarts.

Method: the real process follows the fake of Massive; asked over HTTP, waited for, never slept for.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.running import Client, Running
from tests.fakes.massive import MassiveFake

ORDER = {"symbol": "AAPL", "side": "buy", "type": "market", "qty": "1", "time_in_force": "day"}


def settings(port: int) -> dict[str, Any]:
    return {
        "feeds": "massive",
        "market": "none",
        "calendar": "always",
        "profile": "ideal",
        "feed_massive_url": f"ws://127.0.0.1:{port}/stocks",
        "feed_massive_key": "k",
        "feed_massive_symbols": "AAPL,OURS=ZVZZT",
    }


async def until(reached: Callable[[], Any]) -> Any:
    """Ask again and again in a thread until the answer is one."""
    async with asyncio.timeout(30):
        while not (found := await asyncio.to_thread(reached)):
            await asyncio.sleep(0.01)
        return found


async def asked(fake: MassiveFake) -> None:
    async with asyncio.timeout(30):
        while not any("Q.ZVZZT" in line.asked for line in fake.lines):
            await asyncio.sleep(0.01)


def publish(fake: MassiveFake, symbol: str, bid: float, ask: float) -> None:
    fake.publish(fake.quote(symbol, bid, ask, time.time_ns() // 1_000_000))


def feed_of(client: Client) -> Any:
    (found,) = client.get("/api/v1/feeds")["feeds"]
    return found


async def test_a_feed_is_traded_on_and_its_faults_are_survived(tmp_path: Path) -> None:
    fake = MassiveFake()
    async with fake.listening() as port:
        server = await asyncio.to_thread(lambda: Running(tmp_path / "data", **settings(port)))
        try:
            client = server.connect()
            await asked(fake)
            publish(fake, "AAPL", 150.43, 150.45)
            publish(fake, "ZVZZT", 9.99, 10.01)
            quote = await until(
                lambda: (q := client.get("/api/v1/quotes/AAPL"))["ask"] is not None and q
            )
            assert (quote["bid"], quote["ask"]) == ("150.43", "150.45")
            await until(lambda: client.get("/api/v1/quotes/OURS")["ask"] == "10.01")
            status, order = await asyncio.to_thread(client.ask, "POST", "/api/v1/orders", ORDER)
            assert (status, order["status"], order["filled_avg_price"]) == (201, "filled", "150.45")
            feed = await asyncio.to_thread(feed_of, client)
            assert (feed["name"], feed["state"], feed["stale"]) == ("massive", "live", False)
            assert [(s["symbol"], s["their_symbol"], s["ticks"]) for s in feed["symbols"]] == [
                ("AAPL", "AAPL", 1),
                ("OURS", "ZVZZT", 1),
            ]
            fake.send("garbage")
            fake.drop()
            await asked(fake)
            publish(fake, "AAPL", 151.00, 151.02)
            await until(lambda: client.get("/api/v1/quotes/AAPL")["ask"] == "151.02")
            feed = await asyncio.to_thread(feed_of, client)
            assert feed["reconnects"] == 1
            assert {row["kind"] for row in feed["problems"]} == {"malformed", "connection", "gap"}
            client.close()
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)
            client = server.connect()
            await asked(fake)
            publish(fake, "ZVZZT", 10.02, 10.04)
            await until(lambda: client.get("/api/v1/quotes/OURS")["ask"] == "10.04")
            client.close()
            assert await asyncio.to_thread(server.stop) == 0
            verified = await asyncio.to_thread(server.command, "verify")
            assert verified.returncode == 0, verified.stderr
        finally:
            await asyncio.to_thread(server.kill)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"STOCKYARD_FEEDS": "nobody"}, "expected each once, of massive"),
        ({"STOCKYARD_FEEDS": "massive"}, "STOCKYARD_FEED_MASSIVE_"),
    ],
)
def test_a_feed_that_cannot_be_followed_is_refused_at_the_start(
    tmp_path: Path, given: dict[str, str], said: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "stockyard", "serve", "--port", "0", "--data", str(tmp_path)],
        env={**given, "PATH": "", "PYTHONPATH": ":".join(sys.path)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert said in done.stderr
