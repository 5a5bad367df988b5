"""A client of Alpaca's streams without a socket: whole messages in and out of ASGI."""

import json
from typing import Any

import msgpack

from tests.api.listener import Listener
from tests.api.rig import Rig

PACKED = {"Content-Type": "application/msgpack"}


class Socket(Listener):
    """One stream. Each frame stands with what it came as in ``kinds``."""

    def __init__(self, rig: Rig, path: str, packed: bool = False) -> None:
        super().__init__(rig, path)
        self.packed = packed
        self.kinds: list[str] = []

    async def open(self, headers: dict[str, str] | None = None, query: str = "") -> "Socket":
        """Connect."""
        await super().open({**(PACKED if self.packed else {}), **(headers or {})}, query)
        return self

    async def _take(self, message: Any) -> None:
        if message["type"] != "websocket.send":
            await super()._take(message)
            return
        await self.reading.wait()
        self.kinds.append("text" if "text" in message else "bytes")
        data = message["text"] if "text" in message else message["bytes"]
        self.frames.put_nowait(msgpack.unpackb(data) if self.packed else json.loads(data))

    def send(self, **said: Any) -> None:
        """Send a frame."""
        if self.packed:
            self.send_bytes(msgpack.packb(said))
        else:
            self.send_text(json.dumps(said))

    async def ask(self, **said: Any) -> Any:
        """Send a frame; the next one that comes."""
        self.send(**said)
        return await self.next()
