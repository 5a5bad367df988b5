"""What each event posted to an account, and to which of the house's books.

Promises: an account's postings from its first event on add up to its cash, its margin set apart and
its positions after every one of them; each posting and its counter-postings sum to zero. Must not
know: SQL, months, or how a paper is drawn.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from stockyard.model import events as e
from stockyard.model.codes import (
    CHARGE_WORDS,
    FEE_WORDS,
    AssetClass,
    Book,
    ChargeKind,
    FeeKind,
    Side,
)
from stockyard.model.instruments import Instrument

Found = tuple[int, int, int, e.Event]
"""An event with its name and time: ``(seq, idx, ts, event)``."""
DEPOSIT: Final = "deposit"
WITHDRAWAL: Final = "withdrawal"
RESET: Final = "reset"
PURCHASE: Final = "purchase"
SALE: Final = "sale"
CONTRACT: Final = "contract_result"
FEE: Final = "fee"
DEBIT_INTEREST: Final = CHARGE_WORDS[ChargeKind.DEBIT_INTEREST]
BORROW_FEE: Final = CHARGE_WORDS[ChargeKind.BORROW_FEE]
FUNDING: Final = "funding"
MARGIN: Final = "margin_moved"
GIVEN_UP: Final = "position_given_up"
KINDS: Final = (
    DEPOSIT, WITHDRAWAL, RESET, PURCHASE, SALE, CONTRACT, FEE, DEBIT_INTEREST, BORROW_FEE, FUNDING,
    MARGIN, GIVEN_UP,
)  # fmt: skip
"""What a posting is for, in the order of a statement."""
BOOK_WORDS: Final = {
    Book.FUNDING: "outside",
    Book.STREET: "street",
    Book.ROUNDING: "rounding",
    Book.COMMISSION: "commission",
    Book.SEC: "sec",
    Book.TAF: "taf",
    Book.EXCHANGE: "exchange",
    Book.INTEREST: "interest",
    Book.BORROW: "borrow",
    Book.ORF: "orf",
    Book.CAT: "cat",
    Book.PERPS: "contracts",
    Book.PERP_FUNDING: "contract_funding",
    Book.INSURANCE: "insurance",
}
_FEE_BOOKS: Final = {
    FeeKind.COMMISSION: Book.COMMISSION,
    FeeKind.SEC: Book.SEC,
    FeeKind.TAF: Book.TAF,
    FeeKind.CRYPTO_TAKER: Book.EXCHANGE,
    FeeKind.CRYPTO_MAKER: Book.EXCHANGE,
    FeeKind.ORF: Book.ORF,
    FeeKind.CAT: Book.CAT,
    FeeKind.LIQUIDATION: Book.INSURANCE,
}
LEDGER_EVENTS: Final = (
    e.OrderFilled, e.CashDeposited, e.CashWithdrawn, e.PositionGivenUp, e.AccountReset,
    e.InterestCharged, e.LeverageSet, e.FundingPaid,
)  # fmt: skip
"""The events that post anything."""


class Posting(NamedTuple):
    """One line of an account's ledger, named by its event; several lines may share one.

    ``cash`` and ``margin`` (set apart for isolated positions) in micro-dollars, ``qty`` scaled and
    signed, ``cost`` what the position's cost changed by, ``realized`` profit or loss before fees.
    ``counters``: (house book, micro-dollars), which with ``cash`` and ``margin`` sum to zero.
    ``fee``: what a fee is for.
    """

    seq: int
    idx: int
    ts: int
    kind: str
    instrument_id: int = 0
    cash: int = 0
    margin: int = 0
    qty: int = 0
    cost: int = 0
    realized: int = 0
    counters: tuple[tuple[int, int], ...] = ()
    fee: str = ""
    price: int = 0
    order_id: int = 0


class Holding(NamedTuple):
    """A position: quantity and cost, below zero when short, and margin set apart for it."""

    qty: int = 0
    cost: int = 0
    margin: int = 0


class Standing(NamedTuple):
    """What an account has after the event ``name``: cash, and what it holds."""

    name: tuple[int, int]
    cash: int
    holdings: dict[int, Holding]

    @property
    def margin(self) -> int:
        """All margin set apart."""
        return sum([one.margin for one in self.holdings.values()])


NOTHING: Final = Standing((0, -1), 0, {})
"""Before an account's first event."""


class Ledger:
    """Follows one account through its events, from where it stood."""

    def __init__(self, instruments: dict[int, Instrument], begin: Standing = NOTHING) -> None:
        self._instruments = instruments
        self._name, self._cash, self._holdings = begin.name, begin.cash, dict(begin.holdings)

    def standing(self) -> Standing:
        """What the account has now."""
        held = {i: one for i, one in self._holdings.items() if one != Holding()}
        return Standing(self._name, self._cash, held)

    def post_all(self, found: Iterable[Found]) -> list[Posting]:
        """The postings of some events, in order."""
        return [line for one in found for line in self.post(*one)]

    def post(self, seq: int, idx: int, ts: int, event: e.Event) -> list[Posting]:
        """What one event posts; it may be nothing."""
        told: list[Posting] = []
        stem = Posting(seq, idx, ts, "")
        after = None
        if isinstance(event, e.OrderFilled):
            told, after = self._fill(stem, event), event.cash_micros_after
        elif isinstance(event, e.CashDeposited | e.CashWithdrawn):
            came = isinstance(event, e.CashDeposited)
            kind, amount = (DEPOSIT, 1) if came else (WITHDRAWAL, -1)
            told = [_moved(stem, kind, amount * event.amount_micros, Book.FUNDING)]
            after = event.cash_micros_after
        elif isinstance(event, e.AccountReset):
            told = [_moved(stem, RESET, event.cash_change_micros, Book.FUNDING)]
            after = event.cash_micros_after
        elif isinstance(event, e.InterestCharged):
            told, after = [_charged(stem, event)], event.cash_micros_after
        elif isinstance(event, e.FundingPaid):
            told, after = self._funding(stem, event), event.cash_micros_after
        elif isinstance(event, e.LeverageSet):
            told, after = self._set_apart(stem, event), event.cash_micros_after
        elif isinstance(event, e.PositionGivenUp):
            told = self._given_up(stem, event)
        self._take(told)
        if told:
            self._name = (seq, idx)
        assert after is None or after == self._cash, f"postings of {seq}-{idx} miss the cash"
        return told

    def _take(self, told: Iterable[Posting]) -> None:
        for line in told:
            self._cash += line.cash
            assert line.cash + line.margin + sum([one for _, one in line.counters]) == 0
            if line.instrument_id and (line.qty or line.cost or line.margin):
                held = self._held(line.instrument_id)
                self._holdings[line.instrument_id] = Holding(
                    held.qty + line.qty, held.cost + line.cost, held.margin + line.margin
                )

    def _held(self, instrument_id: int) -> Holding:
        return self._holdings.get(instrument_id, Holding())

    def _fill(self, stem: Posting, x: e.OrderFilled) -> list[Posting]:
        held, buying = self._held(x.instrument_id), x.side == Side.BUY
        stem = stem._replace(instrument_id=x.instrument_id, price=x.price, order_id=x.order_id)
        trade = stem._replace(
            kind=PURCHASE if buying else SALE,
            qty=x.qty if buying else -x.qty,
            cost=x.position_cost_micros_after - held.cost,
        )
        told = []
        if self._instruments[x.instrument_id].asset_class == AssetClass.CRYPTO_PERP:
            told += self._contract(trade, x, held)
        else:
            street = (
                x.value_micros - x.rounding_micros
                if buying
                else -(x.value_micros + x.rounding_micros)
            )
            cash = -x.value_micros if buying else x.value_micros
            rounding = ((Book.ROUNDING, x.rounding_micros),) if x.rounding_micros else ()
            counters = ((Book.STREET, street), *rounding)
            told.append(trade._replace(cash=cash, realized=x.realized_micros, counters=counters))
        return told + [
            stem._replace(
                kind=FEE, cash=-micros, counters=((_FEE_BOOKS[kind], micros),), fee=FEE_WORDS[kind]
            )
            for kind, micros in x.fees
        ]

    def _contract(self, trade: Posting, x: e.OrderFilled, held: Holding) -> list[Posting]:
        """A fill in a perpetual contract: no principal, but what it won or lost, and margin."""
        result = x.realized_micros + x.insured_micros
        told = [trade]
        if result or x.insured_micros:
            counters = [(Book.PERPS, -x.realized_micros)]
            if x.insured_micros:
                counters.append((Book.INSURANCE, -x.insured_micros))
            told.append(
                trade._replace(
                    kind=CONTRACT,
                    cash=result,
                    realized=result,
                    qty=0,
                    cost=0,
                    counters=tuple(counters),
                )
            )
        return told + _apart(trade, x.pot_micros_after - held.margin)

    def _funding(self, stem: Posting, x: e.FundingPaid) -> list[Posting]:
        stem = stem._replace(kind=FUNDING, instrument_id=x.instrument_id)
        counters = ((Book.PERP_FUNDING, x.amount_micros),)
        if x.pot_micros_after != self._held(x.instrument_id).margin:
            return [stem._replace(margin=-x.amount_micros, counters=counters)]
        return [stem._replace(cash=-x.amount_micros, counters=counters)] if x.amount_micros else []

    def _set_apart(self, stem: Posting, x: e.LeverageSet) -> list[Posting]:
        before = self._held(x.instrument_id).margin
        named = stem._replace(instrument_id=x.instrument_id)
        return _apart(named, x.pot_micros_after - before)

    def _given_up(self, stem: Posting, x: e.PositionGivenUp) -> list[Posting]:
        held = self._held(x.instrument_id)
        return [
            stem._replace(
                kind=GIVEN_UP,
                instrument_id=x.instrument_id,
                qty=-held.qty,
                cost=-held.cost,
                margin=-held.margin,
                counters=((Book.FUNDING, held.margin),) if held.margin else (),
            )
        ]


def _moved(stem: Posting, kind: str, micros: int, book: int) -> Posting:
    return stem._replace(kind=kind, cash=micros, counters=((book, -micros),))


def _charged(stem: Posting, x: e.InterestCharged) -> Posting:
    interest = x.kind == ChargeKind.DEBIT_INTEREST
    book = Book.INTEREST if interest else Book.BORROW
    stem = stem._replace(instrument_id=x.instrument_id)
    return _moved(stem, CHARGE_WORDS[x.kind], -x.amount_micros, book)


def _apart(stem: Posting, micros: int) -> list[Posting]:
    """Margin set apart for a position, or given back: it stays the account's own."""
    if not micros:
        return []
    line = stem._replace(kind=MARGIN, cash=-micros, margin=micros, qty=0, cost=0, realized=0)
    return [line._replace(counters=())]
