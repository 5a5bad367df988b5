"""Carries what the request log kept to its database, and reads it together with what still waits.

Promises: nothing here is on the way of a request; a disk that fails costs figures, never an answer;
memory is bounded meanwhile. Must not know: HTTP, or what is shown of it.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Final, Protocol

from stockyard.model.commands import PlaceOrder
from stockyard.model.ids import Kind
from stockyard.model.numbers import LEGS_MAX
from stockyard.runtime.world import World
from stockyard.storage.ports import StorageError
from stockyard.storage.requests import DatabaseRequests, RequestFilter
from stockyard.telemetry.records import RequestRecord, RouteFigures
from stockyard.telemetry.request_log import OrderName, RequestLog

LOG: Final = logging.getLogger("stockyard.requests")
PERIOD_S: Final = 10.0
"""A killed process loses the requests that were kept in so long, and the figures of a minute."""
TIDY_S: Final = 600
RECORDS_WAITING_MAX: Final = 1_000
FIGURES_WAITING_MAX: Final = 5_000
"""What waits at most while the disk fails; the oldest leave."""
DAYS: Final = 7
_NS: Final = 1_000_000_000
_REFUSED: Final = 400


def order_name(world: World) -> OrderName:
    """Names the order that a command was about: the one it made, or the one it was sent for."""

    def name(command: object, seq: int, status: int) -> str:
        order_id = getattr(command, "order_id", 0)
        if order_id:
            return world.ids.text(Kind.ORDER, *divmod(order_id, LEGS_MAX))
        if isinstance(command, PlaceOrder) and status < _REFUSED:
            return world.ids.text(Kind.ORDER, seq)
        return ""

    return name


class SpanSender(Protocol):
    """Sends records to whoever collects spans."""

    def send(self, records: Sequence[RequestRecord]) -> None:
        """Hand them over; never waits."""

    def close(self) -> None:
        """Send what waits, and end; may take its time."""


class RequestKeeper:
    """Keeps one door's requests. ``executor``: its one thread. ``days``: how long."""

    def __init__(
        self,
        log: RequestLog,
        requests: DatabaseRequests,
        executor: Executor,
        wall_ns: Callable[[], int],
        days: int = DAYS,
        sender: SpanSender | None = None,
    ) -> None:
        self.log, self._requests, self._executor = log, requests, executor
        self._wall_ns, self._days, self._sender = wall_ns, days, sender
        self._records: list[RequestRecord] = []
        self._figures: list[RouteFigures] = []
        self._saving = asyncio.Lock()
        self._failing = False
        self._tidied_s = 0
        self.lost = 0
        """Records and figures that were given up because they could not be written."""

    @property
    def lost_count(self) -> int:
        """What was given up, here and before it came here."""
        return self.lost + self.log.lost

    @property
    def waiting(self) -> int:
        """Records and figures that are not on the disk yet."""
        return len(self._records) + len(self._figures)

    async def keep(self) -> None:
        """Carry over what was kept, at the end of every period, for ever."""
        while True:
            await asyncio.sleep(PERIOD_S)
            await self.save()

    async def save(self, *, last: bool = False) -> bool:
        """Carry over what was kept so far; whether that worked."""
        async with self._saving:
            records, figures = self.log.take(all_minutes=last)
            if self._sender is not None and records:
                self._sender.send(records)
            self._records += records
            self._figures += figures
            self._bound()
            saved = await self._write()
            now_s = self._wall_ns() // _NS
            if saved and abs(now_s - self._tidied_s) >= TIDY_S:
                self._tidied_s = now_s
                saved = await self._try(self._requests.tidy, now_s, self._days)
            return saved

    async def _write(self) -> bool:
        if not self._records and not self._figures:
            return True
        if not await self._try(self._requests.save, self._records, self._figures):
            return False
        self._records, self._figures = [], []
        return True

    async def _try(self, work: Callable[..., None], *given: object) -> bool:
        try:
            await asyncio.get_running_loop().run_in_executor(self._executor, work, *given)
        except StorageError as error:
            if not self._failing:
                LOG.warning("records of requests cannot be kept, the latest wait: %s", error)
            self._failing = True
            return False
        self._failing = False
        return True

    def _bound(self) -> None:
        beyond = max(0, len(self._records) - RECORDS_WAITING_MAX)
        del self._records[:beyond]
        more = max(0, len(self._figures) - FIGURES_WAITING_MAX)
        del self._figures[:more]
        self.lost += beyond + more

    async def figures(self, start_s: int, end_s: int) -> tuple[list[RouteFigures], bool]:
        """Figures of the minutes that begin in the range, and whether the disk's are there."""
        async with self._saving:
            waiting = [*self._figures, *self.log.untaken()]
            try:
                found = await asyncio.get_running_loop().run_in_executor(
                    self._executor, self._requests.figures, start_s, end_s
                )
                whole = True
            except StorageError as error:
                LOG.warning("figures of requests cannot be read: %s", error)
                found, whole = [], False
        return found + [one for one in waiting if start_s <= one.at_s < end_s], whole

    async def records(self, wanted: RequestFilter) -> list[RequestRecord]:
        """The requests that are wanted, up to now. Raises ``StorageError``."""
        await self.save()
        return await asyncio.get_running_loop().run_in_executor(
            self._executor, self._requests.records, wanted
        )

    async def record(self, span_id: str) -> RequestRecord | None:
        """One request. Raises ``StorageError``."""
        await self.save()
        return await asyncio.get_running_loop().run_in_executor(
            self._executor, self._requests.record, span_id
        )

    async def close(self) -> None:
        """Carry over everything and release the file; what cannot be written is lost and told."""
        if not await self.save(last=True):
            waiting = len(self._records), len(self._figures)
            LOG.error("lost at the end: %d records and %d figures of requests", *waiting)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._executor, self._requests.close)
        if self._sender is not None:
            await loop.run_in_executor(self._executor, self._sender.close)
