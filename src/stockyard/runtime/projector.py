"""The projector: carries what changed from the View to SQL, in order, off the engine's path.

Promises: rows, cursor and event digest are committed together; at most one batch is on its way, and
what waits meanwhile is bounded. What cannot be committed, as on a full disk, can be read all the
same. Must not know: what the rows mean.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Final, NamedTuple

import msgspec

from stockyard.model.events import Event
from stockyard.model.records import Record
from stockyard.projections.rows import EventRow, OrderRow
from stockyard.projections.store import (
    Batch,
    Cursor,
    ReadStore,
    batch_of,
    digest_after,
    encode_event,
    joined,
)
from stockyard.projections.view import View
from stockyard.storage.ports import StorageUnavailable

WAITING_EVENTS_MAX: Final = 50_000
WAITING_SAMPLES_MAX: Final = 1_000_000
"""Rows that come without events: what accounts are worth each minute, and rates of funding."""

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
        self.waiting_samples_max = WAITING_SAMPLES_MAX
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
        while one is applied. Raises what writing raised; what failed before is tried again by
        ``begin`` alone, for here everybody would wait for that.
        """
        load, waiting = self._load, len(self._events)
        failure = None if load is None else load.failure
        if load is None or failure is None:
            if waiting > self.waiting_events_max:
                self.flush()
            return
        is_full = waiting + load.waiting.events > self.waiting_events_max
        if is_full or load.waiting.samples > self.waiting_samples_max:
            # One error may be raised many times, and would keep the way of each.
            raise failure.with_traceback(None)

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
        return self._carry(self._gathered())

    def flush(self) -> None:
        """Carry everything and wait until it is durable; raises what writing raised now, not what
        it raised before.
        """
        if self._load is not None and self._load.future.done():
            failure = self._load.future.exception()
            if failure is not None:
                self._again(self._load, failure)
        while self._load is not None or self._view.seq != self.durable.seq:
            future = self.begin()
            if future is not None:
                future.result()
                self._settle()

    def _gathered(self) -> "_Waiting":
        """What changed since the last batch."""
        changes = self._view.take_changes()
        cursor = Cursor(self._view.seq, self._view.ts, self.digest)
        batch = batch_of(changes, self._events, cursor)
        events, self._events = len(self._events), []
        samples = len(changes.equities) + len(changes.fundings)
        return _Waiting(batch, changes.orders, events, samples)

    def _carry(self, waiting: "_Waiting", failure: BaseException | None = None) -> "Future[None]":
        future = self._run(lambda: self._write(waiting.batch))
        self._load = _Load(waiting, future, failure)
        return future

    def _again(self, load: "_Load", failure: BaseException) -> None:
        """Carry what could not be written, with what came since."""
        waiting = load.waiting
        if self._view.seq != waiting.batch.cursor.seq:
            waiting = waiting.and_then(self._gathered())
        self._carry(waiting, failure)

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
        failure = load.future.exception()
        if failure is not None:
            self._again(load, failure)
            raise failure
        self._load = None
        self.durable = load.waiting.batch.cursor
        self._view.forget(load.waiting.orders)


class _Waiting(NamedTuple):
    """A batch, with the orders in it and how many events and samples there are."""

    batch: Batch
    orders: dict[int, OrderRow]
    events: int
    samples: int

    def and_then(self, more: "_Waiting") -> "_Waiting":
        """With what came later."""
        self.orders.update(more.orders)
        return _Waiting(
            joined(self.batch, more.batch),
            self.orders,
            self.events + more.events,
            self.samples + more.samples,
        )


class _Load(NamedTuple):
    """What is on its way, and why it failed the last time."""

    waiting: _Waiting
    future: "Future[None]"
    failed: BaseException | None

    @property
    def failure(self) -> BaseException | None:
        """Why it is not written, also while that is tried once more."""
        return self.future.exception() if self.future.done() else self.failed


def _nothing() -> None:
    """Nobody wants to be first."""
