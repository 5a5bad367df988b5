"""How a Stockyard stands: what cannot be written just now, and whether anything can at all.

Promises: the same words in ``/health``, on streams, to monitoring and in the web app; none of them
names a path. Must not know: who asks.
"""

from typing import Final

from stockyard.api import answers as a
from stockyard.api.frames import frame
from stockyard.api.health_answers import ReadOnly, Start, Trouble
from stockyard.api.shapes import time_text
from stockyard.api.wire import Shared
from stockyard.runtime.world import World

STOPS_REQUESTS: Final = frozenset({"journal", "people", "audit log"})
"""Parts without which people are refused; the others fail behind their backs."""


STILL_TAKEN: Final = frozenset(
    {
        "/graphql",
        "/api/v1/orders/preview",
        "/api/v1/auth/demo",
        "/api/v1/auth/login",
        "/api/v1/auth/logout",
        "/api/v1/auth/token",
        "/api/v1/auth/token/refresh",
        "/api/v1/auth/token/revoke",
    }
)
"""What is sent to them changes nothing that is meant to last: reading needs a sign-in."""
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def refuse_changes(world: World, method: str, path: str) -> None:
    """Raise ``Refused`` where nothing can be changed and this would."""
    if world.read_only is None or method in _READING or path in STILL_TAKEN:
        return
    raise world.read_only.refusal


def troubles(world: World) -> list[Trouble]:
    """What cannot be written just now."""
    return [
        Trouble(found.part, found.reason, time_text(found.since_ns)) for found in world.troubles.now
    ]


def read_only(world: World) -> ReadOnly | None:
    """Why nothing can be changed here at all, and which state is served; None where it can."""
    found = world.read_only
    if found is None:
        return None
    return ReadOnly(found.reason, found.seq, time_text(found.ts))


def found_at_start(world: World) -> Start:
    """What the last start found and did."""
    start = world.start
    return Start(
        start.journal_seq,
        start.tables_seq,
        start.snapshot_seq,
        start.torn_bytes,
        start.replayed,
        round(start.took_s, 3),
    )


def standing_frame(world: World) -> Shared:
    """The same for streams."""
    return frame("standing", troubles=troubles(world), read_only=read_only(world))


def is_well(world: World) -> bool:
    """Whether there is nothing to tell."""
    return not world.troubles.now and world.read_only is None


def storage_check(world: World) -> a.Check:
    """Whether people's requests can be kept; other parts are told of, too."""
    found = world.troubles.now
    if world.read_only is not None:
        return a.Check("storage", False, f"read-only: {world.read_only.reason}")
    well = not any(trouble.part in STOPS_REQUESTS for trouble in found)
    told = "; ".join([f"{trouble.part}: {trouble.reason}" for trouble in found])
    return a.Check("storage", well, told or "all parts can be written")
