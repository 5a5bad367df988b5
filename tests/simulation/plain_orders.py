"""One order once more, plainly: how much is left of it, where its stop lies, when it arrives.

Promises: knows only what events said of it. Must not know: any market or account.
"""

from stockyard.model import events as e
from stockyard.model.codes import STOP_TYPES, OrderType, Side, Status


class Pair:
    """The two exits of a position, and what took their places: together they fill ``qty``."""

    def __init__(self, qty: int) -> None:
        self.qty = qty
        self.filled_qty = 0


class PlainOrder:
    """An order as its events tell it. ``worst``: the worst price it may trade at."""

    def __init__(self, accepted: e.OrderAccepted) -> None:
        self.accepted = accepted
        self.qty = accepted.qty
        self.filled_qty = 0
        self.filled_value = 0
        self.last_fill = (0, 0)
        """Its last fill's input, and when it was: an order that travelled fills where it arrived,
        which may be before the input that lets the engine see it.
        """
        self.is_open = True
        self.worst = accepted.limit_price or accepted.collar_price
        self.waits = accepted.order_type in STOP_TYPES and not accepted.triggered
        self.parent_id = accepted.parent_id
        self.pair: Pair | None = None
        self.in_market = accepted.status == Status.NEW
        self.begun_ns = 0
        """When it last began, and could meet what is planned; its input may be later."""
        self.sent_ns = 0
        self.arrives_ns = 0
        """When it is at the venue, 0 for one that need not travel."""
        self.change_arrives_ns = 0
        self.ahead_qty = -1
        """What trades before it at its price, of what was printed since; -1 without a place."""
        self.printed_qty = self.queued_qty = 0
        self.carried = 0
        """The best price that the order it replaced saw, 0 for none."""
        self.seen: tuple[int, ...] = ()
        """The best price a trailing stop saw since it was armed, 0 for none; two where its arming
        fell together with a new price; none: not armed.
        """

    @property
    def at_market(self) -> bool:
        """Whether only a collar bounds its price."""
        return self.accepted.order_type not in (OrderType.LIMIT, OrderType.STOP_LIMIT)

    def better(self, one: int, other: int) -> int:
        """The one of two prices that moves a trailing stop further; 0 is none."""
        if not one or not other:
            return one or other
        return min(one, other) if self.accepted.side == Side.BUY else max(one, other)

    def arm(self, *prices: int) -> None:
        """Begin to wait from one of these prices."""
        self.seen = tuple(self.better(price, self.carried) for price in prices)

    def see(self, price: int) -> None:
        """Let an armed stop see a price."""
        self.seen = tuple(self.better(price, seen) for seen in self.seen)

    def stops(self) -> list[int]:
        """Where it may lie after what it has seen."""
        return [self._stop(seen) for seen in self.seen]

    def _stop(self, seen: int) -> int:
        x = self.accepted
        if x.order_type != OrderType.TRAILING_STOP:
            return x.stop_price
        sign = 1 if x.side == Side.BUY else -1
        if x.trail_price:
            return seen + sign * x.trail_price
        return -sign * (-seen * (10**6 + sign * x.trail_ppm) * sign // 10**6)

    def reached_by(self, price: int, stop: int = 0) -> bool:
        """Whether a price is at the stop or past it, wherever it may lie, or at one place."""
        buys = self.accepted.side == Side.BUY
        places = [stop] if stop else self.stops()
        return all(price >= place if buys else price <= place for place in places)
