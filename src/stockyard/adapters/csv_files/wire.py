"""CSV text to recorded rows.

Promises: one row of text is one ``RecordedRow`` with the number of its line; whatever is wrong with
the file is a ``RecordingError``. Must not know: prices, sizes or instruments.
"""

import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
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


def rows_of(path: Path, columns: Sequence[str]) -> Iterator[RecordedRow]:
    """Rows of one file, plain or gzipped (``.gz``), other columns left blank.

    Raises ``RecordingError``.
    """
    with _reader(path) as reader:
        header = checked_columns([name.strip() for name in next(reader, [])], str(path))
        taken = [name for name in (*COLUMNS, *ORIGIN_COLUMNS) if name in columns]
        places = [header.index(name) if name in header else -1 for name in taken]
        for cells in reader:
            if len(cells) != len(header):
                if not cells:
                    continue
                raise _wrong_length(path, cells, header, reader.line_num)
            yield RecordedRow(
                reader.line_num, *[cells[at].strip() if at >= 0 else "" for at in places]
            )


def header_of(path: Path) -> list[str]:
    """The names in the first line. Raises ``RecordingError``."""
    with _reader(path) as reader:
        return [name.strip() for name in next(reader, [])]


def bar_rows_of(path: Path) -> Iterator[BarRow]:
    """Rows of a table of bars. Raises ``RecordingError``."""
    with _reader(path) as reader:
        header = checked_bar_columns([name.strip() for name in next(reader, [])], str(path))
        places = [header.index(name) if name in header else -1 for name in BarRow._fields[1:]]
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(header):
                raise _wrong_length(path, cells, header, reader.line_num)
            yield BarRow(reader.line_num, *[cells[at].strip() if at >= 0 else "" for at in places])


def _wrong_length(
    path: Path, cells: Sequence[str], header: Sequence[str], line: int
) -> RecordingError:
    return RecordingError(
        str(path),
        f"this row has {len(cells)} cells",
        f"it should have {len(header)}, as the header",
        line,
    )


@contextmanager
def _reader(path: Path) -> Iterator[Any]:
    """A csv reader over the file; every way a file can be broken becomes a ``RecordingError``."""
    try:
        with (
            gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as raw,
            TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text,
        ):
            yield csv.reader(text, strict=True)
    except (OSError, EOFError, zlib.error) as error:
        raise RecordingError(
            str(path), f"the file cannot be read ({error})", "give a whole CSV file, or .csv.gz"
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise RecordingError(
            str(path), f"this is no CSV text ({error})", "write comma-separated UTF-8 text"
        ) from error
