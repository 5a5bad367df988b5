"""A whole door in memory: a world, its people and the ASGI application, driven without sockets.

Promises: nothing of the house is replaced; storage is the memory implementation, time moves
only when told. Must not know: what a test expects.
"""

import asyncio
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from typing import Any, NamedTuple

import msgspec

from stockyard.api.application import EVENTS, Application, create_application
from stockyard.api.settings import ApiSettings
from stockyard.app import (
    catalog_instruments,
    follow_market,
    found,
    memory_world,
    reference_facts,
    with_auctions,
)
from stockyard.engine.engine import Engine
from stockyard.market.calendars import CALENDAR_NAMES
from stockyard.model.facts import AuctionPrint, Quote, Trade, WorldCreated
from stockyard.model.records import Input
from stockyard.people.audit_log import KEY_BYTES, AuditLog
from stockyard.people.directory import People
from stockyard.people.passwords import PasswordCost, Passwords
from stockyard.people.sealing import Sealer
from stockyard.runtime.auditing import Auditor
from stockyard.runtime.clock import ManualClock
from stockyard.runtime.history import HistoryRecorder
from stockyard.runtime.request_keeper import RequestKeeper, order_name
from stockyard.runtime.world import World
from stockyard.storage.history import DatabaseHistory
from stockyard.storage.memory import MemoryDatabase, MemoryDisk
from stockyard.storage.requests import DatabaseRequests
from stockyard.telemetry.request_log import RequestLog

NOW = 1_767_366_000_000_000_000
"""2026-01-02T15:00:00Z, in the middle of a New York trading day."""
SECOND = 1_000_000_000
CHEAP = PasswordCost(memory_kib=8, passes=1, lanes=1)
SEALING_KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
PASSWORD = "correct horse battery"
UNIT = 10**9


@cache
def _reference(stock_calendar: str) -> tuple[Input, ...]:
    instruments = catalog_instruments()
    if stock_calendar == "xnys":
        instruments = with_auctions(instruments)
    return tuple(reference_facts(Engine(), instruments, stock_calendar, NOW))


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class Rig:
    """One door; ``restart`` opens another over the same disk, as after a crash.

    Stocks trade day and night, or under ``stock_calendar="xnys"`` as at their exchange.
    """

    def __init__(
        self, disk: MemoryDisk | None = None, stock_calendar: str = "always", **settings: Any
    ) -> None:
        self.stock_calendar = stock_calendar
        self.disk = MemoryDisk() if disk is None else disk
        self.clock = ManualClock(NOW)
        self.settings = settings
        self.cookies_set: list[str] = []
        """What the last answer had a browser keep."""
        self._open()

    def _open(self) -> None:
        self.people = People(MemoryDatabase(self.disk, "people"), sealer=Sealer((SEALING_KEY,)))
        self.world: World = memory_world(self.clock, self.disk, self._schedule, self.people)
        if self.world.engine.seq == 0:
            found(
                self.world,
                [WorldCreated("0123456789abcdef" * 2, 7), *_reference(self.stock_calendar)],
            )
        follow_market(self.world, self.stock_calendar)
        self.history = HistoryRecorder(
            DatabaseHistory(MemoryDatabase(self.disk, "history")),
            ThreadPoolExecutor(1, "history"),
            ThreadPoolExecutor(1, "history-reader"),
        )
        settings = ApiSettings(
            **{"version": "0.1.0", "calendars": CALENDAR_NAMES, "profile": "ideal", **self.settings}
        )
        self.auditor = Auditor(
            self.world, AuditLog(MemoryDatabase(self.disk, "audit"), bytes(KEY_BYTES))
        )
        self.requests_kept = RequestKeeper(
            RequestLog(self.clock.wall_ns, order_name(self.world)),
            DatabaseRequests(MemoryDatabase(self.disk, "requests")),
            ThreadPoolExecutor(1, "requests"),
            self.clock.wall_ns,
        )
        self.app: Application = create_application(
            *(self.world, self.people, self.history, settings, self.auditor),
            self.requests_kept,
            Passwords(CHEAP),
        )

    def _schedule(self) -> None:
        # Outside a running loop the rig itself drains the line.
        with suppress(RuntimeError):
            asyncio.get_running_loop().call_soon(self.world.writer.commit)

    def restart(self) -> None:
        """Forget everything in memory and recover from the disk."""
        self.world.projector.flush()
        self._open()

    # The market.

    def feed(self, *facts: Input) -> None:
        """Journal and apply facts, a second after the last."""
        self.clock.time_ns += SECOND
        for fact in facts:
            self.world.writer.submit(fact)
        self.world.writer.drain()

    def quote(self, symbol: str, bid: float, ask: float, size: float = 1000) -> None:
        """A new quote, in dollars and whole units."""
        instrument = self.world.view.instruments[self.world.view.symbols[symbol]]
        scale = 10**instrument.price_scale
        units = round(size * UNIT)
        self.feed(
            Quote(
                instrument.instrument_id,
                round(bid * scale),
                round(ask * scale),
                units,
                units,
                self.clock.time_ns,
            )
        )

    def auction(self, symbol: str, kind: int, price: float, size: float = 1000) -> None:
        """An auction's print."""
        instrument = self.world.view.instruments[self.world.view.symbols[symbol]]
        scaled = round(price * 10**instrument.price_scale)
        at = self.clock.time_ns
        self.feed(AuctionPrint(instrument.instrument_id, kind, scaled, round(size * UNIT), at))

    def trade(self, symbol: str, price: float, size: float = 1) -> None:
        """A trade print."""
        instrument = self.world.view.instruments[self.world.view.symbols[symbol]]
        scale = 10**instrument.price_scale
        self.feed(
            Trade(
                instrument.instrument_id,
                round(price * scale),
                round(size * UNIT),
                self.clock.time_ns,
            )
        )

    # HTTP.

    async def call(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        body: bytes | None = None,
        headers: dict[str, str] | list[tuple[str, str]] | None = None,
        query: str = "",
        chunks: list[bytes] | None = None,
        address: str = "192.0.2.1",
    ) -> Answer:
        """One request, as a server would hand it over."""
        if json is not None:
            body = msgspec.json.encode(json)
        pairs = list(headers.items()) if isinstance(headers, dict) else list(headers or ())
        if json is not None and not any(name.lower() == "content-type" for name, _ in pairs):
            pairs.append(("content-type", "application/json"))
        parts = chunks if chunks is not None else [body or b""]
        if chunks is None and body is not None:
            pairs.append(("content-length", str(len(body))))
        messages = [
            {"type": "http.request", "body": part, "more_body": n < len(parts)}
            for n, part in enumerate(parts, 1)
        ]
        sent: list[Any] = []

        async def receive() -> Any:
            if messages:
                return messages.pop(0)
            if path != EVENTS:
                # Whoever asks stays until it is answered; whoever listens hangs up.
                await asyncio.Event().wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {**http_scope(method, path, query, pairs), "client": (address, 4711)}
        await self.app(scope, receive, send)
        start = sent[0]
        told = {k.decode(): v.decode() for k, v in start["headers"]}
        self.cookies_set = [v.decode() for k, v in start["headers"] if k == b"set-cookie"]
        return Answer(start["status"], told, b"".join(m.get("body", b"") for m in sent[1:]))

    async def register(self, email: str = "ann@example.com") -> Any:
        """A new user with an account; returns the answer's body."""
        answer = await self.call(
            "POST",
            "/api/v1/auth/register",
            {"email": email, "password": PASSWORD, "name": "Ann"},
        )
        assert answer.status == 201, answer
        return answer.json

    async def sign_in(self, email: str = "ann@example.com") -> dict[str, str]:
        """Headers of a new session."""
        answer = await self.call(
            "POST", "/api/v1/auth/login", {"email": email, "password": PASSWORD}
        )
        assert answer.status == 200, answer
        return {"Authorization": "Bearer " + answer.json["token"]}

    async def key(self, session: dict[str, str], **said: Any) -> dict[str, str]:
        """Headers of a new API key."""
        answer = await self.call("POST", "/api/v1/api-keys", {"name": "k", **said}, headers=session)
        assert answer.status == 201, answer
        found = answer.json
        return {"APCA-API-KEY-ID": found["id"], "APCA-API-SECRET-KEY": found["secret"]}

    async def trader(self, email: str = "ann@example.com") -> "Trader":
        """A registered user who is signed in."""
        await self.register(email)
        return Trader(self, await self.sign_in(email))


class Trader:
    """Someone with credentials."""

    def __init__(self, rig: Rig, headers: dict[str, str]) -> None:
        self.rig, self.headers = rig, headers

    async def call(self, method: str, path: str, json: Any = None, **more: Any) -> Answer:
        """A request to ``/api/v1``."""
        headers = {**self.headers, **more.pop("headers", {})}
        return await self.rig.call(method, "/api/v1" + path, json, headers=headers, **more)

    async def order(self, headers: dict[str, str] | None = None, **said: Any) -> Answer:
        """Place an order: 10 AAPL at the market unless said otherwise."""
        body = {"symbol": "AAPL", "side": "buy", "qty": "10", **said}
        wanted = {name: value for name, value in body.items() if value is not None}
        return await self.call("POST", "/orders", wanted, headers=headers or {})


def basic(pair: dict[str, str]) -> dict[str, str]:
    """A key pair as HTTP basic credentials."""
    text = pair["APCA-API-KEY-ID"] + ":" + pair["APCA-API-SECRET-KEY"]
    return {"Authorization": "Basic " + b64encode(text.encode()).decode()}


def http_scope(
    method: str, path: str, query: str = "", headers: list[tuple[str, str]] | None = None
) -> dict[str, Any]:
    """An ASGI scope of a request; ``path`` is decoded, as servers give it."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": query.encode(),
        "headers": [(k.lower().encode(), v.encode("latin-1")) for k, v in headers or ()],
        "client": ("192.0.2.1", 4711),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }
