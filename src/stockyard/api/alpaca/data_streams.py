"""Alpaca's market-data streams: one for stocks whatever the feed, one for coins, one to try out.

Promises: every answer is an array; a subscription is answered with all there is; a frame that
cannot be done as a whole is refused as a whole, with a code of Alpaca's. A symbol that is not here
may be subscribed to, as there: nothing comes of it. Must not know: how messages are made
(``data_frames``).
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Final

from starlette.websockets import WebSocket

from stockyard.api.alpaca import fakepaca
from stockyard.api.alpaca.data_frames import DataFrames, DataSubscriber
from stockyard.api.alpaca.formats import Format
from stockyard.api.alpaca.sockets import AlpacaSocket
from stockyard.api.gateway import Gateway
from stockyard.api.heads import Head
from stockyard.api.problems import Problem
from stockyard.api.wire import Shared
from stockyard.model.numbers import TEXT_LENGTH_MAX
from stockyard.runtime.hub import ALL, Channel

SYMBOLS_MAX: Final = 5_000
"""Symbols of all channels together that one stream may follow."""
STEPS_MAX: Final = 50
"""Steps of the stream to try out that wait for one client, at most."""
EVERYTHING: Final = "*"
ERRORS: Final = {
    400: "invalid syntax",
    401: "not authenticated",
    402: "auth failed",
    403: "already authenticated",
    404: "auth timeout",
    405: "symbol limit exceeded",
    406: "connection limit exceeded",
    407: "slow client",
    409: "insufficient subscription",
    410: "invalid subscribe action for this feed",
    500: "internal error",
}
_COMMON: Final = ("trades", "quotes", "bars", "updatedBars", "dailyBars")
_WITH_TRADES: Final = ("corrections", "cancelErrors")
"""Not asked for: they come with trades."""
STOCKS: Final = (*_COMMON, "statuses", "lulds", "imbalances", *_WITH_TRADES)
COINS: Final = (*_COMMON, "orderbooks")
_HUB: Final = {
    "trades": Channel.TRADES,
    "quotes": Channel.QUOTES,
    "orderbooks": Channel.QUOTES,
    "bars": Channel.MINUTES,
    "updatedBars": Channel.AMENDED,
    "dailyBars": Channel.DAYS,
    "statuses": Channel.STATUSES,
}
"""What a channel is made of here; those without a row are listed, and nothing comes of them."""


class Refusal(Exception):
    """What a client asked for cannot be; ``code`` is one of ``ERRORS``."""

    def __init__(self, code: int) -> None:
        super().__init__(ERRORS[code])
        self.code = code


class DataSocket(AlpacaSocket):
    """One client of a data stream; ``channels`` are those of its feed."""

    stream: ClassVar[str] = "market_data"
    is_ours: ClassVar[bool] = False
    channels: ClassVar[tuple[str, ...]] = STOCKS

    def __init__(
        self, gateway: Gateway, socket: WebSocket, head: Head, form: Format, frames: DataFrames
    ) -> None:
        super().__init__(gateway, socket, head, form)
        self._data, self._public = frames, frames
        self._asked: dict[str, dict[str, None]] = {name: {} for name in self.channels}

    def _greet(self) -> None:
        self._tell({"T": "success", "msg": "connected"})
        if self._has_credentials:
            self._authenticate(self._by_head)

    def _tell(self, *messages: dict[str, Any]) -> None:
        self.reply(self._data.said(*messages))

    def _fail(self, code: int) -> None:
        self._tell({"T": "error", "code": code, "msg": ERRORS[code]})

    async def refuse(self, why: str) -> None:
        """Say, before anything else, why the connection is refused."""
        await self._put(self._data.said({"T": "error", "code": 406, "msg": ERRORS[406]}))

    def leave(self) -> None:
        """Nothing is to be given back."""

    def _unreadable(self) -> None:
        self._fail(400)

    def _too_late(self) -> None:
        self._fail(404)

    def _too_slow(self) -> None:
        self._fail(407)

    def _on_command(self, said: Mapping[str, Any]) -> None:
        action = said.get("action")
        try:
            if action == "auth":
                self._on_auth(said)
            elif action not in ("subscribe", "unsubscribe"):
                raise Refusal(400)
            elif self.identity is None:
                raise Refusal(401)
            else:
                self._change(said, action == "subscribe")
        except Refusal as refusal:
            self._fail(refusal.code)

    def _on_auth(self, said: Mapping[str, Any]) -> None:
        if self.identity is not None:
            raise Refusal(403)
        key, secret = said.get("key"), said.get("secret")
        if key == "oauth":
            self._authenticate(lambda: self._by_token(secret))
        else:
            self._authenticate(lambda: self._by_key(key, secret))

    def _authenticate(self, sign_in: Callable[[], object]) -> None:
        try:
            sign_in()
        except Problem as problem:
            self._fail(406 if problem.status == 429 else 402)
        else:
            self._tell({"T": "success", "msg": "authenticated"})

    def _change(self, said: Mapping[str, Any], is_more: bool) -> None:
        named = {name: self._symbols(name, said[name]) for name in said if name != "action"}
        asked = {name: dict(some) for name, some in self._asked.items()}
        for name, symbols in named.items():
            if name in _WITH_TRADES:
                continue
            if is_more:
                asked[name].update(dict.fromkeys(symbols))
            else:
                for symbol in symbols:
                    asked[name].pop(symbol, None)
        if sum(map(len, asked.values())) > SYMBOLS_MAX:
            raise Refusal(405)
        before, self._asked = self._asked, asked
        self._followed()
        state = {name: list(some) for name, some in asked.items()}
        state.update({name: state["trades"] for name in _WITH_TRADES if name in state})
        self._tell({"T": "subscription", **state})
        self._began({name: [x for x in asked[name] if x not in before[name]] for name in asked})

    def _symbols(self, channel: object, said: object) -> list[str]:
        """The symbols that a channel is named with. Raises ``Refusal``."""
        if channel not in self.channels:
            raise Refusal(410 if channel in STOCKS or channel in COINS else 400)
        if not isinstance(said, list) or len(said) > SYMBOLS_MAX:
            raise Refusal(405 if isinstance(said, list) else 400)
        return [self._symbol(one) for one in said]

    def _symbol(self, said: object) -> str:
        if not isinstance(said, str) or not 0 < len(said) <= TEXT_LENGTH_MAX:
            raise Refusal(400)
        return said

    def _followed(self) -> None:
        """Follow what is asked, and nothing else."""

    def _began(self, fresh: Mapping[str, Iterable[str]]) -> None:
        """Send what is sent of symbols that were not asked for before."""


class MarketSocket(DataSocket):
    """A client of the market's own stream: of stocks, or of coins."""

    coins: ClassVar[bool] = False

    def __init__(
        self, gateway: Gateway, socket: WebSocket, head: Head, form: Format, frames: DataFrames
    ) -> None:
        super().__init__(gateway, socket, head, form, frames)
        self._wants = DataSubscriber(self._woken.set, self._deliver, self.coins)
        self.subscriber = self._wants

    def _symbol(self, said: object) -> str:
        text = super()._symbol(said)
        if text == EVERYTHING:
            return text
        try:
            instrument = self._door.instrument(text)
        except Problem:
            return text
        if self._data.of_coins(instrument.instrument_id) != self.coins:
            raise Refusal(400)
        return instrument.symbol

    def _ids(self, channel: str) -> frozenset[int]:
        known, asked = self._door.view.symbols, self._asked.get(channel, {})
        if EVERYTHING in asked:
            return frozenset((ALL,))
        return frozenset([known[symbol] for symbol in asked if symbol in known])

    def _followed(self) -> None:
        hub, subscriber = self._door.world.hub, self._wants
        subscriber.quotes, subscriber.books = self._ids("quotes"), self._ids("orderbooks")
        self._note_quotes(subscriber.quotes | subscriber.books)
        wanted: dict[str, frozenset[int]] = {}
        for name, channel in _HUB.items():
            wanted[channel] = wanted.get(channel, frozenset()) | self._ids(name)
        for channel, ids in wanted.items():
            if ALL in ids:
                hub.subscribe_all(subscriber, channel)
                continue
            if hub.follows_all(subscriber, channel):
                hub.unsubscribe_all(subscriber, channel)
            before = frozenset(hub.followed(subscriber, channel))
            hub.unsubscribe(subscriber, sorted(before - ids), channel)
            hub.subscribe(subscriber, sorted(ids - before), channel)

    def _note_quotes(self, ids: frozenset[int]) -> None:
        """Take the quotes of now as sent: from here on only what changes is."""
        quotes, seen = self._door.view.quotes, self._wants.seen
        for instrument_id in quotes if ALL in ids else ids:
            seen.setdefault(instrument_id, quotes[instrument_id].seq)


class StockSocket(MarketSocket):
    """A client of a feed of stocks."""


class CoinSocket(MarketSocket):
    """A client of the stream of coins."""

    channels = COINS
    coins = True

    def _began(self, fresh: Mapping[str, Iterable[str]]) -> None:
        view = self._door.view
        names: Iterable[str] = fresh["orderbooks"]
        if EVERYTHING in names:
            names = [view.instruments[n].symbol for n in sorted(view.quotes) if self._is_coin(n)]
        rows = [view.quotes[view.symbols[name]] for name in names if name in view.symbols]
        books = [self._data.book(row) for row in rows if row.seq]
        if books:
            self._tell(*books)

    def _is_coin(self, instrument_id: int) -> bool:
        return self._data.of_coins(instrument_id)


class TrialSocket(DataSocket):
    """A client of the stream to try out, which has one symbol."""

    def __init__(
        self, gateway: Gateway, socket: WebSocket, head: Head, form: Format, frames: DataFrames
    ) -> None:
        super().__init__(gateway, socket, head, form, frames)
        self._steps: list[Shared] = []

    def tell_step(self, step: int) -> None:
        """Send what a step brings, unless the client takes nothing now."""
        if self.is_blocked or len(self._steps) >= STEPS_MAX:
            return
        found = []
        for channel, messages in fakepaca.of_step(self._format, step).items():
            asked = self._asked[channel]
            if fakepaca.SYMBOL in asked or EVERYTHING in asked:
                found += messages
        if found:
            self._steps.append(self._data.said(*found))
            self._woken.set()

    def _private(self) -> list[Shared]:
        steps, self._steps = self._steps, []
        return steps


class RefusingSocket(DataSocket):
    """A client of a stream that is not offered: told so when it has signed in."""

    def _authenticate(self, sign_in: Callable[[], object]) -> None:
        try:
            sign_in()
        except Problem:
            self._fail(402)
        else:
            self._fail(409)
