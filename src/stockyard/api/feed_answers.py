"""What the API answers about feeds. Promises and limits are those of ``answers``."""

from typing import Annotated

import msgspec
from msgspec import Meta

from stockyard.api.shapes import Time
from stockyard.model.feeds import FEED_STATES, PROBLEM_KINDS
from stockyard.telemetry.breaker import BREAKER_STATES

SOURCE_KINDS = ("simulated", "recorded", "feed", "sent")
"""Made here, played back, followed by a feed, or sent by somebody else."""


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
    retry_at: Annotated[str, Meta(description="When one call may try, while it is open.")] | None


class LeftOut(msgspec.Struct, frozen=True, gc=False):
    """Ticks that did not count, by reason."""

    reason: str
    count: int


class SourceSeen(msgspec.Struct, frozen=True, gc=False):
    """One source of prices, wherever it comes from. `ticks`: those that count."""

    source: str
    kind: Annotated[str, Meta(extra_json_schema={"enum": list(SOURCE_KINDS)})]
    ticks: int
    last_tick_at: Time | None
    symbols: Annotated[int, Meta(description="Symbols it spoke of.")]
    quoting: Annotated[int, Meta(description="Symbols where its quote counts now.")]
    left_out: list[LeftOut]


class MarketSeen(msgspec.Struct, frozen=True, gc=False):
    """All sources together. `crossed` and `halted`: symbols, at most 100 of each."""

    ticks: Annotated[int, Meta(description="Ticks taken, those left out too.")]
    too_late: Annotated[int, Meta(description="Trades too late for the bar of their second.")]
    quotes_conflated: Annotated[
        int, Meta(description="Quotes that a newer one overtook on the way to the engine.")
    ]
    waiting: Annotated[int, Meta(description="Inputs that wait to be written to the journal.")]
    crossed: list[str]
    halted: list[str]


class IngestSeen(msgspec.Struct, frozen=True, gc=False):
    """The webhook. `put_off`: requests that were answered 429, to be sent again."""

    taken: int
    duplicates: int
    put_off: int
    denied: list[LeftOut]


class GatewaySeen(msgspec.Struct, frozen=True, gc=False):
    """Who listens to streams, and what they were sent."""

    streams: int
    users: Annotated[int, Meta(description="Different users among them.")]
    blocked: Annotated[int, Meta(description="Streams that take nothing now.")]
    sent: int
    sent_bytes: int
    missed: Annotated[int, Meta(description="Items that did not fit a stream's queue.")]
    cut_off: Annotated[int, Meta(description="Streams closed because they read too slowly.")]
    refused: Annotated[int, Meta(description="Streams refused by a limit.")]


class Feeds(msgspec.Struct, frozen=True, gc=False):
    """Where prices come from, whether they come, and what becomes of them.

    Counts are of this run; two answers and their `at` make a rate.
    """

    at: Time
    world_at: Annotated[str, Meta(description="The same in the world's time, as sources' are.")]
    feeds: list[Feed]
    breakers: list[BreakerSeen]
    sources: list[SourceSeen]
    market: MarketSeen
    ingest: Annotated[IngestSeen, Meta(description="Null where there is no webhook.")] | None
    gateway: GatewaySeen
