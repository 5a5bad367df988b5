"""What a request is about to change of people, kept together with the change until it is on record.

The change lies in one database, the record of it in another, and no transaction spans both. So the
first transaction that a request commits here also keeps who asked for what; once the act is on
record that row goes. What a crash, a full disk or a client that hung up left in between is found
by its row, and put on record then.

Promises: a change and its row are durable together or not at all; a row goes only after its act
was noted, or its request was answered with nothing to note. Must not know: the audit log, or HTTP.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Final

import msgspec

from stockyard.storage.ports import Database, Row, SqlValue

GONE_MAX: Final = 100
"""Rows that leave with one transaction."""
PAGE_ROWS: Final = 1_000
_encode: Final = msgspec.json.Encoder().encode


class Attempt(msgspec.Struct, kw_only=True):
    """One request, or one run of a command, that may change something of people.

    ``number``: none has it twice. ``asked``: what was asked for, in the caller's words.
    """

    number: int
    at_ns: int
    asked: str
    actor: str
    user_id: str = ""
    address: str = ""
    user_agent: str = ""
    request_id: str = ""


_decode: Final = msgspec.json.Decoder(Attempt).decode
_DOING: Final[ContextVar["Doing | None"]] = ContextVar("stockyard.attempt", default=None)


class Doing:
    """An attempt while it goes on. ``is_kept``: its row is durable; ``is_noted``: so is its act."""

    __slots__ = ("attempt", "is_kept", "is_noted")

    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt
        self.is_kept = self.is_noted = False


class AttemptedDatabase:
    """The people database: what is committed while something is attempted keeps that, too."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn = Lock()
        """Requests begin and end on the event loop, and are committed in another thread."""
        self._going: dict[int, None] = {}
        self._over: list[int] = []
        # A clock that was set back gives no number twice.
        self._last = int(database.query("SELECT COALESCE(MAX(number), 0) FROM attempts")[0][0])

    # What a request does with it.

    def begin(self, at_ns: int) -> int:
        """The number of an attempt that begins now."""
        with self._turn:
            self._last = max(self._last + 1, at_ns)
            self._going[self._last] = None
            return self._last

    @contextmanager
    def during(self, doing: Doing) -> Iterator[None]:
        """What is committed meanwhile, in this thread, belongs to an attempt."""
        before = _DOING.set(doing)
        try:
            yield
        finally:
            _DOING.reset(before)

    def end(self, doing: Doing, *, is_told: bool) -> None:
        """An attempt is over; ``is_told``: its act is on record, or it has nothing to tell."""
        number = doing.attempt.number
        with self._turn:
            if is_told and doing.is_kept:
                self._over.append(number)
            self._going.pop(number, None)

    # What was left behind.

    def left(self) -> list[Attempt]:
        """Attempts that changed something, are over, and of which nobody said that they were told;
        oldest first, so many at once.
        """
        rows = self._database.query(
            "SELECT number, payload FROM attempts ORDER BY number LIMIT ?", (PAGE_ROWS,)
        )
        with self._turn:
            over = {*self._going, *self._over}
        return [_decode(payload) for number, payload in rows if number not in over]

    def told(self, attempts: Iterable[Attempt]) -> None:
        """Forget attempts that are on record by now, with all others that are."""
        gone = [*self._leaving(None), *(attempt.number for attempt in attempts)]
        try:
            self._database.transact(lambda transaction: _delete(transaction, gone))
        except BaseException:
            self._stay(gone)
            raise

    def _leaving(self, count: int | None) -> list[int]:
        """Attempts that are on record, and whose rows leave with the next transaction."""
        with self._turn:
            gone = self._over[:count]
            del self._over[:count]
        return gone

    def _stay(self, gone: Sequence[int]) -> None:
        with self._turn:
            self._over += gone

    # The database.

    def transact(self, work: Callable[[Database], None]) -> None:
        """Run ``work`` in one transaction; as of ``Database``."""
        doing, gone = _DOING.get(), self._leaving(GONE_MAX)

        def both(transaction: Database) -> None:
            work(transaction)
            if doing is not None and not doing.is_kept:
                transaction.execute(
                    "INSERT INTO attempts (number, payload) VALUES (?, ?)",
                    (doing.attempt.number, _encode(doing.attempt).decode()),
                )
            _delete(transaction, gone)

        try:
            self._database.transact(both)
        except BaseException:
            self._stay(gone)
            raise
        if doing is not None:
            doing.is_kept = True

    def query(self, sql: str, params: Sequence[SqlValue] = ()) -> list[Row]:
        """Rows of a SELECT; as of ``Database``."""
        return self._database.query(sql, params)

    def execute(self, sql: str, params: Sequence[SqlValue] = ()) -> None:
        """Run one statement; as of ``Database``."""
        self.transact(lambda transaction: transaction.execute(sql, params))

    def executemany(self, sql: str, rows: Iterable[Sequence[SqlValue]]) -> None:
        """Run one statement for each row; as of ``Database``."""
        self.transact(lambda transaction: transaction.executemany(sql, rows))

    def upsert_json(self, table: str, columns: Sequence[str], key: str, rows: bytes) -> None:
        """Insert rows or replace them; as of ``Database``."""
        self.transact(lambda transaction: transaction.upsert_json(table, columns, key, rows))

    def script(self, sql: str) -> None:
        """Run several statements; as of ``Database``."""
        self.transact(lambda transaction: transaction.script(sql))

    def transact_or_show(self, work: Callable[[Database], None]) -> None:
        """For tables that are made again from a journal; what people do is not."""
        self._database.transact_or_show(work)

    def show(self, work: Callable[[Database], None]) -> None:
        """The same."""
        self._database.show(work)

    @property
    def is_showing(self) -> bool:
        """Whether queries see what was not kept."""
        return self._database.is_showing

    def sync(self) -> None:
        """Make what is committed safe from a power cut as well."""
        self._database.sync()

    def close(self) -> None:
        """Release the files."""
        self._database.close()


def current() -> Attempt | None:
    """What is being attempted in this thread."""
    doing = _DOING.get()
    return None if doing is None else doing.attempt


def concerns(user_id: str) -> None:
    """Say whom what is being attempted is about, where nobody was signed in."""
    doing = _DOING.get()
    if doing is not None and not doing.attempt.user_id:
        doing.attempt.user_id = user_id


def _delete(transaction: Database, gone: Sequence[int]) -> None:
    if gone:
        transaction.executemany("DELETE FROM attempts WHERE number = ?", [(n,) for n in gone])
