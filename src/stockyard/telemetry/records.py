"""What is kept of requests: figures of all of them by route and minute, and a few of them whole.

Promises: values only; figures of two stretches of time add up to those of both. Must not know:
which requests are kept, or where.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from stockyard.telemetry.histogram import percentile_ns

MINUTE_S: Final = 60
HOUR_S: Final = 3_600


class KeptFor:
    """Why a request was kept whole."""

    FAILED: Final = "failed"
    """We failed: a status of 500 or more."""
    ASKED: Final = "asked"
    """Whoever asked follows it (``traceparent``, W3C Trace Context)."""
    SLOW: Final = "slow"
    """Among the slowest of its route in these seconds."""
    REFUSED: Final = "refused"
    SAMPLE: Final = "sample"


KEPT_FOR: Final = (
    KeptFor.FAILED,
    KeptFor.ASKED,
    KeptFor.SLOW,
    KeptFor.REFUSED,
    KeptFor.SAMPLE,
)


class Span(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A part of a request's time; ``begun_ns`` after the request's own beginning."""

    part: str
    begun_ns: int
    took_ns: int
    word: str = ""


class RequestRecord(msgspec.Struct, frozen=True, gc=False):
    """A request that was kept whole.

    ``span_id`` is its own name, ``trace_id`` and ``parent_id`` those of what it belongs to, in hex
    (W3C Trace Context). ``command``: what was sent to the engine, journaled as ``seq``. ``code``:
    the rule that refused it. ``left_out``: parts beyond those that are kept.
    """

    span_id: str
    trace_id: str
    parent_id: str
    at_ns: int
    method: str
    route: str
    status: int
    took_ns: int
    request_id: str
    user_id: str
    order_id: str
    command: str
    seq: int
    code: str
    kept_for: str
    spans: list[Span]
    left_out: int = 0


class Figures(msgspec.Struct, array_like=True):
    """All requests of one route in a stretch of time.

    ``classes``: how many fell into each class of durations (``histogram``); ``parts``: ns by part;
    ``caches``: reads by cache and outcome.
    """

    count: int = 0
    failed: int = 0
    refused: int = 0
    total_ns: int = 0
    slowest_ns: int = 0
    classes: dict[int, int] = msgspec.field(default_factory=dict)
    parts: dict[str, int] = msgspec.field(default_factory=dict)
    caches: dict[str, int] = msgspec.field(default_factory=dict)

    def add(self, other: "Figures") -> None:
        """Count another's requests too."""
        self.count += other.count
        self.failed += other.failed
        self.refused += other.refused
        self.total_ns += other.total_ns
        self.slowest_ns = max(self.slowest_ns, other.slowest_ns)
        for mine, theirs in (
            (self.parts, other.parts),
            (self.caches, other.caches),
        ):
            for word, amount in theirs.items():
                mine[word] = mine.get(word, 0) + amount
        for number, amount in other.classes.items():
            self.classes[number] = self.classes.get(number, 0) + amount

    def percentile_ns(self, share: float) -> int:
        """What this share of the requests did not take longer than."""
        return min(percentile_ns(self.classes, share), self.slowest_ns)


class RouteFigures(msgspec.Struct, frozen=True):
    """The figures of a route in the ``length_s`` seconds from ``at_s``, UTC."""

    at_s: int
    length_s: int
    method: str
    route: str
    figures: Figures


def summed(found: Iterable[RouteFigures]) -> dict[tuple[str, str], Figures]:
    """Figures by method and route."""
    sums: dict[tuple[str, str], Figures] = {}
    for one in found:
        key = (one.method, one.route)
        if key not in sums:
            sums[key] = Figures()
        sums[key].add(one.figures)
    return sums
