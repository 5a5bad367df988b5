"""Journal, snapshots and databases in SQLite files, each with exactly one writing connection.

Promises: what a method returned for is on the disk (``synchronous=FULL`` syncs at every commit,
``NORMAL`` only where a database was opened as not durable), and an error leaves the file as it was
before the call. Only the writing connection checkpoints the write-ahead log; readers never wait for
it. Must not know: what the records and rows mean.

All connections of the process go through one SQLite library (APSW): POSIX locks are dropped when a
second copy of the library closes the same file (sqlite.org, "How To Corrupt An SQLite Database",
section 2.2), so the standard library's ``sqlite3`` must never open these files in this process.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock, get_ident
from typing import Final, TypeVar

import apsw

from stockyard.model.records import Record
from stockyard.storage.acknowledged import Acknowledged
from stockyard.storage.base import read_base, remove_bite, write_base
from stockyard.storage.batches import (
    ALTERED,
    EMPTY_HEAD,
    LOST,
    MISSING,
    Batch,
    chain_at,
    pack,
    unpack,
)
from stockyard.storage.ports import (
    Base,
    Database,
    JournalCorrupt,
    JournalHead,
    JournalPruned,
    JournalSize,
    Row,
    Snapshot,
    SqlValue,
    StorageError,
    StorageUnavailable,
)
from stockyard.storage.sqlite_errors import FileDamaged as FileDamaged
from stockyard.storage.sqlite_errors import PlainErrors as PlainErrors
from stockyard.storage.torn_log import torn_end
from stockyard.storage.troubles import Part
from stockyard.storage.upserts import upsert_sql

FORMAT: Final = 1
"""``user_version`` of a journal or snapshot file; another number refuses to open."""
CHECKPOINT_PAGES: Final = 1_000
"""Pages of 4 KiB the write-ahead log may grow by before the writer copies them into the file."""
BUSY_MS: Final = 5_000
BATCHES_PER_PAGE: Final = 64
IDLE_READERS_MAX: Final = 4
TORN_SUFFIX: Final = ".torn"

_JOURNAL_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS batches (
    first_seq INTEGER PRIMARY KEY,
    last_seq INTEGER NOT NULL,
    last_ts INTEGER NOT NULL,
    chain BLOB NOT NULL,
    blob BLOB NOT NULL
) STRICT
"""
_SNAPSHOT_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS snapshot (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    seq INTEGER NOT NULL,
    ts INTEGER NOT NULL,
    state_hash TEXT NOT NULL,
    engine_version TEXT NOT NULL,
    digest BLOB NOT NULL,
    state BLOB NOT NULL
) STRICT
"""


class Writer:
    """The connection that writes and checkpoints one file.

    ``durable``: a commit is synced before it returns; otherwise a power cut may take the last
    commits, though a killed process does not.
    """

    def __init__(self, path: Path, *, durable: bool, ours: bool = False) -> None:
        self.errors = PlainErrors(str(path), ours)
        self._log_pages = 0
        self._checkpoint_at = CHECKPOINT_PAGES
        with self.errors:
            self.connection = apsw.Connection(str(path))
        try:
            with self.errors:
                self._prepare(durable)
        except BaseException:
            self.connection.close()
            raise

    def _prepare(self, durable: bool) -> None:
        connection = self.connection
        connection.set_busy_timeout(BUSY_MS)
        if connection.pragma("journal_mode", "wal") != "wal":
            raise StorageUnavailable(
                f"{self.errors.where}: a write-ahead log is not possible there"
            )
        connection.pragma("synchronous", "full" if durable else "normal")
        connection.pragma("fullfsync", durable)
        connection.pragma("checkpoint_fullfsync", True)
        connection.pragma("foreign_keys", True)
        # A hook of our own also switches SQLite's automatic checkpoints off.
        connection.set_wal_hook(self._on_commit)

    def _on_commit(self, _: apsw.Connection, name: str, pages: int) -> int:
        if name == "main":
            self._log_pages = pages
        return apsw.SQLITE_OK

    def open_format(self, schema: str) -> None:
        """Create the table of a file of our own format, or refuse a file of another."""
        with self.errors:
            found = self.connection.pragma("user_version")
            if found not in (0, FORMAT):
                raise StorageError(
                    f"{self.errors.where} has format {found}; this version reads {FORMAT}"
                )
            if found == 0:
                self.connection.execute(
                    f"BEGIN IMMEDIATE; {schema}; PRAGMA user_version = {FORMAT}; COMMIT"
                )

    def checkpoint_when_due(self) -> None:
        """Copy the write-ahead log into the file once it has grown enough; never fails a commit."""
        if self._log_pages < self._checkpoint_at:
            if self._log_pages < CHECKPOINT_PAGES:
                self._checkpoint_at = CHECKPOINT_PAGES
            return
        # Readers or a full disk may leave part of the log: tried again after as many pages more.
        self._checkpoint_at = self._log_pages + CHECKPOINT_PAGES
        try:
            self.connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        except apsw.Error:
            return

    def empty_log(self) -> None:
        """Copy the log into the file and truncate it, as far as readers and the disk allow."""
        try:
            self.connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        except apsw.Error:
            return

    def leave(self) -> None:
        """Close without touching what may be damaged: the log stays as it is."""
        self.connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        self.connection.close()

    def close(self) -> None:
        """Empty the log and close; what was committed stays in the log where that fails."""
        self.empty_log()
        self.connection.close()


class SqliteJournal:
    """The journal as one row per commit in ``path``; one thread appends, any may read."""

    def __init__(self, path: Path) -> None:
        """Open or create the file, and check its last batch.

        Raises ``JournalCorrupt`` when that batch is damaged (``read_journal`` then names the first
        break) or one that was acknowledged is not there, ``StorageUnavailable`` when the file
        cannot be opened for writing. ``torn``: bytes of a write that was cut off; they are set
        aside in a file of their own and are no part of the journal.
        """
        self._path = path
        with PlainErrors(str(path)):
            self._acknowledged = Acknowledged(path)
        try:
            self._writer = Writer(path, durable=True, ours=True)
        except BaseException as error:
            self._acknowledged.close()
            if isinstance(error, FileDamaged):
                raise JournalCorrupt(1, str(path), ALTERED) from error
            raise
        try:
            self._writer.open_format(_JOURNAL_SCHEMA)
            with self._writer.errors:
                self._base = read_base(self._writer.connection, str(path))
            self._head = self._checked_head()
            self.torn = self._set_torn_aside()
        except FileDamaged as error:
            self.leave()
            raise JournalCorrupt(1, str(path), ALTERED) from error
        except BaseException:
            self.leave()
            raise
        self._acknowledged.note(self._head.seq)

    def leave(self) -> None:
        """Close without touching what may be damaged: the log stays as it is."""
        self._writer.leave()
        self._acknowledged.close()

    def _set_torn_aside(self) -> int:
        """Copy what stands behind the last whole commit, before the next one overwrites it."""
        with self._writer.errors:
            whole, _ = self._writer.connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            torn = torn_end(Path(f"{self._path}-wal"), whole)
            if torn:
                Path(f"{self._path}{TORN_SUFFIX}").write_bytes(torn)
        return len(torn)

    def _checked_head(self) -> JournalHead:
        with self._writer.errors:
            rows = self._writer.connection.execute(
                "SELECT first_seq, last_seq, last_ts, chain, blob FROM batches"
                " ORDER BY first_seq DESC LIMIT 2"
            ).fetchall()
        begin = EMPTY_HEAD if self._base is None else self._base.head
        if not rows:
            return self._checked_end(begin)
        last, *before = [_batch(row, self._writer.errors.where) for row in rows]
        if last.last_seq <= begin.seq:
            # Only batches that are on their way out are left.
            return self._checked_end(begin)
        anchor = before[0].head if before else begin
        for _ in unpack([last], anchor, last.last_seq, str(self._path)):
            pass
        return self._checked_end(last.head)

    def _checked_end(self, head: JournalHead) -> JournalHead:
        if head.seq < self._acknowledged.seq:
            raise JournalCorrupt(head.seq + 1, str(self._path), LOST)
        return head

    @property
    def head(self) -> JournalHead:
        """Where the journal ends."""
        return self._head

    @property
    def base(self) -> Base | None:
        """What stands for a beginning that was removed."""
        return self._base

    def begin_at(self, base: Base) -> None:
        """Let the journal begin at a later base; see ``ports.Journal``."""
        before = 0 if self._base is None else self._base.seq
        assert before < base.seq <= self._head.seq, "a base lies after the one before it"
        writer = self._writer
        with writer.errors:
            assert self.head_at(base.seq) == base.head, "a base ends where a batch does"
            write_base(writer.connection, base)
        self._base = base
        writer.checkpoint_when_due()

    def begin_empty_at(self, base: Base) -> None:
        """Let an empty journal begin at a base; what follows the base's last batch comes next.

        Raises ``StorageUnavailable``.
        """
        assert self._head.seq == 0, "the journal is empty"
        with self._writer.errors:
            write_base(self._writer.connection, base)
        self._base, self._head = base, base.head

    def remove_some(self) -> int:
        """Remove a few of the oldest batches that the base stands for; see ``ports.Journal``."""
        if self._base is None:
            return 0
        writer = self._writer
        with writer.errors:
            removed = remove_bite(writer.connection, self._base)
        writer.checkpoint_when_due()
        return removed

    def head_at(self, seq: int) -> JournalHead:
        """The end of the last batch at or before ``seq``; see ``ports.Journal``."""
        with self._writer.errors:
            return _anchor(self._writer.connection, seq, str(self._path))[0]

    def append(self, records: Sequence[Record]) -> None:
        """Make the records durable in one commit; see ``ports.Journal``."""
        if not records:
            return
        batch = pack(self._head, records)
        writer = self._writer
        with writer.errors:
            # One statement is its own transaction: SQLite undoes it when any part of it fails.
            writer.connection.execute("INSERT INTO batches VALUES (?, ?, ?, ?, ?)", batch)
        self._head = batch.head
        self._acknowledged.note(batch.last_seq)
        writer.checkpoint_when_due()

    def read(self, after_seq: int) -> Iterator[Record]:
        """Yield the records after ``after_seq``; see ``ports.Journal``."""
        return read_journal(self._path, after_seq)

    def shrink(self) -> None:
        """Give back to the disk what removed batches took up; nobody else may have it open.

        Needs room for what is left, once more. Raises ``StorageUnavailable``; then it is as before.
        """
        with self._writer.errors:
            self._writer.connection.execute("VACUUM")
        self._writer.empty_log()

    def close(self) -> None:
        """Empty the write-ahead log into the file and release both."""
        self._writer.close()
        self._acknowledged.close()


def read_journal(path: Path, after_seq: int) -> Iterator[Record]:
    """Yield and check the records of the file at ``path`` after ``after_seq``, never writing to it.

    Works beside a running writer and on a journal too damaged to be opened for writing. Raises as
    ``ports.Journal.read`` does, and ``StorageUnavailable`` when the file cannot be opened.
    """
    errors = PlainErrors(str(path), ours=True)
    with errors:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        connection.set_busy_timeout(BUSY_MS)
        try:
            with errors:
                anchor, row = _anchor(connection, after_seq, str(path))
        except FileDamaged as error:
            raise JournalCorrupt(after_seq + 1, str(path), ALTERED) from error
        try:
            yield from unpack(
                _batches(connection, errors, row, anchor.seq), anchor, after_seq, str(path)
            )
        except JournalCorrupt as error:
            # It may have been pruned while it was read.
            with errors:
                base = read_base(connection, str(path))
            if base is not None and base.head.seq >= error.seq:
                raise JournalPruned(error.seq - 1, base.seq) from error
            raise
    finally:
        connection.close()


def read_base_of(path: Path) -> Base | None:
    """The base of the journal at ``path``, also beside a running writer; None where none is.

    Raises as ``read_journal`` does.
    """
    return _looked_up(path, lambda connection: read_base(connection, str(path)))


def journal_head_at(path: Path, seq: int) -> JournalHead:
    """The end of the last batch at or before ``seq`` in the journal at ``path``, likewise."""
    return _looked_up(path, lambda connection: _anchor(connection, seq, str(path))[0])


def journal_chain_at(path: Path, seq: int) -> bytes:
    """The chain value of record ``seq`` of the journal at ``path``, likewise; however its batches
    are cut.
    """

    def look(connection: apsw.Connection) -> bytes:
        head = _anchor(connection, seq, str(path))[0]
        if head.seq == seq:
            return head.chain
        rows: list[Row] = connection.execute(
            "SELECT first_seq, last_seq, last_ts, chain, blob FROM batches WHERE first_seq <= ?"
            " ORDER BY first_seq DESC LIMIT 1",
            (seq,),
        ).fetchall()
        batches = [_batch(row, str(path)) for row in rows]
        if not batches or batches[0].last_seq < seq:
            raise JournalCorrupt(seq, str(path), MISSING)
        return chain_at(batches[0], seq)

    return _looked_up(path, look)


def journal_size(path: Path) -> JournalSize:
    """How large the journal at ``path`` is, likewise."""

    def look(connection: apsw.Connection) -> JournalSize:
        page = int(connection.pragma("page_size"))
        used, free = (int(connection.pragma(name)) for name in ("page_count", "freelist_count"))
        rows: list[Row] = connection.execute(
            "SELECT (SELECT MIN(first_seq) FROM batches), last_seq, last_ts FROM batches"
            " ORDER BY first_seq DESC LIMIT 1"
        ).fetchall()
        first_seq, last_seq, last_ts = rows[0] if rows else (0, 0, 0)
        base = read_base(connection, str(path))
        return JournalSize(used * page, free * page, first_seq, last_seq, last_ts, base)

    return _looked_up(path, look)


T = TypeVar("T")


def _looked_up(path: Path, look: Callable[[apsw.Connection], T]) -> T:
    """What is found in a journal that is only read. Raises as ``read_journal`` does."""
    errors = PlainErrors(str(path), ours=True)
    with errors:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        connection.set_busy_timeout(BUSY_MS)
        with errors:
            return look(connection)
    except FileDamaged as error:
        raise JournalCorrupt(1, str(path), ALTERED) from error
    finally:
        connection.close()


def _anchor(connection: apsw.Connection, after_seq: int, where: str) -> tuple[JournalHead, int]:
    """The end of the last batch wholly at or before ``after_seq``, and its key (0 for none)."""
    base = read_base(connection, where)
    begin = EMPTY_HEAD if base is None else base.head
    if base is not None and after_seq < begin.seq:
        raise JournalPruned(after_seq, base.seq)
    rows: list[Row] = connection.execute(
        "SELECT first_seq, last_seq, last_ts, chain FROM batches WHERE first_seq <= ?"
        " ORDER BY first_seq DESC LIMIT 2",
        (after_seq + 1,),
    ).fetchall()
    for row in rows:
        first_seq, last_seq, last_ts, chain = _whole(row, _HEAD_TYPES, "journal")
        if begin.seq <= last_seq <= after_seq:
            return JournalHead(last_seq, last_ts, chain), first_seq
    return begin, begin.seq


_HEAD_TYPES: Final = (int, int, int, bytes)
_SNAPSHOT_TYPES: Final = (int, int, str, str, bytes, bytes)


def _batch(row: Row, where: str) -> Batch:
    """A row as a batch. Raises ``FileDamaged`` for one that SQLite would never have stored."""
    return Batch._make(_whole(row, (*_HEAD_TYPES, bytes), where))


def _whole(row: Row, types: tuple[type, ...], where: str) -> Row:
    if tuple(map(type, row)) != types:
        raise FileDamaged(f"{where} is damaged (a row that cannot be)")
    return row


def _batches(
    connection: apsw.Connection, errors: PlainErrors, row: int, last_seq: int
) -> Iterator[Batch]:
    """The batches after ``row``, some at a time so that a slow reader holds up no checkpoint."""
    while True:
        page: list[Batch] = []
        damage: FileDamaged | None = None
        try:
            with errors:
                for values in connection.execute(
                    "SELECT first_seq, last_seq, last_ts, chain, blob FROM batches"
                    " WHERE first_seq > ? ORDER BY first_seq LIMIT ?",
                    (row, BATCHES_PER_PAGE),
                ):
                    page.append(_batch(values, errors.where))
        except FileDamaged as error:
            damage = error
        yield from page
        if page:
            row, last_seq = page[-1].first_seq, page[-1].last_seq
        if damage is not None:
            raise JournalCorrupt(last_seq + 1, errors.where, ALTERED) from damage
        if len(page) < BATCHES_PER_PAGE:
            return


class SqliteSnapshots:
    """The latest snapshot as the only row of ``path``; may be used from any thread."""

    def __init__(self, path: Path, part: Part | None = None) -> None:
        self._turn = Lock()
        self._part = part or Part(path.stem)
        self._writer = Writer(path, durable=True, ours=True)
        try:
            self._writer.open_format(_SNAPSHOT_SCHEMA)
        except BaseException:
            self._writer.connection.close()
            raise

    def load(self) -> Snapshot | None:
        """The stored snapshot, if any. Raises ``StorageError`` for one that was never stored so."""
        with self._turn, self._writer.errors:
            row = self._writer.connection.execute(
                "SELECT seq, ts, state_hash, engine_version, digest, state FROM snapshot"
            ).fetchone()
        if row is None:
            return None
        return Snapshot._make(_whole(row, _SNAPSHOT_TYPES, self._writer.errors.where))

    def store(self, snapshot: Snapshot) -> None:
        """Replace the stored snapshot durably, all or nothing; raises ``StorageUnavailable``."""
        writer = self._writer
        try:
            with self._turn, writer.errors:
                writer.connection.execute(
                    "INSERT OR REPLACE INTO snapshot VALUES (1, ?, ?, ?, ?, ?, ?)", snapshot
                )
                writer.empty_log()
        except StorageUnavailable as error:
            self._part.failed(error)
            raise
        self._part.works()

    def close(self) -> None:
        """Release the files."""
        with self._turn:
            self._writer.close()


class OpenTransaction:
    """The database as the work inside a transaction sees it."""

    def __init__(self, connection: apsw.Connection, errors: PlainErrors) -> None:
        self._connection, self._errors = connection, errors

    def query(self, sql: str, params: Sequence[SqlValue] = ()) -> list[Row]:
        """Rows of a SELECT, or of a RETURNING clause, with what this transaction has changed."""
        self._assert_open()
        with self._errors:
            return self._connection.execute(sql, tuple(params)).fetchall()

    def execute(self, sql: str, params: Sequence[SqlValue] = ()) -> None:
        """Run one statement in this transaction."""
        self._assert_open()
        with self._errors:
            self._connection.execute(sql, tuple(params))

    def executemany(self, sql: str, rows: Iterable[Sequence[SqlValue]]) -> None:
        """Run one statement for each row in this transaction."""
        self._assert_open()
        with self._errors:
            self._connection.executemany(sql, map(tuple, rows))

    def upsert_json(self, table: str, columns: Sequence[str], key: str, rows: bytes) -> None:
        """Insert or replace rows given as a JSON array of arrays, in this transaction."""
        self.execute(upsert_sql(table, columns, key), (rows.decode(),))

    def script(self, sql: str) -> None:
        """Run several statements in this transaction."""
        self.execute(sql)

    def transact(self, work: Callable[[Database], None]) -> None:
        """Refuse: a transaction holds no second one."""
        raise AssertionError("a transaction inside a transaction")

    def transact_or_show(self, work: Callable[[Database], None]) -> None:
        """Refuse: a transaction holds no second one."""
        raise AssertionError("a transaction inside a transaction")

    def show(self, work: Callable[[Database], None]) -> None:
        """Refuse: a transaction holds no second one."""
        raise AssertionError("a transaction inside a transaction")

    @property
    def is_showing(self) -> bool:
        """A transaction sees its own rows anyway."""
        return False

    def sync(self) -> None:
        """Refuse: a transaction is not committed yet."""
        raise AssertionError("a transaction has nothing to sync")

    def close(self) -> None:
        """Refuse: whoever opened the database closes it."""
        raise AssertionError("a transaction cannot close its database")

    def _assert_open(self) -> None:
        # A full disk ends the transaction on its own; what follows would be committed by itself.
        assert self._connection.in_transaction, "the transaction is over"


def rows_of(connection: apsw.Connection, sql: str, params: Sequence[SqlValue]) -> list[Row]:
    """Rows of a SELECT on a connection that cannot write at the moment (asserted)."""
    try:
        return connection.execute(sql, tuple(params)).fetchall()
    except apsw.ReadOnlyError as error:
        raise AssertionError("a query only reads; a change belongs in a transaction") from error


class WritingDatabase:
    """The writing half of ``ports.Database`` over one connection, one thread at a time."""

    def __init__(self, connection: apsw.Connection, errors: PlainErrors) -> None:
        self._connection, self._errors = connection, errors
        self._turn = Lock()
        self._thread_id = 0
        self._show_turn = Lock()
        self._may_show = self._shows = False

    def execute(self, sql: str, params: Sequence[SqlValue] = ()) -> None:
        """Run one statement in its own transaction."""
        self._keep(lambda: self._connection.execute(sql, tuple(params)))

    def executemany(self, sql: str, rows: Iterable[Sequence[SqlValue]]) -> None:
        """Run one statement for each row, all in one transaction."""
        self.transact(lambda database: database.executemany(sql, rows))

    def upsert_json(self, table: str, columns: Sequence[str], key: str, rows: bytes) -> None:
        """Insert or replace rows given as a JSON array of arrays, in one transaction."""
        self.transact(lambda database: database.upsert_json(table, columns, key, rows))

    def script(self, sql: str) -> None:
        """Run several statements without parameters in one transaction."""
        self.transact(lambda database: database.script(sql))

    def transact(self, work: Callable[[Database], None]) -> None:
        """Run ``work`` in one transaction: durable when this returns, undone when it raises."""
        connection = self._connection

        def run() -> None:
            connection.execute("BEGIN IMMEDIATE")
            work(OpenTransaction(connection, self._errors))
            connection.execute("COMMIT")

        self._keep(run)

    @property
    def is_showing(self) -> bool:
        """Whether queries see what was not kept."""
        return self._shows

    def transact_or_show(self, work: Callable[[Database], None]) -> None:
        """Run ``work`` in one transaction; where it cannot be kept, show it meanwhile."""
        with self._show_turn:
            try:
                self.transact(work)
            except StorageUnavailable:
                self._show(work)
                raise
            self._may_show = False

    def show(self, work: Callable[[Database], None]) -> None:
        """Show queries what a transaction would bring."""
        with self._show_turn:
            self._show(work)

    def _show(self, work: Callable[[Database], None]) -> None:
        """Leave a transaction open, in memory; nothing is shown where even that fails."""
        # From here on queries wait for their turn, also between two that are shown.
        self._may_show = True
        connection = self._connection
        with self._turn:
            self._unshow()
            try:
                with self._errors:
                    # What does not fit into the cache would be written before its time.
                    connection.pragma("cache_spill", False)
                    connection.execute("BEGIN IMMEDIATE")
                    work(OpenTransaction(connection, self._errors))
            except StorageError:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
            else:
                self._shows = True

    def _unshow(self) -> None:
        if self._shows:
            self._shows = False
            self._connection.execute("ROLLBACK")

    def _shown(self, sql: str, params: Sequence[SqlValue]) -> list[Row] | None:
        """Rows as of what is shown; None where nothing is."""
        with self._show_turn, self._turn:
            if not self._shows:
                return None
            self._connection.pragma("query_only", True)
            try:
                return rows_of(self._connection, sql, params)
            finally:
                self._connection.pragma("query_only", False)

    def _keep(self, write: Callable[[], object]) -> None:
        self._assert_outside()
        with self._turn, self._errors:
            self._unshow()
            self._thread_id = get_ident()
            try:
                write()
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                self._thread_id = 0

    def _assert_outside(self) -> None:
        assert self._thread_id != get_ident(), (
            "inside a transaction only the database that the work was given may be used"
        )


class SqliteDatabase(WritingDatabase):
    """A relational database in the file at ``path``.

    One connection writes; each thread that queries borrows a read-only connection, so a query
    neither waits for a writer nor sees half a transaction. ``durable``: as for ``Writer``. ``part``
    is told how writing went.
    """

    def __init__(self, path: Path, *, durable: bool, part: Part | None = None) -> None:
        self._path = str(path)
        self._part = part or Part(path.stem)
        self._part.try_again = self._try_again
        self._writer = Writer(path, durable=durable)
        super().__init__(self._writer.connection, self._writer.errors)
        self._pool_turn = Lock()
        self._idle: list[apsw.Connection] = []
        self._closed = False

    def query(self, sql: str, params: Sequence[SqlValue] = ()) -> list[Row]:
        """Rows of a SELECT on the last committed state; from any thread, also beside a writer."""
        self._assert_outside()
        with self._errors:
            if self._may_show:
                found = self._shown(sql, params)
                if found is not None:
                    return found
            reader = self._borrow()
            try:
                return rows_of(reader, sql, params)
            finally:
                self._give_back(reader)

    def sync(self) -> None:
        """Make what is committed safe from a power cut: a checkpoint syncs the log first."""
        with self._turn, self._errors:
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)

    def leave(self) -> None:
        """Let go of the files as they are: what may be damaged is not touched."""
        with self._pool_turn:
            self._closed = True
        self._writer.leave()

    def close(self) -> None:
        """Release the files; queries still running finish."""
        with self._pool_turn:
            self._closed = True
            idle, self._idle = self._idle, []
        for reader in idle:
            reader.close()
        with self._turn:
            self._writer.close()

    def _keep(self, write: Callable[[], object]) -> None:
        def write_and_checkpoint() -> None:
            write()
            self._writer.checkpoint_when_due()

        try:
            super()._keep(write_and_checkpoint)
        except StorageUnavailable as error:
            self._part.failed(error)
            raise
        self._part.works()

    def _try_again(self) -> None:
        """Write the header as it is, which takes as much room as a small change."""
        if self._may_show:
            # Whoever wrote that tries it again.
            return
        with suppress(StorageError):
            self._keep(self._write_header)

    def _write_header(self) -> None:
        version = self._connection.pragma("user_version")
        self._connection.execute(f"PRAGMA user_version = {version}")

    def _borrow(self) -> apsw.Connection:
        with self._pool_turn:
            assert not self._closed, "the database is closed"
            if self._idle:
                return self._idle.pop()
        reader = apsw.Connection(self._path, flags=apsw.SQLITE_OPEN_READONLY)
        reader.set_busy_timeout(BUSY_MS)
        return reader

    def _give_back(self, reader: apsw.Connection) -> None:
        with self._pool_turn:
            if not self._closed and len(self._idle) < IDLE_READERS_MAX:
                self._idle.append(reader)
                return
        reader.close()
