"""Goal: the Backpack fake is honest. Method: ccxt, unchanged, reads everything from it."""

from collections.abc import AsyncIterator
from typing import Any

import ccxt.pro
import pytest
from ccxt.base.errors import BaseError

from tests.fakes.backpack import BackpackFake, kline

US = 1_795_185_062_000_000


@pytest.fixture
def fake() -> BackpackFake:
    return BackpackFake()


@pytest.fixture
async def exchange(fake: BackpackFake) -> AsyncIterator[Any]:
    """A ccxt client that knows no other server than the fake."""
    with fake.answering() as http_port:
        async with fake.listening() as port:
            http, socket = f"http://127.0.0.1:{http_port}", f"ws://127.0.0.1:{port}"
            urls = {"public": http, "private": http, "ws": {"public": socket, "private": socket}}
            client = ccxt.pro.backpack({"urls": {"api": urls}, "enableRateLimit": False})
            try:
                yield client
            finally:
                await client.close()


class Saying:
    """Says a frame as soon as someone has asked for its stream."""

    def __init__(self, fake: BackpackFake, *frames: str) -> None:
        self._fake, self._frames, self._said = fake, frames, fake.said
        fake.said = self._then_say  # type: ignore[method-assign]

    def _then_say(self, *asked: Any) -> None:
        self._said(*asked)
        for frame in self._frames:
            self._fake.publish(frame)


async def test_markets_are_read(exchange: Any) -> None:
    markets = await exchange.load_markets()
    assert set(markets) == {"BTC/USDC", "ETH/USDC", "SOL/USDC", "SOL/USDC:USDC"}
    perpetual = markets["SOL/USDC:USDC"]
    assert (perpetual["swap"], perpetual["precision"]["price"]) == (True, 0.01)


async def test_a_best_bid_and_offer_is_read(fake: BackpackFake, exchange: Any) -> None:
    Saying(fake, fake.quote("SOL_USDC", "178.15", "178.16", US))
    found = (await exchange.watch_bids_asks(["SOL/USDC"]))["SOL/USDC"]
    assert (found["bid"], found["ask"]) == (178.15, 178.16)
    assert (found["bidVolume"], found["askVolume"]) == (20.03, 12.5)
    assert list(fake.lines[0].asked) == ["bookTicker.SOL_USDC"]


async def test_a_trade_is_read(fake: BackpackFake, exchange: Any) -> None:
    Saying(fake, fake.trade("SOL_USDC", "178.15", "0.5", US))
    (found,) = await exchange.watch_trades("SOL/USDC")
    assert (found["price"], found["amount"], found["timestamp"]) == (178.15, 0.5, US // 1000)


async def test_a_bar_is_read(fake: BackpackFake, exchange: Any) -> None:
    Saying(fake, kline("SOL_USDC", "1m"))
    (found,) = await exchange.watch_ohlcv("SOL/USDC", "1m")
    assert found[1:] == [178.0, 178.2, 177.95, 178.16, 340.5]


async def test_the_last_day_is_read(fake: BackpackFake, exchange: Any) -> None:
    found = await exchange.watch_ticker("SOL/USDC")
    assert (found["open"], found["last"], found["high"]) == (170.0, 178.16, 180.0)


async def test_bars_over_rest_are_read(fake: BackpackFake, exchange: Any) -> None:
    fake.bars["SOL_USDC"] = [
        {
            "start": "2026-11-20 14:31:00", "end": "2026-11-20 14:32:00", "open": "178",
            "high": "178.2", "low": "177.95", "close": "178.16", "volume": "340.5",
            "quoteVolume": "60635.4", "trades": "87",
        }
    ]  # fmt: skip
    (found,) = await exchange.fetch_ohlcv("SOL/USDC", "1m", since=1_795_185_000_000)
    assert found == [1_795_185_060_000, 178.0, 178.2, 177.95, 178.16, 340.5]


async def test_faults_are_understood(fake: BackpackFake, exchange: Any) -> None:
    await exchange.load_markets()
    fake.limited = 1
    with pytest.raises(ccxt.RateLimitExceeded):
        await exchange.fetch_ohlcv("SOL/USDC", "1m", since=1_795_185_000_000)
    with pytest.raises(BaseError, match="Invalid stream"):
        await exchange.watch_ohlcv("SOL/USDC", "1m", params={"params": ["nonsense.SOL_USDC"]})
