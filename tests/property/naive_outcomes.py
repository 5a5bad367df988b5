"""Planned outcomes in the naive twin: which order meets which, and what becomes of it.

Promises: as in ``naive_twin``, of which this is a part; every plan is looked at again for every
order. Must not know: how the engine works.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from math import floor

from stockyard.model import commands as c
from stockyard.model.codes import REASON_WORDS, Side, Status
from stockyard.model.denials import DENY_RULES, DenyCode
from stockyard.model.instruments import Instrument
from tests.property.naive_things import AUCTIONS, OPEN, STOPS, NaiveAccount, NaiveOrder, too_large
from tests.property.naive_venue import no_worse

NEVER = 2**62 - 1
DENY, REJECT, FILL, DELAY, HOLD, EXPIRE, CANCEL = range(1, 8)
WAITS, CANCELED, WORKS = 1, 2, 3
E9 = 10**9
LONGEST = 30 * 24 * 3600 * E9
YEAR = 366 * 24 * 3600 * E9


@dataclass(eq=False)
class NaivePlan:
    """A planned outcome, and the orders it met, 0 for a denial."""

    rule_id: int
    asked: c.PlanOutcome
    met: list[tuple[int, int]] = field(default_factory=list)
    coming: int = 0

    @property
    def left(self) -> int:
        """For how many orders it still is."""
        return self.asked.uses - len(self.met)

    def lives(self, ts: int) -> bool:
        """Whether it is for any order any more."""
        return self.left > self.coming and not 0 < self.asked.expires_ns <= ts

    def suits(self, instrument_id: int, side: int, kind: int, name: str) -> bool:
        """Whether it is for such an order."""
        wanted = (self.asked.instrument_id, self.asked.side, self.asked.order_type)
        named = self.asked.order_name
        if any(w and w != is_ for w, is_ in zip(wanted, (instrument_id, side, kind), strict=True)):
            return False
        return not named or (name[: len(named)] == named if self.asked.prefix else name == named)


def part_of(order: NaiveOrder) -> int:
    """0 for an order that was sent as such, 1 for a take-profit, 2 for a stop-loss."""
    exit_only = order.parent is not None or order.protects
    if order.order_type in STOPS:
        return 2 if exit_only or order.partners else 0
    return 1 if exit_only else 0


class NaiveOutcomes:
    """What a twin does about planned outcomes."""

    seq: int
    ts: int
    terms: dict[int, Instrument]
    accounts: dict[int, NaiveAccount]
    last: dict[int, int]
    met: list[tuple[int, int]]

    def _plan(self, m: c.PlanOutcome) -> None:
        if self._known(m.account_id, "", m.idempotency_key, m.digest):
            return
        plans = self.accounts[m.account_id].plans
        rules = {
            DenyCode.UNKNOWN_INSTRUMENT: m.instrument_id != 0 and m.instrument_id not in self.terms,
            DenyCode.OUTCOME_NOT_SUPPORTED: not (self._makes_sense(m) and self._can_match(m)),
            DenyCode.TOO_MANY_OUTCOMES: sum(plan.lives(self.ts) for plan in plans) >= 100,
        }
        code = next((code for code, broken in rules.items() if broken), 0)
        if self._answer(m.account_id, "", m.idempotency_key, m.digest, code):
            plans.append(NaivePlan(self.seq, m))
            over = [plan for plan in plans if not plan.lives(self.ts)]
            if len(over) > 100:
                plans.remove(over[0])

    def _makes_sense(self, m: c.PlanOutcome) -> bool:
        sized = (m.qty_e9, m.price_e9) != (0, 0)
        why = m.plan in (REJECT, EXPIRE, CANCEL) or (m.plan == FILL and m.rest == CANCELED)
        delays = {DELAY: (1, LONGEST), CANCEL: (0, LONGEST), EXPIRE: (0, LONGEST)}
        least, most = delays.get(m.plan, (0, 0))
        return all(
            (
                DENY <= m.plan <= CANCEL,
                (m.code in DENY_RULES and m.part == 0) if m.plan == DENY else m.code == 0,
                m.reason == 0 or (why and m.reason in REASON_WORDS),
                m.plan == FILL or not (sized or m.rest),
                m.plan != FILL or m.rest in (WAITS, CANCELED, WORKS),
                0 <= min(m.qty_e9, m.price_e9) <= max(m.qty_e9, m.price_e9) <= NEVER,
                least <= m.delay_ns <= most,
            )
        )

    def _can_match(self, m: c.PlanOutcome) -> bool:
        ahead = m.expires_ns == 0 or self.ts < m.expires_ns <= self.ts + YEAR
        return all(
            (
                m.side in (0, 1, 2),
                m.order_type in (0, 1, 2, 3, 4, 5),
                m.part in (0, 1, 2, 3),
                len(m.order_name) <= 128 and len(m.note) <= 200,
                m.order_name or not m.prefix,
                1 <= m.uses <= 1000,
                ahead,
            )
        )

    def _forget(self, m: c.ForgetOutcomes) -> None:
        if self._known(m.account_id, "", m.idempotency_key, m.digest):
            return
        account = self.accounts[m.account_id]
        stay = [p for p in account.plans if m.rule_id not in (0, p.rule_id)]
        found = m.rule_id == 0 or len(stay) < len(account.plans)
        code = 0 if found else DenyCode.UNKNOWN_OUTCOME
        if self._answer(m.account_id, "", m.idempotency_key, m.digest, code):
            account.plans = stay

    def _release(self, m: c.ReleaseOrder) -> None:
        if self._known(m.account_id, "", m.idempotency_key, m.digest):
            return
        order = self._find(m.account_id, m.order_id)
        code = 0 if order else DenyCode.ORDER_NOT_OPEN
        if order is not None and order.arrives != NEVER:
            code = DenyCode.ORDER_NOT_HELD_BACK
        if self._answer(m.account_id, "", m.idempotency_key, m.digest, code):
            assert order is not None
            self._get_there(order)

    # Who meets what.

    def _refused(
        self,
        m: c.PlaceOrder | c.ReplaceOrder | c.ClosePosition,
        instrument_id: int,
        side: int,
        kind: int,
    ) -> bool:
        """Deny a command if that is planned."""
        for plan in self.accounts[m.account_id].plans:
            denies = plan.asked.plan == DENY and plan.lives(self.ts)
            if denies and plan.suits(instrument_id, side, kind, m.client_order_id):
                key, code = m.idempotency_key, plan.asked.code
                self._answer(m.account_id, m.client_order_id, key, m.digest, code)
                self._note(plan, 0)
                return True
        return False

    def _note(self, plan: NaivePlan, order_id: int) -> None:
        plan.met.append((self.seq, order_id))
        self.met.append((plan.rule_id, order_id))

    def _meet(self, order: NaiveOrder, triggered: bool = False) -> None:
        """Find what an order meets."""
        order.plan = None
        if order.liquidates:
            return
        part, key = part_of(order), order.terms.instrument_id
        for plan in self.accounts[order.account_id].plans:
            kind, wanted = plan.asked.plan, plan.asked.part
            if kind == DENY or not plan.lives(self.ts) or (triggered and kind != FILL):
                continue
            if not (wanted == part or (wanted == 3 and part)):
                continue
            if not plan.suits(key, order.side, order.order_type, order.name):
                continue
            if kind == FILL and (order.waits or not self._plan_fits(order, plan)):
                continue
            plan.coming += 1
            order.plan = plan
            return

    def _set_out_as_planned(self, order: NaiveOrder) -> bool:
        """Whether what an order meets decides how it begins."""
        self._meet(order)
        if order.plan is None:
            return False
        asked = order.plan.asked
        if asked.plan in (HOLD, DELAY):
            order.status = Status.PENDING_NEW
            order.arrives = NEVER if asked.plan == HOLD else self.ts + asked.delay_ns
        elif asked.delay_ns:
            order.ends, order.ends_as = self.ts + asked.delay_ns, asked.plan
            return False
        else:
            order.status = Status.NEW
        return True

    def _goes_as_planned(self, order: NaiveOrder) -> bool:
        """Do what an order has met; False when it goes on by itself."""
        plan, order.plan = order.plan, None
        if plan is None:
            return False
        asked = plan.asked
        plan.coming -= 1
        self._note(plan, order.order_id)
        if order.status not in OPEN or asked.plan in (HOLD, DELAY):
            return True
        if asked.delay_ns:
            return False
        if asked.plan == FILL:
            self._fill_as_planned(order, plan)
        else:
            self._end_as_planned(order, asked.plan)
        return True

    def _end_as_planned(self, order: NaiveOrder, plan: int) -> None:
        ends = {REJECT: Status.REJECTED, EXPIRE: Status.EXPIRED, CANCEL: Status.CANCELED}
        if plan == CANCEL:
            self._drop_change(order)
        self._end(order, ends[plan])

    # Planned fills.

    def _planned_price(self, order: NaiveOrder, price_e9: int) -> int:
        terms = self.terms[order.terms.instrument_id]
        price = floor(Fraction(price_e9 * 10**terms.price_scale, E9))
        if not price_e9:
            market = self._touch(terms, order.side) or self.last.get(terms.instrument_id, 0)
            price = market or order.limit
            if not order.at_market:
                best = min if order.side == Side.BUY else max
                price = best(price, order.limit)
        allowed = order.at_market or no_worse(order.side, price, order.limit)
        return price if price > 0 and allowed and not too_large(terms, price) else 0

    def _planned_qty(self, order: NaiveOrder, plan: NaivePlan, price: int) -> int:
        terms = self.terms[order.terms.instrument_id]
        if not price or (order.notional and not self._touch(terms, order.side)):
            return 0
        qty = self._affordable(order, price)
        if plan.asked.qty_e9:
            size = floor(Fraction(plan.asked.qty_e9 * 10**terms.qty_scale, E9))
            qty = min(qty, size // terms.lot * terms.lot)
        return max(0, qty)

    def _plan_fits(self, order: NaiveOrder, plan: NaivePlan) -> bool:
        """Whether an order allows a planned fill and its account can pay; holds what it takes."""
        price = self._planned_price(order, plan.asked.price_e9)
        if not self._planned_qty(order, plan, price):
            return False
        if no_worse(order.side, price, order.worst):
            return True
        worst, hold, free = order.worst, order.hold, self._free(order.account_id)
        order.worst = price
        if not order.closes:
            counted = order.status in OPEN and order in self.orders
            order.hold = self._opening_hold(order)
            more = order.hold - hold
            if more > 0 and more > free - (0 if counted else hold):
                order.worst, order.hold = worst, hold
                return False
        return True

    def _fill_as_planned(self, order: NaiveOrder, plan: NaivePlan) -> None:
        price = self._planned_price(order, plan.asked.price_e9)
        qty = self._planned_qty(order, plan, price)
        if qty:
            self._fill(order, qty, False, price)
        if order.status not in OPEN:
            return
        if order.tif in AUCTIONS or plan.asked.rest == CANCELED:
            self._end_as_planned(order, CANCEL)
        elif plan.asked.rest == WORKS:
            self._work(order)
        else:
            order.arrives = NEVER
