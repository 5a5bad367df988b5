"""One function per order type: the worst price an order of that type may trade at.

Promises: every row of ``model.order_types`` has its function here, named ``<word>_worst_price``.
Must not know: accounts, fees, queues.
"""

from typing import Final

from mypy_extensions import mypyc_attr

from stockyard.engine.books import Book
from stockyard.engine.triggers import better_extreme, trailed
from stockyard.model.codes import OrderType, Side
from stockyard.model.order_types import ORDER_TYPES
from stockyard.numerics.arithmetic import mul_div_ceil, mul_div_floor

_BPS: Final = 10_000
_OFFERED: Final = {row.order_type: row.times_in_force for row in ORDER_TYPES}
_CLASSES: Final = {row.order_type: row.classes for row in ORDER_TYPES}
_EXTENDED_HOURS: Final = {row.order_type: row.extended_hours for row in ORDER_TYPES}


@mypyc_attr(acyclic=True)
class Priced:
    """What an order's worst price depends on."""

    def __init__(self, side: int, order_type: int, limit_price: int) -> None:
        self.side = side
        self.order_type = order_type
        self.limit_price = limit_price
        self.stop_price = 0
        self.trail_price = 0
        self.trail_ppm = 0
        self.extreme = 0
        self.triggered = False
        self.in_auction = False


def market_worst_price(book: Book, side: int) -> int:
    """The collar around the quote seen on arrival; 0 when that side has no quote."""
    touch = book.touch(side)
    if touch == 0:
        return 0
    if side == Side.BUY:
        return mul_div_floor(touch, _BPS + book.collar_bps, _BPS)
    return max(1, mul_div_ceil(touch, _BPS - book.collar_bps, _BPS))


def auction_worst_price(book: Book, side: int) -> int:
    """The collar around the quote, else around the last price; 0 when there is neither."""
    return market_worst_price(book, side) or stop_worst_price(book, side, book.last_price)


def limit_worst_price(limit_price: int) -> int:
    """The limit price."""
    return limit_price


def stop_worst_price(book: Book, side: int, stop_price: int) -> int:
    """The collar around the stop price, until the order is triggered and sees a quote."""
    if stop_price <= 0:
        return 0
    if side == Side.BUY:
        return mul_div_floor(stop_price, _BPS + book.collar_bps, _BPS)
    return max(1, mul_div_ceil(stop_price, _BPS - book.collar_bps, _BPS))


def stop_limit_worst_price(limit_price: int) -> int:
    """The limit price."""
    return limit_price


def trailing_stop_worst_price(
    book: Book, side: int, trail_price: int, trail_ppm: int, extreme: int
) -> int:
    """The collar around the stop as it would be now; 0 when there is no price to trail from.

    ``extreme``: one that it takes over, or 0.
    """
    price = better_extreme(side, book.market_price(side), extreme)
    if price == 0:
        return 0
    return stop_worst_price(book, side, trailed(side, price, trail_price, trail_ppm))


def worst_price(book: Book, request: "Priced") -> int:
    """The worst price an order may trade at, or 0 when there is nothing to price it with."""
    kind, side = request.order_type, request.side
    if kind == OrderType.LIMIT:
        return limit_worst_price(request.limit_price)
    if request.in_auction and kind == OrderType.MARKET:
        return auction_worst_price(book, side)
    triggered = request.triggered and kind != OrderType.STOP_LIMIT
    if kind == OrderType.MARKET or triggered:
        return market_worst_price(book, side)
    if kind == OrderType.STOP:
        return stop_worst_price(book, side, request.stop_price)
    if kind == OrderType.STOP_LIMIT:
        return stop_limit_worst_price(request.limit_price)
    return trailing_stop_worst_price(
        book, side, request.trail_price, request.trail_ppm, request.extreme
    )


def times_in_force(order_type: int) -> tuple[int, ...]:
    """The times in force an order type is offered with; none for an unknown type."""
    return _OFFERED.get(order_type, ())


def takes_class(order_type: int, order_class: int) -> bool:
    """Whether an order type is offered with a class."""
    return order_class in _CLASSES[order_type]


def takes_extended_hours(order_type: int) -> bool:
    """Whether orders of a type may trade outside the regular session."""
    return _EXTENDED_HOURS[order_type]


def within(side: int, price: int, worst: int) -> bool:
    """Whether a price is no worse than ``worst`` for this side."""
    return price <= worst if side == Side.BUY else price >= worst
