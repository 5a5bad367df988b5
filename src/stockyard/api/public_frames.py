"""What everybody may see, as frames: each value is rendered once, each frame made once.

Promises: a frame that several listeners get is one object, so its bytes are made once however many
receive it; what it shows is never older than what was sent before it. Must not know: who listens.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from stockyard.api.door import Door, encode
from stockyard.api.frames import frame
from stockyard.api.shapes import price_text, time_text
from stockyard.api.wire import Shared
from stockyard.model.numbers import format_decimal
from stockyard.runtime.hub import Channel, Item, Subscriber, Topic, TradeTold

KEPT_MAX: Final = 10_000
"""Frames that are kept for the next listener, at most; those of one flush are far fewer."""


class StreamTrade(msgspec.Struct, frozen=True, gc=False):
    """A trade as streams tell it."""

    symbol: str
    price: str
    size: str
    timestamp: str
    seq: int


class PublicFrames:
    """Makes the public frames of one door."""

    def __init__(self, door: Door) -> None:
        self._view, self._render, self._hub = door.view, door.render, door.world.hub
        self._kept: dict[tuple[str, tuple[bytes, ...]], Shared] = {}
        self.encoded = 0

    def forget(self) -> None:
        """Keep no frames any longer: who comes next will hardly want the same."""
        self._kept.clear()

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

    def snapshot(self, channels: Iterable[str], instrument_ids: Iterable[int]) -> Shared:
        """What the conflated ones of some channels are now, for these instruments."""
        wanted = list(instrument_ids)
        said = []
        for channel in channels:
            if channel != Channel.TRADES:
                parts = [self._shown(self._hub.topic(channel, n)) for n in wanted]
                said.append(b',"%s":[%s]' % (channel.encode(), b",".join(parts)))
        return Shared("snapshot", b'{"type":"snapshot"%s}' % b"".join(said))

    def _shown(self, topic: Topic) -> bytes:
        shown = topic.shown
        if shown is None:
            row = self._view.quotes[topic.key[1]]
            shown = topic.shown = encode(self._render.stream_quote(row))
        return shown

    def _shown_item(self, item: Item) -> bytes:
        if item.shown is None:
            item.shown = encode(self._trade(item.value))
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
