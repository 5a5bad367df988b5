"""How a simulated world is put together: a test plants a bug by replacing one part.

Promises: the parts are those of a server, over the story's disk. Must not know: the story.
"""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from stockyard.model import commands as c
from stockyard.model.records import Origin
from stockyard.people.audit_log import FILE_NAME as AUDIT
from stockyard.people.audit_log import AuditLog
from stockyard.people.directory import People
from stockyard.people.limits import DEFAULT_LIMITS
from stockyard.people.sealing import Sealer, new_key
from stockyard.projections.store import ReadStore
from stockyard.runtime.backing_up import Watch, take_backup
from stockyard.runtime.snapshots import encode_now
from stockyard.runtime.world import World
from stockyard.runtime.writer import Outcome
from stockyard.storage.acknowledged import Acknowledged
from stockyard.storage.archive import Archive
from stockyard.storage.ports import Database, Journal, Snapshot, Snapshots
from stockyard.storage.sqlite import SqliteDatabase, SqliteJournal, SqliteSnapshots
from tests.simulation.beside_judge import AUDIT_KEY
from tests.simulation.disk import Disk


class OpenSealer(Sealer):
    """Seals nothing: what is sealed has chance in it, and a story has none of its own."""

    def __init__(self) -> None:
        super().__init__((new_key(),))

    def seal(self, text: str, purpose: str = "") -> str:
        """The text itself."""
        return text

    def open(self, sealed: str, purpose: str = "") -> str:
        """The text itself."""
        return sealed


class Place:
    """A folder in which the files of a world lie."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        """Where a file lies."""
        return self.folder / name


class Parts:
    """How a world is put together."""

    def archive(self, folder: Path) -> Archive:
        """The archived snapshots in a folder."""
        return Archive(folder)

    def back_up(self, data: Path, folder: Path) -> Path:
        """A backup of a directory, made in a folder."""
        return take_backup(data, folder, None, Watch()).backup.path

    def journal(self, disk: "Disk | Place") -> Journal:
        """The journal on a disk."""
        return SqliteJournal(disk.path("journal.db"))

    def snapshots(self, disk: "Disk | Place") -> Snapshots:
        """The snapshots on a disk."""
        return SqliteSnapshots(disk.path("snapshots.db"))

    def store(self, disk: "Disk | Place") -> ReadStore:
        """The projections on a disk."""
        return ReadStore(SqliteDatabase(disk.path("projections.db"), durable=False))

    def people_database(self, disk: "Disk | Place") -> Database:
        """The people's database on a disk."""
        return SqliteDatabase(disk.path("people.db"), durable=True)

    def people(self, database: Database, random_bytes: Callable[[int], bytes]) -> People:
        """The people in a database."""
        return People(database, DEFAULT_LIMITS, random_bytes, OpenSealer())

    def audit_log(self, disk: "Disk | Place") -> AuditLog:
        """The audit log on a disk."""
        path = disk.path(AUDIT)
        return AuditLog(SqliteDatabase(path, durable=True), AUDIT_KEY, Acknowledged(path))

    def snapshot(self, world: World) -> Snapshot:
        """A snapshot of a world as it is."""
        return encode_now(world.engine, world.projector.digest)

    def opened(self, world: World) -> None:
        """A world was opened."""

    def execute(
        self, world: World, command: c.Command, origin: Origin
    ) -> Coroutine[Any, Any, Outcome]:
        """Send a command into a world."""
        return world.execute(command, origin)
