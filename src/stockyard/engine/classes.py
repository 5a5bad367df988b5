"""Brackets, OCO, OTO and protections: making linked orders, and bringing legs alive.

Promises: legs come alive once whatever ended their entry has run its course, for what the entry and
those it replaced have filled, and never for more than the position has free; of a pair the stop is
ready first. Must not know: how a fill is priced.
"""

from stockyard.engine import links, outcomes, travel, venue
from stockyard.engine.accounts import Account
from stockyard.engine.books import Book
from stockyard.engine.choices import chosen_by
from stockyard.engine.leg_rules import (
    Broken,
    Exits,
    broken_sides,
    entry_price,
    exit_side,
    opposite,
)
from stockyard.engine.order_rules import Priced, worst_price
from stockyard.engine.orders import Order, advance, is_for_auction, is_stop
from stockyard.engine.state import State, held_qty
from stockyard.model.codes import (
    OrderClass,
    OrderType,
    Reason,
    Status,
    TimeInForce,
    Trigger,
)
from stockyard.model.denials import DenyCode
from stockyard.model.events import Event, OrderAccepted, OrderActivated
from stockyard.numerics.arithmetic import round_down_to


def exits_of(account: Account, entry: Order) -> Exits | None:
    """The exits that an entry's open legs are, or None when it has none."""
    if not entry.take_profit_id and not entry.stop_loss_id:
        return None
    return _together(entry.order_class, links.open_legs(account, entry))


def _together(order_class: int, legs: list[Order]) -> Exits | None:
    exits = Exits(order_class, 0, 0, 0, 0, 0)
    for leg in legs:
        if leg.order_type == OrderType.LIMIT:
            exits.take_profit = leg.limit_price
        else:
            exits.stop, exits.stop_limit = leg.stop_price, leg.limit_price
            exits.trail_price, exits.trail_ppm = leg.trail_price, leg.trail_ppm
    return exits if exits.count() else None


def replaced_leg(book: Book, account: Account, order: Order, asked: Priced) -> Broken:
    """Which rules of a pair, or of an entry and its legs, a leg's new prices break."""
    legs: list[Order] = []
    other = links.sibling_of(account, order)
    if other is not None:
        legs.append(other)
    exits = _together(order.order_class, legs) or Exits(order.order_class, 0, 0, 0, 0, 0)
    if asked.order_type == OrderType.LIMIT:
        exits.take_profit = asked.limit_price
    else:
        exits.stop, exits.stop_limit = asked.stop_price, asked.limit_price
    price = 0
    parent = account.orders.get(order.parent_id) if order.parent_id else None
    if order.status == Status.HELD and parent is not None:
        triggered = is_stop(parent.order_type) and not parent.awaits_trigger
        price = entry_price(
            book,
            parent.side,
            parent.order_type,
            parent.limit_price,
            parent.stop_price,
            triggered,
        )
    found = broken_sides(book, exits, order.side, exits.take_profit, price, price)
    if 0 < price <= asked.trail_price:
        found.append((DenyCode.LEG_TRAIL_OUT_OF_RANGE, asked.trail_price, price))
    return found


def make_legs(state: State, account: Account, main: Order, exits: Exits) -> list[Order]:
    """The orders that a new order's exits become: legs that are held, or the stop of an OCO."""
    side = exit_side(exits, main.side)
    legs: list[Order] = []
    if exits.take_profit:
        leg = _leg(state, main, side, OrderType.LIMIT, exits.take_profit)
        main.take_profit_id = leg.order_id
        legs.append(leg)
    if exits.has_stop_loss():
        leg = _leg(state, main, side, exits.stop_type(), exits.stop_limit)
        leg.stop_price = exits.stop
        leg.trail_price, leg.trail_ppm = exits.trail_price, exits.trail_ppm
        leg.await_trigger()
        if exits.order_class == OrderClass.OCO:
            pair(main, leg)
        else:
            main.stop_loss_id = leg.order_id
        legs.append(leg)
    if len(legs) == 2:
        pair(legs[0], legs[1])
    for leg in legs:
        account.orders[leg.order_id] = leg
        if exits.order_class != OrderClass.OCO:
            leg.parent_id = main.order_id
            leg.status = advance(leg.status, Trigger.HOLD)
            if leg.time_in_force == TimeInForce.GTD:
                state.date(leg)
    return legs


def pair(profit: Order, loss: Order) -> None:
    """Make two exits a pair."""
    profit.sibling_id, loss.sibling_id = loss.order_id, profit.order_id


def _leg(state: State, main: Order, side: int, order_type: int, limit_price: int) -> Order:
    leg = Order(
        state.next_order_id(),
        main.account_id,
        main.instrument_id,
        side,
        order_type,
        main.time_in_force,
        main.qty,
        limit_price,
        0,
        0,
        "",
        main.profile_id,
    )
    leg.order_class = main.order_class
    leg.protects = main.protects
    leg.closes = True
    if main.time_in_force == TimeInForce.GTD:
        leg.expires_ns = main.expires_ns
    return leg


def price_exit(book: Book, order: Order) -> None:
    """Give an exit the worst price it may trade at from now on."""
    priced = Priced(order.side, order.order_type, order.limit_price)
    priced.stop_price = order.stop_price
    priced.trail_price, priced.trail_ppm = order.trail_price, order.trail_ppm
    order.worst_price = worst_price(book, priced)


def begin(state: State, book: Book, order: Order, ts: int, travels: bool) -> None:
    """Let an order's life begin: in its session, or in the line for the next one or its auction.

    ``travels``: it is not at the venue yet, which may take time.
    """
    if order.time_in_force == TimeInForce.DAY:
        book.day_orders[order.order_id] = order
        calendar = state.calendars.get(book.calendar_id)
        flagged = order.extended_hours
        order.expires_ns = calendar.day_ends_ns(flagged) if calendar is not None else 0
    elif order.time_in_force == TimeInForce.GTD and order.status != Status.HELD:
        state.date(order)
    if state.planned and outcomes.meets(state, book, order, ts):
        return
    works = book.trades(order.extended_hours) and not is_for_auction(order.time_in_force)
    if not works:
        order.status = advance(order.status, Trigger.QUEUE)
    elif travels and travel.sets_out(state, order, ts):
        order.status = advance(order.status, Trigger.SEND)
    else:
        order.status = advance(order.status, Trigger.ADMIT)


def start(
    state: State, account: Account, book: Book, orders: list[Order], ts: int, out: list[Event]
) -> None:
    """Work orders that have begun, the stop of a pair (which comes second) first."""
    for order in reversed(orders):
        if order.rule is not None and outcomes.happens(state, account, book, order, ts, out):
            continue
        if order.order_id not in account.orders or order.arrives_ns:
            continue
        if order.status != Status.ACCEPTED:
            venue.arrive(state, account, book, order, ts, out)
        elif is_for_auction(order.time_in_force):
            book.auction(order.time_in_force)[order.order_id] = order
        else:
            book.queued[order.order_id] = order


def wake(state: State, ts: int, out: list[Event]) -> None:
    """Bring the legs of entries that have ended alive, in the order in which these ended."""
    while state.waking:
        entries, state.waking = state.waking, []
        for entry in entries:
            _bring_alive(state, entry, ts, out)


def _bring_alive(state: State, entry: Order, ts: int, out: list[Event]) -> None:
    account = state.accounts[entry.account_id]
    book = state.book(entry.instrument_id)
    assert book is not None
    legs = links.open_legs(account, entry)
    filled = entry.filled_before + entry.filled_qty
    free = links.free_qty(account, entry.instrument_id, opposite(entry.side))
    qty = round_down_to(min(filled, free), book.lot)
    living: list[Order] = []
    for leg in legs:
        if filled == 0 or qty == 0:
            reason = Reason.NOTHING_TO_EXIT if filled else Reason.ENTRY_NOT_FILLED
            links.end_canceled(state, account, book, leg, reason, out)
        else:
            living.append(leg)
    for leg in living:
        leg.qty = qty
        price_exit(book, leg)
        links.hold_exit(account, leg)
        begin(state, book, leg, ts, False)
    for leg in living:
        tell_activated(account, leg, out)
    start(state, account, book, living, ts, out)


def trades_at_market(order: Order) -> bool:
    """Whether an order's collar is what bounds it now."""
    return order.works_as == OrderType.MARKET and not order.awaits_trigger


def tell_activated(account: Account, order: Order, out: list[Event], sent_ns: int = 0) -> None:
    """Tell that an order came alive, and what it is from now on.

    ``sent_ns``: when it set out, 0 for one that did not travel.
    """
    out.append(
        OrderActivated(
            order.order_id,
            order.account_id,
            order.instrument_id,
            order.status,
            order.qty,
            order.expires_ns,
            order.worst_price if trades_at_market(order) else 0,
            account.held_micros,
            held_qty(account, order.instrument_id),
            sent_ns,
        )
    )


def tell_accepted(account: Account, order: Order, out: list[Event]) -> None:
    """Tell that an order was taken."""
    out.append(
        OrderAccepted(
            order.order_id,
            order.account_id,
            order.instrument_id,
            order.side,
            order.order_type,
            order.time_in_force,
            order.qty,
            order.limit_price,
            order.notional_micros,
            order.worst_price if trades_at_market(order) else 0,
            order.client_order_id,
            order.status,
            order.profile_id,
            order.replaces,
            order.version,
            order.expires_ns,
            account.held_micros,
            held_qty(account, order.instrument_id),
            order.stop_price,
            order.trail_price,
            order.trail_ppm,
            is_stop(order.order_type) and not order.awaits_trigger,
            order.order_class,
            order.parent_id,
            order.sibling_id,
            order.take_profit_id,
            order.stop_loss_id,
            order.filled_before,
            order.protects,
            order.extended_hours,
            order.closes,
            order.liquidates,
            chosen_by(order),
            order.reduce_only,
            order.post_only,
        )
    )
