"""The last answers of outside sources, in a relational database.

Promises: one row for each question, the oldest ones leave when there are too many. Losing the file
loses nothing that cannot be asked for again. Must not know: what the answers mean.
"""

from pathlib import Path
from typing import Final

from stockyard.storage.ports import Database
from stockyard.storage.sqlite import SqliteDatabase
from stockyard.storage.troubles import Part

FILE_NAME: Final = "reference.db"
ROWS_MAX: Final = 10_000
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS answers (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    as_of_ns INTEGER NOT NULL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS answers_by_age ON answers (as_of_ns)
"""
_SAVE: Final = (
    "INSERT INTO answers (kind, key, value, as_of_ns) VALUES (?, ?, ?, ?) ON CONFLICT (kind, key)"
    " DO UPDATE SET value = excluded.value, as_of_ns = excluded.as_of_ns"
)
_TRIM: Final = (
    "DELETE FROM answers WHERE as_of_ns < (SELECT MIN(as_of_ns) FROM"
    " (SELECT as_of_ns FROM answers ORDER BY as_of_ns DESC LIMIT ?) AS newest)"
)


class DatabaseShelf:
    """A shelf over a database of its own."""

    def __init__(self, database: Database, rows_max: int = ROWS_MAX) -> None:
        self._database, self._rows_max = database, rows_max
        database.script(_SCHEMA)

    def load(self, kind: str, key: str) -> tuple[bytes, int] | None:
        """An answer and when it was true, UTC ns. Raises ``StorageError``."""
        rows = self._database.query(
            "SELECT value, as_of_ns FROM answers WHERE kind = ? AND key = ?", (kind, key)
        )
        return (rows[0][0].encode(), rows[0][1]) if rows else None

    def save(self, kind: str, key: str, value: bytes, as_of_ns: int) -> None:
        """Keep an answer. Raises ``StorageError``."""

        def work(database: Database) -> None:
            database.execute(_SAVE, (kind, key, value.decode(), as_of_ns))
            database.execute(_TRIM, (self._rows_max,))

        self._database.transact(work)

    def close(self) -> None:
        """Release the file."""
        self._database.close()


def open_shelf(directory: Path, part: Part | None = None) -> DatabaseShelf:
    """The shelf of a data directory. Raises ``StorageError`` when it cannot be opened."""
    return DatabaseShelf(SqliteDatabase(directory / FILE_NAME, durable=False, part=part))
