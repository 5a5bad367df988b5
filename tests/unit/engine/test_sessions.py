"""Goal: a calendar opens and closes at its boundaries, whatever is scheduled. Method: examples."""

import pytest

from stockyard.engine.sessions import NEVER_NS, Calendar
from stockyard.model.codes import Phase
from stockyard.model.facts import SessionsScheduled
from stockyard.model.instruments import Session


def schedule(*sessions: tuple[int, ...]) -> SessionsScheduled:
    return SessionsScheduled(1, "test", tuple(Session(*session) for session in sessions))


def calendar(*sessions: tuple[int, ...]) -> Calendar:
    made = Calendar(1, "test")
    made.schedule(schedule(*sessions), 0)
    return made


def hours(days: Calendar) -> list[tuple[int, int]]:
    """Open and close of the sessions still known."""
    return [(session.open_ns, session.close_ns) for session in days.sessions]


def test_boundaries_in_turn() -> None:
    days = calendar((10, 20), (20, 30), (40, 50))
    seen = []
    while days.next_boundary_ns() != NEVER_NS:
        at = days.next_boundary_ns()
        days.pass_boundary()
        seen.append((at, days.is_open, days.day_ends_ns(False)))
    assert seen == [
        (10, True, 20),
        (20, False, 30),
        (20, True, 30),
        (30, False, 50),
        (40, True, 50),
        (50, False, 0),
    ]
    assert (days.is_open, days.opened_ns, days.day_ends_ns(False)) == (False, 40, 0)


def test_new_sessions_follow_those_that_begin_earlier_and_replace_the_rest() -> None:
    days = calendar((10, 20), (30, 40), (50, 60))
    days.schedule(schedule((30, 35), (70, 80)), 0)
    assert hours(days) == [(10, 20), (30, 35), (70, 80)]
    days.schedule(schedule(), 0)
    assert hours(days) == [(10, 20), (30, 35), (70, 80)]


def test_sessions_that_would_overlap_give_way() -> None:
    days = calendar((10, 20), (20, 30), (30, 40))
    days.schedule(schedule((25, 35), (50, 60)), 0)
    assert hours(days) == [(10, 20), (25, 35), (50, 60)]


def test_another_calendar_takes_the_place_of_all_that_was_known() -> None:
    """A market around the clock that becomes an exchange's is shut over the weekend."""
    days = calendar((10, 20), (20, 30), (30, 40))
    days.pass_boundary()
    days.schedule(SessionsScheduled(1, "exchange", (Session(35, 38),)), 12)
    assert (hours(days), days.is_open, days.next_boundary_ns()) == ([(35, 38)], False, 35)


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
    assert hours(days) == [(30, 40)]
    days.schedule(schedule((10, 20)), 30)
    assert hours(days) == [(30, 40)]


def test_phases_in_turn() -> None:
    """With late trading the day of an order for it ends later; one without waits for the next."""
    days = calendar((10, 20, 5, 25), (40, 50, 0, 60), (70, 80, 65, 0))
    seen = []
    while days.next_boundary_ns() != NEVER_NS:
        at = days.next_boundary_ns()
        days.pass_boundary()
        seen.append((at, days.phase, days.day_ends_ns(False), days.day_ends_ns(True)))
    assert seen == [
        (5, Phase.PRE, 20, 25),
        (10, Phase.OPEN, 20, 25),
        (20, Phase.POST, 50, 25),
        (25, Phase.CLOSED, 50, 60),
        (40, Phase.OPEN, 50, 60),
        (50, Phase.POST, 80, 60),
        (60, Phase.CLOSED, 80, 80),
        (65, Phase.PRE, 80, 80),
        (70, Phase.OPEN, 80, 80),
        (80, Phase.CLOSED, 0, 0),
    ]


def test_a_phase_that_now_begins_later_is_shut() -> None:
    days = calendar((10, 20, 5, 25))
    days.pass_boundary()
    days.pass_boundary()
    days.schedule(schedule((10, 18, 5, 22)), 12)
    assert (days.phase, days.next_boundary_ns()) == (Phase.OPEN, 18)
    days.schedule(schedule((15, 20, 5, 25)), 12)
    assert (days.phase, days.next_boundary_ns()) == (Phase.CLOSED, 5)


@pytest.mark.parametrize(
    ("sessions", "says"),
    [
        (((10, 10),), "end after it begins"),
        (((20, 10),), "end after it begins"),
        (((10, 20), (19, 30)), "overlap"),
        (((20, 30, 20, 0),), "early trading"),
        (((20, 30, 0, 30),), "late trading"),
    ],
)
def test_sessions_that_no_correct_program_would_write(
    sessions: tuple[tuple[int, ...], ...], says: str
) -> None:
    days = calendar((5, 18))
    with pytest.raises(AssertionError, match=says):
        days.schedule(schedule(*sessions), 0)
