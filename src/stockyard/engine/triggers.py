"""Stop orders waiting for their price: fixed stops, and stops that trail the market.

Promises: a price finds what it triggers in O(log n), and a new extreme moves the trailing stops
that follow it in amortised O(log n) each. What is triggered depends on the orders alone, never on
how the queues were filled. Must not know: accounts, quotes, or what a triggered order does next.

Trailing stops of one side share the market's extreme since they were armed: the highest price for
those that sell, the lowest for those that buy. Orders with the same extreme form a ``Crowd``. A new
extreme swallows every crowd it passes, the smaller poured into the larger.
"""

from heapq import heapify, heappop, heappush
from typing import Final

from stockyard.engine.orders import Order, OrderHeap
from stockyard.model.codes import OrderType, Side
from stockyard.model.numbers import INT_MAX
from stockyard.numerics.arithmetic import mul_div_ceil, mul_div_floor

_MILLION: Final = 1_000_000


class Crowd:
    """Trailing stops with the same extreme, those with the smallest trail first.

    ``nearest`` is the stop the market would reach first, as the queue of crowds sorts it.
    """

    def __init__(self, number: int, extreme: int) -> None:
        self.number = number
        self.extreme = extreme
        self.nearest = 0
        self.orders = OrderHeap()


class TrailQueue:
    """Trailing stops of one side and one kind of trail (amount or percentage).

    ``_crowds`` lie as the market left them: each later one has a less extreme price, as a later
    extreme would have swallowed it. ``_stops`` is a heap of their nearest stops; an entry that is
    no longer its crowd's is passed over when it comes up.
    """

    def __init__(self, side: int) -> None:
        self._sells = side == Side.SELL
        self._crowds: list[Crowd] = []
        self._by_number: dict[int, Crowd] = {}
        self._crowd_of: dict[int, Crowd] = {}
        self._stops: list[tuple[int, int]] = []
        self._numbers = 0

    def __len__(self) -> int:
        return len(self._crowd_of)

    def add(self, order: Order, extreme: int) -> None:
        """Arm an order at the market's present price, or, restored, at the extreme it had seen."""
        at = self._place(extreme)
        if at < len(self._crowds) and self._crowds[at].extreme == extreme:
            crowd = self._crowds[at]
        else:
            self._numbers += 1
            crowd = Crowd(self._numbers, extreme)
            self._crowds.insert(at, crowd)
            self._by_number[crowd.number] = crowd
        self._join(crowd, order)
        self._note(crowd)

    def _passes(self, price: int, extreme: int) -> bool:
        return price > extreme if self._sells else price < extreme

    def _place(self, extreme: int) -> int:
        """Where the crowd of an extreme lies, or would lie."""
        low, high = 0, len(self._crowds)
        while low < high:
            middle = (low + high) // 2
            if self._passes(self._crowds[middle].extreme, extreme):
                low = middle + 1
            else:
                high = middle
        return low

    def _join(self, crowd: Crowd, order: Order) -> None:
        order.rank = order.trail_price or order.trail_ppm
        crowd.orders.push(order)
        self._crowd_of[order.order_id] = crowd

    def _note(self, crowd: Crowd) -> None:
        """Note a crowd's nearest stop, or forget a crowd that is empty."""
        first = crowd.orders.best()
        if first is None:
            del self._crowds[self._place(crowd.extreme)]
            del self._by_number[crowd.number]
            return
        stop = stop_at(first, crowd.extreme)
        crowd.nearest = -stop if self._sells else stop
        heappush(self._stops, (crowd.nearest, crowd.number))
        if len(self._stops) > 64 + 4 * len(self._crowds):
            self._stops = [(c.nearest, c.number) for c in self._crowds]
            heapify(self._stops)

    def remove(self, order: Order) -> None:
        """Take an order out."""
        crowd = self._crowd_of.pop(order.order_id)
        crowd.orders.remove(order)
        self._note(crowd)

    def extreme_of(self, order: Order) -> int:
        """The highest (sell) or lowest (buy) price since the order was armed."""
        return self._crowd_of[order.order_id].extreme

    def stirs(self, price: int) -> bool:
        """Whether a price may move or trigger anything here."""
        crowds = self._crowds
        if not crowds:
            return False
        if self._passes(price, crowds[len(crowds) - 1].extreme):
            return True
        nearest = self._stops[0][0]
        return price <= -nearest if self._sells else price >= nearest

    def follow(self, price: int) -> None:
        """Let every stop that a new extreme moves move."""
        crowds = self._crowds
        if not crowds or not self._passes(price, crowds[len(crowds) - 1].extreme):
            return
        merged = crowds.pop()
        while crowds and not self._passes(crowds[len(crowds) - 1].extreme, price):
            other = crowds.pop()
            if len(other.orders) > len(merged.orders):
                merged, other = other, merged
            del self._by_number[other.number]
            while True:
                order = other.orders.best()
                if order is None:
                    break
                other.orders.remove(order)
                self._join(merged, order)
        merged.extreme = price
        crowds.append(merged)
        self._note(merged)

    def pull(self, price: int, out: list[Order], extremes: dict[int, int]) -> None:
        """Take out every order whose stop the price has reached, and note the extreme it saw."""
        while self._stops:
            nearest, number = self._stops[0]
            crowd = self._by_number.get(number)
            if crowd is None or crowd.nearest != nearest:
                heappop(self._stops)
                continue
            order = crowd.orders.best()
            assert order is not None, "a crowd that is noted has orders"
            if not reached(order, stop_at(order, crowd.extreme), price):
                return
            heappop(self._stops)
            while order is not None and reached(order, stop_at(order, crowd.extreme), price):
                crowd.orders.remove(order)
                del self._crowd_of[order.order_id]
                extremes[order.order_id] = crowd.extreme
                out.append(order)
                order = crowd.orders.best()
            self._note(crowd)


def trailed(side: int, extreme: int, trail_price: int, trail_ppm: int) -> int:
    """A trailing stop's price for an extreme: never nearer to the market than the trail says."""
    if side == Side.SELL:
        if trail_price:
            return extreme - trail_price
        return mul_div_floor(extreme, _MILLION - trail_ppm, _MILLION)
    if trail_price:
        return extreme + trail_price
    return mul_div_ceil(extreme, _MILLION + trail_ppm, _MILLION)


def better_extreme(side: int, price: int, extreme: int) -> int:
    """The more extreme of two prices, the one that moves a stop of this side further; 0 is none."""
    if price == 0 or extreme == 0:
        return price or extreme
    return max(price, extreme) if side == Side.SELL else min(price, extreme)


def stop_at(order: Order, extreme: int) -> int:
    """An armed trailing order's stop for an extreme."""
    return trailed(order.side, extreme, order.trail_price, order.trail_ppm)


def reached(order: Order, stop: int, price: int) -> bool:
    """Whether a price triggers a stop: at or above it to buy, at or below it to sell."""
    return price >= stop if order.side == Side.BUY else price <= stop


class Triggers:
    """Every untriggered stop order of one book; ``armed`` counts them."""

    def __init__(self) -> None:
        self.armed = 0
        self._stops_buy = OrderHeap()
        self._stops_sell = OrderHeap()
        self._trails_buy = (TrailQueue(Side.BUY), TrailQueue(Side.BUY))
        self._trails_sell = (TrailQueue(Side.SELL), TrailQueue(Side.SELL))

    def _trails(self, order: Order) -> TrailQueue:
        queues = self._trails_buy if order.side == Side.BUY else self._trails_sell
        return queues[0] if order.trail_price else queues[1]

    def arm(self, order: Order, price: int) -> None:
        """Wait for the order's stop; ``price`` is where a trailing one starts from, 0 when there is
        none yet: then it starts from the next price. An extreme that it takes over counts too.
        """
        self.armed += 1
        if order.order_type == OrderType.TRAILING_STOP:
            none = INT_MAX if order.side == Side.BUY else 0
            seen = better_extreme(order.side, price, order.extreme)
            order.extreme = 0
            self._trails(order).add(order, seen or none)
        elif order.side == Side.BUY:
            order.rank = order.stop_price
            self._stops_buy.push(order)
        else:
            order.rank = -order.stop_price
            self._stops_sell.push(order)

    def remove(self, order: Order) -> None:
        """Forget an untriggered order."""
        self.armed -= 1
        if order.order_type == OrderType.TRAILING_STOP:
            self._trails(order).remove(order)
        elif order.side == Side.BUY:
            self._stops_buy.remove(order)
        else:
            self._stops_sell.remove(order)

    def extreme_of(self, order: Order) -> int:
        """The extreme a trailing order has seen; 0 for a fixed stop, or when it saw no price."""
        if order.order_type != OrderType.TRAILING_STOP:
            return 0
        extreme = self._trails(order).extreme_of(order)
        return 0 if extreme == INT_MAX else extreme

    def stirs(self, side: int, price: int) -> bool:
        """Whether a price may move or trigger any stop of a side: most do not."""
        order = self._stops_buy.best() if side == Side.BUY else self._stops_sell.best()
        if order is not None and reached(order, order.stop_price, price):
            return True
        trails = self._trails_buy if side == Side.BUY else self._trails_sell
        return trails[0].stirs(price) or trails[1].stirs(price)

    def pull(self, side: int, price: int, out: list[Order], extremes: dict[int, int]) -> None:
        """Move trailing stops of a side to a new price and take out what it triggers."""
        before = len(out)
        heap = self._stops_buy if side == Side.BUY else self._stops_sell
        while True:
            order = heap.best()
            if order is None or not reached(order, order.stop_price, price):
                break
            heap.remove(order)
            out.append(order)
        for trails in self._trails_buy if side == Side.BUY else self._trails_sell:
            if len(trails):
                trails.follow(price)
                trails.pull(price, out, extremes)
        self.armed -= len(out) - before
