"""A streaming client: follows one account, and goes on after every cut from its last token.

Promises: keeps every event it was sent, in order, and asserts that each names the one before it.
Must not know: what the events mean, or how the process died in between.
"""

from stockyard.model.events import Event
from stockyard.runtime.hub import Subscriber
from stockyard.runtime.world import World

PAGE_EVENTS = 50


class Stream:
    """What one client has seen of one account; ``token`` names the last event."""

    def __init__(self, account_id: int) -> None:
        self.account_id = account_id
        self.token = (0, 0)
        self.seen: list[tuple[int, int, Event]] = []
        self._subscriber: Subscriber | None = None
        self._catching_up_to: tuple[int, int] | None = None

    def cut(self) -> None:
        """Lose the connection, and whatever waited in it."""
        self._subscriber = None

    def poll(self, world: World) -> None:
        """Connect if need be, catch up from SQL as far as it goes, then read what is sent live."""
        if self._subscriber is None:
            self._subscriber = Subscriber(lambda: None)
            assert world.hub.join(self._subscriber), "the hub is full"
            self._catching_up_to = world.hub.follow_account(self._subscriber, self.account_id)
        if self._catching_up_to is not None:
            self._catch_up(world, self._catching_up_to)
        if self._catching_up_to is None:
            self._read(self._subscriber)

    def leave(self, world: World) -> None:
        """Disconnect politely."""
        if self._subscriber is not None:
            world.hub.leave(self._subscriber)
            self._subscriber = None

    def _catch_up(self, world: World, name: tuple[int, int]) -> None:
        if world.projector.durable.seq < name[0]:
            return
        while page := world.store.events_after(self.account_id, *self.token, PAGE_EVENTS):
            for seq, idx, _, event in page:
                self._take(seq, idx, event)
        assert self.token >= name, f"after catching up: at {self.token}, the hub was at {name}"
        self._catching_up_to = None

    def _read(self, subscriber: Subscriber) -> None:
        for told in subscriber.take_events():
            if (told.seq, told.idx) <= self.token:
                continue
            assert told.prev == self.token, (
                f"account {self.account_id}: event {told.seq}-{told.idx} follows {told.prev}, the"
                f" last one seen is {self.token}"
            )
            self._take(told.seq, told.idx, told.event)

    def _take(self, seq: int, idx: int, event: Event) -> None:
        self.seen.append((seq, idx, event))
        self.token = (seq, idx)
