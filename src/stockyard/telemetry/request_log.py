"""Every request counted, and a few of them kept: the slowest, the failed, and some of the others.

Promises: a request costs a few microseconds and no wait; memory is bounded whatever is asked for;
in every period each route keeps its slowest and what failed. Must not know: where what is taken
from here goes.
"""

import re
import secrets
from collections.abc import Callable, Iterator
from heapq import heappush, heapreplace
from time import perf_counter_ns
from typing import Final, NamedTuple

from stockyard.telemetry.histogram import class_of
from stockyard.telemetry.records import (
    MINUTE_S,
    Figures,
    KeptFor,
    RequestRecord,
    RouteFigures,
    Span,
)
from stockyard.telemetry.traces import CURRENT, Part, Trace

SLOWEST_KEPT: Final = 3
"""Of one route in a period."""
FAILED_KEPT: Final = 20
REFUSED_KEPT: Final = 3
ASKED_KEPT: Final = 10
ROUTES_MAX: Final = 2_000
"""Routes that are told apart; there are a few hundred."""
BEYOND: Final = ("other", "other")
"""The route of any beyond them."""
MINUTES_WAITING_MAX: Final = 5_000
"""Figures of routes and minutes that wait to be taken."""
REQUEST_ID_LENGTH_MAX: Final = 64
_NS: Final = 1_000_000_000
_MINUTE_NS: Final = MINUTE_S * _NS
_PARENT: Final = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_NOBODY: Final = (b"0" * 32, b"0" * 16)
OrderName = Callable[[object, int, int], str]
"""The public id of the order that a command was about, from the command, its record's seq and the
status of the answer; empty for none."""


class Answered(NamedTuple):
    """A request that was answered."""

    took_ns: int
    status: int
    trace: Trace


Line = Callable[[str, str, Answered], None]
"""Tells one request to the log: method, route, and the rest."""


class _Route:
    """One route: its figures of this minute, and what is kept of this period."""

    __slots__ = ("asked", "failed", "figures", "line_ns", "refused", "sample", "seen", "slowest")

    def __init__(self) -> None:
        self.figures = Figures()
        self.line_ns = 0
        self.clear()

    def clear(self) -> None:
        """Begin a period."""
        self.seen = 0
        self.slowest: list[tuple[int, int, Answered]] = []
        self.failed: list[Answered] = []
        self.refused: list[Answered] = []
        self.asked: list[Answered] = []
        self.sample: Answered | None = None

    def kept(self) -> Iterator[tuple[Answered, str]]:
        """Each request of this period that is kept, once, with the reason."""
        told: set[int] = set()
        for answered, reason in (
            *((one, KeptFor.FAILED) for one in self.failed),
            *((one, KeptFor.ASKED) for one in self.asked),
            *((one, KeptFor.REFUSED) for one in self.refused),
            *((one, KeptFor.SLOW) for _, _, one in self.slowest),
            *(((self.sample, KeptFor.SAMPLE),) if self.sample is not None else ()),
        ):
            if id(answered.trace) not in told:
                told.add(id(answered.trace))
                yield answered, reason


class RequestLog:
    """All requests of one door. ``wall_ns``: the machine's time, UTC.

    ``line``: what is told of a request, at most once in ``line_ns`` for each route, and of each one
    that failed; None for nothing.
    """

    def __init__(
        self,
        wall_ns: Callable[[], int],
        order_name: OrderName,
        line: Line | None = None,
        line_ns: int = _NS,
    ) -> None:
        self._wall_ns, self._order_name = wall_ns, order_name
        self._line, self._line_ns = line, line_ns
        self._routes: dict[tuple[str, str], _Route] = {}
        self._minutes: list[RouteFigures] = []
        self._after_ns = self._minute_s = self._turn_ns = 0
        self.lost = 0
        """Figures of a route and minute that nobody took in time."""
        self._set_clock()

    def begin(self) -> Trace:
        """A request has come in."""
        trace = Trace()
        CURRENT.set(trace)
        return trace

    def end(self, trace: Trace, method: str, route: str, status: int) -> int:
        """It was answered; how long that took, ns."""
        ended_ns = perf_counter_ns()
        CURRENT.set(None)
        if ended_ns >= self._turn_ns:
            self._turn()
        took_ns = ended_ns - trace.begun_ns
        found = self._routes.get((method, route))
        if found is None:
            found = self._new_route(method, route)
        figures = found.figures
        figures.count += 1
        figures.total_ns += took_ns
        if took_ns > figures.slowest_ns:
            figures.slowest_ns = took_ns
        number, classes = class_of(took_ns), figures.classes
        classes[number] = classes.get(number, 0) + 1
        parts = figures.parts
        for part, begun, over, word in trace.spans:
            parts[part] = parts.get(part, 0) + over - begun
            if part == Part.CACHE:
                figures.caches[word] = figures.caches.get(word, 0) + 1
        found.seen += 1
        seen, slowest = found.seen, found.slowest
        if len(slowest) < SLOWEST_KEPT:
            heappush(slowest, (took_ns, seen, Answered(took_ns, status, trace)))
        elif took_ns > slowest[0][0]:
            heapreplace(slowest, (took_ns, seen, Answered(took_ns, status, trace)))
        elif not seen & (seen - 1):
            # The last of those whose number is a power of two: one from anywhere in the period.
            found.sample = Answered(took_ns, status, trace)
        if status >= 400:
            self._keep_refused(found, Answered(took_ns, status, trace))
        head = trace.head
        if head is not None and b"traceparent" in head.headers and len(found.asked) < ASKED_KEPT:
            found.asked.append(Answered(took_ns, status, trace))
        if self._line is not None and (ended_ns >= found.line_ns or status >= 500):
            found.line_ns = ended_ns + self._line_ns
            self._line(method, route, Answered(took_ns, status, trace))
        return took_ns

    def _keep_refused(self, found: _Route, answered: Answered) -> None:
        if answered.status >= 500:
            found.figures.failed += 1
            if len(found.failed) < FAILED_KEPT:
                found.failed.append(answered)
        else:
            found.figures.refused += 1
            if len(found.refused) < REFUSED_KEPT:
                found.refused.append(answered)

    def _new_route(self, method: str, route: str) -> _Route:
        key = (method, route) if len(self._routes) < ROUTES_MAX else BEYOND
        return self._routes.setdefault(key, _Route())

    def _set_clock(self) -> None:
        """Look at the machine's time again; it may have been set."""
        now_ns = perf_counter_ns()
        wall_ns = self._wall_ns()
        self._after_ns = wall_ns - now_ns
        self._minute_s = wall_ns // _MINUTE_NS * MINUTE_S
        self._turn_ns = now_ns + _MINUTE_NS - wall_ns % _MINUTE_NS

    def _turn(self) -> None:
        """A minute is over."""
        self._minutes += self._now()
        for one in self._routes.values():
            one.figures = Figures()
        if len(self._minutes) > MINUTES_WAITING_MAX:
            beyond = len(self._minutes) - MINUTES_WAITING_MAX
            self.lost += beyond
            del self._minutes[:beyond]
        self._set_clock()

    def _now(self) -> list[RouteFigures]:
        return [
            RouteFigures(self._minute_s, MINUTE_S, method, route, one.figures)
            for (method, route), one in self._routes.items()
            if one.figures.count
        ]

    def untaken(self) -> list[RouteFigures]:
        """Figures that nobody took yet, this minute's among them, as they are now."""
        if perf_counter_ns() >= self._turn_ns:
            self._turn()
        found = []
        for one in (*self._minutes, *self._now()):
            figures = Figures()
            figures.add(one.figures)
            found.append(RouteFigures(one.at_s, one.length_s, one.method, one.route, figures))
        return found

    def take(self, *, all_minutes: bool = False) -> tuple[list[RequestRecord], list[RouteFigures]]:
        """What this period kept, and the figures of minutes that are over; a new period begins.

        ``all_minutes``: this minute's too, because there is no later.
        """
        if all_minutes or perf_counter_ns() >= self._turn_ns:
            self._turn()
        records = [
            self._record(method, route, answered, reason)
            for (method, route), one in self._routes.items()
            for answered, reason in one.kept()
        ]
        for one in self._routes.values():
            if one.seen:
                one.clear()
        minutes, self._minutes = self._minutes, []
        self._set_after()
        records.sort(key=lambda record: record.at_ns)
        return records, minutes

    def _set_after(self) -> None:
        self._after_ns = self._wall_ns() - perf_counter_ns()

    def _record(self, method: str, route: str, answered: Answered, reason: str) -> RequestRecord:
        trace = answered.trace
        head, begun_ns = trace.head, trace.begun_ns
        trace_id, parent_id = parent_of(head.headers.get(b"traceparent", b"") if head else b"")
        return RequestRecord(
            secrets.token_hex(8),
            trace_id or secrets.token_hex(16),
            parent_id,
            self._after_ns + begun_ns,
            method,
            route,
            answered.status,
            answered.took_ns,
            head.request_id[:REQUEST_ID_LENGTH_MAX] if head else "",
            trace.user_id,
            self._order_name(trace.command, trace.seq, answered.status),
            type(trace.command).__name__ if trace.command is not None else "",
            trace.seq,
            trace.code,
            reason,
            [
                Span(part, begun - begun_ns, ended - begun, word)
                for part, begun, ended, word in sorted(trace.spans, key=lambda span: span[1])
            ],
            trace.left_out,
        )


def parent_of(traceparent: bytes) -> tuple[str, str]:
    """Trace and parent that a header names; empty where it names none that can be."""
    found = _PARENT.fullmatch(traceparent)
    if found is None or traceparent.startswith(b"ff") or found[1] == _NOBODY[0]:
        return "", ""
    if found[2] == _NOBODY[1]:
        return "", ""
    return found[1].decode(), found[2].decode()
