"""The past: the engine as it was after any input, from the nearest archived snapshot on.

Promises: it only reads, also beside a running server; what it shows is what the engine was: the
snapshot fits the journal's chain and its own hash, every input after it is checked and applied, and
what the account's events tell must agree with the engine to the last unit. A point that cannot be
shown is refused with the points that can. Must not know: HTTP, or how the past is shown.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from stockyard.engine.engine import ENGINE_VERSION, Engine
from stockyard.model.events import Event
from stockyard.model.facts import WorldCreated
from stockyard.model.previews import AccountStanding
from stockyard.projections.account_events import Told, told_before
from stockyard.projections.view import View
from stockyard.runtime.points import Point, PointRefused, parse_point
from stockyard.runtime.recovery import checked_state
from stockyard.storage.archive import FOLDER_NAME, Archive, Archived
from stockyard.storage.files import JOURNAL
from stockyard.storage.journal_points import JournalPoints
from stockyard.storage.ports import Snapshot, StorageError
from stockyard.storage.readonly import ReadOnlyDatabase
from stockyard.storage.sqlite import journal_chain_at, read_journal

SNAPSHOTS: Final = "snapshots.db"
PROJECTIONS: Final = "projections.db"


class Held(NamedTuple):
    """What one account held; how many positions, and orders that were open."""

    account_id: int
    name: str
    cash_micros: int
    held_micros: int
    positions: int
    open_orders: int


class Past:
    """A world as it was at one point.

    ``base_seq``: the archived snapshot it was worked out from, 0 for the beginning; ``notes``: what
    had to be passed over on the way.
    """

    def __init__(
        self, point: Point, engine: Engine, view: View, base_seq: int, notes: tuple[str, ...]
    ) -> None:
        self.point, self.base_seq, self.notes = point, base_seq, notes
        self._engine, self.view = engine, view
        view.seq, view.ts = point

    def accounts(self) -> list[Held]:
        """Every account there, oldest first."""
        return [
            Held(
                account.account_id,
                account.name,
                account.cash_micros,
                account.held_micros,
                sum(1 for position in account.positions.values() if position.qty),
                len(account.orders),
            )
            for account in self._engine.state.accounts.values()
        ]

    def standing(self, account_id: int) -> AccountStanding:
        """How an account stood."""
        return self._engine.standing(account_id, self.point.ts)

    def trail(self, account_id: int, order_id: int) -> tuple[int, int]:
        """Extreme and stop of a trailing stop that waited; (0, 0) for any other order."""
        return self._engine.trail(account_id, order_id)

    def state_hash(self) -> str:
        """The engine's state hash there."""
        return self._engine.state_hash()


class TimeMachine:
    """Reads the past of one data directory."""

    def __init__(self, data: Path) -> None:
        """Look at the directory. Raises ``StorageError``."""
        self._data = data
        self._archive = Archive(data / FOLDER_NAME)
        self._points = JournalPoints(data / JOURNAL)

    @property
    def head(self) -> Point:
        """The last point there is."""
        return Point(self._points.last_seq, self._points.last_ts)

    def world_id(self) -> str:
        """The world's name, of which its public ids are made. Raises ``StorageError``."""
        if self._points.base is not None:
            return self._points.base.world_id
        for record in read_journal(self._data / JOURNAL, 0):
            if isinstance(record.input, WorldCreated):
                return record.input.world_id
            break
        return ""

    def find(self, text: str) -> Point:
        """The point of a seq or a time as text. Raises ``PointRefused``, ``StorageError``."""
        seq, ts = parse_point(text)
        points = self._points
        if (seq is not None and seq > points.last_seq) or ts > points.last_ts:
            raise PointRefused(
                "point_ahead",
                "that has not happened yet",
                f"the journal ends at input {points.last_seq}, {_time(points.last_ts)}",
            )
        if seq is None:
            seq = points.seq_at(ts)
        first = points.first_seq
        if seq < first:
            raise PointRefused(
                "point_too_early",
                "that is before what is kept",
                f"ask for input {first} or later",
            )
        return Point(seq, ts or points.ts_of(seq))

    def read(self, point: Point, account_id: int = 0) -> Past:
        """The world at a point; with an account's rows in its View when one is named.

        Raises ``PointRefused``, ``StorageError``.
        """
        self._refuse_other_rules(point)
        engine, view, notes = self._base(point)
        base_seq, told = engine.seq, list[Told]()
        events: list[Event] = []
        if point.seq > base_seq:
            for record in read_journal(self._data / JOURNAL, base_seq):
                events.clear()
                engine.apply(record.seq, record.ts, record.input, events)
                view.fold_fact(record.seq, record.ts, record.input)
                if account_id:
                    for index, event in enumerate(events):
                        if event.account_id == account_id:
                            told.append((record.seq, index, record.ts, event))
                if record.seq == point.seq:
                    break
        past = Past(point, engine, view, base_seq, notes)
        if account_id:
            self._fold(past, engine, account_id, told)
        return past

    def _fold(self, past: Past, engine: Engine, account_id: int, told: list[Told]) -> None:
        """Let an account's events fill its rows; they must agree with the engine."""
        path = self._data / PROJECTIONS
        for seq, index, ts, event in (*told_before(path, account_id, past.base_seq), *told):
            past.view.fold_event(seq, index, ts, event)
        fault = disagreement(engine, past.view, account_id)
        if fault:
            raise StorageError(
                f"the query tables and the journal do not agree about input {past.point.seq}"
                f" ({fault}): run stockyard verify"
            )

    def _refuse_other_rules(self, point: Point) -> None:
        """Inputs that another engine version decided are not run through this one's rules."""
        after = [x for x in self._archive.list() if not x.damage and x.seq >= point.seq]
        if not after or after[0].seq == point.seq or after[0].engine_version == ENGINE_VERSION:
            return
        version = after[0].engine_version
        raise PointRefused(
            "point_of_another_version",
            f"the inputs up to {after[0].seq} were decided by engine version {version}, and this"
            f" is version {ENGINE_VERSION}",
            f"ask for input {after[0].seq}, which is archived as it was, or read a copy of the"
            " directory with that version",
        )

    def _base(self, point: Point) -> tuple[Engine, View, tuple[str, ...]]:
        """The engine of the nearest snapshot before a point, and what had to be passed over."""
        notes: list[str] = []
        stored = self._stored(point.seq)
        if stored is not None:
            return *_restored(stored), ()
        base = self._points.base
        first = 0 if base is None else base.seq
        for archived in reversed(self._archive.list()):
            if not first <= archived.seq <= point.seq:
                continue
            try:
                return *self._archived(archived), tuple(notes)
            except StorageError as error:
                notes.append(f"archive/{archived.name} was passed over: {error}")
                if archived.engine_version != ENGINE_VERSION and not archived.damage:
                    raise
        if base is not None:
            raise StorageError(
                f"{self._archive.path}: the snapshot at {base.seq}, where the journal begins,"
                f" cannot be used: {'; '.join(notes) or 'it is missing'}"
            )
        return Engine(), View(), tuple(notes)

    def _archived(self, archived: Archived) -> tuple[Engine, View]:
        """The engine and View of an archived snapshot of this journal. Raises ``StorageError``."""
        if archived.damage:
            raise StorageError(f"it is damaged: {archived.damage}")
        base = self._points.base
        if base is not None and archived.seq == base.seq:
            # The row of the base is sealed; what its snapshot was taken with may be removed.
            fits = (archived.state_hash, archived.digest) == (base.state_hash, base.digest)
        else:
            # Whatever batches a repair wrote the records in, their chain is the same.
            chain = journal_chain_at(self._data / JOURNAL, archived.head.seq)
            fits = chain == archived.head.chain
        if not fits:
            raise StorageError("it is of another journal")
        return _restored(self._archive.load(archived.seq))

    def _stored(self, seq: int) -> Snapshot | None:
        """The stored snapshot, where it serves a point better than every archived one."""
        path = self._data / SNAPSHOTS
        nearest = self._archive.before(seq)
        try:
            with ReadOnlyDatabase(path) as database:
                rows = database.query(
                    "SELECT seq, ts, state_hash, engine_version, digest, state FROM snapshot"
                    " WHERE seq <= ? AND seq > ? AND engine_version = ?",
                    (seq, 0 if nearest is None else nearest.seq, ENGINE_VERSION),
                )
        except StorageError:
            return None
        return Snapshot._make(rows[0]) if rows else None


def disagreement(engine: Engine, view: View, account_id: int) -> str:
    """What an account's rows and the engine do not agree about; empty when they do."""
    account, row = engine.state.accounts.get(account_id), view.accounts.get(account_id)
    if account is None or row is None:
        return "" if account is None and row is None else "whether the account is there"
    if (row.cash_micros, row.held_micros) != (account.cash_micros, account.held_micros):
        return "its cash"
    held = {key: (x.qty, x.cost_micros) for key, x in account.positions.items() if x.qty}
    shown = {key: (x.qty, x.cost_micros) for key, x in view.positions[account_id].items() if x.qty}
    if held != shown:
        return "its positions"
    orders, waiting = set(account.orders), set(account.changes)
    shown_orders = set(view.open_orders[account_id])
    if orders - shown_orders or shown_orders - orders - waiting:
        return "its open orders"
    return ""


def _restored(snapshot: Snapshot) -> tuple[Engine, View]:
    """The engine of a snapshot, and a View that knows the market as it was there."""
    state, view = checked_state(snapshot), View()
    view.load_state(state)
    return Engine(state), view


def _time(ts: int) -> str:
    return f"{datetime.fromtimestamp(ts // 1_000_000_000, UTC):%Y-%m-%dT%H:%M:%SZ}"
