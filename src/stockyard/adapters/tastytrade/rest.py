"""tastytrade's OAuth and quote token: requests to send, and what their answers say.

Promises: no I/O; secrets stand in bodies and headers only, never in an address or an error. Must
not know: how a request is sent.
"""

from collections.abc import Mapping
from typing import Final, TypeVar

import msgspec

from stockyard.model.feeds import FeedRefused, FeedUnavailable, HttpAnswer, HttpRequest

BASE: Final = "https://api.tastyworks.com"
USER_AGENT: Final = "stockyard/1.0"
"""Without a product and a version every request is answered with 401."""
API_VERSION: Final = "20251101"
_REFUSED: Final = (400, 401, 403)
UNREADABLE: Final = (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError)
"""What reading text that is no message can end in."""
T = TypeVar("T")


class AccessToken(msgspec.Struct, frozen=True):
    """What lets requests in, for ``expires_in`` seconds."""

    access_token: str
    token_type: str = "Bearer"
    expires_in: int = 900


class QuoteToken(msgspec.Struct, frozen=True, rename={"dxlink_url": "dxlink-url"}):
    """What lets in at DXLink for a day. ``level``: ``api``, or ``demo`` with delayed prices."""

    token: str
    dxlink_url: str
    level: str = ""


class _Envelope(msgspec.Struct):
    data: QuoteToken


class _Fault(msgspec.Struct):
    code: str = ""
    message: str = ""


class _Faults(msgspec.Struct):
    error: _Fault | None = None


def ask_access_token(base: str, client_secret: str, refresh_token: str) -> HttpRequest:
    """A new access token for a refresh token that does not expire."""
    body = {
        "grant_type": "refresh_token",
        "client_secret": client_secret,
        "refresh_token": refresh_token,
    }
    headers = {**_headers(), "content-type": "application/json"}
    return HttpRequest("POST", f"{base}/oauth/token", headers, msgspec.json.encode(body))


def ask_quote_token(base: str, access: AccessToken) -> HttpRequest:
    """Where DXLink is, and a token for it."""
    headers = {**_headers(), "authorization": f"Bearer {access.access_token}"}
    return HttpRequest("GET", f"{base}/api-quote-tokens", headers)


def read_access_token(answer: HttpAnswer) -> AccessToken:
    """An access token. Raises ``FeedRefused`` or ``FeedUnavailable``."""
    return _read(answer, AccessToken)


def read_quote_token(answer: HttpAnswer) -> QuoteToken:
    """A quote token. Raises ``FeedRefused`` or ``FeedUnavailable``."""
    return _read(answer, _Envelope).data


def _headers() -> Mapping[str, str]:
    return {"user-agent": USER_AGENT, "accept": "application/json", "accept-version": API_VERSION}


def _read(answer: HttpAnswer, kind: type[T]) -> T:
    if answer.status in _REFUSED:
        raise FeedRefused(f"answered with {answer.status}{_reason(answer.body)}")
    if not 200 <= answer.status < 300:
        raise FeedUnavailable(f"answered with {answer.status}{_reason(answer.body)}")
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except UNREADABLE as error:
        raise FeedUnavailable(f"the answer cannot be read: {error}") from None


def _reason(body: bytes) -> str:
    try:
        fault = msgspec.json.decode(body, type=_Faults).error
    except UNREADABLE:
        return ""
    return f", {fault.code}: {fault.message}" if fault is not None else ""
