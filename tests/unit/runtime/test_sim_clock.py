"""The controlled clock: time goes only as far as it is told, and nothing on the way is left out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from stockyard.app import (
    catalog_instruments,
    found,
    session_facts,
    simulated_market,
    with_auctions,
)
from stockyard.model.codes import OrderType, Side, TimeInForce
from stockyard.model.commands import OpenAccount, PlaceOrder
from stockyard.model.events import OrderAccepted
from stockyard.model.facts import (
    AuctionPrint,
    ClockTick,
    InstrumentListed,
    Quote,
    SessionsScheduled,
)
from stockyard.model.records import Input, Record
from stockyard.runtime.quiet import Quiet
from stockyard.runtime.sim_clock import FASTEST, ControlledClock, SimClock
from stockyard.runtime.world import World
from stockyard.storage.memory import MemoryDisk
from tests.unit.runtime.worlds import UNIT, open_account, open_on, send

NS = 10**9
MINUTE = 60 * NS
DAY = 86_400 * NS
OPENS = 1_767_623_400 * NS
"""2026-01-05T14:30:00Z, a Monday's opening bell in New York."""


class Wall:
    """A wall clock that moves when told."""

    def __init__(self) -> None:
        self.ns = 0

    def __call__(self) -> int:
        return self.ns


class Driven:
    """A world with a market and its driver."""

    def __init__(self, start_ns: int, interval_ns: int, wall: Wall | None = None) -> None:
        self.disk, self.interval_ns = MemoryDisk(), interval_ns
        self.clock = ControlledClock(start_ns, wall or Wall())
        self.world: World = open_on(self.disk, self.clock, self._schedule, "xnys")
        # Stocks have their exchange's auctions.
        instruments = with_auctions(catalog_instruments())
        found(self.world, [InstrumentListed(one) for one in instruments])
        self.quiet = Quiet(self.world.writer)
        market = simulated_market(self.world, 1, "xnys")
        self.driver = SimClock(
            self.world,
            self.clock,
            self.quiet,
            interval_ns,
            market.step,
            lambda now_ns: session_facts(self.world.engine, "xnys", now_ns),
        )

    def _schedule(self) -> None:
        # While the world is made it is drained by hand.
        with suppress(AttributeError):
            asyncio.get_running_loop().call_soon(self.world.writer.commit)

    def records(self, after_seq: int = 0) -> list[Record]:
        return list(self.world.journal.read(after_seq))


@asynccontextmanager
async def driven(
    start_ns: int = OPENS, interval_ns: int = NS, wall: Wall | None = None
) -> AsyncIterator[Driven]:
    made = Driven(start_ns, interval_ns, wall)
    task = asyncio.create_task(made.driver.run())
    try:
        yield made
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def market_order(account_id: int, profile_id: int = 2, **more: object) -> PlaceOrder:
    """Buy ten AAPL at the market."""
    return PlaceOrder(
        account_id, 1, Side.BUY, OrderType.MARKET, TimeInForce.DAY, 10 * UNIT, *(0, 0), "", "", b""
    )


async def test_time_stands_until_it_is_told() -> None:
    async with driven() as it:
        seq = it.world.engine.seq
        await asyncio.sleep(0.02)
        assert it.clock.now_ns() == OPENS
        assert it.world.engine.seq == seq


async def test_a_step_brings_every_update_at_its_own_second() -> None:
    async with driven() as it:
        seq = it.world.engine.seq
        assert await it.driver.travel(OPENS + 3 * NS)
        quotes = [r for r in it.records(seq) if type(r.input) is Quote]
        assert sorted({r.ts for r in quotes}) == [OPENS + n * NS for n in (1, 2, 3)]
        assert all(r.ts == r.input.ts_event for r in quotes)  # type: ignore[union-attr]
        assert it.clock.now_ns() == it.world.engine.ts == OPENS + 3 * NS


async def test_a_step_between_two_updates_is_kept_too() -> None:
    async with driven() as it:
        assert await it.driver.travel(OPENS + NS // 2)
        last = it.records()[-1]
        assert (last.ts, last.input) == (OPENS + NS // 2, ClockTick())


async def test_stops_count_whatever_happens_next() -> None:
    async with driven(OPENS - 2 * NS) as it:
        assert await it.driver.take_stops(1)
        assert it.clock.now_ns() == OPENS - NS
        # The bell and the update of the same second are two.
        assert await it.driver.take_stops(1)
        assert (it.clock.now_ns(), it.records()[-1].input) == (OPENS, ClockTick())
        assert it.driver.status().next_ns == OPENS + NS


async def test_what_is_due_between_two_updates_happens_at_its_own_time() -> None:
    async with driven(OPENS + MINUTE, 10 * NS) as it:
        account_id = send(it.world, OpenAccount("o", "main", 3, 10**11, "r", b"d")).seq
        await it.driver.travel(OPENS + 2 * MINUTE)
        placed = send(it.world, market_order(account_id))
        accepted = placed.events[0]
        assert isinstance(accepted, OrderAccepted)
        due_ns = it.world.engine.next_due_ns
        assert OPENS + 2 * MINUTE < due_ns < OPENS + 2 * MINUTE + 10 * NS
        assert await it.driver.take_stops(1)
        last = it.records()[-1]
        assert (last.ts, last.input) == (due_ns, ClockTick())
        assert not any(it.world.view.open_orders.values())


async def test_a_long_way_and_many_short_ones_make_the_same_journal() -> None:
    async def journal(*stops: int) -> list[tuple[int, Input]]:
        async with driven(OPENS - 5 * NS) as it:
            open_account(it.world)
            for stop in stops:
                await it.driver.travel(OPENS + stop * NS)
            return [(r.ts, r.input) for r in it.records()][1:]

    once = await journal(120)
    assert once == await journal(*range(1, 121))
    # Each stock prints its opening auction once, also where many seconds fit one commit.
    assert sum(type(message) is AuctionPrint for _, message in once) == 20


async def test_concurrent_steps_run_beside_each_other_and_the_nearest_ends_first() -> None:
    async with driven() as it:
        ends: list[tuple[int, int]] = []

        async def sleep(seconds: int) -> None:
            await it.driver.travel(OPENS + seconds * NS)
            ends.append((seconds, it.clock.now_ns() - OPENS))

        await asyncio.gather(sleep(9), sleep(2), sleep(5))
        assert [one for one, _ in ends] == [2, 5, 9]
        assert it.clock.now_ns() == OPENS + 9 * NS


async def test_at_a_speed_time_passes_between_updates_and_never_beyond_the_next() -> None:
    wall = Wall()
    async with driven(wall=wall) as it:
        it.driver.go(100.0)
        await asyncio.sleep(0.01)
        wall.ns += NS // 200
        assert it.clock.now_ns() == OPENS + NS // 2
        wall.ns += NS
        assert it.clock.now_ns() == OPENS + NS - 1
        for _ in range(100):
            await asyncio.sleep(0.01)
            if it.clock.now_ns() >= OPENS + 100 * NS:
                break
        assert OPENS + 100 * NS <= it.clock.now_ns() < OPENS + 101 * NS
        it.driver.stop()
        stood = it.clock.now_ns()
        wall.ns += NS
        await asyncio.sleep(0.01)
        assert it.clock.now_ns() == stood


async def test_a_stop_ends_a_journey_where_it_is() -> None:
    async with driven() as it:
        journey = asyncio.create_task(it.driver.travel(OPENS + 30 * DAY))
        await asyncio.sleep(0.03)
        it.driver.stop()
        assert await journey is False
        assert OPENS < it.clock.now_ns() < OPENS + 30 * DAY


async def test_sessions_are_known_ahead_however_far_time_goes() -> None:
    async with driven(interval_ns=DAY) as it:
        known = it.world.view.sessions[1][-1].close_ns
        await it.driver.travel(OPENS + 400 * DAY)
        assert it.world.view.sessions[1][-1].close_ns > known
        scheduled = [
            (r.ts, r.input) for r in it.records() if isinstance(r.input, SessionsScheduled)
        ]
        for ts, fact in scheduled:
            assert fact.sessions[-1].close_ns > ts + 50 * DAY


async def test_an_order_of_before_the_bell_fills_after_it() -> None:
    async with driven(OPENS - 5 * MINUTE, 10 * NS) as it:
        account_id = open_account(it.world)
        await it.driver.travel(OPENS - MINUTE)
        seq = send(it.world, market_order(account_id)).seq
        assert any(it.world.view.open_orders.values())
        await it.driver.travel(OPENS + MINUTE)
        assert not any(it.world.view.open_orders.values())
        (row,) = it.world.view.positions[account_id].values()
        assert (row.qty, it.world.engine.seq > seq) == (10 * UNIT, True)


async def test_as_fast_as_possible_ends_with_a_stop() -> None:
    async with driven() as it:
        it.driver.go(FASTEST)
        await asyncio.sleep(0.05)
        it.driver.stop()
        assert it.clock.now_ns() > OPENS + 5 * NS
        assert it.world.engine.ts == it.clock.now_ns()


def test_a_clock_that_was_brought_ahead_goes_on_from_there() -> None:
    wall = Wall()
    clock = ControlledClock(1_000 * NS, wall)
    clock.run(2.0)
    clock.advance(5_000 * NS)
    clock.limit(9_000 * NS)
    wall.ns += 10 * NS
    assert clock.now_ns() == 5_020 * NS
    assert clock.wall_seconds_until(5_040 * NS) == pytest.approx(10)


def test_a_clock_that_cannot_keep_its_speed_makes_up_for_a_second_of_it() -> None:
    wall = Wall()
    clock = ControlledClock(0, wall)
    clock.run(10.0)
    wall.ns += 100 * NS
    clock.advance(50 * NS)
    assert clock.allowed_ns() == 60 * NS
