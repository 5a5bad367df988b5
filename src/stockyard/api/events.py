"""The event stream (server-sent events, WHATWG HTML section 9.2): the stream for those who only
listen.

Promises: the same frames as on the WebSocket, each as one event with its ``type`` as the event's
name; those of an account have an ``id``, and a client that comes back with ``Last-Event-ID`` gets
everything after it. It ends with an ``end`` event that says why. Must not know: how frames are
made.
"""

import asyncio
from collections.abc import Callable
from typing import ClassVar, Final, NamedTuple

from starlette.responses import Response
from starlette.websockets import WebSocketDisconnect

from stockyard.api.frames import frame
from stockyard.api.gateway import Gateway
from stockyard.api.heads import Receive, Scope, Send, until_gone
from stockyard.api.listeners import GOING_AWAY, Listener, within
from stockyard.api.subscribing import Wanted, check_allowed, subscribe
from stockyard.api.wire import Shared
from stockyard.people.identity import Identity

EVENTS_TYPE: Final = "text/event-stream"
RETRY: Final = b"retry: 2000\n\n"
BEAT: Final = b": still here\n\n"
BEAT_S: Final = 15.0
"""After so long without an event a comment is sent: proxies end what is silent."""
CLOSE_S: Final = 5.0


class Asked(NamedTuple):
    """What an event stream is asked for. ``identify`` None: nobody signs in."""

    wanted: Wanted
    identify: Callable[[], Identity] | None
    account: str | None
    resume: str | None


class EventStream(Listener):
    """One client of the event stream."""

    stream: ClassVar[str] = "events"

    def __init__(self, gateway: Gateway, address: str) -> None:
        super().__init__(gateway, address)
        self._send_message: Send | None = None
        self._sent_at = self._loop.time()

    def begin(self, asked: Asked) -> None:
        """Sign in and subscribe. Raises ``Problem``."""
        check_allowed(asked.wanted, asked.identify is not None)
        self.reply(frame("connected", version=self._door.settings.version))
        if asked.identify is not None:
            self.follow(asked.identify, asked.account, asked.resume)
        subscribe(self._door.world.hub, self.subscriber, asked.wanted)
        self.reply(self._gateway.public.snapshot(asked.wanted))

    async def run(self, receive: Receive, send: Send) -> None:
        """Serve until either side ends it."""
        self._send_message = send
        await self._body(RETRY)
        await self._serve(until_gone(receive), self._beat())

    async def _beat(self) -> None:
        while True:
            rest_s = self._sent_at + BEAT_S - self._loop.time()
            if rest_s > 0:
                await asyncio.sleep(rest_s)
            elif self._sending_since:
                await asyncio.sleep(BEAT_S)
            else:
                await self._body(BEAT)

    async def _body(self, data: bytes, more: bool = True) -> None:
        assert self._send_message is not None
        await self._send_message({"type": "http.response.body", "body": data, "more_body": more})
        self._sent_at = self._loop.time()

    async def _put(self, shared: Shared) -> None:
        try:
            await self._body(shared.event())
        except RuntimeError:
            raise WebSocketDisconnect(GOING_AWAY) from None

    async def _close(self) -> None:
        code, reason = self.ending or (GOING_AWAY, "the stream has ended")
        end = frame("end", code=code, reason=reason)
        await within(self._body(end.event(), more=False), CLOSE_S)


class EventResponse(Response):
    """The answer that is an event stream."""

    def __init__(self, gateway: Gateway, address: str, asked: Asked) -> None:
        """Take a listener in. Raises ``Problem``: 401, 422, 429, 503."""
        super().__init__(
            headers={"cache-control": "no-store", "x-accel-buffering": "no"},
            media_type=EVENTS_TYPE,
        )
        del self.headers["content-length"]
        self._gateway, self._stream = gateway, EventStream(gateway, address)
        gateway.enter(self._stream)
        try:
            self._stream.begin(asked)
        except BaseException:
            gateway.leave(self._stream)
            raise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve it to its end."""
        try:
            await send(
                {
                    "type": "http.response.start",
                    "status": self.status_code,
                    "headers": self.raw_headers,
                }
            )
            await self._stream.run(receive, send)
        finally:
            self._gateway.leave(self._stream)
