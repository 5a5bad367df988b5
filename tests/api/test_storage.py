"""Goal: an administrator is told how the data directory and its backups stand; nobody else is."""

from pathlib import Path

import msgspec
import pytest

from stockyard.runtime import storage_state
from stockyard.runtime.backup_schedule import BackupSchedule, Failure, Kept
from stockyard.runtime.retention import Failure as PruningFailure
from stockyard.runtime.retention import JournalRetention
from stockyard.runtime.storage_state import journal_of
from stockyard.storage.archive import FOLDER_NAME, Archive
from stockyard.storage.backups import FORMAT, MANIFEST, Manifest, backups_in, write_manifest
from stockyard.storage.batches import EMPTY_HEAD
from stockyard.storage.journal_points import JournalPoints
from stockyard.storage.ports import Base, JournalSize, Snapshot
from stockyard.storage.sqlite import SqliteJournal, SqliteSnapshots, journal_size
from tests.api.rig import NOW, SECOND, Rig, Trader
from tests.contract.places import make_records

DAY = 86_400 * SECOND


@pytest.fixture
async def root(rig: Rig) -> Trader:
    """An administrator."""
    user = (await rig.register("root@example.com"))["user"]
    rig.people.set_role(user["id"], "admin")
    return Trader(rig, await rig.sign_in("root@example.com"))


async def nothing() -> None:
    """Nobody makes a backup here."""


def journaled(path: Path, count: int) -> Path:
    """A directory with a journal of so many inputs."""
    path.mkdir()
    journal = SqliteJournal(path / "journal.db")
    for first in range(1, count, 10):
        journal.append(make_records(first, first + 9))
    journal.close()
    snapshots = SqliteSnapshots(path / "snapshots.db")
    snapshots.store(Snapshot(60, 5, "", "3", bytes(16), b""))
    snapshots.close()
    archive = Archive(path / FOLDER_NAME)
    for seq in (20, 40):
        archive.add(Snapshot(seq, 3, "", "3", bytes(16), b"state"), EMPTY_HEAD, "daily")
    return path


def backup(folder: Path, name: str, world_id: str, broken: list[str]) -> None:
    (folder / name).mkdir(parents=True)
    write_manifest(
        folder / name,
        Manifest(
            stockyard_backup=FORMAT,
            made_at="2026-01-02T14:00:00.000Z",
            version="0.1.0",
            engine_version="3",
            world_id=world_id,
            seq=7,
            ts=5,
            state_hash="",
            checked=True,
            broken=broken,
            notes=[],
            left_out=[],
            files=[],
        ),
    )


async def test_only_administrators_are_told(rig: Rig, ann: Trader) -> None:
    assert (await rig.call("GET", "/api/v1/admin/storage")).status == 401
    assert (await ann.call("GET", "/admin/storage")).json["code"] == "scope_missing"


async def test_one_is_begun_when_it_is_asked_for(rig: Rig, root: Trader, ann: Trader) -> None:
    assert (await ann.call("POST", "/admin/storage/backups")).json["code"] == "scope_missing"
    refused = await root.call("POST", "/admin/storage/backups")
    assert (refused.status, refused.json["code"]) == (409, "no_backup_folder")
    folder, world = Path("nowhere"), rig.world
    rig.app.door.backups = BackupSchedule(
        folder, 3600, 7, nothing, world.clock.wall_ns, lambda: world.view.world_id
    )
    begun = await root.call("POST", "/admin/storage/backups")
    assert (begun.status, begun.json["folder"]) == (202, "nowhere")
    assert begun.json["running_since"] is not None
    again = await root.call("POST", "/admin/storage/backups")
    assert (again.status, again.json["code"]) == (409, "backup_running")
    noted = (await root.call("GET", "/admin/audit", query="kind=backup.asked")).json
    assert [entry["subject"] for entry in noted] == ["nowhere"]


async def test_what_is_in_memory_has_no_files(rig: Rig, root: Trader) -> None:
    found = (await root.call("GET", "/admin/storage")).json
    assert (found["directory"], found["files"], found["backups"]) == (None, [], None)
    assert found["journal"]["seq"] == rig.world.view.seq


async def test_journal_files_and_backups_are_told(rig: Rig, root: Trader, tmp_path: Path) -> None:
    rig.app.door.directory = journaled(tmp_path / "data", 100)
    folder, world_id = tmp_path / "backups", rig.world.view.world_id
    backup(folder, "backup-20260102T140000.000Z", world_id, [])
    backup(folder, "broken-20260102T150000.000Z", world_id, ["the books are off"])
    (folder / "backup-20260102T143000.000Z").mkdir()
    (folder / "backup-20260102T143000.000Z" / MANIFEST).write_bytes(b"{")
    schedule = BackupSchedule(folder, 3600, 7, nothing, lambda: NOW, lambda: world_id)
    schedule.kept = Kept(tuple(backups_in(folder)))
    schedule.failure = Failure(NOW, "the disk is full")
    rig.app.door.backups = schedule
    found = (await root.call("GET", "/admin/storage")).json
    assert found["directory"] == str(tmp_path / "data")
    assert found["disk"]["free_bytes"] > 0
    assert {one["name"]: one["bytes"] > 0 for one in found["files"]} == {
        "journal.db": True,
        "snapshots.db": True,
        "archive": True,
        "journal.db.acknowledged": True,
    }
    assert (found["journal"]["first_seq"], found["journal"]["seq"]) == (1, 100)
    assert found["snapshot"]["seq"] == 60
    assert [(one["seq"], one["why"], one["damage"]) for one in found["archived"]] == [
        (40, "daily", None),
        (20, "daily", None),
    ]
    assert found["archived_count"] == 2
    told = found["backups"]
    assert [one["name"][:6] for one in told["backups"]] == ["broken", "backup", "backup"]
    assert [one["good"] for one in told["backups"]] == [False, False, True]
    assert told["backups"][0]["broken"] == ["the books are off"]
    assert "cannot be read" in told["backups"][1]["broken"][0]
    assert (told["age_seconds"], told["failed_why"]) == (3600, "the disk is full")
    metrics = (await rig.call("GET", "/metrics")).body.decode()
    assert "\nbackup_age_seconds 3600.0\n" in metrics
    assert "\nbackup_failures_total 0.0\n" in metrics
    assert "\ndata_disk_free_bytes " in metrics


async def test_how_much_of_the_journal_stays_is_told(
    rig: Rig, root: Trader, tmp_path: Path
) -> None:
    path = rig.app.door.directory = journaled(tmp_path / "data", 100)

    async def noted(_: Base) -> None:
        """Nobody is told."""

    retention = rig.app.door.retention = JournalRetention(rig.world, path, 30, noted)
    found = (await root.call("GET", "/admin/storage")).json
    assert found["retention"] == {
        "keep_days": 30, "pruned_seq": 0,
        "running_since": None, "failed_at": None, "failed_why": None,
    }  # fmt: skip
    retention.failure, retention.failures = PruningFailure(NOW, "the disk is full"), 2
    found = (await root.call("GET", "/admin/storage")).json
    assert found["retention"]["failed_why"] == "the disk is full"
    metrics = (await rig.call("GET", "/metrics")).body.decode()
    assert "\njournal_pruning_failures_total 2.0\n" in metrics
    assert "\njournal_pruned_seq 0.0\n" in metrics


def test_growth_is_of_the_last_day(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.mkdir()
    journal = SqliteJournal(path / "journal.db")
    records = make_records(1, 1_000)
    for first in range(0, 1_000, 10):
        # A hundred inputs a day, then five hundred on the last one.
        days = first / 100 if first < 500 else 5 + (first - 500) / 500
        group = records[first : first + 10]
        journal.append([msgspec.structs.replace(one, ts=round(days * DAY)) for one in group])
    journal.close()
    found = journal_of(path)
    assert (found.first_seq, found.seq) == (1, 1_000)
    assert found.day_inputs is not None
    assert 490 <= found.day_inputs <= 620
    assert found.day_bytes is not None
    assert 0.4 * found.bytes < found.day_bytes < 0.7 * found.bytes


@pytest.mark.parametrize("last", [50, 100])
def test_batches_that_are_removed_meanwhile_are_not_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: int
) -> None:
    data = journaled(tmp_path / "data", 100)
    journal = SqliteJournal(data / "journal.db")
    head = journal.head_at(last)
    journal.begin_at(Base(last, head.ts, head, "", bytes(16), bytes(32), 7, "f" * 32))

    def bitten(path: Path) -> JournalSize:
        found = journal_size(path)
        while journal.remove_some():
            continue
        return found

    monkeypatch.setattr(storage_state, "journal_size", bitten)
    found = journal_of(data)
    assert (found.first_seq, found.seq) == (51 if last == 50 else 0, 100)
    journal.close()


def test_a_time_is_found_beside_batches_that_are_removed(tmp_path: Path) -> None:
    data = journaled(tmp_path / "data", 100)
    journal = SqliteJournal(data / "journal.db")
    head = journal.head_at(50)
    journal.begin_at(Base(50, head.ts, head, "", bytes(16), bytes(32), 7, "f" * 32))
    points = JournalPoints(data / "journal.db")
    while journal.remove_some():
        continue
    journal.close()
    # Every second record has the time of the one before.
    assert points.seq_at(points.ts_of(60)) == 61


def test_a_journal_that_was_pruned_begins_at_its_base(tmp_path: Path) -> None:
    data = journaled(tmp_path / "data", 100)
    journal = SqliteJournal(data / "journal.db")
    head = journal.head_at(50)
    journal.begin_at(Base(50, head.ts, head, "", bytes(16), bytes(32), 7, "f" * 32))
    while journal.remove_some():
        continue
    journal.close()
    found = journal_of(data)
    assert (found.first_seq, found.seq) == (51, 100)
    assert found.base is not None
    assert (found.base.seq, found.base.began_ts) == (50, 7)
