"""One stand for every live feed: its fake server, and how that is told what to do.

A new feed needs a stand here; ``test_feed_faults`` then tries it under every fault.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from stockyard.adapters import FEEDS
from stockyard.market.catalog import CATALOG
from stockyard.model.feeds import FeedSource, ProblemKind
from stockyard.model.instruments import Instrument
from tests.fakes.line import FeedServer, Frame
from tests.fakes.massive import MassiveFake

MS: Final = 1_000_000
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


STANDS: Final[Mapping[str, Callable[[], Stand]]] = {"massive": MassiveStand}
KINDS_OF_GARBAGE: Final = {
    ProblemKind.MALFORMED,
    ProblemKind.UNEXPECTED,
    ProblemKind.UNKNOWN_SYMBOL,
    ProblemKind.REFUSED,
}
