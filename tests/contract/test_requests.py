"""Goal: requests are found again as they were, and the file stays small. Method: every database."""

import pytest

from stockyard.storage.requests import (
    HOURS_KEPT_S,
    MINUTES_KEPT_S,
    THINNED_KEEP,
    DatabaseRequests,
    RequestFilter,
)
from stockyard.telemetry.records import (
    HOUR_S,
    MINUTE_S,
    Figures,
    KeptFor,
    RequestRecord,
    RouteFigures,
    Span,
    summed,
)
from tests.contract.places import Place

NOON_S = 1_767_355_200
SECOND = 10**9
EVERYTHING = RequestFilter(1_000)


def record(
    n: int, *, at_s: int = NOON_S, reason: str = KeptFor.SLOW, **said: object
) -> RequestRecord:
    told = {
        "span_id": f"{n:016x}",
        "trace_id": f"{n:032x}",
        "parent_id": "",
        "at_ns": at_s * SECOND + n,
        "method": "GET",
        "route": "/orders",
        "status": 200,
        "took_ns": 1_000 * n,
        "request_id": f"r-{n}",
        "user_id": "ann",
        "order_id": "",
        "command": "",
        "seq": 0,
        "code": "",
        "kept_for": reason,
        "spans": [Span("database", 1, 2, "history")],
        **said,
    }
    return RequestRecord(**told)  # type: ignore[arg-type]


def counted(at_s: int, count: int, route: str = "/orders") -> RouteFigures:
    figures = Figures(count, 1, 2, count * 10, 40, {3: count}, {"engine": 5}, {"chart hit": 1})
    return RouteFigures(at_s, MINUTE_S, "GET", route, figures)


@pytest.fixture
def requests(place: Place) -> DatabaseRequests:
    return DatabaseRequests(place.database())


def _numbers(found: list[RequestRecord]) -> list[int]:
    return [int(one.span_id, 16) for one in found]


def test_a_request_is_found_as_it_was(requests: DatabaseRequests) -> None:
    kept = record(1, order_id="o", command="PlaceOrder", seq=7, code="x")
    requests.save([kept, record(2)], [])
    assert requests.record(kept.span_id) == kept
    assert requests.record("f" * 16) is None


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (EVERYTHING, [5, 4, 3, 2, 1]),
        (RequestFilter(2), [5, 4]),
        (RequestFilter(9, slowest=True), [2, 5, 4, 3, 1]),
        (RequestFilter(9, after=(NOON_S * SECOND + 4, f"{4:016x}")), [3, 2, 1]),
        (RequestFilter(9, slowest=True, after=(5_000, f"{5:016x}")), [4, 3, 1]),
        (RequestFilter(9, start_ns=NOON_S * SECOND + 4), [5, 4]),
        (RequestFilter(9, end_ns=NOON_S * SECOND + 3), [2, 1]),
        (RequestFilter(9, route="/quotes"), [3]),
        (RequestFilter(9, method="POST"), [4]),
        (RequestFilter(9, status_least=500), [5]),
        (RequestFilter(9, status_most=499, status_least=400), [4]),
        (RequestFilter(9, took_least_ns=5_000), [5, 2]),
        (RequestFilter(9, request_id="r-3"), [3]),
        (RequestFilter(9, trace_id=f"{3:032x}"), [3]),
        (RequestFilter(9, user_id="bob"), [2]),
        (RequestFilter(9, order_id="o-1"), [1]),
        (RequestFilter(9, kept_for=KeptFor.FAILED), [5]),
    ],
)
def test_what_is_wanted_is_found(
    requests: DatabaseRequests, wanted: RequestFilter, found: list[int]
) -> None:
    requests.save(
        [
            record(1, order_id="o-1"),
            record(2, took_ns=9_999, user_id="bob"),
            record(3, route="/quotes"),
            record(4, method="POST", status=422),
            record(5, reason=KeptFor.FAILED, status=500),
        ],
        [],
    )
    assert _numbers(requests.records(wanted)) == found


def test_after_an_hour_the_slowest_and_the_failed_stay(requests: DatabaseRequests) -> None:
    old_s = NOON_S - 2 * HOUR_S
    slow = [record(n, at_s=old_s) for n in range(1, 21)]
    failed = [record(n, at_s=old_s, reason=KeptFor.FAILED, status=500) for n in range(30, 40)]
    fresh = [record(n) for n in range(50, 60)]
    requests.save([*slow, *failed, *fresh], [])
    requests.tidy(NOON_S, 7)
    requests.tidy(NOON_S, 7)
    left = sorted(_numbers(requests.records(EVERYTHING)))
    assert left == [*range(21 - THINNED_KEEP, 21), *range(30, 40), *range(50, 60)]


def test_days_and_the_limit_hold(place: Place) -> None:
    requests = DatabaseRequests(place.database(), records_max=4)
    failed = {"reason": KeptFor.FAILED, "status": 500}
    requests.save([record(1, at_s=NOON_S - 3 * 86_400, **failed)], [])
    requests.save([record(n, **failed) for n in range(2, 4)], [])
    requests.tidy(NOON_S + 60, 2)
    assert _numbers(requests.records(EVERYTHING)) == [3, 2]
    requests.save([record(n, **failed) for n in range(4, 9)], [])
    requests.tidy(NOON_S + 60, 2)
    assert _numbers(requests.records(EVERYTHING)) == [8, 7, 6, 5]


def test_hours_stand_for_their_minutes(requests: DatabaseRequests) -> None:
    begin_s = NOON_S - 2 * HOUR_S
    minutes = [counted(begin_s + n * MINUTE_S, n + 1) for n in range(130)]
    requests.save([], [*minutes, counted(begin_s, 5, "/quotes")])
    before = summed(requests.figures(begin_s, NOON_S))
    requests.tidy(NOON_S + 600, 7)
    requests.tidy(NOON_S + 600, 7)
    after = requests.figures(begin_s, NOON_S)
    assert sorted({(one.at_s, one.length_s) for one in after}) == [
        (begin_s, HOUR_S),
        (begin_s + HOUR_S, HOUR_S),
    ]
    assert summed(after) == before
    # Where it begins in the middle of an hour the minutes are counted.
    cut = requests.figures(begin_s + 59 * MINUTE_S, NOON_S)
    assert summed(cut)["GET", "/orders"].count == sum(range(60, 121))


def test_old_minutes_go_and_old_hours_too(requests: DatabaseRequests) -> None:
    requests.save([], [counted(NOON_S, 3)])
    requests.tidy(NOON_S + HOUR_S + 600, 7)
    later_s = NOON_S + MINUTES_KEPT_S + HOUR_S
    requests.tidy(later_s, 7)
    # The minute itself is gone: its hour is told, also when only a part of it is asked for.
    found = requests.figures(NOON_S + 600, later_s)
    assert [(one.length_s, one.figures.count) for one in found] == [(HOUR_S, 3)]
    requests.tidy(NOON_S + HOURS_KEPT_S + HOUR_S, 7)
    assert requests.figures(NOON_S, later_s) == []
