"""Roles, scopes, and the answer to "who is asking".

Promises: an ``Identity`` is immutable and complete: a request is authorised from it alone. Must not
know: which request it is for.
"""

from typing import Final

import msgspec


class Role:
    """What a user is."""

    USER: Final = "user"
    INSTRUCTOR: Final = "instructor"
    ADMIN: Final = "admin"


class UserStatus:
    """Where a user stands; only an active one may act."""

    PENDING: Final = "pending"
    ACTIVE: Final = "active"
    SUSPENDED: Final = "suspended"
    CLOSED: Final = "closed"


class Scope:
    """What a session or an API key may do."""

    READ: Final = "read"
    TRADE: Final = "trade"
    SIM: Final = "sim"
    TEACH: Final = "teach"
    ADMIN: Final = "admin"


SCOPES: Final = (Scope.READ, Scope.TRADE, Scope.SIM, Scope.TEACH, Scope.ADMIN)
"""Every scope, in the order in which they are shown and stored."""
ROLES: Final = (Role.USER, Role.INSTRUCTOR, Role.ADMIN)
"""Every role, from the least to the most that it may."""
ROLE_SCOPES: Final[dict[str, frozenset[str]]] = {
    Role.USER: frozenset({Scope.READ, Scope.TRADE, Scope.SIM}),
    Role.INSTRUCTOR: frozenset({Scope.READ, Scope.TRADE, Scope.SIM, Scope.TEACH}),
    Role.ADMIN: frozenset(SCOPES),
}
"""The scopes of a session of each role; a key may have these or fewer."""


class Identity(msgspec.Struct, frozen=True, gc=False):
    """Who is asking: a session (``key_id`` is None), an API client's token, or an API key.

    ``account_ids``: a session's are all of the user's, oldest first; a key's is its one account.
    ``family_id``: of a token, the sign-in it came of; else empty.
    """

    user_id: str
    role: str
    scopes: frozenset[str]
    account_ids: tuple[int, ...]
    key_id: str | None
    name: str
    family_id: str = ""
