"""Recorded market data: what a recording offers, and how recorded text becomes facts.

Promises: prices are taken exactly or refused; sizes are rounded down, so that a recording never
shows more than there was; a binary float stands nowhere between. Every error names the file, the
line and what would be right. Must not know: how any file format is laid out.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from heapq import merge
from operator import attrgetter
from typing import Final, NamedTuple, Protocol

from stockyard.model.codes import AssetClass
from stockyard.model.facts import Quote, Trade
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import INT_MAX, TEXT_LENGTH_MAX, NumberError, parse_decimal

COLUMNS: Final = ("ts", "symbol", "bid", "ask", "bid_size", "ask_size", "price", "size")
"""Columns of a recorded table: the first two, then the quote's four, the trade's two, or both."""
QUOTE_COLUMNS: Final = COLUMNS[2:6]
TRADE_COLUMNS: Final = COLUMNS[6:]
ORIGIN_COLUMNS: Final = ("source", "counts", "sequence")
"""Columns an export of ticks has beside them: who said it, and how the trade counts in bars."""
TS_NS_MIN: Final = 10**17
"""No recording is older than March 1973: a smaller number is a time in seconds or milliseconds."""

_SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9.]{0,14}(?:/USD)?", re.ASCII)
_SIZE = re.compile(r"([0-9]+)(?:\.([0-9]*))?", re.ASCII)
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)", re.ASCII
)
_INTEGER = re.compile(r"\d{1,19}", re.ASCII)
_CACHED_NUMBERS = 1 << 16


class RecordingError(ValueError):
    """A recording that cannot be read: the file, the line from 1, what is wrong and right."""

    def __init__(self, where: str, wrong: str, right: str, line: int = 0) -> None:
        place = f"{where}, line {line}" if line else where
        super().__init__(f"{place}: {wrong}; {right}")
        self.where, self.line, self.wrong, self.right = where, line, wrong, right


class Recording(Protocol):
    """Recorded market data of one asset class, opened and ready to stream.

    ``first_ts`` and ``last_ts``: times, UTC ns, of the first and the last fact.
    """

    @property
    def symbols(self) -> tuple[str, ...]:
        """What it holds, as Stockyard writes symbols (``IBM``, ``BTC/USD``)."""

    @property
    def asset_class(self) -> int:
        """The ``AssetClass`` of all its symbols."""

    @property
    def first_ts(self) -> int:
        """When its first fact was known."""

    @property
    def last_ts(self) -> int:
        """When its last fact was known."""

    def facts(self, instruments: Mapping[str, Instrument]) -> Iterator[Quote | Trade]:
        """Stream the facts of these symbols in order of ``ts_event``, scaled by their instruments.

        ``ts_event`` is when a fact was known: the end of a bar. May be called again for another
        pass. Raises ``RecordingError`` at the first row that cannot be read.
        """


class RecordedRow(NamedTuple):
    """One row of a recorded table as text; a blank cell is a missing value."""

    line: int
    ts: str
    symbol: str
    bid: str = ""
    ask: str = ""
    bid_size: str = ""
    ask_size: str = ""
    price: str = ""
    size: str = ""
    source: str = ""
    counts: str = ""
    sequence: str = ""


class RowScaler:
    """Makes the facts of one instrument from recorded text.

    ``places``: the text's prices are whole numbers in units of ``10**-places`` dollars (LEAN writes
    US equities in ten-thousandths), or None for plain decimals. ``price`` and ``qty`` give a scaled
    number, 0 for blank text. Raises ``NumberError``.
    """

    def __init__(self, instrument: Instrument, places: int | None = None) -> None:
        self.instrument_id = instrument.instrument_id
        self._price_scale = instrument.price_scale
        self._qty_scale = instrument.qty_scale
        self._places = places
        # Recorded prices and sizes repeat: remembering them halves the work.
        self.price: Callable[[str], int] = lru_cache(_CACHED_NUMBERS)(self._read_price)
        self.qty: Callable[[str], int] = lru_cache(_CACHED_NUMBERS)(self._read_size)

    def quote(self, bid: str, ask: str, bid_size: str, ask_size: str, ts_event: int) -> Quote:
        """A quote; a side without a price or a size is 0 / 0."""
        bid_price, bid_qty = self.price(bid), self.qty(bid_size)
        ask_price, ask_qty = self.price(ask), self.qty(ask_size)
        if not (bid_price and bid_qty):
            bid_price = bid_qty = 0
        if not (ask_price and ask_qty):
            ask_price = ask_qty = 0
        return Quote(self.instrument_id, bid_price, ask_price, bid_qty, ask_qty, ts_event)

    def trade(self, price: str, size: str, ts_event: int) -> Trade | None:
        """A trade, or None where the size is zero: nothing was traded."""
        qty = self.qty(size)
        value = self.price(price)
        if qty and not value:
            raise NumberError("a trade has a price above zero")
        return Trade(self.instrument_id, value, qty, ts_event) if qty else None

    def _read_price(self, text: str) -> int:
        if not text:
            return 0
        if self._places is None:
            value = parse_decimal(text, self._price_scale)
        else:
            whole = parse_decimal(text, 0)
            value, rest = divmod(whole * 10**self._price_scale, 10**self._places)
            if rest:
                raise NumberError(f"at most {self._price_scale} decimal places are possible here")
        if value < 0:
            raise NumberError("a recorded price is not below zero")
        return value

    def _read_size(self, text: str) -> int:
        if not text:
            return 0
        match = _SIZE.fullmatch(text)
        if match is None or len(text) > TEXT_LENGTH_MAX:
            raise NumberError('write a size as a plain decimal number, such as "100" or "0.25"')
        fraction = (match[2] or "")[: self._qty_scale].ljust(self._qty_scale, "0")
        value = int(match[1] + fraction)
        if value > INT_MAX:
            raise NumberError("the size is too large")
        return value


@lru_cache(1 << 10)
def _whole_seconds(day: str, time: str, zone: str) -> int:
    moment = datetime.fromisoformat(f"{day}T{time}{'+00:00' if zone == 'Z' else zone}")
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return since.days * 86_400 + since.seconds


def recorded_time(text: str) -> int:
    """UTC nanoseconds of a recorded time: ISO 8601 with a zone, or nanoseconds since 1970.

    Raises ``NumberError`` for anything else, a time without a zone included.
    """
    match = _TIME.fullmatch(text)
    try:
        if match is not None:
            seconds = _whole_seconds(match[1], match[2], match[4])
            ts_ns = seconds * 10**9 + int((match[3] or "").ljust(9, "0"))
        else:
            ts_ns = int(text) if _INTEGER.fullmatch(text) else 0
    except ValueError as error:
        raise NumberError(f"this is no time: {error}") from None
    if not TS_NS_MIN <= ts_ns <= INT_MAX:
        raise NumberError(
            'write a time as ISO 8601 with its zone, such as "2013-10-07T13:30:01.250Z",'
            " or as nanoseconds since 1970"
        )
    return ts_ns


def checked_columns(header: Sequence[str], where: str) -> tuple[str, ...]:
    """The header of a recorded table, if it names what a quote or a trade needs and nothing else.

    Raises ``RecordingError``.
    """
    names = tuple(header)
    known = set(names) <= {*COLUMNS, *ORIGIN_COLUMNS} and len(set(names)) == len(names)
    quotes, trades = set(QUOTE_COLUMNS), set(TRADE_COLUMNS)
    whole = all(not group & set(names) or group <= set(names) for group in (quotes, trades))
    if not known or not whole or not {"ts", "symbol"} < set(names):
        raise RecordingError(
            where,
            f"the columns are {','.join(names)[:200]}",
            f"they should be ts,symbol and {','.join(QUOTE_COLUMNS)} or {','.join(TRADE_COLUMNS)}"
            " or all of them",
            1,
        )
    return names


def asset_class_of(symbols: Iterable[str], where: str) -> int:
    """The one asset class of these symbols: a pair such as ``BTC/USD`` is crypto, others US
    equities.

    Raises ``RecordingError`` for a symbol that cannot be one, and for a mixture.
    """
    classes = set()
    for symbol in symbols:
        if _SYMBOL.fullmatch(symbol) is None:
            raise RecordingError(
                where, f'"{symbol[:40]}" is no symbol', "write it as IBM, BRK.B or BTC/USD"
            )
        classes.add(AssetClass.CRYPTO if "/" in symbol else AssetClass.US_EQUITY)
    if len(classes) != 1:
        raise RecordingError(
            where,
            "it holds stocks and coins" if classes else "it holds no rows",
            "a recording holds symbols of one asset class; name those to take with symbols=",
        )
    return classes.pop()


def chosen_symbols(
    present: Iterable[str], asked: Sequence[str] | None, where: str
) -> tuple[str, ...]:
    """The symbols asked for in their order, or all that are present in alphabetical order.

    Raises ``RecordingError`` for one that is not there.
    """
    there = sorted(set(present))
    for symbol in asked or ():
        if symbol not in there:
            raise RecordingError(
                where, f"it has nothing of {symbol[:40]}", f"it has {', '.join(there)[:400]}"
            )
    return tuple(dict.fromkeys(asked)) if asked else tuple(there)


def table_facts(
    rows: Iterable[RecordedRow], instruments: Mapping[str, Instrument], where: str
) -> Iterator[Quote | Trade]:
    """Facts of a recorded table, row by row; a row with a quote and a trade gives both in this
    order.

    Rows of symbols that are not in ``instruments`` are left out. Raises ``RecordingError`` for a
    row that goes back in time, holds nothing, or holds what is no number.
    """
    scalers = {symbol: RowScaler(instrument) for symbol, instrument in instruments.items()}
    last_ns = 0
    for row in rows:
        scaler = scalers.get(row.symbol)
        if scaler is None:
            continue
        try:
            ts_ns, quote, trade = facts_of_row(row, scaler)
        except NumberError as error:
            raise RecordingError(where, "this row cannot be read", str(error), row.line) from None
        if ts_ns < last_ns:
            raise RecordingError(
                where, "this row is earlier than the one before", "sort the rows by ts", row.line
            )
        last_ns = ts_ns
        if quote is not None:
            yield quote
        if trade is not None:
            yield trade


def facts_of_row(row: RecordedRow, scaler: RowScaler) -> tuple[int, Quote | None, Trade | None]:
    """The time, quote and trade of a row. Raises ``NumberError``."""
    ts_ns = recorded_time(row.ts)
    quote = trade = None
    if row.price or row.size:
        trade = scaler.trade(row.price, row.size, ts_ns)
    elif not (row.bid or row.ask):
        raise NumberError("a row holds bid and ask or price and size")
    if row.bid or row.ask:
        quote = scaler.quote(row.bid, row.ask, row.bid_size, row.ask_size, ts_ns)
    return ts_ns, quote, trade


class RecordedTable(NamedTuple):
    """One file of rows: what to call it in errors, and how to read the columns asked for."""

    where: str
    rows: Callable[[Sequence[str]], Iterator[RecordedRow]]


class TableRecording(NamedTuple):
    """One or more recorded tables as a ``Recording``."""

    symbols: tuple[str, ...]
    asset_class: int
    first_ts: int
    last_ts: int
    tables: tuple[RecordedTable, ...]

    def facts(self, instruments: Mapping[str, Instrument]) -> Iterator[Quote | Trade]:
        """Stream the facts; at equal times in the order of the tables, then of their rows."""
        wanted = {name: row for name, row in instruments.items() if name in self.symbols}
        streams = [table_facts(rows(COLUMNS), wanted, where) for where, rows in self.tables]
        return merge(*streams, key=attrgetter("ts_event"))


def table_recording(
    tables: Sequence[RecordedTable], options: Mapping[str, str], where: str
) -> TableRecording:
    """Open tables as one recording, reading each once for its symbols and its times.

    ``options``: ``symbols``, names divided by commas, else all. Raises ``RecordingError``.
    """
    checked_options(options, ("symbols",), where)
    asked = options["symbols"].split(",") if "symbols" in options else None
    first: dict[str, list[int]] = {}
    last: dict[str, list[int]] = {}
    for table in tables:
        rows: dict[str, list[RecordedRow]] = {}
        for row in table.rows(COLUMNS[:2]):
            rows.setdefault(row.symbol, [row, row])[1] = row
        for symbol, (first_row, last_row) in rows.items():
            first.setdefault(symbol, []).append(_row_time(first_row, table.where))
            last.setdefault(symbol, []).append(_row_time(last_row, table.where))
    symbols = chosen_symbols(first, asked, where)
    asset_class = asset_class_of(symbols, where)
    first_ts = min(min(first[symbol]) for symbol in symbols)
    last_ts = max(max(last[symbol]) for symbol in symbols)
    return TableRecording(symbols, asset_class, first_ts, last_ts, tuple(tables))


def checked_options(options: Mapping[str, str], known: Sequence[str], where: str) -> None:
    """Raise ``RecordingError`` for an option that the source does not know."""
    for name in options:
        if name not in known:
            raise RecordingError(
                where, f'there is no option "{name[:40]}"', f"the options are {', '.join(known)}"
            )


def _row_time(row: RecordedRow, where: str) -> int:
    try:
        return recorded_time(row.ts)
    except NumberError as error:
        raise RecordingError(where, "this row cannot be read", str(error), row.line) from None
