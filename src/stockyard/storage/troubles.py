"""Which parts of a data directory cannot be written just now, why, and since when.

Promises: a part that works costs next to nothing; any thread may tell of one, and any may ask; a
trouble begins and ends once, with a line in the log each. Must not know: what the parts hold, or
what is shown of them.
"""

import logging
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from stockyard.storage.ports import StorageUnavailable

LOG: Final = logging.getLogger("stockyard.storage")


class Trouble(NamedTuple):
    """A part that cannot be written: why, in words that name no path, and since when (wall)."""

    part: str
    reason: str
    since_ns: int


class Part:
    """One part: whoever writes it says how that went. ``failures``: writes that were not kept."""

    def __init__(self, name: str, wall_ns: Callable[[], int] = time.time_ns) -> None:
        self.name, self._wall_ns = name, wall_ns
        self.trouble: Trouble | None = None
        self.failures = 0
        self.try_again: Callable[[], None] | None = None
        """Writes something that changes nothing, to see whether it works again; in a thread."""

    def failed(self, error: StorageUnavailable) -> None:
        """A write was not kept."""
        self.failures += 1
        self.suffers(error.reason)

    def suffers(self, reason: str) -> None:
        """It does not work as it should, though perhaps nothing failed."""
        known = self.trouble
        if known is None:
            LOG.warning("%s: %s; it is tried again", self.name, reason)
        since_ns = self._wall_ns() if known is None else known.since_ns
        self.trouble = Trouble(self.name, reason, since_ns)

    def works(self) -> None:
        """A write was kept."""
        known = self.trouble
        if known is not None:
            self.trouble = None
            passed_s = (self._wall_ns() - known.since_ns) / 1e9
            LOG.warning("%s works again, after %.1f s", self.name, passed_s)


class Troubles:
    """All parts of one directory, each by its name."""

    def __init__(self) -> None:
        self._parts: dict[str, Part] = {}

    def part(self, name: str) -> Part:
        """The part of a name."""
        return self._parts.setdefault(name, Part(name))

    @property
    def parts(self) -> tuple[Part, ...]:
        """Every part that was asked for, in that order."""
        return tuple(self._parts.values())

    @property
    def now(self) -> tuple[Trouble, ...]:
        """What is wrong at the moment."""
        return tuple([part.trouble for part in self.parts if part.trouble is not None])
