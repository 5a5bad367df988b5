"""Links that are sent by mail: each proves that whoever opens it reads that mailbox, once.

Promises: of a link's token only its SHA-256 is kept, and the mail it stands in is sealed; a link
works once, for what it was asked for, until its end to the nanosecond and while the user still has
the address it was sent to; a wrong, used, foreign or expired one gets the same answer. Asking for a
link takes the same work whether or not there is such a user, so that nobody learns who is one. Must
not know: what a mail says, or where this Stockyard is reached.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256
from hmac import compare_digest
from typing import Final, NamedTuple

import msgspec

from stockyard.people.errors import ThrottledError, UserError
from stockyard.people.letters import Letter
from stockyard.people.limits import SECOND_NS
from stockyard.people.outbox import Outbox
from stockyard.people.throttle import Throttle, address_key
from stockyard.people.users import User, Users, may_act, normal_email
from stockyard.storage.ports import Database

TOKEN_PREFIX: Final = "sl_"
TOKEN_BYTES: Final = 32
TOKEN_LENGTH: Final = len(TOKEN_PREFIX) + 43


class LinkKind:
    """What a link is good for."""

    SIGN_IN: Final = "sign_in"
    RESET: Final = "reset"
    EMAIL: Final = "email"
    """Shows that a new address is the user's own."""


LIFE_S: Final = {
    LinkKind.SIGN_IN: 15 * 60,
    LinkKind.RESET: 15 * 60,
    LinkKind.EMAIL: 24 * 3600,
}


class LinkLimits(NamedTuple):
    """How many links may be asked for within a window, and how many work at once.

    ``per_address``: of one network address.
    """

    per_email: int = 5
    per_address: int = 30
    window_ns: int = 15 * 60 * SECOND_NS
    entries_max: int = 50_000
    at_once: int = 3


DEFAULT_LINK_LIMITS: Final = LinkLimits()


class Link(msgspec.Struct, frozen=True, gc=False):
    """One link, without its token. ``browser``: a hash of what the browser that asked for it
    holds, or empty.
    """

    token_hash: str
    kind: str
    user_id: str
    email: str
    browser: str
    created_ns: int
    expires_ns: int


class Asked(NamedTuple):
    """Who wants a link, from where; ``browser``: what that browser holds, or empty."""

    email: str
    address: str
    browser: str = ""


class Kept(NamedTuple):
    """What is not undone again of a link and its mail."""

    link: bool
    mail: bool


Write = Callable[[str], Letter]
"""Writes the letter with a link's token."""
_COLUMNS: Final = "token_hash, kind, user_id, email, browser, created_ns, expires_ns"


def digest(text: str) -> str:
    """SHA-256 of a token, or of what a browser holds, as hexadecimal digits."""
    return sha256(text.encode("utf-8", "replace")).hexdigest()


def new_token(random_bytes: Callable[[int], bytes]) -> str:
    """256 random bits as text."""
    return TOKEN_PREFIX + urlsafe_b64encode(random_bytes(TOKEN_BYTES)).decode()[:43]


class Links:
    """All links that still work, in their table."""

    def __init__(
        self,
        database: Database,
        users: Users,
        outbox: Outbox,
        random_bytes: Callable[[int], bytes],
        limits: LinkLimits = DEFAULT_LINK_LIMITS,
    ) -> None:
        self._database, self._users, self._outbox = database, users, outbox
        self._random_bytes, self._limits = random_bytes, limits
        self._by_email = Throttle(limits.per_email, limits.window_ns, limits.entries_max)
        self._by_address = Throttle(limits.per_address, limits.window_ns, limits.entries_max)

    def ask(self, kind: str, asked: Asked, write: Write, now_ns: int) -> User | None:
        """Send a link to an address, if it is an active user's: whose it is.

        The same is done, and undone at once, where it is nobody's. Raises ``UserError``:
        ``invalid_email``, ``too_many_mails``; ``ThrottledError``.
        """
        email = normal_email(asked.email)
        self.charge(email, asked.address, now_ns)
        user = self._users.by_email(email)
        known = user if user is not None and may_act(user) else None
        made = self._make(kind, known, email, asked.browser, now_ns)
        letter = write(made[0])
        self._send(made[1], letter, Kept(known is not None, known is not None), now_ns)
        return known

    def ask_change(
        self, user: User, asked: Asked, write: Write, known: Letter, now_ns: int
    ) -> None:
        """Send a user's new address the link that confirms it; ``known`` where it is taken.

        Raises as ``ask`` does.
        """
        email = normal_email(asked.email)
        self.charge(email, asked.address, now_ns)
        token, link = self._make(LinkKind.EMAIL, user, email, "", now_ns)
        letter, free = write(token), self._users.by_email(email) is None
        self._send(link, letter if free else known, Kept(free, True), now_ns)

    def give(self, kind: str, user: User, life_s: int, now_ns: int) -> tuple[str, Link]:
        """Make a link for a user that no mail carries; its token, shown once, and the link."""
        token, link = self._make(kind, user, user.email, "", now_ns)
        link = msgspec.structs.replace(link, expires_ns=now_ns + life_s * SECOND_NS)
        self._database.transact(lambda transaction: self._store(transaction, link))
        return token, link

    def find(self, kind: str, token: str, now_ns: int) -> Link:
        """The link of a token. Raises ``UserError`` ``invalid_link``."""
        rows = []
        if len(token) == TOKEN_LENGTH:
            rows = self._database.query(
                f"SELECT {_COLUMNS} FROM links WHERE token_hash = ?", (digest(token),)
            )
        link = Link(*rows[0]) if rows else None
        if link is None or link.kind != kind or now_ns >= link.expires_ns:
            raise invalid_link()
        user = self._users.get(link.user_id)
        if user is None or not may_act(user):
            raise invalid_link()
        if kind != LinkKind.EMAIL and user.email != link.email:
            raise invalid_link()
        return link

    def store_used(self, transaction: Database, link: Link) -> None:
        """Delete a link inside a transaction, and the user's others of its kind."""
        transaction.execute(
            "DELETE FROM links WHERE user_id = ? AND kind = ?", (link.user_id, link.kind)
        )

    def use(self, link: Link) -> None:
        """Delete a link, and the user's others of its kind."""
        self.store_used(self._database, link)

    def store_forget(self, transaction: Database, user_id: str) -> None:
        """Delete every link of a user inside a transaction."""
        transaction.execute("DELETE FROM links WHERE user_id = ?", (user_id,))

    def purge_expired(self, now_ns: int) -> None:
        """Delete those that no longer work. Call it now and then."""
        self._database.execute("DELETE FROM links WHERE expires_ns <= ?", (now_ns,))

    def charge(self, email: str, address: str, now_ns: int) -> None:
        """Count a link asked for. Raises ``ThrottledError``."""
        place = address_key(address)
        wait_s = max(self._by_email.wait_s(email, now_ns), self._by_address.wait_s(place, now_ns))
        if wait_s > 0:
            raise ThrottledError(wait_s, "links asked for")
        self._by_email.charge(email, now_ns)
        self._by_address.charge(place, now_ns)

    def _make(
        self, kind: str, user: User | None, email: str, browser: str, now_ns: int
    ) -> tuple[str, Link]:
        token = new_token(self._random_bytes)
        held = digest(browser) if browser else ""
        owner = "" if user is None else user.id
        end_ns = now_ns + LIFE_S[kind] * SECOND_NS
        return token, Link(digest(token), kind, owner, email, held, now_ns, end_ns)

    def _store(self, transaction: Database, link: Link) -> None:
        """Keep a link; of the user's others of its kind the newest work on."""
        transaction.execute(
            "DELETE FROM links WHERE token_hash IN (SELECT token_hash FROM links WHERE"
            " user_id = ? AND kind = ? ORDER BY created_ns DESC, token_hash LIMIT 1000"
            " OFFSET ?)",
            (link.user_id, link.kind, self._limits.at_once - 1),
        )
        transaction.execute(
            f"INSERT INTO links ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",
            msgspec.structs.astuple(link),
        )

    def _send(self, link: Link, letter: Letter, kept: Kept, now_ns: int) -> None:
        """The same statements whatever is ``kept``: who waits for the answer learns nothing."""
        life_s = LIFE_S[link.kind]

        def work(transaction: Database) -> None:
            self._store(transaction, link)
            mail_id = self._outbox.put(
                link.email,
                letter.subject,
                letter.text,
                now_ns,
                life_s=life_s,
                transaction=transaction,
            )
            gone = ("" if kept.link else link.token_hash), ("" if kept.mail else mail_id)
            transaction.execute("DELETE FROM links WHERE token_hash = ?", gone[:1])
            transaction.execute("DELETE FROM mails WHERE id = ?", gone[1:])

        self._database.transact(work)


def is_from(link: Link, browser: str) -> bool:
    """Whether the browser that holds this asked for the link."""
    return bool(link.browser and browser) and compare_digest(link.browser, digest(browser))


def invalid_link() -> UserError:
    """The one refusal of every link that does not work, whatever the reason."""
    return UserError(
        "invalid_link",
        "token",
        "the link is wrong, was used already, or is too old",
        "ask for a new one",
    )
