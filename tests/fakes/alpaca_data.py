"""Alpaca's market-data stream, for stocks and coins.

It speaks first, in arrays only; in MessagePack with timestamps of its own extension type where the
upgrade asked for that, else in JSON with RFC 3339. A subscription is answered with all there is.
"""

import json
from datetime import UTC, datetime
from typing import Any

import msgpack

from tests.fakes.line import FeedServer, Frame, Line

CHANNELS = (
    "trades", "quotes", "bars", "updatedBars", "dailyBars", "statuses", "lulds",
)  # fmt: skip
PACKED = "application/msgpack"


class AlpacaFake(FeedServer):
    """``secrets``: by key. ``symbols_max``: how many the plan allows; ``lines_max``: connections.

    ``refused``: channels that are not in the plan.
    """

    def __init__(self) -> None:
        super().__init__()
        self.secrets = {"k": "s"}
        self.symbols_max = self.lines_max = 1_000
        self.refused: set[str] = set()
        self.ids = 0

    def opened(self, line: Line) -> None:
        self.say(line, {"T": "success", "msg": "connected"})

    def said(self, line: Line, frame: Frame) -> None:
        try:
            command = json.loads(frame) if isinstance(frame, str) else msgpack.unpackb(frame)
            action = command["action"]
        except (ValueError, KeyError, TypeError):
            self.fail(line, 400, "invalid syntax")
            return
        if action == "auth":
            self._authenticate(line, command)
        elif not line.is_known:
            self.fail(line, 401, "not authenticated")
        elif action in ("subscribe", "unsubscribe"):
            self._change(line, action, command)
        else:
            self.fail(line, 400, "invalid syntax")

    def _authenticate(self, line: Line, command: dict[str, Any]) -> None:
        if line.is_known:
            self.fail(line, 403, "already authenticated")
        elif self.secrets.get(command.get("key", "")) != command.get("secret"):
            self.fail(line, 402, "auth failed")
            line.end()
        elif sum(one.is_known for one in self.lines) >= self.lines_max:
            self.fail(line, 406, "connection limit exceeded")
            line.end()
        else:
            line.is_known = True
            self.say(line, {"T": "success", "msg": "authenticated"})

    def _change(self, line: Line, action: str, command: dict[str, Any]) -> None:
        named = [f"{channel}.{s}" for channel in CHANNELS for s in command.get(channel, ())]
        if any(channel.partition(".")[0] in self.refused for channel in named):
            self.fail(line, 409, "insufficient subscription")
            return
        asked = dict.fromkeys((*line.asked, *named))
        if action == "unsubscribe":
            asked = {channel: None for channel in line.asked if channel not in named}
        if len({channel.partition(".")[2] for channel in asked}) > self.symbols_max:
            self.fail(line, 405, "symbol limit exceeded")
            return
        line.asked = asked
        full = {channel: self._of(line, channel) for channel in CHANNELS}
        automatic = {"corrections": full["trades"], "cancelErrors": full["trades"]}
        self.say(line, {"T": "subscription", **full, **automatic})

    def _of(self, line: Line, channel: str) -> list[str]:
        prefix = f"{channel}."
        return [one.removeprefix(prefix) for one in line.asked if one.startswith(prefix)]

    def fail(self, line: Line, code: int, text: str) -> None:
        self.say(line, {"T": "error", "code": code, "msg": text})

    def say(self, line: Line, *messages: dict[str, Any]) -> None:
        """Send messages in one frame; ``t`` is in ns and is written as the line wants it."""
        packed = line.headers.get("content-type") == PACKED
        written = [
            {**one, "t": (_packed if packed else _text)(one["t"])} if "t" in one else one
            for one in messages
        ]
        line.send(msgpack.packb(written) if packed else json.dumps(written))

    def publish(self, channel: str, *messages: dict[str, Any]) -> None:
        """Send messages of a channel to those who asked for them."""
        for line in self.lines:
            wanted = [
                one
                for one in messages
                if f"{channel}.{one['S']}" in line.asked or f"{channel}.*" in line.asked
            ]
            if wanted:
                self.say(line, *wanted)

    def trade(
        self, symbol: str, price: float, size: float, at_ns: int, conditions: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """A trade; of a coin where the symbol is one."""
        self.ids += 1
        common = {"T": "t", "S": symbol, "i": self.ids, "p": price, "s": size, "t": at_ns}
        if "/" in symbol:
            return {**common, "tks": "B"}
        return {**common, "x": "V", "c": list(conditions) or ["@"], "z": "C"}

    def quote(
        self, symbol: str, bid: float, ask: float, at_ns: int, sizes: tuple[float, float] = (3, 2)
    ) -> dict[str, Any]:
        """A quote."""
        common = {
            "T": "q", "S": symbol, "bp": bid, "bs": sizes[0], "ap": ask, "as": sizes[1], "t": at_ns,
        }  # fmt: skip
        return common if "/" in symbol else {**common, "bx": "V", "ax": "V", "c": ["R"], "z": "C"}


def _packed(ns: int) -> msgpack.Timestamp:
    return msgpack.Timestamp(*divmod(ns, 10**9))


def _text(ns: int) -> str:
    seconds, rest = divmod(ns, 10**9)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09}Z"
