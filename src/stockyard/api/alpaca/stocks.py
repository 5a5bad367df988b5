"""Paths of market data of stocks.

Promises: as ``market_data``. Must not know: where the data come from.
"""

from typing import Final

import msgspec

from stockyard.api.alpaca import market_data as data
from stockyard.api.alpaca.data_frames import EXCHANGE, QUOTE_CONDITIONS, TRADE_CONDITIONS
from stockyard.api.alpaca.errors import invalid
from stockyard.api.alpaca.routing import Call, Handler, Reply, Route
from stockyard.api.alpaca.ticks import ODD_LOT
from stockyard.model.codes import AssetClass
from stockyard.people.identity import Scope

STOCKS: Final = data.Kind(AssetClass.US_EQUITY)
_encode: Final = msgspec.json.Encoder().encode
EXCHANGE_NAMES: Final = {EXCHANGE: "IEX"}
"""The letter that quotes and trades here have for an exchange."""
CONDITIONS: Final = {
    "trade": {**dict.fromkeys(TRADE_CONDITIONS, "Regular Sale"), ODD_LOT: "Odd Lot Trade"},
    "quote": dict.fromkeys(QUOTE_CONDITIONS, "Regular Market Maker Open"),
}
"""The conditions that trades and quotes here have."""
TAPES: Final = {tape: tape for tape in "ABC"}


def _series(noun: str) -> Handler:
    async def handler(call: Call) -> Reply:
        return await data.series(call, STOCKS, noun)

    return handler


def _series_of_one(noun: str) -> Handler:
    async def handler(call: Call) -> Reply:
        return await data.series_of_one(call, STOCKS, noun)

    return handler


def _latest(noun: str) -> Handler:
    async def handler(call: Call) -> Reply:
        return await data.latest(call, STOCKS, noun)

    return handler


def _latest_of_one(noun: str) -> Handler:
    async def handler(call: Call) -> Reply:
        return await data.latest_of_one(call, STOCKS, noun)

    return handler


async def snapshots(call: Call) -> Reply:
    """GET /v2/stocks/snapshots."""
    return await data.snapshots(call, STOCKS)


async def snapshot(call: Call) -> Reply:
    """GET /v2/stocks/{symbol}/snapshot."""
    return await data.snapshot_of_one(call, STOCKS)


async def exchanges(call: Call) -> Reply:
    """GET /v2/stocks/meta/exchanges."""
    return Reply(200, _encode(EXCHANGE_NAMES))


async def conditions(call: Call) -> Reply:
    """GET /v2/stocks/meta/conditions/{ticktype}."""
    kind = call.named["ticktype"]
    if kind not in CONDITIONS:
        raise invalid("ticktype", kind, f"use {' or '.join(CONDITIONS)}")
    call.query.choice("tape", TAPES, "A")
    return Reply(200, _encode(CONDITIONS[kind]))


_NOUNS: Final = ("bars", "quotes", "trades")
_PATH: Final = "/v2/stocks"
ROUTES: Final = (
    *(Route("GET", f"{_PATH}/{x}", Scope.READ, _series(x)) for x in _NOUNS),
    *(Route("GET", f"{_PATH}/{x}/latest", Scope.READ, _latest(x)) for x in _NOUNS),
    *(Route("GET", f"{_PATH}/{{symbol}}/{x}", Scope.READ, _series_of_one(x)) for x in _NOUNS),
    *(
        Route("GET", f"{_PATH}/{{symbol}}/{x}/latest", Scope.READ, _latest_of_one(x))
        for x in _NOUNS
    ),
    Route("GET", f"{_PATH}/snapshots", Scope.READ, snapshots),
    Route("GET", f"{_PATH}/{{symbol}}/snapshot", Scope.READ, snapshot),
    Route("GET", f"{_PATH}/meta/exchanges", Scope.READ, exchanges),
    Route("GET", f"{_PATH}/meta/conditions/{{ticktype}}", Scope.READ, conditions),
)
