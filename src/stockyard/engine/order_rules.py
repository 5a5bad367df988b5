"""One function per order type: the worst price an order of that type may trade at.

Promises: every row of ``model.order_types`` has its function here, named ``<word>_worst_price``.
Must not know: accounts, fees, queues.
"""

from stockyard.engine.books import Book
from stockyard.model.codes import OrderType, Side
from stockyard.numerics.arithmetic import mul_div_ceil, mul_div_floor

_BPS = 10_000


def market_worst_price(book: Book, side: int, limit_price: int) -> int:
    """The collar around the quote seen on arrival; 0 when that side has no quote."""
    touch = book.touch(side)
    if touch == 0:
        return 0
    if side == Side.BUY:
        return mul_div_floor(touch, _BPS + book.collar_bps, _BPS)
    return max(1, mul_div_ceil(touch, _BPS - book.collar_bps, _BPS))


def limit_worst_price(book: Book, side: int, limit_price: int) -> int:
    """The limit price."""
    return limit_price


def worst_price(book: Book, order_type: int, side: int, limit_price: int) -> int:
    """The worst price an order may trade at, or 0 when there is nothing to price it with."""
    if order_type == OrderType.LIMIT:
        return limit_worst_price(book, side, limit_price)
    return market_worst_price(book, side, limit_price)


def within(side: int, price: int, worst: int) -> bool:
    """Whether a price is no worse than ``worst`` for this side."""
    return price <= worst if side == Side.BUY else price >= worst
