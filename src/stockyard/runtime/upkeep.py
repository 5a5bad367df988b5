"""The World's own tasks: what is due by the clock, carrying rows to SQL, taking snapshots and
keeping some of them.

Promises: a task that fails says so and tries again at its next turn; none of them ever answers a
client. Must not know: HTTP, config.
"""

import asyncio
import logging
from contextlib import suppress
from typing import Final

from stockyard.engine.engine import ENGINE_VERSION
from stockyard.model.facts import ClockTick
from stockyard.runtime import snapshots
from stockyard.runtime.archiving import Archiving
from stockyard.runtime.world import World
from stockyard.runtime.writer import Refused
from stockyard.storage.ports import JournalHead, Snapshot, StorageError

LOG: Final = logging.getLogger("stockyard.upkeep")
DUE_CHECK_S: Final = 1.0
LOOK_S: Final = 0.25
"""Between two looks at writes that take long."""
TRY_S: Final = 1.0
"""After so long a part that could not be written is tried again, whoever else wants it or not."""
DUE_PAUSE_S: Final = 0.01
"""Between two ticks, also while the journal refuses them."""
APPLIED_PAUSE_S: Final = 0.05
"""Between two looks whether the engine has followed the journal."""


async def keep_time(world: World) -> None:
    """Journal a ``ClockTick`` whenever the engine has something due and nothing else comes in.

    What becomes due sooner than expected, such as an order on its way to the venue, ends the wait.
    """
    sooner = asyncio.Event()
    while True:
        sooner.clear()
        wait_s = world.clock.wall_seconds_until(world.writer.await_due(sooner.set))
        with suppress(TimeoutError):
            async with asyncio.timeout(min(max(wait_s, DUE_PAUSE_S), DUE_CHECK_S)):
                await sooner.wait()
        if sooner.is_set():
            continue
        try:
            world.writer.tick_if_due()
        except Refused:
            return


async def keep_looking(world: World) -> None:
    """See to requests that a slow disk holds up, and find out when the journal works again."""
    loop = asyncio.get_running_loop()
    tried_s = loop.time()
    while True:
        await asyncio.sleep(LOOK_S)
        world.writer.look()
        if world.writer.part.trouble is None or loop.time() - tried_s < TRY_S:
            continue
        tried_s = loop.time()
        if not world.writer.waiting:
            with suppress(Refused):
                # Any input will do: time goes on anyway.
                world.writer.submit(ClockTick())


async def keep_trying(world: World) -> None:
    """Find out when other parts that failed work again; a try may hang for as long as a disk."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(TRY_S)
        for part in world.troubles.parts:
            if part.trouble is not None and part.try_again is not None:
                await loop.run_in_executor(None, part.try_again)


async def keep_projecting(world: World, interval_s: float) -> None:
    """Carry what changed to SQL at a steady rate."""
    while True:
        await asyncio.sleep(interval_s)
        try:
            world.projector.begin()
        except StorageError as error:
            LOG.warning("query tables cannot be written, trying again: %s", error)


async def keep_snapshots(world: World, interval_s: float) -> None:
    """Take a snapshot at a steady rate, when anything was journaled since the last."""
    taken = world.engine.seq
    while True:
        await asyncio.sleep(interval_s)
        if world.engine.seq == taken or world.writer.failure is not None:
            continue
        try:
            taken = await take_snapshot(world)
        except (StorageError, Refused, OSError) as error:
            LOG.warning("no snapshot this time: %s", error)


async def take_snapshot(world: World) -> int:
    """Take and store one snapshot while trading goes on; returns its seq."""
    # A batch that was written aside is durable a while before the engine has seen it.
    while (head := world.journal.head).seq > world.engine.seq:
        await asyncio.sleep(APPLIED_PAUSE_S)
    seq, loop = world.engine.seq, asyncio.get_running_loop()
    taking = snapshots.Taking(world.engine, world.projector.digest)
    try:
        snapshot = await loop.run_in_executor(None, taking.collect)
    except asyncio.CancelledError:
        taking.give_up()
        raise
    await world.caught_up(seq)
    await loop.run_in_executor(None, _store, world, snapshot, head)
    return seq


def _store(world: World, snapshot: Snapshot, head: JournalHead) -> None:
    """Replace the snapshot once the projections are durably past it, and archive it when due.

    They are synced here only, not at each of their commits: those would slow down the journal's.
    """
    with world.storing:
        if snapshot.seq >= world.stored_seq:
            world.store.sync()
            world.snapshots.store(snapshot)
            world.stored_seq = snapshot.seq
    if world.archiving is not None:
        world.archiving.consider(snapshot, head)


def begin_archive(world: World, archiving: Archiving) -> None:
    """Let snapshots be archived from now on; before anything new is journaled.

    The last state of another engine version is archived first and gives way to one of this: what
    comes in from here on is this version's tail. Raises ``StorageError``.
    """
    archiving.begin(world.journal.head.seq)
    stored = world.snapshots.load()
    if stored is not None and stored.engine_version != ENGINE_VERSION:
        archiving.keep_upgraded(stored, world.journal.head)
        final_snapshot(world)
    world.archiving = archiving


def final_snapshot(world: World) -> None:
    """Leave a snapshot and no tail: the last act of a clean stop."""
    if world.writer.failure is None:
        world.projector.flush()
        snapshot = snapshots.encode_now(world.engine, world.projector.digest)
        _store(world, snapshot, world.journal.head)
