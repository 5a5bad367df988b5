"""What an account was worth at any moment, told by the samples that were kept of it.

Promises: the finest sample that had ended by then, and of times so long ago that only days are kept
the sample of the day. Must not know: how a curve is drawn.
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, NamedTuple

from stockyard.projections.equity import NS
from stockyard.projections.rows import EquityRow
from stockyard.projections.store import ReadStore

_DAY_NS: Final = 86_400 * NS
_MIDDLE_KEPT_NS: Final = 61 * _DAY_NS
"""So long ago there are samples of a quarter of an hour; before, of days only."""
_FINE_KEPT_NS: Final = 7 * _DAY_NS


class Worth(NamedTuple):
    """What an account was worth at a moment, and what had been paid into it by then."""

    equity: int
    deposited: int


class Samples:
    """What an account was worth, by the samples that were kept."""

    def __init__(self, rows: Sequence[EquityRow], days: Sequence[EquityRow], days_to_ns: int):
        """``rows``: of minutes and quarters of an hour; ``days``: of UTC days, which count until
        ``days_to_ns``.
        """
        ordered = sorted(rows, key=lambda row: (row.start_ns + row.window_s * NS, row.window_s))
        self._ends = [row.start_ns + row.window_s * NS for row in ordered]
        self._rows = ordered
        self._day_starts = [row.start_ns for row in days]
        self._days = days
        self._days_to_ns = days_to_ns

    def at(self, ns: int) -> Worth | None:
        """What it was worth then; None before the first sample.

        A time long ago is told by the sample of its UTC day, which ends a few hours later.
        """
        found = None
        index = bisect_right(self._ends, ns) - 1
        if index >= 0:
            found = self._rows[index]
        if found is None or ns < self._days_to_ns:
            index = bisect_right(self._day_starts, min(ns, self._days_to_ns) - 1) - 1
            if index >= 0:
                found = self._days[index]
        return None if found is None else Worth(found.equity_micros, found.deposited_micros)


def read_samples(store: ReadStore, account_id: int, from_ns: int, now_ns: int) -> Samples:
    """The samples of an account from a time on, and the last before it."""
    middle_from = max(from_ns, now_ns - _MIDDLE_KEPT_NS)
    fine_from = max(from_ns, now_ns - _FINE_KEPT_NS)
    rows = store.equities(account_id, 900, middle_from) + store.equities(account_id, 60, fine_from)
    days = store.equities(account_id, 86_400, from_ns - _DAY_NS)
    return Samples(rows, days, now_ns - _MIDDLE_KEPT_NS)


def worth_at(
    store: ReadStore, account_id: int, moments: Sequence[int], now_ns: int
) -> list[Worth | None]:
    """What an account was worth at some moments, in order; None before its first sample.

    Reads no more than is asked for: a row a moment, and of times long ago a row a day.
    """
    old_to = now_ns - _MIDDLE_KEPT_NS
    old = [ns for ns in moments if ns < old_to]
    days: list[EquityRow] = []
    if old:
        days = store.equities(account_id, 86_400, old[0] - _DAY_NS)
    samples = Samples((), days, old_to)
    found = [samples.at(ns) for ns in old]
    for ns in moments[len(old) :]:
        row = store.equity_at(account_id, ns)
        found.append(None if row is None else Worth(row.equity_micros, row.deposited_micros))
    return found
