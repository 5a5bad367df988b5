"""One stand for every live feed: its fake server, and how that is told what to do.

A new feed needs a stand here; ``test_feed_faults`` then tries it under every fault.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, Protocol

import msgpack

from stockyard.adapters import FEEDS
from stockyard.market.catalog import CATALOG
from stockyard.model.feeds import FeedSource, ProblemKind
from stockyard.model.instruments import Instrument
from tests.fakes import tastytrade
from tests.fakes.alpaca_data import AlpacaFake
from tests.fakes.backpack import BackpackFake
from tests.fakes.line import FeedServer, Frame
from tests.fakes.massive import MassiveFake
from tests.fakes.tastytrade import TastytradeFake

MS: Final = 1_000_000
US: Final = 1_000
OURS: Final = {listing.instrument.symbol: listing.instrument for listing in CATALOG}


class Stand(Protocol):
    """A feed with its fake.

    ``symbols``: theirs to our instruments, two at least. ``orders_ticks``: whether the adapter says
    OUT_OF_ORDER of a trade that is older than the one before.
    """

    server: FeedServer
    symbols: Mapping[str, Instrument]
    orders_ticks: bool

    def source(self) -> FeedSource:
        """The feed as it is configured."""

    def trade(self, symbol: str, cents: int, at_ns: int) -> None:
        """Have the server publish a trade to those who asked for it."""

    def burst(self, symbol: str, cents: Sequence[int], at_ns: int) -> None:
        """Have it publish trades as fast as it can."""

    def stranger(self) -> None:
        """Have it publish a trade of a symbol nobody asked for."""

    def unknown(self) -> Sequence[Frame]:
        """Frames that are well formed and wrong: types, values, words nobody knows."""

    def revoke(self) -> None:
        """Let nobody in any more."""

    def restore(self) -> None:
        """Let everyone in again."""

    def wanted(self) -> list[str]:
        """What a connection subscribes to when nothing is lost."""


class MassiveStand:
    """Massive."""

    orders_ticks = True

    def __init__(self) -> None:
        self.server: MassiveFake = MassiveFake()
        self.symbols = {"AAPL": OURS["AAPL"], "MSFT": OURS["MSFT"]}

    def source(self) -> FeedSource:
        adapter = FEEDS["massive"]()
        options = {name: option.default for name, option in adapter.options.items()}
        return adapter.open_feed({**options, "key": "k", "url": "ws://massive/stocks"})

    def trade(self, symbol: str, cents: int, at_ns: int) -> None:
        self.server.publish(self.server.trade(symbol, cents / 100, 100, at_ns // MS))

    def burst(self, symbol: str, cents: Sequence[int], at_ns: int) -> None:
        for first in range(0, len(cents), 1_000):
            part = cents[first : first + 1_000]
            self.server.publish(
                *(self.server.trade(symbol, one / 100, 100, at_ns // MS) for one in part)
            )

    def stranger(self) -> None:
        event = self.server.trade("WHO", 1, 1, 1_795_185_062_000)
        for line in self.server.lines:
            line.asked["T.WHO"] = None
            self.server.publish(event)
            del line.asked["T.WHO"]

    def unknown(self) -> Sequence[Frame]:
        return (
            '[{"ev":"T","sym":"AAPL","p":"much","s":1,"t":1795185062000}]',
            '[{"ev":"T","sym":"AAPL","p":-3,"s":1,"t":1795185062000}]',
            '[{"ev":"T","sym":"AAPL","p":1e40,"s":1,"t":1795185062000}]',
            '[{"ev":"T","sym":"AAPL","p":1,"s":1,"t":-5}]',
            '[{"ev":"T","sym":7,"p":1,"s":1,"t":1795185062000}]',
            '[{"ev":"Q","sym":"AAPL","bp":1}]',
            '[{"ev":"ZZ","sym":"AAPL"}]',
            '[{"ev":"status","status":"what","message":"x"}]',
            '{"ev":"T"}',
            "[7]",
        )

    def revoke(self) -> None:
        self.server.keys.clear()

    def restore(self) -> None:
        self.server.keys.add("k")

    def wanted(self) -> list[str]:
        return [f"{channel}.{symbol}" for symbol in self.symbols for channel in ("T", "Q", "LULD")]


class AlpacaStand:
    """Alpaca: stocks in JSON, coins in MessagePack."""

    orders_ticks = True

    def __init__(self, name: str, symbols: Sequence[str], encoding: str) -> None:
        self.server: AlpacaFake = AlpacaFake()
        self.symbols = {symbol: OURS[symbol] for symbol in symbols}
        self._name, self._encoding = name, encoding

    def _options(self) -> dict[str, str]:
        adapter = FEEDS[self._name]()
        options = {name: option.default for name, option in adapter.options.items()}
        given = {"key": "k", "secret": "s", "encoding": self._encoding}
        return {**options, **given, "url": "ws://alpaca/v2/test"}

    def source(self) -> FeedSource:
        return FEEDS[self._name]().open_feed(self._options())

    def trade(self, symbol: str, cents: int, at_ns: int) -> None:
        self.server.publish("trades", self.server.trade(symbol, cents / 100, 1, at_ns))

    def burst(self, symbol: str, cents: Sequence[int], at_ns: int) -> None:
        for first in range(0, len(cents), 1_000):
            part = cents[first : first + 1_000]
            trades = (self.server.trade(symbol, one / 100, 1, at_ns) for one in part)
            self.server.publish("trades", *trades)

    def stranger(self) -> None:
        for line in self.server.lines:
            self.server.say(line, self.server.trade("WHO", 1, 1, 1_795_185_062_000_000_000))

    def unknown(self) -> Sequence[Frame]:
        symbol, at = next(iter(self.symbols)), "2026-11-20T14:31:02Z"
        wrong: list[object] = [
            [{"T": "t", "S": symbol, "p": "much", "s": 1, "t": at}],
            [{"T": "t", "S": symbol, "p": -3, "s": 1, "t": at}],
            [{"T": "t", "S": symbol, "p": 1e40, "s": 1, "t": at}],
            [{"T": "t", "S": symbol, "p": 1, "s": 1, "t": "yesterday"}],
            [{"T": "t", "S": symbol, "p": 1, "s": 1, "t": "2026-13-20T14:31:02Z"}],
            [{"T": "t", "S": symbol, "p": 1, "s": 1, "t": 7}],
            [{"T": "t", "S": 7, "p": 1, "s": 1, "t": at}],
            [{"T": "q", "S": symbol, "bp": 1}],
            [{"T": "s", "S": symbol, "sc": "?", "t": at}],
            [{"T": "zz", "S": symbol}],
            [{"T": "success", "msg": "what"}],
            [{"T": "error", "code": 500, "msg": "internal error"}],
            {"T": "t"},
            [7],
        ]
        packed = self._encoding == "msgpack"
        return [msgpack.packb(one) if packed else json.dumps(one) for one in wrong]

    def revoke(self) -> None:
        self.server.secrets.clear()

    def restore(self) -> None:
        self.server.secrets["k"] = "s"

    def wanted(self) -> list[str]:
        channels = self._options()["channels"].split(",")
        return [f"{channel}.{symbol}" for symbol in self.symbols for channel in channels]


class BackpackStand:
    """Backpack."""

    orders_ticks = True

    def __init__(self) -> None:
        self.server: BackpackFake = BackpackFake()
        self.symbols = {"BTC_USDC": OURS["BTC/USD"], "ETH_USDC": OURS["ETH/USD"]}

    def source(self) -> FeedSource:
        adapter = FEEDS["backpack"]()
        options = {name: option.default for name, option in adapter.options.items()}
        return adapter.open_feed({**options, "url": "ws://backpack"})

    def trade(self, symbol: str, cents: int, at_ns: int) -> None:
        self.server.publish(self.server.trade(symbol, _dollars(cents), "0.5", at_ns // US))

    def burst(self, symbol: str, cents: Sequence[int], at_ns: int) -> None:
        for one in cents:
            self.trade(symbol, one, at_ns)

    def stranger(self) -> None:
        self.server.send(self.server.trade("WHO_USDC", "1", "1", 1_795_185_062_000_000))

    def unknown(self) -> Sequence[Frame]:
        data = '{"s":"BTC_USDC","p":"1","q":"1","T":1795185062000000}'
        return (
            '{"stream":"trade.BTC_USDC","data":' + data.replace('"p":"1"', '"p":"much"') + "}",
            '{"stream":"trade.BTC_USDC","data":' + data.replace('"p":"1"', '"p":"-3"') + "}",
            '{"stream":"trade.BTC_USDC","data":' + data.replace('"p":"1"', '"p":"1e40"') + "}",
            '{"stream":"trade.BTC_USDC","data":' + data.replace("1795185062000000", "-5") + "}",
            '{"stream":"trade.BTC_USDC","data":' + data.replace('"BTC_USDC"', "7") + "}",
            '{"stream":"bookTicker.BTC_USDC","data":{"s":"BTC_USDC","a":"1"}}',
            '{"stream":"zz.BTC_USDC","data":' + data + "}",
            '{"stream":"kline.7m.BTC_USDC","data":{"s":"BTC_USDC","t":"2026-11-20T14:31:00"}}',
            '{"stream":7,"data":{}}',
            '{"e":"trade"}',
            "[7]",
        )

    def revoke(self) -> None:
        self.server.refusals.extend((403, {}) for _ in range(1_000))

    def restore(self) -> None:
        self.server.refusals.clear()

    def wanted(self) -> list[str]:
        streams = ("ticker", "bookTicker", "trade")
        return [f"{stream}.{symbol}" for symbol in self.symbols for stream in streams]


class TastytradeStand:
    """tastytrade."""

    orders_ticks = True

    def __init__(self) -> None:
        self.server: TastytradeFake = TastytradeFake()
        self.symbols = {"AAPL": OURS["AAPL"], "MSFT": OURS["MSFT"]}
        self.trades = 0

    def source(self) -> FeedSource:
        adapter = FEEDS["tastytrade"]()
        options = {name: option.default for name, option in adapter.options.items()}
        secrets = {"key": "refresh-token", "secret": "client-secret", "url": "http://tastytrade"}
        return adapter.open_feed({**options, **secrets})

    def trade(self, symbol: str, cents: int, at_ns: int) -> None:
        self.burst(symbol, [cents], at_ns)

    def burst(self, symbol: str, cents: Sequence[int], at_ns: int) -> None:
        for first in range(0, len(cents), 1_000):
            part = cents[first : first + 1_000]
            numbers = range(self.trades, self.trades + len(part))
            self.trades += len(part)
            self.server.publish(
                "Trade",
                *(
                    tastytrade.trade(symbol, one / 100, 100, at_ns // MS, number)
                    for one, number in zip(part, numbers, strict=True)
                ),
            )

    def stranger(self) -> None:
        self.server.send(_feed_data('["Trade",["WHO",1795185062000,0,1,1.0,1.0]]'))

    def unknown(self) -> Sequence[Frame]:
        return (
            _feed_data('["Trade",["AAPL",1795185062000,0,1,"much",1.0]]'),
            _feed_data('["Trade",["AAPL",1795185062000,0,1,-3,1.0]]'),
            _feed_data('["Trade",["AAPL",1795185062000,0,1,1e40,1.0]]'),
            _feed_data('["Trade",["AAPL",-5,0,1,1,1.0]]'),
            _feed_data('["Trade",[7,1795185062000,0,1,1,1.0]]'),
            _feed_data('["Trade",["AAPL"]]'),
            _feed_data('["Profile",["AAPL",1]]'),
            _feed_data('["Trade"]'),
            _feed_data('[{"eventSymbol":"AAPL"}]'),
            _feed_data('[{"eventType":"Profile","eventSymbol":"AAPL"}]'),
            _feed_data('["Candle",["AAPL{=9m}",0,1,1,1,1,1,1,1,1]]'),
            '{"type":"FEED_CONFIG","channel":1,"eventFields":7}',
            '{"type":"ERROR","channel":1,"error":"BAD_ACTION","message":"x"}',
            '{"type":"WHAT","channel":0}',
            '{"channel":0}',
            "[7]",
        )

    def revoke(self) -> None:
        self.server.grants.clear()

    def restore(self) -> None:
        self.server.grants.add(("client-secret", "refresh-token"))

    def wanted(self) -> list[str]:
        kinds = ("Quote", "Trade", "Summary")
        return [f"{kind}.{symbol}" for symbol in self.symbols for kind in kinds]


def _dollars(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def _feed_data(data: str) -> str:
    return '{"type":"FEED_DATA","channel":1,"data":' + data + "}"


STANDS: Final[Mapping[str, Callable[[], Stand]]] = {
    "massive": MassiveStand,
    "alpaca": partial(AlpacaStand, "alpaca", ("AAPL", "MSFT"), "json"),
    "alpaca_crypto": partial(AlpacaStand, "alpaca_crypto", ("BTC/USD", "ETH/USD"), "msgpack"),
    "backpack": BackpackStand,
    "tastytrade": TastytradeStand,
}
KINDS_OF_GARBAGE: Final = {
    ProblemKind.MALFORMED,
    ProblemKind.UNEXPECTED,
    ProblemKind.UNKNOWN_SYMBOL,
    ProblemKind.REFUSED,
}
