"""The journal of a running server kept at its length: what is older than the policy is pruned.

Promises: the replay that pruning needs runs in a process of its own that gives way to everything;
the server itself writes one row, and then removes a few batches at a time, while nobody waits and
the disk is quick. What fails is said and tried again. Must not know: how pruning is made safe.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter_ns
from typing import Final, NamedTuple, TypeVar

from stockyard.runtime.idle import run_idle
from stockyard.runtime.prune_child import MODULE, base_of
from stockyard.runtime.pruning import choose, only_one, switch, tidy
from stockyard.runtime.world import World
from stockyard.runtime.writer import Refused
from stockyard.storage.archive import Archived
from stockyard.storage.ports import Base, StorageError

LOG: Final = logging.getLogger("stockyard.retention")
FIRST_S: Final = 60.0
EVERY_S: Final = 3_600.0
BITE_PAUSE_S: Final = 0.05
"""Between two bites, so that orders pass."""
PAUSES_MAX: Final = 20
"""So often a bite lets others go first."""
_DAY_NS: Final = 86_400 * 1_000_000_000
Prepare = Callable[[Path, Archived], Awaitable[Base]]
Noted = Callable[[Base], Awaitable[None]]
T = TypeVar("T")


async def prepare_apart(directory: Path, target: Archived) -> Base:
    """Prepare a base in a process of its own. Raises ``StorageError``, ``OSError``."""
    return base_of(await run_idle(MODULE, str(directory), str(target.seq)))


class Failure(NamedTuple):
    """Why the last turn pruned nothing, and when."""

    at_ns: int
    why: str


class JournalRetention:
    """Prunes the journal of a directory that this process serves.

    ``noted`` is told of every pruning, and of one that it was told of before where that ended in an
    error or in an earlier life.
    """

    def __init__(
        self,
        world: World,
        directory: Path,
        keep_days: int,
        noted: Noted,
        prepare: Prepare = prepare_apart,
    ) -> None:
        self._world, self._directory, self.keep_days = world, directory, keep_days
        self._noted, self._prepare = noted, prepare
        self._held = set[int]() if world.archiving is None else world.archiving.held
        self.failures, self.running_since_ns, self._noted_seq = 0, 0, 0
        self.failure: Failure | None = None
        if world.journal.base is not None:
            self._held.add(world.journal.base.seq)

    @property
    def base_seq(self) -> int:
        """Up to which input the journal was pruned, 0 where it never was."""
        base = self._world.journal.base
        return 0 if base is None else base.seq

    async def keep(self) -> None:
        """Prune whenever something has grown old enough, for ever."""
        wait_s = FIRST_S
        while True:
            await asyncio.sleep(wait_s)
            wait_s = EVERY_S
            try:
                await self.turn()
            except (StorageError, OSError, Refused) as error:
                self.failures += 1
                self.failure = Failure(self._world.clock.wall_ns(), str(error))
                LOG.warning("the journal was not pruned, trying again in an hour: %s", error)
            else:
                self.failure = None
            finally:
                self.running_since_ns = 0

    async def turn(self) -> Base | None:
        """Remove what was left over, then prune if there is something; the new base, if any.

        Raises ``StorageError``, ``OSError``, ``Refused``.
        """
        await self._remove()
        await self._note()
        journal, loop = self._world.journal, asyncio.get_running_loop()
        if not self.keep_days:
            return None
        before_ns = self._world.clock.now_ns() - self.keep_days * _DAY_NS

        def choose_one() -> Archived | None:
            return choose(self._directory, journal.base, ts=before_ns)

        target = await loop.run_in_executor(None, choose_one)
        if target is None:
            return None
        old_seq, self.running_since_ns = self.base_seq, self._world.clock.wall_ns()
        self._held.add(target.seq)
        try:
            base = await self._prepare(self._directory, target)
            # Before others are kept out: a slow disk may take long.
            await self._turn_to_write()
            with only_one(self._directory):
                self._timed(lambda: switch(self._directory, journal, base))
                await loop.run_in_executor(None, tidy, self._directory)
        finally:
            # What fails after the switch leaves the new base, and that stays.
            self._held.difference_update({old_seq, target.seq} - {self.base_seq})
        LOG.info("the journal begins after seq %d now; what was before is pruned", base.seq)
        await self._note()
        await self._remove()
        return base

    async def _note(self) -> None:
        """Have the base put on record, unless it is."""
        base = self._world.journal.base
        if base is not None and base.seq != self._noted_seq:
            await self._noted(base)
            self._noted_seq = base.seq

    async def _remove(self) -> None:
        world = self._world
        while world.journal.base is not None:
            await self._turn_to_write()
            if not self._timed(world.journal.remove_some):
                return
            await asyncio.sleep(BITE_PAUSE_S)

    def _timed(self, write: Callable[[], T]) -> T:
        """Write the journal here and now; a disk that takes long over it is slow."""
        begun_ns = perf_counter_ns()
        found = write()
        self._world.writer.note((perf_counter_ns() - begun_ns) / 1e9)
        return found

    async def _turn_to_write(self) -> None:
        """Wait until nobody waits for the journal, or for a while; never beside another writing,
        nor while the disk is slow.
        """
        writer, pauses = self._world.writer, 0
        while writer.is_writing or writer.is_slow or (writer.waiting and pauses < PAUSES_MAX):
            await asyncio.sleep(BITE_PAUSE_S)
            pauses += 1
