"""What a benchmark hands back: figures with their aim and what they were measured against.

Promises: plain data that travels between processes as JSON. Must not know: how anything is measured
or shown.
"""

from collections.abc import Callable, Sequence
from math import ceil, log2
from statistics import median

import msgspec


class Figure(msgspec.Struct):
    """One measured value. ``value`` None: it could not be had, ``note`` says why.

    ``aim`` is what was hoped for, in words; ``met`` None where there is none. ``ratio`` is the
    value divided by what ``against`` names, measured in the same run.
    """

    name: str
    about: str
    value: float | None
    unit: str
    aim: str = ""
    met: bool | None = None
    against: str = ""
    ratio: float | None = None
    note: str = ""


class Growth(msgspec.Struct):
    """How a cost grows while something is doubled: ``rows`` are (how many, cost)."""

    name: str
    about: str
    counted: str
    unit: str
    rows: list[tuple[int, float]]
    note: str = ""

    @property
    def per_doubling(self) -> float:
        """The factor by which the cost grows, on average, when the number doubles."""
        (first, low), (last, high) = self.rows[0], self.rows[-1]
        return float((high / low) ** (1 / log2(last / first)))


class Report(msgspec.Struct):
    """Everything one benchmark found, with sentences on how."""

    figures: list[Figure] = []
    growths: list[Growth] = []
    notes: list[str] = []


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least ``share`` of the values do not pass (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


def median_of(rounds: int, measure: Callable[[], float]) -> float:
    """The median of several measurements."""
    return median([measure() for _ in range(rounds)])
