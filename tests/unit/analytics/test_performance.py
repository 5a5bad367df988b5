"""Goal: performance figures are those that others work out, and none where the days say nothing."""

import math
import random
from itertools import pairwise

import empyrical
import numpy as np
import pytest

from stockyard.analytics import performance as p
from stockyard.analytics.performance import Drawdown, Worth

DAY = 86_400 * 10**9
SEEDS = range(8)


def drawn(seed: int, count: int = 300) -> tuple[list[float], list[float]]:
    draw = random.Random(seed)
    market = [draw.gauss(0.0004, 0.011) for _ in range(count)]
    return [0.7 * one + draw.gauss(0.0001, 0.008) for one in market], market


def series(*days: tuple[float, float]) -> list[Worth]:
    return [Worth(n * DAY, equity, deposited) for n, (equity, deposited) in enumerate(days)]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("days_a_year", [252, 365])
def test_figures_agree_with_empyrical(seed: int, days_a_year: int) -> None:
    mine, market = drawn(seed)
    ours, theirs = np.array(mine), np.array(market)
    year = {"annualization": days_a_year}
    told = [
        (p.total_return(mine), empyrical.cum_returns_final(ours)),
        (p.annual_return(mine, days_a_year), empyrical.annual_return(ours, **year)),
        (p.volatility(mine, days_a_year), empyrical.annual_volatility(ours, **year)),
        (p.sharpe(mine, days_a_year), empyrical.sharpe_ratio(ours, **year)),
        (p.sharpe(mine, days_a_year, 2e-4), empyrical.sharpe_ratio(ours, 2e-4, **year)),
        (p.sortino(mine, days_a_year), empyrical.sortino_ratio(ours, **year)),
        (p.sortino(mine, days_a_year, 2e-4), empyrical.sortino_ratio(ours, 2e-4, **year)),
        (p.calmar(mine, days_a_year), empyrical.calmar_ratio(ours, **year)),
        (p.drawdown(mine).depth, empyrical.max_drawdown(ours)),
    ]
    compared = p.against(mine, market, days_a_year)
    alpha, beta = empyrical.alpha_beta(ours, theirs, **year)
    told += [(compared.alpha, alpha), (compared.beta, beta)]
    told.append((compared.correlation, np.corrcoef(ours, theirs)[0, 1]))
    for found, expected in told:
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert p.curve(mine) == pytest.approx(list(empyrical.cum_returns(ours)), abs=1e-9)


def test_money_counts_from_the_beginning_and_until_the_end_of_its_day() -> None:
    days = series((0, 0), (1010, 1000), (2222, 2000), (1100, 900), (0, -200))
    assert p.daily_returns(days) == pytest.approx([0.01, 2222 / 2010 - 1, -0.009, 0.0], abs=1e-3)


def test_nothing_earns_nothing() -> None:
    assert p.daily_returns(series((0, 0), (0, 0), (100, 100))) == [None, 0.0]
    assert p.daily_returns(series((-5, 100), (-5, 100))) == [None]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_money_weighted_rate_makes_what_was_paid_into_what_there_is(seed: int) -> None:
    draw = random.Random(seed)
    days, deposited, equity = [Worth(0, 1000.0, 1000.0)], 1000.0, 1000.0
    for n in range(1, 40):
        flow = draw.choice([0.0, 0.0, 250.0, -100.0])
        equity = (equity + max(flow, 0)) * (1 + draw.gauss(0.002, 0.01)) + min(flow, 0)
        deposited += flow
        days.append(Worth(n * DAY, equity, deposited))
    rate = p.money_weighted(days)
    assert rate is not None
    grown = 1000.0 * (1 + rate)
    for n, (before, after) in enumerate(pairwise(days), 1):
        flow = after.deposited - before.deposited
        grown += flow * (1 + rate) ** ((39 - n + (1 if flow > 0 else 0)) / 39)
    assert grown == pytest.approx(equity, rel=1e-9)


def test_a_money_weighted_rate_by_hand() -> None:
    """1,000 doubles within a year, and then 1,000 more loses half: nothing is left of the gain."""
    days = series((1000, 1000), (2000, 1000), (1500, 2000))
    rate = p.money_weighted(days)
    # 1000 x^2 + 1000 x = 1500, x the growth of half the stretch.
    half = (-1 + math.sqrt(7)) / 2
    assert rate == pytest.approx(half**2 - 1, rel=1e-12)
    assert p.total_return([1.0, -0.5]) == 0.0


def test_without_flows_both_returns_are_the_same() -> None:
    days = series((1000, 1000), (1100, 1000), (1320, 1000))
    assert p.money_weighted(days) == pytest.approx(0.32, rel=1e-12)
    assert p.total_return([0.1, 0.2]) == pytest.approx(0.32, rel=1e-12)


def test_all_lost_is_minus_one() -> None:
    days = series((1000, 1000), (0, 1000))
    assert p.money_weighted(days) == -1
    assert p.annual_return([-1.0], 252) == -1
    assert p.annual_return([-1.5], 252) is None


@pytest.mark.parametrize(
    ("returns", "found"),
    [
        ([], Drawdown(0.0, 0, 0, 0)),
        ([0.1, 0.1], Drawdown(0.0, 0, 0, 0)),
        ([-0.5, 1.0], Drawdown(-0.5, 0, 1, 2)),
        ([1.0, -0.25, -0.5, 0.1], Drawdown(-0.625, 1, 3, None)),
        ([0.5, -0.5, 1.5, -0.1], Drawdown(-0.5, 1, 2, 3)),
    ],
)
def test_the_deepest_fall(returns: list[float], found: Drawdown) -> None:
    told = p.drawdown(returns)
    assert told.depth == pytest.approx(found.depth)
    assert told[1:] == found[1:]


@pytest.mark.parametrize("returns", [[], [0.01], [0.0, 0.0, 0.0]])
def test_what_the_days_do_not_determine_is_none(returns: list[float]) -> None:
    assert p.sharpe(returns, 252) is None
    assert p.sortino(returns, 252) is None
    assert p.calmar(returns, 252) is None
    assert p.against(returns, returns, 252) == (None, None, None)
    assert p.money_weighted(series((0, 0))) is None
    assert p.money_weighted(series((0, 0), (0, 0))) is None
    assert p.annual_return([], 252) is None
    assert p.volatility([0.1], 252) is None
    assert p.annual_return([1e300, 1e8], 252) is None
