"""The files of a data directory as they can be read when some of them are damaged; nothing in it is
changed.

Promises: a journal is read in its place up to its first break, everything else from a copy. Must
not know: what the records and rows mean.
"""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from stockyard.model.records import Record
from stockyard.storage.acknowledged import SUFFIX, acknowledged_of
from stockyard.storage.batches import LOST
from stockyard.storage.ports import (
    Base,
    JournalCorrupt,
    JournalHead,
    StorageError,
    StorageUnavailable,
)
from stockyard.storage.readonly import ReadOnlyDatabase
from stockyard.storage.sqlite import journal_head_at, read_base_of, read_journal

ROOM_BYTES: Final = 64 * 1024 * 1024
"""Left free where copies are made."""
TAILS: Final = ("", "-wal", SUFFIX)


class ReadOnlyJournal:
    """The journal of ``path`` from its record ``seq`` (0: from its beginning) to the last that can
    be read after it.

    ``why``: why the next one cannot be; empty where there is none.
    """

    torn = 0

    def __init__(self, path: Path, seq: int, ts: int) -> None:
        self._path = path
        self.base = base_if_any(path)
        if self.base is not None and seq < self.base.seq:
            seq, ts = self.base.seq, self.base.ts
        self.broken_at, self.why = 0, ""
        try:
            for record in read_journal(path, seq):
                seq, ts = record.seq, record.ts
        except JournalCorrupt as error:
            self.broken_at, self.why = error.seq, error.what
        if not self.why and seq < acknowledged_of(path):
            self.broken_at, self.why = seq + 1, LOST
        self._head = JournalHead(seq, ts, b"")

    @property
    def head(self) -> JournalHead:
        """The last record that can be read; its chain value is not told."""
        return self._head

    def append(self, records: Sequence[Record]) -> None:
        """Refuse."""
        raise StorageUnavailable(f"{self._path} is only read here", "it is only read here")

    def begin_at(self, base: Base) -> None:
        """Refuse."""
        self.append(())

    def remove_some(self) -> int:
        """Nothing is removed here."""
        return 0

    def head_at(self, seq: int) -> JournalHead:
        """The end of the last batch at or before ``seq``."""
        return journal_head_at(self._path, seq)

    def read(self, after_seq: int) -> Iterator[Record]:
        """Yield the records after ``after_seq`` as far as they can be read."""
        if after_seq >= self._head.seq:
            return
        try:
            for record in read_journal(self._path, after_seq):
                if record.seq > self._head.seq:
                    return
                yield record
        except JournalCorrupt:
            return

    def close(self) -> None:
        """Nothing is open."""


def base_if_any(journal: Path) -> Base | None:
    """The base of a journal, as far as that can be read."""
    try:
        return read_base_of(journal)
    except JournalCorrupt:
        return None


def copy_file(source: Path, folder: Path) -> Path:
    """Copy a database nobody writes, with what belongs to it. Raises ``StorageError``."""
    target = folder / source.name
    files = [file for tail in TAILS if (file := Path(f"{source}{tail}")).exists()]
    needed = sum(file.stat().st_size for file in files) + ROOM_BYTES
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise StorageUnavailable(
            f"a copy of {source} needs {needed >> 20} MB in {folder.parent}, there are"
            f" {free >> 20}: set TMPDIR to a folder with more room"
        )
    try:
        for file in files:
            shutil.copyfile(file, folder / file.name)
    except OSError as error:
        raise StorageUnavailable(f"{source} cannot be copied ({error.strerror})") from error
    return target


def faults_of(path: Path) -> list[str]:
    """What is wrong with a database file, as SQLite sees it."""
    try:
        with ReadOnlyDatabase(path) as database:
            return database.faults()
    except StorageError as error:
        return [str(error)]


def remove(path: Path) -> None:
    """Remove a copy."""
    for tail in (*TAILS, "-shm"):
        Path(f"{path}{tail}").unlink(missing_ok=True)
