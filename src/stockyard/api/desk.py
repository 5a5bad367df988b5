"""Everything about people that takes time: password hashing and writes, in one bounded thread.

Promises: writes to the people database never meet each other or a reader; the event loop never
hashes; no more than a set number of jobs wait; what a request commits is kept with the request
until that is on record. Must not know: HTTP.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Final, TypeVar

from stockyard.api.problems import Problem
from stockyard.people.attempts import Attempt, Doing
from stockyard.people.directory import People
from stockyard.telemetry.traces import CURRENT, Part, Spent

T = TypeVar("T")
ANYONE: Final = "anyone"
ASKED_LENGTH_MAX: Final = 255
PATIENCE_S: Final = 0.25
"""So long the event loop waits for a write of people's records, whatever the disk does."""


class PeopleDesk:
    """The one thread, and the lock that keeps readers on the event loop out of half-done writes.

    The lock is held for a write's one durable commit (about a millisecond), never while hashing.
    Where the disk is slow, who reads on the event loop is refused rather than all be held up.
    """

    def __init__(self, people: People, waiting_max: int, wall_ns: Callable[[], int]) -> None:
        self.people, self._wall_ns = people, wall_ns
        self._waiting_max = waiting_max
        self._waiting = 0
        self._lock = Lock()
        self._held_since_s = 0.0
        self._thread = ThreadPoolExecutor(1, "people")

    @property
    def waiting(self) -> int:
        """Jobs that have not ended."""
        return self._waiting

    async def run(self, work: Callable[[], T]) -> T:
        """Run ``work`` in the thread. Raises ``Problem`` 503 when too many wait."""
        if self._waiting >= self._waiting_max:
            raise _busy("too many sign-ins are waiting")
        self._waiting += 1
        doing = self._doing()
        with Spent(Part.PEOPLE):
            loop = asyncio.get_running_loop()
            future = loop.run_in_executor(self._thread, self._done_during, doing, work)
            future.add_done_callback(self._done)
            return await future

    def _doing(self) -> Doing | None:
        """What the request that is being answered attempts; None where there is none."""
        trace = CURRENT.get()
        if trace is None or trace.head is None:
            return None
        if trace.doing is None:
            head, now_ns = trace.head, self._wall_ns()
            attempt = Attempt(
                number=self.people.attempts.begin(now_ns),
                at_ns=now_ns,
                asked=f"{head.method} {head.path}"[:ASKED_LENGTH_MAX],
                actor=trace.actor or ANYONE,
                user_id=trace.user_id,
                address=head.address,
                user_agent=head.user_agent,
                request_id=head.request_id,
            )
            trace.doing = Doing(attempt)
        doing: Doing = trace.doing
        return doing

    def _done_during(self, doing: Doing | None, work: Callable[[], T]) -> T:
        if doing is None:
            return work()
        with self.people.attempts.during(doing):
            return work()

    def _done(self, _: object) -> None:
        self._waiting -= 1

    async def write(self, work: Callable[[People], T]) -> T:
        """Run a write in the thread, alone."""
        return await self.run(lambda: self.alone(work))

    def alone(self, work: Callable[[People], T]) -> T:
        """Run ``work`` here and now while nobody writes.

        On the event loop raises ``Problem`` 503 where somebody writes for long.
        """
        if not self._lock.acquire(timeout=self._patience_s()):
            raise _busy("people's records are being written, and the disk is slow")
        self._held_since_s = time.monotonic()
        try:
            return work(self.people)
        finally:
            self._lock.release()

    def _patience_s(self) -> float:
        """How long to wait for whoever writes: together no longer than the loop may be held up."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return -1.0
        if not self._lock.locked():
            return PATIENCE_S
        return max(0.0, PATIENCE_S - (time.monotonic() - self._held_since_s))

    def close(self) -> None:
        """Finish what waits and end the thread."""
        self._thread.shutdown(wait=True)


def _busy(wrong: str) -> Problem:
    after = ((b"retry-after", b"3"),)
    right = "try again in a few seconds"
    return Problem(503, "busy", wrong, right, retryable=True, headers=after)
