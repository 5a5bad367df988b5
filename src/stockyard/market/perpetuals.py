"""The mark price and the funding rate of a perpetual contract, from its own market and its index.

Promises: integers only, so every platform says the same; the same prices and times give the same
facts. Must not know: where the prices come from, or who holds a position.

How far the contract's middle price is above its index is its premium. The mark is the index with a
moving average of the premium, held within a cap, so that no single trade or thin moment moves it.
Funding for eight hours is the average premium since the last funding, drawn towards the interest by
at most a step; what is paid is the interval's part of it, within the contract's bound. Rules: the
venues of crypto publish them alike (Binance and Hyperliquid for the funding formula, its 0.01 %
interest and 0.05 % step); the figures of mark and cap are this market's own.
"""

from typing import Final, NamedTuple

from stockyard.model.facts import FundingRate, MarkPrice
from stockyard.model.instruments import Instrument
from stockyard.numerics.arithmetic import div_floor, mul_div_floor

PREMIUM_UNIT: Final = 10**12
"""Premiums are counted in trillionths of the index."""
WINDOW_NS: Final = 300 * 10**9
"""How slowly the average follows: the time constant of an exponential one."""
CAP: Final = PREMIUM_UNIT // 200
"""The mark is at most 0.5 % from the index."""
FUNDING_NS: Final = 8 * 3_600 * 10**9
INTEREST_E9: Final = 100_000
STEP_E9: Final = 500_000
TELL_NS: Final = 10**9
"""Marks are told at most this often."""


class Known(NamedTuple):
    """What a contract's market last said; 0 for nothing yet."""

    mark: int
    index_price: int
    funded_ns: int


def _within(value: int, bound: int) -> int:
    return max(-bound, min(bound, value))


def premium(mid: int, index: int) -> int:
    """How far ``mid`` is above ``index``, in trillionths of it, rounded down."""
    return mul_div_floor(mid - index, PREMIUM_UNIT, index)


def eased(average: int, latest: int, elapsed_ns: int) -> int:
    """A moving average, ``elapsed_ns`` after it was what it is."""
    return average + mul_div_floor(latest - average, elapsed_ns, elapsed_ns + WINDOW_NS)


def mark_price(index: int, average: int, tick: int) -> int:
    """The index with its premium within the cap, on the nearest tick, at least one."""
    exact = index * (PREMIUM_UNIT + _within(average, CAP))
    ticks = div_floor(2 * exact + PREMIUM_UNIT * tick, 2 * PREMIUM_UNIT * tick)
    return max(1, ticks) * tick


def funding_rate(average: int, interval_ns: int, bound_e9: int) -> int:
    """What an interval's funding is, in billionths of a position's value, rounded down."""
    average_e9 = div_floor(average * 10**9, PREMIUM_UNIT)
    whole = average_e9 + _within(INTEREST_E9 - average_e9, STEP_E9)
    return _within(mul_div_floor(whole, interval_ns, FUNDING_NS), bound_e9)


class Marking:
    """One contract's mark and funding, told as its prices come."""

    __slots__ = ("_average", "_contract", "_count", "_funded_ns", "_last_ns", "_sum", "_told")

    def __init__(self, contract: Instrument, known: Known | None) -> None:
        self._contract = contract
        self._average: int | None = None
        self._funded_ns = 0
        if known is not None:
            self._funded_ns = known.funded_ns
            if known.mark and known.index_price:
                self._average = premium(known.mark, known.index_price)
        self._last_ns = 0
        self._sum = self._count = 0
        self._told = (0, 0, 0)

    def observe(self, mid: int, index: int, ts_ns: int) -> list[MarkPrice | FundingRate]:
        """What is to be told at these prices: a mark when it has changed, funding when an interval
        of the clock has ended since the last. One that ended unseen is made up for, but no more
        than one.
        """
        latest = premium(mid, index)
        if self._average is None:
            self._average = latest
        elif self._last_ns:
            self._average = eased(self._average, latest, max(0, ts_ns - self._last_ns))
        self._last_ns = ts_ns
        self._sum += latest
        self._count += 1
        terms = self._contract
        instrument_id, interval_ns = terms.instrument_id, terms.funding_interval_ns
        self._funded_ns = self._funded_ns or ts_ns
        due = ts_ns // interval_ns > self._funded_ns // interval_ns
        facts: list[MarkPrice | FundingRate] = []
        mark = mark_price(index, self._average, terms.tick)
        if due or ((mark, index) != self._told[:2] and ts_ns - self._told[2] >= TELL_NS):
            self._told = (mark, index, ts_ns)
            facts.append(MarkPrice(instrument_id, mark, index, ts_ns))
        if due:
            rate = funding_rate(self._sum // self._count, interval_ns, terms.funding_bound_e9)
            facts.append(FundingRate(instrument_id, rate, ts_ns))
            self._funded_ns, self._sum, self._count = ts_ns, 0, 0
        return facts
