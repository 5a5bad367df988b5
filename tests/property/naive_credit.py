"""What the naive twin lends, requires, charges and calls in.

Promises: as in ``naive_twin``, of which this is a part; every account is worked out anew after
every input, and nothing is waited for. Must not know: how the engine works.
"""

from fractions import Fraction
from math import ceil, floor

from stockyard.model import commands as c
from stockyard.model import facts as f
from stockyard.model.codes import AssetClass, OrderType, Side, TimeInForce
from stockyard.model.denials import DenyCode
from stockyard.model.instruments import Instrument, MarginTerms, Session
from tests.property.naive_things import (
    BEGUN,
    MINUTE,
    NaiveAccount,
    NaiveOrder,
    is_contract,
    worth,
)

CASH, MARGIN = 1, 2
DAY = 24 * 60 * MINUTE
MILLION = 10**6
ORDERS_MAX = 16
Told = tuple[str, int, int, int]
"""A word of a call, its account, and the equity and the requirement."""


class NaiveCredit:
    """What a twin does about margin accounts, and about proceeds that are yet to come."""

    seq: int
    ts: int
    terms: dict[int, Instrument]
    sessions: dict[int, list[Session]]
    accounts: dict[int, NaiveAccount]
    orders: list[NaiveOrder]

    def __init__(self) -> None:
        self.margin: MarginTerms | None = None
        self.lent: dict[int, f.BorrowTermsSet] = {}
        self.marks: dict[int, tuple[int, int]] = {}
        self.told: list[Told] = []
        self.charged: list[tuple[int, int, int, int]] = []

    # Values.

    def _mark(self, instrument_id: int, bid: int, ask: int) -> None:
        """Value long positions at the bid, short ones at the ask; contracts have a mark."""
        long, short = self.marks.get(instrument_id, (0, 0))
        if not 0 < ask < bid and not is_contract(self.terms[instrument_id]):
            last = self.last.get(instrument_id, 0)
            self.marks[instrument_id] = (bid or last or long or ask, ask or last or short or bid)

    def _value(self, instrument_id: int, qty: int) -> int:
        """What a signed quantity would bring, or (below zero) cost, rounded against its owner."""
        long, short = self.marks.get(instrument_id, (0, 0))
        return floor(worth(self.terms[instrument_id], long if qty >= 0 else short, qty))

    def _maintenance(self, terms: Instrument, qty: int, value: int, price: int) -> int:
        """What holding a signed quantity requires that is worth ``value`` (not below zero)."""
        rules = self.margin
        assert rules is not None
        if is_contract(terms):
            return ceil(Fraction(value * terms.maintenance_ppm, MILLION))
        dollars = Fraction(price, 10**terms.price_scale) * MILLION
        if qty >= 0:
            whole = terms.asset_class != AssetClass.US_EQUITY
            whole |= dollars < rules.long_low_price_micros
            return value if whole else ceil(Fraction(value * rules.long_ppm, MILLION))
        low = dollars < rules.short_low_price_micros
        share = rules.short_low_share_micros if low else rules.short_share_micros
        ppm = rules.short_low_ppm if low else rules.short_ppm
        by_share = ceil(Fraction(-qty * share, 10**terms.qty_scale))
        return max(by_share, ceil(Fraction(value * ppm, MILLION)))

    def _initial(self, terms: Instrument, qty: int, value: int, price: int) -> int:
        rules = self.margin
        assert rules is not None
        if qty >= 0 and terms.asset_class != AssetClass.US_EQUITY:
            return value
        ppm = rules.initial_long_ppm if qty >= 0 else rules.initial_short_ppm
        least = ceil(Fraction(value * ppm, MILLION))
        return max(least, self._maintenance(terms, qty, value, price))

    def _figures(
        self, account: NaiveAccount, leaving: dict[int, int] | None = None
    ) -> tuple[int, int, int]:
        """Equity, initial and maintenance requirement; the latter without what is ``leaving``."""
        equity, initial, maintenance = account.cash, 0, 0
        for key, position in account.positions.items():
            if self._is_apart(account, key):
                continue
            equity += self._value(key, position.qty)
            equity -= position.cost if is_contract(self.terms[key]) else 0
            gone = (leaving or {}).get(key, 0)
            qty = position.qty - gone if position.qty > 0 else position.qty + gone
            if self.margin is not None and qty:
                price = self.marks.get(key, (0, 0))[qty < 0]
                value = abs(self._value(key, qty))
                if is_contract(self.terms[key]):
                    initial += self._by_leverage(account, key, value)
                else:
                    initial += self._initial(self.terms[key], qty, value, price)
                maintenance += self._maintenance(self.terms[key], qty, value, price)
        return equity, initial, maintenance

    def _free(self, account_id: int) -> int:
        """What opening orders may still hold."""
        account = self.accounts[account_id]
        if account.kind == CASH:
            return account.cash - self.held(account_id)
        equity, initial, _ = self._figures(account)
        return equity - initial - self.held(account_id)

    def _withdrawable(self, account_id: int) -> int:
        account = self.accounts[account_id]
        own = account.cash - self.held(account_id)
        if account.kind == CASH:
            coming = sum(micros for at, micros in account.unsettled if at > self.ts)
            return min(own, max(0, account.cash - coming))
        owed = 0
        for key, position in account.positions.items():
            if position.qty < 0 and not is_contract(self.terms[key]):
                owed -= self._value(key, position.qty)
        return max(0, min(account.cash - owed, self._free(account_id)))

    # What an order that opens a position needs.

    def _closes(self, account_id: int, instrument_id: int, side: int) -> bool:
        position = self.accounts[account_id].positions.get(instrument_id)
        qty = position.qty if position else 0
        return qty > 0 if side == Side.SELL else qty < 0

    def _opening_hold(self, order: NaiveOrder, in_full: bool = False) -> int:
        """What the rest of an order holds that opens a position."""
        price = order.worst
        if order.side == Side.BUY:
            principal, fees = self._hold_for(order)
        else:
            price = max(order.worst, self._touch(order.terms, Side.SELL))
            principal = ceil(worth(order.terms, price, order.leaves))
            fees = self._fees_ahead(order, order.value + principal)
        cash = self.accounts[order.account_id].kind == CASH
        if cash or self.margin is None or in_full:
            return principal + fees
        if is_contract(order.terms):
            account = self.accounts[order.account_id]
            return self._by_leverage(account, order.terms.instrument_id, principal) + fees
        qty = order.leaves if order.side == Side.BUY else -order.leaves
        return self._initial(self.terms[order.terms.instrument_id], qty, principal, price) + fees

    def _borrowed(self, instrument_id: int, gone: list[NaiveOrder]) -> int:
        """What accounts are short of, or would be by their open orders."""
        short = sum(
            max(0, -account.positions[instrument_id].qty)
            for account in self.accounts.values()
            if instrument_id in account.positions
        )
        return short + sum(
            o.leaves
            for o in self.orders
            if o.status in BEGUN
            and (o.side, o.closes, o.terms.instrument_id) == (Side.SELL, False, instrument_id)
            and o not in gone
        )

    def _lacks_margin(
        self, order: NaiveOrder, gone: list[NaiveOrder], locate: bool, free: int, cash: int
    ) -> list[int]:
        """Which rules of margin accounts an order breaks that opens a position."""
        rules, account = self.margin, self.accounts[order.account_id]
        assert rules is not None
        terms = self.terms[order.terms.instrument_id]
        equity, _, _ = self._figures(account)
        codes = [DenyCode.MARGIN_CALLED] if account.due else []
        if any(
            o.side != order.side and not o.closes and o.status in BEGUN
            for o in self.open_orders(order.account_id)
            if o.terms.instrument_id == terms.instrument_id
        ):
            codes.append(DenyCode.OPPOSITE_ORDER_OPEN)
        small = equity < rules.equity_micros_min
        in_full = small and order.side == Side.BUY
        if order.side == Side.SELL:
            codes += self._lacks_shares(order, gone, locate)
            codes += [DenyCode.EQUITY_BELOW_MINIMUM] if small else []
        order.hold = self._opening_hold(order, in_full)
        if in_full and order.hold > cash:
            codes.append(DenyCode.EQUITY_BELOW_MINIMUM)
        elif order.hold > free:
            codes.append(DenyCode.EXCEEDS_BUYING_POWER)
        return codes

    def _lacks_shares(self, order: NaiveOrder, gone: list[NaiveOrder], locate: bool) -> list[int]:
        terms = order.terms
        lent = self.lent.get(terms.instrument_id)
        codes = [DenyCode.SHORT_NOT_WHOLE] if order.qty % 10**terms.qty_scale else []
        if lent is None or not lent.shortable or terms.asset_class != AssetClass.US_EQUITY:
            return [*codes, DenyCode.NOT_SHORTABLE]
        if not lent.easy and not locate:
            codes.append(DenyCode.LOCATE_NEEDED)
        if order.qty > lent.available_qty - self._borrowed(terms.instrument_id, gone):
            codes.append(DenyCode.NOT_ENOUGH_TO_BORROW)
        return codes

    # Kinds and terms.

    def _kind_code(self, kind: int) -> int:
        if kind not in (CASH, MARGIN):
            return DenyCode.ACCOUNT_KIND_NOT_SUPPORTED
        return DenyCode.MARGIN_NOT_OFFERED if kind == MARGIN and self.margin is None else 0

    def _set_kind(self, m: c.SetAccountKind) -> None:
        if self._known(m.account_id, "", m.idempotency_key, m.digest):
            return
        account, code = self.accounts[m.account_id], self._kind_code(m.kind)
        if code == 0 and m.kind == CASH and account.kind == MARGIN:
            mine = self.open_orders(m.account_id)
            if self._borrows(account):
                code = DenyCode.ACCOUNT_BORROWS
            elif any(not o.closes and o.status in BEGUN for o in mine):
                code = DenyCode.OPENING_ORDERS_OPEN
        if self._answer(m.account_id, "", m.idempotency_key, m.digest, code):
            account.kind = m.kind

    def _borrows(self, account: NaiveAccount) -> bool:
        return account.cash < 0 or any(
            p.qty < 0 or (p.qty and is_contract(self.terms[key]))
            for key, p in account.positions.items()
        )

    # Settlement.

    def _settle(self, order: NaiveOrder, qty: int, cash: int) -> None:
        """Take a fill's cash into account: what it cost, or brought, with its fees."""
        account = self.accounts[order.account_id]
        if account.kind != CASH:
            return
        account.unsettled = sorted(each for each in account.unsettled if each[0] > self.ts)
        position = account.positions[order.terms.instrument_id]
        if order.side == Side.BUY:
            coming = sum(micros for _, micros in account.unsettled)
            lacking = cash - max(0, account.cash + cash - coming)
            if lacking <= 0:
                return
            if position.unpaid_until <= self.ts:
                position.unpaid = position.unpaid_until = 0
            position.unpaid += qty
            left = []
            for at, micros in account.unsettled:
                used = min(micros, max(0, lacking))
                lacking -= used
                if used:
                    position.unpaid_until = max(position.unpaid_until, at)
                if micros > used:
                    left.append((at, micros - used))
            account.unsettled = left
            return
        if position.unpaid_until > self.ts and position.qty < position.unpaid:
            account.violations += 1
            position.unpaid = position.unpaid_until = 0
        if order.terms.asset_class == AssetClass.US_EQUITY and cash > 0:
            at = self._next_session(order.terms)
            micros = cash + sum(each for when, each in account.unsettled if when == at)
            others = [each for each in account.unsettled if each[0] != at]
            account.unsettled = sorted([*others, (at, micros)])

    def _next_session(self, terms: Instrument) -> int:
        begins = [
            (s.pre_open_ns or s.open_ns, s.open_ns)
            for s in self.sessions.get(terms.calendar_id, [])
        ]
        return min((opens for at, opens in begins if at > self.ts), default=self.ts + DAY)

    # Interest, calls, liquidation.

    def _charge_day(self) -> None:
        """Charge every account that borrows for a day."""
        rules = self.margin
        if rules is None:
            return
        for account_id, account in sorted(self.accounts.items()):
            if account.kind != MARGIN or not self._borrows(account):
                continue
            bases = [(1, 0, -account.cash, rules.debit_ppm)] if account.cash < 0 else []
            for key, position in sorted(account.positions.items()):
                if position.qty < 0 and key in self.lent:
                    rate = self.lent[key].rate_ppm
                    bases.append((2, key, -self._value(key, position.qty), rate))
            for kind, key, base, rate in bases:
                amount = ceil(Fraction(base * rate, MILLION * rules.year_days))
                if amount:
                    account.cash -= amount
                    self.charged.append((account_id, kind, key, amount))

    def _review(self) -> None:
        """Call the accounts in breach, and let go those that are not any more."""
        if self.margin is None:
            return
        for account_id, account in sorted(self.accounts.items()):
            if account.kind != MARGIN:
                continue
            equity, _, maintenance = self._figures(account)
            breach = self._borrows(account) and equity < maintenance
            bears = self._bears_contracts(account)
            if breach and (not account.due or (bears and account.due > self.ts)):
                account.due = self.ts + (0 if bears else self.margin.grace_ns)
                self.told.append(("called", account_id, equity, maintenance))
            elif account.due and not breach:
                account.due = account.goes_on = 0
                self.told.append(("met", account_id, equity, maintenance))
                for order in self.open_orders(account_id):
                    if order.liquidates and not self._is_apart(account, order.instrument_id):
                        self._cancel_alone(order)

    def _liquidate(self) -> None:
        """Close what calls that are due require, as far as one input can make orders; then the
        contracts that have used up their own margin.
        """
        made = 0
        waiting = [(a.goes_on or a.due, key) for key, a in self.accounts.items() if a.due]
        for _, account_id in sorted(each for each in waiting if each[0] <= self.ts):
            if made == ORDERS_MAX:
                break
            account = self.accounts[account_id]
            if not account.goes_on:
                equity, _, maintenance = self._figures(account)
                self.told.append(("liquidation", account_id, equity, maintenance))
                for order in self.open_orders(account_id):
                    if not order.liquidates:
                        self._cancel_alone(order)
            made, fits = self._close_enough(account_id, made)
            account.goes_on = self.ts + MINUTE if fits else self.ts
        self._liquidate_contracts(made)

    def _close_enough(self, account_id: int, made: int) -> tuple[int, bool]:
        account = self.accounts[account_id]
        gains = sorted(
            (self._value(key, p.qty) - p.cost, self.terms[key].symbol, key)
            for key, p in account.positions.items()
            if p.qty and not self._is_apart(account, key)
        )
        for _, _, key in gains:
            leaving: dict[int, int] = {}
            for o in self.open_orders(account_id):
                if o.liquidates:
                    leaving[o.terms.instrument_id] = (
                        leaving.get(o.terms.instrument_id, 0) + o.leaves
                    )
            equity, _, maintenance = self._figures(account, leaving)
            if equity >= maintenance:
                return made, True
            if made == ORDERS_MAX:
                return made, False
            made += self._close_out(account_id, key, made)
        return made, True

    def _close_out(self, account_id: int, key: int, made: int) -> int:
        """Send an order for all of a position that nothing closes yet; how many were made."""
        terms, held = self.terms[key], self.held_qty(account_id, key)
        qty = self.accounts[account_id].positions[key].qty
        side = Side.SELL if qty > 0 else Side.BUY
        amount = min(max(0, abs(qty) - held), terms.qty_max) // terms.lot * terms.lot
        mark = self.marks.get(key, (0, 0))[qty < 0]
        order = self._draft(
            account_id, terms, side, OrderType.MARKET, TimeInForce.DAY, amount, 0, 0
        )
        order.worst = order.worst or self._collar(terms, side, mark)
        if not amount or not order.worst:
            return 0
        order.order_id, order.liquidates = self.seq * 16 + made, True
        self._begin([order])
        return 1
