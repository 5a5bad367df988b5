"""Everything about people that takes time: password hashing and writes, in one bounded thread.

Promises: writes to the people database never meet each other or a reader; the event loop never
hashes; no more than a set number of jobs wait. Must not know: HTTP.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TypeVar

from stockyard.api.problems import Problem
from stockyard.people.directory import People
from stockyard.telemetry.traces import Part, Spent

T = TypeVar("T")


class PeopleDesk:
    """The one thread, and the lock that keeps readers on the event loop out of half-done writes.

    The lock is held for a write's one durable commit (about a millisecond), never while hashing.
    """

    def __init__(self, people: People, waiting_max: int) -> None:
        self.people = people
        self._waiting_max = waiting_max
        self._waiting = 0
        self._lock = Lock()
        self._thread = ThreadPoolExecutor(1, "people")

    @property
    def waiting(self) -> int:
        """Jobs that have not ended."""
        return self._waiting

    async def run(self, work: Callable[[], T]) -> T:
        """Run ``work`` in the thread. Raises ``Problem`` 503 when too many wait."""
        if self._waiting >= self._waiting_max:
            raise Problem(
                503,
                "busy",
                "too many sign-ins are waiting",
                "try again in a few seconds",
                retryable=True,
                headers=((b"retry-after", b"3"),),
            )
        self._waiting += 1
        with Spent(Part.PEOPLE):
            future = asyncio.get_running_loop().run_in_executor(self._thread, work)
            future.add_done_callback(self._done)
            return await future

    def _done(self, _: object) -> None:
        self._waiting -= 1

    async def write(self, work: Callable[[People], T]) -> T:
        """Run a write in the thread, alone."""
        return await self.run(lambda: self.alone(work))

    def alone(self, work: Callable[[People], T]) -> T:
        """Run ``work`` here and now while nobody writes."""
        with self._lock:
            return work(self.people)

    def close(self) -> None:
        """Finish what waits and end the thread."""
        self._thread.shutdown(wait=True)
