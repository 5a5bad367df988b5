"""The hub: hands every applied input and its events to whoever streams them.

Promises: private events go, in order, to the subscribers of their account, each with the name of
the one before it; quotes are conflated per subscriber, the latest of each symbol. A subscriber that
does not read is cut off with a reason, never waited for. Must not know: sockets or JSON.
"""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from stockyard.model import facts as f
from stockyard.model.events import Event
from stockyard.model.records import Record

QUEUE_EVENTS_MAX: Final = 5_000
SUBSCRIBERS_MAX: Final = 5_000


class StreamEvent(NamedTuple):
    """One private event with its name and its account's previous event's name (``(0, 0)``: none
    known).
    """

    seq: int
    idx: int
    ts: int
    event: Event
    prev: tuple[int, int]


class Subscriber:
    """One stream: what it wants, and what waits for it.

    ``wake`` is called when something begins to wait. ``overflowed`` says it was cut off.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self.wake = wake
        self.instruments: set[int] = set()
        self.all_instruments = False
        self.account_id = 0
        self.events: deque[StreamEvent] = deque()
        self.dirty_quotes: dict[int, None] = {}
        self.overflowed = False

    def take_events(self) -> list[StreamEvent]:
        """Private events that wait, oldest first."""
        taken = list(self.events)
        self.events.clear()
        return taken

    def take_quotes(self) -> list[int]:
        """Instruments whose quote or trade changed since the last call."""
        taken = list(self.dirty_quotes)
        self.dirty_quotes.clear()
        return taken


class Hub:
    """All subscribers of one world."""

    def __init__(self) -> None:
        self._subscribers: dict[Subscriber, None] = {}
        self._all: dict[Subscriber, None] = {}
        self._by_instrument: dict[int, dict[Subscriber, None]] = {}
        self._by_account: dict[int, dict[Subscriber, None]] = {}
        self._last: dict[int, tuple[int, int]] = {}

    def __len__(self) -> int:
        return len(self._subscribers)

    def join(self, subscriber: Subscriber) -> bool:
        """Take a subscriber in; False when there are too many."""
        if len(self._subscribers) >= SUBSCRIBERS_MAX:
            return False
        self._subscribers[subscriber] = None
        return True

    def leave(self, subscriber: Subscriber) -> None:
        """Forget a subscriber."""
        self._subscribers.pop(subscriber, None)
        self.unsubscribe_all(subscriber)
        followers = self._by_account.get(subscriber.account_id)
        if followers is not None:
            followers.pop(subscriber, None)
            if not followers:
                del self._by_account[subscriber.account_id]

    def subscribe(self, subscriber: Subscriber, instrument_ids: Iterable[int]) -> None:
        """Send these instruments' quotes and trades from now on."""
        for instrument_id in instrument_ids:
            subscriber.instruments.add(instrument_id)
            self._by_instrument.setdefault(instrument_id, {})[subscriber] = None

    def subscribe_all(self, subscriber: Subscriber) -> None:
        """Send every instrument's quotes and trades from now on."""
        self.unsubscribe_all(subscriber)
        subscriber.all_instruments = True
        self._all[subscriber] = None

    def unsubscribe(self, subscriber: Subscriber, instrument_ids: Iterable[int]) -> None:
        """Stop sending these instruments."""
        for instrument_id in instrument_ids:
            subscriber.instruments.discard(instrument_id)
            subscriber.dirty_quotes.pop(instrument_id, None)
            followers = self._by_instrument.get(instrument_id)
            if followers is not None:
                followers.pop(subscriber, None)

    def unsubscribe_all(self, subscriber: Subscriber) -> None:
        """Stop sending any instrument."""
        self.unsubscribe(subscriber, list(subscriber.instruments))
        subscriber.all_instruments = False
        subscriber.dirty_quotes.clear()
        self._all.pop(subscriber, None)

    def follow_account(self, subscriber: Subscriber, account_id: int) -> tuple[int, int]:
        """Send the account's events from now on; returns the name of its latest event so far."""
        subscriber.account_id = account_id
        self._by_account.setdefault(account_id, {})[subscriber] = None
        return self.last_name(account_id)

    def last_name(self, account_id: int) -> tuple[int, int]:
        """The name of an account's latest event, ``(0, 0)`` when it has none."""
        return self._last.get(account_id, (0, 0))

    def remember_last(self, account_id: int, name: tuple[int, int]) -> None:
        """Set an account's latest event name, as the projections know it at start."""
        self._last[account_id] = name

    def publish(self, record: Record, events: list[Event]) -> None:
        """Hand on one input's effects."""
        message = record.input
        if isinstance(message, f.Quote | f.Trade | f.AuctionPrint):
            self._publish_quote(message.instrument_id)
        for idx, event in enumerate(events):
            if event.account_id:
                self._publish_event(event.account_id, record, idx, event)

    def _publish_quote(self, instrument_id: int) -> None:
        for subscriber in self._all:
            _mark(subscriber, instrument_id)
        for subscriber in self._by_instrument.get(instrument_id, ()):
            _mark(subscriber, instrument_id)

    def _publish_event(self, account_id: int, record: Record, idx: int, event: Event) -> None:
        told = StreamEvent(record.seq, idx, record.ts, event, self.last_name(account_id))
        self._last[account_id] = (record.seq, idx)
        for subscriber in self._by_account.get(account_id, ()):
            if len(subscriber.events) >= QUEUE_EVENTS_MAX:
                subscriber.overflowed = True
            else:
                subscriber.events.append(told)
            subscriber.wake()


def _mark(subscriber: Subscriber, instrument_id: int) -> None:
    if not subscriber.dirty_quotes:
        subscriber.wake()
    subscriber.dirty_quotes[instrument_id] = None
