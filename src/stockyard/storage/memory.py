"""Journal, snapshots and databases in memory: the same ports on a disk that tests can break.

Promises: a ``MemoryDisk`` keeps all that a call returned for, so whoever opens stores over the same
disk again after a crash finds it; records and rows pass through the same encoders as on a real
disk. Must not know: files.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence

import apsw

from stockyard.model.records import Record
from stockyard.storage.base import BITE_BATCHES
from stockyard.storage.batches import EMPTY_HEAD, Batch, pack, unpack
from stockyard.storage.ports import (
    Base,
    Database,
    JournalHead,
    JournalPruned,
    Row,
    Snapshot,
    SqlValue,
    StorageError,
    StorageUnavailable,
)
from stockyard.storage.sqlite import PlainErrors, WritingDatabase, rows_of


class MemoryDisk:
    """What outlives a crash of the stores built over it, with failures to order.

    ``batches``, ``base`` and ``snapshot`` are the durable images; tests may read and damage them.
    """

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.base: Base | None = None
        self.snapshot: Snapshot | None = None
        self.showing: dict[str, MemoryDatabase] = {}
        """Who last left something open that was not kept, by the database's name."""
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

    torn = 0

    def __init__(self, disk: MemoryDisk) -> None:
        """Open the journal of ``disk``, and check its last batch (raises ``JournalCorrupt``)."""
        self._disk = disk
        batches = disk.batches
        if batches and batches[-1].last_seq > self._begin.seq:
            for _ in self.read(max(batches[-1].first_seq - 1, self._begin.seq)):
                pass
            self._head = batches[-1].head
        else:
            self._head = self._begin

    @property
    def head(self) -> JournalHead:
        """Where the journal ends."""
        return self._head

    @property
    def base(self) -> Base | None:
        """What stands for a beginning that was removed."""
        return self._disk.base

    @property
    def _begin(self) -> JournalHead:
        return EMPTY_HEAD if self._disk.base is None else self._disk.base.head

    def begin_at(self, base: Base) -> None:
        """Let the journal begin at a later base; see ``ports.Journal``."""
        before = 0 if self.base is None else self.base.seq
        assert before < base.seq <= self._head.seq, "a base lies after the one before it"
        assert self.head_at(base.seq) == base.head, "a base ends where a batch does"

        def write() -> None:
            self._disk.base = base

        self._disk.keep(write)

    def remove_some(self) -> int:
        """Remove a few of the oldest batches that the base stands for; see ``ports.Journal``."""
        batches, begin = self._disk.batches, self._begin
        count = bisect_right(batches, begin.seq, key=lambda batch: batch.last_seq)
        bite = min(count, BITE_BATCHES)
        if bite:
            self._disk.keep(lambda: batches.__delitem__(slice(bite)))
        return bite

    def head_at(self, seq: int) -> JournalHead:
        """The end of the last batch at or before ``seq``; see ``ports.Journal``."""
        return self._anchor(seq)[0]

    def _anchor(self, after_seq: int) -> tuple[JournalHead, int]:
        """The end of the last batch at or before ``after_seq``, and which batch comes next."""
        batches, begin = self._disk.batches, self._begin
        if self.base is not None and after_seq < begin.seq:
            raise JournalPruned(after_seq, self.base.seq)
        start = bisect_right(batches, after_seq, key=lambda batch: batch.last_seq)
        found = start and batches[start - 1].last_seq >= begin.seq
        return (batches[start - 1].head if found else begin), start

    def append(self, records: Sequence[Record]) -> None:
        """Keep the records; see ``ports.Journal``."""
        if not records:
            return
        batch = pack(self._head, records)
        self._disk.keep(lambda: self._disk.batches.append(batch))
        self._head = batch.head

    def read(self, after_seq: int) -> Iterator[Record]:
        """Yield the records after ``after_seq``; see ``ports.Journal``."""
        anchor, start = self._anchor(after_seq)
        return unpack(self._disk.batches[start:], anchor, after_seq, "memory")

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

    A query from another thread waits for a running transaction: there is one connection. Whoever
    opens it again finds what was kept, and nothing that was only shown.
    """

    def __init__(self, disk: MemoryDisk, name: str) -> None:
        super().__init__(disk.connection(name), PlainErrors(f"memory database {name}"))
        self._disk, self._name = disk, name
        before = disk.showing.pop(name, None)
        if before is not None:
            before.show_no_more()

    def query(self, sql: str, params: Sequence[SqlValue] = ()) -> list[Row]:
        """Rows of a SELECT: the last committed state."""
        self._assert_outside()
        with self._errors:
            found = self._shown(sql, params) if self._may_show else None
        if found is not None:
            return found
        with self._turn, self._errors:
            self._connection.pragma("query_only", True)
            try:
                return rows_of(self._connection, sql, params)
            finally:
                self._connection.pragma("query_only", False)

    def show_no_more(self) -> None:
        """Forget what was shown and not kept, as the end of the process does."""
        with self._turn:
            self._unshow()

    def sync(self) -> None:
        """Nothing to do: the disk keeps every commit."""

    def close(self) -> None:
        """Leave the disk as it is."""

    def _show(self, work: Callable[[Database], None]) -> None:
        super()._show(work)
        self._disk.showing[self._name] = self

    def _keep(self, write: Callable[[], object]) -> None:
        self._assert_outside()
        keep = super()._keep
        self._disk.keep(lambda: keep(write))
