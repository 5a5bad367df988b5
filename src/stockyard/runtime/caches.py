"""Read-through caches: what others know is asked for once, kept for a while, and outlives them.

Promises: of many who want the same at once one asks; a question that fails is answered by what was
known last, however old, in memory or on the shelf, and by a plain "not available" when there is
nothing; memory is bounded. Must not know: what is kept, who is asked, or what time it is (the clock
is passed in).
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from typing import Final, Generic, NamedTuple, Protocol, TypeVar

import msgspec

from stockyard.model.feeds import FeedRefused, FeedUnavailable
from stockyard.runtime.clock import Clock
from stockyard.storage.ports import StorageError
from stockyard.telemetry.traces import Part, Spent

RETRY_NS: Final = 10_000_000_000
"""After a question has failed, the same one is not asked again for this long."""
ENTRIES_MAX: Final = 2_000
DETAIL_LENGTH_MAX: Final = 200
_log: Final = logging.getLogger("stockyard.caches")
T = TypeVar("T")


class Outcome:
    """Where an answer came from."""

    HIT: Final = "hit"
    MISS: Final = "miss"
    """Asked for just now."""
    STALE: Final = "stale"
    """Known from before; asking has failed."""
    UNAVAILABLE: Final = "unavailable"


OUTCOMES: Final = (Outcome.HIT, Outcome.MISS, Outcome.STALE, Outcome.UNAVAILABLE)


class Cached(NamedTuple, Generic[T]):
    """An answer. ``as_of_ns``: when it was true, UTC ns, 0 for never; ``value`` is None when there
    is none, ``detail`` why asking failed.
    """

    value: T | None
    outcome: str
    as_of_ns: int
    detail: str = ""


class Shelf(Protocol):
    """Keeps the last answers through restarts."""

    def load(self, kind: str, key: str) -> tuple[bytes, int] | None:
        """An answer and when it was true. Raises ``StorageError``."""

    def save(self, kind: str, key: str, value: bytes, as_of_ns: int) -> None:
        """Keep an answer. Raises ``StorageError``."""


class _Entry(Generic[T]):
    """``is_good``: asking did not fail last time, and nothing has changed since."""

    __slots__ = ("as_of_ns", "detail", "is_good", "retry_ns", "value")

    def __init__(self, value: T | None, as_of_ns: int, *, is_good: bool) -> None:
        self.value, self.as_of_ns, self.is_good = value, as_of_ns, is_good
        self.detail, self.retry_ns = "", 0


class Cache(Generic[T]):
    """Answers of one kind, by key, fresh for ``ttl_ns``.

    ``shelved``: where answers are kept too, and how they are read from there.
    """

    def __init__(
        self,
        kind: str,
        ttl_ns: int,
        clock: Clock,
        shelved: tuple[Shelf, Executor, Callable[[bytes], T]] | None = None,
        entries_max: int = ENTRIES_MAX,
    ) -> None:
        self.kind, self._ttl_ns, self._clock = kind, ttl_ns, clock
        self._shelved, self._entries_max = shelved, entries_max
        self._entries: dict[str, _Entry[T]] = {}
        self._asking: dict[str, asyncio.Task[Cached[T]]] = {}
        self.counts: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._entries)

    def expire(self, key: str) -> None:
        """Ask anew next time, because something has changed what was answered."""
        entry = self._entries.get(key)
        if entry is not None:
            entry.is_good = False

    async def read(self, key: str, ask: Callable[[], Awaitable[T]]) -> Cached[T]:
        """The answer to ``key``, from ``ask`` when none is fresh."""
        with Spent(Part.CACHE) as spent:
            found = await self._read(key, ask)
            spent.word = f"{self.kind} {found.outcome}"
        self.counts[found.outcome] += 1
        return found

    async def _read(self, key: str, ask: Callable[[], Awaitable[T]]) -> Cached[T]:
        found = self._known(key)
        if found is None:
            asking = self._asking.get(key)
            if asking is None:
                asking = asyncio.ensure_future(self._ask(key, ask))
                self._asking[key] = asking
                asking.add_done_callback(lambda _: self._asking.pop(key, None))
            # Whoever gives up does not take the answer from the others.
            found = await asyncio.shield(asking)
        return found

    def _known(self, key: str) -> Cached[T] | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        now_ns = self._clock.wall_ns()
        if entry.is_good and now_ns - entry.as_of_ns < self._ttl_ns:
            return Cached(entry.value, Outcome.HIT, entry.as_of_ns)
        if now_ns < entry.retry_ns:
            return self._failed(entry)
        return None

    def _failed(self, entry: _Entry[T]) -> Cached[T]:
        outcome = Outcome.STALE if entry.as_of_ns else Outcome.UNAVAILABLE
        return Cached(entry.value, outcome, entry.as_of_ns, entry.detail)

    async def _ask(self, key: str, ask: Callable[[], Awaitable[T]]) -> Cached[T]:
        try:
            value = await ask()
        except (FeedUnavailable, FeedRefused) as error:
            return self._failed(await self._fall_back(key, str(error)[:DETAIL_LENGTH_MAX]))
        now_ns = self._clock.wall_ns()
        self._keep(key, _Entry(value, now_ns, is_good=True))
        await self._shelve(key, value, now_ns)
        return Cached(value, Outcome.MISS, now_ns)

    async def _fall_back(self, key: str, detail: str) -> _Entry[T]:
        """What was known last, marked as such, and not to be asked for again for a while."""
        entry = self._entries.get(key)
        if entry is None or not entry.as_of_ns:
            value, as_of_ns = await self._unshelve(key)
            entry = _Entry(value, as_of_ns, is_good=False)
        entry.is_good = False
        entry.detail, entry.retry_ns = detail, self._clock.wall_ns() + RETRY_NS
        self._keep(key, entry)
        return entry

    def _keep(self, key: str, entry: _Entry[T]) -> None:
        self._entries.pop(key, None)
        self._entries[key] = entry
        while len(self._entries) > self._entries_max:
            del self._entries[next(iter(self._entries))]

    async def _shelve(self, key: str, value: T, now_ns: int) -> None:
        if self._shelved is None:
            return
        shelf, executor, _ = self._shelved
        body = msgspec.json.encode(value)
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(executor, shelf.save, self.kind, key, body, now_ns)
        except StorageError as error:
            _log.warning("an answer could not be kept for later: %s", error)

    async def _unshelve(self, key: str) -> tuple[T | None, int]:
        if self._shelved is None:
            return None, 0
        shelf, executor, decode = self._shelved
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(executor, shelf.load, self.kind, key)
            if found is None:
                return None, 0
            return decode(found[0]), found[1]
        except (StorageError, msgspec.DecodeError) as error:
            _log.warning("an answer of before could not be read: %s", error)
            return None, 0
