"""Where a replay begins: at the first record there ever was, or at the base that stands for a
removed beginning.

Promises: a base is checked whole before anything is made of it: the archived state against its
hash, the kept tables against theirs, both against what the journal says; what does not fit is
named. Must not know: how a journal is pruned, or what is replayed.
"""

from collections.abc import Callable
from hashlib import file_digest
from pathlib import Path
from typing import Final, NamedTuple

from stockyard.projections.store import EMPTY_DIGEST, Cursor, ReadStore
from stockyard.storage.archive import Archive
from stockyard.storage.ports import Base, Journal, Snapshot, StorageError, StorageUnavailable
from stockyard.storage.readonly import ReadOnlyDatabase

TABLES_SUFFIX: Final = ".tables.db"


class BaseBroken(StorageError):
    """What stands for the journal's removed beginning is damaged; the message names the file."""

    def __init__(self, file: Path, what: str) -> None:
        super().__init__(
            f"{file} {what}: it belongs to the base of the pruned journal, which cannot tell it"
            " again; put it back from a backup"
        )


class Beginning(NamedTuple):
    """The state after ``seq``, with the running digest of all events until then.

    ``snapshot`` and ``tables`` are None where nothing was before.
    """

    seq: int
    ts: int
    digest: bytes
    snapshot: Snapshot | None
    tables: Path | None

    def fill(self, store: ReadStore) -> Cursor:
        """Bring query tables to this point, whatever they held; where they are then."""
        if self.tables is None:
            store.clear()
        else:
            with ReadOnlyDatabase(self.tables) as kept:
                store.fill(kept)
        cursor = store.cursor()
        if (cursor.seq, cursor.digest) != (self.seq, self.digest):
            assert self.tables is not None
            raise BaseBroken(self.tables, f"holds tables of seq {cursor.seq}, not {self.seq}")
        return cursor


GENESIS: Final = Beginning(0, 0, EMPTY_DIGEST, None, None)
Begin = Callable[[], Beginning]
"""Finds and checks the beginning; called only where it is needed. Raises ``StorageError``."""


def unpruned() -> Beginning:
    """The beginning of a journal that was never pruned."""
    return GENESIS


def beginning_of(journal: Journal, archive: Path) -> Beginning:
    """The beginning of a journal whose archive is the folder ``archive``.

    Raises ``BaseBroken``, or what ``Archive.load`` raises.
    """
    return GENESIS if journal.base is None else based(journal.base, archive)


def based(base: Base, archive: Path) -> Beginning:
    """The beginning that a base names, checked whole; raises as ``beginning_of`` does."""
    snapshot = Archive(archive).load(base.seq)
    file = tables_file(archive, base.seq)
    if (snapshot.state_hash, snapshot.digest) != (base.state_hash, base.digest):
        raise BaseBroken(archive / f"{base.seq}", "holds another state than the journal's base")
    if hash_of(file) != base.tables:
        raise BaseBroken(file, "is altered")
    return Beginning(base.seq, base.ts, base.digest, snapshot, file)


def tables_file(archive: Path, seq: int) -> Path:
    """Where the query tables of a base are kept."""
    return archive / f"{seq:020}{TABLES_SUFFIX}"


def hash_of(file: Path) -> bytes:
    """The SHA-256 of a file of tables. Raises ``BaseBroken`` where it is gone."""
    try:
        with file.open("rb") as opened:
            return file_digest(opened, "sha256").digest()
    except FileNotFoundError:
        raise BaseBroken(file, "is missing") from None
    except OSError as error:
        raise StorageUnavailable(f"{file} cannot be read ({error.strerror})") from error
