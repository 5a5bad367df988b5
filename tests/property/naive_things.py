"""The things of the naive twin: an order and all it ever did, an account, a quote.

Promises: nothing is kept that can be worked out again from what happened. Must not know: any rule
of the market.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor
from typing import Any

from stockyard.model.codes import AssetClass, LotMethod, OrderType, Side, Status, TimeInForce
from stockyard.model.commands import ReplaceOrder
from stockyard.model.instruments import FeeRule, Instrument
from tests.property.naive_lots import NaiveLots, Name

BEGUN = (
    Status.ACCEPTED,
    Status.NEW,
    Status.PARTIALLY_FILLED,
    Status.PENDING_NEW,
    Status.PENDING_CANCEL,
)

OPEN = (*BEGUN, Status.HELD)
AUCTIONS = (TimeInForce.OPG, TimeInForce.CLS)
MINUTE = 60 * 10**9
AT_ONCE = (TimeInForce.IOC, TimeInForce.FOK)
STOPS = (OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP)
Stops = tuple[int, int, int, int]
"""Stop price, trail as an amount, trail in millionths, expiry."""
NO_STOPS: Stops = (0, 0, 0, 0)


@dataclass(eq=False)
class NaiveOrder:
    """An order and all it ever did."""

    order_id: int
    account_id: int
    terms: Instrument
    side: int
    order_type: int
    tif: int
    qty: int
    limit: int
    notional: int
    worst: int
    profile_id: int
    hold: int
    replaces: int = 0
    version: int = 1
    status: int = Status.NONE
    fills: list[tuple[int, int]] = field(default_factory=list)
    choices: list[tuple[Name, int]] = field(default_factory=list)
    stop: int = 0
    trail: int = 0
    ppm: int = 0
    expires: int = 0
    waits: bool = False
    is_triggered: bool = False
    seen: list[int] = field(default_factory=list)
    ahead: int | None = None
    arrives: int = 0
    cancel_at: int = 0
    ends: int = 0
    ends_as: int = 0
    name: str = ""
    plan: Any = None
    late: bool = False
    order_class: int = 0
    protects: bool = False
    before: "NaiveOrder | None" = None
    closes: bool = False
    liquidates: bool = False
    reduces: bool = False
    posts: bool = False
    parent: "NaiveOrder | None" = None
    partners: "list[NaiveOrder]" = field(default_factory=list)
    legs: "list[NaiveOrder]" = field(default_factory=list)

    @property
    def instrument_id(self) -> int:
        """What it trades."""
        return self.terms.instrument_id

    @property
    def filled_in_all(self) -> int:
        """What it and the orders it replaces have filled."""
        return self.filled + (self.before.filled_in_all if self.before else 0)

    @property
    def is_leg(self) -> bool:
        """Whether it exits from what another order, or a position, decides."""
        return self.parent is not None or bool(self.partners) or self.protects

    @property
    def closes_now(self) -> bool:
        """Whether it takes from the position what no other of its pair is counted for."""
        second = any(p.status in OPEN and p.order_id < self.order_id for p in self.partners)
        return self.closes and self.status in BEGUN and not second

    @property
    def at_market(self) -> bool:
        """Whether it trades without a limit, once it trades."""
        return self.order_type not in (OrderType.LIMIT, OrderType.STOP_LIMIT)

    @property
    def seeks_trail(self) -> bool:
        """Whether it is, or would be, a trailing stop that waits."""
        return self.waits and self.order_type == OrderType.TRAILING_STOP

    @property
    def extreme(self) -> int:
        """The best price a waiting trailing stop has seen; 0 when it is none or saw none."""
        if not self.seeks_trail or not self.seen:
            return 0
        return min(self.seen) if self.side == Side.BUY else max(self.seen)

    @property
    def filled(self) -> int:
        """Quantity filled."""
        return sum(qty for _, qty in self.fills)

    @property
    def leaves(self) -> int:
        """Quantity left."""
        return self.qty - self.filled

    @property
    def exact(self) -> Fraction:
        """Micro-dollars the fills are worth."""
        return sum((worth(self.terms, price, qty) for price, qty in self.fills), Fraction(0))

    @property
    def value(self) -> int:
        """What the fills cost or brought: rounded against the customer."""
        return ceil(self.exact) if self.side == Side.BUY else floor(self.exact)


@dataclass
class NaiveChange:
    """A replacement on its way."""

    new_id: int
    at: int
    command: ReplaceOrder
    status: int = Status.PENDING_NEW


@dataclass
class NaivePosition:
    """A position."""

    qty: int = 0
    cost: int = 0
    realized: int = 0
    unpaid: int = 0
    unpaid_until: int = 0
    pot: int = 0
    funding: int = 0
    goes_on: int = 0
    lots: NaiveLots = field(default_factory=NaiveLots)


@dataclass
class NaiveAccount:
    """An account."""

    owner: str
    profile_id: int
    cash: int = 0
    lot_method: int = LotMethod.AVERAGE
    kind: int = 1
    unsettled: list[tuple[int, int]] = field(default_factory=list)
    violations: int = 0
    due: int = 0
    goes_on: int = 0
    leverages: dict[int, tuple[int, bool]] = field(default_factory=dict)
    suspended: bool = False
    shorts: bool = True
    parts: bool = True
    plans: list[Any] = field(default_factory=list)
    positions: dict[int, NaivePosition] = field(default_factory=dict)
    answers: dict[str, tuple[bytes, int, int]] = field(default_factory=dict)


@dataclass
class NaiveQuote:
    """The quote of an instrument, and how much of its sizes is gone."""

    bid: int = 0
    ask: int = 0
    bid_size: int = 0
    ask_size: int = 0
    ts: int = 0
    bid_gone: int = 0
    ask_gone: int = 0


def is_contract(terms: Instrument) -> bool:
    """Whether an instrument is a perpetual contract."""
    return terms.asset_class == AssetClass.CRYPTO_PERP


def worth(terms: Instrument, price: int, qty: int) -> Fraction:
    """Micro-dollars of a quantity at a price."""
    return Fraction(price * qty * 10**6, 10 ** (terms.price_scale + terms.qty_scale))


def too_large(terms: Instrument, price: int) -> bool:
    """Whether the largest order would be worth more than a fill can say."""
    return worth(terms, price, terms.qty_max) > 2**60


def total_fee(rule: FeeRule, terms: Instrument, value: int, qty: int) -> int:
    """A fee line on an order's totals."""
    fee = ceil(Fraction(value * rule.per_million_micros, 10**12))
    fee += ceil(Fraction(qty * rule.per_unit_micros_e6, 10**6 * 10**terms.qty_scale))
    fee = ceil(Fraction(fee, rule.round_to_micros)) * rule.round_to_micros
    return min(fee, rule.cap_micros) if rule.cap_micros else fee
