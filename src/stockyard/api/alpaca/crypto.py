"""Paths of market data of coins, which need no credentials.

Promises: as ``market_data``; symbols in any spelling, told as ``BTC/USD``. Must not know: where the
data come from.
"""

from typing import Final

from stockyard.api.alpaca import market_data as data
from stockyard.api.alpaca.routing import Call, Handler, Reply, Route
from stockyard.model.codes import AssetClass

COINS: Final = data.Kind(AssetClass.CRYPTO)


def _series(noun: str) -> Handler:
    async def handler(call: Call) -> Reply:
        return await data.series(call, COINS, noun)

    return handler


def _latest(noun: str) -> Handler:
    async def handler(call: Call) -> Reply:
        return await data.latest(call, COINS, noun)

    return handler


async def snapshots(call: Call) -> Reply:
    """GET /v1beta3/crypto/us/snapshots."""
    return await data.snapshots(call, COINS)


_NOUNS: Final = ("bars", "quotes", "trades")
_PATH: Final = "/v1beta3/crypto/us"
ROUTES: Final = (
    *(Route("GET", f"{_PATH}/{noun}", None, _series(noun)) for noun in _NOUNS),
    *(
        Route("GET", f"{_PATH}/latest/{noun}", None, _latest(noun))
        for noun in (*_NOUNS, "orderbooks")
    ),
    Route("GET", f"{_PATH}/snapshots", None, snapshots),
)
