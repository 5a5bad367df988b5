"""What is kept of a simulated directory beside its present state: archived snapshots, the base of a
pruned journal, and backups.

Promises: does a step at a time what a server and its commands do, so that a death falls between any
two; a backup is restored right away, opened, and judged. Must not know: what fails.
"""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from stockyard import app
from stockyard.runtime import pruning, upkeep
from stockyard.runtime.archiving import Archiving
from stockyard.runtime.backing_up import Watch, restore_backup
from stockyard.runtime.beginning import Beginning, beginning_of
from stockyard.runtime.clock import ManualClock
from stockyard.runtime.world import World
from stockyard.storage.archive import FOLDER_NAME
from stockyard.storage.ports import Base, Journal, StorageUnavailable
from tests.simulation.auditor import Auditor
from tests.simulation.disk import Disk
from tests.simulation.faults import AtOnce
from tests.simulation.parts import Parts, Place

INPUTS = 60
"""A snapshot is archived after so many inputs at the latest."""


class Keeping:
    """The archive, the base and the backups of one story."""

    def __init__(
        self, parts: Parts, disk: Disk, auditor: Auditor, tell: Callable[[str], None]
    ) -> None:
        self._parts, self._disk, self._auditor, self._tell = parts, disk, auditor, tell
        self._prepared: Base | None = None

    def beginning(self, journal: Journal) -> Beginning:
        """Where a journal of the disk begins."""
        return beginning_of(journal, self._disk.path(FOLDER_NAME))

    def opened(self, world: World) -> None:
        """Archive snapshots of a world from now on."""
        self._prepared = None
        archive = self._parts.archive(self._disk.path(FOLDER_NAME))
        archiving = Archiving(archive, INPUTS)
        upkeep.begin_archive(world, archiving)
        if world.journal.base is not None:
            archiving.held.add(world.journal.base.seq)

    def prune(self, world: World, random: Random) -> None:
        """Choose and prepare a base; or begin at the one that is prepared; or remove a bite."""
        journal, folder, archiving = world.journal, self._disk.folder, world.archiving
        assert archiving is not None
        try:
            if self._prepared is not None:
                base, self._prepared = self._prepared, None
                self._auditor.read()
                pruning.switch(folder, journal, base)
                pruning.tidy(folder)
                self._tell(f"the journal begins after {base.seq}")
            elif random.random() < 0.4:
                self._tell(f"{journal.remove_some()} batches removed")
            else:
                least = random.randrange(1, world.engine.seq + 2)
                target = pruning.choose(folder, journal.base, seq=least)
                if target is not None:
                    archiving.held.add(target.seq)
                    self._prepared = pruning.prepare(folder, target, lambda _: None)
                    self._tell(f"a base at {target.seq} is prepared")
        except StorageUnavailable:
            self._tell("not pruned: the disk refuses")

    def back_up(self, world: World) -> None:
        """Make a backup beside the running world, restore it elsewhere, and judge that."""
        self._auditor.read()
        with TemporaryDirectory() as name:
            room = Path(name)
            backup = self._parts.back_up(self._disk.folder, room / "backups")
            restored = room / "restored"
            restore_backup(backup, restored, None, Watch())
            self._judge(Place(restored), world)
        self._tell(f"a backup at {self._auditor.seq} was restored")

    def _judge(self, place: Place, live: World) -> None:
        parts, people = self._parts, None
        store = parts.store(place)
        journal = parts.journal(place)
        with_people = place.path("people.db").exists()
        if with_people:
            database = parts.people_database(place)
            people = parts.people(database, Random(0).randbytes)
        world = app.open_world(
            journal,
            parts.snapshots(place),
            store,
            ManualClock(live.engine.ts),
            schedule=lambda: None,
            queries=AtOnce(1),
            people=people,
            begin=lambda: beginning_of(journal, place.path(FOLDER_NAME)),
        )
        with closing(world):
            world.projector.flush()
            self._auditor.check_restored(world, place.folder)
        if with_people:
            database.close()
