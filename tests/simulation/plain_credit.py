"""Margin once more, plainly: what accounts are worth and require after every input, who must have
been called, and what was charged.

Promises: every margin account is looked at after every input. Must not know: price levels, or in
which order anybody is judged.
"""

from collections import Counter

from stockyard.model import events as e
from stockyard.model import facts as f
from stockyard.model.codes import AccountKind, AssetClass, Book, ChargeKind
from stockyard.model.instruments import Instrument, MarginTerms
from stockyard.model.records import Record
from tests.simulation.plain_accounts import PlainAccount
from tests.simulation.plain_contracts import PlainContracts
from tests.simulation.plain_market import PlainMarket, ceiling

DAY_NS = 86_400 * 10**9


class PlainCredit:
    """Who is called, who is being closed, and who was charged."""

    def __init__(self, market: PlainMarket, contracts: PlainContracts) -> None:
        self._market = market
        self._contracts = contracts
        self._terms: MarginTerms | None = None
        self._lent: dict[int, f.BorrowTermsSet] = {}
        self._ts = 0
        self._midnights = 0
        self._charges: Counter[tuple[int, int, int]] = Counter()

    def take(self, record: Record) -> None:
        """Take over terms, and how many midnights have passed."""
        message = record.input
        if isinstance(message, f.MarginTermsSet):
            self._terms = message.terms
        elif isinstance(message, f.BorrowTermsSet):
            self._lent[message.instrument_id] = message
        self._midnights = record.ts // DAY_NS - self._ts // DAY_NS if self._ts else 0
        self._ts = record.ts
        self._charges = Counter()

    def charged(self, account: PlainAccount, x: e.InterestCharged) -> int:
        """Judge a charge, made on what there was before the input; returns its house book."""
        assert self._terms is not None, f"{x}: without terms"
        if x.kind == ChargeKind.DEBIT_INTEREST:
            base, rate, book = -account.cash_micros, self._terms.debit_ppm, Book.INTEREST
        else:
            qty = account.position(x.instrument_id).qty
            mark = self._market.before(x.instrument_id).marks[1]
            base = ceiling(-qty * mark, self._divisor(x.instrument_id))
            rate, book = self._lent[x.instrument_id].rate_ppm, Book.BORROW
        amount = ceiling(base * rate, 10**6 * self._terms.year_days)
        told, found = (x.base_micros, x.rate_ppm, x.amount_micros), (base, rate, amount)
        assert told == found, f"{x}: base, rate, amount recomputed {found}"
        assert base > 0, f"{x}: nothing is borrowed"
        self._charges[x.account_id, x.kind, x.instrument_id] += 1
        count = self._charges[x.account_id, x.kind, x.instrument_id]
        assert count <= self._midnights, f"{x}: charge {count} of {self._midnights} days"
        return book

    def _divisor(self, instrument_id: int) -> int:
        terms = self._market.instruments[instrument_id]
        return int(10 ** (terms.price_scale + terms.qty_scale - 6))

    def figures(self, account: PlainAccount) -> tuple[int, int]:
        """Equity, and what is required to hold the positions."""
        equity, required = account.cash_micros, 0
        for instrument_id, position in account.positions.items():
            if self._contracts.is_contract(instrument_id):
                if not self._contracts.is_apart(account, instrument_id):
                    profit, kept = self._contracts.figures(instrument_id, position)
                    equity, required = equity + profit, required + kept
                continue
            qty, divisor = position.qty, self._divisor(instrument_id)
            mark = self._market.sight(instrument_id).marks[qty < 0]
            value = qty * mark // divisor
            equity += value
            required += self._required(self._market.instruments[instrument_id], qty, value, mark)
        return equity, required

    def _required(self, instrument: Instrument, qty: int, value: int, mark: int) -> int:
        terms = self._terms
        if terms is None or qty == 0:
            return 0
        micros, unit = mark * 10**6, 10**instrument.price_scale
        if qty > 0:
            low = micros < terms.long_low_price_micros * unit
            if low or instrument.asset_class != AssetClass.US_EQUITY:
                return value
            return ceiling(value * terms.long_ppm, 10**6)
        low = micros < terms.short_low_price_micros * unit
        share = terms.short_low_share_micros if low else terms.short_share_micros
        part = terms.short_low_ppm if low else terms.short_ppm
        shares = ceiling(-qty * share, 10**instrument.qty_scale)
        return max(shares, ceiling(-value * part, 10**6))

    def told(
        self,
        record: Record,
        account: PlainAccount,
        x: e.MarginCalled | e.MarginCallMet | e.LiquidationStarted,
    ) -> None:
        """Judge what an account is told about its margin."""
        stated = (x.equity_micros, x.maintenance_micros)
        found = self.figures(account)
        assert stated == found, f"{x}: equity and requirement recomputed {found}"
        if isinstance(x, e.MarginCalled):
            bears = self._contracts.bears(account)
            again = bears and account.due_ns > record.ts
            assert again or not account.due_ns, f"{x}: called twice"
            assert self._terms is not None
            grace_ns = 0 if bears else self._terms.grace_ns
            assert x.due_ns == record.ts + grace_ns, f"{x}: due at another time"
            account.due_ns = x.due_ns
        elif isinstance(x, e.MarginCallMet):
            assert account.due_ns, f"{x}: was not called"
            account.due_ns, account.liquidating = 0, False
        else:
            assert isinstance(record.input, f.ClockTick), f"{x}: by {record.input}"
            assert 0 < account.due_ns <= record.ts, f"{x}: before its time, {account.due_ns}"
            assert not account.liquidating, f"{x}: a second time"
            account.liquidating = True

    def check(self, account_id: int, account: PlainAccount) -> None:
        """An account is called if and only if it borrows and has less than it must."""
        if account.kind != AccountKind.MARGIN or self._terms is None:
            return
        equity, required = self.figures(account)
        breach = account.borrows and equity < required
        assert breach == (account.due_ns > 0), (
            f"account {account_id}: equity {equity}, required {required}, due {account.due_ns}"
        )
