"""When stocks trade, in Alpaca's words: New York's wall time.

Promises: a clock is the world's, which a replay or a test moves. Where stocks trade day and night,
every day is one that trades, from 00:00 to 23:59, and the clock's next close and next open are both
the end of its trading day, 16:00 in New York. Must not know: any instrument.
"""

import asyncio
from bisect import bisect_left, bisect_right
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Final, NamedTuple

import msgspec

from stockyard.api.alpaca.errors import NOT_FOUND, Refusal, invalid
from stockyard.api.alpaca.routing import Call, Query, Reply, Route
from stockyard.api.closes import is_always as is_always
from stockyard.api.closes import stock_calendar as stock_calendar
from stockyard.api.door import Door, encode
from stockyard.market import xnys
from stockyard.market.calendars import NEW_YORK, XNYS_ID, sessions
from stockyard.model.codes import Phase
from stockyard.model.instruments import Session
from stockyard.people.identity import Scope

FIRST_DAY: Final = date(xnys.FIRST_YEAR, 1, 1)
LAST_DAY: Final = date(2029, 12, 31)
"""The days that can be asked for: Alpaca's end in 2029, and the exchange's tables begin in 1990."""
_NS: Final = 1_000_000_000
_DAY: Final = timedelta(days=1)
_AHEAD: Final = timedelta(days=14)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PHASES: Final = {
    Phase.PRE: "pre",
    Phase.OPEN: "core",
    Phase.POST: "post",
    Phase.CLOSED: "closed",
}


class Day(msgspec.Struct, frozen=True, gc=False):
    """A trading day as ``/v2/calendar`` shows it."""

    date: str
    open: str
    close: str
    session_open: str
    session_close: str
    settlement_date: str


class ClockNow(msgspec.Struct, frozen=True, gc=False):
    """What ``/v2/clock`` shows."""

    timestamp: str
    is_open: bool
    next_open: str
    next_close: str


class Market(msgspec.Struct, frozen=True, gc=False):
    """A market as ``/v3`` names it."""

    acronym: str
    mic: str
    name: str
    timezone: str = "America/New_York"
    bic: str | None = None


class MarketClock(msgspec.Struct, frozen=True, gc=False):
    """One market's clock as ``/v3/clock`` shows it."""

    market: Market
    timestamp: str
    is_market_day: bool
    next_market_open: str
    next_market_close: str
    phase: str
    phase_until: str


class MarketClocks(msgspec.Struct, frozen=True, gc=False):
    """What ``/v3/clock`` shows."""

    clocks: list[MarketClock]


class MarketDay(msgspec.Struct, frozen=True, gc=False):
    """A trading day as ``/v3/calendar`` shows it."""

    date: str
    pre_start: str | None
    pre_end: str | None
    core_start: str
    core_end: str
    post_start: str | None
    post_end: str | None
    settlement_date: str


class MarketDays(msgspec.Struct, frozen=True, gc=False):
    """What ``/v3/calendar/{market}`` shows."""

    market: Market
    calendar: list[MarketDay]


MARKETS: Final = {
    word: market
    for market in (
        Market("NYSE", "XNYS", "New York Stock Exchange"),
        Market("NASDAQ", "XNAS", "Nasdaq"),
        Market("AMEX", "XASE", "NYSE American"),
        Market("ARCA", "ARCX", "NYSE Arca"),
        Market("BATS", "BATS", "Cboe BZX"),
        Market("IEX", "IEXG", "Investors Exchange"),
    )
    for word in (market.acronym, market.mic)
}
"""The markets of stocks, which keep the same hours."""


class Days(NamedTuple):
    """Trading days in order: as dates, and as they are shown."""

    dates: list[str]
    days: list[Day]


@cache
def year_of(name: str, year: int) -> Days:
    """The trading days of a year of a calendar; reckoned once."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    if name == "always":
        count = (last - first).days + 1
        dates = [(first + _DAY * n).isoformat() for n in range(count + 1)]
        hours = [("00:00", "23:59", "0000", "2359")] * count
    else:
        found = sessions(name, first, last + _AHEAD)
        opens = [new_york(s.open_ns) for s in found]
        dates = [at.date().isoformat() for at in opens]
        count = bisect_right(dates, last.isoformat())
        hours = [_hours(opens[n], found[n]) for n in range(count)]
    return Days(
        dates[:count],
        [Day(dates[n], *hours[n], settlement_date=dates[n + 1]) for n in range(count)],
    )


def _hours(opens: datetime, session: Session) -> tuple[str, str, str, str]:
    """When a session opens and closes, and when its first trading begins and its last ends."""
    minute = opens.hour * 60 + opens.minute
    at = [
        minute + (ns - session.open_ns) // (60 * _NS)
        for ns in (session.open_ns, session.close_ns, session.begins_ns, session.ends_ns)
    ]
    begins, ends, first, last = (f"{n // 60:02d}:{n % 60:02d}" for n in at)
    return begins, ends, first.replace(":", ""), last.replace(":", "")


def new_york(ns: int) -> datetime:
    """A moment by New York's wall clock, to the second."""
    return (_EPOCH + timedelta(seconds=ns // _NS)).astimezone(NEW_YORK)


def local_text(ns: int) -> str:
    """A moment as RFC 3339 with New York's offset; a fraction of a second with nine digits."""
    text = new_york(ns).isoformat()
    return text if ns % _NS == 0 else f"{text[:19]}.{ns % _NS:09d}{text[19:]}"


def stock_sessions(door: Door, now_ns: int) -> tuple[Session, ...]:
    """The sessions of stocks that go on now or come next, two of them at least."""
    kept = door.view.sessions.get(XNYS_ID, ())
    ahead = kept[bisect_right(kept, now_ns, key=_ends_ns) :]
    if len(ahead) >= 2:
        return ahead
    today = new_york(now_ns).date()
    found = sessions(stock_calendar(door), today - _DAY, today + _AHEAD)
    return found[bisect_right(found, now_ns, key=_ends_ns) :]


def _ends_ns(session: Session) -> int:
    return session.ends_ns


def phase_of(session: Session, now_ns: int) -> tuple[int, int]:
    """The ``Phase`` of a moment, and when it ends; the session is the one going on or next."""
    if now_ns < session.begins_ns:
        return Phase.CLOSED, session.begins_ns
    if now_ns < session.open_ns:
        return Phase.PRE, session.open_ns
    if now_ns < session.close_ns:
        return Phase.OPEN, session.close_ns
    return Phase.POST, session.ends_ns


async def read_clock(call: Call) -> Reply:
    """GET /v2/clock: the regular session's."""
    now_ns = call.door.world.clock.now_ns()
    ahead = stock_sessions(call.door, now_ns)
    return Reply(
        200,
        encode(
            ClockNow(
                local_text(now_ns),
                phase_of(ahead[0], now_ns)[0] == Phase.OPEN,
                local_text(next(s.open_ns for s in ahead if s.open_ns > now_ns)),
                local_text(next(s.close_ns for s in ahead if s.close_ns > now_ns)),
            )
        ),
    )


async def read_clocks(call: Call) -> Reply:
    """GET /v3/clock: one for each of ``markets``; ``time`` in the place of now."""
    words = call.query.words("markets") or ["NYSE"]
    now_ns = call.query.moment("time") or call.door.world.clock.now_ns()
    today = new_york(now_ns).date()
    if not FIRST_DAY < today < LAST_DAY:
        raise invalid("time", today.isoformat(), f"use one after {FIRST_DAY} and before {LAST_DAY}")
    calendar = stock_calendar(call.door)
    found = sessions(calendar, today - _DAY, today + _AHEAD)
    ahead = found[bisect_right(found, now_ns, key=_ends_ns) :]
    phase, until_ns = phase_of(ahead[0], now_ns)
    trades = today.isoformat() in year_of(calendar, today.year).dates
    clocks = [
        MarketClock(
            market_of(word),
            local_text(now_ns),
            trades,
            local_text(next(s.open_ns for s in ahead if s.open_ns > now_ns)),
            local_text(next(s.close_ns for s in ahead if s.close_ns > now_ns)),
            _PHASES[phase],
            local_text(until_ns),
        )
        for word in dict.fromkeys(words)
    ]
    return Reply(200, encode(MarketClocks(clocks)))


def market_of(word: str) -> Market:
    """A market by its acronym or its code. Raises ``Refusal`` 404."""
    found = MARKETS.get(word.upper())
    if found is None:
        raise Refusal(
            404, NOT_FOUND, f"market not found: {word[:40]}; use one of {', '.join(MARKETS)}"
        )
    return found


def day_asked(query: Query, name: str, default: date) -> date:
    """A day as a date, or as a time whose date is meant. Raises ``Refusal``."""
    said = query.text(name)
    if said is None:
        return default
    try:
        return date.fromisoformat(said[:10])
    except ValueError:
        raise invalid(name, said, "use a date like 2026-01-31") from None


def days_asked(call: Call) -> list[Day]:
    """The trading days from ``start`` to ``end``, both included. Raises ``Refusal``."""
    start = day_asked(call.query, "start", FIRST_DAY)
    end = day_asked(call.query, "end", LAST_DAY)
    if start > end:
        raise invalid("start", start.isoformat(), f"use one that is not after end, {end}")
    name, found = stock_calendar(call.door), list[Day]()
    for year in range(max(start, FIRST_DAY).year, min(end, LAST_DAY).year + 1):
        dates, days = year_of(name, year)
        found += days[bisect_left(dates, start.isoformat()) : bisect_right(dates, end.isoformat())]
    return found


async def read_calendar(call: Call) -> Reply:
    """GET /v2/calendar. Many years are reckoned in a thread when they are first asked for."""
    return Reply(200, await asyncio.to_thread(lambda: encode(days_asked(call))))


async def read_market_calendar(call: Call) -> Reply:
    """GET /v3/calendar/{market}."""
    market, always = market_of(call.named["market"]), is_always(call.door)
    days = [_market_day(day, always) for day in await asyncio.to_thread(days_asked, call)]
    return Reply(200, encode(MarketDays(market, days)))


def _market_day(day: Day, always: bool) -> MarketDay:
    opens, closes = f"{day.date}T{day.open}:00", f"{day.date}T{day.close}:00"
    if always:
        return MarketDay(day.date, None, None, opens, closes, None, None, day.settlement_date)
    begins, ends = day.session_open, day.session_close
    return MarketDay(
        day.date,
        f"{day.date}T{begins[:2]}:{begins[2:]}:00",
        opens,
        opens,
        closes,
        closes,
        f"{day.date}T{ends[:2]}:{ends[2:]}:00",
        day.settlement_date,
    )


ROUTES: Final = (
    Route("GET", "/v2/clock", Scope.READ, read_clock),
    Route("GET", "/v2/calendar", Scope.READ, read_calendar),
    Route("GET", "/v3/clock", Scope.READ, read_clocks),
    Route("GET", "/v3/calendar/{market}", Scope.READ, read_market_calendar),
)
