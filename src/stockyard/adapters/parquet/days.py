"""Ticks and bars written to Parquet files that a recording can be played from and a history filled.

Promises: numbers are exact decimals; a file appears under its name when it is whole and safe from a
power cut, or not at all; memory does not grow with it. Must not know: where the rows come from.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from stockyard.adapters.parquet.wire import pyarrow_for
from stockyard.model.instruments import Instrument
from stockyard.model.past import WINDOW_WORDS
from stockyard.model.recordings import RecordingError
from stockyard.model.ticks import Bar, QuoteTick, TradeTick
from stockyard.storage.sync import put_in_place

DIGITS: Final = 38
"""Digits of a decimal column: what 128 bits hold."""
LAST_NUMBER: Final = b"stockyard.last_number"
"""The key, in a file's metadata, of the highest number of its ticks in the history."""
_BYTES: Final = 16
_ROWS: Final = 16_384


class RowFile(ABC):
    """A Parquet file that is being written beside its name, in groups of rows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._beside = path.with_name(f"{path.name}.part")
        self.arrow, self._parquet = pyarrow_for(path)
        self._schema = self.schema()
        self._writer: Any = None
        self._rows: list[Any] = []
        self.rows = 0

    @abstractmethod
    def schema(self) -> Any:
        """The columns."""

    @abstractmethod
    def columns(self, rows: list[Any]) -> list[Any]:
        """Rows as arrays, one for each column."""

    def metadata(self) -> dict[bytes, bytes]:
        """What the file says of itself."""
        return {}

    def __enter__(self) -> Self:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = self._parquet.ParquetWriter(
                self._beside, self._schema, compression="zstd"
            )
        except OSError as error:
            raise _unwritable(self.path, error) from error
        return self

    def add(self, rows: Iterable[Any]) -> None:
        """Write rows after those before. Raises ``RecordingError``."""
        self._rows.extend(rows)
        while len(self._rows) >= _ROWS:
            self._write(self._rows[:_ROWS])
            del self._rows[:_ROWS]

    def _write(self, rows: list[Any]) -> None:
        table = self.arrow.Table.from_arrays(self.columns(rows), schema=self._schema)
        try:
            self._writer.write_table(table)
        except OSError as error:
            raise _unwritable(self.path, error) from error
        self.rows += len(rows)

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
            else:
                self._writer.close()
        except OSError as error:
            raise _unwritable(self.path, error) from error
        finally:
            self._beside.unlink(missing_ok=True)

    def _finish(self) -> None:
        if self._rows:
            self._write(self._rows)
        self._writer.add_key_value_metadata(self.metadata())
        self._writer.close()
        put_in_place(self._beside, self.path)

    def decimals(self, values: Sequence[int | None], scale: int) -> Any:
        """Scaled integers as decimals; None is null."""
        arrow = self.arrow
        packed = b"".join((v or 0).to_bytes(_BYTES, "little", signed=True) for v in values)
        kind = arrow.decimal128(DIGITS, scale)
        numbers = arrow.Array.from_buffers(kind, len(values), [None, arrow.py_buffer(packed)])
        if None not in values:
            return numbers
        there = arrow.array([v is not None for v in values])
        compute = import_module("pyarrow.compute")
        return compute.if_else(there, numbers, arrow.scalar(None, kind))


class TickFile(RowFile):
    """Quotes and trades of one instrument, in order of time."""

    def __init__(self, path: Path, instrument: Instrument) -> None:
        self._instrument = instrument
        self.last_number = 0
        super().__init__(path)

    def schema(self) -> Any:
        """The columns of a recording, and who said each row."""
        arrow, text = self.arrow, self.arrow.dictionary(self.arrow.int32(), self.arrow.string())
        price = arrow.decimal128(DIGITS, self._instrument.price_scale)
        size = arrow.decimal128(DIGITS, self._instrument.qty_scale)
        return arrow.schema(
            [
                ("ts", arrow.timestamp("ns", "UTC")),
                ("symbol", text),
                *(("bid", price), ("ask", price), ("bid_size", size), ("ask_size", size)),
                *(("price", price), ("size", size)),
                *(("source", text), ("counts", arrow.int8()), ("sequence", arrow.int64())),
            ]
        )

    def metadata(self) -> dict[bytes, bytes]:
        """How far the history's ticks are in it."""
        return {LAST_NUMBER: str(self.last_number).encode()}

    def columns(self, rows: list[QuoteTick | TradeTick]) -> list[Any]:
        """Ticks as arrays; a quote has no price, a trade no bid."""
        arrow, instrument = self.arrow, self._instrument
        prices, sizes = instrument.price_scale, instrument.qty_scale
        ts = arrow.array([tick.ts_event for tick in rows], arrow.int64())
        return [
            ts.cast(arrow.timestamp("ns", "UTC")),
            repeated(arrow, [instrument.symbol] * len(rows)),
            self.decimals(_of(rows, QuoteTick, "bid"), prices),
            self.decimals(_of(rows, QuoteTick, "ask"), prices),
            self.decimals(_of(rows, QuoteTick, "bid_qty"), sizes),
            self.decimals(_of(rows, QuoteTick, "ask_qty"), sizes),
            self.decimals(_of(rows, TradeTick, "price"), prices),
            self.decimals(_of(rows, TradeTick, "qty"), sizes),
            repeated(arrow, [tick.source for tick in rows]),
            arrow.array(_of(rows, TradeTick, "counts"), arrow.int8()),
            arrow.array(_of(rows, TradeTick, "sequence"), arrow.int64()),
        ]


class BarFile(RowFile):
    """Bars of one instrument."""

    def __init__(self, path: Path, instrument: Instrument) -> None:
        self._instrument = instrument
        super().__init__(path)

    def schema(self) -> Any:
        """The columns of a table of bars, all of them."""
        arrow, text = self.arrow, self.arrow.dictionary(self.arrow.int32(), self.arrow.string())
        instrument = self._instrument
        price = arrow.decimal128(DIGITS, instrument.price_scale)
        size = arrow.decimal128(DIGITS, instrument.qty_scale)
        return arrow.schema(
            [
                *(("symbol", text), ("window", text), ("start", arrow.timestamp("ns", "UTC"))),
                *((name, price) for name in ("open", "high", "low", "close")),
                ("volume", size),
                ("source", text),
                ("value", arrow.decimal128(DIGITS, instrument.price_scale + instrument.qty_scale)),
                *(("trades", arrow.int64()), ("revision", arrow.int64())),
                ("final", arrow.bool_()),
            ]
        )

    def columns(self, rows: list[Bar]) -> list[Any]:
        """Bars as arrays."""
        arrow, instrument = self.arrow, self._instrument
        prices, sizes = instrument.price_scale, instrument.qty_scale
        starts = arrow.array([bar.start_ns for bar in rows], arrow.int64())
        return [
            repeated(arrow, [instrument.symbol] * len(rows)),
            repeated(arrow, [WINDOW_WORDS[bar.window_s] for bar in rows]),
            starts.cast(arrow.timestamp("ns", "UTC")),
            self.decimals([bar.open for bar in rows], prices),
            self.decimals([bar.high for bar in rows], prices),
            self.decimals([bar.low for bar in rows], prices),
            self.decimals([bar.close for bar in rows], prices),
            self.decimals([bar.volume for bar in rows], sizes),
            repeated(arrow, [bar.source for bar in rows]),
            self.decimals([bar.value for bar in rows], prices + sizes),
            arrow.array([bar.count for bar in rows], arrow.int64()),
            arrow.array([bar.revision for bar in rows], arrow.int64()),
            arrow.array([bar.final for bar in rows], arrow.bool_()),
        ]


def _of(ticks: list[QuoteTick | TradeTick], kind: type, name: str) -> list[int | None]:
    """A field of the ticks of one kind, None for the others."""
    return [getattr(tick, name) if isinstance(tick, kind) else None for tick in ticks]


def repeated(arrow: Any, texts: Sequence[str | None]) -> Any:
    """Texts of which many are the same, as an array."""
    return arrow.array(texts, arrow.string()).dictionary_encode()


def last_number_of(path: Path) -> int:
    """The highest number of a tick in a file that ``TickFile`` wrote. Raises ``RecordingError``."""
    arrow, parquet = pyarrow_for(path)
    try:
        metadata = parquet.read_metadata(path).metadata or {}
    except (OSError, arrow.ArrowException) as error:
        raise RecordingError(
            str(path), f"the file cannot be read ({error})", "move it elsewhere"
        ) from error
    return int(metadata.get(LAST_NUMBER, b"0"))


def _unwritable(path: Path, error: OSError) -> RecordingError:
    return RecordingError(
        str(path), f"the file cannot be written ({error.strerror or error})", "make room there"
    )
