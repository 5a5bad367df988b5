"""The WebSocket stream: what is public for anyone, an account's events for whoever may read them.

Promises: a frame that cannot be is answered with what would be right, and costs nobody else
anything; a client that sends too much is closed with a reason. Must not know: how frames are made
(``frames``, ``public_frames``) or when they go out (``listeners``, ``gateway``).
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final, NamedTuple

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from stockyard.api.auth import ACCOUNT_PARAMETER, one_account
from stockyard.api.fields import Reader
from stockyard.api.frames import error_frame, frame
from stockyard.api.gateway import Gateway
from stockyard.api.handshake import accept, no_stream, refuse
from stockyard.api.heads import Head, Receive, Scope, Send
from stockyard.api.hot_words import PREFIX
from stockyard.api.listeners import NOT_TEXT, POLICY, TOO_BIG, TRY_LATER, named_token
from stockyard.api.problems import Problem, problem_of
from stockyard.api.settings import STREAM_FRAME_BYTES_MAX
from stockyard.api.shapes import time_text
from stockyard.api.sockets import SocketListener
from stockyard.api.subscribing import (
    Wanted,
    channels_named,
    check_allowed,
    instruments_named,
    subscribe,
    window_named,
)
from stockyard.people.identity import Identity
from stockyard.runtime.hub import Channel

STREAM_PATH: Final = f"{PREFIX}/stream"
PARAMETERS: Final = ("token", ACCOUNT_PARAMETER)


class ClientFrame(msgspec.Struct, forbid_unknown_fields=True):
    """What a client may send: ``type`` says what, the rest is what that type needs."""

    type: str
    symbols: list[str] | None = None
    channels: list[str] | None = None
    window: str | None = None
    token: str | None = None
    key: str | None = None
    secret: str | None = None
    account_id: str | None = None
    resume: str | None = None


_frames: Final = Reader(ClientFrame)


class Asked(NamedTuple):
    """What the connection itself says of who follows which account."""

    token: str | None
    account: str | None


def _asked(head: Head) -> Asked:
    """Read the query and the headers. Raises ``Problem`` 400, 422."""
    said = head.parameters(PARAMETERS)
    account = one_account(head.text(b"x-account-id"), said.get(ACCOUNT_PARAMETER))
    return Asked(said.get("token"), account)


class Streams:
    """All WebSocket streams of one door."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway, self.door = gateway, gateway.door

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def count(self) -> tuple[int, int]:
        """How many WebSockets are signed in, and how many are not; Alpaca's are among them."""
        sockets = [one for one in self._gateway if isinstance(one, SocketListener)]
        known = sum(1 for one in sockets if one.is_signed_in)
        return known, len(sockets) - known

    def __iter__(self) -> "Iterator[Stream]":
        return (one for one in self._gateway if isinstance(one, Stream))

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one WebSocket to its end."""
        socket, head = WebSocket(scope, receive, send), Head(scope)
        try:
            if scope["path"] != STREAM_PATH:
                raise no_stream(STREAM_PATH)
            head.check_origin()
        except Problem as problem:
            # No page can read the answer to a handshake; whoever looks for the reason can.
            await refuse(socket, head, problem)
            return
        await accept(socket, head)
        try:
            asked = _asked(head)
        except Problem as problem:
            with suppress(RuntimeError, OSError, WebSocketDisconnect):
                await socket.send_text(error_frame(problem).payload.decode())
                await socket.close(POLICY, "the connection's parameters cannot be taken")
            return
        stream = Stream(self._gateway, socket, head.address)
        try:
            self._gateway.enter(stream)
        except Problem as problem:
            await socket.close(TRY_LATER, f"{problem.wrong}: {problem.right}")
            return
        try:
            await stream.run(head, asked)
        finally:
            self._gateway.leave(stream)


class Stream(SocketListener):
    """One client: one task reads its frames."""

    def __init__(self, gateway: Gateway, socket: WebSocket, address: str) -> None:
        super().__init__(gateway, socket, address)
        self._handlers: dict[str, Callable[[ClientFrame], None]] = {
            "auth": self._on_auth,
            "subscribe": self._on_subscribe,
            "unsubscribe": self._on_unsubscribe,
            "subscribe_all": self._on_subscribe_all,
            "unsubscribe_all": self._on_unsubscribe_all,
            "ping": self._on_ping,
            "resume": self._on_resume,
        }

    async def run(self, head: Head, asked: Asked) -> None:
        """Serve until either side ends it."""
        self._asked_account, self._head = asked.account, head
        self.reply(frame("connected", version=self._door.settings.version))
        self._auth_by_head(head, asked.token)
        await self._serve(self._receive_all())

    def _take(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self.end(NOT_TEXT, "send JSON as text frames")
            return
        body = message.encode("utf-8", "surrogatepass")
        if len(body) > STREAM_FRAME_BYTES_MAX:
            self.end(TOO_BIG, f"a frame has at most {STREAM_FRAME_BYTES_MAX} bytes")
            return
        if not self._allowed():
            return
        try:
            said: ClientFrame = _frames.read(body)
            handler = self._handlers.get(said.type)
            if handler is None:
                raise Problem(
                    422,
                    "unknown_type",
                    f"there is no frame type {said.type[:40]}",
                    f"use one of {', '.join(self._handlers)}",
                    field="type",
                )
            handler(said)
        except Exception as error:
            problem = problem_of(error)
            if problem is None:
                raise
            self.reply(error_frame(problem))

    def _auth_by_head(self, head: Head, token: str | None) -> None:
        named = {b"authorization", b"apca-api-key-id", b"apca-api-secret-key"}
        gate = self._door.gate
        try:
            if named & head.headers.keys():
                self.follow(lambda: gate.identity(head), None, None)
            elif token is not None:
                self.follow(lambda: gate.token(token), None, None)
        except Problem as problem:
            self.reply(error_frame(problem))

    def _on_auth(self, said: ClientFrame) -> None:
        gate = self._door.gate
        token, key, secret = said.token, said.key, said.secret
        if token is not None and key is None and secret is None:
            identify: Callable[[], Identity] = lambda: gate.token(token)  # noqa: E731
        elif token is None and key is not None and secret is not None:
            identify = lambda: gate.key(key, secret)  # noqa: E731
        elif token is None and key is None and secret is None and gate.has_cookie(self._head):
            head = self._head
            identify = lambda: gate.identity(head)  # noqa: E731
        else:
            raise Problem(
                422,
                "missing_credentials",
                "the frame holds no credentials, or two kinds of them",
                "send token, or key and secret",
            )
        self.follow(identify, said.account_id, said.resume)

    def _wanted(self, said: ClientFrame) -> Wanted:
        """What a frame is about. Raises ``Problem``."""
        found = Wanted(channels_named(said.channels), window_named(said.window), None)
        check_allowed(found, self.is_signed_in)
        return found

    def _named(self, said: ClientFrame) -> Wanted:
        """The same, with the instruments that it names."""
        found = self._wanted(said)
        if found.needs_symbols and not said.symbols:
            raise Problem(
                422, "missing_field", "symbols is missing", "send symbols", field="symbols"
            )
        return found._replace(instrument_ids=instruments_named(self._door, said.symbols or ()))

    def _on_subscribe(self, said: ClientFrame) -> None:
        self._begin(self._named(said))

    def _on_subscribe_all(self, said: ClientFrame) -> None:
        self._begin(self._wanted(said))

    def _begin(self, wanted: Wanted) -> None:
        subscribe(self._door.world.hub, self.subscriber, wanted)
        self.reply(self._gateway.public.snapshot(wanted))

    def _on_unsubscribe(self, said: ClientFrame) -> None:
        wanted, hub, subscriber = self._named(said), self._door.world.hub, self.subscriber
        about = [channel for channel in wanted.channels if channel != Channel.FEEDS]
        for channel in about:
            if hub.follows_all(subscriber, channel, wanted.window_of(channel)):
                raise Problem(
                    422,
                    "subscribed_to_all",
                    "all symbols are subscribed together",
                    "send unsubscribe_all, then subscribe to those that are wanted",
                )
        if Channel.FEEDS in wanted.channels:
            hub.unsubscribe_all(subscriber, Channel.FEEDS)
        for channel in about:
            ids = wanted.instrument_ids or ()
            hub.unsubscribe(subscriber, ids, channel, wanted.window_of(channel))
        self._tell_subscriptions(said, wanted)

    def _on_unsubscribe_all(self, said: ClientFrame) -> None:
        wanted, hub = self._wanted(said), self._door.world.hub
        for channel in wanted.channels:
            window_s = None if said.window is None else wanted.window_of(channel)
            hub.unsubscribe_all(self.subscriber, channel, window_s)
        self._tell_subscriptions(said, wanted)

    def _tell_subscriptions(self, said: ClientFrame, wanted: Wanted) -> None:
        """Say what is left of each channel; clients that name none know of quotes only."""
        known, hub = self._door.view.instruments, self._door.world.hub
        for channel in wanted.channels:
            followed = hub.followed(self.subscriber, channel, wanted.window_of(channel))
            left = [known[n].symbol for n in followed]
            if said.channels is None:
                self.reply(frame("unsubscribed", symbols=left))
            else:
                self.reply(frame("unsubscribed", channel=channel, symbols=left))

    def _on_ping(self, said: ClientFrame) -> None:
        self.reply(frame("pong", at=time_text(self._door.world.clock.now_ns())))

    def _on_resume(self, said: ClientFrame) -> None:
        if self._identify is None:
            raise Problem(
                401, "missing_credentials", "this needs a sign-in", "send an auth frame first"
            )
        if said.token is None:
            raise Problem(422, "missing_field", "token is missing", "send token", field="token")
        self._resume_from = named_token(said.token)
        self._woken.set()
