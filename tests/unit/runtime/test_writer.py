"""The writer: durable first, then applied, then answered; refusals change nothing."""

import pytest

from stockyard.model.events import CommandRepeated, OrderAccepted, OrderFilled
from stockyard.runtime.clock import ManualClock
from stockyard.runtime.writer import WAITING_MAX, Outcome, Refused
from stockyard.storage.memory import MemoryDisk
from stockyard.storage.ports import StorageUnavailable, StorageUncertain
from tests.unit.runtime.worlds import NOON_NS, buy, events, open_account, open_on, quote, send


def test_a_group_shares_one_commit_and_is_answered_in_order() -> None:
    disk = MemoryDisk()
    world = open_on(disk, ManualClock(NOON_NS))
    account_id = open_account(world)
    quote(world)
    batches = len(disk.batches)
    answers: list[Outcome] = []
    for n in range(5):
        world.writer.submit(buy(account_id, f"o{n}"), None, answers.append)
    assert answers == []
    world.writer.commit()
    assert len(disk.batches) == batches + 1
    seqs = [answer.seq for answer in answers]
    assert seqs == list(range(seqs[0], seqs[0] + 5))
    assert [type(e) for e in answers[0].events] == [OrderAccepted, OrderFilled]


def test_a_journal_that_cannot_be_written_refuses_the_group_and_recovers() -> None:
    disk = MemoryDisk()
    world = open_on(disk, ManualClock(NOON_NS))
    account_id = open_account(world)
    quote(world)
    before = world.engine.state_hash()
    disk.fail_next(StorageUnavailable("the disk is full"))
    refused = send(world, buy(account_id, "o1")).refused
    assert refused is not None
    assert refused.code == "journal_unavailable"
    assert world.engine.state_hash() == before
    assert [type(e) for e in events(world, buy(account_id, "o1"))] == [OrderAccepted, OrderFilled]


def test_a_disk_that_cannot_say_whether_it_kept_a_group_is_told_as_that() -> None:
    disk = MemoryDisk()
    world = open_on(disk, ManualClock(NOON_NS))
    account_id = open_account(world)
    quote(world)
    disk.fail_next(StorageUncertain("the disk fails to sync"))
    refused = send(world, buy(account_id, "o1")).refused
    assert refused is not None
    assert refused.code == "journal_uncertain"
    assert [type(e) for e in events(world, buy(account_id, "o1"))] == [OrderAccepted, OrderFilled]


def test_a_repeat_names_the_first_answer() -> None:
    world = open_on(MemoryDisk(), ManualClock(NOON_NS))
    account_id = open_account(world)
    quote(world)
    first = send(world, buy(account_id, "o1"))
    assert events(world, buy(account_id, "o1")) == [CommandRepeated(account_id, first.seq)]


def test_time_never_goes_back_also_when_the_clock_does() -> None:
    clock = ManualClock(NOON_NS)
    world = open_on(MemoryDisk(), clock)
    first = open_account(world)
    clock.time_ns = NOON_NS - 10**12
    second = send(world, buy(first, "o1", limit=1_000_000))
    assert second.ts == NOON_NS


def test_the_line_is_bounded() -> None:
    world = open_on(MemoryDisk(), ManualClock(NOON_NS))
    account_id = open_account(world)
    order = buy(account_id, "o")
    for _ in range(WAITING_MAX):
        world.writer.submit(order)
    with pytest.raises(Refused, match="too many") as caught:
        world.writer.submit(order)
    assert caught.value.code == "overloaded"


def test_a_closed_line_takes_nothing_and_commits_what_waits() -> None:
    world = open_on(MemoryDisk(), ManualClock(NOON_NS))
    account_id = open_account(world)
    answers: list[Outcome] = []
    world.writer.submit(buy(account_id, "o1", limit=1_000_000), None, answers.append)
    world.halt(Refused("shutting_down", "stopping"))
    assert len(answers) == 1
    with pytest.raises(Refused) as caught:
        world.writer.submit(buy(account_id, "o2"))
    assert caught.value.code == "shutting_down"


def test_a_broken_invariant_stops_the_writer_for_good() -> None:
    world = open_on(MemoryDisk(), ManualClock(NOON_NS))
    account_id = open_account(world)
    world.engine.state.ledger.cash_sum += 1
    answers: list[Outcome] = []
    world.writer.submit(buy(account_id, "o1", limit=1_000_000), None, answers.append)
    world.writer.submit(buy(account_id, "o2", limit=1_000_000), None, answers.append)
    with pytest.raises(AssertionError, match="does not sum to zero"):
        world.writer.commit()
    assert [a.refused.code for a in answers if a.refused] == ["engine_stopped"] * 2
    with pytest.raises(Refused, match="broken invariant"):
        world.writer.submit(buy(account_id, "o3"))


def test_what_is_due_is_ticked() -> None:
    clock = ManualClock(NOON_NS)
    world = open_on(MemoryDisk(), clock)
    seq = world.engine.seq
    world.writer.tick_if_due()
    assert world.writer.waiting == 0
    clock.time_ns = world.engine.next_due_ns
    world.writer.tick_if_due()
    world.writer.drain()
    assert world.engine.seq == seq + 1
    assert world.engine.next_due_ns > clock.time_ns


def test_what_waits_brings_the_time_along_so_a_full_line_is_not_ticked() -> None:
    clock = ManualClock(NOON_NS)
    world = open_on(MemoryDisk(), clock)
    order = buy(open_account(world), "o")
    for _ in range(WAITING_MAX):
        world.writer.submit(order)
    clock.time_ns = world.engine.next_due_ns
    world.writer.tick_if_due()
    assert world.writer.waiting == WAITING_MAX
    world.writer.commit()
    assert world.engine.next_due_ns > clock.time_ns
