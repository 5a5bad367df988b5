"""Auctions: which waiting orders a print fills, and the end of those it does not.

Promises: every order trades at the print's one price, within its limit or collar, or is canceled;
nothing waits for another print. Must not know: cut-offs (``auctions``) or what a fill posts
(``venue``).
"""

from stockyard.engine import classes, venue
from stockyard.engine.auctions import AUCTION_WAIT_NS, entry_is_shut, in_turn
from stockyard.engine.books import Book
from stockyard.engine.order_rules import within
from stockyard.engine.orders import Order, advance
from stockyard.engine.state import State
from stockyard.model.codes import (
    Auction,
    FillRule,
    OrderType,
    Reason,
    Side,
    Status,
    TimeInForce,
    Trigger,
)
from stockyard.model.events import Event
from stockyard.numerics.arithmetic import round_down_to


def serve_print(
    state: State, book: Book, kind: int, price: int, qty: int, ts: int, out: list[Event]
) -> None:
    """Fill the auction's orders at ``price`` and cancel the rest, buys before sales.

    Size-bounded profiles share the printed quantity, each side all of it.
    """
    tif = TimeInForce.OPG if kind == Auction.OPENING else TimeInForce.CLS
    if not entry_is_shut(book, state.calendars.get(book.calendar_id), tif, ts):
        return
    orders = book.auction(tif)
    waiting = [orders[order_id] for order_id in sorted(orders)]
    for side in (Side.BUY, Side.SELL):
        left = qty
        for order in in_turn(waiting, side):
            left -= _trade(state, book, order, price, left, ts, out)
    if tif == TimeInForce.CLS:
        end_wait(state, book)


def _trade(
    state: State, book: Book, order: Order, price: int, left: int, ts: int, out: list[Event]
) -> int:
    """Fill one order as far as it may and cancel its rest; how much it took of what is ``left``."""
    account = state.accounts[order.account_id]
    bounded = state.profiles[order.profile_id].size_bounded
    qty, reason = 0, Reason.NOT_FILLED_IN_AUCTION
    if within(order.side, price, order.worst_price):
        qty = venue.fillable_qty(account, book, order, -1, price)
        if qty < order.qty:
            reason = Reason.ACCOUNT_AT_LIMIT
        if bounded and left < qty:
            qty, reason = round_down_to(left, book.lot), Reason.NOT_FILLED_IN_AUCTION
    elif order.order_type == OrderType.MARKET:
        reason = Reason.BEYOND_COLLAR
    if qty > 0:
        rule = FillRule.AUCTION_PRINTED if bounded else FillRule.AUCTION_WHOLE
        order.status = advance(order.status, Trigger.ADMIT)
        classes.tell_activated(account, order, out)
        venue.fill(state, account, book, order, price, qty, rule, left, ts, out)
    if order.status != Status.FILLED:
        venue.cancel(state, account, book, order, reason, out)
    return qty if bounded else 0


def miss_opening(state: State, book: Book, out: list[Event]) -> None:
    """End the orders for an opening auction whose print has not come by the close."""
    _expire_all(state, book, TimeInForce.OPG, out)


def await_print(state: State, book: Book, closed_ns: int) -> None:
    """Await the closing print of the session that closed at ``closed_ns``."""
    if book.auctions or len(book.closing):
        book.print_due_ns = closed_ns + AUCTION_WAIT_NS
        state.print_dues[book.instrument_id] = book.print_due_ns


def end_wait(state: State, book: Book) -> None:
    """Await no print any more."""
    book.print_due_ns = 0
    state.print_dues.pop(book.instrument_id, None)
    state.refresh_due()


def end_waits(state: State, ts: int, out: list[Event]) -> None:
    """End orders whose closing print has not come by ``ts``, in the order of the instruments."""
    for instrument_id in sorted(state.print_dues):
        if state.print_dues[instrument_id] <= ts:
            book = state.book(instrument_id)
            assert book is not None
            end_wait(state, book)
            _expire_all(state, book, TimeInForce.CLS, out)


def _expire_all(state: State, book: Book, time_in_force: int, out: list[Event]) -> None:
    orders = book.auction(time_in_force)
    for order in [orders[order_id] for order_id in sorted(orders)]:
        account = state.accounts[order.account_id]
        venue.expire(state, account, book, order, Reason.NO_AUCTION_PRINT, out)
