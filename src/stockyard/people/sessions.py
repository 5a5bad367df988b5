"""Sign-in sessions: opaque tokens of 256 random bits.

Promises: only SHA-256 hashes of tokens are kept, in memory and on disk, so neither gives a token
away; a session ends at its expiry to the nanosecond, whether or not its row is purged yet. Looking
up a hash of something nobody can steer needs no constant-time comparison. Memory changes only after
the database did. Must not know: what the session's user may do.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import Final

import msgspec

from stockyard.people.errors import UserError
from stockyard.people.limits import PURGE_ROWS, PeopleLimits
from stockyard.storage.ports import Database

TOKEN_PREFIX: Final = "sy_"
TOKEN_BYTES: Final = 32
TOKEN_LENGTH: Final = len(TOKEN_PREFIX) + 43


class Session(msgspec.Struct, frozen=True, gc=False):
    """One sign-in: valid while the wall clock stands before ``expires_ns``."""

    user_id: str
    created_ns: int
    expires_ns: int


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
        for text, *rest in database.query(
            "SELECT token_hash, user_id, created_ns, expires_ns FROM sessions"
        ):
            self._keep(bytes.fromhex(text), Session(*rest))

    def __len__(self) -> int:
        return len(self._by_hash)

    def find(self, token: str, now_ns: int) -> Session | None:
        """The session of a token, unless there is none or it has expired."""
        if len(token) != TOKEN_LENGTH:
            return None
        session = self._by_hash.get(sha256(token.encode("utf-8", "replace")).digest())
        return session if session is not None and now_ns < session.expires_ns else None

    def count(self, user_id: str) -> int:
        """How many sessions of a user are kept, expired ones that wait to be purged included."""
        return len(self._hashes_by_user.get(user_id, ()))

    def open(self, user_id: str, now_ns: int) -> tuple[str, Session]:
        """Start a session and return its token, which is kept nowhere.

        A user's oldest sessions give way at the limit of one user. Raises ``UserError``
        ``too_many_sessions`` at the limit of all.
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
        session = Session(user_id, now_ns, now_ns + self._limits.session_life_ns)

        def work(transaction: Database) -> None:
            for old in oldest:
                transaction.execute("DELETE FROM sessions WHERE token_hash = ?", (old.hex(),))
            transaction.execute(
                "INSERT INTO sessions (token_hash, user_id, created_ns, expires_ns)"
                " VALUES (?, ?, ?, ?)",
                (digest.hex(), user_id, session.created_ns, session.expires_ns),
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

    def _keep(self, digest: bytes, session: Session) -> None:
        self._by_hash[digest] = session
        self._hashes_by_user.setdefault(session.user_id, set()).add(digest)

    def _forget(self, digest: bytes) -> None:
        session = self._by_hash.pop(digest)
        digests = self._hashes_by_user[session.user_id]
        digests.discard(digest)
        if not digests:
            del self._hashes_by_user[session.user_id]
