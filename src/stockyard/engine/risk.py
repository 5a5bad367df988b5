"""Whether an order may be taken: its shape, then the account's means.

Promises: every broken rule is found, and the one with the lowest ``DenyCode`` is the answer; means
are looked at once nothing else is broken. Nothing is changed here. Must not know: what is sent
back, or how an order is filled.
"""

from typing import Final

from mypy_extensions import mypyc_attr

from stockyard.engine import contracts, margin
from stockyard.engine.accounts import Account, Bounds
from stockyard.engine.auctions import entry_is_shut
from stockyard.engine.books import Book
from stockyard.engine.bounds import broken_bounds, value_ahead
from stockyard.engine.choices import NOTHING_CHOSEN, Chosen, broken_choice
from stockyard.engine.fees import most_ahead
from stockyard.engine.leg_rules import (
    Broken,
    Exits,
    broken_class,
    broken_prices,
    broken_sides,
    entry_price,
    exit_side,
)
from stockyard.engine.order_rules import (
    Priced,
    takes_extended_hours,
    times_in_force,
    within,
    worst_price,
)
from stockyard.engine.orders import is_for_auction, is_stop
from stockyard.engine.state import Profile, State
from stockyard.engine.triggers import better_extreme
from stockyard.model.codec import fields_of
from stockyard.model.codes import (
    AccountKind,
    AccountStatus,
    AssetClass,
    OrderClass,
    OrderType,
    Restriction,
    Side,
    TimeInForce,
)
from stockyard.model.commands import PlaceOrder
from stockyard.model.denials import DenyCode
from stockyard.model.numbers import INT_MAX
from stockyard.model.order_types import AT_ONCE, LATER
from stockyard.numerics.arithmetic import (
    div_ceil,
    div_floor,
    mul_div_ceil,
    mul_div_floor,
    round_down_to,
)

_BPS: Final = 10_000
YEAR_NS: Final = 366 * 86_400 * 1_000_000_000


@mypyc_attr(acyclic=True)
class Request(Priced):
    """An order as asked for, whoever asks: a new one, a replacement, or the closing of a position.

    ``freed_micros``, ``freed_qty``, ``freed_borrow``: what canceling or replacing other orders in
    the same step frees; ``freed_orders``: how many open orders end in the same step. ``exits``:
    those it comes with, or None. ``held``: it takes the place of a leg whose entry has not ended.
    ``locate``: it may borrow what is hard to borrow. ``lots``: those a new order chooses; a
    replacement has none of its own; ``replaced_id``: the order it replaces. ``reduce_only``: it may
    open nothing; ``post_only``: it may not trade at once.
    """

    def __init__(
        self,
        instrument_id: int,
        side: int,
        order_type: int,
        time_in_force: int,
        qty: int,
        limit_price: int,
        notional_micros: int,
    ) -> None:
        super().__init__(side, order_type, limit_price)
        self.instrument_id = instrument_id
        self.time_in_force = time_in_force
        self.qty = qty
        self.notional_micros = notional_micros
        self.expires_ns = 0
        self.extended_hours = False
        self.in_auction = is_for_auction(time_in_force)
        self.freed_micros = 0
        self.freed_qty = 0
        self.freed_orders = 0
        self.freed_borrow = 0
        self.exits: Exits | None = None
        self.held = False
        self.locate = False
        self.lots: Chosen = NOTHING_CHOSEN
        self.reduce_only = False
        self.post_only = False
        self.replaced_id = 0


def requested(command: PlaceOrder) -> Request:
    """The order a command asks for."""
    # All fields at once: reading them one by one costs three times as much.
    (
        _,
        instrument_id,
        side,
        order_type,
        time_in_force,
        qty,
        limit_price,
        notional_micros,
        _,
        _,
        _,
        stop_price,
        trail_price,
        trail_ppm,
        expires_ns,
        order_class,
        profit_limit,
        loss_stop,
        loss_limit,
        loss_trail_price,
        loss_trail_ppm,
        extended_hours,
        locate,
        lots,
        reduce_only,
        post_only,
    ) = fields_of(command)
    request = Request(
        instrument_id, side, order_type, time_in_force, qty, limit_price, notional_micros
    )
    request.stop_price = stop_price
    request.trail_price = trail_price
    request.trail_ppm = trail_ppm
    request.expires_ns = expires_ns
    request.extended_hours = extended_hours
    if order_class or profit_limit or loss_stop or loss_limit or loss_trail_price or loss_trail_ppm:
        request.exits = Exits(
            order_class, profit_limit, loss_stop, loss_limit, loss_trail_price, loss_trail_ppm
        )
    request.locate = locate
    request.lots = lots
    request.reduce_only, request.post_only = reduce_only, post_only
    return request


@mypyc_attr(acyclic=True)
class Terms:
    """What was found: ``code`` 0 and what to hold, or the broken rule and the two numbers behind
    it; ``broken`` lists all, as (code, required, available). ``closes``: the order would reduce a
    position.
    """

    def __init__(self) -> None:
        self.code = 0
        self.required = 0
        self.available = 0
        self.broken: list[tuple[int, int, int]] = []
        self.qty = 0
        self.worst_price = 0
        self.hold_micros = 0
        self.closes = False

    def deny(self, code: int, required: int = 0, available: int = 0) -> None:
        """Note a broken rule; a number too large to be stored is told as ``INT_MAX``."""
        required, available = min(required, INT_MAX), min(available, INT_MAX)
        self.broken.append((code, required, available))
        if self.code == 0 or code < self.code:
            self.code, self.required, self.available = code, required, available

    def deny_all(self, broken: Broken) -> None:
        """Note broken rules that were found elsewhere."""
        for code, required, available in broken:
            self.deny(code, required, available)


def check_shape(book: Book, request: Request, terms: Terms) -> bool:
    """Check the order's own shape, price apart; False when nothing further can be said of it."""
    kind, tif = request.order_type, request.time_in_force
    if not book.tradable:
        terms.deny(DenyCode.INSTRUMENT_NOT_TRADABLE)
    offered = times_in_force(kind)
    if not offered:
        terms.deny(DenyCode.ORDER_TYPE_NOT_SUPPORTED)
    elif tif not in offered:
        terms.deny(DenyCode.TIME_IN_FORCE_NOT_SUPPORTED)
    if request.side not in (Side.BUY, Side.SELL):
        terms.deny(DenyCode.SIDE_NOT_SUPPORTED)
        return False
    if (request.qty == 0) == (request.notional_micros == 0):
        terms.deny(DenyCode.QUANTITY_OR_NOTIONAL)
    if request.qty < 0:
        terms.deny(DenyCode.QUANTITY_NOT_POSITIVE)
    if request.qty % book.lot:
        terms.deny(DenyCode.QUANTITY_OFF_LOT)
    if request.qty > book.qty_max:
        terms.deny(DenyCode.QUANTITY_TOO_LARGE)
    if request.notional_micros and (kind != OrderType.MARKET or tif == TimeInForce.FOK):
        terms.deny(DenyCode.NOTIONAL_NOT_ALLOWED)
    return len(offered) > 0 and request.qty >= 0


def check_given(book: Book, price: int, terms: Terms) -> bool:
    """Check a price that is there; True when it could be one."""
    if price < 0:
        terms.deny(DenyCode.PRICE_NOT_POSITIVE)
        return False
    on_tick = price % book.tick_at(price) == 0
    if not on_tick:
        terms.deny(DenyCode.PRICE_OFF_TICK)
    if price > book.price_max:
        terms.deny(DenyCode.PRICE_TOO_LARGE)
        return False
    return on_tick


def check_limit(book: Book, request: Request, terms: Terms) -> None:
    """Check the limit price, and refuse one far worse than the market for its sender."""
    price = request.limit_price
    stop = 0 if request.triggered else request.stop_price
    reference = stop or book.touch(request.side)
    if not check_limit_given(book, request, terms) or reference <= 0:
        return
    if request.side == Side.BUY:
        bound = mul_div_floor(reference, _BPS + book.band_bps, _BPS)
        outside = price > bound
    else:
        bound = mul_div_floor(reference, _BPS - book.band_bps, _BPS)
        outside = price < bound
    if outside:
        terms.deny(DenyCode.PRICE_OUTSIDE_BAND, price, bound)


def check_limit_given(book: Book, request: Request, terms: Terms) -> bool:
    """Check that a limit price is there where one belongs, and could be one; True if so."""
    price = request.limit_price
    if request.order_type not in (OrderType.LIMIT, OrderType.STOP_LIMIT):
        if price:
            terms.deny(DenyCode.LIMIT_PRICE_NOT_ALLOWED)
        return False
    if price == 0:
        terms.deny(DenyCode.LIMIT_PRICE_MISSING)
        return False
    return check_given(book, price, terms)


def check_stop(book: Book, request: Request, terms: Terms) -> None:
    """Check the stop price."""
    if request.order_type not in (OrderType.STOP, OrderType.STOP_LIMIT):
        if request.stop_price:
            terms.deny(DenyCode.STOP_PRICE_NOT_ALLOWED)
    elif request.stop_price == 0:
        terms.deny(DenyCode.STOP_PRICE_MISSING)
    else:
        check_given(book, request.stop_price, terms)


def check_trail(book: Book, request: Request, terms: Terms) -> None:
    """Check the trail's shape."""
    if request.order_type != OrderType.TRAILING_STOP:
        if request.trail_price or request.trail_ppm:
            terms.deny(DenyCode.TRAIL_NOT_ALLOWED)
    elif (request.trail_price == 0) == (request.trail_ppm == 0):
        terms.deny(DenyCode.TRAIL_MISSING)
    elif request.trail_price > 0 and not request.triggered:
        check_given(book, request.trail_price, terms)


def lacks_quote(book: Book, request: Request) -> bool:
    """Whether an order without a worst price lacks a quote, rather than a price of its own."""
    kind = request.order_type
    if request.in_auction and kind == OrderType.MARKET:
        return book.market_price(request.side) == 0
    if kind == OrderType.MARKET or (request.triggered and kind != OrderType.STOP_LIMIT):
        return book.touch(request.side) == 0
    return kind == OrderType.TRAILING_STOP and book.market_price(request.side) == 0


def check_hours(state: State, book: Book, request: Request, terms: Terms, ts: int) -> None:
    """Check that the order may be given now, and that its flag and time in force go together."""
    tif = request.time_in_force
    if not book.is_open and tif in AT_ONCE:
        terms.deny(DenyCode.SESSION_CLOSED)
    if request.in_auction:
        if not book.auctions:
            terms.deny(DenyCode.NO_AUCTION)
        elif entry_is_shut(book, state.calendars.get(book.calendar_id), tif, ts):
            terms.deny(DenyCode.AUCTION_CUT_OFF)
        if request.notional_micros:
            terms.deny(DenyCode.NOTIONAL_IN_AUCTION)
    if request.extended_hours:
        if not takes_extended_hours(request.order_type):
            terms.deny(DenyCode.EXTENDED_HOURS_NOT_LIMIT)
        if tif not in LATER:
            terms.deny(DenyCode.EXTENDED_HOURS_TIME_IN_FORCE)
        if request.exits is not None:
            terms.deny(DenyCode.EXTENDED_HOURS_CLASS)


def check_ahead(book: Book, request: Request, terms: Terms, ts: int) -> None:
    """Check that the trail, the stop and the expiry lie where they can still be reached."""
    price = book.market_price(request.side)
    best = better_extreme(request.side, price, request.extreme)
    if request.order_type == OrderType.TRAILING_STOP and not request.triggered:
        most = best if request.trail_price else 1_000_000
        trail = request.trail_price or request.trail_ppm
        if not 0 < trail < most:
            terms.deny(DenyCode.TRAIL_OUT_OF_RANGE, trail, most)
    stop = request.stop_price
    fixed = request.order_type in (OrderType.STOP, OrderType.STOP_LIMIT)
    passed = stop <= price if request.side == Side.BUY else stop >= price
    if fixed and stop and price and passed and not request.triggered:
        terms.deny(DenyCode.STOP_PRICE_WRONG_SIDE, stop, price)
    check_expiry(request.time_in_force, request.expires_ns, terms, ts)


def check_expiry(tif: int, expires_ns: int, terms: Terms, ts: int) -> None:
    """Check that an expiry is there where one belongs, and lies ahead."""
    if tif == TimeInForce.GTD and expires_ns == 0:
        terms.deny(DenyCode.EXPIRY_MISSING)
    elif tif != TimeInForce.GTD and expires_ns:
        terms.deny(DenyCode.EXPIRY_NOT_ALLOWED)
    elif expires_ns and not ts < expires_ns <= ts + YEAR_NS:
        terms.deny(DenyCode.EXPIRY_NOT_AHEAD)


def check_market(profile: Profile, book: Book, request: Request, terms: Terms, ts: int) -> None:
    """Check that the profile takes orders during a halt, and on a quote as old as this one."""
    if profile.deny_halted and book.halted:
        terms.deny(DenyCode.TRADING_HALTED)
    waits = is_stop(request.order_type) and not request.triggered
    takes = book.trades(request.extended_hours) and not request.in_auction and not waits
    if profile.deny_stale and takes and book.touch(request.side):
        age_ns, most_ns = ts - book.quote_ts, profile.quote_age_ns_max
        if 0 < most_ns < age_ns:
            terms.deny(DenyCode.STALE_QUOTE, most_ns, age_ns)


def check_crypto(
    state: State, account: Account, book: Book, request: Request, terms: Terms
) -> None:
    """Check what only orders for crypto may ask for, and what perpetual contracts need."""
    if book.is_perp:
        if book.long_mark == 0:
            terms.deny(DenyCode.NO_MARK_PRICE)
        if account.kind != AccountKind.MARGIN or state.margin is None:
            terms.deny(DenyCode.PERP_NEEDS_MARGIN_ACCOUNT)
    if request.post_only:
        waits = request.order_type == OrderType.LIMIT and request.time_in_force in LATER
        stock = book.asset_class == AssetClass.US_EQUITY
        touch = book.touch(request.side)
        if stock or not waits or request.exits is not None:
            terms.deny(DenyCode.POST_ONLY_NOT_ALLOWED)
        elif touch and book.quoted() and within(request.side, touch, request.limit_price):
            terms.deny(DenyCode.POST_ONLY_WOULD_TRADE, request.limit_price, touch)


def check_standing(account: Account, terms: Terms) -> None:
    """Check that the account may trade at all."""
    if account.status != AccountStatus.ACTIVE:
        terms.deny(DenyCode.ACCOUNT_NOT_ACTIVE)
    if account.restrictions & Restriction.SUSPENDED:
        terms.deny(DenyCode.TRADING_SUSPENDED)
    if account.is_frozen:
        terms.deny(DenyCode.TRADING_FROZEN)


def check_order(state: State, account: Account, request: Request, ts: int) -> Terms:
    """Decide whether the account may have this order."""
    terms = Terms()
    check_standing(account, terms)
    book = state.book(request.instrument_id)
    if book is None:
        terms.deny(DenyCode.UNKNOWN_INSTRUMENT)
        return terms
    if not check_shape(book, request, terms):
        return terms
    size_order(state, account, book, request, terms)
    check_limit(book, request, terms)
    check_stop(book, request, terms)
    check_trail(book, request, terms)
    if request.exits is not None:
        check_exits(book, request, request.exits, terms)
    check_hours(state, book, request, terms, ts)
    check_market(state.profiles[account.profile_id], book, request, terms, ts)
    if book.is_perp or request.post_only:
        check_crypto(state, account, book, request, terms)
    if terms.worst_price == 0 and lacks_quote(book, request):
        terms.deny(DenyCode.NO_QUOTE)
    else:
        check_ahead(book, request, terms, ts)
    if terms.code == 0:
        check_means(state, account, book, request, terms, ts)
    return terms


def check_exits(book: Book, request: Request, exits: Exits, terms: Terms) -> None:
    """Check that the class fits the order and its exits, and where their prices lie."""
    kind, side = request.order_type, request.side
    profit = exits.take_profit
    if exits.order_class == OrderClass.OCO:
        profit = request.limit_price
        profit_from, loss_from = book.touch(side), book.market_price(side)
    else:
        loss_from = entry_price(
            book, side, kind, request.limit_price, request.stop_price, request.triggered
        )
        profit_from = loss_from
    terms.deny_all(broken_class(exits, kind, request.time_in_force, request.notional_micros))
    terms.deny_all(broken_prices(book, exits, loss_from))
    way = exit_side(exits, side)
    terms.deny_all(broken_sides(book, exits, way, profit, profit_from, loss_from))


def check_leg(state: State, account: Account, request: Request, ts: int) -> Terms:
    """Decide whether a leg that is held may become this: the market and the means do not matter
    yet.
    """
    terms = Terms()
    check_standing(account, terms)
    book = state.book(request.instrument_id)
    assert book is not None
    check_shape(book, request, terms)
    terms.qty = request.qty
    terms.closes = True
    check_limit_given(book, request, terms)
    check_stop(book, request, terms)
    check_trail(book, request, terms)
    if request.trail_price < 0 or not 0 <= request.trail_ppm < 1_000_000:
        terms.deny(DenyCode.TRAIL_OUT_OF_RANGE, request.trail_ppm, 1_000_000)
    check_expiry(request.time_in_force, request.expires_ns, terms, ts)
    return terms


def size_order(state: State, account: Account, book: Book, request: Request, terms: Terms) -> None:
    """Work out quantity, worst price and value, and check the value's limits: the least value of an
    order is for purchases that open, since what is left of a position may be worth less.

    A notional order becomes the quantity its amount buys at the quote, rounded down to the lot;
    that quantity is judged once the amount itself is within its limits.
    """
    limits = state.limits
    assert limits is not None
    worst = worst_price(book, request)
    terms.worst_price = worst
    terms.qty = request.qty
    minimum = book.notional_micros_min
    if request.notional_micros:
        if request.notional_micros < minimum:
            terms.deny(DenyCode.NOTIONAL_TOO_SMALL, minimum, request.notional_micros)
            return
        if request.notional_micros > limits.order_notional_micros_max:
            terms.deny(
                DenyCode.NOTIONAL_TOO_LARGE,
                request.notional_micros,
                limits.order_notional_micros_max,
            )
            return
        touch = book.touch(request.side)
        if touch == 0:
            return
        terms.qty = round_down_to(
            mul_div_floor(request.notional_micros, book.value_divisor, touch), book.lot
        )
        if terms.qty == 0:
            one_lot = mul_div_ceil(touch, book.lot, book.value_divisor)
            terms.deny(DenyCode.NOTIONAL_TOO_SMALL, one_lot, request.notional_micros)
            return
        if terms.qty > book.qty_max:
            terms.deny(DenyCode.QUANTITY_TOO_LARGE, terms.qty, book.qty_max)
        return
    if worst <= 0:
        return
    value = mul_div_ceil(worst, terms.qty, book.value_divisor)
    if request.side == Side.BUY and value < minimum:
        position = account.positions.get(request.instrument_id)
        if position is None or position.qty >= 0:
            terms.deny(DenyCode.NOTIONAL_TOO_SMALL, minimum, value)
    if value > limits.order_notional_micros_max:
        terms.deny(DenyCode.NOTIONAL_TOO_LARGE, value, limits.order_notional_micros_max)


def fees_ahead(
    state: State,
    book: Book,
    profile_id: int,
    side: int,
    filled_value: int,
    filled_qty: int,
    principal: int,
    leaves: int,
    ts: int,
) -> int:
    """The most an order may still be charged for trading ``leaves`` for ``principal``."""
    lines = state.fee_lines(state.profiles[profile_id], book, side, ts)
    if not lines:
        return 0
    if side == Side.BUY:
        spent = div_ceil(filled_value, book.value_divisor)
    else:
        spent = div_floor(filled_value, book.value_divisor)
    return most_ahead(
        lines, spent, spent + principal, filled_qty, filled_qty + leaves, book.qty_unit
    )


def opening_hold(
    state: State,
    account: Account,
    book: Book,
    profile_id: int,
    side: int,
    worst: int,
    leaves: int,
    filled_value: int,
    filled_qty: int,
    notional_micros: int,
    ts: int,
    in_full: bool = False,
) -> int:
    """What the rest of an order that opens a position holds: its cost at its worst price and the
    fees ahead; in a margin account the initial requirement instead of the cost, unless it is to be
    paid ``in_full``. A short sale is judged at the bid if that is above its limit or collar.
    """
    price = worst if side == Side.BUY else max(worst, book.touch(side))
    principal = value_ahead(book, side, worst, leaves, filled_value, notional_micros)
    fees = fees_ahead(
        state, book, profile_id, side, filled_value, filled_qty, principal, leaves, ts
    )
    if account.kind == AccountKind.CASH or state.margin is None or in_full:
        return principal + fees
    if book.is_perp:
        return contracts.initial(account, book, principal) + fees
    qty = leaves if side == Side.BUY else -leaves
    return margin.initial(state.margin, book, qty, principal, price) + fees


def check_means(
    state: State, account: Account, book: Book, request: Request, terms: Terms, ts: int
) -> None:
    """Decide whether the order opens or closes a position, and check the count of open orders and
    what it needs: of the position to close it, or else buying power and shares to borrow.
    """
    limits = state.limits
    assert limits is not None
    count = len(account.orders) - request.freed_orders + 1
    exits = request.exits
    if exits is not None and request.freed_orders == 0:
        count += exits.count()
    if count > limits.open_orders_max:
        terms.deny(DenyCode.TOO_MANY_OPEN_ORDERS, count, limits.open_orders_max)
    closing_pair = exits is not None and exits.order_class == OrderClass.OCO
    position = account.positions.get(request.instrument_id)
    held = position.qty if position is not None else 0
    terms.closes = held > 0 if request.side == Side.SELL else held < 0
    if request.reduce_only and not terms.closes:
        terms.deny(DenyCode.REDUCE_ONLY_WOULD_OPEN, terms.qty, 0)
        return
    if request.lots:
        _check_lots(account, book, request, terms)
    if account.restrictions and not terms.closes:
        _check_restrictions(account, book, request, terms)
    if account.bounds is not None and not terms.closes:
        more = count - len(account.orders)
        _check_bounds(state, account, account.bounds, book, request, terms, more)
    if terms.closes and position is not None:
        if exits is not None and not closing_pair:
            terms.deny(DenyCode.ENTRY_WOULD_CLOSE_POSITION)
        free = abs(held) - position.held_qty + request.freed_qty
        code = DenyCode.LEG_WOULD_OPEN_POSITION if closing_pair else DenyCode.EXCEEDS_POSITION
        if terms.qty > free:
            terms.deny(code, terms.qty, free)
    elif closing_pair:
        terms.deny(DenyCode.LEG_WOULD_OPEN_POSITION, terms.qty, 0)
    elif book.is_perp:
        _check_contract(state, account, book, request, terms, ts)
    elif account.kind == AccountKind.MARGIN:
        _check_margin(state, account, book, request, terms, ts)
    elif request.side == Side.SELL:
        terms.deny(DenyCode.EXCEEDS_POSITION, terms.qty, 0)
    else:
        hold = _hold_asked(state, account, book, request, terms, ts, False)
        free = account.cash_micros - account.held_micros + request.freed_micros
        if hold > free:
            terms.deny(DenyCode.EXCEEDS_BUYING_POWER, hold, free)
        terms.hold_micros = hold


def _check_bounds(
    state: State,
    account: Account,
    bounds: Bounds,
    book: Book,
    request: Request,
    terms: Terms,
    more: int,
) -> None:
    """Check what its owner is limited to; ``more``: how many more orders there would be."""
    value = value_ahead(
        book, request.side, terms.worst_price, terms.qty, 0, request.notional_micros
    )
    terms.deny_all(
        broken_bounds(
            state, account, bounds, book, request.order_type, value, more, request.replaced_id
        )
    )


def _check_restrictions(account: Account, book: Book, request: Request, terms: Terms) -> None:
    """Check what the account has forbidden itself to open."""
    found = account.restrictions
    shorts = request.side == Side.SELL and account.kind == AccountKind.MARGIN
    if shorts and found & Restriction.NO_SHORTING:
        terms.deny(DenyCode.SHORTING_RESTRICTED)
    part = book.asset_class == AssetClass.US_EQUITY and terms.qty % book.qty_unit != 0
    if part and found & Restriction.NO_FRACTIONS:
        terms.deny(DenyCode.FRACTIONS_RESTRICTED)


def _check_lots(account: Account, book: Book, request: Request, terms: Terms) -> None:
    """Check the lots that an order chooses; perpetual contracts have none."""
    allowed = terms.closes and request.exits is None and not book.is_perp
    terms.deny_all(
        broken_choice(account, request.instrument_id, request.lots, request.qty, allowed)
    )


def _hold_asked(
    state: State,
    account: Account,
    book: Book,
    request: Request,
    terms: Terms,
    ts: int,
    in_full: bool,
) -> int:
    return opening_hold(
        state,
        account,
        book,
        account.profile_id,
        request.side,
        terms.worst_price,
        terms.qty,
        0,
        0,
        request.notional_micros,
        ts,
        in_full,
    )


def _check_contract(
    state: State, account: Account, book: Book, request: Request, terms: Terms, ts: int
) -> None:
    """Check what an order that opens a position in a perpetual contract needs."""
    if account.call_due_ns:
        terms.deny(DenyCode.MARGIN_CALLED)
    _check_opposite(account, request, terms)
    position = account.positions.get(request.instrument_id)
    if position is not None and position.liquidation_ns:
        terms.deny(DenyCode.POSITION_IN_LIQUIDATION)
    hold = _hold_asked(state, account, book, request, terms, ts, False)
    free = margin.free_micros(state, account) + request.freed_micros
    if hold > free:
        terms.deny(DenyCode.EXCEEDS_BUYING_POWER, hold, free)
    terms.hold_micros = hold


def _check_opposite(account: Account, request: Request, terms: Terms) -> None:
    """Check that no open order opens a position the other way."""
    other = account.opening.get(request.instrument_id, 0)
    if other < 0 if request.side == Side.BUY else other > 0:
        terms.deny(DenyCode.OPPOSITE_ORDER_OPEN)


def _check_margin(
    state: State, account: Account, book: Book, request: Request, terms: Terms, ts: int
) -> None:
    """Check what an order that opens a position in a margin account needs."""
    rules = state.margin
    assert rules is not None
    figures = margin.measure(state, account)
    if account.call_due_ns:
        terms.deny(DenyCode.MARGIN_CALLED)
    _check_opposite(account, request, terms)
    small = figures.equity < rules.equity_micros_min
    free = figures.equity - figures.initial - account.held_micros + request.freed_micros
    if request.side == Side.SELL:
        _check_borrow(book, request, terms)
        if small:
            terms.deny(DenyCode.EQUITY_BELOW_MINIMUM, rules.equity_micros_min, figures.equity)
    in_full = small and request.side == Side.BUY
    hold = _hold_asked(state, account, book, request, terms, ts, in_full)
    cash = account.cash_micros - account.held_micros + request.freed_micros
    if in_full and hold > cash:
        terms.deny(DenyCode.EQUITY_BELOW_MINIMUM, hold, cash)
    elif hold > free:
        terms.deny(DenyCode.EXCEEDS_BUYING_POWER, hold, free)
    terms.hold_micros = hold


def _check_borrow(book: Book, request: Request, terms: Terms) -> None:
    """Check that what is sold short can be borrowed."""
    borrow = book.borrow
    if terms.qty % book.qty_unit:
        terms.deny(DenyCode.SHORT_NOT_WHOLE)
    if borrow is None or not borrow.shortable or not book.marginable:
        terms.deny(DenyCode.NOT_SHORTABLE)
        return
    if not borrow.easy and not request.locate:
        terms.deny(DenyCode.LOCATE_NEEDED)
    left = borrow.available_qty - book.borrowed_qty + request.freed_borrow
    if terms.qty > left:
        terms.deny(DenyCode.NOT_ENOUGH_TO_BORROW, terms.qty, max(0, left))
