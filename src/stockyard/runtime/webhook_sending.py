"""One delivery to a webhook: a signed POST, and what the receiver made of it.

Promises: the connection goes to an address that was checked; no redirect is followed; no more than
``ANSWER_BYTES_MAX`` of an answer is read and none of it kept; a try ends within ``TIMEOUT_S``. The
signature is that of the Standard Webhooks specification: HMAC-SHA256 over id, time and body. Must
not know: where deliveries come from, or how they are tried again.
"""

import asyncio
import hmac
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from time import monotonic
from typing import TYPE_CHECKING, Final

import httptools

from stockyard.people.deliveries import Outcome
from stockyard.runtime.webhook_addresses import Addresses, AddressRefused, Target

if TYPE_CHECKING:
    from ssl import SSLContext

TIMEOUT_S: Final = 10.0
CONNECT_S: Final = 4.0
CLOSE_S: Final = 1.0
ANSWER_BYTES_MAX: Final = 64 * 1024
WAIT_S_MAX: Final = 3_600.0
"""The longest that a receiver may ask us to wait."""
TRIES_MAX: Final = 3
"""Addresses of one name that are tried."""
GONE: Final = 410
_WELL: Final = range(200, 300)
_BUSY: Final = (429, 503)
_NS: Final = 1_000_000_000


def signature(secret: bytes, delivery_id: str, at_s: int, body: bytes) -> str:
    """The header ``webhook-signature``."""
    signed = b".".join((delivery_id.encode(), str(at_s).encode(), body))
    return "v1," + b64encode(hmac.new(secret, signed, sha256).digest()).decode()


class _Failed(Exception):
    """A try that came to nothing; the message says why."""


class _Answer:
    """What an HTTP answer says as it comes in."""

    def __init__(self) -> None:
        self.status, self.wait_s, self.whole = 0, 0.0, False
        self._parser = httptools.HttpResponseParser(self)

    def feed(self, data: bytes) -> None:
        """Read on. Raises ``_Failed``."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            raise _Failed(f"the answer is not HTTP: {error}") from None

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, as the parser calls it."""
        if name.lower() == b"retry-after" and value.isdigit() and len(value) <= 9:
            self.wait_s = min(float(value), WAIT_S_MAX)

    def on_headers_complete(self) -> None:
        """Take the status: the rest may be as long as it likes."""
        status = self._parser.get_status_code()
        if status >= 200:
            self.status = status

    def on_message_complete(self) -> None:
        """The answer is over, unless it was an interim one."""
        self.whole = self.status > 0


class Sender:
    """Sends deliveries. ``trust``: whose certificates count; the machine's unless said."""

    def __init__(
        self,
        addresses: Addresses,
        wall_ns: Callable[[], int],
        agent: str,
        trust: "SSLContext | None" = None,
    ) -> None:
        self._addresses, self._wall_ns, self._agent = addresses, wall_ns, agent
        self._trust = trust

    async def send(self, url: str, delivery_id: str, secret: bytes, body: bytes) -> Outcome:
        """Try once."""
        begun = monotonic()
        answer = _Answer()
        try:
            async with asyncio.timeout(TIMEOUT_S):
                target = await self._addresses.target(url)
                await self._exchange(target, delivery_id, secret, body, answer)
            error = _wrong_with(answer.status)
        except AddressRefused as refused:
            error = str(refused)
        except _Failed as failed:
            error = str(failed)
        except TimeoutError:
            error = f"it did not answer within {TIMEOUT_S:g} s"
        except (OSError, ValueError) as broken:
            error = f"{type(broken).__name__}: {broken}"
        took_ms = round((monotonic() - begun) * 1000)
        wait_s = answer.wait_s if answer.status in _BUSY else 0.0
        return Outcome(answer.status, error, took_ms, wait_s, answer.status == GONE)

    async def _exchange(
        self, target: Target, delivery_id: str, secret: bytes, body: bytes, answer: _Answer
    ) -> None:
        reader, writer = await self._connect(target)
        try:
            writer.write(self._request(target, delivery_id, secret, body) + body)
            await writer.drain()
            read = 0
            # The status is all that counts, but who sends more is heard out for a while.
            while not answer.whole and read <= ANSWER_BYTES_MAX:
                data = await reader.read(16_384)
                if not data:
                    break
                read += len(data)
                answer.feed(data)
            if not answer.status:
                raise _Failed("the connection ended without an answer")
        finally:
            writer.close()
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(CLOSE_S):
                    await writer.wait_closed()

    async def _connect(self, target: Target) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to one of the addresses that were checked. Raises ``OSError``, ``_Failed``."""
        trust = self._certificates() if target.secure else None
        name = target.host if target.secure else None
        broken: OSError | TimeoutError | None = None
        for address in target.addresses[:TRIES_MAX]:
            try:
                async with asyncio.timeout(CONNECT_S):
                    return await asyncio.open_connection(
                        address, target.port, ssl=trust, server_hostname=name
                    )
            except (OSError, TimeoutError) as error:
                broken = error
        if isinstance(broken, OSError) and not isinstance(broken, TimeoutError):
            raise broken
        raise _Failed(f"no connection within {CONNECT_S:g} s")

    def _certificates(self) -> "SSLContext":
        if self._trust is None:
            # Reading the machine's certificates takes long, and most have no webhook.
            from ssl import create_default_context

            self._trust = create_default_context()
        return self._trust

    def _request(self, target: Target, delivery_id: str, secret: bytes, body: bytes) -> bytes:
        """The head of the request; the signature is of now, so that an old one can be refused."""
        at_s = self._wall_ns() // _NS
        return (
            f"POST {target.path} HTTP/1.1\r\n"
            f"host: {target.authority}\r\n"
            f"user-agent: {self._agent}\r\n"
            "content-type: application/json\r\n"
            f"content-length: {len(body)}\r\n"
            f"webhook-id: {delivery_id}\r\n"
            f"webhook-timestamp: {at_s}\r\n"
            f"webhook-signature: {signature(secret, delivery_id, at_s, body)}\r\n"
            "accept: */*\r\n"
            "connection: close\r\n\r\n"
        ).encode("ascii")


def _wrong_with(status: int) -> str:
    """Why an answer is no success; empty when it is one."""
    if status in _WELL:
        return ""
    if 300 <= status < 400:
        return f"it answered {status}, and redirects are not followed"
    if status == GONE:
        return "it answered 410: gone"
    return f"it answered {status}"
