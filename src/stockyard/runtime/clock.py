"""Clocks: where the world's time comes from.

Promises: ``now_ns`` is the world's clock; the writer makes it never decrease. ``wall_ns`` is a
column beside it for audit, sessions and rate limits. Must not know: what happens at which time.
"""

import math
import time
from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """The world's clock and the wall's."""

    def now_ns(self) -> int:
        """The world's time, UTC ns."""

    def wall_ns(self) -> int:
        """Wall time, UTC ns."""

    def wall_seconds_until(self, world_ns: int) -> float:
        """How many wall seconds until the world's clock shows ``world_ns``; 0 when it is past,
        infinite when it will not come by itself.
        """


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
    only as far as the recording is played.

    Between ``advance`` calls its pace is taken from ``monotonic_ns``, so that a correction of the
    wall's clock moves no recording.
    """

    def __init__(
        self, start_ns: int, speed: float, monotonic_ns: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self._speed, self._monotonic_ns = speed, monotonic_ns
        self._reached_ns = self._from_ns = start_ns
        self._since_ns = monotonic_ns()
        self._jump_ns = 0
        self._paused = False

    @property
    def is_paused(self) -> bool:
        """Whether time stands still until ``resume``."""
        return self._paused

    @property
    def is_driven(self) -> bool:
        """Whether only the recording moves time: at speed 0, and until a jump has arrived."""
        return self._speed == 0 or self._jump_ns > self._reached_ns

    def now_ns(self) -> int:
        """The world's time: never ahead of it by more than the speed allows, never going back."""
        if not (self._paused or self.is_driven):
            passed = int((self._monotonic_ns() - self._since_ns) * self._speed)
            self._reached_ns = max(self._reached_ns, self._from_ns + passed)
        return self._reached_ns

    def advance(self, world_ns: int) -> None:
        """The recording has been played up to here."""
        jumping = self._jump_ns > self._reached_ns
        self._reached_ns = max(self._reached_ns, world_ns)
        if jumping and not self._jump_ns > self._reached_ns:
            self.go_on_from(world_ns)

    def go_on_from(self, world_ns: int) -> None:
        """Show ``world_ns`` now and go on at the clock's speed; ends a jump, never goes back."""
        self._reached_ns = self._from_ns = max(self.now_ns(), world_ns)
        self._since_ns, self._jump_ns = self._monotonic_ns(), 0

    def jump(self, world_ns: int) -> None:
        """Have everything up to ``world_ns`` played as fast as possible, then go on as before."""
        self.now_ns()
        self._jump_ns = world_ns

    def pause(self) -> None:
        """Let time stand still."""
        self.now_ns()
        self._paused = True

    def resume(self) -> None:
        """Let time go on from where it stood still."""
        if self._paused:
            self._paused = False
            self._from_ns, self._since_ns = self._reached_ns, self._monotonic_ns()

    def wall_ns(self) -> int:
        """Wall time, UTC ns."""
        return time.time_ns()

    def wall_seconds_until(self, world_ns: int) -> float:
        """Wall seconds until ``world_ns`` at this speed; infinite where time does not go by
        itself.
        """
        if world_ns <= self.now_ns():
            return 0.0
        if self._paused or self.is_driven:
            return math.inf
        return (world_ns - self._reached_ns) / 1e9 / self._speed


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
