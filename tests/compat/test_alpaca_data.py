"""Goal: the fake of Alpaca's stream is honest. Method: alpaca-py is run against it."""

import asyncio
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.fakes.alpaca_data import AlpacaFake

with warnings.catch_warnings():
    # The package uses an interface of websockets that is on its way out.
    warnings.simplefilter("ignore", DeprecationWarning)
    from alpaca.data.live import CryptoDataStream, StockDataStream

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

AT_NS = 1_795_185_062_345_678_000


class Heard:
    """What a handler of the package was given."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self._came = asyncio.Event()

    async def take(self, item: Any) -> None:
        self.items.append(item)
        self._came.set()

    async def next(self) -> Any:
        async with asyncio.timeout(10):
            await self._came.wait()
        self._came.clear()
        return self.items[-1]


@asynccontextmanager
async def streaming(stream: Any) -> AsyncIterator[None]:
    stream._reconnect_min_backoff = stream._reconnect_max_backoff = 0.01
    task = asyncio.ensure_future(stream._run_forever())
    try:
        yield
    finally:
        await stream.stop_ws()
        await stream.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def asked(fake: AlpacaFake, *channels: str) -> None:
    async with asyncio.timeout(10):
        while [sorted(line.asked) for line in fake.lines] != [sorted(channels)]:
            await asyncio.sleep(0.005)


def stock_stream(port: int, secret: str = "s") -> Any:
    return StockDataStream("k", secret, url_override=f"ws://127.0.0.1:{port}/v2/test")


async def test_stocks() -> None:
    fake = AlpacaFake()
    async with fake.listening() as port:
        stream, trades, quotes, halts = stock_stream(port), Heard(), Heard(), Heard()
        stream.subscribe_trades(trades.take, "AAPL")
        stream.subscribe_quotes(quotes.take, "AAPL", "MSFT")
        stream.subscribe_trading_statuses(halts.take, "AAPL")
        async with streaming(stream):
            await asked(fake, "trades.AAPL", "quotes.AAPL", "quotes.MSFT", "statuses.AAPL")
            assert fake.lines[0].path == "/v2/test"
            fake.publish("trades", fake.trade("AAPL", 150.26, 100, AT_NS, ("@", "I")))
            trade = await trades.next()
            assert (trade.symbol, trade.price, trade.size) == ("AAPL", 150.26, 100)
            assert trade.conditions == ["@", "I"]
            assert round(trade.timestamp.timestamp() * 1e6) == AT_NS // 1_000
            fake.publish("quotes", fake.quote("MSFT", 430.1, 430.2, AT_NS, (300, 200)))
            quote = await quotes.next()
            assert (quote.bid_price, quote.ask_price, quote.ask_size) == (430.1, 430.2, 200)
            fake.publish(
                "statuses",
                {
                    "T": "s", "S": "AAPL", "sc": "H", "sm": "Trading Halt", "rc": "T12",
                    "rm": "Information requested", "z": "C", "t": AT_NS,
                },
            )  # fmt: skip
            assert (await halts.next()).status_code == "H"


async def test_coins() -> None:
    fake = AlpacaFake()
    async with fake.listening() as port:
        url = f"ws://127.0.0.1:{port}/v1beta3/crypto/us"
        stream, trades = CryptoDataStream("k", "s", url_override=url), Heard()
        stream.subscribe_trades(trades.take, "BTC/USD")
        async with streaming(stream):
            await asked(fake, "trades.BTC/USD")
            fake.publish("trades", fake.trade("BTC/USD", 90_123.5, 0.001, AT_NS))
            trade = await trades.next()
            assert (trade.symbol, trade.price, trade.size) == ("BTC/USD", 90_123.5, 0.001)


async def test_it_subscribes_again_after_a_cut() -> None:
    fake = AlpacaFake()
    async with fake.listening() as port:
        stream, trades = stock_stream(port), Heard()
        stream.subscribe_trades(trades.take, "AAPL")
        async with streaming(stream):
            await asked(fake, "trades.AAPL")
            fake.drop()
            await asked(fake, "trades.AAPL")
            fake.publish("trades", fake.trade("AAPL", 1, 1, AT_NS))
            await trades.next()
        assert fake.connections == 2


async def test_a_wrong_secret_is_told_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    fake = AlpacaFake()
    async with fake.listening() as port:
        stream, trades = stock_stream(port, "wrong"), Heard()
        stream.subscribe_trades(trades.take, "AAPL")
        async with streaming(stream):
            async with asyncio.timeout(10):
                while "auth failed" not in caplog.text:
                    await asyncio.sleep(0.005)
            fake.secrets["k"] = "wrong"
            await asked(fake, "trades.AAPL")
