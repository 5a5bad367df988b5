"""An event loop on which waiting takes no time.

Promises: when nothing is ready, time jumps to the next timer, so that a test of timeouts and waits
is exact and instant; a test that would wait for ever fails. Only for what uses no sockets.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
BEGINS_S = 1_000.0
WALL_NS = 1_795_185_062 * 10**9
"""2026-11-20T14:31:02Z, when the loop begins."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """Its time passes only while everyone waits."""

    def __init__(self) -> None:
        self.now_s = BEGINS_S
        super().__init__(_Jumping(self))

    def time(self) -> float:
        return self.now_s


class _Jumping(selectors.SelectSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everyone waits, and no timer will wake anyone")
        self._loop.now_s += timeout
        return super().select(0)


class VirtualClock:
    """Wall and world time of the loop that runs."""

    def now_ns(self) -> int:
        return WALL_NS + round((asyncio.get_running_loop().time() - BEGINS_S) * 1e9)

    def wall_ns(self) -> int:
        return self.now_ns()

    def wall_seconds_until(self, world_ns: int) -> float:
        return max(0.0, (world_ns - self.now_ns()) / 1e9)


def run_virtual(main: Coroutine[Any, Any, T]) -> T:
    """Run to the end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
