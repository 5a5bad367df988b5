"""Starting: latest snapshot, then the journal's tail, in order, to the exact state. The only way to
start.

Promises: a fresh directory, a clean stop and a crash take the same path; recomputed events must
digest to what the projections hold, or the start is refused; so is a tail written by another engine
version. Must not know: where anything is kept.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from stockyard.engine.engine import ENGINE_VERSION, Engine, state_hash
from stockyard.model.codec import decode_state
from stockyard.model.events import Event
from stockyard.model.records import Record
from stockyard.projections.store import EMPTY_DIGEST, Cursor, ReadStore
from stockyard.projections.view import View
from stockyard.runtime.projector import Projector, Run, run_at_once
from stockyard.runtime.snapshots import unpack
from stockyard.storage.ports import Journal, JournalCorrupt, Snapshot, Snapshots, StorageError


class RecoveryRefused(StorageError):
    """The data does not fit together; the message says what and where."""


class Follower(Protocol):
    """Follows the inputs beside the projections, and keeps what they lead to before those are past
    them.
    """

    def begin(self, view: View, journal: Journal) -> None:
        """Follow from the View's seq on."""

    def note(self, record: Record, events: Sequence[Event]) -> None:
        """Look at one input that was applied and shown in the View, and what it led to."""

    def settle(self) -> None:
        """Make everything durable that was noted until now; in any thread."""


class Recovered(NamedTuple):
    """The parts as they were: ``replayed`` inputs came from the journal's tail."""

    engine: Engine
    view: View
    projector: Projector
    replayed: int


def restore_engine(snapshot: Snapshot | None) -> Engine:
    """The engine of a snapshot, checked against its hash; a fresh one for None."""
    if snapshot is None:
        return Engine()
    state = decode_state(unpack(snapshot.state))
    if state_hash(state) != snapshot.state_hash or state.seq != snapshot.seq:
        raise RecoveryRefused(
            f"the snapshot at seq {snapshot.seq} does not match its hash: run stockyard rebuild"
        )
    return Engine(state)


def recover(
    journal: Journal,
    snapshots: Snapshots,
    store: ReadStore,
    run: Run,
    progress: Callable[[int], None] | None = None,
    follower: Follower | None = None,
) -> Recovered:
    """Bring engine, View and projections to the journal's head, and whoever follows beside them.

    Raises ``JournalCorrupt`` or ``RecoveryRefused``.
    """
    snapshot, cursor = snapshots.load(), store.cursor()
    head = journal.head
    if cursor.seq > head.seq:
        raise RecoveryRefused(
            f"the projections are at seq {cursor.seq}, beyond the journal's last seq {head.seq}:"
            " the journal is older than the rest of the directory"
        )
    if snapshot is not None and snapshot.seq > head.seq:
        raise RecoveryRefused(
            f"the snapshot is at seq {snapshot.seq}, beyond the journal's last seq {head.seq}"
        )
    if (
        snapshot is not None
        and snapshot.engine_version != ENGINE_VERSION
        and head.seq > snapshot.seq
    ):
        raise RecoveryRefused(
            f"the journal has a tail written by engine version {snapshot.engine_version}, and"
            f" this is version {ENGINE_VERSION}: start and stop that version once, then this one"
        )
    if snapshot is not None and cursor.seq < snapshot.seq:
        # The projections were lost or cleared: only the whole journal can tell what they held.
        snapshot, cursor = None, Cursor(0, 0, EMPTY_DIGEST)
        store.clear()
    return _replay(journal, snapshot, store, cursor, run, progress, follower)


def _replay(
    journal: Journal,
    snapshot: Snapshot | None,
    store: ReadStore,
    cursor: Cursor,
    run: Run,
    progress: Callable[[int], None] | None,
    follower: Follower | None,
) -> Recovered:
    engine = restore_engine(snapshot)
    view = View()
    if snapshot is not None:
        view.load_state(engine.snapshot())
    view.load_rows(store.accounts(), store.positions(), store.open_orders(), store.last_fundings())
    view.seq, view.ts = cursor.seq, cursor.ts
    digest = EMPTY_DIGEST if snapshot is None else snapshot.digest
    projector = Projector(view, store, run_at_once, cursor, digest)
    start = engine.seq
    if start == cursor.seq:
        _compare(projector, cursor)
    if follower is not None:
        projector.before = follower.settle
    replayed, follows = 0, False
    events: list[Event] = []
    for record in journal.read(start):
        events.clear()
        try:
            engine.apply(record.seq, record.ts, record.input, events)
        except AssertionError as error:
            raise RecoveryRefused(
                f"the engine stops at seq {record.seq}, a {type(record.input).__name__}: {error};"
                " this is a fault of Stockyard, not of your data: keep the directory and report it"
            ) from error
        replayed += 1
        if record.seq > cursor.seq:
            if follower is not None and not follows:
                follower.begin(view, journal)
                follows = True
            projector.make_room()
            projector.fold(record, events)
            if follower is not None:
                follower.note(record, events)
        else:
            view.fold_fact(record.seq, record.ts, record.input)
            if events:
                projector.pass_by(events)
            if record.seq == cursor.seq:
                _compare(projector, cursor)
        if progress is not None and replayed % 100_000 == 0:
            progress(replayed)
    if engine.seq != journal.head.seq:
        raise JournalCorrupt(engine.seq + 1, "journal", "missing")
    if follower is not None and not follows:
        follower.begin(view, journal)
    projector.flush()
    projector.run_with(run)
    return Recovered(engine, view, projector, replayed)


def _compare(projector: Projector, cursor: Cursor) -> None:
    if projector.digest != cursor.digest:
        raise RecoveryRefused(
            f"the events recomputed up to seq {cursor.seq} differ from those in the projections:"
            " rebuild them with `stockyard rebuild`, and report this"
        )
