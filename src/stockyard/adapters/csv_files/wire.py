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

from stockyard.model.recordings import COLUMNS, RecordedRow, RecordingError, checked_columns


def rows_of(path: Path, columns: Sequence[str]) -> Iterator[RecordedRow]:
    """Rows of one file, plain or gzipped (``.gz``), other columns left blank.

    Raises ``RecordingError``.
    """
    with _reader(path) as reader:
        header = checked_columns([name.strip() for name in next(reader, [])], str(path))
        taken = [name for name in COLUMNS if name in columns]
        places = [header.index(name) if name in header else -1 for name in taken]
        for cells in reader:
            if len(cells) != len(header):
                if not cells:
                    continue
                raise RecordingError(
                    str(path),
                    f"this row has {len(cells)} cells",
                    f"it should have {len(header)}, as the header",
                    reader.line_num,
                )
            yield RecordedRow(
                reader.line_num, *[cells[at].strip() if at >= 0 else "" for at in places]
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
