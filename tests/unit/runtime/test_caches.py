"""Goal: answers are asked for once, outlive whoever gave them, and stay bounded. Method: a clock
moved by hand, a source that fails when told to.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from stockyard.model.feeds import FeedRefused, FeedUnavailable
from stockyard.runtime.caches import RETRY_NS, Cache, Cached, Outcome
from stockyard.runtime.clock import ManualClock
from stockyard.storage.memory import MemoryDatabase, MemoryDisk
from stockyard.storage.shelf import DatabaseShelf

TTL_NS = 60_000_000_000
NOW = 1_760_000_000_000_000_000


class Source:
    """Counts questions; answers with how many there were, or fails."""

    def __init__(self) -> None:
        self.asked = 0
        self.failure: Exception | None = None
        self.gate: asyncio.Event | None = None

    async def ask(self) -> int:
        self.asked += 1
        number = self.asked
        if self.gate is not None:
            await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        return number


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def source() -> Source:
    return Source()


def told(found: Cached[int]) -> tuple[int | None, str]:
    return found.value, found.outcome


async def test_an_answer_is_fresh_for_its_time(clock: ManualClock, source: Source) -> None:
    cache: Cache[int] = Cache("k", TTL_NS, clock)
    assert told(await cache.read("a", source.ask)) == (1, Outcome.MISS)
    clock.time_ns += TTL_NS - 1
    assert told(await cache.read("a", source.ask)) == (1, Outcome.HIT)
    clock.time_ns += 1
    assert told(await cache.read("a", source.ask)) == (2, Outcome.MISS)
    cache.expire("a")
    assert told(await cache.read("a", source.ask)) == (3, Outcome.MISS)
    assert cache.counts == {Outcome.MISS: 3, Outcome.HIT: 1}


async def test_of_many_one_asks(clock: ManualClock, source: Source) -> None:
    cache: Cache[int] = Cache("k", TTL_NS, clock)
    source.gate = asyncio.Event()
    readers = [asyncio.ensure_future(cache.read("a", source.ask)) for _ in range(50)]
    await asyncio.sleep(0)
    readers[0].cancel()
    await asyncio.sleep(0)
    source.gate.set()
    found = await asyncio.gather(*readers[1:])
    assert (source.asked, {told(one) for one in found}) == (1, {(1, Outcome.MISS)})


@pytest.mark.parametrize("failure", [FeedUnavailable("gone"), FeedRefused("no")])
async def test_a_dead_source_leaves_the_last_known(
    clock: ManualClock, source: Source, failure: Exception
) -> None:
    cache: Cache[int] = Cache("k", TTL_NS, clock)
    await cache.read("a", source.ask)
    clock.time_ns += TTL_NS
    source.failure = failure
    assert await cache.read("a", source.ask) == Cached(1, Outcome.STALE, NOW, str(failure))
    # It is not asked again at once.
    assert told(await cache.read("a", source.ask)) == (1, Outcome.STALE)
    assert source.asked == 2
    clock.time_ns += RETRY_NS
    source.failure = None
    assert told(await cache.read("a", source.ask)) == (3, Outcome.MISS)
    assert told(await cache.read("a", source.ask)) == (3, Outcome.HIT)


async def test_nothing_known_is_said_plainly(clock: ManualClock, source: Source) -> None:
    cache: Cache[int] = Cache("k", TTL_NS, clock)
    source.failure = FeedUnavailable("gone " * 100)
    found = await cache.read("a", source.ask)
    assert (found.value, found.outcome, found.as_of_ns) == (None, Outcome.UNAVAILABLE, 0)
    assert len(found.detail) == 200
    await cache.read("a", source.ask)
    assert (source.asked, cache.counts) == (1, {Outcome.UNAVAILABLE: 2})


async def test_a_fault_of_ours_is_not_hidden(clock: ManualClock, source: Source) -> None:
    cache: Cache[int] = Cache("k", TTL_NS, clock)
    source.failure = ZeroDivisionError()
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            await cache.read("a", source.ask)


async def test_the_shelf_outlives_a_restart(clock: ManualClock, source: Source) -> None:
    shelf = DatabaseShelf(MemoryDatabase(MemoryDisk(), "reference"))
    decode = msgspec.json.Decoder(int).decode
    with ThreadPoolExecutor(1) as executor:
        await Cache("k", TTL_NS, clock, (shelf, executor, decode)).read("a", source.ask)
        clock.time_ns += 1000 * TTL_NS
        source.failure = FeedUnavailable("gone")
        after: Cache[int] = Cache("k", TTL_NS, clock, (shelf, executor, decode))
        assert await after.read("a", source.ask) == Cached(1, Outcome.STALE, NOW, "gone")
        assert told(await after.read("b", source.ask)) == (None, Outcome.UNAVAILABLE)
        shelf.save("k", "b", b"not a number", NOW)
        other: Cache[int] = Cache("k", TTL_NS, clock, (shelf, executor, decode))
        assert told(await other.read("b", source.ask)) == (None, Outcome.UNAVAILABLE)


async def test_it_is_bounded(clock: ManualClock, source: Source) -> None:
    cache: Cache[int] = Cache("k", TTL_NS, clock, entries_max=3)
    for key in "abcd":
        await cache.read(key, source.ask)
    assert len(cache) == 3
    assert told(await cache.read("d", source.ask)) == (4, Outcome.HIT)
    assert told(await cache.read("a", source.ask)) == (5, Outcome.MISS)
