"""Users: what they must look like, and where they are kept.

Promises: two users never share an e-mail address, whatever its letter case; a password hash is read
from the database when it is needed and never held. Memory changes only after the database did. Must
not know: how passwords are hashed, sessions, keys.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Final
from uuid import UUID

import msgspec

from stockyard.people.errors import UnknownUser, UserError
from stockyard.people.identity import ROLES, UserStatus
from stockyard.people.limits import (
    EMAIL_LENGTH_MAX,
    NAME_LENGTH_MAX,
    PASSWORD_LENGTH_MAX,
    PASSWORD_LENGTH_MIN,
)
from stockyard.storage.ports import Database

_LOCAL: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(rf"(?=[^@]{{1,64}}@){_LOCAL}(?:\.{_LOCAL})*@(?:{_LABEL}\.)+{_LABEL}", re.ASCII)


class User(msgspec.Struct, frozen=True, gc=False):
    """A person who may sign in. ``accounts_begun`` counts the accounts ever asked for."""

    id: str
    name: str
    email: str
    role: str
    status: str
    created_ns: int
    accounts_begun: int


def normal_email(text: str) -> str:
    """Bring an e-mail address to the one form in which it is kept and compared.

    The shape is RFC 5321's dot-string at a host name of two or more labels, all ASCII; letter case
    is dropped on both sides. Raises ``UserError`` ``invalid_email``.
    """
    email = text.strip()
    if len(email) > EMAIL_LENGTH_MAX:
        raise UserError(
            "invalid_email",
            "email",
            f"the e-mail address has {len(email)} characters",
            f"use an address of at most {EMAIL_LENGTH_MAX} characters",
        )
    if _EMAIL.fullmatch(email) is None:
        raise UserError(
            "invalid_email",
            "email",
            "this is not an e-mail address",
            'write it like "ann@example.com"; a domain in another script in its "xn--" form',
        )
    return email.lower()


def checked_name(text: str, field: str = "name") -> str:
    """Return a name for a person, account or key, without the blanks around it.

    Raises ``UserError`` ``invalid_name`` unless it has 1 to 100 printable characters.
    """
    name = text.strip()
    if not 1 <= len(name) <= NAME_LENGTH_MAX:
        raise UserError(
            "invalid_name",
            field,
            f"the name has {len(name)} characters" if name else "the name is empty",
            f"use 1 to {NAME_LENGTH_MAX} characters",
        )
    if not name.isprintable():
        raise UserError(
            "invalid_name",
            field,
            "the name holds a character that cannot be shown",
            "use letters, digits, marks and plain spaces, no line breaks or control characters",
        )
    return name


def checked_password(password: str, email: str) -> None:
    """Refuse a password that is too short, too long, not text, or the e-mail address itself.

    Length is counted in characters after NFC normalisation, as ``passwords`` hashes it; there is no
    rule of composition (NIST SP 800-63B-4 section 3.1.1.2). Raises ``UserError``
    ``invalid_password``.
    """
    count = len(password)
    if count <= PASSWORD_LENGTH_MAX * 4:
        count = len(unicodedata.normalize("NFC", password))
    if not PASSWORD_LENGTH_MIN <= count <= PASSWORD_LENGTH_MAX:
        raise UserError(
            "invalid_password",
            "password",
            f"the password has {count} characters",
            f"use {PASSWORD_LENGTH_MIN} to {PASSWORD_LENGTH_MAX} characters",
        )
    if any("\ud800" <= character <= "\udfff" for character in password):
        raise UserError(
            "invalid_password",
            "password",
            "the password holds half of a surrogate pair, which is not a character",
            "send well-formed Unicode text",
        )
    if password.strip().casefold() == email.strip().casefold():
        raise UserError(
            "invalid_password",
            "password",
            "the password is the e-mail address",
            "choose one that is not written anywhere else",
        )


def checked_role(role: str) -> str:
    """Return the role, or raise ``UserError`` ``invalid_role``."""
    if role not in ROLES:
        raise UserError(
            "invalid_role", "role", "there is no such role", f"use one of {', '.join(ROLES)}"
        )
    return role


def new_user_id(random_bytes: Callable[[int], bytes]) -> str:
    """A random UUID (RFC 9562 version 4) as text."""
    return str(UUID(bytes=random_bytes(16), version=4))


class Users:
    """All users, in memory by id and by e-mail, over their table."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._by_id: dict[str, User] = {}
        self._id_by_email: dict[str, str] = {}
        for row in database.query(
            "SELECT id, name, email, role, status, created_ns, accounts_begun FROM users"
            " ORDER BY created_ns, id"
        ):
            self.keep(User(*row))

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[User]:
        return iter(self._by_id.values())

    def get(self, user_id: str) -> User | None:
        """The user with this id."""
        return self._by_id.get(user_id)

    def require(self, user_id: str) -> User:
        """The user with this id; raises ``UnknownUser``."""
        user = self._by_id.get(user_id)
        if user is None:
            raise UnknownUser(user_id)
        return user

    def by_email(self, email: str) -> User | None:
        """The user with this address in its normal form."""
        user_id = self._id_by_email.get(email)
        return None if user_id is None else self._by_id[user_id]

    def password_hash(self, user_id: str) -> str | None:
        """The stored hash of a user's password; None, after the same look, of nobody."""
        rows = self._database.query("SELECT password_hash FROM users WHERE id = ?", (user_id,))
        return str(rows[0][0]) if rows else None

    def store_password_hash(self, user_id: str, password_hash: str) -> None:
        """Replace the stored hash of a user's password."""
        self._database.execute(
            "UPDATE users SET password_hash = ? WHERE id = ?", (password_hash, user_id)
        )

    def store_status(self, transaction: Database, user_id: str, status: str) -> User:
        """Write a status inside a transaction; ``keep`` what this returns once it is durable."""
        transaction.execute("UPDATE users SET status = ? WHERE id = ?", (status, user_id))
        return msgspec.structs.replace(self.require(user_id), status=status)

    def store_role(self, user_id: str, role: str) -> User:
        """Write a role; ``keep`` what this returns."""
        self._database.execute("UPDATE users SET role = ? WHERE id = ?", (role, user_id))
        return msgspec.structs.replace(self.require(user_id), role=role)

    def keep(self, user: User) -> None:
        """Show a user, new or changed, that the database already holds."""
        self._by_id[user.id] = user
        self._id_by_email[user.email] = user.id

    def move(self, before: User, after: User) -> None:
        """Show a user whose address changed, as the database already holds it."""
        del self._id_by_email[before.email]
        self.keep(after)

    def forget(self, user: User) -> None:
        """Stop showing a user that the database no longer holds."""
        del self._by_id[user.id]
        del self._id_by_email[user.email]


def may_act(user: User) -> bool:
    """Whether the user's sessions and keys count."""
    return user.status == UserStatus.ACTIVE
