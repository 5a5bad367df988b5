"""The exits of an order: which a class takes, and where their prices may lie.

Promises: every broken rule is found, each as (code, required, available). Must not know: accounts,
or what becomes of the exits.
"""

from typing import Final

from mypy_extensions import mypyc_attr

from stockyard.engine.books import Book
from stockyard.engine.order_rules import takes_class
from stockyard.model.codes import CLASS_WORDS, OrderClass, OrderType, Side
from stockyard.model.denials import DenyCode
from stockyard.model.order_types import LATER

Broken = list[tuple[int, int, int]]
_MILLION: Final = 1_000_000


@mypyc_attr(acyclic=True)
class Exits:
    """A take-profit, a stop-loss or both, as asked for; 0 for what is not there."""

    def __init__(
        self,
        order_class: int,
        take_profit: int,
        stop: int,
        stop_limit: int,
        trail_price: int,
        trail_ppm: int,
    ) -> None:
        self.order_class = order_class
        self.take_profit = take_profit
        self.stop = stop
        self.stop_limit = stop_limit
        self.trail_price = trail_price
        self.trail_ppm = trail_ppm

    def count(self) -> int:
        """How many exits there are."""
        return (self.take_profit != 0) + self.has_stop_loss()

    def has_stop_loss(self) -> bool:
        """Whether anything of a stop-loss is there."""
        return (
            self.stop != 0 or self.stop_limit != 0 or self.trail_price != 0 or self.trail_ppm != 0
        )

    def stop_type(self) -> int:
        """The order type of the stop-loss."""
        if self.trail_price or self.trail_ppm:
            return OrderType.TRAILING_STOP
        return OrderType.STOP_LIMIT if self.stop_limit else OrderType.STOP


def opposite(side: int) -> int:
    """The side that closes what ``side`` opens."""
    return Side.SELL if side == Side.BUY else Side.BUY


def exit_side(exits: Exits, side: int) -> int:
    """The side of the exits of an order of this side: an OCO is one of its exits itself."""
    return side if exits.order_class == OrderClass.OCO else opposite(side)


def broken_class(exits: Exits, kind: int, tif: int, notional_micros: int) -> Broken:
    """Check that the class takes these exits, and this order."""
    found: Broken = []
    order_class = exits.order_class
    profit, loss = exits.take_profit != 0, exits.has_stop_loss()
    if order_class not in CLASS_WORDS:
        return [(DenyCode.ORDER_CLASS_NOT_SUPPORTED, 0, 0)]
    if order_class == OrderClass.SIMPLE:
        return [(DenyCode.LEG_NOT_ALLOWED, 0, 0)]
    if order_class == OrderClass.BRACKET:
        missing, extra = not (profit and loss), False
    elif order_class == OrderClass.OTO:
        missing, extra = not (profit or loss), profit and loss
    else:
        missing, extra = not loss, profit
    if missing:
        found.append((DenyCode.LEG_MISSING, 0, 0))
    if extra:
        found.append((DenyCode.LEG_NOT_ALLOWED, 0, 0))
    if not takes_class(kind, order_class):
        found.append((DenyCode.CLASS_TYPE_NOT_SUPPORTED, 0, 0))
    found.extend(broken_time(tif))
    if notional_micros:
        found.append((DenyCode.CLASS_NOTIONAL_NOT_ALLOWED, 0, 0))
    return found


def broken_time(tif: int) -> Broken:
    """Check that linked orders may live so long."""
    return [] if tif in LATER else [(DenyCode.CLASS_TIME_IN_FORCE_NOT_SUPPORTED, 0, 0)]


def broken_prices(book: Book, exits: Exits, loss_from: int) -> Broken:
    """Check the exits' prices by themselves, and what they trail by."""
    found: Broken = []
    for price in (exits.take_profit, exits.stop, exits.stop_limit, exits.trail_price):
        if price < 0:
            found.append((DenyCode.LEG_PRICE_NOT_POSITIVE, 0, 0))
        elif price % book.tick_at(price):
            found.append((DenyCode.LEG_PRICE_OFF_TICK, 0, 0))
        if price > book.price_max:
            found.append((DenyCode.LEG_PRICE_TOO_LARGE, 0, 0))
    if exits.has_stop_loss():
        kinds = (exits.stop != 0) + (exits.trail_price != 0) + (exits.trail_ppm != 0)
        if kinds != 1 or (exits.stop_limit and not exits.stop):
            found.append((DenyCode.STOP_LOSS_UNCLEAR, 0, 0))
    if exits.trail_price > 0 and 0 < loss_from <= exits.trail_price:
        found.append((DenyCode.LEG_TRAIL_OUT_OF_RANGE, exits.trail_price, loss_from))
    if exits.trail_ppm and not 0 < exits.trail_ppm < _MILLION:
        found.append((DenyCode.LEG_TRAIL_OUT_OF_RANGE, exits.trail_ppm, _MILLION))
    return found


def broken_sides(
    book: Book, exits: Exits, side: int, profit: int, profit_from: int, loss_from: int
) -> Broken:
    """Check that exits of ``side`` lie at least one increment on their sides of two prices (0: not
    known), and apart. ``profit``: the take-profit, wherever it is named.
    """
    found: Broken = []
    way = 1 if side == Side.SELL else -1
    if profit and profit_from:
        least = profit_from + way * book.tick_at(profit_from)
        if way * profit < way * least:
            found.append((DenyCode.TAKE_PROFIT_WRONG_SIDE, profit, least))
    if exits.stop and loss_from:
        most = loss_from - way * book.tick_at(loss_from)
        if way * exits.stop > way * most:
            found.append((DenyCode.STOP_LOSS_WRONG_SIDE, exits.stop, most))
    for price in (exits.stop, exits.stop_limit):
        if profit and price and way * profit <= way * price:
            found.append((DenyCode.TAKE_PROFIT_NOT_BEYOND_STOP_LOSS, profit, price))
            break
    return found


def entry_price(book: Book, side: int, kind: int, limit: int, stop: int, triggered: bool) -> int:
    """The price that the exits of an entry are measured against: its limit, its stop, or the quote;
    0 when there is none.
    """
    if kind in (OrderType.LIMIT, OrderType.STOP_LIMIT):
        return limit
    if kind == OrderType.STOP and not triggered:
        return stop
    return book.touch(side)
