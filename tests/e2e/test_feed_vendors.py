"""Goal: the feeds of Backpack and tastytrade feed the engine over real sockets, through a cut and
the end of a token.

Method: the real process follows both fakes at once; asked over HTTP, waited for, never slept for.
"""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.e2e.running import Client, Running
from tests.fakes import tastytrade
from tests.fakes.backpack import BackpackFake
from tests.fakes.line import FeedServer
from tests.fakes.tastytrade import TastytradeFake


async def until(reached: Callable[[], Any]) -> Any:
    """Ask again and again in a thread until the answer is one."""
    async with asyncio.timeout(30):
        while not (found := await asyncio.to_thread(reached)):
            await asyncio.sleep(0.01)
        return found


async def asked(fake: FeedServer, channel: str) -> None:
    async with asyncio.timeout(30):
        while not any(channel in line.asked for line in fake.lines):
            await asyncio.sleep(0.01)


async def stands(client: Client, symbol: str, bid: str, ask: str) -> None:
    """Wait until a symbol is quoted so."""

    def quoted() -> bool:
        quote = client.get(f"/api/v1/quotes/{symbol}")
        return (quote["bid"], quote["ask"]) == (bid, ask)

    await until(quoted)


def feeds_of(client: Client) -> dict[str, Any]:
    return {feed["name"]: feed for feed in client.get("/api/v1/feeds")["feeds"]}


async def test_both_vendors_are_followed_through_faults(tmp_path: Path) -> None:
    coins, stocks = BackpackFake(), TastytradeFake()
    with stocks.answering() as http_port:
        async with coins.listening() as coin_port, stocks.listening() as stock_port:
            stocks.url = f"ws://127.0.0.1:{stock_port}/realtime"
            settings = {
                "feeds": "backpack,tastytrade",
                "market": "none",
                "calendar": "always",
                "profile": "ideal",
                "feed_backpack_url": f"ws://127.0.0.1:{coin_port}",
                "feed_backpack_symbols": "BTC/USD",
                "feed_tastytrade_url": f"http://127.0.0.1:{http_port}",
                "feed_tastytrade_key": "refresh-token",
                "feed_tastytrade_secret": "client-secret",
                "feed_tastytrade_symbols": "AAPL",
            }
            server = await asyncio.to_thread(lambda: Running(tmp_path / "data", **settings))
            try:
                client = server.connect()
                await follow(client, coins, stocks)
                client.close()
                assert await asyncio.to_thread(server.stop) == 0
            finally:
                await asyncio.to_thread(server.kill)


async def follow(client: Client, coins: BackpackFake, stocks: TastytradeFake) -> None:
    """Quotes of both arrive, and arrive again after a cut and after a token's end."""
    await asked(coins, "bookTicker.BTC_USDC")
    await asked(stocks, "Quote.AAPL")
    coins.publish(coins.quote("BTC_USDC", "64000.1", "64000.2", time.time_ns() // 1_000))
    stocks.publish("Quote", tastytrade.quote("AAPL", 150.43, 150.45, time.time_ns() // 1_000_000))
    await stands(client, "BTC/USD", "64000.10", "64000.20")
    await stands(client, "AAPL", "150.43", "150.45")
    coins.drop()
    stocks.expire()
    await until(lambda: all(feed["reconnects"] == 1 for feed in feeds_of(client).values()))
    await asked(coins, "bookTicker.BTC_USDC")
    await asked(stocks, "Quote.AAPL")
    coins.publish(coins.quote("BTC_USDC", "64010.1", "64010.2", time.time_ns() // 1_000))
    stocks.publish("Quote", tastytrade.quote("AAPL", 151.0, 151.02, time.time_ns() // 1_000_000))
    await stands(client, "BTC/USD", "64010.10", "64010.20")
    await stands(client, "AAPL", "151.00", "151.02")
    found = await asyncio.to_thread(feeds_of, client)
    assert {name: feed["state"] for name, feed in found.items()} == {
        "backpack": "live",
        "tastytrade": "live",
    }
    kinds = {name: {row["kind"] for row in feed["problems"]} for name, feed in found.items()}
    assert kinds == {"backpack": {"connection", "gap"}, "tastytrade": {"expired", "gap"}}
