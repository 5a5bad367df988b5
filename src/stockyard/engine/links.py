"""Linked orders: what a fill, an end or a replacement of one does to the others.

Promises: the two exits of a pair share one reservation of the position, which the first of them
holds, and have the same quantity left; when one has ended so has the other. An entry that ends is
noted for its legs to come alive (``classes.wake``). Must not know: prices, quotes, or commands.
"""

from stockyard.engine.accounts import Account
from stockyard.engine.books import Book
from stockyard.engine.orders import Order, advance
from stockyard.engine.state import State, drop_order, held_qty
from stockyard.model.codes import Reason, Side, Status, Trigger
from stockyard.model.events import Event, OrderCanceled, OrderReduced


def is_leg(order: Order) -> bool:
    """Whether another order or the position decides on this one's quantity."""
    return order.parent_id != 0 or order.sibling_id != 0 or order.protects


def sibling_of(account: Account, order: Order) -> Order | None:
    """The other exit of an open pair."""
    return account.orders.get(order.sibling_id) if order.sibling_id else None


def open_legs(account: Account, order: Order) -> list[Order]:
    """An entry's legs that are open, the take-profit first."""
    legs: list[Order] = []
    for order_id in (order.take_profit_id, order.stop_loss_id):
        leg = account.orders.get(order_id) if order_id else None
        if leg is not None:
            legs.append(leg)
    return legs


def closing_side(account: Account, instrument_id: int) -> int:
    """The side of the orders that reduce a position."""
    position = account.positions.get(instrument_id)
    return Side.BUY if position is not None and position.qty < 0 else Side.SELL


def free_qty(account: Account, instrument_id: int, side: int) -> int:
    """What orders of ``side`` could still close of a position."""
    position = account.positions.get(instrument_id)
    if position is None or side != closing_side(account, instrument_id):
        return 0
    return max(0, abs(position.qty) - position.held_qty)


def hold_exit(account: Account, order: Order) -> None:
    """Reserve what an exit would close, unless the other of its pair does."""
    other = sibling_of(account, order)
    if other is not None and other.held_qty:
        return
    order.held_qty = order.qty
    account.position(order.instrument_id).held_qty += order.qty


def take_over(account: Account, old: Order, new: Order) -> None:
    """Put a replacement into every link of the order it replaces."""
    new.order_class, new.protects = old.order_class, old.protects
    new.parent_id, new.sibling_id = old.parent_id, old.sibling_id
    new.filled_before = old.filled_before + old.filled_qty
    other = sibling_of(account, old)
    if other is not None:
        other.sibling_id = new.order_id
    parent = account.orders.get(old.parent_id) if old.parent_id else None
    if parent is not None:
        if parent.take_profit_id == old.order_id:
            parent.take_profit_id = new.order_id
        else:
            parent.stop_loss_id = new.order_id
    for leg in open_legs(account, old):
        if leg.order_id == old.take_profit_id:
            new.take_profit_id = leg.order_id
        else:
            new.stop_loss_id = leg.order_id
        leg.parent_id = new.order_id
        leg.qty = new.filled_before + new.qty


def sever(order: Order) -> None:
    """Undo an order's links, for all linked with it end in the same step."""
    order.sibling_id = order.take_profit_id = order.stop_loss_id = 0


def shrink_other(account: Account, order: Order, qty: int) -> None:
    """Free a fill of one exit from what its pair holds, and take it off the other."""
    other = sibling_of(account, order)
    if other is None:
        return
    if other.held_qty:
        other.held_qty -= qty
        account.positions[other.instrument_id].held_qty -= qty
    if order.filled_qty < order.qty:
        other.qty -= qty


def after_fill(state: State, account: Account, book: Book, order: Order, out: list[Event]) -> None:
    """Tell what a fill did to the other exit; note an entry that is filled."""
    if order.status == Status.FILLED:
        _let_go(state, account, book, order, Reason.OTHER_LEG_FILLED, out)
        return
    other = sibling_of(account, order)
    if other is not None:
        out.append(
            OrderReduced(
                other.order_id,
                other.account_id,
                other.instrument_id,
                other.qty,
                account.held_micros,
                held_qty(account, other.instrument_id),
            )
        )


def after_end(state: State, account: Account, book: Book, order: Order, out: list[Event]) -> None:
    """Cancel the other exit of one that has ended unfilled; note an entry that has."""
    _let_go(state, account, book, order, Reason.OTHER_LEG_ENDED, out)


def _let_go(
    state: State, account: Account, book: Book, order: Order, reason: int, out: list[Event]
) -> None:
    other = sibling_of(account, order)
    if other is not None:
        end_canceled(state, account, book, other, reason, out)
    if order.take_profit_id or order.stop_loss_id:
        state.waking.append(order)


def end_canceled(
    state: State, account: Account, book: Book, order: Order, reason: int, out: list[Event]
) -> None:
    """End an order and free what it holds, whatever is linked with it."""
    drop_order(state, account, book, order)
    order.status = advance(order.status, Trigger.CANCEL)
    out.append(
        OrderCanceled(
            order.order_id,
            order.account_id,
            order.instrument_id,
            reason,
            account.held_micros,
            held_qty(account, order.instrument_id),
        )
    )
