"""Exits put on a position: they take the place of those it has, or the request changes nothing.

Promises: as linked orders everywhere (``links``, ``classes``). Must not know: how an exit is
filled.
"""

from stockyard.engine import classes, idempotency, links
from stockyard.engine.accounts import Account
from stockyard.engine.books import Book
from stockyard.engine.desk import answer_known, cancel_together
from stockyard.engine.leg_rules import Exits, broken_prices, broken_sides, broken_time
from stockyard.engine.orders import Order
from stockyard.engine.risk import Terms, check_expiry, check_standing
from stockyard.engine.state import State
from stockyard.model.codes import OrderClass, OrderType, Reason
from stockyard.model.commands import SetProtection
from stockyard.model.denials import DenyCode
from stockyard.model.events import CommandDenied, Event


def on_set_protection(state: State, ts: int, command: SetProtection, out: list[Event]) -> None:
    """Put exits on a position, or, with no price at all, take those off that it has."""
    client_order_id, key, digest = command.client_order_id, command.idempotency_key, command.digest
    account = answer_known(state, command.account_id, client_order_id, key, digest, ts, out)
    if account is None:
        return
    present = [
        order
        for order in account.open_orders()
        if order.protects and order.instrument_id == command.instrument_id
    ]
    exits = Exits(
        OrderClass.SIMPLE,
        command.take_profit_limit,
        command.stop_loss_stop,
        command.stop_loss_limit,
        command.stop_loss_trail_price,
        command.stop_loss_trail_ppm,
    )
    if exits.count():
        terms = _check(state, account, command, exits, present, ts)
    else:
        terms = Terms()
        if not present:
            terms.deny(DenyCode.NO_PROTECTION)
    idempotency.remember(state, account, client_order_id, key, digest, ts, terms.code == 0)
    if terms.code:
        out.append(CommandDenied(account.account_id, terms.code, terms.required, terms.available))
        return
    reason = Reason.PROTECTION_REPLACED if exits.count() else Reason.BY_CLIENT
    cancel_together(state, account, present, reason, out)
    if exits.count():
        _put(state, account, command, exits, terms.qty, ts, out)


def _check(
    state: State,
    account: Account,
    command: SetProtection,
    exits: Exits,
    present: list[Order],
    ts: int,
) -> Terms:
    """Decide whether the position may have these exits in the place of those it has."""
    terms = Terms()
    check_standing(account, terms)
    book = state.book(command.instrument_id)
    if book is None:
        terms.deny(DenyCode.UNKNOWN_INSTRUMENT)
        return terms
    if not book.tradable:
        terms.deny(DenyCode.INSTRUMENT_NOT_TRADABLE)
    if command.qty < 0:
        terms.deny(DenyCode.QUANTITY_NOT_POSITIVE)
    if command.qty % book.lot:
        terms.deny(DenyCode.QUANTITY_OFF_LOT)
    terms.deny_all(broken_time(command.time_in_force))
    check_expiry(command.time_in_force, command.expires_ns, terms, ts)
    side = links.closing_side(account, command.instrument_id)
    profit_from, loss_from = book.touch(side), book.market_price(side)
    terms.deny_all(broken_prices(book, exits, loss_from))
    terms.deny_all(broken_sides(book, exits, side, exits.take_profit, profit_from, loss_from))
    _check_position(state, account, command, exits, present, terms)
    if terms.qty > book.qty_max:
        terms.deny(DenyCode.QUANTITY_TOO_LARGE, terms.qty, book.qty_max)
    return terms


def _check_position(
    state: State,
    account: Account,
    command: SetProtection,
    exits: Exits,
    present: list[Order],
    terms: Terms,
) -> None:
    limits = state.limits
    assert limits is not None
    count = len(account.orders) - len(present) + exits.count()
    if count > limits.open_orders_max:
        terms.deny(DenyCode.TOO_MANY_OPEN_ORDERS, count, limits.open_orders_max)
    position = account.positions.get(command.instrument_id)
    if position is None or position.qty == 0:
        terms.deny(DenyCode.NO_POSITION)
        return
    side = links.closing_side(account, command.instrument_id)
    free = links.free_qty(account, command.instrument_id, side)
    free += sum([order.held_qty for order in present])
    terms.qty = command.qty or free
    if terms.qty > free or free == 0:
        terms.deny(DenyCode.PROTECTION_EXCEEDS_POSITION, terms.qty or abs(position.qty), free)


def _put(
    state: State,
    account: Account,
    command: SetProtection,
    exits: Exits,
    qty: int,
    ts: int,
    out: list[Event],
) -> None:
    book = state.book(command.instrument_id)
    assert book is not None
    orders: list[Order] = []
    if exits.take_profit:
        orders.append(_exit(state, account, command, OrderType.LIMIT, exits.take_profit, qty))
    if exits.has_stop_loss():
        kind = exits.stop_type()
        order = _exit(state, account, command, kind, exits.stop_limit, qty)
        order.stop_price = exits.stop
        order.trail_price, order.trail_ppm = exits.trail_price, exits.trail_ppm
        order.await_trigger()
        orders.append(order)
    if len(orders) == 2:
        classes.pair(orders[0], orders[1])
    orders[0].client_order_id = command.client_order_id
    _begin(state, account, book, orders, ts, out)


def _exit(
    state: State,
    account: Account,
    command: SetProtection,
    order_type: int,
    limit_price: int,
    qty: int,
) -> Order:
    order = Order(
        state.next_order_id(),
        account.account_id,
        command.instrument_id,
        links.closing_side(account, command.instrument_id),
        order_type,
        command.time_in_force,
        qty,
        limit_price,
        0,
        0,
        "",
        account.profile_id,
    )
    order.expires_ns = command.expires_ns
    order.protects = True
    order.closes = True
    return order


def _begin(
    state: State, account: Account, book: Book, orders: list[Order], ts: int, out: list[Event]
) -> None:
    for order in orders:
        if len(orders) == 2:
            order.order_class = OrderClass.OCO
        account.orders[order.order_id] = order
    for order in orders:
        classes.price_exit(book, order)
        links.hold_exit(account, order)
        classes.begin(state, book, order, ts, True)
    for order in orders:
        classes.tell_accepted(account, order, out)
    classes.start(state, account, book, orders, ts, out)
