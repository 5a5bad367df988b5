"""Goal: the fake of Massive is honest. Method: the vendor's own package is run against it."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from massive import RESTClient, WebSocketClient
from massive.exceptions import AuthError, BadResponse
from massive.websocket.models import EquityQuote, EquityTrade, LimitUpLimitDown

from tests.fakes.massive import MassiveFake

AT_MS = 1795185062000
BAR = {"o": 150.1, "h": 150.4, "l": 150.05, "c": 150.26, "v": 18250, "vw": 150.2231, "n": 204}


class Listening:
    """The package's stream client on a task, with what it was given."""

    def __init__(self, port: int, *subscriptions: str, key: str = "k") -> None:
        self.messages: list[Any] = []
        self.arrived = asyncio.Event()
        self.client = WebSocketClient(
            api_key=key,
            feed=f"127.0.0.1:{port}",
            secure=False,
            subscriptions=list(subscriptions),
        )
        self.task = asyncio.ensure_future(self.client.connect(self._take))

    async def _take(self, messages: list[Any]) -> None:
        self.messages += messages
        self.arrived.set()

    async def next(self) -> None:
        """Wait until more has come."""
        async with asyncio.timeout(10):
            await self.arrived.wait()
        self.arrived.clear()

    async def stop(self) -> None:
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task


async def asked(fake: MassiveFake, *channels: str) -> None:
    """Wait until exactly these are subscribed to on the one connection there is."""
    async with asyncio.timeout(10):
        while [sorted(line.asked) for line in fake.lines] != [sorted(channels)]:
            await asyncio.sleep(0.005)


async def test_the_stream_client_authenticates_subscribes_and_reads_events() -> None:
    fake = MassiveFake()
    async with fake.listening() as port:
        one = Listening(port, "T.AAPL", "Q.AAPL", "LULD.AAPL")
        await asked(fake, "T.AAPL", "Q.AAPL", "LULD.AAPL")
        assert fake.lines[0].path == "/stocks"
        fake.publish(
            fake.trade("AAPL", 150.44, 100, AT_MS, (0,)),
            fake.quote("AAPL", 150.43, 150.45, AT_MS),
            {"ev": "LULD", "T": "AAPL", "h": 165.5, "l": 135.25, "i": [17], "z": 3, "t": AT_MS},
        )
        await one.next()
        trade, quote, band = one.messages
        assert isinstance(trade, EquityTrade)
        assert (trade.symbol, trade.price, trade.size, trade.timestamp) == (
            "AAPL", 150.44, 100, AT_MS,
        )  # fmt: skip
        assert isinstance(quote, EquityQuote)
        assert (quote.bid_price, quote.ask_price, quote.ask_size) == (150.43, 150.45, 300)
        assert isinstance(band, LimitUpLimitDown)
        one.client.unsubscribe("Q.AAPL")
        fake.publish(fake.trade("AAPL", 150.45, 1, AT_MS))
        await asked(fake, "T.AAPL", "LULD.AAPL")
        await one.stop()


async def test_the_stream_client_subscribes_again_after_a_cut() -> None:
    fake = MassiveFake()
    async with fake.listening() as port:
        one = Listening(port, "T.AAPL")
        await asked(fake, "T.AAPL")
        fake.drop()
        await asked(fake, "T.AAPL")
        assert fake.connections == 2
        await one.stop()


async def test_the_stream_client_is_told_that_its_key_is_wrong() -> None:
    fake = MassiveFake()
    async with fake.listening() as port:
        one = Listening(port, "T.AAPL", key="wrong")
        with pytest.raises(AuthError):
            await one.task


async def test_the_rest_client_reads_reference_data_and_pages_of_bars() -> None:
    fake = MassiveFake()
    fake.bars["AAPL"] = [{"t": AT_MS + 60_000 * n, **BAR} for n in range(5)]

    def ask(port: int) -> None:
        client = RESTClient(api_key="k", base=f"http://127.0.0.1:{port}", retries=3)
        assert [row.ticker for row in client.list_tickers(search="micro")] == ["MSFT"]
        details = client.get_ticker_details("AAPL")
        assert (details.name, details.address.city) == ("Apple Inc.", "CUPERTINO")
        bars = list(client.list_aggs("AAPL", 1, "minute", AT_MS, AT_MS + 600_000))
        assert [bar.timestamp for bar in bars] == [AT_MS + 60_000 * n for n in range(5)]
        assert bars[0].vwap == 150.2231
        (row,) = client.get_snapshot_all("stocks", tickers=["AAPL"])
        assert (row.last_quote.bid_price, row.last_quote.ask_price) == (150.43, 150.45)
        with pytest.raises(BadResponse):
            client.get_ticker_details("NONE")
        fake.limited = 2
        assert client.get_ticker_details("AAPL").ticker == "AAPL"
        with pytest.raises(BadResponse, match="Unknown API Key"):
            RESTClient(api_key="x", base=f"http://127.0.0.1:{port}").get_ticker_details("AAPL")

    with fake.answering() as port:
        await asyncio.to_thread(ask, port)
