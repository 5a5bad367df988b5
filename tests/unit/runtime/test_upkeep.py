"""Goal: what is due happens when it is due. Method: the task itself, on a clock the test moves."""

import asyncio
from concurrent.futures import Future
from contextlib import suppress
from threading import Event

import msgspec
import pytest

from stockyard.model.codes import TimeInForce
from stockyard.model.events import OrderExpired
from stockyard.runtime import upkeep
from stockyard.runtime.clock import ManualClock
from stockyard.runtime.world import World
from stockyard.runtime.writer import PATIENCE_S
from stockyard.storage.memory import MemoryDisk
from tests.unit.runtime.test_slow_disk import Slow
from tests.unit.runtime.worlds import NOON_NS, buy, open_account, open_on, quote, send

GIVE_UP_S = 10.0


async def test_what_becomes_due_sooner_ends_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next boundary is hours away when an order arrives that ends in a moment."""
    monkeypatch.setattr(upkeep, "DUE_CHECK_S", 3600.0)
    clock, made = ManualClock(NOON_NS), list[World]()

    def schedule() -> None:
        for one in made:
            asyncio.get_running_loop().call_soon(one.writer.commit)

    world = open_on(MemoryDisk(), clock, schedule)
    made.append(world)
    account_id = open_account(world)
    quote(world)
    expired = asyncio.Event()
    world.writer.listener = lambda _, out: (
        expired.set() if any(isinstance(event, OrderExpired) for event in out) else None
    )
    keeping = asyncio.create_task(upkeep.keep_time(world))
    await asyncio.sleep(0)
    ends_ns = NOON_NS + 10**6
    order = msgspec.structs.replace(
        buy(account_id, "o1", limit=1_500_000), time_in_force=TimeInForce.GTD, expires_ns=ends_ns
    )
    send(world, order)
    clock.time_ns = ends_ns
    async with asyncio.timeout(GIVE_UP_S):
        await expired.wait()
    keeping.cancel()
    with suppress(asyncio.CancelledError):
        await keeping


@pytest.mark.parametrize("turns", range(8))
async def test_who_waits_for_the_projections_can_be_called_off_at_any_moment(
    monkeypatch: pytest.MonkeyPatch, turns: int
) -> None:
    """Also while what it waits for comes: a server that stopped during a snapshot never ended."""
    world = open_on(MemoryDisk(), ManualClock(NOON_NS), lambda: None)
    carrying: Future[None] = Future()
    begun: list[Future[None] | None] = [None, None, carrying]
    monkeypatch.setattr(world.projector, "begin", begun.pop)
    waiting = asyncio.create_task(world.caught_up(world.projector.durable.seq + 1))
    await asyncio.sleep(0)
    carrying.set_result(None)
    for _ in range(turns):
        await asyncio.sleep(0)
    in_time = waiting.cancel()
    async with asyncio.timeout(GIVE_UP_S):
        await asyncio.wait([waiting])
    assert waiting.cancelled() == in_time


async def test_who_waits_for_the_journal_is_answered_while_another_part_hangs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(upkeep, "LOOK_S", 0.001)
    monkeypatch.setattr(upkeep, "TRY_S", 0.001)
    slow, begun, over = Slow(), Event(), Event()
    part = slow.world.troubles.part("people")
    part.suffers("the disk is full")

    def hang() -> None:
        begun.set()
        assert over.wait(GIVE_UP_S)

    part.try_again = hang
    tasks = [
        asyncio.create_task(upkeep.keep_looking(slow.world)),
        asyncio.create_task(upkeep.keep_trying(slow.world)),
    ]
    try:
        async with asyncio.timeout(GIVE_UP_S / 2):
            while not begun.is_set():
                await asyncio.sleep(0.001)
            slow.send("under way")
            slow.send("behind")
            slow.now_s += PATIENCE_S + 0.1
            while "behind" not in slow.answers:
                await asyncio.sleep(0.001)
        assert slow.code("behind") == "overloaded"
    finally:
        over.set()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
