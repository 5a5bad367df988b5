"""Lock step's question: is anything in flight?"""

import asyncio
from collections.abc import Callable

from stockyard.model.facts import ClockTick
from stockyard.runtime.clock import ManualClock
from stockyard.runtime.quiet import Quiet
from stockyard.storage.memory import MemoryDisk
from tests.unit.runtime.worlds import NOON_NS, open_on


class Doors:
    """Traffic that is told what to be."""

    def __init__(self) -> None:
        self.in_flight = self.streams = self.beats = self.handed_over = 0
        self.left = ""
        self.on_hand_over: Callable[[], None] | None = None

    def pulse(self) -> tuple[int, ...]:
        return (self.beats,)

    def unread(self) -> str:
        return self.left

    async def hand_over(self) -> None:
        self.handed_over += 1
        if self.on_hand_over is not None:
            self.on_hand_over()


class Processes:
    """Peers that are told who works."""

    def __init__(self) -> None:
        self.works = ""

    def busy(self) -> str:
        return self.works


class Asked:
    """A question under way."""

    def __init__(self) -> None:
        self.world = open_on(MemoryDisk(), ManualClock(NOON_NS))
        self.quiet, self.doors, self.peers = Quiet(self.world.writer), Doors(), Processes()
        self.quiet.traffic, self.quiet.peers = self.doors, self.peers
        self.quiet.begin(1, 0)
        self.woken = asyncio.Event()

    async def settles(self, seconds: float = 0.05) -> bool:
        """Whether it is quiet within a moment."""
        try:
            async with asyncio.timeout(seconds):
                return await self.quiet.settle(self.woken)
        except TimeoutError:
            return False


async def test_nothing_in_flight_is_quiet() -> None:
    asked = Asked()
    assert await asked.settles(5)
    assert asked.doors.handed_over


async def test_whatever_is_in_the_way_is_waited_for_and_named() -> None:
    asked = Asked()
    asked.doors.in_flight = 1
    assert not await asked.settles()
    assert asked.quiet.waits_for == "a request is being answered"
    asked.doors.in_flight = 0
    asked.doors.left = "a listener has not taken its frames"
    assert not await asked.settles()
    assert asked.quiet.waits_for == "a listener has not taken its frames"
    asked.doors.left = ""
    asked.world.writer.submit(ClockTick())
    assert not await asked.settles()
    assert asked.quiet.waits_for == "inputs wait to be journaled"
    asked.world.writer.drain()
    asked.peers.works = "process 7 works"
    assert not await asked.settles()
    assert asked.quiet.waits_for == "process 7 works"
    asked.peers.works = ""
    assert await asked.settles(5)
    assert asked.quiet.waits_for == ""


async def test_time_stands_while_a_stream_is_missing() -> None:
    asked = Asked()
    asked.quiet.begin(0, 2)
    asked.doors.streams = 1
    assert not await asked.settles()
    assert asked.quiet.waits_for == "1 of 2 streams are open"
    asked.doors.streams = 2
    assert await asked.settles(5)


async def test_every_sign_of_life_begins_the_quiet_time_anew() -> None:
    asked = Asked()
    asked.quiet.begin(20, 0)
    calls = 0

    def beat() -> None:
        nonlocal calls
        calls += 1
        asked.doors.beats += calls < 30

    asked.doors.on_hand_over = beat
    assert await asked.settles(5)
    assert calls >= 30


async def test_what_was_quiet_is_quiet_at_once_until_something_comes() -> None:
    asked = Asked()
    asked.quiet.begin(10_000, 0)
    assert not await asked.settles()
    asked.quiet.begin(0, 0)
    assert await asked.settles(5)
    asked.quiet.quiet_ms = 10_000
    assert await asked.settles()
    asked.doors.beats += 1
    assert not await asked.settles()


async def test_whoever_wants_the_driver_does_not_wait_for_clients() -> None:
    asked = Asked()
    asked.doors.in_flight = 1
    asked.woken.set()
    assert await asked.quiet.settle(asked.woken) is False
