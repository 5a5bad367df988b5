"""The sockets of feeds: a WebSocket connection and HTTP requests, both bounded in time and size.

Promises: every failure is one of the words of ``feed_runner`` and ``model.feeds``; every request
goes through its host's circuit breaker. Must not know: what is sent or asked.
"""

import asyncio
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

import httpx2
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

from stockyard.model.feeds import (
    FeedRefused,
    FeedUnavailable,
    FeedWire,
    HttpAnswer,
    HttpRequest,
)
from stockyard.runtime.feed_runner import CONNECT_S, FRAME_BYTES_MAX, ConnectionLost
from stockyard.telemetry.breaker import TIMEOUT_S, BreakerOpen, Breakers
from stockyard.telemetry.traces import Part, Spent

PING_S: Final = 5.0
"""A source is pinged this often."""
PONG_S: Final = 10.0
"""It is dropped when it leaves a ping unanswered this long."""
CLOSE_S: Final = 1.0
FRAMES_WAITING_MAX: Final = 16
"""Frames that are read ahead; then the source has to wait."""
BODY_BYTES_MAX: Final = 16 * 1024 * 1024
RETRY_AFTER_MAX_S: Final = 3600.0
_LIMITED: Final = 429
_REFUSED: Final = (401, 403)
_DEAD: Final = 500


class Socket:
    """A WebSocket connection in the runner's words."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def receive(self) -> str | bytes:
        """The next whole frame. Raises ``ConnectionLost``."""
        try:
            return await self._connection.recv()
        except (WebSocketException, OSError) as error:
            raise ConnectionLost(str(error)) from None

    async def send(self, frame: str | bytes) -> None:
        """Send a frame. Raises ``ConnectionLost``."""
        try:
            await self._connection.send(frame)
        except (WebSocketException, OSError) as error:
            raise ConnectionLost(str(error)) from None

    async def close(self) -> None:
        """End the connection; who does not answer in time is dropped."""
        with suppress(WebSocketException, OSError, TimeoutError):
            async with asyncio.timeout(CLOSE_S * 2):
                await self._connection.close()


async def open_socket(wire: FeedWire) -> Socket:
    """Connect to where a machine wants. Raises what ``feed_runner.Connect`` says."""
    try:
        connection = await connect(
            wire.url,
            additional_headers=dict(wire.headers),
            open_timeout=CONNECT_S,
            ping_interval=PING_S,
            ping_timeout=PONG_S,
            close_timeout=CLOSE_S,
            max_size=FRAME_BYTES_MAX,
            max_queue=FRAMES_WAITING_MAX,
        )
    except InvalidStatus as error:
        status = error.response.status_code
        detail = f"the upgrade was answered with {status}"
        if status in _REFUSED:
            raise FeedRefused(detail) from None
        if status == _LIMITED:
            wait_s = retry_after_s(error.response.headers.get("retry-after", ""))
            raise FeedUnavailable(detail, wait_s or 1.0) from None
        raise ConnectionLost(detail) from None
    except (WebSocketException, OSError, ValueError) as error:
        raise ConnectionLost(f"{type(error).__name__}: {error}") from None
    return Socket(connection)


def retry_after_s(text: str) -> float:
    """Seconds of a ``Retry-After``, bounded; 0 for a date or anything else."""
    return min(float(text), RETRY_AFTER_MAX_S) if text.isascii() and text.isdigit() else 0.0


class FeedHttp:
    """Requests to outside servers, one breaker for each of them."""

    def __init__(self, breakers: Breakers) -> None:
        self._breakers = breakers
        self._client: httpx2.AsyncClient | None = None

    async def fetch(self, request: HttpRequest) -> HttpAnswer:
        """Perform a request. Raises ``FeedUnavailable`` when there is no answer.

        An answer of 500 and above, and 429, count as failures of its server.
        """
        try:
            breaker = self._breakers.of(urlsplit(request.url).netloc)
        except ValueError as error:
            raise FeedUnavailable(f"the address cannot be one: {error}") from None
        try:
            with Spent(Part.OUTSIDE, breaker.name):
                return await breaker.call(lambda: self._ask(request), (FeedUnavailable,))
        except BreakerOpen as error:
            raise FeedUnavailable(str(error), error.retry_s) from None

    async def _ask(self, request: HttpRequest) -> HttpAnswer:
        if self._client is None:
            # Reading the machine's certificates takes long, and most never ask anybody outside.
            self._client = httpx2.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False)
        try:
            async with (
                asyncio.timeout(TIMEOUT_S),
                self._client.stream(
                    request.method,
                    request.url,
                    headers=dict(request.headers),
                    content=request.body or None,
                ) as response,
            ):
                body = bytearray()
                async for part in response.aiter_bytes():
                    body += part
                    if len(body) > BODY_BYTES_MAX:
                        raise FeedUnavailable(f"{request.url}: the answer is too large")
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, TimeoutError) as error:
            raise FeedUnavailable(f"{type(error).__name__}: {error}") from None
        if response.status_code == _LIMITED:
            wait_s = retry_after_s(response.headers.get("retry-after", ""))
            raise FeedUnavailable("too many requests", wait_s or 1.0)
        if response.status_code >= _DEAD:
            raise FeedUnavailable(f"answered with {response.status_code}")
        return HttpAnswer(response.status_code, bytes(body), dict(response.headers))

    async def close(self) -> None:
        """Close every connection."""
        if self._client is not None:
            await self._client.aclose()
