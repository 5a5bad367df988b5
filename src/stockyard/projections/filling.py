"""Query tables filled from a file of them that was kept.

Promises: bounded memory; the cursor is written last, so that tables filled halfway count as empty.
A column that the kept tables lack, as those of an older version may, gets its default, or zero.
Must not know: why they were kept.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from stockyard.projections.rows import TABLES, TEXT_COLUMNS, columns
from stockyard.storage.ports import Database, Row, Rows, SqlValue

FILLED_ROWS: Final = 5_000
"""Rows that are read at once, and written in one transaction."""


def fill_tables(target: Database, source: Rows) -> None:
    """Write all rows of ``source`` and its cursor into empty tables. Raises ``StorageError``."""
    for table in TABLES:
        names = columns(table)
        marks = ", ".join("?" for _ in names)
        insert = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"
        for page in _pages(source, table):
            target.executemany(insert, page)
    cursor = source.query("SELECT id, seq, ts, digest FROM cursor")
    target.executemany("INSERT INTO cursor (id, seq, ts, digest) VALUES (?, ?, ?, ?)", cursor)


def _pages(source: Rows, table: str) -> Iterator[Sequence[Row]]:
    """A table's rows in the order of its key, each with every column there is today."""
    key = [name.strip() for name in TABLES[table][1].split(",")]
    told = source.query("SELECT name FROM pragma_table_info(?)", (table,))
    known = {name for (name,) in told}
    if not known:
        return
    chosen = ", ".join(name if name in known else f"? AS {name}" for name in columns(table))
    missing = [_neutral(table, name) for name in columns(table) if name not in known]
    marks = ", ".join("?" for _ in key)
    places = [columns(table).index(name) for name in key]
    last: list[SqlValue] = [-1 for _ in key]
    while True:
        page = source.query(
            f"SELECT {chosen} FROM {table} WHERE ({', '.join(key)}) > ({marks})"
            f" ORDER BY {', '.join(key)} LIMIT {FILLED_ROWS}",
            [*missing, *last],
        )
        if page:
            yield page
        if len(page) < FILLED_ROWS:
            return
        last = [page[-1][place] for place in places]


def _neutral(table: str, name: str) -> SqlValue:
    """What a column is filled with that the kept tables do not have."""
    row: Any = TABLES[table][0]
    fields: dict[str, Any] = {field.name: field.default for field in msgspec.structs.fields(row)}
    if fields[name] is not msgspec.NODEFAULT:
        default: SqlValue = fields[name]
        return default
    return "" if name in TEXT_COLUMNS else 0
