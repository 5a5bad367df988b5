"""The event stream over real sockets: the stream's frames, going on after an id, ends; presence."""

import asyncio
import socket
from typing import Any

import msgspec
import pytest

from stockyard.people.identity import ROLE_SCOPES, Role
from tests.api.listener import Listener
from tests.api.rig import Rig, Trader
from tests.api.serving import PATIENCE, served
from tests.api.test_gateway import until
from tests.api.test_watch import scraped


class Event:
    """One event: its name, its id if it has one, its data."""

    def __init__(self, lines: list[str]) -> None:
        said = dict(line.split(": ", 1) for line in lines if not line.startswith(":"))
        self.name, self.id = said.get("event"), said.get("id")
        self.json = msgspec.json.decode(said["data"]) if "data" in said else None


class Events:
    """A client that reads events; comments and ``retry`` are events without a name."""

    async def open(
        self, port: int, query: str = "", small: bool = False, **headers: str
    ) -> "Events":
        """Connect, and read the answer's head; ``small``: with a small buffer."""
        client = socket.create_connection(("127.0.0.1", port))
        if small:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._reader, self.writer = await asyncio.open_connection(sock=client)
        said = "".join(f"{name.replace('_', '-')}: {text}\r\n" for name, text in headers.items())
        head = f"GET /api/v1/events{query} HTTP/1.1\r\nHost: 127.0.0.1\r\n{said}\r\n"
        self.writer.write(head.encode())
        head_bytes = await self._within(self._reader.readuntil(b"\r\n\r\n"))
        self.head = head_bytes.decode()
        self._waiting: list[Event] = []
        return self

    async def _within(self, work: Any) -> Any:
        return await asyncio.wait_for(work, PATIENCE)

    async def next(self, comments: bool = False) -> Event | None:
        """The next event with a name; None at the end."""
        while True:
            while self._waiting:
                found = self._waiting.pop(0)
                if found.name is not None or comments:
                    return found
            size = int((await self._within(self._reader.readline())).strip() or b"0", 16)
            data = await self._within(self._reader.readexactly(size + 2))
            if size == 0:
                return None
            for text in data.decode().strip().split("\n\n"):
                self._waiting.append(Event(text.split("\n")))

    async def named(self, name: str) -> Event:
        """The next event, which has this name."""
        found = await self.next()
        assert found is not None
        assert found.name == name, (found.name, found.json)
        return found

    async def close(self) -> None:
        """Hang up."""
        self.writer.close()
        await self.writer.wait_closed()


async def test_what_is_public_comes_to_anyone(rig: Rig) -> None:
    async with served(rig) as port:
        client = await Events().open(port, "?symbols=AAPL,btc-usd&channels=quotes,trades")
        assert "200 OK" in client.head
        assert "content-type: text/event-stream" in client.head
        assert "cache-control: no-store" in client.head
        assert "x-request-id" in client.head
        assert "content-length" not in client.head
        assert (await client.named("connected")).json["type"] == "connected"
        snapshot = (await client.named("snapshot")).json
        assert [quote["symbol"] for quote in snapshot["quotes"]] == ["AAPL", "BTC/USD"]
        rig.quote("MSFT", 400, 400.02)
        rig.quote("AAPL", 190.01, 190.03)
        quotes = await client.named("quotes")
        assert quotes.id is None
        assert [quote["bid"] for quote in quotes.json["quotes"]] == ["190.01"]
        rig.trade("AAPL", 190.02)
        assert (await client.named("trades")).json["trades"][0]["price"] == "190.02"
        await client.close()
        await until(lambda: len(rig.world.hub) == 0)
        everything = await Events().open(port)
        await everything.named("connected")
        quotes = (await everything.named("snapshot")).json["quotes"]
        assert len(quotes) == len(rig.world.view.quotes)
        await everything.close()


async def test_an_account_goes_on_after_the_last_event_id(rig: Rig, ann: Trader) -> None:
    token = ann.headers["Authorization"].removeprefix("Bearer ")
    async with served(rig) as port:
        client = await Events().open(port, "?symbols=AAPL", **ann.headers)
        await client.named("connected")
        begun = await client.named("authenticated")
        assert begun.id == begun.json["token"]
        await client.named("snapshot")
        await ann.order(qty="1")
        accepted, filled = await client.named("order"), await client.named("fill")
        assert accepted.json["prev"] == begun.id
        assert (accepted.id, filled.json["prev"]) == (accepted.json["token"], accepted.id)
        await client.close()
        await ann.order(qty="2")
        again = await Events().open(port, "?symbols=AAPL", Last_Event_ID=accepted.id, **ann.headers)
        await again.named("connected")
        assert (await again.named("authenticated")).id is None, "what is between would be lost"
        await again.named("snapshot")
        assert (await again.named("resumed")).json["events"] == 3
        events = [await again.named(name) for name in ("fill", "order", "fill")]
        assert events[0].id == filled.id
        assert [one.json["prev"] for one in events[1:]] == [one.id for one in events[:2]]
        await ann.order(qty="3")
        assert (await again.named("order")).json["prev"] == events[-1].id
        await again.close()
        unknown = await Events().open(port, f"?token={token}&last_event_id=1-0&symbols=AAPL")
        for name in ("connected", "authenticated", "snapshot"):
            await unknown.named(name)
        assert (await unknown.named("resync")).json["reason"] == "unknown_token"
        await unknown.close()


@pytest.mark.parametrize(
    ("query", "headers", "status", "code"),
    [
        ("channels=prices", {}, 422, "unknown_channel"),
        ("channels=", {}, 422, "unknown_channel"),
        ("channels=bars&window=2m", {}, 422, "unknown_window"),
        ("symbols=NONE", {}, 422, "unknown_symbol"),
        ("sound=loud", {}, 422, "unknown_parameter"),
        ("channels=feeds", {}, 401, "missing_credentials"),
        ("", {"Last-Event-ID": "1-0"}, 401, "missing_credentials"),
        ("token=x", {}, 401, "invalid_token"),
        ("", {"Authorization": "Bearer x"}, 401, "invalid_token"),
        ("account_id=a", {"X-Account-ID": "b"}, 400, "conflicting_accounts"),
    ],
)
async def test_event_streams_that_cannot_be(
    rig: Rig, query: str, headers: dict[str, str], status: int, code: str
) -> None:
    found = await rig.call("GET", "/api/v1/events", headers=headers, query=query)
    assert (found.status, found.json["code"]) == (status, code)
    assert len(rig.world.hub) == 0


async def test_an_id_that_is_none_is_refused(rig: Rig, ann: Trader) -> None:
    found = await ann.call("GET", "/events", headers={"Last-Event-ID": "soon"})
    assert (found.status, found.json["code"]) == (422, "invalid_token")
    assert len(rig.world.hub) == 0


async def test_limits_say_when_to_come_again(rig: Rig) -> None:
    rig.app = Rig(rig.disk, streams_per_address=1).app
    listener = await Listener(rig).connected()
    found = await rig.call("GET", "/api/v1/events")
    assert (found.status, found.json["code"]) == (429, "too_many_streams")
    assert found.headers["retry-after"] == "5"
    await listener.hang_up()
    rig.app.begin_stop()
    assert (await rig.call("GET", "/api/v1/events")).status == 503


async def test_a_head_has_no_events(rig: Rig) -> None:
    found = await rig.call("HEAD", "/api/v1/events")
    assert (found.status, found.body) == (200, b"")
    assert len(rig.world.hub) == 0


async def test_silence_is_filled_and_the_end_has_a_reason(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stockyard.api.events.BEAT_S", 0.01)
    async with served(rig) as port:
        client = await Events().open(port, "?symbols=AAPL")
        while (found := await client.next(comments=True)) is not None and found.name != "snapshot":
            continue
        silent = await client.next(comments=True)
        assert silent is not None
        assert (silent.name, silent.json) == (None, None)
        rig.app.begin_stop("this Stockyard is stopping")
        end = await client.named("end")
        assert end.json == {"type": "end", "code": 1001, "reason": "this Stockyard is stopping"}
        assert await client.next() is None
        await client.close()


async def test_who_does_not_read_events_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stockyard.api.events.CLOSE_S", 0.05)
    rig = Rig(stall_s=0.1)
    rig.quote("AAPL", 189.99, 190.01)
    async with served(rig) as port:
        client = await Events().open(port, "?channels=trades", small=True)
        transport: Any = client.writer.transport
        transport.pause_reading()
        async with asyncio.timeout(PATIENCE):
            while rig.app.gateway.cut_off == 0:
                for _ in range(50):
                    rig.trade("AAPL", 190)
                await asyncio.sleep(0.001)
        await until(lambda: len(rig.world.hub) == 0)
        transport.abort()


async def test_presence_shows_your_own_streams_and_an_administrator_all(
    rig: Rig, ann: Trader, bob: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await rig.call("GET", "/api/v1/presence")).status == 401
    async with served(rig) as port:
        client = await Events().open(port, **ann.headers)
        await client.named("connected")
        listeners = [await Listener(rig).connected(who) for who in (bob.headers, bob.headers, {})]
        assert (await scraped(rig))["gateway_event_streams",] == 1
        own = (await ann.call("GET", "/presence")).json
        (stream,) = own["streams"]
        assert own["users"] == 1
        assert (stream["kind"], stream["address"], stream["blocked"]) == (
            "events", "127.0.0.1", False,
        )  # fmt: skip
        assert stream["account_id"] == (await ann.call("GET", "/account")).json["id"]
        assert stream["since"].startswith("2026-01-02T15:00:")
        assert len((await bob.call("GET", "/presence")).json["streams"]) == 2
        gate = rig.app.door.gate
        identity = gate.token(ann.headers["Authorization"].removeprefix("Bearer "))
        admin = msgspec.structs.replace(identity, role=Role.ADMIN, scopes=ROLE_SCOPES[Role.ADMIN])
        monkeypatch.setattr(gate, "identity", lambda head: admin)
        found = (await ann.call("GET", "/presence")).json
        assert found["users"] == 2
        assert [one["kind"] for one in found["streams"]] == ["events", *["websocket"] * 3]
        assert found["streams"][3]["user_id"] is None
        for listener in listeners:
            await listener.hang_up()
        await client.close()
