"""The order desk: what happens on each order command.

Promises: a command is answered once, by events; nothing is changed by one that is denied. Must not
know: how a fill is priced (``venue``) or whether the means suffice (``risk``).
"""

from stockyard.engine import classes, idempotency, links, outcomes, travel, venue
from stockyard.engine.accounts import Account
from stockyard.engine.books import Book
from stockyard.engine.choices import take_choice
from stockyard.engine.leg_rules import Exits, broken_time
from stockyard.engine.orders import Order, advance, is_stop
from stockyard.engine.risk import Request, Terms, check_leg, check_order, requested
from stockyard.engine.state import State, count_opening, drop_order, held_qty
from stockyard.model.codes import (
    AccountKind,
    OrderClass,
    OrderType,
    Reason,
    Side,
    Status,
    TimeInForce,
    Trigger,
)
from stockyard.model.commands import (
    CancelAllOrders,
    CancelOrder,
    ClosePosition,
    PlaceOrder,
    ReplaceOrder,
)
from stockyard.model.denials import DenyCode
from stockyard.model.events import (
    CommandDenied,
    CommandRepeated,
    Event,
    OrderReplaced,
)


def answer_known(
    state: State,
    account_id: int,
    client_order_id: str,
    idempotency_key: str,
    digest: bytes,
    ts: int,
    out: list[Event],
) -> Account | None:
    """The account, or None when it is answered already: unknown account, or a key seen before."""
    idempotency.forget_expired(state, ts)
    account = state.accounts.get(account_id)
    if account is None:
        out.append(CommandDenied(account_id, DenyCode.UNKNOWN_ACCOUNT, 0, 0))
        return None
    first_seq = idempotency.find(account, client_order_id, idempotency_key, digest, ts)
    if first_seq == idempotency.REUSED:
        out.append(CommandDenied(account_id, DenyCode.KEY_REUSED, 0, 0))
        return None
    if first_seq:
        idempotency.learn(state, account, idempotency_key, digest, first_seq, ts)
        out.append(CommandRepeated(account_id, first_seq))
        return None
    return account


def on_place_order(state: State, ts: int, command: PlaceOrder, out: list[Event]) -> None:
    """Take or deny a new order."""
    client_order_id, key, digest = command.client_order_id, command.idempotency_key, command.digest
    account = answer_known(state, command.account_id, client_order_id, key, digest, ts, out)
    if account is None:
        return
    request = requested(command)
    if _is_planned_denial(state, account, request, client_order_id, key, digest, ts, out):
        return
    terms = check_order(state, account, request, ts)
    idempotency.remember(state, account, client_order_id, key, digest, ts, terms.code == 0)
    if terms.code:
        _deny(account, terms, out)
    else:
        admit(state, account, request, terms, client_order_id, None, 0, ts, out)


def _is_planned_denial(
    state: State,
    account: Account,
    request: Request,
    client_order_id: str,
    key: str,
    digest: bytes,
    ts: int,
    out: list[Event],
) -> bool:
    """Deny a request if that is planned for it."""
    return state.planned > 0 and outcomes.denies(
        state,
        account,
        request.instrument_id,
        request.side,
        request.order_type,
        client_order_id,
        key,
        digest,
        ts,
        out,
    )


def _lowest(asked: Terms, checked: Terms) -> Terms:
    """Of what a command breaks by itself and what its order would break, the lower number.

    Means come last: those of an order that cannot be are nobody's concern.
    """
    if asked.code == 0:
        return checked
    most = min(asked.code, DenyCode.TOO_MANY_OPEN_ORDERS)
    return checked if 0 < checked.code < most else asked


def _deny(account: Account, terms: Terms, out: list[Event]) -> None:
    out.append(CommandDenied(account.account_id, terms.code, terms.required, terms.available))


def admit(
    state: State,
    account: Account,
    request: Request,
    terms: Terms,
    client_order_id: str,
    replaced: Order | None,
    order_id: int,
    ts: int,
    out: list[Event],
) -> None:
    """Make the order, hold its means, and send it to the venue if its session is open.

    ``order_id``: the id of one that is there already, having travelled as a replacement; 0 else.
    """
    book = state.book(request.instrument_id)
    assert book is not None
    order = Order(
        order_id or state.next_order_id(),
        account.account_id,
        request.instrument_id,
        request.side,
        request.order_type,
        request.time_in_force,
        terms.qty,
        request.limit_price,
        request.notional_micros,
        terms.worst_price,
        client_order_id,
        account.profile_id,
    )
    order.stop_price = request.stop_price
    order.trail_price = request.trail_price
    order.trail_ppm = request.trail_ppm
    order.expires_ns = request.expires_ns
    order.extreme = request.extreme
    order.extended_hours = request.extended_hours
    order.reduce_only, order.post_only = request.reduce_only, request.post_only
    if is_stop(request.order_type):
        order.await_trigger()
        order.awaits_trigger = not request.triggered
    if replaced is not None:
        order.replaces = replaced.order_id
        order.version = replaced.version + 1
        if links.is_leg(replaced):
            order.profile_id = replaced.profile_id
        links.take_over(account, replaced, order)
    order.closes = terms.closes
    if request.lots or (replaced is not None and replaced.choices is not None):
        take_choice(account, order, request.lots, replaced)
    account.orders[order.order_id] = order
    if request.held:
        order.status = advance(order.status, Trigger.HOLD)
        if order.time_in_force == TimeInForce.GTD:
            state.date(order)
        classes.tell_accepted(account, order, out)
        return
    if order.closes:
        links.hold_exit(account, order)
    else:
        _hold_to_open(account, book, order, terms.hold_micros)
    exits = request.exits if replaced is None else None
    _begin_together(state, account, book, order, exits, ts, order_id == 0, out)


def _hold_to_open(account: Account, book: Book, order: Order, hold_micros: int) -> None:
    """Reserve what an order needs that opens a position: cash, and shares to sell short."""
    order.held_micros = hold_micros
    account.held_micros += hold_micros
    if order.side == Side.SELL:
        order.borrowed_qty = order.qty
        book.borrowed_qty += order.qty
    if account.kind == AccountKind.MARGIN:
        count_opening(account, order, 1)


def _begin_together(
    state: State,
    account: Account,
    book: Book,
    order: Order,
    exits: Exits | None,
    ts: int,
    travels: bool,
    out: list[Event],
) -> None:
    """Make an order's exits and begin what begins with it."""
    working = [order]
    legs: list[Order] = []
    if exits is not None:
        order.order_class = exits.order_class
        legs = classes.make_legs(state, account, order, exits)
        if order.order_class == OrderClass.OCO:
            working.extend(legs)
    for each in working:
        if each is not order:
            classes.price_exit(book, each)
        classes.begin(state, book, each, ts, travels)
    classes.tell_accepted(account, order, out)
    for leg in legs:
        classes.tell_accepted(account, leg, out)
    classes.start(state, account, book, working, ts, out)


def on_cancel_order(state: State, ts: int, command: CancelOrder, out: list[Event]) -> None:
    """Cancel one open order."""
    key, digest = command.idempotency_key, command.digest
    account = answer_known(state, command.account_id, "", key, digest, ts, out)
    if account is None:
        return
    order = account.orders.get(command.order_id)
    change = account.changes.get(command.order_id)
    if change is not None:
        order = account.orders.get(change.command.order_id)
    code = 0
    if order is None:
        code = DenyCode.ORDER_NOT_OPEN
    elif order.cancel_ns:
        code = DenyCode.CHANGE_UNDER_WAY
    elif order.liquidates:
        code = DenyCode.LIQUIDATION_ORDER
    idempotency.remember(state, account, "", key, digest, ts, code == 0)
    if order is None or code:
        out.append(CommandDenied(account.account_id, code, 0, 0))
    else:
        _cancel_asked(state, account, order, ts, out)


def _cancel_asked(state: State, account: Account, order: Order, ts: int, out: list[Event]) -> None:
    """Cancel an order, or send the cancellation where that takes time."""
    delay_ns = travel.change_latency_ns(state, order)
    if delay_ns:
        travel.send_cancel(state, account, order, delay_ns, ts, out)
    else:
        cancel_by_client(state, account, order, Reason.BY_CLIENT, out)


def cancel_by_client(
    state: State, account: Account, order: Order, reason: int, out: list[Event]
) -> None:
    """Cancel an order at once, and give up its replacement if one is under way."""
    travel.give_up_change(account, order, reason, out)
    book = state.book(order.instrument_id)
    assert book is not None
    venue.cancel(state, account, book, order, reason, out)


def cancel_together(
    state: State, account: Account, orders: list[Order], reason: int, out: list[Event]
) -> None:
    """Cancel orders and whatever is linked with them in one step: no leg comes alive meanwhile."""
    for order in orders:
        links.sever(order)
    for order in orders:
        cancel_by_client(state, account, order, reason, out)


def on_cancel_all_orders(state: State, ts: int, command: CancelAllOrders, out: list[Event]) -> None:
    """Cancel every open order, oldest first; none open is no error and gives no event.

    What the house made to meet a margin call stays.
    """
    key, digest = command.idempotency_key, command.digest
    account = answer_known(state, command.account_id, "", key, digest, ts, out)
    if account is None:
        return
    idempotency.remember(state, account, "", key, digest, ts, True)
    wanted = command.instrument_id
    at_once: list[Order] = []
    for order in account.open_orders():
        if order.liquidates:
            continue
        if wanted in (0, order.instrument_id) and order.cancel_ns == 0:
            if travel.change_latency_ns(state, order):
                _cancel_asked(state, account, order, ts, out)
            else:
                at_once.append(order)
    cancel_together(state, account, at_once, Reason.BY_CLIENT, out)


def on_replace_order(state: State, ts: int, command: ReplaceOrder, out: list[Event]) -> None:
    """Put a new order in the place of an open one."""
    client_order_id, key, digest = command.client_order_id, command.idempotency_key, command.digest
    account = answer_known(state, command.account_id, client_order_id, key, digest, ts, out)
    if account is None:
        return
    order = account.orders.get(command.order_id)
    if (
        state.planned
        and order is not None
        and outcomes.denies(
            state,
            account,
            order.instrument_id,
            order.side,
            order.order_type,
            client_order_id,
            key,
            digest,
            ts,
            out,
        )
    ):
        return
    terms = Terms()
    request: Request | None = None
    if order is None:
        terms.deny(DenyCode.ORDER_NOT_OPEN)
    else:
        if order.cancel_ns or order.change_id:
            terms.deny(DenyCode.CHANGE_UNDER_WAY)
        request = _replacement(state, account, order, command, terms)
        if request.held:
            terms = _lowest(terms, check_leg(state, account, request, ts))
        else:
            terms = _lowest(terms, check_order(state, account, request, ts))
    idempotency.remember(state, account, client_order_id, key, digest, ts, terms.code == 0)
    if terms.code or order is None or request is None:
        _deny(account, terms, out)
        return
    delay_ns = travel.change_latency_ns(state, order)
    if delay_ns:
        travel.send_change(state, account, order, command, delay_ns, ts, out)
    else:
        _put_in_place(state, account, order, request, terms, client_order_id, 0, ts, out)


def replace_now(
    state: State,
    account: Account,
    order: Order,
    command: ReplaceOrder,
    order_id: int,
    ts: int,
    out: list[Event],
) -> bool:
    """Replace an order by the one ``order_id`` if that may still be; whether it was."""
    terms = Terms()
    if order.cancel_ns:
        terms.deny(DenyCode.CHANGE_UNDER_WAY)
    request = _replacement(state, account, order, command, terms)
    terms = _lowest(terms, check_order(state, account, request, ts))
    if terms.code:
        return False
    name = command.client_order_id
    _put_in_place(state, account, order, request, terms, name, order_id, ts, out)
    return True


def _put_in_place(
    state: State,
    account: Account,
    order: Order,
    request: Request,
    terms: Terms,
    client_order_id: str,
    order_id: int,
    ts: int,
    out: list[Event],
) -> None:
    """End an order as replaced, and admit the one in its place."""
    book = state.book(order.instrument_id)
    assert book is not None
    drop_order(state, account, book, order)
    order.status = advance(order.status, Trigger.REPLACE)
    out.append(
        OrderReplaced(
            order.order_id,
            order.account_id,
            order.instrument_id,
            order_id or state.peek_order_id(),
            account.held_micros,
            held_qty(account, order.instrument_id),
        )
    )
    admit(state, account, request, terms, client_order_id, order, order_id, ts, out)


def _replacement(
    state: State, account: Account, order: Order, command: ReplaceOrder, terms: Terms
) -> Request:
    """The order as it would be; ``terms`` says what forbids it."""
    total = command.qty or order.qty
    leaves = total - order.filled_qty if total > order.filled_qty else total
    price = command.limit_price or order.limit_price
    tif = command.time_in_force or order.time_in_force
    request = Request(order.instrument_id, order.side, order.order_type, tif, leaves, price, 0)
    triggered = is_stop(order.order_type) and not order.awaits_trigger
    request.triggered = triggered
    stop = 0 if order.order_type == OrderType.TRAILING_STOP else order.stop_price
    request.stop_price = command.stop_price or stop
    request.trail_price, request.trail_ppm = order.trail_price, order.trail_ppm
    if command.trail_price or command.trail_ppm:
        request.trail_price, request.trail_ppm = command.trail_price, command.trail_ppm
    if tif == TimeInForce.GTD and order.time_in_force == TimeInForce.GTD:
        request.expires_ns = command.expires_ns or order.expires_ns
    else:
        request.expires_ns = command.expires_ns
    request.extended_hours = order.extended_hours
    request.reduce_only, request.post_only = order.reduce_only, order.post_only
    request.freed_micros = order.held_micros
    request.freed_qty = order.held_qty
    request.freed_borrow = order.borrowed_qty
    request.freed_orders = 1
    request.replaced_id = order.order_id
    request.locate = order.borrowed_qty > 0
    _replace_linked(state, account, order, request, command.qty, terms)
    if order.choices is not None and total != order.qty:
        terms.deny(DenyCode.CHOSEN_QUANTITY_FIXED, order.qty, total)
    if order.liquidates:
        terms.deny(DenyCode.LIQUIDATION_ORDER)
    elif command.qty and command.qty <= order.filled_qty:
        terms.deny(DenyCode.REPLACE_NOT_ABOVE_FILLED, order.filled_qty + 1, command.qty)
    elif total == order.qty and same_terms(order, request, price, tif):
        terms.deny(DenyCode.REPLACE_CHANGES_NOTHING)
    elif order.notional_micros:
        terms.deny(DenyCode.NOTIONAL_NOT_REPLACEABLE)
    elif triggered and (command.stop_price or command.trail_price or command.trail_ppm):
        terms.deny(DenyCode.ALREADY_TRIGGERED)
    return request


def _replace_linked(
    state: State, account: Account, order: Order, request: Request, qty: int, terms: Terms
) -> None:
    """Add what a replacement keeps of the order's links, and what these forbid."""
    book = state.book(order.instrument_id)
    assert book is not None
    if order.order_type == OrderType.TRAILING_STOP and order.awaits_trigger:
        trails = (request.trail_price, request.trail_ppm)
        if trails == (order.trail_price, order.trail_ppm):
            armed = order.is_armed
            request.extreme = book.triggers.extreme_of(order) if armed else order.extreme
    request.exits = classes.exits_of(account, order)
    if not links.is_leg(order):
        return
    other = links.sibling_of(account, order)
    if other is not None:
        request.freed_qty += other.held_qty
    request.held = order.status == Status.HELD
    if qty and qty != order.qty:
        terms.deny(DenyCode.LEG_QUANTITY_FIXED)
    terms.deny_all(broken_time(request.time_in_force))
    terms.deny_all(classes.replaced_leg(book, account, order, request))


def same_terms(order: Order, request: Request, price: int, tif: int) -> bool:
    """Whether a replacement leaves everything but the quantity as it is."""
    if tif != order.time_in_force or price != order.limit_price:
        return False
    if tif == TimeInForce.GTD and request.expires_ns != order.expires_ns:
        return False
    if order.order_type == OrderType.TRAILING_STOP:
        return request.trail_price == order.trail_price and request.trail_ppm == order.trail_ppm
    return request.stop_price == order.stop_price


def on_close_position(state: State, ts: int, command: ClosePosition, out: list[Event]) -> None:
    """Close a position, or part of it, with a day market order."""
    client_order_id, key, digest = command.client_order_id, command.idempotency_key, command.digest
    account = answer_known(state, command.account_id, client_order_id, key, digest, ts, out)
    if account is None:
        return
    request, terms = _closing(state, account, command)
    if _is_planned_denial(state, account, request, client_order_id, key, digest, ts, out):
        return
    terms = _lowest(terms, check_order(state, account, request, ts))
    idempotency.remember(state, account, client_order_id, key, digest, ts, terms.code == 0)
    if terms.code:
        _deny(account, terms, out)
        return
    if command.cancel_orders:
        orders = _in_the_way(account, command)
        cancel_together(state, account, orders, Reason.POSITION_CLOSED, out)
    admit(state, account, request, terms, client_order_id, None, 0, ts, out)


def _closing(state: State, account: Account, command: ClosePosition) -> tuple[Request, Terms]:
    """The closing order, and whether there is anything to close."""
    terms = Terms()
    position = account.positions.get(command.instrument_id)
    qty = command.qty
    if position is None or position.qty == 0:
        terms.deny(DenyCode.NO_POSITION)
    else:
        freed = sum([order.held_qty for order in _in_the_way(account, command)])
        qty = qty or abs(position.qty) - position.held_qty + freed
        if qty == 0:
            terms.deny(DenyCode.EXCEEDS_POSITION, abs(position.qty), 0)
    book = state.book(command.instrument_id)
    if qty == 0 and book is not None:
        qty = book.lot
    side = links.closing_side(account, command.instrument_id)
    request = Request(command.instrument_id, side, OrderType.MARKET, TimeInForce.DAY, qty, 0, 0)
    for order in _in_the_way(account, command):
        request.freed_qty += order.held_qty
        request.freed_orders += 1
    return request, terms


def _in_the_way(account: Account, command: ClosePosition) -> list[Order]:
    """The orders that the closing of a position first cancels."""
    if not command.cancel_orders:
        return []
    return [
        order
        for order in account.open_orders()
        if order.instrument_id == command.instrument_id and not order.liquidates
    ]


def come_alive(state: State, book: Book, ts: int, out: list[Event]) -> None:
    """Bring the queued orders alive that trade in the phase that has begun, oldest first."""
    for order in [book.queued[order_id] for order_id in sorted(book.queued)]:
        if not book.trades(order.extended_hours):
            continue
        account = state.accounts[order.account_id]
        other = links.sibling_of(account, order)
        if other is not None and is_stop(other.order_type):
            _activate(state, account, book, other, ts, out)
        _activate(state, account, book, order, ts, out)


def _activate(
    state: State, account: Account, book: Book, order: Order, ts: int, out: list[Event]
) -> None:
    if book.queued.pop(order.order_id, None) is not None:
        order.status = advance(order.status, Trigger.ADMIT)
        classes.tell_activated(account, order, out)
        venue.arrive(state, account, book, order, ts, out)


def end_day_orders(state: State, book: Book, extended_hours: bool, out: list[Event]) -> None:
    """End the day orders with or without the flag for extended hours, oldest first."""
    for order in [book.day_orders[order_id] for order_id in sorted(book.day_orders)]:
        if order.extended_hours != extended_hours or order.order_id not in book.day_orders:
            continue
        account = state.accounts[order.account_id]
        venue.expire(state, account, book, order, Reason.DAY_ENDED, out)
