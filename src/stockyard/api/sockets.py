"""What every listener on a WebSocket is: how its frames come in, how its close goes out.

Promises: a client that sends too much, or does not read its close, is let go with a reason. Must
not know: what the frames say.
"""

from abc import abstractmethod
from typing import Final

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from stockyard.api.gateway import Gateway
from stockyard.api.listeners import GOING_AWAY, POLICY, TOO_BIG, Listener, within
from stockyard.api.wire import EXTENSION, Shared

FRAMES_PER_S: Final = 20
FRAMES_BURST: Final = 60
CLOSE_S: Final = 5.0
"""How long a close may wait for a client that does not read."""


class SocketListener(Listener):
    """One client on a WebSocket: one task reads its frames."""

    def __init__(self, gateway: Gateway, socket: WebSocket, address: str) -> None:
        wire = (socket.scope.get("extensions") or {}).get(EXTENSION)
        super().__init__(gateway, address, wire)
        self._socket = socket
        self._allowance = float(FRAMES_BURST)
        self._allowed_at = self._loop.time()

    @abstractmethod
    def _take(self, message: str | bytes) -> None:
        """Do what a frame asks for."""

    async def _put(self, shared: Shared) -> None:
        message = {"type": "websocket.send"}
        try:
            if shared.is_binary:
                await self._socket.send({**message, "bytes": shared.payload})
            else:
                await self._socket.send({**message, "text": shared.payload.decode()})
        except RuntimeError:
            # The server has closed by itself, as it does for a message over its limit.
            raise WebSocketDisconnect(TOO_BIG) from None

    async def _close(self) -> None:
        connected = WebSocketState.CONNECTED
        if self._socket.client_state != connected or self._socket.application_state != connected:
            return
        code, reason = self.ending or (GOING_AWAY, "the stream has ended")
        # A server may hold a close back until the client reads what was sent before.
        is_told = await within(self._socket.close(code, reason), CLOSE_S)
        if not is_told and self._wire is not None:
            self._wire.abort()

    async def _receive_all(self) -> None:
        while self.ending is None:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            self._take(message["bytes"] if text is None else text)

    def _allowed(self) -> bool:
        """Whether one more frame may be looked at now; the end is near where not."""
        now = self._loop.time()
        grown = self._allowance + (now - self._allowed_at) * FRAMES_PER_S
        self._allowed_at = now
        self._allowance = min(grown, float(FRAMES_BURST)) - 1
        if self._allowance < 0:
            self.end(POLICY, f"at most {FRAMES_PER_S} frames a second")
        return self._allowance >= 0
