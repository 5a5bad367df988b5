"""The naive twin's rules of linked orders: what a class asks for, and where exits may lie.

Promises: each rule stands by itself and is judged in any case. Must not know: how orders are
filled.
"""

from typing import NamedTuple

from stockyard.model.codes import OrderClass, OrderType, Side, Status, TimeInForce
from stockyard.model.denials import DenyCode
from stockyard.model.instruments import Instrument
from tests.property.naive_things import NaiveOrder, too_large

LATER = (TimeInForce.DAY, TimeInForce.GTC, TimeInForce.GTD)
LINKED = (OrderClass.BRACKET, OrderClass.OCO, OrderClass.OTO)
OF_THE_MOMENT = (
    DenyCode.SESSION_CLOSED,
    DenyCode.NO_QUOTE,
    DenyCode.PRICE_OUTSIDE_BAND,
    DenyCode.STOP_PRICE_WRONG_SIDE,
    DenyCode.NOTIONAL_TOO_SMALL,
    DenyCode.NOTIONAL_TOO_LARGE,
    DenyCode.TRAIL_OUT_OF_RANGE,
    DenyCode.TRADING_HALTED,
    DenyCode.STALE_QUOTE,
)
"""Rules that the market decides: a leg that is held is not measured by them."""


class NaiveExits(NamedTuple):
    """Exits as asked for."""

    order_class: int
    profit: int
    stop: int
    limit: int
    trail: int
    ppm: int

    @property
    def loss(self) -> bool:
        """Whether there is a stop-loss."""
        return any(self[2:])

    @property
    def count(self) -> int:
        """How many exits."""
        return bool(self.profit) + self.loss

    @property
    def stop_type(self) -> int:
        """What kind of order the stop-loss is."""
        if self.trail or self.ppm:
            return OrderType.TRAILING_STOP
        return OrderType.STOP_LIMIT if self.limit else OrderType.STOP


def exits_as_they_are(order_class: int, legs: list[NaiveOrder]) -> NaiveExits:
    """The exits that these orders are."""
    profit = stop = limit = trail = ppm = 0
    for leg in legs:
        if leg.order_type == OrderType.LIMIT:
            profit = leg.limit
        else:
            stop, limit, trail, ppm = leg.stop, leg.limit, leg.trail, leg.ppm
    return NaiveExits(order_class, profit, stop, limit, trail, ppm)


def broken(rules: dict[int, bool]) -> list[int]:
    """The codes of the rules that are broken."""
    return [code for code, is_broken in rules.items() if is_broken]


def class_rules(exits: NaiveExits, order: NaiveOrder) -> dict[int, bool]:
    """Whether the class, its exits and the order go together."""
    kind, profit, loss = exits.order_class, bool(exits.profit), exits.loss
    linked = kind in LINKED
    return {
        DenyCode.ORDER_CLASS_NOT_SUPPORTED: kind not in (0, *LINKED),
        DenyCode.LEG_MISSING: (kind == OrderClass.BRACKET and not (profit and loss))
        or (kind == OrderClass.OTO and not (profit or loss))
        or (kind == OrderClass.OCO and not loss),
        DenyCode.LEG_NOT_ALLOWED: kind == OrderClass.SIMPLE
        or (kind == OrderClass.OTO and profit and loss)
        or (kind == OrderClass.OCO and profit),
        DenyCode.CLASS_TYPE_NOT_SUPPORTED: linked
        and (
            order.order_type == OrderType.TRAILING_STOP
            or (kind == OrderClass.OCO and order.order_type != OrderType.LIMIT)
        ),
        DenyCode.CLASS_TIME_IN_FORCE_NOT_SUPPORTED: linked and order.tif not in LATER,
        DenyCode.CLASS_NOTIONAL_NOT_ALLOWED: linked and order.notional != 0,
    }


def price_rules(terms: Instrument, exits: NaiveExits, loss_from: int) -> dict[int, bool]:
    """Whether the exits' numbers can be what they stand for."""
    given = [p for p in (exits.profit, exits.stop, exits.limit, exits.trail) if p]
    kinds = [p for p in (exits.stop, exits.trail, exits.ppm) if p]
    return {
        DenyCode.LEG_PRICE_NOT_POSITIVE: any(p < 0 for p in given),
        DenyCode.LEG_PRICE_OFF_TICK: any(p > 0 and p % tick(terms, p) for p in given),
        DenyCode.LEG_PRICE_TOO_LARGE: any(too_large(terms, p) for p in given),
        DenyCode.STOP_LOSS_UNCLEAR: exits.loss
        and (len(kinds) != 1 or bool(exits.limit and not exits.stop)),
        DenyCode.LEG_TRAIL_OUT_OF_RANGE: bool(exits.ppm and not 0 < exits.ppm < 10**6)
        or 0 < loss_from <= exits.trail,
    }


def side_rules(
    terms: Instrument, exits: NaiveExits, selling: bool, profit_from: int, loss_from: int
) -> dict[int, bool]:
    """Whether exits that sell (or buy) lie beyond what they are measured against, and apart."""
    way = 1 if selling else -1
    profit, others = exits.profit, [p for p in (exits.stop, exits.limit) if p]
    return {
        DenyCode.TAKE_PROFIT_WRONG_SIDE: bool(profit and profit_from)
        and way * (profit - profit_from) < tick(terms, profit_from),
        DenyCode.STOP_LOSS_WRONG_SIDE: bool(exits.stop and loss_from)
        and way * (loss_from - exits.stop) < tick(terms, loss_from),
        DenyCode.TAKE_PROFIT_NOT_BEYOND_STOP_LOSS: bool(profit)
        and any(way * (profit - p) <= 0 for p in others),
    }


def tick(terms: Instrument, price: int) -> int:
    """The price increment at a price."""
    return terms.tick if price >= terms.tick_threshold else terms.tick_below


def entry_price(order: NaiveOrder, touch: int) -> int:
    """What the exits of an entry are measured against."""
    if order.order_type in (OrderType.LIMIT, OrderType.STOP_LIMIT):
        return order.limit
    return order.stop if order.order_type == OrderType.STOP and order.waits else touch


def replaced_leg(
    terms: Instrument, old: NaiveOrder, new: NaiveOrder, qty: int, touch: int
) -> list[int]:
    """What the replacement of an exit breaks of its links. ``touch``: where its entry trades."""
    legs = [new, *old.partners]
    exits = exits_as_they_are(old.order_class, legs)
    price = 0
    if old.status == Status.HELD:
        assert old.parent is not None
        price = entry_price(old.parent, touch)
    return broken(
        {
            DenyCode.LEG_QUANTITY_FIXED: bool(qty) and qty != old.qty,
            DenyCode.CLASS_TIME_IN_FORCE_NOT_SUPPORTED: new.tif not in LATER,
            DenyCode.LEG_TRAIL_OUT_OF_RANGE: 0 < price <= new.trail,
            **side_rules(terms, exits, old.side == Side.SELL, price, price),
        }
    )


def held_rules(codes: list[int], new: NaiveOrder) -> list[int]:
    """Of what a leg's replacement breaks, what matters while it is held."""
    found = [code for code in codes if code not in OF_THE_MOMENT]
    if new.order_type == OrderType.TRAILING_STOP and (new.trail < 0 or not 0 <= new.ppm < 10**6):
        found.append(DenyCode.TRAIL_OUT_OF_RANGE)
    return found


def relink(old: NaiveOrder, new: NaiveOrder) -> None:
    """Put a replacement where the order was that it replaces."""
    new.order_class, new.protects, new.before = old.order_class, old.protects, old
    new.parent = old.parent
    for other in old.partners:
        new.partners, other.partners = [other], [new]
    if old.parent is not None:
        old.parent.legs = [new if leg is old else leg for leg in old.parent.legs]
    new.legs = old.legs
    for leg in new.legs:
        leg.parent = new
        if leg.status == Status.HELD:
            leg.qty = new.qty + old.filled_in_all
