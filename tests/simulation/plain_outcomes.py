"""Planned outcomes once more, plainly: what is planned, and whether what met it was right.

Promises: knows only journaled commands and what events said. Must not know: how rules are matched
beyond what they say.
"""

from stockyard.model import commands as c
from stockyard.model import events as e
from stockyard.model.codes import AUCTION_TIMES, OrderType, Part, Plan, Rest, Side, Status
from stockyard.model.records import Record
from tests.simulation.plain_orders import PlainOrder

NEVER = 2**62 - 1


class PlainOutcomes:
    """All rules of all accounts; ``met``: what the input's events say was met by which order."""

    def __init__(self) -> None:
        self.met: dict[int, e.OutcomePlanned] = {}
        self._rules: dict[int, dict[int, e.OutcomePlanned]] = {}
        self._left: dict[int, int] = {}
        self._met_ever: dict[tuple[int, int], int] = {}

    def take(self, events: list[e.Event]) -> None:
        """Look ahead at an input's events: what they met decides how they begin."""
        self.met = {}
        for x in events:
            if isinstance(x, e.OutcomeUsed) and x.order_id:
                rule = self._rules.get(x.account_id, {}).get(x.rule_id)
                assert rule is not None, f"{x}: nothing of the kind was planned"
                self.met[x.order_id] = rule

    def told(
        self,
        record: Record,
        x: e.OutcomePlanned | e.OutcomeUsed | e.OutcomesForgotten,
        before: e.Event | None,
        order: PlainOrder | None,
    ) -> None:
        """Take over what is planned, and judge what was met; ``before``: the event before it."""
        rules = self._rules.setdefault(x.account_id, {})
        if isinstance(x, e.OutcomePlanned):
            asked = record.input
            assert isinstance(asked, c.PlanOutcome), f"{x}: nobody asked"
            assert x.rule_id == record.seq, f"{x}: named after another input"
            assert (x.plan, x.uses) == (asked.plan, asked.uses), f"{x}: not as asked"
            rules[x.rule_id] = x
            self._left[x.rule_id] = x.uses
        elif isinstance(x, e.OutcomesForgotten):
            gone = [x.rule_id] if x.rule_id else list(rules)
            assert len(gone) == x.count > 0, f"{x}: {len(gone)} were there"
            for rule_id in gone:
                assert rule_id in rules, f"{x}: it was not there"
                del rules[rule_id]
        else:
            self._used(record, rules[x.rule_id], x, before, order)

    def _used(
        self,
        record: Record,
        rule: e.OutcomePlanned,
        x: e.OutcomeUsed,
        before: e.Event | None,
        order: PlainOrder | None,
    ) -> None:
        self._left[x.rule_id] -= 1
        assert self._left[x.rule_id] == x.uses_left >= 0, f"{x}: {self._left[x.rule_id]} are left"
        met_ns = record.ts if order is None else order.begun_ns
        assert not 0 < rule.expires_ns <= met_ns, f"{x}: its time was over"
        assert met_ns <= record.ts, f"{x}: before its input"
        assert (rule.plan, rule.note) == (x.plan, x.note), f"{x}: not as planned"
        if order is None:
            assert x.plan == Plan.DENY, f"{x}: without an order"
            denied = isinstance(before, e.CommandDenied) and before.code == rule.code
            assert denied, f"{x}: after {before}"
            return
        self._judge(rule, x, order.accepted)

    def _judge(self, rule: e.OutcomePlanned, x: e.OutcomeUsed, order: e.OrderAccepted) -> None:
        """A rule is for the order it met."""
        assert x.plan != Plan.DENY, f"{x}: an order that was denied"
        assert order.account_id == x.account_id, f"{x}: of another account"
        assert rule.instrument_id in (0, order.instrument_id), f"{x}: another symbol"
        assert rule.side in (0, order.side), f"{x}: the other side"
        assert rule.order_type in (0, order.order_type), f"{x}: another type"
        assert not order.liquidates, f"{x}: an order of the house"
        named, name = rule.order_name, order.client_order_id
        right = name.startswith(named) if rule.prefix else named in ("", name)
        assert right, f"{x}: named {name}"
        leg = order.parent_id or order.protects
        assert leg or rule.part not in (Part.TAKE_PROFIT, Part.EXIT) or order.sibling_id, (
            f"{x}: leg"
        )
        assert not (leg and rule.part == Part.ORDER), f"{x}: a leg"
        limited = order.order_type == OrderType.LIMIT
        assert not (limited and rule.part == Part.STOP_LOSS), f"{x}: no stop-loss"

    def begins(self, since_ns: int, order: PlainOrder, latency_ns: int) -> None:
        """An order sets out at a time: by its profile, or as planned."""
        rule = self.met.get(order.accepted.order_id)
        order.sent_ns, order.arrives_ns = since_ns, since_ns + latency_ns
        if rule is not None and rule.plan == Plan.HOLD:
            order.arrives_ns = NEVER
        elif rule is not None and rule.plan == Plan.DELAY:
            order.arrives_ns = since_ns + rule.delay_ns

    def released(self, record: Record, order: PlainOrder) -> None:
        """What is held back arrives when it is released."""
        asked = record.input
        mine = isinstance(asked, c.ReleaseOrder) and asked.order_id == order.accepted.order_id
        if mine and order.arrives_ns == NEVER:
            order.arrives_ns = record.ts

    def filled(self, name: str, record: Record, order: PlainOrder, x: e.OrderFilled) -> None:
        """A fill is as it was planned, and what it leaves may have to wait."""
        rule = self.met.get(x.order_id)
        assert rule is not None, f"{name}: nothing was planned"
        assert rule.plan == Plan.FILL, f"{name}: something else was planned"
        sign = 1 if x.side == Side.BUY else -1
        worst = order.accepted.limit_price or order.worst
        assert sign * x.price <= sign * worst, f"{name}: at {x.price}, worse than {worst}"
        told = (x.quoted_price, x.slippage, x.improvement, x.level, x.size_open)
        assert told == (x.price, 0, 0, 0, x.qty), f"{name}: explained by {told}"
        later = order.accepted.time_in_force not in AUCTION_TIMES
        if rule.rest == Rest.WAITS and later and x.status != Status.FILLED:
            order.sent_ns, order.arrives_ns = record.ts, NEVER

    def check_price(self, name: str, x: e.OrderFilled, price_scale: int) -> None:
        """Where a price was planned, it is that one."""
        asked = self.met[x.order_id].price_e9
        planned = asked * 10**price_scale // 10**9
        assert not asked or x.price == planned, f"{name}: at {x.price}, planned {planned}"
