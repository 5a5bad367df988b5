"""Recorded time: what moves it, at which pace, and that it never goes back."""

import math

from stockyard.runtime.clock import RecordedClock

START_NS = 1_381_152_600 * 10**9
SECOND = 10**9


class Wall:
    """A wall clock that a test moves."""

    def __init__(self) -> None:
        self.ns = 5_000

    def read(self) -> int:
        return self.ns


def test_time_runs_at_the_clocks_speed() -> None:
    wall = Wall()
    clock = RecordedClock(START_NS, 10, wall.read)
    wall.ns += 2 * SECOND
    assert clock.now_ns() == START_NS + 20 * SECOND
    assert clock.wall_seconds_until(START_NS + 60 * SECOND) == 4
    assert clock.wall_seconds_until(START_NS + 20 * SECOND) == 0


def test_a_recording_ahead_of_the_clock_takes_it_along_and_never_back() -> None:
    wall = Wall()
    clock = RecordedClock(START_NS, 1, wall.read)
    clock.advance(START_NS + 3)
    clock.advance(START_NS + 2)
    assert clock.now_ns() == START_NS + 3
    wall.ns += SECOND
    assert clock.now_ns() == START_NS + SECOND


def test_at_speed_0_only_the_recording_moves_time() -> None:
    wall = Wall()
    clock = RecordedClock(START_NS, 0, wall.read)
    wall.ns += SECOND
    assert clock.is_driven
    assert clock.now_ns() == START_NS
    assert clock.wall_seconds_until(START_NS + 1) == math.inf
    clock.advance(START_NS + SECOND)
    assert clock.now_ns() == START_NS + SECOND
    assert clock.wall_seconds_until(START_NS + SECOND) == 0


def test_a_pause_loses_nothing_and_gains_nothing() -> None:
    wall = Wall()
    clock = RecordedClock(START_NS, 2, wall.read)
    wall.ns += SECOND
    clock.pause()
    wall.ns += 100 * SECOND
    assert clock.is_paused
    assert clock.now_ns() == START_NS + 2 * SECOND
    assert clock.wall_seconds_until(START_NS + 3 * SECOND) == math.inf
    clock.resume()
    wall.ns += SECOND
    clock.resume()
    assert clock.now_ns() == START_NS + 4 * SECOND


def test_a_jump_is_driven_by_the_recording_and_then_goes_on_at_the_old_speed() -> None:
    wall = Wall()
    clock = RecordedClock(START_NS, 1, wall.read)
    clock.jump(START_NS + 50 * SECOND)
    wall.ns += SECOND
    assert clock.is_driven
    assert clock.now_ns() == START_NS
    clock.advance(START_NS + 20 * SECOND)
    assert clock.is_driven
    clock.advance(START_NS + 50 * SECOND)
    assert not clock.is_driven
    wall.ns += SECOND
    assert clock.now_ns() == START_NS + 51 * SECOND


def test_a_jump_back_is_none() -> None:
    wall = Wall()
    clock = RecordedClock(START_NS, 1, wall.read)
    clock.advance(START_NS + SECOND)
    clock.jump(START_NS)
    assert not clock.is_driven
    assert clock.now_ns() == START_NS + SECOND


def test_going_on_from_a_later_time_ends_a_jump_and_keeps_the_speed() -> None:
    wall = Wall()
    clock = RecordedClock(START_NS, 3, wall.read)
    clock.jump(START_NS + 50 * SECOND)
    clock.go_on_from(START_NS + 10 * SECOND)
    assert not clock.is_driven
    wall.ns += SECOND
    assert clock.now_ns() == START_NS + 13 * SECOND
    clock.go_on_from(START_NS)
    assert clock.now_ns() == START_NS + 13 * SECOND
