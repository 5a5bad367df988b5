"""Trading calendars as sessions in UTC nanoseconds.

Promises: sessions come in order, never overlap, and follow New York's clock through daylight
saving. Must not know: what time it is now, or who trades in a session.

Sources: the New York Stock Exchange's hours (early trading from 04:00, regular from 09:30 to 16:00,
late until 20:00; early closes at 13:00, before 1993 at 14:00, with late trading for four hours);
its holidays and early closes are the generated tables of ``xnys``.
"""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from stockyard.market import xnys
from stockyard.model.instruments import Session

XNYS_ID: Final = 1
ALWAYS_ID: Final = 2
CALENDAR_NAMES: Final = {XNYS_ID: "xnys", ALWAYS_ID: "always"}
"""Calendar ids as instruments carry them, and the names ``sessions`` takes."""

NEW_YORK: Final = ZoneInfo("America/New_York")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)
_DAY: Final = timedelta(days=1)
_PRE_OPEN: Final = time(4, 0)
_OPEN: Final = time(9, 30)
_CLOSE: Final = time(16, 0)


class CalendarError(ValueError):
    """An unknown calendar, or dates it does not reach; the message says what would be right."""


def new_york_ns(day: date, at: time) -> int:
    """UTC nanoseconds of a New York wall-clock time on a day."""
    return (datetime.combine(day, at, tzinfo=NEW_YORK) - _EPOCH) // _SECOND * 1_000_000_000


def sessions(
    name: str, first: date, last: date, closures: Collection[date] = ()
) -> tuple[Session, ...]:
    """Sessions whose trading day lies in ``first`` to ``last``, both included.

    ``xnys``: regular and extended trading hours, weekdays without holidays. ``always``: one session
    a calendar day without a gap between them; each ends at 16:00 New York of its trading day.
    ``closures``: further days on which XNYS stays shut, announced after the tables were made.
    Raises ``CalendarError`` for an unknown name, and for XNYS outside the years the tables cover.
    """
    days = [first + _DAY * n for n in range((last - first).days + 1)]
    if name == "always":
        return tuple(
            Session(new_york_ns(day - _DAY, _CLOSE), new_york_ns(day, _CLOSE)) for day in days
        )
    if name != "xnys":
        known = " or ".join(CALENDAR_NAMES.values())
        raise CalendarError(f'there is no calendar "{name}"; use {known}')
    if days and (first.year < xnys.FIRST_YEAR or last.year > xnys.LAST_YEAR):
        raise CalendarError(
            f"the XNYS calendar covers {xnys.FIRST_YEAR} to {xnys.LAST_YEAR},"
            f" not {first.isoformat()} to {last.isoformat()}"
        )
    return tuple(
        _xnys_session(day)
        for day in days
        if day.weekday() < 5 and _number(day) not in _HOLIDAYS and day not in closures
    )


def _xnys_session(day: date) -> Session:
    close = _xnys_close(day)
    return Session(
        new_york_ns(day, _OPEN),
        new_york_ns(day, close),
        new_york_ns(day, _PRE_OPEN),
        new_york_ns(day, time(close.hour + 4)),
    )


def _xnys_close(day: date) -> time:
    number = _number(day)
    if number in _CLOSES_AT_13:
        return time(13, 0)
    return time(14, 0) if number in _CLOSES_AT_14 else _CLOSE


def _number(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day


_HOLIDAYS: Final = frozenset(xnys.HOLIDAYS)
_CLOSES_AT_13: Final = frozenset(xnys.CLOSES_AT_13)
_CLOSES_AT_14: Final = frozenset(xnys.CLOSES_AT_14)
