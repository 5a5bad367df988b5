"""Goal: every feed recovers from every fault by itself, marks what is stale, loses no subscription.

Method: the real runner and adapter against the feed's fake, in virtual time.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import pairwise

import pytest

from stockyard.adapters import FEEDS
from stockyard.model.feeds import FeedState, FeedStatus, ProblemKind
from stockyard.model.ticks import Tick, TradeTick
from stockyard.runtime.feed_monitor import BACKOFF_MAX_S, REFUSED_WAIT_S
from stockyard.runtime.feed_runner import LIVE_S, OVERLOAD_S, FeedRunner
from tests.contract.feed_stands import KINDS_OF_GARBAGE, STANDS, Stand
from tests.fakes.virtual_time import VirtualClock, run_virtual

STALE_S = 20.0
RECOVERS_S = 1_200.0
GARBAGE = ("", "{", "null", "[" * 100_000, "\x00" * 50, b"\xff\xfe" * 100, b"", '{"a":' * 5_000)


class Taken:
    """A sink that remembers. ``room``: how many ticks it takes now, None for all."""

    def __init__(self) -> None:
        self.ticks: list[Tick] = []
        self.room: int | None = None
        self.heard_s: list[float] = []

    def take(self, ticks: Sequence[Tick], now_ns: int) -> int:
        count = len(ticks) if self.room is None else min(self.room, len(ticks))
        self.ticks += ticks[:count]
        if self.room is not None:
            self.room -= count
        return count

    def heard(self, source: str, now_ns: int) -> None:
        self.heard_s.append(asyncio.get_running_loop().time())

    def prices(self) -> list[int]:
        return [tick.price for tick in self.ticks if isinstance(tick, TradeTick)]


class Play:
    """One feed that runs against its fake."""

    def __init__(self, stand: Stand) -> None:
        self.stand, self.server, self.taken = stand, stand.server, Taken()
        self.clock = VirtualClock()
        self.symbol, self.other = list(stand.symbols)[:2]
        self.runner = FeedRunner(
            stand.source(),
            stand.symbols,
            self.taken,
            connect=stand.server.dial,
            fetch=stand.server.fetch,
            clock=self.clock,
            stale_s=STALE_S,
            jitter=lambda: 0.5,
        )

    @property
    def status(self) -> FeedStatus:
        return self.runner.status()

    def now_s(self) -> float:
        return asyncio.get_running_loop().time()

    async def until(self, reached: Callable[[], bool], within_s: float = RECOVERS_S) -> float:
        """Wait for something; how long it took."""
        began_s = self.now_s()
        while not reached():
            assert self.now_s() - began_s <= within_s, self.status
            await asyncio.sleep(0.05)
        return self.now_s() - began_s

    async def live(self) -> float:
        return await self.until(lambda: self.status.state == FeedState.LIVE and self.complete())

    def complete(self) -> bool:
        lines = self.server.lines
        return len(lines) == 1 and sorted(lines[0].asked) == sorted(self.stand.wanted())

    async def trades(self, cents: int = 10_000) -> None:
        """One trade of each symbol arrives."""
        before = len(self.taken.prices())
        for symbol in (self.symbol, self.other):
            self.stand.trade(symbol, cents, self.clock.now_ns())
        await self.until(lambda: len(self.taken.prices()) == before + 2, within_s=1)

    def fresh(self) -> bool:
        status = self.status
        return not status.is_stale and not any(one.is_stale for one in status.symbols)


def scenario(name: str, body: Callable[[Play], Awaitable[None]]) -> None:
    """Run one feed through one scenario."""

    async def run() -> None:
        play = Play(STANDS[name]())
        async with running(play):
            await play.live()
            await play.trades()
            assert play.fresh()
            await body(play)
            await play.live()
            await play.trades()
            assert play.fresh()

    run_virtual(run())


@asynccontextmanager
async def running(play: Play) -> AsyncIterator[None]:
    task = asyncio.ensure_future(play.runner.run())
    try:
        yield
        assert not task.done()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert play.status.state == FeedState.STOPPED
    assert not play.server.lines


feeds = pytest.mark.parametrize("name", STANDS)


def test_every_feed_has_a_stand() -> None:
    assert list(STANDS) == list(FEEDS)


@feeds
def test_it_recovers_from_cuts_and_asks_for_everything_again(name: str) -> None:
    async def body(play: Play) -> None:
        for count in range(1, 6):
            play.server.drop()
            await play.until(lambda: play.status.is_stale, within_s=0.1)
            assert all(one.is_stale for one in play.status.symbols)
            await play.live()
            assert play.status.reconnects == count
            assert play.status.problems[ProblemKind.GAP] == count
            await play.trades()

    scenario(name, body)


@feeds
def test_waits_grow_while_nobody_answers(name: str) -> None:
    async def body(play: Play) -> None:
        play.server.refusals.extend((503, {}) for _ in range(20))
        play.server.drop()
        waits: list[int] = []

        def tried_again() -> bool:
            if play.status.retry_ns and play.status.retry_ns not in waits:
                waits.append(play.status.retry_ns)
            return not play.server.refusals

        await play.until(tried_again)
        gaps = [(b - a) / 1e9 for a, b in pairwise(waits)]
        assert gaps[0] < 2
        assert BACKOFF_MAX_S / 3 < gaps[-1] < BACKOFF_MAX_S

    scenario(name, body)


@feeds
@pytest.mark.parametrize("half", [False, True])
def test_silence_is_marked_and_ended(name: str, half: bool) -> None:
    async def body(play: Play) -> None:
        wire = await play.stand.source().prepare(play.server.fetch, play.stand.symbols)
        before, heard = play.server.connections, len(play.taken.heard_s)
        if half:
            play.server.half('[{"ev":"T","sym":"AAPL","p":150.44,"s":100}]')
        play.server.stall()
        began_s = play.now_s()
        await play.until(lambda: all(one.is_stale for one in play.status.symbols))
        assert STALE_S - 1 < play.now_s() - began_s < STALE_S + 1
        await play.until(lambda: play.status.is_stale)
        assert play.now_s() - began_s <= wire.silence_s + 1
        await play.until(lambda: play.server.connections > before)
        assert play.status.problems[ProblemKind.SILENT] == 1
        # It was said to be alive while that could be believed, and no longer.
        assert all(at <= began_s + wire.silence_s for at in play.taken.heard_s[heard:])

    scenario(name, body)


@feeds
def test_a_server_that_connects_and_says_nothing_is_left(name: str) -> None:
    async def body(play: Play) -> None:
        play.server.is_mute = True
        play.server.drop()
        before = play.server.connections
        await play.until(lambda: play.server.connections >= before + 3, within_s=4 * LIVE_S)
        assert play.status.is_stale
        assert play.status.problems[ProblemKind.SILENT] >= 2
        play.server.is_mute = False
        play.server.drop()

    scenario(name, body)


@feeds
def test_being_asked_to_wait_is_honored(name: str) -> None:
    async def body(play: Play) -> None:
        play.server.refusals.append((429, {"retry-after": "40"}))
        play.server.drop()
        assert await play.live() >= 40
        assert play.status.problems[ProblemKind.LIMITED] == 1

    scenario(name, body)


@feeds
def test_credentials_that_end_are_not_tried_fast_and_work_again_when_renewed(name: str) -> None:
    async def body(play: Play) -> None:
        play.stand.revoke()
        play.server.drop()
        before, began_s = play.status.attempts, play.now_s()
        await play.until(lambda: play.status.problems.get(ProblemKind.REFUSED, 0) >= 3)
        attempts = play.status.attempts - before
        assert attempts <= 1 + (play.now_s() - began_s) / REFUSED_WAIT_S + 1
        assert play.status.is_stale
        play.stand.restore()

    scenario(name, body)


@feeds
def test_an_upgrade_that_is_refused_is_not_tried_fast(name: str) -> None:
    async def body(play: Play) -> None:
        play.server.refusals.append((401, {}))
        play.server.drop()
        assert await play.live() >= REFUSED_WAIT_S
        assert play.status.problems[ProblemKind.REFUSED] == 1

    scenario(name, body)


@feeds
def test_what_comes_out_of_order_is_handed_over_and_counted(name: str) -> None:
    async def body(play: Play) -> None:
        before = len(play.taken.prices())
        now_ns = play.clock.now_ns()
        for offset_ms, cents in ((5, 10_005), (1, 10_001), (9, 10_009)):
            play.stand.trade(play.symbol, cents, now_ns + offset_ms * 1_000_000)
        await play.until(lambda: len(play.taken.prices()) == before + 3)
        if play.stand.orders_ticks:
            assert play.status.problems[ProblemKind.OUT_OF_ORDER] == 1

    scenario(name, body)


@feeds
def test_garbage_is_counted_logged_once_and_disturbs_nothing(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def body(play: Play) -> None:
        caplog.clear()
        frames = [*GARBAGE, *play.stand.unknown()] * 50
        before, ticks = play.server.connections, len(play.taken.ticks)
        for frame in frames:
            play.server.send(frame)
        play.stand.stranger()
        await play.trades()
        assert len(play.taken.ticks) == ticks + 2
        assert play.server.connections == before
        status = play.status
        assert status.problems[ProblemKind.MALFORMED] >= 50
        assert status.problems[ProblemKind.UNKNOWN_SYMBOL] >= 1
        assert set(status.problems) <= KINDS_OF_GARBAGE
        assert sum(status.problems.values()) >= len(frames) * 3 // 4
        assert max(map(len, status.details.values())) <= 200
        assert len(caplog.records) == len(status.problems)

    with caplog.at_level(logging.WARNING):
        scenario(name, body)


@feeds
def test_a_burst_waits_for_its_turn_and_nothing_of_it_is_lost(name: str) -> None:
    async def body(play: Play) -> None:
        before = len(play.taken.prices())
        cents = [10_000 + n % 7 for n in range(20_000)]
        play.taken.room = 700
        play.stand.burst(play.symbol, cents, play.clock.now_ns())
        while play.taken.room is not None:
            await asyncio.sleep(OVERLOAD_S / 4)
            # It frees up before the feed's patience ends.
            play.taken.room = 700 if len(play.taken.prices()) < before + 5_000 else None
        await play.until(lambda: len(play.taken.prices()) == before + len(cents))
        scale = play.taken.prices()[before] // cents[0]
        assert play.taken.prices()[before:] == [one * scale for one in cents]
        assert ProblemKind.OVERLOADED not in play.status.problems

    scenario(name, body)


@feeds
def test_what_nobody_takes_is_dropped_in_the_end_and_counted(name: str) -> None:
    async def body(play: Play) -> None:
        play.taken.room = 0
        play.stand.burst(play.symbol, [10_000] * 5_000, play.clock.now_ns())
        await play.until(lambda: ProblemKind.OVERLOADED in play.status.problems)
        await asyncio.sleep(OVERLOAD_S * 6)
        play.taken.room = None
        # What waited on the line comes now; one trade a frame, that is a lot.
        await play.until(lambda: not any(line.out.qsize() for line in play.server.lines))

    scenario(name, body)


@feeds
def test_symbols_that_come_and_go_stay_so_over_a_cut(name: str) -> None:
    async def body(play: Play) -> None:
        instrument = play.stand.symbols[play.other]
        await play.runner.unsubscribe([play.other])
        play.server.drop()
        await play.until(lambda: play.status.reconnects == 1)
        assert not any(play.other in channel for channel in play.server.lines[0].asked)
        assert [one.their_symbol for one in play.status.symbols] == [play.symbol]
        await play.runner.subscribe({play.other: instrument})

    scenario(name, body)


@feeds
def test_skew_is_told(name: str) -> None:
    async def body(play: Play) -> None:
        now_ns = play.clock.now_ns()
        count = len(play.taken.prices())
        for n in range(200):
            play.stand.trade(play.symbol, 10_000, now_ns + 2_000_000_000 + n * 1_000_000)
        await play.until(lambda: len(play.taken.prices()) == count + 200)
        skew_ns = play.status.skew_ns
        assert skew_ns is not None
        assert 1_900_000_000 < skew_ns < 2_300_000_000

    scenario(name, body)
