"""The simulated venue: when an order fills, at which price and size, and what is posted.

Promises: a fill takes the quote's price and never more than the profile allows of its size; every
fill says which quote, size and rule made it. ``docs/reference/fills.md`` states these rules for
traders. Must not know: who sent the order or how it was checked.
"""

from stockyard.engine import links
from stockyard.engine.accounts import Account
from stockyard.engine.books import Book, Lane
from stockyard.engine.fees import FeeLines, charge, house_book
from stockyard.engine.order_rules import within
from stockyard.engine.orders import Order, advance
from stockyard.engine.risk import fees_ahead, principal_ahead
from stockyard.engine.state import Profile, State, drop_order, held_qty
from stockyard.model.codes import Book as HouseBook
from stockyard.model.codes import (
    FillRule,
    OrderType,
    Phase,
    Reason,
    Side,
    Status,
    TimeInForce,
    Trigger,
)
from stockyard.model.events import Event, OrderExpired, OrderFilled
from stockyard.model.numbers import HOLDING_MAX
from stockyard.numerics.arithmetic import div_ceil, div_floor, round_down_to


def tradable_now(
    state: State, book: Book, profile: Profile, side: int, extended_hours: bool, ts: int
) -> bool:
    """Whether there is a quote this profile may fill against: of this phase and not too old."""
    if not book.trades(extended_hours) or book.touch(side) == 0 or not book.quoted():
        return False
    if book.quote_ts < state.calendars[book.calendar_id].opened_ns:
        return False
    return profile.quote_age_ns_max == 0 or ts - book.quote_ts <= profile.quote_age_ns_max


def fillable_qty(account: Account, book: Book, order: Order, bounded: bool, price: int) -> int:
    """How much of the order can trade at ``price`` now: its rest, bounded by displayed size if the
    profile says so, by what is left of a notional amount, and by what an account may hold; in
    whole lots."""
    qty = min(
        order.qty - order.filled_qty, round_down_to(room(account, book, order, price), book.lot)
    )
    if order.notional_micros:
        qty = min(qty, round_down_to(affordable_qty(book, order, price), book.lot))
    if bounded:
        qty = min(qty, round_down_to(book.open_size(order.side), book.lot))
    return qty


def room(account: Account, book: Book, order: Order, price: int) -> int:
    """How much the account may still take: all that it holds stays below ``HOLDING_MAX``."""
    if order.side == Side.SELL:
        return div_floor((HOLDING_MAX - account.cash_micros) * book.value_divisor, price)
    position = account.positions.get(order.instrument_id)
    return HOLDING_MAX if position is None else HOLDING_MAX - position.qty


def affordable_qty(book: Book, order: Order, price: int) -> int:
    """What the rest of a notional amount pays for at ``price``.

    Exact, without the rounding of the fills' values: what that leaves over is not traded again.
    """
    return div_floor(order.notional_micros * book.value_divisor - order.filled_value, price)


def spent_micros(book: Book, order: Order) -> int:
    """What an order's fills cost (rounded up) or brought (rounded down) so far."""
    if order.side == Side.BUY:
        return div_ceil(order.filled_value, book.value_divisor)
    return div_floor(order.filled_value, book.value_divisor)


def work(
    state: State, account: Account, book: Book, order: Order, ts: int, out: list[Event]
) -> None:
    """Try a newly active order against the current quote; queue or end what is left of it.

    One that awaits its trigger is only armed.
    """
    if order.awaits_trigger:
        book.triggers.arm(order, book.market_price(order.side))
        return
    profile = state.profiles[order.profile_id]
    bounded = profile.size_bounded
    if tradable_now(state, book, profile, order.side, order.extended_hours, ts):
        price = book.touch(order.side)
        if within(order.side, price, order.worst_price):
            qty = fillable_qty(account, book, order, bounded, price)
            leaves = order.qty - order.filled_qty
            if order.time_in_force == TimeInForce.FOK and qty < leaves:
                cancel(state, account, book, order, Reason.NOT_FILLABLE_WHOLE, out)
                return
            if qty > 0:
                rule = FillRule.TAKE_QUOTED if bounded else FillRule.TAKE_WHOLE
                size = book.open_size(order.side)
                fill(state, account, book, order, price, qty, rule, size, ts, out)
                if order.status == Status.FILLED:
                    return
        elif order.works_as == OrderType.MARKET:
            cancel(state, account, book, order, Reason.BEYOND_COLLAR, out)
            return
    if order.time_in_force == TimeInForce.IOC:
        cancel(state, account, book, order, Reason.IMMEDIATE_REST, out)
    elif order.time_in_force == TimeInForce.FOK:
        cancel(state, account, book, order, Reason.NOT_FILLABLE_WHOLE, out)
    else:
        book.queue(order)


def serve_quote(state: State, book: Book, ts: int, out: list[Event]) -> None:
    """Fill what a new quote reaches: market orders by age, then limit orders by price and age.

    Outside the regular session only orders for extended hours.
    """
    if book.phase == Phase.CLOSED or not book.quoted():
        return
    if book.ask:
        for lane in book.lanes:
            _serve(state, book, lane, Side.BUY, ts, out)
    if book.bid:
        for lane in book.lanes:
            _serve(state, book, lane, Side.SELL, ts, out)


def _serve(
    state: State,
    book: Book,
    lane: Lane,
    side: int,
    ts: int,
    out: list[Event],
) -> None:
    queue = lane.queue(side)
    bounded = state.profiles[lane.profile_id].size_bounded
    touch = book.touch(side)
    while book.is_open:
        order = queue.market.best()
        if order is None:
            break
        if bounded and book.open_size(side) < book.lot:
            return
        account = state.accounts[order.account_id]
        qty = fillable_qty(account, book, order, bounded, touch)
        if not within(side, touch, order.worst_price):
            cancel(state, account, book, order, Reason.BEYOND_COLLAR, out)
        elif qty <= 0:
            cancel(state, account, book, order, _why_nothing(account, book, order, touch), out)
        else:
            rule = FillRule.TAKE_QUOTED if bounded else FillRule.TAKE_WHOLE
            fill(state, account, book, order, touch, qty, rule, book.open_size(side), ts, out)
    while True:
        order = queue.best_limit(book.is_open)
        if order is None or not within(side, touch, order.worst_price):
            return
        if bounded and book.open_size(side) < book.lot:
            return
        account = state.accounts[order.account_id]
        qty = fillable_qty(account, book, order, bounded, touch)
        if qty <= 0:
            cancel(state, account, book, order, Reason.ACCOUNT_AT_LIMIT, out)
            continue
        rule = FillRule.REST_QUOTED if bounded else FillRule.REST_WHOLE
        fill(state, account, book, order, touch, qty, rule, book.open_size(side), ts, out)


def _why_nothing(account: Account, book: Book, order: Order, price: int) -> int:
    """Why a waiting market order cannot take a lot although one is offered."""
    if room(account, book, order, price) < book.lot:
        return Reason.ACCOUNT_AT_LIMIT
    return Reason.NOTIONAL_SPENT


def fill(
    state: State,
    account: Account,
    book: Book,
    order: Order,
    price: int,
    qty: int,
    rule: int,
    size_open: int,
    ts: int,
    out: list[Event],
) -> None:
    """Execute ``qty`` at ``price``, of ``size_open``: the one way any order is ever filled."""
    assert 0 < qty <= order.qty - order.filled_qty
    profile = state.profiles[order.profile_id]
    maker = rule in (FillRule.REST_WHOLE, FillRule.REST_QUOTED)
    before = spent_micros(book, order)
    street_before = _street_micros(book, order)
    qty_before = order.filled_qty
    order.filled_value += price * qty
    order.filled_qty += qty
    value = spent_micros(book, order) - before
    rounding = _post_trade(state, account, book, order, value, street_before)
    lines = state.fee_lines(profile, book, order.side, ts)
    principal = 0
    most = value
    if order.side == Side.BUY:
        leaves = order.qty - order.filled_qty
        principal = principal_ahead(
            book, order.worst_price, leaves, order.filled_value, order.notional_micros
        )
        most = order.held_micros - value - principal
    fees = charge(
        lines, maker, before, before + value, qty_before, order.filled_qty, book.qty_unit, most
    )
    charged = _post_fees(state, account, fees)
    realized = _move_position(state, account, book, order, qty, value)
    _finish_fill(state, account, book, order, qty, value + charged, principal, rule, ts)
    version = state.fees[book.asset_class].version if lines else ""
    _tell_fill(
        state,
        account,
        book,
        order,
        price,
        qty,
        value,
        fees,
        rounding,
        realized,
        size_open,
        profile,
        version,
        rule,
        ts,
        out,
    )
    if order.sibling_id or order.take_profit_id or order.stop_loss_id:
        links.after_fill(state, account, book, order, out)


def _street_micros(book: Book, order: Order) -> int:
    """What the street got (rounded down) or paid (rounded up) for an order's fills so far."""
    if order.side == Side.BUY:
        return div_floor(order.filled_value, book.value_divisor)
    return div_ceil(order.filled_value, book.value_divisor)


def _post_trade(
    state: State, account: Account, book: Book, order: Order, value: int, street_before: int
) -> int:
    """Post the trade's cash; what rounding leaves goes to its own book and is returned."""
    ledger = state.ledger
    street = _street_micros(book, order) - street_before
    if order.side == Side.BUY:
        rounding = value - street
        ledger.post_cash(account, -value)
        ledger.post_house(HouseBook.STREET, street)
    else:
        rounding = street - value
        ledger.post_cash(account, value)
        ledger.post_house(HouseBook.STREET, -street)
    if rounding:
        ledger.post_house(HouseBook.ROUNDING, rounding)
    return rounding


def _post_fees(state: State, account: Account, fees: FeeLines) -> int:
    charged = 0
    for line in fees:
        state.ledger.post_cash(account, -line[1])
        state.ledger.post_house(house_book(line[0]), line[1])
        charged += line[1]
    return charged


def _move_position(
    state: State, account: Account, book: Book, order: Order, qty: int, value: int
) -> int:
    """Move the shares; a sale takes its share of the weighted-average cost (rounded down) with it.

    Returns the profit or loss realised, before fees.
    """
    position = account.position(order.instrument_id)
    if order.side == Side.BUY:
        position.cost_micros += value
        state.ledger.post_qty(position, qty)
        state.ledger.post_street(book, -qty)
        return 0
    cost = div_floor(position.cost_micros * qty, position.qty)
    position.cost_micros -= cost
    position.realized_micros += value - cost
    state.ledger.post_qty(position, -qty)
    state.ledger.post_street(book, qty)
    return value - cost


def _finish_fill(
    state: State,
    account: Account,
    book: Book,
    order: Order,
    qty: int,
    paid: int,
    principal: int,
    rule: int,
    ts: int,
) -> None:
    """Take the size, free what the fill no longer needs, and move the order on."""
    if rule in (FillRule.TAKE_QUOTED, FillRule.REST_QUOTED):
        book.take(order.side, qty)
    leaves = order.qty - order.filled_qty
    if (
        leaves
        and order.notional_micros
        and affordable_qty(book, order, book.touch(order.side)) < book.lot
    ):
        order.qty = order.filled_qty
        leaves = 0
    if order.sibling_id:
        links.shrink_other(account, order, qty)
    if leaves == 0:
        drop_order(state, account, book, order)
        order.status = advance(order.status, Trigger.FILL_REST)
        return
    order.status = advance(order.status, Trigger.FILL_PART)
    if order.side == Side.BUY:
        hold = principal + fees_ahead(
            state,
            book,
            order.profile_id,
            order.filled_value,
            order.filled_qty,
            principal,
            leaves,
            ts,
        )
        hold = min(hold, order.held_micros - paid)
        account.held_micros += hold - order.held_micros
        order.held_micros = hold
    elif order.held_qty:
        account.positions[order.instrument_id].held_qty += leaves - order.held_qty
        order.held_qty = leaves


def _tell_fill(
    state: State,
    account: Account,
    book: Book,
    order: Order,
    price: int,
    qty: int,
    value: int,
    fees: FeeLines,
    rounding: int,
    realized: int,
    size_open: int,
    profile: Profile,
    fee_version: str,
    rule: int,
    ts: int,
    out: list[Event],
) -> None:
    position = account.positions[order.instrument_id]
    account.check(position)
    out.append(
        OrderFilled(
            order.order_id,
            order.account_id,
            order.instrument_id,
            order.side,
            price,
            qty,
            order.filled_qty,
            order.qty,
            order.status,
            value,
            fees,
            rounding,
            account.cash_micros,
            account.held_micros,
            position.held_qty,
            position.qty,
            position.cost_micros,
            realized,
            book.bid,
            book.ask,
            book.bid_qty,
            book.ask_qty,
            book.quote_seq,
            ts - book.quote_ts,
            size_open,
            profile.profile_id,
            profile.version,
            fee_version,
            rule,
        )
    )


def cancel(
    state: State, account: Account, book: Book, order: Order, reason: int, out: list[Event]
) -> None:
    """End what is left of an order and free what it holds."""
    links.end_canceled(state, account, book, order, reason, out)
    links.after_end(state, account, book, order, out)


def expire(
    state: State, account: Account, book: Book, order: Order, reason: int, out: list[Event]
) -> None:
    """End an order at the end of its trading day, or at its date."""
    drop_order(state, account, book, order)
    order.status = advance(order.status, Trigger.EXPIRE)
    out.append(
        OrderExpired(
            order.order_id,
            order.account_id,
            order.instrument_id,
            reason,
            account.held_micros,
            held_qty(account, order.instrument_id),
        )
    )
    links.after_end(state, account, book, order, out)
