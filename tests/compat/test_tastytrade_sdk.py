"""Goal: the tastytrade fake is honest. Method: the community SDK, unchanged, reads it all."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from tastytrade import DXLinkStreamer, Session
from tastytrade.dxfeed import Candle, Greeks, Quote, Summary, Trade
from tastytrade.utils import TastytradeError

from tests.fakes import tastytrade as words
from tests.fakes.tastytrade import TastytradeFake

MS = 1_795_185_062_000


@pytest.fixture
def fake() -> TastytradeFake:
    return TastytradeFake()


@pytest.fixture
async def session(fake: TastytradeFake) -> AsyncIterator[Session]:
    """A session that knows no other server than the fake."""
    with fake.answering() as http_port:
        async with fake.listening() as port:
            fake.url = f"ws://127.0.0.1:{port}/realtime"
            made = Session("client-secret", "refresh-token", is_test=True)
            made._client.base_url = f"http://127.0.0.1:{http_port}"
            try:
                yield made
            finally:
                await made._client.aclose()


@asynccontextmanager
async def streaming(session: Session) -> AsyncIterator[DXLinkStreamer]:
    """A streamer whose queues are closed in the end; the SDK leaves them open."""
    async with DXLinkStreamer(session) as streamer:
        yield streamer
    for queue in (*streamer._send.values(), *streamer._recv.values()):
        queue.close()


class Saying:
    """Says an event as soon as someone has asked for it."""

    def __init__(self, fake: TastytradeFake, kind: str, event: dict[str, Any]) -> None:
        self._fake, self._kind, self._event, self._said = fake, kind, event, fake.said
        fake.said = self._then_say  # type: ignore[method-assign]

    def _then_say(self, *asked: Any) -> None:
        self._said(*asked)
        self._fake.publish(self._kind, self._event)


async def test_a_quote_is_read(fake: TastytradeFake, session: Session) -> None:
    Saying(fake, "Quote", words.quote("AAPL", 150.43, 150.45, MS))
    async with streaming(session) as streamer:
        await streamer.subscribe(Quote, ["AAPL"])
        found = await streamer.get_event(Quote)
    assert (found.bid_price, found.ask_price) == (Decimal("150.43"), Decimal("150.45"))
    assert (found.bid_size, found.ask_size, found.bid_time) == (500, 300, MS)


async def test_a_trade_is_read(fake: TastytradeFake, session: Session) -> None:
    Saying(fake, "Trade", words.trade("AAPL", 150.44, 100, MS, 7))
    async with streaming(session) as streamer:
        await streamer.subscribe(Trade, ["AAPL"])
        found = await streamer.get_event(Trade)
    assert (found.price, found.size, found.time) == (Decimal("150.44"), 100, MS)
    assert found.sequence == 7


async def test_greeks_and_a_summary_are_read(fake: TastytradeFake, session: Session) -> None:
    option = ".AAPL261218C150"
    Saying(fake, "Greeks", words.greeks(option, MS))
    Saying(fake, "Summary", words.summary("AAPL", 20_777))
    async with streaming(session) as streamer:
        await streamer.subscribe(Greeks, [option])
        greeks = await streamer.get_event(Greeks)
        await streamer.subscribe(Summary, ["AAPL"])
        summary = await streamer.get_event(Summary)
    assert (greeks.volatility, greeks.delta) == (Decimal("0.275"), Decimal("0.51"))
    assert (summary.day_open_price, summary.day_close_price) == (Decimal("149.2"), None)


async def test_candles_come_newest_first_between_their_flags(
    fake: TastytradeFake, session: Session
) -> None:
    times = [MS - MS % 300_000 - n * 300_000 for n in range(3)]
    fake.candles["AAPL{=5m,tho=true}"] = [words.candle(at, 150.2) for at in sorted(times)]
    since = datetime.fromtimestamp(times[-1] / 1000, UTC)
    async with streaming(session) as streamer:
        await streamer.subscribe_candle(["AAPL"], "5m", since)
        found = [await streamer.get_event(Candle) for _ in range(3)]
    assert [one.time for one in found] == times
    assert [(one.snapshot_begin, one.snapshot_end) for one in found] == [
        (True, False), (False, False), (False, True),
    ]  # fmt: skip


async def test_what_is_asked_for_no_more_does_not_come(
    fake: TastytradeFake, session: Session
) -> None:
    async with streaming(session) as streamer:
        await streamer.subscribe(Quote, ["AAPL", "MSFT"])
        await streamer.unsubscribe(Quote, ["AAPL"])
        Saying(fake, "Quote", words.quote("AAPL", 1, 2, MS))
        Saying(fake, "Quote", words.quote("MSFT", 3, 4, MS))
        await streamer.subscribe(Quote, ["MSFT"])
        assert (await streamer.get_event(Quote)).event_symbol == "MSFT"


async def test_wrong_credentials_and_too_many_requests_are_told(
    fake: TastytradeFake, session: Session
) -> None:
    fake.grants.clear()
    with pytest.raises(TastytradeError, match="invalid_grant"):
        await session._get("/api-quote-tokens")
    fake.grants.add(("client-secret", "refresh-token"))
    fake.limited = 1
    with pytest.raises(TastytradeError, match="rate_limited"):
        await session._get("/api-quote-tokens")
    assert (await session._get("/api-quote-tokens"))["level"] == "api"
