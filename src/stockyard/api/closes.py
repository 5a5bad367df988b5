"""When stocks closed, and what an account was worth then.

Promises: what an account was worth at a close is read once it can no longer change. Must not know:
how it is shown.
"""

from bisect import bisect_left, bisect_right
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

from stockyard.api.door import Door
from stockyard.market.calendars import NEW_YORK, XNYS_ID, CalendarError, sessions
from stockyard.projections.rows import EquityRow

_NS: Final = 1_000_000_000
_DAY_NS: Final = 86_400 * _NS
_FORTNIGHT_NS: Final = 14 * _DAY_NS
KEPT_CLOSES: Final = 2
_FORTNIGHT: Final = timedelta(days=14)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def is_always(door: Door) -> bool:
    """Whether stocks trade day and night here."""
    kept = door.view.sessions.get(XNYS_ID, ())
    return bool(kept) and kept[-1].close_ns - kept[-1].open_ns > 20 * 3600 * _NS


def stock_calendar(door: Door) -> str:
    """The name of the calendar that stocks trade by here."""
    return "always" if is_always(door) else "xnys"


@lru_cache(maxsize=16_384)
def close_day(close_ns: int) -> int:
    """The day of a close, as rows hold it: every account asks for the same ones."""
    return day_number(new_york_day(close_ns))


def new_york_day(ns: int) -> date:
    """The calendar day in New York at a time."""
    return (_EPOCH + timedelta(microseconds=ns // 1_000)).astimezone(NEW_YORK).date()


def day_number(day: date) -> int:
    """A day as rows hold it: 20261120."""
    return day.year * 10_000 + day.month * 100 + day.day


def day_of(number: int) -> date:
    """The day that a row holds."""
    return date(number // 10_000, number // 100 % 100, number % 100)


def last_close_ns(door: Door, now_ns: int) -> int:
    """When the last regular session of stocks closed."""
    today = new_york_day(now_ns)
    closes = [s.close_ns for s in sessions(stock_calendar(door), today - _FORTNIGHT, today)]
    return closes[bisect_right(closes, now_ns) - 1]


def day_began_ns(calendar: str, now_ns: int) -> int:
    """The close before the trading day that goes on or, while none does, went on last."""
    found = closes_between(calendar, max(0, now_ns - _FORTNIGHT_NS), now_ns)
    if not found:
        return max(0, now_ns - _DAY_NS)
    ahead = closes_between(calendar, now_ns + 1, now_ns + _DAY_NS)
    goes_on = calendar == "always" or (
        bool(ahead) and new_york_day(ahead[0]) == new_york_day(now_ns)
    )
    return found[-1] if goes_on or len(found) < 2 else found[-2]


def closes_between(calendar: str, from_ns: int, to_ns: int) -> list[int]:
    """When stocks closed from one time until another, both included, in order."""
    first, last = new_york_day(from_ns).year, new_york_day(to_ns).year
    found = [ns for year in range(first, last + 1) for ns in _closes_of(calendar, year)]
    return found[bisect_left(found, from_ns) : bisect_right(found, to_ns)]


@lru_cache(maxsize=128)
def _closes_of(calendar: str, year: int) -> tuple[int, ...]:
    try:
        return tuple(s.close_ns for s in sessions(calendar, date(year, 1, 1), date(year, 12, 31)))
    except CalendarError:
        return ()


async def worth_at_close(door: Door, account_id: int, close_ns: int) -> EquityRow | None:
    """What an account was worth at a close, None if it is younger. Raises ``Refused``."""
    known = door.closing_equities.setdefault(account_id, {})
    if close_ns in known:
        return known[close_ns]
    is_past = door.view.ts >= close_ns
    found = await door.world.query(lambda store: store.equity_at(account_id, close_ns))
    if is_past:
        known[close_ns] = found
        while len(known) > KEPT_CLOSES:
            del known[min(known)]
    return found
