"""Rows of the LEAN layout to facts.

Promises: prices are exact; a fact carries the time it was known, for a bar its end; rows that the
source flagged as suspicious are left out; whatever is wrong with a file is a ``RecordingError``.
Must not know: where files lie, or other symbols.

Source of the formats: the data folder notes of QuantConnect's LEAN engine. Its quote ticks of US
equities are the national best already: each row is the new best of one side, the exchange column
only says who made it. (Rebuilding a day's second bars by keeping the last row of each side gives
every bar; keeping the best over the exchanges would cross the market at almost every row, because
an exchange that is no longer best writes no row.) A zero means that this side did not change.
"""

import zipfile
import zlib
from collections.abc import Iterator
from datetime import date
from io import TextIOWrapper
from pathlib import Path
from typing import Final, NamedTuple

from stockyard.model.facts import Quote, Trade
from stockyard.model.numbers import NumberError
from stockyard.model.past import plain_bar, tick_of
from stockyard.model.recordings import RecordingError, RowScaler
from stockyard.model.sale_conditions import counts_of_lean_flags
from stockyard.model.ticks import Bar, Tick, TradeTick

BAR_MS: Final = {"second": 1_000, "minute": 60_000}
"""Length of a bar by the name of its resolution; the third resolution is ``tick``."""
_DAY_MS: Final = 86_400_000
_QUOTE_BAR_CELLS: Final = 11
_TRADE_BAR_CELLS: Final = 6
_QUOTE_TICK_CELLS: Final = 8
_TRADE_TICK_CELLS: Final = 6
_SUSPICIOUS: Final = "1"


class LeanFile(NamedTuple):
    """A symbol's quotes or trades (``kind``) of a day that begins at ``midnight_ns``, UTC."""

    path: Path
    symbol: str
    day: date
    kind: str
    resolution: str
    midnight_ns: int

    def facts(self, scaler: RowScaler) -> Iterator[Quote | Trade]:
        """Stream the facts in order of time. Raises ``RecordingError``."""
        if self.kind == "quote":
            return _quote_ticks(self, scaler) if self.resolution == "tick" else _bars(self, scaler)
        return _trades(self, scaler)

    def ticks(self, scaler: RowScaler, source: str) -> Iterator[Tick]:
        """Stream quote ticks, or trade ticks with what their conditions make them count for.

        Raises ``RecordingError``.
        """
        if self.kind == "quote":
            return (tick_of(fact, source) for fact in _quote_ticks(self, scaler))
        return _trade_ticks(self, scaler, source)

    def bars(self, scaler: RowScaler, source: str) -> Iterator[Bar]:
        """Stream the bars of trades, each under the time it begins. Raises ``RecordingError``."""
        window_s = BAR_MS[self.resolution] // 1000
        for line, ms, cells in _rows(self):
            start_ns = self.midnight_ns + ms * 1_000_000
            try:
                yield plain_bar(scaler, source, window_s, start_ns, cells[1:])
            except NumberError as error:
                raise _bad(self, line, str(error)) from None

    def span(self) -> tuple[int, int] | None:
        """When the first and the last row were known, UTC ns; None for a file without rows."""
        first = last = ""
        count = 0
        for line in lines_of(self.path):
            count += 1
            last = line
            first = first or line
        if not last.strip():
            return None
        return self.known_ns(_ms(self, 1, first)), self.known_ns(_ms(self, count, last))

    def known_ns(self, ms: int) -> int:
        """When a row marked ``ms`` after midnight was known: a bar is marked with its start."""
        return self.midnight_ns + (ms + BAR_MS.get(self.resolution, 0)) * 1_000_000

    def cells(self) -> int:
        """How many cells each row has."""
        if self.resolution == "tick":
            return _QUOTE_TICK_CELLS if self.kind == "quote" else _TRADE_TICK_CELLS
        return _QUOTE_BAR_CELLS if self.kind == "quote" else _TRADE_BAR_CELLS


class _Row(NamedTuple):
    line: int
    ms: int
    cells: list[str]


def _bars(file: LeanFile, scaler: RowScaler) -> Iterator[Quote]:
    """One quote per bar: the closing bid and ask and their sizes."""
    for line, ms, cells in _rows(file):
        try:
            yield scaler.quote(cells[4], cells[9], cells[5], cells[10], file.known_ns(ms))
        except NumberError as error:
            raise _bad(file, line, str(error)) from None


def _trades(file: LeanFile, scaler: RowScaler) -> Iterator[Trade]:
    """One trade per tick, or per bar: its closing price and whole volume."""
    tick = file.resolution == "tick"
    price_at, size_at = (1, 2) if tick else (4, 5)
    for line, ms, cells in _rows(file):
        if tick and cells[5] == _SUSPICIOUS:
            continue
        try:
            trade = scaler.trade(cells[price_at], cells[size_at], file.known_ns(ms))
        except NumberError as error:
            raise _bad(file, line, str(error)) from None
        if trade is not None:
            yield trade


def _trade_ticks(file: LeanFile, scaler: RowScaler, source: str) -> Iterator[TradeTick]:
    for line, ms, cells in _rows(file):
        if cells[5] == _SUSPICIOUS:
            continue
        try:
            trade = scaler.trade(cells[1], cells[2], file.known_ns(ms))
            flags = int(cells[4] or "0", 16)
        except NumberError as error:
            raise _bad(file, line, str(error)) from None
        except ValueError:
            raise _bad(file, line, "the fifth cell should be sale conditions, as hex") from None
        if trade is not None:
            price, qty, ts_event = trade.price, trade.qty, trade.ts_event
            counts = counts_of_lean_flags(flags)
            yield TradeTick(trade.instrument_id, source, price, qty, ts_event, counts)


def _quote_ticks(file: LeanFile, scaler: RowScaler) -> Iterator[Quote]:
    """One quote per millisecond that changed a side: what stood when all its rows were in."""
    bid = bid_size = ask = ask_size = ""
    pending: _Row | None = None
    for row in _rows(file):
        if row.cells[7] == _SUSPICIOUS:
            continue
        if pending is not None and row.ms != pending.ms:
            yield _standing(file, scaler, pending, (bid, ask, bid_size, ask_size))
            pending = None
        cells = row.cells
        if cells[1] not in {"0", ""}:
            bid, bid_size, pending = cells[1], cells[2], row
        if cells[3] not in {"0", ""}:
            ask, ask_size, pending = cells[3], cells[4], row
    if pending is not None:
        yield _standing(file, scaler, pending, (bid, ask, bid_size, ask_size))


def _standing(
    file: LeanFile, scaler: RowScaler, row: _Row, best: tuple[str, str, str, str]
) -> Quote:
    try:
        return scaler.quote(*best, file.known_ns(row.ms))
    except NumberError as error:
        raise _bad(file, row.line, str(error)) from None


def _rows(file: LeanFile) -> Iterator[_Row]:
    """Every row with its line and time, checked for its shape and for the order of time."""
    count, last_ms = file.cells(), 0
    for line, text in enumerate(lines_of(file.path), 1):
        cells = text.rstrip("\r\n").split(",")
        if len(cells) != count:
            if cells == [""]:
                continue
            raise _bad(file, line, f"it should have {count} cells, not {len(cells)}")
        ms = _ms(file, line, text)
        if ms < last_ms:
            raise _bad(file, line, "sort the rows by time")
        last_ms = ms
        yield _Row(line, ms, cells)


def _ms(file: LeanFile, line: int, text: str) -> int:
    """The time of a row."""
    cell = text.partition(",")[0]
    ms = int(cell) if cell.isdecimal() and len(cell) < 9 else _DAY_MS
    if ms >= _DAY_MS:
        raise _bad(file, line, "the first cell should be milliseconds since midnight")
    return ms


def lines_of(path: Path) -> Iterator[str]:
    """Lines of the one text file in a zip. Raises ``RecordingError``."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if len(names) != 1:
                raise RecordingError(
                    str(path), f"the zip holds {len(names)} files", "it should hold one CSV file"
                )
            with archive.open(names[0]) as raw, TextIOWrapper(raw, encoding="ascii") as text:
                yield from text
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError) as error:
        raise RecordingError(
            str(path), f"the file cannot be read ({error})", "give a whole zip file"
        ) from error
    except UnicodeDecodeError as error:
        raise RecordingError(
            str(path), "the zip holds no ASCII text", "it should hold one CSV file"
        ) from error


def _bad(file: LeanFile, line: int, right: str) -> RecordingError:
    return RecordingError(str(file.path), "this row cannot be read", right, line)
