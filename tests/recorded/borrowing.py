"""Margin accounts carried through real daily prices, beside a plain computation in fractions.

Promises: each account is bought and sold short at random, and left alone until it is called and
closed; after every input the same accounts were charged, called and closed, for the same amounts.
Must not know: levels, ledgers, or how anything is rounded but that charges are rounded up.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from math import ceil
from pathlib import Path
from random import Random
from typing import Any

from msgspec.structs import replace

from stockyard.model import events as e
from stockyard.model.facts import BorrowTermsSet, MarginTermsSet
from stockyard.model.instruments import Session
from stockyard.model.numbers import format_decimal
from tests import engine_terms as terms
from tests.engine_world import World
from tests.recorded.bars import NEW_YORK
from tests.recorded.lots import SYMBOLS, closes

ACCOUNTS = 24
STARTS = 50_000
CENT = Fraction(1, 100)
DEBIT = Fraction(7, 100)
BORROW = {"AAPL": Fraction(45, 1000), "SPY": Fraction(25, 10_000)}
DAY_NS = 86_400 * 10**9
CREDIT = (
    MarginTermsSet(replace(terms.MARGIN, debit_ppm=int(DEBIT * 10**6), grace_ns=DAY_NS)),
    *(
        BorrowTermsSet(number, True, True, int(BORROW[symbol] * 10**6), 10**9 * 10**9)
        for number, symbol in enumerate(SYMBOLS, 1)
    ),
)
Told = tuple[str, int, Fraction, Fraction]
"""What happened, to which account, and two amounts in dollars."""


@dataclass
class Loan:
    """An account as a person would keep it. ``held``: shares and what they cost, below zero when
    short.
    """

    number: int
    cash: Fraction = Fraction(STARTS)
    held: dict[str, tuple[int, Fraction]] = field(default_factory=dict)
    due_ns: int = 0

    @property
    def borrows(self) -> bool:
        """Whether it owes cash or shares."""
        return self.cash < 0 or any(qty < 0 for qty, _ in self.held.values())


class Lender:
    """The house, by hand: prices, and what every account is worth and requires."""

    def __init__(self) -> None:
        self.loans = [Loan(number) for number in range(1, ACCOUNTS + 1)]
        self.price: dict[str, Fraction] = {}
        self._ts = 0

    def mark(self, symbol: str, qty: int) -> Fraction:
        """A cent below the close for what is held, a cent above it for what is owed."""
        return self.price[symbol] + (-CENT if qty > 0 else CENT)

    def worth(self, loan: Loan) -> tuple[Fraction, Fraction]:
        """Equity, and what the positions require to be held."""
        equity, required = loan.cash, Fraction(0)
        for symbol, (qty, _) in loan.held.items():
            mark = self.mark(symbol, qty)
            equity += qty * mark
            required += max(abs(qty) * mark * 3 / 10, 5 * -qty)
        return equity, required

    def charge(self, ts: int) -> list[Told]:
        """Charge every midnight that has passed since the last input."""
        found: list[Told] = []
        for _ in range(ts // DAY_NS - self._ts // DAY_NS if self._ts else 0):
            for loan in self.loans:
                fees = [(-loan.cash, DEBIT)] if loan.cash < 0 else []
                for symbol in SYMBOLS:
                    qty = loan.held.get(symbol, (0, Fraction(0)))[0]
                    if qty < 0:
                        fees.append((-qty * self.mark(symbol, qty), BORROW[symbol]))
                for base, rate in fees:
                    amount = Fraction(ceil(base * rate / 360 * 10**6), 10**6)
                    loan.cash -= amount
                    found.append(("charged", loan.number, base, amount))
        self._ts = ts
        return found

    def judge(self, ts: int) -> list[Told]:
        """Call whoever is in breach, and say who is not any more."""
        found: list[Told] = []
        for loan in self.loans:
            equity, required = self.worth(loan)
            breach = loan.borrows and equity < required
            if breach and not loan.due_ns:
                loan.due_ns = ts + DAY_NS
                found.append(("called", loan.number, equity, required))
            elif loan.due_ns and not breach:
                loan.due_ns = 0
                found.append(("met", loan.number, equity, required))
        return found

    def close_due(self, ts: int) -> list[Told]:
        """Close whole positions of those whose time is over, the largest loss first."""
        found: list[Told] = []
        late = [loan for loan in self.loans if loan.due_ns and loan.due_ns <= ts and loan.held]
        for loan in sorted(late, key=lambda x: (x.due_ns, x.number)):
            found.append(("closing", loan.number, *self.worth(loan)))
            while loan.held and self.worth(loan)[0] < self.worth(loan)[1]:
                gain, symbol = min(
                    (qty * self.mark(symbol, qty) - cost, symbol)
                    for symbol, (qty, cost) in loan.held.items()
                )
                qty, _ = loan.held.pop(symbol)
                mark = self.mark(symbol, qty)
                loan.cash += qty * mark
                found.append(("closed", loan.number, abs(qty) * mark, gain))
        return found


def told(world: World, events: list[Any]) -> list[Told]:
    """What the engine says happened, without the orders."""
    found: list[Told] = []
    number = {account_id: at for at, account_id in enumerate(world.accounts, 1)}
    words = {e.MarginCalled: "called", e.MarginCallMet: "met", e.LiquidationStarted: "closing"}
    for x in events:
        if isinstance(x, e.InterestCharged):
            amounts = ("charged", x.base_micros, x.amount_micros)
        elif isinstance(x, e.OrderFilled):
            amounts = ("closed", x.value_micros, x.realized_micros)
        elif isinstance(x, (e.MarginCalled, e.MarginCallMet, e.LiquidationStarted)):
            amounts = (words[type(x)], x.equity_micros, x.maintenance_micros)
        else:
            continue
        word, one, other = amounts
        found.append((word, number[x.account_id], Fraction(one, 10**6), Fraction(other, 10**6)))
    return found


class Carrying:
    """The engine and the hand computation, side by side."""

    def __init__(self) -> None:
        instruments = tuple(
            terms.stock(number, symbol, calendar_id=terms.ALWAYS)
            for number, symbol in enumerate(SYMBOLS, 1)
        )
        always = (Session(-9_000 * terms.DAY + terms.EPOCH, terms.EPOCH + 9_000 * terms.DAY),)
        self.world = World(
            instruments=instruments, sessions={terms.ALWAYS: always}, credit=CREDIT,
            begins="day -8999 10:00:00", cash=str(STARTS), kind="margin",
        )  # fmt: skip
        for number in range(2, ACCOUNTS + 1):
            self.world.open_account(str(STARTS), owner=f"owner {number}", kind="margin")
        self.lender = Lender()
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._random = Random(2005)

    def day(self, day: date, prices: dict[str, int]) -> None:
        """A day's close: two quotes, a tick, then new positions for some who have none."""
        world, lender = self.world, self.lender
        close = datetime(day.year, day.month, day.day, 15, 59, tzinfo=NEW_YORK)
        world.ts = int(close.timestamp()) * terms.SECOND
        for symbol in SYMBOLS:
            bid, ask = (format_decimal(prices[symbol] + x, 4) for x in (-100, 100))
            came = told(world, world.quote(symbol, bid, ask))
            wanted = lender.charge(world.ts)
            lender.price[symbol] = Fraction(prices[symbol], 10_000)
            if len(lender.price) == len(SYMBOLS):
                wanted += lender.judge(world.ts)
            self._compare(day, came, wanted)
        came = told(world, world.tick("23:00:00"))
        wanted = lender.charge(world.ts) + lender.close_due(world.ts)
        self._compare(day, came, wanted + lender.judge(world.ts))
        for loan in lender.loans:
            if not loan.held and self._random.random() < 0.05:
                self._open(day, loan)
            self._look(day, loan)

    def _open(self, day: date, loan: Loan) -> None:
        """Bring the account back to its beginning, then buy one and sell the other short."""
        world, lender = self.world, self.lender
        if loan.cash < STARTS:
            text = f"{float(STARTS - loan.cash):.6f}"
            came = told(world, world.deposit(text, account=loan.number))
            loan.cash += Fraction(text)
            self._compare(day, came, lender.judge(world.ts))
        bought, sold = self._random.sample(SYMBOLS, 2)
        part = self._random.randrange(0, 20)
        for side, symbol, parts in (("buy", bought, part), ("sell", sold, 19 - part)):
            money = loan.cash if side == "buy" else lender.worth(loan)[0]
            qty = int(money * parts / 10 / (lender.price[symbol] + CENT))
            if qty == 0:
                continue
            world.order(side, str(qty), symbol, account=loan.number)
            signed = qty if side == "buy" else -qty
            value = signed * self.lender.mark(symbol, -signed)
            loan.cash -= value
            loan.held[symbol] = (signed, value)
            self.counts["opened"] += 1

    def _look(self, day: date, loan: Loan) -> None:
        """Compare what the account is worth and requires now."""
        x = self.world.engine.standing(self.world.accounts[loan.number - 1], self.world.ts)
        came = (Fraction(x.equity, 10**6), Fraction(x.maintenance, 10**6), x.call_due_ns > 0)
        wanted = (*self.lender.worth(loan), loan.due_ns > 0)
        self.counts["looks"] += 1
        if came != wanted:
            self.wrong.append(f"{day} account {loan.number}: {came}, not {wanted}")

    def _compare(self, day: date, came: list[Told], wanted: list[Told]) -> None:
        self.counts.update(word for word, *_ in wanted)
        if came != wanted:
            self.wrong.append(f"{day}: {came}, not {wanted}")


def compare(root: Path) -> tuple[list[str], str]:
    """Carry the accounts through all days there are; what is wrong, and what was seen."""
    prices = {symbol: closes(root, symbol) for symbol in SYMBOLS}
    carrying = Carrying()
    for day in sorted(prices["AAPL"].keys() & prices["SPY"].keys()):
        carrying.day(day, {symbol: prices[symbol][day] for symbol in SYMBOLS})
    carrying.world.audit()
    n = carrying.counts
    wrong = carrying.wrong
    if not min(n[word] for word in ("charged", "called", "met", "closing", "closed")):
        wrong.append(f"not everything was seen: {n}")
    return wrong, f"{n['charged']} charges, {n['called']} calls, {n['closed']} closed"
