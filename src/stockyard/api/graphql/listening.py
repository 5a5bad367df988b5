"""Subscriptions: the event stream of REST, frame by frame.

Promises: a subscriber is a listener like any other, with the same limits and the same frames; when
it reads slowly the listener waits, and what is public is conflated. Must not know: how a listener
comes by its frames.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any, Final, NamedTuple

import msgspec
from graphql import GraphQLError

from stockyard.api.graphql.asking import ACCOUNT, Asker, told
from stockyard.api.graphql.catalog import ANYTHING, TEXT, Argument, Part, Shape
from stockyard.api.graphql.edges import Edge
from stockyard.api.heads import Message
from stockyard.api.hot_words import PREFIX
from stockyard.api.problems import Problem

EVENTS_PATH: Final = f"{PREFIX}/events"
WAITING_MAX: Final = 64
"""Frames that wait for a subscriber before the listener behind it does."""
_decode: Final = msgspec.json.Decoder().decode
_GONE: Final = {"type": "http.disconnect"}


class FrameWords(NamedTuple):
    """The type of a frame."""

    name: str
    about: str
    parts: tuple[Part, ...]
    edge: Edge


class ListenWords(NamedTuple):
    """The field that is subscribed to."""

    name: str
    about: str
    arguments: tuple[Argument, ...]


FRAME: Final = FrameWords(
    "Frame",
    "One frame of the stream; docs/reference/stream.md has them all.",
    (
        Part("type", Shape(TEXT), "What it tells of: `quotes`, `order`, `fill`, `account` ..."),
        Part("event", Shape(TEXT, 0, True), "What befell the order or the account."),
        Part("token", Shape(TEXT, 0, True), "Its name in the journal; go on after it by `after`."),
        Part("prev", Shape(TEXT, 0, True), "The token of the account's event before it."),
        Part("at", Shape(TEXT, 0, True), "When, UTC, RFC 3339 with nanoseconds."),
        Part("quotes", Shape("Quote", 1, True), "Of a frame of quotes, and of a snapshot."),
        Part("fill", Shape("Execution", 0, True), "Of a fill."),
        Part("body", Shape(ANYTHING), "The frame as the stream sends it."),
    ),
    Edge("order", "order", {"order_id": "order_id", "account_id": ACCOUNT}),
)
LISTEN: Final = ListenWords(
    "events",
    "What is public for anyone, and an account's events for whoever signs in, as they happen.",
    (
        Argument("channels", TEXT, False, False, "With commas between them; default quotes.", None),
        Argument("symbols", TEXT, False, False, "With commas between them; default all.", None),
        Argument("window", TEXT, False, False, "Window of bars.", None),
        Argument("after", TEXT, False, False, "The last token that was seen: go on there.", None),
        Argument("account_id", TEXT, False, False, "Whose events; default the first one.", None),
    ),
)


class _Line:
    """The two ends of an event stream inside this process."""

    def __init__(self) -> None:
        self.status = 0
        self.messages: asyncio.Queue[bytes | None] = asyncio.Queue(WAITING_MAX)
        self._is_over = asyncio.Event()

    async def receive(self) -> Message:
        """Nothing, until the subscriber is gone."""
        await self._is_over.wait()
        return dict(_GONE)

    async def send(self, message: Message) -> None:
        """Take what the stream says; waits while the subscriber is behind."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        if message.get("body"):
            await self.messages.put(message["body"])
        if not message.get("more_body"):
            await self.messages.put(None)

    def ended(self, _: object) -> None:
        """The stream is over, however it came to that."""
        if self.messages.empty():
            self.messages.put_nowait(None)

    def leave(self) -> None:
        """The subscriber is gone."""
        self._is_over.set()
        while not self.messages.empty():
            self.messages.get_nowait()


async def follow(asker: Asker, given: Mapping[str, Any]) -> AsyncIterator[Any]:
    """Yield the frames that are asked for, until either side ends it. Raises ``GraphQLError``."""
    asked = {name: str(value) for name, value in given.items() if value is not None}
    if "after" in asked:
        asked["last_event_id"] = asked.pop("after")
    line = _Line()
    serving = asyncio.create_task(asker.serve(EVENTS_PATH, asked, line.receive, line.send))
    serving.add_done_callback(line.ended)
    try:
        while True:
            data = await line.messages.get()
            if data is None:
                return
            if line.status != 200:
                refused = _decode(data)
                raise GraphQLError(refused["detail"], extensions=refused)
            for frame in _frames(data):
                if frame["type"] == "end":
                    ended = Problem(503, "stream_ended", frame["reason"], "subscribe again")
                    raise told(ended, asker.head.request_id)
                yield _shown(frame, asked.get("account_id"))
    finally:
        line.leave()
        serving.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await serving


def _frames(data: bytes) -> list[Any]:
    """The frames among the lines of an event stream, which has other lines too."""
    return [_decode(line[6:]) for line in data.split(b"\n") if line.startswith(b"data: ")]


def _shown(frame: dict[str, Any], account: str | None) -> dict[str, Any]:
    found = {**frame, "body": frame, ACCOUNT: account}
    kind, told_of = frame["type"], frame.get(frame["type"])
    found["fill"] = told_of if kind == "fill" else None
    if isinstance(told_of, dict) and kind in ("order", "fill"):
        found["order_id"] = told_of["order_id" if kind == "fill" else "id"]
        found[ACCOUNT] = told_of.get("account_id", account)
    return found
