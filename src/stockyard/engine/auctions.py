"""When an auction takes orders, when its print counts, and in which order orders trade in it.

Promises: exactly while an auction takes no more orders does its print trade those that wait, so no
order meets a print of the auction before its own. Must not know: accounts, or how a fill is posted.

Sources: the exchanges' entry cut-offs for orders on open and on close, of which the earlier ones
are taken (NYSE and NASDAQ: 09:28 and 15:50 New York).
"""

from typing import Final

from stockyard.engine.books import Book
from stockyard.engine.orders import Order
from stockyard.engine.sessions import Calendar
from stockyard.model.codes import OrderType, Side, TimeInForce

_MINUTE_NS: Final = 60 * 1_000_000_000
OPENING_CUT_OFF_NS: Final = 2 * _MINUTE_NS
"""The opening auction takes no orders from this long before the open until the close."""
CLOSING_CUT_OFF_NS: Final = 10 * _MINUTE_NS
"""The closing auction takes no orders from this long before the close until its print."""
AUCTION_WAIT_NS: Final = 15 * _MINUTE_NS
"""The closing print is awaited this long after the close."""


def entry_is_shut(book: Book, calendar: Calendar | None, time_in_force: int, ts: int) -> bool:
    """Whether the auction takes no more orders now."""
    session = calendar.upcoming() if calendar is not None else None
    if time_in_force == TimeInForce.CLS:
        closing = session is not None and ts >= session.close_ns - CLOSING_CUT_OFF_NS
        return closing or book.print_due_ns > 0
    return session is not None and ts >= session.open_ns - OPENING_CUT_OFF_NS


def in_turn(orders: list[Order], side: int) -> list[Order]:
    """One side's orders as an auction serves them: profile by profile, first those at market by
    age, then those with a limit by price and age.
    """
    found = [order for order in orders if order.side == side]
    for order in found:
        order.rank = -order.limit_price if side == Side.BUY else order.limit_price
    found.sort(key=_turn)
    return found


def _turn(order: Order) -> tuple[int, bool, int, int]:
    at_limit = order.order_type == OrderType.LIMIT
    return order.profile_id, at_limit, order.rank, order.order_id
