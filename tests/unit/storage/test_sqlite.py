"""Goal: the SQLite files hold up. Method: cut, fill, damage and share real files."""

import resource
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import apsw
import pytest

from stockyard.model.records import Record
from stockyard.storage.ports import (
    Database,
    JournalCorrupt,
    Snapshot,
    StorageError,
    StorageUnavailable,
)
from stockyard.storage.sqlite import (
    CHECKPOINT_PAGES,
    SqliteDatabase,
    SqliteJournal,
    SqliteSnapshots,
    read_journal,
)
from tests.contract.places import make_records

PAGE = 4096


def log_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    journal = SqliteJournal(tmp_path / "journal.db")
    yield journal
    journal.close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqliteDatabase]:
    database = SqliteDatabase(tmp_path / "people.db", durable=False)
    database.script("CREATE TABLE t (a INTEGER)")
    yield database
    database.close()


def test_a_torn_log_loses_only_the_unacknowledged_tail(
    journal: SqliteJournal, tmp_path: Path
) -> None:
    path = tmp_path / "journal.db"
    for seq in range(1, 9):
        journal.append(make_records(seq, seq))
    acknowledged = log_of(path).stat().st_size
    journal.append(make_records(9, 60))
    whole = log_of(path).stat().st_size
    assert whole > acknowledged + 2 * PAGE
    for cut, size in enumerate([*range(acknowledged, whole, 997), whole - 1, whole]):
        torn = tmp_path / str(cut) / "journal.db"
        torn.parent.mkdir()
        shutil.copy(path, torn)
        log_of(torn).write_bytes(log_of(path).read_bytes()[:size])
        again = SqliteJournal(torn)
        assert again.head.seq == (60 if size == whole else 8)
        assert list(again.read(0)) == make_records(1, again.head.seq)
        again.append(make_records(again.head.seq + 1, 61))
        assert list(again.read(50)) == make_records(51, 61)
        again.close()


def test_every_commit_of_a_journal_is_synced(journal: SqliteJournal, tmp_path: Path) -> None:
    full, normal = 2, 1
    assert journal._writer.connection.pragma("synchronous") == full
    for durable, level in ((True, full), (False, normal)):
        database = SqliteDatabase(tmp_path / f"{level}.db", durable=durable)
        assert database._writer.connection.pragma("synchronous") == level
        database.close()


def test_the_log_is_checkpointed_as_it_grows_and_emptied_at_the_end(
    journal: SqliteJournal, tmp_path: Path
) -> None:
    path, seq = tmp_path / "journal.db", 0
    while path.stat().st_size < 2 * CHECKPOINT_PAGES * PAGE:
        journal.append(make_records(seq + 1, seq + 1000))
        seq += 1000
        assert log_of(path).stat().st_size < 1.5 * CHECKPOINT_PAGES * PAGE
    journal.close()
    assert not log_of(path).exists()
    assert sum(1 for _ in read_journal(path, 0)) == seq


def test_a_reader_that_holds_the_log_back_costs_no_commit(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    log = log_of(tmp_path / "people.db")
    reader = apsw.Connection(str(tmp_path / "people.db"), flags=apsw.SQLITE_OPEN_READONLY)
    reader.execute("BEGIN; SELECT * FROM t")
    rows = [(n,) for n in range(1, 300_000)]
    for _ in range(4):
        database.executemany("INSERT INTO t VALUES (?)", rows)
    writer = database._writer
    assert writer._checkpoint_at > writer._log_pages > 2 * CHECKPOINT_PAGES
    assert reader.execute("SELECT count(*) FROM t").fetchall() == [(0,)]
    reader.close()
    size = log.stat().st_size
    for _ in range(2):
        database.executemany("INSERT INTO t VALUES (?)", rows)
    assert log.stat().st_size <= size + CHECKPOINT_PAGES * PAGE * 2
    assert database.query("SELECT count(*) FROM t") == [(6 * len(rows),)]


def test_a_query_does_not_wait_for_an_open_transaction(database: SqliteDatabase) -> None:
    begun, asked = Event(), Event()

    def work(inner: Database) -> None:
        inner.execute("INSERT INTO t VALUES (1)")
        begun.set()
        assert asked.wait(30)

    writer = Thread(target=database.transact, args=(work,))
    writer.start()
    assert begun.wait(30)
    assert database.query("SELECT * FROM t") == []
    asked.set()
    writer.join()
    assert database.query("SELECT * FROM t") == [(1,)]


def test_a_mistake_in_sql_passes_as_it_is(database: SqliteDatabase) -> None:
    with pytest.raises(apsw.SQLError):
        database.execute("INSERT INTO nowhere VALUES (1)")
    with pytest.raises(apsw.SQLError):
        database.query("SELECT nothing FROM t")


def test_a_closed_database_opens_no_new_reader(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "people.db", durable=True)
    database.close()
    with pytest.raises(AssertionError, match="closed"):
        database.query("SELECT 1")


def test_a_write_that_the_system_refuses_keeps_nothing_and_recovers(
    journal: SqliteJournal, tmp_path: Path
) -> None:
    journal.append(make_records(1, 3))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, hard))
    try:
        with pytest.raises(StorageUnavailable, match=r"journal\.db: the disk fails"):
            journal.append(make_records(4, 9))
        assert journal.head.seq == 3
        assert list(journal.read(0)) == make_records(1, 3)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    journal.append(make_records(4, 9))
    assert list(journal.read(0)) == make_records(1, 9)


def test_a_disk_that_became_read_only_keeps_nothing_and_recovers(journal: SqliteJournal) -> None:
    journal.append(make_records(1, 3))
    journal._writer.connection.pragma("query_only", True)
    with pytest.raises(StorageUnavailable, match="read-only"):
        journal.append(make_records(4, 9))
    assert journal.head.seq == 3
    journal._writer.connection.pragma("query_only", False)
    journal.append(make_records(4, 9))
    assert list(journal.read(2)) == make_records(3, 9)


def test_a_running_journal_can_be_read_beside_it(journal: SqliteJournal, tmp_path: Path) -> None:
    journal.append(make_records(1, 3))
    assert list(read_journal(tmp_path / "journal.db", 1)) == make_records(2, 3)


def test_a_journal_left_by_a_crash_can_be_read_without_opening_it(
    journal: SqliteJournal, tmp_path: Path
) -> None:
    journal.append(make_records(1, 3))
    left = tmp_path / "left" / "journal.db"
    left.parent.mkdir()
    shutil.copy(tmp_path / "journal.db", left)
    shutil.copy(log_of(tmp_path / "journal.db"), log_of(left))
    before = (left.read_bytes(), log_of(left).read_bytes())
    assert list(read_journal(left, 0)) == make_records(1, 3)
    assert (left.read_bytes(), log_of(left).read_bytes()) == before


def test_a_damaged_page_is_named_after_the_records_before_it(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = SqliteJournal(path)
    for first in range(1, 2001, 10):
        journal.append(make_records(first, first + 9))
    journal.close()
    pages = path.stat().st_size // PAGE
    content = bytearray(path.read_bytes())
    content[(pages // 2) * PAGE : (pages // 2 + 1) * PAGE] = b"\xff" * PAGE
    path.write_bytes(content)
    read: list[Record] = []
    with pytest.raises(JournalCorrupt, match="altered") as caught:
        read.extend(read_journal(path, 0))
    assert read == make_records(1, caught.value.seq - 1)
    assert 500 < caught.value.seq < 1500


@pytest.mark.parametrize("content", [b"not a database" * 500, b"\x00" * PAGE])
def test_a_file_that_is_no_journal_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(content)
    with pytest.raises(JournalCorrupt) as caught:
        SqliteJournal(path)
    assert caught.value.seq == 1
    with pytest.raises(JournalCorrupt):
        list(read_journal(path, 0))
    with pytest.raises(StorageError, match="damaged"):
        SqliteSnapshots(path)


def test_a_file_of_another_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    SqliteJournal(path).close()
    with apsw.Connection(str(path)) as connection:
        connection.pragma("user_version", 99)
    for store in (SqliteJournal, SqliteSnapshots):
        with pytest.raises(StorageError, match="format 99"):
            store(path)


@pytest.mark.parametrize("store", [SqliteJournal, SqliteSnapshots])
def test_a_file_that_cannot_be_opened_is_unavailable(
    tmp_path: Path, store: type[SqliteJournal] | type[SqliteSnapshots]
) -> None:
    with pytest.raises(StorageUnavailable, match="cannot be opened"):
        store(tmp_path / "absent" / "file.db")


def test_a_missing_journal_is_not_created_by_reading(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with pytest.raises(StorageUnavailable, match="cannot be opened"):
        list(read_journal(path, 0))
    assert not path.exists()


def test_a_snapshot_that_was_never_stored_so_is_damage(tmp_path: Path) -> None:
    """A power cut on a disk that lied can leave a row whose values are gone."""
    path = tmp_path / "snapshots.db"
    columns = "id, seq, ts, state_hash, engine_version, digest, state"
    with closing(apsw.Connection(str(path))) as other:
        other.execute(f"CREATE TABLE snapshot ({columns}); INSERT INTO snapshot (id) VALUES (1)")
        other.pragma("user_version", 1)
    snapshots = SqliteSnapshots(path)
    with pytest.raises(StorageError, match=r"snapshots\.db is damaged"):
        snapshots.load()
    snapshots.close()


def test_snapshots_do_not_pile_up_on_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "snapshots.db"
    snapshots = SqliteSnapshots(path)
    for seq in range(1, 9):
        snapshots.store(Snapshot(seq, seq, "hash", "0.1.0", bytes(16), bytes([seq]) * 500_000))
        assert log_of(path).stat().st_size == 0
    assert path.stat().st_size < 3 * 500_000
    snapshots.close()
