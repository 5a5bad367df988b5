"""What a journal holds: one record per input, with who sent it beside it.

Promises: ``seq`` grows by one, ``ts`` (the world's clock, ns) never decreases. ``wall_ns`` and
``origin`` are for audit; the engine never sees them. Must not know: how records are stored.
"""

import msgspec

from stockyard.model.commands import Command
from stockyard.model.facts import Fact

Input = Command | Fact


class Origin(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Who sent a command: ``actor`` is ``user:<id>``, ``key:<id>`` or a part of the system."""

    actor: str
    request_id: str
    address: str
    user_agent: str


class Record(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One line of the journal."""

    seq: int
    ts: int
    wall_ns: int
    input: Input
    origin: Origin | None = None
