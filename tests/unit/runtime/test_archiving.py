"""Goal: the snapshots that are kept are those that the past is read from, and no more."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stockyard.engine.engine import ENGINE_VERSION
from stockyard.model.facts import ClockTick
from stockyard.projections.store import ReadStore
from stockyard.runtime import upkeep
from stockyard.runtime.archive_check import ArchiveCheck
from stockyard.runtime.archiving import (
    ALL_BYTES,
    ALL_DAYS,
    ALL_MAX,
    DAILY_DAYS,
    DAY,
    INPUTS,
    UPGRADE,
    Archiving,
    to_let_go,
)
from stockyard.runtime.aside import SLOW_S, Aside
from stockyard.runtime.clock import ManualClock
from stockyard.runtime.recovery import restore_engine
from stockyard.runtime.verification import verify_directory
from stockyard.runtime.world import World
from stockyard.storage.archive import Archive, Archived
from stockyard.storage.memory import MemoryDatabase, MemoryDisk
from stockyard.storage.ports import JournalHead, StorageUnavailable
from tests.unit.runtime.test_slow_disk import Later
from tests.unit.runtime.worlds import NOON_NS, open_account, quote
from tests.unit.runtime.worlds_on_disk import reopened, world_at

DAY_NS = 86_400 * 10**9
NOTHING = JournalHead(0, 0, bytes(16))


@contextmanager
def archived_world(path: Path, inputs: int = 1_000_000) -> Iterator[World]:
    """A world in a directory, with its archive."""
    with world_at(path, ManualClock(NOON_NS)) as world:
        upkeep.begin_archive(world, Archiving(Archive(path / "archive"), inputs))
        yield world


def take(world: World) -> None:
    asyncio.run(upkeep.take_snapshot(world))


def kept(world: World) -> list[tuple[int, str]]:
    assert world.archiving is not None
    return [(found.seq, found.why) for found in world.archiving.archive.list()]


def test_a_batch_that_the_engine_has_not_seen_is_waited_for(tmp_path: Path) -> None:
    """Written beside the loop, it is durable before it is applied."""
    with archived_world(tmp_path) as world:
        quote(world)
        later, writer = Later(), world.writer
        writer.aside = Aside(later, lambda: None)
        writer.aside.note(SLOW_S)
        writer.submit(ClockTick())
        writer.commit()
        later.run()
        assert world.journal.head.seq == world.engine.seq + 1

        async def meanwhile() -> None:
            asyncio.get_running_loop().call_soon(writer.commit)
            assert await upkeep.take_snapshot(world) == world.journal.head.seq

        asyncio.run(meanwhile())
        assert kept(world) == [(world.engine.seq, "day")]


def test_the_first_of_a_day_is_kept_and_one_after_so_many_inputs(tmp_path: Path) -> None:
    with archived_world(tmp_path, inputs=5) as world:
        open_account(world)
        take(world)
        first = world.engine.seq
        for _ in range(4):
            quote(world)
            take(world)
        assert kept(world) == [(first, DAY)]
        quote(world)
        take(world)
        clock = world.clock
        assert isinstance(clock, ManualClock)
        clock.time_ns += DAY_NS
        quote(world)
        take(world)
        assert kept(world) == [(first, DAY), (first + 5, INPUTS), (first + 6, DAY)]


def test_what_is_kept_is_the_engine_with_the_journals_chain(tmp_path: Path) -> None:
    with archived_world(tmp_path) as world:
        open_account(world)
        quote(world)
        take(world)
        state_hash, digest, head = (
            world.engine.state_hash(), world.projector.digest, world.journal.head,
        )  # fmt: skip
        quote(world, bid=1_999_800)
        assert world.archiving is not None
        (found,) = world.archiving.archive.list()
        assert (found.state_hash, found.digest, found.head) == (state_hash, digest, head)
        assert found.engine_version == ENGINE_VERSION
        engine = restore_engine(world.archiving.archive.load(found.seq))
        assert engine.state_hash() == state_hash


def test_the_last_act_of_a_clean_stop_is_considered_too(tmp_path: Path) -> None:
    with archived_world(tmp_path) as world:
        quote(world)
        upkeep.final_snapshot(world)
        assert kept(world) == [(world.engine.seq, DAY)]


def test_another_versions_last_state_is_kept_and_replaced_before_anything_is_journaled(
    tmp_path: Path,
) -> None:
    """Else what the new version journals first would be taken for the old one's tail."""
    with archived_world(tmp_path) as world:
        quote(world)
        upkeep.final_snapshot(world)
        stored = world.snapshots.load()
        assert stored is not None
        world.snapshots.store(stored._replace(engine_version="0"))
        for found in kept(world):
            Archive(tmp_path / "archive").remove(found[0])
    with archived_world(tmp_path) as world:
        assert kept(world) == [(world.engine.seq, UPGRADE)]
        quote(world)
        snapshot = world.snapshots.load()
        assert snapshot is not None
        assert snapshot.engine_version == ENGINE_VERSION
    with reopened(tmp_path) as world:
        assert world.engine.seq == snapshot.seq + 1


def test_a_last_state_that_was_archived_before_is_kept_as_the_change_of_version_it_marks(
    tmp_path: Path,
) -> None:
    """Else it would leave with age, and old inputs be run through new rules."""
    with archived_world(tmp_path) as world:
        quote(world)
        upkeep.final_snapshot(world)
        assert kept(world) == [(world.engine.seq, DAY)]
        stored = world.snapshots.load()
        assert stored is not None
        world.snapshots.store(stored._replace(engine_version="0"))
        (tmp_path / "archive" / f"{stored.seq:020}.snapshot").unlink()
        assert world.archiving is not None
        old = stored._replace(engine_version="0")
        world.archiving.archive.add(old, world.journal.head, DAY)
    with archived_world(tmp_path) as world:
        assert kept(world) == [(stored.seq, UPGRADE)]
        assert Archive(tmp_path / "archive").load(stored.seq) == old


def test_a_start_clears_what_was_half_written_and_sets_aside_what_the_journal_lost(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with archived_world(tmp_path) as world:
        quote(world)
        take(world)
        assert world.archiving is not None
        archive, (found,) = world.archiving.archive, world.archiving.archive.list()
        beyond = archive.load(found.seq)._replace(seq=found.seq + 100)
        archive.add(beyond, found.head, DAY)
    (tmp_path / "archive" / "x.snapshot.unfinished").write_bytes(b"half")
    with caplog.at_level(logging.ERROR), archived_world(tmp_path) as world:
        assert [seq for seq, _ in kept(world)] == [found.seq]
        assert not (tmp_path / "archive" / "x.snapshot.unfinished").exists()
    assert "it is of a state the journal has lost" in caplog.text


def test_a_disk_that_refuses_the_archive_costs_that_one_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with archived_world(tmp_path) as world:
        quote(world)
        assert world.archiving is not None
        with monkeypatch.context() as broken:

            def full(*_: object) -> None:
                raise StorageUnavailable("the disk is full")

            broken.setattr(Archive, "add", full)
            take(world)
        assert (world.stored_seq, kept(world)) == (world.engine.seq, [])
        assert world.archiving.failures == 1
        assert "the archive was not kept up, trying again: the disk is full" in caplog.text
        quote(world)
        take(world)
        assert len(kept(world)) == 1


def verified(world: World, path: Path) -> tuple[str, ...]:
    scratch = ReadStore(MemoryDatabase(MemoryDisk(), "scratch"))
    check = ArchiveCheck(Archive(path / "archive"), path / "journal.db")
    return verify_directory(
        world.journal, world.snapshots, world.store, scratch, lambda _: None, check
    ).broken


def test_verify_compares_every_archived_snapshot_and_names_what_differs(tmp_path: Path) -> None:
    with archived_world(tmp_path, inputs=1) as world:
        open_account(world)
        for price in range(4):
            quote(world, bid=1_999_000 + 100 * price)
            take(world)
        world.projector.flush()
        assert verified(world, tmp_path) == ()
        archive = Archive(tmp_path / "archive")
        first, second, third, fourth = archive.list()
        for bad, change, head in (
            (first, {"state_hash": "0" * 64}, first.head),
            (second, {"digest": bytes(16)}, second.head),
            (third, {}, third.head._replace(chain=second.head.chain)),
        ):
            snapshot = archive.load(bad.seq)._replace(**change)
            archive.remove(bad.seq)
            archive.add(snapshot, head, DAY)
        file = archive.path / fourth.name
        file.write_bytes(file.read_bytes()[:-1] + b"!")
        assert verified(world, tmp_path) == (
            f"archive/{first.name} differs from the journal's state",
            f"archive/{first.name} does not match its hash",
            f"archive/{second.name} counts other events",
            f"archive/{third.name} is of another journal",
            f"{file} is damaged: its state is altered",
        )


def made(seq: int, ts: int, why: str = INPUTS) -> Archived:
    return Archived(seq, ts, "", "", b"", NOTHING, why, 0, str(seq))


def test_thinning_with_age() -> None:
    """Four a day for two years: all of the last days, one a day of the year, one a month."""
    now_ns = 800 * DAY_NS - 1
    found = [made(n + 1, n * DAY_NS // 4) for n in range(4 * 800)]
    leaving = set(to_let_go(found, now_ns, ()))
    stay = [x for x in found if x.seq not in leaving]
    ages = [(now_ns - x.ts) // DAY_NS for x in stay]
    assert sum(age < ALL_DAYS for age in ages) == 4 * ALL_DAYS
    assert sum(ALL_DAYS <= age < DAILY_DAYS for age in ages) == DAILY_DAYS - ALL_DAYS
    assert sum(age >= DAILY_DAYS for age in ages) == 15
    assert to_let_go(stay, now_ns, ()) == []


def test_what_never_leaves() -> None:
    """A change of version, what is held, the newest, and what is damaged."""
    old = [made(1, 0), made(2, 1, UPGRADE), made(3, 2), made(4, 3), made(5, 4)]
    damaged = made(6, 0)._replace(damage="cut off")
    assert to_let_go([*old, damaged], 900 * DAY_NS, {3}) == [4]


def test_no_more_stay_for_their_youth_than_the_limit() -> None:
    found = [made(n + 1, n) for n in range(ALL_MAX + 3)]
    assert to_let_go(found, DAY_NS, ()) == [2, 3]


def test_no_larger_ones_stay_for_their_youth_than_the_limit() -> None:
    found = [made(n + 1, n)._replace(size_bytes=ALL_BYTES // 4) for n in range(7)]
    assert to_let_go(found, DAY_NS, ()) == [2, 3]
