"""Ticks through the filter, stage A and stage B, beside a loop that counts everything again.

The tape is made up: as many quotes as trades, of fifty stocks by three sources, in order of time.
Views and bars are looked at every tenth of a second of its time, as the server does. The plain loop
keeps each stock's trades and makes the bar of every window from them again at each trade; it ends
with the same bars.
"""

import gc
import time
from hashlib import blake2b
from random import Random
from statistics import median

import msgspec

from bench import child
from bench.figures import Figure, Report
from bench.sizes import Sizes
from stockyard.market.bars import BarBuilder
from stockyard.market.catalog import listings_for
from stockyard.market.consolidation import Consolidation
from stockyard.market.tick_filter import TickFilter
from stockyard.market.trading_days import TradingDays
from stockyard.model.codes import AssetClass
from stockyard.model.ticks import CONSOLIDATED, WINDOWS_S, Bar, Counts, QuoteTick, TradeTick

NS = 10**9
BEGIN_NS = 1_700_060_400 * NS
"""2023-11-15 15:00 UTC, a Wednesday in regular hours."""
STOCKS = 50
SOURCES = ("one", "two", "three")
STEP_NS = 50_000
"""Between two ticks: 20,000 a second of the tape's time."""
TURN_TICKS = 2_000
LOTS = (100, 100, 200, 500)
AIM = 100_000
INSTRUMENTS = listings_for([f"S{number}" for number in range(STOCKS)], AssetClass.US_EQUITY)
IDS = [instrument.instrument_id for instrument in INSTRUMENTS]

Ticks = list[QuoteTick | TradeTick]
Key = tuple[int, int, int]
"""Instrument, window and start."""
Prices = tuple[int, int, int, int, int]
"""Open, high, low, close and volume."""


class Pace(msgspec.Struct):
    """Seconds of a processor in each round over the same ticks, and a name for all bars made."""

    ticks: int
    bars: str
    seconds: list[float]

    @property
    def per_second(self) -> float:
        """Ticks a second of a processor in the median round."""
        return self.ticks / median(self.seconds)


def tape(count: int) -> Ticks:
    """So many ticks; each time and source once, so that their order is no question."""
    chance = Random(7)
    mids = dict.fromkeys(IDS, 1_000_000)
    ticks: Ticks = []
    for number in range(count):
        which, source = chance.choice(IDS), chance.choice(SOURCES)
        mids[which] += chance.randrange(-200, 201, 100)
        mid, ts = mids[which], BEGIN_NS + number * STEP_NS
        if number % 2:
            ticks.append(TradeTick(which, source, mid, chance.choice(LOTS), ts, Counts.ALL, number))
        else:
            ticks.append(QuoteTick(which, source, mid - 100, mid + 100, 500, 500, ts))
    return ticks


def pace(count: int, rounds: int) -> Pace:
    """Take the tape as the server does, each round with stages made anew."""
    ticks = tape(count)
    seconds, bars = [], ""
    for _ in range(rounds):
        gc.collect()
        begun = time.process_time()
        found = _staged(ticks)
        seconds.append(time.process_time() - begun)
        bars = _named(found)
    return Pace(count, bars, seconds)


def _staged(ticks: Ticks) -> dict[Key, Prices]:
    calendar = TradingDays("xnys")
    days = dict.fromkeys(IDS, calendar)
    looks, builder, stage_b = TickFilter(INSTRUMENTS), BarBuilder(days), Consolidation(days)
    found: dict[Key, Prices] = {}
    for begin in range(0, len(ticks), TURN_TICKS):
        for tick in ticks[begin : begin + TURN_TICKS]:
            if looks.check(tick, tick.ts_event):
                raise AssertionError("a tick of the tape was left out")
            if isinstance(tick, TradeTick):
                builder.take(tick)
            else:
                stage_b.take_quote(tick)
        builder.settle(tick.ts_event)
        builder.take_bars()
        stage_b.take_slices(builder.take_slices())
        for bar in stage_b.take_bars():
            _note(found, bar)
        for instrument_id in IDS:
            stage_b.view(instrument_id)
    return found


def _named(found: dict[Key, Prices]) -> str:
    return blake2b(repr(sorted(found.items())).encode(), digest_size=16).hexdigest()


def _note(found: dict[Key, Prices], bar: Bar) -> None:
    assert bar.source == CONSOLIDATED
    key = bar.instrument_id, bar.window_s, bar.start_ns
    found[key] = bar.open, bar.high, bar.low, bar.close, bar.volume


def plain_pace(count: int) -> Pace:
    """Take the tape by counting everything again at each trade."""
    ticks = tape(count)
    gc.collect()
    begun = time.process_time()
    found = _recounted(ticks)
    seconds = [time.process_time() - begun]
    return Pace(count, _named(found), seconds)


def _recounted(ticks: Ticks) -> dict[Key, Prices]:
    calendar = TradingDays("xnys")
    trades: dict[int, list[TradeTick]] = {instrument_id: [] for instrument_id in IDS}
    quotes: dict[tuple[int, str], QuoteTick] = {}
    found: dict[Key, Prices] = {}
    for tick in ticks:
        which = tick.instrument_id
        if isinstance(tick, QuoteTick):
            quotes[which, tick.source] = tick
            standing = [quotes[which, s] for s in SOURCES if (which, s) in quotes]
            max(quote.bid for quote in standing)
            min(quote.ask for quote in standing)
            continue
        trades[which].append(tick)
        for window_s in WINDOWS_S:
            start = tick.ts_event // (window_s * NS) * window_s * NS
            if window_s == WINDOWS_S[-1]:
                start = calendar.of(tick.ts_event).start_ns
            inside = [one for one in trades[which] if one.ts_event >= start]
            prices = [one.price for one in inside]
            found[which, window_s, start] = (
                prices[0],
                max(prices),
                min(prices),
                prices[-1],
                sum(one.qty for one in inside),
            )
    return found


def run(sizes: Sizes) -> Report:
    """Measure the stages, and the plain loop on a shorter tape in the same run."""
    here = child.run("bench.market_data:pace", Pace, {"count": sizes.ticks, "rounds": sizes.rounds})
    plain = child.run("bench.market_data:plain_pace", Pace, {"count": sizes.plain_ticks})
    twin = child.run("bench.market_data:pace", Pace, {"count": sizes.plain_ticks, "rounds": 1})
    assert twin.bars == plain.bars, "the stages and the plain loop made different bars"
    rate, base = here.per_second, plain.per_second
    figures = [
        Figure(
            "market_data_ticks",
            "Ticks through filter, stage A and stage B",
            rate,
            "ticks/s of a core",
            f">= {AIM:,}",
            rate >= AIM,
            f"all counted again at each trade, {base:,.0f} ticks/s of {sizes.plain_ticks:,}",
            rate / base,
        )
    ]
    notes = [
        f"Market data: {sizes.ticks:,} ticks, half of them trades, {STOCKS} stocks by"
        f" {len(SOURCES)} sources, every view looked at ten times a second of the tape."
    ]
    return Report(figures, [], notes)
