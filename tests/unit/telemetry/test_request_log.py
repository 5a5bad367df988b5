"""Goal: of however many requests the slow and the failed stay, all are counted, memory is bounded.

Method: a log with a clock of its own; traces whose beginning is set back stand for slow requests.
"""

from types import SimpleNamespace

import pytest

from stockyard.telemetry import request_log
from stockyard.telemetry.records import KeptFor, RequestRecord, summed
from stockyard.telemetry.request_log import (
    BEYOND,
    FAILED_KEPT,
    REFUSED_KEPT,
    SLOWEST_KEPT,
    Answered,
    RequestLog,
    parent_of,
)
from stockyard.telemetry.traces import CURRENT, SPANS_MAX, Part, Spent, name_refusal, name_user

MS = 1_000_000
NOON = 1_767_355_200_000_000_000


class Asking:
    """Requests of a route, as long as they are said to be."""

    def __init__(self) -> None:
        self.wall_ns = NOON
        self.told: list[tuple[str, str, Answered]] = []
        self.log = RequestLog(
            lambda: self.wall_ns,
            lambda command, seq, status: f"order-{seq}" if command and status < 400 else "",
            lambda *told: self.told.append(told),
        )

    def ask(self, took_ms: int, status: int = 200, route: str = "/a", **headers: bytes) -> None:
        trace = self.log.begin()
        trace.head = SimpleNamespace(
            headers={name.encode(): value for name, value in headers.items()}, request_id="r-1"
        )
        trace.begun_ns -= took_ms * MS
        self.log.end(trace, "GET", route, status)

    def kept(self) -> list[RequestRecord]:
        return self.log.take()[0]


@pytest.fixture
def asking() -> Asking:
    return Asking()


def _ms(records: list[RequestRecord], reason: str) -> list[int]:
    return sorted(one.took_ns // MS for one in records if one.kept_for == reason)


def test_the_slowest_of_many_stay(asking: Asking) -> None:
    for n in range(1_000):
        asking.ask(900 if n % 333 == 100 else n % 7)
    found = asking.kept()
    assert _ms(found, KeptFor.SLOW) == [900] * SLOWEST_KEPT
    assert len(_ms(found, KeptFor.SAMPLE)) == 1
    assert asking.kept() == []


def test_what_failed_stays_however_fast(asking: Asking) -> None:
    for n in range(500):
        asking.ask(50 + n, 500 if n in (3, 400) else 200)
        asking.ask(1, 404)
    found = asking.kept()
    assert [one.status for one in found if one.kept_for == KeptFor.FAILED] == [500, 500]
    assert len(_ms(found, KeptFor.REFUSED)) == REFUSED_KEPT


def test_every_request_is_counted_and_few_are_kept(asking: Asking) -> None:
    for _ in range(3_000):
        asking.ask(1, 503)
    found = summed(asking.log.untaken())[("GET", "/a")]
    assert (found.count, found.failed, found.refused) == (3_000, 3_000, 0)
    assert found.percentile_ns(0.99) == pytest.approx(MS, rel=0.5)
    assert len(asking.kept()) <= FAILED_KEPT + SLOWEST_KEPT + 1


def test_routes_beyond_the_limit_are_one(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_log, "ROUTES_MAX", 2)
    for n in range(5):
        asking.ask(1, route=f"/{n}")
    found = summed(asking.log.untaken())
    assert {key: one.count for key, one in found.items()} == {
        ("GET", "/0"): 1,
        ("GET", "/1"): 1,
        BEYOND: 3,
    }


def test_a_minute_ends_with_the_machine_s(asking: Asking) -> None:
    asking.ask(1)
    asking.log._turn_ns = 0
    asking.wall_ns += 60_000 * MS
    asking.ask(1)
    asking.ask(1)
    assert [(one.at_s, one.figures.count) for one in asking.log.untaken()] == [
        (NOON // 10**9, 1),
        (NOON // 10**9 + 60, 2),
    ]
    _, minutes = asking.log.take()
    assert [one.figures.count for one in minutes] == [1]
    _, minutes = asking.log.take(all_minutes=True)
    assert [one.figures.count for one in minutes] == [2]


def test_minutes_nobody_takes_are_bounded(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_log, "MINUTES_WAITING_MAX", 3)
    for _ in range(5):
        asking.ask(1)
        asking.log._turn_ns = 0
    asking.ask(1)
    assert len(asking.log.untaken()) == 3 + 1
    assert asking.log.lost == 2


def test_parts_names_and_caches_are_told(asking: Asking) -> None:
    trace = asking.log.begin()
    trace.head = SimpleNamespace(headers={}, request_id="r-7")
    name_user("ann", "user:ann")
    begun = trace.begun_ns
    trace.decided("Placed", 12, begun + 5, (begun + 10, begun + 30, begun + 40, begun + 45))
    with Spent(Part.CACHE) as spent:
        spent.word = "company hit"
    with pytest.raises(ValueError, match="no"), Spent(Part.OUTSIDE, "example.com"):
        raise ValueError("no")
    asking.log.end(trace, "POST", "/orders", 201)
    (found,) = asking.kept()
    assert (found.user_id, found.request_id, found.order_id) == ("ann", "r-7", "order-12")
    assert (found.command, found.seq) == ("str", 12)
    assert [(one.part, one.word) for one in found.spans] == [
        (Part.WAITING, ""),
        (Part.JOURNAL, ""),
        (Part.ENGINE, ""),
        (Part.CACHE, "company hit"),
        (Part.OUTSIDE, "example.com failed"),
    ]
    assert [(one.begun_ns, one.took_ns) for one in found.spans[:3]] == [(5, 5), (10, 20), (40, 5)]
    figures = summed(asking.log.untaken())[("POST", "/orders")]
    assert figures.caches == {"company hit": 1}
    assert figures.parts[Part.JOURNAL] == 20


def test_a_refusal_is_named(asking: Asking) -> None:
    trace = asking.log.begin()
    name_refusal("unknown_order")
    asking.log.end(trace, "GET", "/orders/{order_id}", 404)
    assert [one.code for one in asking.kept()] == ["unknown_order"]


def test_parts_beyond_the_limit_are_counted(asking: Asking) -> None:
    trace = asking.log.begin()
    for _ in range(SPANS_MAX + 5):
        trace.note(Part.DATABASE, 0, 1)
    trace.decided(None, 1, 0, (0, 0, 0, 0))
    asking.log.end(trace, "GET", "/a", 200)
    (found,) = asking.kept()
    assert (len(found.spans), found.left_out) == (SPANS_MAX, 5 + 3)


def test_outside_of_a_request_nothing_is_noted(asking: Asking) -> None:
    asking.ask(1)
    assert CURRENT.get() is None
    with Spent(Part.DATABASE):
        name_user("nobody", "user:nobody")


def test_who_is_followed_is_kept_under_the_same_trace(asking: Asking) -> None:
    named = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    for n in range(100):
        asking.ask(100 + n)
        if n == 50:
            asking.ask(1, traceparent=named)
    (found,) = [one for one in asking.kept() if one.kept_for == KeptFor.ASKED]
    assert found.trace_id == "0af7651916cd43dd8448eb211c80319c"
    assert found.parent_id == "b7ad6b7169203331"


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        b"00-00000000000000000000000000000000-b7ad6b7169203331-01",
        b"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        b"00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
    ],
)
def test_a_header_that_names_nothing_is_passed_over(said: bytes) -> None:
    assert parent_of(said) == ("", "")


def test_a_line_is_told_once_in_a_while_and_of_every_failure(asking: Asking) -> None:
    for n in range(200):
        asking.ask(1, 500 if n in (50, 60) else 200)
    asking.ask(1, route="/b")
    assert [(route, one.status) for _, route, one in asking.told] == [
        ("/a", 200),
        ("/a", 500),
        ("/a", 500),
        ("/b", 200),
    ]
