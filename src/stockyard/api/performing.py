"""An account's history and performance as they are shown.

Promises: every figure is that of ``analytics.performance``; money stays in integers until it is
text. Must not know: where the points come from.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from stockyard.analytics import performance as f
from stockyard.api import portfolio_answers as p
from stockyard.api.shapes import time_text
from stockyard.api.track import Point, Track, thinned, worths
from stockyard.model.numbers import format_cash, format_ratio

DAYS_A_YEAR: Final = {"xnys": 252, "always": 365}
_PERCENT_PLACES: Final = 4
_RATIO_PLACES: Final = 6


class Terms(NamedTuple):
    """What performance is reckoned by: ``free`` a year's return without risk, as a share."""

    account_id: str
    range: str
    calendar: str
    free: float
    benchmark: str


def percent(share: float | None) -> str | None:
    """A share as a percentage in text."""
    return None if share is None else ratio(share * 100, _PERCENT_PLACES)


def ratio(value: float | None, places: int = _RATIO_PLACES) -> str | None:
    """A figure as decimal text."""
    if value is None:
        return None
    text = f"{value:.{places}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def shown_history(account_id: str, name: str, window: str, track: Track) -> p.PortfolioHistory:
    """A range of an account's history."""
    begin, told = track.begin, [*track.points, track.now]
    grown = f.curve([one or 0.0 for one in f.daily_returns(_days(track, told))])
    invested = track.now.deposited - begin.deposited
    whole = begin.equity + max(0, invested)
    paid_in = {x.deposited: format_cash(x.deposited) for x in (begin, *told)}
    return p.PortfolioHistory(
        account_id,
        name,
        window,
        time_text(track.since_ns),
        _point(track.base, begin, 0.0, paid_in) if track.base is not None else None,
        [_point(told[n], begin, grown[n], paid_in) for n in thinned(len(told))],
        format_cash(invested),
        format_cash(track.gain),
        format_ratio(track.gain * 100, whole, _PERCENT_PLACES) if whole > 0 else None,
        percent(grown[-1]) or "0",
    )


def _days(track: Track, told: Sequence[Point]) -> list[f.Worth]:
    return [f.Worth(x.at_ns, x.equity / 1e6, x.deposited / 1e6) for x in (track.begin, *told)]


def _point(x: Point, begin: Point, grown: float, paid_in: Mapping[int, str]) -> p.PortfolioPoint:
    gain = x.equity - begin.equity - (x.deposited - begin.deposited)
    return p.PortfolioPoint(
        time_text(x.at_ns),
        format_cash(x.equity),
        paid_in[x.deposited],
        format_cash(gain),
        percent(grown) or "0",
        None if x.cash is None else format_cash(x.cash),
        None if x.market_value is None else format_cash(x.market_value),
    )


class Returns(NamedTuple):
    """Days' returns: ``ends[n]`` is when that of day ``n`` ended, ``begins[n]`` when it began."""

    begins: list[int]
    ends: list[int]
    values: list[float]


def returns_of(days: Sequence[f.Worth]) -> Returns:
    """The returns of those days on which there was something to earn them with."""
    found = Returns([], [], [])
    for (before, after), one in zip(pairwise(days), f.daily_returns(days), strict=True):
        if one is not None:
            found.begins.append(before.at_ns)
            found.ends.append(after.at_ns)
            found.values.append(one)
    return found


def shown_performance(terms: Terms, track: Track, prices: Mapping[int, int]) -> p.Performance:
    """An account's performance; ``prices``: the benchmark's at the ends of days."""
    days = worths(track)
    told = returns_of(days)
    values, year = told.values, DAYS_A_YEAR[terms.calendar]
    free = (1 + terms.free) ** (1 / year) - 1
    begin = track.begin
    best = max(range(len(values)), key=values.__getitem__, default=None)
    worst = min(range(len(values)), key=values.__getitem__, default=None)
    risen = sum(1 for one in values if one > 0)
    return p.Performance(
        terms.account_id,
        terms.range,
        time_text(track.since_ns),
        time_text(track.now.at_ns),
        len(values),
        year,
        ratio(terms.free * 100) or "0",
        format_cash(begin.equity),
        format_cash(track.now.equity),
        format_cash(track.now.deposited - begin.deposited),
        format_cash(track.gain),
        percent(f.total_return(values)) or "0",
        percent(f.money_weighted(days)),
        percent(f.annual_return(values, year)),
        percent(f.volatility(values, year)),
        ratio(f.sharpe(values, year, free)),
        ratio(f.sortino(values, year, free)),
        ratio(f.calmar(values, year)),
        _fall(told),
        _day(told, best),
        _day(told, worst),
        percent(risen / len(values)) if values else None,
        _benchmark(terms, told, prices, year, free),
        _curve(told, prices),
    )


def _fall(told: Returns) -> p.Fall | None:
    found = f.drawdown(told.values)
    if found.depth >= 0:
        return None
    ends = [told.begins[0], *told.ends]
    back = found.recovered
    return p.Fall(
        percent(found.depth) or "0",
        time_text(ends[found.peak]),
        time_text(ends[found.trough]),
        None if back is None else time_text(ends[back]),
    )


def _day(told: Returns, at: int | None) -> p.DayReturn | None:
    if at is None:
        return None
    return p.DayReturn(time_text(told.ends[at]), percent(told.values[at]) or "0")


def _benchmark(
    terms: Terms, told: Returns, prices: Mapping[int, int], year: int, free: float
) -> p.Benchmark | None:
    """The comparison on those days on which both are known, None where there is no such day."""
    ours, theirs = [], []
    for begin, end, one in zip(*told, strict=True):
        if begin in prices and end in prices:
            ours.append(one)
            theirs.append(prices[end] / prices[begin] - 1)
    if not ours:
        return None
    compared = f.against(ours, theirs, year, free)
    total = f.total_return(theirs)
    return p.Benchmark(
        terms.benchmark,
        len(theirs),
        percent(total) or "0",
        percent(f.total_return(ours) - total) or "0",
        percent(f.annual_return(theirs, year)),
        percent(f.volatility(theirs, year)),
        ratio(f.sharpe(theirs, year, free)),
        percent(f.drawdown(theirs).depth) or "0",
        percent(compared.alpha),
        ratio(compared.beta),
        ratio(compared.correlation),
    )


def _curve(told: Returns, prices: Mapping[int, int]) -> list[p.ReturnPoint]:
    if not told.values:
        return []
    moments = [told.begins[0], *told.ends]
    grown = [0.0, *f.curve(told.values)]
    first = next((prices[ns] for ns in moments if ns in prices), 0)
    return [
        p.ReturnPoint(
            time_text(moments[n]),
            percent(grown[n]) or "0",
            percent(prices[moments[n]] / first - 1) if moments[n] in prices else None,
        )
        for n in thinned(len(moments))
    ]
