"""Goal: what is due after a close is done for each closed day once, and a failure stops nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from stockyard.runtime import scheduler
from stockyard.runtime.clock import ManualClock
from stockyard.runtime.scheduler import ClosedDay, Scheduler, closed_day, closed_days


def ns(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 10**9


class Noted:
    """Notes the days it is asked for; fails on some."""

    def __init__(self, name: str = "noted", *bad: int) -> None:
        self.name, self.bad = name, set(bad)
        self.days: list[int] = []
        self.raises = False
        self.done = 0

    def done_until(self) -> int:
        return self.done

    async def run(self, closed: ClosedDay) -> bool:
        self.days.append(closed.day)
        if self.raises:
            raise OSError("no disk")
        if closed.day in self.bad:
            return False
        if not self.bad:
            self.done = closed.day
        return True


@pytest.mark.parametrize(
    ("calendar", "now", "day"),
    [
        ("xnys", "2026-01-05T20:59:59", 20260102),
        ("xnys", "2026-01-05T21:00:00", 20260105),
        ("xnys", "2026-07-06T20:00:00", 20260706),
        ("xnys", "2026-11-28T12:00:00", 20261127),
        ("always", "2026-01-04T20:59:59", 20260103),
        ("always", "2026-01-04T21:00:00", 20260104),
    ],
)
def test_the_last_day_that_closed(calendar: str, now: str, day: int) -> None:
    found = closed_day(calendar, ns(now))
    assert found is not None
    assert found.day == day
    assert found.close_ns <= ns(now)


def test_early_closes_and_days_before_the_calendar() -> None:
    friday = closed_day("xnys", ns("2026-11-27T18:00:00"))
    assert friday == ClosedDay(20261127, ns("2026-11-27T18:00:00"))
    assert closed_days("xnys", ns("1980-01-01T00:00:00"), 0) == []


async def test_days_without_a_server_are_caught_up_with_as_far_as_the_limit() -> None:
    clock = ManualClock(ns("2026-03-20T22:00:00"))
    job = Noted()
    looking = Scheduler(clock, "xnys", [job])
    await looking.look(0)
    assert job.days == [20260320]
    clock.time_ns = ns("2026-03-24T22:00:00")
    await looking.look(0)
    assert job.days == [20260320, 20260323, 20260324]
    clock.time_ns = ns("2026-06-01T22:00:00")
    await looking.look(0)
    assert len(job.days) == 3 + scheduler.CAUGHT_UP_MAX
    assert job.days[-1] == 20260601
    await looking.look(0)
    assert len(job.days) == 3 + scheduler.CAUGHT_UP_MAX


async def test_it_begins_once_the_close_has_settled() -> None:
    clock = ManualClock(ns("2026-03-20T20:00:59"))
    job = Noted()
    job.done = 20260319
    looking = Scheduler(clock, "xnys", [job])
    await looking.look(0)
    assert job.days == []
    clock.time_ns += 10**9
    await looking.look(0)
    assert job.days == [20260320]


async def test_a_failure_is_tried_again_ever_later_and_stops_no_other_job(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = ManualClock(ns("2026-03-20T22:00:00"))
    bad, good = Noted("bad"), Noted("good")
    bad.raises = True
    looking = Scheduler(clock, "xnys", [bad, good])
    for second in range(400):
        await looking.look(float(second))
    assert good.days == [20260320]
    # At 0, 30, 90, 210 and not before 450.
    assert len(bad.days) == 4
    assert "bad failed" in caplog.text
    bad.raises = False
    await looking.look(450.0)
    await looking.look(451.0)
    assert len(bad.days) == 5
    assert bad.done == 20260320


async def test_a_day_that_stays_undone_does_not_hold_up_the_next() -> None:
    clock = ManualClock(ns("2026-03-24T22:00:00"))
    job = Noted("partly", 20260323)
    job.done = 20260320
    looking = Scheduler(clock, "xnys", [job])
    await looking.look(0)
    assert job.days == [20260323, 20260324]
    await looking.look(scheduler.RETRY_S_MIN)
    assert job.days == [20260323, 20260324, 20260323]
    job.bad.clear()
    await looking.look(10 * scheduler.RETRY_S_MAX)
    await looking.look(20 * scheduler.RETRY_S_MAX)
    assert job.days == [20260323, 20260324, 20260323, 20260323]


async def test_it_looks_until_it_is_canceled() -> None:
    clock = ManualClock(ns("2026-03-20T22:00:00"))
    job = Noted()
    looks = 0

    class Enough(Exception):
        pass

    async def sleep(seconds: float) -> None:
        nonlocal looks
        assert seconds == scheduler.LOOK_S
        looks += 1
        clock.time_ns += int(timedelta(days=1).total_seconds()) * 10**9
        if looks > 4:
            raise Enough

    with pytest.raises(Enough):
        await Scheduler(clock, "always", [job], sleep).run()
    assert len(job.days) == 4
