"""What the rest of the house needs from storage, and the errors it may get.

Promises: every implementation passes the same contract suite (``tests/contract``). Must not know: what
the records mean.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from stockyard.model.records import Record

SqlValue = str | bytes | int | float | None
Row = tuple[Any, ...]


class StorageError(Exception):
    """Storage could not do what was asked."""


class StorageUnavailable(StorageError):
    """The disk is full, read-only or failing: nothing was kept, and a later try may succeed."""


class JournalCorrupt(StorageError):
    """The journal breaks at ``seq``: a record is altered, missing or out of order."""

    def __init__(self, seq: int, where: str, what: str) -> None:
        super().__init__(f"journal broken at seq {seq} in {where}: {what}")
        self.seq, self.where, self.what = seq, where, what


class DirectoryInUse(StorageError):
    """Another process holds this data directory."""


class JournalHead(NamedTuple):
    """The last durable record: its seq, ts and chain value (16 bytes); 0, 0 and zeros when empty."""

    seq: int
    ts: int
    chain: bytes


class Snapshot(NamedTuple):
    """A stored engine state: taken after ``seq``, with its hash and the engine version that wrote it."""

    seq: int
    ts: int
    state_hash: str
    engine_version: str
    state: bytes


class Journal(Protocol):
    """The ordered log of all inputs."""

    @property
    def head(self) -> JournalHead:
        """Where the journal ends."""

    def append(self, records: Sequence[Record]) -> None:
        """Make the records durable, all or none; they follow the head without a gap.

        Raises ``StorageUnavailable``; then the head has not moved.
        """

    def read(self, after_seq: int) -> Iterator[Record]:
        """Yield the records after ``after_seq`` in order, each checked against the chain.

        Raises ``JournalCorrupt`` at the first record that is altered, missing or out of order.
        """

    def close(self) -> None:
        """Release the files."""


class Snapshots(Protocol):
    """The latest engine state, one row."""

    def load(self) -> Snapshot | None:
        """The stored snapshot, if any."""

    def store(self, snapshot: Snapshot) -> None:
        """Replace the stored snapshot durably, all or nothing."""

    def close(self) -> None:
        """Release the files."""


class Database(Protocol):
    """A relational database in the SQL that SQLite and PostgreSQL share, with ``?`` parameters."""

    def query(self, sql: str, params: Sequence[SqlValue] = ()) -> list[Row]:
        """Rows of a SELECT."""

    def execute(self, sql: str, params: Sequence[SqlValue] = ()) -> None:
        """Run one statement in its own transaction."""

    def transact(self, work: Callable[["Database"], None]) -> None:
        """Run ``work`` in one transaction: durable when this returns, undone when it raises."""

    def close(self) -> None:
        """Release the files."""
