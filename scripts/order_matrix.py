"""Writes docs/reference/order-matrix.md: what becomes of every kind of order, tried one by one.

Promises: each cell is an order sent to an engine of its own, in a market that then reaches every
price named; nothing is written down that did not happen.
"""

from pathlib import Path
from typing import Final

from stockyard.engine.engine import Engine
from stockyard.model.codes import (
    ACCOUNT_KIND_WORDS,
    CLASS_WORDS,
    TIF_WORDS,
    TYPE_WORDS,
    AccountKind,
    AssetClass,
    Auction,
    OrderClass,
    OrderType,
    Side,
    TimeInForce,
)
from stockyard.model.commands import OpenAccount, PlaceOrder
from stockyard.model.denials import DENY_RULES
from stockyard.model.events import CommandDenied, Event, OrderAccepted, OrderFilled
from stockyard.model.facts import (
    AuctionPrint,
    BorrowTermsSet,
    InstrumentListed,
    LimitsSet,
    MarginTermsSet,
    ProfileDefined,
    Quote,
    SessionsScheduled,
    Trade,
    WorldCreated,
)
from stockyard.model.instruments import Instrument, Limits, MarginTerms, Session, VenueProfile
from stockyard.model.records import Input

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "reference" / "order-matrix.md"
FILLS: Final = "fills"
NOT_FILLED: Final = "taken, never filled"

SECOND: Final = 10**9
HOUR: Final = 3600 * SECOND
DAY: Final = 24 * HOUR
BASE: Final = 20_000 * DAY
OPEN, CLOSE = BASE + 10 * HOUR, BASE + 16 * HOUR
LATER: Final = BASE + 20 * HOUR
DOLLAR: Final = 10_000
SHARE: Final = 10**9
QTY: Final = 10 * SHARE
STOCK: Final = Instrument(
    1, "ACME", "Acme", AssetClass.US_EQUITY, "TEST", 1, 4, 9, 100, 1, DOLLAR, 1, 100 * SHARE,
    10**6 * SHARE, 5_000, 500, 1, True, True,
)  # fmt: skip

MARGIN: Final = MarginTermsSet(
    MarginTerms(500_000, 500_000, 300_000, 2_500_000, 300_000, 5_000_000, 5_000_000, 1_000_000,
                2_500_000, 2_000_000_000, 70_000, 360, DAY)
)  # fmt: skip
LENT: Final = BorrowTermsSet(1, True, True, 10_000, 1_000 * SHARE)

INTENTS: Final = {
    "buy to open": (Side.BUY, 0),
    "sell to close": (Side.SELL, Side.BUY),
    "sell short": (Side.SELL, 0),
    "buy to close": (Side.BUY, Side.SELL),
}
"""The order's side, and that of the order of yesterday which it would reduce, if any."""
ACCOUNTS: Final = {
    AccountKind.CASH: ("buy to open", "sell to close", "sell short"),
    AccountKind.MARGIN: tuple(INTENTS),
}
Cell = tuple[int, int, int, int, str]
"""Kind of account, class, type, time in force, intent."""

TEXT = """# Every kind of order

This page is written by `scripts/order_matrix.py` (`make docs`), which sends each of these orders
for a stock with auctions to an engine of its own and lets the market reach every price the order
names. "{fills}" means that the order was taken and traded, and one of its exits where it has any;
anything else is the deny code. What closes, closes ten shares held or owed since yesterday; what
opens, is sent by an account without a position. Where what is meant makes a difference, it is told:
of {intents}. What is right instead: [API](api.md).
{tables}"""


class Trial:
    """One engine, one account that traded ten shares yesterday if it was to, and one order."""

    def __init__(self, account_kind: int, before: int) -> None:
        self.engine = Engine()
        self.events: list[Event] = []
        self.seq = 0
        self.ts = OPEN - DAY
        for fact in (
            WorldCreated("0" * 32, 1),
            LimitsSet(Limits(100, 10**15, 10**15, 10**18, 10, HOUR)),
            ProfileDefined(VenueProfile(1, 1, "ideal", False, False, 0)),
            SessionsScheduled(1, "day", (Session(OPEN - DAY, CLOSE - DAY), Session(OPEN, CLOSE))),
            InstrumentListed(STOCK),
            MARGIN,
            LENT,
        ):
            self.send(fact)
        opening = OpenAccount("ann", "main", 1, 10**12, "r", b"d", account_kind)
        self.account_id = self.send(opening)
        self.price(100)
        if before:
            self.send(
                PlaceOrder(self.account_id, 1, before, OrderType.MARKET, TimeInForce.DAY, QTY, 0, 0,
                           "", "", b"yesterday")
            )  # fmt: skip

    def send(self, message: Input) -> int:
        """Apply one input a millisecond later; returns its seq."""
        self.seq += 1
        self.ts += 1_000_000
        self.engine.apply(self.seq, self.ts, message, self.events)
        return self.seq

    def price(self, dollars: int) -> None:
        """Let the market quote and trade at a price."""
        price = dollars * DOLLAR
        self.send(Quote(1, price - 100, price + 100, 10**6 * SHARE, 10**6 * SHARE, self.ts))
        self.send(Trade(1, price, SHARE, self.ts))

    def outcome(self, order: PlaceOrder) -> str:
        """Send the order and let the market do all it can; says what became of it."""
        opening = order.time_in_force == TimeInForce.OPG
        self.ts = OPEN - HOUR if opening else OPEN + HOUR
        if not opening:
            self.price(100)
        begun = len(self.events)
        self.send(order)
        for event in self.events[begun:]:
            if isinstance(event, CommandDenied):
                return f"`{DENY_RULES[event.code].word}`"
        if opening:
            self.ts = OPEN
            self.send(AuctionPrint(1, Auction.OPENING, 100 * DOLLAR, 10**6 * SHARE, self.ts))
        for dollars in (100, 103, 110, 100, 90, 100, 110, 90):
            self.price(dollars)
        self.ts = CLOSE
        self.send(AuctionPrint(1, Auction.CLOSING, 100 * DOLLAR, 10**6 * SHARE, self.ts))
        return FILLS if self._all_traded(begun) else NOT_FILLED

    def _all_traded(self, begun: int) -> bool:
        """Whether the order was filled, and one of its exits where it has any."""
        taken = [e for e in self.events[begun:] if isinstance(e, OrderAccepted)]
        filled = [
            e.order_id
            for e in self.events[begun:]
            if isinstance(e, OrderFilled) and e.filled_qty == e.order_qty
        ]
        if taken[0].order_class == OrderClass.OCO:
            return len(filled) == 1
        exits = [order_id for order_id in filled if order_id != taken[0].order_id]
        return taken[0].order_id in filled and bool(exits) == (len(taken) > 1)


def order(account_id: int, order_class: int, kind: int, tif: int, side: int) -> PlaceOrder:
    """A sensible order of this kind, in a market at $100."""
    buying = side == Side.BUY
    limit = stop = trail = profit = loss = 0
    at_once = tif not in (TimeInForce.DAY, TimeInForce.GTC, TimeInForce.GTD)
    if kind in (OrderType.LIMIT, OrderType.STOP_LIMIT):
        away = 2 if at_once else -2
        limit = (100 + away if buying else 100 - away) * DOLLAR
    if kind in (OrderType.STOP, OrderType.STOP_LIMIT):
        stop = (103 if buying else 97) * DOLLAR
        limit = (105 if buying else 95) * DOLLAR if limit else 0
    if kind == OrderType.TRAILING_STOP:
        trail = 2 * DOLLAR
    exits_sell = buying != (order_class == OrderClass.OCO)
    if order_class == OrderClass.BRACKET:
        profit = (108 if exits_sell else 92) * DOLLAR
    if order_class != OrderClass.SIMPLE:
        loss = (95 if exits_sell else 105) * DOLLAR
    expires_ns = LATER if tif == TimeInForce.GTD else 0
    return PlaceOrder(
        account_id, 1, side, kind, tif, QTY, limit, 0, "o", "", b"order", stop, trail, 0,
        expires_ns, order_class, profit, loss,
    )  # fmt: skip


def cells() -> dict[Cell, str]:
    """What becomes of every order there can be."""
    found: dict[Cell, str] = {}
    for account_kind, intents in ACCOUNTS.items():
        for order_class in CLASS_WORDS:
            for kind in TYPE_WORDS:
                for tif in TIF_WORDS:
                    for intent in intents:
                        side, before = INTENTS[intent]
                        trial = Trial(account_kind, before)
                        wanted = order(trial.account_id, order_class, kind, tif, side)
                        cell = account_kind, order_class, kind, tif, intent
                        found[cell] = trial.outcome(wanted)
    return found


def page(found: dict[Cell, str]) -> str:
    """The whole document."""
    tables: list[str] = []
    for account_kind, intents in ACCOUNTS.items():
        tables += ["", f"## In a {ACCOUNT_KIND_WORDS[account_kind]} account"]
        for order_class, title in CLASS_WORDS.items():
            tables += ["", f"### {title}", ""]
            tables.append("| Type | " + " | ".join(TIF_WORDS.values()) + " |")
            tables.append("|---" * (1 + len(TIF_WORDS)) + "|")
            for kind, word in TYPE_WORDS.items():
                row = [f"`{word}`"]
                for tif in TIF_WORDS:
                    told = {x: found[account_kind, order_class, kind, tif, x] for x in intents}
                    row.append(summed_up(told))
                tables.append("| " + " | ".join(row) + " |")
    intents_told = ", ".join(f'"{intent}"' for intent in INTENTS)
    return TEXT.format(fills=FILLS, intents=intents_told, tables="\n".join(tables) + "\n")


def summed_up(told: dict[str, str]) -> str:
    """One cell of a table: each outcome once, after those who have it."""
    whose: dict[str, list[str]] = {}
    for intent, outcome in told.items():
        whose.setdefault(outcome, []).append(intent)
    if len(whose) == 1:
        return next(iter(whose))
    return "; ".join(f"{', '.join(intents)}: {outcome}" for outcome, intents in whose.items())


if __name__ == "__main__":
    DOCUMENT.write_text(page(cells()), encoding="utf-8")
