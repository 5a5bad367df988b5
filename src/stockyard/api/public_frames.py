"""What everybody may see, as frames: each value is rendered once, each frame made once.

Promises: a frame that several listeners get is one object, so its bytes are made once however many
receive it; what it shows is never older than what was sent before it. Must not know: who listens.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from stockyard.api.answers import StreamQuote
from stockyard.api.door import Door
from stockyard.api.feed_answers import Feed
from stockyard.api.feed_shapes import shown_feed
from stockyard.api.frames import frame
from stockyard.api.shapes import price_text, time_text
from stockyard.api.subscribing import WINDOWS, Wanted
from stockyard.api.ticker_answers import Ticker
from stockyard.api.tickers import nothing_known, ticker
from stockyard.api.wire import Shared
from stockyard.model.feeds import FeedStatus
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import format_decimal, format_ratio
from stockyard.model.ticks import Bar
from stockyard.runtime.hub import Channel, HaltTold, Item, Subscriber, Topic, TradeTold

encode: Final = msgspec.json.Encoder().encode
KEPT_MAX: Final = 10_000
"""Frames that are kept for the next listener, at most; those of one flush are far fewer."""


class StreamTrade(msgspec.Struct, frozen=True, gc=False):
    """A trade as streams tell it."""

    symbol: str
    price: str
    size: str
    timestamp: str
    seq: int


class StreamBar(msgspec.Struct, frozen=True, gc=False):
    """A bar of all sources together, as streams tell it: in the words of ``GET /api/v1/bars``."""

    symbol: str
    window: str
    start: str
    open: str | None
    high: str | None
    low: str | None
    close: str | None
    volume: str
    vwap: str | None
    trades: int
    revision: int
    final: bool


class PublicFrames:
    """Makes the public frames of one door."""

    def __init__(self, door: Door) -> None:
        self._view, self._render = door.view, door.render
        self._world, self._hub = door.world, door.world.hub
        self._kept: dict[tuple[str, tuple[bytes, ...]], Shared] = {}
        self.encoded = 0

    def forget(self) -> None:
        """Keep no frames any longer: who comes next will hardly want the same."""
        self._kept.clear()

    def prepare(self, topics: Iterable[Topic]) -> None:
        """Render what all who follow these topics will get."""
        for topic in topics:
            if topic.shown is None and topic.channel in (Channel.QUOTES, Channel.VIEWS):
                self._shown(topic)

    def compose(self, subscriber: Subscriber) -> list[Shared]:
        """Everything public that waits for a subscriber."""
        if not (subscriber.items or subscriber.missed):
            topics = subscriber.take_pending()
            if topics and all([topic.channel == Channel.QUOTES for topic in topics]):
                return [self._joined(Channel.QUOTES, [self._shown(topic) for topic in topics])]
            return self._composed((), topics, {})
        missed = subscriber.take_missed()
        return self._composed(subscriber.take_items(), subscriber.take_pending(), missed)

    def _composed(
        self, items: Iterable[Item], topics: Iterable[Topic], missed: dict[str, int]
    ) -> list[Shared]:
        parts: dict[str, list[bytes]] = {}
        for item in items:
            parts.setdefault(item.channel, []).append(self._shown_item(item))
        for topic in topics:
            parts.setdefault(topic.channel, []).append(self._shown(topic))
        found = [self._joined(channel, some) for channel, some in parts.items()]
        found += [frame("gap", channel=channel, missed=n) for channel, n in missed.items()]
        return found

    def _joined(self, channel: str, parts: list[bytes]) -> Shared:
        key = (channel, tuple(parts))
        found = self._kept.get(key)
        if found is None:
            self.encoded += 1
            name = channel.encode()
            payload = b'{"type":"%s","%s":[%s]}' % (name, name, b",".join(parts))
            if len(self._kept) >= KEPT_MAX:
                self._kept.clear()
            found = self._kept[key] = Shared(channel, payload)
        return found

    def snapshot(self, wanted: Wanted) -> Shared:
        """What the conflated ones of some channels are now."""
        said = []
        for channel in wanted.channels:
            if channel == Channel.FEEDS:
                parts = [encode(shown_feed(feed.status())) for feed in self._world.feeds]
            elif channel == Channel.TRADES:
                continue
            else:
                parts = self._now(channel, wanted)
            said.append(b',"%s":[%s]' % (channel.encode(), b",".join(parts)))
        return Shared("snapshot", b'{"type":"snapshot"%s}' % b"".join(said))

    def _now(self, channel: str, wanted: Wanted) -> list[bytes]:
        ids = wanted.instrument_ids
        if ids is None:
            ids = sorted(self._view.quotes)
        window_s = wanted.window_of(channel)
        topics = [self._hub.topic(channel, n, window_s) for n in ids]
        return [self._shown(x) for x in topics if channel != Channel.BARS or x.latest is not None]

    def _shown(self, topic: Topic) -> bytes:
        shown = topic.shown
        if shown is None:
            shown = topic.shown = encode(self._value(topic))
        return shown

    def _value(self, topic: Topic) -> StreamQuote | StreamBar | Ticker | Feed:
        latest = topic.latest
        if isinstance(latest, Bar):
            return self._bar(latest)
        if isinstance(latest, FeedStatus):
            return shown_feed(latest)
        which = topic.key[1]
        assert isinstance(which, int), "a topic of no instrument has a value"
        if topic.channel == Channel.QUOTES:
            return self._render.stream_quote(self._view.quotes[which])
        instrument, world = self._view.instruments[which], self._world
        view = world.market.view(which)
        if view is None:
            return nothing_known(instrument)
        return ticker(view, instrument, world.clock.now_ns())

    def _shown_item(self, item: Item) -> bytes:
        if item.shown is None:
            value = item.value
            assert not isinstance(value, HaltTold), "our own stream has no channel of halts"
            shown = self._bar(value) if isinstance(value, Bar) else self._trade(value)
            item.shown = encode(shown)
        return item.shown

    def _trade(self, told: TradeTold) -> StreamTrade:
        instrument = self._view.instruments[told.instrument_id]
        return StreamTrade(
            instrument.symbol,
            price_text(told.price, instrument),
            format_decimal(told.qty, instrument.qty_scale),
            time_text(told.ts_event),
            told.seq,
        )

    def _bar(self, bar: Bar) -> StreamBar:
        instrument = self._view.instruments[bar.instrument_id]
        scale = instrument.price_scale
        return StreamBar(
            instrument.symbol,
            WINDOWS[bar.window_s],
            time_text(bar.start_ns),
            _price(bar.open, instrument),
            _price(bar.high, instrument),
            _price(bar.low, instrument),
            _price(bar.close, instrument),
            format_decimal(bar.volume, instrument.qty_scale),
            format_ratio(bar.value, bar.volume * 10**scale, scale, 2) if bar.volume else None,
            bar.count,
            bar.revision,
            bar.final,
        )


def _price(price: int, instrument: Instrument) -> str | None:
    """A price as text; none is 0."""
    return price_text(price, instrument) if price else None
