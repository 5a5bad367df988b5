"""``stockyard serve --read-only``: the last good state of a data directory, whatever became of it.

Promises: nothing in the directory is changed; what is served is the newest state that can be shown
to be right, as of the input and the time that it names; sign-ins work, and are forgotten with this
server. Must not know: endpoints.

The newest state is the snapshot's, checked against its hash, with every record after it that can be
read. Query tables that do not fit to it are made anew, from the journal's first record on.
"""

import logging
import shutil
from collections.abc import Coroutine
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import msgspec

from stockyard import app, demo
from stockyard.api.application import Application
from stockyard.model.recordings import Recording
from stockyard.people.audit_log import AuditLog
from stockyard.people.audit_segments import FOLDER_NAME as AUDIT_FOLDER
from stockyard.projections.store import Cursor, ReadStore
from stockyard.runtime import upkeep
from stockyard.runtime.audit_files import KEY_FILE, open_audit
from stockyard.runtime.beginning import Beginning, beginning_of
from stockyard.runtime.clock import Clock, RecordedClock
from stockyard.runtime.recovery import restore_engine
from stockyard.runtime.world import ReadOnly
from stockyard.server import Server
from stockyard.storage.archive import FOLDER_NAME as ARCHIVE_FOLDER
from stockyard.storage.checked import open_people_file
from stockyard.storage.history import FILE_NAME as HISTORY_NAME
from stockyard.storage.history import DatabaseHistory, open_history
from stockyard.storage.last_good import ReadOnlyJournal, copy_file, faults_of, remove
from stockyard.storage.lock import DirectoryLock
from stockyard.storage.ports import (
    DirectoryInUse,
    Snapshot,
    Snapshots,
    StorageError,
    StorageUnavailable,
)
from stockyard.storage.requests import FILE_NAME as REQUESTS_NAME
from stockyard.storage.requests import DatabaseRequests, open_requests
from stockyard.storage.secret_key import FILE_NAME as SECRET_KEY_NAME
from stockyard.storage.shelf import FILE_NAME as SHELF_NAME
from stockyard.storage.shelf import DatabaseShelf, open_shelf
from stockyard.storage.sqlite import SqliteDatabase, SqliteSnapshots
from stockyard.storage.troubles import Troubles

LOG: Final = logging.getLogger("stockyard")
ASKED: Final = "it was started to be read only"
PLAIN_FILES: Final = (SECRET_KEY_NAME, KEY_FILE, demo.NAME)


class ReadOnlyDirectory:
    """A data directory as an ``app.Directory`` whose files are copies in a folder of their own."""

    def __init__(self, path: Path) -> None:
        """Look at what there is. Raises ``StorageError``."""
        if not (path / "journal.db").is_file():
            raise StorageError(f"data {str(path)!r}: there is no journal.db in it")
        self._lock = _lock(path)
        self._folder = TemporaryDirectory(prefix="stockyard-read-only-")
        self.path, self.scratch = path, Path(self._folder.name)
        self.troubles = Troubles()
        self.snapshots: Snapshots
        try:
            self._open()
        except BaseException:
            self.release()
            raise

    def _open(self) -> None:
        for name in PLAIN_FILES:
            if (self.path / name).is_file():
                shutil.copyfile(self.path / name, self.scratch / name)
        snapshot = self._snapshot()
        seq, ts = (snapshot.seq, snapshot.ts) if snapshot is not None else (0, 0)
        self.journal = ReadOnlyJournal(self.path / "journal.db", seq, ts)
        self.store = self._tables()
        if not _fits(snapshot, self.store.cursor(), self.journal.head.seq):
            LOG.warning("the query tables do not fit to what can be read; they are made anew")
            self.store.clear()
            if snapshot is not None:
                self.snapshots.close()
                remove(self.scratch / "snapshots.db")
                self.snapshots = SqliteSnapshots(self.scratch / "snapshots.db")
                self.journal = ReadOnlyJournal(self.path / "journal.db", 0, 0)

    def _snapshot(self) -> Snapshot | None:
        """The snapshot, if it is whole."""
        path = copy_file(self.path / "snapshots.db", self.scratch)
        try:
            self.snapshots = SqliteSnapshots(path)
            found = self.snapshots.load()
            restore_engine(found)
            return found
        except StorageUnavailable:
            raise
        except (StorageError, msgspec.MsgspecError, ValueError, TypeError) as error:
            LOG.warning("the snapshot is left out: %s", error)
            remove(path)
            self.snapshots = SqliteSnapshots(path)
            return None

    def _tables(self) -> ReadStore:
        return ReadStore(self._copied("projections.db", left_out="made anew"))

    def _copied(self, name: str, left_out: str) -> SqliteDatabase:
        """A copy of a database; an empty one where it is damaged, which is ``left_out``."""
        path = copy_file(self.path / name, self.scratch)
        faults = faults_of(path) if path.exists() else []
        if faults:
            LOG.warning("%s is damaged and %s: %s", self.path / name, left_out, faults[0])
            remove(path)
        return SqliteDatabase(path, durable=False)

    def beginning(self) -> Beginning:
        """Where the journal begins."""
        return beginning_of(self.journal, self.path / ARCHIVE_FOLDER)

    @property
    def why(self) -> str:
        """Why nothing can be changed, without a path."""
        journal = self.journal
        if not journal.why:
            return ASKED
        return f"the journal is damaged at record {journal.broken_at:,} ({journal.why})"

    def open_people(self) -> SqliteDatabase:
        """A copy of the people's database. Raises ``StorageError``."""
        path = copy_file(self.path / "people.db", self.scratch)
        return open_people_file(path, self.troubles.part("people"))

    def open_audit(self, folder: str = "") -> tuple[AuditLog, Path]:
        """A copy of the log of who did what, as far as it was written; an empty one where it is
        damaged.
        """
        place = Path(folder) if folder else self.path / AUDIT_FOLDER
        self._copied("audit.db", left_out="left out").close()
        log = open_audit(self.scratch, place)
        if log.journal_seq < self.journal.head.seq:
            # What of the journal it has not got is told by the journal itself.
            log.mark_read(self.journal.head.seq, 0)
        return log, place

    def open_history(self) -> DatabaseHistory:
        """A copy of raw ticks and bars; none where they are damaged."""
        self._copied(HISTORY_NAME, left_out="left out").close()
        return open_history(self.scratch)

    def open_shelf(self) -> DatabaseShelf:
        """A copy of the last answers of outside sources."""
        self._copied(SHELF_NAME, left_out="left out").close()
        return open_shelf(self.scratch)

    def open_requests(self) -> DatabaseRequests:
        """A copy of what was measured of requests."""
        self._copied(REQUESTS_NAME, left_out="left out").close()
        return open_requests(self.scratch)

    def leave(self) -> None:
        """Nothing was changed."""

    def release(self) -> None:
        """Remove the copies, and let another process have the directory."""
        self._folder.cleanup()
        if self._lock is not None:
            self._lock.close()


def _lock(path: Path) -> DirectoryLock | None:
    """Keep servers away; a disk that cannot be written has none. Raises ``DirectoryInUse``."""
    try:
        return DirectoryLock(path)
    except DirectoryInUse:
        raise
    except StorageUnavailable as error:
        LOG.warning("%s: it is only read, so it goes on without", error)
        return None


def _fits(snapshot: Snapshot | None, cursor: Cursor, last_seq: int) -> bool:
    """Whether state and tables can be brought to the last record that can be read."""
    seq = 0 if snapshot is None else snapshot.seq
    if cursor.seq == seq and snapshot is not None:
        return snapshot.digest == cursor.digest
    return seq <= cursor.seq <= last_seq


class ReadOnlyServer(Server):
    """A server that shows a world and takes nothing in."""

    def _open_directory(self) -> app.Directory:
        directory = self._directory = ReadOnlyDirectory(self.config.data)
        self.config = msgspec.structs.replace(self.config, data=directory.scratch)
        self._kept_in = directory.path
        return directory

    @property
    def stock_calendar(self) -> str:
        """The sessions stocks trade in here."""
        return app.kept_calendar(self.world) or super().stock_calendar

    def _clock(self) -> tuple[Clock, Recording | None]:
        """Time stands where the state that is served ends."""
        clock = RecordedClock(0, 1.0)
        clock.pause()
        return clock, None

    def _found(self, recording: Recording | None) -> None:
        world, why = self.world, self._directory.why
        assert isinstance(world.clock, RecordedClock)
        world.clock.go_on_from(world.engine.ts)
        world.read_only = ReadOnly(why, world.engine.seq, world.engine.ts)
        world.writer.close(world.read_only.refusal)
        app.follow_market(world, self.stock_calendar, self.config.quotes_only)
        LOG.warning(
            "read-only: %s. Served is the state after record %d; nothing in %s is changed",
            *(why, world.engine.seq, self._directory.path),
        )

    async def _complete(self, application: Application) -> None:
        """What was left half done stays so."""

    async def _note_start(self) -> None:
        """Nobody needs to know of it afterwards."""

    async def _demo(self, application: Application) -> demo.Demo | None:
        found = demo.known_to(application.door, self.config.data)
        return None if found is None else msgspec.structs.replace(found, url=self.url)

    def _jobs(
        self, application: Application, clock: Clock, recording: Recording | None
    ) -> list[Coroutine[Any, Any, Any]]:
        """No mail and no webhook goes out, and no day is signed: others did that, or will."""
        application.door.directory = self._kept_in
        return [
            upkeep.keep_looking(self.world),
            upkeep.keep_trying(self.world),
            self.history.keep(),
            self.requests_kept.keep(),
            self._keep_people(application),
        ]
