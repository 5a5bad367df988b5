"""The lots of a position once more, plainly: a list, looked through from end to end.

Promises: a closing's lots, their costs and their fees follow from the method and from what was
opened and closed before. Must not know: what a closing earned, or how lots are kept.
"""

from dataclasses import dataclass
from fractions import Fraction

from stockyard.model.codes import LotMethod

Piece = tuple[int, int, int, int, int, int]
Name = tuple[int, int]


@dataclass
class PlainLot:
    """What one execution opened, as far as it is open. ``own``: it has a cost of its own."""

    name: Name
    qty: int
    cost: int
    fees: int
    ts: int
    price: int
    own: bool = True


class PlainLots:
    """The open lots of a position, oldest first; those without a cost of their own share one."""

    def __init__(self) -> None:
        self._lots: list[PlainLot] = []
        self._shared_cost = 0

    def open(self, lot: PlainLot) -> None:
        """Add a lot."""
        self._lots.append(lot)

    def close(self, qty: int, method: int, short: bool, value_divisor: int) -> tuple[Piece, ...]:
        """What a closing takes, by an account's method."""
        if method == LotMethod.AVERAGE:
            return self._close_average(qty)
        pieces = []
        while qty:
            lot = self._next(method, short, value_divisor)
            part = min(lot.qty, qty)
            qty -= part
            if lot.own:
                cost = lot.cost * part // lot.qty
                lot.cost -= cost
            else:
                cost = self._shared_cost * part // self._shared_qty
                self._shared_cost -= cost
            pieces.append(self._cut(lot, part, cost))
        return tuple(pieces)

    @property
    def _shared_qty(self) -> int:
        return sum(lot.qty for lot in self._lots if not lot.own)

    def _close_average(self, qty: int) -> tuple[Piece, ...]:
        self._shared_cost += sum(lot.cost for lot in self._lots if lot.own)
        for lot in self._lots:
            lot.own, lot.cost = False, 0
        whole, cost, done, spent = self._shared_qty, self._shared_cost, 0, 0
        pieces = []
        while done < qty:
            lot = self._lots[0]
            part = min(lot.qty, qty - done)
            done += part
            upto = cost * done // whole
            pieces.append(self._cut(lot, part, upto - spent))
            spent = upto
        self._shared_cost -= spent
        return tuple(pieces)

    def _next(self, method: int, short: bool, value_divisor: int) -> PlainLot:
        if method == LotMethod.FIFO:
            return self._lots[0]
        if method == LotMethod.LIFO:
            return self._lots[-1]
        sign = -1 if short else 1

        def price(lot: PlainLot) -> Fraction:
            if lot.own:
                return sign * Fraction(lot.price)
            return sign * Fraction(self._shared_cost * value_divisor, self._shared_qty)

        return max(self._lots, key=price)

    def _cut(self, lot: PlainLot, qty: int, cost: int) -> Piece:
        fees = lot.fees * qty // lot.qty
        lot.fees -= fees
        lot.qty -= qty
        if not lot.qty:
            self._lots.remove(lot)
        return (*lot.name, qty, cost, fees, lot.ts)
