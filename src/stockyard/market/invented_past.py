"""The time before the built-in market began, so that its charts have a past.

Promises: the same seed and days give the same past, ending exactly where it is told to; a day keeps
its shape however many days are asked for; the hours of a day, the five minutes of an hour and the
minutes of those fold into it exactly: first open, last close, extremes, volume. Must not know: what
time it is, or what really traded.

A day's logarithmic return is normal with the symbol's volatility; its range beyond open and close
and its volume are drawn beside it. Days are laid backwards from the price they end at. The parts of
a bar follow a Brownian bridge from its open to its close, as wide as its range says (Parkinson
1980), kept inside that range, which the highest and the lowest part reach.
"""

import math
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Final, NamedTuple

from stockyard.market.catalog import CATALOG, Listing
from stockyard.market.trading_days import TradingDay
from stockyard.model.codes import AssetClass
from stockyard.model.companies import DailyBar
from stockyard.model.instruments import Instrument
from stockyard.model.ticks import DAY_S, Bar
from stockyard.numerics.random import CounterRandom

_STREAM: Final = 1_000_003
"""Apart from every stream of the market's own draws."""
_DRAWS: Final = 8
"""Draws a day may use."""
_STOCK_DAYS: Final = 252.0
_COIN_DAYS: Final = 365.25
_STOCK_SECONDS: Final = 6.5 * 3600
_COIN_SECONDS: Final = 86_400.0
INVENTED: Final = "invented"
"""The source of what is made up here."""
INVENTED_WINDOWS_S: Final = (3_600, 300, 60)
"""What a day is divided into, and that again."""
_PARTS_STREAM: Final = 2_000_003
_NS: Final = 1_000_000_000
_PARKINSON: Final = 2.0 * math.sqrt(math.log(2.0))
"""A range's logarithm, divided by this, is about the path's standard deviation."""


_IDS: Final = {listing.instrument.symbol: listing.instrument.instrument_id for listing in CATALOG}


def _path_id(instrument: Instrument) -> int:
    """Whose draws it takes: a contract moves as what it follows."""
    return _IDS.get(instrument.index_symbol, instrument.instrument_id)


def invented_days(
    listing: Listing, seed: int, end_price: int, days: Sequence[date]
) -> list[DailyBar]:
    """Bars of ``days`` (in order), of which the last closes at ``end_price``, scaled."""
    instrument, traits = listing
    is_stock = instrument.asset_class == AssetClass.US_EQUITY
    deviation = traits.volatility_annual / math.sqrt(_STOCK_DAYS if is_stock else _COIN_DAYS)
    seconds = _STOCK_SECONDS if is_stock else _COIN_SECONDS
    usual_qty = traits.trade_qty * traits.trades_per_second * seconds
    random = CounterRandom(seed, _STREAM + _path_id(instrument))
    tick = instrument.tick
    lot = 10**instrument.qty_scale if is_stock else instrument.lot

    def on_tick(near: float) -> int:
        return max(1, round(near / tick)) * tick

    def price(scaled: int) -> Decimal:
        return Decimal(scaled).scaleb(-instrument.price_scale)

    found: list[DailyBar] = []
    close = end_price
    for day in reversed(days):
        draw = day.toordinal() * _DRAWS
        before = on_tick(close / math.exp(deviation * random.normal(draw)))
        # The night takes a third of the way.
        open_ = on_tick(before * (close / before) ** (1 / 3))
        high = on_tick(max(open_, close) * (1 + deviation * abs(random.normal(draw + 1)) / 2))
        low = on_tick(min(open_, close) * (1 - deviation * abs(random.normal(draw + 2)) / 2))
        qty = round(usual_qty * math.exp(0.25 * random.normal(draw + 3)))
        volume = Decimal(qty - qty % lot).scaleb(-instrument.qty_scale)
        high, low = max(high, open_, close), min(low, open_, close)
        found.append(DailyBar(day, price(open_), price(high), price(low), price(close), volume))
        close = before
    found.reverse()
    return found


class InventedDay(NamedTuple):
    """A session before the market began, or the part of one: scaled prices and quantity.

    ``day_ns``: when its trading day begins.
    """

    start_ns: int
    end_ns: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    day_ns: int = 0


def invented_session(listing: Listing, day: DailyBar, hours: TradingDay) -> InventedDay:
    """A day of ``invented_days`` at the hours of its session."""
    terms = listing.instrument

    prices, amounts = terms.price_scale, terms.qty_scale
    return InventedDay(
        hours.open_ns,
        hours.close_ns,
        int(day.open.scaleb(prices)),
        int(day.high.scaleb(prices)),
        int(day.low.scaleb(prices)),
        int(day.close.scaleb(prices)),
        int(day.volume.scaleb(amounts)),
        hours.start_ns,
    )


def invented_morning(
    listing: Listing, seed: int, open_ns: int, until_ns: int, price: int, day_ns: int = 0
) -> InventedDay:
    """The session in which the market began at ``price``, until then."""
    instrument, traits = listing
    is_stock = instrument.asset_class == AssetClass.US_EQUITY
    seconds = (until_ns - open_ns) / _NS
    year = _STOCK_DAYS * _STOCK_SECONDS if is_stock else _COIN_DAYS * _COIN_SECONDS
    wide = traits.volatility_annual * math.sqrt(seconds / year) / 2
    random = CounterRandom(seed, _PARTS_STREAM + _path_id(instrument))
    draw = (open_ns // _NS // 60 * 4 + len(INVENTED_WINDOWS_S)) * _DRAWS
    up, down = (math.ceil(price * wide * abs(random.normal(draw + n))) for n in (0, 1))
    lot = 10**instrument.qty_scale if is_stock else instrument.lot
    qty = round(traits.trade_qty * traits.trades_per_second * seconds)
    high = price + up - up % -instrument.tick
    low = max(instrument.tick, price - down + down % -instrument.tick)
    return InventedDay(open_ns, until_ns, price, high, low, price, qty - qty % lot, day_ns)


class InventedPast:
    """Bars of one instrument before the market began. ``days``: whole ones, oldest first, and then
    what passed of the one in which it began, if anything did.
    """

    def __init__(
        self, listing: Listing, seed: int, days: Sequence[InventedDay], morning: InventedDay | None
    ) -> None:
        self._instrument, self._seed = listing.instrument, seed
        self._usual_qty = max(1, listing.traits.trade_qty)
        self._days, self._morning = days, morning

    @property
    def until_ns(self) -> int:
        """Where it ends."""
        last = self._morning or (self._days[-1] if self._days else None)
        return last.end_ns if last is not None else 0

    @property
    def morning(self) -> Bar | None:
        """What passed of the day in which the market began, as that day's bar."""
        morning = self._morning
        return None if morning is None else self._bar(morning, DAY_S, morning.day_ns)

    def bars(self, window_s: int, from_ns: int, to_ns: int, limit: int) -> list[Bar]:
        """The first ``limit`` bars that begin in the range."""
        found: list[Bar] = []
        for day in self._of(window_s):
            if len(found) >= limit or day.start_ns >= to_ns:
                break
            if day.end_ns > from_ns:
                found += self._bars(day, window_s, from_ns, to_ns)
        return found[:limit]

    def newest_bars(self, window_s: int, before_ns: int, limit: int) -> list[Bar]:
        """The last ``limit`` bars that begin before ``before_ns``, oldest first."""
        found: list[Bar] = []
        for day in reversed(self._of(window_s)):
            if len(found) >= limit:
                break
            if day.start_ns < before_ns:
                found = self._bars(day, window_s, 0, before_ns) + found
        return found[-limit:]

    def _of(self, window_s: int) -> Sequence[InventedDay]:
        if window_s in INVENTED_WINDOWS_S:
            return self._days if self._morning is None else [*self._days, self._morning]
        return self._days if window_s == DAY_S else ()

    def _bars(self, day: InventedDay, window_s: int, from_ns: int, to_ns: int) -> list[Bar]:
        """The bars of one day that begin in the range."""
        if window_s == DAY_S:
            begins = from_ns <= day.day_ns < to_ns
            return [self._bar(day, window_s, day.day_ns)] if begins else []
        random = CounterRandom(self._seed, _PARTS_STREAM + _path_id(self._instrument))
        wholes = [day]
        for length_s in INVENTED_WINDOWS_S:
            length_ns = length_s * _NS
            wholes = [
                part
                for whole in wholes
                for part in _parts(whole, length_s, self._instrument, random)
                if part.end_ns > from_ns and part.start_ns // length_ns * length_ns < to_ns
            ]
            if length_s == window_s:
                break
        bars = [self._bar(x, window_s, x.start_ns // length_ns * length_ns) for x in wholes]
        return [bar for bar in bars if bar.volume and from_ns <= bar.start_ns < to_ns]

    def _bar(self, part: InventedDay, window_s: int, start_ns: int) -> Bar:
        middle = (part.open + part.high + part.low + part.close) // 4
        return Bar(
            self._instrument.instrument_id,
            INVENTED,
            window_s,
            start_ns,
            part.open,
            part.high,
            part.low,
            part.close,
            part.volume,
            middle * part.volume,
            max(1, part.volume // self._usual_qty),
            0,
            True,
        )


def _parts(
    whole: InventedDay, length_s: int, instrument: Instrument, random: CounterRandom
) -> list[InventedDay]:
    """A bar divided at the multiples of a length."""
    length_ns = length_s * _NS
    edges = [whole.start_ns]
    edges += range((whole.start_ns // length_ns + 1) * length_ns, whole.end_ns, length_ns)
    edges.append(whole.end_ns)
    count = len(edges) - 1
    if count == 1:
        return [whole]
    span = whole.end_ns - whole.start_ns
    shares = [(b - a) / span for a, b in pairwise(edges)]
    # Draws are named by window and time, so that they are the same whatever is asked for.
    level = INVENTED_WINDOWS_S.index(length_s)
    draws = [(edge // _NS // 60 * 4 + level) * _DRAWS for edge in edges[:-1]]
    deviation = math.log(whole.high / whole.low) / _PARKINSON
    closes = _bridge(whole, shares, deviation, [random.normal(at) for at in draws])
    tick = instrument.tick
    points = [whole.open]
    points += [min(max(round(x / tick) * tick, whole.low), whole.high) for x in closes[:-1]]
    points.append(whole.close)
    volumes = _volumes(whole.volume, instrument, shares, [random.normal(at + 1) for at in draws])
    found = []
    for n in range(count):
        opened, closed = points[n], points[n + 1]
        wide = deviation * math.sqrt(shares[n]) / 2
        high = round(max(opened, closed) * (1 + wide * abs(random.normal(draws[n] + 2))) / tick)
        low = round(min(opened, closed) * (1 - wide * abs(random.normal(draws[n] + 3))) / tick)
        found.append(
            InventedDay(
                edges[n],
                edges[n + 1],
                opened,
                min(max(high * tick, opened, closed), whole.high),
                max(min(low * tick, opened, closed), whole.low),
                closed,
                volumes[n],
            )
        )
    top = max(range(count), key=lambda n: (found[n].high, -n))
    found[top] = found[top]._replace(high=whole.high)
    bottom = min(range(count), key=lambda n: (found[n].low, n))
    found[bottom] = found[bottom]._replace(low=whole.low)
    return found


def _bridge(
    whole: InventedDay, shares: Sequence[float], deviation: float, normals: Sequence[float]
) -> list[float]:
    """Where each part closes: a Brownian bridge of logarithms."""
    walked, way = 0.0, []
    for share, normal in zip(shares, normals, strict=True):
        walked += deviation * math.sqrt(share) * normal
        way.append(walked)
    rise = math.log(whole.close / whole.open)
    passed, found = 0.0, []
    for share, at in zip(shares, way, strict=True):
        passed += share
        found.append(whole.open * math.exp(at + (rise - walked) * passed))
    return found


def _volumes(
    volume: int, instrument: Instrument, shares: Sequence[float], normals: Sequence[float]
) -> list[int]:
    """A volume divided in whole lots, more where time is longer; each part has some if it can."""
    is_stock = instrument.asset_class == AssetClass.US_EQUITY
    lot = 10**instrument.qty_scale if is_stock else instrument.lot
    least = 1 if volume >= lot * len(shares) else 0
    spare = volume // lot - least * len(shares)
    weights = [x * math.exp(0.35 * n) for x, n in zip(shares, normals, strict=True)]
    total, passed, given = sum(weights), 0.0, 0
    found = []
    for weight in weights[:-1]:
        passed += weight
        upto = min(round(spare * passed / total), spare)
        found.append((upto - given + least) * lot)
        given = upto
    return [*found, volume - sum(found)]
