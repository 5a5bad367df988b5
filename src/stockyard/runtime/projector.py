"""The projector: carries what changed from the View to SQL, in order, off the engine's path.

Promises: rows, cursor and event digest are committed together; at most one batch is on its way, and
what waits meanwhile is bounded. What cannot be committed, as on a full disk, can be read all the
same. Must not know: what the rows mean.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Final, NamedTuple

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
    joined,
)
from stockyard.projections.view import Changes, View
from stockyard.storage.ports import StorageUnavailable

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
        self._load: _Load | None = None
        self._shown_seq = 0

    def run_with(self, run: Run) -> None:
        """Carry batches another way from now on."""
        assert self._load is None
        self._run = run

    @property
    def seq(self) -> int:
        """The last input folded."""
        return self._view.seq

    @property
    def readable_seq(self) -> int:
        """Up to where queries see everything, whether that is durable or not."""
        return max(self.durable.seq, self._shown_seq)

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
        waiting = len(self._events)
        if self._load is not None and self._load.failed:
            waiting += self._load.events
        if waiting > self.waiting_events_max:
            self.flush()

    def pass_by(self, events: Sequence[Event]) -> None:
        """Digest events that SQL already has, during recovery."""
        for event in events:
            self.digest = digest_after(self.digest, encode_event(event))

    def begin(self) -> "Future[None] | None":
        """Start carrying what changed, unless a batch is still on its way; its future, if any.

        Raises what carrying the last batch raised; it is on its way again then, with what came
        since.
        """
        if self._load is not None:
            if not self._load.future.done():
                return self._load.future
            self._settle()
        if self._view.seq == self.durable.seq:
            return None
        return self._carry(*self._gathered())

    def flush(self) -> None:
        """Carry everything and wait until it is durable; raises what writing raised now, not what
        it raised before.
        """
        if self._load is not None and self._load.failed:
            self._again(self._load)
        while self._load is not None or self._view.seq != self.durable.seq:
            future = self.begin()
            if future is not None:
                future.result()
                self._settle()

    def _gathered(self) -> tuple[Batch, list[Changes], int]:
        """What changed since the last batch."""
        changes, count = self._view.take_changes(), len(self._events)
        cursor = Cursor(self._view.seq, self._view.ts, self.digest)
        batch = batch_of(changes, self._events, cursor)
        self._events = []
        return batch, [changes], count

    def _carry(self, batch: Batch, changes: list[Changes], events: int) -> "Future[None]":
        future = self._run(lambda: self._write(batch))
        self._load = _Load(batch, changes, events, future)
        return future

    def _again(self, load: "_Load") -> None:
        """Carry what could not be written, with what came since."""
        batch, changes, events = load.batch, load.changes, load.events
        if self._view.seq != batch.cursor.seq:
            more, changed, count = self._gathered()
            batch, changes, events = joined(batch, more), changes + changed, events + count
        self._carry(batch, changes, events)

    def _write(self, batch: Batch) -> None:
        try:
            try:
                self.before()
            except StorageUnavailable:
                self._store.show(batch)
                raise
            self._store.write(batch)
        except StorageUnavailable:
            self._shown_seq = batch.cursor.seq if self._store.is_showing else 0
            raise
        self._shown_seq = 0

    def _settle(self) -> None:
        load = self._load
        assert load is not None
        error: Any = load.future.exception()
        if error is not None:
            self._again(load)
            raise error
        self._load = None
        self.durable = load.batch.cursor
        for changes in load.changes:
            self._view.forget(changes)


class _Load(NamedTuple):
    """A batch on its way, with the changes and the number of events in it."""

    batch: Batch
    changes: list[Changes]
    events: int
    future: "Future[None]"

    @property
    def failed(self) -> bool:
        """Whether it could not be written."""
        return self.future.done() and self.future.exception() is not None


def _nothing() -> None:
    """Nobody wants to be first."""
