"""Goal: a ``MemoryDisk`` fails as told. Method: order failures, then look at what it kept."""

import pytest

from stockyard.storage.memory import MemoryDatabase, MemoryDisk, MemoryJournal, MemorySnapshots
from stockyard.storage.ports import Database, Snapshot, StorageUnavailable
from tests.contract.places import make_records

FULL = StorageUnavailable("the disk is full")
SNAPSHOT = Snapshot(1, 2, "hash", "0.1.0", bytes(16), b"state")


class Killed(BaseException):
    """The process died."""


def test_ordered_failures_come_as_often_as_ordered() -> None:
    disk = MemoryDisk()
    journal, snapshots = MemoryJournal(disk), MemorySnapshots(disk)
    disk.fail_next(FULL, count=2)
    with pytest.raises(StorageUnavailable):
        journal.append(make_records(1, 2))
    with pytest.raises(StorageUnavailable):
        snapshots.store(SNAPSHOT)
    journal.append(make_records(1, 2))
    snapshots.store(SNAPSHOT)
    assert (journal.head.seq, snapshots.load()) == (2, SNAPSHOT)


def test_a_failed_transaction_does_not_begin() -> None:
    disk = MemoryDisk()
    database = MemoryDatabase(disk, "people")
    database.script("CREATE TABLE t (a INTEGER)")
    ran: list[Database] = []
    disk.fail_next(FULL)
    with pytest.raises(StorageUnavailable):
        database.transact(ran.append)
    assert ran == []


def test_a_death_after_the_write_leaves_it_kept_but_unsaid() -> None:
    disk = MemoryDisk()
    journal = MemoryJournal(disk)
    journal.append(make_records(1, 2))
    disk.die_after_next(Killed())
    with pytest.raises(Killed):
        journal.append(make_records(3, 4))
    assert journal.head.seq == 2
    assert MemoryJournal(disk).head.seq == 4
    assert list(MemoryJournal(disk).read(0)) == make_records(1, 4)


def test_a_death_inside_a_transaction_undoes_it() -> None:
    disk = MemoryDisk()
    database = MemoryDatabase(disk, "people")
    database.script("CREATE TABLE t (a INTEGER)")

    def work(inner: Database) -> None:
        inner.execute("INSERT INTO t VALUES (1)")
        raise Killed

    with pytest.raises(Killed):
        database.transact(work)
    assert MemoryDatabase(disk, "people").query("SELECT * FROM t") == []


def test_a_storage_error_cannot_be_a_death() -> None:
    with pytest.raises(AssertionError, match="nothing was kept"):
        MemoryDisk().die_after_next(FULL)


def test_databases_of_other_names_are_others() -> None:
    disk = MemoryDisk()
    MemoryDatabase(disk, "people").script("CREATE TABLE t (a INTEGER)")
    MemoryDatabase(disk, "projections").script("CREATE TABLE t (a INTEGER)")
    assert MemoryDatabase(disk, "people").query("SELECT * FROM t") == []
