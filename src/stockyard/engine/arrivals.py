"""What reaches the venue after its latency: orders, cancellations, replacements.

Promises: each is acted on at its own time, before anything later, against the market as it is
then; what comes to nothing by then is told as such. Must not know: how long anything travels
(``travel``).
"""

from stockyard.engine import classes, desk, outcomes, venue
from stockyard.engine.accounts import Account
from stockyard.engine.orders import Order, advance, is_for_auction
from stockyard.engine.state import Errand, State, held_qty
from stockyard.model.codes import Reason, Status, TimeInForce, Trigger
from stockyard.model.events import Event, OrderRejected


def reach_venue(state: State, ts: int, out: list[Event]) -> None:
    """Act on the next of what reaches the venue by ``ts``."""
    each = state.take_arrival(ts)
    if each is None:
        return
    _, number, errand, account_id = each
    account = state.accounts[account_id]
    if errand == Errand.REPLACE:
        _replace(state, account, number, ts, out)
        return
    order = account.orders[number]
    if errand == Errand.CANCEL:
        desk.cancel_by_client(state, account, order, Reason.BY_CLIENT, out)
    elif errand == Errand.END:
        outcomes.end(state, account, order, out)
    else:
        arrive(state, account, order, ts, out)


def arrive(state: State, account: Account, order: Order, ts: int, out: list[Event]) -> None:
    """Bring an order alive, or, where its session has closed meanwhile, let it wait for the next.

    One whose cancellation follows is canceled then, as is one that must be filled at once.
    """
    book = state.book(order.instrument_id)
    assert book is not None
    in_auction = is_for_auction(order.time_in_force)
    trades = book.trades(order.extended_hours) and not in_auction
    if order.status == Status.PENDING_CANCEL and not trades:
        desk.cancel_by_client(state, account, order, Reason.BY_CLIENT, out)
        return
    order.arrives_ns = 0
    waits = order.status == Status.PENDING_NEW and not trades
    if waits and order.time_in_force not in (TimeInForce.IOC, TimeInForce.FOK):
        order.status = advance(order.status, Trigger.QUEUE)
        queue = book.auction(order.time_in_force) if in_auction else book.queued
        queue[order.order_id] = order
    elif order.status == Status.PENDING_NEW:
        order.status = advance(order.status, Trigger.ADMIT)
    classes.tell_activated(account, order, out, order.sent_ns)
    if order.filled_qty:
        venue.work(state, account, book, order, ts, out)
    elif order.status != Status.ACCEPTED:
        venue.arrive(state, account, book, order, ts, out)


def _replace(state: State, account: Account, number: int, ts: int, out: list[Event]) -> None:
    """Replace an order, if it still is open and may still be what the replacement asks."""
    change = account.changes.pop(number)
    command = change.command
    order = account.orders.get(command.order_id)
    reason = Reason.REPLACED_TOO_LATE
    if order is not None:
        order.change_id = 0
        if desk.replace_now(state, account, order, command, number, ts, out):
            return
        reason = Reason.REPLACEMENT_UNFIT
    out.append(
        OrderRejected(
            number,
            account.account_id,
            change.instrument_id,
            reason,
            account.held_micros,
            held_qty(account, change.instrument_id),
        )
    )
