"""Feeds: recorded facts reach the journal at their times, whatever the speed, and none is lost."""

import asyncio
from collections.abc import Callable, Iterable

import pytest

from stockyard.app import (
    found,
    genesis,
    memory_world,
    reference_facts,
    simulated_market,
    with_auctions,
)
from stockyard.market.catalog import CATALOG
from stockyard.model.codes import Auction
from stockyard.model.facts import AuctionPrint, ClockTick, MarketFact, Quote, Trade
from stockyard.model.instruments import Instrument
from stockyard.model.records import Record
from stockyard.runtime.clock import RecordedClock
from stockyard.runtime.feeds import (
    GLANCE_S,
    LINE_MAX,
    due_prints,
    extended_instruments,
    open_instruments,
    play,
    run_simulated,
    send,
)
from stockyard.runtime.world import World
from stockyard.runtime.writer import WAITING_MAX, Refused
from stockyard.storage.memory import MemoryDisk
from stockyard.storage.ports import StorageUnavailable

START_NS = 1_381_152_600 * 10**9
"""2013-10-07 09:30:00 New York."""
SECOND = 10**9
AAPL, MSFT = 1, 2


class Wall:
    """A wall clock that only sleeping moves, and the sleep that moves it."""

    def __init__(self) -> None:
        self.ns = 0
        self.slept: list[float] = []
        self.on_sleep: Callable[[int], None] = lambda count: None

    def read(self) -> int:
        return self.ns

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self.slept.append(seconds)
        self.ns += round(seconds * 10**9)
        self.on_sleep(len(self.slept))


def quotes(*seconds: float, instrument_id: int = AAPL) -> list[Quote | Trade]:
    """A quote at each of these seconds after the start."""
    return [
        Quote(instrument_id, 100_0000, 100_0100, 10**11, 10**11, START_NS + round(s * SECOND))
        for s in seconds
    ]


def world_on(
    disk: MemoryDisk,
    clock: RecordedClock,
    calendar: str = "always",
    terms: Callable[[list[Instrument]], list[Instrument]] = list,
) -> World:
    """A world that commits on the running loop."""
    loop = asyncio.get_running_loop()

    def commit() -> None:
        if holder:
            loop.call_soon(holder[0].writer.commit)

    holder: list[World] = []
    world = memory_world(clock, disk, commit)
    instruments = terms([listing.instrument for listing in CATALOG])
    found(world, genesis(world, 7))
    found(world, reference_facts(world.engine, instruments, calendar, clock.now_ns()))
    holder.append(world)
    return world


def journaled(world: World, after: int = 0) -> list[Record]:
    """Records of quotes, trades and ticks after ``after``."""
    kinds = (Quote, Trade, ClockTick)
    return [r for r in world.journal.read(after) if isinstance(r.input, kinds)]


def seconds_of(records: Iterable[Record]) -> list[float]:
    """Their times on the world's clock, in seconds after the start."""
    return [(record.ts - START_NS) / SECOND for record in records]


@pytest.mark.parametrize("speed", [1, 10])
async def test_a_recording_keeps_pace_with_its_clock(speed: int) -> None:
    wall = Wall()
    clock = RecordedClock(START_NS, speed, wall.read)
    world = world_on(MemoryDisk(), clock)
    assert await play(world, iter(quotes(0.5, 1, 1, 30)), clock, sleep=wall.sleep) == 4
    world.writer.drain()
    assert seconds_of(journaled(world)) == [0.5, 1, 1, 30]
    assert wall.ns == pytest.approx(30 * SECOND / speed, abs=1000)
    assert max(wall.slept) <= GLANCE_S


async def test_at_speed_0_every_fact_has_its_own_time_and_nothing_sleeps() -> None:
    wall = Wall()
    clock = RecordedClock(START_NS, 0, wall.read)
    world = world_on(MemoryDisk(), clock)
    facts = quotes(1, 2, 2, *range(3, 2000))
    assert await play(world, iter(facts), clock, sleep=wall.sleep) == len(facts)
    records = journaled(world)
    assert [record.input for record in records] == facts
    assert all(r.ts == r.input.ts_event for r in records)  # type: ignore[union-attr]
    assert wall.slept == []
    assert clock.now_ns() == START_NS + 1999 * SECOND


async def test_at_speed_0_a_session_ends_at_its_own_time() -> None:
    """The close at 16:00 lies between two facts: it is journaled at 16:00, not with the later."""
    clock = RecordedClock(START_NS, 0)
    world = world_on(MemoryDisk(), clock, "xnys")
    close_s = 6.5 * 3600
    await play(world, iter(quotes(close_s - 1, close_s + 60)), clock)
    ticks = [r for r in journaled(world) if isinstance(r.input, ClockTick)]
    assert close_s in seconds_of(ticks)
    assert open_instruments(world) == list(range(21, 28))


async def test_a_paused_recording_waits_for_its_clock() -> None:
    wall = Wall()
    clock = RecordedClock(START_NS, 1, wall.read)
    world = world_on(MemoryDisk(), clock)
    waited: list[int] = []

    def on_sleep(count: int) -> None:
        if count == 1:
            clock.pause()
        elif count < 20:
            waited.append(len(journaled(world)))
        elif count == 20:
            clock.resume()

    wall.on_sleep = on_sleep
    await play(world, iter(quotes(0, 1)), clock, sleep=wall.sleep)
    world.writer.drain()
    assert waited == [1] * 18
    assert seconds_of(journaled(world)) == [0, 1]
    assert wall.ns == pytest.approx((1 + 19 * GLANCE_S) * SECOND, abs=1000)


@pytest.mark.parametrize("speed", [0, 1])
async def test_a_paused_recording_holds_back_what_is_due_already(speed: int) -> None:
    wall = Wall()
    clock = RecordedClock(START_NS, speed, wall.read)
    world = world_on(MemoryDisk(), clock)
    clock.pause()
    wall.on_sleep = lambda count: clock.resume() if count == 3 else None
    assert await play(world, iter(quotes(0)), clock, sleep=wall.sleep) == 1
    assert wall.slept == [GLANCE_S] * 3


async def test_a_jump_plays_what_lies_between_at_its_own_times() -> None:
    wall = Wall()
    clock = RecordedClock(START_NS, 1, wall.read)
    world = world_on(MemoryDisk(), clock)
    wall.on_sleep = lambda count: clock.jump(START_NS + 3600 * SECOND) if count == 1 else None
    await play(world, iter(quotes(1, 1000, 2000, 3600, 3601)), clock, sleep=wall.sleep)
    world.writer.drain()
    assert seconds_of(journaled(world)) == [1, 1000, 2000, 3600, 3601]
    assert wall.ns == pytest.approx((GLANCE_S + 1) * SECOND, abs=1000)


async def test_a_jump_past_the_end_leaves_the_clock_running() -> None:
    wall = Wall()
    clock = RecordedClock(START_NS, 1, wall.read)
    world = world_on(MemoryDisk(), clock)
    clock.jump(START_NS + 9999 * SECOND)
    await play(world, iter(quotes(1, 2)), clock, sleep=wall.sleep)
    wall.ns += SECOND
    assert clock.now_ns() == START_NS + 3 * SECOND


async def test_a_world_that_was_there_before_goes_on_where_it_was() -> None:
    disk, wall = MemoryDisk(), Wall()
    clock = RecordedClock(START_NS, 1, wall.read)
    world = world_on(disk, clock)
    await play(world, iter(quotes(1, 2)), clock, sleep=wall.sleep)
    world.writer.drain()
    wall = Wall()
    clock = RecordedClock(START_NS, 1, wall.read)
    world = world_on(disk, clock)
    seen = world.engine.seq
    assert await play(world, iter(quotes(1, 2, 2.5)), clock, sleep=wall.sleep) == 2
    world.writer.drain()
    assert seconds_of(journaled(world, seen)) == [2, 2.5]
    assert wall.ns == pytest.approx(0.5 * SECOND, abs=1000)


async def test_a_journal_that_fails_for_a_while_loses_no_fact() -> None:
    wall, disk = Wall(), MemoryDisk()
    clock = RecordedClock(START_NS, 0, wall.read)
    world = world_on(disk, clock)
    disk.fail_next(StorageUnavailable("disk full"), 3)
    await play(world, iter(quotes(1, 2)), clock, sleep=wall.sleep)
    assert seconds_of(journaled(world)) == [1, 2]
    assert len(wall.slept) == 3


async def test_a_recording_waits_for_a_line_that_is_full() -> None:
    wall = Wall()
    clock = RecordedClock(START_NS, 0, wall.read)
    world = world_on(MemoryDisk(), clock)
    for fact in quotes(*[0] * WAITING_MAX):
        world.writer.submit(fact)
    await play(world, iter(quotes(1)), clock, sleep=wall.sleep)
    assert seconds_of(journaled(world))[-1] == 1
    assert len(wall.slept) == 1


async def test_a_journal_that_refuses_loses_no_fact_at_a_speed_either() -> None:
    disk, wall = MemoryDisk(), Wall()
    clock = RecordedClock(START_NS, 1, wall.read)
    world = world_on(disk, clock)
    before = world.engine.seq
    disk.fail_next(StorageUnavailable("the disk is full"))
    played = await play(world, iter(quotes(1, 2, 3)), clock, sleep=wall.sleep)
    assert played == 3
    assert world.engine.seq == before + 3


@pytest.mark.parametrize("speed", [0, 1])
async def test_a_closed_line_ends_the_recording(speed: int) -> None:
    clock = RecordedClock(START_NS, speed, Wall().read)
    world = world_on(MemoryDisk(), clock)
    world.writer.close(Refused("shutting_down", "stopping"))
    with pytest.raises(Refused, match="stopping"):
        await play(world, iter(quotes(0)), clock)


async def test_a_canceled_recording_leaves_the_writer_whole() -> None:
    clock = RecordedClock(START_NS, 0)
    world = memory_world(clock, MemoryDisk(), lambda: None)
    task = asyncio.ensure_future(play(world, iter(quotes(1)), clock))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    world.writer.drain()
    assert world.writer.failure is None
    assert seconds_of(journaled(world)) == [1]


async def test_a_simulated_market_skips_a_beat_when_the_line_is_full() -> None:
    clock = RecordedClock(START_NS, 0)
    world = memory_world(clock, MemoryDisk(), lambda: None)
    facts = quotes(*[0] * (LINE_MAX + 10))
    assert send(world, facts) == LINE_MAX
    assert send(world, facts) == 0
    world.writer.drain()
    assert send(world, facts[:3]) == 3
    world.writer.close(Refused("shutting_down", "stopping"))
    assert send(world, facts) == 0


async def test_a_simulated_market_is_stepped_with_time_and_open_instruments() -> None:
    clock = RecordedClock(START_NS, 0)
    world = world_on(MemoryDisk(), clock)
    steps: list[tuple[int, int]] = []

    def step(
        now_ns: int, open_ids: Iterable[int], extended: Iterable[int], auctions: object
    ) -> list[MarketFact]:
        steps.append((now_ns, len(list(open_ids))))
        assert (list(extended), auctions) == ([], {})
        if len(steps) == 3:
            raise asyncio.CancelledError
        return list(quotes(0))

    task = asyncio.ensure_future(run_simulated(world, step, 0.0))
    await asyncio.gather(task, return_exceptions=True)
    world.writer.drain()
    assert steps == [(START_NS, 27)] * 3
    assert len(journaled(world)) == 2


async def test_an_exchange_day_has_its_phases_and_each_print_once() -> None:
    """From early trading to the night, with the built-in market: who trades, and what prints."""
    clock = RecordedClock(START_NS - 20 * SECOND, 0)
    disk = MemoryDisk()
    world = world_on(disk, clock, "xnys", with_auctions)
    market = simulated_market(world, 7, "xnys")
    stocks, close_ns = set(range(1, 21)), START_NS + 23_400 * SECOND
    seen: list[tuple[int, int]] = []

    def beat(ts_ns: int) -> tuple[set[int], set[int], dict[int, int]]:
        clock.advance(ts_ns)
        world.writer.tick_if_due()
        world.writer.drain()
        now = set(open_instruments(world)), set(extended_instruments(world)), due_prints(world)
        facts = market.step(ts_ns, *now)
        seen.extend((f.instrument_id, f.kind) for f in facts if isinstance(f, AuctionPrint))
        assert send(world, facts) == len(facts)
        world.writer.drain()
        return now[0] & stocks, now[1] & stocks, now[2]

    opening, closing = (
        dict.fromkeys(stocks, Auction.OPENING),
        dict.fromkeys(stocks, Auction.CLOSING),
    )
    assert beat(START_NS - SECOND) == (set(), stocks, {})
    assert beat(START_NS) == (stocks, set(), opening)
    assert beat(START_NS + SECOND) == (stocks, set(), {})
    assert beat(close_ns - 1) == (stocks, set(), {})
    assert beat(close_ns) == (set(), stocks, closing)
    assert beat(close_ns + SECOND) == (set(), stocks, {})
    assert beat(close_ns + 4 * 3_600 * SECOND) == (set(), set(), {})
    assert sorted(seen) == sorted([*opening.items(), *closing.items()])
