"""Bars of any length out of the bars that are kept.

Promises: a folded bar has the first open, the last close, the extremes and the sums of its parts;
windows shorter than a day divide it and begin at whole multiples of themselves since 1970 (UTC); a
week is that of its trading days, from Monday. Must not know: where bars are kept.
"""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from stockyard.model.ticks import DAY_S, WINDOWS_S, Bar

WEEK_S: Final = 7 * DAY_S
_NS: Final = 1_000_000_000
_HALF_DAY_NS: Final = DAY_S * _NS // 2
_MONDAY_NS: Final = 4 * DAY_S * _NS
"""1970 began on a Thursday: the first Monday was the fifth of January."""
_WINDOW: Final = re.compile(r"([1-9][0-9]{0,3})(s|m|h|d|w)", re.ASCII)
_UNITS_S: Final = {"s": 1, "m": 60, "h": 3600, "d": DAY_S, "w": WEEK_S}


class WindowError(ValueError):
    """Text that names no window; the message says what would be right."""


class Window(NamedTuple):
    """A length of bars, and the kept length it is folded from (its own where it is kept)."""

    seconds: int
    kept_s: int

    @property
    def parts_max(self) -> int:
        """How many kept bars one of them may have: a week has seven days where nothing closes."""
        return self.seconds // self.kept_s

    def start_ns(self, bar_ns: int) -> int:
        """Where the window begins that holds a kept bar beginning at ``bar_ns``."""
        length_ns = self.seconds * _NS
        if self.seconds < DAY_S:
            return bar_ns // length_ns * length_ns
        if self.seconds == DAY_S:
            return bar_ns
        # A trading day may begin on the evening before: its middle lies on the day it is named for.
        day_ns = bar_ns + _HALF_DAY_NS
        return (day_ns - _MONDAY_NS) // length_ns * length_ns + _MONDAY_NS


def window_of(text: str) -> Window:
    """The window that text such as ``1s``, ``15m``, ``4h``, ``1d`` or ``1w`` names.

    Raises ``WindowError``.
    """
    match = _WINDOW.fullmatch(text)
    seconds = int(match[1]) * _UNITS_S[match[2]] if match is not None else 0
    if seconds not in (DAY_S, WEEK_S) and (not 0 < seconds < DAY_S or DAY_S % seconds):
        raise WindowError("use 1s, 1m, 5m, 15m, 30m, 1h, 4h, 1d, 1w, or what else divides a day")
    kept_s = max(length for length in WINDOWS_S if seconds % length == 0)
    return Window(seconds, kept_s)


def fold(bars: Iterable[Bar], window: Window) -> list[Bar]:
    """Bars of ``window`` out of kept bars of one instrument and source, in order of time."""
    folded: list[Bar] = []
    for bar in bars:
        start_ns = window.start_ns(bar.start_ns)
        if folded and folded[-1].start_ns == start_ns:
            folded[-1] = joined(folded[-1], bar)
        else:
            folded.append(begun(bar, start_ns, window.seconds))
    return folded


def begun(bar: Bar, start_ns: int, seconds: int) -> Bar:
    """A longer bar with this one as its first part."""
    return Bar(
        bar.instrument_id,
        bar.source,
        seconds,
        start_ns,
        bar.open,
        bar.high,
        bar.low,
        bar.close,
        bar.volume,
        bar.value,
        bar.count,
        bar.revision,
        bar.final,
    )


def joined(one: Bar, other: Bar) -> Bar:
    """Two bars as one; a part without a price, such as one of odd lots only, adds its volume.

    A bar of which no source told the value (0) leaves that of the whole unknown.
    """
    is_known = (one.value or not one.volume) and (other.value or not other.volume)
    return Bar(
        one.instrument_id,
        one.source,
        one.window_s,
        one.start_ns,
        one.open or other.open,
        max(one.high, other.high),
        min(one.low, other.low) if one.low and other.low else one.low or other.low,
        other.close or one.close,
        one.volume + other.volume,
        one.value + other.value if is_known else 0,
        one.count + other.count,
        one.revision + other.revision,
        one.final and other.final,
    )
