"""The journal comes into the audit log once, whole and in order, however the process ended."""

import asyncio
from random import Random
from typing import Any

import pytest

from stockyard.model.commands import CancelOrder, DepositCash, PlaceOrder
from stockyard.model.facts import ControlUsed
from stockyard.model.records import Input, Origin
from stockyard.people.audit import Act
from stockyard.people.audit_log import AuditLog, Wanted
from stockyard.runtime import auditing
from stockyard.runtime.auditing import Auditor, pruned, with_events
from stockyard.runtime.clock import ManualClock
from stockyard.runtime.journal_acts import acts_of, is_kept, kind_of
from stockyard.runtime.world import World
from stockyard.storage.memory import MemoryDatabase, MemoryDisk
from stockyard.storage.ports import Base, StorageUnavailable
from tests.unit.runtime.worlds import NOON_NS, buy, open_account, open_on, quote

KEY = bytes(32)
ANN = Origin("user:ann", "req-1", "192.0.2.1", "test/1")


class Killed(BaseException):
    """The process died right after its disk had kept something."""


def begin(disk: MemoryDisk) -> tuple[World, Auditor]:
    world = open_on(disk, ManualClock(NOON_NS))
    return world, Auditor(world, AuditLog(MemoryDatabase(disk, "audit"), KEY))


def submit(world: World, message: Input, origin: Origin | None = ANN) -> None:
    world.writer.submit(message, origin)
    world.writer.drain()


def kept(auditor: Auditor) -> list[Any]:
    """What of the journal is in the log: record, place in it, kind."""
    found = auditor.log.search(Wanted(100_000))
    return [(one.seq, one.index, one.kind) for one in reversed(found) if one.seq]


def expected(world: World) -> list[Any]:
    """The same from the journal itself, read from its beginning."""
    world.projector.flush()
    found = []
    for record, events in with_events(world.store, list(world.journal.read(0))):
        if is_kept(record, events):
            acts = acts_of(record, events, world.view, world.ids)
            found += [(act.seq, act.index, act.kind) for act in acts]
    return found


async def test_commands_stand_there_with_who_sent_them_and_what_they_did() -> None:
    world, auditor = begin(MemoryDisk())
    account = open_account(world)
    quote(world)
    submit(world, buy(account, "o1"))
    submit(world, DepositCash(account, 5_000_000, "key-1", b""))
    submit(world, ControlUsed("clock.jump", "to noon"))
    await auditor.settle()
    control, deposit, order, opened, *_ = auditor.log.search(Wanted(10))
    assert (order.kind, order.actor, order.address) == ("order.place", "user:ann", "192.0.2.1")
    assert (order.user_id, order.request_id) == ("owner", "req-1")
    assert b'"order.filled"' in bytes(order.after)
    assert (deposit.kind, deposit.idempotency_key) == ("money.deposit", "key-1")
    assert (control.kind, control.user_id) == ("control.clock_jump", "ann")
    assert (opened.kind, opened.actor, opened.user_id) == ("account.open", "system:house", "owner")
    await auditor.close()


async def test_a_refused_command_stands_there_with_the_rule_it_broke() -> None:
    world, auditor = begin(MemoryDisk())
    account = open_account(world)
    submit(world, CancelOrder(account, 4711, "", b""))
    await auditor.settle()
    (refused,) = auditor.log.search(Wanted(1))
    assert b'{"event":"denied","code":"order_not_open"}' in bytes(refused.after)
    await auditor.close()


def test_a_new_command_has_a_name_of_its_own() -> None:
    class SetAccountLimits:
        pass

    assert kind_of(PlaceOrder) == "order.place"
    assert kind_of(SetAccountLimits) == "command.set_account_limits"


@pytest.mark.parametrize("seed", range(5))
async def test_crashes_anywhere_leave_each_record_there_exactly_once(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw, disk = Random(seed), MemoryDisk()
    monkeypatch.setattr(auditing, "TAKEN_MAX", draw.randrange(2, 9))
    monkeypatch.setattr(auditing, "GROUP_MAX", draw.randrange(1, 4))
    monkeypatch.setattr(auditing, "PAGE_RECORDS", draw.randrange(3, 30))
    world, auditor = begin(disk)
    account = open_account(world)
    for turn in range(12):
        for number in range(draw.randrange(1, 8)):
            quote(world, ask=2_000_000 + draw.randrange(100))
            submit(world, buy(account, f"{turn}-{number}", 1, draw.choice((0, 1_500_000))))
        world.projector.flush()
        end = draw.randrange(4)
        if end == 1:
            disk.fail_next(StorageUnavailable("full"))
            with pytest.raises(StorageUnavailable):
                await auditor.settle()
        elif end == 2:
            disk.die_after_next(Killed())
            with pytest.raises(Killed):
                await auditor.settle()
        elif end == 3:
            await auditor.settle()
        if end in (0, 2):
            world, auditor = begin(disk)
    await auditor.settle()
    assert kept(auditor) == expected(world)
    assert len(kept(auditor)) > 30


async def test_more_than_may_wait_is_read_from_the_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditing, "TAKEN_MAX", 3)
    world, auditor = begin(MemoryDisk())
    await auditor.settle()
    account = open_account(world)
    for number in range(20):
        submit(world, DepositCash(account, 1_000_000 + number, "", b""))
        assert len(auditor._taken) <= 3
    await auditor.settle()
    assert kept(auditor) == expected(world)
    await auditor.close()


async def test_a_stop_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditing, "CLOSE_PATIENCE_S", 0.0)
    disk = MemoryDisk()
    world, auditor = begin(disk)
    account = open_account(world)
    submit(world, DepositCash(account, 1_000_000, "", b""))
    world.projector.flush()
    await auditor.close()
    assert auditor.behind > 0
    world, auditor = begin(disk)
    await auditor.settle()
    assert kept(auditor) == expected(world)
    await auditor.close()


async def test_acts_that_come_together_are_kept_in_one_commit() -> None:
    _, auditor = begin(MemoryDisk())
    await auditor.settle()
    acts = [Act(at_ns=n, kind="session.opened", actor="user:ann") for n in range(50)]
    await asyncio.gather(*map(auditor.note, acts))
    seals = auditor.log.database.query("SELECT COUNT(*) FROM seals")[0][0]
    assert seals <= 4
    assert len(auditor.log.search(Wanted(100, kind="session"))) == 50
    await auditor.close()


async def test_a_pruning_stands_there_once() -> None:
    """However often it is told: by the command, by this life of a server and by the next."""
    world, auditor = begin(MemoryDisk())
    base = Base(7, 70, world.journal.head, "hash", bytes(16), bytes(32), 7, "f" * 32)
    auditor.log.append([pruned(base, NOON_NS, "system:command")], NOON_NS)
    await auditor.note_pruned(base)
    for _ in range(2):
        await auditor.note_pruned(base._replace(seq=9))
    found = auditor.log.search(Wanted(5, kind="journal.pruned"))
    assert [(one.actor, b'"begins_after":9' in bytes(one.after)) for one in found] == [
        ("system:retention", True),
        ("system:command", False),
    ]
    await auditor.close()


async def test_a_journal_that_was_cut_short_is_said_and_read_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    disk = MemoryDisk()
    world, auditor = begin(disk)
    account = open_account(world)
    submit(world, DepositCash(account, 1_000_000, "", b""))
    await auditor.settle()
    head = world.journal.head.seq
    auditor.log.mark_read(head + 10, NOON_NS)
    world, auditor = begin(disk)
    submit(world, DepositCash(account, 2_000_000, "", b""))
    await auditor.settle()
    deposit, cut, before, *_ = auditor.log.search(Wanted(5))
    assert (cut.kind, deposit.kind, before.kind) == (
        "journal.cut",
        "money.deposit",
        "money.deposit",
    )
    assert bytes(cut.after) == b'{"read_up_to":%d,"ends_at":%d}' % (head + 10, head)
    await auditor.close()
