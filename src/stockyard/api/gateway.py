"""The gateway: everyone who listens, who they are, and when what is public goes out to them.

Promises: each change is rendered once however many receive it; changes go out at once when it is
quiet, at most ``FLUSHES_PER_S`` times a second, and rest half as long as they worked when many
listen; between ``SLICE`` listeners others get their turn, so fan-out holds up no order. Listeners
are limited for each address and each user. Must not know: sockets, or what a client may ask.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator
from time import thread_time
from typing import Final, Protocol

from stockyard.api.door import Door
from stockyard.api.frames import Frames
from stockyard.api.listeners import FAULT, GOING_AWAY, Listener
from stockyard.api.problems import Problem, fault
from stockyard.api.public_frames import PublicFrames
from stockyard.api.standing import is_well, standing_frame
from stockyard.api.wire import Shared
from stockyard.runtime.hub import Channel, Subscriber
from stockyard.storage.troubles import Trouble

_log: Final = logging.getLogger("stockyard.api")
FLUSHES_PER_S: Final = 50
SLICE: Final = 100
HANDED_AT_ONCE: Final = 5_000
"""Changes that are noted for a listener each before others get their turn."""
RENDERED_AT_ONCE: Final = 50
REST_S_MAX: Final = 0.05
"""How long changes wait, at most, because those before them took long to go out."""
WATCH_S: Final = 1.0


class Maker(Protocol):
    """Makes public frames, each once. ``encoded``: how many so far."""

    encoded: int

    def forget(self) -> None:
        """Keep nothing any longer."""


class Gateway:
    """All listeners of one door."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.frames = Frames(door.view, door.render)
        self.public = PublicFrames(door)
        self.makers: list[Maker] = [self.public]
        """Who makes public frames, each in its own words."""
        self._open: dict[Listener, None] = {}
        self._of_address: Counter[str] = Counter()
        self._of_account: dict[int, dict[Listener, None]] = {}
        self._feeds: dict[str, object] = {}
        self._told: tuple[Trouble, ...] = ()
        self._watch: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._flushing: asyncio.Task[None] | None = None
        self._flush_due = 0.0
        self.flushes = self.sent = self.sent_bytes = self.cut_off = self.refused = 0
        door.world.hub.on_change = self._on_change
        door.notices.tell_account = self.tell_account

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> "Iterator[Listener]":
        return iter(self._open)

    # Coming and going.

    def enter(self, listener: Listener) -> None:
        """Take a listener in. Raises ``Problem`` 429 or 503 with when to come again."""
        most = self.door.settings.streams_per_address
        if self._of_address[listener.address] >= most:
            raise self._too_many("too many streams from this address", most)
        if self.door.closing or not self.door.world.hub.join(listener.subscriber):
            self.refused += 1
            wrong = "stopping, or too many streams"
            raise Problem(503, "unavailable", wrong, "try again later", headers=_LATER)
        self.door.notices.begin()
        self._of_address[listener.address] += 1
        self._open[listener] = None
        if not is_well(self.door.world):
            listener.tell(standing_frame(self.door.world))
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._watch_all())

    def leave(self, listener: Listener) -> None:
        """Forget a listener."""
        self.door.world.hub.leave(listener.subscriber)
        listener.ended.set()
        self._open.pop(listener, None)
        of_account = self._of_account.get(listener.account_id)
        if of_account is not None:
            of_account.pop(listener, None)
            if not of_account:
                del self._of_account[listener.account_id]
        self._of_address[listener.address] -= 1
        if self._of_address[listener.address] <= 0:
            del self._of_address[listener.address]
        if self._watch is not None and not self._open:
            self._watch.cancel()
            self._watch = None

    def follows(self, listener: Listener) -> None:
        """It follows its account from now on."""
        self._of_account.setdefault(listener.account_id, {})[listener] = None

    def tell_account(self, account_id: int, shared: Shared) -> None:
        """Hand a message that is no event to everyone who follows an account in our words."""
        for listener in self._of_account.get(account_id, ()):
            listener.tell(shared)

    def check_user(self, user_id: str) -> None:
        """Raise ``Problem`` 429 when this user listens often enough already."""
        most = self.door.settings.streams_per_user
        if sum(1 for one in self._open if _is_of(one, user_id)) >= most:
            raise self._too_many("this user has too many streams", most)

    def _too_many(self, wrong: str, most: int) -> Problem:
        self.refused += 1
        right = f"keep at most {most} open"
        return Problem(429, "too_many_streams", wrong, right, headers=_LATER)

    async def _watch_all(self) -> None:
        while self._open:
            await asyncio.sleep(min(WATCH_S, self.door.settings.stall_s))
            for listener in list(self._open):
                listener.look_after()
            self._watch_standing()
            if self.door.world.hub.is_followed(Channel.FEEDS):
                self._watch_feeds()

    def _watch_standing(self) -> None:
        """Tell everybody when something can no longer be written, or can again."""
        now = self.door.world.troubles.now
        if [one.part for one in now] == [one.part for one in self._told]:
            return
        self._told = now
        told = standing_frame(self.door.world)
        for listener in list(self._open):
            listener.tell(told)

    def _watch_feeds(self) -> None:
        """Tell of each feed whose state is another than a moment ago."""
        for feed in self.door.world.feeds:
            status = feed.status()
            shape = (
                status.state,
                status.is_stale,
                status.reconnects,
                dict(status.problems),
                [symbol.is_stale for symbol in status.symbols],
            )
            if self._feeds.get(status.name) != shape:
                self._feeds[status.name] = shape
                self.door.world.hub.publish_feed(status)

    def begin_close(self, reason: str) -> None:
        """End every listener, soon, with a reason."""
        for listener in self._open:
            listener.end(GOING_AWAY, reason)

    async def closed(self) -> None:
        """Wait until each listener is closed or was given up."""
        await asyncio.gather(*[listener.ended.wait() for listener in self._open])
        if self._watch is not None:
            self._watch.cancel()
        if self._timer is not None:
            self._timer.cancel()

    # What is public.

    def note(self, size: int) -> None:
        """One more message of so many bytes was sent."""
        self.sent += 1
        self.sent_bytes += size

    def _on_change(self) -> None:
        """Something public waits to be distributed: see to it, not too often."""
        if self._timer is None and self._flushing is None:
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                # Outside a loop nobody can be connected.
                return
            self._timer = loop.call_at(max(loop.time(), self._flush_due), self._begin_flush)

    def _begin_flush(self) -> None:
        self._timer = None
        self._flushing = asyncio.create_task(self._flush())

    async def hand_over(self) -> None:
        """Give out what waits now, without the pause that follows the last time."""
        while self._flushing is not None or self.door.world.hub.has_changes:
            if self._flushing is None:
                if self._timer is not None:
                    self._timer.cancel()
                self._begin_flush()
            assert self._flushing is not None
            await asyncio.wait([self._flushing])

    def _topics_at_once(self) -> int:
        """How many topics are distributed before others get their turn."""
        return min(RENDERED_AT_ONCE, max(1, HANDED_AT_ONCE // max(1, len(self._open))))

    def _forget(self) -> None:
        """Nothing that was made before is wanted when what is public goes out, or afterwards."""
        for maker in self.makers:
            maker.forget()

    @property
    def encoded(self) -> int:
        """Public messages that were encoded, each once."""
        return sum([maker.encoded for maker in self.makers])

    async def _flush(self) -> None:
        loop, hub = asyncio.get_running_loop(), self.door.world.hub
        begun, used = loop.time(), thread_time()
        try:
            self._forget()
            ready: list[Subscriber] = []
            topics, step = hub.take_changed(), self._topics_at_once()
            for start in range(0, len(topics), step):
                if start:
                    await asyncio.sleep(0)
                some = topics[start : start + step]
                ready += hub.distribute(some)
                self.public.prepare(some)
            for count, subscriber in enumerate(ready, 1):
                subscriber.deliver()
                if count % SLICE == 0:
                    await asyncio.sleep(0)
            self._forget()
        except Exception as error:
            # Nothing public can be told any more: better to end streams than to leave them still.
            _log.error("the fan-out failed", exc_info=error)
            for listener in self._open:
                listener.end(FAULT, fault().wrong)
        finally:
            self.flushes += 1
            rest_s = min((thread_time() - used) / 2, REST_S_MAX)
            self._flush_due = max(begun + 1 / FLUSHES_PER_S, loop.time() + rest_s)
            self._flushing = None
        if hub.has_changes:
            self._on_change()


def _is_of(listener: Listener, user_id: str) -> bool:
    return listener.identity is not None and listener.identity.user_id == user_id


_LATER: Final = ((b"retry-after", b"5"),)
