"""Levels in order, so that a value that reaches none of them costs two comparisons.

Promises: ``top`` and ``bottom`` are always the nearest levels; putting one in or taking it out
takes logarithmic steps and one move of memory; levels that are reached come out nearest first.
Must not know: what a level is of, or who waits for it.
"""

from bisect import bisect_left, insort
from typing import Final

NEVER_ABOVE: Final = 1 << 80
"""No value is ever as high."""
NEVER_BELOW: Final = -(1 << 80)
"""No value is ever as low."""
Rung = tuple[int, int]


class Ladder:
    """Levels that a rising value reaches (``top`` is the lowest of them), and levels that a falling
    one does (``bottom`` is the highest), each with the number of who waits for it.
    """

    __slots__ = ("_down", "_up", "bottom", "top")

    def __init__(self) -> None:
        self._up: list[Rung] = []
        self._down: list[Rung] = []
        self.top, self.bottom = NEVER_ABOVE, NEVER_BELOW

    def __len__(self) -> int:
        return len(self._up) + len(self._down)

    def put_above(self, level: int, number: int) -> None:
        """Wait for a value of at least this level."""
        insort(self._up, (-level, number))
        self.top = -self._up[-1][0]

    def put_below(self, level: int, number: int) -> None:
        """Wait for a value of at most this level."""
        insort(self._down, (level, number))
        self.bottom = self._down[-1][0]

    def drop_above(self, level: int, number: int) -> None:
        """Do not wait any longer; nothing happens where nobody waits."""
        _drop(self._up, (-level, number))
        self.top = -self._up[-1][0] if self._up else NEVER_ABOVE

    def drop_below(self, level: int, number: int) -> None:
        """Do not wait any longer; nothing happens where nobody waits."""
        _drop(self._down, (level, number))
        self.bottom = self._down[-1][0] if self._down else NEVER_BELOW

    def take_above(self, value: int) -> list[int]:
        """Who waited for a level that a risen value reaches; they do not wait any longer."""
        reached, up = [], self._up
        while up and -up[-1][0] <= value:
            reached.append(up.pop()[1])
        self.top = -up[-1][0] if up else NEVER_ABOVE
        return reached

    def take_below(self, value: int) -> list[int]:
        """Who waited for a level that a fallen value reaches; they do not wait any longer."""
        reached, down = [], self._down
        while down and down[-1][0] >= value:
            reached.append(down.pop()[1])
        self.bottom = down[-1][0] if down else NEVER_BELOW
        return reached


def _drop(rungs: list[Rung], rung: Rung) -> None:
    at = bisect_left(rungs, rung)
    if at < len(rungs) and rungs[at] == rung:
        del rungs[at]
