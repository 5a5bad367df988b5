"""Sessions against published facts and against an independent calendar."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import exchange_calendars
import pytest

from stockyard.market import xnys
from stockyard.market.calendars import NEW_YORK, CalendarError, sessions


def local(ns: int) -> str:
    """New York wall clock of a time."""
    return datetime.fromtimestamp(ns // 10**9, UTC).astimezone(NEW_YORK).strftime("%Y-%m-%d %H:%M")


def day_of(ns: int) -> date:
    return datetime.fromtimestamp(ns // 10**9, UTC).astimezone(NEW_YORK).date()


@pytest.mark.parametrize(
    ("year", "count", "holidays", "early"),
    [
        (
            2026,
            251,
            "0101 0119 0216 0403 0525 0619 0703 0907 1126 1225",
            "1127 1224",
        ),
        (2027, 251, "0101 0118 0215 0326 0531 0618 0705 0906 1125 1224", "1126"),
    ],
)
def test_published_years(year: int, count: int, holidays: str, early: str) -> None:
    rows = sessions("xnys", date(year, 1, 1), date(year, 12, 31))
    assert len(rows) == count
    open_days = {day_of(row.open_ns) for row in rows}
    first = date(year, 1, 1)
    weekdays = {
        day
        for n in range(365)
        if (day := first + timedelta(days=n)).weekday() < 5 and day.year == year
    }
    assert sorted(f"{day:%m%d}" for day in weekdays - open_days) == holidays.split()
    shortened = [day_of(row.open_ns) for row in rows if local(row.close_ns).endswith("13:00")]
    assert [f"{day:%m%d}" for day in shortened] == early.split()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_agrees_with_an_independent_calendar_for_eighteen_years() -> None:
    theirs = exchange_calendars.get_calendar("XNYS", start="2010-01-01", end="2027-12-31").schedule
    ours = sessions("xnys", date(2010, 1, 1), date(2027, 12, 31))
    assert [row.open_ns for row in ours] == [t.value for t in theirs["open"]]
    assert [row.close_ns for row in ours] == [t.value for t in theirs["close"]]


def test_the_session_keeps_new_york_time_through_daylight_saving() -> None:
    friday, monday = sessions("xnys", date(2026, 3, 6), date(2026, 3, 9))
    assert (local(friday.open_ns), local(friday.close_ns)) == (
        "2026-03-06 09:30",
        "2026-03-06 16:00",
    )
    assert local(monday.open_ns) == "2026-03-09 09:30"
    assert monday.open_ns - friday.open_ns == (72 - 1) * 3600 * 10**9


@pytest.mark.parametrize(
    ("day", "close"),
    [(date(1992, 12, 24), "14:00"), (date(2013, 11, 29), "13:00"), (date(2013, 10, 7), "16:00")],
)
def test_closing_times(day: date, close: str) -> None:
    (row,) = sessions("xnys", day, day)
    assert local(row.close_ns).endswith(close)


@pytest.mark.parametrize("day", [date(2001, 9, 11), date(2012, 10, 29), date(2026, 11, 21)])
def test_no_session(day: date) -> None:
    assert sessions("xnys", day, day) == ()


def test_a_closure_announced_later_can_be_added() -> None:
    day = date(2026, 11, 20)
    assert len(sessions("xnys", day, day)) == 1
    assert sessions("xnys", day, day, closures={day}) == ()


@pytest.mark.parametrize("year", [2026, 2024])
def test_always_open_has_no_gap_and_ends_at_four(year: int) -> None:
    rows = sessions("always", date(year, 1, 1), date(year, 12, 31))
    assert len(rows) == (date(year + 1, 1, 1) - date(year, 1, 1)).days
    assert all(a.close_ns == b.open_ns for a, b in pairwise(rows))
    assert all(local(row.close_ns).endswith("16:00") for row in rows)
    hours = {(row.close_ns - row.open_ns) // (3600 * 10**9) for row in rows}
    assert hours == {23, 24, 25}
    assert local(rows[0].open_ns) == f"{year - 1}-12-31 16:00"
    assert local(rows[0].close_ns) == f"{year}-01-01 16:00"


def test_an_empty_range_has_no_sessions() -> None:
    assert sessions("xnys", date(2026, 2, 2), date(2026, 2, 1)) == ()


@pytest.mark.parametrize(
    ("name", "first", "last", "told"),
    [
        ("xnas", date(2026, 1, 1), date(2026, 1, 2), "use xnys or always"),
        ("xnys", date(1989, 12, 29), date(1990, 1, 2), "covers 1990 to 2040"),
        ("xnys", date(2040, 12, 1), date(2041, 1, 2), "covers 1990 to 2040"),
    ],
)
def test_refusals_say_what_would_be_right(name: str, first: date, last: date, told: str) -> None:
    with pytest.raises(CalendarError, match=told):
        sessions(name, first, last)


def test_the_tables_hold_weekdays_in_order() -> None:
    for table in (xnys.HOLIDAYS, xnys.CLOSES_AT_13, xnys.CLOSES_AT_14):
        assert list(table) == sorted(set(table))
        assert all(date.fromisoformat(str(number)).weekday() < 5 for number in table)
    assert not set(xnys.HOLIDAYS) & {*xnys.CLOSES_AT_13, *xnys.CLOSES_AT_14}


@pytest.mark.parametrize(
    ("day", "begins", "ends"),
    [
        (date(2026, 7, 2), "04:00", "20:00"),
        (date(2026, 11, 27), "04:00", "17:00"),
        (date(1992, 12, 24), "04:00", "18:00"),
    ],
)
def test_early_and_late_trading(day: date, begins: str, ends: str) -> None:
    (row,) = sessions("xnys", day, day)
    assert local(row.begins_ns).endswith(begins)
    assert local(row.ends_ns).endswith(ends)
    (always,) = sessions("always", day, day)
    assert (always.pre_open_ns, always.post_close_ns) == (0, 0)
    assert (always.begins_ns, always.ends_ns) == (always.open_ns, always.close_ns)
