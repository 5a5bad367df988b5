"""Fees: from dated tables, per order, never more by partial fills than by one whole fill.

Promises: a fee line is computed on the order's running totals and rounded up there; a fill is
charged the difference to what was charged before. Must not know: where the tables came from.
"""

from mypy_extensions import mypyc_attr

from stockyard.model.codes import Book as HouseBook
from stockyard.model.codes import FeeKind, Side
from stockyard.model.facts import FeesScheduled
from stockyard.model.instruments import FeeRule
from stockyard.numerics.arithmetic import mul_div_ceil, product, round_up_to

FeeLines = tuple[tuple[int, int], ...]
"""Pairs of (``FeeKind``, micro-dollars)."""

_NO_FEES: FeeLines = ()


@mypyc_attr(acyclic=True)
class FeeLine:
    """One rule of a fee table, as attributes the compiled engine reads quickly."""

    def __init__(self, rule: FeeRule) -> None:
        self.kind = rule.kind
        self.side = rule.side
        self.maker = rule.maker
        self.per_million_micros = rule.per_million_micros
        self.per_unit_micros_e6 = rule.per_unit_micros_e6
        self.cap_micros = rule.cap_micros
        self.round_to_micros = rule.round_to_micros

    def total(self, value_micros: int, qty: int, qty_unit: int) -> int:
        """The fee on an order's totals, in micro-dollars, rounded up as the rule says."""
        fee = 0
        if self.per_million_micros:
            fee += mul_div_ceil(value_micros, self.per_million_micros, 1_000_000_000_000)
        if self.per_unit_micros_e6:
            fee += mul_div_ceil(qty, self.per_unit_micros_e6, product(qty_unit, 1_000_000))
        fee = round_up_to(fee, self.round_to_micros)
        return min(fee, self.cap_micros) if self.cap_micros else fee


class FeeTable:
    """The dated fee tables of one asset class; knows which is in force."""

    def __init__(self) -> None:
        self.schedules: list[FeesScheduled] = []
        self.version = ""
        self._from_ns = 0
        self._until_ns = 0
        self._buys: list[FeeLine] = []
        self._sells: list[FeeLine] = []

    def add(self, schedule: FeesScheduled) -> None:
        """Take in a table; one with the same date replaces the earlier."""
        kept = [s for s in self.schedules if s.effective_ns != schedule.effective_ns]
        kept.append(schedule)
        kept.sort(key=_effective_ns)
        self.schedules = kept
        self._until_ns = 0

    def lines(self, side: int, ts: int) -> list[FeeLine]:
        """The lines for one side that are in force at ``ts``."""
        if not self._from_ns <= ts < self._until_ns:
            self._turn_to(ts)
        return self._buys if side == Side.BUY else self._sells

    def _turn_to(self, ts: int) -> None:
        self.version, self._buys, self._sells = "", [], []
        self._from_ns, self._until_ns = 0, 2**62
        for schedule in self.schedules:
            if schedule.effective_ns > ts:
                self._until_ns = schedule.effective_ns
                break
            self.version, self._from_ns = schedule.version, schedule.effective_ns
            lines = [FeeLine(rule) for rule in schedule.rules]
            self._buys = [line for line in lines if line.side != Side.SELL]
            self._sells = [line for line in lines if line.side != Side.BUY]


def _effective_ns(schedule: FeesScheduled) -> int:
    return schedule.effective_ns


def charge(
    lines: list[FeeLine],
    maker: bool,
    value_before: int,
    value_after: int,
    qty_before: int,
    qty_after: int,
    qty_unit: int,
    most_micros: int,
) -> FeeLines:
    """What a fill costs that took an order from one total to another, at most ``most_micros``."""
    if not lines:
        return _NO_FEES
    charged: list[tuple[int, int]] = []
    for line in lines:
        if line.maker == 2 or (line.maker == 1) == maker:
            fee = line.total(value_after, qty_after, qty_unit)
            if qty_before:
                fee -= line.total(value_before, qty_before, qty_unit)
            fee = min(fee, most_micros)
            if fee > 0:
                most_micros -= fee
                charged.append((line.kind, fee))
    return tuple(charged)


def most_ahead(
    lines: list[FeeLine],
    value_before: int,
    value_after: int,
    qty_before: int,
    qty_after: int,
    qty_unit: int,
) -> int:
    """The most an order may still be charged: the dearer of making and taking."""
    if not lines:
        return 0
    making, taking = 0, 0
    for line in lines:
        fee = line.total(value_after, qty_after, qty_unit)
        if qty_before:
            fee -= line.total(value_before, qty_before, qty_unit)
        if line.maker != 0:
            making += fee
        if line.maker != 1:
            taking += fee
    return max(making, taking)


def house_book(kind: int) -> int:
    """The house book that a kind of fee is posted to."""
    if kind == FeeKind.SEC:
        return HouseBook.SEC
    if kind == FeeKind.TAF:
        return HouseBook.TAF
    if kind == FeeKind.ORF:
        return HouseBook.ORF
    if kind == FeeKind.CAT:
        return HouseBook.CAT
    if kind == FeeKind.COMMISSION:
        return HouseBook.COMMISSION
    if kind == FeeKind.LIQUIDATION:
        return HouseBook.INSURANCE
    return HouseBook.EXCHANGE
