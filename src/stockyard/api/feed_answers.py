"""What the API answers about feeds. Promises and limits are those of ``answers``."""

from typing import Annotated

import msgspec
from msgspec import Meta

from stockyard.api.shapes import Time
from stockyard.model.feeds import FEED_STATES, PROBLEM_KINDS
from stockyard.telemetry.breaker import BREAKER_STATES


class FeedProblemSeen(msgspec.Struct, frozen=True, gc=False):
    """What was wrong with a feed, by kind."""

    kind: Annotated[str, Meta(extra_json_schema={"enum": list(PROBLEM_KINDS)})]
    count: int
    last: Annotated[str, Meta(description="The last one, in the source's words where it has any.")]


class FeedSymbol(msgspec.Struct, frozen=True, gc=False):
    """A symbol that a feed is followed for."""

    symbol: str
    their_symbol: str
    ticks: int
    last_tick_at: Time | None
    stale: bool


class Feed(msgspec.Struct, frozen=True, gc=False):
    """A live feed. `stale`: it is not live, or nothing came for too long."""

    name: str
    state: Annotated[str, Meta(extra_json_schema={"enum": list(FEED_STATES)})]
    stale: bool
    live_since: Time | None
    last_frame_at: Time | None
    last_tick_at: Time | None
    retry_at: Annotated[str, Meta(description="When it is tried again, while waiting.")] | None
    attempts: int
    reconnects: int
    frames: int
    bytes: int
    ticks: int
    skew_ms: (
        Annotated[str, Meta(description="Median of the source's time less ours, way included.")]
        | None
    )
    problems: list[FeedProblemSeen]
    symbols: list[FeedSymbol]


class BreakerSeen(msgspec.Struct, frozen=True, gc=False):
    """The circuit breaker of a server that is asked. `refusals`: calls that were not made."""

    name: str
    state: Annotated[str, Meta(extra_json_schema={"enum": list(BREAKER_STATES)})]
    calls: int
    failures: int
    refusals: int
    openings: int


class Feeds(msgspec.Struct, frozen=True, gc=False):
    """The feeds of this Stockyard, and the circuit breakers in front of other servers."""

    feeds: list[Feed]
    breakers: list[BreakerSeen]
