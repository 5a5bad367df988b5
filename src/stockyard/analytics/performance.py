"""How well money did: returns, risk and comparison of a series of days.

Promises: pure functions of floats; a figure that the days do not determine is None, never an
infinity or a NaN. Must not know: accounts, calendars, or how anything is shown.

Sources: time-weighted return by linking the days' returns (GIPS 2020, section 2), money that came
in counted from the beginning of its day and money that went out until the end of it; the
money-weighted return is the internal rate of return of the whole stretch. Sharpe (1994), Sortino
and Price (1994) and the regression on a benchmark as in ``empyrical``, whose figures these agree
with.
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

RATE_MAX: Final = 1e12
"""A money-weighted return beyond this is none."""
_HALVINGS: Final = 200


class Worth(NamedTuple):
    """What there was at the end of a day, and what had come in from outside by then, in all."""

    at_ns: int
    equity: float
    deposited: float


class Drawdown(NamedTuple):
    """The deepest fall: ``depth`` (not above zero) from the end of day ``peak`` to that of day
    ``trough``, made good at the end of day ``recovered``, None while it is not. Days count from 1,
    0 is the beginning.
    """

    depth: float
    peak: int
    trough: int
    recovered: int | None


class Against(NamedTuple):
    """A comparison with a benchmark: ``alpha`` a year, ``beta``, and their correlation."""

    alpha: float | None
    beta: float | None
    correlation: float | None


def daily_returns(days: Sequence[Worth]) -> list[float | None]:
    """The return of each day after the first, None where there was nothing to earn it with."""
    return [_return(before, after) for before, after in pairwise(days)]


def _return(before: Worth, after: Worth) -> float | None:
    flow = after.deposited - before.deposited
    begun = before.equity + max(flow, 0.0)
    if begun <= 0:
        return None
    return (after.equity - min(flow, 0.0)) / begun - 1


def total_return(returns: Sequence[float]) -> float:
    """What the days brought together: the time-weighted return of their stretch."""
    grown = 1.0
    for one in returns:
        grown *= 1 + one
    return grown - 1


def curve(returns: Sequence[float]) -> list[float]:
    """The total return up to the end of each day."""
    grown, found = 1.0, []
    for one in returns:
        grown *= 1 + one
        found.append(grown - 1)
    return found


def annual_return(returns: Sequence[float], days_a_year: int) -> float | None:
    """The total return as the same rate every year."""
    if not returns:
        return None
    grown = 1 + total_return(returns)
    if grown < 0:
        return None
    return _finite(lambda: grown ** (days_a_year / len(returns)) - 1)


def volatility(returns: Sequence[float], days_a_year: int) -> float | None:
    """The standard deviation of a year's return, from that of the days."""
    spread = _deviation(returns)
    return None if spread is None else spread * math.sqrt(days_a_year)


def sharpe(returns: Sequence[float], days_a_year: int, free: float = 0.0) -> float | None:
    """The mean return beyond ``free`` (a day's) for its standard deviation, a year's."""
    beyond = [one - free for one in returns]
    spread = _deviation(beyond)
    if spread is None or spread < 1e-15:
        return None
    return _mean(beyond) / spread * math.sqrt(days_a_year)


def sortino(returns: Sequence[float], days_a_year: int, least: float = 0.0) -> float | None:
    """The mean return beyond ``least`` (a day's) for its falls below it, a year's."""
    if len(returns) < 2:
        return None
    beyond = [one - least for one in returns]
    below = math.sqrt(math.fsum(min(one, 0.0) ** 2 for one in beyond) / len(beyond))
    if below < 1e-15:
        return None
    return _mean(beyond) * days_a_year / (below * math.sqrt(days_a_year))


def drawdown(returns: Sequence[float]) -> Drawdown:
    """The deepest fall from what had been reached; the beginning counts as reached."""
    high = grown = 1.0
    high_at = 0
    found = Drawdown(0.0, 0, 0, 0)
    goal = 1.0
    for day, one in enumerate(returns, 1):
        grown *= 1 + one
        if found.recovered is None and grown >= goal:
            found = found._replace(recovered=day)
        if grown > high:
            high, high_at = grown, day
        depth = (grown - high) / high
        if depth < found.depth:
            found, goal = Drawdown(depth, high_at, day, None), high
    return found


def calmar(returns: Sequence[float], days_a_year: int) -> float | None:
    """A year's return for the deepest fall."""
    depth, year = drawdown(returns).depth, annual_return(returns, days_a_year)
    return None if depth >= 0 or year is None else year / -depth


def against(
    returns: Sequence[float], benchmark: Sequence[float], days_a_year: int, free: float = 0.0
) -> Against:
    """The regression on a benchmark's returns of the same days."""
    assert len(returns) == len(benchmark)
    if len(returns) < 2:
        return Against(None, None, None)
    ours, theirs = [one - free for one in returns], [one - free for one in benchmark]
    mean, other = _mean(ours), _mean(theirs)
    square = math.fsum((b - other) ** 2 for b in theirs)
    product = math.fsum((a - mean) * (b - other) for a, b in zip(ours, theirs, strict=True))
    own = math.fsum((a - mean) ** 2 for a in ours)
    if square / len(theirs) < 1e-30:
        return Against(None, None, None)
    beta = product / square
    alpha = _finite(lambda: (1 + mean - beta * other) ** days_a_year - 1)
    related = None if own <= 0 else product / math.sqrt(square * own)
    return Against(alpha, beta, related)


def money_weighted(days: Sequence[Worth]) -> float | None:
    """The rate at which what was there and came in would have grown into what there is now, over
    the whole stretch; None where none of at least -100 % would. Where several would (money went
    in and out in turn) it is the one that a search upwards meets first.

    Money that came in counts from the beginning of its day, money that went out to the end of it.
    """
    if len(days) < 2:
        return None
    begin, end = days[0], days[-1]
    length = end.at_ns - begin.at_ns
    if length <= 0:
        return None
    flows = [(begin.equity, 1.0)] if begin.equity else []
    for before, after in pairwise(days):
        flow = after.deposited - before.deposited
        if flow:
            counted_ns = before.at_ns if flow > 0 else after.at_ns
            flows.append((flow, (end.at_ns - counted_ns) / length))

    def short(growth: float) -> float:
        return math.fsum(flow * growth**share for flow, share in flows) - end.equity

    return _root(short) if flows else None


def _root(short: Callable[[float], float]) -> float | None:
    """Where a function of the growth (1 + rate) is zero, found by halving; a rate."""
    low, high = 0.0, 2.0
    at_low = short(low)
    if at_low == 0:
        return -1.0
    while True:
        at_high = short(high)
        if (at_high >= 0) != (at_low >= 0) or high > RATE_MAX:
            break
        high *= 4
    if (at_high >= 0) == (at_low >= 0):
        return None
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if (short(middle) >= 0) == (at_low >= 0):
            low = middle
        else:
            high = middle
    return (low + high) / 2 - 1


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _deviation(values: Sequence[float]) -> float | None:
    if len(values) < 2:
        return None
    mean = _mean(values)
    return math.sqrt(math.fsum((one - mean) ** 2 for one in values) / (len(values) - 1))


def _finite(work: Callable[[], float]) -> float | None:
    """What work gives, None where that is too large to be a number."""
    try:
        found = work()
    except OverflowError:
        return None
    return found if isinstance(found, float) and math.isfinite(found) else None
