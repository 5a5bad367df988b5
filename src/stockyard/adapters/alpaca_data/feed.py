"""Alpaca's market-data stream as a machine without I/O, for stocks and for coins.

Promises: it authenticates once the server has spoken and subscribes once it is let in; it is live
when the server lists what it subscribed to; no frame makes it raise. Must not know: sockets, or how
ticks are used.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

from stockyard.adapters.alpaca_data import wire
from stockyard.model.codes import AssetClass
from stockyard.model.feeds import (
    FeedAdapter,
    FeedOption,
    FeedProblem,
    FeedWire,
    Fetch,
    ProblemKind,
    Received,
)
from stockyard.model.instruments import Instrument
from stockyard.model.ticks import Tick, TradeTick
from stockyard.model.wire_numbers import WireError

SILENCE_S: Final = 60.0
"""Nothing is sent for the sake of a heartbeat, so a quiet market is silent too."""
SYMBOLS_AT_ONCE: Final = 400
"""Symbols named in one subscription message."""
ENCODINGS: Final = {"json": "application/json", "msgpack": "application/msgpack"}

_REFUSED: Final = (401, 402, 405, 409, 410)
"""Not authenticated, authentication failed, too many symbols, not in the plan, no such channel."""
_LIMITED: Final = 406
_SLOW: Final = 407
_LIMITED_WAIT_S: Final = 5.0
"""A connection that was cut counts until the server has noticed."""


class Market(NamedTuple):
    """What differs between stocks and coins."""

    name: str
    url: str
    channels: tuple[str, ...]
    usual: tuple[str, ...]
    asset_class: int


STOCKS: Final = Market(
    "alpaca",
    "wss://stream.data.alpaca.markets/v2/iex",
    ("trades", "quotes", "bars", "updatedBars", "dailyBars", "statuses", "lulds"),
    ("trades", "quotes", "statuses", "lulds"),
    AssetClass.US_EQUITY,
)
COINS: Final = Market(
    "alpaca_crypto",
    "wss://stream.data.alpaca.markets/v1beta3/crypto/us",
    ("trades", "quotes", "bars", "updatedBars", "dailyBars"),
    ("trades", "quotes"),
    AssetClass.CRYPTO,
)


class AlpacaWire:
    """One connection to a stream."""

    beat_s: float | None = None
    silence_s = SILENCE_S

    def __init__(
        self,
        market: Market,
        options: Mapping[str, str],
        channels: Sequence[str],
        symbols: Mapping[str, Instrument],
    ) -> None:
        self.name, self.url = market.name, options["url"]
        self.headers: Mapping[str, str] = {"Content-Type": ENCODINGS[options["encoding"]]}
        self._packed = options["encoding"] == "msgpack"
        self._key, self._secret = options["key"], options["secret"]
        self._in_lots = options["quote_sizes"] == "lots"
        self._channels = channels
        self._symbols = dict(symbols)
        self._authenticated = self._live = False
        self._last_ns: dict[int, int] = {}

    def opened(self) -> list[str | bytes]:
        """The server speaks first."""
        return []

    def beat(self) -> list[str | bytes]:
        """There is none; the connection's own pings keep it alive."""
        return []

    def subscribe(self, symbols: Mapping[str, Instrument]) -> list[str | bytes]:
        """Ask for more symbols."""
        self._symbols.update(symbols)
        return self._ask("subscribe", list(symbols)) if self._authenticated else []

    def unsubscribe(self, symbols: Sequence[str]) -> list[str | bytes]:
        """Ask for symbols no more."""
        known = [symbol for symbol in symbols if self._symbols.pop(symbol, None) is not None]
        return self._ask("unsubscribe", known) if self._authenticated else []

    def received(self, frame: str | bytes, now_ns: int) -> Received:
        """Take one frame."""
        messages, wrong = wire.read_frame(frame)
        problems = [FeedProblem(ProblemKind.MALFORMED, detail) for detail in wrong]
        ticks: list[Tick] = []
        sends: list[str | bytes] = []
        for message in messages:
            if isinstance(message, wire.Control):
                sends += self._on_control(message, problems)
                continue
            instrument = self._symbols.get(message.S)
            if instrument is None:
                problems.append(FeedProblem(ProblemKind.UNKNOWN_SYMBOL, message.S))
                continue
            try:
                tick = self._tick(message, instrument, problems)
            except WireError as error:
                problems.append(FeedProblem(ProblemKind.MALFORMED, f"{message.S}: {error}"))
            else:
                ticks += () if tick is None else (tick,)
        return Received(ticks, sends, problems, self._live)

    def _tick(
        self, message: wire.Data, instrument: Instrument, problems: list[FeedProblem]
    ) -> Tick | None:
        if isinstance(message, wire.TradeMessage):
            tick, counting = wire.trade(message, instrument, self.name)
            problems += [FeedProblem(ProblemKind.UNKNOWN_CONDITION, c) for c in counting.unknown]
            self._check_order(tick, problems)
            return tick
        if isinstance(message, wire.QuoteMessage):
            return wire.quote(message, instrument, self.name, in_lots=self._in_lots)
        if isinstance(message, wire.BandMessage):
            return wire.band(message, instrument, self.name)
        if isinstance(message, wire.StatusMessage):
            return wire.status(message, instrument, self.name)
        if isinstance(message, wire.BarMessage):
            return wire.bar(message, instrument, self.name)
        # Corrections and cancellations come with trades, asked for or not. What was traded on a
        # print stays traded, and bars keep it.
        return None

    def _check_order(self, tick: TradeTick, problems: list[FeedProblem]) -> None:
        last_ns = self._last_ns.get(tick.instrument_id, 0)
        if tick.ts_event < last_ns:
            late_ms = (last_ns - tick.ts_event) // 1_000_000
            problems.append(FeedProblem(ProblemKind.OUT_OF_ORDER, f"{late_ms} ms late"))
        else:
            self._last_ns[tick.instrument_id] = tick.ts_event

    def _on_control(
        self, message: wire.Control, problems: list[FeedProblem]
    ) -> Sequence[str | bytes]:
        if isinstance(message, wire.Failure):
            problems.append(_problem(message))
        elif isinstance(message, wire.Subscription):
            self._live = self._authenticated and self._is_complete(message, problems)
        elif message.msg == "connected":
            return [self._say({"action": "auth", "key": self._key, "secret": self._secret})]
        elif message.msg == "authenticated":
            self._authenticated = True
            # With nothing to ask for there is nothing to be answered either.
            self._live = not self._symbols
            return self._ask("subscribe", list(self._symbols))
        else:
            problems.append(FeedProblem(ProblemKind.UNEXPECTED, f"success: {message.msg}"))
        return []

    def _is_complete(self, found: wire.Subscription, problems: list[FeedProblem]) -> bool:
        """Whether the server lists every symbol in some channel, as it does after the last of our
        messages; a channel that lacks symbols others have is told.
        """
        listed = {
            "trades": set(found.trades),
            "quotes": set(found.quotes),
            "bars": set(found.bars),
            "updatedBars": set(found.updated_bars),
            "dailyBars": set(found.daily_bars),
            "statuses": set(found.statuses),
            "lulds": set(found.lulds),
        }
        wanted = self._symbols.keys()
        if not wanted <= set().union(*listed.values()):
            return self._live
        for channel in self._channels:
            lacking = wanted - listed[channel]
            if lacking:
                detail = f"{channel} of {len(lacking)} symbols: it does not list them"
                problems.append(FeedProblem(ProblemKind.REFUSED, detail))
        return True

    def _ask(self, action: str, symbols: Sequence[str]) -> list[str | bytes]:
        return [
            self._say(
                {
                    "action": action,
                    **{
                        channel: symbols[first : first + SYMBOLS_AT_ONCE]
                        for channel in self._channels
                    },
                }
            )
            for first in range(0, len(symbols), SYMBOLS_AT_ONCE)
        ]

    def _say(self, message: Mapping[str, str | Sequence[str]]) -> str | bytes:
        return wire.encode(message, packed=self._packed)


class AlpacaSource:
    """A configured feed."""

    def __init__(self, market: Market, options: Mapping[str, str]) -> None:
        self.name = market.name
        self._market, self._options = market, options
        self._channels = [word.strip() for word in options["channels"].split(",")]
        if not set(self._channels) <= set(market.channels):
            raise ValueError(f"channels: expected some of {','.join(market.channels)}")
        if options["quote_sizes"] not in ("shares", "lots"):
            raise ValueError("quote_sizes: expected shares or lots")
        if options["encoding"] not in ENCODINGS:
            raise ValueError(f"encoding: expected {' or '.join(ENCODINGS)}")
        if not options["url"].startswith(("wss://", "ws://")):
            raise ValueError("url: expected wss:// or ws:// and an address")

    async def prepare(self, fetch: Fetch, symbols: Mapping[str, Instrument]) -> FeedWire:
        """A machine for one connection."""
        return AlpacaWire(self._market, self._options, self._channels, symbols)


def _problem(message: wire.Failure) -> FeedProblem:
    detail = f"{message.code}: {message.msg}"
    if message.code in _REFUSED:
        return FeedProblem(ProblemKind.REFUSED, detail)
    if message.code == _LIMITED:
        return FeedProblem(ProblemKind.LIMITED, detail, _LIMITED_WAIT_S)
    return FeedProblem(ProblemKind.GAP if message.code == _SLOW else ProblemKind.UNEXPECTED, detail)


def _their_symbol(ours: str) -> str:
    return ours


def _asset_class(market: Market, ours: str) -> int:
    return market.asset_class


def _adapter(market: Market) -> FeedAdapter:
    options = {
        "key": FeedOption("The API key's id.", required=True),
        "secret": FeedOption("Its secret.", required=True),
        "url": FeedOption("Where the stream is.", market.url),
        "channels": FeedOption(
            f"What to ask for, of {','.join(market.channels)}.", ",".join(market.usual)
        ),
        "encoding": FeedOption("`json` or `msgpack`.", "json"),
        "quote_sizes": FeedOption(
            "Whether sizes of quotes are `shares` or round `lots`.", "shares"
        ),
    }
    return FeedAdapter(
        partial(AlpacaSource, market), options, _their_symbol, partial(_asset_class, market)
    )


FEED: Final = _adapter(STOCKS)
CRYPTO_FEED: Final = _adapter(COINS)
