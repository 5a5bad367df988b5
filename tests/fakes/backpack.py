"""Backpack's servers: the public streams, and the REST answers about markets and bars.

The shapes are the vendor's published ones: one JSON object a frame, no acknowledgement of a
subscription, decimal text, stream times in microseconds. ``tests/compat`` reads them with ccxt.
"""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from stockyard.model.feeds import HttpAnswer, HttpRequest
from tests.fakes.line import FeedServer, Frame, Line

KINDS = ("bookTicker", "trade", "markPrice", "ticker", "kline", "depth", "openInterest")
MARKETS = ("BTC_USDC", "ETH_USDC", "SOL_USDC", "SOL_USDC_PERP")
PULSE_US = 1_795_185_062_000_000


class BackpackFake(FeedServer):
    """``limited``: how many of the next requests over HTTP are answered with 429."""

    def __init__(self) -> None:
        super().__init__()
        self.bars: dict[str, list[dict[str, Any]]] = {}
        self.limited = 0
        self.number = 111_063_070_525_358_080

    def said(self, line: Line, frame: Frame) -> None:
        try:
            command = json.loads(frame)
            method, streams = command["method"], command["params"]
        except (ValueError, KeyError, TypeError):
            line.send(fault(4000, "Invalid request"))
            return
        if method == "UNSUBSCRIBE":
            for stream in streams:
                line.asked.pop(stream, None)
        elif method != "SUBSCRIBE":
            line.send(fault(4001, "Invalid method"))
        elif not all(map(_exists, streams)):
            line.send(fault(4006, "Invalid stream"))
        else:
            for stream in streams:
                line.asked[stream] = None
                if stream.startswith("ticker."):
                    line.send(self.ticker(stream.partition(".")[2]))

    def publish(self, frame: str) -> None:
        """Send a frame to those who asked for its stream."""
        stream = json.loads(frame)["stream"]
        for line in self.lines:
            if stream in line.asked:
                line.send(frame)

    def ticker(self, symbol: str) -> str:
        """The last day; sent about once a second."""
        return envelope(
            f"ticker.{symbol}",
            {
                "e": "ticker", "E": PULSE_US, "s": symbol, "o": "170.00", "c": "178.16",
                "h": "180.00", "l": "169.50", "v": "120345.5", "V": "21000000.1", "n": 9120,
            },
        )  # fmt: skip

    def quote(self, symbol: str, bid: str, ask: str, at_us: int) -> str:
        """A best bid and offer."""
        self.number += 1
        return envelope(
            f"bookTicker.{symbol}",
            {
                "e": "bookTicker", "E": at_us + 456, "s": symbol, "a": ask, "A": "12.5",
                "b": bid, "B": "20.03", "u": str(self.number), "T": at_us,
            },
        )  # fmt: skip

    def trade(self, symbol: str, price: str, size: str, at_us: int) -> str:
        """A trade."""
        self.number += 1
        return envelope(
            f"trade.{symbol}",
            {
                "e": "trade", "E": at_us + 456, "s": symbol, "p": price, "q": size,
                "b": "111063114377265150", "a": "111063114585735170",
                "t": self.number - 111_063_070_000_000_000, "T": at_us, "m": True,
            },
        )  # fmt: skip

    def mark(self, symbol: str, price: str, at_us: int) -> str:
        """A perpetual's mark."""
        return envelope(
            f"markPrice.{symbol}",
            {
                "e": "markPrice", "E": at_us + 456, "s": symbol, "p": price, "f": "0.0000125",
                "i": "178.12", "n": 1_795_190_400_000, "T": at_us,
            },
        )  # fmt: skip

    def answer(self, request: HttpRequest) -> HttpAnswer:
        """Answer over REST."""
        parts = urlsplit(request.url)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if self.limited:
            self.limited -= 1
            body = {"code": "TOO_MANY_REQUESTS", "message": "slow down"}
            return _json(429, body, {"retry-after": "7"})
        if parts.path == "/api/v1/markets":
            return _json(200, [market(symbol) for symbol in MARKETS])
        if parts.path in ("/api/v1/assets", "/api/v1/securities"):
            return _json(200, [])
        if parts.path == "/api/v1/klines":
            return self._klines(query)
        return _json(404, {"code": "RESOURCE_NOT_FOUND", "message": "Resource not found"})

    def _klines(self, query: dict[str, str]) -> HttpAnswer:
        symbol = query.get("symbol", "")
        if symbol not in MARKETS:
            return _json(400, {"code": "INVALID_SYMBOL", "message": "Invalid symbol"})
        if not query.get("startTime", "").isdigit():
            return _json(400, {"code": "INVALID_CLIENT_REQUEST", "message": "startTime"})
        return _json(200, self.bars.get(symbol, []))


def envelope(stream: str, data: dict[str, Any]) -> str:
    """A frame of a stream."""
    return json.dumps({"stream": stream, "data": data})


def fault(code: int, message: str) -> str:
    """A frame that says what was wrong."""
    return json.dumps({"id": None, "error": {"code": code, "message": message}})


def kline(symbol: str, interval: str, **fields: Any) -> str:
    """A frame with a bar."""
    data = {
        "e": "kline", "E": 1_795_185_063_000_000, "s": symbol, "t": "2026-11-20T14:31:00",
        "T": "2026-11-20T14:32:00", "o": "178.00", "c": "178.16", "h": "178.20", "l": "177.95",
        "v": "340.5", "n": 87, "X": False,
    }  # fmt: skip
    return envelope(f"kline.{interval}.{symbol}", {**data, **fields})


def market(symbol: str) -> dict[str, Any]:
    """A market as REST lists it."""
    base, quote, *perpetual = symbol.split("_")
    listed: dict[str, Any] = {
        "symbol": symbol, "baseSymbol": base, "quoteSymbol": quote,
        "marketType": "PERP" if perpetual else "SPOT",
        "filters": {
            "price": {"minPrice": "0.01", "maxPrice": None, "tickSize": "0.01"},
            "quantity": {"minQuantity": "0.01", "maxQuantity": None, "stepSize": "0.01"},
        },
        "imfFunction": None, "mmfFunction": None, "fundingInterval": None,
        "fundingRateUpperBound": None, "fundingRateLowerBound": None, "openInterestLimit": "0",
        "orderBookState": "Open", "createdAt": "2025-01-21T06:34:54.691858", "visible": True,
        "positionLimitWeight": None,
    }  # fmt: skip
    if perpetual:
        listed |= {
            "filters": {
                "price": {
                    "minPrice": "0.01", "maxPrice": "1000", "tickSize": "0.01",
                    "maxMultiplier": "1.25", "minMultiplier": "0.75",
                    "maxImpactMultiplier": "1.05", "minImpactMultiplier": "0.95",
                },
                "quantity": {"minQuantity": "0.01", "maxQuantity": None, "stepSize": "0.01"},
            },
            "imfFunction": {"type": "sqrt", "base": "0.02", "factor": "0.0000935"},
            "mmfFunction": {"type": "sqrt", "base": "0.0125", "factor": "0.0000561"},
            "fundingInterval": 3_600_000, "fundingRateUpperBound": "100",
            "fundingRateLowerBound": "-100", "openInterestLimit": "4000000",
            "positionLimitWeight": "1",
        }  # fmt: skip
    return listed


def _exists(stream: str) -> bool:
    kind, _, rest = stream.partition(".")
    return kind in KINDS and rest.rpartition(".")[2] in MARKETS


def _json(status: int, body: Any, headers: dict[str, str] | None = None) -> HttpAnswer:
    content = {"content-type": "application/json", **(headers or {})}
    return HttpAnswer(status, json.dumps(body).encode(), content)
