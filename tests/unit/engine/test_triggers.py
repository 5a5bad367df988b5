"""Goal: waiting stops are a list, only quicker. Method: do the same to both, and compare.

The list knows every price since each order was armed, and looks at every order for every price.
"""

from hypothesis import given
from hypothesis import strategies as st

from stockyard.engine.orders import Order
from stockyard.engine.triggers import TrailQueue, Triggers, stop_at, trailed
from stockyard.model.codes import OrderType, Side

MILLION = 1_000_000
FAR = 10**9
KINDS = ("stop", "stop_limit", "amount", "percent")
SIDES = st.sampled_from((Side.BUY, Side.SELL))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("arm"), st.sampled_from(KINDS), SIDES, st.integers(1, 12)),
        st.tuples(st.just("price"), st.just(""), SIDES, st.integers(88, 112)),
        st.tuples(st.just("remove"), st.just(""), SIDES, st.integers(0, 30)),
        st.tuples(st.just("rebuild"), st.just(""), SIDES, st.integers(0, 3)),
    ),
    max_size=60,
)


def order_of(order_id: int, kind: str, side: int, distance: int, market: int) -> Order:
    """An order whose stop lies some steps from the market."""
    types = {"stop": OrderType.STOP, "stop_limit": OrderType.STOP_LIMIT}
    order_type = types.get(kind, OrderType.TRAILING_STOP)
    order = Order(order_id, 1, 1, side, order_type, 2, 1, 0, 0, 1, "", 1)
    if kind == "amount":
        order.trail_price = distance
    elif kind == "percent":
        order.trail_ppm = distance * 10_000
    else:
        order.stop_price = market + distance if side == Side.BUY else market - distance
    return order


class PlainList:
    """Orders, each with every price of its side since it was armed (0: none yet)."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Order, list[int]]] = []

    def extreme(self, order: Order, seen: list[int]) -> int:
        """The best price an order saw."""
        if order.order_type != OrderType.TRAILING_STOP or not seen:
            return 0
        return max(seen) if order.side == Side.SELL else min(seen)

    def stop(self, order: Order, seen: list[int]) -> int:
        """Where it is triggered: percentages by long division, rounded away from the market."""
        extreme, sign = self.extreme(order, seen), 1 if order.side == Side.BUY else -1
        if order.trail_price:
            return extreme + sign * order.trail_price
        if order.trail_ppm:
            whole, rest = divmod(extreme * (MILLION + sign * order.trail_ppm), MILLION)
            return whole + (1 if rest and order.side == Side.BUY else 0)
        return order.stop_price

    def pull(self, side: int, price: int) -> list[tuple[int, int]]:
        """Number and extreme of every order that the price triggers; the rest have seen it."""
        found, kept = [], []
        for order, seen in self.waiting:
            if order.side == side:
                seen.append(price)
                stop = self.stop(order, seen)
                if price >= stop if side == Side.BUY else price <= stop:
                    found.append((order.order_id, self.extreme(order, seen)))
                    continue
            kept.append((order, seen))
        self.waiting = kept
        return sorted(found)


def pulled(triggers: Triggers, side: int, price: int) -> list[tuple[int, int]]:
    """The same of the real one."""
    out: list[Order] = []
    extremes: dict[int, int] = {}
    triggers.pull(side, price, out, extremes)
    assert all(order.heap_index == -1 for order in out)
    trailing = {o.order_id for o in out if o.order_type == OrderType.TRAILING_STOP}
    assert set(extremes) == trailing
    return sorted((order.order_id, extremes.get(order.order_id, 0)) for order in out)


def rebuilt(plain: PlainList, triggers: Triggers, turn: int) -> Triggers:
    """Queues made from pairs of order and extreme, in another order than they were filled."""
    pairs = [(order, triggers.extreme_of(order)) for order, _ in plain.waiting]
    pairs = [*pairs[turn:], *pairs[:turn]][:: -1 if turn % 2 else 1]
    again = Triggers()
    for order, extreme in pairs:
        order.heap_index = -1
        again.arm(order, extreme)
    return again


@given(STEPS, st.booleans())
def test_triggers_are_a_list(steps: list[tuple[str, str, int, int]], begins_blind: bool) -> None:
    triggers, plain = Triggers(), PlainList()
    market = 0 if begins_blind else 100
    for number, (verb, kind, side, value) in enumerate(steps, 1):
        if verb == "arm":
            order = order_of(number, kind, side, value, market or 100)
            triggers.arm(order, market)
            plain.waiting.append((order, [market] if market else []))
        elif verb == "price":
            market = value
            assert pulled(triggers, side, value) == plain.pull(side, value)
        elif verb == "remove" and plain.waiting:
            order, _ = plain.waiting.pop(value % len(plain.waiting))
            triggers.remove(order)
            assert order.heap_index == -1
        elif verb == "rebuild":
            triggers = rebuilt(plain, triggers, value)
        assert triggers.armed == len(plain.waiting)
        for order, seen in plain.waiting:
            assert triggers.extreme_of(order) == plain.extreme(order, seen)
        queues = (*triggers._trails_buy, *triggers._trails_sell)
        assert all(len(crowd.orders) for queue in queues for crowd in queue._crowds)
    for side, price in ((Side.BUY, 100), (Side.SELL, 100), (Side.BUY, FAR), (Side.SELL, -FAR)):
        assert pulled(triggers, side, price) == plain.pull(side, price)
    assert not plain.waiting


@given(st.lists(st.tuples(st.integers(1, 10), st.integers(90, 110)), max_size=40), SIDES)
def test_crowds_lie_in_the_order_of_their_extremes(adds: list[tuple[int, int]], side: int) -> None:
    """However they came, there is one per extreme, the most extreme first, and none is empty."""
    queue = TrailQueue(side)
    orders = [order_of(n, "amount", side, trail, 100) for n, (trail, _) in enumerate(adds, 1)]
    for order, (_, extreme) in zip(orders, adds, strict=True):
        queue.add(order, extreme)
    extremes = [crowd.extreme for crowd in queue._crowds]
    assert extremes == sorted({extreme for _, extreme in adds}, reverse=side == Side.SELL)
    assert len(queue) == len(orders)
    for order in orders[::2]:
        queue.remove(order)
    assert all(len(crowd.orders) for crowd in queue._crowds)
    queue.follow(120 if side == Side.SELL else 80)
    assert len(queue._crowds) <= 1
    for order in orders[1::2]:
        assert queue.extreme_of(order) == (120 if side == Side.SELL else 80)


@given(st.integers(1, 2**61), st.integers(1, MILLION - 1), SIDES)
def test_a_percentage_is_never_nearer_than_it_says(extreme: int, ppm: int, side: int) -> None:
    stop = trailed(side, extreme, 0, ppm)
    away = stop - extreme if side == Side.BUY else extreme - stop
    assert away * MILLION >= extreme * ppm
    assert (away - 1) * MILLION < extreme * ppm


def test_a_stop_is_where_its_extreme_and_trail_say() -> None:
    sell, buy = (order_of(1, "amount", side, 5, 100) for side in (Side.SELL, Side.BUY))
    assert (stop_at(sell, 100), stop_at(buy, 100)) == (95, 105)
