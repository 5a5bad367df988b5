"""A door behind a real HTTP server on a free port, in the test's own loop."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Any

import msgspec
import uvicorn
from websockets.asyncio.client import ClientConnection

from stockyard.api.http_protocol import DoorProtocol
from stockyard.api.wire import StreamProtocol
from tests.api.rig import Rig

PATIENCE = 5.0


class _Uvicorn(uvicorn.Server):
    def capture_signals(self) -> Any:
        return nullcontext()


@asynccontextmanager
async def served(rig: Rig, **said: Any) -> AsyncIterator[int]:
    """Serve a rig; gives the port. Streams end before the server does."""
    listening = socket.create_server(("127.0.0.1", 0))
    # Connections inherit it: a client that does not read is felt soon.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
    config = uvicorn.Config(
        rig.app,
        http=DoorProtocol,
        ws=StreamProtocol,
        lifespan="off",
        log_config=None,
        access_log=False,
        **said,
    )
    server = _Uvicorn(config)
    serving = asyncio.ensure_future(server.serve([listening]))
    try:
        while not server.started:
            await asyncio.sleep(0.001)
        yield int(listening.getsockname()[1])
    finally:
        rig.app.begin_stop()
        await asyncio.wait_for(rig.app.gateway.closed(), PATIENCE)
        server.should_exit = True
        await asyncio.wait_for(serving, PATIENCE)
        listening.close()


async def told(client: ClientConnection) -> Any:
    """The next frame."""
    return msgspec.json.decode(await asyncio.wait_for(client.recv(), PATIENCE))


async def say(client: ClientConnection, **said: Any) -> None:
    """Send a frame."""
    await client.send(msgspec.json.encode(said).decode())


class Deaf:
    """A stream below any library, with as small a buffer as the system allows.

    It reads nothing until told to; then ``drain`` gives all whole frames up to the close frame.
    """

    def __init__(self, port: int) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.setblocking(False)
        self.port = port

    async def open(self, extensions: str = "") -> "Deaf":
        """Connect, and read the handshake's answer."""
        loop = asyncio.get_running_loop()
        await loop.sock_connect(self.socket, ("127.0.0.1", self.port))
        asked = f"Sec-WebSocket-Extensions: {extensions}\r\n" if extensions else ""
        head = (
            "GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n{asked}\r\n"
        )
        await loop.sock_sendall(self.socket, head.encode())
        self.head = b""
        while b"\r\n\r\n" not in self.head:
            self.head += await loop.sock_recv(self.socket, 1)
        assert self.head.startswith(b"HTTP/1.1 101"), self.head
        return self

    async def say(self, **said: Any) -> None:
        """Send a frame; the mask is zero."""
        payload = msgspec.json.encode(said)
        size = len(payload)
        head = bytes((0x81, 0x80 | size)) if size < 126 else b"\x81\xfe" + size.to_bytes(2, "big")
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(self.socket, head + bytes(4) + payload)

    async def drain(self) -> tuple[list[Any], tuple[int, str]]:
        """Read to the end: every text frame, and the close frame's code and reason."""
        loop, data = asyncio.get_running_loop(), b""
        frames: list[Any] = []
        while True:
            more = await asyncio.wait_for(loop.sock_recv(self.socket, 65_536), PATIENCE)
            if not more:
                raise ConnectionResetError("it ended without a close frame")
            data += more
            while (found := _frame(data)) is not None:
                kind, payload, data = found
                if kind == 8:
                    self.socket.close()
                    return frames, (int.from_bytes(payload[:2], "big"), payload[2:].decode())
                if kind == 1:
                    frames.append(msgspec.json.decode(payload))


def _frame(data: bytes) -> tuple[int, bytes, bytes] | None:
    if len(data) < 2:
        return None
    size, start = data[1], 2
    if size == 126:
        size, start = int.from_bytes(data[2:4], "big"), 4
    elif size == 127:
        size, start = int.from_bytes(data[2:10], "big"), 10
    if len(data) < start + size:
        return None
    return data[0] & 0x0F, data[start : start + size], data[start + size :]
