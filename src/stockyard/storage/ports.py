"""What the rest of the house needs from storage, and the errors it may get.

Promises: every implementation passes the same contract suite (``tests/contract``). Must not know:
what the records mean.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from stockyard.model.records import Record

SqlValue = str | bytes | int | float | None
Row = tuple[Any, ...]


class StorageError(Exception):
    """Storage could not do what was asked."""


class StorageUnavailable(StorageError):
    """The disk is full, read-only or failing: nothing was kept, and a later try may succeed."""


class ConstraintBroken(StorageError):
    """A row breaks a UNIQUE, NOT NULL, CHECK or FOREIGN KEY rule of its table: nothing was kept."""


class JournalCorrupt(StorageError):
    """The journal breaks at ``seq``: a record is altered, missing or out of order."""

    def __init__(self, seq: int, where: str, what: str) -> None:
        super().__init__(f"journal broken at seq {seq} in {where}: {what}")
        self.seq, self.where, self.what = seq, where, what


class DirectoryInUse(StorageError):
    """Another process holds this data directory."""


class JournalHead(NamedTuple):
    """The last durable record: seq, ts and chain value (16 bytes); 0, 0 and zeros when empty."""

    seq: int
    ts: int
    chain: bytes


class Snapshot(NamedTuple):
    """An engine state: taken after ``seq``, with its hash and the engine version that wrote it.

    ``state`` is packed, and ``state_hash`` that of what was packed. ``digest``: the running digest
    of all events up to ``seq``, 16 bytes.
    """

    seq: int
    ts: int
    state_hash: str
    engine_version: str
    digest: bytes
    state: bytes


class Journal(Protocol):
    """The ordered log of all inputs."""

    @property
    def head(self) -> JournalHead:
        """Where the journal ends."""

    def append(self, records: Sequence[Record]) -> None:
        """Make the records durable, all or none; they follow the head without a gap (asserted).

        Raises ``StorageUnavailable``; then the head has not moved. No records: nothing happens.
        """

    def read(self, after_seq: int) -> Iterator[Record]:
        """Yield the records after ``after_seq`` in order, each checked against the chain.

        Raises ``JournalCorrupt`` at the first record that is altered, missing or out of order,
        after yielding those before it; in a journal that ends before ``after_seq``, one is missing.
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
        """Rows of a SELECT (asserted); from any thread, also while another one writes."""

    def execute(self, sql: str, params: Sequence[SqlValue] = ()) -> None:
        """Run one statement in its own transaction.

        Like every writing method, it may raise ``ConstraintBroken`` or ``StorageUnavailable``; then
        nothing was kept.
        """

    def executemany(self, sql: str, rows: Iterable[Sequence[SqlValue]]) -> None:
        """Run one statement for each row, all in one transaction."""

    def upsert_json(self, table: str, columns: Sequence[str], key: str, rows: bytes) -> None:
        """Insert rows, or replace those with the same key, in one transaction and one statement.

        ``rows``: a JSON array of arrays, each in the order of ``columns``; ``key``: the primary
        key's columns, comma-separated. A nested array or object is stored as its JSON text.
        """

    def script(self, sql: str) -> None:
        """Run several statements without parameters (a schema) in one transaction."""

    def transact(self, work: Callable[["Database"], None]) -> None:
        """Run ``work`` in one transaction: durable when this returns, undone when it raises.

        ``work`` uses only the database it is given, which sees the transaction's own rows, starts
        no further transaction (both asserted), and lets storage errors pass.
        """

    def sync(self) -> None:
        """Make what is committed safe from a power cut as well, where commits do not do that."""

    def close(self) -> None:
        """Release the files."""
