"""Who is asking, for which account, and whether they may.

Promises: a session token or an API key is checked in memory, without waiting; a foreign account
looks exactly like one that does not exist. Must not know: what is asked for.
"""

import binascii
from base64 import b64decode
from typing import Final, NamedTuple

from stockyard.api.cookies import Cookies
from stockyard.api.desk import PeopleDesk
from stockyard.api.heads import Head
from stockyard.api.problems import Problem, rule_problem
from stockyard.model.denials import DenyCode
from stockyard.model.ids import Kind, PublicIds
from stockyard.people.identity import Identity, Scope
from stockyard.runtime.clock import Clock
from stockyard.telemetry.traces import name_user

BEARER: Final = b"bearer"
BASIC: Final = b"basic"
_CREDENTIALS: Final = frozenset({b"authorization", b"apca-api-key-id", b"apca-api-secret-key"})
ACCOUNT_PARAMETER: Final = "account_id"
_CHALLENGE: Final = ((b"www-authenticate", b'Bearer realm="stockyard"'),)
"""Basic is taken but not offered: a browser would keep an API key and send it unasked."""


class Caller(NamedTuple):
    """Who asks, and the account the request is about; ``actor`` is what the journal is told."""

    identity: Identity
    account_id: int
    actor: str


class Gate:
    """Checks credentials and chooses accounts."""

    def __init__(self, desk: PeopleDesk, clock: Clock, ids: PublicIds, cookies: Cookies) -> None:
        self._desk, self._clock, self._ids = desk, clock, ids
        self._cookies = cookies
        self._people = desk.people

    def identity(self, head: Head) -> Identity:
        """Who asks. Raises ``Problem`` 401."""
        known, head.identity = head.identity, None
        if known is not None:
            # Settled a moment ago, when the request was counted; whoever asks again looks again.
            return known
        found = self._recognize(head)
        name_user(found.user_id, actor(found))
        return found

    def _recognize(self, head: Head) -> Identity:
        head.check_repeats()
        headers = head.headers
        key_id, secret = headers.get(b"apca-api-key-id"), headers.get(b"apca-api-secret-key")
        if key_id is not None or secret is not None:
            if key_id is None or secret is None:
                raise _unauthorized(
                    "missing_credentials",
                    "half of the key pair is missing",
                    "send both APCA-API-KEY-ID and APCA-API-SECRET-KEY",
                )
            return self.key(key_id.decode("latin-1"), secret.decode("latin-1"))
        authorization = headers.get(b"authorization")
        if authorization is None:
            token = self._cookies.session(head)
            if token:
                self._cookies.check_page(head)
                return self._by_cookie(token)
            raise _unauthorized(
                "missing_credentials",
                "this needs a sign-in",
                "send Authorization: Bearer with a token from POST /api/v1/auth/login, or an API"
                " key as APCA-API-KEY-ID and APCA-API-SECRET-KEY",
            )
        scheme, _, value = authorization.partition(b" ")
        if scheme.lower() == BEARER:
            return self.token(value.strip().decode("latin-1"))
        if scheme.lower() == BASIC:
            return self._basic(value)
        raise _unauthorized(
            "invalid_credentials", "this kind of authorization is not known", "use Bearer or Basic"
        )

    def _basic(self, value: bytes) -> Identity:
        try:
            pair = b64decode(value.strip(), validate=True).decode("latin-1")
        except (binascii.Error, ValueError):
            pair = ""
        key_id, _, secret = pair.partition(":")
        return self.key(key_id, secret)

    def session_token(self, head: Head) -> str:
        """The session's token that a request carries, or empty: of whom ``identity`` let in."""
        if b"authorization" not in head.headers:
            return self._cookies.session(head)
        scheme, _, value = head.headers.get(b"authorization", b"").partition(b" ")
        return value.strip().decode("latin-1") if scheme.lower() == BEARER else ""

    def _by_cookie(self, token: str) -> Identity:
        try:
            return self.token(token)
        except Problem as problem:
            # A browser that keeps asking with it could not sign in otherwise.
            problem.headers = (*problem.headers, self._cookies.clear_session())
            raise

    def has_cookie(self, head: Head) -> bool:
        """Whether a browser's cookie signs a request, rightly or not."""
        return not _CREDENTIALS & head.headers.keys() and bool(self._cookies.session(head))

    def is_signed(self, head: Head) -> bool:
        """Whether a request's head carries credentials, right or wrong."""
        return bool(_CREDENTIALS & head.headers.keys()) or self.has_cookie(head)

    def token(self, token: str) -> Identity:
        """Who holds a session's or an API client's token. Raises ``Problem`` 401."""
        now = self._clock.wall_ns()
        found = self._people.authenticate_token(token, now)
        if found is None:
            # A write may be replacing this very identity: look again once it is done.
            found = self._desk.alone(lambda people: people.authenticate_token(token, now))
        if found is None:
            raise _unauthorized(
                "invalid_token",
                "the token is wrong or has expired",
                "sign in again with POST /api/v1/auth/login",
            )
        return found

    def key(self, key_id: str, secret: str) -> Identity:
        """Who holds an API key. Raises ``Problem`` 401."""
        now = self._clock.wall_ns()
        found = self._people.authenticate_key(key_id, secret, now)
        if found is None:
            found = self._desk.alone(lambda people: people.authenticate_key(key_id, secret, now))
        if found is None:
            raise _unauthorized(
                "invalid_api_key",
                "the API key is wrong or revoked",
                "check both halves; POST /api/v1/api-keys makes a new one",
            )
        return found

    def caller(self, head: Head, scope: str, account: str | None = None) -> Caller:
        """Who asks for which account: the header or ``account`` (the query's), else the first one.

        Raises ``Problem`` 401, 403 without the scope, 404 for an account that is not theirs.
        """
        identity = self.identity(head)
        require_scope(identity, scope)
        return Caller(identity, self.account(identity, head, account), actor(identity))

    def account(self, identity: Identity, head: Head, account: str | None) -> int:
        """The account a request is about."""
        return self.named_account(identity, one_account(head.text(b"x-account-id"), account))

    def named_account(self, identity: Identity, named: str | None) -> int:
        """The account of this public id, or the first one."""
        if named is None:
            if identity.account_ids:
                return identity.account_ids[0]
            raise rule_problem(DenyCode.UNKNOWN_ACCOUNT, ACCOUNT_PARAMETER)
        found = self._ids.parse(Kind.ACCOUNT, named)
        if found is None or found[0] not in identity.account_ids:
            raise rule_problem(DenyCode.UNKNOWN_ACCOUNT, ACCOUNT_PARAMETER)
        return found[0]


def one_account(first: str | None, second: str | None) -> str | None:
    """The account that two places name, or one of them, or none. Raises ``Problem`` 400."""
    if first is None:
        return second
    if second is not None and second != first:
        raise Problem(
            400,
            "conflicting_accounts",
            "two different accounts are named",
            "name one: in X-Account-ID or in account_id",
            field=ACCOUNT_PARAMETER,
        )
    return first


def actor(identity: Identity) -> str:
    """The name under which the journal keeps who asked."""
    if identity.key_id is None:
        return "user:" + identity.user_id
    return "key:" + identity.key_id


def require_scope(identity: Identity, scope: str) -> None:
    """Raise ``Problem`` 403 unless the identity has the scope."""
    if scope not in identity.scopes:
        raise Problem(
            403,
            "scope_missing",
            f"this needs the scope {scope}",
            f"use a key made with the scope {scope}, or sign in",
        )


def require_admin(identity: Identity) -> None:
    """Raise ``Problem`` 403 unless an administrator asks, by a session or a key for it."""
    require_scope(identity, Scope.ADMIN)


def require_session(identity: Identity) -> None:
    """Raise ``Problem`` 403 for an API key or client: some things need the person."""
    if identity.key_id is not None or identity.family_id:
        raise Problem(
            403,
            "session_required",
            "neither an API key nor an API client's token can do this",
            "sign in with POST /api/v1/auth/login and send the token",
        )


def _unauthorized(code: str, wrong: str, right: str) -> Problem:
    return Problem(401, code, wrong, right, headers=_CHALLENGE)
