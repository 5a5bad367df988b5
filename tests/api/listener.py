"""A WebSocket client without a socket: frames in and out of the application's ASGI calls."""

import asyncio
from typing import Any

import msgspec

from tests.api.rig import Rig

PATIENCE = 5.0


class Listener:
    """One stream. ``frames`` holds what came and was not asked for yet; ``closed`` how it ended.

    ``reading``: while clear, a send blocks, as to a client that does not read. ``broken_off``: the
    server has closed the connection by itself, so it takes no more frames to send.
    """

    def __init__(self, rig: Rig, path: str = "/api/v1/stream") -> None:
        self.rig, self.path = rig, path
        self.frames: asyncio.Queue[Any] = asyncio.Queue()
        self.closed: tuple[int, str] | None = None
        self.reading = asyncio.Event()
        self.reading.set()
        self.broken_off = False
        self.accepted = False
        self._in: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.over = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    async def open(self, headers: dict[str, str] | None = None, query: str = "") -> "Listener":
        """Connect."""
        scope = {
            "type": "websocket",
            "path": self.path,
            "query_string": query.encode(),
            "headers": [(k.lower().encode(), v.encode()) for k, v in (headers or {}).items()],
            "client": ("192.0.2.1", 4711),
            "subprotocols": [],
            "state": {},
        }
        self._in.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.ensure_future(self.rig.app(scope, self._in.get, self._take))
        return self

    async def connected(self, headers: dict[str, str] | None = None, query: str = "") -> "Listener":
        """Connect, and take the ``connected`` frame."""
        await self.open(headers, query)
        assert (await self.next())["type"] == "connected"
        return self

    async def _take(self, message: Any) -> None:
        await self.reading.wait()
        if message["type"] == "websocket.send":
            if self.broken_off:
                raise RuntimeError("Unexpected ASGI message 'websocket.send'")
            self.frames.put_nowait(msgspec.json.decode(message["text"]))
        elif message["type"] == "websocket.close":
            self.closed = (message["code"], message["reason"])
            self.over.set()
        elif message["type"] == "websocket.accept":
            self.accepted = True

    def send(self, **said: Any) -> None:
        """Send a frame."""
        self.send_text(msgspec.json.encode(said).decode())

    def send_text(self, text: str) -> None:
        """Send any text."""
        self._in.put_nowait({"type": "websocket.receive", "text": text})

    def send_bytes(self, data: bytes) -> None:
        """Send a binary frame."""
        self._in.put_nowait({"type": "websocket.receive", "bytes": data})

    async def hang_up(self) -> None:
        """Leave, and wait until the application has noticed."""
        self._in.put_nowait({"type": "websocket.disconnect", "code": 1000})
        assert self.task is not None
        await asyncio.wait_for(self.task, PATIENCE)

    async def next(self) -> Any:
        """The next frame."""
        return await asyncio.wait_for(self.frames.get(), PATIENCE)

    async def some(self, count: int) -> list[Any]:
        """The next frames."""
        return [await self.next() for _ in range(count)]

    async def end(self) -> tuple[int, str]:
        """How the server closed it."""
        await asyncio.wait_for(self.over.wait(), PATIENCE)
        assert self.closed is not None
        assert self.task is not None
        await asyncio.wait_for(self.task, PATIENCE)
        return self.closed
