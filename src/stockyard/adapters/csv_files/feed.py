"""Recorded days in CSV files.

Promises: facts in order of time over all files of a folder; memory does not grow with the files.
Must not know: other adapters, or who trades on the facts.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from stockyard.adapters.csv_files.wire import bar_rows_of, header_of, rows_of
from stockyard.model.past import BarTable, Past, TickTables, bar_tables, is_bar_header
from stockyard.model.recordings import (
    RecordedTable,
    RecordingError,
    TableRecording,
    table_recording,
)


def open_recording(path: Path, options: Mapping[str, str]) -> TableRecording:
    """Open a ``.csv`` or ``.csv.gz`` file, or a folder of them.

    ``options``: ``symbols``, names divided by commas, else all. Raises ``RecordingError``.
    """
    tables = [RecordedTable(str(file), partial(rows_of, file)) for file in _files(path)]
    return table_recording(tables, options, str(path))


def open_past(path: Path, options: Mapping[str, str], source: str) -> Past:
    """Open a file or folder of ticks, or of bars: its columns tell. Raises ``RecordingError``."""
    files = _files(path)
    if not is_bar_header(header_of(files[0])):
        return TickTables(open_recording(path, options), source)
    tables = [BarTable(str(file), partial(bar_rows_of, file)) for file in files]
    return bar_tables(tables, options, source, str(path))


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(file for end in ("*.csv", "*.csv.gz") for file in path.glob(end))
    if not files:
        raise RecordingError(str(path), "the folder has no CSV files", "put .csv or .csv.gz there")
    return files
