"""Backpack's public streams as a machine without I/O.

Promises: it subscribes as soon as it is connected and waits for no acknowledgement, because there
is none; each symbol is asked for by itself, so that one that does not exist costs no other, and
again for as long as nothing comes of it; no frame makes it raise. Must not know: sockets, or how
ticks are used.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from stockyard.adapters.backpack import wire
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
from stockyard.model.ticks import Counts, Tick
from stockyard.model.wire_numbers import WireError

NAME: Final = "backpack"
PERPETUAL: Final = "_PERP"
PULSE: Final = "ticker"
"""Sent about once a second whether anything trades or not: it tells a quiet market from a dead
connection."""
SILENCE_S: Final = 30.0
ASK_AGAIN_S: Final = 20.0
"""So often symbols are asked for again of which nothing came."""
STREAMS: Final = ("bookTicker", "trade", "markPrice")
KLINES: Final = {f"kline.{interval}": window_s for interval, window_s in wire.WINDOWS_S.items()}

OPTIONS: Final = {
    "url": FeedOption("Where the streams are.", "wss://ws.backpack.exchange"),
    "streams": FeedOption(
        f"What to ask for, of {', '.join((*STREAMS, *KLINES))}.", "bookTicker,trade,markPrice"
    ),
}

_INVALID_STREAM: Final = 4006
_LIMITED: Final = 429


class BackpackWire:
    """One connection to the public streams."""

    headers: Mapping[str, str] = {}
    beat_s: float | None = ASK_AGAIN_S
    silence_s = SILENCE_S
    name = NAME

    def __init__(self, url: str, streams: Sequence[str], symbols: Mapping[str, Instrument]) -> None:
        self.url = url
        self._streams = streams
        self._symbols = dict(symbols)
        self._opened = self._live = False
        self._heard: set[str] = set()
        self._quotes: dict[str, tuple[int, int]] = {}
        self._trades: dict[str, tuple[int, int]] = {}

    def opened(self) -> list[str | bytes]:
        """Ask for everything."""
        self._opened = True
        return [self._ask("SUBSCRIBE", symbol) for symbol in self._symbols]

    def beat(self) -> list[str | bytes]:
        """Ask again for what nothing came of: that a request was lost nobody would say.

        It keeps nothing alive: the server pings, and pongs are the connection's own affair.
        """
        return [self._ask("SUBSCRIBE", one) for one in self._symbols if one not in self._heard]

    def subscribe(self, symbols: Mapping[str, Instrument]) -> list[str | bytes]:
        """Ask for more symbols."""
        self._symbols.update(symbols)
        return [self._ask("SUBSCRIBE", symbol) for symbol in symbols] if self._opened else []

    def unsubscribe(self, symbols: Sequence[str]) -> list[str | bytes]:
        """Ask for symbols no more."""
        known = [symbol for symbol in symbols if self._symbols.pop(symbol, None) is not None]
        self._heard.difference_update(known)
        for symbol in known:
            self._quotes.pop(symbol, None)
            self._trades.pop(symbol, None)
        return [self._ask("UNSUBSCRIBE", symbol) for symbol in known] if self._opened else []

    def received(self, frame: str | bytes, now_ns: int) -> Received:
        """Take one frame. The first that belongs to a stream makes the feed live."""
        problems: list[FeedProblem] = []
        ticks: list[Tick] = []
        try:
            found = wire.read_frame(frame)
            if found.error is not None:
                problems.append(_problem_of(found.error))
            elif found.stream:
                tick = self._tick(found, problems)
                if tick is not None:
                    ticks.append(tick)
            elif found.result is msgspec.UNSET:
                problems.append(FeedProblem(ProblemKind.UNEXPECTED, "neither data nor a fault"))
        except WireError as error:
            problems.append(FeedProblem(ProblemKind.MALFORMED, str(error)))
        self._live = self._live or (self._opened and not self._symbols)
        return Received(ticks, [], problems, self._live)

    def _tick(self, frame: wire.Frame, problems: list[FeedProblem]) -> Tick | None:
        kind, _, rest = frame.stream.partition(".")
        message = wire.read_message(kind, frame.data)
        if message is None:
            problems.append(FeedProblem(ProblemKind.UNEXPECTED, frame.stream))
            return None
        instrument = self._symbols.get(message.s)
        if instrument is None:
            problems.append(FeedProblem(ProblemKind.UNKNOWN_SYMBOL, message.s))
            return None
        self._live = True
        self._heard.add(message.s)
        if isinstance(message, wire.BookTicker):
            quote = wire.quote(message, instrument, NAME)
            place = quote.ts_event, wire.number_of(message.u)
            return None if self._is_late(self._quotes, message.s, place, problems) else quote
        if isinstance(message, wire.TradeMessage):
            trade = wire.trade(message, instrument, NAME, Counts.ALL)
            self._is_late(self._trades, message.s, (trade.ts_event, trade.sequence), problems)
            return trade
        if isinstance(message, wire.MarkPrice):
            return wire.mark(message, instrument, NAME)
        if isinstance(message, wire.Kline):
            window_s = wire.WINDOWS_S.get(rest.partition(".")[0])
            if window_s is None:
                raise WireError("a bar has an interval that was not asked for")
            return wire.bar(message, window_s, instrument, NAME)
        return None

    def _is_late(
        self,
        last: dict[str, tuple[int, int]],
        symbol: str,
        place: tuple[int, int],
        problems: list[FeedProblem],
    ) -> bool:
        """Whether something with a later time, or a larger number at that time, came before.

        A late quote is worth nothing; a late trade still happened.
        """
        late = place < last.get(symbol, place)
        if late:
            problems.append(FeedProblem(ProblemKind.OUT_OF_ORDER, f"{symbol} {place[1]}"))
        else:
            last[symbol] = place
        return late

    def _ask(self, method: str, symbol: str) -> str:
        streams = [
            f"{stream}.{symbol}"
            for stream in (PULSE, *self._streams)
            if stream != "markPrice" or symbol.endswith(PERPETUAL)
        ]
        return msgspec.json.encode({"method": method, "params": streams}).decode()


class BackpackSource:
    """The configured feed."""

    name = NAME

    def __init__(self, options: Mapping[str, str]) -> None:
        self._url = options["url"]
        if not self._url.startswith(("wss://", "ws://")):
            raise ValueError("url: expected wss:// or ws:// and an address")
        self._streams = [word.strip() for word in options["streams"].split(",")]
        if not set(self._streams) <= {*STREAMS, *KLINES}:
            raise ValueError(f"streams: expected some of {','.join((*STREAMS, *KLINES))}")

    async def prepare(self, fetch: Fetch, symbols: Mapping[str, Instrument]) -> FeedWire:
        """A machine for one connection."""
        return BackpackWire(self._url, self._streams, symbols)


def _problem_of(fault: wire.Fault) -> FeedProblem:
    detail = f"{fault.code}: {fault.message}"
    if fault.code == _INVALID_STREAM:
        return FeedProblem(ProblemKind.UNKNOWN_SYMBOL, detail)
    if fault.code == _LIMITED or "too many" in fault.message.lower():
        return FeedProblem(ProblemKind.LIMITED, detail)
    return FeedProblem(ProblemKind.UNEXPECTED, detail)


def _their_symbol(ours: str) -> str:
    """``BTC/USD`` is traded against USDC there, and ``BTC-PERP`` settled in it."""
    if ours.endswith("-PERP"):
        return f"{ours.removesuffix('-PERP')}_USDC{PERPETUAL}"
    base, slash, counter = ours.partition("/")
    return f"{base}_{'USDC' if counter == 'USD' else counter}" if slash else ours


def _asset_class(ours: str) -> int:
    return AssetClass.CRYPTO


FEED: Final = FeedAdapter(BackpackSource, OPTIONS, _their_symbol, _asset_class)
