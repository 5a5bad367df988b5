"""The audit log: who did what, when, from where, and what it changed; only ever added to.

Promises: what ``append`` returned for is on the disk, all of a call or nothing, together with how
far the journal was read for it. Records are numbered without a gap and each carries the hash of all
before it; every commit ends in a seal that only the holder of the log's key can make. So a record
that is altered, removed or put in between is found (``audit_check``). Must not know: HTTP, threads,
or what an act means.
"""

from collections.abc import Sequence
from hashlib import sha256
from hmac import compare_digest
from hmac import digest as hmac_digest
from typing import Final, NamedTuple

from stockyard.people.audit import Act, Entry, bounded, decode_entry, written
from stockyard.storage.acknowledged import Acknowledged
from stockyard.storage.ports import Database, Row, SqlValue

FILE_NAME: Final = "audit.db"
KEY_BYTES: Final = 32
FIRST_CHAIN: Final = bytes(32).hex()

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS entries (
    number BIGINT NOT NULL PRIMARY KEY,
    at_ns BIGINT NOT NULL,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    user_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    request_id TEXT NOT NULL,
    payload TEXT NOT NULL,
    chain TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS entries_by_time ON entries (at_ns);
CREATE INDEX IF NOT EXISTS entries_by_kind ON entries (kind, number);
CREATE INDEX IF NOT EXISTS entries_by_actor ON entries (actor, number);
CREATE INDEX IF NOT EXISTS entries_by_user ON entries (user_id, number) WHERE user_id <> '';
CREATE INDEX IF NOT EXISTS entries_by_subject ON entries (subject, number) WHERE subject <> '';
CREATE INDEX IF NOT EXISTS entries_by_request ON entries (request_id) WHERE request_id <> '';
CREATE TABLE IF NOT EXISTS seals (
    number BIGINT NOT NULL PRIMARY KEY,
    seal TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS progress (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    journal_seq BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS anchor (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    number BIGINT NOT NULL,
    chain TEXT NOT NULL,
    seal TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS segments (
    day TEXT NOT NULL PRIMARY KEY,
    first_number BIGINT NOT NULL,
    last_number BIGINT NOT NULL,
    chain TEXT NOT NULL,
    file_hash TEXT NOT NULL
)
"""
_INSERT: Final = (
    "INSERT INTO entries (number, at_ns, kind, actor, user_id, subject, request_id, payload, chain)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_SEAL: Final = "INSERT INTO seals (number, seal) VALUES (?, ?)"
_PROGRESS: Final = (
    "INSERT INTO progress (id, journal_seq) VALUES (1, ?)"
    " ON CONFLICT (id) DO UPDATE SET journal_seq = excluded.journal_seq"
)
_SEGMENT: Final = (
    "INSERT INTO segments (day, first_number, last_number, chain, file_hash) VALUES (?, ?, ?, ?, ?)"
)
_ANCHOR: Final = (
    "INSERT INTO anchor (id, number, chain, seal) VALUES (1, ?, ?, ?) ON CONFLICT (id) DO UPDATE"
    " SET number = excluded.number, chain = excluded.chain, seal = excluded.seal"
)


class Head(NamedTuple):
    """The last record: its number, the hash over everything up to it (hex), when it was kept."""

    number: int
    chain: str
    kept_ns: int


class Wanted(NamedTuple):
    """Which entries are looked for; what is empty or 0 leaves it open. Times from and until before.

    ``kind``: a whole one, or its first words (``order`` finds ``order.placed``). ``before``: only
    entries with a lower number.
    """

    limit: int
    before: int = 0
    kind: str = ""
    actor: str = ""
    user_id: str = ""
    subject: str = ""
    request_id: str = ""
    start_ns: int = 0
    end_ns: int = 0


def chained(chain: str, payload: str) -> str:
    """The hash of a record and all before it."""
    return sha256(bytes.fromhex(chain) + payload.encode()).hexdigest()


def seal(key: bytes, number: int, chain: str) -> str:
    """What shows that the log stood so at a record: only who has the key can make it."""
    return hmac_digest(key, f"stockyard audit {number} {chain}".encode(), "sha256").hex()


class AuditLog:
    """The log over its database; one thread adds to it, any may search."""

    def __init__(
        self,
        database: Database,
        key: bytes,
        acknowledged: Acknowledged | None = None,
    ) -> None:
        """Open the log, or lay out a new one; in ``acknowledged`` the last number is noted."""
        assert len(key) == KEY_BYTES, "the log's key has 32 bytes"
        self.database, self._key, self._acknowledged = database, key, acknowledged
        database.script(_SCHEMA)
        self._head = read_head(database)
        rows = database.query("SELECT journal_seq FROM progress")
        self._journal_seq: int = rows[0][0] if rows else 0

    @property
    def head(self) -> Head:
        """Where the log ends."""
        return self._head

    @property
    def journal_seq(self) -> int:
        """The last record of the journal that has been read for it."""
        return self._journal_seq

    def append(self, acts: Sequence[Act], now_ns: int, journal_seq: int | None = None) -> None:
        """Add acts, and remember how far the journal was read; durable when this returns.

        Raises ``StorageUnavailable``; then nothing was kept.
        """
        seq = self._journal_seq if journal_seq is None else journal_seq
        head, kept_ns = self._head, max(now_ns, self._head.kept_ns)
        number, chain = head.number, head.chain
        rows: list[tuple[SqlValue, ...]] = []
        for act in map(bounded, acts):
            number += 1
            payload = written(act, number, kept_ns)
            chain = chained(chain, payload)
            rows.append((number, *searched_by(act), payload, chain))

        def work(transaction: Database) -> None:
            if rows:
                transaction.executemany(_INSERT, rows)
                transaction.execute(_SEAL, (number, seal(self._key, number, chain)))
            if seq != self._journal_seq:
                transaction.execute(_PROGRESS, (seq,))

        if not rows and seq == self._journal_seq:
            return
        self.database.transact(work)
        self._journal_seq = seq
        if rows:
            self._head = Head(number, chain, kept_ns)
            if self._acknowledged is not None:
                self._acknowledged.note(number)

    def search(self, wanted: Wanted) -> list[Entry]:
        """The entries that are looked for, the newest first."""
        where, values = _condition(wanted)
        rows = self.database.query(
            f"SELECT payload FROM entries{where} ORDER BY number DESC LIMIT ?",
            (*values, wanted.limit),
        )
        return [decode_entry(payload) for (payload,) in rows]

    def mark_read(self, journal_seq: int, now_ns: int) -> None:
        """Remember that the journal was read so far and nothing in it was to be kept."""
        self.append((), now_ns, journal_seq)

    def fits_key(self) -> bool:
        """Whether the last seal was made with the log's key; also where there is none yet."""
        rows = self.database.query(
            "SELECT s.number, e.chain, s.seal FROM seals s JOIN entries e ON e.number = s.number"
            " ORDER BY s.number DESC LIMIT 1"
        )
        return not rows or compare_digest(rows[0][2], seal(self._key, rows[0][0], rows[0][1]))

    def go_on_from(self, segments: Sequence[Row], journal_seq: int) -> None:
        """Begin an empty log after what lies in signed days: rows of ``segments``, oldest first.

        ``journal_seq``: up to where the journal was read for them.
        """
        assert not self._head.number, "a log that has records goes on from those"
        _, _, number, chain, _ = segments[-1]

        def work(transaction: Database) -> None:
            transaction.executemany(_SEGMENT, segments)
            transaction.execute(_ANCHOR, (number, chain, seal(self._key, number, chain)))
            transaction.execute(_PROGRESS, (journal_seq,))

        self.database.transact(work)
        self._head, self._journal_seq = Head(number, chain, 0), journal_seq

    def let_go(self, last: int, chain: str, day: str, rows_max: int) -> bool:
        """Remove at most ``rows_max`` of the oldest records up to ``last``, whose ``chain`` it is;
        whether that was all, and then also the segment of that day is known no more.

        What is left goes on from a sealed note of where it begins. Raises ``StorageUnavailable``.
        """
        rows = self.database.query(
            "SELECT number, chain FROM entries WHERE number <= ? ORDER BY number LIMIT ?",
            (last, rows_max),
        )
        number, found = rows[-1] if len(rows) == rows_max else (last, chain)

        def work(transaction: Database) -> None:
            transaction.execute("DELETE FROM entries WHERE number <= ?", (number,))
            transaction.execute("DELETE FROM seals WHERE number <= ?", (number,))
            transaction.execute(_ANCHOR, (number, found, seal(self._key, number, found)))
            if number == last:
                transaction.execute("DELETE FROM segments WHERE day = ?", (day,))

        self.database.transact(work)
        return bool(number == last)

    def close(self) -> None:
        """Release the files."""
        self.database.close()
        if self._acknowledged is not None:
            self._acknowledged.close()


def read_head(database: Database) -> Head:
    """Where the log in a database ends: at its last record, or where records were let go."""
    rows = database.query("SELECT number, chain, payload FROM entries ORDER BY number DESC LIMIT 1")
    if rows:
        number, chain, payload = rows[0]
        return Head(number, chain, decode_entry(payload).kept_ns)
    rows = database.query("SELECT number, chain FROM anchor")
    return Head(rows[0][0], rows[0][1], 0) if rows else Head(0, FIRST_CHAIN, 0)


def searched_by(act: Act) -> tuple[SqlValue, ...]:
    """What of an act stands in columns of its own, in their order."""
    return (act.at_ns, act.kind, act.actor, act.user_id, act.subject, act.request_id)


def _condition(wanted: Wanted) -> tuple[str, list[SqlValue]]:
    terms, values = list[str](), list[SqlValue]()

    def add(term: str, *said: SqlValue) -> None:
        terms.append(term)
        values.extend(said)

    if wanted.before:
        add("number < ?", wanted.before)
    if wanted.kind:
        # A dot is followed by a slash in ASCII: so this is every kind that begins with the word.
        add(
            "(kind = ? OR kind > ? AND kind < ?)", wanted.kind, f"{wanted.kind}.", f"{wanted.kind}/"
        )
    for name in ("actor", "user_id", "subject", "request_id"):
        said = getattr(wanted, name)
        if said:
            # The second term lets the database use an index that leaves empty texts out.
            add(f"({name} = ? AND {name} <> '')", said)
    if wanted.start_ns:
        add("at_ns >= ?", wanted.start_ns)
    if wanted.end_ns:
        add("at_ns < ?", wanted.end_ns)
    return (f" WHERE {' AND '.join(terms)}" if terms else ""), values
