"""Streams of a live process, as a check of a claim uses them.

Promises: what is heard is kept whole; nobody waits longer than ``PATIENCE_S``. Must not know: what
is claimed.
"""

import json
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any, Final

import msgpack
from websockets.sync.client import connect

from tests.compat.claims.stage import Stage

PATIENCE_S: Final = 75.0
"""A minute's bar comes once a minute."""
PACKED: Final = {"Content-Type": "application/msgpack"}


class Wire:
    """One connection. ``kinds``: whether each frame was text or bytes."""

    def __init__(self, stage: Stage, path: str, headers: dict[str, str] | None = None) -> None:
        server = stage.server
        self.packed = (headers or {}).get("Content-Type") == PACKED["Content-Type"]
        self._open = ExitStack()
        self._socket = self._open.enter_context(
            connect(f"ws://{server.host}:{server.port}{path}", additional_headers=headers or {})
        )
        self.kinds: list[str] = []

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *why: object) -> None:
        self._open.close()

    def send(self, **said: Any) -> None:
        """Send a command."""
        self._socket.send(msgpack.packb(said) if self.packed else json.dumps(said))

    def next(self, seconds: float = 10) -> Any:
        """The next frame."""
        frame = self._socket.recv(timeout=seconds)
        self.kinds.append("text" if isinstance(frame, str) else "bytes")
        if self.packed:
            assert isinstance(frame, bytes)
            return msgpack.unpackb(frame)
        return json.loads(frame)

    def ask(self, **said: Any) -> Any:
        """The answer to a command, where nothing else can come."""
        self.send(**said)
        return self.next()

    def sign_in(self, stage: Stage) -> Any:
        """The answer to the demo user's key, as a data stream takes it."""
        demo = stage.server.demo
        return self.ask(action="auth", key=demo["api_key"], secret=demo["api_secret"])

    def until(self, heard: Callable[[list[Any]], bool], found: list[Any]) -> list[Any]:
        """Every message until it is enough."""
        deadline = time.monotonic() + PATIENCE_S
        while not heard(found):
            told = self.next(max(0.1, deadline - time.monotonic()))
            found.extend(told if isinstance(told, list) else [told])
        return found


def data(stage: Stage, path: str, headers: dict[str, str] | None = None) -> Wire:
    """A data stream that is signed in."""
    wire = Wire(stage, path, headers)
    assert wire.next() == [{"T": "success", "msg": "connected"}]
    assert wire.sign_in(stage) == [{"T": "success", "msg": "authenticated"}]
    return wire


def heard(path: str, channels: Iterable[str], symbols: list[str], kinds: str) -> Any:
    """The first message of each kind (its letter) that a data stream tells."""

    def make(stage: Stage) -> dict[str, Any]:
        with data(stage, path) as wire:
            wire.send(action="subscribe", **{name: symbols for name in channels})
            told = wire.until(lambda found: set(kinds) <= {x["T"] for x in found}, [])
        first: dict[str, Any] = {}
        for message in told:
            first.setdefault(message["T"], message)
        return first

    return make


def trading(stage: Stage, query: str = "", headers: dict[str, str] | None = None) -> Wire:
    """``/stream``, signed in and listening."""
    wire, demo = Wire(stage, f"/stream{query}", headers), stage.server.demo
    said = {"key_id": demo["api_key"], "secret_key": demo["api_secret"]}
    assert wire.ask(action="authenticate", data=said) == {
        "stream": "authorization", "data": {"status": "authorized", "action": "authenticate"},
    }  # fmt: skip
    assert wire.ask(action="listen", data={"streams": ["trade_updates"]}) == {
        "stream": "listening", "data": {"streams": ["trade_updates"]},
    }  # fmt: skip
    return wire
