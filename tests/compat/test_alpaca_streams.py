"""Goal: Alpaca's streams are honest. Method: alpaca-py's streams run, unmodified, against a live
process; only addresses and keys are set.
"""

import asyncio
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.e2e.running import Running

with warnings.catch_warnings():
    # The package uses an interface of websockets that is on its way out.
    warnings.simplefilter("ignore", DeprecationWarning)
    from alpaca.data.live import CryptoDataStream, OptionDataStream, StockDataStream
    from alpaca.trading.client import TradingClient
    from alpaca.trading.enums import OrderSide, TimeInForce
    from alpaca.trading.requests import LimitOrderRequest, MarketOrderRequest
    from alpaca.trading.stream import TradingStream

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
PATIENCE = 20.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("streams") / "data"
    running = Running(data, updates_per_second=20, calendar="always", profile="ideal")
    yield running
    running.kill()


@pytest.fixture
def keys(server: Running) -> tuple[str, str]:
    return server.demo["api_key"], server.demo["api_secret"]


@pytest.fixture
def address(server: Running) -> str:
    return f"ws://{server.host}:{server.port}"


class Heard:
    """What handlers of the package were given, by whatever they were asked to note it under."""

    def __init__(self) -> None:
        self.items: list[tuple[str, Any]] = []
        self._came = asyncio.Event()

    def under(self, name: str) -> Any:
        async def take(item: Any) -> None:
            self.items.append((name, item))
            self._came.set()

        return take

    async def until(self, holds: Any) -> None:
        async with asyncio.timeout(PATIENCE):
            while not holds():
                self._came.clear()
                await self._came.wait()

    def of(self, name: str) -> list[Any]:
        return [item for kind, item in self.items if kind == name]


@asynccontextmanager
async def running(stream: Any) -> AsyncIterator[None]:
    stream._reconnect_min_backoff = stream._reconnect_max_backoff = 0.01
    task = asyncio.ensure_future(stream._run_forever())
    try:
        async with asyncio.timeout(PATIENCE):
            while not stream._running:
                await asyncio.sleep(0.005)
        yield
    finally:
        await stream.stop_ws()
        await stream.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_trading_stream_tells_of_orders_and_the_api_agrees(
    server: Running, keys: tuple[str, str], address: str
) -> None:
    client = TradingClient(*keys, url_override=f"http://{server.host}:{server.port}")
    stream = TradingStream(*keys, url_override=f"{address}/stream")
    heard = Heard()
    stream.subscribe_trade_updates(heard.under("updates"))
    async with running(stream):
        market = MarketOrderRequest(
            symbol="AAPL", qty=2, side=OrderSide.BUY, time_in_force=TimeInForce.DAY
        )
        bought = await asyncio.to_thread(client.submit_order, market)
        await heard.until(lambda: len(heard.items) >= 2)
        limit = LimitOrderRequest(
            symbol="AAPL", qty=1, side=OrderSide.BUY, time_in_force=TimeInForce.GTC,
            limit_price=round(float(heard.of("updates")[1].price) * 0.97, 2),
        )  # fmt: skip
        waiting = await asyncio.to_thread(client.submit_order, limit)
        await asyncio.to_thread(client.cancel_order_by_id, waiting.id)
        await heard.until(lambda: len(heard.items) >= 4)
    updates = heard.of("updates")
    assert [each.event for each in updates] == ["new", "fill", "new", "canceled"]
    fill = updates[1]
    assert (fill.order.id, fill.qty, fill.position_qty) == (bought.id, 2.0, 2.0)
    assert fill.execution_id is not None
    for told in (updates[1], updates[3]):
        assert client.get_order_by_id(told.order.id) == told.order


async def test_trading_stream_comes_back_after_a_lost_connection(
    server: Running, keys: tuple[str, str], address: str
) -> None:
    client = TradingClient(*keys, url_override=f"http://{server.host}:{server.port}")
    stream = TradingStream(*keys, url_override=f"{address}/stream")
    heard = Heard()
    stream.subscribe_trade_updates(heard.under("updates"))
    order = MarketOrderRequest(
        symbol="MSFT", qty=1, side=OrderSide.BUY, time_in_force=TimeInForce.DAY
    )
    async with running(stream):
        first = stream._ws
        first.transport.abort()
        async with asyncio.timeout(PATIENCE):
            while stream._ws is first or not stream._running:
                await asyncio.sleep(0.005)
        # Whether it listens already shows when something is told.
        async with asyncio.timeout(PATIENCE):
            while not heard.items:
                await asyncio.to_thread(client.submit_order, order)
                await asyncio.sleep(0.05)
    assert heard.items


async def test_stock_data_stream(keys: tuple[str, str], address: str) -> None:
    stream = StockDataStream(*keys, url_override=f"{address}/v2/iex")
    heard = Heard()
    stream.subscribe_trades(heard.under("trades"), "AAPL")
    stream.subscribe_quotes(heard.under("quotes"), "AAPL", "MSFT")
    stream.subscribe_bars(heard.under("bars"), "*")
    stream.subscribe_trading_statuses(heard.under("statuses"), "AAPL")
    async with running(stream):
        await heard.until(lambda: heard.of("trades"))
        await heard.until(lambda: {each.symbol for each in heard.of("quotes")} == {"AAPL", "MSFT"})
        await asyncio.to_thread(_unsubscribe, stream)
    trade, quote = heard.of("trades")[0], heard.of("quotes")[0]
    assert (trade.symbol, trade.exchange) == ("AAPL", "V")
    assert trade.price > 0
    assert trade.timestamp.tzinfo is not None
    assert 0 < quote.bid_price < quote.ask_price
    assert quote.bid_size > 0


def _unsubscribe(stream: Any) -> None:
    stream.unsubscribe_quotes("MSFT")


async def test_a_subscription_in_fragments(keys: tuple[str, str], address: str) -> None:
    """The package cuts a large subscription into frames of 32 KiB."""
    stream = StockDataStream(*keys, url_override=f"{address}/v2/sip")
    heard = Heard()
    many = [f"NOSUCH{number:09}" for number in range(4_000)]
    stream.subscribe_quotes(heard.under("quotes"), *many, "AAPL")
    async with running(stream):
        await heard.until(lambda: heard.of("quotes"))
    assert {each.symbol for each in heard.of("quotes")} == {"AAPL"}


async def test_crypto_data_stream(keys: tuple[str, str], address: str) -> None:
    stream = CryptoDataStream(*keys, url_override=f"{address}/v1beta3/crypto/us")
    heard = Heard()
    stream.subscribe_trades(heard.under("trades"), "BTC/USD")
    stream.subscribe_quotes(heard.under("quotes"), "*")
    stream.subscribe_orderbooks(heard.under("books"), "BTC/USD")
    async with running(stream):
        await heard.until(lambda: all(heard.of(x) for x in ("trades", "quotes", "books")))
    book = heard.of("books")[0]
    assert book.symbol == "BTC/USD"
    assert book.bids[0].price < book.asks[0].price
    assert all("/" in each.symbol or "-" in each.symbol for each in heard.of("quotes"))


async def test_fakepaca(keys: tuple[str, str], address: str) -> None:
    stream = StockDataStream(*keys, url_override=f"{address}/v2/test")
    heard = Heard()
    stream.subscribe_trades(heard.under("trades"), "FAKEPACA")
    stream.subscribe_quotes(heard.under("quotes"), "FAKEPACA")
    async with running(stream):
        await heard.until(lambda: heard.of("trades") and heard.of("quotes"))
    assert heard.of("trades")[0].symbol == "FAKEPACA"


async def test_wrong_keys_are_tried_again_and_options_stop_for_good(
    keys: tuple[str, str], address: str, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = StockDataStream("nobody", "nothing", url_override=f"{address}/v2/iex")
    with pytest.raises(ValueError, match="auth failed"):
        await wrong._start_ws()
    await wrong.close()
    options = OptionDataStream(*keys, url_override=f"{address}/v1beta1/indicative")
    options.subscribe_quotes(Heard().under("quotes"), "AAPL261218C00150000")
    async with asyncio.timeout(PATIENCE):
        await options._run_forever()
    assert "insufficient subscription" in caplog.text
    await options.close()
