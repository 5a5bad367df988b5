"""A lean load generator: orders over HTTP/1.1 keep-alive connections, in a closed loop.

Promises: every request is encoded before the clock starts and has a ``client_order_id`` of its own;
each connection waits for its answer before it sends the next; every answer's status is checked, and
one that is not 2xx ends the run with its text. It runs in a process of its own and tells how much
processor it took. Must not know: what serves it.

The mix, on each connection in turn: a market order that buys, a limit order that rests below the
market, a market order that sells what was bought, another limit order that rests.
"""

import select
import socket
import time
from typing import Final

import msgspec

from bench.figures import quantile

MIX: Final = "half market orders that fill at once (buy, sell), half limit orders that rest"
_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length:"
NATIVE: Final = "/api/v1/orders"
READ_BYTES: Final = 65_536


class Key(msgspec.Struct):
    """An API key; connections take the keys in turn."""

    key_id: str
    secret: str


class Symbol(msgspec.Struct):
    """What to trade: quantity and resting price as decimal text."""

    symbol: str
    qty: str
    resting_price: str


class Round(msgspec.Struct):
    """One timed round, latencies in milliseconds."""

    seconds: float
    orders: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    processor_share: float

    @property
    def per_second(self) -> float:
        """Orders a second."""
        return self.orders / self.seconds


class Load(msgspec.Struct):
    """What a run of the generator saw: ``latencies_ms`` only where they were asked for."""

    rounds: list[Round]
    latencies_ms: list[float]


class LoadError(Exception):
    """An answer was not what it should be."""


def encode(key: Key, host: str, body: bytes, path: str) -> bytes:
    """One request, ready to send."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\n"
        f"APCA-API-KEY-ID: {key.key_id}\r\nAPCA-API-SECRET-KEY: {key.secret}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def body_of(n: int, symbol: Symbol, client_order_id: str, resting: str = "gtc") -> bytes:
    """The ``n``-th order of a connection; ``resting``: how long one that rests may live."""
    order = {
        "symbol": symbol.symbol,
        "side": "sell" if n % 4 == 2 else "buy",
        "type": "limit" if n % 2 else "market",
        "qty": symbol.qty,
        "time_in_force": resting if n % 2 else "day",
        "client_order_id": client_order_id,
    }
    if n % 2:
        order["limit_price"] = symbol.resting_price
    return msgspec.json.encode(order)


class _Connection:
    """One keep-alive connection with the requests it will send, last first."""

    def __init__(self, port: int, requests: list[bytes]) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.requests = requests[::-1]
        self.sent_at = 0.0
        self.received = b""

    def send(self) -> None:
        """Send the next request; it always fits the socket's buffer, as nothing else is in it."""
        request = self.requests.pop()
        self.sent_at = time.perf_counter()
        if self.socket.send(request) != len(request):
            raise LoadError("a request did not fit the socket's buffer")

    def answered(self) -> bool:
        """Read what is there; True when the answer is whole. Raises ``LoadError``."""
        data = self.socket.recv(READ_BYTES)
        if not data:
            raise LoadError(f"the server closed a connection after {self.received!r}")
        if self.received:
            data = self.received + data
        head_end = data.find(_END)
        if head_end < 0:
            self.received = data
            return False
        head = data[:head_end].lower()
        at = head.find(_LENGTH) + len(_LENGTH)
        stop = head.find(b"\r", at)
        length = int(head[at : stop if stop >= 0 else None])
        if len(data) < head_end + len(_END) + length:
            self.received = data
            return False
        self.received = b""
        if data[9:10] != b"2":
            raise LoadError(data.decode("utf-8", "replace"))
        return True


def drive(
    port: int,
    keys: list[Key],
    symbols: list[Symbol],
    connections: int,
    orders: int,
    rounds: int,
    name: str,
    keep_latencies: bool = False,
    pause_s: float = 0.0,
    path: str = NATIVE,
    resting: str = "gtc",
) -> Load:
    """Send ``rounds`` rounds of ``orders`` orders after a short round that is not counted.

    ``pause_s``: seconds to wait before each order, so that one slow moment is met by few of them.
    ``path``: where orders are sent to; ``resting`` as above.
    """
    keys = [msgspec.convert(key, Key) for key in keys]
    symbols = [msgspec.convert(symbol, Symbol) for symbol in symbols]
    each = max(1, orders // connections)
    warm = max(1, each // 10)
    host = f"127.0.0.1:{port}"
    opened = []
    for c in range(connections):
        key, symbol = keys[c % len(keys)], symbols[c % len(symbols)]
        opened.append(
            _Connection(
                port,
                [
                    encode(key, host, body_of(n, symbol, f"{name}-{c}-{n}", resting), path)
                    for n in range(warm + each * rounds)
                ],
            )
        )
    found = Load([], [])
    try:
        _round(opened, warm, [], pause_s)
        for _ in range(rounds):
            latencies: list[float] = []
            found.rounds.append(_round(opened, each, latencies, pause_s))
            if keep_latencies:
                found.latencies_ms += latencies
    finally:
        for connection in opened:
            connection.socket.close()
    return found


def _round(opened: list[_Connection], each: int, latencies: list[float], pause_s: float) -> Round:
    """Each connection sends ``each`` requests, one at a time."""
    poller = select.epoll() if hasattr(select, "epoll") else select.poll()
    by_fd = {connection.socket.fileno(): connection for connection in opened}
    left = dict.fromkeys(by_fd, each)
    for fd in by_fd:
        poller.register(fd, 1)
    clock, note = time.perf_counter, latencies.append
    processor, begun = time.process_time(), clock()
    for connection in opened:
        connection.send()
    waiting = len(opened)
    while waiting:
        for fd, _ in poller.poll():
            connection = by_fd[fd]
            if not connection.answered():
                continue
            note((clock() - connection.sent_at) * 1e3)
            left[fd] -= 1
            if left[fd]:
                if pause_s:
                    time.sleep(pause_s)
                connection.send()
            else:
                waiting -= 1
    seconds = clock() - begun
    share = (time.process_time() - processor) / seconds
    return Round(
        seconds,
        each * len(opened),
        quantile(latencies, 0.5),
        quantile(latencies, 0.99),
        max(latencies),
        share,
    )
