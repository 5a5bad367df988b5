"""Runs the engine and its naive twin side by side and compares them after every input.

Promises: compares fills with their fees, what was triggered, denials, repeats, cash, holds,
positions and every order's status, open or ended. Must not know: how either works.
"""

from stockyard.engine.engine import Engine
from stockyard.model import events as e
from stockyard.model.bounds import NO_LIMITS
from stockyard.model.codec import decode_events, encode
from stockyard.model.codes import AssetClass, Book, LimitRule, Status, TimeInForce
from stockyard.model.numbers import INT_MAX
from stockyard.model.records import Input
from stockyard.model.state import EngineState
from tests.engine_audit import audit_state
from tests.property.naive_things import OPEN
from tests.property.naive_twin import NaiveTwin


def _word(calls: dict[type, str], event: e.Event) -> str:
    """What happened to an account's margin, or to that of one contract."""
    if isinstance(event, e.LiquidationStarted) and event.instrument_id:
        return f"liquidation {event.instrument_id}"
    return calls.get(type(event), "liquidation")


class Comparison:
    """An engine and a twin that have had the same inputs."""

    def __init__(self, journal: list[tuple[int, int, Input]]) -> None:
        self.engine = Engine()
        self.twin = NaiveTwin()
        self.statuses: dict[int, int] = {}
        self.filled: dict[int, int] = {}
        self.names = self.twin.lot_names
        for seq, ts, message in journal:
            self.apply(seq, ts, message)

    def apply(self, seq: int, ts: int, message: Input) -> list[e.Event]:
        """Give both one input and compare everything."""
        out: list[e.Event] = []
        self.engine.apply(seq, ts, message, out)
        self.twin.apply(seq, ts, message)
        assert list(decode_events(encode(tuple(out)))) == out
        for index, event in enumerate(out):
            if isinstance(event, e.OrderFilled):
                at = self.filled.get(event.order_id, 0) + event.qty
                self.filled[event.order_id] = at
                self.names[seq, index] = (event.order_id, at)
        self._follow(out)
        self._compare_answers(seq, out)
        snapshot = self.engine.snapshot()
        audit_state(snapshot)
        self._compare_accounts(snapshot)
        self._compare_contracts(snapshot)
        self._compare_bounds(snapshot)
        self._compare_orders(snapshot)
        return out

    def _follow(self, out: list[e.Event]) -> None:
        """Keep each order's status as the events tell it."""
        for event in out:
            if isinstance(event, (e.OrderAccepted, e.OrderFilled, e.OrderActivated)):
                self.statuses[event.order_id] = event.status
            elif isinstance(event, e.OrderChangeSent) and event.replaced_by:
                self.statuses[event.replaced_by] = Status.PENDING_NEW
            elif isinstance(event, e.OrderChangeSent):
                self.statuses[event.order_id] = event.status
            elif isinstance(event, e.OrderRejected):
                self.statuses[event.order_id] = Status.REJECTED
            elif isinstance(event, e.OrderCanceled):
                self.statuses[event.order_id] = Status.CANCELED
            elif isinstance(event, e.OrderExpired):
                self.statuses[event.order_id] = Status.EXPIRED
            elif isinstance(event, e.OrderReplaced):
                self.statuses[event.order_id] = Status.REPLACED

    def _compare_answers(self, seq: int, out: list[e.Event]) -> None:
        fills = [(x.order_id, x.price, x.qty, x.fees) for x in out if isinstance(x, e.OrderFilled)]
        assert sorted(fills) == sorted(self.twin.fills), "the twin fills otherwise"
        taken = [
            (
                x.order_id,
                self.names[seq, index][1],
                tuple((self.names[p[:2]], *p[2:]) for p in x.lots),
            )
            for index, x in enumerate(out)
            if isinstance(x, e.OrderFilled)
        ]
        assert sorted(taken) == sorted(self.twin.taken), "the twin takes other lots"
        alive = [
            (x.order_id, x.price, x.stop_price) for x in out if isinstance(x, e.OrderTriggered)
        ]
        assert alive == self.twin.triggered, "the twin triggers otherwise"
        calls = {e.MarginCalled: "called", e.MarginCallMet: "met"}
        told = [
            (_word(calls, x), x.account_id, x.equity_micros, x.maintenance_micros)
            for x in out
            if isinstance(x, (e.MarginCalled, e.MarginCallMet, e.LiquidationStarted))
        ]
        assert told == self.twin.told, "the twin calls otherwise"
        charged = [
            (x.account_id, x.kind, x.instrument_id, x.amount_micros)
            for x in out
            if isinstance(x, e.InterestCharged)
        ]
        assert charged == self.twin.charged, "the twin charges otherwise"
        funded = [
            (x.account_id, x.instrument_id, x.amount_micros)
            for x in out
            if isinstance(x, e.FundingPaid)
        ]
        assert funded == self.twin.funded, "the twin pays other funding"
        met = [(x.rule_id, x.order_id) for x in out if isinstance(x, e.OutcomeUsed)]
        assert sorted(met) == sorted(self.twin.met), "the twin meets other plans"
        denied = [event.code for event in out if isinstance(event, e.CommandDenied)]
        assert denied == ([self.twin.denied] if self.twin.denied else []), "denials"
        repeated = [event.first_seq for event in out if isinstance(event, e.CommandRepeated)]
        assert repeated == ([self.twin.repeated] if self.twin.repeated else []), "repeats"

    def _compare_accounts(self, snapshot: EngineState) -> None:
        twin = self.twin
        assert [account.account_id for account in snapshot.accounts] == sorted(twin.accounts)
        for account in snapshot.accounts:
            other = twin.accounts[account.account_id]
            assert account.cash_micros == other.cash
            assert account.held_micros == twin.held(account.account_id)
            assert account.profile_id == other.profile_id
            assert account.lot_method == other.lot_method
            plans = [(p.rule_id, p.left, tuple(p.met[-20:]), p.asked) for p in other.plans]
            kept = [(o.rule_id, o.uses_left, o.used, o.command) for o in account.outcomes]
            assert kept == plans, "plans"
            told = (other.suspended, not other.shorts, not other.parts)
            assert account.restrictions == sum(1 << n for n, on in enumerate(told) if on)
            assert (account.kind, account.violations) == (other.kind, other.violations)
            assert (account.call_due_ns, account.review_ns) == (other.due, other.goes_on)
            coming = [each for each in account.unsettled if each[0] > twin.ts]
            assert coming == [each for each in other.unsettled if each[0] > twin.ts]
            positions = {
                p.instrument_id: (p.qty, p.held_qty, p.cost_micros, p.realized_micros)
                for p in account.positions
            }
            assert positions == {
                key: (p.qty, twin.held_qty(account.account_id, key), p.cost, p.realized)
                for key, p in other.positions.items()
            }
            lots = {
                p.instrument_id: [
                    (self.names[lot.seq, lot.index], lot.qty, lot.fees_micros, lot.acquired_ns)
                    for lot in p.lots
                ]
                for p in account.positions
            }
            assert lots == {
                key: [(lot.name, lot.qty, lot.fees, lot.at) for lot in p.lots.items]
                for key, p in other.positions.items()
            }

    def _compare_bounds(self, snapshot: EngineState) -> None:
        """What is decided of each owner."""
        twin = self.twin
        bound = {owner: most for owner, most in twin.bound.items() if most != NO_LIMITS}
        assert {b.owner: b.limits for b in snapshot.bounds if b.limits != NO_LIMITS} == bound
        assert {b.owner for b in snapshot.bounds if b.frozen} == twin.frozen

    def _compare_contracts(self, snapshot: EngineState) -> None:
        """Leverage, margin set apart, funding, marks, and what the house has for all of it."""
        twin = self.twin
        for account in snapshot.accounts:
            other = twin.accounts[account.account_id]
            assert {key: (n, apart) for key, n, apart in account.leverages} == other.leverages
            assert {
                p.instrument_id: (p.pot_micros, p.funding_micros, p.liquidation_ns)
                for p in account.positions
            } == {key: (p.pot, p.funding, p.goes_on) for key, p in other.positions.items()}
        for book in snapshot.books:
            key = book.instrument.instrument_id
            if book.instrument.asset_class == AssetClass.CRYPTO_PERP:
                marks = (book.long_mark, book.short_mark)
                assert marks == twin.marks.get(key, (0, 0)), "marks"
                assert book.index_price == min(INT_MAX, twin.indexes.get(key, 0)), "index"
        pots = sum(p.pot for a in twin.accounts.values() for p in a.positions.values())
        house = {number: int(micros) for number, micros in snapshot.house}
        assert house.get(Book.PERPS, 0) == pots - twin.won, "what the house pays for contracts"
        assert house.get(Book.PERP_FUNDING, 0) == twin.funding_in_all, "funding"
        assert house.get(Book.INSURANCE, 0) == twin.insurance, "the insurance fund"

    def _compare_orders(self, snapshot: EngineState) -> None:
        changes = {change.new_id: change.status for change in self.twin.changes}
        assert self.statuses == changes | {o.order_id: o.status for o in self.twin.orders}
        under_way = {c.new_id: c.at for c in self.twin.changes if c.status in OPEN}
        assert {c.new_order_id: c.arrives_ns for c in snapshot.changes} == under_way
        mine = {
            o.order_id: (
                (o.status, o.qty, o.filled_qty, o.worst_price, o.version, o.replaces),
                (o.order_class, o.protects, o.sibling_id, o.filled_before, o.closes),
            )
            for o in snapshot.orders
        }
        assert mine == {
            o.order_id: (
                (o.status, o.qty, o.filled, o.worst, o.version, o.replaces),
                (
                    o.order_class,
                    o.protects,
                    sum(other.order_id for other in o.partners),
                    o.filled_in_all - o.filled,
                    o.closes,
                ),
            )
            for o in self.twin.orders
            if o.status in OPEN
        }
        for order in snapshot.orders:
            other = next(o for o in self.twin.orders if o.order_id == order.order_id)
            if order.held_micros:
                assert order.held_micros == other.hold
            found = (order.stop_price, order.extreme, order.triggered, order.time_in_force)
            assert found == (other.stop, other.extreme, other.is_triggered, other.tif), order
            left = [(self.names[seq, index], qty) for seq, index, qty in order.choices]
            assert left == other.choices, order
            assert (order.arrives_ns, order.cancel_ns) == (other.arrives, other.cancel_at), order
            assert (order.ends_ns, order.ends_as) == (other.ends, other.ends_as), order
            rule = self.twin.profiles[order.profile_id].limit_rule
            if rule != LimitRule.TOUCH and not other.at_market:
                assert order.ahead_qty == (-1 if other.ahead is None else other.ahead), order
            assert order.extended_hours == other.late, order
            if order.time_in_force == TimeInForce.GTD:
                assert order.expires_ns == other.expires > self.twin.ts
