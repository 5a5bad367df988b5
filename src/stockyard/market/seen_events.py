"""Which events were taken already, by their names.

Promises: a name is remembered until ``EVENTS_MAX`` others came after it or ``KEPT_NS`` passed,
whichever is first; never more than twice ``EVENTS_MAX`` names are held; asking costs O(1). Must not
know: clocks, or what an event is.
"""

from typing import Final

EVENTS_MAX: Final = 50_000
KEPT_NS: Final = 300_000_000_000


class SeenEvents:
    """Two sets of names: the older is dropped whole when the newer is full or old enough."""

    def __init__(self) -> None:
        self._newer: set[str] = set()
        self._older: set[str] = set()
        self._begun_ns = 0

    def __len__(self) -> int:
        """How many names are held."""
        return len(self._newer) + len(self._older)

    def add(self, name: str, now_ns: int) -> bool:
        """Remember a name; whether it is new."""
        passed = now_ns - self._begun_ns
        if len(self._newer) >= EVENTS_MAX or passed > KEPT_NS:
            # After twice as long what the newer set holds is too old as well.
            self._older = set() if passed > 2 * KEPT_NS else self._newer
            self._newer, self._begun_ns = set(), now_ns
        if name in self._newer or name in self._older:
            return False
        self._newer.add(name)
        return True

    def forget(self, name: str) -> None:
        """The event was not taken after all: let it be new again."""
        self._newer.discard(name)
        self._older.discard(name)
