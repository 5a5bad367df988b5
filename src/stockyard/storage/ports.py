"""What the rest of the house needs from storage, and the errors it may get.

Promises: every implementation passes the same contract suite (``tests/contract``). Must not know:
what the records mean.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple, Protocol

from stockyard.model.records import Record
from stockyard.model.ticks import Bar, Tick

NS_MAX: Final = 2**62
"""No time is later than this, UTC ns (in the year 2116)."""

SqlValue = str | bytes | int | float | None
Row = tuple[Any, ...]


class StorageError(Exception):
    """Storage could not do what was asked."""


class StorageUnavailable(StorageError):
    """The disk is full, read-only or failing: nothing was kept, and a later try may succeed.

    ``reason``: why, in words for whoever asks, without a path.
    """

    def __init__(self, message: str, reason: str = "the disk fails") -> None:
        super().__init__(message)
        self.reason = reason


class StorageUncertain(StorageUnavailable):
    """The disk could not say whether it kept what was written: nothing of it is there now, and the
    next write that succeeds takes its place; after a crash before that, it may be there.
    """


class ConstraintBroken(StorageError):
    """A row breaks a UNIQUE, NOT NULL, CHECK or FOREIGN KEY rule of its table: nothing was kept."""


class JournalCorrupt(StorageError):
    """The journal breaks at ``seq``: a record is altered, missing or out of order."""

    def __init__(self, seq: int, where: str, what: str) -> None:
        super().__init__(f"journal broken at seq {seq} in {where}: {what}")
        self.seq, self.where, self.what = seq, where, what


class JournalPruned(StorageError):
    """What was asked for lies before the journal's base: it was removed, by whoever may do so."""

    def __init__(self, after_seq: int, base_seq: int) -> None:
        super().__init__(
            f"the journal was pruned and begins after seq {base_seq}; seq {after_seq + 1} is not in"
            " it any more"
        )
        self.base_seq = base_seq


class DirectoryInUse(StorageError):
    """Another process holds this data directory."""


class JournalHead(NamedTuple):
    """The last durable record: seq, ts and chain value (16 bytes); 0, 0 and zeros when empty."""

    seq: int
    ts: int
    chain: bytes


class Base(NamedTuple):
    """What stands for the removed beginning of a journal: everything up to ``seq``.

    ``seq`` and ``ts``: of the archived engine state, whose hash is ``state_hash``, and of the query
    tables kept beside it, whose file has the SHA-256 ``tables``. ``head``: the end of the last
    batch that is removed, at or before ``seq``. ``digest``: the running digest of all events up to
    ``seq``. ``began_ts``: the time of the first record there ever was.
    """

    seq: int
    ts: int
    head: JournalHead
    state_hash: str
    digest: bytes
    tables: bytes
    began_ts: int
    world_id: str


class JournalSize(NamedTuple):
    """How large a journal's file is, and how much of that is free for what comes; its first and
    last record, 0 for none, the time of the last, and its base.
    """

    file_bytes: int
    free_bytes: int
    first_seq: int
    last_seq: int
    last_ts: int
    base: Base | None


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
    """The ordered log of all inputs. ``torn``: bytes of a write that was cut off, which were set
    aside when it was opened and are no part of it.
    """

    torn: int

    @property
    def head(self) -> JournalHead:
        """Where the journal ends."""

    @property
    def base(self) -> Base | None:
        """What stands for a beginning that was removed; None where nothing was."""

    def begin_at(self, base: Base) -> None:
        """Let the journal begin at a later base from now on, durably and all or nothing.

        What the base stands for can be read no more, and ``remove_some`` may take it away. The base
        ends where a batch does (asserted). Raises ``StorageUnavailable``.
        """

    def remove_some(self) -> int:
        """Remove a few of the oldest batches that the base stands for; how many, 0: none is left.

        Raises ``StorageUnavailable``.
        """

    def head_at(self, seq: int) -> JournalHead:
        """The end of the last batch that ends at or before ``seq``. Raises ``JournalPruned``."""

    def append(self, records: Sequence[Record]) -> None:
        """Make the records durable, all or none; they follow the head without a gap (asserted).

        Raises ``StorageUnavailable``; then the head has not moved, and unless it is a
        ``StorageUncertain`` no crash brings the records back. No records: nothing happens.
        """

    def read(self, after_seq: int) -> Iterator[Record]:
        """Yield the records after ``after_seq`` in order, each checked against the chain.

        Raises ``JournalCorrupt`` at the first record that is altered, missing or out of order,
        after yielding those before it; in a journal that ends before ``after_seq``, one is missing.
        Raises ``JournalPruned`` where the base stands for the next record.
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


class Rows(Protocol):
    """A relational database that is only read."""

    def query(self, sql: str, params: Sequence[SqlValue] = ()) -> list[Row]:
        """Rows of a SELECT; as of ``Database``."""


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

    def transact_or_show(self, work: Callable[["Database"], None]) -> None:
        """The same, and what cannot be kept is shown to queries until the next such call."""

    def show(self, work: Callable[["Database"], None]) -> None:
        """Show queries what a transaction would bring, until the next that is made or shown."""

    @property
    def is_showing(self) -> bool:
        """Whether queries see what was not kept."""

    def sync(self) -> None:
        """Make what is committed safe from a power cut as well, where commits do not do that."""

    def close(self) -> None:
        """Release the files."""


class TickPlace(NamedTuple):
    """Where a tick lies among those of its instrument: by its time, then as they were kept."""

    ts_event: int
    number: int


class KeptTick(NamedTuple):
    """A raw tick with its place."""

    place: TickPlace
    tick: Tick


class KeptBars(NamedTuple):
    """How many bars of a kind are kept, and when the first and the last begin, UTC ns."""

    instrument_id: int
    source: str
    window_s: int
    bars: int
    first_ns: int
    last_ns: int


class KeptTicks(NamedTuple):
    """How many raw ticks of an instrument and source are kept; times of the first and last."""

    instrument_id: int
    source: str
    ticks: int
    first_ns: int
    last_ns: int


class History(Protocol):
    """Raw ticks and bars, for charts and research; never what the engine decides with.

    All methods may be called from any thread; times are UTC ns, from the first to before the last.
    """

    def append(self, ticks: Sequence[Tick], bars: Sequence[Bar]) -> None:
        """Keep ticks, and bars in the place of earlier ones of the same window, all or none.

        Raises ``StorageUnavailable``; then nothing was kept.
        """

    def bars(
        self,
        instrument_id: int,
        source: str,
        window_s: int,
        from_ns: int,
        to_ns: int,
        limit: int,
    ) -> list[Bar]:
        """The first ``limit`` bars that begin in the range, in order of time."""

    def newest_bars(
        self, instrument_id: int, source: str, window_s: int, before_ns: int, limit: int
    ) -> list[Bar]:
        """The last ``limit`` bars that begin before ``before_ns``, in order of time."""

    def open_bars(self) -> list[Bar]:
        """The bars that are not final: what a restart goes on from."""

    def ticks(
        self, instrument_id: int, from_ns: int, before: TickPlace, limit: int
    ) -> list[KeptTick]:
        """The newest ``limit`` ticks from ``from_ns`` on and before a place, newest first."""

    def ticks_after(
        self, instrument_id: int, after: TickPlace, to_ns: int, limit: int
    ) -> list[KeptTick]:
        """The first ``limit`` ticks after a place and before ``to_ns``, in order of time."""

    def kept_bars(self) -> list[KeptBars]:
        """What bars there are."""

    def kept_ticks(self) -> list[KeptTicks]:
        """What raw ticks there are."""

    def has_ticks(self, instrument_id: int, source: str, from_ns: int, to_ns: int) -> bool:
        """Whether a source has a tick in the range."""

    def forget_source(
        self, instrument_id: int, source: str, from_ns: int, to_ns: int, limit: int
    ) -> int:
        """Remove up to ``limit`` ticks of one source in a range; how many it were."""

    def forget_ticks(self, instrument_id: int, from_ns: int, to_ns: int, limit: int) -> int:
        """Remove up to ``limit`` of the oldest ticks of a time; how many it were."""

    def forget_bars(self, window_s: int, from_ns: int, to_ns: int, limit: int) -> int:
        """Remove up to ``limit`` bars that begin in a time; how many it were."""

    def mark(self, name: str) -> int | None:
        """The time that was last set under a name."""

    def set_mark(self, name: str, ts_ns: int) -> None:
        """Remember a time under a name."""

    def size_bytes(self) -> int:
        """Bytes in use, without room that waits to be used again."""

    def sync(self) -> None:
        """Make what is kept safe from a power cut as well."""

    def close(self) -> None:
        """Release the files."""
