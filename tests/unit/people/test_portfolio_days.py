"""Goal: a day's row is written once, all of a group or none, and what failed is remembered."""

import pytest

from stockyard.people import portfolio_days
from stockyard.people.directory import People
from stockyard.people.portfolio_days import PortfolioDay, PortfolioFailure, PortfolioRun
from stockyard.storage.memory import MemoryDatabase
from stockyard.storage.ports import ConstraintBroken

DAY = 20260320


def row(account_id: int, user_id: str = "ann", day: int = DAY, equity: int = 5) -> PortfolioDay:
    return PortfolioDay(account_id, day, user_id, 77, equity, 4, 1, 0, 4, 0, 0)


def test_a_row_stays_as_it_was_first_written(people: People) -> None:
    days = people.portfolio_days
    days.begin(DAY, 1)
    days.store([row(1), row(2)])
    days.store([row(1, equity=6), row(3)])
    assert [days.of_account(n) for n in (1, 2, 3)] == [[row(1)], [row(2)], [row(3)]]
    assert days.done(DAY) == {1, 2, 3}
    assert days.end(DAY, 9) == PortfolioRun(DAY, 1, 9, 3, 0)


def test_a_group_is_stored_whole_or_not_at_all(people: People) -> None:
    days = people.portfolio_days
    with pytest.raises(ConstraintBroken):
        days.store([row(1), PortfolioDay(2, DAY, "bob", 77, None, 4)])  # type: ignore[arg-type]
    assert days.done(DAY) == set()
    days.store([])
    assert days.done(DAY) == set()


def test_failures_are_counted_and_end_with_the_row(people: People) -> None:
    days = people.portfolio_days
    days.begin(DAY, 1)
    days.fail(DAY, [("ann", "x" * 1000), ("bob", "no")], 5)
    days.fail(DAY, [("bob", "still no")], 6)
    most = portfolio_days.ERROR_LENGTH_MAX
    assert days.failures(DAY) == [
        PortfolioFailure(DAY, "ann", "x" * most, 1, 5),
        PortfolioFailure(DAY, "bob", "still no", 2, 6),
    ]
    assert days.failures(DAY, 1) == days.failures(DAY)[:1]
    days.store([row(1, "bob")])
    assert [one.user_id for one in days.failures(DAY)] == ["ann"]
    assert days.end(DAY, 9).failed == 1


def test_up_to_where_it_is_done(people: People) -> None:
    days = people.portfolio_days
    assert days.done_until() == 0
    for day in (DAY, DAY + 3):
        days.begin(day, 1)
        assert days.done_until() == day - 1
        days.end(day, 2)
        assert days.done_until() == day
    days.fail(DAY, [("ann", "no")], 5)
    assert days.done_until() == DAY - 1
    for _ in range(portfolio_days.TRIES_MAX - 1):
        assert days.done_until() == DAY - 1
        days.fail(DAY, [("ann", "no")], 5)
    assert days.done_until() == DAY + 3
    assert [run.day for run in days.runs()] == [DAY + 3, DAY]
    assert len(days.runs(1)) == 1
    assert days.run(1) is None


def test_an_account_is_read_from_a_day_on(
    people: People, database: MemoryDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = people.portfolio_days
    days.store([row(1, day=DAY + n) for n in range(5)] + [row(2, day=DAY + 9)])
    assert [one.day for one in days.of_account(1, DAY + 3)] == [DAY + 3, DAY + 4]
    monkeypatch.setattr(portfolio_days, "ROWS_READ_MAX", 2)
    assert [one.day for one in People(database).portfolio_days.of_account(1)] == [DAY + 3, DAY + 4]


def test_holders_are_users_with_accounts_that_go_on(people: People, add_user: object) -> None:
    assert callable(add_user)
    ann = add_user("ann@example.com", 17)
    bob = add_user("bob@example.com", 18)
    eve = add_user("eve@example.com", 19)
    people.set_status(bob, "suspended")
    people.set_status(eve, "closed")
    assert people.holders() == [(ann, (17,)), (bob, (18,))]
