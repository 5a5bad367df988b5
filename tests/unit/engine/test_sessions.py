"""Goal: a calendar opens and closes at its boundaries, whatever is scheduled. Method: examples."""

import pytest

from stockyard.engine.sessions import NEVER_NS, Calendar
from stockyard.model.facts import SessionsScheduled
from stockyard.model.instruments import Session


def schedule(*sessions: tuple[int, int]) -> SessionsScheduled:
    return SessionsScheduled(1, "test", tuple(Session(*session) for session in sessions))


def calendar(*sessions: tuple[int, int]) -> Calendar:
    made = Calendar(1, "test")
    made.schedule(schedule(*sessions), 0)
    return made


def test_boundaries_in_turn() -> None:
    days = calendar((10, 20), (20, 30), (40, 50))
    seen = []
    while days.next_boundary_ns() != NEVER_NS:
        at = days.next_boundary_ns()
        seen.append((at, days.pass_boundary(), days.day_ends_ns()))
    assert seen == [
        (10, True, 20),
        (20, False, 30),
        (20, True, 30),
        (30, False, 50),
        (40, True, 50),
        (50, False, 0),
    ]
    assert (days.is_open, days.opened_ns, days.day_ends_ns()) == (False, 40, 0)


def test_new_sessions_follow_those_that_begin_earlier_and_replace_the_rest() -> None:
    days = calendar((10, 20), (30, 40), (50, 60))
    days.schedule(schedule((30, 35), (70, 80)), 0)
    assert (days.opens, days.closes) == ([10, 30, 70], [20, 35, 80])
    days.schedule(schedule(), 0)
    assert days.opens == [10, 30, 70]


def test_an_open_session_can_be_prolonged_shortened_or_taken_away() -> None:
    days = calendar((10, 20))
    days.pass_boundary()
    days.schedule(schedule((10, 15)), 0)
    assert (days.is_open, days.next_boundary_ns()) == (True, 15)
    days.schedule(schedule((30, 40)), 0)
    assert (days.is_open, days.next_boundary_ns()) == (True, 15)
    days.schedule(schedule((5, 7)), 0)
    assert days.is_open
    days = calendar((10, 20))
    days.pass_boundary()
    days.opened_ns = 9
    days.schedule(schedule((10, 40)), 0)
    assert (days.is_open, days.next_boundary_ns()) == (False, 10)


def test_sessions_that_are_over_are_passed_by() -> None:
    days = calendar((50, 60))
    days.schedule(schedule((10, 20), (20, 30), (30, 40)), 30)
    assert (days.opens, days.closes) == ([30], [40])
    days.schedule(schedule((10, 20)), 30)
    assert days.opens == [30]


@pytest.mark.parametrize(
    ("sessions", "says"),
    [
        (((10, 10),), "end after it begins"),
        (((20, 10),), "end after it begins"),
        (((10, 20), (19, 30)), "overlap"),
        (((15, 30),), "overlap"),
    ],
)
def test_sessions_that_no_correct_program_would_write(
    sessions: tuple[tuple[int, int], ...], says: str
) -> None:
    days = calendar((5, 18))
    with pytest.raises(AssertionError, match=says):
        days.schedule(schedule(*sessions), 0)
