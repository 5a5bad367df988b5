"""How many requests each route answered, how, and how fast.

Promises: as many series as there are routes, methods and statuses, however many paths are asked
for; noting one costs about a microsecond. Must not know: what a route does.
"""

from bisect import bisect_left
from collections import Counter
from typing import Final

BOUNDS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper bounds of the classes of durations, in seconds; what takes longer is in a last one."""
NOWHERE: Final = "unmatched"
"""The route of every path that has none."""
METHODS: Final = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
OTHER: Final = "other"
"""Any other method: a client may make up as many as it likes."""


class Durations:
    """Durations by class, and their sum in seconds."""

    __slots__ = ("counts", "total_s")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS_S) + 1)
        self.total_s = 0.0

    def note(self, seconds: float) -> None:
        """Count one."""
        self.counts[bisect_left(BOUNDS_S, seconds)] += 1
        self.total_s += seconds

    def buckets(self) -> list[tuple[str, float]]:
        """Upper bound and how many were not above it, as Prometheus wants them."""
        found, so_far = [], 0
        for bound, count in zip((*BOUNDS_S, None), self.counts, strict=True):
            so_far += count
            found.append(("+Inf" if bound is None else repr(bound), float(so_far)))
        return found


class RequestCounts:
    """Every request since the start, by (method, route, status)."""

    def __init__(self) -> None:
        self.answered: Counter[tuple[str, str, int]] = Counter()
        self.durations: dict[tuple[str, str], Durations] = {}

    def note(self, method: str, route: str, status: int, seconds: float | None) -> None:
        """Count one request; ``seconds`` None: how long it took is no figure."""
        if method not in METHODS:
            method = OTHER
        self.answered[method, route, status] += 1
        if seconds is None:
            return
        key = (method, route)
        found = self.durations.get(key)
        if found is None:
            found = self.durations[key] = Durations()
        found.note(seconds)
