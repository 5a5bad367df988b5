"""Goal: recorded payloads of each vendor mean what they meant. Method: feed them to the adapter, in
order, and compare ticks, answers and problems with what stands beside them.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from stockyard.adapters import FEEDS
from stockyard.adapters.alpaca_data.feed import STOCKS, AlpacaWire
from stockyard.adapters.backpack.feed import BackpackWire
from stockyard.adapters.massive.feed import MassiveWire
from stockyard.adapters.tastytrade.feed import TastytradeWire
from stockyard.adapters.tastytrade.rest import QuoteToken
from stockyard.model.feeds import FeedWire
from tests.random_feeds import COIN, OPTION, PERPETUAL, STOCK

WIRES: Final = Path(__file__).parent / "wires"
NOW_NS: Final = 1_795_185_120_000_000_000


def massive() -> FeedWire:
    channels = ["T", "Q", "AM", "LULD"]
    return MassiveWire("ws://massive", "key", channels, {"AAPL": STOCK}, in_lots=False)


def alpaca(encoding: str = "json") -> FeedWire:
    options = {name: option.default for name, option in FEEDS["alpaca"]().options.items()}
    options |= {"key": "key", "secret": "secret", "encoding": encoding}
    return AlpacaWire(STOCKS, options, STOCKS.usual, {"AAPL": STOCK})


def backpack() -> FeedWire:
    symbols = {"SOL_USDC": COIN, "SOL_USDC_PERP": PERPETUAL}
    return BackpackWire("ws://backpack", ["bookTicker", "trade", "markPrice"], symbols)


def tastytrade() -> FeedWire:
    return TastytradeWire(
        QuoteToken("quote-token", "ws://dxlink"),
        ["Quote", "Trade", "Greeks", "Summary"],
        ["5m"],
        {"AAPL": STOCK, ".AAPL261218C150": OPTION},
    )


MACHINES: Final[dict[str, Callable[[], FeedWire]]] = {
    "massive": massive,
    "alpaca": alpaca,
    "backpack": backpack,
    "tastytrade": tastytrade,
}


def in_words(tick: msgspec.Struct) -> list[Any]:
    return [type(tick).__name__, *msgspec.structs.astuple(tick)]


@pytest.mark.parametrize("name", MACHINES)
def test_payloads_mean_what_they_meant(name: str) -> None:
    wire = MACHINES[name]()
    wire.opened()
    for row in json.loads((WIRES / f"{name}.json").read_text(encoding="utf-8")):
        found = wire.received(json.dumps(row["frame"]), NOW_NS)
        told = {
            "about": row["about"],
            "frame": row["frame"],
            "ticks": [in_words(tick) for tick in found.ticks],
            "sends": [json.loads(frame) for frame in found.sends],
            "problems": [problem.kind for problem in found.problems],
        }
        assert told == {"sends": [], "problems": [], **row}
