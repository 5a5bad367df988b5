"""Performance figures on real daily closes, beside those of ``empyrical``.

Promises: prices are read from the files with the standard library; the money is kept in fractions.
Must not know: how a figure is worked out.
"""

import math
from datetime import UTC, date, datetime
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from random import Random

import empyrical
import numpy as np

from stockyard.analytics import performance as p
from tests.recorded.lots import closes

SYMBOLS = ("AAPL", "IBM", "BAC", "SPY")
BENCHMARK = "SPY"
DAYS_A_YEAR = 252
NEAR = 1e-9


def book(root: Path, seed: int) -> tuple[list[date], list[p.Worth], list[float]]:
    """An account over sixteen years: it buys, sells, pays in and takes out. Its days, what it was
    worth at each close, and its returns by hand.
    """
    prices = {symbol: closes(root, symbol) for symbol in SYMBOLS}
    days = sorted(set.intersection(*(set(found) for found in prices.values())))
    draw = Random(seed)
    held = dict.fromkeys(SYMBOLS, 0)
    cash = deposited = Fraction(100_000)
    worth, by_hand, before = [], [], cash
    for day in days:
        flow = Fraction(draw.choice((5_000, -1_000))) if draw.random() < 0.02 else Fraction(0)
        marks = {symbol: Fraction(prices[symbol][day], 10_000) for symbol in SYMBOLS}
        if flow > 0:
            cash, deposited = cash + flow, deposited + flow
        after = cash + sum(held[symbol] * marks[symbol] for symbol in SYMBOLS)
        by_hand.append(float(after / (before + max(flow, 0)) - 1))
        if flow < 0 and cash + flow > 0:
            cash, deposited, after = cash + flow, deposited + flow, after + flow
        if draw.random() < 0.1:
            symbol = draw.choice(SYMBOLS)
            sold = held[symbol] and draw.random() < 0.4
            qty = -held[symbol] if sold else int(cash * 3 / 10 / marks[symbol])
            held[symbol] += qty
            cash -= qty * marks[symbol]
        at = datetime(day.year, day.month, day.day, 21, tzinfo=UTC)
        worth.append(p.Worth(int(at.timestamp()) * 10**9, float(after), float(deposited)))
        before = after
    return days, worth, by_hand


def compare(root: Path, seed: int) -> tuple[list[str], str]:
    """What is wrong, and a figure to show."""
    days, worth, by_hand = book(root, seed)
    found = [one for one in p.daily_returns(worth) if one is not None]
    spy = closes(root, BENCHMARK)
    market = [spy[b] / spy[a] - 1 for a, b in pairwise(days)]
    ours, theirs = np.array(by_hand[1:]), np.array(market)
    year = {"annualization": DAYS_A_YEAR}
    alpha, beta = empyrical.alpha_beta(ours, theirs, **year)
    regressed = p.against(found, market, DAYS_A_YEAR)
    told = {
        "total return": (p.total_return(found), empyrical.cum_returns_final(ours)),
        "annual return": (
            p.annual_return(found, DAYS_A_YEAR),
            empyrical.annual_return(ours, **year),
        ),
        "volatility": (p.volatility(found, DAYS_A_YEAR), empyrical.annual_volatility(ours, **year)),
        "Sharpe": (p.sharpe(found, DAYS_A_YEAR), empyrical.sharpe_ratio(ours, **year)),
        "Sortino": (p.sortino(found, DAYS_A_YEAR), empyrical.sortino_ratio(ours, **year)),
        "Calmar": (p.calmar(found, DAYS_A_YEAR), empyrical.calmar_ratio(ours, **year)),
        "drawdown": (p.drawdown(found).depth, empyrical.max_drawdown(ours)),
        "alpha": (regressed.alpha, alpha),
        "beta": (regressed.beta, beta),
        "SPY": (p.total_return(market), empyrical.cum_returns_final(theirs)),
    }
    wrong, furthest = [], 0.0
    for name, (mine, expected) in told.items():
        apart = math.inf if mine is None else abs(mine - expected) / max(1.0, abs(expected))
        furthest = max(furthest, apart)
        if not apart <= NEAR:
            wrong.append(f"{name}: {mine}, not {expected}")
    if len(found) != len(days) - 1:
        wrong.append(f"{len(found)} returns of {len(days)} days")
    return wrong, f"{len(found)} days, at most {furthest:.0e} apart"
