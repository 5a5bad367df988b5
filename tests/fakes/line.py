"""What the fakes of feeds share: connections on which faults happen on command.

A ``FeedServer`` speaks a vendor's protocol, knows nothing of sockets, and has two fronts: ``dial``
is a connection in memory for virtual time, ``listening`` a real WebSocket server on loopback, and
``answering`` a real HTTP server for what ``answer`` says.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import NamedTuple

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from stockyard.model.feeds import (
    FeedRefused,
    FeedUnavailable,
    FeedWire,
    HttpAnswer,
    HttpRequest,
)
from stockyard.runtime.feed_runner import ConnectionLost
from stockyard.runtime.feed_socket import retry_after_s

Frame = str | bytes


class Half(NamedTuple):
    """The beginning of a message whose end never comes."""

    frame: Frame


class End(NamedTuple):
    """The connection is closed properly, with a WebSocket close code."""

    code: int


class Line:
    """One connection, seen from the server. ``asked``: channels it has subscribed to, in order."""

    def __init__(self, path: str, headers: Mapping[str, str]) -> None:
        self.path = path
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.out: asyncio.Queue[Frame | Half | End | None] = asyncio.Queue()
        self.is_open, self.is_stalled, self.is_known = True, False, False
        self.asked: dict[str, None] = {}
        self.said: list[Frame] = []

    def send(self, frame: Frame) -> None:
        """Send a frame; a stalled line swallows it."""
        if self.is_open and not self.is_stalled:
            self.out.put_nowait(frame)

    def half(self, frame: Frame) -> None:
        """Send the first half of a frame, and then nothing any more."""
        if self.is_open and not self.is_stalled:
            self.out.put_nowait(Half(frame[: len(frame) // 2]))
            self.is_stalled = True

    def end(self, code: int = 1008) -> None:
        """Close the connection properly, after what was sent before."""
        if self.is_open:
            self.is_open = False
            self.out.put_nowait(End(code))

    def drop(self) -> None:
        """Cut the connection without a word, after what was sent before."""
        self.is_open = False
        self.out.put_nowait(None)


class FeedServer:
    """A vendor's server. ``refusals``: how the next upgrades are answered, status and headers.

    ``is_mute``: it lets new connections in and says nothing on them.
    """

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.connections = 0
        self.is_mute = False
        self.refusals: deque[tuple[int, dict[str, str]]] = deque()

    def opened(self, line: Line) -> None:
        """A client connected."""

    def said(self, line: Line, frame: Frame) -> None:
        """A client said this."""

    def answer(self, request: HttpRequest) -> HttpAnswer:
        """Answer a request over HTTP."""
        return HttpAnswer(404, b"{}")

    async def fetch(self, request: HttpRequest) -> HttpAnswer:
        """Answer as the runtime's client would: what is no answer is raised."""
        answer = self.answer(request)
        if answer.status == 429:
            wait_s = retry_after_s(answer.headers.get("retry-after", ""))
            raise FeedUnavailable("too many requests", wait_s or 1.0)
        if answer.status >= 500:
            raise FeedUnavailable(f"answered with {answer.status}")
        return answer

    def drop(self) -> None:
        """Cut every connection."""
        for line in list(self.lines):
            line.drop()
            self.lines.remove(line)

    def stall(self) -> None:
        """Say nothing any more on the connections there are."""
        for line in self.lines:
            line.is_stalled = True

    def half(self, frame: Frame) -> None:
        """Send half a frame on every connection, then nothing."""
        for line in self.lines:
            line.half(frame)

    def send(self, frame: Frame) -> None:
        """Send a frame on every connection."""
        for line in self.lines:
            line.send(frame)

    def _admit(self, line: Line) -> None:
        self.connections += 1
        self.lines.append(line)
        line.is_stalled = self.is_mute
        self.opened(line)

    def _leave(self, line: Line) -> None:
        line.is_open = False
        if line in self.lines:
            self.lines.remove(line)

    async def dial(self, wire: FeedWire) -> "MemoryConnection":
        """Connect in memory, as ``feed_socket.open_socket`` does on the network."""
        if self.refusals:
            status, headers = self.refusals.popleft()
            if status in (401, 403):
                raise FeedRefused(f"the upgrade was answered with {status}")
            if status == 429:
                wait_s = retry_after_s(headers.get("retry-after", ""))
                raise FeedUnavailable("the upgrade was answered with 429", wait_s or 1.0)
            raise ConnectionLost(f"the upgrade was answered with {status}")
        line = Line(wire.url, wire.headers)
        self._admit(line)
        return MemoryConnection(self, line)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        """Serve WebSockets on loopback; the port."""

        def upgrade(connection: ServerConnection, request: Request) -> Response | None:
            if not self.refusals:
                return None
            status, headers = self.refusals.popleft()
            response = connection.respond(status, "no\n")
            for name, value in headers.items():
                response.headers[name] = value
            return response

        async with serve(self._attend, "127.0.0.1", 0, process_request=upgrade) as server:
            yield next(iter(server.sockets)).getsockname()[1]

    async def _attend(self, connection: ServerConnection) -> None:
        request = connection.request
        assert request is not None
        line = Line(request.path, dict(request.headers.raw_items()))
        speaking = asyncio.ensure_future(self._speak(connection, line))
        self._admit(line)
        try:
            async for frame in connection:
                self.said(line, frame)
        except ConnectionClosed:
            pass
        finally:
            self._leave(line)
            speaking.cancel()
            with suppress(asyncio.CancelledError, ConnectionClosed):
                await speaking

    async def _speak(self, connection: ServerConnection, line: Line) -> None:
        while (frame := await line.out.get()) is not None:
            if isinstance(frame, Half):
                await connection.send(_never_ending(frame.frame))
            elif isinstance(frame, End):
                await connection.close(frame.code)
            else:
                await connection.send(frame)
        connection.transport.abort()

    @contextmanager
    def answering(self) -> Iterator[int]:
        """Serve HTTP on loopback; the port."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def _do(self) -> None:
                size = int(self.headers.get("content-length") or 0)
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = HttpRequest(self.command, self.path, headers, self.rfile.read(size))
                answer = outer.answer(request)
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            do_GET = do_POST = do_DELETE = do_PUT = _do

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


async def _never_ending(frame: Frame) -> AsyncIterator[Frame]:
    yield frame
    await asyncio.Event().wait()


class MemoryConnection:
    """A connection in memory in the runner's words."""

    def __init__(self, server: FeedServer, line: Line) -> None:
        self._server, self._line = server, line

    async def receive(self) -> Frame:
        """The next whole frame."""
        while isinstance(frame := await self._line.out.get(), Half):
            pass
        if frame is None or isinstance(frame, End):
            raise ConnectionLost("the connection was cut")
        return frame

    async def send(self, frame: Frame) -> None:
        """Hand a frame to the server."""
        if not self._line.is_open:
            raise ConnectionLost("the connection was cut")
        self._line.said.append(frame)
        self._server.said(self._line, frame)

    async def close(self) -> None:
        """Leave."""
        self._server._leave(self._line)
