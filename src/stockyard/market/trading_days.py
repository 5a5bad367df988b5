"""Which trading day a moment belongs to, for bars of a day.

Promises: days of an instrument never overlap; asking is quick while the day stays the same. Must
not know: what time it is now, or who asks.
"""

from datetime import UTC, datetime, time, timedelta
from typing import Final, NamedTuple

from stockyard.market.calendars import NEW_YORK, CalendarError, new_york_ns, sessions

_NS: Final = 1_000_000_000
_DAY_NS: Final = 86_400 * _NS
_DAY: Final = timedelta(days=1)
SESSION_MINUTES_YEAR: Final = 252 * 390
"""Minutes of regular trading a year: 252 sessions of six and a half hours."""
ALWAYS_MINUTES_YEAR: Final = 525_960
"""Minutes of a year of 365.25 days."""


class TradingDay(NamedTuple):
    """A day from ``start_ns`` up to but not including ``end_ns``, and its regular hours in it."""

    start_ns: int
    end_ns: int
    open_ns: int
    close_ns: int


class TradingDays:
    """The days of one calendar.

    ``xnys``: New York's calendar days with the exchange's regular hours; on a day without a
    session, or outside the years that are known, all of it is regular. ``always``: UTC days, all of
    them regular.
    """

    def __init__(self, calendar: str) -> None:
        self._follows_new_york = calendar == "xnys"
        self._day = TradingDay(0, 0, 0, 0)
        self.minutes_year = SESSION_MINUTES_YEAR if self._follows_new_york else ALWAYS_MINUTES_YEAR

    def of(self, ts: int) -> TradingDay:
        """The day that holds this moment, UTC ns."""
        if not self._day.start_ns <= ts < self._day.end_ns:
            self._day = self._new_york(ts) if self._follows_new_york else _utc(ts)
        return self._day

    def _new_york(self, ts: int) -> TradingDay:
        day = datetime.fromtimestamp(ts // _NS, UTC).astimezone(NEW_YORK).date()
        start, end = new_york_ns(day, time()), new_york_ns(day + _DAY, time())
        try:
            found = sessions("xnys", day, day)
        except CalendarError:
            found = ()
        if not found:
            return TradingDay(start, end, start, end)
        return TradingDay(start, end, found[0].open_ns, found[0].close_ns)


def _utc(ts: int) -> TradingDay:
    start = ts - ts % _DAY_NS
    return TradingDay(start, start + _DAY_NS, start, start + _DAY_NS)
