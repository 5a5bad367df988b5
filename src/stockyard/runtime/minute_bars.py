"""Minutes of trading, told when they are over: once each, and again where late trades changed one.

Promises: a minute is told at the first look after its end, by the world's clock, whether or not a
trade follows; one that late trades changed is told again when it takes no more; one that ended
longer than ``OLD_NS`` before the look before, as those of before a restart, is told to nobody.
Memory is bounded by the bars that may still change. Must not know: who listens.
"""

from typing import Final

from stockyard.model.ticks import CONSOLIDATED, DAY_S, MINUTE_S, Bar

OLD_NS: Final = 120 * 1_000_000_000
_MINUTE_NS: Final = MINUTE_S * 1_000_000_000
_NEVER: Final = 2**63


class MinuteBars:
    """The minutes and days of all instruments that may still change."""

    def __init__(self) -> None:
        self._minutes: dict[tuple[int, int], Bar] = {}
        self._told: dict[tuple[int, int], Bar] = {}
        self._days: dict[int, Bar] = {}
        self._due_ns = _NEVER
        self._looked_ns = 0

    def take(self, bar: Bar) -> None:
        """Note how a bar stands now."""
        if bar.source != CONSOLIDATED:
            return
        if bar.window_s == MINUTE_S:
            self._minutes[bar.instrument_id, bar.start_ns] = bar
            self._due_ns = min(self._due_ns, bar.start_ns + _MINUTE_NS)
        elif bar.window_s == DAY_S:
            known = self._days.get(bar.instrument_id)
            if known is None or bar.start_ns >= known.start_ns:
                self._days[bar.instrument_id] = bar

    def over(self, now_ns: int) -> tuple[list[Bar], list[Bar]]:
        """The minutes that are over and were not told, and those that are told again."""
        before_ns, self._looked_ns = self._looked_ns or now_ns, now_ns
        if now_ns < self._due_ns:
            return [], []
        fresh, changed, old_ns = [], [], before_ns - OLD_NS
        over = [key for key in self._minutes if key[1] + _MINUTE_NS <= now_ns]
        for key in sorted(over, key=_by_time):
            bar, told = self._minutes.pop(key), self._told.get(key)
            if told is None:
                if key[1] + _MINUTE_NS > old_ns:
                    fresh.append(bar)
                self._told[key] = bar
            elif bar.final and _figures(bar) != _figures(told):
                changed.append(bar)
            if bar.final:
                del self._told[key]
        for key in [key for key in self._told if key[1] <= old_ns - OLD_NS]:
            del self._told[key]
        self._due_ns = min((key[1] + _MINUTE_NS for key in self._minutes), default=_NEVER)
        return fresh, changed

    def day(self, instrument_id: int) -> Bar | None:
        """The day of an instrument so far."""
        return self._days.get(instrument_id)


def _figures(bar: Bar) -> tuple[int, ...]:
    return (bar.open, bar.high, bar.low, bar.close, bar.volume, bar.value, bar.count)


def _by_time(key: tuple[int, int]) -> tuple[int, int]:
    return key[1], key[0]
