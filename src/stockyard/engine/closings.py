"""The orders by which the house closes positions.

Promises: one market order for all of a position that nothing closes yet. Must not know: why a
position is closed.
"""

from stockyard.engine import classes, links, margin
from stockyard.engine.accounts import Account, Position
from stockyard.engine.books import Book
from stockyard.engine.order_rules import market_worst_price, stop_worst_price
from stockyard.engine.orders import Order
from stockyard.engine.state import State
from stockyard.model.codes import OrderType, TimeInForce
from stockyard.model.events import Event
from stockyard.numerics.arithmetic import round_down_to


def send_closing(
    state: State,
    account: Account,
    book: Book,
    position: Position,
    ts: int,
    out: list[Event],
) -> None:
    """Send a market order for all of a position that nothing closes yet."""
    side = links.closing_side(account, book.instrument_id)
    qty = round_down_to(
        min(links.free_qty(account, book.instrument_id, side), book.qty_max), book.lot
    )
    mark = margin.mark_of(book, position.qty)
    worst = market_worst_price(book, side) or stop_worst_price(book, side, mark)
    if qty == 0 or worst == 0:
        return
    order = Order(
        state.next_order_id(),
        account.account_id,
        book.instrument_id,
        side,
        OrderType.MARKET,
        TimeInForce.DAY,
        qty,
        0,
        0,
        worst,
        "",
        account.profile_id,
    )
    order.closes = order.liquidates = True
    account.orders[order.order_id] = order
    links.hold_exit(account, order)
    classes.begin(state, book, order, ts, True)
    classes.tell_accepted(account, order, out)
    classes.start(state, account, book, [order], ts, out)
