"""What the naive twin knows of perpetual contracts: leverage, margin apart, funding, liquidation.

Promises: as in ``naive_twin``, of which this is a part; every position is judged anew after every
input. ``insured``, ``won``, ``funding_in_all``: what the house must have in its books for it. Must
not know: how the engine works.
"""

from fractions import Fraction
from math import ceil, floor

from stockyard.model import commands as c
from stockyard.model import facts as f
from stockyard.model.codes import AssetClass, FeeKind, OrderType, Side, TimeInForce
from stockyard.model.denials import DenyCode
from stockyard.model.instruments import Instrument, MarginTerms
from tests.property.naive_credit import MARGIN, MILLION, ORDERS_MAX, Told
from tests.property.naive_things import (
    BEGUN,
    MINUTE,
    NaiveAccount,
    NaiveOrder,
    NaivePosition,
    NaiveQuote,
    is_contract,
    too_large,
)

LATER = (TimeInForce.DAY, TimeInForce.GTC, TimeInForce.GTD)


class NaivePerps:
    """What a twin does about contracts. ``funded``: who paid how much for which, last."""

    ts: int
    terms: dict[int, Instrument]
    quotes: dict[int, NaiveQuote]
    marks: dict[int, tuple[int, int]]
    margin: MarginTerms | None
    accounts: dict[int, NaiveAccount]
    told: list[Told]

    def __init__(self) -> None:
        self.funded: list[tuple[int, int, int]] = []
        self.indexes: dict[int, int] = {}
        self.won = 0
        self.insurance = 0
        self.funding_in_all = 0

    # Figures.

    def _leverage(self, account: NaiveAccount, key: int) -> tuple[int, bool]:
        """How much leverage, and whether the position has margin of its own."""
        return account.leverages.get(key, (self.terms[key].leverage_start, False))

    def _is_apart(self, account: NaiveAccount, key: int) -> bool:
        return is_contract(self.terms[key]) and self._leverage(account, key)[1]

    def _by_leverage(self, account: NaiveAccount, key: int, value: int) -> int:
        return ceil(Fraction(value, self._leverage(account, key)[0]))

    def _bears_contracts(self, account: NaiveAccount) -> bool:
        """Whether the account's own margin bears a contract that is worth anything."""
        return any(
            self._value(key, p.qty)
            for key, p in account.positions.items()
            if is_contract(self.terms[key]) and not self._is_apart(account, key)
        )

    def _profit(self, key: int, position: NaivePosition) -> int:
        value: int = self._value(key, position.qty)
        return value - position.cost

    def _kept(self, key: int, position: NaivePosition) -> int:
        """What a position requires while it is held."""
        value = abs(self._value(key, position.qty))
        return ceil(Fraction(value * self.terms[key].maintenance_ppm, MILLION))

    # Rules.

    def _broken_contract(self, terms: Instrument, order: NaiveOrder) -> dict[int, bool]:
        """What contracts need, and what post-only orders must not do."""
        contract, quote = is_contract(terms), self.quotes[terms.instrument_id]
        account = self.accounts[order.account_id]
        lends = account.kind == MARGIN and self.margin is not None
        waits = order.order_type == OrderType.LIMIT and order.tif in LATER
        stock = terms.asset_class == AssetClass.US_EQUITY
        buying = order.side == Side.BUY
        touch = quote.ask if buying else quote.bid
        crossed = 0 < quote.ask < quote.bid
        trades = order.limit >= touch if buying else order.limit <= touch
        could = waits and not stock
        return {
            DenyCode.NO_MARK_PRICE: contract and terms.instrument_id not in self.marks,
            DenyCode.PERP_NEEDS_MARGIN_ACCOUNT: contract and not lends,
            DenyCode.POST_ONLY_NOT_ALLOWED: order.posts and not could,
            DenyCode.POST_ONLY_WOULD_TRADE: order.posts
            and could
            and touch > 0
            and not crossed
            and trades,
        }

    def _lacks_contract(self, order: NaiveOrder, free: int) -> list[int]:
        """Which rules an order breaks that opens a position in a contract."""
        account, key = self.accounts[order.account_id], order.instrument_id
        position = account.positions.get(key)
        order.hold = self._opening_hold(order)
        against = any(
            o.side != order.side and not o.closes and o.status in BEGUN and o.instrument_id == key
            for o in self.open_orders(order.account_id)
        )
        rules = {
            DenyCode.MARGIN_CALLED: account.due > 0,
            DenyCode.OPPOSITE_ORDER_OPEN: against,
            DenyCode.POSITION_IN_LIQUIDATION: position is not None and position.goes_on > 0,
            DenyCode.EXCEEDS_BUYING_POWER: order.hold > free,
        }
        return [code for code, holds in rules.items() if holds]

    def _set_leverage(self, m: c.SetLeverage) -> None:
        if self._known(m.account_id, "", m.idempotency_key, m.digest):
            return
        account, key = self.accounts[m.account_id], m.instrument_id
        codes = self._broken_leverage(account, m)
        code = min(codes, default=0)
        if self._answer(m.account_id, "", m.idempotency_key, m.digest, code):
            account.leverages[key] = (m.leverage, m.isolated)
            position = account.positions.get(key)
            if position is not None and position.qty:
                account.cash += position.pot
                position.pot = self._asked_pot(position, m)
                account.cash -= position.pot

    @staticmethod
    def _asked_pot(position: NaivePosition, m: c.SetLeverage) -> int:
        return ceil(Fraction(abs(position.cost), m.leverage)) if m.isolated else 0

    def _broken_leverage(self, account: NaiveAccount, m: c.SetLeverage) -> list[int]:
        key = m.instrument_id
        terms = self.terms.get(key)
        if self._is_frozen(m.account_id):
            return [DenyCode.TRADING_FROZEN]
        if terms is None:
            return [DenyCode.UNKNOWN_INSTRUMENT]
        if not is_contract(terms):
            return [DenyCode.NOT_A_PERPETUAL]
        bound = self.bound.get(account.owner)
        most = bound.leverage_e2_max if bound is not None else 0
        if not 0 < m.leverage <= terms.leverage_max or 0 < most < m.leverage * 100:
            return [DenyCode.LEVERAGE_OUT_OF_RANGE]
        opening = any(
            o.instrument_id == key and not o.closes and o.status in BEGUN
            for o in self.open_orders(m.account_id)
        )
        codes = [DenyCode.LEVERAGE_WITH_ORDERS_OPEN] if opening and account.kind == MARGIN else []
        position = account.positions.get(key)
        if position is None or not position.qty:
            return codes
        if position.goes_on:
            codes.append(DenyCode.POSITION_IN_LIQUIDATION)
        pot = self._asked_pot(position, m)
        fits = self._fits(account, m, position, pot)
        if m.isolated and pot + self._profit(key, position) < self._kept(key, position):
            fits = False
        return codes if fits else [*codes, DenyCode.LEVERAGE_DOES_NOT_FIT]

    def _fits(
        self, account: NaiveAccount, m: c.SetLeverage, position: NaivePosition, pot: int
    ) -> bool:
        """Whether there is as much free afterwards as orders hold, or no less than before."""
        free = self._free(m.account_id)
        known, old_pot = dict(account.leverages), position.pot
        account.leverages[m.instrument_id] = (m.leverage, m.isolated)
        account.cash += old_pot - pot
        position.pot = pot
        after = self._free(m.account_id)
        account.leverages, position.pot = known, old_pot
        account.cash -= old_pot - pot
        return bool(after >= min(free, 0))

    # What happens.

    def _mark_contract(self, m: f.MarkPrice) -> None:
        terms = self.terms.get(m.instrument_id)
        if terms is not None and is_contract(terms) and m.mark > 0 and not too_large(terms, m.mark):
            self.marks[m.instrument_id] = (m.mark, m.mark)
            self.indexes[m.instrument_id] = max(0, m.index)

    def _pay_funding(self, m: f.FundingRate) -> None:
        terms = self.terms.get(m.instrument_id)
        if terms is None or not is_contract(terms):
            return
        rate = sorted((-terms.funding_bound_e9, m.rate_e9, terms.funding_bound_e9))[1]
        for account_id, account in sorted(self.accounts.items()):
            position = account.positions.get(m.instrument_id)
            if position is None or not position.qty:
                continue
            pays = Fraction(self._value(m.instrument_id, position.qty) * rate, 10**9)
            amount = ceil(pays)
            if self._is_apart(account, m.instrument_id):
                amount = min(amount, position.pot)
                position.pot -= amount
            else:
                account.cash -= amount
            position.funding += amount
            self.funding_in_all += amount
            self.funded.append((account_id, m.instrument_id, amount))

    def _move_contract(
        self, order: NaiveOrder, position: NaivePosition, qty: int, value: int, value_before: int
    ) -> list[tuple[int, int]]:
        """Enter, or leave with a profit or loss; the liquidation fee, if any."""
        account, key = self.accounts[order.account_id], order.instrument_id
        sign = 1 if order.side == Side.BUY else -1
        held, apart = position.qty, self._is_apart(account, key)
        position.qty += sign * qty
        if held * sign >= 0:
            position.cost += sign * value
            if apart:
                total = self._by_leverage(account, key, value_before + value)
                more = total - self._by_leverage(account, key, value_before)
                account.cash -= more
                position.pot += more
            return []
        cost = floor(Fraction(abs(position.cost) * qty, abs(held))) * (1 if held > 0 else -1)
        profit = -sign * value - cost
        position.cost -= cost
        position.realized += profit
        self.won += profit
        rate = Fraction(self.terms[key].liquidation_fee_ppm, MILLION)
        fee = ceil(value * rate) if order.liquidates else 0
        if apart:
            fee = self._leave_pot(order, account, position, held, qty, profit, fee)
        else:
            account.cash += profit - fee
        if position.qty == 0:
            position.goes_on = 0
        self.insurance += fee
        return [(FeeKind.LIQUIDATION, fee)] if fee else []

    def _leave_pot(
        self,
        order: NaiveOrder,
        account: NaiveAccount,
        position: NaivePosition,
        held: int,
        qty: int,
        profit: int,
        fee: int,
    ) -> int:
        """Settle a closing with the margin set apart; the fee that this can pay.

        All of a liquidated position's margin answers until it is closed, of any other what its
        part does not cover is taken from the rest.
        """
        whole = order.liquidates and position.qty != 0
        leaves = 0 if whole else floor(Fraction(position.pot * qty, abs(held)))
        back, stays = leaves + profit, position.pot - leaves
        if whole:
            back, stays = 0, stays + profit
        elif back < 0:
            back, stays = 0, stays + back
        if stays < 0:
            self.insurance += stays
            stays = 0
        fee = min(fee, back + stays)
        from_back = min(fee, back)
        position.pot = stays - (fee - from_back)
        account.cash += back - from_back
        return fee

    # Liquidation.

    def _judge_contracts(self) -> None:
        """Note the positions that have used up their own margin."""
        for account in self.accounts.values():
            for key, p in account.positions.items():
                judged = p.qty and not p.goes_on and self._is_apart(account, key)
                if judged and p.pot + self._profit(key, p) < self._kept(key, p):
                    p.goes_on = self.ts

    def _liquidate_contracts(self, made: int) -> None:
        due = sorted(
            (p.goes_on, account_id, key)
            for account_id, account in self.accounts.items()
            for key, p in account.positions.items()
            if 0 < p.goes_on <= self.ts
        )
        for _, account_id, key in due:
            position = self.accounts[account_id].positions[key]
            if made >= ORDERS_MAX:
                return
            position.goes_on = self.ts + MINUTE
            mine = [o for o in self.open_orders(account_id) if o.instrument_id == key]
            if any(o.liquidates for o in mine):
                continue
            equity = position.pot + self._profit(key, position)
            self.told.append((f"liquidation {key}", account_id, equity, self._kept(key, position)))
            for order in mine:
                self._cancel_alone(order)
            made += self._close_out(account_id, key, made)
