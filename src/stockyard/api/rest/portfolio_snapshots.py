"""The daily snapshot of everybody, for who runs this Stockyard."""

from datetime import date
from typing import Annotated, Final

from fastapi import Query

from stockyard.api import portfolio_answers as p
from stockyard.api.auth import require_admin
from stockyard.api.closes import day_number, day_of, stock_calendar
from stockyard.api.describing import Trait, described
from stockyard.api.problems import Problem
from stockyard.api.routes import Response, Visiting, answer, router
from stockyard.api.shapes import time_or_none, time_text
from stockyard.people.portfolio_days import RUNS_SHOWN, PortfolioRun
from stockyard.runtime.scheduler import CAUGHT_UP_MAX, ClosedDay, closed_days

routes = router()
TAG: Final = "Operator"
_ADMIN: Final = Trait.SIGNED_IN | Trait.PEOPLE


def shown_run(run: PortfolioRun) -> p.SnapshotRun:
    """A run as it is shown."""
    return p.SnapshotRun(
        day_of(run.day).isoformat(),
        run.accounts,
        run.failed,
        time_text(run.begun_ns),
        time_or_none(run.ended_ns),
    )


@routes.post(
    "/admin/portfolio/snapshots",
    **described(
        "take_portfolio_snapshots",
        TAG,
        "Take the daily snapshot of everybody",
        "What the scheduler does after each close: every account of every user that is not closed"
        " gets one row a day, in groups of 100 users. Asked for again, it makes what is missing"
        " and changes nothing else. Days that closed more than a quarter of an hour ago are told"
        " by samples of what the accounts were worth. For administrators, by a session or by an"
        " API key with the scope `admin`.",
        traits=_ADMIN | Trait.HISTORY,
        answer=p.SnapshotDay,
        answered="How the day's snapshot stands.",
    ),
)
async def take_snapshots(
    visit: Visiting,
    day: Annotated[
        str | None,
        Query(
            description=f"One of the last {CAUGHT_UP_MAX} trading days that have closed, such as"
            " 2026-11-20; default the last."
        ),
    ] = None,
) -> Response:
    """Take the daily snapshot of everybody."""
    require_admin(visit.identity())
    door = visit.door
    now_ns = door.world.clock.now_ns()
    known = closed_days(stock_calendar(door), now_ns, 1)
    last = known[-1] if known else None
    closed = last if day is None else _named(known, day)
    if closed is None:
        raise Problem(
            422,
            "invalid_parameter",
            "this is none of the last trading days that have closed",
            f"send one from {day_of(known[0].day)} to {day_of(known[-1].day)}, or none"
            if known
            else "try again once a day has closed",
            field="day",
        )
    run = await door.portfolio_job.take(closed)
    await visit.note("portfolio.snapshot_taken", day_of(closed.day).isoformat())
    return answer(await _shown_day(visit, run))


def _named(known: list[ClosedDay], text: str) -> ClosedDay | None:
    try:
        wanted = day_number(date.fromisoformat(text))
    except ValueError:
        return None
    return next((one for one in known if one.day == wanted), None)


async def _shown_day(visit: Visiting, run: PortfolioRun) -> p.SnapshotDay:
    kept = visit.door.desk.people.portfolio_days
    failures = await visit.door.desk.run(lambda: kept.failures(run.day))
    return p.SnapshotDay(
        shown_run(run),
        [
            p.SnapshotFailure(one.user_id, one.error, one.tries, time_text(one.last_ns))
            for one in failures
        ],
    )


@routes.get(
    "/admin/portfolio/snapshots",
    **described(
        "list_portfolio_snapshots",
        TAG,
        "List the daily snapshots",
        f"Newest first, at most {RUNS_SHOWN}. For administrators.",
        traits=_ADMIN,
        answer=list[p.SnapshotRun],
        answered="The snapshots.",
    ),
)
async def list_snapshots(visit: Visiting) -> Response:
    """List the daily snapshots."""
    require_admin(visit.identity())
    found = await visit.door.desk.run(visit.door.desk.people.portfolio_days.runs)
    return answer([shown_run(run) for run in found])


@routes.get(
    "/admin/portfolio/snapshots/{day}",
    **described(
        "read_portfolio_snapshot",
        TAG,
        "Read a day's snapshot",
        "With the users whose row could not be made, and why. For administrators.",
        traits=_ADMIN | Trait.NAMED,
        answer=p.SnapshotDay,
        answered="How it stands.",
    ),
)
async def read_snapshot(visit: Visiting, day: str) -> Response:
    """Read a day's snapshot."""
    require_admin(visit.identity())
    try:
        wanted = day_number(date.fromisoformat(day))
    except ValueError:
        wanted = 0
    kept = visit.door.desk.people.portfolio_days
    run = await visit.door.desk.run(lambda: kept.run(wanted))
    if run is None:
        raise Problem(
            404,
            "unknown_day",
            "there is no snapshot of this day",
            "name one of GET /api/v1/admin/portfolio/snapshots",
            field="day",
        )
    return answer(await _shown_day(visit, run))
