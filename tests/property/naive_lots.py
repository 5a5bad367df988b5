"""Tax lots as simply as they can be written: one list, walked from end to end for every lot taken.

Promises: what pooled lots cost is worked out from the rest each time; nothing is ranked or kept.
Must not know: how the engine works; only the rules in words.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from math import floor

from stockyard.model.codes import LotMethod

Name = tuple[int, int]
"""What names a lot: an order and what of it was filled when the lot was there."""
NaivePiece = tuple[Name, int, int, int, int]
"""A lot's name, the quantity taken of it, its cost, its opening fees and when it was acquired."""


@dataclass
class NaiveLot:
    """What is left of one opening; ``unit``: micro-dollars of one unit of it, exact."""

    name: Name
    qty: int
    cost: int
    fees: int
    at: int
    unit: Fraction
    pooled: bool = False


@dataclass
class NaiveLots:
    """The lots of a position, oldest first, and what they cost together."""

    cost: int = 0
    items: list[NaiveLot] = field(default_factory=list)

    @property
    def qty(self) -> int:
        """How much there is."""
        return sum(lot.qty for lot in self.items)

    def pool(self) -> tuple[int, int]:
        """Cost and quantity of the lots that share one cost."""
        own = sum(lot.cost for lot in self.items if not lot.pooled)
        return self.cost - own, sum(lot.qty for lot in self.items if lot.pooled)

    def open(self, lot: NaiveLot) -> None:
        """Add a lot."""
        self.items.append(lot)
        self.cost += lot.cost

    def close(
        self, qty: int, method: int, choices: list[tuple[Name, int]], short: bool
    ) -> list[NaivePiece]:
        """Take a quantity: what is chosen first, the rest by the method."""
        pieces = []
        for name, chosen in choices:
            for lot in [lot for lot in self.items if lot.name == name]:
                part = min(chosen, lot.qty, qty)
                qty -= part
                if part:
                    pieces.append(self._take(lot, part))
        if method == LotMethod.AVERAGE and qty:
            return pieces + self._take_average(qty)
        while qty:
            lot = self._first(method, short)
            part = min(lot.qty, qty)
            qty -= part
            pieces.append(self._take(lot, part))
        return pieces

    def _first(self, method: int, short: bool) -> NaiveLot:
        if method == LotMethod.LIFO:
            return self.items[-1]
        if method == LotMethod.HIFO:
            pool_cost, pool_qty = self.pool()

            def dearness(lot: NaiveLot) -> Fraction:
                unit = Fraction(pool_cost, pool_qty) if lot.pooled else lot.unit
                return -unit if short else unit

            return max(self.items, key=dearness)
        return self.items[0]

    def _take(self, lot: NaiveLot, part: int) -> NaivePiece:
        cost, of = self.pool() if lot.pooled else (lot.cost, lot.qty)
        return self._cut(lot, part, floor(Fraction(cost * part, of)))

    def _take_average(self, qty: int) -> list[NaivePiece]:
        whole_cost, whole_qty = self.cost, self.qty
        for lot in self.items:
            lot.pooled = True
        pieces: list[NaivePiece] = []
        done = spent = 0
        while done < qty:
            part = min(self.items[0].qty, qty - done)
            done += part
            cost = floor(Fraction(whole_cost * done, whole_qty)) - spent
            spent += cost
            pieces.append(self._cut(self.items[0], part, cost))
        return pieces

    def _cut(self, lot: NaiveLot, part: int, cost: int) -> NaivePiece:
        fees = floor(Fraction(lot.fees * part, lot.qty))
        self.cost -= cost
        lot.qty -= part
        lot.cost -= 0 if lot.pooled else cost
        lot.fees -= fees
        if lot.qty == 0:
            self.items.remove(lot)
        return lot.name, part, cost, fees, lot.at
