"""Feeds: tasks that bring a market's facts to the writer in step with the clock.

Promises: a feed never waits for an answer; when the writer's line is full it skips a beat rather
than pile up. Must not know: how quotes are made (``market``) or read (``adapters``).
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from stockyard.model.facts import Quote, Trade
from stockyard.runtime.clock import RecordedClock
from stockyard.runtime.world import World
from stockyard.runtime.writer import WAITING_MAX, Refused

LINE_MAX: Final = WAITING_MAX // 4

Step = Callable[[int, Iterable[int]], list[Quote | Trade]]
"""A simulated market: world time and open instruments to facts."""


def send(world: World, facts: Iterable[Quote | Trade]) -> int:
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


async def run_simulated(world: World, step: Step, interval_s: float) -> None:
    """Step a simulated market at a steady rate, for ever; late steps are not made up for."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        send(world, step(world.clock.now_ns(), open_instruments(world)))
        due = max(due + interval_s, loop.time())
        await asyncio.sleep(due - loop.time())


async def play(
    world: World, facts: Iterator[Quote | Trade], clock: RecordedClock, burst: int = 500
) -> int:
    """Play a recording in step with its clock until it ends; returns the number of facts played.

    At speed 0 it goes as fast as the writer takes them, and moves the clock itself.
    """
    played = 0
    for fact in facts:
        wait_s = clock.wall_seconds_until(fact.ts_event)
        if wait_s > 0:
            await asyncio.sleep(wait_s)
        while world.writer.waiting >= burst:
            await asyncio.sleep(0)
        clock.advance(fact.ts_event)
        world.writer.submit(fact)
        played += 1
    return played
