"""What every account was worth at the close of each day: one row an account and day, for ever.

Promises: a day's row is written once and never changes; the rows of one group of users are stored
together or not at all; whose row could not be made is remembered with the reason until it could.
Must not know: how a figure is worked out, or when a day closes.
"""

from collections.abc import Collection, Sequence
from typing import Final

import msgspec

from stockyard.storage.ports import Database

ERROR_LENGTH_MAX: Final = 300
FAILURES_SHOWN: Final = 100
"""Failures of one day that are read at once."""
TRIES_MAX: Final = 20
RUNS_SHOWN: Final = 100
ROWS_READ_MAX: Final = 12_000
"""Days of one account that are read at once: more than thirty years of them."""


class PortfolioDay(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One account at the close of one day (such as 20261120), in micro-dollars.

    ``as_of_ns``: the moment the figures are of. ``deposited_micros``: what had come in less what
    had gone out. The last five are None where a day was caught up with later, from samples of what
    the account was worth.
    """

    account_id: int
    day: int
    user_id: str
    as_of_ns: int
    equity_micros: int
    deposited_micros: int
    cash_micros: int | None = None
    reserved_micros: int | None = None
    market_value_micros: int | None = None
    realized_micros: int | None = None
    fees_micros: int | None = None


class PortfolioRun(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A day's snapshot of everybody: times of the wall, ``ended_ns`` 0 while it goes on or was cut
    off. ``failed``: users whose row could not be made.
    """

    day: int
    begun_ns: int
    ended_ns: int
    accounts: int
    failed: int


class PortfolioFailure(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Why a user's rows of a day could not be made, and how often that was tried."""

    day: int
    user_id: str
    error: str
    tries: int
    last_ns: int


_DAY_COLUMNS: Final = PortfolioDay.__struct_fields__
_INSERT: Final = (
    f"INSERT INTO portfolio_days ({', '.join(_DAY_COLUMNS)})"
    f" VALUES ({', '.join('?' for _ in _DAY_COLUMNS)}) ON CONFLICT (account_id, day) DO NOTHING"
)
_FAIL: Final = (
    "INSERT INTO portfolio_failures (day, user_id, error, tries, last_ns) VALUES (?, ?, ?, 1, ?)"
    " ON CONFLICT (day, user_id) DO UPDATE SET error = excluded.error,"
    " tries = portfolio_failures.tries + 1, last_ns = excluded.last_ns"
)
_RUN: Final = (
    "SELECT r.day, r.begun_ns, r.ended_ns,"
    " (SELECT COUNT(*) FROM portfolio_days d WHERE d.day = r.day),"
    " (SELECT COUNT(*) FROM portfolio_failures f WHERE f.day = r.day) FROM portfolio_runs r"
)


class PortfolioDays:
    """The rows, read from the database whenever they are asked for: there are many."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, day: int, wall_ns: int) -> None:
        """Note that a day's snapshot begins, or goes on."""
        self._database.execute(
            "INSERT INTO portfolio_runs (day, begun_ns, ended_ns) VALUES (?, ?, 0)"
            " ON CONFLICT (day) DO UPDATE SET ended_ns = 0",
            (day, wall_ns),
        )

    def store(self, rows: Sequence[PortfolioDay]) -> None:
        """Keep the rows of some users, all or none of them; a row that is there stays as it is."""
        users = dict.fromkeys((row.day, row.user_id) for row in rows)

        def work(transaction: Database) -> None:
            transaction.executemany(_INSERT, (msgspec.structs.astuple(row) for row in rows))
            transaction.executemany(
                "DELETE FROM portfolio_failures WHERE day = ? AND user_id = ?", users
            )

        if rows:
            self._database.transact(work)

    def fail(self, day: int, errors: Collection[tuple[str, str]], wall_ns: int) -> None:
        """Remember users whose rows could not be made, each with the reason."""
        self._database.executemany(
            _FAIL, [(day, user, error[:ERROR_LENGTH_MAX], wall_ns) for user, error in errors]
        )

    def end(self, day: int, wall_ns: int) -> PortfolioRun:
        """Note that a day's snapshot has gone through everybody."""
        self._database.execute(
            "UPDATE portfolio_runs SET ended_ns = ? WHERE day = ?", (wall_ns, day)
        )
        found = self.run(day)
        assert found is not None, "a run that has not begun cannot end"
        return found

    def done(self, day: int) -> set[int]:
        """The accounts that have their row of a day."""
        rows = self._database.query("SELECT account_id FROM portfolio_days WHERE day = ?", (day,))
        return {row[0] for row in rows}

    def run(self, day: int) -> PortfolioRun | None:
        """A day's snapshot, None where there was none."""
        rows = self._database.query(f"{_RUN} WHERE r.day = ?", (day,))
        return PortfolioRun(*rows[0]) if rows else None

    def runs(self, limit: int = RUNS_SHOWN) -> list[PortfolioRun]:
        """The last snapshots, newest first."""
        rows = self._database.query(f"{_RUN} ORDER BY r.day DESC LIMIT ?", (limit,))
        return [PortfolioRun(*row) for row in rows]

    def done_until(self) -> int:
        """The last day up to which no snapshot is cut off and nobody is to be tried again; 0 before
        the first. Who failed ``TRIES_MAX`` times is not tried again by itself.
        """
        rows = self._database.query(
            "SELECT COALESCE(MAX(day), 0), COALESCE(MIN(CASE WHEN ended_ns = 0 OR EXISTS"
            " (SELECT 1 FROM portfolio_failures f WHERE f.day = r.day AND f.tries < ?)"
            " THEN day END), 0) FROM portfolio_runs r",
            (TRIES_MAX,),
        )
        last, undone = rows[0]
        return int(undone - 1 if undone else last)

    def failures(self, day: int, limit: int = FAILURES_SHOWN) -> list[PortfolioFailure]:
        """Users whose rows of a day could not be made."""
        rows = self._database.query(
            "SELECT day, user_id, error, tries, last_ns FROM portfolio_failures WHERE day = ?"
            " ORDER BY user_id LIMIT ?",
            (day, limit),
        )
        return [PortfolioFailure(*row) for row in rows]

    def of_account(self, account_id: int, from_day: int = 0) -> list[PortfolioDay]:
        """An account's days from one on, in order, at most the last ``ROWS_READ_MAX``."""
        rows = self._database.query(
            f"SELECT {', '.join(_DAY_COLUMNS)} FROM portfolio_days WHERE account_id = ?"
            " AND day >= ? ORDER BY day DESC LIMIT ?",
            (account_id, from_day, ROWS_READ_MAX),
        )
        return [PortfolioDay(*row) for row in reversed(rows)]
