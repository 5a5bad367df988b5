"""What every listener of the gateway is, whatever it is connected by: a stream or an event stream.

Promises: private frames come in order, each with its own token and the one before it (``prev``);
resuming sends everything after a token and goes on live without gap or repeat, or answers
``resync`` with the whole account. What is public is written when the gateway hands it out, never
before an answer that was asked for earlier, and never waits: a client that does not read finds the
latest once it does. One that does not read for long is ended with a reason. Must not know: what a
client may ask, or how frames are made (``frames``).
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol

from starlette.websockets import WebSocketDisconnect

from stockyard.api.auth import one_account, require_scope
from stockyard.api.faults import LOST, FaultKind
from stockyard.api.frames import Name, frame, parse_token, token_text
from stockyard.api.problems import Problem, fault
from stockyard.api.wire import Shared, Wire
from stockyard.people.identity import Identity, Scope
from stockyard.runtime.hub import StreamEvent, Subscriber
from stockyard.runtime.writer import Refused

if TYPE_CHECKING:
    from stockyard.api.gateway import Gateway

_log: Final = logging.getLogger("stockyard.api")
REPLIES_MAX: Final = 200
NOTICES_MAX: Final = 500
"""Of what is told beside an account's events so much waits at most; the oldest give way."""
BREATH_FRAMES: Final = 100
"""After so many frames in one go, others get their turn."""
RECHECK_S: Final = 10.0
"""How often a listener's credentials are looked at again."""
BEGINNING: Final[Name] = (0, 0)
"""The token before an account's first event."""

GOING_AWAY: Final = 1001
NOT_TEXT: Final = 1003
POLICY: Final = 1008
TOO_BIG: Final = 1009
FAULT: Final = 1011
TRY_LATER: Final = 1013
TOO_SLOW: Final = 4008


class Composer(Protocol):
    """Makes frames of what is public."""

    def compose(self, subscriber: Subscriber) -> list[Shared]:
        """Everything public that waits for a subscriber."""


class Listener(ABC):
    """One client. ``wire``: where whole frames can be written at once; None: ``_put`` waits.

    ``stream``: what rules for faults call it. ``is_ours``: whether it is told in our own words.
    """

    stream: ClassVar[str] = "native"
    is_ours: ClassVar[bool] = True

    def __init__(self, gateway: "Gateway", address: str, wire: Wire | None = None) -> None:
        self._gateway, self._door, self._wire = gateway, gateway.door, wire
        self._frames = gateway.frames
        self._public: Composer = gateway.public
        self._faults = gateway.door.faults
        self._loop = asyncio.get_running_loop()
        self._woken = asyncio.Event()
        self.address, self.since_ns = address, self._door.world.clock.wall_ns()
        self.subscriber = Subscriber(self._woken.set, self._deliver)
        self.identity: Identity | None = None
        self._identify: Callable[[], Identity] | None = None
        self.account_id = 0
        self._asked_account: str | None = None
        self._replies: list[Shared] = []
        self._notices: deque[Shared] = deque(maxlen=NOTICES_MAX)
        self._late: list[Shared] = []
        self._is_replying = self._public_due = False
        self._resume_from: Name | None = None
        self.ending: tuple[int, str] | None = None
        self._asked_to_end = asyncio.Event()
        self.ended = asyncio.Event()
        self._sending_since = 0.0
        self._recheck_due = self._loop.time()
        if wire is not None:
            wire.on_room = self._deliver

    @property
    def is_signed_in(self) -> bool:
        """Whether it follows an account."""
        return self.identity is not None

    @property
    def is_listening(self) -> bool:
        """Whether what happens to an account is told on it from now on."""
        return self.is_signed_in

    @property
    def is_blocked(self) -> bool:
        """Whether it takes nothing now."""
        return self._blocked_since() > 0

    @property
    def is_clear(self) -> bool:
        """Whether nothing waits here to be sent, nor in its socket."""
        one = self.subscriber
        if self._replies or self._notices or self._is_replying or self._public_due:
            return False
        if self._woken.is_set():
            return False
        if one.events or one.pending or one.items or self._resume_from is not None:
            return False
        return self._wire is None or not self._wire.unsent

    @property
    def heard(self) -> int:
        """How often bytes came in from it."""
        return 0 if self._wire is None else self._wire.heard

    def _blocked_since(self) -> float:
        return self._sending_since if self._wire is None else self._wire.blocked_since

    @abstractmethod
    async def _put(self, shared: Shared) -> None:
        """Send one message, waiting for the client; only where there is no wire."""

    @abstractmethod
    async def _close(self) -> None:
        """Tell the client why this is over, as far as it still listens."""

    async def _serve(self, *works: Coroutine[Any, Any, None]) -> None:
        """Work until the first piece of work ends, or this is told to end; then close."""
        tasks = [
            asyncio.create_task(work) for work in (*works, self._send_all(), self._wait_for_end())
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
            await self._close()
            self.ended.set()

    async def _wait_for_end(self) -> None:
        await self._asked_to_end.wait()

    def end(self, code: int, reason: str) -> None:
        """Close soon, for the first reason given; ``ended`` is set once it is over."""
        if self.ending is None:
            self.ending = (code, reason)
        self._asked_to_end.set()

    def look_after(self) -> None:
        """End a listener that does not read, or whose credentials no longer count."""
        now = self._loop.time()
        since = self._blocked_since()
        if (since and now - since >= self._door.settings.stall_s) or self.subscriber.overflowed:
            self._cut_off()
        if self._identify is not None and now >= self._recheck_due:
            self.recheck()

    def recheck(self) -> None:
        """End a listener whose credentials no longer count."""
        if self._identify is None:
            return
        self._recheck_due = self._loop.time() + RECHECK_S
        try:
            self._identify()
        except Problem as problem:
            self.end(POLICY, problem.wrong)

    def _cut_off(self) -> None:
        if self.ending is None:
            self._gateway.cut_off += 1
        self.end(TOO_SLOW, "the client reads too slowly: connect again and resume")

    # Who it is.

    def follow(
        self, identify: Callable[[], Identity], account: str | None, resume: str | None
    ) -> None:
        """Sign in, and follow an account from now on or from a token. Raises ``Problem``."""
        if self._identify is not None:
            raise Problem(
                422,
                "already_authenticated",
                "this stream is signed in",
                "open another stream for another account",
            )
        identity = identify()
        require_scope(identity, Scope.READ)
        named = one_account(self._asked_account, account)
        account_id = self._door.gate.named_account(identity, named)
        wanted = None if resume is None else named_token(resume)
        self._gateway.check_user(identity.user_id)
        name = self._door.world.hub.follow_account(self.subscriber, account_id)
        self._recheck_due = self._loop.time() + RECHECK_S
        self._identify, self.identity, self.account_id = identify, identity, account_id
        self._resume_from = wanted
        self._gateway.follows(self)
        shown = self._door.render.account_id(account_id)
        told = frame("authenticated", account_id=shown, token=token_text(name))
        if wanted is not None:
            # Who is cut off before the events in between would go on after them.
            told = told.without_token()
        self.reply(told)

    # Sending.

    def reply(self, shared: Shared) -> None:
        """Send an answer, before anything public that comes later."""
        if len(self._replies) >= REPLIES_MAX:
            self._cut_off()
            return
        self._replies.append(shared)
        self._woken.set()

    def tell(self, shared: Shared) -> None:
        """Send what is told beside the account's events, where our words are spoken."""
        if self.is_ours:
            self._notices.append(shared)
            self._woken.set()

    def _deliver(self) -> None:
        """Send what is public and waits: at once when nothing is in the way, else soon."""
        wire = self._wire
        if wire is None:
            self._public_due = True
            self._woken.set()
        elif self._replies or self._is_replying:
            self._public_due = True
        elif wire.has_room:
            messages: Sequence[Shared] = self._public.compose(self.subscriber)
            if self._faults.streams:
                messages = self._beset(messages)
            for shared in messages:
                self._gateway.note(wire.write(shared))

    def _beset(self, messages: Sequence[Shared], are_answers: bool = False) -> list[Shared]:
        """The messages as the rules for faults let them through."""
        left: list[Shared] = []
        for shared in messages:
            fault = self._faults.of_message(
                self.stream, self.account_id, shared.kind, is_answer=are_answers
            )
            kind = fault.terms.kind if fault is not None else ""
            if fault is not None and kind == FaultKind.CLOSE:
                self.break_off(fault.terms.code, fault.terms.reason)
                return left
            if fault is not None and kind == FaultKind.DELAY_MESSAGE:
                self._loop.call_later(fault.terms.delay_ms / 1_000, self._send_late, shared)
            elif kind != FaultKind.DROP:
                left += [shared, shared] if kind == FaultKind.DUPLICATE else [shared]
        return left

    def _send_late(self, shared: Shared) -> None:
        if len(self._late) < REPLIES_MAX:
            self._late.append(shared)
            self._woken.set()

    def break_off(self, code: int, reason: str) -> None:
        """Close at once, as a fault wants it; ``LOST``: without a word where that is possible."""
        if code == LOST and self._wire is not None:
            self._wire.abort()
        self.end(code, reason)

    async def _send_all(self) -> None:
        subscriber = self.subscriber
        while True:
            await self._woken.wait()
            self._woken.clear()
            self._is_replying = True
            replies, self._replies = self._replies, []
            await self._send(replies, are_answers=True)
            if self._late:
                late, self._late = self._late, []
                await self._send_all_of(late)
            self._is_replying = False
            if subscriber.overflowed:
                self._cut_off()
                return
            if self._resume_from is not None:
                name, self._resume_from = self._resume_from, None
                await self._replay(name)
            private = self._private()
            while self._notices:
                private.append(self._notices.popleft())
            if private:
                await self._send(private)
            if self._public_due and not self._replies:
                self._public_due = False
                if self._wire is None:
                    await self._send(self._public.compose(subscriber))
                else:
                    self._deliver()

    def _private(self) -> list[Shared]:
        """What waits for this client alone."""
        return [self._frames.private(x) for x in self.subscriber.take_events()]

    async def _send(self, messages: Sequence[Shared], are_answers: bool = False) -> None:
        if self._faults.streams and messages:
            messages = self._beset(messages, are_answers)
        await self._send_all_of(messages)

    async def _send_all_of(self, messages: Sequence[Shared]) -> None:
        wire = self._wire
        for count, shared in enumerate(messages, 1):
            if wire is None:
                self._sending_since = self._loop.time()
                await self._put(shared)
                self._gateway.note(len(shared.payload))
            else:
                if wire.blocked_since:
                    await wire.room()
                if not wire.is_open:
                    raise WebSocketDisconnect(GOING_AWAY)
                self._gateway.note(wire.write(shared))
            if count % BREATH_FRAMES == 0:
                await asyncio.sleep(0)
        self._sending_since = 0.0

    async def _replay(self, name: Name) -> None:
        """Send everything after an event, then leave the rest to the live queue.

        The store has all that was published when it was asked, and perhaps more: what the queue
        holds of that already is dropped.
        """
        subscriber, account_id = self.subscriber, self.account_id
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
        told = frame("resumed", token=token_text(name), events=len(rows))
        await self._send([told], are_answers=True)
        prev = name
        for start in range(0, len(rows), BREATH_FRAMES):
            messages = []
            for seq, idx, ts, event in rows[start : start + BREATH_FRAMES]:
                messages.append(self._frames.private(StreamEvent(seq, idx, ts, event, prev)))
                prev = (seq, idx)
            await self._send(messages)
        while subscriber.events and subscriber.events[0][:2] <= prev:
            subscriber.events.popleft()

    async def _resync(self, reason: str) -> None:
        self.subscriber.take_events()
        name = self._door.world.hub.last_name(self.account_id)
        told = self._frames.resync(self.account_id, name, reason)
        await self._send([told], are_answers=True)


async def within(work: Coroutine[Any, Any, None], seconds: float) -> bool:
    """Do the last thing for a client that may be gone already; False when it took too long."""
    with suppress(RuntimeError, OSError, WebSocketDisconnect):
        try:
            async with asyncio.timeout(seconds):
                await work
        except TimeoutError:
            return False
    return True


def named_token(token: str) -> Name:
    """The event a resume token names. Raises ``Problem`` 422."""
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
