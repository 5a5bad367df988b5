"""What happened to an account, in Alpaca's words: fills, cash, charges and fees, a page at a time.

Promises: an id begins with its time, so that ids sort by time, and ends with the name of what
happened, so that any id is a place to go on from; a page is read by indexes, among many rows as
quickly as among few. Must not know: how it is kept.
"""

from datetime import time, timedelta
from typing import Final, NamedTuple

import msgspec

from stockyard.api.alpaca.clock import FIRST_DAY, LAST_DAY, day_asked, new_york
from stockyard.api.alpaca.errors import PARAMETER, Refusal, invalid
from stockyard.api.alpaca.routing import Call, Query, Reply, Route
from stockyard.api.alpaca.words import timestamp
from stockyard.api.door import Door, encode
from stockyard.api.shapes import price_text
from stockyard.market.calendars import new_york_ns
from stockyard.model import events as e
from stockyard.model.codes import CHARGE_WORDS, SIDE_WORDS, STATUS_WORDS, AssetClass, Status
from stockyard.model.ids import Kind
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import format_cash, format_decimal
from stockyard.people.identity import Scope
from stockyard.projections.store import Page, ReadStore

PAGE_MAX: Final = 100
FILL: Final = "FILL"
FEE: Final = "FEE"
COIN_FEE: Final = "CFEE"
OF_KIND: Final[dict[type[msgspec.Struct], str]] = {
    e.CashDeposited: "CSD",
    e.CashWithdrawn: "CSW",
    e.InterestCharged: "INT",
    e.FundingPaid: "INT",
    e.AccountReset: "JNLC",
    e.PositionGivenUp: "JNLS",
    e.MarginCalled: "MEM",
    e.MarginCallMet: "MEM",
    e.LiquidationStarted: "MEM",
    e.GoodFaithViolated: "MEM",
}
"""What is booked besides fills and their fees, and its type."""
TYPES: Final = (
    FILL, "ACATC", "ACATS", COIN_FEE, "CIL", "CSD", "CSW", "DIV", "DIVCGL", "DIVCGS", "DIVFEE",
    "DIVFT", "DIVNRA", "DIVROC", "DIVTW", "DIVTXEX", "DIVWH", "EXTRD", FEE, "FXTRD", "INT",
    "INTNRA", "INTPNL", "INTTW", "JNL", "JNLC", "JNLS", "MA", "MEM", "MISC", "NC", "OCT", "OPASN",
    "OPCA", "OPCSH", "OPEXC", "OPEXP", "OPTRD", "PTC", "PTR", "REORG", "SC", "SPIN", "SPLIT", "SSO",
    "SSP", "SWP", "TRANS", "VOF", "WH",
)  # fmt: skip
"""Every type that may be asked for; those that are never booked here are empty."""
_CATEGORIES: Final = {
    "trade_activity": (FILL,),
    "non_trade_activity": tuple(word for word in TYPES if word != FILL),
}
_DIRECTIONS: Final = {"asc": True, "desc": False}
_PLACES: Final = (Kind.EXECUTION, Kind.FEE, Kind.TRANSFER, Kind.CHARGE, Kind.HAPPENING)
_NS: Final = 1_000_000_000
_DAY: Final = timedelta(days=1)

Found = tuple[int, int, int, e.Event]


class Trade(msgspec.Struct, gc=False):
    """A fill."""

    id: str
    account_id: str
    activity_type: str
    type: str
    transaction_time: str
    symbol: str
    side: str
    qty: str
    price: str
    cum_qty: str
    leaves_qty: str
    order_id: str
    order_status: str


class Booking(msgspec.Struct, gc=False):
    """Anything else: what it moved, and why."""

    id: str
    account_id: str
    activity_type: str
    activity_sub_type: str | None
    date: str
    created_at: str
    net_amount: str
    description: str
    symbol: str | None = None
    qty: str | None = None
    price: str | None = None
    per_share_amount: str | None = None
    status: str = "executed"
    currency: str = "USD"
    group_id: str | None = None


class Place(NamedTuple):
    """Where a page goes on: at an event, or behind it at its fee."""

    seq: int
    idx: int
    is_fee: bool


class Asked(NamedTuple):
    """What is to be listed."""

    types: frozenset[str]
    limit: int
    oldest_first: bool
    place: Place | None
    from_ns: int
    to_ns: int


def activity_id(door: Door, kind: int, seq: int, idx: int, ts: int) -> str:
    """A sortable id: UTC to the millisecond, and the name of what happened."""
    at = timestamp(ts)
    digits = at[:23].translate({ord(mark): None for mark in "-T:."})
    return f"{digits}::{door.ids.text(kind, seq, idx)}"


def place_of(door: Door, token: str) -> Place:
    """Where an id stands. Raises ``Refusal``."""
    name = token.rpartition("::")[2]
    for kind in _PLACES:
        found = door.ids.parse(kind, name)
        if found is not None:
            return Place(*found, kind == Kind.FEE)
    raise invalid("page_token", token, "use the id of the last activity of a page")


def asked(call: Call, only: str | None) -> Asked:
    """What a request asks for. Raises ``Refusal``."""
    query = call.query
    from_ns, to_ns = _times(query)
    token = query.text("page_token")
    return Asked(
        _types(query, only),
        query.whole("page_size", PAGE_MAX, 1, PAGE_MAX),
        query.choice("direction", _DIRECTIONS, "desc"),
        place_of(call.door, token) if token is not None else None,
        from_ns,
        to_ns,
    )


def _types(query: Query, only: str | None) -> frozenset[str]:
    words = [word.upper() for word in query.words("activity_types")]
    category = query.text("category")
    if only is not None:
        if words:
            raise Refusal(422, PARAMETER, "activity_types cannot go with a type in the path")
        words = [only.upper()]
    if category is not None:
        if words:
            raise Refusal(422, PARAMETER, "category cannot go with activity types")
        return frozenset(query.choice("category", _CATEGORIES, ""))
    for word in words:
        if word not in TYPES:
            raise invalid("activity_types", word, "use types of activities as FILL, CSD or INT")
    return frozenset(words or TYPES)


def _times(query: Query) -> tuple[int, int]:
    """From when, and until before when; 0 for open."""
    after_ns, until_ns = query.moment("after"), query.moment("until")
    if query.text("date") is None:
        return after_ns + 1 if after_ns else 0, until_ns
    if after_ns or until_ns:
        raise Refusal(422, PARAMETER, "date cannot go with after or until")
    day = day_asked(query, "date", FIRST_DAY)
    if not FIRST_DAY <= day <= LAST_DAY:
        raise invalid("date", day.isoformat(), f"use a day from {FIRST_DAY} to {LAST_DAY}")
    return new_york_ns(day, time()), new_york_ns(day + _DAY, time())


def read(
    store: ReadStore, account_id: int, wanted: Asked, charged: list[int]
) -> list[tuple[bool, Found]]:
    """A page of what happened, each with whether its fee is meant; ``charged``: the instruments
    whose fees are wanted.
    """
    from_seq = store.first_seq_from(wanted.from_ns) if wanted.from_ns else 0
    to_seq = store.first_seq_from(wanted.to_ns) if wanted.to_ns else 0
    if wanted.to_ns and to_seq <= from_seq:
        return []
    page = Page(wanted.limit, wanted.oldest_first, None, from_seq, to_seq)
    plain, fees = page, page
    if wanted.place is not None:
        seq, idx, is_fee = wanted.place
        # A fee stands behind its fill: at the same event the one or the other is still to come.
        more = is_fee and not wanted.oldest_first
        plain = page._replace(after=(seq, idx + 1 if more else idx))
        less = wanted.oldest_first and not is_fee
        fees = page._replace(after=(seq, idx - 1 if less else idx))
    found: list[tuple[bool, Found]] = []
    kinds = [kind for kind, word in OF_KIND.items() if word in wanted.types]
    found += [(False, each) for each in store.statement(account_id, kinds, plain)]
    if FILL in wanted.types:
        found += [(False, each) for each in store.executions(account_id, plain)]
    if charged:
        found += [(True, each) for each in store.executions(account_id, fees, charged)]
    found.sort(key=lambda each: (*each[1][:2], each[0]), reverse=not wanted.oldest_first)
    return found[: wanted.limit]


class Teller:
    """Tells the activities of one account."""

    def __init__(self, door: Door, account_id: int) -> None:
        self._door, self._instruments = door, door.view.instruments
        self._account_id = door.render.account_id(account_id)

    def tell(self, is_fee: bool, found: Found) -> Trade | Booking:
        """One activity."""
        seq, idx, ts, x = found
        if isinstance(x, e.OrderFilled):
            return self._fee(seq, idx, ts, x) if is_fee else self._fill(seq, idx, ts, x)
        if isinstance(x, e.CashDeposited):
            said = "Cash was deposited"
            return self._booking(found, Kind.TRANSFER, x.amount_micros, said)
        if isinstance(x, e.CashWithdrawn):
            said = "Cash was withdrawn"
            return self._booking(found, Kind.TRANSFER, -x.amount_micros, said)
        if isinstance(x, e.InterestCharged | e.FundingPaid):
            return self._charge(found, x)
        if isinstance(x, e.AccountReset):
            said = "The account started again"
            return self._booking(found, Kind.HAPPENING, x.cash_change_micros, said)
        if isinstance(x, e.PositionGivenUp):
            row = self._instruments[x.instrument_id]
            given = self._booking(found, Kind.HAPPENING, 0, "Given up when the account was reset")
            given.symbol, given.qty = row.symbol, format_decimal(-x.qty, row.qty_scale)
            return given
        return self._memo(found, x)

    def _fill(self, seq: int, idx: int, ts: int, x: e.OrderFilled) -> Trade:
        row = self._instruments[x.instrument_id]
        scale, whole = row.qty_scale, x.filled_qty >= x.order_qty
        return Trade(
            activity_id(self._door, Kind.EXECUTION, seq, idx, ts),
            self._account_id,
            FILL,
            "fill" if whole else "partial_fill",
            timestamp(ts),
            row.symbol,
            SIDE_WORDS[x.side],
            format_decimal(x.qty, scale),
            price_text(x.price, row),
            format_decimal(x.filled_qty, scale),
            format_decimal(x.order_qty - x.filled_qty, scale),
            self._door.render.order_id(x.order_id),
            STATUS_WORDS[Status.FILLED if whole else Status.PARTIALLY_FILLED],
        )

    def _fee(self, seq: int, idx: int, ts: int, x: e.OrderFilled) -> Booking:
        row = self._instruments[x.instrument_id]
        fees = sum(micros for _, micros in x.fees)
        qty = format_decimal(x.qty, row.qty_scale)
        said = f"Fees of {SIDE_WORDS[x.side]} {qty} {row.symbol} at {price_text(x.price, row)}"
        told = self._booking((seq, idx, ts, x), Kind.FEE, -fees, said)
        told.activity_type = fee_type(row)
        told.symbol = row.symbol
        return told

    def _charge(self, found: Found, x: e.InterestCharged | e.FundingPaid) -> Booking:
        row = self._instruments.get(x.instrument_id)
        symbol = row.symbol if row is not None else None
        if isinstance(x, e.FundingPaid):
            kind, said = "funding", f"Funding of {symbol}"
        else:
            kind = CHARGE_WORDS[x.kind]
            what = f"borrowed {symbol}" if symbol is not None else "borrowed cash"
            said = f"A day's charge for {what}"
        told = self._booking(found, Kind.CHARGE, -x.amount_micros, said)
        told.activity_sub_type, told.symbol = kind.upper(), symbol
        return told

    def _memo(self, found: Found, x: e.Event) -> Booking:
        if isinstance(x, e.GoodFaithViolated):
            row = self._instruments[x.instrument_id]
            said = "Sold before what paid for it had settled"
            told = self._booking(found, Kind.HAPPENING, 0, said)
            told.symbol, told.qty = row.symbol, format_decimal(x.qty, row.qty_scale)
            told.activity_sub_type = "GOOD_FAITH_VIOLATED"
            return told
        assert isinstance(x, e.MarginCalled | e.MarginCallMet | e.LiquidationStarted)
        kind, what = {
            e.MarginCalled: ("MARGIN_CALLED", "Margin call"),
            e.MarginCallMet: ("MARGIN_CALL_MET", "The margin call was met"),
            e.LiquidationStarted: ("LIQUIDATION_STARTED", "Positions are being liquidated"),
        }[type(x)]
        equity, needed = format_cash(x.equity_micros), format_cash(x.maintenance_micros)
        said = f"{what}: equity {equity}, required {needed}"
        told = self._booking(found, Kind.HAPPENING, 0, said)
        told.activity_sub_type = kind
        if isinstance(x, e.LiquidationStarted) and x.instrument_id:
            told.symbol = self._instruments[x.instrument_id].symbol
        return told

    def _booking(self, found: Found, kind: int, net_micros: int, said: str) -> Booking:
        seq, idx, ts, x = found
        return Booking(
            activity_id(self._door, kind, seq, idx, ts),
            self._account_id,
            OF_KIND.get(type(x), FEE),
            None,
            new_york(ts).date().isoformat(),
            timestamp(ts),
            format_cash(net_micros),
            said,
        )


def fee_type(row: Instrument) -> str:
    """Whether an instrument's fees are those of coins."""
    return FEE if row.asset_class == AssetClass.US_EQUITY else COIN_FEE


async def _listed(call: Call, only: str | None) -> Reply:
    door, account_id = call.door, call.caller.account_id
    wanted = asked(call, only)
    known = door.view.instruments.values()
    charged = [row.instrument_id for row in known if fee_type(row) in wanted.types]
    found = await door.world.query(lambda store: read(store, account_id, wanted, charged))
    teller = Teller(door, account_id)
    return Reply(200, encode([teller.tell(is_fee, each) for is_fee, each in found]))


async def list_activities(call: Call) -> Reply:
    """GET /v2/account/activities."""
    return await _listed(call, None)


async def list_of_type(call: Call) -> Reply:
    """GET /v2/account/activities/{activity_type}."""
    return await _listed(call, call.named["activity_type"])


ROUTES: Final = (
    Route("GET", "/v2/account/activities", Scope.READ, list_activities),
    Route("GET", "/v2/account/activities/{activity_type}", Scope.READ, list_of_type),
)
