"""Feeds: tasks that bring a market's facts to the writer in step with the clock.

Promises: a simulated market never waits for an answer, and skips a beat when the writer's line is
full. A recording skips nothing: it waits until the line is short again. Must not know: how quotes
are made (``market``) or read (``adapters``).
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import Final

from stockyard.model.codes import Auction, Phase
from stockyard.model.facts import ClockTick, MarketFact, Quote, Trade
from stockyard.runtime.clock import RecordedClock
from stockyard.runtime.market_data import RECORDED, SIMULATED
from stockyard.runtime.world import World
from stockyard.runtime.writer import WAITING_MAX, Outcome, Refused

LINE_MAX: Final = WAITING_MAX // 4
GLANCE_S: Final = 0.25
"""How long a recording sleeps at most before it looks at its clock again: a pause, a resumption or
a jump takes effect within this."""

PASSING: Final = ("overloaded", "journal_unavailable", "journal_uncertain")
"""Refusals after which a recording tries the same facts again."""

Step = Callable[[int, Sequence[int], Sequence[int], Mapping[int, int]], list[MarketFact]]
"""A simulated market: world time, the instruments in and outside their regular session, and the
auctions whose print is due, to facts."""

Sleep = Callable[[float], Awaitable[None]]
"""Waits for so many wall seconds."""


def send(world: World, facts: Iterable[MarketFact]) -> int:
    """Line up facts; returns how many were taken before the line was full or closed."""
    taken = 0
    for fact in facts:
        if world.writer.waiting >= LINE_MAX:
            break
        try:
            world.writer.submit(fact)
        except Refused:
            break
        taken += 1
    return taken


def open_instruments(world: World) -> list[int]:
    """Instruments whose session is open now, in the order of their ids."""
    return [
        book.instrument_id for book in world.engine.state.books if book is not None and book.is_open
    ]


def extended_instruments(world: World) -> list[int]:
    """Instruments in extended hours now, in the order of their ids."""
    return [
        book.instrument_id
        for book in world.engine.state.books
        if book is not None and book.phase in (Phase.PRE, Phase.POST)
    ]


def due_prints(world: World) -> dict[int, int]:
    """Which ``Auction`` owes a print, by instrument: an opening one until there is a trade of the
    session, a closing one for as long as it is awaited.
    """
    state = world.engine.state
    due: dict[int, int] = {}
    for book in state.books:
        if book is None or not book.auctions:
            continue
        if book.print_due_ns:
            due[book.instrument_id] = Auction.CLOSING
        elif book.is_open and book.last_ts < state.calendars[book.calendar_id].opened_ns:
            due[book.instrument_id] = Auction.OPENING
    return due


async def run_simulated(world: World, step: Step, interval_s: float) -> None:
    """Step a simulated market at a steady rate, for ever; late steps are not made up for."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        in_session = open_instruments(world), extended_instruments(world)
        facts = step(world.clock.now_ns(), *in_session, due_prints(world))
        sent = send(world, facts)
        world.market.observe(facts[:sent], SIMULATED, world.clock.now_ns())
        due = max(due + interval_s, loop.time())
        await asyncio.sleep(due - loop.time())


async def play(
    world: World,
    facts: Iterator[Quote | Trade],
    clock: RecordedClock,
    sleep: Sleep = asyncio.sleep,
) -> int:
    """Play a recording in step with its clock until it ends; returns the number of facts played.

    A world that has played a part of it already goes on from there. At speed 0, and while the clock
    jumps, it goes as fast as the journal takes it and moves the clock itself, so that each fact is
    journaled at its own time; else within the time a commit takes. Raises ``Refused`` when the
    writer takes no more.
    """
    played, start_ns = 0, world.engine.ts
    if start_ns > clock.now_ns():
        clock.go_on_from(start_ns)
    for ts, group in groupby(facts, attrgetter("ts_event")):
        if ts < start_ns:
            continue
        await _arrive(clock, ts, sleep)
        step: list[MarketFact] = list(group)
        if clock.is_driven:
            while world.engine.next_due_ns < ts:
                clock.advance(world.engine.next_due_ns)
                await _commit(world, [ClockTick()], sleep)
        clock.advance(ts)
        await _commit(world, step, sleep)
        world.market.observe(step, RECORDED, ts)
        played += len(step)
    clock.go_on_from(clock.now_ns())
    return played


async def _arrive(clock: RecordedClock, ts: int, sleep: Sleep) -> None:
    """Wait until the clock shows ``ts``, or may be moved there."""
    while clock.is_paused or not clock.is_driven:
        wait_s = clock.wall_seconds_until(ts)
        if wait_s == 0 and not clock.is_paused:
            return
        await sleep(min(wait_s or GLANCE_S, GLANCE_S))


async def _commit(world: World, facts: Sequence[MarketFact | ClockTick], sleep: Sleep) -> None:
    """Line up facts and wait until they are durable and applied.

    Tries again for as long as the journal cannot be written or the line is full.
    """
    while True:
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        try:
            for fact in facts[:-1]:
                world.writer.submit(fact)
            world.writer.submit(facts[-1], None, partial(_tell, answer))
            refused = (await answer).refused
        except Refused as error:
            refused = error
        if refused is None:
            return
        if refused.code not in PASSING:
            raise refused
        await sleep(refused.retry_after_s)


def _tell(answer: "asyncio.Future[Outcome]", outcome: Outcome) -> None:
    if not answer.done():
        answer.set_result(outcome)
