"""Starting: the same state from snapshot and tail, and refusals where things do not fit."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from stockyard import app
from stockyard.market.calendars import XNYS_ID, sessions
from stockyard.model.codec import encode
from stockyard.model.facts import WorldCreated
from stockyard.model.instruments import Session
from stockyard.model.records import Record
from stockyard.projections.store import Cursor, ReadStore
from stockyard.runtime import snapshots, upkeep
from stockyard.runtime.clock import ManualClock
from stockyard.runtime.recovery import RecoveryRefused
from stockyard.runtime.verification import Finding, rebuild_projections, verify_directory
from stockyard.runtime.world import World
from stockyard.storage.memory import MemoryDatabase, MemoryDisk, MemoryJournal, MemorySnapshots
from stockyard.storage.ports import Snapshot, StorageError
from tests.unit.runtime.worlds import NOON_NS, buy, open_account, open_on, quote, send


def busy(world: World, name: str) -> None:
    account_id = open_account(world, key=name)
    quote(world)
    send(world, buy(account_id, f"{name}-filled", shares=3))
    send(world, buy(account_id, f"{name}-resting", shares=2, limit=1_500_000))
    send(world, buy(account_id, f"{name}-partly", shares=900, limit=2_000_000))


def snapshot_of(world: World) -> Snapshot:
    return snapshots.encode_now(world.engine, world.projector.digest)


def reopened(disk: MemoryDisk) -> World:
    return open_on(disk, ManualClock(NOON_NS))


def rows(world: World) -> object:
    return (
        world.view.accounts,
        world.view.positions,
        world.view.open_orders,
        {i: (q.bid, q.ask, q.seq, q.ts) for i, q in world.view.quotes.items()},
        world.view.instruments,
        world.view.profiles,
    )


@pytest.mark.parametrize("snapshot_at", ["never", "middle", "end"])
@pytest.mark.parametrize("projected", ["never", "before", "middle", "end"])
def test_recovery_restores_engine_view_and_digest(snapshot_at: str, projected: str) -> None:
    disk = MemoryDisk()
    world = open_on(disk, ManualClock(NOON_NS))
    if projected == "before":
        world.projector.flush()
    busy(world, "a")
    taken = snapshot_of(world)
    if projected == "middle":
        world.projector.flush()
    busy(world, "b")
    if projected == "end":
        world.projector.flush()
    if snapshot_at != "never":
        disk.snapshot = taken if snapshot_at == "middle" else snapshot_of(world)
    again = reopened(disk)
    assert again.engine.state_hash() == world.engine.state_hash()
    assert again.projector.digest == world.projector.digest
    assert rows(again) == rows(world)
    busy(world, "c")
    busy(again, "c")
    assert again.engine.state_hash() == world.engine.state_hash()
    assert again.projector.digest == world.projector.digest


def verified(world: World) -> Finding:
    scratch = ReadStore(MemoryDatabase(MemoryDisk(), "scratch"))
    return verify_directory(world.journal, world.snapshots, world.store, scratch, lambda _: None)


def test_a_directory_is_verified_whole() -> None:
    disk = MemoryDisk()
    world = open_on(disk, ManualClock(NOON_NS))
    busy(world, "a")
    world.projector.flush()
    disk.snapshot = snapshot_of(world)
    busy(world, "b")
    for projected in (False, True):
        if projected:
            world.projector.flush()
        found = verified(world)
        assert found.broken == ()
        assert found.balance == 0
        assert found.seq == world.engine.seq
        assert found.state_hash == world.engine.state_hash()


def test_verify_names_a_snapshot_that_is_not_the_journals() -> None:
    disk = MemoryDisk()
    world = open_on(disk, ManualClock(NOON_NS))
    busy(world, "a")
    world.projector.flush()
    taken = snapshot_of(world)
    disk.snapshot = taken._replace(state_hash="0" * 64, digest=bytes(16))
    assert verified(world).broken == (
        f"the snapshot at seq {taken.seq} differs from the journal's state",
        f"the snapshot at seq {taken.seq} counts other events",
    )


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("accounts", "UPDATE accounts SET cash_micros = cash_micros + 1"),
        ("orders", "UPDATE orders SET filled_value = '1' WHERE status = 4"),
        ("fills", "UPDATE fills SET price = price + 1000"),
        ("fills", "DELETE FROM fills"),
        ("positions", "DELETE FROM positions"),
        ("events", "DELETE FROM events WHERE idx = 1"),
        ("events", "UPDATE events SET payload = replace(payload, '1', '2')"),
    ],
)
def test_verify_names_a_table_that_is_not_the_journals(table: str, change: str) -> None:
    disk = MemoryDisk()
    world = open_on(disk, ManualClock(NOON_NS))
    busy(world, "a")
    world.projector.flush()
    MemoryDatabase(disk, "projections").execute(change)
    (fault,) = verified(world).broken
    assert fault.startswith(f"table {table} differs from the journal at the row that begins (")


def test_verify_names_a_cursor_that_is_not_the_journals() -> None:
    disk = MemoryDisk()
    world = open_on(disk, ManualClock(NOON_NS))
    busy(world, "a")
    world.projector.flush()
    MemoryDatabase(disk, "projections").execute("UPDATE cursor SET digest = ?", ("00" * 16,))
    assert verified(world).broken == (
        "the tables' cursor differs from the journal: run stockyard rebuild",
    )


def test_a_record_the_engine_stops_on_is_named_at_the_start() -> None:
    disk = MemoryDisk()
    world = open_on(disk, ManualClock(NOON_NS))
    world.journal.append(
        [Record(world.engine.seq + 1, world.engine.ts, 0, WorldCreated("ab" * 16, 1))]
    )
    with pytest.raises(RecoveryRefused, match=rf"stops at seq {world.engine.seq + 1}, a World"):
        reopened(disk)


def test_rebuilding_gives_the_same_tables() -> None:
    disk = MemoryDisk()
    world = open_on(disk, ManualClock(NOON_NS))
    busy(world, "a")
    world.projector.flush()
    store = world.store
    before = (store.accounts(), store.positions(), store.open_orders(), store.cursor())
    assert rebuild_projections(world.journal, store, lambda _: None) == world.engine.seq
    assert (store.accounts(), store.positions(), store.open_orders(), store.cursor()) == before


def test_other_events_than_projected_are_refused() -> None:
    disk = MemoryDisk()
    world = open_on(disk, ManualClock(NOON_NS))
    busy(world, "a")
    world.projector.flush()
    MemoryDatabase(disk, "projections").execute("UPDATE cursor SET digest = ?", ("00" * 16,))
    with pytest.raises(RecoveryRefused, match="differ from those in the projections"):
        reopened(disk)


def test_projections_beyond_the_journal_are_refused() -> None:
    disk = MemoryDisk()
    world = open_on(disk, ManualClock(NOON_NS))
    busy(world, "a")
    world.projector.flush()
    disk.batches.pop()
    with pytest.raises(RecoveryRefused, match="beyond the journal's last seq"):
        reopened(disk)


def test_a_snapshot_that_does_not_match_its_hash_is_refused() -> None:
    disk = MemoryDisk()
    world = open_on(disk, ManualClock(NOON_NS))
    busy(world, "a")
    world.projector.flush()
    disk.snapshot = snapshot_of(world)._replace(state_hash="0" * 64)
    with pytest.raises(RecoveryRefused, match="does not match its hash"):
        reopened(disk)


def test_a_tail_of_another_engine_version_is_refused_and_a_clean_stop_is_not() -> None:
    disk = MemoryDisk()
    world = open_on(disk, ManualClock(NOON_NS))
    busy(world, "a")
    world.projector.flush()
    disk.snapshot = snapshot_of(world)._replace(engine_version="0")
    assert reopened(disk).engine.state_hash() == world.engine.state_hash()
    busy(world, "b")
    with pytest.raises(RecoveryRefused, match="tail written by engine version 0"):
        reopened(disk)


def test_lost_projections_are_made_again_from_the_whole_journal() -> None:
    disk = MemoryDisk()
    world = open_on(disk, ManualClock(NOON_NS))
    busy(world, "a")
    world.projector.flush()
    disk.snapshot = snapshot_of(world)
    ReadStore(MemoryDatabase(disk, "projections")).clear()
    again = reopened(disk)
    assert again.store.cursor() == Cursor(world.engine.seq, world.engine.ts, world.projector.digest)
    assert rows(again) == rows(world)


def test_lost_projections_are_not_made_again_by_rules_that_come_to_another_state() -> None:
    """As after an engine version under which the same input moves other money."""
    disk = MemoryDisk()
    world = open_on(disk, ManualClock(NOON_NS))
    busy(world, "a")
    busy(world, "b")
    world.projector.flush()
    one, two = world.engine.snapshot().accounts
    moved = (
        replace(one, cash_micros=one.cash_micros + 1),
        replace(two, cash_micros=two.cash_micros - 1),
    )
    state, hashed = snapshots.pack(encode(replace(world.engine.snapshot(), accounts=moved)))
    disk.snapshot = snapshot_of(world)._replace(
        state=state, state_hash=hashed.hex(), engine_version="0"
    )
    ReadStore(MemoryDatabase(disk, "projections")).clear()
    kept = disk.snapshot
    with pytest.raises(RecoveryRefused, match="come to another state than the snapshot"):
        reopened(disk)
    assert disk.snapshot == kept


def test_a_forked_snapshot_equals_one_taken_at_once() -> None:
    disk = MemoryDisk()
    world = open_on(disk, ManualClock(NOON_NS))
    busy(world, "a")
    expected = snapshot_of(world)
    taking = snapshots.Taking(world.engine, world.projector.digest)
    busy(world, "b")
    assert taking.collect() == expected


def test_a_snapshot_given_up_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its child hardly runs on a busy machine: here it would take a minute."""
    monkeypatch.setattr(snapshots, "pack", lambda _: time.sleep(60))
    world = open_on(MemoryDisk(), ManualClock(NOON_NS))
    begun = time.monotonic()
    taking = snapshots.Taking(world.engine, world.projector.digest)
    taking.give_up()
    with pytest.raises(StorageError, match="ended before"):
        taking.collect()
    taking.give_up()
    assert time.monotonic() - begun < 30


async def test_a_stop_does_not_wait_for_a_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "pack", lambda _: time.sleep(60))
    world = open_on(MemoryDisk(), ManualClock(NOON_NS))
    begun = time.monotonic()
    taking = asyncio.create_task(upkeep.take_snapshot(world))
    await asyncio.sleep(0)
    taking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await taking
    await asyncio.get_running_loop().shutdown_default_executor()
    assert time.monotonic() - begun < 30


def test_memory_parts_share_a_disk() -> None:
    disk = MemoryDisk()
    world = open_on(disk, ManualClock(NOON_NS))
    assert MemoryJournal(disk).head.seq == world.engine.seq
    assert MemorySnapshots(disk).load() is None


@pytest.mark.parametrize("now", range(0, 7 * 24, 5))
def test_a_directory_may_change_to_another_calendar(now: int) -> None:
    """At any hour of a week: what is known of the one before gives way, also after a restart."""
    disk = MemoryDisk()
    now_ns = NOON_NS + now * 3_600 * 10**9
    world = open_on(disk, ManualClock(now_ns))
    for calendar in ("always", "xnys", "always"):
        app.found(world, app.session_facts(world.engine, calendar, now_ns))
        assert not app.session_facts(world.engine, calendar, now_ns)
        known = world.engine.state.calendars[XNYS_ID]
        assert known.sessions == list(sessions_of(calendar, now_ns))[: len(known.sessions)]
        assert world.view.sessions[XNYS_ID][-len(known.sessions) :] == tuple(known.sessions)
        again = open_on(disk, ManualClock(now_ns), calendar=calendar)
        assert again.engine.state.calendars[XNYS_ID].sessions == known.sessions


def sessions_of(calendar: str, now_ns: int) -> tuple[Session, ...]:
    """Those that are not over."""
    today = datetime.fromtimestamp(now_ns // 10**9, UTC).date()
    found = sessions(calendar, today - timedelta(days=2), today + timedelta(days=600))
    return tuple(one for one in found if one.ends_ns > now_ns)
