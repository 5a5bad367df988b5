"""People who asked to become users and have not shown yet that their address is theirs.

Promises: asking takes the same work, and leads to one mail, whether or not the address is a user's
already, so that nobody but the reader of that mailbox learns which; nothing of a password is kept
until the link comes back, so that nobody opens an account in another's mailbox under a password of
their own; of a link's token only its SHA-256 is kept, and it works once, until its end. Must not
know: what a mail says, or how an account is opened.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec

from stockyard.people.errors import UserError
from stockyard.people.letters import Letter
from stockyard.people.limits import SECOND_NS
from stockyard.people.links import TOKEN_LENGTH, Links, Write, digest, invalid_link, new_token
from stockyard.people.outbox import Outbox
from stockyard.people.users import User, Users, checked_name, normal_email
from stockyard.storage.ports import Database

LIFE_S: Final = 24 * 3600
WAITING_MAX: Final = 10_000
"""Sign-ups that wait for their link at once."""
AT_ONCE: Final = 3
"""Links to one address that work at once."""


class Asking(NamedTuple):
    """Who wants to become a user, and the network address that asks."""

    name: str
    email: str
    account_name: str
    address: str


class SignUp(msgspec.Struct, frozen=True, gc=False):
    """One that waits, without its token."""

    token_hash: str
    email: str
    name: str
    account_name: str
    created_ns: int
    expires_ns: int


_COLUMNS: Final = "token_hash, email, name, account_name, created_ns, expires_ns"


class SignUps:
    """All that wait, in their table."""

    def __init__(
        self,
        database: Database,
        users: Users,
        outbox: Outbox,
        links: Links,
        random_bytes: Callable[[int], bytes],
    ) -> None:
        """Askings are counted together with those for other ``links``."""
        self._database, self._users, self._outbox = database, users, outbox
        self._links, self._random_bytes = links, random_bytes

    def ask(self, asking: Asking, write: Write, known: Letter, now_ns: int) -> User | None:
        """Send an address the link that finishes a sign-up; ``known`` where it is a user's: whose.

        Raises ``UserError``: ``invalid_name``, ``invalid_email``, ``too_many_sign_ups``,
        ``too_many_mails``; ``ThrottledError``.
        """
        name = checked_name(asking.name)
        account_name = checked_name(asking.account_name, "account_name")
        email = normal_email(asking.email)
        self._links.charge(email, asking.address, now_ns)
        user, token = self._users.by_email(email), new_token(self._random_bytes)
        letter = write(token)
        made = SignUp(digest(token), email, name, account_name, now_ns, now_ns + LIFE_S * SECOND_NS)
        self._send(made, letter if user is None else known, user is not None, now_ns)
        return user

    def _send(self, made: SignUp, letter: Letter, undo: bool, now_ns: int) -> None:
        """The same statements for everybody: what is undone is a row of this one, or none."""

        def work(transaction: Database) -> None:
            if transaction.query("SELECT COUNT(*) FROM sign_ups")[0][0] >= WAITING_MAX:
                raise UserError(
                    "too_many_sign_ups",
                    "",
                    "too many people who signed up have not opened their link yet",
                    "try again in some hours",
                )
            transaction.execute(
                "DELETE FROM sign_ups WHERE token_hash IN (SELECT token_hash FROM sign_ups WHERE"
                " email = ? ORDER BY created_ns DESC, token_hash LIMIT 1000 OFFSET ?)",
                (made.email, AT_ONCE - 1),
            )
            transaction.execute(
                f"INSERT INTO sign_ups ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",
                msgspec.structs.astuple(made),
            )
            self._outbox.put(
                made.email,
                letter.subject,
                letter.text,
                now_ns,
                life_s=LIFE_S,
                transaction=transaction,
            )
            transaction.execute(
                "DELETE FROM sign_ups WHERE token_hash = ?", (made.token_hash if undo else "",)
            )

        self._database.transact(work)

    def find(self, token: str, now_ns: int) -> SignUp:
        """Whose sign-up a token finishes. Raises ``UserError`` ``invalid_link``, also where the
        address has become a user's since.
        """
        rows = []
        if len(token) == TOKEN_LENGTH:
            rows = self._database.query(
                f"SELECT {_COLUMNS} FROM sign_ups WHERE token_hash = ?", (digest(token),)
            )
        found = SignUp(*rows[0]) if rows else None
        if found is None or now_ns >= found.expires_ns:
            raise invalid_link()
        if self._users.by_email(found.email) is not None:
            raise invalid_link()
        return found

    def purge_expired(self, now_ns: int) -> None:
        """Delete those that no longer work. Call it now and then."""
        self._database.execute("DELETE FROM sign_ups WHERE expires_ns <= ?", (now_ns,))


def store_finished(transaction: Database, email: str) -> None:
    """Delete every sign-up that waits for an address, inside the transaction that opens it."""
    transaction.execute("DELETE FROM sign_ups WHERE email = ?", (email,))
