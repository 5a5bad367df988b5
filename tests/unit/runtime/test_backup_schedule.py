"""Backups by schedule: when one is due, and what becomes of one that fails."""

import asyncio
from pathlib import Path

import pytest

from stockyard.runtime.backup_schedule import BackupSchedule, Failure, Kept, Work
from stockyard.runtime.idle import IdleWorkFailed, run_idle
from stockyard.server import BACKUP_CHILD
from stockyard.storage.backups import FORMAT, Manifest, moment_text, write_manifest
from stockyard.storage.ports import StorageUnavailable

SECOND = 1_000_000_000
HOUR = 3600 * SECOND
NOW = 1_767_366_000 * SECOND
WORLD = "a" * 32


async def nothing() -> None:
    """A backup that is made."""


def schedule(folder: Path, work: Work = nothing, hours: float = 24) -> BackupSchedule:
    return BackupSchedule(folder, hours * 3600, 7, work, lambda: NOW, lambda: WORLD)


def keep(folder: Path, made_ns: int, world_id: str = WORLD, broken: tuple[str, ...] = ()) -> None:
    """Put a backup into a folder, one a second at the most."""
    name = "broken" if broken else "backup"
    compact = moment_text(made_ns).replace("-", "").replace(":", "")
    path = folder / f"{name}-{compact}"
    path.mkdir(parents=True)
    write_manifest(
        path,
        Manifest(
            stockyard_backup=FORMAT,
            made_at=moment_text(made_ns),
            version="0.1.0",
            engine_version="3",
            world_id=world_id,
            seq=7,
            ts=5,
            state_hash="",
            checked=True,
            broken=list(broken),
            notes=[],
            left_out=[],
            files=[],
        ),
    )


def looked(found: BackupSchedule) -> BackupSchedule:
    asyncio.run(found._look())
    return found


def test_the_first_one_is_due_at_once(tmp_path: Path) -> None:
    found = looked(schedule(tmp_path / "none yet"))
    assert (found.due_ns, found.age_s) == (0, float("inf"))


def test_the_next_one_is_due_after_the_newest_good_one(tmp_path: Path) -> None:
    keep(tmp_path, NOW - 30 * HOUR)
    keep(tmp_path, NOW - 20 * HOUR)
    keep(tmp_path, NOW - 10 * HOUR, broken=("the books are off",))
    keep(tmp_path, NOW - 5 * HOUR, world_id="b" * 32)
    found = looked(schedule(tmp_path))
    assert found.due_ns == NOW + 4 * HOUR
    assert found.age_s == 20 * 3600
    assert len(found.kept.backups) == 3


def test_a_backup_from_the_future_does_not_hold_up_the_next(tmp_path: Path) -> None:
    keep(tmp_path, NOW + 1_000 * HOUR)
    found = looked(schedule(tmp_path))
    assert (found.due_ns, found.age_s) == (NOW + 24 * HOUR, 0)


@pytest.mark.parametrize(("hours", "wait_s"), [(24, 600), (0.05, 180)])
def test_one_that_failed_is_tried_again_soon(tmp_path: Path, hours: float, wait_s: int) -> None:
    keep(tmp_path, NOW - 30 * HOUR)
    found = looked(schedule(tmp_path, hours=hours))
    found.failure = Failure(NOW, "the disk is full")
    assert found.due_ns == NOW + wait_s * SECOND


@pytest.mark.parametrize(
    "error", [StorageUnavailable("the disk is full"), OSError(2, "there is no such program")]
)
async def test_why_one_failed_is_told(tmp_path: Path, error: Exception) -> None:
    async def work() -> None:
        assert found.running_since_ns == NOW
        raise error

    found = schedule(tmp_path, work)
    await found._make()
    assert found.failure == Failure(NOW, str(error))
    assert (found.failures, found.running_since_ns) == (1, 0)


async def test_one_that_is_made_ends_the_failure(tmp_path: Path) -> None:
    found = schedule(tmp_path)
    found.failure = Failure(NOW, "the disk is full")
    await found._make()
    assert (found.failure, found.failures) == (None, 0)


async def test_a_stop_ends_the_work(tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def work() -> None:
        begun.set()
        await asyncio.Event().wait()

    found = schedule(tmp_path, work)
    running = asyncio.ensure_future(found.run())
    await begun.wait()
    assert found.running_since_ns == NOW
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (found.running_since_ns, found.kept) == (0, Kept())


async def test_one_that_is_asked_for_is_made_at_once(tmp_path: Path) -> None:
    keep(tmp_path, NOW)
    made = asyncio.Event()

    async def work() -> None:
        made.set()

    found = schedule(tmp_path, work)
    running = asyncio.ensure_future(found.run())
    while not found.kept.backups:
        await asyncio.sleep(0)
    assert not made.is_set()
    found.ask()
    assert found.running_since_ns == NOW
    async with asyncio.timeout(10):
        await made.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert found.running_since_ns == 0


async def test_the_process_of_a_schedule_says_why_there_is_no_backup(tmp_path: Path) -> None:
    with pytest.raises(IdleWorkFailed, match=r"there is no journal\.db in it"):
        await run_idle(BACKUP_CHILD, str(tmp_path / "none"), str(tmp_path / "backups"), "7")
