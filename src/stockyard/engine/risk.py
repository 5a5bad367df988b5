"""Whether an order may be taken: its shape, then the account's means.

Promises: when several rules are broken, the one with the lowest ``DenyCode`` is named; nothing is
changed here. Must not know: what is sent back, or how an order is filled.
"""

from typing import Final

from mypy_extensions import mypyc_attr

from stockyard.engine.accounts import Account
from stockyard.engine.books import Book
from stockyard.engine.fees import most_ahead
from stockyard.engine.order_rules import Priced, times_in_force, worst_price
from stockyard.engine.state import State
from stockyard.model.codes import AccountStatus, OrderType, Side, TimeInForce
from stockyard.model.commands import PlaceOrder
from stockyard.model.denials import DenyCode
from stockyard.model.numbers import INT_MAX
from stockyard.numerics.arithmetic import div_ceil, div_floor, mul_div_floor, round_down_to

_BPS = 10_000
YEAR_NS: Final = 366 * 86_400 * 1_000_000_000


@mypyc_attr(acyclic=True)
class Request(Priced):
    """An order as asked for, whoever asks: a new one, a replacement, or the closing of a position.

    ``freed_micros``, ``freed_qty``: what canceling or replacing other orders in the same step
    frees; ``freed_orders``: how many open orders end in the same step.
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
        self.freed_micros = 0
        self.freed_qty = 0
        self.freed_orders = 0


def requested(command: PlaceOrder) -> Request:
    """The order a command asks for."""
    request = Request(
        command.instrument_id,
        command.side,
        command.order_type,
        command.time_in_force,
        command.qty,
        command.limit_price,
        command.notional_micros,
    )
    request.stop_price = command.stop_price
    request.trail_price = command.trail_price
    request.trail_ppm = command.trail_ppm
    request.expires_ns = command.expires_ns
    return request


@mypyc_attr(acyclic=True)
class Terms:
    """What was found: ``code`` 0 and what to hold, or the broken rule and the two numbers behind
    it.
    """

    def __init__(self) -> None:
        self.code = 0
        self.required = 0
        self.available = 0
        self.qty = 0
        self.worst_price = 0
        self.hold_micros = 0

    def deny(self, code: int, required: int = 0, available: int = 0) -> "Terms":
        """Set the broken rule; a number too large to be stored is told as ``INT_MAX``."""
        self.code = code
        self.required = min(required, INT_MAX)
        self.available = min(available, INT_MAX)
        return self


def tick_of(book: Book, price: int) -> int:
    """The price increment at a price."""
    return book.tick if price >= book.tick_threshold else book.tick_below


def shape_code(book: Book, request: Request) -> int:
    """The first broken rule of the order's own shape, price apart, or 0."""
    kind, tif = request.order_type, request.time_in_force
    if not book.tradable:
        return DenyCode.INSTRUMENT_NOT_TRADABLE
    offered = times_in_force(kind)
    if not offered:
        return DenyCode.ORDER_TYPE_NOT_SUPPORTED
    if tif not in offered:
        return DenyCode.TIME_IN_FORCE_NOT_SUPPORTED
    if request.side not in (Side.BUY, Side.SELL):
        return DenyCode.SIDE_NOT_SUPPORTED
    if (request.qty == 0) == (request.notional_micros == 0):
        return DenyCode.QUANTITY_OR_NOTIONAL
    if request.qty < 0:
        return DenyCode.QUANTITY_NOT_POSITIVE
    if request.qty % book.lot:
        return DenyCode.QUANTITY_OFF_LOT
    if request.qty > book.qty_max:
        return DenyCode.QUANTITY_TOO_LARGE
    if request.notional_micros and (kind != OrderType.MARKET or tif == TimeInForce.FOK):
        return DenyCode.NOTIONAL_NOT_ALLOWED
    return 0


def price_code(book: Book, price: int) -> int:
    """The first broken rule of a price that is there, or 0."""
    if price < 0:
        return DenyCode.PRICE_NOT_POSITIVE
    if price % tick_of(book, price):
        return DenyCode.PRICE_OFF_TICK
    if price > book.price_max:
        return DenyCode.PRICE_TOO_LARGE
    return 0


def limit_code(book: Book, request: Request) -> int:
    """The first broken rule of the limit price, or 0."""
    if request.order_type not in (OrderType.LIMIT, OrderType.STOP_LIMIT):
        return DenyCode.LIMIT_PRICE_NOT_ALLOWED if request.limit_price else 0
    if request.limit_price == 0:
        return DenyCode.LIMIT_PRICE_MISSING
    return price_code(book, request.limit_price)


def stop_code(book: Book, request: Request) -> int:
    """The first broken rule of the stop price, or 0."""
    if request.order_type not in (OrderType.STOP, OrderType.STOP_LIMIT):
        return DenyCode.STOP_PRICE_NOT_ALLOWED if request.stop_price else 0
    if request.stop_price == 0:
        return DenyCode.STOP_PRICE_MISSING
    return price_code(book, request.stop_price)


def trail_code(book: Book, request: Request) -> int:
    """The first broken rule of the trail's shape, or 0."""
    if request.order_type != OrderType.TRAILING_STOP:
        return DenyCode.TRAIL_NOT_ALLOWED if request.trail_price or request.trail_ppm else 0
    if (request.trail_price == 0) == (request.trail_ppm == 0):
        return DenyCode.TRAIL_MISSING
    return price_code(book, request.trail_price) if request.trail_price > 0 else 0


def trails_from_a_price(book: Book, request: Request) -> bool:
    """Whether a trailing stop that cannot be priced has a price to trail from: then its trail is to
    blame.
    """
    waits = request.order_type == OrderType.TRAILING_STOP and not request.triggered
    return waits and book.market_price(request.side) > 0


def lies_ahead(book: Book, request: Request, terms: Terms, ts: int) -> bool:
    """Whether the trail, the stop and the expiry lie where they can still be reached."""
    tif, expires_ns = request.time_in_force, request.expires_ns
    price = book.market_price(request.side)
    if request.order_type == OrderType.TRAILING_STOP and not request.triggered:
        most = price if request.trail_price else 1_000_000
        trail = request.trail_price or request.trail_ppm
        if not 0 < trail < most:
            terms.deny(DenyCode.TRAIL_OUT_OF_RANGE, trail, most)
            return False
    if request.stop_price and price and not request.triggered:
        stop = request.stop_price
        if stop <= price if request.side == Side.BUY else stop >= price:
            terms.deny(DenyCode.STOP_PRICE_WRONG_SIDE, stop, price)
            return False
    if tif == TimeInForce.GTD and expires_ns == 0:
        terms.deny(DenyCode.EXPIRY_MISSING)
    elif tif != TimeInForce.GTD and expires_ns:
        terms.deny(DenyCode.EXPIRY_NOT_ALLOWED)
    elif expires_ns and not ts < expires_ns <= ts + YEAR_NS:
        terms.deny(DenyCode.EXPIRY_NOT_AHEAD)
    else:
        return True
    return False


def check_order(state: State, account: Account, request: Request, ts: int) -> Terms:
    """Decide whether the account may have this order."""
    terms = Terms()
    if account.status != AccountStatus.ACTIVE:
        return terms.deny(DenyCode.ACCOUNT_NOT_ACTIVE)
    book = state.book(request.instrument_id)
    if book is None:
        return terms.deny(DenyCode.UNKNOWN_INSTRUMENT)
    code = shape_code(book, request)
    if code:
        return terms.deny(code)
    size_order(state, book, request, terms)
    if terms.code == 0:
        check_price(book, request, terms)
    if terms.code:
        return terms
    calendar = state.calendars.get(book.calendar_id)
    is_open = calendar is not None and calendar.is_open
    if not is_open and request.time_in_force in (TimeInForce.IOC, TimeInForce.FOK):
        return terms.deny(DenyCode.SESSION_CLOSED)
    if terms.worst_price == 0 and not trails_from_a_price(book, request):
        return terms.deny(DenyCode.NO_QUOTE)
    if not lies_ahead(book, request, terms, ts):
        return terms
    limits = state.limits
    assert limits is not None
    if len(account.orders) - request.freed_orders >= limits.open_orders_max:
        return terms.deny(
            DenyCode.TOO_MANY_OPEN_ORDERS, len(account.orders) + 1, limits.open_orders_max
        )
    return check_means(state, account, book, request, terms, ts)


def size_order(state: State, book: Book, request: Request, terms: Terms) -> None:
    """Work out quantity, worst price and value, and check the value's limits.

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
            div_floor(request.notional_micros * book.value_divisor, touch), book.lot
        )
        if terms.qty == 0:
            one_lot = div_ceil(touch * book.lot, book.value_divisor)
            terms.deny(DenyCode.NOTIONAL_TOO_SMALL, one_lot, request.notional_micros)
            return
        if terms.qty > book.qty_max:
            terms.deny(DenyCode.QUANTITY_TOO_LARGE, terms.qty, book.qty_max)
        return
    if worst <= 0:
        return
    value = div_ceil(worst * terms.qty, book.value_divisor)
    if request.side == Side.BUY and value < minimum:
        terms.deny(DenyCode.NOTIONAL_TOO_SMALL, minimum, value)
    elif value > limits.order_notional_micros_max:
        terms.deny(DenyCode.NOTIONAL_TOO_LARGE, value, limits.order_notional_micros_max)


def check_price(book: Book, request: Request, terms: Terms) -> None:
    """Check limit, stop and trail, and refuse a limit far worse than the market for its sender."""
    limit = limit_code(book, request)
    code = first_code(limit, first_code(stop_code(book, request), trail_code(book, request)))
    if 0 < code < DenyCode.PRICE_OUTSIDE_BAND:
        terms.deny(code)
        return
    stop = 0 if request.triggered else request.stop_price
    reference = stop or book.touch(request.side)
    price = request.limit_price
    if limit == 0 and price and reference > 0:
        if request.side == Side.BUY:
            bound = mul_div_floor(reference, _BPS + book.band_bps, _BPS)
            outside = price > bound
        else:
            bound = mul_div_floor(reference, _BPS - book.band_bps, _BPS)
            outside = price < bound
        if outside:
            terms.deny(DenyCode.PRICE_OUTSIDE_BAND, price, bound)
            return
    if code:
        terms.deny(code)


def first_code(one: int, other: int) -> int:
    """The lower of two codes, where 0 is none."""
    if one == 0 or other == 0:
        return one + other
    return min(one, other)


def principal_ahead(
    book: Book, worst: int, leaves: int, filled_value: int, notional_micros: int
) -> int:
    """Cash that buying the rest of an order at its worst price takes, without fees.

    Rounded up on the order's running total, like the fills themselves, so that what a fill costs is
    never more than what it frees.
    """
    spent = div_ceil(filled_value, book.value_divisor)
    total = div_ceil(filled_value + worst * leaves, book.value_divisor)
    if notional_micros:
        total = min(total, max(notional_micros, spent))
    return total - spent


def fees_ahead(
    state: State,
    book: Book,
    profile_id: int,
    filled_value: int,
    filled_qty: int,
    principal: int,
    leaves: int,
    ts: int,
) -> int:
    """The most a buy order may still be charged for spending ``principal`` on ``leaves``."""
    lines = state.fee_lines(state.profiles[profile_id], book, Side.BUY, ts)
    if not lines:
        return 0
    spent = div_ceil(filled_value, book.value_divisor)
    return most_ahead(
        lines, spent, spent + principal, filled_qty, filled_qty + leaves, book.qty_unit
    )


def check_means(
    state: State, account: Account, book: Book, request: Request, terms: Terms, ts: int
) -> Terms:
    """Check buying power for a buy, and shares for a sale."""
    if request.side == Side.BUY:
        hold = principal_ahead(book, terms.worst_price, terms.qty, 0, request.notional_micros)
        hold += fees_ahead(state, book, account.profile_id, 0, 0, hold, terms.qty, ts)
        free = account.cash_micros - account.held_micros + request.freed_micros
        if hold > free:
            return terms.deny(DenyCode.EXCEEDS_BUYING_POWER, hold, free)
        terms.hold_micros = hold
        return terms
    position = account.positions.get(request.instrument_id)
    free = 0 if position is None else position.qty - position.held_qty + request.freed_qty
    if terms.qty > free:
        return terms.deny(DenyCode.EXCEEDS_POSITION, terms.qty, free)
    return terms
