"""The WebSocket stream: quotes for anyone, an account's events for whoever may read them.

Promises: private frames come in order, each with its own token and the one before it (``prev``);
``resume`` sends everything after a token and goes on live without gap or repeat, or answers
``resync`` with the whole account. Quotes are conflated: the latest of each symbol, at most
``FLUSHES_PER_S`` times a second. A client that does not read is closed with a reason and holds
nobody up. Must not know: how frames are made (``frames``).
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final, NamedTuple

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from stockyard.api.auth import ACCOUNT_PARAMETER, one_account, require_scope
from stockyard.api.door import Door
from stockyard.api.fields import Reader
from stockyard.api.frames import Frames, Name, error_frame, frame, parse_token, token_text
from stockyard.api.heads import Head, Receive, Scope, Send
from stockyard.api.hot_words import PREFIX
from stockyard.api.problems import Problem, fault, problem_of
from stockyard.api.rendering import time_text
from stockyard.api.settings import STREAM_FRAME_BYTES_MAX
from stockyard.people.identity import Identity
from stockyard.people.identity import Scope as Permission
from stockyard.runtime.hub import StreamEvent, Subscriber
from stockyard.runtime.writer import Refused

_log: Final = logging.getLogger("stockyard.api")
STREAM_PATH: Final = f"{PREFIX}/stream"
PARAMETERS: Final = ("token", ACCOUNT_PARAMETER)
FLUSHES_PER_S: Final = 20
FRAMES_PER_S: Final = 20
FRAMES_BURST: Final = 60
REPLIES_MAX: Final = 200
BREATH_FRAMES: Final = 100
"""After so many frames in one go, others get their turn."""
WATCH_S: Final = 1.0
RECHECK_S: Final = 10.0
"""How often a stream's credentials are looked at again."""
CLOSE_S: Final = 5.0
"""How long a close may wait for a client that does not read."""
BEGINNING: Final[Name] = (0, 0)
"""The token before an account's first event."""

GOING_AWAY: Final = 1001
NOT_TEXT: Final = 1003
POLICY: Final = 1008
TOO_BIG: Final = 1009
FAULT: Final = 1011
TRY_LATER: Final = 1013
TOO_SLOW: Final = 4008


class ClientFrame(msgspec.Struct, forbid_unknown_fields=True):
    """What a client may send: ``type`` says what, the rest is what that type needs."""

    type: str
    symbols: list[str] | None = None
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
    """All streams of one door."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.frames = Frames(door.view, door.render)
        self._open: dict[Stream, None] = {}
        self._watch: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._open)

    def count(self) -> tuple[int, int]:
        """How many streams are signed in, and how many are not."""
        known = sum(1 for stream in self._open if stream.is_signed_in)
        return known, len(self._open) - known

    def __iter__(self) -> "Iterator[Stream]":
        return iter(self._open)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one WebSocket to its end."""
        socket = WebSocket(scope, receive, send)
        if scope["path"] != STREAM_PATH:
            await socket.close()
            return
        head = Head(scope)
        try:
            head.check_origin()
        except Problem as problem:
            # Before the handshake a close is a plain 403, and no page is told more than that.
            await socket.close(POLICY, problem.wrong)
            return
        await socket.accept()
        try:
            asked = _asked(head)
        except Problem as problem:
            with suppress(RuntimeError, OSError, WebSocketDisconnect):
                await socket.send_text(error_frame(problem))
                await socket.close(POLICY, "the connection's parameters cannot be taken")
            return
        stream = Stream(self.door, self.frames, socket)
        if self.door.closing or not self.door.world.hub.join(stream.subscriber):
            await socket.close(TRY_LATER, "stopping, or too many streams: try again later")
            return
        self._open[stream] = None
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._watch_all())
        try:
            await stream.run(head, asked)
        finally:
            self.door.world.hub.leave(stream.subscriber)
            del self._open[stream]

    async def _watch_all(self) -> None:
        while self._open:
            await asyncio.sleep(min(WATCH_S, self.door.settings.stall_s))
            for stream in list(self._open):
                stream.look_after()

    def begin_close(self, reason: str) -> None:
        """Close every stream, soon, with a reason."""
        for stream in self._open:
            stream.end(GOING_AWAY, reason)

    async def closed(self) -> None:
        """Wait until each stream is closed or was given up."""
        await asyncio.gather(*[stream.ended.wait() for stream in self._open])
        if self._watch is not None:
            self._watch.cancel()


class Stream:
    """One client: one task reads its frames, one task sends, nothing else touches the socket."""

    def __init__(self, door: Door, frames: Frames, socket: WebSocket) -> None:
        self._door, self._frames, self._socket = door, frames, socket
        self._loop = asyncio.get_running_loop()
        self._woken = asyncio.Event()
        self.subscriber = Subscriber(self._woken.set)
        self._replies: list[str] = []
        self._resume_from: Name | None = None
        self._identify: Callable[[], Identity] | None = None
        self._account_id = 0
        self._asked_account: str | None = None
        self.ending: tuple[int, str] | None = None
        self._asked_to_end = asyncio.Event()
        self.ended = asyncio.Event()
        self._sending_since = 0.0
        self._flush_due = 0.0
        self._flush_timer: asyncio.TimerHandle | None = None
        self._allowance = float(FRAMES_BURST)
        self._allowed_at = self._recheck_due = self._loop.time()
        self._handlers: dict[str, Callable[[ClientFrame], None]] = {
            "auth": self._on_auth,
            "subscribe": self._on_subscribe,
            "unsubscribe": self._on_unsubscribe,
            "subscribe_all": self._on_subscribe_all,
            "unsubscribe_all": self._on_unsubscribe_all,
            "ping": self._on_ping,
            "resume": self._on_resume,
        }

    @property
    def is_signed_in(self) -> bool:
        """Whether it follows an account."""
        return self._identify is not None

    async def run(self, head: Head, asked: Asked) -> None:
        """Serve until either side ends it."""
        self._asked_account = asked.account
        self._reply(frame("connected", version=self._door.settings.version))
        self._auth_by_head(head, asked.token)
        tasks = [
            asyncio.create_task(work)
            for work in (self._receive_all(), self._send_all(), self._wait_for_end())
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            for error in await asyncio.gather(*tasks, return_exceptions=True):
                # A client that is gone shows as a disconnect, or as the server's own OSError.
                if isinstance(error, Exception) and not isinstance(
                    error, WebSocketDisconnect | OSError
                ):
                    _log.error("a stream failed", exc_info=error)
                    self.end(FAULT, fault().wrong)
            if self._flush_timer is not None:
                self._flush_timer.cancel()
            await self._close()
            self.ended.set()

    async def _wait_for_end(self) -> None:
        await self._asked_to_end.wait()

    def end(self, code: int, reason: str) -> None:
        """Close soon, for the first reason given; ``ended`` is set once it is over."""
        if self.ending is None:
            self.ending = (code, reason)
        self._asked_to_end.set()

    async def _close(self) -> None:
        connected = WebSocketState.CONNECTED
        if self._socket.client_state != connected or self._socket.application_state != connected:
            return
        code, reason = self.ending or (GOING_AWAY, "the stream has ended")
        # A server may hold a close back until the client reads what was sent before.
        with suppress(TimeoutError, RuntimeError, OSError, WebSocketDisconnect):
            await asyncio.wait_for(self._socket.close(code, reason), CLOSE_S)

    def look_after(self) -> None:
        """End a stream that does not read, or whose credentials no longer count."""
        now = self._loop.time()
        stalled = self._sending_since and now - self._sending_since >= self._door.settings.stall_s
        if stalled or self.subscriber.overflowed:
            self._cut_off()
        if self._identify is not None and now >= self._recheck_due:
            self._recheck_due = now + RECHECK_S
            try:
                self._identify()
            except Problem as problem:
                self.end(POLICY, problem.wrong)

    def _cut_off(self) -> None:
        self.end(TOO_SLOW, "the client reads too slowly: connect again and resume")

    # Receiving.

    async def _receive_all(self) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            if text is None:
                self.end(NOT_TEXT, "send JSON as text frames")
                return
            body = text.encode("utf-8", "surrogatepass")
            if len(body) > STREAM_FRAME_BYTES_MAX:
                self.end(TOO_BIG, f"a frame has at most {STREAM_FRAME_BYTES_MAX} bytes")
                return
            if not self._allowed():
                self.end(POLICY, f"at most {FRAMES_PER_S} frames a second")
                return
            self._take(body)

    def _allowed(self) -> bool:
        now = self._loop.time()
        grown = self._allowance + (now - self._allowed_at) * FRAMES_PER_S
        self._allowed_at = now
        self._allowance = min(grown, float(FRAMES_BURST)) - 1
        return self._allowance >= 0

    def _take(self, body: bytes) -> None:
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
            self._reply(error_frame(problem))

    def _reply(self, text: str) -> None:
        if len(self._replies) >= REPLIES_MAX:
            self._cut_off()
            return
        self._replies.append(text)
        self._woken.set()

    def _auth_by_head(self, head: Head, token: str | None) -> None:
        named = {b"authorization", b"apca-api-key-id", b"apca-api-secret-key"}
        gate = self._door.gate
        try:
            if named & head.headers.keys():
                self._follow(lambda: gate.identity(head), None, None)
            elif token is not None:
                self._follow(lambda: gate.token(token), None, None)
        except Problem as problem:
            self._reply(error_frame(problem))

    def _on_auth(self, said: ClientFrame) -> None:
        gate = self._door.gate
        token, key, secret = said.token, said.key, said.secret
        if token is not None and key is None and secret is None:
            identify: Callable[[], Identity] = lambda: gate.token(token)  # noqa: E731
        elif token is None and key is not None and secret is not None:
            identify = lambda: gate.key(key, secret)  # noqa: E731
        else:
            raise Problem(
                422,
                "missing_credentials",
                "the frame holds no credentials, or two kinds of them",
                "send token, or key and secret",
            )
        self._follow(identify, said.account_id, said.resume)

    def _follow(
        self, identify: Callable[[], Identity], account: str | None, resume: str | None
    ) -> None:
        if self._identify is not None:
            raise Problem(
                422,
                "already_authenticated",
                "this stream is signed in",
                "open another stream for another account",
            )
        identity = identify()
        require_scope(identity, Permission.READ)
        named = one_account(self._asked_account, account)
        account_id = self._door.gate.named_account(identity, named)
        wanted = None if resume is None else _named(resume)
        name = self._door.world.hub.follow_account(self.subscriber, account_id)
        self._identify, self._account_id = identify, account_id
        self._resume_from = wanted
        shown = self._door.render.account_id(account_id)
        self._reply(frame("authenticated", account_id=shown, token=token_text(name)))

    def _instruments(self, said: ClientFrame) -> list[int]:
        if not said.symbols:
            raise Problem(
                422, "missing_field", "symbols is missing", "send symbols", field="symbols"
            )
        return [self._door.instrument(symbol).instrument_id for symbol in said.symbols]

    def _on_subscribe(self, said: ClientFrame) -> None:
        wanted = list(dict.fromkeys(self._instruments(said)))
        self._door.world.hub.subscribe(self.subscriber, wanted)
        self._reply(self._frames.quotes("snapshot", wanted))

    def _on_subscribe_all(self, said: ClientFrame) -> None:
        self._door.world.hub.subscribe_all(self.subscriber)
        self._reply(self._frames.quotes("snapshot", sorted(self._door.view.quotes)))

    def _on_unsubscribe(self, said: ClientFrame) -> None:
        if self.subscriber.all_instruments:
            raise Problem(
                422,
                "subscribed_to_all",
                "all symbols are subscribed together",
                "send unsubscribe_all, then subscribe to those that are wanted",
            )
        self._door.world.hub.unsubscribe(self.subscriber, self._instruments(said))
        self._tell_subscriptions()

    def _on_unsubscribe_all(self, said: ClientFrame) -> None:
        self._door.world.hub.unsubscribe_all(self.subscriber)
        self._tell_subscriptions()

    def _tell_subscriptions(self) -> None:
        known = self._door.view.instruments
        left = [known[n].symbol for n in sorted(self.subscriber.instruments)]
        self._reply(frame("unsubscribed", symbols=left))

    def _on_ping(self, said: ClientFrame) -> None:
        self._reply(frame("pong", at=time_text(self._door.world.clock.now_ns())))

    def _on_resume(self, said: ClientFrame) -> None:
        if self._identify is None:
            raise Problem(
                401, "missing_credentials", "this needs a sign-in", "send an auth frame first"
            )
        if said.token is None:
            raise Problem(422, "missing_field", "token is missing", "send token", field="token")
        self._resume_from = _named(said.token)
        self._woken.set()

    # Sending.

    async def _send_all(self) -> None:
        subscriber = self.subscriber
        while True:
            await self._woken.wait()
            self._woken.clear()
            replies, self._replies = self._replies, []
            await self._send(replies)
            if subscriber.overflowed:
                self._cut_off()
                return
            if self._resume_from is not None:
                name, self._resume_from = self._resume_from, None
                await self._replay(name)
            if subscriber.events:
                await self._send([self._frames.private(x) for x in subscriber.take_events()])
            if subscriber.dirty_quotes:
                await self._flush_quotes()

    async def _send(self, texts: list[str]) -> None:
        for count, text in enumerate(texts, 1):
            self._sending_since = self._loop.time()
            try:
                await self._socket.send({"type": "websocket.send", "text": text})
            except RuntimeError:
                # The server has closed by itself, as it does for a message over its limit.
                raise WebSocketDisconnect(TOO_BIG) from None
            if count % BREATH_FRAMES == 0:
                await asyncio.sleep(0)
        self._sending_since = 0.0

    async def _flush_quotes(self) -> None:
        now = self._loop.time()
        if now < self._flush_due:
            if self._flush_timer is None:
                self._flush_timer = self._loop.call_at(self._flush_due, self._on_flush_due)
            return
        self._flush_due = now + 1 / FLUSHES_PER_S
        await self._send([self._frames.quotes("quotes", self.subscriber.take_quotes())])

    def _on_flush_due(self) -> None:
        self._flush_timer = None
        self._woken.set()

    async def _replay(self, name: Name) -> None:
        """Send everything after an event, then leave the rest to the live queue.

        The store has all that was published when it was asked, and perhaps more: what the queue
        holds of that already is dropped.
        """
        subscriber, account_id = self.subscriber, self._account_id
        limit = self._door.settings.resume_events_max
        subscriber.take_events()
        try:
            # The event itself is read too: a token that names none is not one of ours.
            rows = await self._door.world.query(
                lambda store: store.events_after(account_id, name[0], name[1] - 1, limit + 2)
            )
        except Refused:
            await self._resync("history_unavailable")
            return
        if name != BEGINNING:
            if not rows or rows[0][:2] != name:
                await self._resync("unknown_token")
                return
            del rows[0]
        if len(rows) > limit:
            await self._resync("token_too_old")
            return
        await self._send([frame("resumed", token=token_text(name), events=len(rows))])
        prev = name
        for start in range(0, len(rows), BREATH_FRAMES):
            texts = []
            for seq, idx, ts, event in rows[start : start + BREATH_FRAMES]:
                texts.append(self._frames.private(StreamEvent(seq, idx, ts, event, prev)))
                prev = (seq, idx)
            await self._send(texts)
        while subscriber.events and subscriber.events[0][:2] <= prev:
            subscriber.events.popleft()

    async def _resync(self, reason: str) -> None:
        self.subscriber.take_events()
        name = self._door.world.hub.last_name(self._account_id)
        await self._send([self._frames.resync(self._account_id, name, reason)])


def _named(token: str) -> Name:
    name = parse_token(token)
    if name is None:
        raise Problem(
            422,
            "invalid_token",
            "this is no resume token",
            "send a token as it came, such as 120-0",
            field="token",
        )
    return name
