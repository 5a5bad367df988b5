"""Stop orders coming alive: what a price triggers, and how a triggered order goes on.

Promises: trades trigger; in a book that has seen none, the bid triggers stops to sell and the ask
those to buy. What one price triggers comes alive oldest first. Must not know: how waiting stops are
kept (``triggers``) or how an order is filled (``venue``).
"""

from stockyard.engine import outcomes, travel, venue
from stockyard.engine.accounts import Account
from stockyard.engine.books import Book
from stockyard.engine.margin import free_micros
from stockyard.engine.order_rules import market_worst_price
from stockyard.engine.orders import Order
from stockyard.engine.risk import opening_hold
from stockyard.engine.state import State, held_qty
from stockyard.engine.triggers import stop_at
from stockyard.model.codes import OrderType, Side
from stockyard.model.events import Event, OrderTriggered


def on_print(state: State, book: Book, price: int, ts: int, out: list[Event]) -> None:
    """Trigger what a trade's price reaches."""
    triggers = book.triggers
    if triggers.armed == 0 or not book.is_open or book.halted:
        return
    if not triggers.stirs(Side.BUY, price) and not triggers.stirs(Side.SELL, price):
        return
    found: list[Order] = []
    extremes: dict[int, int] = {}
    book.triggers.pull(Side.BUY, price, found, extremes)
    book.triggers.pull(Side.SELL, price, found, extremes)
    _come_alive(state, book, price, price, found, extremes, ts, out)


def on_touch(state: State, book: Book, ts: int, out: list[Event]) -> None:
    """Trigger what the bid and the ask reach, in a book that has seen no trade."""
    if book.triggers.armed == 0 or book.last_price or book.halted:
        return
    if not book.is_open or not book.quoted():
        return
    stirred = book.ask > 0 and book.triggers.stirs(Side.BUY, book.ask)
    if not stirred and not (book.bid > 0 and book.triggers.stirs(Side.SELL, book.bid)):
        return
    found: list[Order] = []
    extremes: dict[int, int] = {}
    if book.ask:
        book.triggers.pull(Side.BUY, book.ask, found, extremes)
    if book.bid:
        book.triggers.pull(Side.SELL, book.bid, found, extremes)
    _come_alive(state, book, book.ask, book.bid, found, extremes, ts, out)


def trail(state: State, account_id: int, order_id: int) -> tuple[int, int]:
    """The extreme that a waiting trailing stop has seen, and its stop; (0, 0) for any other."""
    account = state.accounts.get(account_id)
    order = account.orders.get(order_id) if account is not None else None
    if order is None or order.order_type != OrderType.TRAILING_STOP:
        return 0, 0
    if not order.is_armed:
        return 0, 0
    book = state.book(order.instrument_id)
    assert book is not None
    extreme = book.triggers.extreme_of(order)
    return (extreme, stop_at(order, extreme)) if extreme else (0, 0)


def _order_id(order: Order) -> int:
    return order.order_id


def _come_alive(
    state: State,
    book: Book,
    buy_price: int,
    sell_price: int,
    found: list[Order],
    extremes: dict[int, int],
    ts: int,
    out: list[Event],
) -> None:
    if len(found) > 1:
        found.sort(key=_order_id)
    for order in found:
        account = state.accounts[order.account_id]
        order.awaits_trigger = False
        if order.order_type == OrderType.TRAILING_STOP:
            order.stop_price = stop_at(order, extremes[order.order_id])
        if order.order_type == OrderType.STOP_LIMIT:
            order.works_as = OrderType.LIMIT
        else:
            order.works_as = OrderType.MARKET
            _price_anew(state, account, book, order, ts)
        planned = state.planned > 0 and outcomes.meets_triggered(state, account, book, order, ts)
        out.append(
            OrderTriggered(
                order.order_id,
                order.account_id,
                order.instrument_id,
                buy_price if order.side == Side.BUY else sell_price,
                order.stop_price,
                order.worst_price if order.works_as == OrderType.MARKET else 0,
                account.held_micros,
                held_qty(account, order.instrument_id),
            )
        )
        if planned:
            outcomes.happens(state, account, book, order, ts, out)
        elif not travel.sets_out(state, order, ts):
            venue.work(state, account, book, order, ts, out)


def _price_anew(state: State, account: Account, book: Book, order: Order, ts: int) -> None:
    """Give a triggered order the collar of the quote it now sees.

    One that opens a position keeps the collar around its stop where the account cannot hold more
    for a wider one: what it reserved when it was placed is what it may use.
    """
    worst = market_worst_price(book, order.side)
    if worst == 0:
        return
    if not order.closes:
        leaves = order.qty - order.filled_qty
        hold = opening_hold(
            state,
            account,
            book,
            order.profile_id,
            order.side,
            worst,
            leaves,
            order.filled_value,
            order.filled_qty,
            0,
            ts,
        )
        more = hold - order.held_micros
        if more > 0 and more > free_micros(state, account):
            return
        account.held_micros += more
        order.held_micros = hold
    order.worst_price = worst
