"""Goal: bars of whatever moves the market here are stored, and go on after a kill and a stop.

Method: the real process, asked over HTTP; what it is given is counted here.
"""

import asyncio
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from tests.e2e.running import Client, Running
from tests.e2e.test_following import asked, settings, until
from tests.fakes.massive import MassiveFake

TRADES = 40


def volume(client: Client, symbol: str, window: str, source: str) -> float:
    query = f"symbol={symbol}&window={window}&source={source}"
    return sum(float(bar["volume"]) for bar in client.get(f"/api/v1/bars?{query}")["bars"])


def nothing_waits(server: Running) -> bool:
    """Whether everything is on the disk."""
    with urlopen(f"http://{server.host}:{server.port}/metrics") as answer:
        text = answer.read().decode()
    return all(f'history_waiting{{kind="{kind}"}} 0.0\n' in text for kind in ("ticks", "bars"))


async def trade(fake: MassiveFake, symbol: str) -> None:
    for number in range(TRADES):
        price = 10 + number % 3 / 100
        fake.publish(fake.trade(symbol, price, 100, time.time_ns() // 1_000_000))
        await asyncio.sleep(0.005)


async def until_traded(client: Client, times: int) -> None:
    """Wait until every kind of bar has the trades of so many calls of ``trade``."""
    for source in ("massive", ""):
        for window in ("1m", "1d"):
            found = partial(volume, client, "OURS", window, source)
            await until(lambda found=found: found() == 100.0 * TRADES * times)


async def test_bars_of_a_feed_go_on_after_a_kill(tmp_path: Path) -> None:
    """Of a symbol that came with the feed, too; killed when all was written."""
    fake = MassiveFake()
    async with fake.listening() as port:
        server = await asyncio.to_thread(lambda: Running(tmp_path / "data", **settings(port)))
        try:
            for times in (1, 2):
                client = server.connect()
                await asked(fake)
                await trade(fake, "ZVZZT")
                await until_traded(client, times)
                await until(partial(nothing_waits, server))
                client.close()
                await asyncio.to_thread(server.kill)
                await asyncio.to_thread(server.start)
            client = server.connect()
            await until_traded(client, 2)
            kinds: Any = client.get("/api/v1/tickers/OURS/history?limit=1000")["ticks"]
            assert Counter(tick["source"] for tick in kinds) == {"massive": 2 * TRADES}
            client.close()
        finally:
            await asyncio.to_thread(server.kill)


def traded(client: Client) -> float:
    """The size of all raw trades that were written."""
    ticks = client.get("/api/v1/tickers/BTC/USD/history?kind=trade&limit=10000")["ticks"]
    return round(sum(float(tick["size"]) for tick in ticks), 9)


def test_bars_of_the_simulated_market_go_on_after_a_stop(tmp_path: Path) -> None:
    """What was shown last is there again, and more is added to it."""
    server = Running(tmp_path / "data", updates_per_second=20)
    time.sleep(2)
    assert server.stop() == 0
    server.start()
    client = server.connect()
    # Trading goes on between the questions.
    before, alone, after = (volume(client, "BTC/USD", "1d", x) for x in ("", "simulated", ""))
    assert 0 < before <= alone <= after
    deadline = time.monotonic() + 30
    while volume(client, "BTC/USD", "1d", "") <= after:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    found = client.get("/api/v1/bars?symbol=BTC/USD&window=1s&limit=1000")["bars"]
    starts = [bar["start"] for bar in found]
    assert starts == sorted(set(starts))
    while traded(client) < before:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    client.close()
    assert server.stop() == 0
