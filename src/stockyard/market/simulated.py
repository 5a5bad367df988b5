"""The simulated market: seeded, correlated, believable prices, sizes and trades.

Promises: the same listings, seed, first step and times give exactly the same facts; bid below ask,
both on the tick and above zero; sizes in round lots. Only integers come out. Must not know: the
clock (times are handed in), the engine, or who listens.

The model, per step of ``dt`` seconds: a logarithmic return is a weighted sum of a market factor, a
sector factor and the name's own noise, scaled so that a year adds up to the stated volatility
however fast the steps come. A slowly wandering market-wide activity swells and calms it, a trend
that lasts about half an hour leans on it, rare jumps and (for exchanges that close) overnight gaps
break it. Spread and displayed sizes are mean-reverting in their logarithm. In extended hours the
same path moves less, at wider spreads and smaller sizes, and trades seldom. An auction prints at
the middle price. A perpetual contract keeps to the coin it follows, but for a mean-reverting basis,
and says its mark and its funding (``perpetuals``). Floats use only + - * /
and ``math``'s sqrt, exp and log; draws are sums of uniform integers, so no platform's trigonometry
is involved.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from stockyard.market.calendars import ALWAYS_ID
from stockyard.market.catalog import Listing
from stockyard.market.perpetuals import Known, Marking
from stockyard.model.codes import AssetClass
from stockyard.model.facts import AuctionPrint, MarketFact, Quote, Trade
from stockyard.model.numbers import INT_MAX
from stockyard.numerics.random import CounterRandom

SECTOR_WEIGHTS: Final[Mapping[str, tuple[float, float]]] = {
    "technology": (0.36, 0.26),
    "consumer": (0.32, 0.20),
    "financial": (0.34, 0.24),
    "health": (0.22, 0.24),
    "staples": (0.20, 0.30),
    "energy": (0.18, 0.34),
    "index": (0.94, 0.00),
    "crypto": (0.04, 0.62),
}
"""Shares of a name's variance that come from the market factor and from its sector's own factor."""

TRADES_PER_STEP_MAX: Final = 3
DT_SECONDS_MAX: Final = 300.0
"""A longer pause between steps moves prices no more than this many seconds would."""

_YEAR_SECONDS_ALWAYS: Final = 365.25 * 86_400
_YEAR_DAYS_SESSIONS: Final = 252.0
_SESSION_SECONDS: Final = 6.5 * 3_600
_DAY_SECONDS_ALWAYS: Final = 86_400.0
_CLOSED_NS_MIN: Final = 3_600 * 10**9

_OVERNIGHT_SHARE: Final = 0.20
_JUMP_SHARE: Final = 0.06
_JUMPS_PER_DAY: Final = 2.0
_TREND_SECONDS: Final = 1_800.0
_TREND_PULL: Final = 0.2
_TREND_SHARE: Final = 2.0 * _TREND_PULL * _TREND_PULL
_ACTIVITY_SECONDS: Final = 3_600.0
_ACTIVITY_WIDTH: Final = 0.3
_BOOK_SECONDS: Final = 20.0
_SPREAD_WIDTH: Final = 0.3
_SIZE_WIDTH: Final = 0.6
_TRADE_SIZE_WIDTH: Final = 0.7
_REVERSION_PER_YEAR: Final = 1.0
_RANGE_FACTOR: Final = 20.0
_TICKS_MIN: Final = 100.0
_PRINT_TRADES: Final = 500.0
"""How many usual trades the usual auction is as large as."""
_BASIS_SECONDS: Final = 2_700.0
_BASIS_WIDTH: Final = 0.0006
_BASIS_MEAN: Final = 0.0001
_INSIDE_SHARE: Final = 9_830  # of 65,536: 15 %

_NORMAL: Final = math.sqrt(3.0 / (65_536.0**2 - 1.0))
_UNIFORM: Final = math.sqrt(12.0 / (65_536.0**2 - 1.0))
_DRAWS_PER_STEP: Final = 8
_SHARED_DRAWS_PER_STEP: Final = 16
_SECTOR_SLOTS: Final = {name: 2 + number for number, name in enumerate(SECTOR_WEIGHTS)}
_STARTS: Final = 1 << 40
_PRINTS: Final = 1 << 41
_BASES: Final = 1 << 42


def _normal(draw: int) -> float:
    """Near-normal, mean 0, variance 1: a sum of four 16-bit uniforms (Irwin 1927, Hall 1927)."""
    total = (draw & 0xFFFF) + (draw >> 16 & 0xFFFF) + (draw >> 32 & 0xFFFF) + (draw >> 48)
    return (total - 131_070) * _NORMAL


class _Weather(NamedTuple):
    """What one step means for every name alike.

    ``*_keep`` and ``*_noise``: exact coefficients of an Ornstein-Uhlenbeck step of ``dt``.
    """

    step: int
    ts_ns: int
    dt: float
    activity: float
    market: float
    sectors: tuple[float, ...]
    trend_keep: float
    trend_noise: float
    book_keep: float
    book_noise: float


class _Bustle(NamedTuple):
    """How busy a phase is, as factors of the regular session's motion, spread and sizes.

    ``trades``: the share of its trades that happen, of 32,768.
    """

    motion: float
    spread: float
    sizes: float
    trades: int


_REGULAR: Final = _Bustle(1.0, 1.0, 1.0, 32_768)
_EXTENDED: Final = _Bustle(0.2, 4.0, 0.25, 1_638)


class _Pace(NamedTuple):
    """Coefficients of one instrument that depend on ``dt`` alone."""

    dt: float
    deviation: float
    drift: float
    pull: float
    jump_chance: float
    counts: tuple[int, int, int]


_NO_AUCTIONS: Final[Mapping[int, int]] = {}
_NONE_KNOWN: Final[Mapping[int, Known]] = {}


class SimulatedMarket:
    """Moves every listed instrument by one step at a time.

    ``mids`` (instrument id to scaled price) continues from known prices, else each name starts at
    its reference price. ``known``: what perpetual contracts last said. ``first_step`` continues the
    numbering of an earlier run: a step number is never drawn twice. Slow processes (trend, spread,
    sizes) start anew somewhere in their usual range. A contract is listed after what it follows.
    """

    def __init__(
        self,
        listings: Sequence[Listing],
        seed: int,
        *,
        mids: Mapping[int, int] | None = None,
        first_step: int = 0,
        known: Mapping[int, Known] = _NONE_KNOWN,
    ) -> None:
        at = mids or {}
        self.next_step = first_step
        self._paths: list[_Path] = []
        by_symbol: dict[str, _Path] = {}
        for listing in listings:
            terms = listing.instrument
            mid = at.get(terms.instrument_id, 0)
            if terms.asset_class == AssetClass.CRYPTO_PERP:
                spot = by_symbol.get(terms.index_symbol)
                if spot is None:
                    raise ValueError(f"{terms.symbol}: {terms.index_symbol} is not listed before")
                said = known.get(terms.instrument_id)
                path: _Path = _Contract(listing, seed, mid, first_step, spot, said)
            else:
                path = _Path(listing, seed, mid, first_step)
            by_symbol[terms.symbol] = path
            self._paths.append(path)
        self._by_id = {path.instrument_id: path for path in self._paths}
        self._random = CounterRandom(seed, 0)
        self._activity = _normal(CounterRandom(seed, _STARTS).uint64(first_step))
        self._last_ns: int | None = None

    def mids(self) -> dict[int, int]:
        """Each instrument's middle price, scaled, as ``mids`` of a later market takes it."""
        return {path.instrument_id: path.mid() for path in self._paths}

    def mid(self, instrument_id: int) -> int:
        """An instrument's middle price, scaled; 0 where it is not listed here."""
        path = self._by_id.get(instrument_id)
        return path.mid() if path is not None else 0

    def index(self, instrument_id: int) -> int:
        """The price of what a contract follows, at the contract's scale; 0 for none."""
        path = self._by_id.get(instrument_id)
        return path.index() if isinstance(path, _Contract) else 0

    def set_mid(self, instrument_id: int, mid: int) -> int:
        """Go on from another middle price, without the jump of a night; where it goes on from.

        A price that leaves no room to move is brought as near as can be; a contract stays near what
        it follows.
        """
        path = self._by_id.get(instrument_id)
        if path is not None and mid > 0:
            path.set_mid(mid)
        return path.mid() if path is not None else 0

    def step(
        self,
        ts_ns: int,
        open_ids: Collection[int],
        extended_ids: Collection[int] = (),
        auctions: Mapping[int, int] = _NO_AUCTIONS,
    ) -> list[MarketFact]:
        """Move the instruments in session to ``ts_ns``: for each the print of its auction, a quote,
        then the trades at that quote.

        ``extended_ids``: those outside their regular session; ``auctions``: the ``Auction`` whose
        print is due, by instrument, in session or not. The first step counts as one second; a time
        before the last one moves nothing.
        """
        weather = self._weather(ts_ns)
        facts: list[MarketFact] = []
        for path in self._paths:
            instrument_id = path.instrument_id
            bustle = _REGULAR if instrument_id in open_ids else _EXTENDED
            trades = bustle is _REGULAR or instrument_id in extended_ids
            if trades:
                path.move(weather, bustle)
            if instrument_id in auctions:
                facts.append(path.auction(weather, auctions[instrument_id]))
            if trades:
                path.show(weather, bustle, facts)
        return facts

    def _weather(self, ts_ns: int) -> _Weather:
        last_ns = self._last_ns
        dt = 1.0 if last_ns is None else min(max((ts_ns - last_ns) / 1e9, 0.0), DT_SECONDS_MAX)
        self._last_ns = ts_ns if last_ns is None else max(ts_ns, last_ns)
        step = self.next_step
        self.next_step = step + 1
        draw, base = self._random.uint64, step * _SHARED_DRAWS_PER_STEP
        keep = math.exp(-dt / _ACTIVITY_SECONDS)
        noise = math.sqrt(1.0 - keep * keep)
        self._activity = keep * self._activity + noise * _normal(draw(base + 1))
        trend_keep = math.exp(-dt / _TREND_SECONDS)
        book_keep = math.exp(-dt / _BOOK_SECONDS)
        return _Weather(
            step=step,
            ts_ns=self._last_ns,
            dt=dt,
            # exp(v a - v^2) with a standard normal has mean square 1: volatility stays as stated.
            activity=math.exp(_ACTIVITY_WIDTH * self._activity - _ACTIVITY_WIDTH**2),
            market=_normal(draw(base)),
            sectors=tuple(_normal(draw(base + slot)) for slot in _SECTOR_SLOTS.values()),
            trend_keep=trend_keep,
            trend_noise=math.sqrt(1.0 - trend_keep * trend_keep),
            book_keep=book_keep,
            book_noise=math.sqrt(1.0 - book_keep * book_keep),
        )


class _Path:
    """One instrument's prices and book, moved in place."""

    __slots__ = (
        "_ask_level",
        "_bid_level",
        "_ceiling",
        "_displayed_lots",
        "_draw",
        "_floor",
        "_gap_deviation",
        "_high",
        "_jump_deviation",
        "_jumps_per_second",
        "_last_ns",
        "_low",
        "_market_weight",
        "_own_weight",
        "_pace",
        "_prints",
        "_reference",
        "_reversion",
        "_round_lot",
        "_sector",
        "_sector_weight",
        "_size_unit",
        "_spread_level",
        "_spread_ticks",
        "_tick",
        "_trade_units",
        "_trades_per_second",
        "_trend",
        "_volatility",
        "instrument_id",
        "log_mid",
        "price_scale",
    )

    def __init__(self, listing: Listing, seed: int, mid: int, first_step: int) -> None:
        instrument, traits = listing
        self.instrument_id = instrument.instrument_id
        self.price_scale = instrument.price_scale
        self._draw = CounterRandom(seed, instrument.instrument_id).uint64
        self._prints = CounterRandom(seed, _PRINTS + instrument.instrument_id).uint64
        self._set_prices(listing, mid)
        self._set_motion(listing)
        self._round_lot = instrument.round_lot
        self._displayed_lots = traits.displayed_qty / instrument.round_lot
        whole = instrument.asset_class == AssetClass.US_EQUITY
        self._size_unit = 10**instrument.qty_scale if whole else instrument.round_lot
        self._trade_units = traits.trade_qty / self._size_unit
        self._trades_per_second = traits.trades_per_second
        self._spread_ticks = traits.spread_ticks
        starts = CounterRandom(seed, _STARTS + instrument.instrument_id).uint64
        self._trend, self._spread_level, self._bid_level, self._ask_level = (
            _normal(starts(first_step * 4 + number)) for number in range(4)
        )
        self._pace = _Pace(-1.0, 0.0, 0.0, 0.0, 0.0, (0, 0, 0))
        self._last_ns: int | None = None

    def _set_prices(self, listing: Listing, mid: int) -> None:
        """Bounds: 20 times the reference or a 20th, off zero, on one side of the tick threshold."""
        instrument, reference = listing.instrument, listing.traits.reference_price
        above = reference >= instrument.tick_threshold
        self._tick = instrument.tick if above else instrument.tick_below
        floor, ceiling = _TICKS_MIN * self._tick, INT_MAX / 1024
        if above:
            floor = max(floor, instrument.tick_threshold * 1.05)
        else:
            ceiling = min(ceiling, instrument.tick_threshold * 0.95)
        low = max(reference / _RANGE_FACTOR, floor)
        high = min(reference * _RANGE_FACTOR, ceiling)
        if not 0 < low < high:
            raise ValueError(
                f"the reference price {reference} of {instrument.symbol} leaves no room to move;"
                f" it needs at least {int(_TICKS_MIN)} ticks and a distance from the tick threshold"
            )
        self._floor, self._ceiling = math.log(floor), math.log(ceiling)
        self._low, self._high = math.log(low), math.log(high)
        self._reference = math.log(reference)
        self.log_mid = min(
            max(math.log(mid) if mid > 0 else self._reference, self._low), self._high
        )

    def _set_motion(self, listing: Listing) -> None:
        instrument, traits = listing
        market, sector = SECTOR_WEIGHTS[traits.sector]
        self._sector = list(SECTOR_WEIGHTS).index(traits.sector)
        self._market_weight = math.sqrt(market)
        self._sector_weight = math.sqrt(sector)
        self._own_weight = math.sqrt(1.0 - market - sector)
        closes = instrument.calendar_id != ALWAYS_ID
        day_seconds = _SESSION_SECONDS if closes else _DAY_SECONDS_ALWAYS
        year_seconds = _YEAR_DAYS_SESSIONS * day_seconds if closes else _YEAR_SECONDS_ALWAYS
        gap_share = _OVERNIGHT_SHARE if closes else 0.0
        variance = traits.volatility_annual**2
        self._volatility = math.sqrt(variance / year_seconds)
        self._volatility *= math.sqrt(1.0 - gap_share - _JUMP_SHARE - _TREND_SHARE)
        self._gap_deviation = math.sqrt(variance * gap_share / _YEAR_DAYS_SESSIONS)
        self._jumps_per_second = _JUMPS_PER_DAY / day_seconds
        self._jump_deviation = math.sqrt(
            variance * _JUMP_SHARE / (year_seconds * self._jumps_per_second)
        )
        self._reversion = _REVERSION_PER_YEAR / year_seconds

    def mid(self) -> int:
        """The middle price, scaled."""
        return round(math.exp(self.log_mid))

    def set_mid(self, mid: int) -> None:
        """Go on from here, as far as the tick leaves room; the bounds make way."""
        self.log_mid = min(max(math.log(mid), self._floor), self._ceiling)
        self._low, self._high = min(self._low, self.log_mid), max(self._high, self.log_mid)
        self._last_ns = None

    def _pace_for(self, dt: float) -> _Pace:
        if self._pace.dt != dt:
            mean = self._trades_per_second * dt
            none = math.exp(-mean)
            one = none * (1.0 + mean)
            two = one + none * mean * mean / 2.0
            self._pace = _Pace(
                dt,
                self._volatility * math.sqrt(dt),
                self._volatility * dt * _TREND_PULL / math.sqrt(_TREND_SECONDS),
                self._reversion * dt,
                min(self._jumps_per_second * dt, 0.5) * 4_294_967_296.0,
                (int(none * 65_536), int(one * 65_536), int(two * 65_536)),
            )
        return self._pace

    def move(self, weather: _Weather, bustle: _Bustle) -> None:
        """Take the price, the trend and the book's levels one step on."""
        base = weather.step * _DRAWS_PER_STEP
        levels = self._draw(base + 1)
        moved = self._moved(weather, bustle, base, self._pace_for(weather.dt))
        self.log_mid = min(max(moved, self._low), self._high)
        noise = weather.book_noise * _UNIFORM
        keep = weather.book_keep
        self._spread_level = keep * self._spread_level + noise * ((levels & 0xFFFF) - 32_767.5)
        self._bid_level = keep * self._bid_level + noise * ((levels >> 16 & 0xFFFF) - 32_767.5)
        self._ask_level = keep * self._ask_level + noise * ((levels >> 32 & 0xFFFF) - 32_767.5)
        self._trend = weather.trend_keep * self._trend + (
            weather.trend_noise * _UNIFORM * ((levels >> 48) - 32_767.5)
        )

    def _moved(self, weather: _Weather, bustle: _Bustle, base: int, pace: _Pace) -> float:
        """The next price's logarithm; ``base``: the number of the step's first draw."""
        change = (
            self._market_weight * weather.market
            + self._sector_weight * weather.sectors[self._sector]
            + self._own_weight * _normal(self._draw(base))
        )
        log_mid = self.log_mid + change * pace.deviation * weather.activity * bustle.motion
        log_mid += self._trend * pace.drift * bustle.motion
        log_mid += (self._reference - self.log_mid) * pace.pull
        if self._draw(base + 2) & 0xFFFFFFFF < pace.jump_chance:
            log_mid += _normal(self._draw(base + 3)) * self._jump_deviation * bustle.motion
        if self._last_ns is not None and weather.ts_ns - self._last_ns > _CLOSED_NS_MIN:
            log_mid += _normal(self._draw(base + 4)) * self._gap_deviation
        self._last_ns = weather.ts_ns
        return log_mid

    def auction(self, weather: _Weather, kind: int) -> AuctionPrint:
        """The print of an auction at the middle price."""
        ticks = math.floor(math.exp(self.log_mid) / self._tick + 0.5)
        level = ((self._prints(weather.step) & 0xFFFF) - 32_767.5) * _UNIFORM
        units = _PRINT_TRADES * self._trade_units * math.exp(_TRADE_SIZE_WIDTH * level)
        qty = max(1, int(units)) * self._size_unit
        return AuctionPrint(self.instrument_id, kind, ticks * self._tick, qty, weather.ts_ns)

    def show(self, weather: _Weather, bustle: _Bustle, facts: list[MarketFact]) -> None:
        """Append the quote around the price and the trades at it."""
        events = self._draw(weather.step * _DRAWS_PER_STEP + 2)
        tick, mid_ticks = self._tick, math.exp(self.log_mid) / self._tick
        spread = self._spread_ticks * math.exp(
            _SPREAD_WIDTH * self._spread_level - _SPREAD_WIDTH**2 / 2.0
        )
        spread *= bustle.spread
        # Rounding up with the chance of the fraction keeps the average spread what it is.
        ticks = int(spread + (events >> 48) / 65_536.0)
        ticks = max(1, min(ticks, int(mid_ticks * 0.1)))
        bid = math.floor(mid_ticks - ticks / 2.0 + 0.5) * tick
        ask = bid + ticks * tick
        bid_qty = self._displayed(self._bid_level, bustle.sizes)
        ask_qty = self._displayed(self._ask_level, bustle.sizes)
        facts.append(Quote(self.instrument_id, bid, ask, bid_qty, ask_qty, weather.ts_ns))
        chance, counts = events >> 32 & 0xFFFF, self._pace.counts
        if chance >= counts[0]:
            count = 1 + (chance >= counts[1]) + (chance >= counts[2])
            for number in range(count):
                draw = self._draw(weather.step * _DRAWS_PER_STEP + 5 + number)
                if (draw >> 48 & 0x7FFF) >= bustle.trades:
                    continue
                inside = ticks > 1 and (draw & 0xFFFF) < _INSIDE_SHARE
                buy = draw >> 63
                price = ask if buy else bid
                if inside:
                    price = bid + (1 + (draw >> 16 & 0xFFFF) % (ticks - 1)) * tick
                qty = self._traded(draw >> 32 & 0xFFFF, ask_qty if buy else bid_qty)
                facts.append(Trade(self.instrument_id, price, qty, weather.ts_ns))

    def _displayed(self, level: float, sizes: float) -> int:
        lots = sizes * self._displayed_lots * math.exp(_SIZE_WIDTH * level - _SIZE_WIDTH**2 / 2.0)
        return max(1, int(lots + 0.5)) * self._round_lot

    def _traded(self, draw: int, displayed_qty: int) -> int:
        level = (draw - 32_767.5) * _UNIFORM
        units = self._trade_units * math.exp(_TRADE_SIZE_WIDTH * level - _TRADE_SIZE_WIDTH**2 / 2)
        return min(max(1, int(units + 0.5)) * self._size_unit, displayed_qty)


class _Contract(_Path):
    """A perpetual contract, at the price of what it follows but for a basis of its own."""

    __slots__ = ("_basis", "_marking", "_ratio", "_spot")

    def __init__(
        self,
        listing: Listing,
        seed: int,
        mid: int,
        first_step: int,
        spot: _Path,
        known: Known | None,
    ) -> None:
        super().__init__(listing, seed, mid, first_step)
        self._spot = spot
        self._marking = Marking(listing.instrument, known)
        self._ratio: float = 10.0 ** (self.price_scale - spot.price_scale)
        self._basis = _normal(CounterRandom(seed, _BASES + self.instrument_id).uint64(first_step))
        if mid > 0:
            self._set_basis()

    def _set_basis(self) -> None:
        """The basis that the price means, within reason."""
        away = self.log_mid - self._spot.log_mid - math.log(self._ratio) - _BASIS_MEAN
        self._basis = min(max(away / _BASIS_WIDTH, -4.0), 4.0)

    def set_mid(self, mid: int) -> None:
        """Go on from here, as near as the basis leaves it to what it follows."""
        super().set_mid(mid)
        self._set_basis()
        self.log_mid = self._near_spot()

    def index(self) -> int:
        """The price of what it follows, at its own scale."""
        return round(math.exp(self._spot.log_mid) * self._ratio)

    def _near_spot(self) -> float:
        away = math.log(self._ratio) + _BASIS_MEAN + _BASIS_WIDTH * self._basis
        return self._spot.log_mid + away

    def _moved(self, weather: _Weather, bustle: _Bustle, base: int, pace: _Pace) -> float:
        keep = math.exp(-weather.dt / _BASIS_SECONDS)
        noise = math.sqrt(1.0 - keep * keep)
        self._basis = keep * self._basis + noise * _normal(self._draw(base))
        return self._near_spot()

    def show(self, weather: _Weather, bustle: _Bustle, facts: list[MarketFact]) -> None:
        """Append the mark and the funding that is due, then the quote and the trades."""
        facts.extend(self._marking.observe(self.mid(), self.index(), weather.ts_ns))
        super().show(weather, bustle, facts)
