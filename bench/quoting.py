"""A server whose market is a steady stream of quotes, for the benchmark of the fan-out.

``python -m bench.quoting PORT DATA RATE MANNER`` serves until it is told to stop. Each quote's bid
size is the second of the minute at which it was handed in, so that a client can tell its age.
``MANNER``: ``gateway`` as the server is, or ``naive``: the plain loop that everyone writes first,
which encodes a quote for each client and waits for each send. Must not know: what is measured.
"""

import asyncio
import resource
import socket
import sys
import time
from itertools import cycle
from pathlib import Path
from typing import Any, Final

import uvloop
from starlette.websockets import WebSocket, WebSocketDisconnect

from stockyard import server
from stockyard.api.application import Application, create_application
from stockyard.api.door import Door, encode
from stockyard.api.heads import Receive, Scope, Send
from stockyard.config import Config
from stockyard.model.events import Event
from stockyard.model.facts import Quote
from stockyard.model.records import Record
from stockyard.runtime.world import World

SYMBOLS: Final = 20
FILES: Final = 20_000
"""Files that a process of this benchmark may have open: a socket for each client."""
SEND_BUFFER: Final = 32_768
PATIENCE_S: Final = 600.0
MINUTE_NS: Final = 60_000_000_000
_quoting: set[asyncio.Task[None]] = set()


def allow_sockets() -> None:
    """Let this process open as many sockets as it may."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if most == resource.RLIM_INFINITY else min(FILES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


async def quote_for_ever(world: World, rate: float) -> None:
    """Hand in so many quotes a second, of one symbol after another."""
    loop = asyncio.get_running_loop()
    due, price = loop.time(), 1_000_000
    for instrument_id in cycle(sorted(world.view.instruments)[:SYMBOLS]):
        due += 1 / rate
        price = 1_000_000 + (price + 100) % 100_000
        if due > loop.time():
            await asyncio.sleep(due - loop.time())
        now = time.time_ns()
        size = now % MINUTE_NS + 1
        world.writer.submit(Quote(instrument_id, price, price + 100, size, 10**9, now))


class Naive:
    """Every client in one list, every quote encoded and sent to each in turn."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._clients: list[WebSocket] = []
        self._changed: asyncio.Queue[int] = asyncio.Queue()
        self._publish = door.world.hub.publish
        door.world.writer.listener = self._take
        _quoting.add(asyncio.ensure_future(self._broadcast()))

    def _take(self, record: Record, events: list[Event]) -> None:
        self._publish(record, events)
        if isinstance(record.input, Quote):
            self._changed.put_nowait(record.input.instrument_id)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one client, and answer anything it says with all quotes."""
        client = WebSocket(scope, receive, send)
        await client.accept()
        await client.send_text('{"type":"connected"}')
        try:
            while True:
                await client.receive_text()
                await client.send_text(self._text("snapshot", list(self._door.view.quotes)))
                if client not in self._clients:
                    self._clients.append(client)
        except WebSocketDisconnect:
            return

    def _text(self, kind: str, instrument_ids: list[int]) -> str:
        view, render = self._door.view, self._door.render
        quotes = [render.stream_quote(view.quotes[n]) for n in instrument_ids]
        return encode({"type": kind, "quotes": quotes}).decode()

    async def _broadcast(self) -> None:
        while True:
            instrument_id = await self._changed.get()
            for client in list(self._clients):
                try:
                    await client.send_text(self._text("quotes", [instrument_id]))
                except (WebSocketDisconnect, RuntimeError, OSError):
                    self._clients.remove(client)


def _naive_application(*given: Any, **named: Any) -> Application:
    found = create_application(*given, **named)
    naive: Any = Naive(found.door)
    found.streams = naive
    return found


def main() -> None:
    """Run what the command line names."""
    port, data, rate, manner = int(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
    allow_sockets()
    # Thousands of clients in one process may take long to connect on a crowded machine.
    server.STREAM_PING_TIMEOUT_S = PATIENCE_S  # type: ignore[misc]
    if manner == "naive":
        server.create_application = _naive_application  # type: ignore[assignment]

    def ready(found: server.Server, _: object) -> None:
        # Connections inherit it: who does not read is felt within a second, not a minute.
        assert found._uvicorn is not None
        listening: Any = found._uvicorn.servers[0].sockets[0]
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        _quoting.add(asyncio.ensure_future(quote_for_ever(found.world, rate)))

    config = Config(data=data, port=port, market="none", demo=False, streams_per_address=5_000)
    uvloop.run(server.Server(config).run(ready))


if __name__ == "__main__":
    main()
