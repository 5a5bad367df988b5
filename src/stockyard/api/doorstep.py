"""What is settled before any endpoint sees a connection: who asks behind a proxy, which other sites
may ask, and the headers that guard every answer.

Promises: what proxies say of an address counts only where the connection comes from one that is
trusted, hop by hop (RFC 7239 section 8.1); a page of another site is answered readably only if its
origin is allowed by name, and never with cookies; every answer that is not told otherwise keeps
browsers from guessing its kind, framing it, or storing it. Must not know: endpoints.
"""

from collections.abc import Awaitable, Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from stockyard.api.heads import CONNECTION, SAME_AS_OURS, Message, Scope, Send
from stockyard.api.problems import Headers

Network = IPv4Network | IPv6Network
HOPS_MAX: Final = 20
"""Proxies that are looked through."""
METHODS: Final = b"DELETE, GET, HEAD, PATCH, POST, PUT"
_REQUEST_HEADERS: Final = (
    b"Authorization, Content-Type, Idempotency-Key, X-Idempotency-Key, X-Account-ID, X-Request-ID,"
    b" APCA-API-KEY-ID, APCA-API-SECRET-KEY, Last-Event-ID"
)
_ANSWER_HEADERS: Final = (
    b"Idempotent-Replayed, Link, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset,"
    b" Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-ID"
)
_PREFLIGHT_S: Final = 600
_GUARDS: Final[Headers] = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_POLICY: Final = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_FILES: Final = "/assets/"
"""Scripts of the app: a policy of theirs would bind the workers that they are."""
_HTTPS_ONLY: Final = (b"strict-transport-security", b"max-age=31536000")
_VARIES: Final = (b"vary", b"origin")
_SECURE: Final = {"http": "https", "ws": "wss"}


class Doorstep:
    """The rules of one door. ``proxies``: networks whose word on addresses counts; ``origins``:
    other sites whose pages may ask.
    """

    def __init__(self, proxies: Iterable[Network] = (), origins: Iterable[str] = ()) -> None:
        self._proxies = tuple(proxies)
        self._origins = {origin.encode() for origin in origins}

    def arrive(self, scope: Scope) -> None:
        """Put in the scope what a trusted proxy says of who asks, and whether they may as if they
        were a page of ours.
        """
        if self._proxies:
            client = scope.get("client")
            if client is not None and self._trusts(client[0]):
                self._look_behind(scope, client)
        if self._origins and _header(scope, b"origin") in self._origins:
            scope[SAME_AS_OURS] = True

    def preflight(self, scope: Scope) -> Headers | None:
        """What answers a browser that asks whether a page of another site may ask (Fetch standard,
        "CORS-preflight fetch"); None for what is no such question, or not to be answered.
        """
        if scope["method"] != "OPTIONS" or SAME_AS_OURS not in scope:
            return None
        if _header(scope, b"access-control-request-method") is None:
            return None
        return (
            (b"access-control-allow-methods", METHODS),
            (b"access-control-allow-headers", _REQUEST_HEADERS),
            (b"access-control-max-age", b"%d" % _PREFLIGHT_S),
        )

    def guarding(self, scope: Scope, send: Send) -> Send:
        """``send``, with the guards on what begins an answer; the scope keeps whose it was."""
        scope[CONNECTION] = getattr(send, "__self__", None)
        guards = _GUARDS if scope["path"].startswith(_FILES) else (*_GUARDS, _POLICY)
        added: list[tuple[bytes, bytes]] = []
        if self._origins:
            added.append(_VARIES)
        if SAME_AS_OURS in scope:
            origin = _header(scope, b"origin")
            assert origin is not None, "only an origin is allowed"
            added.append((b"access-control-allow-origin", origin))
            added.append((b"access-control-expose-headers", _ANSWER_HEADERS))
        if scope.get("scheme") == "https":
            added.append(_HTTPS_ONLY)

        def guarded(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                told = {name for name, _ in headers}
                message["headers"] = [*headers, *(g for g in guards if g[0] not in told), *added]
            return send(message)

        return guarded

    def _trusts(self, address: str) -> bool:
        try:
            found = ip_address(address)
        except ValueError:
            return False
        mapped = getattr(found, "ipv4_mapped", None)
        found = found if mapped is None else mapped
        return any(found.version == net.version and found in net for net in self._proxies)

    def _look_behind(self, scope: Scope, client: tuple[str, int]) -> None:
        """The nearest address that no trusted proxy has; each proxy adds whom it heard from at the
        end, so what stands before that may be anybody's word.
        """
        said = b",".join(v for n, v in scope["headers"] if n == b"x-forwarded-for")
        for hop in reversed(said.decode("latin-1").split(",")[-HOPS_MAX:]):
            address = _address(hop.strip())
            if address is None:
                break
            scope["client"] = (address, 0)
            if not self._trusts(address):
                break
        proto = _header(scope, b"x-forwarded-proto")
        if proto is not None and proto.rpartition(b",")[2].strip().lower() in (b"https", b"wss"):
            scope["scheme"] = _SECURE.get(scope.get("scheme", "http"), "https")


def parse_proxies(text: str) -> tuple[Network, ...]:
    """The networks of a setting such as ``127.0.0.1, 10.0.0.0/8``. Raises ``ValueError``."""
    return tuple(ip_network(word.strip()) for word in text.split(",") if word.strip())


def parse_origins(text: str) -> tuple[str, ...]:
    """The origins of a setting such as ``https://app.example.com``. Raises ``ValueError``."""
    found = []
    for word in (word.strip() for word in text.split(",")):
        if not word:
            continue
        parts = urlsplit(word.lower())
        if parts.scheme not in ("http", "https") or not parts.hostname or "*" in word:
            raise ValueError(f"{word!r} is no origin such as https://app.example.com")
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin != word.lower().rstrip("/") or "@" in origin:
            raise ValueError(f"{word!r} is more than an origin such as https://app.example.com")
        found.append(origin)
    return tuple(found)


async def answer_preflight(headers: Headers, send: Send) -> None:
    """Answer a preflight question."""
    start = {"type": "http.response.start", "status": 204, "headers": list(headers)}
    await send(start)
    await send({"type": "http.response.body", "body": b""})


def _header(scope: Scope, name: bytes) -> bytes | None:
    found: bytes | None = next((v for n, v in scope["headers"] if n == name), None)
    return found


def _address(text: str) -> str | None:
    """An address as a proxy writes it, perhaps with a port; None when it is none."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ip_address(text))
    except ValueError:
        return None
