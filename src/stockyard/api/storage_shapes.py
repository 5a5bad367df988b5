"""What an operator is told about the data directory. Promises are those of ``answers``."""

from typing import Annotated

import msgspec
from msgspec import Meta

from stockyard.api.health_answers import Start, Trouble
from stockyard.api.shapes import Time


class BaseSeen(msgspec.Struct, frozen=True, gc=False):
    """What stands for the journal's beginning, where that was pruned: the state at an input, with
    its query tables.
    """

    seq: int
    at: Time | None
    began_at: Annotated[Time | None, Meta(description="When the first input ever came.")]


class JournalSeen(msgspec.Struct, frozen=True, gc=False):
    """The journal. `inputs_per_day` and `bytes_per_day`: by the last day, or as far as it goes
    back; null in the first minute.
    """

    seq: Annotated[int, Meta(description="Number of the last input.")]
    first_seq: Annotated[int, Meta(description="Number of the first input that is still there.")]
    first_at: Time | None
    last_at: Time | None
    bytes: int | None
    free_bytes: Annotated[
        int | None, Meta(description="Of those, what waits to be used again, as after pruning.")
    ]
    base: BaseSeen | None
    inputs_per_day: int | None
    bytes_per_day: int | None


class RetentionSeen(msgspec.Struct, frozen=True, gc=False):
    """How much of the journal stays."""

    keep_days: Annotated[int, Meta(description="0 for all of it.")]
    pruned_seq: Annotated[int, Meta(description="Up to where it was pruned; 0: it never was.")]
    running_since: Time | None
    failed_at: Time | None
    failed_why: str | None


class SnapshotSeen(msgspec.Struct, frozen=True, gc=False):
    """The latest snapshot of the engine: a start goes on from it."""

    seq: int
    behind: Annotated[int, Meta(description="Inputs since then, which a start replays.")]


class ArchivedSeen(msgspec.Struct, frozen=True, gc=False):
    """An archived snapshot: looking at the past goes on from the nearest one before it."""

    seq: int
    at: Time | None
    why: Annotated[str, Meta(description="Why it was taken.")]
    engine_version: str
    bytes: int
    damage: Annotated[str | None, Meta(description="What is wrong with its file.")]


class FileSeen(msgspec.Struct, frozen=True, gc=False):
    """A file or folder of the data directory."""

    name: str
    bytes: int


class RoomSeen(msgspec.Struct, frozen=True, gc=False):
    """The disk that a directory lies on."""

    bytes: int
    free_bytes: int


class BackupSeen(msgspec.Struct, frozen=True, gc=False):
    """A backup. What cannot be read of it is null, and `broken` says why."""

    name: str
    made_at: str | None
    seq: int | None
    bytes: int | None
    checked: Annotated[bool, Meta(description="Whether it was verified when it was made.")]
    good: Annotated[bool, Meta(description="Whether nothing speaks against it.")]
    broken: list[str]
    notes: list[str]
    has_secrets: Annotated[bool, Meta(description="Whether the keys of secrets are in it.")]


class BackupsSeen(msgspec.Struct, frozen=True, gc=False):
    """Scheduled backups. `age_seconds`: of the newest good one; null where there is none."""

    folder: str
    every_hours: float
    keep: int
    age_seconds: int | None
    next_at: Time | None
    running_since: Time | None
    failures: Annotated[int, Meta(description="Since this Stockyard was started.")]
    failed_at: Time | None
    failed_why: str | None
    disk: RoomSeen | None
    backups: Annotated[list[BackupSeen], Meta(description="Newest first.")]


class StorageSeen(msgspec.Struct, frozen=True, gc=False):
    """The data directory and what is kept of it elsewhere. `backups`: null where none are made by
    schedule.
    """

    directory: str | None
    disk: RoomSeen | None
    journal: JournalSeen
    snapshot: SnapshotSeen
    archived: Annotated[list[ArchivedSeen], Meta(description="The newest ones, newest first.")]
    archived_count: int
    tables_seq: Annotated[int, Meta(description="The last input that the query tables hold.")]
    files: list[FileSeen]
    backups: BackupsSeen | None
    start: Start | None = None
    troubles: Annotated[list[Trouble], Meta(description="What cannot be written just now.")] = []
    retention: RetentionSeen | None = None
