"""Requests as an operator sees them: how fast each route is, and single ones with their parts.

Promises: for administrators alone; what is asked for is bounded; a disk that cannot be read costs
the past, not the answer. Must not know: how anything is measured or kept.
"""

from collections.abc import Iterable
from typing import Annotated, Final, NamedTuple

from fastapi import Query

from stockyard.api import fields
from stockyard.api import request_answers as a
from stockyard.api.describing import Trait, described
from stockyard.api.problems import Problem
from stockyard.api.routes import Response, Visit, Visiting, answer, router
from stockyard.api.shapes import time_text
from stockyard.model.numbers import format_ratio
from stockyard.runtime.caches import OUTCOMES, Outcome
from stockyard.runtime.request_keeper import RequestKeeper
from stockyard.storage.ports import StorageError
from stockyard.storage.requests import HOURS_KEPT_S, RequestFilter
from stockyard.telemetry.records import (
    KEPT_FOR,
    MINUTE_S,
    Figures,
    RequestRecord,
    RouteFigures,
    summed,
)

routes = router()
TAG: Final = "Operator"
MINUTES_USUAL: Final = 15
MINUTES_MAX: Final = HOURS_KEPT_S // MINUTE_S
POINTS_MAX: Final = 240
LIMIT_USUAL: Final = 50
LIMIT_MAX: Final = 200
TEXT_LENGTH_MAX: Final = 200
_NS: Final = 1_000_000_000
_STATUSES: Final = {"ok": (0, 399), "refused": (400, 499), "failed": (500, 999)}
_ORDERS: Final = ("newest", "slowest")
Minutes = Annotated[
    int, Query(ge=1, le=MINUTES_MAX, description="How far back it goes; or send `start`.")
]
Moment = Annotated[
    str | None,
    Query(description="RFC 3339 with a zone, or a day such as 2026-11-20 (UTC); by whole minutes."),
]
Named = Annotated[str | None, Query(max_length=TEXT_LENGTH_MAX)]


class _Window(NamedTuple):
    """Whole minutes, UTC seconds."""

    start_s: int
    end_s: int

    @property
    def start(self) -> str:
        return time_text(self.start_s * _NS)

    @property
    def end(self) -> str:
        return time_text(self.end_s * _NS)


def _keeper(visit: Visit) -> RequestKeeper:
    """The requests, for an administrator. Raises ``Problem`` 401, 403."""
    visit.admin()
    kept: RequestKeeper = visit.request.app.state.requests_kept
    return kept


def _window(visit: Visit, minutes: int, start: str | None, end: str | None) -> _Window:
    """What is asked about; this minute is part of it. Raises ``Problem`` 422."""
    now_s = visit.door.world.clock.wall_ns() // _NS
    last = _minute(fields.day_or_moment("end", end)) if end is not None else _minute(now_s * _NS)
    if end is None or last * _NS < fields.day_or_moment("end", end):
        last += MINUTE_S
    first = last - minutes * MINUTE_S
    if start is not None:
        first = _minute(fields.day_or_moment("start", start))
    if not 0 < last - first <= HOURS_KEPT_S:
        raise Problem(
            422,
            "invalid_window",
            "the end is not after the start, or too long after it",
            f"ask for one minute to {MINUTES_MAX} minutes",
            field="start",
        )
    return _Window(first, last)


def _minute(ns: int) -> int:
    return ns // _NS // MINUTE_S * MINUTE_S


def _route(method: str, route: str, figures: Figures) -> a.RouteSeen:
    count = max(1, figures.count)
    outcomes = _outcomes(figures)
    hits = sum(one.get(Outcome.HIT, 0) for one in outcomes.values())
    return a.RouteSeen(
        method,
        route,
        figures.count,
        figures.failed,
        figures.refused,
        figures.total_ns // count,
        figures.percentile_ns(0.5),
        figures.percentile_ns(0.95),
        figures.percentile_ns(0.99),
        figures.slowest_ns,
        [
            a.PartTime(part, spent // count)
            for part, spent in sorted(figures.parts.items(), key=lambda item: -item[1])
        ],
        hits,
        sum(sum(one.values()) for one in outcomes.values()) - hits,
    )


def _outcomes(figures: Figures) -> dict[str, dict[str, int]]:
    """Reads by cache and outcome."""
    found: dict[str, dict[str, int]] = {}
    for word, count in figures.caches.items():
        kind, _, outcome = word.rpartition(" ")
        if kind:
            found.setdefault(kind, {})[outcome] = count
    return found


@routes.get(
    "/admin/routes",
    **described(
        "list_routes",
        TAG,
        "How fast each route is",
        "Counts and percentiles of all requests of a stretch of time, by route, from all of them"
        " and not from a sample: by the minute for two days, by the hour for ninety. For"
        " administrators.",
        traits=Trait.SIGNED_IN,
        answer=a.RoutesSeen,
        answered="The routes that were asked for, slowest P99 first.",
    ),
)
async def list_routes(
    visit: Visiting, minutes: Minutes = MINUTES_USUAL, start: Moment = None, end: Moment = None
) -> Response:
    """How fast each route is."""
    keeper, window = _keeper(visit), _window(visit, minutes, start, end)
    found, whole = await keeper.figures(*window)
    every = Figures()
    seen = []
    for (method, route), figures in summed(found).items():
        every.add(figures)
        seen.append(_route(method, route, figures))
    seen.sort(key=lambda one: (-one.p99_ns, one.route, one.method))
    total = _route("", "", every)
    return answer(a.RoutesSeen(window.start, window.end, whole, keeper.lost_count, total, seen))


@routes.get(
    "/admin/routes/history",
    **described(
        "read_route_history",
        TAG,
        "One route over time",
        f"In at most {POINTS_MAX} steps of whole minutes; without `route`, all routes together."
        " For administrators.",
        traits=Trait.SIGNED_IN,
        answer=a.RouteHistory,
        answered="The route, oldest step first.",
    ),
)
async def read_history(
    visit: Visiting,
    route: Named = None,
    method: Named = None,
    minutes: Minutes = MINUTES_USUAL,
    start: Moment = None,
    end: Moment = None,
) -> Response:
    """One route over time."""
    keeper, window = _keeper(visit), _window(visit, minutes, start, end)
    found, whole = await keeper.figures(*window)
    length_s = window.end_s - window.start_s
    step_s = MINUTE_S * -(-length_s // (POINTS_MAX * MINUTE_S))
    points = _points(
        (
            one
            for one in found
            if (route is None or one.route == route) and (method is None or one.method == method)
        ),
        window.start_s,
        step_s,
    )
    return answer(a.RouteHistory(window.start, window.end, step_s, whole, points))


def _points(found: Iterable[RouteFigures], start_s: int, step_s: int) -> list[a.RoutePoint]:
    steps: dict[int, Figures] = {}
    for one in found:
        number = max(0, one.at_s - start_s) // step_s
        steps.setdefault(number, Figures()).add(one.figures)
    return [
        a.RoutePoint(
            time_text((start_s + number * step_s) * _NS),
            figures.count,
            figures.failed,
            figures.refused,
            figures.percentile_ns(0.5),
            figures.percentile_ns(0.95),
            figures.percentile_ns(0.99),
        )
        for number, figures in sorted(steps.items())
    ]


@routes.get(
    "/admin/caches",
    **described(
        "list_caches",
        TAG,
        "How often caches know the answer",
        "Since the start, and by the requests of a stretch of time. For administrators.",
        traits=Trait.SIGNED_IN,
        answer=a.CachesSeen,
        answered="The caches.",
    ),
)
async def list_caches(
    visit: Visiting, minutes: Minutes = MINUTES_USUAL, start: Moment = None, end: Moment = None
) -> Response:
    """How often caches know the answer."""
    keeper, window = _keeper(visit), _window(visit, minutes, start, end)
    found, whole = await keeper.figures(*window)
    every = Figures()
    for one in found:
        every.add(one.figures)
    outcomes = _outcomes(every)
    return answer(
        a.CachesSeen(
            time_text(visit.door.started_ns),
            window.start,
            window.end,
            whole,
            [
                a.CacheSeen(
                    cache.kind,
                    len(cache),
                    _reads(cache.counts),
                    _reads(outcomes.get(cache.kind, {})),
                )
                for cache in visit.door.world.reference.caches
            ],
        )
    )


def _reads(counts: dict[str, int]) -> a.CacheReads:
    hit, miss, stale, unavailable = (counts.get(outcome, 0) for outcome in OUTCOMES)
    total = hit + miss + stale + unavailable
    share = format_ratio(hit * 100, total, 1) if total else None
    return a.CacheReads(hit, miss, stale, unavailable, share)


@routes.get(
    "/admin/traces",
    **described(
        "list_traces",
        TAG,
        "Find requests",
        "Those that were kept whole: what failed, the slowest of each route, some of those that"
        " were refused, some others, and those whose client follows them (`traceparent`). After an"
        " hour the slowest of every ten minutes stay, and what failed. For administrators.",
        traits=Trait.SIGNED_IN | Trait.HISTORY,
        answer=a.KeptRequests,
        answered="A page of them.",
    ),
)
async def list_traces(
    visit: Visiting,
    method: Named = None,
    route: Named = None,
    status: Annotated[
        str | None, Query(description="`ok`, `refused`, `failed`, or a status such as `404`.")
    ] = None,
    least_us: Annotated[int, Query(ge=0, description="Took at least so many microseconds.")] = 0,
    request_id: Named = None,
    trace_id: Named = None,
    user_id: Named = None,
    order_id: Named = None,
    kept_for: Annotated[str | None, Query(json_schema_extra={"enum": list(KEPT_FOR)})] = None,
    minutes: Minutes = MINUTES_MAX,
    start: Moment = None,
    end: Moment = None,
    sort: Annotated[str, Query(json_schema_extra={"enum": list(_ORDERS)})] = _ORDERS[0],
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = LIMIT_USUAL,
    after: Annotated[str | None, Query(description="`next` of the page before.")] = None,
) -> Response:
    """Find requests."""
    keeper, window = _keeper(visit), _window(visit, minutes, start, end)
    slowest = _one_of("sort", sort, _ORDERS) == _ORDERS[1]
    if kept_for is not None:
        _one_of("kept_for", kept_for, KEPT_FOR)
    wanted = RequestFilter(
        limit + 1,
        window.start_s * _NS,
        window.end_s * _NS,
        method or "",
        route or "",
        *_status(status),
        min(least_us, 2**40) * 1_000,
        trace_id or "",
        request_id or "",
        user_id or "",
        order_id or "",
        kept_for or "",
        slowest,
        _after(after),
    )
    try:
        found = await keeper.records(wanted)
    except StorageError:
        raise _unreadable() from None
    shown = [_kept(one) for one in found[:limit]]
    cursor = None
    if len(found) > limit:
        last = found[limit - 1]
        cursor = f"{last.took_ns if slowest else last.at_ns}-{last.span_id}"
    return answer(a.KeptRequests(shown, cursor))


@routes.get(
    "/admin/traces/{trace}",
    **described(
        "read_trace",
        TAG,
        "Where the time of one request went",
        "For administrators.",
        traits=Trait.SIGNED_IN | Trait.NAMED | Trait.HISTORY,
        answer=a.RequestSeen,
        answered="The request with its parts.",
    ),
)
async def read_trace(visit: Visiting, trace: str) -> Response:
    """Where the time of one request went."""
    try:
        found = await _keeper(visit).record(trace[:TEXT_LENGTH_MAX])
    except StorageError:
        raise _unreadable() from None
    if found is None:
        raise Problem(
            404,
            "unknown_trace",
            "this request was not kept, or not so long",
            "name one of GET /api/v1/admin/traces",
            field="trace",
        )
    spans = [a.SpanSeen(one.part, one.begun_ns, one.took_ns, one.word) for one in found.spans]
    return answer(a.RequestSeen(_kept(found), spans, found.left_out))


def _kept(one: RequestRecord) -> a.KeptRequest:
    return a.KeptRequest(
        one.span_id,
        one.trace_id,
        time_text(one.at_ns),
        one.method,
        one.route,
        one.status,
        one.took_ns,
        one.request_id,
        one.user_id or None,
        one.order_id or None,
        one.command or None,
        one.seq or None,
        one.code or None,
        one.kept_for,
    )


def _one_of(field: str, word: str, words: tuple[str, ...]) -> str:
    if word not in words:
        right = f"use one of {', '.join(words)}"
        raise Problem(422, "invalid_parameter", f"there is no such {field}", right, field=field)
    return word


def _status(text: str | None) -> tuple[int, int]:
    """The least and the most."""
    if text is None:
        return 0, 999
    if text in _STATUSES:
        return _STATUSES[text]
    if len(text) == 3 and text.isascii() and text.isdigit():
        return int(text), int(text)
    raise Problem(
        422,
        "invalid_parameter",
        "there is no such status",
        f"use {', '.join(_STATUSES)}, or three digits",
        field="status",
    )


def _after(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    value, _, span_id = text.partition("-")
    if not (value.isascii() and value.isdigit() and len(value) < 20 and len(span_id) == 16):
        raise Problem(
            422, "invalid_cursor", "after is no cursor", "send next as it came", field="after"
        )
    return min(int(value), 2**63 - 1), span_id


def _unreadable() -> Problem:
    return Problem(
        503,
        "requests_unavailable",
        "the records of requests cannot be read now",
        "try again later; whoever runs this Stockyard must look after the disk",
        retryable=True,
        headers=((b"retry-after", b"5"),),
    )
