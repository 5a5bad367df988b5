"""Prices at which an account's margin must be looked at again, kept so that a quote looks only at
the nearest.

Promises: a mark finds the levels it crosses in O(log n) each, and one that crosses none costs four
comparisons. Must not know: what a level is for, or how it was worked out.
"""

from mypy_extensions import mypyc_attr

from stockyard.model.numbers import INT_MAX


@mypyc_attr(acyclic=True)
class Level:
    """A price in one book that an account waits for. ``rank``: lower is crossed first."""

    def __init__(self, account_id: int, price: int, rank: int) -> None:
        self.account_id = account_id
        self.price = price
        self.rank = rank
        self.heap_index = -1


class LevelHeap:
    """Levels by rank, then account: a binary heap that also removes from the middle."""

    def __init__(self) -> None:
        self._items: list[Level] = []

    def __len__(self) -> int:
        return len(self._items)

    def first(self) -> Level | None:
        """The level that is crossed first, or None."""
        return self._items[0] if self._items else None

    def push(self, level: Level) -> None:
        """Add a level."""
        items = self._items
        items.append(level)
        self._up(len(items) - 1, level)

    def remove(self, level: Level) -> None:
        """Take a level out, wherever it is."""
        items = self._items
        index = level.heap_index
        assert items[index] is level, "a level is not where its heap put it"
        last = items.pop()
        level.heap_index = -1
        if last is not level:
            if index > 0 and _before(last, items[(index - 1) // 2]):
                self._up(index, last)
            else:
                self._down(index, last)

    def _up(self, index: int, level: Level) -> None:
        items = self._items
        while index > 0:
            above = (index - 1) // 2
            parent = items[above]
            if not _before(level, parent):
                break
            items[index] = parent
            parent.heap_index = index
            index = above
        items[index] = level
        level.heap_index = index

    def _down(self, index: int, level: Level) -> None:
        items = self._items
        count = len(items)
        while True:
            below = 2 * index + 1
            if below >= count:
                break
            child = items[below]
            if below + 1 < count and _before(items[below + 1], child):
                below += 1
                child = items[below]
            if not _before(child, level):
                break
            items[index] = child
            child.heap_index = index
            index = below
        items[index] = level
        level.heap_index = index


def _before(a: Level, b: Level) -> bool:
    if a.rank != b.rank:
        return a.rank < b.rank
    return a.account_id < b.account_id


class Watch:
    """The levels of one book: of long and of short positions, below and above their marks.

    A lower level is crossed by a mark at or below it, an upper one by a mark at or above it.
    """

    def __init__(self) -> None:
        self._long_lower = LevelHeap()
        self._long_upper = LevelHeap()
        self._short_lower = LevelHeap()
        self._short_upper = LevelHeap()
        self._note_nearest()

    def _note_nearest(self) -> None:
        """Keep the nearest price of each kind: nearly every mark crosses none of them."""
        first = self._long_lower.first()
        self._long_floor = first.price if first is not None else -1
        first = self._long_upper.first()
        self._long_ceiling = first.price if first is not None else INT_MAX
        first = self._short_lower.first()
        self._short_floor = first.price if first is not None else -1
        first = self._short_upper.first()
        self._short_ceiling = first.price if first is not None else INT_MAX

    def _heap(self, is_long: bool, is_lower: bool) -> LevelHeap:
        if is_long:
            return self._long_lower if is_lower else self._long_upper
        return self._short_lower if is_lower else self._short_upper

    def push(self, is_long: bool, is_lower: bool, level: Level) -> None:
        """Wait for a level."""
        self._heap(is_long, is_lower).push(level)
        self._note_nearest()

    def remove(self, is_long: bool, is_lower: bool, level: Level) -> None:
        """Wait for a level no more."""
        self._heap(is_long, is_lower).remove(level)
        self._note_nearest()

    def is_crossed(self, long_mark: int, short_mark: int) -> bool:
        """Whether the marks cross any level."""
        return (
            long_mark <= self._long_floor
            or long_mark >= self._long_ceiling
            or short_mark <= self._short_floor
            or short_mark >= self._short_ceiling
        )

    def cross(self, long_mark: int, short_mark: int) -> list[int]:
        """Take out the levels that the marks cross; their accounts."""
        found: list[int] = []
        _take_lower(self._long_lower, long_mark, found)
        _take_upper(self._long_upper, long_mark, found)
        _take_lower(self._short_lower, short_mark, found)
        _take_upper(self._short_upper, short_mark, found)
        self._note_nearest()
        return found


def _take_lower(heap: LevelHeap, mark: int, found: list[int]) -> None:
    first = heap.first()
    while first is not None and mark <= first.price:
        heap.remove(first)
        found.append(first.account_id)
        first = heap.first()


def _take_upper(heap: LevelHeap, mark: int, found: list[int]) -> None:
    first = heap.first()
    while first is not None and mark >= first.price:
        heap.remove(first)
        found.append(first.account_id)
        first = heap.first()
