"""How an account has done: what it was worth at each close, and since the last one.

Promises: the row of the daily snapshot where there is one, else the sample of that moment; what was
before the account's last reset does not count. Must not know: which figures are made of it.
"""

from collections.abc import Mapping, Sequence
from datetime import time
from typing import Final, NamedTuple

from stockyard.analytics import performance
from stockyard.api.closes import close_day, closes_between, day_began_ns, new_york_day
from stockyard.api.problems import Problem
from stockyard.market.calendars import new_york_ns
from stockyard.people.portfolio_days import PortfolioDay
from stockyard.projections.curve import worth_at
from stockyard.projections.rows import AccountRow, EquityRow
from stockyard.projections.store import ReadStore

POINTS_MAX: Final = 500
"""Points of one curve; of more, every so-manyth is shown."""
_NS: Final = 1_000_000_000
_DAY_NS: Final = 86_400 * _NS
_FORTNIGHT_NS: Final = 14 * _DAY_NS
_DOLLAR: Final = 1e6


class Range(NamedTuple):
    """``days`` back, 0 for all; ``window_s``: how far its points lie apart, a day's are closes."""

    days: int
    window_s: int
    window: str


RANGES: Final = {
    "1D": Range(1, 60, "1m"),
    "1W": Range(7, 900, "15m"),
    "1M": Range(31, 900, "15m"),
    "3M": Range(92, 86_400, "1d"),
    "6M": Range(183, 86_400, "1d"),
    "YTD": Range(366, 86_400, "1d"),
    "1Y": Range(366, 86_400, "1d"),
    "5Y": Range(1827, 86_400, "1d"),
    "ALL": Range(0, 86_400, "1d"),
}


class Point(NamedTuple):
    """An account at one moment, in micro-dollars; the last two where the snapshot of a close has
    them.
    """

    at_ns: int
    equity: int
    deposited: int
    cash: int | None = None
    market_value: int | None = None


class Track(NamedTuple):
    """``base``: as it was when the range began, None where the account (or its last reset) is
    younger; ``points`` from then on, in order, and ``now``. ``since_ns``: when it all begins.
    """

    base: Point | None
    points: list[Point]
    now: Point
    since_ns: int

    @property
    def begin(self) -> Point:
        """Where gains count from: a young account began with nothing, and was then paid into."""
        return self.base or Point(self.since_ns, 0, 0)

    @property
    def gain(self) -> int:
        """What was won or lost, without what came in or went out."""
        begin = self.begin
        return self.now.equity - begin.equity - (self.now.deposited - begin.deposited)


def range_named(text: str, *others: str) -> tuple[str, Range]:
    """A range by its name; ``others``: those that cannot be asked for here. Raises ``Problem``."""
    name = text.upper()
    if name not in RANGES or name in others:
        known = [one for one in RANGES if one not in others]
        raise Problem(
            422,
            "invalid_parameter",
            "there is no such range",
            f"send one of {', '.join(known)}",
            field="range",
        )
    return name, RANGES[name]


def begins_ns(name: str, calendar: str, now_ns: int) -> int:
    """When a range begins; 0 for all there is."""
    if name == "ALL":
        return 0
    if name == "YTD":
        wanted = new_york_ns(new_york_day(now_ns).replace(month=1, day=1), time())
    elif name == "1D":
        # Of the day that goes on or, while none does, of the last one.
        wanted = day_began_ns(calendar, now_ns)
    else:
        wanted = max(0, now_ns - RANGES[name].days * _DAY_NS)
    return wanted


def _closed_before(calendar: str, ns: int) -> int:
    """The last close up to a time, or that time where there is none."""
    before = closes_between(calendar, max(0, ns - _FORTNIGHT_NS), ns)
    return before[-1] if before else ns


def at_closes(
    store: ReadStore,
    kept: Sequence[PortfolioDay],
    account: AccountRow,
    now: Point,
    calendar: str,
    from_ns: int,
) -> Track:
    """The account at each close, from the last one before a time on. ``kept``: its rows of daily
    snapshots.
    """
    from_ns = _closed_before(calendar, from_ns) if from_ns else 0
    since = max(from_ns, account.created_ns, account.reset_ns)
    moments = closes_between(calendar, since, now.at_ns)
    rows = _by_day(kept, account.reset_ns)
    found = _points(store, account.account_id, moments, rows, now.at_ns)
    points = [one for one in found if one is not None]
    base = None
    if since == from_ns and points and points[0].at_ns == from_ns:
        base = points.pop(0)
    return Track(base, points, now, since)


def _by_day(kept: Sequence[PortfolioDay], since_ns: int) -> dict[int, PortfolioDay]:
    return {row.day: row for row in kept if row.as_of_ns > since_ns}


def _points(
    store: ReadStore,
    account_id: int,
    moments: Sequence[int],
    rows: Mapping[int, PortfolioDay],
    now_ns: int,
) -> list[Point | None]:
    """The account at some closes, None where nobody knows."""
    days = [close_day(ns) for ns in moments]
    unknown = [ns for ns, day in zip(moments, days, strict=True) if day not in rows]
    sampled = dict(zip(unknown, worth_at(store, account_id, unknown, now_ns), strict=True))
    found: list[Point | None] = []
    for ns, day in zip(moments, days, strict=True):
        row = rows.get(day)
        if row is not None:
            figures = row.cash_micros, row.market_value_micros
            found.append(Point(ns, row.equity_micros, row.deposited_micros, *figures))
            continue
        worth = sampled[ns]
        found.append(None if worth is None else Point(ns, *worth))
    return found


def of_samples(
    store: ReadStore, account: AccountRow, now: Point, window_s: int, from_ns: int
) -> Track:
    """The account at the end of each window in which something moved it, from a time on; of many
    windows every so-manyth.
    """
    since = max(from_ns, account.created_ns, account.reset_ns)
    rows = [
        row
        for row in store.equities(account.account_id, window_s, since)
        if since < row.start_ns + row.window_s * _NS <= now.at_ns
    ]
    points = [_sampled(rows[n]) for n in thinned(len(rows), POINTS_MAX - 1)]
    base = None
    if account.created_ns < from_ns and account.reset_ns < from_ns:
        row = store.equity_at(account.account_id, from_ns)
        base = None if row is None else _sampled(row)
    return Track(base, points, now, since)


def _sampled(row: EquityRow) -> Point:
    at_ns = row.start_ns + row.window_s * _NS
    return Point(at_ns, row.equity_micros, row.deposited_micros)


def worths(track: Track) -> list[performance.Worth]:
    """The track as days of performance: from where gains count, to now where that is later."""
    told = [track.begin, *track.points]
    if track.now.at_ns > told[-1].at_ns:
        told.append(track.now)
    return [
        performance.Worth(one.at_ns, one.equity / _DOLLAR, one.deposited / _DOLLAR) for one in told
    ]


def thinned(count: int, most: int = 0) -> list[int]:
    """Which of so many points are shown: at most ``most`` (0: ``POINTS_MAX``), with the last."""
    step = -(-count // (most or POINTS_MAX)) or 1
    return list(range((count - 1) % step, count, step)) if count else []
