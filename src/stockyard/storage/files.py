"""Which files a data directory may hold, what each is, and which of them a backup takes.

Promises: the one table of them; ``docs/ARCHITECTURE.md`` tells the same, by a test; a directory
that lost its journal is never taken for a fresh one. Must not know: what stands in a file.
"""

from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

from stockyard.storage.acknowledged import SUFFIX
from stockyard.storage.lock import LOCK_NAME
from stockyard.storage.ports import StorageError

JOURNAL: Final = "journal.db"
REPAIRED: Final = f"{JOURNAL}.repaired"
"""The whole part of a damaged journal, written anew; it takes its place when all of it is there."""
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

_MADE_LATER: Final = ("snapshots.db", "projections.db", "people.db", "audit.db")
"""What is never there before the journal is."""


class JournalGone(StorageError):
    """There is no journal where there was one; the message says by what that is known."""


def refuse_without_journal(path: Path) -> None:
    """Refuse a directory that holds what belongs to a journal, but none. Raises ``JournalGone``."""
    if (path / JOURNAL).exists():
        return
    if (path / REPAIRED).exists():
        raise JournalGone(
            f"{path}: there is no {JOURNAL} in it, for a repair was cut off: run stockyard repair"
            f" --data {path} --accept-loss, which finishes it"
        )
    left = [name for name in _MADE_LATER if _has_content(path / name)]
    left += [f"archive/{found.name}" for found in sorted((path / "archive").glob("*.snapshot*"))]
    if left:
        raise JournalGone(
            f"{path}: there is no {JOURNAL} in it, though {', '.join(left[:5])} of a world that had"
            " one: put it back from a backup, or name another directory to begin anew"
        )


def _has_content(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0


def others(path: Path) -> list[str]:
    """What else lies in a data directory: files set aside, and what is none of ours."""
    known = {LOCK_NAME, *(one.name for one in FILES if one.kind is not Kind.ASIDE)}
    known |= {one.name + tail for one in FILES if one.kind is Kind.DATABASE for tail in LOG_TAILS}
    return sorted(found.name for found in path.iterdir() if found.name not in known)
