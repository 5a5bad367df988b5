"""Clients on the worst line: one misses nothing, the other makes good what it missed.

Goal: the native stream can be trusted over the worst line. Method: one client follows an account
over a line that swallows every second frame and breaks off every second socket at a seeded frame,
while another places and cancels orders and the server is killed and started again; it knows only
the stream's own rules (``token``, ``prev``, ``resume``). What it ends with is compared with the
journal's inputs run through an engine of the test's own, and with what a calm client is sent.

Alpaca's ``trade_updates`` has no replay: its client reads the orders again whenever it listens
anew, and then believes whatever is newer. What it ends with is what the API shows.
"""

import asyncio
import random
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any

import msgspec
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from stockyard.engine.engine import Engine
from stockyard.model.events import Event
from stockyard.storage.sqlite import SqliteJournal
from tests.e2e.running import Client, Running

SEED = 20_261_121
ORDERS = 60
SILENCE_S = 0.1
"""A client that hears nothing for so long asks whether anybody is there, and then connects anew; it
waits longer each time until it hears something new.
"""
SILENCE_S_MAX = 3.0
PATIENCE = 120.0
BEGINNING = "0-0"
CONTROL = frozenset({"connected", "authenticated", "resumed", "pong", "error"})


class Line:
    """Lets through the first of every two frames, over all sockets together, and breaks off the
    second of every two sockets after a drawn number of frames.
    """

    def __init__(self) -> None:
        self._random = random.Random(SEED)
        self._frames = self._sockets = 0
        self.swallowed = self.broken = 0

    def opened(self) -> int:
        """A new socket; after how many frames it breaks."""
        self._sockets += 1
        return self._random.randint(1, 12) if self._sockets % 2 == 0 else 10**9

    def passes(self) -> bool:
        """Whether the next frame comes through."""
        self._frames += 1
        self.swallowed += self._frames % 2 == 0
        return self._frames % 2 == 1


class ChaosClient:
    """Follows an account by the rules of the stream alone."""

    def __init__(self, server: Running, line: Line) -> None:
        self._server, self._line = server, line
        self.last = BEGINNING
        self.frames: list[dict[str, Any]] = []
        self.silence_s = SILENCE_S

    async def follow_until(self, done: Any) -> None:
        """Connect again and again until it is done."""
        while not done():
            try:
                await self._follow_once(done)
            except (OSError, ConnectionClosed, InvalidHandshake, TimeoutError, ValueError):
                # Nobody answers while the server is killed and started again.
                await asyncio.sleep(0.01)

    async def _follow_once(self, done: Any) -> None:
        address = f"ws://{self._server.host}:{self._server.port}/api/v1/stream"
        breaks_after = self._line.opened()
        async with connect(address, close_timeout=0.01) as socket:
            demo = self._server.demo
            said = {"type": "auth", "key": demo["api_key"], "secret": demo["api_secret"]}
            await socket.send(msgspec.json.encode({**said, "resume": self.last}).decode())
            count, has_asked = 0, False
            while not done():
                try:
                    async with asyncio.timeout(self.silence_s):
                        frame = msgspec.json.decode(await socket.recv())
                except TimeoutError:
                    if has_asked:
                        self.silence_s = min(2 * self.silence_s, SILENCE_S_MAX)
                        return
                    has_asked = True
                    await socket.send('{"type":"ping"}')
                    continue
                count += 1
                if count > breaks_after:
                    self._line.broken += 1
                    socket.transport.abort()
                    return
                if self._line.passes() and not self._take(frame):
                    return

    def _take(self, frame: dict[str, Any]) -> bool:
        """Take a frame that came through; False when some before it did not."""
        if frame["type"] in CONTROL:
            assert frame["type"] != "error", frame
            return True
        if frame["prev"] != self.last:
            return False
        self.last, self.silence_s = frame["token"], SILENCE_S
        self.frames.append(frame)
        return True


async def calm(server: Running, count: int) -> list[dict[str, Any]]:
    """Every event of the account, resumed from its beginning over a line that loses nothing."""
    async with connect(f"ws://{server.host}:{server.port}/api/v1/stream") as socket:
        demo = server.demo
        said = {"type": "auth", "key": demo["api_key"], "secret": demo["api_secret"]}
        await socket.send(msgspec.json.encode({**said, "resume": BEGINNING}).decode())
        frames: list[dict[str, Any]] = []
        async with asyncio.timeout(PATIENCE):
            while len(frames) < count:
                frame = msgspec.json.decode(await socket.recv())
                frames += [frame] if frame["type"] not in CONTROL else []
    return frames


def trade(client: Client, draw: random.Random, count: int) -> None:
    """Place orders that fill, wait, are refused, and are canceled."""
    waiting: list[str] = []
    for _ in range(count):
        symbol = draw.choice(["AAPL", "MSFT", "BTC/USD"])
        body = {"symbol": symbol, "side": "buy", "qty": "0.01" if "/" in symbol else "1"}
        kind = draw.randrange(4)
        if kind == 0:
            bid = client.get(f"/api/v1/quotes/{symbol}")["bid"]
            price = f"{float(bid) * 0.9:.2f}"
            body |= {"type": "limit", "limit_price": price, "time_in_force": "gtc"}
        elif kind == 1:
            body["side"] = "sell"
        elif kind == 2 and waiting:
            client.ask("DELETE", f"/api/v1/orders/{waiting.pop()}")
            continue
        status, told = client.ask("POST", "/api/v1/orders", body)
        assert status in (201, 403), told
        if kind == 0 and status == 201:
            waiting.append(told["id"])


def journaled(data: Path, first: str) -> list[tuple[str, str]]:
    """The names and kinds of the events of the account whose first event is named, by running the
    journal's inputs anew.
    """
    journal, engine = SqliteJournal(data / "journal.db"), Engine()
    found: dict[int, list[tuple[str, str]]] = {}
    try:
        for record in journal.read(0):
            events: list[Event] = []
            engine.apply(record.seq, record.ts, record.input, events)
            for index, event in enumerate(events):
                name = (f"{record.seq}-{index}", type(event).__name__)
                found.setdefault(event.account_id, []).append(name)
    finally:
        journal.close()
    return next(names for names in found.values() if names[0][0] == first)


async def test_every_second_frame_and_socket_lost_and_nothing_missed(tmp_path: Path) -> None:
    server = Running(tmp_path / "data", updates_per_second=20, snapshot_seconds=0.3)
    line, draw = Line(), random.Random(SEED)
    chaos = ChaosClient(server, line)
    is_over = False
    following = asyncio.create_task(chaos.follow_until(lambda: is_over))
    try:
        client = server.connect()
        await asyncio.to_thread(trade, client, draw, ORDERS // 2)
        client.close()
        server.kill()
        await asyncio.to_thread(server.start)
        client = server.connect()
        await asyncio.to_thread(trade, client, draw, ORDERS // 2)
        orders = [order["id"] for order in client.get("/api/v1/orders?status=open&limit=500")]
        for order_id in orders:
            client.ask("DELETE", f"/api/v1/orders/{order_id}")
        client.close()
        # Nothing happens any more: what is told last says where to come to.
        async with connect(f"ws://{server.host}:{server.port}/api/v1/stream") as socket:
            said = {"type": "auth", "key": server.demo["api_key"]}
            said["secret"] = server.demo["api_secret"]
            await socket.send(msgspec.json.encode(said).decode())
            last = BEGINNING
            while last == BEGINNING:
                frame = msgspec.json.decode(await socket.recv())
                last = frame["token"] if frame["type"] == "authenticated" else last
        async with asyncio.timeout(PATIENCE):
            while chaos.last != last:
                assert not following.done(), following.exception()
                await asyncio.sleep(0.01)
        is_over = True
        await asyncio.wait_for(following, PATIENCE)
        assert chaos.frames == await calm(server, len(chaos.frames))
        assert server.stop() == 0
    finally:
        following.cancel()
        if server.process.poll() is None:
            server.kill()
    found = journaled(server.data, chaos.frames[0]["token"])
    assert [frame["token"] for frame in chaos.frames] == [name for name, _ in found]
    assert len(found) > ORDERS
    assert {"OrderAccepted", "OrderFilled", "OrderCanceled", "CommandDenied"} <= {
        kind for _, kind in found
    }
    assert line.swallowed > len(found) / 2
    assert line.broken > 10


class UpdatesClient:
    """Keeps an account's orders as a bot of Alpaca's does; every socket breaks off."""

    def __init__(self, server: Running) -> None:
        self._server, self._random = server, random.Random(SEED)
        self.orders: dict[str, dict[str, Any]] = {}
        self.updates = self.rereads = self.broken = 0
        self.is_over = False

    async def follow(self) -> None:
        """Listen again and again until told that it is over."""
        while not self.is_over:
            with suppress(OSError, ConnectionClosed, TimeoutError, HTTPException, InvalidHandshake):
                await self._listen_once()

    async def _listen_once(self) -> None:
        address = f"ws://{self._server.host}:{self._server.port}/stream"
        demo = self._server.demo
        keys = {"APCA-API-KEY-ID": demo["api_key"], "APCA-API-SECRET-KEY": demo["api_secret"]}
        async with connect(address, additional_headers=keys, close_timeout=0.01) as socket:
            said = {"action": "listen", "data": {"streams": ["trade_updates"]}}
            await socket.send(msgspec.json.encode(said))
            for _ in range(self._random.randint(2, 20)):
                async with asyncio.timeout(SILENCE_S_MAX):
                    frame = msgspec.json.decode(await socket.recv())
                if frame["stream"] == "listening":
                    await asyncio.to_thread(self._reread)
                elif frame["stream"] == "trade_updates":
                    self.updates += 1
                    self._believe(frame["data"]["order"])
            self.broken += 1
            socket.transport.abort()

    def _reread(self) -> None:
        client = self._server.connect()
        for order in client.get("/v2/orders?status=all&limit=500"):
            self._believe(order)
        client.close()
        self.rereads += 1

    def _believe(self, order: dict[str, Any]) -> None:
        known = self.orders.get(order["id"])
        if known is None or order["updated_at"] >= known["updated_at"]:
            self.orders[order["id"]] = order


async def test_orders_read_again_agree_with_what_was_streamed(tmp_path: Path) -> None:
    server = Running(tmp_path / "data", updates_per_second=20, snapshot_seconds=0.3)
    bot = UpdatesClient(server)
    following = asyncio.create_task(bot.follow())
    try:
        client = server.connect()
        await asyncio.to_thread(trade, client, random.Random(SEED), 2 * ORDERS)
        for order in client.get("/api/v1/orders?status=open&limit=500"):
            client.ask("DELETE", f"/api/v1/orders/{order['id']}")
        told = {order["id"]: order for order in client.get("/v2/orders?status=all&limit=500")}
        client.close()
        async with asyncio.timeout(PATIENCE):
            while bot.orders != told:
                await asyncio.sleep(0.01)
    finally:
        bot.is_over = True
        following.cancel()
        server.kill()
    assert len(told) > ORDERS
    assert bot.updates > ORDERS
    assert min(bot.broken, bot.rereads) > 3
