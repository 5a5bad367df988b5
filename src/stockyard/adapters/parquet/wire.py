"""Parquet columns to recorded rows.

Promises: numbers reach the parser as decimal text: text, integer and decimal columns as they are, a
floating-point column by its shortest decimal text (the number that was meant when it was written).
A null is a missing value. Must not know: prices, sizes or instruments.
"""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from stockyard.model.past import BarRow, checked_bar_columns
from stockyard.model.recordings import (
    COLUMNS,
    ORIGIN_COLUMNS,
    RecordedRow,
    RecordingError,
    checked_columns,
)

BATCH_ROWS = 65_536
Checked = Callable[[Sequence[str], str], tuple[str, ...]]
"""Gives the columns of a file back, or raises for wrong ones."""
_NS_PER_UNIT = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


def rows_of(path: Path, columns: Sequence[str]) -> Iterator[RecordedRow]:
    """Rows of one file, numbered from 1, other columns left blank.

    Raises ``RecordingError``, also where pyarrow is not installed.
    """
    taken = [name for name in (*COLUMNS, *ORIGIN_COLUMNS) if name in columns]
    line = 1
    for batch in _batches(path, taken, checked_columns):
        texts = [_column_texts(batch, name, path) for name in taken]
        for offset, cells in enumerate(zip(*texts, strict=True)):
            yield RecordedRow(line + offset, *cells)
        line += batch.num_rows


def header_of(path: Path) -> list[str]:
    """The names of the columns. Raises ``RecordingError``."""
    arrow, parquet = pyarrow_for(path)
    try:
        names: list[str] = parquet.read_schema(path).names
    except (OSError, arrow.ArrowException) as error:
        raise _unreadable(path, error) from error
    return names


def bar_rows_of(path: Path) -> Iterator[BarRow]:
    """Rows of a table of bars, numbered from 1. Raises ``RecordingError``."""
    line = 1
    taken = BarRow._fields[1:]
    for batch in _batches(path, taken, checked_bar_columns):
        texts = [_column_texts(batch, name, path) for name in taken]
        for offset, cells in enumerate(zip(*texts, strict=True)):
            yield BarRow(line + offset, *cells)
        line += batch.num_rows


def _column_texts(batch: Any, name: str, path: Path) -> list[str]:
    if name in batch.schema.names:
        return _texts(batch.column(name), name, path)
    return [""] * batch.num_rows


def _batches(path: Path, columns: Sequence[str], checked: Checked) -> Iterator[Any]:
    arrow, parquet = pyarrow_for(path)
    try:
        with parquet.ParquetFile(path) as file:
            names = checked(file.schema_arrow.names, str(path))
            taken = [name for name in names if name in columns]
            yield from file.iter_batches(batch_size=BATCH_ROWS, columns=taken)
    except (OSError, arrow.ArrowException) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> RecordingError:
    return RecordingError(
        str(path), f"the file cannot be read ({error})", "give a whole Parquet file"
    )


def has_pyarrow() -> bool:
    """Whether Parquet can be read and written."""
    return find_spec("pyarrow") is not None


def pyarrow_for(path: Path) -> tuple[Any, Any]:
    """The packages that read and write Parquet. Raises ``RecordingError`` where there are none."""
    try:
        return import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError:
        raise RecordingError(
            str(path),
            "Parquet needs the pyarrow package",
            "install the extra: pip install 'stockyard[parquet]'",
        ) from None


def _texts(column: Any, name: str, path: Path) -> list[str]:
    """The cells of one column as text."""
    kind = str(column.type)
    if kind.startswith("timestamp["):
        unit, _, zone = kind[len("timestamp[") : -1].partition(",")
        if not zone:
            raise RecordingError(
                str(path), f"the times in {name} have no zone", "write them with a zone, as UTC"
            )
        factor = _NS_PER_UNIT[unit]
        ticks: list[int | None] = column.cast(import_module("pyarrow").int64()).to_pylist()
        return ["" if tick is None else str(tick * factor) for tick in ticks]
    text_of: Callable[[Any], str] = str
    if kind in {"float", "double"}:
        text_of = _float_text
    elif kind.startswith("decimal"):
        text_of = _decimal_text
    return ["" if value is None else text_of(value) for value in column.to_pylist()]


def _decimal_text(value: Decimal) -> str:
    return format(value, "f")


def _float_text(value: float) -> str:
    return "" if value != value else format(Decimal(repr(value)), "f")
