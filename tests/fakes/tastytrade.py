"""tastytrade's servers: OAuth, the quote token, and DXLink.

The shapes are those that the community SDK sends and reads against it in ``tests/compat``: dashed
keys in an envelope over REST; over DXLink one JSON message a frame, multiplexed by channel, events
as compact lists in the order of fields that the client asked for. Keepalives are enforced.
"""

import asyncio
import json
import re
from typing import Any, Final

from stockyard.model.feeds import HttpAnswer, HttpRequest
from tests.fakes.line import FeedServer, Frame, Line

KEEPALIVE_S: Final = 60
BEGIN: Final = 4
END: Final = 8
NAN: Final = "NaN"
_AGENT: Final = re.compile(r"\S+/\S+")


class Channel:
    """One channel: the order of fields of each event, and who is asked for."""

    def __init__(self) -> None:
        self.fields: dict[str, list[str]] = {}
        self.asked: dict[tuple[str, str], None] = {}


class TastytradeFake(FeedServer):
    """``grants``: pairs of client secret and refresh token that are let in. ``url``: of DXLink.

    ``limited``: how many of the next requests are answered with 429. ``access_lasts``: whether
    access tokens last beyond the moment they are made.
    """

    def __init__(self) -> None:
        super().__init__()
        self.grants = {("client-secret", "refresh-token")}
        self.url = "ws://dxlink/realtime"
        self.access: set[str] = set()
        self.tokens: set[str] = set()
        self.limited = 0
        self.access_lasts = True
        self.issued = 0
        self.candles: dict[str, list[dict[str, Any]]] = {}
        self.channels: dict[Line, dict[int, Channel]] = {}
        self.deadlines: dict[Line, asyncio.TimerHandle] = {}

    # OAuth and REST

    def answer(self, request: HttpRequest) -> HttpAnswer:
        path = re.sub(r"^https?://[^/]+", "", request.url).partition("?")[0]
        if not _AGENT.match(request.headers.get("user-agent", "")):
            return _json(401, _fault("unauthorized", "User-Agent is missing"))
        if self.limited:
            self.limited -= 1
            return _json(429, _fault("rate_limited", "slow down"), {"retry-after": "7"})
        if (request.method, path) == ("POST", "/oauth/token"):
            return self._token(request)
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.access:
            return _json(401, _fault("token_invalid", "This token is invalid or has expired"))
        if (request.method, path) == ("GET", "/api-quote-tokens"):
            token = f"quote-{self._number()}"
            self.tokens.add(token)
            data = {"token": token, "dxlink-url": self.url, "level": "api"}
            return _json(200, {"data": data, "context": path})
        return _json(404, _fault("not_found", "no such path"))

    def _token(self, request: HttpRequest) -> HttpAnswer:
        asked = json.loads(request.body)
        grant = asked.get("client_secret"), asked.get("refresh_token")
        if asked.get("grant_type") != "refresh_token" or grant not in self.grants:
            return _json(401, _fault("invalid_grant", "The grant is invalid"))
        token = f"access-{self._number()}"
        if self.access_lasts:
            self.access.add(token)
        return _json(200, {"access_token": token, "token_type": "Bearer", "expires_in": 900})

    def _number(self) -> int:
        self.issued += 1
        return self.issued

    # DXLink

    def opened(self, line: Line) -> None:
        self._expect(line)
        asyncio.get_running_loop().call_later(KEEPALIVE_S / 2, self._keep_alive, line)

    def _expect(self, line: Line) -> None:
        """Whoever says nothing from now on will be dropped."""
        if line in self.deadlines:
            self.deadlines.pop(line).cancel()
        loop = asyncio.get_running_loop()
        self.deadlines[line] = loop.call_later(KEEPALIVE_S, self._time_out, line)

    def _time_out(self, line: Line) -> None:
        self.deadlines.pop(line, None)
        if line.is_open:
            line.send(_message("ERROR", 0, error="TIMEOUT", message="nothing was heard"))
            line.drop()

    def _keep_alive(self, line: Line) -> None:
        if line.is_open:
            line.send(_message("KEEPALIVE", 0))
            loop = asyncio.get_running_loop()
            loop.call_later(KEEPALIVE_S / 2, self._keep_alive, line)
        else:
            self.channels.pop(line, None)

    def said(self, line: Line, frame: Frame) -> None:
        self._expect(line)
        try:
            message = json.loads(frame)
            kind, channel = message["type"], message["channel"]
        except (ValueError, KeyError, TypeError):
            line.send(_message("ERROR", 0, error="INVALID_MESSAGE", message="not a message"))
            return
        if kind == "SETUP":
            line.send(
                _message(
                    "SETUP",
                    0,
                    keepaliveTimeout=KEEPALIVE_S,
                    acceptKeepaliveTimeout=KEEPALIVE_S,
                    version="1.0-sim",
                )
            )
            line.send(_message("AUTH_STATE", 0, state="UNAUTHORIZED"))
        elif kind == "AUTH":
            self._on_auth(line, message.get("token"))
        elif kind != "KEEPALIVE":
            if line.is_known:
                self._on_channel(line, kind, channel, message)
            else:
                line.send(_message("ERROR", 0, error="UNAUTHORIZED", message="who are you"))

    def _on_auth(self, line: Line, token: str) -> None:
        line.is_known = token in self.tokens
        if line.is_known:
            line.send(_message("AUTH_STATE", 0, state="AUTHORIZED", userId="u"))
        else:
            line.send(_message("ERROR", 0, error="UNAUTHORIZED", message="the token is wrong"))
            line.drop()

    def _on_channel(self, line: Line, kind: str, number: int, message: dict[str, Any]) -> None:
        channels = self.channels.setdefault(line, {})
        if kind == "CHANNEL_REQUEST":
            channels[number] = Channel()
            parameters = {**message["parameters"], "subFormat": "LIST"}
            line.send(_message("CHANNEL_OPENED", number, service="FEED", parameters=parameters))
            return
        channel = channels.get(number)
        if channel is None:
            line.send(_message("ERROR", number, error="BAD_ACTION", message="no such channel"))
        elif kind == "CHANNEL_CANCEL":
            self.close_channel(line, number)
        elif kind == "FEED_SETUP":
            channel.fields |= message.get("acceptEventFields", {})
            line.send(
                _message(
                    "FEED_CONFIG",
                    number,
                    dataFormat="COMPACT",
                    aggregationPeriod=message.get("acceptAggregationPeriod", 0.1),
                    eventFields=channel.fields,
                )
            )
        elif kind == "FEED_SUBSCRIPTION":
            self._subscribe(line, number, channel, message)

    def _subscribe(
        self, line: Line, number: int, channel: Channel, message: dict[str, Any]
    ) -> None:
        if message.get("reset"):
            channel.asked.clear()
        for one in message.get("remove", ()):
            channel.asked.pop((one["type"], one["symbol"]), None)
        for one in message.get("add", ()):
            channel.asked[one["type"], one["symbol"]] = None
            if one["type"] == "Candle":
                rows = [row for row in self.candles.get(one["symbol"], [])
                        if row["time"] >= one["fromTime"]]  # fmt: skip
                for at, row in enumerate(sorted(rows, key=lambda row: -row["time"])):
                    flags = BEGIN * (at == 0) | END * (at == len(rows) - 1)
                    event = {"eventSymbol": one["symbol"], "eventFlags": flags, **row}
                    line.send(self._data(number, channel, "Candle", [event]))
        asked = (pair for one in self.channels[line].values() for pair in one.asked)
        line.asked = {f"{kind}.{symbol}": None for kind, symbol in asked}

    def close_channel(self, line: Line, number: int) -> None:
        """Close a channel; who was asked for on it is forgotten."""
        self.channels[line].pop(number, None)
        line.asked = {}
        line.send(_message("CHANNEL_CLOSED", number))

    def expire(self) -> None:
        """Let the tokens of all connections end; the connections stay."""
        self.tokens.clear()
        for line in self.lines:
            line.is_known = False
            line.send(_message("AUTH_STATE", 0, state="UNAUTHORIZED"))

    def publish(self, kind: str, *events: dict[str, Any]) -> None:
        """Send events of one kind to those who asked for them, one frame a channel."""
        for line in self.lines:
            for number, channel in self.channels.get(line, {}).items():
                wanted = [e for e in events if (kind, e["eventSymbol"]) in channel.asked]
                if wanted:
                    line.send(self._data(number, channel, kind, wanted))

    def _data(self, number: int, channel: Channel, kind: str, events: list[dict[str, Any]]) -> str:
        values = [
            event.get(name, DEFAULTS.get(name, 0))
            for event in events
            for name in channel.fields[kind]
        ]
        return _message("FEED_DATA", number, data=[kind, values])


DEFAULTS: Final[dict[str, Any]] = {
    "bidExchangeCode": "Q",
    "askExchangeCode": "N",
    "exchangeCode": "Q",
    "tickDirection": "ZERO_UP",
    "extendedTradingHours": False,
    "change": NAN,
    "dayVolume": NAN,
    "dayTurnover": NAN,
    "dayClosePriceType": "REGULAR",
    "prevDayClosePriceType": "REGULAR",
    "dayClosePrice": NAN,
    "prevDayVolume": NAN,
    "impVolatility": NAN,
    "openInterest": NAN,
    "bidVolume": NAN,
    "askVolume": NAN,
}
"""What stands in a field that a test does not name; 0 in all others."""


def quote(symbol: str, bid: float, ask: float, at_ms: int) -> dict[str, Any]:
    """A quote's event."""
    return {
        "eventSymbol": symbol, "bidTime": at_ms, "bidPrice": bid, "bidSize": 500,
        "askTime": at_ms, "askPrice": ask, "askSize": 300,
    }  # fmt: skip


def trade(symbol: str, price: float, size: float, at_ms: int, sequence: int = 0) -> dict[str, Any]:
    """A trade's event."""
    return {
        "eventSymbol": symbol, "time": at_ms, "sequence": sequence, "price": price, "size": size,
        "dayId": at_ms // 86_400_000,
    }  # fmt: skip


def greeks(symbol: str, at_ms: int) -> dict[str, Any]:
    """An option's Greeks."""
    return {
        "eventSymbol": symbol, "time": at_ms, "index": at_ms << 22, "price": 5.25,
        "volatility": 0.275, "delta": 0.51, "gamma": 0.031, "theta": -0.042, "rho": 0.06,
        "vega": 0.12,
    }  # fmt: skip


def summary(symbol: str, day_id: int) -> dict[str, Any]:
    """A day's prices so far."""
    return {
        "eventSymbol": symbol, "dayId": day_id, "dayOpenPrice": 149.2, "dayHighPrice": 151.0,
        "dayLowPrice": 148.9, "prevDayId": day_id - 1, "prevDayClosePrice": 149.19,
        "openInterest": 0,
    }  # fmt: skip


def candle(at_ms: int, close: float) -> dict[str, Any]:
    """A bar that opened at 150."""
    return {
        "time": at_ms, "index": at_ms << 22, "count": 12, "volume": 340, "vwap": 150.1,
        "open": 150.0, "high": max(150.0, close) + 0.5, "low": min(150.0, close) - 0.5,
        "close": close,
    }  # fmt: skip


def _message(kind: str, channel: int, **rest: Any) -> str:
    return json.dumps({"type": kind, "channel": channel, **rest})


def _fault(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


def _json(status: int, body: Any, headers: dict[str, str] | None = None) -> HttpAnswer:
    content = {"content-type": "application/json", **(headers or {})}
    return HttpAnswer(status, json.dumps(body).encode(), content)
