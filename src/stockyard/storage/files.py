"""Which files a data directory may hold, what each is, and which of them a backup takes.

Promises: the one table of them; ``docs/ARCHITECTURE.md`` tells the same, by a test. Must not know:
what stands in a file.
"""

from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

from stockyard.storage.acknowledged import SUFFIX
from stockyard.storage.lock import LOCK_NAME

JOURNAL: Final = "journal.db"
LOG_TAILS: Final = ("-wal", "-shm")
"""What SQLite keeps beside a database while it is open."""
HALF_DONE: Final = (".new", ".tmp", ".part", ".partial", ".unfinished")
"""Ends of names under which a file is written before it gets its own."""


class Kind(StrEnum):
    """How a file is copied."""

    DATABASE = "database"
    NOTE = "note"
    """Up to where a database was acknowledged: never copied, but written to fit the copy."""
    FILE = "file"
    FOLDER = "folder"
    """Of files that are written once, each under its name only when it is whole."""
    ASIDE = "aside"
    """Of what was found damaged, for whoever looks into it; never copied."""


class DataFile(NamedTuple):
    """A file of a data directory. ``derived``: what is lost with it can be made again;
    ``secret``: whoever has it can read or forge what it protects.
    """

    name: str
    kind: Kind
    derived: bool = False
    secret: bool = False


FILES: Final = (
    DataFile(JOURNAL, Kind.DATABASE),
    DataFile(JOURNAL + SUFFIX, Kind.NOTE, derived=True),
    DataFile("snapshots.db", Kind.DATABASE, derived=True),
    DataFile("projections.db", Kind.DATABASE, derived=True),
    DataFile("archive", Kind.FOLDER),
    DataFile("people.db", Kind.DATABASE),
    DataFile("audit.db", Kind.DATABASE),
    DataFile("audit.db" + SUFFIX, Kind.NOTE, derived=True),
    DataFile("audit", Kind.FOLDER),
    DataFile("audit.key", Kind.FILE, secret=True),
    DataFile("history.db", Kind.DATABASE),
    DataFile("history", Kind.FOLDER),
    DataFile("reference.db", Kind.DATABASE, derived=True),
    DataFile("secret.key", Kind.FILE, secret=True),
    DataFile("requests.db", Kind.DATABASE),
    DataFile("demo.json", Kind.FILE, secret=True),
    DataFile("damage", Kind.ASIDE, derived=True),
)
BY_NAME: Final = {one.name: one for one in FILES}


def others(path: Path) -> list[str]:
    """What else lies in a data directory: files set aside, and what is none of ours."""
    known = {LOCK_NAME, *(one.name for one in FILES if one.kind is not Kind.ASIDE)}
    known |= {one.name + tail for one in FILES if one.kind is Kind.DATABASE for tail in LOG_TAILS}
    return sorted(found.name for found in path.iterdir() if found.name not in known)
