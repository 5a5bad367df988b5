"""Checking a directory from its first record on, and rebuilding what can be rebuilt.

Promises: reads everything, changes nothing (``verify_directory``), or changes only what the journal
can tell again (``rebuild_projections``). Must not know: how findings are shown.
"""

from collections.abc import Callable
from itertools import zip_longest
from typing import NamedTuple

from stockyard.engine.engine import Engine
from stockyard.model.events import Event
from stockyard.projections.rows import TABLES
from stockyard.projections.store import EMPTY_DIGEST, Cursor, ReadStore
from stockyard.projections.view import View
from stockyard.runtime.projector import Projector, run_at_once
from stockyard.runtime.recovery import Follower
from stockyard.storage.ports import Journal, JournalCorrupt, Snapshot, Snapshots

Progress = Callable[[int], None]
PROGRESS_EVERY = 10_000


class Finding(NamedTuple):
    """What a directory holds, and every way in which it is broken."""

    seq: int
    state_hash: str
    balance: int
    accounts: tuple[int, ...]
    open_orders: int
    snapshot_seq: int
    projected_seq: int
    broken: tuple[str, ...]


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
) -> Finding:
    """Replay the journal from genesis and compare all that must agree.

    ``scratch``: an empty read store, which is filled from the journal to be compared with ``store``
    row by row.
    """
    engine, broken = Engine(), list[str]()
    projector = Projector(View(), scratch, run_at_once, Cursor(0, 0, EMPTY_DIGEST), EMPTY_DIGEST)
    snapshot, cursor = snapshots.load(), store.cursor()
    try:
        for record in journal.read(0):
            events: list[Event] = []
            engine.apply(record.seq, record.ts, record.input, events)
            if record.seq <= cursor.seq:
                projector.fold(record, events)
            else:
                projector.pass_by(events)
            if snapshot is not None and record.seq == snapshot.seq:
                broken.extend(_snapshot_faults(engine, snapshot, projector.digest))
            if record.seq == cursor.seq:
                projector.flush()
                broken.extend(_table_faults(store, scratch))
            if record.seq % PROGRESS_EVERY == 0:
                if record.seq < cursor.seq:
                    projector.flush()
                progress(record.seq)
    except JournalCorrupt as error:
        broken.append(str(error))
    except AssertionError as error:
        broken.append(f"the engine stops at seq {engine.seq}: {error}")
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
    )


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
    journal: Journal, store: ReadStore, progress: Progress, follower: Follower | None = None
) -> int:
    """Clear the query tables and fill them from genesis; returns the seq they reach.

    ``follower`` is taken along, as at a start.
    """
    store.clear()
    engine, view = Engine(), View()
    projector = Projector(view, store, run_at_once, Cursor(0, 0, EMPTY_DIGEST), EMPTY_DIGEST)
    if follower is not None:
        follower.begin(view, journal)
        projector.before = follower.settle
    events: list[Event] = []
    for record in journal.read(0):
        events = []
        engine.apply(record.seq, record.ts, record.input, events)
        projector.fold(record, events)
        if follower is not None:
            follower.note(record, events)
        if record.seq % PROGRESS_EVERY == 0:
            projector.flush()
            progress(record.seq)
    projector.flush()
    return engine.seq
