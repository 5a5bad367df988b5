"""The hub: hands every applied input and its events to whoever streams them.

Promises: private events go, in order, to the subscribers of their account, each with the name of
the one before it. What is public belongs to topics: quotes, views, feed statuses and bars that are
still being built are conflated, the latest of each; trades, halts and finished bars are kept one by
one, up to ``QUEUE_ITEMS_MAX`` for each subscriber, and what did not fit is counted. Publishing
costs the same however many listen: ``distribute`` does the rest, when its caller likes. A
subscriber that does not read is never waited for. Must not know: sockets or JSON.
"""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from stockyard.model import facts as f
from stockyard.model.events import Event
from stockyard.model.feeds import FeedStatus
from stockyard.model.records import Record
from stockyard.model.ticks import CONSOLIDATED, Bar
from stockyard.runtime.market_data import Changes
from stockyard.runtime.minute_bars import MinuteBars

QUEUE_EVENTS_MAX: Final = 5_000
QUEUE_ITEMS_MAX: Final = 1_000
"""Trades and finished bars that wait for one subscriber, at most."""
TOPIC_ITEMS_MAX: Final = 10_000
"""Trades and finished bars of one topic that wait to be distributed, at most."""
SUBSCRIBERS_MAX: Final = 5_000
ALL: Final = 0
"""In the place of an instrument's id: every one."""


class Channel:
    """What a topic is about."""

    QUOTES: Final = "quotes"
    TRADES: Final = "trades"
    BARS: Final = "bars"
    VIEWS: Final = "views"
    FEEDS: Final = "feeds"
    MINUTES: Final = "minutes"
    AMENDED: Final = "amended"
    DAYS: Final = "days"
    STATUSES: Final = "statuses"


CHANNELS: Final = (Channel.QUOTES, Channel.TRADES, Channel.BARS, Channel.VIEWS, Channel.FEEDS)
"""What clients of our own stream may name."""
ALL_CHANNELS: Final = (
    *CHANNELS, Channel.MINUTES, Channel.AMENDED, Channel.DAYS, Channel.STATUSES,
)  # fmt: skip
Which = int | str
Key = tuple[str, Which, int]
"""A channel, an instrument's id or a feed's name, and a bar's window in seconds, else 0."""


class StreamEvent(NamedTuple):
    """One private event with its name and its account's previous event's name (``(0, 0)``: none
    known).
    """

    seq: int
    idx: int
    ts: int
    event: Event
    prev: tuple[int, int]


class TradeTold(NamedTuple):
    """A trade as the engine saw it: price and quantity scaled by the instrument."""

    instrument_id: int
    price: int
    qty: int
    ts_event: int
    seq: int


class HaltTold(NamedTuple):
    """Trading in an instrument stopped or went on; ``reason`` in the source's words."""

    instrument_id: int
    halted: bool
    reason: str
    ts: int


class Item:
    """One thing that is not conflated. ``shown`` is room for what it was rendered to."""

    __slots__ = ("channel", "shown", "value")

    def __init__(self, channel: str, value: TradeTold | Bar | HaltTold) -> None:
        self.channel, self.value = channel, value
        self.shown: bytes | None = None


class Topic:
    """One thing that can be followed.

    ``latest``: its value where the hub is told one (bars, feeds). ``shown``: room for what it was
    rendered to, None since it changed. ``fresh``: items that were not distributed yet.
    """

    __slots__ = ("channel", "followers", "fresh", "key", "latest", "shown", "stirred")

    def __init__(self, key: Key) -> None:
        self.key, self.channel = key, key[0]
        self.followers: dict[Subscriber, None] = {}
        self.latest: Bar | FeedStatus | None = None
        self.shown: bytes | None = None
        self.fresh: list[Item] = []
        self.stirred = False


class Subscriber:
    """One stream: what it wants, and what waits for it.

    ``wake`` is called when something private begins to wait, ``deliver`` by whoever distributes
    when something public does. ``overflowed``: private events did not fit. ``missed`` counts
    public items that did not, by channel.
    """

    def __init__(self, wake: Callable[[], None], deliver: Callable[[], None] | None = None) -> None:
        self.wake, self.deliver = wake, deliver or wake
        self.topics: dict[Topic, None] = {}
        self.account_id = 0
        self.events: deque[StreamEvent] = deque()
        self.pending: dict[Topic, None] = {}
        self.items: deque[Item] = deque()
        self.missed: dict[str, int] = {}
        self.overflowed = False

    def take_events(self) -> list[StreamEvent]:
        """Private events that wait, oldest first."""
        taken = list(self.events)
        self.events.clear()
        return taken

    def take_pending(self) -> list[Topic]:
        """Conflated topics that changed since the last call."""
        taken = list(self.pending)
        self.pending.clear()
        return taken

    def take_items(self) -> list[Item]:
        """Trades and finished bars that wait, oldest first."""
        taken = list(self.items)
        self.items.clear()
        return taken

    def take_missed(self) -> dict[str, int]:
        """How many items did not fit since the last call, by channel."""
        taken, self.missed = self.missed, {}
        return taken

    def queue(self, fresh: list[Item]) -> int:
        """Let items of one channel wait; returns how many did not fit and are counted as missed."""
        room = QUEUE_ITEMS_MAX - len(self.items)
        if len(fresh) <= room:
            self.items.extend(fresh)
            return 0
        self.items.extend(fresh[:room])
        lost, channel = len(fresh) - room, fresh[0].channel
        self.missed[channel] = self.missed.get(channel, 0) + lost
        return lost


class Hub:
    """All subscribers of one world.

    ``on_change`` is called when something public begins to wait for ``distribute``. ``dropped``
    counts items that were never distributed because too many waited, ``missed`` those that did not
    fit a subscriber's queue.
    """

    def __init__(self) -> None:
        self._subscribers: dict[Subscriber, None] = {}
        self._topics: dict[Key, Topic] = {}
        self._changed: dict[Topic, None] = {}
        self._by_account: dict[int, dict[Subscriber, None]] = {}
        self._last: dict[int, tuple[int, int]] = {}
        self._minutes = MinuteBars()
        self.on_change: Callable[[], None] = _nothing
        self.dropped = self.missed = 0

    def __len__(self) -> int:
        return len(self._subscribers)

    @property
    def has_changes(self) -> bool:
        """Whether ``distribute`` has anything to do."""
        return bool(self._changed)

    def join(self, subscriber: Subscriber) -> bool:
        """Take a subscriber in; False when there are too many."""
        if len(self._subscribers) >= SUBSCRIBERS_MAX:
            return False
        self._subscribers[subscriber] = None
        return True

    def leave(self, subscriber: Subscriber) -> None:
        """Forget a subscriber."""
        self._subscribers.pop(subscriber, None)
        for channel in ALL_CHANNELS:
            self.unsubscribe_all(subscriber, channel)
        followers = self._by_account.get(subscriber.account_id)
        if followers is not None:
            followers.pop(subscriber, None)
            if not followers:
                del self._by_account[subscriber.account_id]

    # Topics.

    def topic(self, channel: str, which: Which, window_s: int = 0) -> Topic:
        """The topic of a key, made when it is new."""
        key = (channel, which, window_s)
        found = self._topics.get(key)
        if found is None:
            found = self._topics[key] = Topic(key)
        return found

    def subscribe(
        self,
        subscriber: Subscriber,
        instrument_ids: Iterable[int],
        channel: str = Channel.QUOTES,
        window_s: int = 0,
    ) -> None:
        """Send these instruments' changes in a channel from now on."""
        if self.follows_all(subscriber, channel, window_s):
            return
        for instrument_id in instrument_ids:
            self._follow(subscriber, self.topic(channel, instrument_id, window_s))

    def subscribe_all(
        self, subscriber: Subscriber, channel: str = Channel.QUOTES, window_s: int = 0
    ) -> None:
        """Send everything of a channel from now on."""
        for topic in list(subscriber.topics):
            if topic.channel == channel and topic.key[2] == window_s:
                self._unfollow(subscriber, topic)
        self._follow(subscriber, self.topic(channel, ALL, window_s))

    def follows_all(
        self, subscriber: Subscriber, channel: str = Channel.QUOTES, window_s: int = 0
    ) -> bool:
        """Whether it gets everything of the channel."""
        everything = self._topics.get((channel, ALL, window_s))
        return everything is not None and everything in subscriber.topics

    def followed(
        self, subscriber: Subscriber, channel: str = Channel.QUOTES, window_s: int = 0
    ) -> list[int]:
        """The instruments that it follows one by one in a channel, in order."""
        found = [
            topic.key[1]
            for topic in subscriber.topics
            if topic.channel == channel and topic.key[2] == window_s and topic.key[1] != ALL
        ]
        return sorted(which for which in found if isinstance(which, int))

    def unsubscribe(
        self,
        subscriber: Subscriber,
        instrument_ids: Iterable[int],
        channel: str = Channel.QUOTES,
        window_s: int = 0,
    ) -> None:
        """Stop sending these instruments."""
        for instrument_id in instrument_ids:
            topic = self._topics.get((channel, instrument_id, window_s))
            if topic is not None:
                self._unfollow(subscriber, topic)

    def unsubscribe_all(
        self, subscriber: Subscriber, channel: str = Channel.QUOTES, window_s: int | None = None
    ) -> None:
        """Stop sending anything of a channel, or of one window of it."""

        def is_meant(topic: Topic) -> bool:
            return topic.channel == channel and window_s in (None, topic.key[2])

        for topic in [one for one in subscriber.topics if is_meant(one)]:
            self._unfollow(subscriber, topic)
        # Of ``ALL`` single topics wait.
        for topic in [one for one in subscriber.pending if is_meant(one)]:
            del subscriber.pending[topic]
        if any(topic.channel == channel for topic in subscriber.topics):
            return
        if subscriber.items:
            kept = [item for item in subscriber.items if item.channel != channel]
            subscriber.items = deque(kept)
        subscriber.missed.pop(channel, None)

    def _follow(self, subscriber: Subscriber, topic: Topic) -> None:
        subscriber.topics[topic] = None
        topic.followers[subscriber] = None

    def _unfollow(self, subscriber: Subscriber, topic: Topic) -> None:
        subscriber.topics.pop(topic, None)
        subscriber.pending.pop(topic, None)
        topic.followers.pop(subscriber, None)

    # Accounts.

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

    # Publishing.

    def publish(self, record: Record, events: list[Event]) -> None:
        """Hand on one input's effects."""
        message = record.input
        if isinstance(message, f.Quote | f.MarkPrice | f.FundingRate):
            self._stir(Channel.QUOTES, message.instrument_id)
        elif isinstance(message, f.Trade | f.AuctionPrint):
            self._stir(Channel.QUOTES, message.instrument_id)
            self._keep(
                Channel.TRADES,
                TradeTold(
                    message.instrument_id,
                    message.price,
                    message.qty,
                    message.ts_event,
                    record.seq,
                ),
            )
        elif isinstance(message, f.TradingHalted):
            told = HaltTold(message.instrument_id, message.halted, message.reason, record.ts)
            self._keep(Channel.STATUSES, told)
        for idx, event in enumerate(events):
            if event.account_id:
                self._publish_event(event.account_id, record, idx, event)

    def publish_market(self, changes: Changes) -> None:
        """Hand on what changed in the market: bars of all sources together, and views."""
        for bar in changes.bars:
            if bar.source == CONSOLIDATED:
                self._minutes.take(bar)
                self.publish_bar(bar)
        for instrument_id in changes.instruments:
            self._stir(Channel.VIEWS, instrument_id)

    def publish_bar(self, bar: Bar) -> None:
        """Hand on a bar: the newest one, one that is final now, or an earlier one that changed."""
        topic = self.topic(Channel.BARS, bar.instrument_id, bar.window_s)
        newest = topic.latest if isinstance(topic.latest, Bar) else bar
        if bar.start_ns >= newest.start_ns:
            if bar.start_ns > newest.start_ns and topic.stirred:
                # The last that is to be said of it before it is final.
                self._keep(Channel.BARS, newest, bar.window_s)
            topic.latest, topic.stirred, topic.shown = bar, False, None
        if not topic.followers and not self.is_followed(Channel.BARS, bar.window_s):
            return
        if bar.final or bar.start_ns < newest.start_ns:
            self._keep(Channel.BARS, bar, bar.window_s)
        else:
            self._stir(Channel.BARS, bar.instrument_id, bar.window_s)

    def pass_time(self, now_ns: int) -> None:
        """Hand on the minutes that are over by now, and with each the day so far."""
        fresh, changed = self._minutes.over(now_ns)
        for bar in fresh:
            self._keep(Channel.MINUTES, bar)
            day = self._minutes.day(bar.instrument_id)
            if day is not None:
                self._keep(Channel.DAYS, day)
        for bar in changed:
            self._keep(Channel.AMENDED, bar)

    def publish_feed(self, status: FeedStatus) -> None:
        """Hand on how a feed is doing."""
        self.topic(Channel.FEEDS, status.name).latest = status
        self._stir(Channel.FEEDS, status.name)

    def is_followed(self, channel: str, window_s: int = 0) -> bool:
        """Whether anybody follows everything of a channel."""
        everything = self._topics.get((channel, ALL, window_s))
        return everything is not None and bool(everything.followers)

    def _keep(self, channel: str, value: TradeTold | Bar | HaltTold, window_s: int = 0) -> None:
        """Keep something that is not conflated, when anybody follows its instrument."""
        topic = self._followed_topic(channel, value.instrument_id, window_s)
        if topic is None:
            return
        if len(topic.fresh) >= TOPIC_ITEMS_MAX:
            self.dropped += 1
            return
        topic.fresh.append(Item(channel, value))
        self._change(topic)

    def _stir(self, channel: str, which: Which, window_s: int = 0) -> None:
        """Note that a conflated topic has changed, when anybody follows it."""
        topic = self._followed_topic(channel, which, window_s)
        if topic is not None:
            topic.stirred = True
            self._change(topic)

    def _followed_topic(self, channel: str, which: Which, window_s: int) -> Topic | None:
        """The topic when anybody follows it; what it was rendered to is forgotten."""
        topic = self._topics.get((channel, which, window_s))
        if topic is not None:
            topic.shown = None
            if topic.followers:
                return topic
        if not self.is_followed(channel, window_s):
            return None
        return self.topic(channel, which, window_s)

    def _change(self, topic: Topic) -> None:
        is_first = not self._changed
        self._changed[topic] = None
        if is_first:
            self.on_change()

    def take_changed(self) -> list[Topic]:
        """Topics that changed since the last call, to be distributed."""
        changed, self._changed = self._changed, {}
        return list(changed)

    def distribute(self, topics: Iterable[Topic] | None = None) -> list[Subscriber]:
        """Give what changed (None: everything) to those who follow it.

        Returns the subscribers for whom something public begins to wait.
        """
        ready: list[Subscriber] = []
        for topic in self.take_changed() if topics is None else topics:
            fresh, topic.fresh = topic.fresh, []
            stirred, topic.stirred = topic.stirred, False
            everything = self._topics.get((topic.channel, ALL, topic.key[2]))
            groups = [topic.followers]
            if everything is not None and everything.followers:
                groups.append(everything.followers)
            for followers in groups:
                for subscriber in followers:
                    if not (subscriber.pending or subscriber.items):
                        ready.append(subscriber)
                    if stirred:
                        subscriber.pending[topic] = None
                    if fresh:
                        self.missed += subscriber.queue(fresh)
        return ready

    def _publish_event(self, account_id: int, record: Record, idx: int, event: Event) -> None:
        told = StreamEvent(record.seq, idx, record.ts, event, self.last_name(account_id))
        self._last[account_id] = (record.seq, idx)
        for subscriber in self._by_account.get(account_id, ()):
            if len(subscriber.events) >= QUEUE_EVENTS_MAX:
                subscriber.overflowed = True
            else:
                subscriber.events.append(told)
            subscriber.wake()


def _nothing() -> None:
    """Nobody distributes."""
