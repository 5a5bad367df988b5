"""Recorded days in the LEAN file layout.

Promises: facts in order of time over all symbols and days; at equal times quotes before trades,
then symbols as they were asked for. Memory does not grow with the files. Must not know: other
adapters, or who trades on the facts.

The layout: ``equity/usa/<resolution>/<symbol>/<yyyymmdd>_<quote|trade>.zip`` with New York times
and prices in ten-thousandths of a dollar; ``crypto/<market>/...`` alike with UTC times and decimal
prices.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from heapq import merge
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from stockyard.adapters.lean.wire import BAR_MS, LeanFile
from stockyard.model.codes import ASSET_CLASS_WORDS, AssetClass
from stockyard.model.facts import Quote, Trade
from stockyard.model.instruments import Instrument
from stockyard.model.recordings import (
    RecordingError,
    RowScaler,
    asset_class_of,
    checked_options,
    chosen_symbols,
)

OPTIONS: Final = ("symbols", "date", "resolution", "asset_class", "market")
RESOLUTIONS: Final = (*BAR_MS, "tick")
"""The first one is taken where none is named."""

FOLDERS: Final = {AssetClass.US_EQUITY: "equity", AssetClass.CRYPTO: "crypto"}
PLACES: Final = {AssetClass.US_EQUITY: 4, AssetClass.CRYPTO: None}
ZONES: Final = {AssetClass.US_EQUITY: ZoneInfo("America/New_York"), AssetClass.CRYPTO: UTC}
_FILE_NAME: Final = re.compile(r"(\d{8})_(quote|trade)\.zip", re.ASCII)
_HALF_DAY_NS: Final = 12 * 3600 * 10**9


class LeanRecording(NamedTuple):
    """Some days of some symbols of a LEAN folder as a ``Recording``."""

    symbols: tuple[str, ...]
    asset_class: int
    first_ts: int
    last_ts: int
    files: tuple[LeanFile, ...]

    def facts(self, instruments: Mapping[str, Instrument]) -> Iterator[Quote | Trade]:
        """Stream the facts of the symbols that have an instrument."""
        streams = []
        for kind in ("quote", "trade"):
            for symbol in self.symbols:
                if symbol in instruments:
                    scaler = RowScaler(instruments[symbol], PLACES[self.asset_class])
                    days = [f for f in self.files if f.kind == kind and f.symbol == symbol]
                    streams.append(_in_turn(days, scaler))
        return merge(*streams, key=attrgetter("ts_event"))


def _in_turn(files: list[LeanFile], scaler: RowScaler) -> Iterator[Quote | Trade]:
    return chain.from_iterable(file.facts(scaler) for file in files)


def open_recording(path: Path, options: Mapping[str, str]) -> LeanRecording:
    """Open a LEAN data folder.

    ``symbols``: names divided by commas, else all that have files. ``date``: one day
    (``2013-10-07``), or first and last (``2013-10-07..2013-10-08``), else all. ``resolution``:
    second, minute or tick. ``asset_class``: ``us_equity`` or ``crypto``, where no symbol tells it.
    ``market``: the folder below the asset class, where there are several. Raises
    ``RecordingError``.
    """
    checked_options(options, OPTIONS, str(path))
    asked = options["symbols"].split(",") if "symbols" in options else None
    asset_class = asset_class_asked(options, asked, str(path))
    first, last = days_asked(options.get("date", ""), str(path))
    resolution = options.get("resolution", RESOLUTIONS[0])
    if resolution not in RESOLUTIONS:
        raise RecordingError(
            str(path), f'there is no resolution "{resolution[:40]}"', f"use {_either(RESOLUTIONS)}"
        )
    market = market_folder(path / FOLDERS[asset_class], options.get("market"))
    found = files_of(market / resolution, asset_class, resolution)
    there = [file for file in found if first <= file.day <= last]
    if not there:
        has = [word for word in RESOLUTIONS if (market / word).is_dir()]
        raise RecordingError(
            str(market / resolution),
            "it has no quotes or trades of these days",
            f"{market} has {_either(has) if has else 'none of ' + _either(RESOLUTIONS)} bars or"
            " ticks; name one with resolution= and a day with date=",
        )
    symbols = chosen_symbols((f.symbol for f in there), asked, str(market / resolution))
    files = tuple(file for file in there if file.symbol in symbols)
    spans = [span for file in files if (span := file.span())]
    if not spans:
        raise RecordingError(str(path), "the files hold no rows", "choose another day")
    return LeanRecording(
        symbols, asset_class, min(s[0] for s in spans), max(s[1] for s in spans), files
    )


def asset_class_asked(options: Mapping[str, str], asked: list[str] | None, where: str) -> int:
    """The asset class that options or symbols name. Raises ``RecordingError``."""
    words = {word: number for number, word in ASSET_CLASS_WORDS.items()}
    word = options.get("asset_class")
    if word is not None and word not in words:
        raise RecordingError(
            where, f'there is no asset class "{word[:40]}"', f"use {_either(list(words))}"
        )
    if asked is None:
        return words[word] if word is not None else AssetClass.US_EQUITY
    asset_class = asset_class_of(asked, where)
    if word is not None and words[word] != asset_class:
        raise RecordingError(
            where, f"the symbols are not of the asset class {word}", "leave asset_class out"
        )
    return asset_class


def days_asked(text: str, where: str) -> tuple[date, date]:
    """First and last day that text names; all days for none. Raises ``RecordingError``."""
    if not text:
        return date.min, date.max
    first, _, last = text.partition("..")
    try:
        days = date.fromisoformat(first), date.fromisoformat(last or first)
    except ValueError:
        days = date.max, date.min
    if days[0] > days[1]:
        raise RecordingError(
            where, f'"{text[:40]}" names no days', "write 2013-10-07 or 2013-10-07..2013-10-08"
        )
    return days


def market_folder(folder: Path, word: str | None) -> Path:
    """The folder of a market, or of the only one. Raises ``RecordingError``."""
    names = sorted(p.name for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []
    if word is None and len(names) == 1:
        word = names[0]
    if word not in names:
        raise RecordingError(
            str(folder),
            f"it has no market {word[:40]}" if word else f"it has {len(names)} markets",
            f"name one of {_either(names)} with market=" if names else "give a LEAN data folder",
        )
    return folder / word


def files_of(folder: Path, asset_class: int, resolution: str) -> list[LeanFile]:
    """Every day file below a resolution's folder, in order of symbol, kind and day."""
    files = []
    for path in sorted(folder.glob("*/*.zip")):
        match = _FILE_NAME.fullmatch(path.name)
        symbol = symbol_of(path.parent.name, asset_class)
        if match is None or symbol is None:
            continue
        try:
            day = datetime.strptime(match[1], "%Y%m%d").date()
        except ValueError:
            continue
        files.append(
            LeanFile(path, symbol, day, match[2], resolution, midnight_ns(day, asset_class))
        )
    return files


def symbol_of(folder_name: str, asset_class: int) -> str | None:
    """Stockyard's symbol for a LEAN folder; None for a pair that is not quoted in US dollars."""
    name = folder_name.upper()
    if asset_class == AssetClass.US_EQUITY:
        return name
    return f"{name[:-3]}/USD" if name.endswith("USD") and len(name) > 3 else None


def midnight_ns(day: date, asset_class: int) -> int:
    """UTC ns of the day's beginning by the noon's clock.

    New York's clocks change on Sundays at 02:00, when no US exchange trades: noon's offset is right
    for every row there can be.
    """
    noon = datetime.combine(day, time(12), tzinfo=ZONES[asset_class])
    since = noon - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 10**9 - _HALF_DAY_NS


def _either(words: list[str] | tuple[str, ...]) -> str:
    return " or ".join(words)
