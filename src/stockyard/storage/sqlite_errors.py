"""What SQLite raises, in the words of storage: whether a later try may succeed, and why not now.

Promises: a mistake in our own SQL passes as it is; the reason for whoever asks names no path. Must
not know: what a file holds.
"""

from types import TracebackType
from typing import Final

import apsw

from stockyard.storage.ports import (
    ConstraintBroken,
    StorageError,
    StorageUnavailable,
    StorageUncertain,
)

_UNAVAILABLE: Final = (
    (apsw.FullError, "the disk is full"),
    (apsw.ReadOnlyError, "it cannot be written (read-only)"),
    (apsw.CantOpenError, "it cannot be opened"),
    (apsw.PermissionsError, "access to it is not permitted"),
    (apsw.BusyError, "another program holds it"),
    (apsw.LockedError, "another program holds it"),
    (apsw.NoMemError, "memory ran out"),
    (apsw.IOError, "the disk fails"),
)


_UNSYNCED: Final = (apsw.SQLITE_IOERR_FSYNC, apsw.SQLITE_IOERR_DIR_FSYNC)
"""Everything was written; whether it is on the disk is not known (sqlite.org, "Result Codes")."""


class FileDamaged(StorageError):
    """A file is not what SQLite wrote."""


class PlainErrors:
    """A context that turns SQLite's errors about the disk and constraints into storage errors.

    Mistakes in the SQL itself pass as they are: they are ours, unless the file is ``ours`` alone,
    with one table that never changes: then it is the file that is wrong.
    """

    def __init__(self, where: str, ours: bool = False) -> None:
        self.where = where
        self._damage: tuple[type[apsw.Error], ...] = (apsw.CorruptError, apsw.NotADBError)
        if ours:
            self._damage += (apsw.SQLError, apsw.SchemaChangeError)

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Translate what was raised."""
        if isinstance(error, OSError):
            why = f"it cannot be opened ({error.strerror})"
            raise StorageUnavailable(f"{self.where}: {why}", why) from error
        if isinstance(error, UnicodeDecodeError):
            raise FileDamaged(f"{self.where} is damaged (a text in it is none)") from error
        if not isinstance(error, apsw.Error):
            return
        if isinstance(error, apsw.ConstraintError):
            raise ConstraintBroken(str(error)) from error
        if isinstance(error, self._damage):
            raise FileDamaged(f"{self.where} is damaged ({error})") from error
        if getattr(error, "extendedresult", 0) in _UNSYNCED:
            why = "the disk fails to sync"
            raise StorageUncertain(f"{self.where}: {why} ({error})", why) from error
        for family, reason in _UNAVAILABLE:
            if isinstance(error, family):
                raise StorageUnavailable(f"{self.where}: {reason} ({error})", reason) from error
