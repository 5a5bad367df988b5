"""What the market offers an order under its profile: levels behind the quote, and their prices.

Promises: reads the book and changes nothing; a draw depends on the world's seed, the order and how
much of it is filled, and on nothing else. ``docs/reference/fills.md`` states the model. Must not
know: accounts, fees, or which order comes first.

What fills have taken of a side counts from the quote's own price on: the levels lie one behind the
other on that count, so one number remembers what is gone at all of them.
"""

from typing import Final

from mypy_extensions import mypyc_attr

from stockyard.engine.books import Book
from stockyard.engine.orders import Order
from stockyard.engine.state import Profile, State
from stockyard.model.codes import OrderType, Side
from stockyard.numerics.arithmetic import (
    mul_div_ceil,
    mul_div_floor,
    round_down_to,
    round_up_to,
)
from stockyard.numerics.random import CounterRandom

_MILLION: Final = 1_000_000
_BPS: Final = 10_000
_REJECTION: Final = 0
_DRAW_BITS: Final = 64


@mypyc_attr(acyclic=True)
class Offer:
    """A price to fill at and where it comes from. ``begins``: where on the count of what is taken
    its level begins, -1 for what takes nothing of the displayed size.
    """

    def __init__(self, price: int, quoted: int, size_open: int, begins: int) -> None:
        self.price = price
        self.quoted = quoted
        self.size_open = size_open
        self.begins = begins
        self.level = 0
        self.slippage = 0
        self.improvement = 0
        self.print_qty = 0


def begins_at(book: Book, profile: Profile, side: int, level: int) -> int:
    """Where on the count of what is taken a level begins."""
    if level == 0:
        return 0
    top = mul_div_floor(book.shown_size(side), profile.size_cap_ppm, _MILLION)
    return top + (level - 1) * mul_div_floor(top, profile.depth_size_ppm, _MILLION)


def left_at(book: Book, profile: Profile, side: int, level: int) -> int:
    """What is left at a level."""
    if level == 0 and profile.size_cap_ppm == _MILLION:
        return book.open_size(side)
    ends = begins_at(book, profile, side, level + 1)
    return ends - max(book.taken(side), begins_at(book, profile, side, level))


def price_at(book: Book, profile: Profile, side: int, level: int) -> int:
    """The price of a level; 0 where there is none."""
    touch = book.touch(side)
    if level == 0:
        return touch
    tick = book.tick_at(touch)
    step = max(tick, round_up_to(mul_div_ceil(touch, profile.depth_step_bps, _BPS), tick))
    price = touch + level * step if side == Side.BUY else touch - level * step
    return price if 0 < price <= book.price_max else 0


def first_level(book: Book, profile: Profile, side: int) -> int:
    """The nearest level at which a lot is left, -1 for none."""
    for level in range(profile.depth_levels + 1):
        if left_at(book, profile, side, level) >= book.lot:
            return level
    return -1


def offered(book: Book, profile: Profile, side: int, worst: int) -> int:
    """What whole lots are left at all levels no worse than ``worst``."""
    total = 0
    for level in range(profile.depth_levels + 1):
        price = price_at(book, profile, side, level)
        if price == 0 or (price > worst if side == Side.BUY else price < worst):
            break
        total += max(0, round_down_to(left_at(book, profile, side, level), book.lot))
    return total


def taking(state: State, book: Book, profile: Profile, order: Order, level: int) -> Offer:
    """What an order that takes from a level gets: its price, made worse by slippage for a market
    order (rounded against it, no further than its worst price), and better by an improvement if
    one is drawn (rounded against it).
    """
    side = order.side
    quoted = price_at(book, profile, side, level)
    offer = Offer(
        quoted,
        quoted,
        left_at(book, profile, side, level),
        begins_at(book, profile, side, level) if profile.size_bounded else -1,
    )
    offer.level = level
    if profile.slippage_bps and order.works_as == OrderType.MARKET:
        away = mul_div_ceil(quoted, profile.slippage_bps, _BPS)
        room = order.worst_price - quoted if side == Side.BUY else quoted - order.worst_price
        offer.slippage = min(away, room)
    if profile.improvement_ppm and level == 0 and book.bid and book.ask:
        away = mul_div_floor(book.ask - book.bid, profile.improvement_ppm, _MILLION)
        if away and drawn(state, order, 1 + order.filled_qty, profile.improvement_odds_ppm):
            offer.improvement = away
    worse = offer.slippage - offer.improvement
    offer.price = quoted + worse if side == Side.BUY else quoted - worse
    return offer


def refused(state: State, profile: Profile, order: Order) -> bool:
    """Whether the venue refuses an order; a leg it has taken with its entry."""
    if order.parent_id:
        return False
    return profile.reject_ppm > 0 and drawn(state, order, _REJECTION, profile.reject_ppm)


def drawn(state: State, order: Order, counter: int, odds_ppm: int) -> bool:
    """Whether an order's draw of this number falls within the odds."""
    draw = CounterRandom(state.seed, order.order_id).uint64(counter)
    return draw * _MILLION < odds_ppm << _DRAW_BITS
