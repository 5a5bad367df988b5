"""The part of the naive twin about what whoever runs the house decides of a user.

Promises: only the rules in words; a user's accounts are found by looking at all of them. Must not
know: how the engine works.
"""

from fractions import Fraction
from math import ceil
from typing import Any

from stockyard.model import commands as c
from stockyard.model.codes import OrderType, Side
from stockyard.model.denials import DenyCode
from stockyard.model.instruments import Instrument
from tests.property.naive_classes import broken
from tests.property.naive_credit import MARGIN
from tests.property.naive_things import BEGUN, NaiveAccount, NaiveOrder, worth


class NaiveBounds:
    """Limits and freezes, by owner."""

    accounts: dict[int, NaiveAccount]
    terms: dict[int, Instrument]

    def __init__(self) -> None:
        self.frozen: set[str] = set()
        self.bound: dict[str, Any] = {}

    def _is_frozen(self, account_id: int) -> bool:
        return self.accounts[account_id].owner in self.frozen

    def _freeze(self, m: c.SetTradingFreeze) -> None:
        if self._known(m.account_id, "", m.idempotency_key, m.digest):
            return
        self._answer(m.account_id, "", m.idempotency_key, m.digest, 0)
        owner = self.accounts[m.account_id].owner
        self.frozen = {*self.frozen, owner} if m.frozen else self.frozen - {owner}

    def _limit(self, m: c.SetAccountLimits) -> None:
        if self._known(m.account_id, "", m.idempotency_key, m.digest):
            return
        most = m.limits
        types = (
            OrderType.MARKET,
            OrderType.LIMIT,
            OrderType.STOP,
            OrderType.STOP_LIMIT,
            OrderType.TRAILING_STOP,
        )
        wrong = (
            not 0 <= most.order_micros_max < 2**62
            or not 0 <= most.open_orders_max < 2**62
            or not (most.leverage_e2_max == 0 or 100 <= most.leverage_e2_max <= 10_000)
            or len(most.instruments) > 1000
            or any(most.order_types.count(each) > 1 for each in most.order_types)
            or any(most.instruments.count(each) > 1 for each in most.instruments)
            or any(each not in types for each in most.order_types)
            or any(each not in self.terms for each in most.instruments)
        )
        code = DenyCode.LIMITS_NOT_SUPPORTED if wrong else 0
        if self._answer(m.account_id, "", m.idempotency_key, m.digest, code):
            self.bound[self.accounts[m.account_id].owner] = most

    def _worth_ahead(self, order: NaiveOrder) -> int:
        """What the rest of an order may come to be worth."""
        if order.side == Side.BUY:
            return int(self._hold_for(order)[0])
        price = max(order.worst, self._touch(order.terms, Side.SELL))
        return ceil(worth(order.terms, price, order.leaves))

    def _beyond_bounds(self, order: NaiveOrder, gone: list[NaiveOrder], legs: int) -> list[int]:
        """What a user is limited to and an order breaks that opens a position."""
        account = self.accounts[order.account_id]
        most = self.bound.get(account.owner)
        if most is None:
            return []
        mine = [key for key, other in self.accounts.items() if other.owner == account.owner]
        stay = [o for key in mine for o in self.open_orders(key) if o not in gone]
        value = self._worth_ahead(order)
        kind, key = order.order_type, order.terms.instrument_id
        return broken(
            {
                DenyCode.ORDER_VALUE_ABOVE_LIMIT: 0 < most.order_micros_max < value,
                DenyCode.OPEN_ORDERS_ABOVE_LIMIT: 0 < most.open_orders_max < len(stay) + 1 + legs,
                DenyCode.SYMBOL_NOT_ALLOWED: bool(most.instruments) and key not in most.instruments,
                DenyCode.ORDER_TYPE_NOT_ALLOWED: bool(most.order_types)
                and kind not in most.order_types,
                DenyCode.LEVERAGE_ABOVE_LIMIT: most.leverage_e2_max > 0
                and account.kind == MARGIN
                and self._is_too_much(account, order.account_id, value, gone, most.leverage_e2_max),
            }
        )

    def _is_too_much(
        self, account: NaiveAccount, account_id: int, value: int, gone: list[NaiveOrder], e2: int
    ) -> bool:
        """Whether positions and orders come to be worth too much against the equity."""
        own, all_of_it = int(self._figures(account)[0]), value
        for key, position in account.positions.items():
            if position.qty:
                all_of_it += abs(self._value(key, position.qty))
                if self._is_apart(account, key):
                    own += position.pot + self._profit(key, position)
        for order in self.open_orders(account_id):
            if order not in gone and order.status in BEGUN and not order.closes:
                all_of_it += self._worth_ahead(order)
        return Fraction(all_of_it) > Fraction(max(0, own) * e2, 100)
