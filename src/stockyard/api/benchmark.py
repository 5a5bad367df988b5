"""What a benchmark cost at given closes, from the bars that are kept.

Promises: a price of the past is read once; a close at which nothing was traded has none. Must not
know: what is compared with it.
"""

from collections.abc import Sequence
from typing import Final

from stockyard.model.ticks import DAY_S, Bar
from stockyard.runtime.history import HistoryReader

SYMBOL: Final = "SPY"
HOUR_S: Final = 3_600
KEPT_MAX: Final = 20_000
"""Prices that are remembered."""
BARS_MAX: Final = 12_000
_NS: Final = 1_000_000_000
_DAY_NS: Final = DAY_S * _NS
SETTLED_NS: Final = 7 * _DAY_NS
"""So long before the last close asked for, a close without a price is remembered to have none."""


class BenchmarkPrices:
    """Prices of benchmarks at closes, remembered; one for each door."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], int] = {}

    def at(
        self, reader: HistoryReader, instrument_id: int, closes: Sequence[int]
    ) -> dict[int, int]:
        """The price at each of these closes (in order) that is known, scaled like the instrument's;
        called in the history's thread. Raises ``StorageError``.
        """
        known = self._known
        missing = [ns for ns in closes if (instrument_id, ns) not in known]
        found = {ns: known.get((instrument_id, ns), 0) for ns in closes}
        if missing:
            known, settled_ns = dict(known), closes[-1] - SETTLED_NS
            days = _of_days(reader, instrument_id, missing)
            for ns in missing:
                bar = _of_hour(reader, instrument_id, ns) or days.get(ns)
                found[ns] = 0 if bar is None else bar.close
                if ns < settled_ns or (bar is not None and bar.final):
                    known[instrument_id, ns] = found[ns]
            if len(known) > KEPT_MAX:
                known = dict(list(known.items())[-KEPT_MAX // 2 :])
            self._known = known
        return {ns: price for ns, price in found.items() if price}


def _of_days(reader: HistoryReader, instrument_id: int, closes: Sequence[int]) -> dict[int, Bar]:
    """The bars of the days of these closes; a day that goes on has none yet."""
    bars = reader.bars(instrument_id, DAY_S, closes[0] - _DAY_NS, closes[-1] + 1, BARS_MAX)
    found: dict[int, Bar] = {}
    at = 0
    for bar in bars:
        while at < len(closes) and closes[at] < bar.start_ns:
            at += 1
        if at == len(closes):
            break
        if bar.final and closes[at] - bar.start_ns < _DAY_NS:
            found[closes[at]] = bar
    return found


def _of_hour(reader: HistoryReader, instrument_id: int, close_ns: int) -> Bar | None:
    """The last hour in which it was traded before a close, None where that was another day's."""
    bars = reader.newest_bars(instrument_id, HOUR_S, close_ns, 1)
    return bars[0] if bars and close_ns - bars[0].start_ns <= _DAY_NS else None
