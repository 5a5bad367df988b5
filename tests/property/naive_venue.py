"""The venue half of the naive twin: who fills at which price, by the words of fills.md.

Promises: every waiting order is looked at each time; no queue, heap or counter is kept, only what
still stands before an order. Must not know: how the engine works.
"""

from fractions import Fraction
from math import ceil, floor

from stockyard.model import facts as f
from stockyard.model.codes import LimitRule, Side, Status, TimeInForce
from stockyard.model.instruments import Instrument, Session, VenueProfile
from stockyard.model.numbers import INT_MAX
from tests.property.naive_things import AT_ONCE, OPEN, NaiveOrder, NaiveQuote, worth

MILLION = 10**6
WORKING = (Status.NEW, Status.PARTIALLY_FILLED, Status.PENDING_CANCEL)


def splitmix(value: int) -> int:
    """One mixing step of SplitMix64."""
    value %= 2**64
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB % 2**64
    return value ^ (value >> 31)


def chance(seed: int, stream: int, counter: int) -> Fraction:
    """A draw from 0 up to 1."""
    golden = 0x9E3779B97F4A7C15
    key = splitmix(splitmix(seed) + golden * (stream + 1))
    return Fraction(splitmix(key + golden * (counter + 1)), 2**64)


def no_worse(side: int, price: int, worst: int) -> bool:
    """Whether a price is within the worst one."""
    return price <= worst if side == Side.BUY else price >= worst


class NaiveVenue:
    """Quotes, trades, halts and profiles, and what they fill."""

    def __init__(self) -> None:
        self.terms: dict[int, Instrument] = {}
        self.quotes: dict[int, NaiveQuote] = {}
        self.profiles: dict[int, VenueProfile] = {}
        self.sessions: dict[int, list[Session]] = {}
        self.calendar_names: dict[int, str] = {}
        self.orders: list[NaiveOrder] = []
        self.halted: dict[int, bool] = {}
        self.paused: dict[int, bool] = {}
        self.seed = 0
        self.ts = 0

    def _touch(self, terms: Instrument, side: int) -> int:
        quote = self.quotes[terms.instrument_id]
        return quote.ask if side == Side.BUY else quote.bid

    def _lot(self, order: NaiveOrder) -> int:
        return self.terms[order.terms.instrument_id].lot

    def _tick(self, terms: Instrument, price: int) -> int:
        terms = self.terms[terms.instrument_id]
        return terms.tick if price >= terms.tick_threshold else terms.tick_below

    def _halt(self, message: f.TradingHalted) -> None:
        if message.instrument_id in self.terms:
            self.halted[message.instrument_id] = message.halted
            if message.halted:
                self.paused[message.instrument_id] = True

    def _define(self, new: VenueProfile) -> None:
        old = self.profiles.get(new.profile_id)
        self.profiles[new.profile_id] = new
        if old is not None and old.limit_rule != new.limit_rule:
            for order in self.orders:
                if order.profile_id == new.profile_id:
                    order.ahead = None

    # What there is to take.

    def _ladder(self, order: NaiveOrder) -> list[tuple[int, int, int]]:
        """Price, begin and end of each level with a lot left, the nearest first, with its number
        implied by its place; levels without one are given price 0."""
        profile, side = self.profiles[order.profile_id], order.side
        quote = self.quotes[order.terms.instrument_id]
        shown, gone = (
            (quote.ask_size, quote.ask_gone)
            if side == Side.BUY
            else (quote.bid_size, quote.bid_gone)
        )
        touch = self._touch(order.terms, side)
        top = floor(Fraction(shown * profile.size_cap_ppm, MILLION))
        deeper = floor(Fraction(top * profile.depth_size_ppm, MILLION))
        tick = self._tick(order.terms, touch)
        step = max(1, ceil(Fraction(touch * profile.depth_step_bps, 10_000 * tick))) * tick
        rungs = []
        for level in range(profile.depth_levels + 1):
            begin = 0 if level == 0 else top + (level - 1) * deeper
            end = top + level * deeper
            price = touch + level * step * (1 if side == Side.BUY else -1)
            if price > 0:
                rungs.append((price, begin, max(0, end - max(gone, begin))))
        return rungs

    def _price_paid(self, order: NaiveOrder, quoted: int, level: int) -> int:
        profile = self.profiles[order.profile_id]
        quote = self.quotes[order.terms.instrument_id]
        sign = 1 if order.side == Side.BUY else -1
        worse = 0
        if order.at_market:
            worse = ceil(Fraction(quoted * profile.slippage_bps, 10_000))
            worse = min(worse, (order.worst - quoted) * sign)
        better = 0
        if level == 0 and quote.bid and quote.ask:
            better = floor(Fraction((quote.ask - quote.bid) * profile.improvement_ppm, MILLION))
        odds = Fraction(profile.improvement_odds_ppm, MILLION)
        if better and not chance(self.seed, order.order_id, 1 + order.filled) < odds:
            better = 0
        return quoted + sign * (worse - better)

    def _affordable(self, order: NaiveOrder, price: int) -> int:
        """Whole lots of the rest that can be paid for."""
        qty, lot = order.leaves, self._lot(order)
        if order.notional:
            most = floor((order.notional - order.exact) / worth(order.terms, price, 1))
            qty = min(qty, most // lot * lot)
        return qty

    def _take(self, order: NaiveOrder) -> None:
        """Take level after level, as long as the worst price allows."""
        bounded, lot = self.profiles[order.profile_id].size_bounded, self._lot(order)
        while order.status in OPEN:
            rungs = self._ladder(order) if bounded else self._ladder(order)[:1]
            found = [n for n, rung in enumerate(rungs) if not bounded or rung[2] >= lot]
            if not found:
                return
            price, begin, left = rungs[found[0]]
            if not no_worse(order.side, price, order.worst):
                return
            paid = self._price_paid(order, price, found[0])
            qty = self._affordable(order, paid)
            if bounded:
                qty = min(qty, left // lot * lot)
            if qty <= 0:
                return
            self._fill(order, qty, False, paid, begin if bounded else None)
            if not bounded:
                return

    def _whole_now(self, order: NaiveOrder) -> bool:
        lot = self._lot(order)
        if not self.profiles[order.profile_id].size_bounded:
            return True
        there = [
            left // lot * lot
            for price, _, left in self._ladder(order)
            if no_worse(order.side, price, order.worst)
        ]
        return sum(there) >= order.leaves

    # What happens to an order that is there.

    def _tradable(self, order: NaiveOrder, opened_at: int, at: int) -> bool:
        quote, profile = self.quotes[order.terms.instrument_id], self.profiles[order.profile_id]
        began = self._trading_since(order.terms, order.late, at)
        crossed = quote.bid and quote.ask and quote.bid > quote.ask
        fresh = not profile.quote_age_ns_max or self.ts - quote.ts <= profile.quote_age_ns_max
        since = max(opened_at, INT_MAX if began is None else began)
        if self.paused.get(order.terms.instrument_id) or crossed:
            return False
        return self._touch(order.terms, order.side) > 0 and fresh and quote.ts >= since

    def _arrive(self, order: NaiveOrder, opened_at: int = 0) -> None:
        odds = Fraction(self.profiles[order.profile_id].reject_ppm, MILLION)
        if order.parent is None and chance(self.seed, order.order_id, 0) < odds:
            self._end(order, Status.REJECTED)
        else:
            self._work(order, opened_at)

    def _work(self, order: NaiveOrder, opened_at: int = 0, at: int = 0) -> None:
        """Try an order against the quote there is; a stop only notes where the market is."""
        if order.waits:
            order.seen += [price for price in [self._market(order.terms, order.side)] if price]
            return
        tradable = self._tradable(order, opened_at, at)
        if tradable and not no_worse(order.side, self._touch(order.terms, order.side), order.worst):
            if order.at_market:
                self._end(order, Status.CANCELED)
                return
        elif tradable and order.posts:
            self._end(order, Status.CANCELED)
        elif tradable and (order.tif != TimeInForce.FOK or self._whole_now(order)):
            self._take(order)
        if order.status not in OPEN:
            return
        if order.tif in AT_ONCE:
            self._end(order, Status.CANCELED)
        elif tradable and not order.at_market:
            order.ahead = self._shown_before(order)

    def _shown_before(self, order: NaiveOrder) -> int:
        """The size an order joins behind."""
        if self.profiles[order.profile_id].limit_rule != LimitRule.QUEUE:
            return 0
        quote = self.quotes[order.terms.instrument_id]
        if order.side == Side.BUY:
            return quote.bid_size if quote.bid and order.limit <= quote.bid else 0
        return quote.ask_size if quote.ask and order.limit >= quote.ask else 0

    def _waiting(self, terms: Instrument, side: int, profile_id: int) -> list[NaiveOrder]:
        return [
            o
            for o in self.orders
            if o.status in WORKING
            and not o.waits
            and not o.arrives
            and (o.terms.instrument_id, o.side) == (terms.instrument_id, side)
            and o.profile_id == profile_id
            and self._trading_since(terms, o.late) is not None
        ]

    def _serve(self, terms: Instrument, side: int, profile_id: int) -> None:
        """Let a quote fill those that wait: at market by age, then limits by price and age."""

        def in_turn(order: NaiveOrder) -> tuple[int, int]:
            return (order.limit if side == Side.SELL else -order.limit, order.order_id)

        profile = self.profiles[profile_id]
        waiting = self._waiting(terms, side, profile_id)
        self._serve_market([order for order in waiting if order.at_market])
        touches = profile.limit_rule == LimitRule.TOUCH
        limits = [order for order in waiting if not order.at_market]
        placed = [o for o in limits if touches or o.ahead is not None]
        if not touches:
            for order in [o for o in limits if o.ahead is None]:
                if order.status in OPEN:
                    self._work(order)
                placed += [order] if order.status in OPEN else []
        touch = self._touch(terms, side)
        for order in sorted(placed, key=in_turn):
            if order.status not in OPEN:
                continue
            edge = order.limit
            if not touches:
                tick = self._tick(terms, edge)
                edge += -tick if side == Side.BUY else tick
            lot, left = self._lot(order), self._ladder(order)[0][2]
            if not no_worse(side, touch, edge) or (profile.size_bounded and left < lot):
                return
            qty = min(order.leaves, left // lot * lot) if profile.size_bounded else order.leaves
            begins = 0 if profile.size_bounded else None
            self._fill(order, qty, True, touch if touches else order.limit, begins)

    def _serve_market(self, orders: list[NaiveOrder]) -> None:
        for order in orders:
            profile, lot = self.profiles[order.profile_id], self._lot(order)
            while order.status in OPEN:
                rungs = self._ladder(order)
                if profile.size_bounded:
                    rungs = [rung for rung in rungs if rung[2] >= lot]
                if not rungs:
                    return
                touch = self._touch(order.terms, order.side)
                if not no_worse(order.side, touch, order.worst):
                    self._end(order, Status.CANCELED)
                    break
                if not no_worse(order.side, rungs[0][0], order.worst):
                    return
                before = order.filled
                self._take(order)
                if order.filled == before:
                    self._end(order, Status.CANCELED)

    def _print(self, terms: Instrument, price: int, printed: int) -> None:
        """Let a trade of the market fill those that it passes, and those whose turn it is."""
        if self._session(terms) is None or self.paused.get(terms.instrument_id) or printed <= 0:
            return
        gone = 0
        for profile_id in sorted(self.profiles):
            profile = self.profiles[profile_id]
            if profile.limit_rule == LimitRule.TOUCH:
                continue
            most = floor(Fraction(printed * profile.size_cap_ppm, MILLION))
            for side in (Side.BUY, Side.SELL):
                gone = self._print_side(terms, side, profile, price, printed, most, gone)

    def _print_side(
        self,
        terms: Instrument,
        side: int,
        profile: VenueProfile,
        price: int,
        printed: int,
        most: int,
        gone: int,
    ) -> int:
        placed = [o for o in self._waiting(terms, side, profile.profile_id) if o.ahead is not None]
        passed = [o for o in placed if o.limit != price and no_worse(side, price, o.limit)]
        passed.sort(key=lambda o: (o.limit if side == Side.SELL else -o.limit, o.order_id))
        turns = [(order, printed) for order in passed]
        here = 0
        if profile.limit_rule == LimitRule.QUEUE:
            for order in [o for o in placed if o.limit == price]:
                assert order.ahead is not None
                turns.append((order, printed - order.ahead))
                order.ahead = max(0, order.ahead - printed)
        for order, room in turns:
            lot, qty = self._lot(order), order.leaves
            if profile.size_bounded:
                first = order.limit != price or room == printed
                behind = printed if first else room - here
                qty = min(qty, max(0, min(behind, most - gone)) // lot * lot)
            if room > 0 and qty > 0 and order.status in OPEN:
                self._fill(order, qty, True, order.limit)
                gone += qty if profile.size_bounded else 0
                here += qty if order.limit == price else 0
        return gone
