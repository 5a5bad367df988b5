"""The LEAN file layout as a past: ticks with their sale conditions, and bars of every resolution.

Promises: symbol by symbol, day by day; memory does not grow with the files. A bar stands under the
time it begins. Must not know: other adapters, or where it is kept.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, NamedTuple

from stockyard.adapters.lean.feed import (
    FOLDERS,
    PLACES,
    ZONES,
    asset_class_asked,
    days_asked,
    files_of,
    market_folder,
    midnight_ns,
    symbol_of,
)
from stockyard.adapters.lean.wire import LeanFile, lines_of
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import NumberError
from stockyard.model.past import plain_bar
from stockyard.model.recordings import (
    RecordingError,
    RowScaler,
    checked_options,
    chosen_symbols,
)
from stockyard.model.ticks import Bar, Tick

OPTIONS: Final = ("symbols", "date", "resolution", "asset_class", "market")
WINDOWS_S: Final = {"tick": 0, "second": 1, "minute": 60, "hour": 3600, "daily": 86400}
DAY_NS: Final = 86_400 * 10**9
_LONG: Final = ("hour", "daily")
"""Resolutions of which one zip holds all days of a symbol."""
_TIME: Final = re.compile(r"(\d{8}) (\d\d):(\d\d)", re.ASCII)
_CELLS: Final = 6


class LongFile(NamedTuple):
    """All hours or days of a symbol."""

    path: Path
    symbol: str


class LeanPast(NamedTuple):
    """Some days of some symbols at one resolution."""

    symbols: tuple[str, ...]
    asset_class: int
    first_ts: int
    last_ts: int
    window_s: int
    source: str
    files: tuple[LeanFile, ...]
    long_files: tuple[LongFile, ...]

    def ticks(self, instruments: Mapping[str, Instrument]) -> Iterator[Tick]:
        """Stream quotes and trades, file by file; none where the resolution is one of bars."""
        for file in self.files if not self.window_s else ():
            scaler = self._scaler(instruments, file.symbol)
            if scaler is not None:
                yield from file.ticks(scaler, self.source)

    def bars(self, instruments: Mapping[str, Instrument]) -> Iterator[Bar]:
        """Stream the bars of trades; none where the resolution is ``tick``."""
        for file in self.files if self.window_s else ():
            scaler = self._scaler(instruments, file.symbol)
            if scaler is not None:
                yield from file.bars(scaler, self.source)
        for long in self.long_files:
            scaler = self._scaler(instruments, long.symbol)
            if scaler is not None:
                yield from self._long_bars(long, scaler)

    def _scaler(self, instruments: Mapping[str, Instrument], symbol: str) -> RowScaler | None:
        if symbol not in instruments:
            return None
        return RowScaler(instruments[symbol], PLACES[self.asset_class])

    def _long_bars(self, file: LongFile, scaler: RowScaler) -> Iterator[Bar]:
        for line, text in enumerate(lines_of(file.path), 1):
            cells = text.rstrip("\r\n").split(",")
            if cells == [""]:
                continue
            try:
                start_ns = self._start_ns(cells)
                if self.first_ts <= start_ns <= self.last_ts:
                    yield plain_bar(scaler, self.source, self.window_s, start_ns, cells[1:])
            except NumberError as error:
                raise RecordingError(
                    str(file.path), "this row cannot be read", str(error), line
                ) from None

    def _start_ns(self, cells: list[str]) -> int:
        match = _TIME.fullmatch(cells[0])
        if match is None or len(cells) != _CELLS:
            raise NumberError("it should be 20131007 00:00 and open, high, low, close, volume")
        try:
            moment = datetime.strptime(match[0], "%Y%m%d %H:%M")
        except ValueError as error:
            raise NumberError(f"this is no time: {error}") from None
        zoned = moment.replace(tzinfo=ZONES[self.asset_class])
        since = zoned - datetime(1970, 1, 1, tzinfo=UTC)
        return (since.days * 86_400 + since.seconds) * 10**9


def open_past(path: Path, options: Mapping[str, str], source: str) -> LeanPast:
    """Open a LEAN data folder. Options as for a recording; ``resolution`` is one of tick, second
    (where none is named), minute, hour and daily. Raises ``RecordingError``.
    """
    checked_options(options, OPTIONS, str(path))
    asked = options["symbols"].split(",") if "symbols" in options else None
    asset_class = asset_class_asked(options, asked, str(path))
    first, last = days_asked(options.get("date", ""), str(path))
    resolution = options.get("resolution", "second")
    if resolution not in WINDOWS_S:
        raise RecordingError(
            str(path),
            f'there is no resolution "{resolution[:40]}"',
            f"use {' or '.join(WINDOWS_S)}",
        )
    folder = market_folder(path / FOLDERS[asset_class], options.get("market")) / resolution
    files: tuple[LeanFile, ...] = ()
    longs: tuple[LongFile, ...] = ()
    if resolution in _LONG:
        longs = _long_files(folder, asset_class)
    else:
        kinds = ("quote", "trade") if resolution == "tick" else ("trade",)
        found = files_of(folder, asset_class, resolution)
        files = tuple(f for f in found if first <= f.day <= last and f.kind in kinds)
    if not (files or longs):
        raise RecordingError(
            str(folder), "it has nothing of these days", "name another resolution= or date="
        )
    names = [file.symbol for file in files] + [file.symbol for file in longs]
    symbols = chosen_symbols(names, asked, str(folder))
    days = [file.day for file in files if file.symbol in symbols] or [first, last]
    return LeanPast(
        symbols,
        asset_class,
        _day_ns(min(days), asset_class),
        _day_ns(max(days), asset_class) + DAY_NS,
        WINDOWS_S[resolution],
        source,
        tuple(sorted((f for f in files if f.symbol in symbols), key=_in_turn)),
        tuple(file for file in longs if file.symbol in symbols),
    )


def _in_turn(file: LeanFile) -> tuple[str, date, str]:
    return file.symbol, file.day, file.kind


def _day_ns(day: date, asset_class: int) -> int:
    """The beginning of a day; of no day in particular, the ends of time."""
    if day == date.min:
        return 0
    if day == date.max:
        return 2**61
    return midnight_ns(day, asset_class)


def _long_files(folder: Path, asset_class: int) -> tuple[LongFile, ...]:
    found = []
    for path in sorted(folder.glob("*.zip")):
        name = path.stem.removesuffix("_trade")
        symbol = symbol_of(name, asset_class)
        if symbol is not None and "_" not in name:
            found.append(LongFile(path, symbol))
    return tuple(found)
