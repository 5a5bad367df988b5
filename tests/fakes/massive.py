"""Massive's servers: the stocks stream, and the REST answers that Stockyard asks for.

The shapes are the vendor's published ones: arrays in text frames, the server speaks first, times of
the stream in milliseconds; REST with ``Authorization: Bearer`` or ``apiKey``.
"""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from stockyard.model.feeds import HttpAnswer, HttpRequest
from tests.fakes.line import FeedServer, Frame, Line

TICKERS = {"AAPL": "Apple Inc.", "MSFT": "Microsoft Corporation", "IBM": "IBM Corporation"}
PAGE_BARS = 2


def status(word: str, message: str) -> str:
    """A frame with one status message."""
    return json.dumps([{"ev": "status", "status": word, "message": message}])


class MassiveFake(FeedServer):
    """``keys``: those that are known. ``unpaid``: channels the plan does not include."""

    def __init__(self) -> None:
        super().__init__()
        self.keys = {"k"}
        self.unpaid: set[str] = set()
        self.bars: dict[str, list[dict[str, Any]]] = {}
        self.limited = 0
        self.sequence = 0

    def opened(self, line: Line) -> None:
        line.send(status("connected", "Connected Successfully"))

    def said(self, line: Line, frame: Frame) -> None:
        try:
            command = json.loads(frame)
            action, params = command["action"], command["params"]
        except (ValueError, KeyError, TypeError):
            line.send(status("error", "bad request"))
            return
        if action == "auth":
            line.is_known = params in self.keys
            if line.is_known:
                line.send(status("auth_success", "authenticated"))
            else:
                line.send(status("auth_failed", "authentication failed"))
                line.end()
        elif not line.is_known:
            line.send(status("auth_timeout", "No authentication request received."))
        elif action in ("subscribe", "unsubscribe"):
            line.send(json.dumps([self._change(line, action, p) for p in params.split(",")]))
        else:
            line.send(status("error", f"unknown action {action}"))

    def _change(self, line: Line, action: str, channel: str) -> dict[str, str]:
        if channel.partition(".")[0] in self.unpaid:
            return {
                "ev": "status", "status": "error", "message": f"not entitled to: {channel}"
            }  # fmt: skip
        if action == "subscribe":
            line.asked[channel] = None
        else:
            line.asked.pop(channel, None)
        return {"ev": "status", "status": "success", "message": f"{action}d to: {channel}"}

    def publish(self, *events: dict[str, Any]) -> None:
        """Send events to those who asked for them, one frame for all."""
        for line in self.lines:
            wanted = [e for e in events if self._wants(line, e)]
            if wanted:
                line.send(json.dumps(wanted))

    def _wants(self, line: Line, event: dict[str, Any]) -> bool:
        symbol = event.get("sym", event.get("T"))
        return f"{event['ev']}.{symbol}" in line.asked or f"{event['ev']}.*" in line.asked

    def trade(
        self, symbol: str, price: float, size: float, at_ms: int, conditions: tuple[int, ...] = ()
    ) -> dict[str, Any]:
        """A trade's event."""
        self.sequence += 1
        event = {
            "ev": "T", "sym": symbol, "x": 4, "i": str(self.sequence), "z": 3, "p": price,
            "s": size, "t": at_ms, "q": self.sequence,
        }  # fmt: skip
        return {**event, "c": list(conditions)} if conditions else event

    def quote(
        self, symbol: str, bid: float, ask: float, at_ms: int, sizes: tuple[int, int] = (500, 300)
    ) -> dict[str, Any]:
        """A quote's event."""
        self.sequence += 1
        return {
            "ev": "Q", "sym": symbol, "bx": 4, "bp": bid, "bs": sizes[0], "ax": 7, "ap": ask,
            "as": sizes[1], "c": 0, "i": [604], "t": at_ms, "q": self.sequence, "z": 3,
        }  # fmt: skip

    def answer(self, request: HttpRequest) -> HttpAnswer:
        """Answer over REST."""
        parts = urlsplit(request.url)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        if (bearer or query.get("apiKey")) not in self.keys:
            return _json(401, {"status": "ERROR", "request_id": "r", "error": "Unknown API Key"})
        if self.limited:
            self.limited -= 1
            return _json(429, {"status": "ERROR", "error": "exceeded the maximum requests"})
        if parts.path == "/v3/reference/tickers":
            return self._search(query)
        if parts.path.startswith("/v3/reference/tickers/"):
            return self._company(parts.path.rsplit("/", 1)[1])
        if parts.path.startswith("/v2/aggs/ticker/"):
            return self._aggregates(parts.path, query)
        if parts.path.startswith("/v2/snapshot/locale/us/markets/stocks/tickers"):
            return self._snapshots(query)
        return _json(404, {"status": "NOT_FOUND", "message": "no such path"})

    def _search(self, query: dict[str, str]) -> HttpAnswer:
        text = query.get("search", "").lower()
        found = [
            _ticker(symbol)
            for symbol, name in TICKERS.items()
            if text in symbol.lower() or text in name.lower()
        ][: int(query.get("limit", "100"))]
        return _json(200, {"status": "OK", "count": len(found), "results": found})

    def _company(self, symbol: str) -> HttpAnswer:
        if symbol not in TICKERS:
            return _json(404, {"status": "NOT_FOUND", "message": "Ticker not found."})
        details = {
            **_ticker(symbol),
            "address": {"address1": "ONE APPLE PARK WAY", "city": "CUPERTINO", "state": "CA"},
            "description": "Makes things.", "homepage_url": "https://www.example.com",
            "list_date": "1980-12-12", "market_cap": 3389271040640.48, "round_lot": 100,
            "sic_code": "3571", "sic_description": "ELECTRONIC COMPUTERS",
            "total_employees": 164000, "weighted_shares_outstanding": 14776353000,
            "branding": {"icon_url": "https://www.example.com/icon.png"},
        }  # fmt: skip
        return _json(200, {"status": "OK", "request_id": "r", "results": details})

    def _aggregates(self, path: str, query: dict[str, str]) -> HttpAnswer:
        symbol, from_ms, to_ms = path.split("/")[4], *map(int, path.split("/")[-2:])
        bars = [bar for bar in self.bars.get(symbol, []) if from_ms <= bar["t"] <= to_ms]
        first = int(query.get("cursor", "0"))
        page = bars[first : first + PAGE_BARS]
        body: dict[str, Any] = {
            "ticker": symbol, "status": "OK", "request_id": "r", "adjusted": True,
            "queryCount": len(page), "resultsCount": len(page), "count": len(page),
        }  # fmt: skip
        if page:
            body["results"] = page
        if first + PAGE_BARS < len(bars):
            body["next_url"] = f"https://api.massive.com{path}?cursor={first + PAGE_BARS}"
        return _json(200, body)

    def _snapshots(self, query: dict[str, str]) -> HttpAnswer:
        wanted = [symbol for symbol in query.get("tickers", "").split(",") if symbol in TICKERS]
        rows = [
            {
                "ticker": symbol, "todaysChange": 1.25, "todaysChangePerc": 0.83,
                "updated": 1795185062123456789,
                "day": {"o": 149.2, "h": 151.0, "l": 148.9, "c": 150.44, "v": 12, "vw": 150.02},
                "prevDay": {"o": 148.0, "h": 149.6, "l": 147.5, "c": 149.19, "v": 5, "vw": 148.7},
                "lastTrade": {"p": 150.44, "s": 100, "x": 4, "i": "1", "t": 1795185062000000000},
                "lastQuote": {"P": 150.45, "S": 3, "p": 150.43, "s": 5, "t": 1795185062100000000},
            }
            for symbol in wanted
        ]  # fmt: skip
        return _json(200, {"status": "OK", "count": len(rows), "tickers": rows})


def _ticker(symbol: str) -> dict[str, Any]:
    return {
        "ticker": symbol, "name": TICKERS[symbol], "market": "stocks", "locale": "us",
        "primary_exchange": "XNAS", "type": "CS", "active": True, "currency_name": "usd",
        "last_updated_utc": "2026-11-20T00:00:00Z",
    }  # fmt: skip


def _json(code: int, body: Any) -> HttpAnswer:
    return HttpAnswer(code, json.dumps(body).encode(), {"content-type": "application/json"})
