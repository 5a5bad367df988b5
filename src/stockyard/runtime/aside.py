"""Where a slow journal is written: beside the event loop, so that reads and streams go on.

Promises: one write at a time; while the disk is quick nothing goes here, because handing over to a
thread costs an order more than a sync. Must not know: what is written.

The first write that turns out slow is made where it stands, and holds everything up for as long as
it takes: nobody can know before. Those after it come here, until the disk has been quick for a
while.
"""

import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Final

SLOW_S: Final = 0.25
"""A write that takes longer is slow."""
QUICK_S: Final = 0.05
QUICK_WRITES: Final = 20
"""So many quick writes one after another, and the disk is no longer slow."""


class Aside:
    """Tells whether the journal is slow, and writes it in ``executor`` while it is.

    ``wake``: called, from another thread, when a write has ended.
    """

    def __init__(
        self,
        executor: Executor,
        wake: Callable[[], object],
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._executor, self._wake, self._now_s = executor, wake, now_s
        self._writing: Future[float] | None = None
        self._began_s = 0.0
        self._quick_writes = 0
        self.slowest_s = 0.0
        """Of the writes since it became slow; 0 while it is not."""

    @property
    def is_slow(self) -> bool:
        """Whether the next write belongs here."""
        return self.slowest_s > 0

    @property
    def under_way_s(self) -> float:
        """How long the present write has taken so far; 0 for none."""
        return self._now_s() - self._began_s if self._writing is not None else 0.0

    @property
    def is_done(self) -> bool:
        """Whether the write that was begun has ended."""
        return self._writing is not None and self._writing.done()

    def begin(self, write: Callable[[], None]) -> None:
        """Have something written; ``finish`` follows."""
        assert self._writing is None, "one write at a time"
        self._began_s = self._now_s()
        self._writing = self._executor.submit(self._timed, write)
        self._writing.add_done_callback(lambda _: self._wake())

    def _timed(self, write: Callable[[], None]) -> float:
        write()
        return self._now_s() - self._began_s

    def finish(self) -> None:
        """Take the outcome of what was begun, and wait for it if need be; raises what it raised."""
        writing, self._writing = self._writing, None
        assert writing is not None
        self.note(writing.result())

    def note(self, took_s: float) -> None:
        """A write succeeded and took so long."""
        if took_s >= SLOW_S:
            self.slowest_s, self._quick_writes = max(self.slowest_s, took_s), 0
        elif self.slowest_s and took_s <= QUICK_S:
            self._quick_writes += 1
            if self._quick_writes >= QUICK_WRITES:
                self.slowest_s = 0.0
