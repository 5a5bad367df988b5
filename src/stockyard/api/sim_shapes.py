"""What test controls take and answer.

Promises: values only, described from the structs that are really read and sent. Must not know: how
a control works.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from stockyard.runtime.quiet import QUIET_MS
from stockyard.runtime.world import CONTROL_DETAIL_MAX


class NoteBody(msgspec.Struct, forbid_unknown_fields=True):
    """A remark in the World's event log."""

    text: Annotated[str, Meta(description=f"1 to {CONTROL_DETAIL_MAX} characters.")]


class ControlNoted(msgspec.Struct, frozen=True, gc=False):
    """Where the World's event log holds it."""

    seq: Annotated[int, Meta(description="Its record in the journal.")]
    ts: Annotated[str, Meta(description="The World's time.")]


Speed = Annotated[
    float | str,
    Meta(
        description="How many times as fast as the wall's time, 1 to 100000, or `max`: as fast as"
        " possible.",
        extra_json_schema={"anyOf": [{"type": "number"}, {"const": "max"}]},
    ),
]


class GoBody(msgspec.Struct, forbid_unknown_fields=True):
    """How fast time is to pass."""

    speed: Speed = 1


class StepBody(msgspec.Struct, forbid_unknown_fields=True):
    """How far time is to go: one of the two."""

    seconds: Annotated[float | None, Meta(description="World time, above 0.")] = None
    steps: Annotated[
        int | None, Meta(description="Moments at which anything happens; 1 to 1000000.")
    ] = None


class JumpBody(msgspec.Struct, forbid_unknown_fields=True):
    """Where time is to go."""

    to: Annotated[
        str,
        Meta(description="A time with its zone, `next_open` or `next_close` of the stocks."),
    ]
    wait: Annotated[bool, Meta(description="Answer once it has arrived, else at once.")] = True


class LockStepBody(msgspec.Struct, forbid_unknown_fields=True):
    """Whether time waits until nothing is in flight."""

    on: bool = True
    quiet_ms: Annotated[
        int, Meta(description="How long clients must have been quiet; 0 to 10000.")
    ] = QUIET_MS
    streams: Annotated[
        int,
        Meta(description="Time stands while fewer streams are open; 0 to 1000."),
    ] = 0


class LockStepSeen(msgspec.Struct, frozen=True, gc=False):
    """Lock step as it is."""

    on: bool
    quiet_ms: int
    streams: int
    waits_for: Annotated[str, Meta(description="What holds time up now; empty for nothing.")]
    seen: Annotated[int, Meta(description="Connections whose client's process can be looked at.")]
    unseen: Annotated[
        int,
        Meta(description="Connections that only the quiet time tells of."),
    ]
    given_up: Annotated[
        int,
        Meta(description="How often a client worked so long that it was not waited for."),
    ]


class SimClockSeen(msgspec.Struct, frozen=True, gc=False):
    """The controlled clock."""

    now: Annotated[str, Meta(description="The World's time.")]
    speed: Annotated[Speed, Meta(description="0 while it stands, else as it was asked for.")]
    next: Annotated[str, Meta(description="When anything happens next.")]
    going_to: Annotated[str | None, Meta(description="Where it is being brought.")]
    is_open: Annotated[bool, Meta(description="Whether stocks are in their regular session.")]
    next_open: str | None
    next_close: str | None
    lock_step: LockStepSeen
    seq: Annotated[int, Meta(description="The last input shown.")]
    arrived: Annotated[bool, Meta(description="False when time was stopped on the way.")] = True


class LoggedEvent(msgspec.Struct, frozen=True, gc=False):
    """What an input led to."""

    kind: Annotated[str, Meta(description="Such as `OrderFilled`.")]
    account_id: str | None
    text: str


class LoggedInput(msgspec.Struct, frozen=True, gc=False):
    """One record of the journal, in words."""

    seq: int
    ts: Annotated[str, Meta(description="The World's time.")]
    kind: Annotated[
        str,
        Meta(description="Such as `PlaceOrder`; `ControlUsed` for a use of a test control."),
    ]
    actor: Annotated[str | None, Meta(description="Who sent it; null for the market and time.")]
    request_id: str | None
    account_id: str | None
    text: str
    events: list[LoggedEvent]


class EventLog(msgspec.Struct, frozen=True, gc=False):
    """A page of the World's event log, oldest first."""

    inputs: list[LoggedInput]
    next_after: Annotated[
        int, Meta(description="Send it as `after` for what comes next, now or later.")
    ]
    seq: Annotated[int, Meta(description="The last input when this was asked.")]
