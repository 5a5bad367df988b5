"""Messages that many receive, encoded once, and the server's socket that takes them as they are.

Promises: a message is framed once for all WebSockets, deflated once for all that asked for it
(RFC 7692 without context takeover, so no message depends on the one before), and written as an
event once for all event streams. Writing never waits: a socket that does not take more says so.
Must not know: what a message holds.
"""

import asyncio
import zlib
from collections.abc import Callable
from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.extensions.permessage_deflate import (
    PerMessageDeflate,
    ServerPerMessageDeflateFactory,
)
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

EXTENSION: Final = "stockyard.wire"
"""Where a connection's ``Wire`` stands among the extensions of its ASGI scope."""
DEFLATE_BYTES_MIN: Final = 1_024
"""Smaller messages go uncompressed: little is saved, and somebody has to inflate them."""
DEFLATE_LEVEL: Final = 1
DEFLATE_MEMORY: Final = 8
WINDOW_BITS_MAX: Final = 12
WINDOW_BITS_MIN: Final = 9
"""zlib makes no smaller window."""
OUR_PATHS: Final = "/api/"
"""Where the streams begin that are not in another broker's words."""
ABORT_S: Final = 5.0
"""How long a connection that answers no ping may take to end."""
_FIRST: Final = {False: 0x81, True: 0x82}
"""The first byte of a whole frame of text, and of bytes."""
_DEFLATED: Final = 0x40
_TAIL: Final = b"\x00\x00\xff\xff"


def framed(first: int, payload: bytes) -> bytes:
    """One whole unmasked WebSocket frame (RFC 6455, section 5.2)."""
    size = len(payload)
    if size < 126:
        return bytes((first, size)) + payload
    if size < 65_536:
        return bytes((first, 126)) + size.to_bytes(2, "big") + payload
    return bytes((first, 127)) + size.to_bytes(8, "big") + payload


class Shared:
    """One message for any number of receivers; each form is made when it is first asked for.

    ``token``: what a client resumes from after it, None for what is not resumed. ``is_binary``: a
    WebSocket carries it as bytes, not as text.
    """

    __slots__ = ("_deflated", "_event", "_wire", "is_binary", "kind", "payload", "token")

    def __init__(
        self, kind: str, payload: bytes, token: str | None = None, is_binary: bool = False
    ) -> None:
        self.kind, self.payload, self.token, self.is_binary = kind, payload, token, is_binary
        self._wire: bytes | None = None
        self._event: bytes | None = None
        self._deflated: dict[int, bytes] = {}

    def without_token(self) -> "Shared":
        """The same message, which nobody resumes after."""
        return Shared(self.kind, self.payload)

    def wire(self, window_bits: int = 0) -> bytes:
        """The WebSocket frame; deflated for a window of so many bits, 0 for plain."""
        if window_bits >= WINDOW_BITS_MIN and len(self.payload) >= DEFLATE_BYTES_MIN:
            found = self._deflated.get(window_bits)
            if found is None:
                found = self._deflated[window_bits] = self._deflate(window_bits)
            return found
        if self._wire is None:
            self._wire = framed(_FIRST[self.is_binary], self.payload)
        return self._wire

    def _deflate(self, window_bits: int) -> bytes:
        machine = zlib.compressobj(DEFLATE_LEVEL, zlib.DEFLATED, -window_bits, DEFLATE_MEMORY)
        data = machine.compress(self.payload) + machine.flush(zlib.Z_SYNC_FLUSH)
        return framed(_FIRST[self.is_binary] | _DEFLATED, data.removesuffix(_TAIL))

    def event(self) -> bytes:
        """The same as a server-sent event (WHATWG HTML, section 9.2)."""
        if self._event is None:
            # No payload has a newline: JSON escapes them.
            name = b"" if self.token is None else b"id: %s\n" % self.token.encode()
            self._event = b"%sevent: %s\ndata: %s\n\n" % (name, self.kind.encode(), self.payload)
        return self._event


class Wire:
    """The sending side of one WebSocket, below ASGI.

    ``on_room`` is called when a full socket takes messages again. ``blocked_since``: loop time
    since when it has been full, 0 while it is not.
    """

    __slots__ = ("_protocol", "blocked_since", "on_room", "window_bits")

    def __init__(self, protocol: "StreamProtocol") -> None:
        self._protocol = protocol
        self.blocked_since = 0.0
        self.on_room: Callable[[], None] | None = None
        self.window_bits = 0
        for extension in protocol.conn.extensions:
            if isinstance(extension, PerMessageDeflate):
                self.window_bits = extension.local_max_window_bits

    @property
    def unsent(self) -> int:
        """Bytes that the socket has not taken yet."""
        return self._protocol.transport.get_write_buffer_size()

    @property
    def heard(self) -> int:
        """How often bytes came in."""
        return self._protocol.heard

    @property
    def is_open(self) -> bool:
        """Whether messages may be written at all."""
        protocol = self._protocol
        return (
            protocol.conn.state is State.OPEN
            and not protocol.close_sent
            and not protocol.transport.is_closing()
        )

    @property
    def has_room(self) -> bool:
        """Whether a message may be written now."""
        return not self.blocked_since and self.is_open

    async def room(self) -> None:
        """Wait until it is not full any more, or gone."""
        await self._protocol.writable.wait()

    def write(self, shared: Shared) -> int:
        """Send a message, only while ``is_open``; how many bytes it takes."""
        data = shared.wire(self.window_bits)
        self._protocol.transport.write(data)
        return len(data)

    def abort(self) -> None:
        """End the connection at once, with whatever it has not taken yet."""
        self._protocol.transport.abort()


def _deflate(client_forgets: bool) -> ServerPerMessageDeflateFactory:
    """What is agreed to where a client offers permessage-deflate.

    ``client_forgets``: each of its messages is deflated by itself too, so that nothing is kept of
    them; where it need not, a client that deflates costs its window.
    """
    return ServerPerMessageDeflateFactory(
        server_no_context_takeover=True,
        client_no_context_takeover=client_forgets,
        server_max_window_bits=WINDOW_BITS_MAX,
        client_max_window_bits=WINDOW_BITS_MAX,
        compress_settings={"level": DEFLATE_LEVEL, "memLevel": DEFLATE_MEMORY},
    )


class StreamProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket, which lets the application write whole frames.

    permessage-deflate is agreed to where a client asks for it, without context takeover by us. A
    client that answers no ping is dropped, also when it takes nothing that is sent.
    """

    wire: Wire | None = None
    heard = 0

    def data_received(self, data: bytes) -> None:
        """Bytes came in."""
        self.heard += 1
        super().data_received(data)

    def __init__(self, *args: Any, **said: Any) -> None:
        """Take a new connection; the arguments are uvicorn's own."""
        super().__init__(*args, **said)
        self.conn = ServerProtocol(
            extensions=[_deflate(client_forgets=True)],
            max_size=self.config.ws_max_size,
            logger=self.conn.logger,
        )

    def handle_connect(self, event: Request) -> None:
        """Take the handshake."""
        if not event.path.startswith(OUR_PATHS):
            # Version 3 of Alpaca's client in JavaScript breaks off when it is told to forget.
            self.conn.available_extensions = [_deflate(client_forgets=False)]
        super().handle_connect(event)

    async def run_asgi(self) -> None:
        """Serve the connection, with its wire in the scope."""
        self.wire = Wire(self)
        extensions: dict[str, Any] = dict(self.scope.get("extensions") or {})
        extensions[EXTENSION] = self.wire
        self.scope["extensions"] = extensions
        try:
            await super().run_asgi()
        finally:
            self.wire.on_room = None

    def pause_writing(self) -> None:
        """The socket is full."""
        super().pause_writing()
        if self.wire is not None and not self.wire.blocked_since:
            self.wire.blocked_since = asyncio.get_running_loop().time()

    def resume_writing(self) -> None:
        """The socket takes more."""
        super().resume_writing()
        if self.wire is not None:
            self.wire.blocked_since = 0.0
            if self.wire.on_room is not None:
                self.wire.on_room()

    def keepalive_timeout(self) -> None:
        """No ping was answered: whoever is there no more does not read the close frame either."""
        super().keepalive_timeout()
        self.loop.call_later(ABORT_S, self.transport.abort)
