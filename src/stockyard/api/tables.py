"""Rows as comma-separated values, as JSON or as Parquet, a piece at a time.

Promises: numbers are exact in each of them; no cell of a CSV is a formula to a spreadsheet; memory
does not grow with the rows. Must not know: what the rows are about, or HTTP.
"""

import re
from collections.abc import Sequence
from csv import writer
from datetime import UTC, datetime
from decimal import Decimal
from importlib import import_module
from io import StringIO
from tempfile import TemporaryFile
from typing import IO, Any, Final, Protocol

import msgspec

CSV: Final = "csv"
JSON: Final = "json"
PARQUET: Final = "parquet"
FORMATS: Final = {
    CSV: "text/csv",
    JSON: "application/json",
    PARQUET: "application/vnd.apache.parquet",
}
"""Media types by format."""
DIGITS: Final = 38
PLACES: Final = 18
"""Digits of a decimal column of Parquet, and how many of them are decimal places."""
GROUP_ROWS: Final = 16_384
PIECE_BYTES: Final = 64 * 1024
_DECIMALS: Final = frozenset(
    {
        "qty", "price", "fees", "amount", "cash_after", "limit_price", "stop_price", "trail_price",
        "trail_percent", "filled_qty", "filled_avg_price", "notional", "cash", "margin", "cost",
        "realized_pl",
    }
)  # fmt: skip
_TIMES: Final = frozenset({"at", "created_at", "updated_at", "filled_at", "expires_at"})
_FORMULA: Final = re.compile(r"[=+@\t\r\n\uff1d\uff0b\uff20]|-(?!\d+(\.\d+)?\Z)")
_encode: Final = msgspec.json.Encoder().encode
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Row = Any
"""A struct, whose fields the columns are."""


class ParquetMissing(Exception):
    """The package that writes Parquet is not installed."""


class TableWriter(Protocol):
    """Takes rows, and gives pieces of the file."""

    def rows(self, rows: Sequence[Row]) -> bytes:
        """Take rows; what can be sent by now."""

    def end(self) -> bytes:
        """All rows are there; what is left, or the first piece of it."""

    def more(self) -> bytes:
        """The next piece of what is left; empty at its end."""

    def close(self) -> None:
        """Let go of what it holds."""


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula; plain negative numbers stay as they are."""
    return f"'{text}" if _FORMULA.match(text) else text


def csv_line(cells: Sequence[str | None]) -> str:
    """One line of comma-separated values."""
    line = StringIO()
    writer(line).writerow([harmless(cell) if cell else "" for cell in cells])
    return line.getvalue()


class CsvWriter:
    """RFC 4180: a heading, and a line for each row."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns, self._begun = columns, False

    def rows(self, rows: Sequence[Row]) -> bytes:
        """Take rows."""
        head = "" if self._begun else csv_line(self._columns)
        self._begun = True
        lines = [csv_line([_text(getattr(row, name)) for name in self._columns]) for row in rows]
        return (head + "".join(lines)).encode()

    def end(self) -> bytes:
        """Nothing follows but the heading of an empty table."""
        return b"" if self._begun else self.rows(())

    def more(self) -> bytes:
        """Nothing."""
        return b""

    def close(self) -> None:
        """Nothing is held."""


class JsonWriter:
    """An array with an object for each row, as the API lists them."""

    def __init__(self) -> None:
        self._begun = False

    def rows(self, rows: Sequence[Row]) -> bytes:
        """Take rows."""
        if not rows:
            return b""
        mark = b",\n" if self._begun else b"[\n"
        self._begun = True
        return mark + b",\n".join([_encode(row) for row in rows])

    def end(self) -> bytes:
        """Close the array."""
        return b"\n]\n" if self._begun else b"[]\n"

    def more(self) -> bytes:
        """Nothing."""
        return b""

    def close(self) -> None:
        """Nothing is held."""


class ParquetWriter:
    """A Parquet file, made whole on the disk first: where its rows are stands at its end."""

    def __init__(self, columns: Sequence[str]) -> None:
        """Raises ``ParquetMissing``."""
        try:
            self._arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
        except ImportError:
            raise ParquetMissing from None
        self._columns, self._waiting = columns, list[Row]()
        self._schema = self._arrow.schema([(name, self._kind(name)) for name in columns])
        self._file: IO[bytes] = TemporaryFile()  # noqa: SIM115
        self._writer = parquet.ParquetWriter(self._file, self._schema, compression="zstd")

    def _kind(self, name: str) -> Any:
        if name in _DECIMALS:
            return self._arrow.decimal128(DIGITS, PLACES)
        if name in _TIMES:
            return self._arrow.timestamp("ns", "UTC")
        return self._arrow.string()

    def rows(self, rows: Sequence[Row]) -> bytes:
        """Take rows; nothing is sent yet."""
        self._waiting.extend(rows)
        if len(self._waiting) >= GROUP_ROWS:
            self._flush()
        return b""

    def end(self) -> bytes:
        """Finish the file; its first piece."""
        self._flush()
        self._writer.close()
        self._file.seek(0)
        return self.more()

    def more(self) -> bytes:
        """The next piece of the file."""
        return self._file.read(PIECE_BYTES)

    def close(self) -> None:
        """Remove the file."""
        self._file.close()

    def _flush(self) -> None:
        rows, self._waiting = self._waiting, []
        if rows:
            arrays = [
                self._arrow.array([_cell(name, getattr(row, name)) for row in rows], kind)
                for name, kind in zip(self._columns, self._schema.types, strict=True)
            ]
            self._writer.write_batch(
                self._arrow.record_batch(arrays, schema=self._schema), row_group_size=GROUP_ROWS
            )


def table_writer(form: str, columns: Sequence[str]) -> TableWriter:
    """What writes a format of ``FORMATS``. Raises ``ParquetMissing``."""
    if form == CSV:
        return CsvWriter(columns)
    return JsonWriter() if form == JSON else ParquetWriter(columns)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _cell(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in _DECIMALS:
        return Decimal(value)
    if name in _TIMES:
        at = datetime.fromisoformat(value[:19]).replace(tzinfo=UTC) - _EPOCH
        return (at.days * 86_400 + at.seconds) * 1_000_000_000 + int(value[20:29])
    return _text(value)
