"""Pruning: the beginning of a journal gives way to a base, an archived state with its query tables.

Promises: nothing is removed before it was replayed once more, from the base before it to the new
one, and came to exactly the archived state, its events and its chain; until the switch, which is
one transaction, everything is as it was, and after it everything begins at the new base, however
the process dies. Nothing goes that somebody who follows the journal has not read. Must not know:
who decides when.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from stockyard.engine.engine import Engine
from stockyard.model.events import Event
from stockyard.projections.store import ReadStore
from stockyard.runtime.beginning import (
    GENESIS,
    TABLES_SUFFIX,
    Beginning,
    based,
    hash_of,
    tables_file,
)
from stockyard.runtime.projector import Projector, run_at_once
from stockyard.runtime.recovery import restore_engine, shown
from stockyard.storage.archive import FOLDER_NAME, Archive, Archived
from stockyard.storage.backups import free_bytes
from stockyard.storage.files import JOURNAL
from stockyard.storage.lock import DirectoryLock
from stockyard.storage.ports import (
    Base,
    Journal,
    Row,
    StorageError,
    StorageUnavailable,
)
from stockyard.storage.readonly import ReadOnlyDatabase, stand_alone
from stockyard.storage.sqlite import (
    SqliteDatabase,
    journal_chain_at,
    journal_head_at,
    read_base_of,
    read_journal,
)
from stockyard.storage.sync import put_in_place

FILLING: Final = ".partial"
"""What tables are called while they are being filled."""
ROOM_BYTES: Final = 64 * 1024 * 1024
"""What stays free on the disk beside the tables of a base."""
CARRIED_EVERY: Final = 10_000
"""Inputs after which rows are carried to the tables."""
Progress = Callable[[int], None]


class PruningRefused(StorageError):
    """Nothing was pruned; the message says why, and what would help."""


class Reader(NamedTuple):
    """Somebody who follows the journal, and the last input they have durably read."""

    name: str
    seq: int


def readers(directory: Path) -> list[Reader]:
    """Everybody who follows the journal of a directory. Raises ``StorageError``."""
    found = []
    for name, file, sql in (
        ("the query tables", "projections.db", "SELECT seq FROM cursor"),
        ("the audit log", "audit.db", "SELECT journal_seq FROM progress"),
        ("the alerts' trading days", "people.db", "SELECT MIN(seq) FROM alert_days"),
    ):
        path = directory / file
        if not path.is_file():
            continue
        with ReadOnlyDatabase(path) as database:
            rows = _rows_of(database, sql)
        if rows and rows[0][0] is not None:
            found.append(Reader(name, int(rows[0][0])))
        elif file == "projections.db":
            found.append(Reader(name, 0))
    return found


def _rows_of(database: ReadOnlyDatabase, sql: str) -> list[Row]:
    """Rows of a table that an older directory may not have yet."""
    table = sql.rsplit(" ", 1)[1]
    known = database.query("SELECT 1 FROM sqlite_master WHERE name = ?", (table,))
    return database.query(sql) if known else []


def choose(
    directory: Path, base: Base | None, *, seq: int | None = None, ts: int | None = None
) -> Archived | None:
    """The newest archived state that everything before ``seq``, or a time, may give way to.

    None where the journal begins there already, or where nothing was archived in time. It is never
    beyond what somebody has still to read. Raises ``StorageError``.
    """
    archive = Archive(directory / FOLDER_NAME)
    found = archive.before(seq - 1) if seq is not None else archive.before_time(ts or 0)
    least = min((reader.seq for reader in readers(directory)), default=0)
    if found is not None and found.seq > least:
        found = archive.before(least)
    return found if found is not None and found.seq > (base.seq if base else 0) else None


def prepare(directory: Path, target: Archived, progress: Progress) -> Base:
    """Replay up to an archived state, compare, and keep the query tables of that moment beside it.

    Only reads the journal, so a server may be writing it. Raises ``PruningRefused`` where the
    replay comes to something else, and other ``StorageError``; then nothing is left behind.
    """
    journal, folder = directory / JOURNAL, directory / FOLDER_NAME
    old = read_base_of(journal)
    beginning = GENESIS if old is None else based(old, folder)
    if target.seq <= beginning.seq:
        raise PruningRefused(f"the journal begins after seq {beginning.seq} already")
    tidy(directory)
    _refuse_full(directory)
    filling = tables_file(folder, target.seq).with_name(
        tables_file(folder, target.seq).name + FILLING
    )
    try:
        store = ReadStore(SqliteDatabase(filling, durable=False))
        try:
            engine, projector, began_ts = _replay(journal, beginning, target.seq, store, progress)
        finally:
            store.close()
        _compare(engine, projector, target, Archive(folder))
        head = journal_head_at(journal, target.seq)
        if journal_chain_at(journal, target.head.seq) != target.head.chain:
            raise PruningRefused(
                f"the journal's chain at seq {target.head.seq} is not the one that the archived"
                f" snapshot {target.name} was taken with: run stockyard verify"
            )
        stand_alone(filling)
        tables = hash_of(filling)
        _keep(filling, tables_file(folder, target.seq))
    except BaseException:
        _remove(filling)
        raise
    return Base(
        target.seq,
        target.ts,
        head,
        target.state_hash,
        target.digest,
        tables,
        began_ts if old is None else old.began_ts,
        engine.state.world_id,
    )


def _refuse_full(directory: Path) -> None:
    """Refuse before anything is written what would not fit."""
    tables = directory / "projections.db"
    needed = ROOM_BYTES + (tables.stat().st_size if tables.exists() else 0)
    free = free_bytes(directory)
    if free < needed:
        raise PruningRefused(
            f"{directory / FOLDER_NAME}: the query tables of the base need {needed:,} bytes, and"
            f" {free:,} are free: make room on the disk first"
        )


def _replay(
    journal: Path, beginning: Beginning, until: int, store: ReadStore, progress: Progress
) -> tuple[Engine, Projector, int]:
    """Engine and projector after input ``until``, and when the first one read was."""
    engine, cursor = restore_engine(beginning.snapshot), beginning.fill(store)
    view = shown(engine, store, cursor)
    projector = Projector(view, store, run_at_once, cursor, beginning.digest)
    began_ts = 0
    for record in read_journal(journal, beginning.seq):
        if record.seq > until:
            break
        began_ts = began_ts or record.ts
        events: list[Event] = []
        engine.apply(record.seq, record.ts, record.input, events)
        projector.fold(record, events)
        if record.seq % CARRIED_EVERY == 0:
            projector.flush()
            progress(record.seq)
    projector.flush()
    return engine, projector, began_ts


def _compare(engine: Engine, projector: Projector, target: Archived, archive: Archive) -> None:
    restore_engine(archive.load(target.seq))
    if engine.seq != target.seq:
        raise PruningRefused(f"the journal ends at seq {engine.seq}, before {target.name}")
    for what, found, wanted in (
        ("state", engine.state_hash(), target.state_hash),
        ("events", projector.digest, target.digest),
    ):
        if found != wanted:
            raise PruningRefused(
                f"replayed up to seq {target.seq} the journal comes to another {what} than"
                f" {target.name} holds, which engine version {target.engine_version} wrote: nothing"
                " is removed that cannot be told again; run stockyard verify"
            )


def _keep(filling: Path, final: Path) -> None:
    """Give the file its name once it is safe from a power cut."""
    try:
        put_in_place(filling, final)
    except OSError as error:
        raise StorageUnavailable(f"{final} cannot be written ({error.strerror})") from error


def switch(directory: Path, journal: Journal, base: Base) -> None:
    """Let the journal begin at the base; ``tidy`` then lets go what belongs to the one before.

    Raises ``PruningRefused`` where the archived state is not there any more, ``StorageError``.
    """
    archived = Archive(directory / FOLDER_NAME).before(base.seq)
    if archived is None or archived.seq != base.seq:
        raise PruningRefused(f"the archived snapshot at seq {base.seq} was removed meanwhile")
    journal.begin_at(base)


def tidy(directory: Path) -> None:
    """Remove tables in the archive that belong to no base: of the one before, or half filled."""
    base = read_base_of(directory / JOURNAL)
    folder = directory / FOLDER_NAME
    mine = None if base is None else tables_file(folder, base.seq).name
    for path in sorted(folder.glob(f"*{TABLES_SUFFIX}*")) if folder.is_dir() else ():
        if path.name != mine:
            _remove(path)


def _remove(path: Path) -> None:
    for tail in ("", "-wal", "-shm"):
        with suppress(OSError):
            path.with_name(path.name + tail).unlink(missing_ok=True)


@contextmanager
def only_one(directory: Path) -> Iterator[None]:
    """Keep others from changing what the journal's base is made of, in whatever process.

    Raises ``DirectoryInUse`` while somebody else does so, or copies it.
    """
    folder = directory / FOLDER_NAME
    with suppress(OSError):
        folder.mkdir(mode=0o700, exist_ok=True)
    with DirectoryLock(folder):
        yield
