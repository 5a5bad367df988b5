"""Tax lots: what was opened when and at which cost, and which of it a closing takes.

Promises: the open lots of a position add up to its quantity and its cost; each lot taken costs
O(log n) or amortised O(1), whatever the method. Quantities and costs are above zero here for long
and short alike: a short lot's cost is what its sale brought. Must not know: orders, accounts, or
what a closing brought.

Average cost pools the lots there are: from that closing on they share one cost, whichever method
comes next, and lots opened later keep their own until the next closing at average cost.
"""

from heapq import heapify, heappop, heappush
from typing import Final

from mypy_extensions import mypyc_attr

from stockyard.model.codes import LotMethod
from stockyard.numerics.arithmetic import mul_div_floor

Piece = tuple[int, int, int, int, int, int]
"""What a closing took of one lot: the lot's seq and index, quantity, cost and opening fees in
micro-dollars, and when the lot was acquired.
"""
NO_PIECES: Final[tuple[Piece, ...]] = ()
_SPARE: Final = 32


@mypyc_attr(acyclic=True)
class Lot:
    """One opening execution's rest, named by it. ``rank``: low is taken first by highest cost.

    ``chosen_qty``: what open orders have chosen of it.
    """

    def __init__(self, seq: int, index: int, qty: int, cost_micros: int, fees_micros: int) -> None:
        self.seq = seq
        self.index = index
        self.qty = qty
        self.cost_micros = cost_micros
        self.fees_micros = fees_micros
        self.acquired_ns = 0
        self.rank = 0
        self.chosen_qty = 0

    def free_qty(self) -> int:
        """What an order may still choose of it."""
        return max(0, self.qty - self.chosen_qty)


@mypyc_attr(acyclic=True)
class Choice:
    """What is left of an order's choice of a lot."""

    def __init__(self, seq: int, index: int, qty: int) -> None:
        self.seq = seq
        self.index = index
        self.qty = qty


@mypyc_attr(acyclic=True)
class Lots:
    """The open lots of one position, oldest first.

    Lots older than ``(pooled_seq, pooled_index)`` share ``pooled_cost``. Lots that are used up stay
    in the list, passed over, until they are many.
    """

    def __init__(self) -> None:
        self._items: list[Lot] = []
        self._head = 0
        self._heap: list[tuple[int, int, int, Lot]] = []
        self._ranked = False
        self.count = 0
        self.pooled_qty = 0
        self.pooled_cost = 0
        self.pooled_seq = 0
        self.pooled_index = 0

    def open(self, lot: Lot) -> None:
        """Add a lot; it is younger than all others."""
        self._items.append(lot)
        self.count += 1
        if self._ranked:
            heappush(self._heap, (lot.rank, lot.seq, lot.index, lot))

    def all(self) -> list[Lot]:
        """The open lots, oldest first."""
        return [lot for lot in self._items[self._head :] if lot.qty]

    def find(self, seq: int, index: int) -> Lot | None:
        """The open lot of a name, or None."""
        items = self._items
        low, high = self._head, len(items)
        while low < high:
            middle = (low + high) // 2
            lot = items[middle]
            if lot.seq < seq or (lot.seq == seq and lot.index < index):
                low = middle + 1
            else:
                high = middle
        if low < len(items):
            lot = items[low]
            if lot.seq == seq and lot.index == index and lot.qty:
                return lot
        return None

    def is_pooled(self, lot: Lot) -> bool:
        """Whether a lot shares the pooled cost."""
        if lot.seq != self.pooled_seq:
            return lot.seq < self.pooled_seq
        return lot.index < self.pooled_index

    def cost_of(self, lot: Lot, qty: int) -> int:
        """What a part of a lot costs, rounded down to a micro-dollar; all of it costs all."""
        if self.is_pooled(lot):
            return mul_div_floor(self.pooled_cost, qty, self.pooled_qty)
        return mul_div_floor(lot.cost_micros, qty, lot.qty)

    def take(self, lot: Lot, qty: int) -> Piece:
        """Take a part of a lot, or all of it, at its cost."""
        cost = self.cost_of(lot, qty)
        if self.is_pooled(lot):
            self.pooled_qty -= qty
            self.pooled_cost -= cost
        else:
            lot.cost_micros -= cost
        return self._cut(lot, qty, cost)

    def take_average(
        self, qty: int, cost_micros: int, whole_qty: int, seq: int, index: int
    ) -> list[Piece]:
        """Pool all lots under the name of a closing and take ``qty`` of ``whole_qty``, the oldest
        first, with its share of ``cost_micros`` rounded down.
        """
        self.pooled_seq, self.pooled_index = seq, index
        self._heap.clear()
        pieces: list[Piece] = []
        done = spent = 0
        while done < qty:
            lot = self.oldest()
            part = min(lot.qty, qty - done)
            done += part
            upto = mul_div_floor(cost_micros, done, whole_qty)
            pieces.append(self._cut(lot, part, upto - spent))
            spent = upto
        self.pooled_qty = whole_qty - qty
        self.pooled_cost = cost_micros - spent
        return pieces

    def next(self, method: int, short: bool, value_divisor: int) -> Lot:
        """The lot that a method takes first; ``method`` is none but FIFO, LIFO and HIFO."""
        if method == LotMethod.LIFO:
            return self._youngest()
        if method == LotMethod.HIFO:
            return self._dearest(short, value_divisor)
        return self.oldest()

    def oldest(self) -> Lot:
        """The oldest open lot."""
        items = self._items
        while items[self._head].qty == 0:
            self._head += 1
        return items[self._head]

    def tidy(self) -> None:
        """Forget the lots that are used up, once they outnumber the open ones."""
        most = 2 * self.count + _SPARE
        if self.count == 0:
            self._items.clear()
            self._heap.clear()
            self._head = 0
            self._ranked = False
            self.pooled_qty = self.pooled_cost = self.pooled_seq = self.pooled_index = 0
        elif len(self._items) > most or len(self._heap) > most:
            self._items = self.all()
            self._head = 0
            if self._ranked:
                self._rank()

    def _cut(self, lot: Lot, qty: int, cost: int) -> Piece:
        fees = mul_div_floor(lot.fees_micros, qty, lot.qty)
        lot.fees_micros -= fees
        lot.qty -= qty
        if lot.qty == 0:
            self.count -= 1
        return lot.seq, lot.index, qty, cost, fees, lot.acquired_ns

    def _youngest(self) -> Lot:
        items = self._items
        while items[-1].qty == 0:
            items.pop()
        return items[-1]

    def _rank(self) -> None:
        """Make the heap anew of the lots that have costs of their own."""
        heap: list[tuple[int, int, int, Lot]] = []
        for at in range(len(self._items) - 1, self._head - 1, -1):
            lot = self._items[at]
            if self.is_pooled(lot):
                break
            if lot.qty:
                heap.append((lot.rank, lot.seq, lot.index, lot))
        heapify(heap)
        self._heap = heap
        self._ranked = True

    def _dearest(self, short: bool, value_divisor: int) -> Lot:
        """The lot whose closing brings the least: opened at the highest price, or, in a short
        position, at the lowest; of equals the oldest. Pooled lots count with their average.
        """
        if not self._ranked:
            self._rank()
        heap = self._heap
        while heap and heap[0][3].qty == 0:
            heappop(heap)
        if not heap:
            return self.oldest()
        best = heap[0]
        if self.pooled_qty:
            average = self.pooled_cost * value_divisor
            own = abs(best[0]) * self.pooled_qty
            if (average <= own) if short else (average >= own):
                return self.oldest()
        return best[3]


def close_lots(
    lots: Lots,
    cost_micros: int,
    whole_qty: int,
    qty: int,
    method: int,
    choices: list[Choice] | None,
    short: bool,
    value_divisor: int,
    seq: int,
    index: int,
) -> tuple[Piece, ...]:
    """Take ``qty`` of a position of ``whole_qty`` at ``cost_micros``, under a closing's name.

    First what its order has chosen, in the order of the choices, as far as those lots are still
    there; then by the account's method.
    """
    pieces: list[Piece] = []
    left = qty
    if choices is not None:
        for choice in choices:
            lot = lots.find(choice.seq, choice.index)
            if lot is None or left == 0:
                continue
            part = min(choice.qty, lot.qty, left)
            choice.qty -= part
            lot.chosen_qty -= part
            left -= part
            if part:
                pieces.append(lots.take(lot, part))
        for piece in pieces:
            cost_micros -= piece[3]
    if left and method == LotMethod.AVERAGE:
        pieces.extend(lots.take_average(left, cost_micros, whole_qty - qty + left, seq, index))
    else:
        while left:
            lot = lots.next(method, short, value_divisor)
            part = min(lot.qty, left)
            left -= part
            pieces.append(lots.take(lot, part))
    lots.tidy()
    return tuple(pieces)
