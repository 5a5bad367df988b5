"""The daily snapshot: what every account was worth at the close, users in groups of ``BATCH``.

Promises: every account gets one row a day, however often the job is run, stopped or killed; a user
whose row cannot be made is remembered and stops nobody else; a group is made between two turns of
the event loop, so that all its figures are of one moment. Must not know: who asked for it.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Final, NamedTuple, Protocol, TypeVar

from stockyard.people.directory import People
from stockyard.people.portfolio_days import PortfolioDay, PortfolioRun
from stockyard.projections.rows import AccountRow, EquityRow
from stockyard.projections.store import ReadStore
from stockyard.runtime.scheduler import ClosedDay
from stockyard.runtime.world import World
from stockyard.storage.ports import ConstraintBroken

LOG: Final = logging.getLogger("stockyard.portfolio")
BATCH: Final = 100
LATE_NS: Final = 15 * 60 * 1_000_000_000
"""A day whose close is longer ago is told by samples of the accounts' worth."""
T = TypeVar("T")
Group = list[tuple[str, tuple[int, ...]]]
"""Users with the accounts that are to be looked at."""


class Desk(Protocol):
    """Where people's writes go through, one after another."""

    async def write(self, work: Callable[[People], T]) -> T:
        """Run a write, alone."""

    def alone(self, work: Callable[[People], T]) -> T:
        """Run ``work`` here and now while nobody writes."""


class Figures(NamedTuple):
    """What the job has done since the start."""

    runs: int
    rows: int
    failures: int
    last_seconds: float


class PortfolioJob:
    """A ``DayJob`` over a world and its people."""

    name = "portfolio snapshots"

    def __init__(self, world: World, desk: Desk) -> None:
        self._world, self._desk = world, desk
        self._turn = asyncio.Lock()
        self.figures = Figures(0, 0, 0, 0.0)

    def done_until(self) -> int:
        """The last day up to which everybody has theirs."""
        return self._desk.alone(lambda people: people.portfolio_days.done_until())

    async def run(self, closed: ClosedDay) -> bool:
        """Take the snapshot of a day; whether everybody has theirs."""
        return (await self.take(closed)).failed == 0

    async def take(self, closed: ClosedDay) -> PortfolioRun:
        """Take a day's snapshot, or what is missing of it, and say how it stands.

        One at a time: who comes meanwhile waits. Raises ``StorageError`` and ``Refused``; what was
        stored until then stays.
        """
        async with self._turn:
            return await self._take(closed)

    async def _take(self, closed: ClosedDay) -> PortfolioRun:
        begun, wall_ns = perf_counter(), self._world.clock.wall_ns
        day = closed.day
        await self._desk.write(lambda people: people.portfolio_days.begin(day, wall_ns()))
        holders, done = self._desk.alone(
            lambda people: (people.holders(), people.portfolio_days.done(day))
        )
        pending: Group = []
        for user_id, account_ids in holders:
            wanted = tuple(n for n in account_ids if n not in done)
            if wanted:
                pending.append((user_id, wanted))
        rows = failures = 0
        for at in range(0, len(pending), BATCH):
            stored, failed = await self._batch(closed, pending[at : at + BATCH])
            rows, failures = rows + stored, failures + failed
        found = await self._desk.write(lambda people: people.portfolio_days.end(day, wall_ns()))
        before, seconds = self.figures, perf_counter() - begun
        self.figures = Figures(
            before.runs + 1, before.rows + rows, before.failures + failures, seconds
        )
        LOG.info(
            "portfolio snapshot of %d: %d rows more, %d in all, %d users failed, %.2f s",
            *(day, rows, found.accounts, found.failed, seconds),
        )
        return found

    async def _batch(self, closed: ClosedDay, group: Group) -> tuple[int, int]:
        """Make and store the rows of some users; how many rows, how many users failed."""
        samples: Mapping[int, EquityRow | None] | None = None
        if self._world.clock.now_ns() - closed.close_ns > LATE_NS:
            samples = await self._samples(closed, group)
        by_user: dict[str, list[PortfolioDay]] = {}
        errors: list[tuple[str, str]] = []
        for user_id, account_ids in group:
            try:
                by_user[user_id] = self._rows(closed, user_id, account_ids, samples)
            except Exception as error:
                LOG.exception("no portfolio snapshot of user %s for %d", user_id, closed.day)
                errors.append((user_id, f"{type(error).__name__}: {error}"))
        rows = [row for some in by_user.values() for row in some]
        try:
            await self._desk.write(lambda people: people.portfolio_days.store(rows))
            stored = len(rows)
        except ConstraintBroken:
            stored = await self._one_by_one(by_user, errors)
        if errors:
            now_ns = self._world.clock.wall_ns()
            await self._desk.write(
                lambda people: people.portfolio_days.fail(closed.day, errors, now_ns)
            )
        return stored, len(errors)

    async def _one_by_one(
        self, by_user: dict[str, list[PortfolioDay]], errors: list[tuple[str, str]]
    ) -> int:
        """Store users' rows apart, since some row of theirs cannot be."""
        stored = 0
        for user_id, rows in by_user.items():
            try:
                await self._store(rows)
                stored += len(rows)
            except ConstraintBroken as error:
                errors.append((user_id, str(error)))
        return stored

    async def _store(self, rows: list[PortfolioDay]) -> None:
        await self._desk.write(lambda people: people.portfolio_days.store(rows))

    def _rows(
        self,
        closed: ClosedDay,
        user_id: str,
        account_ids: tuple[int, ...],
        samples: Mapping[int, EquityRow | None] | None,
    ) -> list[PortfolioDay]:
        """A user's rows; accounts that were opened after the close have none."""
        found = []
        for account_id in account_ids:
            account = self._world.view.accounts[account_id]
            if account.created_ns >= closed.close_ns:
                continue
            if samples is None:
                found.append(self._row(closed, user_id, account))
                continue
            sample = samples.get(account_id)
            if sample is not None:
                found.append(
                    PortfolioDay(
                        account_id,
                        closed.day,
                        user_id,
                        closed.close_ns,
                        sample.equity_micros,
                        sample.deposited_micros,
                    )
                )
        return found

    def _row(self, closed: ClosedDay, user_id: str, account: AccountRow) -> PortfolioDay:
        equity = self._world.view.equity_micros(account.account_id)
        return PortfolioDay(
            account.account_id,
            closed.day,
            user_id,
            self._world.clock.now_ns(),
            equity,
            account.deposited_micros,
            account.cash_micros,
            account.held_micros,
            equity - account.cash_micros,
            account.realized_micros,
            account.fees_micros,
        )

    async def _samples(self, closed: ClosedDay, group: Group) -> Mapping[int, EquityRow | None]:
        """The accounts' last samples at the close."""
        account_ids = [account_id for _, some in group for account_id in some]

        def read(store: ReadStore) -> dict[int, EquityRow | None]:
            return {n: store.equity_at(n, closed.close_ns) for n in account_ids}

        return await self._world.query(read)
