"""What sets out for the venue and is on its way: orders, cancellations, replacements.

Promises: under a profile without latency nothing is ever under way. Must not know: what happens on
arrival (``arrivals``).
"""

from stockyard.engine.accounts import Account, Change
from stockyard.engine.orders import Order, advance
from stockyard.engine.state import Errand, State, held_qty
from stockyard.model.codes import Reason, Status, Trigger
from stockyard.model.commands import ReplaceOrder
from stockyard.model.events import Event, OrderCanceled, OrderChangeSent


def sets_out(state: State, order: Order, ts: int) -> bool:
    """Send an order to the venue; False where that takes no time."""
    latency_ns = state.profiles[order.profile_id].latency_ns
    if latency_ns == 0:
        return False
    order.sent_ns = ts
    order.arrives_ns = ts + latency_ns
    state.send(order.arrives_ns, order.order_id, Errand.ARRIVE, order.account_id)
    return True


def change_latency_ns(state: State, order: Order) -> int:
    """How long a change of an order takes; one that is not in the market yet changes at once."""
    if order.status in (Status.ACCEPTED, Status.HELD):
        return 0
    return state.profiles[order.profile_id].latency_ns


def send_cancel(
    state: State, account: Account, order: Order, delay_ns: int, ts: int, out: list[Event]
) -> None:
    """Send the cancellation of an order; a replacement under way is given up at once."""
    give_up_change(account, order, Reason.BY_CLIENT, out)
    order.cancel_ns = ts + delay_ns
    order.status = advance(order.status, Trigger.SEND_CANCEL)
    state.send(order.cancel_ns, order.order_id, Errand.CANCEL, order.account_id)
    _tell(order, order.cancel_ns, None, 0, out)


def send_change(
    state: State,
    account: Account,
    order: Order,
    command: ReplaceOrder,
    delay_ns: int,
    ts: int,
    out: list[Event],
) -> None:
    """Send the replacement of an order."""
    change = Change(state.next_order_id(), order.instrument_id, ts + delay_ns, command)
    account.changes[change.new_order_id] = change
    order.change_id = change.new_order_id
    state.send(change.arrives_ns, change.new_order_id, Errand.REPLACE, account.account_id)
    _tell(order, change.arrives_ns, change, account.profile_id, out)


def give_up_change(account: Account, order: Order, reason: int, out: list[Event]) -> None:
    """Give up the replacement of an order that is under way, if there is one."""
    if order.change_id:
        del account.changes[order.change_id]
        out.append(
            OrderCanceled(
                order.change_id,
                order.account_id,
                order.instrument_id,
                reason,
                account.held_micros,
                held_qty(account, order.instrument_id),
            )
        )
        order.change_id = 0


def _tell(
    order: Order, arrives_ns: int, change: Change | None, profile_id: int, out: list[Event]
) -> None:
    asked = change.command if change is not None else None
    new = asked is not None
    out.append(
        OrderChangeSent(
            order.order_id,
            order.account_id,
            order.instrument_id,
            order.status,
            arrives_ns,
            change.new_order_id if change is not None else 0,
            order.side,
            order.order_type,
            (asked.time_in_force if asked is not None else 0) or order.time_in_force,
            (asked.qty if asked is not None else 0) or order.qty,
            (asked.limit_price if asked is not None else 0) or order.limit_price,
            asked.client_order_id if asked is not None else order.client_order_id,
            profile_id if new else order.profile_id,
            order.version + 1 if new else order.version,
            (asked.expires_ns if asked is not None else 0) or order.expires_ns,
            (asked.stop_price if asked is not None else 0) or order.stop_price,
            (asked.trail_price if asked is not None else 0) or order.trail_price,
            (asked.trail_ppm if asked is not None else 0) or order.trail_ppm,
            order.closes,
        )
    )
