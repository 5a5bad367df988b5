"""When stocks closed, and what an account was worth then.

Promises: what an account was worth at a close is read once it can no longer change. Must not know:
how it is shown.
"""

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from typing import Final

from stockyard.api.door import Door
from stockyard.market.calendars import NEW_YORK, XNYS_ID, sessions
from stockyard.projections.rows import EquityRow

_NS: Final = 1_000_000_000
_FORTNIGHT: Final = timedelta(days=14)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def is_always(door: Door) -> bool:
    """Whether stocks trade day and night here."""
    kept = door.view.sessions.get(XNYS_ID, ())
    return bool(kept) and kept[-1].close_ns - kept[-1].open_ns > 20 * 3600 * _NS


def stock_calendar(door: Door) -> str:
    """The name of the calendar that stocks trade by here."""
    return "always" if is_always(door) else "xnys"


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


async def worth_at_close(door: Door, account_id: int, close_ns: int) -> EquityRow | None:
    """What an account was worth at a close, None if it is younger. Raises ``Refused``."""
    known = door.closing_equities.get(account_id)
    if known is not None and known[0] == close_ns:
        return known[1]
    is_past = door.view.ts >= close_ns
    found = await door.world.query(lambda store: store.equity_at(account_id, close_ns))
    if is_past:
        door.closing_equities[account_id] = (close_ns, found)
    return found
