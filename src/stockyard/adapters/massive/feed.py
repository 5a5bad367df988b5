"""Massive's stocks stream as a machine without I/O.

Promises: it authenticates once the server has spoken and subscribes once it is let in; no frame
makes it raise. Must not know: sockets, or how ticks are used.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from stockyard.adapters.massive import wire
from stockyard.adapters.massive.reference import MassiveReference
from stockyard.adapters.massive.rest import BASE
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

NAME: Final = "massive"
CHANNELS: Final = ("T", "Q", "A", "AM", "LULD")
SILENCE_S: Final = 60.0
"""Nothing is sent for the sake of a heartbeat, so a quiet market is silent too."""
SYMBOLS_AT_ONCE: Final = 200
"""Channels named in one subscription message."""

OPTIONS: Final = {
    "key": FeedOption("The API key.", required=True),
    "url": FeedOption("Where the stream is.", "wss://socket.massive.com/stocks"),
    "rest_url": FeedOption("Where companies and daily bars are asked for.", BASE),
    "channels": FeedOption("What to ask for, of T, Q, A, AM and LULD.", "T,Q,LULD"),
    "quote_sizes": FeedOption("Whether sizes of quotes are `shares` or round `lots`.", "shares"),
}

_REFUSED: Final = ("auth_failed", "auth_timeout", "error")
_LIMITED: Final = ("max_connections",)
_GAPS: Final = ("slow_consumer", "force_disconnect")


class MassiveWire:
    """One connection to the stocks stream."""

    headers: Mapping[str, str] = {}
    beat_s: float | None = None
    silence_s = SILENCE_S
    name = NAME

    def __init__(
        self,
        url: str,
        key: str,
        channels: Sequence[str],
        symbols: Mapping[str, Instrument],
        *,
        in_lots: bool,
    ) -> None:
        self.url = url
        self._key, self._channels, self._in_lots = key, channels, in_lots
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
            if isinstance(message, wire.Status):
                sends += self._on_status(message, problems)
                continue
            symbol = message.T if isinstance(message, wire.BandMessage) else message.sym
            instrument = self._symbols.get(symbol)
            if instrument is None:
                problems.append(FeedProblem(ProblemKind.UNKNOWN_SYMBOL, symbol))
                continue
            try:
                ticks.append(self._tick(message, instrument, problems))
            except WireError as error:
                problems.append(FeedProblem(ProblemKind.MALFORMED, f"{symbol}: {error}"))
        return Received(ticks, sends, problems, self._live)

    def _tick(
        self, message: wire.Message, instrument: Instrument, problems: list[FeedProblem]
    ) -> Tick:
        if isinstance(message, wire.TradeMessage):
            tick, counting = wire.trade(message, instrument, NAME)
            problems += [FeedProblem(ProblemKind.UNKNOWN_CONDITION, c) for c in counting.unknown]
            self._check_order(tick, problems)
            return tick
        if isinstance(message, wire.QuoteMessage):
            return wire.quote(message, instrument, NAME, in_lots=self._in_lots)
        if isinstance(message, wire.BandMessage):
            return wire.band(message, instrument, NAME)
        assert isinstance(message, wire.BarMessage)
        return wire.bar(message, instrument, NAME)

    def _check_order(self, tick: TradeTick, problems: list[FeedProblem]) -> None:
        last_ns = self._last_ns.get(tick.instrument_id, 0)
        if tick.ts_event < last_ns:
            late_ms = (last_ns - tick.ts_event) // 1_000_000
            problems.append(FeedProblem(ProblemKind.OUT_OF_ORDER, f"{late_ms} ms late"))
        else:
            self._last_ns[tick.instrument_id] = tick.ts_event

    def _on_status(
        self, message: wire.Status, problems: list[FeedProblem]
    ) -> Sequence[str | bytes]:
        status, detail = message.status, f"{message.status}: {message.message}"
        if status == "connected":
            return [_command("auth", self._key)]
        if status == "auth_success":
            self._authenticated = True
            # With nothing to ask for there is nothing to be answered either.
            self._live = not self._symbols
            return self._ask("subscribe", list(self._symbols))
        if status == "success":
            self._live = self._live or self._authenticated
        elif status in _REFUSED:
            # Once it is let in, an error concerns a channel that the plan does not include.
            self._live = self._live or (self._authenticated and status == "error")
            problems.append(FeedProblem(ProblemKind.REFUSED, detail))
        elif status in _LIMITED:
            problems.append(FeedProblem(ProblemKind.LIMITED, detail))
        elif status in _GAPS:
            problems.append(FeedProblem(ProblemKind.GAP, detail))
        else:
            problems.append(FeedProblem(ProblemKind.UNEXPECTED, detail))
        return []

    def _ask(self, action: str, symbols: Sequence[str]) -> list[str | bytes]:
        channels = [f"{channel}.{symbol}" for symbol in symbols for channel in self._channels]
        return [
            _command(action, ",".join(channels[first : first + SYMBOLS_AT_ONCE]))
            for first in range(0, len(channels), SYMBOLS_AT_ONCE)
        ]


class MassiveSource:
    """The configured feed."""

    name = NAME

    def __init__(self, options: Mapping[str, str]) -> None:
        self._url, self._key = options["url"], options["key"]
        if not self._url.startswith(("wss://", "ws://")):
            raise ValueError("url: expected wss:// or ws:// and an address")
        if not options["rest_url"].startswith(("https://", "http://")):
            raise ValueError("rest_url: expected https:// or http:// and an address")
        self._channels = [word.strip() for word in options["channels"].split(",")]
        if not self._channels or not set(self._channels) <= set(CHANNELS):
            raise ValueError(f"channels: expected some of {','.join(CHANNELS)}")
        if options["quote_sizes"] not in ("shares", "lots"):
            raise ValueError("quote_sizes: expected shares or lots")
        self._in_lots = options["quote_sizes"] == "lots"

    async def prepare(self, fetch: Fetch, symbols: Mapping[str, Instrument]) -> FeedWire:
        """A machine for one connection."""
        return MassiveWire(self._url, self._key, self._channels, symbols, in_lots=self._in_lots)


def _command(action: str, params: str) -> str:
    return msgspec.json.encode({"action": action, "params": params}).decode()


def _their_symbol(ours: str) -> str:
    return ours


def _asset_class(ours: str) -> int:
    return AssetClass.US_EQUITY


FEED: Final = FeedAdapter(MassiveSource, OPTIONS, _their_symbol, _asset_class, MassiveReference)
