"""What the market says, as Alpaca's data streams tell it.

Promises: each value is written once for a format, and each frame made once, however many receive
it; what a frame shows is never older than what was sent before it. Must not know: who listens.
"""

from collections.abc import Callable
from typing import Any, Final

from stockyard.api.alpaca.formats import Format
from stockyard.api.door import Door
from stockyard.api.wire import Shared
from stockyard.model.codes import AssetClass
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import format_ratio
from stockyard.model.ticks import Bar
from stockyard.projections.view import QuoteRow
from stockyard.runtime.hub import ALL, Channel, HaltTold, Item, Subscriber, TradeTold

EXCHANGE: Final = "V"
TAPE: Final = "C"
TRADE_CONDITIONS: Final = ["@"]
QUOTE_CONDITIONS: Final = ["R"]
KEPT_MAX: Final = 10_000
"""Frames that are kept for the next listener, at most."""
HALT_WORDS: Final = {True: ("H", "Trading Halt"), False: ("T", "Trading Resumption")}
_BAR_KINDS: Final = {Channel.MINUTES: "b", Channel.AMENDED: "u", Channel.DAYS: "d"}


class DataSubscriber(Subscriber):
    """Who gets what of a stream of stocks or of coins.

    ``quotes`` and ``books``: the instruments whose quotes, or top of the book, it wants (``ALL``
    among them: of all); ``seen``: the quote that it was sent last.
    """

    def __init__(self, wake: Callable[[], None], deliver: Callable[[], None], coins: bool) -> None:
        super().__init__(wake, deliver)
        self.coins = coins
        self.quotes: frozenset[int] = frozenset()
        self.books: frozenset[int] = frozenset()
        self.seen: dict[int, int] = {}

    def wants(self, some: frozenset[int], instrument_id: int) -> bool:
        """Whether an instrument is among some that it follows."""
        return ALL in some or instrument_id in some


class DataFrames:
    """Makes the frames of one door in one format."""

    def __init__(self, door: Door, form: Format) -> None:
        self._view, self._format = door.view, form
        self._parts: dict[Item | tuple[int, str, int], bytes] = {}
        self._kept: dict[tuple[bytes, ...], Shared] = {}
        self._coins: dict[int, bool] = {}
        self.encoded = 0

    def forget(self) -> None:
        """Keep nothing any longer: who comes next will hardly want the same."""
        self._parts.clear()
        self._kept.clear()

    def of_coins(self, instrument_id: int) -> bool:
        """Whether an instrument belongs to the stream of coins, and not to that of stocks."""
        found = self._coins.get(instrument_id)
        if found is None:
            kind = self._view.instruments[instrument_id].asset_class
            found = self._coins[instrument_id] = kind != AssetClass.US_EQUITY
        return found

    def said(self, *messages: dict[str, Any]) -> Shared:
        """A frame of messages for one client."""
        return self._frame([self._format.encode(message) for message in messages])

    def compose(self, subscriber: Subscriber) -> list[Shared]:
        """Everything that waits for a subscriber, in one frame."""
        assert isinstance(subscriber, DataSubscriber)
        coins, of_coins = subscriber.coins, self.of_coins
        parts: list[bytes] = []
        if subscriber.items:
            parts += [
                self._item(item)
                for item in subscriber.take_items()
                if of_coins(item.value.instrument_id) == coins
            ]
        for topic in subscriber.take_pending():
            which = topic.key[1]
            if isinstance(which, int) and of_coins(which) == coins:
                self._add_quote(parts, subscriber, which)
        if subscriber.missed:
            subscriber.take_missed()
            parts.append(self._format.encode({"T": "error", "code": 407, "msg": "slow client"}))
        if not parts:
            return []
        key = tuple(parts)
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) >= KEPT_MAX:
                self._kept.clear()
            self.encoded += 1
            found = self._kept[key] = self._frame(parts)
        return [found]

    def _add_quote(
        self, parts: list[bytes], subscriber: DataSubscriber, instrument_id: int
    ) -> None:
        """Add a changed quote; a trade also stirs its topic, and is none."""
        row = self._view.quotes[instrument_id]
        if subscriber.seen.get(instrument_id) == row.seq or not row.seq:
            return
        subscriber.seen[instrument_id] = row.seq
        if subscriber.wants(subscriber.quotes, instrument_id):
            parts.append(self._part((instrument_id, "q", row.seq), lambda: self.quote(row)))
        if subscriber.wants(subscriber.books, instrument_id):
            parts.append(self._part((instrument_id, "o", row.seq), lambda: self.book(row)))

    def _part(
        self, key: Item | tuple[int, str, int], message: Callable[[], dict[str, Any]]
    ) -> bytes:
        found = self._parts.get(key)
        if found is None:
            if len(self._parts) >= KEPT_MAX:
                self._parts.clear()
            found = self._parts[key] = self._format.encode(message())
        return found

    def _frame(self, parts: list[bytes]) -> Shared:
        return Shared("data", self._format.joined(parts), is_binary=self._format.is_binary)

    def _item(self, item: Item) -> bytes:
        return self._part(item, lambda: self._told(item))

    def _told(self, item: Item) -> dict[str, Any]:
        value = item.value
        if isinstance(value, TradeTold):
            return self.trade(value)
        if isinstance(value, HaltTold):
            return self.status(value)
        return self.bar(_BAR_KINDS[item.channel], value)

    # Messages.

    def trade(self, told: TradeTold) -> dict[str, Any]:
        """A trade, its number its time in microseconds as the API has it; who took is not known."""
        instrument, form = self._view.instruments[told.instrument_id], self._format
        message = {
            "T": "t",
            "S": instrument.symbol,
            "i": told.ts_event // 1_000,
            "p": form.scaled(told.price, instrument.price_scale),
            "s": form.scaled(told.qty, instrument.qty_scale),
            "t": form.time(told.ts_event),
        }
        if self.of_coins(told.instrument_id):
            return {**message, "tks": ""}
        return {**message, "x": EXCHANGE, "c": TRADE_CONDITIONS, "z": TAPE}

    def quote(self, row: QuoteRow) -> dict[str, Any]:
        """A quote; a missing side is 0 for 0."""
        instrument, form = self._view.instruments[row.instrument_id], self._format
        message = {
            "T": "q",
            "S": instrument.symbol,
            "bp": form.scaled(row.bid, instrument.price_scale),
            "bs": form.scaled(row.bid_qty, instrument.qty_scale),
            "ap": form.scaled(row.ask, instrument.price_scale),
            "as": form.scaled(row.ask_qty, instrument.qty_scale),
            "t": form.time(row.ts),
        }
        if self.of_coins(row.instrument_id):
            return message
        return {**message, "bx": EXCHANGE, "ax": EXCHANGE, "c": QUOTE_CONDITIONS, "z": TAPE}

    def book(self, row: QuoteRow) -> dict[str, Any]:
        """The top of the book, each time as a whole."""
        instrument = self._view.instruments[row.instrument_id]
        return {
            "T": "o",
            "S": instrument.symbol,
            "t": self._format.time(row.ts),
            "b": self._level(instrument, row.bid, row.bid_qty),
            "a": self._level(instrument, row.ask, row.ask_qty),
            "r": True,
        }

    def _level(self, instrument: Instrument, price: int, qty: int) -> list[dict[str, Any]]:
        if not price:
            return []
        form = self._format
        return [
            {
                "p": form.scaled(price, instrument.price_scale),
                "s": form.scaled(qty, instrument.qty_scale),
            }
        ]

    def bar(self, kind: str, bar: Bar) -> dict[str, Any]:
        """A bar, stamped with its start."""
        instrument, form = self._view.instruments[bar.instrument_id], self._format
        scale = instrument.price_scale
        average = form.scaled(bar.close, scale)
        if bar.volume:
            average = form.number(format_ratio(bar.value, bar.volume * 10**scale, scale))
        return {
            "T": kind,
            "S": instrument.symbol,
            "o": form.scaled(bar.open, scale),
            "h": form.scaled(bar.high, scale),
            "l": form.scaled(bar.low, scale),
            "c": form.scaled(bar.close, scale),
            "v": form.scaled(bar.volume, instrument.qty_scale),
            "n": bar.count,
            "vw": average,
            "t": form.time(bar.start_ns),
        }

    def status(self, told: HaltTold) -> dict[str, Any]:
        """A halt, or the end of one."""
        code, text = HALT_WORDS[told.halted]
        return {
            "T": "s",
            "S": self._view.instruments[told.instrument_id].symbol,
            "sc": code,
            "sm": text,
            "rc": told.reason,
            "rm": "",
            "z": TAPE,
            "t": self._format.time(told.ts),
        }
