"""Takes a day's snapshot of a directory in processes that die in mid-batch; prints how it went.

Run with the directory, the day, a seed and how often to die. Each death is of its own process,
forked from this one, which has no threads yet.
"""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from stockyard import app
from stockyard.people.directory import People
from stockyard.runtime import portfolio_job
from stockyard.runtime.clock import ManualClock
from stockyard.runtime.portfolio_job import PortfolioJob
from stockyard.runtime.scheduler import ClosedDay

T = TypeVar("T")
BATCH = 20
STAGES = ("before", "rows", "after")


def die() -> None:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


class Dying:
    """A database whose ``at``-th transaction kills the process before, while or after it writes."""

    def __init__(self, database: Any, at: int, stage: str, rows: int) -> None:
        self._database, self._at, self._stage, self._rows = database, at, stage, rows
        self._count = -1

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    def transact(self, work: Callable[[Any], None]) -> None:
        self._count += 1
        if self._count != self._at:
            self._database.transact(work)
            return
        if self._stage == "before":
            die()
        self._database.transact(
            work if self._stage == "after" else lambda inner: work(_Inside(inner, self._rows))
        )
        die()


class _Inside:
    def __init__(self, transaction: Any, rows: int) -> None:
        self._transaction, self._rows = transaction, rows

    def executemany(self, sql: str, rows: Iterable[Any]) -> None:
        def until_death() -> Iterator[Any]:
            for number, row in enumerate(rows):
                if number == self._rows:
                    die()
                yield row

        self._transaction.executemany(sql, until_death())


class Desk:
    """People's writes, here and now."""

    def __init__(self, people: People) -> None:
        self._people = people

    async def write(self, work: Callable[[People], T]) -> T:
        """Run a write."""
        return work(self._people)

    def alone(self, work: Callable[[People], T]) -> T:
        """Run ``work``."""
        return work(self._people)


def take(path: Path, day: int, dying: tuple[int, str, int] | None) -> dict[str, int]:
    """Take the snapshot, and die on the way where that is asked for."""
    portfolio_job.BATCH = BATCH  # type: ignore[misc]
    directory = app.DataDirectory(path)
    clock = ManualClock(time.time_ns())
    world = app.open_world(
        directory.journal, directory.snapshots, directory.store, clock, schedule=lambda: None
    )
    people = People(directory.open_people())
    if dying is not None:
        kept: Any = people.portfolio_days
        kept._database = Dying(kept._database, *dying)
    job = PortfolioJob(world, Desk(people))
    run = asyncio.run(job.take(ClosedDay(day, clock.now_ns())))
    world.close()
    directory.release()
    return {"accounts": run.accounts, "failed": run.failed, "added": job.figures.rows}


def main() -> None:
    """Die as often as asked, then go through to the end."""
    path, day, draw, deaths = Path(sys.argv[1]), int(sys.argv[2]), Random(sys.argv[3]), 0
    for _ in range(int(sys.argv[4])):
        dying = draw.randrange(2), draw.choice(STAGES), draw.randrange(BATCH)
        child = os.fork()
        if not child:
            take(path, day, dying)
            os._exit(0)
        deaths += os.WIFSIGNALED(os.waitpid(child, 0)[1])
    print(json.dumps({"deaths": deaths, **take(path, day, None)}))


if __name__ == "__main__":
    main()
