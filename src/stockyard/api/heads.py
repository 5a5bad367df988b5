"""The head of a request, read once: who says they ask, for which account, under which key.

Promises: each header is looked at once; what is there twice and differs is refused where it
matters. Must not know: whether any of it is true.
"""

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from ipaddress import ip_address
from itertools import count
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from stockyard.api.problems import Problem
from stockyard.model.numbers import IDEMPOTENCY_KEY_LENGTH_MAX
from stockyard.people.identity import Identity
from stockyard.telemetry.traces import CURRENT

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

USER_AGENT_LENGTH_MAX: Final = 200
BODY_S: Final = 30.0
"""So long a body may take to come."""
HEAD_KEY: Final = "stockyard.head"
"""Where a request's ``Head`` stands in its scope."""

SAME_AS_OURS: Final = "stockyard.same_as_ours"
"""In the scope of what a page of an allowed other site asks for."""

CONNECTION: Final = "stockyard.connection"
"""In the scope of a request: the server's own connection, where it shows one."""
CLIENT_GONE: Final = 499
"""Counted for a client that left before it was answered."""
HEAD_ONLY: Final = "stockyard.head_only"
"""In the scope of a request whose answer's body nobody wants."""

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_SANE_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_ONCE: Final = frozenset(
    {
        b"authorization",
        b"apca-api-key-id",
        b"apca-api-secret-key",
        b"x-account-id",
        b"idempotency-key",
        b"x-idempotency-key",
        b"content-type",
    }
)
_process = secrets.token_hex(4)
_numbers = count(1)


def new_request_id() -> str:
    """A name for a request: unique among all processes, cheap."""
    return f"{_process}-{next(_numbers):x}"


def is_loopback(host: str) -> bool:
    """Whether a host, as a ``Host`` header or a setting names it, can only be this machine."""
    if host == "localhost" or host.startswith("localhost:"):
        return True
    try:
        name = host if host.count(":") > 1 and host[0] != "[" else urlsplit("//" + host).hostname
        return ip_address(name or "").is_loopback
    except ValueError:
        return False


class Head:
    """What the headers say; the record of the request that is being answered learns of it."""

    __slots__ = (
        "_headers",
        "_is_welcome",
        "address",
        "headers",
        "identity",
        "method",
        "path",
        "query",
        "request_id",
    )

    def __init__(self, scope: Scope) -> None:
        self._headers: list[tuple[bytes, bytes]] = scope["headers"]
        self.headers: dict[bytes, bytes] = dict(self._headers)
        self.query: bytes = scope["query_string"]
        self.identity: Identity | None = None
        self.method: str = scope.get("method", "")
        """Empty for a WebSocket."""
        self.path: str = scope["path"]
        self._is_welcome = SAME_AS_OURS in scope
        client = scope.get("client")
        self.address: str = client[0] if client else ""
        given = self.headers.get(b"x-request-id")
        if given is not None and _SANE_ID.fullmatch(given):
            self.request_id = given.decode()
        else:
            self.request_id = new_request_id()
        trace = CURRENT.get()
        if trace is not None and trace.head is None:
            trace.head = self

    def check_repeats(self) -> None:
        """Refuse a header that matters and is there twice with two values."""
        if len(self.headers) == len(self._headers):
            return
        for name, value in self._headers:
            if name in _ONCE and self.headers[name] != value:
                shown = name.decode()
                raise Problem(
                    400,
                    "conflicting_headers",
                    f"the header {shown} is there twice with two values",
                    "send it once",
                    field=shown,
                )

    def check_site(self, method: str) -> None:
        """Refuse a change that another site's page asks for (Fetch Metadata, W3C), unless that
        site is allowed by name.

        Browsers say where a request comes from, and no page can unsay it. Raises ``Problem`` 403.
        """
        if self._is_welcome or method in SAFE_METHODS:
            return
        if self.headers.get(b"sec-fetch-site") == b"cross-site":
            raise _cross_site()

    def check_origin(self) -> None:
        """Refuse a WebSocket that a page of another host opens (RFC 6455, section 10.2), unless
        that site is allowed by name.

        Ports are not compared: a proxy may drop them. Raises ``Problem`` 403.
        """
        origin = self.text(b"origin")
        if origin is None or self._is_welcome:
            return
        try:
            ours = urlsplit("//" + (self.text(b"host") or "")).hostname
            theirs = urlsplit(origin).hostname
        except ValueError:
            raise _cross_site() from None
        if theirs is None or theirs != ours:
            raise _cross_site()

    def text(self, name: bytes) -> str | None:
        """A header's value, or None."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    @property
    def user_agent(self) -> str:
        """What the client calls itself, cut to a bearable length."""
        return self.headers.get(b"user-agent", b"").decode("latin-1")[:USER_AGENT_LENGTH_MAX]

    @property
    def idempotency_key(self) -> str:
        """The key of the request, or empty. Raises ``Problem`` 400."""
        headers = self.headers
        plain, prefixed = headers.get(b"idempotency-key"), headers.get(b"x-idempotency-key")
        if plain is None:
            if prefixed is None:
                return ""
            plain = prefixed
        elif prefixed is not None and prefixed != plain:
            raise Problem(
                400,
                "conflicting_headers",
                "Idempotency-Key and X-Idempotency-Key differ",
                "send one of them",
                field="Idempotency-Key",
            )
        key = plain.decode("latin-1")
        if not 1 <= len(key) <= IDEMPOTENCY_KEY_LENGTH_MAX or not (
            key.isascii() and key.isprintable()
        ):
            raise Problem(
                400,
                "invalid_idempotency_key",
                "the idempotency key is empty, too long, or not printable ASCII",
                f"send 1 to {IDEMPOTENCY_KEY_LENGTH_MAX} printable ASCII characters",
                field="Idempotency-Key",
            )
        return key

    def parameters(self, known: tuple[str, ...]) -> dict[str, str]:
        """The query's parameters, none of them unknown or repeated. Raises ``Problem`` 422."""
        if not self.query:
            return {}
        found: dict[str, str] = {}
        for name, value in parse_qsl(self.query.decode("latin-1"), keep_blank_values=True):
            if name not in known:
                names = ", ".join(known)
                raise Problem(
                    422,
                    "unknown_parameter",
                    f"there is no parameter {name[:40]}",
                    f"the parameters are {names}" if known else "this path takes none",
                    field=name[:40],
                )
            if name in found:
                raise Problem(
                    422,
                    "repeated_parameter",
                    f"the parameter {name} is there twice",
                    "send it once",
                    field=name,
                )
            found[name] = value
        return found


class ClientGone(Exception):
    """The client hung up before its request was complete."""


async def until_gone(receive: Receive) -> None:
    """Wait until the client hangs up; what it still sends is left unread."""
    while (await receive())["type"] != "http.disconnect":
        continue


async def read_body(head: Head, receive: Receive, bytes_max: int) -> bytes:
    """The whole body. Raises ``Problem`` 413 as soon as it is too large, 408 when the rest of it
    does not come, ``ClientGone``.
    """
    length = head.headers.get(b"content-length")
    if length is not None and length.isdigit() and int(length[:20]) > bytes_max:
        raise _too_large(bytes_max)
    first = _at_once(receive)
    if first is not None and not first.get("more_body"):
        return _checked(first, 0, bytes_max)
    try:
        async with asyncio.timeout(BODY_S):
            return await _read_all(first, receive, bytes_max)
    except TimeoutError:
        raise Problem(
            408,
            "body_timeout",
            f"the body was not complete within {BODY_S:g} seconds",
            "send the whole body at once; nothing was done",
            retryable=True,
            headers=((b"connection", b"close"),),
        ) from None


def _at_once(receive: Receive) -> Message | None:
    """The first message if it is there already, as it nearly always is; None: it must be awaited.

    Nothing is consumed by asking, and a timer for each order would cost more than reading it.
    """
    asking = receive().__await__()
    try:
        next(asking)
    except StopIteration as came:
        message: Message = came.value
        return message
    asking.close()
    return None


async def _read_all(first: Message | None, receive: Receive, bytes_max: int) -> bytes:
    message = first if first is not None else await receive()
    parts = [_checked(message, 0, bytes_max)]
    size = len(parts[0])
    while message.get("more_body"):
        message = await receive()
        parts.append(_checked(message, size, bytes_max))
        size += len(parts[-1])
    return b"".join(parts)


def _checked(message: Message, before: int, bytes_max: int) -> bytes:
    """A message's part of a body, after so many bytes. Raises ``Problem`` 413, ``ClientGone``."""
    if message["type"] == "http.disconnect":
        raise ClientGone
    part: bytes = message.get("body", b"")
    if before + len(part) > bytes_max:
        raise _too_large(bytes_max)
    return part


async def read_json(head: Head, receive: Receive, bytes_max: int) -> bytes:
    """The whole body of a request that says that it is JSON, or has none.

    A page of another site can send any other kind without asking first (Fetch standard,
    "CORS-safelisted request-header"). Raises ``Problem`` 415 and what ``read_body`` raises.
    """
    kind = head.headers.get(b"content-type")
    if kind == b"application/json":
        return await read_body(head, receive, bytes_max)
    if kind is None:
        body = await read_body(head, receive, bytes_max)
        if body:
            raise _not_json()
        return body
    if kind.partition(b";")[0].strip().lower() != b"application/json":
        raise _not_json()
    return await read_body(head, receive, bytes_max)


def _not_json() -> Problem:
    return Problem(
        415,
        "unsupported_media_type",
        "the body is not said to be JSON",
        "send Content-Type: application/json",
        field="Content-Type",
    )


def _cross_site() -> Problem:
    return Problem(
        403,
        "cross_site",
        "a page of another site asks for this",
        "ask from a page of this Stockyard's own host, or without a browser",
    )


def _too_large(bytes_max: int) -> Problem:
    return Problem(
        413,
        "body_too_large",
        "the body is too large",
        f"send at most {bytes_max} bytes",
        headers=((b"connection", b"close"),),
    )
