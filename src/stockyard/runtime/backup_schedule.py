"""Backups at a steady rate, or when one is asked for, each made by a process of its own that gives
way to everything else.

Promises: the server does nothing but wait for it. What was made is read from the folder itself, so
a restart knows when the next is due, and one made by hand counts too. One that fails is tried again
and told. Must not know: how a backup is made.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from stockyard.storage.backups import Backup, backups_in
from stockyard.storage.ports import StorageError

LOG: Final = logging.getLogger("stockyard.backup")
RETRY_S: Final = 600.0
LOOK_S: Final = 60.0
"""How often the folder is looked at for backups that were made by hand."""
REASON_MAX: Final = 500
_NS: Final = 1_000_000_000
Work = Callable[[], Awaitable[object]]


class Kept(NamedTuple):
    """The backups of one world in the folder, oldest first, with those that cannot be read."""

    backups: tuple[Backup, ...] = ()

    @property
    def last_good(self) -> Backup | None:
        """The newest one that nothing speaks against."""
        return next((one for one in reversed(self.backups) if one.is_good), None)


class Failure(NamedTuple):
    """Why the last try gave no good backup, and when."""

    at_ns: int
    why: str


class BackupSchedule:
    """One folder of one world. ``work`` makes a backup, or raises ``StorageError`` or ``OSError``;
    ``keep`` is only told.
    """

    def __init__(
        self,
        folder: Path,
        every_s: float,
        keep: int,
        work: Work,
        wall_ns: Callable[[], int],
        world_id: Callable[[], str],
    ) -> None:
        self.folder, self.every_s, self.keep = folder, every_s, keep
        self._work, self._wall_ns, self._world_id = work, wall_ns, world_id
        self._retry_s = min(RETRY_S, every_s)
        self.kept = Kept()
        self.failure: Failure | None = None
        self.failures = 0
        self.running_since_ns = 0
        self._asked = asyncio.Event()

    def ask(self) -> None:
        """Begin one now, whatever is due; for callers who see that none is being made."""
        self.running_since_ns = self._wall_ns()
        self._asked.set()

    @property
    def due_ns(self) -> int:
        """When the next one begins, UTC ns."""
        now_ns, due_ns = self._wall_ns(), 0
        good = self.kept.last_good
        if good is not None and good.manifest is not None:
            # A clock that was set back must not make the next one wait for years.
            due_ns = min(good.manifest.made_ns, now_ns) + round(self.every_s * _NS)
        if self.failure is not None:
            due_ns = max(due_ns, self.failure.at_ns + round(self._retry_s * _NS))
        return due_ns

    @property
    def age_s(self) -> float:
        """How old the newest good one is; infinite where there is none."""
        good = self.kept.last_good
        if good is None or good.manifest is None:
            return float("inf")
        return max(0.0, (self._wall_ns() - good.manifest.made_ns) / _NS)

    async def run(self) -> None:
        """Make one whenever it is due, for ever."""
        while True:
            await self._look()
            wait_s = (self.due_ns - self._wall_ns()) / _NS
            if wait_s > 0 and not self._asked.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(min(wait_s, LOOK_S)):
                        await self._asked.wait()
                continue
            self._asked.clear()
            await self._make()

    async def _look(self) -> None:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(None, backups_in, self.folder)
        mine = self._world_id()
        self.kept = Kept(
            tuple(one for one in found if one.manifest is None or one.manifest.world_id == mine)
        )

    async def _make(self) -> None:
        self.running_since_ns = begun_ns = self._wall_ns()
        try:
            await self._work()
        except (StorageError, OSError) as error:
            self.failures += 1
            self.failure = Failure(self._wall_ns(), str(error)[:REASON_MAX])
            LOG.error("no good backup, trying again in %d s: %s", self._retry_s, error)
        else:
            self.failure = None
            took_s = (self._wall_ns() - begun_ns) / _NS
            LOG.info("a backup was made in %s, in %.1f s", self.folder, took_s)
        finally:
            self.running_since_ns = 0
