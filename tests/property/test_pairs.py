"""Goal: two exits never sell more than one would. Method: any interleaving of what moves them.

Counted from the events alone: the exits of a position sell no more than the entries bought, a pair
no more than it was for, and when nothing is open nothing is held.
"""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from stockyard.model import events as e
from stockyard.model import facts as f
from stockyard.model.codes import OrderClass
from tests.engine_audit import audit_state
from tests.engine_terms import ALL_PROFILES
from tests.engine_world import World

PRICES = st.integers(94, 106)
SIZES = st.sampled_from(("0", "1", "3", "7", "100"))
STEPS = st.one_of(
    st.tuples(st.just("quote"), PRICES, SIZES),
    st.tuples(st.just("trade"), PRICES, st.just("")),
    st.tuples(st.just("bracket"), st.integers(98, 101), st.sampled_from(("95", "95/94", "~2"))),
    st.tuples(st.just("oto"), st.integers(98, 101), st.sampled_from(("95", "~2"))),
    st.tuples(st.just("oco"), st.integers(101, 105), st.sampled_from(("97", "97/96", "~2"))),
    st.tuples(st.just("protect"), st.integers(101, 105), st.sampled_from(("97", "97/96", "~2"))),
    st.tuples(st.just("cancel"), st.integers(0, 30), st.just("")),
    st.tuples(st.just("replace"), st.integers(0, 30), st.sampled_from(("96", "101", "103"))),
    st.tuples(st.just("resize"), st.integers(0, 30), st.sampled_from(("2", "5", "12"))),
    st.tuples(st.just("wait"), st.just(0), st.sampled_from(("0.1", "0.25", "1"))),
    st.tuples(st.just("day"), st.just(0), st.just("")),
    st.tuples(st.just("restart"), st.just(0), st.just("")),
)


class Pairs:
    """A world, and what each group of exits was for and has sold."""

    def __init__(self, profile: str) -> None:
        self.world = World(profiles=ALL_PROFILES, profile=profile)
        self.group: dict[int, int] = {}
        self.entry: dict[int, int] = {}
        self.limit: Counter[int] = Counter()
        self.sold: Counter[int] = Counter()
        self.day = 1

    def take(self, step: tuple[str, int, str]) -> None:
        """Send what a step says."""
        what, number, text = step
        world, price = self.world, f"{number}.00"
        before = len(world.events)
        if what == "quote":
            world.quote("ACME", f"{price}x{text}", f"{number}.10x{text}")
        elif what == "trade":
            world.trade("ACME", price)
        elif what in ("bracket", "oto"):
            profit = "103.00" if what == "bracket" else ""
            world.order("buy", "10", "ACME", price, "gtc", order_class=what, tp=profit, sl=text)
        elif what == "oco":
            world.order("sell", "4", "ACME", price, "gtc", order_class="oco", sl=text)
        elif what == "protect":
            world.protect("ACME", price, text)
        elif what == "wait":
            world.wait(text)
            world.send(f.ClockTick())
        elif what == "day":
            world.tick(f"day {self.day} 16:00:00")
            self.day += 1
            world.tick(f"day {self.day} 09:30:00")
        elif what == "restart":
            world.restart()
        elif world.orders:
            at = number % len(world.orders) + 1
            if what == "cancel":
                world.cancel(at)
            elif what == "replace":
                world.replace(at, limit=f"{text}.00")
            else:
                world.replace(at, qty=text)
        for event in world.events[before:]:
            self.count(event)

    def count(self, event: e.Event) -> None:
        """Follow who is an exit of what, and add up."""
        if isinstance(event, e.OrderAccepted):
            order_id = event.order_id
            old = event.replaces
            if event.side == 1:
                self.entry[order_id] = self.entry.get(old, order_id)
            elif old in self.group:
                self.group[order_id] = self.group[old]
            elif event.parent_id:
                self.group[order_id] = self.entry[event.parent_id]
            elif event.order_class == OrderClass.OCO:
                group = self.group.get(event.sibling_id, order_id)
                self.group[order_id] = group
                self.limit[group] = event.qty
        elif isinstance(event, e.OrderFilled):
            if event.order_id in self.entry:
                self.limit[self.entry[event.order_id]] += event.qty
            elif event.order_id in self.group:
                self.sold[self.group[event.order_id]] += event.qty

    def check(self) -> None:
        """Nothing is sold twice, and nothing is held for nobody."""
        state = self.world.engine.snapshot()
        audit_state(state)
        for group, qty in self.sold.items():
            assert qty <= self.limit[group], f"the exits of {group} sold {qty}"


@given(st.sampled_from(("ideal", "realistic", "queued", "strict")), st.lists(STEPS, max_size=40))
def test_exits_never_sell_more_than_there_is(
    profile: str, steps: list[tuple[str, int, str]]
) -> None:
    pairs = Pairs(profile)
    pairs.take(("quote", 99, "100"))
    pairs.take(("trade", 99, ""))
    pairs.world.buy("6", "ACME")
    pairs.take(("wait", 0, "1"))
    pairs.take(("quote", 99, "100"))
    pairs.take(("oco", 103, "97"))
    for step in steps:
        pairs.take(step)
        pairs.check()
    pairs.world.cancel_all()
    pairs.take(("wait", 0, "1"))
    state = pairs.world.engine.snapshot()
    audit_state(state)
    assert not state.orders
    [account] = state.accounts
    assert account.held_micros == 0
    assert all(position.held_qty == 0 for position in account.positions)
