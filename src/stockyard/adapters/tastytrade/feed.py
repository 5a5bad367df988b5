"""tastytrade's market data as a machine without I/O: DXLink, let in by OAuth.

Promises: every connection has tokens that were fetched for it, and says that it has expired before
they do; a channel that the server closes is opened again with all its subscriptions; no frame makes
it raise. Must not know: sockets, or how ticks are used.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from stockyard.adapters.tastytrade import rest, wire
from stockyard.model.codes import AssetClass
from stockyard.model.feeds import (
    FeedAdapter,
    FeedOption,
    FeedProblem,
    FeedRefused,
    FeedWire,
    Fetch,
    ProblemKind,
    Received,
)
from stockyard.model.instruments import Instrument
from stockyard.model.ticks import Tick, TradeTick
from stockyard.model.wire_numbers import WireError

NAME: Final = "tastytrade"
VERSION: Final = "0.1-stockyard/1.0"
KEEPALIVE_S: Final = 60
"""How long either side may say nothing; both sides promise it when they set up."""
BEAT_S: Final = 30.0
TOKEN_LIFE_NS: Final = 24 * 3600 * 1_000_000_000
RENEWAL_NS: Final = 3600 * 1_000_000_000
"""A connection is renewed this long before its token ends."""
CANDLES_BACK: Final = 300
"""Candles asked for from before the connection."""
SYMBOLS_AT_ONCE: Final = 200
"""Symbols in one subscription message."""
SKIPS_MAX: Final = 31
"""At most so many attempts in a row are not made after credentials were refused."""

OPTIONS: Final = {
    "key": FeedOption("The refresh token of an OAuth grant.", required=True),
    "secret": FeedOption("The client secret of the OAuth application.", required=True),
    "url": FeedOption("Where the API is.", rest.BASE),
    "events": FeedOption(
        "What to ask for, of Quote, Trade, Greeks and Summary.", "Quote,Trade,Greeks,Summary"
    ),
    "candles": FeedOption(f"Candles to ask for too, of {', '.join(wire.PERIODS_S)}."),
}
_EVENTS: Final = ("Quote", "Trade", "Greeks", "Summary")


class TastytradeWire:
    """One DXLink connection with one channel for all events."""

    headers: Mapping[str, str] = {}
    beat_s: float | None = BEAT_S
    silence_s = KEEPALIVE_S + 5.0
    name = NAME

    def __init__(
        self,
        token: rest.QuoteToken,
        events: Sequence[str],
        candles: Sequence[str],
        symbols: Mapping[str, Instrument],
    ) -> None:
        self.url, self._token = token.dxlink_url, token.token
        self._events, self._candles = events, candles
        self._symbols = dict(symbols)
        self._fields = dict(wire.FIELDS)
        self._channel = 1
        self._open = self._live = self._asked = self._authorized = False
        self._began_ns = self._now_ns = 0
        self._trades: dict[int, TradeTick] = {}

    def opened(self) -> list[str | bytes]:
        """Introduce ourselves."""
        return [
            _message(
                "SETUP",
                0,
                keepaliveTimeout=KEEPALIVE_S,
                acceptKeepaliveTimeout=KEEPALIVE_S,
                version=VERSION,
            )
        ]

    def beat(self) -> list[str | bytes]:
        """Say that we are there."""
        return [_message("KEEPALIVE", 0)]

    def subscribe(self, symbols: Mapping[str, Instrument]) -> list[str | bytes]:
        """Ask for more symbols."""
        self._symbols.update(symbols)
        return self._ask("add", list(symbols)) if self._open else []

    def unsubscribe(self, symbols: Sequence[str]) -> list[str | bytes]:
        """Ask for symbols no more."""
        known = [symbol for symbol in symbols if self._symbols.pop(symbol, None) is not None]
        return self._ask("remove", known) if self._open else []

    def received(self, frame: str | bytes, now_ns: int) -> Received:
        """Take one frame."""
        self._began_ns = self._began_ns or now_ns
        self._now_ns = now_ns
        ticks: list[Tick] = []
        problems: list[FeedProblem] = []
        sends: list[str | bytes] = []
        try:
            message = wire.read_frame(frame)
            if message["type"] == "FEED_DATA":
                self._live = self._live or self._open
                for kind, event in wire.read_events(message, self._fields):
                    self._take(kind, event, ticks, problems)
            else:
                sends = self._control(message, problems)
        except WireError as error:
            problems.append(FeedProblem(ProblemKind.MALFORMED, str(error)))
        if now_ns - self._began_ns >= TOKEN_LIFE_NS - RENEWAL_NS:
            problems.append(FeedProblem(ProblemKind.EXPIRED, "the token is about to end"))
        return Received(ticks, sends, problems, self._live)

    def _control(
        self, message: Mapping[str, Any], problems: list[FeedProblem]
    ) -> list[str | bytes]:
        kind, channel = message["type"], message.get("channel")
        if kind == "AUTH_STATE":
            return self._on_auth_state(message, problems)
        if kind == "ERROR":
            problems.append(self._problem_of(message))
        elif kind == "CHANNEL_OPENED" and channel == self._channel:
            self._open = True
            setup = _message(
                "FEED_SETUP",
                self._channel,
                acceptAggregationPeriod=0.1,
                acceptDataFormat="COMPACT",
                acceptEventFields={name: wire.FIELDS[name] for name in self._kinds()},
            )
            return [setup, *self._ask("add", list(self._symbols))]
        elif kind == "FEED_CONFIG":
            self._live = self._live or self._open
            wire.read_fields(message, self._fields)
        elif kind == "CHANNEL_CLOSED" and channel == self._channel:
            problems.append(FeedProblem(ProblemKind.GAP, "the channel was closed"))
            self._channel += 2
            return [self._request_channel()]
        elif kind not in ("SETUP", "KEEPALIVE", "CHANNEL_OPENED", "CHANNEL_CLOSED"):
            problems.append(FeedProblem(ProblemKind.UNEXPECTED, kind))
        return []

    def _on_auth_state(
        self, message: Mapping[str, Any], problems: list[FeedProblem]
    ) -> list[str | bytes]:
        if message.get("state") == "AUTHORIZED":
            if self._authorized:
                return []
            self._authorized = True
            return [self._request_channel()]
        if self._authorized:
            problems.append(FeedProblem(ProblemKind.EXPIRED, "no longer authorized"))
        elif self._asked:
            problems.append(FeedProblem(ProblemKind.REFUSED, "the token was not taken"))
        else:
            self._asked = True
            return [_message("AUTH", 0, token=self._token)]
        return []

    def _problem_of(self, message: Mapping[str, Any]) -> FeedProblem:
        error = message.get("error")
        detail = f"{error}: {message.get('message')}"
        if error == "UNAUTHORIZED":
            kind = ProblemKind.EXPIRED if self._authorized else ProblemKind.REFUSED
            return FeedProblem(kind, detail)
        return FeedProblem(ProblemKind.UNEXPECTED, detail)

    def _take(
        self, kind: str, event: wire.Event, ticks: list[Tick], problems: list[FeedProblem]
    ) -> None:
        symbol = ""
        try:
            symbol, window_s = wire.symbol_of(event), 0
            if kind == "Candle":
                symbol, window_s = wire.split_candle(symbol)
            instrument = self._symbols.get(symbol)
            if instrument is None:
                problems.append(FeedProblem(ProblemKind.UNKNOWN_SYMBOL, symbol))
                return
            tick = self._tick(kind, event, instrument, window_s, problems)
        except wire.UNREADABLE as error:
            problems.append(FeedProblem(ProblemKind.MALFORMED, f"{kind} {symbol}: {error}"))
        else:
            if tick is not None:
                ticks.append(tick)

    def _tick(
        self,
        kind: str,
        event: wire.Event,
        instrument: Instrument,
        window_s: int,
        problems: list[FeedProblem],
    ) -> Tick | None:
        if kind == "Quote":
            return wire.quote(event, instrument, NAME, self._now_ns)
        if kind == "Greeks":
            return wire.greeks(event, instrument, NAME)
        if kind == "Candle":
            return wire.candle(event, window_s, instrument, NAME, self._now_ns)
        last = self._trades.get(instrument.instrument_id)
        if kind == "Summary":
            return wire.day(event, instrument, NAME, last.price if last is not None else 0)
        if kind != "Trade":
            problems.append(FeedProblem(ProblemKind.UNEXPECTED, kind))
            return None
        trade = wire.trade(event, instrument, NAME)
        if trade is None:
            return None
        if last is not None and trade.ts_event < last.ts_event:
            late_ms = (last.ts_event - trade.ts_event) // 1_000_000
            problems.append(FeedProblem(ProblemKind.OUT_OF_ORDER, f"{late_ms} ms late"))
        else:
            self._trades[instrument.instrument_id] = trade
        return trade

    def _kinds(self) -> list[str]:
        return [*self._events, *(("Candle",) if self._candles else ())]

    def _request_channel(self) -> str:
        self._open = False
        return _message(
            "CHANNEL_REQUEST", self._channel, service="FEED", parameters={"contract": "AUTO"}
        )

    def _ask(self, action: str, symbols: Sequence[str]) -> list[str | bytes]:
        return [
            _message(
                "FEED_SUBSCRIPTION",
                self._channel,
                **{action: self._wanted(symbols[first : first + SYMBOLS_AT_ONCE], action)},
            )
            for first in range(0, len(symbols), SYMBOLS_AT_ONCE)
        ]

    def _wanted(self, symbols: Sequence[str], action: str) -> list[dict[str, Any]]:
        wanted: list[dict[str, Any]] = [
            {"symbol": symbol, "type": kind}
            for symbol in symbols
            for kind in self._events
            if kind != "Greeks" or symbol.startswith(".")
        ]
        for period in self._candles:
            back_ns = CANDLES_BACK * wire.PERIODS_S[period] * 1_000_000_000
            since = {"fromTime": (self._now_ns - back_ns) // 1_000_000} if action == "add" else {}
            wanted += [
                {"symbol": wire.candle_symbol(symbol, period), "type": "Candle", **since}
                for symbol in symbols
            ]
        return wanted


class TastytradeSource:
    """The configured feed.

    Too many refused sign-ins get an address blocked for hours, so after each refusal in a row it
    lets twice as many attempts pass without asking.
    """

    name = NAME

    def __init__(self, options: Mapping[str, str]) -> None:
        self._base = options["url"].rstrip("/")
        if not self._base.startswith(("https://", "http://")):
            raise ValueError("url: expected https:// or http:// and an address")
        self._refresh_token, self._secret = options["key"], options["secret"]
        self._events, self._candles = _words(options["events"]), _words(options["candles"])
        if not self._events or not set(self._events) <= set(_EVENTS):
            raise ValueError(f"events: expected some of {','.join(_EVENTS)}")
        if not set(self._candles) <= set(wire.PERIODS_S):
            raise ValueError(f"candles: expected some of {','.join(wire.PERIODS_S)}, or nothing")
        self._refusals = self._skips = 0

    async def prepare(self, fetch: Fetch, symbols: Mapping[str, Instrument]) -> FeedWire:
        """Fetch an access token and with it a quote token; a machine for one connection."""
        if self._skips:
            self._skips -= 1
            raise FeedRefused(f"credentials were refused; asked again after {self._skips} more")
        try:
            answer = await fetch(
                rest.ask_access_token(self._base, self._secret, self._refresh_token)
            )
            access = rest.read_access_token(answer)
            token = rest.read_quote_token(await fetch(rest.ask_quote_token(self._base, access)))
        except FeedRefused:
            self._skips = min((1 << min(self._refusals, 10)) - 1, SKIPS_MAX)
            self._refusals += 1
            raise
        self._refusals = 0
        return TastytradeWire(token, self._events, self._candles, symbols)


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _message(kind: str, channel: int, **rest_of: Any) -> str:
    return msgspec.json.encode({"type": kind, "channel": channel, **rest_of}).decode()


def _asset_class(ours: str) -> int:
    return AssetClass.CRYPTO if "/" in ours else AssetClass.US_EQUITY


FEED: Final = FeedAdapter(TastytradeSource, OPTIONS, wire.their_symbol, _asset_class)
