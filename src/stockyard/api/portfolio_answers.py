"""What the door answers with about how accounts do: history, performance, daily snapshots.

Promises: as ``answers``. Must not know: where the values come from.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from stockyard.api.shapes import Time

Day = Annotated[str, Meta(extra_json_schema={"format": "date", "examples": ["2026-11-20"]})]


class SnapshotRun(msgspec.Struct, frozen=True, gc=False):
    """The snapshot of everybody at the close of a day.

    `accounts`: how many have their row; `failed`: users whose row could not be made, which
    another run tries again. `ended_at` is null while it goes on, or was cut off.
    """

    day: Day
    accounts: int
    failed: int
    begun_at: Time
    ended_at: Time | None


class SnapshotFailure(msgspec.Struct, frozen=True, gc=False):
    """A user whose row of a day could not be made."""

    user_id: str
    error: str
    tries: int
    last_at: Time


class SnapshotDay(msgspec.Struct, frozen=True, gc=False):
    """A day's snapshot with what failed, at most a hundred users of it."""

    run: SnapshotRun
    failures: list[SnapshotFailure]
