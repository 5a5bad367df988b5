"""Jobs of each trading day: what is to be done once the market has closed.

Promises: a job is asked for every closed day it has not done, oldest first, also for those that
closed while nobody was there, as far back as ``CAUGHT_UP_MAX``; one that fails says so and is tried
again, ever later; it stops no other job and never the server. Time is the world's. Must not know:
what a job does.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple, Protocol

from stockyard.market.calendars import NEW_YORK, CalendarError, sessions
from stockyard.runtime.clock import Clock

LOG: Final = logging.getLogger("stockyard.scheduler")
LOOK_S: Final = 5.0
"""How often a job is looked at; wall time."""
SETTLE_NS: Final = 60 * 1_000_000_000
"""After a close, before its jobs begin: the last quotes and fills are in by then."""
RETRY_S_MIN: Final = 30.0
RETRY_S_MAX: Final = 3_600.0
CAUGHT_UP_MAX: Final = 10
"""Days that are caught up with after a time without a server."""
_BACK: Final = timedelta(days=3 * CAUGHT_UP_MAX)
_DAY: Final = timedelta(days=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class ClosedDay(NamedTuple):
    """A trading day such as 20261120 and when it closed."""

    day: int
    close_ns: int


class DayJob(Protocol):
    """Something that is done once for each trading day."""

    name: str

    def done_until(self) -> int:
        """The last day up to which everything is done; 0 for nothing: then only the latest is."""

    async def run(self, closed: ClosedDay) -> bool:
        """Do it for a day; whether that day is done now. Doing it twice changes nothing."""


def closed_day(calendar: str, now_ns: int) -> ClosedDay | None:
    """The last trading day that has closed; None where the calendar does not reach."""
    found = closed_days(calendar, now_ns, 0)
    return found[-1] if found else None


def closed_days(calendar: str, now_ns: int, after: int) -> list[ClosedDay]:
    """The trading days after one that have closed, oldest first; at most the last
    ``CAUGHT_UP_MAX``, and after 0 only the last.
    """
    today = (_EPOCH + timedelta(microseconds=now_ns // 1_000)).astimezone(NEW_YORK).date()
    try:
        found = [
            ClosedDay(_number(calendar, session.close_ns), session.close_ns)
            for session in sessions(calendar, today - _BACK, today + _DAY)
            if session.close_ns <= now_ns
        ]
    except CalendarError:
        return []
    if not after:
        return found[-1:]
    return [one for one in found if one.day > after][-CAUGHT_UP_MAX:]


def _number(calendar: str, close_ns: int) -> int:
    at: date = (_EPOCH + timedelta(microseconds=close_ns // 1_000)).astimezone(NEW_YORK).date()
    return at.year * 10_000 + at.month * 100 + at.day


class _Waiting:
    """When a job that failed is tried again."""

    def __init__(self) -> None:
        self.wait_s = self.until_s = 0.0

    def fail(self, now_s: float) -> None:
        self.wait_s = min(max(2 * self.wait_s, RETRY_S_MIN), RETRY_S_MAX)
        self.until_s = now_s + self.wait_s

    def succeed(self) -> None:
        self.wait_s = self.until_s = 0.0


class Scheduler:
    """Looks at the world's clock and runs what is due."""

    def __init__(
        self,
        clock: Clock,
        calendar: str,
        jobs: Sequence[DayJob],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock, self._calendar, self._jobs, self._sleep = clock, calendar, jobs, sleep
        self._waiting = {job.name: _Waiting() for job in jobs}
        self._done: dict[str, set[int]] = {job.name: set() for job in jobs}

    async def run(self) -> None:
        """Look again and again; never ends."""
        while True:
            await self._sleep(LOOK_S)
            await self.look(asyncio.get_running_loop().time())

    async def look(self, now_s: float) -> None:
        """Run what is due; ``now_s``: a time that only grows, for trying again."""
        for job in self._jobs:
            waiting = self._waiting[job.name]
            if now_s < waiting.until_s:
                continue
            try:
                is_done = await self._catch_up(job)
            except Exception:
                LOG.exception("%s failed, trying again later", job.name)
                is_done = False
            if is_done:
                waiting.succeed()
            else:
                waiting.fail(now_s)

    async def _catch_up(self, job: DayJob) -> bool:
        """Run a job for every day it has not done; False when a day stays undone."""
        before = self._done[job.name]
        due = closed_days(self._calendar, self._clock.now_ns() - SETTLE_NS, job.done_until())
        before.intersection_update(one.day for one in due)
        for closed in due:
            if closed.day not in before and await job.run(closed):
                before.add(closed.day)
        return len(before) == len(due)
