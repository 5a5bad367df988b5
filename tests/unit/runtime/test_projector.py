"""The projector: what failed once is tried again, and only today's failure is told."""

import gc
from contextlib import suppress

import pytest

from stockyard.app import open_world
from stockyard.model.events import OrderAccepted
from stockyard.model.facts import ClockTick
from stockyard.projections.store import Batch, OrderFilter, ReadStore
from stockyard.projections.view import Changes
from stockyard.runtime.clock import ManualClock
from stockyard.runtime.world import World
from stockyard.storage.memory import MemoryDatabase, MemoryDisk, MemoryJournal, MemorySnapshots
from stockyard.storage.ports import StorageUnavailable
from tests.unit.runtime.test_slow_disk import Later
from tests.unit.runtime.worlds import NOON_NS, buy, events, nothing, open_account, open_on, send


class HeldStore(ReadStore):
    """Projections that another program may hold while the journal is free."""

    held = False
    tries = 0

    def write(self, batch: Batch) -> None:
        """Commit a batch unless they are held."""
        self.tries += 1
        if self.held:
            raise StorageUnavailable("another program holds the projections")
        super().write(batch)


def test_a_flush_after_a_failure_tries_again_and_does_not_tell_the_old_one() -> None:
    disk = MemoryDisk()
    world = open_on(disk, ManualClock(NOON_NS))
    account_id = open_account(world)
    world.projector.flush()
    events(world, buy(account_id, "o1", limit=1_000_000))
    disk.fail_next(StorageUnavailable("the disk is full"))
    world.projector.begin()
    world.projector.flush()
    assert world.projector.durable.seq == world.store.cursor().seq == world.view.seq
    assert len(world.store.orders(OrderFilter(account_id))) == 1


def test_a_flush_tells_a_failure_of_its_own_and_loses_nothing() -> None:
    disk = MemoryDisk()
    world = open_on(disk, ManualClock(NOON_NS))
    account_id = open_account(world)
    for n in range(2):
        events(world, buy(account_id, f"o{n}", limit=1_000_000))
        disk.fail_next(StorageUnavailable("the disk is full"))
        with pytest.raises(StorageUnavailable):
            world.projector.flush()
    world.projector.flush()
    assert world.store.cursor().seq == world.view.seq
    assert len(world.store.orders(OrderFilter(account_id))) == 2


def test_a_begin_tells_that_the_last_batch_failed_and_starts_it_again() -> None:
    disk = MemoryDisk()
    world = open_on(disk, ManualClock(NOON_NS))
    open_account(world)
    disk.fail_next(StorageUnavailable("the disk is full"))
    world.projector.begin()
    with pytest.raises(StorageUnavailable):
        world.projector.begin()
    assert world.projector.begin() is None
    assert world.projector.durable.seq == world.view.seq


def held_world() -> tuple[World, HeldStore, int]:
    """A world with an account, that bears three events which cannot be written."""
    disk, clock = MemoryDisk(), ManualClock(NOON_NS)
    account_id = open_account(open_on(disk, clock))
    store = HeldStore(MemoryDatabase(disk, "projections"))
    journal, snapshots = MemoryJournal(disk), MemorySnapshots(disk)
    world = open_world(journal, snapshots, store, clock, schedule=nothing)
    world.projector.waiting_events_max = 3
    store.held = True
    return world, store, account_id


def test_projections_held_for_long_refuse_inputs_and_stop_nothing() -> None:
    world, store, account_id = held_world()
    journal = world.journal
    for n in range(4):
        assert send(world, buy(account_id, f"o{n}", limit=1_000_000)).refused is None
    seq, before = journal.head.seq, world.engine.state_hash()
    refused = send(world, buy(account_id, "late", limit=1_000_000)).refused
    assert refused is not None
    assert refused.code == "journal_unavailable"
    assert (journal.head.seq, world.engine.state_hash()) == (seq, before)
    store.held = False
    with pytest.raises(StorageUnavailable):
        world.projector.begin()
    found = events(world, buy(account_id, "late", limit=1_000_000))
    assert [type(event) for event in found] == [OrderAccepted]
    world.projector.flush()
    assert store.cursor().seq == seq + 1


async def test_what_cannot_be_written_is_read_all_the_same() -> None:
    disk = MemoryDisk()
    world = open_on(disk, ManualClock(NOON_NS))
    account_id = open_account(world)
    world.projector.flush()
    for n in range(3):
        events(world, buy(account_id, f"o{n}", limit=1_000_000))
        # Every batch from now on.
        disk.fail_next(StorageUnavailable("the disk is full"), 10)
        found = await world.query(lambda store: store.orders(OrderFilter(account_id)))
        assert len(found) == n + 1
        assert world.projector.durable.seq < world.view.seq
        disk._failures.clear()
    assert world.store.is_showing
    world.projector.flush()
    assert not world.store.is_showing
    assert world.store.cursor().seq == world.view.seq
    assert len(world.store.orders(OrderFilter(account_id))) == 3


def test_what_was_not_written_counts_as_waiting() -> None:
    disk = MemoryDisk()
    world = open_on(disk, ManualClock(NOON_NS))
    account_id = open_account(world)
    world.projector.flush()
    world.projector.waiting_events_max = 3
    for n in range(3):
        assert send(world, buy(account_id, f"o{n}", limit=1_000_000)).refused is None
    disk.fail_next(StorageUnavailable("the disk is full"))
    world.projector.begin()
    disk.fail_next(StorageUnavailable("the disk is full"))
    with pytest.raises(StorageUnavailable):
        world.projector.begin()
    # The order that comes now finds three events more than fit, in a batch that failed.
    assert send(world, buy(account_id, "o3", limit=1_000_000)).refused is None
    disk.fail_next(StorageUnavailable("the disk is full"))
    refused = send(world, buy(account_id, "o4", limit=1_000_000)).refused
    assert refused is not None
    assert refused.code == "journal_unavailable"
    disk._failures.clear()
    world.projector.flush()
    assert world.store.cursor().seq == world.view.seq


def test_nobody_waits_for_what_failed_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried again beside the loop; while it is, too much is still too much."""
    world, store, account_id = held_world()
    later = Later()
    world.projector.run_with(later.submit)
    for n in range(3):
        events(world, buy(account_id, f"o{n}", limit=1_000_000))
    world.projector.begin()
    later.run()
    events(world, buy(account_id, "o3", limit=1_000_000))
    seq, tries = world.engine.seq, store.tries
    for under_way in (False, True, False):
        if under_way:
            with pytest.raises(StorageUnavailable):
                world.projector.begin()
        elif later.waiting:
            later.run()
        for _ in range(3):
            refused = send(world, buy(account_id, "late", limit=1_000_000)).refused
            assert refused is not None
            assert refused.code == "journal_unavailable"
    assert world.journal.head.seq == world.engine.seq == world.view.seq == seq
    assert store.tries == tries + 1
    store.held = False
    with pytest.raises(StorageUnavailable):
        world.projector.begin()
    later.run()
    events(world, buy(account_id, "late", limit=1_000_000))
    world.projector.begin()
    later.run()
    world.projector.begin()
    assert store.cursor().seq == world.projector.durable.seq == seq + 1
    assert len(store.orders(OrderFilter(account_id))) == 5


def test_what_fails_for_long_is_kept_once() -> None:
    """Also where time alone goes on, which brings no events."""
    world, _, account_id = held_world()
    events(world, buy(account_id, "o1", limit=1_000_000))
    before = changes_kept()
    for _ in range(50):
        send(world, ClockTick())
        with suppress(StorageUnavailable):
            world.projector.begin()
    assert changes_kept() <= before + 1


def changes_kept() -> int:
    """How many objects that say what changed are in memory."""
    gc.collect()
    return sum([type(one) is Changes for one in gc.get_objects()])


def test_samples_that_come_without_events_have_a_limit_of_their_own() -> None:
    world, store, account_id = held_world()
    assert isinstance(world.clock, ManualClock)
    world.projector.waiting_samples_max = 2
    events(world, buy(account_id, "o1", limit=1_000_000))
    for refused in (False, True):
        world.clock.time_ns += 60 * 10**9
        assert (send(world, ClockTick()).refused is not None) == refused
        with suppress(StorageUnavailable):
            world.projector.begin()
    store.held = False
    world.projector.flush()
    assert send(world, ClockTick()).refused is None
