"""Limit orders of one price that stand in a queue: what must trade before each is reached.

Promises: a trade finds the orders it reaches in O(log n) each, however many wait behind; who is
reached depends on the orders and trades alone. Must not know: prices, accounts, or how a fill is
made.
"""

from heapq import heapify, heappop, heappush
from typing import Final

from stockyard.engine.orders import Order

_SPARE: Final = 16


class PriceLevel:
    """One price's queue. ``traded`` counts what has traded at it since the level was made.

    An order is reached once ``traded`` has passed its ``queue_mark``. Entries of orders that have
    left are passed over, and swept out when they are many.
    """

    def __init__(self) -> None:
        self.traded = 0
        self.orders: dict[int, Order] = {}
        self._waiting: list[tuple[int, int]] = []
        self._reached: list[int] = []

    def join(self, order: Order, ahead: int) -> None:
        """Put an order behind ``ahead``."""
        order.queue_mark = self.traded + ahead
        self.orders[order.order_id] = order
        if ahead:
            heappush(self._waiting, (order.queue_mark, order.order_id))
        else:
            heappush(self._reached, order.order_id)

    def leave(self, order: Order) -> None:
        """Forget an order."""
        del self.orders[order.order_id]
        if len(self._waiting) + len(self._reached) > 2 * len(self.orders) + _SPARE:
            self._waiting = [w for w in self._waiting if w[1] in self.orders]
            heapify(self._waiting)
            self._reached = [n for n in self._reached if n in self.orders]
            heapify(self._reached)

    def ahead(self, order: Order) -> int:
        """What still trades before an order."""
        return max(0, order.queue_mark - self.traded)

    def trade(self, qty: int) -> dict[int, int]:
        """Let ``qty`` trade: for each order reached only now, what of it is left for that order."""
        self.traded += qty
        left: dict[int, int] = {}
        while self._waiting and self._waiting[0][0] < self.traded:
            mark, order_id = heappop(self._waiting)
            if order_id in self.orders:
                left[order_id] = self.traded - mark
                heappush(self._reached, order_id)
        return left

    def first(self) -> Order | None:
        """The oldest order that is reached, or None."""
        while self._reached:
            order = self.orders.get(self._reached[0])
            if order is not None:
                return order
            heappop(self._reached)
        return None

    def set_aside(self, order: Order) -> None:
        """Pass over the order that ``first`` gave."""
        assert self._reached[0] == order.order_id, "only the first order can be set aside"
        heappop(self._reached)

    def put_back(self, order: Order) -> None:
        """Take an order back that was set aside."""
        heappush(self._reached, order.order_id)
