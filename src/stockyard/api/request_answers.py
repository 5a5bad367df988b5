"""What the API answers about requests. Promises and limits are those of ``answers``."""

from typing import Annotated

import msgspec
from msgspec import Meta

from stockyard.api.shapes import Id, Time
from stockyard.telemetry.records import KEPT_FOR
from stockyard.telemetry.traces import PARTS

PartWord = Annotated[str, Meta(extra_json_schema={"enum": list(PARTS)})]
Nanoseconds = Annotated[int, Meta(description="Nanoseconds.")]


class PartTime(msgspec.Struct, frozen=True, gc=False):
    """What went to one part, over all requests of a route."""

    part: PartWord
    mean_ns: Nanoseconds


class RouteSeen(msgspec.Struct, frozen=True, gc=False):
    """A route in a stretch of time. `failed`: answered with 500 and above, `refused`: with 400 to
    499. Percentiles are right within 1.6 %. `parts`: of an average request; what is left of
    `mean_ns` is our own work around them.
    """

    method: str
    route: str
    count: int
    failed: int
    refused: int
    mean_ns: Nanoseconds
    p50_ns: Nanoseconds
    p95_ns: Nanoseconds
    p99_ns: Nanoseconds
    slowest_ns: Nanoseconds
    parts: list[PartTime]
    cache_hits: int
    cache_misses: Annotated[int, Meta(description="Everything that was no hit.")]


class RoutesSeen(msgspec.Struct, frozen=True, gc=False):
    """Every request of a stretch of time, by route; the slowest P99 first.

    `whole`: false where what is on the disk could not be read, so that only the last minutes count.
    `lost`: records and figures given up since the start, because they could not be written.
    """

    start: Time
    end: Time
    whole: bool
    lost: int
    all: Annotated[RouteSeen, Meta(description="All routes together.")]
    routes: list[RouteSeen]


class RoutePoint(msgspec.Struct, frozen=True, gc=False):
    """A route in a few minutes; `at`: when they begin."""

    at: Time
    count: int
    failed: int
    refused: int
    p50_ns: Nanoseconds
    p95_ns: Nanoseconds
    p99_ns: Nanoseconds


class RouteHistory(msgspec.Struct, frozen=True, gc=False):
    """A route over time, in steps; steps without a request are left out."""

    start: Time
    end: Time
    step_s: int
    whole: bool
    points: list[RoutePoint]


class CacheReads(msgspec.Struct, frozen=True, gc=False):
    """Reads of a cache. `stale`: asking failed and what was known before was told; `unavailable`:
    nothing was known either.
    """

    hit: int
    miss: int
    stale: int
    unavailable: int
    hit_percent: Annotated[str, Meta(description="Of all reads, decimal text.")] | None


class CacheSeen(msgspec.Struct, frozen=True, gc=False):
    """A cache: what it holds, its reads since the start, and those by requests of the window."""

    kind: str
    entries: int
    since_start: CacheReads
    window: CacheReads


class CachesSeen(msgspec.Struct, frozen=True, gc=False):
    """The caches."""

    started_at: Time
    start: Time
    end: Time
    whole: bool
    caches: list[CacheSeen]


class KeptRequest(msgspec.Struct, frozen=True, gc=False):
    """A request that was kept whole. `trace_id`: of the trace it belongs to (W3C Trace Context);
    `command`: what it sent to the engine, journaled as record `seq`; `code`: the rule that refused
    it; `kept_for`: why it was kept.
    """

    id: Annotated[str, Meta(description="16 hexadecimal digits.")]
    trace_id: str
    at: Time
    method: str
    route: str
    status: int
    took_ns: Nanoseconds
    request_id: str
    user_id: str | None
    order_id: Id | None
    command: str | None
    seq: int | None
    code: str | None
    kept_for: Annotated[str, Meta(extra_json_schema={"enum": list(KEPT_FOR)})]


class KeptRequests(msgspec.Struct, frozen=True, gc=False):
    """A page of requests. `next`: send it as `after` for the next one; null at the end."""

    requests: list[KeptRequest]
    next: str | None


class SpanSeen(msgspec.Struct, frozen=True, gc=False):
    """A part of a request's time. `begun_ns`: after its beginning; `word`: which cache and whether
    it knew, which database, or whose server.
    """

    part: PartWord
    begun_ns: Nanoseconds
    took_ns: Nanoseconds
    word: str


class RequestSeen(msgspec.Struct, frozen=True, gc=False):
    """A request with the parts of its time, in the order in which they began; they may lie within
    each other. `left_out`: how many more there were.
    """

    request: KeptRequest
    spans: list[SpanSeen]
    left_out: int
