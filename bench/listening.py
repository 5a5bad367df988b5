"""Clients of the stream, thousands in one process: they count what comes, and tell how old it is.

Promises: nothing is parsed that need not be; whole messages and quotes are counted, also those that
come in two pieces; ages are of every quote, from the moment it was handed in. Must not know: what
serves them.
"""

import re
import select
import socket
import time
from typing import Final

import msgspec

from bench.figures import quantile
from bench.machine import processor_seconds
from bench.quoting import SYMBOLS, allow_sockets

KEY: Final = "MDEyMzQ1Njc4OWFiY2RlZg=="
DEFLATE: Final = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
READ_BYTES: Final = 262_144
STALLED_BYTES: Final = 4_096
STALLING_FRAMES: Final = 60
"""Each is answered with all quotes: more than a socket takes that nobody reads."""
PUMPED_EVERY: Final = 100
PUMP_S: Final = 0.05
CAUGHT_UP_MS: Final = 200.0
CAUGHT_UP_TRIES: Final = 20
KEPT_BYTES: Final = 80
"""Of what came last: a close frame says why."""
_MESSAGE: Final = b'{"type":"quotes"'
_QUOTE: Final = b'"ask_size"'
_PING: Final = b"\x89\x04"
_PONG: Final = b"\x8a\x84" + bytes(4)
_size = re.compile(rb'"bid_size":"([0-9.]+)"')


class Heard(msgspec.Struct):
    """What all clients got in one window of time."""

    seconds: float
    messages: int
    quotes: int
    bytes: int
    age_p50_ms: float
    age_p99_ms: float
    server_s: float
    own_s: float


class _Client:
    def __init__(self, port: int, deflate: bool, buffer: int = 0) -> None:
        self.socket = socket.socket()
        if buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        extra = DEFLATE if deflate else ""
        head = (
            f"GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n"
            f"{extra}\r\n"
        )
        self.socket.sendall(head.encode())
        answer = b""
        while b'"connected"' not in answer:
            more = self.socket.recv(READ_BYTES)
            if not more:
                raise ConnectionError(f"the server refused a stream after {answer!r}")
            answer += more
        self.tail = self.end = b""

    def say(self, text: str) -> None:
        payload = text.encode()
        size = len(payload)
        head = bytes((0x81, 0x80 | size)) if size < 126 else b"\x81\xfe" + size.to_bytes(2, "big")
        self.socket.sendall(head + bytes(4) + payload)


class Clients:
    """Some clients that all follow the same symbols."""

    def __init__(
        self, port: int, count: int, symbols: list[str], server_pid: int, deflate: bool
    ) -> None:
        allow_sockets()
        self._port, self._pid, self._deflate = port, server_pid, deflate
        quoted = ",".join(f'"{symbol}"' for symbol in symbols[:SYMBOLS])
        self._subscribe = f'{{"type":"subscribe","symbols":[{quoted}]}}'
        self._by_fd: dict[int, _Client] = {}
        self._poller = select.epoll()
        for n in range(count):
            if n % PUMPED_EVERY == 0:
                # Whoever is not read from, or answers no ping, is closed.
                self.listen(PUMP_S * (1 + n // 500))
            client = _Client(port, deflate)
            client.say(self._subscribe)
            client.socket.setblocking(False)
            self._by_fd[client.socket.fileno()] = client
            self._poller.register(client.socket, select.EPOLLIN)

    def close(self) -> None:
        """Hang up."""
        for client in self._by_fd.values():
            client.socket.close()

    def stall(self) -> socket.socket:
        """One more client, which asks for much and reads nothing."""
        client = _Client(self._port, False, STALLED_BYTES)
        for _ in range(STALLING_FRAMES):
            client.say(self._subscribe)
        return client.socket

    def catch_up(self, seconds: float) -> None:
        """Read what came while others connected, until what comes is new."""
        for _ in range(CAUGHT_UP_TRIES):
            heard = self.listen(min(0.5, seconds))
            if heard.age_p99_ms < CAUGHT_UP_MS:
                return

    def listen(self, seconds: float) -> Heard:
        """Read what comes for so long."""
        ages: list[float] = []
        messages = quotes = size = 0
        server, own = processor_seconds(self._pid), time.process_time()
        begun = time.perf_counter()
        until = begun + seconds
        while time.perf_counter() < until:
            for fd, _ in self._poller.poll(0.05):
                client = self._by_fd[fd]
                data = client.socket.recv(READ_BYTES)
                now_s = time.time_ns() % 60_000_000_000 / 1e9
                if not data:
                    raise ConnectionError(f"the server closed a stream after {client.end!r}")
                client.end = data[-KEPT_BYTES:]
                size += len(data)
                if (at := data.find(_PING)) >= 0:
                    client.socket.send(_PONG + data[at + 2 : at + 6])
                if self._deflate:
                    continue
                whole = client.tail + data
                client.tail = data[1 - len(_MESSAGE) :]
                messages += whole.count(_MESSAGE)
                # What was counted before cannot be whole again within so short a tail.
                quotes += data.count(_QUOTE)
                ages += [(now_s - float(text)) % 60 for text in _size.findall(data)]
        passed = time.perf_counter() - begun
        return Heard(
            passed,
            messages,
            quotes,
            size,
            quantile(ages, 0.5) * 1e3 if ages else 0.0,
            quantile(ages, 0.99) * 1e3 if ages else 0.0,
            processor_seconds(self._pid) - server,
            time.process_time() - own,
        )


def listen(
    port: int,
    count: int,
    symbols: list[str],
    server_pid: int,
    seconds: float,
    rounds: int = 1,
    deflate: bool = False,
    stalls: bool = False,
) -> list[Heard]:
    """Connect, wait a moment, and listen ``rounds`` times.

    ``stalls``: after each time, once more with a client that has stopped reading.
    """
    clients = Clients(port, count, symbols, server_pid, deflate)
    clients.catch_up(seconds)
    found = []
    for _ in range(rounds):
        found.append(clients.listen(seconds))
        if stalls:
            stalled = clients.stall()
            clients.listen(min(0.5, seconds))
            found.append(clients.listen(seconds))
            stalled.close()
            clients.catch_up(seconds)
    clients.close()
    return found
