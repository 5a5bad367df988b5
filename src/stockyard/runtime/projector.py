"""The projector: carries what changed from the View to SQL, in order, off the engine's path.

Promises: rows, cursor and event digest are committed together; at most one batch is on its way, and
what waits meanwhile is bounded. Must not know: what the rows mean.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Final

import msgspec

from stockyard.model.events import Event
from stockyard.model.records import Record
from stockyard.projections.rows import EventRow
from stockyard.projections.store import (
    Batch,
    Cursor,
    ReadStore,
    batch_of,
    digest_after,
    encode_event,
)
from stockyard.projections.view import Changes, View

WAITING_EVENTS_MAX: Final = 50_000

Run = Callable[[Callable[[], None]], "Future[None]"]
"""Runs a function somewhere (a thread, or at once) and gives its future."""


def run_at_once(work: Callable[[], None]) -> "Future[None]":
    """Run in the caller: for replays, tests and the simulator."""
    future: Future[None] = Future()
    try:
        work()
        future.set_result(None)
    except Exception as error:
        future.set_exception(error)
    return future


class Projector:
    """Feeds the View and the read store with the same events.

    ``before`` is called where a batch is written, before it is: what it raises holds the batch up.
    """

    def __init__(
        self, view: View, store: ReadStore, run: Run, start: Cursor, digest: bytes
    ) -> None:
        self._view, self._store, self._run = view, store, run
        self.durable = start
        self.waiting_events_max = WAITING_EVENTS_MAX
        self.digest = digest
        self.before: Callable[[], None] = _nothing
        self._events: list[EventRow] = []
        self._on_its_way: tuple[Batch, Changes, Future[None]] | None = None

    def run_with(self, run: Run) -> None:
        """Carry batches another way from now on."""
        assert self._on_its_way is None
        self._run = run

    @property
    def seq(self) -> int:
        """The last input folded."""
        return self._view.seq

    def fold(self, record: Record, events: Sequence[Event]) -> None:
        """Take in one input's events: the View shows them at once, SQL soon."""
        seq, ts = record.seq, record.ts
        self._view.fold(seq, ts, record.input, events)
        digest = self.digest
        for index, event in enumerate(events):
            payload = encode_event(event)
            digest = digest_after(digest, payload)
            self._events.append(EventRow(seq, index, event.account_id, ts, msgspec.Raw(payload)))
        self.digest = digest

    def make_room(self) -> None:
        """Carry what waits when it has become too much; called before inputs are journaled, never
        while one is applied. Raises what writing raised.
        """
        if len(self._events) > self.waiting_events_max:
            self.flush()

    def pass_by(self, events: Sequence[Event]) -> None:
        """Digest events that SQL already has, during recovery."""
        for event in events:
            self.digest = digest_after(self.digest, encode_event(event))

    def begin(self) -> "Future[None] | None":
        """Start carrying what changed, unless a batch is still on its way; its future, if any."""
        if self._on_its_way is not None:
            if not self._on_its_way[2].done():
                return self._on_its_way[2]
            self._settle()
        if self._view.seq == self.durable.seq:
            return None
        changes = self._view.take_changes()
        cursor = Cursor(self._view.seq, self._view.ts, self.digest)
        batch = batch_of(changes, self._events, cursor)
        self._events = []
        return self._carry(batch, changes)

    def flush(self) -> None:
        """Carry everything and wait until it is durable; raises what writing raised now, not what
        it raised before.
        """
        if self._on_its_way is not None and self._on_its_way[2].done():
            batch, changes, failed = self._on_its_way
            if failed.exception() is not None:
                self._carry(batch, changes)
        while self._on_its_way is not None or self._view.seq != self.durable.seq:
            future = self.begin()
            if future is not None:
                future.result()
                self._settle()

    def _carry(self, batch: Batch, changes: Changes) -> "Future[None]":
        future = self._run(lambda: self._write(batch))
        self._on_its_way = (batch, changes, future)
        return future

    def _write(self, batch: Batch) -> None:
        self.before()
        self._store.write(batch)

    def _settle(self) -> None:
        assert self._on_its_way is not None
        batch, changes, future = self._on_its_way
        error: Any = future.exception()
        if error is not None:
            self._carry(batch, changes)
            raise error
        self._on_its_way = None
        self.durable = batch.cursor
        self._view.forget(changes)


def _nothing() -> None:
    """Nobody wants to be first."""
