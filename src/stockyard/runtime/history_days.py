"""Parquet days: ticks and bars of a history written to files, and old ticks moved there.

Promises: a tick leaves the history only when the file that holds it is whole on the disk, and never
stands in two files, however often the process is killed in between; memory is bounded. Must not
know: when days are moved, or columns of files.

Files hold quotes and trades, ``<folder>/2026-11-20/BTC-USD.parquet``, days in UTC; a further file
of a day (``BTC-USD-2.parquet``) has ticks that came after the first was made. Ticks of other kinds
(halts, bands, marks, Greeks, vendors' bars) are not kept beyond their time in the history.
"""

import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from stockyard.adapters.parquet.days import BarFile, TickFile, last_number_of
from stockyard.model.instruments import Instrument
from stockyard.model.past import WINDOW_WORDS
from stockyard.model.recordings import RecordingError
from stockyard.model.ticks import DAY_S, QuoteTick, TradeTick
from stockyard.storage.ports import History, KeptTick, TickPlace

PAGE: Final = 1_000
FORGOTTEN_AT_ONCE: Final = 2_000
"""Ticks removed in one transaction, so that the history is written in between."""
_DAY_NS: Final = DAY_S * 1_000_000_000
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)

Told = Callable[[int], None]
"""Is told how many rows were written since it was last told."""


def untold(rows: int) -> None:
    """Tell nobody."""


def file_stem(symbol: str) -> str:
    """What files of a symbol are called."""
    return symbol.replace("/", "-")


def export_ticks(
    history: History,
    instrument: Instrument,
    folder: Path,
    from_ns: int,
    to_ns: int,
    told: Told = untold,
) -> list[Path]:
    """Write an instrument's quotes and trades of a time into files of days; their paths.

    Raises ``RecordingError`` where a file is there already or cannot be written.
    """
    paths = []
    while from_ns < to_ns:
        first = history.ticks_after(instrument.instrument_id, TickPlace(from_ns, 0), to_ns, 1)
        if not first:
            break
        begin = first[0].place.ts_event // _DAY_NS * _DAY_NS
        end = min(begin + _DAY_NS, to_ns)
        path = folder / _day_text(begin) / f"{file_stem(instrument.symbol)}.parquet"
        if path.exists():
            raise RecordingError(str(path), "the file is there already", "name another folder")
        if _write_day(history, instrument, path, max(begin, from_ns), end, 0, told):
            paths.append(path)
        from_ns = end
    return paths


def export_bars(
    history: History,
    instrument: Instrument,
    folder: Path,
    kind: tuple[str, int],
    from_ns: int,
    to_ns: int,
    told: Told = untold,
) -> Path | None:
    """Write an instrument's bars of a source and window into a file; None where there are none.

    Raises ``RecordingError`` where the file is there already or cannot be written.
    """
    source, window_s = kind
    path = folder / f"{file_stem(instrument.symbol)}-{WINDOW_WORDS[window_s]}.parquet"
    if path.exists():
        raise RecordingError(str(path), "the file is there already", "name another folder")
    where = instrument.instrument_id, source, window_s
    page = history.bars(*where, from_ns, to_ns, PAGE)
    if not page:
        return None
    with BarFile(path, instrument) as file:
        while page:
            file.add(page)
            told(len(page))
            page = history.bars(*where, page[-1].start_ns + 1, to_ns, PAGE)
    return path


def move_old_ticks(
    history: History,
    instrument: Instrument,
    folder: Path,
    span: tuple[int, int],
    told: Told = untold,
) -> int:
    """Move an instrument's ticks of a time into files of days; how many left the history.

    Raises ``RecordingError`` where a file cannot be written or read, and what ``told`` raises; then
    the ticks of that day stay.
    """
    moved = 0
    where = instrument.instrument_id
    from_ns, before_ns = span
    while first := history.ticks_after(where, TickPlace(from_ns, 0), before_ns, 1):
        begin = first[0].place.ts_event // _DAY_NS * _DAY_NS
        end = min(begin + _DAY_NS, before_ns)
        parts = _parts(folder / _day_text(begin), file_stem(instrument.symbol))
        # What an earlier part holds was on its way out of the history when the process ended.
        last = max(map(last_number_of, parts), default=0)
        suffix = f"-{len(parts) + 1}" if parts else ""
        path = folder / _day_text(begin) / f"{file_stem(instrument.symbol)}{suffix}.parquet"
        _write_day(history, instrument, path, begin, end, last, told)
        while gone := history.forget_ticks(where, begin, end, FORGOTTEN_AT_ONCE):
            moved += gone
            told(gone)
    return moved


def forget_days(folder: Path, before_ns: int) -> list[str]:
    """Delete the files of days before a time; the days."""
    gone = []
    for path in sorted(folder.glob("????-??-??")):
        if _DAY.fullmatch(path.name) and _begin_ns(path.name) < before_ns // _DAY_NS * _DAY_NS:
            shutil.rmtree(path)
            gone.append(path.name)
    return gone


def days_in(folder: Path) -> list[tuple[str, int, int]]:
    """Every day that has files: its name, how many files, and their bytes together."""
    found = []
    for path in sorted(folder.glob("????-??-??")):
        files = list(path.glob("*.parquet"))
        if _DAY.fullmatch(path.name) and files:
            found.append((path.name, len(files), sum(file.stat().st_size for file in files)))
    return found


def _parts(folder: Path, stem: str) -> list[Path]:
    further = re.compile(re.escape(stem) + r"(-\d+)?\.parquet", re.ASCII)
    return [path for path in folder.glob(f"{stem}*.parquet") if further.fullmatch(path.name)]


def _write_day(
    history: History,
    instrument: Instrument,
    path: Path,
    from_ns: int,
    to_ns: int,
    after_number: int,
    told: Told,
) -> bool:
    """Write the quotes and trades that have a higher number; whether there were any."""
    pages = _pages(history, instrument.instrument_id, from_ns, to_ns)
    wanted = ([k for k in page if _is_filed(k, after_number)] for page in pages)
    first = next((page for page in wanted if page), None)
    if first is None:
        return False
    with TickFile(path, instrument) as file:
        page: list[KeptTick] | None = first
        while page is not None:
            file.last_number = max([file.last_number, *(kept.place.number for kept in page)])
            file.add(kept.tick for kept in page)
            told(len(page))
            page = next(wanted, None)
    return True


def _is_filed(kept: KeptTick, after_number: int) -> bool:
    return kept.place.number > after_number and isinstance(kept.tick, QuoteTick | TradeTick)


def _pages(
    history: History, instrument_id: int, from_ns: int, to_ns: int
) -> Iterator[list[KeptTick]]:
    place = TickPlace(from_ns, 0)
    while page := history.ticks_after(instrument_id, place, to_ns, PAGE):
        yield page
        place = page[-1].place


def _day_text(ts_ns: int) -> str:
    return datetime.fromtimestamp(ts_ns // 1_000_000_000, UTC).date().isoformat()


def _begin_ns(day: str) -> int:
    try:
        return (date.fromisoformat(day) - date(1970, 1, 1)).days * _DAY_NS
    except ValueError:
        return 2**62
