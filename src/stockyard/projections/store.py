"""The read side in SQL: what the projector writes and what queries read.

Promises: rows, cursor and digest are committed together, so writing again what is already there
changes nothing. Must not know: who asks, or how events are made.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from stockyard.model.codes import OPEN_STATUSES, OrderClass, OrderType
from stockyard.model.events import Event, OrderChangeSent, OrderFilled, PositionGivenUp
from stockyard.model.numbers import LEGS_MAX
from stockyard.projections.equity import KEPT_NS, NS
from stockyard.projections.filling import fill_tables
from stockyard.projections.rows import (
    IS_POSTED,
    TABLES,
    AccountRow,
    EquityRow,
    EventRow,
    FillRow,
    FundingRow,
    OrderRow,
    PositionRow,
    about_one,
    columns,
    is_kind,
    is_one_of,
    schema,
)
from stockyard.projections.view import Changes
from stockyard.storage.ports import NS_MAX, Database, Rows, SqlValue

EMPTY_DIGEST: Final = bytes(16)
PAGE_ROWS: Final = 5_000
PRUNED_MAX: Final = 2_000
"""Samples of one window that one batch removes beyond as many as it brings."""
_MOVING_TAGS: Final = tuple(kind.__struct_config__.tag for kind in (OrderFilled, PositionGivenUp))
_NAMED_MAX: Final = 500
"""Rows that one statement names."""
T = TypeVar("T")
_encode = msgspec.json.Encoder().encode
_decode_event = msgspec.json.Decoder(Event).decode


def encode_event(event: Event) -> bytes:
    """JSON of one event, as stored and as digested."""
    return _encode(event)


def digest_after(digest: bytes, payload: bytes) -> bytes:
    """The running digest of all events, one event on."""
    return sha256(digest + payload).digest()[:16]


def names_of(event: Event) -> tuple[int, int]:
    """The order an event is about, and the one it sends to replace it; 0 for none."""
    sent = event.replaced_by if isinstance(event, OrderChangeSent) else 0
    return getattr(event, "order_id", 0), sent


class Cursor(NamedTuple):
    """How far the tables are: after input ``seq``, whose events' running digest is ``digest``."""

    seq: int
    ts: int
    digest: bytes


class Batch(NamedTuple):
    """Rows to write, encoded, with the cursor they bring the tables to. ``sampled_ns``: the newest
    minute of equities among them, 0 for none; ``samples``: how many of them there are.
    """

    tables: tuple[tuple[str, bytes], ...]
    cursor: Cursor
    sampled_ns: int = 0
    samples: int = 0


class OrderFilter(NamedTuple):
    """Which orders to list: ``after`` pages downwards by order id, newest first; made from
    ``from_ns`` until before ``to_ns``.

    ``above`` pages upwards by order id, ``ascending`` begins with the oldest. ``whole``: leave out
    those that are shown inside others; ``whole_open`` asks whether an order or one inside it is
    open.
    """

    account_id: int
    statuses: tuple[int, ...] = ()
    instrument_id: int = 0
    client_order_id: str = ""
    after: int = 0
    limit: int = 50
    sides: tuple[int, ...] = ()
    order_types: tuple[int, ...] = ()
    from_ns: int = 0
    to_ns: int = 0
    instrument_ids: tuple[int, ...] = ()
    above: int = 0
    ascending: bool = False
    whole: bool = False
    whole_open: bool | None = None


_IS_SHOWN_ALONE: Final = (
    "parent_id = 0 AND NOT"
    f" (order_class = {OrderClass.OCO} AND order_type <> {OrderType.LIMIT} AND sibling_id <> 0)"
)
_OPEN: Final = f"status IN ({', '.join(str(status) for status in OPEN_STATUSES)})"
_HAS_OPEN: Final = (
    f"(SELECT parent_id FROM orders WHERE account_id = ? AND parent_id <> 0 AND {_OPEN})"
)
_IS_WHOLE_OPEN: Final = {
    True: f"({_OPEN} OR order_id IN {_HAS_OPEN})",
    False: f"NOT {_OPEN} AND order_id NOT IN {_HAS_OPEN}",
}
"""Whether an order or one that is shown inside it is open, or none of them is."""


class Stretch(NamedTuple):
    """A page of what happened, newest first: older than the event ``before``, from ``from_ns``
    until before ``to_ns``, about one instrument; 0 for open.
    """

    before: tuple[int, int] | None
    limit: int
    from_ns: int = 0
    to_ns: int = 0
    instrument_id: int = 0

    def condition(self, prefix: str = "") -> tuple[str, list[SqlValue]]:
        """The condition in SQL and its values."""
        where = ""
        bound: list[SqlValue] = []
        if self.before is not None:
            where += f" AND ({prefix}seq < ? OR ({prefix}seq = ? AND {prefix}idx < ?))"
            bound += [self.before[0], *self.before]
        if self.from_ns:
            where += f" AND {prefix}ts >= ?"
            bound.append(self.from_ns)
        if self.to_ns:
            where += f" AND {prefix}ts < ?"
            bound.append(self.to_ns)
        return where, bound


class Page(NamedTuple):
    """A page of what happened in the inputs from ``from_seq`` until before ``to_seq`` (0: open),
    beyond the event ``after`` in its order.
    """

    limit: int
    oldest_first: bool = False
    after: tuple[int, int] | None = None
    from_seq: int = 0
    to_seq: int = 0

    def condition(self, prefix: str = "") -> tuple[str, list[SqlValue], str]:
        """The condition in SQL, its values, and the order."""
        where, bound = "", []
        if self.after is not None:
            sign = ">" if self.oldest_first else "<"
            where += f" AND ({prefix}seq, {prefix}idx) {sign} (?, ?)"
            bound += [*self.after]
        if self.from_seq:
            where += f" AND {prefix}seq >= ?"
            bound.append(self.from_seq)
        if self.to_seq:
            where += f" AND {prefix}seq < ?"
            bound.append(self.to_seq)
        return where, list(bound), "ASC" if self.oldest_first else "DESC"


def batch_of(changes: Changes, events: Sequence[EventRow], cursor: Cursor) -> Batch:
    """Encode what changed; called on the thread that owns the rows."""
    tables: list[tuple[str, bytes]] = []
    for table, rows in (
        ("orders", list(changes.orders.values())),
        ("fills", changes.fills),
        ("positions", list(changes.positions.values())),
        ("accounts", list(changes.accounts.values())),
        ("fundings", changes.fundings),
        ("equities", list(changes.equities.values())),
        ("events", events),
    ):
        if rows:
            tables.append((table, _encode(rows)))
    sampled_ns = max((row.start_ns for row in changes.equities.values()), default=0)
    return Batch(tuple(tables), cursor, sampled_ns, len(changes.equities))


def joined(one: Batch, other: Batch) -> Batch:
    """Two batches as one: the second follows the first."""
    return Batch(
        (*one.tables, *other.tables),
        other.cursor,
        max(one.sampled_ns, other.sampled_ns),
        one.samples + other.samples,
    )


def _orders_wanted(wanted: OrderFilter) -> tuple[str, list[SqlValue]]:
    """The condition in SQL and its values."""
    where = ["account_id = ?"]
    bound: list[SqlValue] = [wanted.account_id]
    if wanted.whole:
        where.append(_IS_SHOWN_ALONE)
    if wanted.whole_open is not None:
        where.append(_IS_WHOLE_OPEN[wanted.whole_open])
        bound.append(wanted.account_id)
    for column, codes in (
        ("status", wanted.statuses),
        ("side", wanted.sides),
        ("order_type", wanted.order_types),
        ("instrument_id", wanted.instrument_ids),
    ):
        if codes:
            where.append(f"{column} IN ({', '.join('?' for _ in codes)})")
            bound.extend(codes)
    if wanted.instrument_id:
        where.append("instrument_id = ?")
        bound.append(wanted.instrument_id)
    if wanted.client_order_id:
        where.append("client_order_id = ?")
        bound.append(wanted.client_order_id)
    if wanted.after:
        where.append("order_id < ?")
        bound.append(wanted.after)
    if wanted.above:
        where.append("order_id > ?")
        bound.append(wanted.above)
    if wanted.from_ns:
        where.append("created_ns >= ?")
        bound.append(wanted.from_ns)
    if wanted.to_ns:
        where.append("created_ns < ?")
        bound.append(wanted.to_ns)
    return " AND ".join(where), bound


def _others_wanted(
    account_id: int, kinds: tuple[type[msgspec.Struct], ...], some: Stretch
) -> tuple[str, list[SqlValue]]:
    """The condition, in SQL, of what happened besides fills, and its values; empty for nothing."""
    others = tuple(kind for kind in kinds if kind is not OrderFilled)
    page, values = some.condition()
    where, bound = f"account_id = ? AND {is_one_of(others)}{page}", [account_id, *values]
    if not others:
        return "", []
    if some.instrument_id:
        about, patterns = about_one(others, account_id, some.instrument_id)
        if not about:
            return "", []
        where, bound = f"{where} AND ({about})", [*bound, *patterns]
    return where, bound


def _fills_wanted(account_id: int, some: Stretch) -> tuple[str, list[SqlValue]]:
    """The same of fills, ``f``."""
    page, values = some.condition("f.")
    where, bound = f"f.account_id = ?{page}", [account_id, *values]
    if some.instrument_id:
        where, bound = f"{where} AND f.instrument_id = ?", [*bound, some.instrument_id]
    return where, bound


def _ledger_wanted(
    account_id: int, after: tuple[int, int], to_seq: int
) -> tuple[str, list[SqlValue]]:
    """The condition in SQL and its values."""
    where = f"account_id = ? AND (seq, idx) > (?, ?) AND seq < ? AND {IS_POSTED}"
    return where, [account_id, *after, to_seq]


def _prune_equities(database: Database, sampled_ns: int, samples: int) -> None:
    """Remove samples that are too old beside the newest, the oldest first: always more than have
    come in, and never so many at once, as after a week without a server, that readers wait.
    """
    for window_s, kept_ns in KEPT_NS.items():
        if kept_ns and sampled_ns:
            database.execute(
                "DELETE FROM equities WHERE (account_id, window_s, start_ns) IN"
                " (SELECT account_id, window_s, start_ns FROM equities"
                " WHERE window_s = ? AND start_ns < ? ORDER BY start_ns LIMIT ?)",
                (window_s, sampled_ns - kept_ns, PRUNED_MAX + samples),
            )


class ReadStore:
    """The projections' database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.script(
            "CREATE TABLE IF NOT EXISTS format (id INTEGER PRIMARY KEY, tables TEXT NOT NULL)"
        )
        tables = ";\n".join(schema())
        if database.query("SELECT tables FROM format WHERE id = 1") != [(tables,)]:
            self._lay_out(tables)

    def _lay_out(self, tables: str) -> None:
        """Make the tables anew: none are there, or those of another version.

        They are empty then, and the next start fills them from the journal.
        """

        def work(database: Database) -> None:
            for table in (*TABLES, "cursor"):
                database.execute(f"DROP TABLE IF EXISTS {table}")
            database.script(tables)
            database.execute(
                "INSERT INTO format (id, tables) VALUES (1, ?)"
                " ON CONFLICT (id) DO UPDATE SET tables = excluded.tables",
                (tables,),
            )

        self._database.transact(work)

    def cursor(self) -> Cursor:
        """How far the tables are."""
        rows = self._database.query("SELECT seq, ts, digest FROM cursor WHERE id = 1")
        if not rows:
            return Cursor(0, 0, EMPTY_DIGEST)
        seq, ts, digest = rows[0]
        return Cursor(seq, ts, bytes.fromhex(digest))

    def write(self, batch: Batch) -> None:
        """Commit a batch; harmless when repeated.

        A killed process loses nothing of it; a power cut may, until ``sync``. What cannot be
        committed is shown all the same, until the next batch.
        """
        self._database.transact_or_show(self._work(batch))

    def show(self, batch: Batch) -> None:
        """Show a batch without committing it, until the next."""
        self._database.show(self._work(batch))

    @property
    def is_showing(self) -> bool:
        """Whether what is read was not committed."""
        return self._database.is_showing

    def _work(self, batch: Batch) -> Callable[[Database], None]:
        def work(database: Database) -> None:
            for table, rows in batch.tables:
                database.upsert_json(table, columns(table), TABLES[table][1], rows)
            _prune_equities(database, batch.sampled_ns, batch.samples)
            cursor = batch.cursor
            database.execute(
                "INSERT INTO cursor (id, seq, ts, digest) VALUES (1, ?, ?, ?) ON CONFLICT (id)"
                " DO UPDATE SET seq = excluded.seq, ts = excluded.ts, digest = excluded.digest",
                (cursor.seq, cursor.ts, cursor.digest.hex()),
            )

        return work

    def sync(self) -> None:
        """Make everything written safe from a power cut."""
        self._database.sync()

    def clear(self) -> None:
        """Empty every table, to be rebuilt from the journal."""

        def work(database: Database) -> None:
            for table in (*TABLES, "cursor"):
                database.execute(f"DELETE FROM {table}")

        self._database.transact(work)

    def fill(self, kept: Rows) -> None:
        """Replace every table by those of a file of tables that was kept.

        They count as empty until all of them are there.
        """
        self.clear()
        fill_tables(self._database, kept)

    def _select(
        self, row: Any, table: str, rest: str, params: Sequence[SqlValue] = ()
    ) -> list[Any]:
        names = ", ".join(columns(table))
        return [
            row(*r) for r in self._database.query(f"SELECT {names} FROM {table} {rest}", params)
        ]

    def scan(self, table: str) -> Iterator[tuple[Any, ...]]:
        """Every row of a table in the order of its key, a page at a time."""
        key = TABLES[table][1]
        marks = ", ".join("?" for _ in key.split(","))
        at = [columns(table).index(name.strip()) for name in key.split(",")]
        last: list[SqlValue] = [-1 for _ in at]
        while True:
            page = self._database.query(
                f"SELECT {', '.join(columns(table))} FROM {table}"
                f" WHERE ({key}) > ({marks}) ORDER BY {key} LIMIT {PAGE_ROWS}",
                last,
            )
            yield from page
            if len(page) < PAGE_ROWS:
                return
            last = [page[-1][index] for index in at]

    def accounts(self) -> list[AccountRow]:
        """Every account, oldest first."""
        return self._select(AccountRow, "accounts", "ORDER BY account_id")

    def positions(self) -> list[PositionRow]:
        """Every position."""
        return self._select(PositionRow, "positions", "ORDER BY account_id, instrument_id")

    def open_orders(self) -> list[OrderRow]:
        """Every open order, oldest first."""
        marks = ", ".join("?" for _ in OPEN_STATUSES)
        return self._select(
            OrderRow, "orders", f"WHERE status IN ({marks}) ORDER BY order_id", OPEN_STATUSES
        )

    def order(self, order_id: int) -> OrderRow | None:
        """One order, or None."""
        found = self._select(OrderRow, "orders", "WHERE order_id = ?", (order_id,))
        return found[0] if found else None

    def orders(self, wanted: OrderFilter) -> list[OrderRow]:
        """Orders of an account, newest first."""
        where, bound = _orders_wanted(wanted)
        way = "ASC" if wanted.ascending else "DESC"
        tail = f"WHERE {where} ORDER BY order_id {way} LIMIT ?"
        return self._select(OrderRow, "orders", tail, [*bound, wanted.limit])

    def count_orders(self, wanted: OrderFilter) -> int:
        """How many orders there are, whatever the limit."""
        where, bound = _orders_wanted(wanted)
        return int(self._database.query(f"SELECT COUNT(*) FROM orders WHERE {where}", bound)[0][0])

    def legs(self, rows: Sequence[OrderRow]) -> dict[int, OrderRow]:
        """The orders that these name as their legs or other exits, and what replaced them."""
        found: dict[int, OrderRow] = {}
        wanted = {
            order_id
            for row in rows
            for order_id in (row.take_profit_id, row.stop_loss_id, row.sibling_id)
            if order_id
        }
        while wanted:
            marks = ", ".join("?" for _ in wanted)
            page = self._select(OrderRow, "orders", f"WHERE order_id IN ({marks})", sorted(wanted))
            found.update((row.order_id, row) for row in page)
            wanted = {row.replaced_by for row in page if row.replaced_by} - found.keys()
        return found

    def fills(self, order_id: int) -> list[tuple[FillRow, Event]]:
        """An order's executions in order, each with the event that explains it."""
        return self.fills_of((order_id,))

    def fills_of(self, order_ids: Sequence[int]) -> list[tuple[FillRow, Event]]:
        """The executions of these orders in order, each with the event that explains it."""
        names = ", ".join(f"f.{name}" for name in columns("fills"))
        found: list[tuple[FillRow, Event]] = []
        for some in _in_parts(sorted(set(order_ids))):
            marks = ", ".join("?" for _ in some)
            rows = self._database.query(
                f"SELECT {names}, e.payload FROM fills f JOIN events e"
                f" ON e.seq = f.seq AND e.idx = f.idx WHERE f.order_id IN ({marks})"
                " ORDER BY f.order_id, f.seq, f.idx",
                some,
            )
            found.extend((FillRow(*row[:-1]), _decode_event(row[-1])) for row in rows)
        return found

    def events_named(self, names: Sequence[tuple[int, int]]) -> list[tuple[int, int, int, Event]]:
        """The events ``(seq, idx)`` that there are, as ``(seq, idx, ts, event)`` in order."""
        found: list[tuple[int, int, int, Event]] = []
        for some in _in_parts(sorted(set(names))):
            marks = ", ".join("(?, ?)" for _ in some)
            rows = self._database.query(
                "SELECT seq, idx, ts, payload FROM events"
                f" WHERE (seq, idx) IN (VALUES {marks}) ORDER BY seq, idx",
                [part for name in some for part in name],
            )
            found.extend((s, i, ts, _decode_event(payload)) for s, i, ts, payload in rows)
        return found

    def events_of(self, seq: int) -> list[tuple[int, Event]]:
        """The events of one input, as ``(ts, event)`` in order."""
        rows = self._database.query(
            "SELECT ts, payload FROM events WHERE seq = ? ORDER BY idx", (seq,)
        )
        return [(ts, _decode_event(payload)) for ts, payload in rows]

    def events_after(
        self, account_id: int, seq: int, idx: int, limit: int
    ) -> list[tuple[int, int, int, Event]]:
        """An account's events after ``(seq, idx)``, as ``(seq, idx, ts, event)`` in order."""
        rows = self._database.query(
            "SELECT seq, idx, ts, payload FROM events WHERE account_id = ?"
            " AND (seq > ? OR (seq = ? AND idx > ?)) ORDER BY seq, idx LIMIT ?",
            (account_id, seq, seq, idx, limit),
        )
        return [(s, i, ts, _decode_event(payload)) for s, i, ts, payload in rows]

    def moments(
        self, account_id: int, before_seq: int, limit: int
    ) -> list[tuple[int, int, int, Event]]:
        """The inputs that changed an account, newest first, each by the last of its events, as
        ``(seq, idx, ts, event)``; ``before_seq``: only earlier ones, 0 for all.
        """
        rows = self._database.query(
            "SELECT seq, idx, ts, payload FROM events e WHERE account_id = ? AND seq < ? AND NOT"
            " EXISTS (SELECT 1 FROM events n WHERE n.account_id = e.account_id AND n.seq = e.seq"
            " AND n.idx > e.idx) ORDER BY seq DESC LIMIT ?",
            (account_id, before_seq or NS_MAX, limit),
        )
        return [(s, i, ts, _decode_event(payload)) for s, i, ts, payload in rows]

    def count_events(self, account_id: int, before_seq: int) -> int:
        """How many events an account has had before an input."""
        rows = self._database.query(
            "SELECT COUNT(*) FROM events WHERE account_id = ? AND seq < ?", (account_id, before_seq)
        )
        return int(rows[0][0])

    def events_between(
        self, after: int, last: int, account_id: int, limit: int
    ) -> list[tuple[int, Event]]:
        """Events of the inputs after one and up to another, as ``(seq, event)`` in order.

        ``account_id``: 0 for those of all accounts and of none.
        """
        mine, values = ("", ()) if not account_id else (" AND account_id = ?", (account_id,))
        rows = self._database.query(
            f"SELECT seq, payload FROM events WHERE seq > ? AND seq <= ?{mine}"
            " ORDER BY seq, idx LIMIT ?",
            (after, last, *values, limit),
        )
        return [(seq, _decode_event(payload)) for seq, payload in rows]

    def happenings(
        self, account_id: int, kinds: tuple[type[msgspec.Struct], ...], some: Stretch
    ) -> list[tuple[int, int, int, Event]]:
        """What happened to an account, of some kinds (``HAPPENINGS`` or ``OrderFilled``), as
        ``(seq, idx, ts, event)``, newest first.
        """
        found: list[tuple[Any, ...]] = []
        where, bound = _others_wanted(account_id, kinds, some)
        if where:
            found += self._database.query(
                f"SELECT seq, idx, ts, payload FROM events WHERE {where}"
                " ORDER BY seq DESC, idx DESC LIMIT ?",
                [*bound, some.limit],
            )
        if OrderFilled in kinds:
            where, bound = _fills_wanted(account_id, some)
            found += self._database.query(
                "SELECT e.seq, e.idx, e.ts, e.payload FROM fills f JOIN events e"
                f" ON e.seq = f.seq AND e.idx = f.idx WHERE {where}"
                " ORDER BY f.seq DESC, f.idx DESC LIMIT ?",
                [*bound, some.limit],
            )
        found.sort(key=lambda row: (-row[0], -row[1]))
        return [(s, i, ts, _decode_event(payload)) for s, i, ts, payload in found[: some.limit]]

    def count_happenings(
        self, account_id: int, kinds: tuple[type[msgspec.Struct], ...], some: Stretch
    ) -> int:
        """How much of it there is, whatever the limit."""
        total = 0
        where, bound = _others_wanted(account_id, kinds, some)
        if where:
            found = self._database.query(f"SELECT COUNT(*) FROM events WHERE {where}", bound)
            total += found[0][0]
        if OrderFilled in kinds:
            where, bound = _fills_wanted(account_id, some)
            found = self._database.query(f"SELECT COUNT(*) FROM fills f WHERE {where}", bound)
            total += found[0][0]
        return int(total)

    def ledger_events(
        self, account_id: int, after: tuple[int, int], to_seq: int, limit: int
    ) -> list[tuple[int, int, int, Event]]:
        """The events that post to an account's ledger, beyond ``after`` and before an input,
        as ``(seq, idx, ts, event)`` in order.
        """
        where, bound = _ledger_wanted(account_id, after, to_seq)
        rows = self._database.query(
            f"SELECT seq, idx, ts, payload FROM events WHERE {where} ORDER BY seq, idx LIMIT ?",
            [*bound, limit],
        )
        return [(s, i, ts, _decode_event(payload)) for s, i, ts, payload in rows]

    def count_ledger_events(self, account_id: int, after: tuple[int, int], to_seq: int) -> int:
        """How many of them there are."""
        where, bound = _ledger_wanted(account_id, after, to_seq)
        return int(self._database.query(f"SELECT COUNT(*) FROM events WHERE {where}", bound)[0][0])

    def first_seq_from(self, ns: int) -> int:
        """The first input with events at or after a time; the one after the last where none is.

        Found by halving, since time never goes back.
        """
        ends = self._database.query("SELECT COALESCE(MAX(seq), 0) FROM events")
        low, high = 0, int(ends[0][0]) + 1
        while low < high:
            middle = (low + high) // 2
            found = self._database.query(
                "SELECT seq, ts FROM events WHERE seq >= ? ORDER BY seq LIMIT 1", (middle,)
            )
            if not found or found[0][1] >= ns:
                high = middle
            else:
                low = int(found[0][0]) + 1
        return low

    def statement(
        self, account_id: int, kinds: Sequence[type[msgspec.Struct]], page: Page
    ) -> list[tuple[int, int, int, Event]]:
        """What was booked for an account, of some kinds (``BOOKED``), as ``(seq, idx, ts, event)``.

        Each kind is read by its index, so that a page takes as long among many as among few.
        """
        found: list[tuple[Any, ...]] = []
        where, bound, order = page.condition()
        for kind in kinds:
            found += self._database.query(
                f"SELECT seq, idx, ts, payload FROM events WHERE account_id = ? AND {is_kind(kind)}"
                f"{where} ORDER BY seq {order}, idx {order} LIMIT ?",
                [account_id, *bound, page.limit],
            )
        found.sort(key=lambda row: (row[0], row[1]), reverse=not page.oldest_first)
        return [(s, i, ts, _decode_event(payload)) for s, i, ts, payload in found[: page.limit]]

    def executions(
        self, account_id: int, page: Page, charged: Sequence[int] = ()
    ) -> list[tuple[int, int, int, Event]]:
        """An account's fills, as ``(seq, idx, ts, event)``; ``charged``: only those in these
        instruments that cost a fee.
        """
        where, bound, order = page.condition("f.")
        fees = ""
        if charged:
            marks = ", ".join("?" for _ in charged)
            fees = f" AND f.fees_micros > 0 AND f.instrument_id IN ({marks})"
        rows = self._database.query(
            "SELECT f.seq, f.idx, f.ts, e.payload FROM fills f JOIN events e"
            f" ON e.seq = f.seq AND e.idx = f.idx WHERE f.account_id = ?{fees}{where}"
            f" ORDER BY f.seq {order}, f.idx {order} LIMIT ?",
            [account_id, *charged, *bound, page.limit],
        )
        return [(s, i, ts, _decode_event(payload)) for s, i, ts, payload in rows]

    def fundings(self, instrument_id: int, before_seq: int, limit: int) -> list[FundingRow]:
        """A contract's funding, newest first; ``before_seq``: only older, 0 for all."""
        older = " AND seq < ?" if before_seq else ""
        bound = (instrument_id, before_seq, limit) if before_seq else (instrument_id, limit)
        return self._select(
            FundingRow,
            "fundings",
            f"WHERE instrument_id = ?{older} ORDER BY seq DESC LIMIT ?",
            bound,
        )

    def equities(self, account_id: int, window_s: int, from_ns: int) -> list[EquityRow]:
        """An account's samples from a time on, in order, after the last one before it, if any."""
        before = self._select(
            EquityRow,
            "equities",
            "WHERE account_id = ? AND window_s = ? AND start_ns < ? ORDER BY start_ns DESC LIMIT 1",
            (account_id, window_s, from_ns),
        )
        return before + self._select(
            EquityRow,
            "equities",
            "WHERE account_id = ? AND window_s = ? AND start_ns >= ? ORDER BY start_ns",
            (account_id, window_s, from_ns),
        )

    def equity_at(self, account_id: int, ns: int) -> EquityRow | None:
        """The last sample whose window had ended by a time, of the finest windows that reach it."""
        for window_s in KEPT_NS:
            found: list[EquityRow] = self._select(
                EquityRow,
                "equities",
                "WHERE account_id = ? AND window_s = ? AND start_ns <= ?"
                " ORDER BY start_ns DESC LIMIT 1",
                (account_id, window_s, ns - window_s * NS),
            )
            if found:
                return found[0]
        return None

    def last_fundings(self) -> list[FundingRow]:
        """The last funding of each contract."""
        return self._select(
            FundingRow,
            "fundings",
            "WHERE (instrument_id, seq) IN"
            " (SELECT instrument_id, MAX(seq) FROM fundings GROUP BY instrument_id)"
            " ORDER BY instrument_id",
        )

    def moves(self, account_ids: Sequence[int]) -> list[tuple[int, int, int, Event]]:
        """Everything that opened or closed lots in some accounts: fills and positions given up, as
        ``(seq, idx, ts, event)`` in order.
        """
        marks = ", ".join("?" for _ in account_ids)
        kinds = " OR ".join(f"payload LIKE '[{tag},%'" for tag in _MOVING_TAGS)
        rows = self._database.query(
            f"SELECT seq, idx, ts, payload FROM events WHERE account_id IN ({marks})"
            f" AND ({kinds}) ORDER BY seq, idx",
            list(account_ids),
        )
        return [(s, i, ts, _decode_event(payload)) for s, i, ts, payload in rows]

    def order_events(self, row: OrderRow) -> list[tuple[int, int, int, Event]]:
        """An order's events, as ``(seq, idx, ts, event)`` in order, up to its row's last change."""
        found: list[tuple[int, int, int, Event]] = []
        seq, idx = row.order_id // LEGS_MAX, -1
        while True:
            page = self.events_after(row.account_id, seq, idx, PAGE_ROWS)
            for event in page:
                if event[2] > row.updated_ns:
                    return found
                if row.order_id in names_of(event[3]):
                    found.append(event)
            if len(page) < PAGE_ROWS:
                return found
            seq, idx = page[-1][:2]

    def last_event_names(self) -> list[tuple[int, tuple[int, int]]]:
        """Each account's latest event, as ``(account_id, (seq, idx))``."""
        rows = self._database.query(
            "SELECT a.account_id, e.seq, e.idx FROM accounts a JOIN events e"
            " ON e.account_id = a.account_id AND e.seq ="
            " (SELECT MAX(seq) FROM events m WHERE m.account_id = a.account_id)"
            " ORDER BY e.idx"
        )
        return [(account_id, (seq, idx)) for account_id, seq, idx in rows]

    def close(self) -> None:
        """Release the database."""
        self._database.close()


def _in_parts(wanted: list[T]) -> Iterator[list[T]]:
    """A list in parts that one statement can name."""
    for start in range(0, len(wanted), _NAMED_MAX):
        yield wanted[start : start + _NAMED_MAX]
