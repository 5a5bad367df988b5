"""Portfolios of many people: what one costs over HTTP after a year, and the snapshot of everybody.

A directory of users who have traded is given a year of what they were worth: a row a day as the
daily snapshot leaves it, and the samples that are kept of such a year (minutes of a week, quarters
of an hour of two months, days). Each user is asked about in turn on one keep-alive connection,
while the market moves; nothing of a user is warm when it is asked about first. Beside it the same
rows are read by plain SELECTs in this process. The snapshot is that of the job, in a process of its
own.
"""

import asyncio
import http.client
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from bench import child
from bench.figures import Figure, Growth, Report, quantile
from bench.filled import Filled, Holder, fill
from bench.serving import ServerFailed, Serving
from bench.sizes import Sizes
from stockyard import app
from stockyard.api.desk import PeopleDesk
from stockyard.people.directory import People
from stockyard.people.portfolio_days import PortfolioDay
from stockyard.runtime.clock import ManualClock
from stockyard.runtime.portfolio_job import PortfolioJob
from stockyard.runtime.scheduler import ClosedDay
from stockyard.storage.sqlite import SqliteDatabase

NS: Final = 10**9
DAY_NS: Final = 86_400 * NS
DAYS: Final = 365
SESSION_S: Final = 23_400
"""Samples are those of an account that rests outside six and a half hours a day."""
QUARTER_DAYS: Final = 61
MINUTE_DAYS: Final = 7
START_MICROS: Final = 100_000 * 10**6
ANSWER_AIM_MS: Final = 20.0
SNAPSHOT_AIM_S: Final = 10.0
YEAR_QUARTER: Final = 91
IDLE_S: Final = 2.0
BESIDE: Final = {"day": (60, 1), "month": (900, 31), "year": (86_400, DAYS)}
"""Which samples a question is about: their window, and how many days of them."""


class Question(NamedTuple):
    """What is asked of every user's account."""

    name: str
    about: str
    path: str


QUESTIONS: Final = (
    Question("portfolio", "the portfolio", "/api/v1/portfolio"),
    Question("activity", "a page of activities", "/api/v1/account/activities?limit=50"),
    Question("day", "the history of a day, by minutes", "/api/v1/portfolio/history?range=1D"),
    Question("month", "of a month, by quarters", "/api/v1/portfolio/history?range=1M"),
    Question("year", "of a year, by closes", "/api/v1/portfolio/history?range=1Y"),
    Question("performance", "a year's performance", "/api/v1/portfolio/performance?range=1Y"),
)


def samples(account_id: int, days: int, now_ns: int) -> Iterator[tuple[int, int, int, int, int]]:
    """The samples that are kept of so many days, as the table holds them."""
    today = now_ns - now_ns % DAY_NS
    for window_s, kept in ((86_400, days), (900, QUARTER_DAYS), (60, MINUTE_DAYS)):
        step = window_s * NS
        for ago in range(1, min(kept, days) + 1):
            begun = today - ago * DAY_NS
            for at in range(0, SESSION_S * NS if window_s < 86_400 else 1, step):
                start = begun + at + (14 * 3600 * NS if window_s < 86_400 else 0)
                worth = START_MICROS + (account_id * 7_919 + start // step * 104_729) % 10**10
                yield account_id, window_s, start, worth, START_MICROS


def rows(holder: Holder, user_id: str, days: int, now_ns: int) -> Iterator[PortfolioDay]:
    """The daily snapshots of so many days, but for the last."""
    for ago in range(2, days + 1):
        day = time.gmtime(now_ns // NS - ago * 86_400)
        number = day.tm_year * 10_000 + day.tm_mon * 100 + day.tm_mday
        worth = START_MICROS + (holder.account_id * 104_729 + ago * 7_919_000) % 10**10
        yield PortfolioDay(
            holder.account_id, number, user_id, now_ns - ago * DAY_NS, worth, START_MICROS,
            worth // 2, 0, worth - worth // 2, 0, 0,
        )  # fmt: skip


def give_past(data: Path, found: Filled, days: int) -> None:
    """Let everybody have been there for so many days."""
    now_ns = time.time_ns()
    with closing(sqlite3.connect(data / "projections.db", isolation_level=None)) as database:
        database.execute("BEGIN")
        database.execute("UPDATE accounts SET created_ns = created_ns - ?", (days * DAY_NS,))
        for holder in found.holders:
            database.executemany(
                "INSERT OR IGNORE INTO equities VALUES (?, ?, ?, ?, ?)",
                samples(holder.account_id, days, now_ns),
            )
        database.execute("COMMIT")
    register = SqliteDatabase(data / "people.db", durable=False)
    people = People(register)
    for holder in found.holders:
        owner = people.account_owner(holder.account_id)
        assert owner is not None
        people.portfolio_days.store(list(rows(holder, owner.user_id, days, now_ns)))
    register.close()


def ask_all(serving: Serving, holders: list[Holder], path: str) -> list[float]:
    """Milliseconds of each answer, one user after another. Raises ``ServerFailed``."""
    took = []
    connection = http.client.HTTPConnection("127.0.0.1", serving.port, timeout=30)
    for holder in holders:
        headers = {"APCA-API-KEY-ID": holder.key_id, "APCA-API-SECRET-KEY": holder.secret}
        begun = time.perf_counter()
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        took.append((time.perf_counter() - begun) * 1e3)
        if answer.status != 200:
            raise ServerFailed(body.decode("utf-8", "replace"))
    connection.close()
    return took


def processor_s(pid: int) -> float:
    """Seconds of a processor that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def plain(data: Path, found: Filled, window_s: int, days: int) -> float:
    """Milliseconds, p95, to read a year's samples of a user by one SELECT."""
    took = []
    first = time.time_ns() - days * DAY_NS
    with closing(sqlite3.connect(data / "projections.db", isolation_level=None)) as database:
        for holder in found.holders:
            begun = time.perf_counter()
            database.execute(
                "SELECT start_ns, equity_micros, deposited_micros FROM equities"
                " WHERE account_id = ? AND window_s = ? AND start_ns >= ? ORDER BY start_ns",
                (holder.account_id, window_s, first),
            ).fetchall()
            took.append((time.perf_counter() - begun) * 1e3)
    return quantile(took, 0.95)


class Snapshots(msgspec.Struct):
    """Seconds of the snapshot of everybody: at the close, of a day that is caught up with, and
    asked for once more.
    """

    prompt: float
    late: float
    again: float


def snapshots(folder: str, users: int) -> Snapshots:
    """Take the snapshot of so many users who own a little, as a server does."""
    path = Path(tempfile.mkdtemp(prefix="snapshot-", dir=folder)) / "data"
    found = fill(str(path), users, users, 0)
    now_ns = time.time_ns()
    with closing(sqlite3.connect(path / "projections.db", isolation_level=None)) as database:
        database.execute("BEGIN")
        database.execute("UPDATE accounts SET created_ns = created_ns - ?", (9 * DAY_NS,))
        database.executemany(
            "INSERT OR IGNORE INTO equities VALUES (?, 60, ?, ?, ?)",
            [(x.account_id, now_ns - 3 * DAY_NS, 10**11, 10**11) for x in found.holders],
        )
        database.execute("COMMIT")
    took = asyncio.run(_taken(path, users, now_ns))
    shutil.rmtree(path.parent)
    return took


async def _taken(path: Path, users: int, now_ns: int) -> Snapshots:
    directory = app.DataDirectory(path)
    clock = ManualClock(now_ns + 3600 * NS)
    projecting, queries = ThreadPoolExecutor(1), ThreadPoolExecutor(2)
    world = app.open_world(
        directory.journal,
        directory.snapshots,
        directory.store,
        clock,
        schedule=lambda: None,
        run=projecting.submit,
        queries=queries,
    )
    desk = PeopleDesk(People(directory.open_people()), 64, clock.wall_ns)
    job = PortfolioJob(world, desk)
    seconds = []
    for day, close_ns in ((2, clock.time_ns), (1, now_ns - 2 * DAY_NS), (2, clock.time_ns)):
        begun = time.perf_counter()
        run = await job.take(ClosedDay(day, close_ns))
        seconds.append(time.perf_counter() - begun)
        assert (run.accounts, run.failed) == (users, 0), run
    desk.close()
    world.close()
    directory.release()
    projecting.shutdown()
    queries.shutdown()
    return Snapshots(*seconds)


def run(sizes: Sizes, folder: Path) -> Report:
    """Measure answers after a year, and the snapshot of everybody."""
    path = Path(tempfile.mkdtemp(prefix="portfolios-", dir=folder)) / "data"
    found = fill(str(path), sizes.portfolio_users, sizes.portfolio_orders, 0)
    give_past(path, found, DAYS)
    with Serving(path) as serving:
        begun, used = time.perf_counter(), processor_s(serving.process.pid)
        time.sleep(IDLE_S)
        share = (processor_s(serving.process.pid) - used) / (time.perf_counter() - begun)
        figures = [_answers(sizes, path, found, serving, one, share) for one in QUESTIONS]
    shutil.rmtree(path.parent)
    growth, by_users = _growth(sizes, folder)
    most = sizes.portfolio_snapshot_users
    figures.append(
        Figure(
            "portfolio_snapshot_s",
            f"daily snapshot of {most:,} users",
            by_users.prompt,
            "s",
            f"<= {SNAPSHOT_AIM_S:.0f} s",
            by_users.prompt <= SNAPSHOT_AIM_S,
            f"of a day that is caught up with, {by_users.late:.2f} s",
            by_users.prompt / by_users.late,
            f"asked for again, {by_users.again * 1e3:.0f} ms",
        )
    )
    return Report(figures, growth)


def _answers(
    sizes: Sizes,
    path: Path,
    found: Filled,
    serving: Serving,
    question: Question,
    idle_share: float,
) -> Figure:
    """``idle_share``: what the market alone takes of a processor."""
    begun, used = time.perf_counter(), processor_s(serving.process.pid)
    took = ask_all(serving, found.holders, question.path)
    used = (processor_s(serving.process.pid) - used) / len(took) * 1e3
    idle = idle_share * (time.perf_counter() - begun) / len(took) * 1e3
    low = plain(path, found, *BESIDE[question.name]) if question.name in BESIDE else None
    value = quantile(took, 0.95)
    return Figure(
        f"portfolio_{question.name}_p95_ms",
        f"{question.about}, {sizes.portfolio_users:,} users with a year, p95",
        value,
        "ms",
        f"<= {ANSWER_AIM_MS:.0f} ms",
        value <= ANSWER_AIM_MS,
        "" if low is None else f"one SELECT of the samples, p95 {low:.2f} ms",
        None if low is None else value / low,
        f"p50 {quantile(took, 0.5):.2f} ms, p99 {quantile(took, 0.99):.2f} ms; processor"
        f" {max(0.0, used - idle):.2f} ms an answer",
    )


def _growth(sizes: Sizes, folder: Path) -> tuple[list[Growth], Snapshots]:
    """The snapshot by users, and the whole history by days; the largest snapshot."""
    users, days = [], []
    largest = Snapshots(0, 0, 0)
    for doubling in range(sizes.portfolio_doublings + 1):
        count = sizes.portfolio_snapshot_users >> (sizes.portfolio_doublings - doubling)
        given = {"folder": str(folder), "users": count}
        largest = child.run("bench.portfolios:snapshots", Snapshots, given)
        users.append((count, largest.prompt / count * 1e6))
        length = YEAR_QUARTER << doubling
        days.append((length, whole_history_ms(folder, sizes.portfolio_days_users, length)))
    return [
        Growth("growth_portfolio_snapshot", "daily snapshot, one user", "users", "us", users),
        Growth("growth_portfolio_history", "the whole history, p50", "days", "ms", days),
    ], largest


def whole_history_ms(folder: Path, users: int, days: int) -> float:
    """Milliseconds, p50, of the whole history of accounts that have been there for so long."""
    path = Path(tempfile.mkdtemp(prefix="whole-", dir=folder)) / "data"
    found = fill(str(path), users, users * 2, 0)
    give_past(path, found, days)
    with Serving(path) as serving:
        took = ask_all(serving, found.holders, "/api/v1/portfolio/history?range=ALL")
    shutil.rmtree(path.parent)
    return quantile(took, 0.5)
