"""One instrument as the engine sees it: its terms, its last quote, and the orders waiting on it.

Promises: orders under different realism profiles are queued apart, so none waits behind one that
is filled by other rules. Must not know: accounts, fees, or how a fill is priced.
"""

from typing import Final

from stockyard.engine.orders import Order, OrderHeap, before
from stockyard.engine.triggers import Triggers
from stockyard.model.codes import AUCTION_TIMES, OrderType, Phase, Side, Status, TimeInForce
from stockyard.model.instruments import Instrument

VALUE_DIGITS: Final = 6
ORDER_VALUE_MICROS_MAX: Final = 2**60
"""No price may make the largest order worth more: what a fill says must fit 64 bits."""


class OrderQueue:
    """Working orders of one side of a lane: market orders by age, then limit orders.

    Limit orders that also trade in extended hours are kept apart, so that a quote outside the
    regular session finds them without passing the others.
    """

    def __init__(self) -> None:
        self.market = OrderHeap()
        self.limit = OrderHeap()
        self.extended = OrderHeap()

    def add(self, order: Order) -> None:
        """Queue a working order."""
        if order.works_as == OrderType.MARKET:
            order.rank = 0
            self.market.push(order)
        else:
            order.rank = -order.limit_price if order.side == Side.BUY else order.limit_price
            self._limits(order).push(order)

    def _limits(self, order: Order) -> OrderHeap:
        return self.extended if order.extended_hours else self.limit

    def remove(self, order: Order) -> None:
        """Take an order out, if it is here."""
        if order.heap_index >= 0:
            at_market = order.works_as == OrderType.MARKET
            heap = self.market if at_market else self._limits(order)
            heap.remove(order)

    def best_limit(self, is_open: bool) -> Order | None:
        """The limit order to serve first: of all in the regular session, else of the extended."""
        extended = self.extended.best()
        if not is_open:
            return extended
        first = self.limit.best()
        if extended is None or (first is not None and before(first, extended)):
            return first
        return extended


class Lane:
    """The working orders of one realism profile: nothing in one lane waits for another."""

    def __init__(self, profile_id: int) -> None:
        self.profile_id = profile_id
        self.buys = OrderQueue()
        self.sells = OrderQueue()

    def queue(self, side: int) -> OrderQueue:
        """The queue of one side."""
        return self.buys if side == Side.BUY else self.sells


class Book:
    """One instrument's state. ``*_taken`` is what fills have taken of the current quote's sizes."""

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
        self.queued: dict[int, Order] = {}
        self.opening: dict[int, Order] = {}
        self.closing: dict[int, Order] = {}
        self.day_orders: dict[int, Order] = {}
        self.triggers = Triggers()
        self.lanes: list[Lane] = []
        self.set_terms(instrument)

    def set_terms(self, instrument: Instrument) -> None:
        """Take over an instrument's terms."""
        self.instrument = instrument
        self.instrument_id = instrument.instrument_id
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

    def queue(self, order: Order) -> None:
        """Let an order wait for quotes that reach it."""
        self.lane(order).queue(order.side).add(order)

    def tick_at(self, price: int) -> int:
        """The price increment at a price."""
        return self.tick if price >= self.tick_threshold else self.tick_below

    def touch(self, side: int) -> int:
        """The price an order of this side would trade at now: the ask to buy, the bid to sell."""
        return self.ask if side == Side.BUY else self.bid

    def open_size(self, side: int) -> int:
        """What is left of the displayed size an order of this side would take from."""
        return self.ask_qty - self.ask_taken if side == Side.BUY else self.bid_qty - self.bid_taken

    def take(self, side: int, qty: int) -> None:
        """Mark displayed size as taken until the next quote."""
        if side == Side.BUY:
            self.ask_taken += qty
        else:
            self.bid_taken += qty

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
        if order.time_in_force in AUCTION_TIMES:
            self.auction(order.time_in_force).pop(order.order_id, None)
        elif order.status == Status.ACCEPTED:
            self.queued.pop(order.order_id, None)
        elif order.awaits_trigger:
            self.triggers.remove(order)
        else:
            self.lane(order).queue(order.side).remove(order)
        self.day_orders.pop(order.order_id, None)
