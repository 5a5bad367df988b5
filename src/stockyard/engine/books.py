"""One instrument as the engine sees it: its terms, its last quote, and the orders waiting on it.

Promises: orders under different realism profiles are queued apart, so none waits behind one that
is filled by other rules. Must not know: accounts, fees, or how a fill is priced.
"""

from typing import Final

from stockyard.engine.accounts import Account
from stockyard.engine.levels import Watch
from stockyard.engine.orders import Order, OrderHeap, before, is_for_auction
from stockyard.engine.price_levels import PriceLevel
from stockyard.engine.triggers import Triggers
from stockyard.model.codes import (
    AssetClass,
    LimitRule,
    OrderType,
    Phase,
    Side,
    Status,
    TimeInForce,
)
from stockyard.model.facts import BorrowTermsSet
from stockyard.model.instruments import Instrument

VALUE_DIGITS: Final = 6
ORDER_VALUE_MICROS_MAX: Final = 2**60
"""No price may make the largest order worth more: what a fill says must fit 64 bits."""


class OrderQueue:
    """Working orders of one side of a lane: market orders by age, then limit orders.

    Limit orders that also trade in extended hours are kept apart, so that a quote outside the
    regular session finds them without passing the others. Where a limit order needs a place in the
    market, the ``fresh`` ones wait for a quote to take it by, and ``levels`` are the queues of each
    price.
    """

    def __init__(self) -> None:
        self.market = OrderHeap()
        self.limit = OrderHeap()
        self.extended = OrderHeap()
        self.fresh = OrderHeap()
        self.fresh_extended = OrderHeap()
        self.levels: dict[int, PriceLevel] = {}

    def add(self, order: Order) -> None:
        """Queue a working order."""
        if order.works_as == OrderType.MARKET:
            order.rank = 0
            self.market.push(order)
        else:
            order.rank = -order.limit_price if order.side == Side.BUY else order.limit_price
            self._limits(order).push(order)

    def _limits(self, order: Order) -> OrderHeap:
        if order.is_fresh:
            return self.fresh_extended if order.extended_hours else self.fresh
        return self.extended if order.extended_hours else self.limit

    def await_quote(self, order: Order) -> None:
        """Let a limit order wait for the quote it arrives with."""
        order.is_fresh = True
        order.rank = 0
        self._limits(order).push(order)

    def line_up(self, order: Order, ahead: int) -> None:
        """Queue a limit order behind ``ahead`` at its price."""
        self.add(order)
        level = self.levels.get(order.limit_price)
        if level is None:
            level = PriceLevel()
            self.levels[order.limit_price] = level
        level.join(order, ahead)

    def ahead(self, order: Order) -> int:
        """What trades before an order at its price; 0 where nobody queues."""
        level = self.levels.get(order.limit_price)
        return level.ahead(order) if level is not None else 0

    def remove(self, order: Order) -> None:
        """Take an order out, if it is here."""
        if order.heap_index < 0:
            return
        if order.works_as == OrderType.MARKET:
            self.market.remove(order)
            return
        self._limits(order).remove(order)
        if order.is_fresh:
            order.is_fresh = False
            return
        level = self.levels.get(order.limit_price)
        if level is not None:
            level.leave(order)
            if not level.orders:
                del self.levels[order.limit_price]

    def start_anew(self, places: bool) -> None:
        """Take every limit order's place away; ``places``: whether they wait for a new one."""
        orders: list[Order] = []
        for heap in (self.limit, self.extended, self.fresh, self.fresh_extended):
            order = heap.best()
            while order is not None:
                self.remove(order)
                orders.append(order)
                order = heap.best()
        for order in orders:
            if places:
                self.await_quote(order)
            else:
                self.add(order)

    def best_limit(self, is_open: bool) -> Order | None:
        """The limit order to serve first: of all in the regular session, else of the extended."""
        return _first(self.limit, self.extended, is_open)

    def next_fresh(self, is_open: bool) -> Order | None:
        """The order to arrive first with a quote: of all in the regular session, else of the
        extended.
        """
        return _first(self.fresh, self.fresh_extended, is_open)


def _first(regular: OrderHeap, extended: OrderHeap, is_open: bool) -> Order | None:
    late = extended.best()
    if not is_open:
        return late
    first = regular.best()
    if late is None or (first is not None and before(first, late)):
        return first
    return late


class Lane:
    """The working orders of one realism profile: nothing in one lane waits for another."""

    def __init__(self, profile_id: int) -> None:
        self.profile_id = profile_id
        self.limit_rule = LimitRule.TOUCH
        self.buys = OrderQueue()
        self.sells = OrderQueue()

    def queue(self, side: int) -> OrderQueue:
        """The queue of one side."""
        return self.buys if side == Side.BUY else self.sells


class Book:
    """One instrument's state. ``*_taken`` is what fills have taken of the current quote's sizes.

    ``halted``: trading is stopped; ``paused``: it is, or no quote has come since it went on.
    ``long_mark``, ``short_mark``: what positions are valued at. ``borrowed_qty``: what accounts are
    short of, and what open orders would sell short. ``index_price``: of what a perpetual contract
    follows; ``holders``: the accounts that have a position in it.
    """

    def __init__(self, instrument: Instrument) -> None:
        self.bid = 0
        self.ask = 0
        self.bid_qty = 0
        self.ask_qty = 0
        self.bid_taken = 0
        self.ask_taken = 0
        self.quote_ts = 0
        self.quote_seq = 0
        self.last_price = 0
        self.last_qty = 0
        self.last_ts = 0
        self.street_qty = 0
        self.phase = 0
        self.is_open = False
        self.print_due_ns = 0
        self.halted = False
        self.paused = False
        self.queued: dict[int, Order] = {}
        self.opening: dict[int, Order] = {}
        self.closing: dict[int, Order] = {}
        self.day_orders: dict[int, Order] = {}
        self.long_mark = 0
        self.short_mark = 0
        self.borrow: BorrowTermsSet | None = None
        self.borrowed_qty = 0
        self.index_price = 0
        self.holders: dict[int, Account] = {}
        self.watch = Watch()
        self.triggers = Triggers()
        self.lanes: list[Lane] = []
        self.set_terms(instrument)

    def set_terms(self, instrument: Instrument) -> None:
        """Take over an instrument's terms."""
        self.instrument = instrument
        self.instrument_id = instrument.instrument_id
        self.symbol = instrument.symbol
        self.asset_class = instrument.asset_class
        self.calendar_id = instrument.calendar_id
        self.tick = instrument.tick
        self.tick_below = instrument.tick_below
        self.tick_threshold = instrument.tick_threshold
        self.lot = instrument.lot
        self.qty_max = instrument.qty_max
        self.band_bps = instrument.band_bps
        self.collar_bps = instrument.collar_bps
        self.notional_micros_min = instrument.notional_micros_min
        self.tradable = instrument.tradable
        self.auctions = instrument.auctions
        exponent = instrument.price_scale + instrument.qty_scale - VALUE_DIGITS
        assert exponent >= 0, "price and quantity scales must give at least micro-dollars"
        self.value_divisor: int = 10**exponent
        self.price_max: int = ORDER_VALUE_MICROS_MAX * self.value_divisor // instrument.qty_max
        self.qty_unit: int = 10**instrument.qty_scale
        self.price_unit: int = 10**instrument.price_scale
        self.is_perp = instrument.asset_class == AssetClass.CRYPTO_PERP
        self.leverage_max = instrument.leverage_max
        self.leverage_start = instrument.leverage_start
        self.maintenance_ppm = instrument.maintenance_ppm
        self.liquidation_fee_ppm = instrument.liquidation_fee_ppm
        self.funding_bound_e9 = instrument.funding_bound_e9
        self.marginable = instrument.asset_class == AssetClass.US_EQUITY

    def enter(self, phase: int) -> None:
        """Go into a phase of the calendar."""
        self.phase = phase
        self.is_open = phase == Phase.OPEN

    def trades(self, extended_hours: bool) -> bool:
        """Whether orders with or without the flag can trade in this phase."""
        return self.is_open or (extended_hours and self.phase != Phase.CLOSED)

    def auction(self, time_in_force: int) -> dict[int, Order]:
        """The orders that wait for the opening or the closing auction, oldest first."""
        return self.opening if time_in_force == TimeInForce.OPG else self.closing

    def lane(self, order: Order) -> Lane:
        """The lane an order works in; lanes lie in the order of their profiles' ids."""
        at = 0
        for lane in self.lanes:
            if lane.profile_id == order.profile_id:
                return lane
            at += lane.profile_id < order.profile_id
        lane = Lane(order.profile_id)
        self.lanes.insert(at, lane)
        return lane

    def touch(self, side: int) -> int:
        """The price an order of this side would trade at now: the ask to buy, the bid to sell."""
        return self.ask if side == Side.BUY else self.bid

    def open_size(self, side: int) -> int:
        """What is left of the displayed size an order of this side would take from."""
        return self.ask_qty - self.ask_taken if side == Side.BUY else self.bid_qty - self.bid_taken

    def shown_size(self, side: int) -> int:
        """The displayed size an order of this side would take from."""
        return self.ask_qty if side == Side.BUY else self.bid_qty

    def taken(self, side: int) -> int:
        """What orders of this side have taken since the quote."""
        return self.ask_taken if side == Side.BUY else self.bid_taken

    def take(self, side: int, begins: int, qty: int) -> None:
        """Mark size as taken until the next quote; what is left before ``begins`` is passed."""
        if side == Side.BUY:
            self.ask_taken = max(self.ask_taken, begins) + qty
        else:
            self.bid_taken = max(self.bid_taken, begins) + qty

    def tick_at(self, price: int) -> int:
        """The price increment at a price."""
        return self.tick if price >= self.tick_threshold else self.tick_below

    def market_price(self, side: int) -> int:
        """What stops of this side are measured against: the last trade, or, in a book that has seen
        none, the price an order of this side would trade at; 0 when there is neither.
        """
        return self.last_price or self.touch(side)

    def quoted(self) -> bool:
        """Whether the quote can be traded on: a crossed quote cannot."""
        return self.bid == 0 or self.ask == 0 or self.bid <= self.ask

    def forget(self, order: Order) -> None:
        """Take an order out of every queue."""
        if order.status == Status.HELD:
            return
        if is_for_auction(order.time_in_force):
            self.auction(order.time_in_force).pop(order.order_id, None)
        elif order.status == Status.ACCEPTED:
            self.queued.pop(order.order_id, None)
        elif order.arrives_ns:
            pass
        elif order.awaits_trigger:
            self.triggers.remove(order)
        else:
            self.lane(order).queue(order.side).remove(order)
        self.day_orders.pop(order.order_id, None)
