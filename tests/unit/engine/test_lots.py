"""Goal: closings take the lots the rules say. Method: long random lives beside the naive lots."""

from fractions import Fraction
from random import Random

import pytest

from stockyard.engine.lots import Choice, Lot, Lots, close_lots
from stockyard.model.codes import LotMethod
from tests.property.naive_lots import NaiveLot, NaiveLots

DIVISOR = 100
METHODS = (LotMethod.AVERAGE, LotMethod.FIFO, LotMethod.LIFO, LotMethod.HIFO)


class Pair:
    """The engine's lots and the naive ones of one position."""

    def __init__(self, short: bool) -> None:
        self.short, self.seq, self.cost = short, 0, 0
        self.lots, self.naive = Lots(), NaiveLots()

    def open(self, price: int, qty: int, fees: int) -> None:
        """Open a lot in both."""
        self.seq += 1
        cost = price * qty // DIVISOR
        lot = Lot(self.seq // 2, self.seq % 2, qty, cost, fees)
        lot.acquired_ns, lot.rank = self.seq * 10, price if self.short else -price
        self.lots.open(lot)
        self.cost += cost
        unit = Fraction(price, DIVISOR)
        name = (self.seq // 2, self.seq % 2)
        self.naive.open(NaiveLot(name, qty, cost, fees, self.seq * 10, unit))

    def close(self, qty: int, method: int, chosen: list[tuple[tuple[int, int], int]]) -> None:
        """Close a quantity in both and compare."""
        self.seq += 1
        choices = [Choice(*name, part) for name, part in chosen]
        pieces = close_lots(
            self.lots, self.cost, self.naive.qty, qty, method, choices or None, self.short,
            DIVISOR, self.seq // 2, self.seq % 2,
        )  # fmt: skip
        expected = self.naive.close(qty, method, chosen, self.short)
        assert [((p[0], p[1]), *p[2:]) for p in pieces] == expected
        self.cost -= sum(piece[3] for piece in pieces)
        assert self.cost == self.naive.cost
        assert self.lots.count == len(self.naive.items)
        assert [lot.seq * 2 + lot.index for lot in self.lots.all()] == [
            lot.name[0] * 2 + lot.name[1] for lot in self.naive.items
        ]


@pytest.mark.parametrize("short", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_any_life_of_a_position(seed: int, short: bool) -> None:
    random = Random(seed)
    pair = Pair(short)
    method = random.choice(METHODS)
    for _ in range(1_500):
        if random.random() < 0.05:
            method = random.choice(METHODS)
        whole = pair.naive.qty
        if whole == 0 or random.random() < (0.7 if whole < 900 else 0.3):
            pair.open(random.randrange(990, 1010), random.randrange(1, 40), random.randrange(9))
            continue
        qty = whole if random.random() < 0.01 else random.randrange(1, min(whole, 70) + 1)
        chosen = []
        if random.random() < 0.2:
            some = random.sample(pair.naive.items, min(3, len(pair.naive.items)))
            chosen = [(lot.name, random.randrange(1, lot.qty + 4)) for lot in some]
        pair.close(qty, method, chosen)


def test_lots_used_up_do_not_pile_up() -> None:
    """Ranked or not, what is kept of lots that are gone stays below twice the open ones."""
    pair = Pair(False)
    pair.open(1_000, 10, 0)
    for turn in range(500):
        pair.open(1_001 + turn % 3, 10, 0)
        pair.close(10, METHODS[1 + turn % 3], [])
        assert len(pair.lots._items) <= 2 * pair.lots.count + 33
        assert len(pair.lots._heap) <= 2 * pair.lots.count + 33


def test_the_first_that_costs_most_is_the_oldest_of_equals() -> None:
    pair = Pair(False)
    for price in (1_000, 1_002, 1_002, 1_001):
        pair.open(price, 5, 0)
    pieces = close_lots(pair.lots, pair.cost, 20, 12, LotMethod.HIFO, None, False, DIVISOR, 9, 0)
    assert [(piece[0] * 2 + piece[1], piece[2]) for piece in pieces] == [(2, 5), (3, 5), (4, 2)]
