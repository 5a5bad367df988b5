"""The market and the profiles once more, plainly: what a fill may cost, how much there may be of
it, and when.

Promises: knows only journaled facts; a fill is compared with the quote or print it names, with its
profile's terms, and with what earlier fills took. Must not know: which order comes first, or why
nothing filled.
"""

from bisect import bisect_right
from dataclasses import dataclass, field, replace

from stockyard.model import events as e
from stockyard.model import facts as f
from stockyard.model.codes import (
    AUCTION_TIMES,
    MAKING_RULES,
    AssetClass,
    FeeKind,
    FillRule,
    LimitRule,
    Side,
)
from stockyard.model.instruments import Instrument, Session, VenueProfile
from stockyard.model.records import Input, Record
from tests.simulation.plain_orders import PlainOrder

TAKING = (FillRule.TAKE_WHOLE, FillRule.TAKE_QUOTED, FillRule.TAKE_DEPTH)
AUCTION = (FillRule.AUCTION_WHOLE, FillRule.AUCTION_PRINTED)
UNBOUNDED = (FillRule.TAKE_WHOLE, FillRule.REST_WHOLE, FillRule.AUCTION_WHOLE)
OF_TOUCH = (FillRule.REST_WHOLE, FillRule.REST_QUOTED)
OF_PRINTS = (FillRule.REST_PRINTED, FillRule.REST_QUEUE)
NO_QUOTE = f.Quote(0, 0, 0, 0, 0, 0)
Print = f.Trade | f.AuctionPrint


def ceiling(value: int, divisor: int) -> int:
    """A quotient rounded up."""
    return -(-value // divisor)


@dataclass
class Sight:
    """What an instrument's market shows. ``taken``: of the quote, by side; ``paused``: halted, or
    without a quote since; ``marks``: what long and short positions are valued at.
    """

    seq: int = 0
    ts: int = 0
    quote: f.Quote = NO_QUOTE
    last: int = 0
    halted: bool = False
    paused: bool = False
    marks: tuple[int, int] = (0, 0)
    taken: dict[int, int] = field(default_factory=lambda: {Side.BUY: 0, Side.SELL: 0})

    def touch(self, side: int) -> int:
        """The price an order of this side would trade at."""
        return self.quote.ask if side == Side.BUY else self.quote.bid

    def price(self, side: int) -> int:
        """What stops are measured against: the last trade, else the quote; 0 for none."""
        return self.last or self.touch(side)

    @property
    def crossed(self) -> bool:
        """Whether the bid lies above the ask."""
        return 0 < self.quote.ask < self.quote.bid

    def marked(self) -> tuple[int, int]:
        """The marks after a quote or a trade."""
        if self.crossed:
            return self.marks
        bid, ask, last = self.quote.bid, self.quote.ask, self.last
        long, short = self.marks
        return bid or last or long or ask, ask or last or short or bid


class PlainMarket:
    """All instruments, sessions and profiles, and what fills have taken."""

    def __init__(self) -> None:
        self.instruments: dict[int, Instrument] = {}
        self.sights: dict[int, Sight] = {}
        self._sessions: dict[int, dict[int, Session]] = {}
        self._in_turn: dict[int, list[Session]] = {}
        self._begins: dict[int, list[int]] = {}
        self._profiles: dict[int, VenueProfile] = {}
        self._old: dict[int, Sight] = {}
        self._old_profiles: dict[int, VenueProfile] = {}
        self._printed = 0
        self._crossed = {Side.BUY: 0, Side.SELL: 0}
        self._previous_ts = self._ts = 0

    def take(self, record: Record) -> None:
        """Take over what an input says of the market; its fills may still be of the one before."""
        message, self._printed = record.input, 0
        self._crossed = {Side.BUY: 0, Side.SELL: 0}
        self._old, self._old_profiles = {}, {}
        self._previous_ts, self._ts = self._ts, record.ts
        if isinstance(message, f.InstrumentListed):
            self.instruments[message.instrument.instrument_id] = message.instrument
        elif isinstance(message, f.SessionsScheduled):
            known = self._sessions.setdefault(message.calendar_id, {})
            known.update({session.open_ns: session for session in message.sessions})
            in_turn = sorted(known.values(), key=lambda session: session.begins_ns)
            self._in_turn[message.calendar_id] = in_turn
            self._begins[message.calendar_id] = [session.begins_ns for session in in_turn]
        elif isinstance(message, f.ProfileDefined):
            self._old_profiles = dict(self._profiles)
            self._profiles[message.profile.profile_id] = message.profile
        elif isinstance(message, (f.Quote, f.Trade, f.AuctionPrint, f.TradingHalted)):
            self._see(record, message)
        elif isinstance(message, f.MarkPrice):
            old = self._old[message.instrument_id] = self.sight(message.instrument_id)
            marks = (message.mark, message.mark)
            self.sights[message.instrument_id] = replace(old, taken=old.taken, marks=marks)

    def _see(self, record: Record, message: f.Quote | Print | f.TradingHalted) -> None:
        old = self._old[message.instrument_id] = self.sight(message.instrument_id)
        new = replace(old, taken=old.taken)
        if isinstance(message, f.Quote):
            new = replace(old, taken={Side.BUY: 0, Side.SELL: 0})
            new.seq, new.ts, new.quote, new.paused = record.seq, record.ts, message, old.halted
        elif isinstance(message, f.TradingHalted):
            new.halted, new.paused = message.halted, message.halted or old.paused
        else:
            new.last = message.price
        terms = self.instruments[message.instrument_id]
        if terms.asset_class != AssetClass.CRYPTO_PERP:
            new.marks = new.marked()
        self.sights[message.instrument_id] = new

    def sight(self, instrument_id: int) -> Sight:
        """What an instrument's market shows after this input."""
        return self.sights.get(instrument_id) or Sight()

    def before(self, instrument_id: int) -> Sight:
        """What it showed before this input."""
        return self._old.get(instrument_id) or self.sight(instrument_id)

    def profile(self, profile_id: int) -> VenueProfile:
        """A profile as it was when this input came."""
        return self._old_profiles.get(profile_id) or self._profiles[profile_id]

    def _session(self, instrument_id: int, ts: int) -> Session | None:
        """The session that began last, however early."""
        calendar_id = self.instruments[instrument_id].calendar_id
        at = bisect_right(self._begins[calendar_id], ts) - 1
        return self._in_turn[calendar_id][at] if at >= 0 else None

    def is_open(self, instrument_id: int, ts: int) -> bool:
        """Whether the regular session is open."""
        session = self._session(instrument_id, ts)
        return session is not None and session.open_ns <= ts < session.close_ns

    def trades(self, instrument_id: int, ts: int, extended_hours: bool) -> bool:
        """Whether orders with or without the flag trade now."""
        session = self._session(instrument_id, ts)
        late = extended_hours and session is not None and ts < session.ends_ns
        return late or self.is_open(instrument_id, ts)

    def _phase_began(self, instrument_id: int, ts: int) -> int:
        session = self._session(instrument_id, ts)
        assert session is not None
        begins = (session.begins_ns, session.open_ns, session.close_ns)
        return max(at for at in begins if at <= ts)

    def shown(self, message: Input, side: int) -> int:
        """What a trade or a quote shows to waiting stops; 0 for nothing."""
        if isinstance(message, (f.Trade, f.AuctionPrint)):
            return message.price
        if not isinstance(message, f.Quote):
            return 0
        sight = self.sight(message.instrument_id)
        return 0 if sight.last or sight.crossed else sight.touch(side)

    def judge(self, name: str, record: Record, order: PlainOrder, x: e.OrderFilled) -> int:
        """Judge a fill's time, price and size; returns its time."""
        sight = self._sight_of(name, record, x)
        at = record.ts
        if x.rule in TAKING:
            at = sight.ts + x.quote_age_ns
            assert self._previous_ts <= at <= record.ts, f"{name}: at a time of its own"
        profile = self.profile(x.profile_id)
        if x.rule != FillRule.PLANNED:
            self._judge_time(name, at, sight, order, profile, x)
            self._judge_rule(name, profile, order, x)
            self._judge_price(name, record.input, sight, order, profile, x)
            if profile.size_bounded:
                self._judge_size(name, record.input, sight, profile, x)
        for kind, micros in x.fees:
            assert micros > 0, f"{name}: a fee of {micros}"
            if kind == FeeKind.LIQUIDATION:
                self._judge_liquidation(name, order, x, micros)
                continue
            assert profile.fees, f"{name}: fees under a profile without"
            made = x.rule in MAKING_RULES
            wrong = FeeKind.CRYPTO_TAKER if made else FeeKind.CRYPTO_MAKER
            assert kind != wrong, f"{name}: the fee of another role"
        return at

    def _judge_liquidation(
        self, name: str, order: PlainOrder, x: e.OrderFilled, micros: int
    ) -> None:
        """What the house takes for closing a contract: no more than the contract says."""
        terms = self.instruments[x.instrument_id]
        most = ceiling(x.value_micros * terms.liquidation_fee_ppm, 10**6)
        assert order.accepted.liquidates, f"{name}: no liquidation"
        assert micros <= most, f"{name}: a liquidation fee of {micros}, not {most}"
        assert x.pot_micros_after or micros == most or not x.insured_micros, f"{name}: and insured"

    def _sight_of(self, name: str, record: Record, x: e.OrderFilled) -> Sight:
        """The market the fill was made in: what came due before the input met the one before."""
        now, before = self.sight(x.instrument_id), self.before(x.instrument_id)
        sight = now if x.quote_seq == now.seq else before
        told = (x.quote_seq, x.bid, x.ask, x.bid_qty, x.ask_qty)
        quote = sight.quote
        seen = (sight.seq, quote.bid, quote.ask, quote.bid_qty, quote.ask_qty)
        assert told == seen, f"{name}: explained by {told}, the market showed {seen}"
        halts = isinstance(record.input, f.TradingHalted)
        return before if halts and before.seq == sight.seq else sight

    def _judge_time(
        self,
        name: str,
        at: int,
        sight: Sight,
        order: PlainOrder,
        profile: VenueProfile,
        x: e.OrderFilled,
    ) -> None:
        if x.rule in AUCTION:
            return
        assert not sight.paused, f"{name}: trading was halted"
        extended = order.accepted.extended_hours
        assert self.trades(x.instrument_id, at, extended), f"{name}: the market was closed"
        if x.rule in OF_PRINTS:
            return
        assert not sight.crossed, f"{name}: on a crossed quote"
        assert sight.ts >= self._phase_began(x.instrument_id, at), f"{name}: on an earlier quote"
        most = profile.quote_age_ns_max
        assert not most or x.quote_age_ns <= most, f"{name}: on a quote that was too old"

    def _judge_rule(
        self, name: str, profile: VenueProfile, order: PlainOrder, x: e.OrderFilled
    ) -> None:
        """The rule belongs to the profile and to the order."""
        told = (x.profile_id, x.profile_version)
        known = (order.accepted.profile_id, profile.version)
        assert told == known, f"{name}: under profile {told}, not {known}"
        if x.rule in (*UNBOUNDED, *OF_TOUCH, *AUCTION, *TAKING):
            assert (x.rule in UNBOUNDED) != profile.size_bounded, f"{name}: sized otherwise"
        if x.rule in AUCTION or order.accepted.time_in_force in AUCTION_TIMES:
            assert x.rule in AUCTION, f"{name}: outside its auction"
            assert order.accepted.time_in_force in AUCTION_TIMES, f"{name}: in an auction"
        elif x.rule == FillRule.REST_QUEUE:
            assert profile.limit_rule == LimitRule.QUEUE, f"{name}: out of no queue"
        elif x.rule not in TAKING:
            touch = profile.limit_rule == LimitRule.TOUCH
            assert (x.rule in OF_TOUCH) == touch, f"{name}: by rule {x.rule}"
            assert not order.at_market, f"{name}: a market order made"

    def _judge_price(
        self,
        name: str,
        message: Input,
        sight: Sight,
        order: PlainOrder,
        profile: VenueProfile,
        x: e.OrderFilled,
    ) -> None:
        """The price is what was offered, and never worse than the order's."""
        sign = 1 if x.side == Side.BUY else -1
        limit, worst = order.accepted.limit_price, order.worst
        assert x.side == order.accepted.side, f"{name}: on the other side"
        assert sign * x.price <= sign * worst, f"{name}: at {x.price}, worse than {worst}"
        offered, price = sight.touch(x.side), limit
        if x.rule in AUCTION:
            assert isinstance(message, f.AuctionPrint), f"{name}: without a print"
            offered = price = message.price
        elif x.rule in OF_PRINTS:
            assert isinstance(message, (f.Trade, f.AuctionPrint)), f"{name}: without a trade"
            assert x.print_qty == message.qty, f"{name}: of a trade of {x.print_qty}"
            offered = message.price
            passed = sign * (limit - offered)
            assert passed == 0 if x.rule == FillRule.REST_QUEUE else passed > 0, f"{name}: by rule"
        elif x.rule == FillRule.REST_PASSED:
            tick = self._tick(x.instrument_id, limit)
            assert sign * (limit - offered) >= tick, f"{name}: its limit was not passed"
        elif x.rule in OF_TOUCH:
            price = offered
        else:
            offered, price = self._taken_at(name, sight, order, profile, x)
        told, found = (x.quoted_price, x.price), (offered, price)
        assert told == found, f"{name}: offered and price {told}, recomputed {found}"
        if x.rule in OF_TOUCH or x.rule == FillRule.REST_PASSED:
            assert isinstance(message, f.Quote), f"{name}: made without a quote"
            assert x.quote_seq == sight.seq, f"{name}: by an old quote"
        if x.rule not in TAKING:
            told = (x.slippage, x.improvement)
            assert told == (0, 0), f"{name}: slippage, improvement {told}"

    def _tick(self, instrument_id: int, price: int) -> int:
        terms = self.instruments[instrument_id]
        return terms.tick if price >= terms.tick_threshold else terms.tick_below

    def _taken_at(
        self, name: str, sight: Sight, order: PlainOrder, profile: VenueProfile, x: e.OrderFilled
    ) -> tuple[int, int]:
        """What a level offers a taking order, and the price after slippage and improvement."""
        sign, touch = 1 if x.side == Side.BUY else -1, sight.touch(x.side)
        assert 0 <= x.level <= profile.depth_levels, f"{name}: at level {x.level}"
        assert (x.level > 0) == (x.rule == FillRule.TAKE_DEPTH), f"{name}: at level {x.level}"
        tick = self._tick(x.instrument_id, touch)
        step = max(tick, ceiling(ceiling(touch * profile.depth_step_bps, 10_000), tick) * tick)
        offered = touch + sign * x.level * step
        slips = 0
        if order.at_market:
            away = ceiling(offered * profile.slippage_bps, 10_000)
            slips = min(away, sign * (order.worst - offered))
        assert x.slippage == slips, f"{name}: slipped {x.slippage}, recomputed {slips}"
        most = 0
        if sight.quote.bid and sight.quote.ask and not x.level:
            spread = sight.quote.ask - sight.quote.bid
            most = spread * profile.improvement_ppm // 10**6
        assert x.improvement in (0, most), f"{name}: improved by {x.improvement}, not {most}"
        return offered, offered + sign * (x.slippage - x.improvement)

    def _judge_size(
        self,
        name: str,
        message: Input,
        sight: Sight,
        profile: VenueProfile,
        x: e.OrderFilled,
    ) -> None:
        """All fills together take no more of a quote or a print than the profile allows."""
        cap = profile.size_cap_ppm
        if x.rule in AUCTION:
            assert isinstance(message, f.AuctionPrint)
            self._crossed[x.side] += x.qty
            assert self._crossed[x.side] <= message.qty, f"{name}: more than was printed"
            return
        if x.rule in OF_PRINTS:
            assert isinstance(message, (f.Trade, f.AuctionPrint))
            self._printed += x.qty
            assert self._printed <= message.qty * cap // 10**6, f"{name}: more than was printed"
            return
        shown = sight.quote.ask_qty if x.side == Side.BUY else sight.quote.bid_qty
        top = shown * cap // 10**6
        deeper = top * profile.depth_size_ppm // 10**6
        begins = top + (x.level - 1) * deeper if x.level else 0
        gone = max(sight.taken[x.side], begins)
        left = (begins + deeper if x.level else top) - gone
        assert x.size_open == left, f"{name}: {x.size_open} was left, recomputed {left}"
        assert x.qty <= left, f"{name}: takes {x.qty} of {left}"
        sight.taken[x.side] = gone + x.qty
