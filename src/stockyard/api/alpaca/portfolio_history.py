"""What an account was worth over time, in Alpaca's words: windows of a timeframe, each named by its
beginning, with the equity at its end.

Promises: equity is what was sampled then, and the present one in the window that is going on; gains
do not count what was paid in or taken out. Numbers are written digit by digit, as exact as they are
kept. Must not know: how samples are taken.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import date, time, timedelta
from typing import Final, NamedTuple

import msgspec

from stockyard.api.alpaca.activities import COIN_FEE, FEE, FILL, OF_KIND, TYPES, fee_type
from stockyard.api.alpaca.clock import (
    FIRST_DAY,
    LAST_DAY,
    day_asked,
    new_york,
    stock_calendar,
)
from stockyard.api.alpaca.errors import PARAMETER, Refusal, invalid
from stockyard.api.alpaca.routing import Call, Query, Reply, Route
from stockyard.api.door import encode
from stockyard.market.calendars import new_york_ns, sessions
from stockyard.model import events as e
from stockyard.model.instruments import Session
from stockyard.model.numbers import format_cash, format_ratio
from stockyard.people.identity import Scope
from stockyard.projections.curve import Samples, Worth, read_samples
from stockyard.projections.equity import NS
from stockyard.projections.store import Page, ReadStore

TIMEFRAMES: Final = {"1Min": 60, "5Min": 300, "15Min": 900, "1H": 3_600, "1D": 86_400}
REPORTINGS: Final = ("market_hours", "extended_hours", "continuous")
RESETS: Final = ("per_day", "no_reset")
MINUTES_DAYS_MAX: Final = 7
INTRADAY_DAYS_MAX: Final = 31
CASHFLOWS_MAX: Final = 20_000
"""Bookings that one answer adds up."""
_PERIOD: Final = re.compile(r"([1-9][0-9]{0,3})([DWMA])", re.ASCII)
_UNIT_DAYS: Final = {"D": 1, "W": 7, "M": 30, "A": 365}
_DAY: Final = timedelta(days=1)
_DAY_NS: Final = 86_400 * NS
_PLACES: Final = 10


class History(msgspec.Struct, gc=False):
    """What is shown; numbers are written as text is."""

    timestamp: list[int]
    equity: list[msgspec.Raw]
    profit_loss: list[msgspec.Raw]
    profit_loss_pct: list[msgspec.Raw | None]
    base_value: msgspec.Raw
    base_value_asof: str
    timeframe: str
    cashflow: dict[str, list[msgspec.Raw]]


class Window(NamedTuple):
    """A stretch of time: ``day`` is the day whose gains it counts to."""

    start_ns: int
    end_ns: int
    day: date


class Asked(NamedTuple):
    """What is to be shown."""

    from_ns: int
    to_ns: int
    timeframe: str
    reporting: str
    per_day: bool
    cashflows: frozenset[str]


def asked(call: Call, now_ns: int) -> Asked:
    """What a request asks for. Raises ``Refusal``."""
    query, calendar = call.query, stock_calendar(call.door)
    period = query.text("period")
    start_ns, end_ns = query.moment("start"), _end_ns(query)
    if period is not None and start_ns and end_ns:
        raise Refusal(422, PARAMETER, "at most two of period, start and end may be sent")
    if not (period is None or _PERIOD.fullmatch(period.upper())):
        raise invalid("period", period, "use a number and D, W, M or A, as 1M")
    until_ns = min(end_ns or now_ns, now_ns)
    if start_ns and period is not None:
        until_ns = min(now_ns, start_ns + _nominal_days(period) * _DAY_NS)
        from_ns, days = start_ns, _nominal_days(period)
    elif start_ns:
        from_ns, days = start_ns, -(-(until_ns - start_ns) // _DAY_NS)
    else:
        period = period or "1M"
        from_ns = _begin_ns(calendar, period.upper(), until_ns, _reporting(query))
        days = _nominal_days(period)
    if from_ns >= until_ns:
        raise invalid("start", query.text("start") or "", "use a time before end, and before now")
    return Asked(
        max(from_ns, new_york_ns(FIRST_DAY, time())),
        until_ns,
        _timeframe(query, days),
        _reporting(query),
        query.choice("pnl_reset", {word: word == RESETS[0] for word in RESETS}, RESETS[0]),
        _cashflows(query),
    )


def _end_ns(query: Query) -> int:
    if query.text("date_end") is None:
        return query.moment("end")
    if query.text("end") is not None:
        raise Refusal(422, PARAMETER, "date_end cannot go with end")
    day = day_asked(query, "date_end", LAST_DAY)
    if not FIRST_DAY <= day <= LAST_DAY:
        raise invalid("date_end", day.isoformat(), f"use a day from {FIRST_DAY} to {LAST_DAY}")
    return new_york_ns(day + _DAY, time())


def _nominal_days(period: str) -> int:
    return int(period[:-1]) * _UNIT_DAYS[period[-1].upper()]


def _begin_ns(calendar: str, period: str, until_ns: int, reporting: str) -> int:
    """Where a period begins that ends then: one of days with the first of as many sessions that
    have begun, each as it is reported.
    """
    number, unit = int(period[:-1]), period[-1]
    last = new_york(until_ns)
    if unit == "D":
        first = max(last.date() - _DAY * (2 * number + 10), FIRST_DAY)
        if reporting == REPORTINGS[2]:
            return max(0, until_ns - number * _DAY_NS)
        found = sessions(calendar, first, last.date() + _DAY)
        opens = [s.open_ns if reporting == REPORTINGS[0] else s.begins_ns for s in found]
        begun = opens[: bisect_right(opens, until_ns - 1)]
        return begun[-number:][0] if begun else 0
    if unit == "W":
        return max(0, until_ns - 7 * number * _DAY_NS)
    months = (last.year * 12 + last.month - 1) - number * (12 if unit == "A" else 1)
    if months < FIRST_DAY.year * 12:
        return new_york_ns(FIRST_DAY, time())
    year, month = divmod(months, 12)
    most = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - _DAY).day
    return new_york_ns(date(year, month + 1, min(last.day, most)), last.time())


def _timeframe(query: Query, days: int) -> str:
    said = query.text("timeframe")
    if said is None:
        if days < MINUTES_DAYS_MAX:
            return "1Min"
        return "15Min" if days < 30 else "1D"
    query.choice("timeframe", TIMEFRAMES, "1D")
    most = MINUTES_DAYS_MAX if said == "1Min" else INTRADAY_DAYS_MAX
    if said != "1D" and days > most:
        right = f"use 1D, or at most {most} days"
        raise invalid("timeframe", said, right)
    return said


def _reporting(query: Query) -> str:
    default = REPORTINGS[1] if query.flag("extended_hours") else REPORTINGS[0]
    return query.choice("intraday_reporting", {word: word for word in REPORTINGS}, default)


def _cashflows(query: Query) -> frozenset[str]:
    words = [word.upper() for word in query.words("cashflow_types")]
    if not words or words == ["NONE"]:
        return frozenset()
    booked = frozenset((*OF_KIND.values(), FEE, COIN_FEE))
    if words == ["ALL"]:
        return booked
    for word in words:
        if word not in TYPES or word == FILL:
            raise invalid("cashflow_types", word, "use ALL, NONE or types of activities as CSD")
    return frozenset(words)


def windows(calendar: str, wanted: Asked) -> list[Window]:
    """The windows to show, in order."""
    step_ns = TIMEFRAMES[wanted.timeframe] * NS
    if wanted.timeframe != "1D" and wanted.reporting == "continuous":
        first = wanted.from_ns - wanted.from_ns % step_ns
        return [
            Window(at, min(at + step_ns, wanted.to_ns), new_york(at).date())
            for at in range(first, wanted.to_ns, step_ns)
        ]
    begin, end = new_york(wanted.from_ns).date(), new_york(wanted.to_ns).date()
    found = sessions(calendar, max(begin, FIRST_DAY), min(end + _DAY, LAST_DAY))
    extended = wanted.reporting == "extended_hours"
    return [
        window
        for session in found
        for window in _of_session(session, wanted, step_ns, extended)
        if window.end_ns > wanted.from_ns
    ]


def _of_session(session: Session, wanted: Asked, step_ns: int, extended: bool) -> Iterator[Window]:
    day = new_york(session.close_ns).date()
    if wanted.timeframe == "1D":
        if session.open_ns < wanted.to_ns:
            yield Window(session.open_ns, min(session.close_ns, wanted.to_ns), day)
        return
    begin, end = session.open_ns, session.close_ns
    if extended:
        begin, end = session.begins_ns, session.ends_ns
    for at in range(begin, min(end, wanted.to_ns), step_ns):
        yield Window(at, min(at + step_ns, end, wanted.to_ns), day)


def read_cashflows(
    store: ReadStore,
    account_id: int,
    types: frozenset[str],
    shown: Sequence[Window],
    charged: dict[int, str],
) -> dict[str, list[int]]:
    """What was booked in each window, by type, in micro-dollars. Raises ``Refusal``.

    What was booked between two windows counts to the later one.
    """
    found = {word: [0] * len(shown) for word in sorted(types)}
    if not types or not shown:
        return found
    page = Page(
        CASHFLOWS_MAX + 1,
        True,
        None,
        store.first_seq_from(shown[0].start_ns),
        store.first_seq_from(shown[-1].end_ns),
    )
    if page.to_seq <= page.from_seq:
        return found
    kinds = [kind for kind, word in OF_KIND.items() if word in types]
    booked = store.statement(account_id, kinds, page)
    fees = {n: word for n, word in charged.items() if word in types}
    filled = store.executions(account_id, page, list(fees)) if fees else []
    if len(booked) + len(filled) > CASHFLOWS_MAX:
        raise invalid("cashflow_types", "too many", "ask for fewer types, or a shorter time")
    ends = [window.end_ns for window in shown]
    for _, _, ts, event in (*booked, *filled):
        index = bisect_right(ends, ts)
        if index < len(shown):
            word = OF_KIND.get(type(event)) or fees[event.instrument_id]  # type: ignore[union-attr]
            found[word][index] += _moved(event)
    return found


def _moved(x: e.Event) -> int:
    """What an event moved in cash, as its activity tells it."""
    if isinstance(x, e.CashDeposited):
        return x.amount_micros
    if isinstance(x, e.CashWithdrawn | e.InterestCharged | e.FundingPaid):
        return -x.amount_micros
    if isinstance(x, e.AccountReset):
        return x.cash_change_micros
    return -sum(micros for _, micros in x.fees) if isinstance(x, e.OrderFilled) else 0


def _number(text: str) -> msgspec.Raw:
    return msgspec.Raw(text.encode())


def history(
    wanted: Asked, shown: Sequence[Window], samples: Samples, base_ns: int, now: Worth, now_ns: int
) -> History:
    """The curve, whose gains count from ``base_ns`` on; before the first sample an account was
    worth nothing and had been paid nothing.
    """
    begin = samples.at(base_ns) or Worth(0, 0)
    whole = begin
    base, day = begin, shown[0].day if shown else None
    last = begin
    resets = wanted.per_day and wanted.timeframe != "1D"
    equity, gains, ratios = [], [], list[msgspec.Raw | None]()
    for window in shown:
        if resets and window.day != day:
            base, day = last, window.day
        there = now if window.end_ns >= now_ns else samples.at(window.end_ns) or Worth(0, 0)
        if base.equity == 0 and base.deposited == 0 and there.deposited:
            # What is young began with what was paid in first.
            base = Worth(there.deposited, there.deposited)
        if whole.equity == 0 and whole.deposited == 0:
            whole = base
        gain = there.equity - base.equity - (there.deposited - base.deposited)
        equity.append(_number(format_cash(there.equity)))
        gains.append(_number(format_cash(gain)))
        ratio = _number(format_ratio(gain, base.equity, _PLACES)) if base.equity > 0 else None
        ratios.append(ratio)
        last = there
    return History(
        [window.start_ns // NS for window in shown],
        equity,
        gains,
        ratios,
        _number(format_cash(now.deposited if whole == Worth(0, 0) else whole.equity)),
        new_york(base_ns).date().isoformat(),
        wanted.timeframe,
        {},
    )


async def read_history(call: Call) -> Reply:
    """GET /v2/account/portfolio/history. Years of windows are reckoned in the reader's thread."""
    door, account_id = call.door, call.caller.account_id
    now_ns = door.world.clock.now_ns()
    calendar, wanted = stock_calendar(door), asked(call, now_ns)
    charged = {row.instrument_id: fee_type(row) for row in door.view.instruments.values()}
    deposited = door.view.accounts[account_id].deposited_micros
    now = Worth(door.view.equity_micros(account_id), deposited)

    def work(store: ReadStore) -> bytes:
        shown = windows(calendar, wanted)
        base_ns = _base_ns(calendar, wanted, shown)
        samples = read_samples(store, account_id, base_ns, now_ns)
        found = history(wanted, shown, samples, base_ns, now, now_ns)
        flows = read_cashflows(store, account_id, wanted.cashflows, shown, charged)
        found.cashflow = {
            word: [_number(format_cash(micros)) for micros in moved]
            for word, moved in flows.items()
        }
        return encode(found)

    return Reply(200, await door.world.query(work))


def _base_ns(calendar: str, wanted: Asked, shown: Sequence[Window]) -> int:
    """From when gains count: the last close before the first window, or where that begins."""
    first_ns = shown[0].start_ns if shown else wanted.from_ns
    if wanted.reporting == "continuous" and wanted.timeframe != "1D":
        return first_ns
    day = new_york(first_ns).date()
    if day <= FIRST_DAY:
        return first_ns
    found = sessions(calendar, max(day - _DAY * 14, FIRST_DAY), day)
    return max((s.close_ns for s in found if s.close_ns <= first_ns), default=first_ns)


ROUTES: Final = (Route("GET", "/v2/account/portfolio/history", Scope.READ, read_history),)
