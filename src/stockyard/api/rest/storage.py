"""The data directory, for those who run this Stockyard: journal, snapshot, files, backups."""

import asyncio
from pathlib import Path
from typing import Final, NamedTuple

from msgspec.structs import replace

from stockyard.api import storage_shapes as s
from stockyard.api.describing import Trait, described
from stockyard.api.door import Door
from stockyard.api.problems import Problem
from stockyard.api.routes import Response, Visiting, answer, router
from stockyard.api.shapes import time_or_none
from stockyard.api.standing import found_at_start, troubles
from stockyard.runtime.backup_schedule import BackupSchedule
from stockyard.runtime.retention import JournalRetention
from stockyard.runtime.storage_state import (
    FileState,
    JournalState,
    Room,
    files_of,
    journal_of,
    room_of,
    snapshot_of,
)
from stockyard.storage.archive import FOLDER_NAME, Archive, Archived
from stockyard.storage.backups import Backup

routes = router()
TAG: Final = "Operator"
BACKUPS_SHOWN: Final = 50
ARCHIVED_SHOWN: Final = 20


class _Looked(NamedTuple):
    journal: JournalState
    snapshot_seq: int
    archived: list[Archived]
    files: list[FileState]
    room: Room | None


@routes.get(
    "/admin/storage",
    **described(
        "show_storage",
        TAG,
        "How the data directory stands",
        "The journal with its size and growth, the latest snapshot, every file, free room, and the"
        " backups of the folder that `STOCKYARD_BACKUP_DIR` names. For administrators.",
        traits=Trait.SIGNED_IN,
        answer=s.StorageSeen,
        answered="The data directory and its backups.",
    ),
)
async def show_storage(visit: Visiting) -> Response:
    """Tell how the data directory stands. Raises ``Problem`` 401, 403."""
    visit.admin()
    door = visit.door
    world, schedule = door.world, door.backups
    durable = world.projector.durable.seq
    if door.directory is None:
        journal = s.JournalSeen(world.view.seq, 1, None, None, None, None, None, None, None)
        snapshot = _snapshot(door, world.stored_seq)
        seen = s.StorageSeen(None, None, journal, snapshot, [], 0, durable, [], None)
        return answer(_with_start(seen, door))
    loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(None, _look, door.directory)
    backups = None if schedule is None else await loop.run_in_executor(None, _backups, schedule)
    seen = s.StorageSeen(
        str(door.directory),
        _room(found.room),
        _journal(found.journal),
        _snapshot(door, found.snapshot_seq),
        [_archived(one) for one in reversed(found.archived[-ARCHIVED_SHOWN:])],
        len(found.archived),
        durable,
        [s.FileSeen(one.name, one.bytes) for one in found.files],
        backups,
    )
    return answer(_with_start(seen, door))


@routes.post(
    "/admin/storage/backups",
    **described(
        "begin_backup",
        TAG,
        "Back up now",
        "Begins a backup in the folder that `STOCKYARD_BACKUP_DIR` names, whatever is due; `GET"
        " /api/v1/admin/storage` tells what becomes of it. For administrators.",
        traits=Trait.SIGNED_IN,
        status=202,
        answer=s.BackupsSeen,
        answered="It has begun.",
        refusals=(409,),
    ),
)
async def begin_backup(visit: Visiting) -> Response:
    """Begin a backup. Raises ``Problem`` 401, 403, 409."""
    visit.admin()
    schedule = visit.door.backups
    if schedule is None:
        raise Problem(
            409,
            "no_backup_folder",
            "there is no folder for backups",
            "start Stockyard with STOCKYARD_BACKUP_DIR, or run stockyard backup --to FOLDER",
        )
    if schedule.running_since_ns:
        raise Problem(
            409,
            "backup_running",
            "a backup is being made already",
            "wait until it is done",
        )
    schedule.ask()
    await visit.note("backup.asked", str(schedule.folder))
    loop = asyncio.get_running_loop()
    return answer(await loop.run_in_executor(None, _backups, schedule), 202)


def _with_start(seen: s.StorageSeen, door: Door) -> s.StorageSeen:
    """The same with what the last start found, and what cannot be written just now."""
    world = door.world
    return replace(
        seen,
        start=found_at_start(world),
        troubles=troubles(world),
        retention=_retention(door.retention),
    )


def _retention(found: JournalRetention | None) -> s.RetentionSeen | None:
    if found is None:
        return None
    failure = found.failure
    return s.RetentionSeen(
        found.keep_days,
        found.base_seq,
        time_or_none(found.running_since_ns),
        time_or_none(failure.at_ns if failure is not None else 0),
        None if failure is None else failure.why,
    )


def _look(path: Path) -> _Looked:
    return _Looked(
        journal_of(path),
        snapshot_of(path),
        Archive(path / FOLDER_NAME).list(),
        files_of(path),
        room_of(path),
    )


def _room(room: Room | None) -> s.RoomSeen | None:
    return None if room is None else s.RoomSeen(room.total, room.free)


def _archived(one: Archived) -> s.ArchivedSeen:
    return s.ArchivedSeen(
        one.seq,
        time_or_none(one.ts),
        one.why,
        one.engine_version,
        one.size_bytes,
        one.damage or None,
    )


def _snapshot(door: Door, seq: int) -> s.SnapshotSeen:
    return s.SnapshotSeen(seq, max(0, door.view.seq - seq))


def _journal(found: JournalState) -> s.JournalSeen:
    base = found.base
    return s.JournalSeen(
        found.seq,
        found.first_seq,
        time_or_none(found.first_ts),
        time_or_none(found.ts),
        found.bytes,
        found.free_bytes,
        None
        if base is None
        else s.BaseSeen(base.seq, *map(time_or_none, (base.ts, base.began_ts))),
        found.day_inputs,
        found.day_bytes,
    )


def _backups(schedule: BackupSchedule) -> s.BackupsSeen:
    failure, age_s = schedule.failure, schedule.age_s
    return s.BackupsSeen(
        str(schedule.folder),
        schedule.every_s / 3600,
        schedule.keep,
        None if age_s == float("inf") else int(age_s),
        time_or_none(schedule.due_ns),
        time_or_none(schedule.running_since_ns),
        schedule.failures,
        time_or_none(failure.at_ns if failure is not None else 0),
        None if failure is None else failure.why,
        _room(room_of(schedule.folder)),
        [_backup(one) for one in reversed(schedule.kept.backups[-BACKUPS_SHOWN:])],
    )


def _backup(one: Backup) -> s.BackupSeen:
    told = one.manifest
    if told is None:
        return s.BackupSeen(one.path.name, None, None, None, False, False, [one.wrong], [], False)
    return s.BackupSeen(
        one.path.name,
        told.made_at,
        told.seq,
        told.bytes,
        told.checked,
        one.is_good,
        told.broken,
        told.notes,
        told.has_secrets,
    )
