"""The simulated venue: when an order fills, at which price and size, and what is posted.

Promises: a fill's price comes from a quote or a trade of the market by the profile's rules, is
never worse than the order allows, and takes no more size than the profile allows; every fill says
which quote, size and rule made it. ``docs/reference/fills.md`` states these rules for
traders. Must not know: who sent the order or how it was checked.
"""

from typing import Final

from stockyard.engine import depth, links, perps, posting, settlement
from stockyard.engine.accounts import Account
from stockyard.engine.books import Book, Lane, OrderQueue
from stockyard.engine.order_rules import within
from stockyard.engine.orders import Order, advance
from stockyard.engine.risk import opening_hold
from stockyard.engine.state import Profile, State, drop_order, held_qty
from stockyard.model.codes import (
    MAKING_RULES,
    AccountKind,
    FillRule,
    LimitRule,
    OrderType,
    Phase,
    Reason,
    Side,
    Status,
    TimeInForce,
    Trigger,
)
from stockyard.model.events import (
    Event,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderRested,
)
from stockyard.model.numbers import HOLDING_MAX
from stockyard.numerics.arithmetic import div_floor, mul_div_floor, round_down_to

_MILLION: Final = 1_000_000


def tradable_now(
    state: State, book: Book, profile: Profile, side: int, extended_hours: bool, ts: int
) -> bool:
    """Whether there is a quote this profile may fill against: of this phase, since the last halt,
    and not too old."""
    if not book.trades(extended_hours) or book.touch(side) == 0 or not book.quoted():
        return False
    if book.paused:
        return False
    if book.quote_ts < state.calendars[book.calendar_id].opened_ns:
        return False
    return profile.quote_age_ns_max == 0 or ts - book.quote_ts <= profile.quote_age_ns_max


def fillable_qty(account: Account, book: Book, order: Order, size: int, price: int) -> int:
    """How much of the order can trade at ``price`` now: its rest, bounded by the ``size`` there is
    (-1 for no bound), by what is left of a notional amount, and by what an account may hold; in
    whole lots."""
    qty = min(
        order.qty - order.filled_qty, round_down_to(room(account, book, order, price), book.lot)
    )
    if order.notional_micros:
        qty = min(qty, round_down_to(affordable_qty(book, order, price), book.lot))
    if size >= 0:
        qty = min(qty, round_down_to(size, book.lot))
    return qty


def room(account: Account, book: Book, order: Order, price: int) -> int:
    """How much the account may still take: what it holds or owes stays below ``HOLDING_MAX``."""
    position = account.positions.get(order.instrument_id)
    qty = position.qty if position is not None else 0
    if order.side == Side.BUY:
        return HOLDING_MAX - qty
    brings = mul_div_floor(HOLDING_MAX - account.cash_micros, book.value_divisor, price)
    return brings if order.closes else min(brings, HOLDING_MAX + qty)


def affordable_qty(book: Book, order: Order, price: int) -> int:
    """What the rest of a notional amount pays for at ``price``.

    Exact, without the rounding of the fills' values: what that leaves over is not traded again.
    """
    return div_floor(order.notional_micros * book.value_divisor - order.filled_value, price)


def arrive(
    state: State, account: Account, book: Book, order: Order, ts: int, out: list[Event]
) -> None:
    """Let an order reach the venue, which may refuse it."""
    if depth.refused(state, state.profiles[order.profile_id], order):
        reject(state, account, book, order, out)
    else:
        work(state, account, book, order, ts, out)


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
    met_quote = tradable_now(state, book, profile, order.side, order.extended_hours, ts)
    if met_quote:
        if within(order.side, book.touch(order.side), order.worst_price):
            if order.post_only:
                cancel(state, account, book, order, Reason.POST_ONLY_WOULD_TRADE, out)
                return
            if order.time_in_force == TimeInForce.FOK and not whole_now(
                account, book, profile, order
            ):
                cancel(state, account, book, order, Reason.NOT_FILLABLE_WHOLE, out)
                return
            take(state, account, book, profile, order, ts, out)
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
        rest(book, profile, order, met_quote, out)


def whole_now(account: Account, book: Book, profile: Profile, order: Order) -> bool:
    """Whether all of an order can trade at once, at all levels within its worst price."""
    leaves = order.qty - order.filled_qty
    if leaves > round_down_to(room(account, book, order, max(book.bid, book.ask)), book.lot):
        return False
    if not profile.size_bounded:
        return True
    return leaves <= depth.offered(book, profile, order.side, order.worst_price)


def take(
    state: State,
    account: Account,
    book: Book,
    profile: Profile,
    order: Order,
    ts: int,
    out: list[Event],
) -> None:
    """Fill what an order can take at the quote and the levels behind it, one fill for each."""
    level = depth.first_level(book, profile, order.side) if profile.size_bounded else 0
    while level >= 0:
        quoted = depth.price_at(book, profile, order.side, level)
        if quoted == 0 or not within(order.side, quoted, order.worst_price):
            return
        offer = depth.taking(state, book, profile, order, level)
        size = offer.size_open if profile.size_bounded else -1
        qty = fillable_qty(account, book, order, size, offer.price)
        if qty <= 0:
            return
        rule = FillRule.TAKE_WHOLE
        if profile.size_bounded:
            rule = FillRule.TAKE_DEPTH if level else FillRule.TAKE_QUOTED
        fill(state, account, book, order, offer.price, qty, rule, offer.size_open, ts, out, offer)
        if order.status == Status.FILLED or not profile.size_bounded:
            return
        level = depth.first_level(book, profile, order.side)


def rest(book: Book, profile: Profile, order: Order, met_quote: bool, out: list[Event]) -> None:
    """Let an order wait: in the lane of its profile, at its place in the market if it has one.

    It joins behind the size displayed at its price, or behind that of the best price when its own
    lies deeper; one better than the best has nothing before it.
    """
    lane = book.lane(order)
    lane.limit_rule = profile.limit_rule
    queue = lane.queue(order.side)
    ahead = 0
    tells = book.halted
    if order.works_as == OrderType.MARKET or profile.limit_rule == LimitRule.TOUCH:
        queue.add(order)
    elif not met_quote:
        queue.await_quote(order)
    elif profile.limit_rule == LimitRule.PENETRATE:
        queue.add(order)
    else:
        if order.side == Side.BUY:
            ahead = book.bid_qty if book.bid and order.limit_price <= book.bid else 0
        else:
            ahead = book.ask_qty if book.ask and order.limit_price >= book.ask else 0
        queue.line_up(order, ahead)
        tells = True
    if tells:
        out.append(
            OrderRested(order.order_id, order.account_id, order.instrument_id, ahead, book.halted)
        )


def serve_quote(state: State, book: Book, ts: int, out: list[Event]) -> None:
    """Fill what a new quote reaches: market orders by age, then limit orders by price and age.

    Outside the regular session only orders for extended hours.
    """
    if book.phase == Phase.CLOSED or book.paused or not book.quoted():
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
    if book.is_open and len(queue.market):
        _serve_market(state, book, state.profiles[lane.profile_id], queue, side, ts, out)
    order = queue.next_fresh(book.is_open)
    while order is not None:
        queue.remove(order)
        work(state, state.accounts[order.account_id], book, order, ts, out)
        order = queue.next_fresh(book.is_open)
    touch = book.touch(side)
    while True:
        order = queue.best_limit(book.is_open)
        if order is None or not within(side, touch, order.limit_price):
            return
        profile = state.profiles[lane.profile_id]
        bounded = profile.size_bounded
        if not _reached(book, profile, order, touch):
            return
        size = depth.left_at(book, profile, side, 0) if bounded else -1
        if bounded and size < book.lot:
            return
        account = state.accounts[order.account_id]
        resting = profile.limit_rule != LimitRule.TOUCH
        price = order.limit_price if resting else touch
        qty = fillable_qty(account, book, order, size, price)
        if qty <= 0:
            cancel(state, account, book, order, Reason.ACCOUNT_AT_LIMIT, out)
            continue
        rule = FillRule.REST_QUOTED if bounded else FillRule.REST_WHOLE
        if resting:
            rule = FillRule.REST_PASSED
        offer = depth.Offer(price, touch, size if bounded else book.open_size(side), 0)
        offer.begins = 0 if bounded else -1
        fill(state, account, book, order, price, qty, rule, offer.size_open, ts, out, offer)


def _serve_market(
    state: State,
    book: Book,
    profile: Profile,
    queue: OrderQueue,
    side: int,
    ts: int,
    out: list[Event],
) -> None:
    """Fill waiting market orders by age, until one finds nothing left within its collar."""
    bounded = profile.size_bounded
    touch = book.touch(side)
    while True:
        order = queue.market.best()
        if order is None:
            return
        level = depth.first_level(book, profile, side) if bounded else 0
        if level < 0:
            return
        account = state.accounts[order.account_id]
        if not within(side, touch, order.worst_price):
            cancel(state, account, book, order, Reason.BEYOND_COLLAR, out)
            continue
        price = depth.price_at(book, profile, side, level)
        if price == 0 or not within(side, price, order.worst_price):
            return
        filled_before = order.filled_qty
        take(state, account, book, profile, order, ts, out)
        if order.filled_qty == filled_before:
            cancel(state, account, book, order, _why_nothing(account, book, order, touch), out)


def _reached(book: Book, profile: Profile, order: Order, touch: int) -> bool:
    """Whether a quote fills a limit order that waits: by reaching its limit, or, where the profile
    asks for more, by passing it by a tick."""
    limit = order.limit_price
    if profile.limit_rule == LimitRule.TOUCH:
        return within(order.side, touch, limit)
    tick = book.tick_at(limit)
    return touch <= limit - tick if order.side == Side.BUY else touch >= limit + tick


def serve_print(
    state: State, book: Book, price: int, printed: int, ts: int, out: list[Event]
) -> None:
    """Fill what a trade of the market passes, then whose turn it is in the queue at its price.

    All fills of one print together take no more of it than each one's profile allows. Trades
    outside the regular session fill nobody.
    """
    if not book.is_open or book.paused or printed <= 0:
        return
    gone = 0
    for lane in book.lanes:
        if lane.limit_rule != LimitRule.TOUCH:
            profile = state.profiles[lane.profile_id]
            most = mul_div_floor(printed, profile.size_cap_ppm, _MILLION)
            for side in (Side.BUY, Side.SELL):
                queue = lane.queue(side)
                if len(queue.limit) or len(queue.extended):
                    offer = depth.Offer(price, price, 0, -1)
                    offer.print_qty = printed
                    gone = _pass_limits(state, book, profile, queue, offer, most, gone, ts, out)
                    gone = _trade_at(state, book, profile, queue, offer, most, gone, ts, out)


def _pass_limits(
    state: State,
    book: Book,
    profile: Profile,
    queue: OrderQueue,
    offer: depth.Offer,
    most: int,
    gone: int,
    ts: int,
    out: list[Event],
) -> int:
    """Fill the orders whose limit a print has passed, by price and age, at their limits."""
    while True:
        order = queue.best_limit(True)
        if order is None or order.limit_price == offer.quoted:
            return gone
        if not within(order.side, offer.quoted, order.limit_price):
            return gone
        size = most - gone if profile.size_bounded else -1
        if profile.size_bounded and size < book.lot:
            return gone
        account = state.accounts[order.account_id]
        qty = fillable_qty(account, book, order, size, order.limit_price)
        if qty <= 0:
            cancel(state, account, book, order, Reason.ACCOUNT_AT_LIMIT, out)
            continue
        offer.size_open = most - gone if profile.size_bounded else offer.print_qty
        rule = FillRule.REST_PRINTED
        fill(
            state,
            account,
            book,
            order,
            order.limit_price,
            qty,
            rule,
            offer.size_open,
            ts,
            out,
            offer,
        )
        if profile.size_bounded:
            gone += qty


def _trade_at(
    state: State,
    book: Book,
    profile: Profile,
    queue: OrderQueue,
    offer: depth.Offer,
    most: int,
    gone: int,
    ts: int,
    out: list[Event],
) -> int:
    """Let a print trade in the queue at its price, and fill by age the orders it reaches: each with
    what is left after the size ahead of it and the older orders.
    """
    price = offer.quoted
    level = queue.levels.get(price)
    if level is None:
        return gone
    bounds = level.trade(offer.print_qty)
    gone_here = 0
    aside: list[Order] = []
    while not profile.size_bounded or most - gone >= book.lot:
        order = level.first()
        if order is None:
            break
        size = most - gone if profile.size_bounded else -1
        if profile.size_bounded and order.order_id in bounds:
            size = max(0, min(size, bounds[order.order_id] - gone_here))
        account = state.accounts[order.account_id]
        qty = fillable_qty(account, book, order, size, price)
        if qty > 0:
            offer.size_open = size if profile.size_bounded else offer.print_qty
            fill(
                state,
                account,
                book,
                order,
                price,
                qty,
                FillRule.REST_QUEUE,
                offer.size_open,
                ts,
                out,
                offer,
            )
            if profile.size_bounded:
                gone += qty
                gone_here += qty
        if order.status != Status.FILLED:
            level.set_aside(order)
            aside.append(order)
    for order in aside:
        level.put_back(order)
    return gone


def redefined(state: State, profile: Profile) -> None:
    """Let open orders follow a new version of their profile: a changed limit rule takes the places
    they have in the market.
    """
    for book in state.books:
        if book is not None:
            for lane in book.lanes:
                if lane.profile_id == profile.profile_id and lane.limit_rule != profile.limit_rule:
                    lane.limit_rule = profile.limit_rule
                    for side in (Side.BUY, Side.SELL):
                        lane.queue(side).start_anew(profile.limit_rule != LimitRule.TOUCH)


def places_end(book: Book) -> None:
    """Take away, with a phase of the session, the places that limit orders have in the market."""
    for lane in book.lanes:
        if lane.limit_rule != LimitRule.TOUCH:
            for side in (Side.BUY, Side.SELL):
                lane.queue(side).start_anew(True)


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
    offer: depth.Offer | None = None,
) -> None:
    """Execute ``qty`` at ``price``, of ``size_open``: the one way any order is ever filled.

    ``offer``: where the price comes from, if not the quote or print itself.
    """
    assert 0 < qty <= order.qty - order.filled_qty
    profile = state.profiles[order.profile_id]
    maker = rule in MAKING_RULES
    if offer is None:
        begins = 0 if rule in (FillRule.TAKE_QUOTED, FillRule.REST_QUOTED) else -1
        offer = depth.Offer(price, price, size_open, begins)
    of_house = order.liquidates and book.is_perp
    lines = [] if of_house else state.fee_lines(profile, book, order.side, ts)
    index = len(out) - state.events_before
    if book.is_perp:
        posted = perps.post_fill(state, account, book, order, price, qty, lines, maker)
    else:
        posted = posting.post_fill(state, account, book, order, price, qty, lines, maker, ts, index)
    state.touch(account)
    if offer.begins >= 0:
        book.take(order.side, offer.begins, qty)
    _finish_fill(state, account, book, order, qty, posted.value + posted.charged, ts)
    version = state.fees[book.asset_class].version if lines else ""
    _tell_fill(
        state, account, book, order, price, qty, posted, offer, profile, version, rule, ts, out
    )
    if account.kind == AccountKind.CASH:
        paid = posted.charged if order.side == Side.BUY else -posted.charged
        cash = posted.value + paid
        settlement.on_fill(state, account, book, order, qty, cash, ts, out)
    if order.sibling_id or order.take_profit_id or order.stop_loss_id:
        links.after_fill(state, account, book, order, out)


def _finish_fill(
    state: State,
    account: Account,
    book: Book,
    order: Order,
    qty: int,
    paid: int,
    ts: int,
) -> None:
    """Free what the fill no longer needs, and move the order on."""
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
    if not order.closes:
        hold = opening_hold(
            state,
            account,
            book,
            order.profile_id,
            order.side,
            order.worst_price,
            leaves,
            order.filled_value,
            order.filled_qty,
            order.notional_micros,
            ts,
        )
        most = order.held_micros - (paid if account.kind == AccountKind.CASH else 0)
        hold = min(hold, most)
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
    posted: posting.Posted,
    offer: depth.Offer,
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
            posted.value,
            posted.fees,
            posted.rounding,
            account.cash_micros,
            account.held_micros,
            position.held_qty,
            position.qty,
            position.cost_micros,
            posted.realized,
            book.bid,
            book.ask,
            book.bid_qty,
            book.ask_qty,
            book.quote_seq,
            ts - book.quote_ts,
            offer.size_open,
            profile.profile_id,
            profile.version,
            fee_version,
            rule,
            offer.quoted,
            offer.slippage,
            offer.improvement,
            offer.level,
            offer.print_qty,
            posted.pieces,
            account.lot_method if posted.pieces else 0,
            position.pot_micros,
            posted.insured,
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


def reject(
    state: State,
    account: Account,
    book: Book,
    order: Order,
    out: list[Event],
    reason: int = Reason.VENUE_REJECTED,
) -> None:
    """End an order that the venue refuses: it never waited for its trigger there."""
    order.awaits_trigger = False
    drop_order(state, account, book, order)
    order.status = advance(order.status, Trigger.REJECT)
    out.append(
        OrderRejected(
            order.order_id,
            order.account_id,
            order.instrument_id,
            reason,
            account.held_micros,
            held_qty(account, order.instrument_id),
        )
    )
    links.after_end(state, account, book, order, out)
