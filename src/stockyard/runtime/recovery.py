"""Starting: latest snapshot, then the journal's tail, in order, to the exact state. The only way to
start.

Promises: a fresh directory, a clean stop and a crash take the same path; recomputed events must
digest to what the projections hold, or the start is refused; so is a tail written by another engine
version. What cannot be told from the snapshot on is told from the journal's beginning. Must not
know: where anything is kept.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import Final, NamedTuple, Protocol

from stockyard.engine.engine import ENGINE_VERSION, Engine
from stockyard.model.codec import decode_state
from stockyard.model.events import Event
from stockyard.model.records import Record
from stockyard.model.state import EngineState
from stockyard.projections.store import EMPTY_DIGEST, Cursor, ReadStore
from stockyard.projections.view import View
from stockyard.runtime.beginning import Begin, unpruned
from stockyard.runtime.projector import Projector, Run, run_at_once
from stockyard.runtime.snapshots import unpack
from stockyard.storage.ports import (
    Journal,
    JournalCorrupt,
    Snapshot,
    Snapshots,
    StorageError,
    StorageUnavailable,
)

REBUILD: Final = "run stockyard rebuild"


class RecoveryRefused(StorageError):
    """The data does not fit together; the message says what and where."""


@contextmanager
def _rebuildable() -> Iterator[None]:
    """Say of a damaged file that the journal gives it again."""
    try:
        yield
    except (StorageUnavailable, RecoveryRefused):
        raise
    except StorageError as error:
        raise RecoveryRefused(f"{error}: {REBUILD}") from error


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


class Start(NamedTuple):
    """What a start found, before it did anything, and what it did: ``replayed`` inputs came from
    the journal's tail. ``torn_bytes``: as of ``Journal``.
    """

    journal_seq: int = 0
    tables_seq: int = 0
    snapshot_seq: int = 0
    torn_bytes: int = 0
    replayed: int = 0
    took_s: float = 0.0


class Recovered(NamedTuple):
    """The parts as they were: ``replayed`` inputs came from the journal's tail."""

    engine: Engine
    view: View
    projector: Projector
    replayed: int
    start: Start = Start()


def restore_engine(snapshot: Snapshot | None) -> Engine:
    """The engine of a snapshot, checked against its hash; a fresh one for None."""
    return Engine() if snapshot is None else Engine(checked_state(snapshot))


def checked_state(snapshot: Snapshot) -> EngineState:
    """The state of a snapshot, checked against its hash. Raises ``RecoveryRefused``."""
    body = unpack(snapshot.state)
    wrong = RecoveryRefused(
        f"the snapshot at seq {snapshot.seq} does not match its hash: {REBUILD}"
    )
    # What was hashed is what was packed: what a version adds to the state changes its encoding.
    if sha256(body).hexdigest() != snapshot.state_hash:
        raise wrong
    state = decode_state(body)
    if state.seq != snapshot.seq:
        raise wrong
    return state


def recover(
    journal: Journal,
    snapshots: Snapshots,
    store: ReadStore,
    run: Run,
    progress: Callable[[int], None] | None = None,
    follower: Follower | None = None,
    begin: Begin = unpruned,
) -> Recovered:
    """Bring engine, View and projections to the journal's head, and whoever follows beside them.

    ``begin`` finds where the journal begins. Raises ``JournalCorrupt``, ``RecoveryRefused``, or
    what ``begin`` raises.
    """
    begun_s = time.monotonic()
    with _rebuildable():
        snapshot, cursor = snapshots.load(), store.cursor()
    head = journal.head
    start = Start(head.seq, cursor.seq, snapshot.seq if snapshot else 0, journal.torn)
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
    is_old = snapshot is not None and journal.base is not None and snapshot.seq < journal.base.seq
    lost = snapshot is not None and cursor.seq < snapshot.seq
    witness = snapshot if lost and not is_old else None
    if snapshot is None or lost or is_old:
        # The projections were lost or cleared: only the whole journal can tell what they held.
        beginning = begin()
        snapshot = beginning.snapshot
        if lost or cursor.seq < beginning.seq:
            cursor = beginning.fill(store)
    found = _replay(journal, snapshot, store, cursor, run, progress, follower, witness)
    took_s = time.monotonic() - begun_s
    return found._replace(start=start._replace(replayed=found.replayed, took_s=took_s))


def shown(engine: Engine, store: ReadStore, cursor: Cursor) -> View:
    """The View of an engine and of rows as they stand in the query tables."""
    view = View()
    if engine.seq:
        view.load_state(engine.snapshot())
    view.load_rows(store.accounts(), store.positions(), store.open_orders(), store.last_fundings())
    view.seq, view.ts = cursor.seq, cursor.ts
    return view


def _replay(
    journal: Journal,
    snapshot: Snapshot | None,
    store: ReadStore,
    cursor: Cursor,
    run: Run,
    progress: Callable[[int], None] | None,
    follower: Follower | None,
    witness: Snapshot | None,
) -> Recovered:
    with _rebuildable():
        engine = restore_engine(snapshot)
        view = shown(engine, store, cursor)
    digest = EMPTY_DIGEST if snapshot is None else snapshot.digest
    projector = Projector(view, store, run_at_once, cursor, digest)
    start = engine.seq
    if start == cursor.seq:
        _compare(projector, cursor)
    if follower is not None:
        projector.before = follower.settle
    replayed, follows = 0, False
    events: list[Event] = []
    witness_seq = -1 if witness is None else witness.seq
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
        if record.seq == witness_seq:
            assert witness is not None
            _compare_states(engine, witness)
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


def _compare_states(engine: Engine, witness: Snapshot) -> None:
    """Replayed inputs must come to what was acknowledged, also where other rules decided them."""
    with _rebuildable():
        wanted = restore_engine(witness).state_hash()
    if engine.state_hash() != wanted:
        raise RecoveryRefused(
            f"the query tables are lost, and the inputs up to {witness.seq}, run again by engine"
            f" version {ENGINE_VERSION}, come to another state than the snapshot holds: put the"
            " directory back from a backup, or start the version that wrote it"
        )


def _compare(projector: Projector, cursor: Cursor) -> None:
    if projector.digest != cursor.digest:
        raise RecoveryRefused(
            f"the events recomputed up to seq {cursor.seq} differ from those in the projections:"
            " rebuild them with `stockyard rebuild`, and report this"
        )
