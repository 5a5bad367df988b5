"""Journal, snapshots and databases in memory: the same ports on a disk that tests can break.

Promises: a ``MemoryDisk`` keeps all that a call returned for, so whoever opens stores over the same
disk again after a crash finds it; records and rows pass through the same encoders as on a real
disk. Must not know: files.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence

import apsw

from stockyard.model.records import Record
from stockyard.storage.batches import EMPTY_HEAD, Batch, pack, unpack
from stockyard.storage.ports import (
    JournalHead,
    Row,
    Snapshot,
    SqlValue,
    StorageError,
    StorageUnavailable,
)
from stockyard.storage.sqlite import PlainErrors, WritingDatabase, rows_of


class MemoryDisk:
    """What outlives a crash of the stores built over it, with failures to order.

    ``batches`` and ``snapshot`` are the durable images; tests may read and damage them.
    """

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.snapshot: Snapshot | None = None
        self._connections: dict[str, apsw.Connection] = {}
        self._failures: list[StorageUnavailable] = []
        self._deaths: list[BaseException] = []

    def fail_next(self, error: StorageUnavailable, count: int = 1) -> None:
        """Let the next ``count`` writes of any store keep nothing and raise ``error``."""
        self._failures.extend([error] * count)

    def die_after_next(self, death: BaseException) -> None:
        """Let the next write be kept, then raise ``death``: killed before it could say so."""
        assert not isinstance(death, StorageError), "a storage error promises that nothing was kept"
        self._deaths.append(death)

    def keep(self, write: Callable[[], None]) -> None:
        """Run a write of one of the stores, or fail as ordered."""
        if self._failures:
            raise self._failures.pop(0)
        write()
        if self._deaths:
            raise self._deaths.pop(0)

    def connection(self, name: str) -> apsw.Connection:
        """The database called ``name``, empty at first."""
        if name not in self._connections:
            self._connections[name] = apsw.Connection(":memory:")
            self._connections[name].pragma("foreign_keys", True)
        return self._connections[name]

    def close(self) -> None:
        """Forget the databases; nothing may be opened over it any more."""
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()


class MemoryJournal:
    """The journal as encoded batches on a ``MemoryDisk``."""

    def __init__(self, disk: MemoryDisk) -> None:
        """Open the journal of ``disk``, and check its last batch (raises ``JournalCorrupt``)."""
        self._disk = disk
        if disk.batches:
            for _ in self.read(disk.batches[-1].first_seq - 1):
                pass
        self._head = disk.batches[-1].head if disk.batches else EMPTY_HEAD

    @property
    def head(self) -> JournalHead:
        """Where the journal ends."""
        return self._head

    def append(self, records: Sequence[Record]) -> None:
        """Keep the records; see ``ports.Journal``."""
        if not records:
            return
        batch = pack(self._head, records)
        self._disk.keep(lambda: self._disk.batches.append(batch))
        self._head = batch.head

    def read(self, after_seq: int) -> Iterator[Record]:
        """Yield the records after ``after_seq``; see ``ports.Journal``."""
        batches = self._disk.batches
        start = bisect_right(batches, after_seq, key=lambda batch: batch.last_seq)
        anchor = batches[start - 1].head if start else EMPTY_HEAD
        return unpack(batches[start:], anchor, after_seq, "memory")

    def close(self) -> None:
        """Leave the disk as it is."""


class MemorySnapshots:
    """The latest snapshot on a ``MemoryDisk``."""

    def __init__(self, disk: MemoryDisk) -> None:
        self._disk = disk

    def load(self) -> Snapshot | None:
        """The stored snapshot, if any."""
        return self._disk.snapshot

    def store(self, snapshot: Snapshot) -> None:
        """Replace the stored snapshot."""

        def write() -> None:
            self._disk.snapshot = snapshot

        self._disk.keep(write)

    def close(self) -> None:
        """Leave the disk as it is."""


class MemoryDatabase(WritingDatabase):
    """A relational database on a ``MemoryDisk``, found again under the same ``name``.

    A query from another thread waits for a running transaction: there is one connection.
    """

    def __init__(self, disk: MemoryDisk, name: str) -> None:
        super().__init__(disk.connection(name), PlainErrors(f"memory database {name}"))
        self._disk = disk

    def query(self, sql: str, params: Sequence[SqlValue] = ()) -> list[Row]:
        """Rows of a SELECT: the last committed state."""
        self._assert_outside()
        with self._turn, self._errors:
            self._connection.pragma("query_only", True)
            try:
                return rows_of(self._connection, sql, params)
            finally:
                self._connection.pragma("query_only", False)

    def sync(self) -> None:
        """Nothing to do: the disk keeps every commit."""

    def close(self) -> None:
        """Leave the disk as it is."""

    def _keep(self, write: Callable[[], object]) -> None:
        self._assert_outside()
        keep = super()._keep
        self._disk.keep(lambda: keep(write))
