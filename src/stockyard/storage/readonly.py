"""A database file that is only read, as it stood at one moment, also beside a process that writes.

Promises: the file is not changed, however damaged it is. Must not know: what the rows mean.
"""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import apsw

from stockyard.storage.ports import Row, SqlValue, StorageError
from stockyard.storage.sqlite import BUSY_MS, PlainErrors, rows_of


def stand_alone(path: Path) -> None:
    """Let a database that nobody has open need no file beside it, for it is only read from now on.

    Raises ``StorageError``.
    """
    errors = PlainErrors(str(path), ours=True)
    with errors:
        connection = apsw.Connection(str(path))
    try:
        with errors:
            connection.pragma("journal_mode", "delete")
    finally:
        connection.close()


class ReadOnlyDatabase:
    """What a database file held when the first query was asked."""

    def __init__(self, path: Path) -> None:
        """Open the file. Raises ``StorageError``."""
        self._errors = PlainErrors(str(path), ours=True)
        with self._errors:
            self._connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
            self._connection.set_busy_timeout(BUSY_MS)
            self._connection.execute("BEGIN")

    def query(self, sql: str, params: Sequence[SqlValue] = ()) -> list[Row]:
        """Rows of a SELECT. Raises ``StorageError``, also for text that is none."""
        try:
            with self._errors:
                return rows_of(self._connection, sql, params)
        except UnicodeDecodeError as error:
            raise StorageError(f"{self._errors.where}: a text in it is damaged") from error

    def faults(self) -> list[str]:
        """What SQLite itself finds wrong with the file, a few at most."""
        try:
            found = self.query("SELECT integrity_check FROM pragma_integrity_check LIMIT 10")
        except StorageError as error:
            return [str(error)]
        return [str(text) for (text,) in found if text != "ok"]

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        """Hold the file for a block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Let go."""
        self.close()
