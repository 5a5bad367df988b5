"""An order's life: the transition table, the order itself, and the queue of resting orders.

Promises: no order moves between statuses but by ``TRANSITIONS``; an impossible move is a bug and
stops the engine. Must not know: prices of the market, accounts, or why a move happens.
"""

from typing import Final

from mypy_extensions import mypyc_attr

from stockyard.engine.lots import Choice
from stockyard.engine.outcome_rules import Rule
from stockyard.model.codes import OrderType, Status, TimeInForce, Trigger

TRANSITIONS: Final = {
    (Status.NONE, Trigger.QUEUE): Status.ACCEPTED,
    (Status.NONE, Trigger.ADMIT): Status.NEW,
    (Status.NONE, Trigger.HOLD): Status.HELD,
    (Status.HELD, Trigger.QUEUE): Status.ACCEPTED,
    (Status.HELD, Trigger.ADMIT): Status.NEW,
    (Status.HELD, Trigger.SEND): Status.PENDING_NEW,
    (Status.HELD, Trigger.CANCEL): Status.CANCELED,
    (Status.HELD, Trigger.EXPIRE): Status.EXPIRED,
    (Status.HELD, Trigger.REPLACE): Status.REPLACED,
    (Status.ACCEPTED, Trigger.ADMIT): Status.NEW,
    (Status.ACCEPTED, Trigger.CANCEL): Status.CANCELED,
    (Status.ACCEPTED, Trigger.EXPIRE): Status.EXPIRED,
    (Status.ACCEPTED, Trigger.REPLACE): Status.REPLACED,
    (Status.ACCEPTED, Trigger.REJECT): Status.REJECTED,
    (Status.NEW, Trigger.FILL_PART): Status.PARTIALLY_FILLED,
    (Status.NEW, Trigger.FILL_REST): Status.FILLED,
    (Status.NEW, Trigger.CANCEL): Status.CANCELED,
    (Status.NEW, Trigger.EXPIRE): Status.EXPIRED,
    (Status.NEW, Trigger.REPLACE): Status.REPLACED,
    (Status.NEW, Trigger.REJECT): Status.REJECTED,
    (Status.PARTIALLY_FILLED, Trigger.FILL_PART): Status.PARTIALLY_FILLED,
    (Status.PARTIALLY_FILLED, Trigger.FILL_REST): Status.FILLED,
    (Status.PARTIALLY_FILLED, Trigger.CANCEL): Status.CANCELED,
    (Status.PARTIALLY_FILLED, Trigger.EXPIRE): Status.EXPIRED,
    (Status.PARTIALLY_FILLED, Trigger.REPLACE): Status.REPLACED,
    (Status.NONE, Trigger.SEND): Status.PENDING_NEW,
    (Status.PENDING_NEW, Trigger.QUEUE): Status.ACCEPTED,
    (Status.PENDING_NEW, Trigger.ADMIT): Status.NEW,
    (Status.PENDING_NEW, Trigger.CANCEL): Status.CANCELED,
    (Status.PENDING_NEW, Trigger.EXPIRE): Status.EXPIRED,
    (Status.PENDING_NEW, Trigger.REPLACE): Status.REPLACED,
    (Status.PENDING_NEW, Trigger.SEND_CANCEL): Status.PENDING_CANCEL,
    (Status.NEW, Trigger.SEND_CANCEL): Status.PENDING_CANCEL,
    (Status.PARTIALLY_FILLED, Trigger.SEND_CANCEL): Status.PENDING_CANCEL,
    (Status.PENDING_CANCEL, Trigger.FILL_PART): Status.PENDING_CANCEL,
    (Status.PENDING_CANCEL, Trigger.FILL_REST): Status.FILLED,
    (Status.PENDING_CANCEL, Trigger.CANCEL): Status.CANCELED,
    (Status.PENDING_CANCEL, Trigger.EXPIRE): Status.EXPIRED,
    (Status.PENDING_CANCEL, Trigger.REJECT): Status.REJECTED,
}
"""``(status, trigger) -> status``. What is not here cannot happen."""

_COLUMNS: Final = 16


def _table() -> list[int]:
    cells = [-1] * (_COLUMNS * _COLUMNS)
    for (status, trigger), target in TRANSITIONS.items():
        cells[status * _COLUMNS + trigger] = target
    return cells


_CELLS: Final = _table()


def advance(status: int, trigger: int) -> int:
    """The status after ``trigger``; an impossible transition is an assertion."""
    target = _CELLS[status * _COLUMNS + trigger]
    assert target >= 0, f"impossible transition: status {status}, trigger {trigger}"
    return target


def is_stop(order_type: int) -> bool:
    """Whether orders of a type wait for a price before they trade."""
    return order_type in (OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP)


def is_for_auction(time_in_force: int) -> bool:
    """Whether orders trade in an auction only."""
    return time_in_force in (TimeInForce.OPG, TimeInForce.CLS)


@mypyc_attr(acyclic=True)
class Order:
    """One open order. ``worst_price`` is the limit, or a market order's collar.

    ``works_as``: MARKET or LIMIT, what it is once it trades. ``awaits_trigger``: a stop order that
    waits for its price. ``extended_hours``: it also trades outside the regular session.

    ``filled_value`` is the exact sum of price times quantity at the instrument's scales.
    ``heap_index`` is the order's place in its ``OrderHeap``, -1 when it is in none. ``held_*`` is
    what it reserves. ``choices``: what is left of the lots it
    chose to close. ``extreme`` is what a trailing stop that is not armed yet takes over from the
    one it replaces.

    Links are order ids, 0 for none: ``parent_id`` a leg's entry, ``sibling_id`` the other exit of a
    pair, ``take_profit_id`` and ``stop_loss_id`` an entry's legs. ``filled_before``: what the
    orders it replaces have filled. ``protects``: it was put on a position.

    ``is_fresh``: it waits for the first quote it can arrive with. ``queue_mark``: its place in a
    ``PriceLevel``. ``arrives_ns``: when it reaches the venue, ``cancel_ns`` when its cancellation
    does, 0 for none under way; ``sent_ns``: when it set out. ``change_id``: the id of the order
    that is on its way to replace it.

    ``closes``: it reduces a position and holds of it; any other opens one and holds cash.
    ``borrowed_qty``: what it may still sell short. ``liquidates``: it is to meet a margin call.
    ``reduce_only``: it never opens a position; ``post_only``: it never trades on arrival.

    ``rule``: the planned outcome it has met and that is still to happen, within one input.
    ``ends_ns``: when a planned outcome ends it, 0 for never; ``ends_as``: that ``Plan``;
    ``ends_reason``: why.
    """

    def __init__(
        self,
        order_id: int,
        account_id: int,
        instrument_id: int,
        side: int,
        order_type: int,
        time_in_force: int,
        qty: int,
        limit_price: int,
        notional_micros: int,
        worst_price: int,
        client_order_id: str,
        profile_id: int,
    ) -> None:
        self.order_id = order_id
        self.account_id = account_id
        self.instrument_id = instrument_id
        self.side = side
        self.order_type = order_type
        self.time_in_force = time_in_force
        self.qty = qty
        self.limit_price = limit_price
        self.notional_micros = notional_micros
        self.worst_price = worst_price
        self.client_order_id = client_order_id
        self.profile_id = profile_id
        self.status = 0
        self.replaces = 0
        self.version = 1
        self.expires_ns = 0
        self.works_as = order_type
        self.awaits_trigger = False
        self.stop_price = 0
        self.trail_price = 0
        self.trail_ppm = 0
        self.extended_hours = False
        self.filled_qty = 0
        self.filled_value = 0
        self.held_micros = 0
        self.held_qty = 0
        self.extreme = 0
        self.order_class = 0
        self.parent_id = 0
        self.sibling_id = 0
        self.take_profit_id = 0
        self.stop_loss_id = 0
        self.filled_before = 0
        self.protects = False
        self.choices: list[Choice] | None = None
        self.rank = 0
        self.heap_index = -1
        self.is_fresh = False
        self.queue_mark = 0
        self.sent_ns = 0
        self.arrives_ns = 0
        self.cancel_ns = 0
        self.change_id = 0
        self.closes = False
        self.borrowed_qty = 0
        self.liquidates = False
        self.reduce_only = False
        self.post_only = False
        self.rule: Rule | None = None
        self.ends_ns = 0
        self.ends_as = 0
        self.ends_reason = 0

    @property
    def is_armed(self) -> bool:
        """Whether it stands at the venue and waits for its price."""
        there = self.status not in (Status.ACCEPTED, Status.HELD) and self.arrives_ns == 0
        return self.awaits_trigger and there

    def await_trigger(self) -> None:
        """Make it a stop order that waits for its price."""
        stop_limit = self.order_type == OrderType.STOP_LIMIT
        self.works_as = OrderType.LIMIT if stop_limit else OrderType.MARKET
        self.awaits_trigger = True


class OrderHeap:
    """Resting orders by price, then age: a binary heap that also removes from the middle.

    Push and remove are O(log n), the best order is O(1). Keys are unique, so what comes out never
    depends on how the heap was filled, and a restored heap behaves as the one it was taken from.
    """

    def __init__(self) -> None:
        self._items: list[Order] = []

    def __len__(self) -> int:
        return len(self._items)

    def best(self) -> Order | None:
        """The order to serve first, or None."""
        return self._items[0] if self._items else None

    def push(self, order: Order) -> None:
        """Add an order; its ``rank`` (low is better) must be set."""
        items = self._items
        items.append(order)
        self._up(len(items) - 1, order)

    def remove(self, order: Order) -> None:
        """Take an order out, wherever it is."""
        items = self._items
        index = order.heap_index
        assert items[index] is order, "an order is not where its heap put it"
        last = items.pop()
        order.heap_index = -1
        if last is not order:
            if index > 0 and before(last, items[(index - 1) // 2]):
                self._up(index, last)
            else:
                self._down(index, last)

    def _up(self, index: int, order: Order) -> None:
        items = self._items
        while index > 0:
            above = (index - 1) // 2
            parent = items[above]
            if not before(order, parent):
                break
            items[index] = parent
            parent.heap_index = index
            index = above
        items[index] = order
        order.heap_index = index

    def _down(self, index: int, order: Order) -> None:
        items = self._items
        count = len(items)
        while True:
            below = 2 * index + 1
            if below >= count:
                break
            child = items[below]
            if below + 1 < count and before(items[below + 1], child):
                below += 1
                child = items[below]
            if not before(child, order):
                break
            items[index] = child
            child.heap_index = index
            index = below
        items[index] = order
        order.heap_index = index


def before(a: Order, b: Order) -> bool:
    """Whether ``a`` is served before ``b``: by rank, then by age."""
    if a.rank != b.rank:
        return a.rank < b.rank
    return a.order_id < b.order_id
