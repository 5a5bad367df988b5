"""Clocks: where the world's time comes from.

Promises: ``now_ns`` is the world's clock; the writer makes it never decrease. ``wall_ns`` is a
column beside it for audit, sessions and rate limits. Must not know: what happens at which time.
"""

import time
from typing import Protocol


class Clock(Protocol):
    """The world's clock and the wall's."""

    def now_ns(self) -> int:
        """The world's time, UTC ns."""

    def wall_ns(self) -> int:
        """Wall time, UTC ns."""

    def wall_seconds_until(self, world_ns: int) -> float:
        """How many wall seconds until the world's clock shows ``world_ns``; 0 when it is past."""


class WallClock:
    """The world runs in wall time."""

    def now_ns(self) -> int:
        """The world's time, UTC ns."""
        return time.time_ns()

    def wall_ns(self) -> int:
        """Wall time, UTC ns."""
        return time.time_ns()

    def wall_seconds_until(self, world_ns: int) -> float:
        """Wall seconds until ``world_ns``."""
        return max(0.0, (world_ns - time.time_ns()) / 1e9)


class RecordedClock:
    """The world runs in recorded time: at ``speed`` times wall time from ``start_ns``, or (speed 0)
    only as far as the recording is played."""

    def __init__(self, start_ns: int, speed: float) -> None:
        self._start_ns, self._speed = start_ns, speed
        self._wall_start_ns = time.time_ns()
        self._reached_ns = start_ns

    def now_ns(self) -> int:
        """The world's time: never ahead of it by more than the speed allows, never going back."""
        if self._speed:
            passed = int((time.time_ns() - self._wall_start_ns) * self._speed)
            self._reached_ns = max(self._reached_ns, self._start_ns + passed)
        return self._reached_ns

    def advance(self, world_ns: int) -> None:
        """The recording has been played up to here."""
        self._reached_ns = max(self._reached_ns, world_ns)

    def jump(self, world_ns: int) -> None:
        """Go on from a later point of the recording."""
        self.advance(world_ns)
        self._start_ns, self._wall_start_ns = self._reached_ns, time.time_ns()

    def wall_ns(self) -> int:
        """Wall time, UTC ns."""
        return time.time_ns()

    def wall_seconds_until(self, world_ns: int) -> float:
        """Wall seconds until ``world_ns`` at this speed; 0 where only the recording moves time."""
        if not self._speed:
            return 0.0
        return max(0.0, (world_ns - self.now_ns()) / 1e9 / self._speed)


class ManualClock:
    """Time moves only when told: for tests and the simulator."""

    def __init__(self, now_ns: int) -> None:
        self.time_ns = now_ns

    def now_ns(self) -> int:
        """The world's time, UTC ns."""
        return self.time_ns

    def wall_ns(self) -> int:
        """The same time."""
        return self.time_ns

    def wall_seconds_until(self, world_ns: int) -> float:
        """Seconds until ``world_ns``."""
        return max(0.0, (world_ns - self.time_ns) / 1e9)
