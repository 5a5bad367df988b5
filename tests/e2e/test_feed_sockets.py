"""Goal: over real sockets too a feed recovers from what connections and servers do.

Method: the runner with its sockets against the fake of Massive on loopback; what it waits for is
waited for, retries come at once.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

import pytest

from stockyard.adapters import FEEDS
from stockyard.market.catalog import CATALOG
from stockyard.model.feeds import (
    FeedSource,
    FeedState,
    FeedUnavailable,
    FeedWire,
    Fetch,
    HttpRequest,
    ProblemKind,
)
from stockyard.model.instruments import Instrument
from stockyard.model.ticks import Tick, TradeTick
from stockyard.runtime.clock import WallClock
from stockyard.runtime.feed_runner import FRAME_BYTES_MAX, ConnectionLost, FeedRunner
from stockyard.runtime.feed_socket import FeedHttp, open_socket, retry_after_s
from stockyard.telemetry.breaker import CALLS_MIN, Breakers, BreakerState
from tests.fakes.massive import MassiveFake

AAPL = CATALOG[0].instrument
AT_MS = 1795185062000


class Hasty:
    """A feed whose silence is noticed soon."""

    name = "massive"

    def __init__(self, source: FeedSource, silence_s: float) -> None:
        self._source, self._silence_s = source, silence_s

    async def prepare(self, fetch: Fetch, symbols: Mapping[str, Instrument]) -> FeedWire:
        wire = await self._source.prepare(fetch, symbols)
        wire.silence_s = self._silence_s
        return wire


class Play:
    """A feed on a task; ``waits`` are those it was about to make between its attempts."""

    def __init__(self, fake: MassiveFake, port: int, silence_s: float) -> None:
        adapter = FEEDS["massive"]()
        options = {name: option.default for name, option in adapter.options.items()}
        options |= {"key": "k", "url": f"ws://127.0.0.1:{port}/stocks"}
        self.fake, self.ticks = fake, list[Tick]()
        self.waits: list[float] = []
        self.http = FeedHttp(Breakers(lambda: 0.0))
        self.runner = FeedRunner(
            Hasty(adapter.open_feed(options), silence_s),
            {"AAPL": AAPL},
            self,
            connect=open_socket,
            fetch=self.http.fetch,
            clock=WallClock(),
            stale_s=60,
            jitter=lambda: 0.0,
            sleep=self._sleep,
        )

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        await asyncio.sleep(0)

    def take(self, ticks: Sequence[Tick], now_ns: int) -> int:
        self.ticks += ticks
        return len(ticks)

    def heard(self, source: str, now_ns: int) -> None:
        """Nobody asks."""

    async def until(self, reached: Callable[[], bool]) -> None:
        async with asyncio.timeout(15):
            while not reached():
                await asyncio.sleep(0.002)

    async def live(self, connections: int) -> None:
        """It is on its nth connection, asked for everything, and a trade arrives."""
        await self.until(
            lambda: (
                self.fake.connections == connections
                and self.runner.status().state == FeedState.LIVE
                and any("LULD.AAPL" in line.asked for line in self.fake.lines)
            )
        )
        count = len(self.ticks)
        self.fake.publish(self.fake.trade("AAPL", 150.44, 100, AT_MS))
        await self.until(lambda: len(self.ticks) == count + 1)
        assert isinstance(self.ticks[-1], TradeTick)

    def count(self, kind: str) -> int:
        return self.runner.status().problems.get(kind, 0)


@asynccontextmanager
async def playing(silence_s: float = 60.0) -> AsyncIterator[Play]:
    fake = MassiveFake()
    async with fake.listening() as port:
        play = Play(fake, port, silence_s)
        task = asyncio.ensure_future(play.runner.run())
        try:
            await play.live(1)
            yield play
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await play.http.close()


async def test_a_cut_connection() -> None:
    async with playing() as play:
        play.fake.drop()
        await play.live(2)
        assert play.count(ProblemKind.CONNECTION) == 1


async def test_half_a_frame_then_silence() -> None:
    async with playing(silence_s=0.5) as play:
        play.fake.half('[{"ev":"T","sym":"AAPL","p":150.44,"s":100,"t":1795185062000}]')
        await play.live(2)
        assert play.count(ProblemKind.SILENT) == 1


async def test_a_frame_that_is_too_large() -> None:
    async with playing() as play:
        play.fake.send("[" + " " * FRAME_BYTES_MAX + "]")
        await play.live(2)
        assert play.count(ProblemKind.CONNECTION) == 1


@pytest.mark.parametrize(
    ("status", "headers", "kind", "wait_s"),
    [
        (429, {"Retry-After": "17"}, ProblemKind.LIMITED, 17.5),
        (401, {}, ProblemKind.REFUSED, 60.5),
        (503, {}, ProblemKind.CONNECTION, 0.5),
    ],
)
async def test_an_upgrade_that_is_answered_otherwise(
    status: int, headers: dict[str, str], kind: str, wait_s: float
) -> None:
    async with playing() as play:
        play.fake.refusals.append((status, headers))
        play.fake.drop()
        await play.live(2)
        assert play.count(kind) >= 1
        assert play.waits[-1] == wait_s


async def test_a_server_that_is_not_there() -> None:
    async with MassiveFake().listening() as port:
        free = port
    play = Play(MassiveFake(), free, 60.0)
    for url in (f"ws://127.0.0.1:{free}/stocks", "ws://[bad", "nothing://127.0.0.1"):
        wire = await play.runner._source.prepare(play.http.fetch, {})
        wire.url = url
        with pytest.raises(ConnectionLost):
            await open_socket(wire)
    await play.http.close()


async def test_requests_are_bounded_and_their_server_is_left_alone_when_it_fails() -> None:
    now_s = 0.0
    breakers = Breakers(lambda: now_s)
    http = FeedHttp(breakers)
    fake = MassiveFake()
    with fake.answering() as port:
        base = f"http://127.0.0.1:{port}"
        headers = {"authorization": "Bearer k"}
        good = HttpRequest("GET", f"{base}/v3/reference/tickers/AAPL", headers)
        answer = await http.fetch(good)
        assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
        missing = HttpRequest("GET", f"{base}/v3/reference/tickers/NO", headers)
        assert (await http.fetch(missing)).status == 404
        fake.limited = 2 * CALLS_MIN
        for _ in range(CALLS_MIN):
            with pytest.raises(FeedUnavailable):
                await http.fetch(good)
        assert [one.state for one in breakers.statuses()] == [BreakerState.OPEN]
        asked = fake.limited
        with pytest.raises(FeedUnavailable, match="left alone") as error:
            await http.fetch(good)
        assert error.value.wait_s == 30
        assert fake.limited == asked
        fake.limited, now_s = 0, 31.0
        assert (await http.fetch(good)).status == 200
        assert [one.state for one in breakers.statuses()] == [BreakerState.CLOSED]
    with pytest.raises(FeedUnavailable):
        await http.fetch(good)
    with pytest.raises(FeedUnavailable):
        await http.fetch(HttpRequest("GET", "http://[bad"))
    await http.close()


@pytest.mark.parametrize(
    ("text", "seconds"), [("", 0), ("12", 12), ("-1", 0), ("99999999", 3600), ("Fri, 1 Jan", 0)]
)
def test_how_long_to_wait_is_bounded(text: str, seconds: float) -> None:
    assert retry_after_s(text) == seconds
