"""The past of a market as somebody else kept it: ticks or bars in files, read into a history.

Promises: as ``recordings``: numbers are exact or refused, every error names the file, the line and
what would be right. Must not know: how any file format is laid out.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from heapq import merge
from operator import attrgetter
from typing import Final, NamedTuple, Protocol

import msgspec

from stockyard.model.facts import Quote, Trade
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import NumberError
from stockyard.model.recordings import (
    COLUMNS,
    ORIGIN_COLUMNS,
    RecordedRow,
    RecordingError,
    RowScaler,
    TableRecording,
    asset_class_of,
    checked_options,
    chosen_symbols,
    facts_of_row,
    recorded_time,
)
from stockyard.model.ticks import WINDOWS_S, Bar, Counts, QuoteTick, Tick, TradeTick

BAR_COLUMNS: Final = ("symbol", "window", "start", "open", "high", "low", "close", "volume")
"""Columns that a table of bars must have."""
BAR_FURTHER_COLUMNS: Final = ("source", "value", "trades", "revision", "final")
"""Columns that it may have; ``value`` is the sum of price times size."""
WINDOW_WORDS: Final = {1: "1s", 60: "1m", 300: "5m", 3600: "1h", 86400: "1d"}
"""Windows that are kept, in seconds, as they are written."""
_SECONDS: Final = {word: seconds for seconds, word in WINDOW_WORDS.items()}
_SOURCE_LENGTH_MAX: Final = 40
_COUNT_LENGTH_MAX: Final = 15
_DECIMAL: Final = re.compile(r"([0-9]{1,40})(?:\.([0-9]{0,40}))?", re.ASCII)

assert tuple(WINDOW_WORDS) == WINDOWS_S, "every window that is kept has a word"


class Past(Protocol):
    """Ticks or bars of one asset class, opened and ready to stream.

    ``first_ts`` and ``last_ts``: between them lies everything, UTC ns. ``window_s``: the length of
    its bars, 0 for ticks or bars of several lengths.
    """

    @property
    def symbols(self) -> tuple[str, ...]:
        """What it holds, as Stockyard writes symbols."""

    @property
    def asset_class(self) -> int:
        """The ``AssetClass`` of all its symbols."""

    @property
    def first_ts(self) -> int:
        """Nothing is earlier."""

    @property
    def last_ts(self) -> int:
        """Nothing is later."""

    @property
    def window_s(self) -> int:
        """The length of its bars in seconds; 0 for ticks, and for bars of several lengths."""

    def ticks(self, instruments: Mapping[str, Instrument]) -> Iterator[Tick]:
        """Stream the ticks of these symbols, each symbol's in order of time.

        Raises ``RecordingError`` at the first row that cannot be read.
        """

    def bars(self, instruments: Mapping[str, Instrument]) -> Iterator[Bar]:
        """Stream the bars of these symbols, those of a symbol and source in order of time.

        A bar whose source does not say it has no value and no count of trades (0).
        """


def tick_of(fact: Quote | Trade, source: str, counts: int = Counts.ALL) -> QuoteTick | TradeTick:
    """A recorded fact as the tick of a source."""
    if isinstance(fact, Trade):
        return TradeTick(fact.instrument_id, source, fact.price, fact.qty, fact.ts_event, counts)
    return QuoteTick(
        fact.instrument_id,
        source,
        fact.bid,
        fact.ask,
        fact.bid_qty,
        fact.ask_qty,
        fact.ts_event,
    )


class BarRow(NamedTuple):
    """One row of a table of bars as text; a blank cell is a missing value."""

    line: int
    symbol: str
    window: str
    start: str
    open: str
    high: str
    low: str
    close: str
    volume: str
    source: str = ""
    value: str = ""
    trades: str = ""
    revision: str = ""
    final: str = ""


def is_bar_header(names: Iterable[str]) -> bool:
    """Whether columns are those of a table of bars rather than of ticks."""
    return "open" in names


def checked_bar_columns(header: Sequence[str], where: str) -> tuple[str, ...]:
    """The header of a table of bars, if it names what a bar needs and nothing unknown.

    Raises ``RecordingError``.
    """
    names = tuple(header)
    whole = set(BAR_COLUMNS) <= set(names) <= {*BAR_COLUMNS, *BAR_FURTHER_COLUMNS}
    if not whole or len(set(names)) != len(names):
        raise RecordingError(
            where,
            f"the columns are {','.join(names)[:200]}",
            f"they should be {','.join(BAR_COLUMNS)} and may be {','.join(BAR_FURTHER_COLUMNS)}",
            1,
        )
    return names


def bars_of(
    rows: Iterable[BarRow], instruments: Mapping[str, Instrument], source: str, where: str
) -> Iterator[Bar]:
    """Bars of a table, row by row; ``source`` where a row names none.

    Rows of symbols that are not in ``instruments`` are left out. Raises ``RecordingError`` for a
    row that holds what is no number or no bar.
    """
    scalers = {symbol: RowScaler(instrument) for symbol, instrument in instruments.items()}
    for row in rows:
        scaler = scalers.get(row.symbol)
        if scaler is None:
            continue
        try:
            yield _bar(row, scaler, instruments[row.symbol], source)
        except NumberError as error:
            raise RecordingError(where, "this row cannot be read", str(error), row.line) from None


def _bar(row: BarRow, scaler: RowScaler, instrument: Instrument, source: str) -> Bar:
    window_s = _SECONDS.get(row.window)
    if window_s is None:
        raise NumberError(f"a window is one of {', '.join(_SECONDS)}")
    bar = plain_bar(
        scaler, _source(row.source or source), window_s, recorded_time(row.start), row[4:9]
    )
    scale = instrument.price_scale + instrument.qty_scale
    return msgspec.structs.replace(
        bar,
        value=_value(row.value, scale),
        count=_count(row.trades),
        revision=_count(row.revision),
        final=row.final not in ("false", "False"),
    )


def _value(text: str, scale: int) -> int:
    """The sum of price times size, which may be beyond 64 bits; 0 for blank text."""
    match = _DECIMAL.fullmatch(text or "0")
    if match is None or len(match[2] or "") > scale:
        raise NumberError(f"a value is a plain decimal with at most {scale} decimal places")
    return int(match[1] + (match[2] or "").ljust(scale, "0"))


def _count(text: str) -> int:
    if not text:
        return 0
    if not text.isdecimal() or len(text) > _COUNT_LENGTH_MAX:
        raise NumberError("trades and revision are whole numbers")
    return int(text)


def plain_bar(
    scaler: RowScaler, source: str, window_s: int, start_ns: int, cells: Sequence[str]
) -> Bar:
    """A final bar of open, high, low, close and volume as text. Raises ``NumberError``."""
    prices = [scaler.price(cell) for cell in cells[:4]]
    first, high, low, last = prices
    if not 0 < low <= min(prices) or max(prices) > high:
        raise NumberError("prices are above zero, none above the high and none below the low")
    volume = scaler.qty(cells[4])
    return Bar(
        scaler.instrument_id,
        source,
        window_s,
        start_ns,
        first,
        high,
        low,
        last,
        volume,
        0,
        0,
        0,
        True,
    )


class TickTables(NamedTuple):
    """Tables of ticks as a past: ``source`` where a row names none."""

    recording: TableRecording
    source: str

    @property
    def symbols(self) -> tuple[str, ...]:
        """What it holds."""
        return self.recording.symbols

    @property
    def asset_class(self) -> int:
        """The asset class of all its symbols."""
        return self.recording.asset_class

    @property
    def first_ts(self) -> int:
        """When its first tick was."""
        return self.recording.first_ts

    @property
    def last_ts(self) -> int:
        """When its last tick was."""
        return self.recording.last_ts

    @property
    def window_s(self) -> int:
        """It holds ticks."""
        return 0

    def ticks(self, instruments: Mapping[str, Instrument]) -> Iterator[Tick]:
        """Stream its quotes and trades in order of time."""
        wanted = {name: row for name, row in instruments.items() if name in self.symbols}
        columns = (*COLUMNS, *ORIGIN_COLUMNS)
        tables = self.recording.tables
        streams = [_ticks_of(rows(columns), wanted, self.source, where) for where, rows in tables]
        return merge(*streams, key=attrgetter("ts_event"))

    def bars(self, instruments: Mapping[str, Instrument]) -> Iterator[Bar]:
        """It has none."""
        return iter(())


def _ticks_of(
    rows: Iterable[RecordedRow], instruments: Mapping[str, Instrument], source: str, where: str
) -> Iterator[Tick]:
    scalers = {symbol: RowScaler(instrument) for symbol, instrument in instruments.items()}
    last_ns = 0
    for row in rows:
        scaler = scalers.get(row.symbol)
        if scaler is None:
            continue
        try:
            ts_ns, quote, trade = facts_of_row(row, scaler)
            said_by = _source(row.source or source)
            counts = _count(row.counts) if row.counts else Counts.ALL
            if counts > Counts.ALL:
                raise NumberError(f"counts is a number from 0 to {Counts.ALL}")
            sequence = _count(row.sequence)
            if ts_ns < last_ns:
                raise NumberError("it is earlier than the one before: sort the rows by ts")
        except NumberError as error:
            raise RecordingError(where, "this row cannot be read", str(error), row.line) from None
        last_ns = ts_ns
        if quote is not None:
            yield tick_of(quote, said_by)
        if trade is not None:
            yield msgspec.structs.replace(tick_of(trade, said_by, counts), sequence=sequence)


def _source(text: str) -> str:
    if len(text) > _SOURCE_LENGTH_MAX:
        raise NumberError(f"a source has at most {_SOURCE_LENGTH_MAX} characters")
    return text


class BarTable(NamedTuple):
    """One file of bars: what to call it in errors, and how to read its rows."""

    where: str
    rows: Callable[[], Iterator[BarRow]]


class BarTables(NamedTuple):
    """One or more tables of bars as a past."""

    symbols: tuple[str, ...]
    asset_class: int
    first_ts: int
    last_ts: int
    window_s: int
    source: str
    tables: tuple[BarTable, ...]

    def ticks(self, instruments: Mapping[str, Instrument]) -> Iterator[Tick]:
        """It has none."""
        return iter(())

    def bars(self, instruments: Mapping[str, Instrument]) -> Iterator[Bar]:
        """Stream the bars, table by table."""
        wanted = {name: row for name, row in instruments.items() if name in self.symbols}
        for where, rows in self.tables:
            yield from bars_of(rows(), wanted, self.source, where)


def bar_tables(
    tables: Sequence[BarTable], options: Mapping[str, str], source: str, where: str
) -> BarTables:
    """Open tables of bars as one past, reading each once for its symbols, windows and times.

    ``options``: ``symbols``, names divided by commas, else all. Raises ``RecordingError``.
    """
    checked_options(options, ("symbols",), where)
    asked = options["symbols"].split(",") if "symbols" in options else None
    times: list[int] = []
    seen: dict[str, set[str]] = {}
    for table in tables:
        for row in table.rows():
            seen.setdefault(row.symbol, set()).add(row.window)
            try:
                times.append(recorded_time(row.start))
            except NumberError as error:
                raise RecordingError(
                    table.where, "this row cannot be read", str(error), row.line
                ) from None
        times = [min(times), max(times)] if times else []
    symbols = chosen_symbols(seen, asked, where)
    windows = {window for symbol in symbols for window in seen[symbol]}
    return BarTables(
        symbols,
        asset_class_of(symbols, where),
        times[0],
        times[-1],
        _SECONDS.get(windows.pop(), 0) if len(windows) == 1 else 0,
        source,
        tuple(tables),
    )
