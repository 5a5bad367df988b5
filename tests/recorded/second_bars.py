"""Second bars built from every trade tick of a day, beside the bars that came with those ticks.

Promises: the ticks pass the filter and stage A as a feed's would; every second whose open, high,
low or close is another is put in a class that says why, or in ``UNEXPLAINED``. Must not know: how
bars are built.
"""

import csv
import io
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from stockyard.market.bars import BarBuilder
from stockyard.market.catalog import listings_for
from stockyard.market.tick_filter import FAULT_WORDS, TickFilter
from stockyard.market.trading_days import TradingDays
from stockyard.model.codes import AssetClass
from stockyard.model.sale_conditions import counts_of_lean_flags
from stockyard.model.ticks import TradeTick

SYMBOLS = ("IBM", "AIG", "BAC")
DAY = date(2013, 10, 7)
SHARE_MIN = 0.95
LOOK_EVERY = 1_000
MS_NS = 1_000_000
SOURCE = "tape"
SHARE = 10**9
"""Shares are scaled by this, and prices are in ten-thousandths here as there."""

UNEXPLAINED = "unexplained"
RULES = {
    "cash, next day or seller's trades count there": 0b1110,
    "a sweep counts there": 1 << 5,
    "derivatively priced trades count there": 1 << 9,
    "sold or out of sequence trades count there": 1 << 11 | 1 << 14,
    "average price trades count there": 1 << 20,
}
"""Why a bar may be another: trades with one of these flags, which here count for volume alone."""

Prices = tuple[int, int, int, int]
Builder = Callable[[Sequence[TradeTick]], dict[int, tuple[Prices, int]]]
"""Makes the prices and the volume of every second, by its start in UTC ns."""


class Print(NamedTuple):
    """A row of the ticks: milliseconds of the day, price, shares, flags."""

    ms: int
    price: int
    shares: int
    flags: int


class Comparison(NamedTuple):
    """What came of one symbol: ``differing`` seconds by class, with one of them to look at."""

    symbol: str
    ticks: int
    bars: int
    same: int
    same_volume: int
    faults: dict[str, int]
    differing: dict[str, int]
    shown: dict[str, str]


def path_of(root: Path, resolution: str, symbol: str) -> Path:
    """The file of the day's trades."""
    return root / "equity/usa" / resolution / symbol.lower() / f"{DAY:%Y%m%d}_trade.zip"


def rows(path: Path) -> Iterator[list[str]]:
    """The cells of every row of a zipped table."""
    with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as raw:
        yield from csv.reader(io.TextIOWrapper(raw, "ascii"))


def prints_of(root: Path, symbol: str) -> list[Print]:
    """Every trade of the day that the tape did not mark as suspicious."""
    return [
        Print(int(ms), int(price), int(shares), int(flags, 16))
        for ms, price, shares, _, flags, suspicious in rows(path_of(root, "tick", symbol))
        if suspicious == "0"
    ]


def midnight_ns() -> int:
    """UTC ns of the day's beginning in New York."""
    zone = ZoneInfo("America/New_York")
    return int(datetime(DAY.year, DAY.month, DAY.day, tzinfo=zone).astimezone(UTC).timestamp()) * (
        10**9
    )


def ticks_of(prints: Sequence[Print], instrument_id: int) -> list[TradeTick]:
    """The trades as a feed hands them on, numbered."""
    begin = midnight_ns()
    return [
        TradeTick(
            instrument_id,
            SOURCE,
            one.price,
            one.shares * SHARE,
            begin + one.ms * MS_NS,
            counts_of_lean_flags(one.flags),
            number,
        )
        for number, one in enumerate(prints, 1)
    ]


def compare(root: Path, symbol: str) -> Comparison:
    """Build a symbol's second bars and compare them with those that came with the ticks."""
    [instrument] = listings_for((symbol,), AssetClass.US_EQUITY)
    number = instrument.instrument_id
    looks = TickFilter([instrument])
    builder = BarBuilder({number: TradingDays("xnys")})
    built: dict[int, tuple[Prices, int]] = {}

    def note() -> None:
        for bar in builder.take_bars():
            if bar.window_s == 1:
                prices = (bar.open, bar.high, bar.low, bar.close)
                built[bar.start_ns] = prices, bar.volume // SHARE

    prints = prints_of(root, symbol)
    ticks = ticks_of(prints, number)
    for count, tick in enumerate(ticks):
        if not looks.check(tick, tick.ts_event) and tick.counts:
            builder.take(tick)
        if count % LOOK_EVERY == 0:
            note()
    note()
    faults = {FAULT_WORDS[fault]: n for (_, fault), n in looks.counts.items()}
    return against(root, symbol, prints, built)._replace(faults=faults)


def against(
    root: Path, symbol: str, prints: Sequence[Print], built: dict[int, tuple[Prices, int]]
) -> Comparison:
    """Compare bars, however they were built, and say why those that differ do."""
    begin = midnight_ns()
    by_second: dict[int, list[Print]] = {}
    for one in prints:
        by_second.setdefault(one.ms // 1_000 * 1_000, []).append(one)
    theirs: dict[int, tuple[Prices, int]] = {}
    for cells in rows(path_of(root, "second", symbol)):
        ms, opened, high, low, close, volume = map(int, cells)
        theirs[ms] = (opened, high, low, close), volume
    ours = {(start - begin) // MS_NS: found for start, found in built.items()}
    same = same_volume = 0
    differing: Counter[str] = Counter()
    shown: dict[str, str] = {}
    for ms in sorted(theirs.keys() | ours.keys()):
        here, there = ours.get(ms), theirs.get(ms)
        if here is not None and there is not None:
            same_volume += here[1] == there[1]
        if here is not None and there is not None and here[0] == there[0]:
            same += 1
            continue
        why = reason(by_second.get(ms, []), there[0] if there is not None else None)
        differing[why] += 1
        at = datetime.fromtimestamp(ms / 1_000, UTC).strftime("%H:%M:%S")
        shown.setdefault(
            why, f"{at} {here[0] if here else 'no bar'}, there {there[0] if there else 'no bar'}"
        )
    return Comparison(
        symbol, len(prints), len(theirs), same, same_volume, {}, dict(differing), shown
    )


def reason(prints: Sequence[Print], there: Prices | None) -> str:
    """Which trades, counted for prices too, make the bar of this second the other one's."""
    for why, flags in RULES.items():
        if there is not None and recount(prints, flags) == there:
            return why
    return UNEXPLAINED


def recount(prints: Sequence[Print], flags: int) -> Prices | None:
    """The prices of a second where trades with any of these flags count for them as well."""
    counting = [
        one.price for one in prints if one.flags & flags or counts_of_lean_flags(one.flags) & 1
    ]
    if not counting:
        return None
    return counting[0], max(counting), min(counting), counting[-1]


def describe(found: Comparison) -> list[str]:
    """The classes of what differs, for people."""
    lines = [
        f"{count:6} x {why}: {found.shown[why]}" for why, count in sorted(found.differing.items())
    ]
    return lines + [f"{count:6} x left out as {fault}" for fault, count in found.faults.items()]


def wrong(found: Comparison) -> list[str]:
    """What must not be."""
    bad = []
    if found.same < SHARE_MIN * found.bars:
        bad.append(f"{found.same} of {found.bars} bars have the same prices")
    if found.differing.get(UNEXPLAINED):
        bad.append(f"{found.differing[UNEXPLAINED]} bars differ without a reason")
    if found.faults:
        bad.append(f"ticks were left out: {found.faults}")
    return bad
