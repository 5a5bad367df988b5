"""What is told of orders, fills, positions and accounts: one row type each, its table beside it.

Promises: a row is what a reader sees and what the table holds; the column order is the field order.
Must not know: HTTP, or how the engine decided.
"""

from typing import Any, Final

import msgspec

from stockyard.model.codes import OPEN_STATUSES, AccountKind, LotMethod, Status
from stockyard.model.events import (
    AccountReset,
    CashDeposited,
    CashWithdrawn,
    CommandDenied,
    FundingPaid,
    GoodFaithViolated,
    InterestCharged,
    LiquidationStarted,
    MarginCalled,
    MarginCallMet,
    OrderAccepted,
    OrderChangeSent,
    PositionGivenUp,
)
from stockyard.numerics.marks import long_mark, short_mark
from stockyard.projections.postings import LEDGER_EVENTS


class OrderRow(msgspec.Struct, array_like=True, gc=False):
    """One order. ``filled_value``: exact sum of price times quantity, as text (it may pass 64
    bits).

    Links (``parent_id`` and so on) are order ids, 0 for none: as they are while the order is open,
    and as they last were once it has ended.

    ``*_ns`` times are the world's clock, 0 for not yet. ``reason``: a ``Reason``, 0 for none.
    ``extended_hours``: 1 when it also trades outside the regular session. ``closes``: 1 when it
    reduces a position, ``liquidates`` when the house made it to meet a margin call;
    ``reduce_only`` and ``post_only`` as asked for.
    """

    order_id: int
    account_id: int
    instrument_id: int
    side: int
    order_type: int
    time_in_force: int
    qty: int
    limit_price: int
    notional_micros: int
    collar_price: int
    client_order_id: str
    status: int
    profile_id: int
    replaces: int
    replaced_by: int
    version: int
    expires_ns: int
    created_ns: int
    updated_ns: int
    ended_ns: int
    filled_qty: int
    filled_value: str
    fees_micros: int
    reason: int
    stop_price: int
    trail_price: int
    trail_ppm: int
    triggered_ns: int
    order_class: int = 0
    parent_id: int = 0
    sibling_id: int = 0
    take_profit_id: int = 0
    stop_loss_id: int = 0
    protects: int = 0
    extended_hours: int = 0
    closes: int = 0
    liquidates: int = 0
    reduce_only: int = 0
    post_only: int = 0

    @property
    def is_open(self) -> bool:
        """Whether the order can still trade."""
        return self.status in OPEN_STATUSES


def sent_order(ts: int, x: OrderChangeSent) -> OrderRow:
    """The order that is on its way to replace another."""
    return OrderRow(
        x.replaced_by, x.account_id, x.instrument_id, x.side, x.order_type, x.time_in_force, x.qty,
        x.limit_price, 0, 0, x.client_order_id, Status.PENDING_NEW, x.profile_id, x.order_id, 0,
        x.version, x.expires_ns, ts, ts, 0, 0, "0", 0, 0, x.stop_price, x.trail_price,
        x.trail_ppm, 0, 0, 0, 0, 0, 0, 0, 0, int(x.closes),
    )  # fmt: skip


def accepted_order(ts: int, x: OrderAccepted) -> OrderRow:
    """An order as it was when it was taken."""
    return OrderRow(
        x.order_id, x.account_id, x.instrument_id, x.side, x.order_type, x.time_in_force,
        x.qty, x.limit_price, x.notional_micros, x.collar_price, x.client_order_id, x.status,
        x.profile_id, x.replaces, 0, x.version, x.expires_ns, ts, ts, 0, 0, "0", 0, 0,
        x.stop_price, x.trail_price, x.trail_ppm, ts if x.triggered else 0,
        x.order_class, x.parent_id, x.sibling_id, x.take_profit_id, x.stop_loss_id,
        int(x.protects), int(x.extended_hours), int(x.closes), int(x.liquidates),
        int(x.reduce_only), int(x.post_only),
    )  # fmt: skip


class FillRow(msgspec.Struct, array_like=True, gc=False):
    """One execution, named ``(seq, idx)``; its explanation is the event of that name."""

    seq: int
    idx: int
    order_id: int
    account_id: int
    instrument_id: int
    ts: int
    side: int
    price: int
    qty: int
    value_micros: int
    fees_micros: int
    realized_micros: int


class PositionRow(msgspec.Struct, array_like=True, gc=False):
    """One position; a closed one stays with quantity 0 and what it realised.

    A short one has a quantity and a cost below zero. In a perpetual contract ``cost_micros`` is
    what it was entered at, ``pot_micros`` margin set apart, ``funding_micros`` funding paid,
    ``leverage`` what was chosen (also without a position), 0 for the contract's first, and
    ``isolated`` 1 where its margin is set apart.
    """

    account_id: int
    instrument_id: int
    qty: int
    held_qty: int
    cost_micros: int
    realized_micros: int
    fees_micros: int
    updated_ns: int
    pot_micros: int = 0
    funding_micros: int = 0
    leverage: int = 0
    isolated: int = 0


class AccountRow(msgspec.Struct, array_like=True, gc=False):
    """One account. ``deposited_micros``: what came in from outside less what went out;
    ``interest_micros``: what it was charged for borrowed cash and shares; ``funding_micros``: what
    it paid, less what it got, for positions in perpetual contracts; ``restrictions``: a set of
    ``Restriction``; ``reset_ns``: when it was last reset, 0 for never. By whoever runs the house:
    ``frozen`` 1 where trading is; ``limits``: JSON of ``AccountLimits``, empty for none.
    """

    account_id: int
    owner: str
    name: str
    status: int
    profile_id: int
    cash_micros: int
    held_micros: int
    deposited_micros: int
    realized_micros: int
    fees_micros: int
    created_ns: int
    updated_ns: int
    kind: int = AccountKind.CASH
    interest_micros: int = 0
    lot_method: int = LotMethod.AVERAGE
    funding_micros: int = 0
    restrictions: int = 0
    reset_ns: int = 0
    frozen: int = 0
    limits: str = ""


class FundingRow(msgspec.Struct, array_like=True, gc=False):
    """A perpetual contract's funding, paid or not: ``rate_e9`` billionths of the value at ``mark``,
    with the ``index_price`` of that moment; 0 for unknown.
    """

    seq: int
    instrument_id: int
    ts: int
    rate_e9: int
    mark: int
    index_price: int


class EquityRow(msgspec.Struct, array_like=True, gc=False):
    """What an account was worth at the end of a window, and what had come into it from outside."""

    account_id: int
    window_s: int
    start_ns: int
    equity_micros: int
    deposited_micros: int


class EventRow(msgspec.Struct, array_like=True, gc=False):
    """One event as the journal's readers see it: ``payload`` is its JSON."""

    seq: int
    idx: int
    account_id: int
    ts: int
    payload: msgspec.Raw


class QuoteRow:
    """The latest quote and trade of one instrument; ``*_seq`` and ``*_ts`` say when each came.

    ``is_contract``: positions are valued at the mark that the market says, with ``index_price`` of
    what the contract follows; ``funding_e9`` was paid last, at ``funding_ts``.
    """

    __slots__ = (
        "ask",
        "ask_qty",
        "bid",
        "bid_qty",
        "funding_e9",
        "funding_ts",
        "index_price",
        "instrument_id",
        "is_contract",
        "last_price",
        "last_qty",
        "last_ts",
        "long_mark",
        "seq",
        "short_mark",
        "ts",
    )

    def __init__(self, instrument_id: int, is_contract: bool = False) -> None:
        self.instrument_id, self.is_contract = instrument_id, is_contract
        self.index_price = self.funding_e9 = self.funding_ts = 0
        self.bid = self.ask = self.bid_qty = self.ask_qty = 0
        self.last_price = self.last_qty = self.last_ts = 0
        self.seq = self.ts = 0
        self.long_mark = self.short_mark = 0

    def set_marks(self) -> None:
        """Value positions at the quote and trade as they are now, unless the market says a mark."""
        if self.is_contract:
            return
        bid, ask, last = self.bid, self.ask, self.last_price
        self.long_mark = long_mark(bid, ask, last, self.long_mark)
        self.short_mark = short_mark(bid, ask, last, self.short_mark)

    def mark(self, qty: int = 1) -> int:
        """The price that a signed quantity is valued at; 0 when unknown."""
        return self.long_mark if qty >= 0 else self.short_mark


TABLES: Final = {
    "orders": (OrderRow, "order_id"),
    "fills": (FillRow, "seq, idx"),
    "positions": (PositionRow, "account_id, instrument_id"),
    "accounts": (AccountRow, "account_id"),
    "fundings": (FundingRow, "instrument_id, seq"),
    "equities": (EquityRow, "account_id, window_s, start_ns"),
    "events": (EventRow, "seq, idx"),
}
"""Table name -> row type and primary key."""


def _is_one_of(kinds: tuple[type[msgspec.Struct], ...]) -> str:
    """The condition that an event's payload is one of some kinds."""
    heads: dict[int, list[str]] = {}
    for kind in kinds:
        head = f"[{kind.__struct_config__.tag},"
        heads.setdefault(len(head), []).append(f"'{head}'")
    found = [f"substr(payload, 1, {n}) IN ({', '.join(some)})" for n, some in heads.items()]
    return f"({' OR '.join(found)})"


IS_POSTED: Final = _is_one_of(LEDGER_EVENTS)
"""The condition that an event posts to an account's ledger."""
HAPPENINGS: Final = (
    CommandDenied, CashDeposited, CashWithdrawn, PositionGivenUp, AccountReset, InterestCharged,
    FundingPaid, MarginCalled, MarginCallMet, LiquidationStarted, GoodFaithViolated,
)  # fmt: skip
"""What happens to an account besides its orders and fills."""
IS_HAPPENING: Final = _is_one_of(HAPPENINGS)
"""Said the same in the index and in the queries, which then use it."""


def is_one_of(kinds: tuple[type[msgspec.Struct], ...]) -> str:
    """The condition that an event is one of some ``HAPPENINGS``; an index answers it."""
    assert set(kinds) <= set(HAPPENINGS)
    return f"{IS_HAPPENING} AND {_is_one_of(kinds)}"


_ABOUT: Final[dict[type[msgspec.Struct], str]] = {
    PositionGivenUp: "{account},{instrument},%",
    InterestCharged: "{account},_,{instrument},%",
    FundingPaid: "{account},{instrument},%",
    LiquidationStarted: "{account},%,{instrument}]",
    GoodFaithViolated: "{account},{instrument},%",
}
"""How the payload of what happens about one instrument goes on after its kind: numbers alone."""


def about_one(
    kinds: tuple[type[msgspec.Struct], ...], account_id: int, instrument_id: int
) -> tuple[str, list[str]]:
    """The condition that an event of some kinds is about one instrument, and its values; empty
    where none of the kinds ever is.
    """
    patterns = [
        f"[{kind.__struct_config__.tag},"
        + _ABOUT[kind].format(account=account_id, instrument=instrument_id)
        for kind in kinds
        if kind in _ABOUT
    ]
    return " OR ".join("payload LIKE ?" for _ in patterns), patterns


BOOKED: Final = tuple(kind for kind in HAPPENINGS if kind is not CommandDenied)
"""What a statement of an account tells besides its fills."""
HEAD_SIZE: Final = 4
_BOOKED_TAGS: Final[dict[type[msgspec.Struct], Any]] = {
    kind: kind.__struct_config__.tag for kind in BOOKED
}
assert all(type(tag) is int and 10 <= tag <= 99 for tag in _BOOKED_TAGS.values())
IS_BOOKED: Final = _is_one_of(BOOKED)
HEAD: Final = f"(substr(payload, 1, {HEAD_SIZE}))"
"""How a booked event's payload begins: its kind."""


def is_kind(kind: type[msgspec.Struct]) -> str:
    """The condition that an event is one of ``BOOKED``, of one kind; an index answers it."""
    return f"{IS_BOOKED} AND {HEAD} = '[{_BOOKED_TAGS[kind]},'"


INDEXES: Final = (
    "CREATE INDEX IF NOT EXISTS orders_by_account ON orders (account_id, order_id)",
    "CREATE INDEX IF NOT EXISTS orders_by_client_id ON orders (account_id, client_order_id)",
    "CREATE INDEX IF NOT EXISTS orders_open ON orders (status)"
    f" WHERE status IN ({', '.join(str(status) for status in OPEN_STATUSES)})",
    "CREATE INDEX IF NOT EXISTS fills_by_order ON fills (order_id)",
    "CREATE INDEX IF NOT EXISTS fills_by_account ON fills (account_id, seq, idx)",
    "CREATE INDEX IF NOT EXISTS events_by_account ON events (account_id, seq, idx)",
    "CREATE INDEX IF NOT EXISTS happenings_by_account ON events (account_id, seq, idx)"
    f" WHERE {IS_HAPPENING}",
    f"CREATE INDEX IF NOT EXISTS booked_by_kind ON events (account_id, {HEAD}, seq, idx)"
    f" WHERE {IS_BOOKED}",
    "CREATE INDEX IF NOT EXISTS fills_charged ON fills (account_id, seq, idx, instrument_id)"
    " WHERE fees_micros > 0",
    "CREATE INDEX IF NOT EXISTS equities_by_age ON equities (window_s, start_ns)",
)

TEXT_COLUMNS: Final = {"client_order_id", "filled_value", "owner", "name", "payload", "limits"}


def columns(table: str) -> tuple[str, ...]:
    """Column names of a table, in row order."""
    return TABLES[table][0].__struct_fields__


def schema() -> list[str]:
    """The statements that make the tables, in SQL that SQLite and PostgreSQL share."""
    statements = []
    for table, (_, key) in TABLES.items():
        typed = ", ".join(
            f"{name} {'TEXT' if name in TEXT_COLUMNS else 'BIGINT'} NOT NULL"
            for name in columns(table)
        )
        statements.append(f"CREATE TABLE IF NOT EXISTS {table} ({typed}, PRIMARY KEY ({key}))")
    statements.append(
        "CREATE TABLE IF NOT EXISTS cursor"
        " (id INTEGER PRIMARY KEY, seq BIGINT NOT NULL, ts BIGINT NOT NULL, digest TEXT NOT NULL)"
    )
    return [*statements, *INDEXES]
