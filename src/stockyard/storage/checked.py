"""Databases that nothing can make again: they are looked at before they are used.

Promises: a file that SQLite finds damaged is refused, unchanged, with what to do about it. Must not
know: what the rows mean.
"""

from pathlib import Path

from stockyard.storage.sqlite import FileDamaged, SqliteDatabase
from stockyard.storage.troubles import Part

GUIDE = "docs/guides/damaged-data.md"


def open_checked(path: Path, part: Part | None, advice: str) -> SqliteDatabase:
    """Open a durable database whose pages are whole.

    Raises ``FileDamaged`` with ``advice``, ``StorageUnavailable``.
    """
    try:
        database = SqliteDatabase(path, durable=True, part=part)
    except FileDamaged as error:
        raise FileDamaged(f"{error}: {advice}; see {GUIDE}") from error
    try:
        found = database.query("SELECT quick_check FROM pragma_quick_check LIMIT 1")
    except FileDamaged as error:
        found = [(str(error),)]
    if found != [("ok",)]:
        database.leave()
        raise FileDamaged(f"{path} is damaged ({found[0][0]}): {advice}; see {GUIDE}")
    return database


def open_people_file(path: Path, part: Part | None = None) -> SqliteDatabase:
    """The people's database. Raises ``StorageError``."""
    return open_checked(path, part, "put it back from a backup; orders and money are elsewhere")
