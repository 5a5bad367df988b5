"""Sign-in sessions: opaque tokens of 256 random bits.

Promises: only SHA-256 hashes of tokens are kept, in memory and on disk, so neither gives a token
away; a session ends at its expiry to the nanosecond, whether or not its row is purged yet. Looking
up a hash of something nobody can steer needs no constant-time comparison. A session is named by the
first half of its hash, from which nobody finds the token. When it was last seen is noted in memory
and reaches the database by ``flush_last_seen``: a crash may lose the last notes. Other changes
reach memory only after the database. Must not know: what the session's user may do.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import Final, NamedTuple

import msgspec

from stockyard.people.errors import UserError
from stockyard.people.limits import PURGE_ROWS, PeopleLimits
from stockyard.storage.ports import Database

TOKEN_PREFIX: Final = "sy_"
TOKEN_BYTES: Final = 32
TOKEN_LENGTH: Final = len(TOKEN_PREFIX) + 43


ID_LENGTH: Final = 32
"""Hexadecimal digits of a session's name."""


class Place(NamedTuple):
    """Where somebody signs in from, and how: ``password``, ``link``, ``demo``, ``tokens``."""

    address: str = ""
    agent: str = ""
    method: str = "password"


NOWHERE: Final = Place()


class Session(msgspec.Struct, frozen=True, gc=False):
    """One sign-in: valid while the wall clock stands before ``expires_ns``."""

    id: str
    user_id: str
    created_ns: int
    expires_ns: int
    address: str
    agent: str
    method: str
    last_seen_ns: int


def token_hash(token: str) -> bytes:
    """SHA-256 of a token."""
    return sha256(token.encode("utf-8", "replace")).digest()


class Sessions:
    """All sessions, in memory by token hash, over their table."""

    def __init__(
        self, database: Database, limits: PeopleLimits, random_bytes: Callable[[int], bytes]
    ) -> None:
        self._database, self._limits, self._random_bytes = database, limits, random_bytes
        self._by_hash: dict[bytes, Session] = {}
        self._hashes_by_user: dict[str, set[bytes]] = {}
        self._seen_ns: dict[bytes, int] = {}
        for text, *rest in database.query(
            "SELECT token_hash, user_id, created_ns, expires_ns, address, agent, method,"
            " last_seen_ns FROM sessions"
        ):
            self._keep(bytes.fromhex(text), Session(text[:ID_LENGTH], *rest))

    def __len__(self) -> int:
        return len(self._by_hash)

    def find(self, token: str, now_ns: int) -> Session | None:
        """The session of a token, unless there is none or it has expired."""
        if len(token) != TOKEN_LENGTH:
            return None
        digest = sha256(token.encode("utf-8", "replace")).digest()
        session = self._by_hash.get(digest)
        if session is None or now_ns >= session.expires_ns:
            return None
        self._seen_ns[digest] = now_ns
        return session

    def count(self, user_id: str) -> int:
        """How many sessions of a user are kept, expired ones that wait to be purged included."""
        return len(self._hashes_by_user.get(user_id, ()))

    def of_user(self, user_id: str, now_ns: int) -> tuple[Session, ...]:
        """A user's sessions that have not expired, newest first."""
        found = [
            self._shown(digest)
            for digest in self._hashes_by_user.get(user_id, ())
            if now_ns < self._by_hash[digest].expires_ns
        ]
        return tuple(sorted(found, key=lambda s: (s.created_ns, s.id), reverse=True))

    def open(
        self, user_id: str, now_ns: int, place: Place = NOWHERE, life_ns: int | None = None
    ) -> tuple[str, Session]:
        """Start a session and return its token, which is kept nowhere.

        ``life_ns``: how long it is good, by default as long as any. A user's oldest sessions give
        way at the limit of one user. Raises ``UserError`` ``too_many_sessions`` at that of all.
        """
        if len(self._by_hash) >= self._limits.sessions_max:
            self.purge_expired(now_ns)
        kept = self._hashes_by_user.get(user_id, set())
        excess = len(kept) + 1 - self._limits.sessions_per_user_max
        oldest = sorted(kept, key=lambda h: (self._by_hash[h].created_ns, h))[: max(0, excess)]
        if len(self._by_hash) - len(oldest) >= self._limits.sessions_max:
            raise UserError(
                "too_many_sessions",
                "",
                "this Stockyard holds as many sign-in sessions as it may",
                "sign out elsewhere, or try again later",
            )
        token = TOKEN_PREFIX + urlsafe_b64encode(self._random_bytes(TOKEN_BYTES)).decode()[:43]
        digest = token_hash(token)
        life_ns = self._limits.session_life_ns if life_ns is None else life_ns
        named = digest.hex()[:ID_LENGTH]
        session = Session(named, user_id, now_ns, now_ns + life_ns, *place, now_ns)

        def work(transaction: Database) -> None:
            for old in oldest:
                transaction.execute("DELETE FROM sessions WHERE token_hash = ?", (old.hex(),))
            transaction.execute(
                "INSERT INTO sessions (token_hash, user_id, created_ns, expires_ns, address, agent,"
                " method, last_seen_ns) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (digest.hex(), *msgspec.structs.astuple(session)[1:]),
            )

        self._database.transact(work)
        for old in oldest:
            self._forget(old)
        self._keep(digest, session)
        return token, session

    def close(self, token: str) -> bool:
        """End the session of a token; False when there was none."""
        digest = token_hash(token)
        if digest not in self._by_hash:
            return False
        self._database.execute("DELETE FROM sessions WHERE token_hash = ?", (digest.hex(),))
        self._forget(digest)
        return True

    def close_named(self, user_id: str, session_id: str) -> bool:
        """End a user's session by its name; False when the user has none of it."""
        for digest in self._hashes_by_user.get(user_id, ()):
            if self._by_hash[digest].id == session_id:
                self._database.execute("DELETE FROM sessions WHERE token_hash = ?", (digest.hex(),))
                self._forget(digest)
                return True
        return False

    def store_close_others(self, transaction: Database, user_id: str, token: str) -> None:
        """Delete a user's sessions but that of a token; ``forget_others`` once that is durable."""
        transaction.execute(
            "DELETE FROM sessions WHERE user_id = ? AND token_hash <> ?",
            (user_id, token_hash(token).hex()),
        )

    def forget_others(self, user_id: str, token: str) -> int:
        """Forget what ``store_close_others`` deleted; returns how many."""
        kept = token_hash(token)
        digests = [d for d in self._hashes_by_user.get(user_id, ()) if d != kept]
        for digest in digests:
            self._forget(digest)
        return len(digests)

    def store_close_all(self, transaction: Database, user_id: str) -> None:
        """Delete a user's sessions in the database; ``forget_all`` once that is durable."""
        transaction.execute("DELETE FROM sessions WHERE user_id = ?", (user_id,))

    def forget_all(self, user_id: str) -> int:
        """Forget a user's sessions, which the database no longer holds; returns how many."""
        digests = tuple(self._hashes_by_user.get(user_id, ()))
        for digest in digests:
            self._forget(digest)
        return len(digests)

    def purge_expired(self, now_ns: int, rows_max: int = PURGE_ROWS) -> int:
        """Delete at most ``rows_max`` expired sessions, longest expired first; returns how many."""
        rows = self._database.query(
            "SELECT token_hash FROM sessions WHERE expires_ns <= ?"
            " ORDER BY expires_ns, token_hash LIMIT ?",
            (now_ns, rows_max),
        )
        if not rows:
            return 0
        self._database.executemany("DELETE FROM sessions WHERE token_hash = ?", rows)
        for (text,) in rows:
            self._forget(bytes.fromhex(text))
        return len(rows)

    def flush_last_seen(self, rows_max: int = PURGE_ROWS) -> int:
        """Write at most ``rows_max`` notes of use, oldest note first; returns how many are left."""
        notes = list(self._seen_ns.items())[:rows_max]
        if not notes:
            return 0
        self._database.executemany(
            "UPDATE sessions SET last_seen_ns = ? WHERE token_hash = ?",
            [(seen_ns, digest.hex()) for digest, seen_ns in notes],
        )
        for digest, _ in notes:
            self._by_hash[digest] = self._shown(digest)
            del self._seen_ns[digest]
        return len(self._seen_ns)

    def _shown(self, digest: bytes) -> Session:
        session, seen_ns = self._by_hash[digest], self._seen_ns.get(digest)
        if seen_ns is None:
            return session
        return msgspec.structs.replace(session, last_seen_ns=seen_ns)

    def _keep(self, digest: bytes, session: Session) -> None:
        self._by_hash[digest] = session
        self._hashes_by_user.setdefault(session.user_id, set()).add(digest)

    def _forget(self, digest: bytes) -> None:
        session = self._by_hash.pop(digest)
        self._seen_ns.pop(digest, None)
        digests = self._hashes_by_user[session.user_id]
        digests.discard(digest)
        if not digests:
            del self._hashes_by_user[session.user_id]
