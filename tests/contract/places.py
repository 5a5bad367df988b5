"""Where stores live in tests: one kind of place for each implementation of the storage ports.

A place can be crashed, and its disk broken, mended, read and damaged.
"""

import shutil
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

import apsw

from stockyard.model.commands import CancelOrder, PlaceOrder
from stockyard.model.facts import Quote
from stockyard.model.records import Input, Origin, Record
from stockyard.storage.batches import Batch
from stockyard.storage.memory import MemoryDatabase, MemoryDisk, MemoryJournal, MemorySnapshots
from stockyard.storage.ports import Database, Journal, Snapshots, StorageUnavailable
from stockyard.storage.sqlite import SqliteDatabase, SqliteJournal, SqliteSnapshots


def input_of(seq: int) -> Input:
    """Some input, another kind at every third seq."""
    if seq % 3 == 0:
        return PlaceOrder(
            7, seq % 5, 1, 2, 1, 10 * seq, 10_000 + seq, 0, f"mine-{seq}", "", b"d" * 16
        )
    if seq % 3 == 1:
        return Quote(seq % 5, 10_000, 10_001 + seq, 300, 2**40, 1_700_000_000_000_000_000 + seq)
    return CancelOrder(7, 16 * seq, f"key-{seq}", b"e" * 16)


def make_records(first_seq: int, last_seq: int) -> list[Record]:
    """Records ``first_seq`` to ``last_seq``, of several kinds; every second one repeats a ts."""
    origin = Origin("user:7", "request", "192.0.2.1", "a client")
    return [
        Record(seq, 1_000 + seq // 2, 5_000 + seq, input_of(seq), origin if seq % 2 else None)
        for seq in range(first_seq, last_seq + 1)
    ]


class Place(ABC):
    """Where stores live: fresh and empty, opened any number of times."""

    @abstractmethod
    def journal(self) -> Journal:
        """Open the journal."""

    @abstractmethod
    def snapshots(self) -> Snapshots:
        """Open the snapshots."""

    @abstractmethod
    def database(self) -> Database:
        """Open the database."""

    @abstractmethod
    def crash(self) -> None:
        """Let the process end without a word; what is opened afterwards sees the disk it left."""

    @abstractmethod
    def break_disk(self, store: object) -> None:
        """Let the next write of ``store`` (a large one) fail for want of space."""

    @abstractmethod
    def mend_disk(self, store: object) -> None:
        """Let writes of ``store`` succeed again."""

    @abstractmethod
    def batches(self) -> list[Batch]:
        """The journal's batches as they lie on the disk."""

    @abstractmethod
    def set_batches(self, batches: Sequence[Batch]) -> None:
        """Put other batches in their place, under the keys they name."""


class SqlitePlace(Place):
    """Files in a directory of their own."""

    def __init__(self, parent: Path) -> None:
        self._parent, self._count = parent, 0
        self._directory = parent / "0"
        self._directory.mkdir()
        self._opened: list[SqliteJournal | SqliteSnapshots | SqliteDatabase] = []

    def journal(self) -> Journal:
        journal = SqliteJournal(self._directory / "journal.db")
        self._opened.append(journal)
        return journal

    def snapshots(self) -> Snapshots:
        snapshots = SqliteSnapshots(self._directory / "snapshots.db")
        self._opened.append(snapshots)
        return snapshots

    def database(self) -> Database:
        database = SqliteDatabase(self._directory / "people.db", durable=True)
        self._opened.append(database)
        return database

    def crash(self) -> None:
        self._count += 1
        directory = self._parent / str(self._count)
        shutil.copytree(self._directory, directory, ignore=shutil.ignore_patterns("*-shm"))
        self._directory = directory

    def break_disk(self, store: object) -> None:
        self._connection(store).pragma("max_page_count", 1)

    def mend_disk(self, store: object) -> None:
        self._connection(store).pragma("max_page_count", 2**31)

    def batches(self) -> list[Batch]:
        with apsw.Connection(str(self._directory / "journal.db")) as connection:
            rows = connection.execute("SELECT * FROM batches ORDER BY first_seq").fetchall()
        return [Batch._make(row) for row in rows]

    def set_batches(self, batches: Sequence[Batch]) -> None:
        connection = apsw.Connection(str(self._directory / "journal.db"))
        connection.pragma("synchronous", "off")
        with connection:
            connection.execute("DELETE FROM batches")
            connection.executemany("INSERT INTO batches VALUES (?, ?, ?, ?, ?)", batches)
        connection.close()

    def close(self) -> None:
        """Close whatever a test left open."""
        for store in self._opened:
            store.close()

    @staticmethod
    def _connection(store: object) -> apsw.Connection:
        assert isinstance(store, SqliteJournal | SqliteSnapshots | SqliteDatabase)
        return store._writer.connection


class MemoryPlace(Place):
    """A disk in memory."""

    def __init__(self) -> None:
        self._disk = MemoryDisk()

    def journal(self) -> Journal:
        return MemoryJournal(self._disk)

    def snapshots(self) -> Snapshots:
        return MemorySnapshots(self._disk)

    def database(self) -> Database:
        return MemoryDatabase(self._disk, "people")

    def crash(self) -> None:
        """Nothing to do: the disk holds all there is."""

    def break_disk(self, store: object) -> None:
        self._disk.fail_next(StorageUnavailable("the disk is full"))

    def mend_disk(self, store: object) -> None:
        """Nothing to do: a failure is used up when it happens."""

    def batches(self) -> list[Batch]:
        return list(self._disk.batches)

    def set_batches(self, batches: Sequence[Batch]) -> None:
        self._disk.batches[:] = sorted(batches)
