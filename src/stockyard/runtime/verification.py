"""Checking a directory from its beginning on, and rebuilding what can be rebuilt.

Promises: begins at the first record, or at the base that stands for those that were pruned, which
is checked whole itself; reads everything, changes nothing (``verify_directory``), or changes only
what the journal can tell again (``rebuild_projections``). Must not know: how findings are shown.
"""

from collections.abc import Callable
from itertools import zip_longest
from typing import NamedTuple

from stockyard.engine.engine import Engine
from stockyard.model.events import Event
from stockyard.projections.rows import TABLES
from stockyard.projections.store import Cursor, ReadStore
from stockyard.runtime.archive_check import ArchiveCheck
from stockyard.runtime.beginning import Begin, Beginning, unpruned
from stockyard.runtime.projector import Projector, run_at_once
from stockyard.runtime.recovery import Follower, restore_engine, shown
from stockyard.storage.ports import (
    Journal,
    Snapshot,
    Snapshots,
    StorageError,
    StorageUnavailable,
)

Progress = Callable[[int], None]
PROGRESS_EVERY = 10_000


class Finding(NamedTuple):
    """What a directory holds, and every way in which it is broken. ``base_seq``: of the base that
    stands for what was pruned, 0 where nothing was.
    """

    seq: int
    state_hash: str
    balance: int
    accounts: tuple[int, ...]
    open_orders: int
    snapshot_seq: int
    projected_seq: int
    broken: tuple[str, ...]
    base_seq: int = 0


def ledger_balance(engine: Engine) -> int:
    """The sum of cash over all accounts and house books, counted anew; zero when they balance."""
    state = engine.state
    cash = sum([account.cash_micros for account in state.accounts.values()])
    return cash + sum(state.ledger.house.values())


def share_imbalances(engine: Engine) -> list[int]:
    """Instruments whose quantities over accounts and street do not sum to zero."""
    state = engine.state
    held: dict[int, int] = {}
    for account in state.accounts.values():
        for position in account.positions.values():
            held[position.instrument_id] = held.get(position.instrument_id, 0) + position.qty
    return [
        book.instrument_id
        for book in state.books
        if book is not None and held.get(book.instrument_id, 0) + book.street_qty != 0
    ]


def verify_directory(
    journal: Journal,
    snapshots: Snapshots,
    store: ReadStore,
    scratch: ReadStore,
    progress: Progress,
    archived: ArchiveCheck | None = None,
    begin: Begin = unpruned,
) -> Finding:
    """Replay the journal from its beginning and compare all that must agree.

    ``scratch``: an empty read store, which is filled from the journal to be compared with ``store``
    row by row. ``archived``: compares archived snapshots on the way.
    """
    broken, snapshot, cursor = list[str](), snapshots.load(), store.cursor()
    engine = Engine()
    try:
        beginning = begin()
        engine, projector = _begun(beginning, scratch)
        check = _Check(engine, projector, snapshot, cursor, store, scratch, archived)
        broken.extend(check.begin(beginning))
        for record in journal.read(engine.seq):
            events: list[Event] = []
            engine.apply(record.seq, record.ts, record.input, events)
            if record.seq <= cursor.seq:
                projector.fold(record, events)
            else:
                projector.pass_by(events)
            broken.extend(check.pass_by(record.seq))
            if record.seq % PROGRESS_EVERY == 0:
                if record.seq < cursor.seq:
                    projector.flush()
                progress(record.seq)
    except StorageUnavailable:
        raise
    except StorageError as error:
        broken.append(str(error))
    except AssertionError as error:
        broken.append(f"the engine stops at seq {engine.seq}: {error}")
    if archived is not None:
        broken.extend(archived.faults(engine.seq))
    broken.extend(_end_faults(engine, snapshot, cursor, journal.head.seq))
    return Finding(
        engine.seq,
        engine.state_hash(),
        ledger_balance(engine),
        tuple(sorted(engine.state.accounts)),
        sum([len(account.orders) for account in engine.state.accounts.values()]),
        0 if snapshot is None else snapshot.seq,
        cursor.seq,
        tuple(broken),
        0 if journal.base is None else journal.base.seq,
    )


def _begun(beginning: Beginning, store: ReadStore) -> tuple[Engine, Projector]:
    """Engine and projector where the journal begins, and the tables brought there."""
    engine, cursor = restore_engine(beginning.snapshot), beginning.fill(store)
    view = shown(engine, store, cursor)
    return engine, Projector(view, store, run_at_once, cursor, beginning.digest)


class _Check(NamedTuple):
    """What is compared on the way."""

    engine: Engine
    projector: Projector
    snapshot: Snapshot | None
    cursor: Cursor
    store: ReadStore
    scratch: ReadStore
    archived: ArchiveCheck | None

    def begin(self, beginning: Beginning) -> list[str]:
        """What is broken where the journal begins."""
        faults = self.pass_by(beginning.seq) if beginning.seq else []
        for what, seq in (
            ("the snapshot is", 0 if self.snapshot is None else self.snapshot.seq),
            ("query tables are", self.cursor.seq),
        ):
            if 0 < seq < beginning.seq:
                faults.append(
                    f"{what} at seq {seq}, before the journal's base {beginning.seq}:"
                    " run stockyard rebuild"
                )
        return faults

    def pass_by(self, seq: int) -> list[str]:
        """What is broken at an input that was just applied."""
        faults = []
        if self.snapshot is not None and seq == self.snapshot.seq:
            faults += _snapshot_faults(self.engine, self.snapshot, self.projector.digest)
        if self.archived is not None and seq in self.archived.wanted:
            self.archived.note(self.engine, self.projector.digest)
        if seq == self.cursor.seq:
            self.projector.flush()
            faults += _table_faults(self.store, self.scratch)
        return faults


def _table_faults(store: ReadStore, scratch: ReadStore) -> list[str]:
    """Tables that differ from what the journal gives, each with its first differing row."""
    faults = []
    for table in TABLES:
        for found, wanted in zip_longest(store.scan(table), scratch.scan(table)):
            if found != wanted:
                row = f"{(found or wanted)[:2]}"
                faults.append(
                    f"table {table} differs from the journal at the row that begins {row}:"
                    " run stockyard rebuild"
                )
                break
    if store.cursor() != scratch.cursor():
        faults.append("the tables' cursor differs from the journal: run stockyard rebuild")
    return faults


def _snapshot_faults(engine: Engine, snapshot: Snapshot, digest: bytes) -> list[str]:
    faults = []
    if engine.state_hash() != snapshot.state_hash:
        faults.append(f"the snapshot at seq {snapshot.seq} differs from the journal's state")
    if digest != snapshot.digest:
        faults.append(f"the snapshot at seq {snapshot.seq} counts other events")
    return faults


def _end_faults(
    engine: Engine, snapshot: Snapshot | None, cursor: Cursor, head_seq: int
) -> list[str]:
    faults = []
    if cursor.seq > head_seq:
        faults.append(f"query tables are at seq {cursor.seq}, the journal ends at {head_seq}")
    if snapshot is not None and snapshot.seq > head_seq:
        faults.append(f"the snapshot is at seq {snapshot.seq}, the journal ends at {head_seq}")
    balance = ledger_balance(engine)
    if balance:
        faults.append(f"the books are off by {balance} micro-dollars at seq {engine.seq}")
    faults.extend(
        f"the quantities of instrument {instrument_id} do not sum to zero"
        for instrument_id in share_imbalances(engine)
    )
    return faults


def rebuild_projections(
    journal: Journal,
    store: ReadStore,
    progress: Progress,
    follower: Follower | None = None,
    begin: Begin = unpruned,
) -> int:
    """Clear the query tables and fill them from the journal's beginning; the seq they reach.

    ``follower`` is taken along, as at a start.
    """
    beginning = begin()
    engine, cursor = restore_engine(beginning.snapshot), beginning.fill(store)
    view = shown(engine, store, cursor)
    projector = Projector(view, store, run_at_once, cursor, beginning.digest)
    if follower is not None:
        follower.begin(view, journal)
        projector.before = follower.settle
    for record in journal.read(engine.seq):
        events: list[Event] = []
        engine.apply(record.seq, record.ts, record.input, events)
        projector.fold(record, events)
        if follower is not None:
            follower.note(record, events)
        if record.seq % PROGRESS_EVERY == 0:
            projector.flush()
            progress(record.seq)
    projector.flush()
    return engine.seq
