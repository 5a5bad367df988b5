"""Ticks over HTTP into bars, view, journal, history and streams, beside one row per INSERT.

A server takes batches, then single ticks, on one keep-alive connection, while a few streams follow
every quote and trade; it is done when nothing waits for the journal any more. The plain way writes
each tick as a row of its own to a database on the same disk, and commits it.
"""

import http.client
import shutil
import socket
import sqlite3
import tempfile
import time
from base64 import b64encode
from pathlib import Path
from typing import Any, Final

import msgspec

from bench import child
from bench.figures import Figure, Report
from bench.machine import processor_seconds
from bench.serving import Serving
from bench.sizes import Sizes
from stockyard.app import catalog_instruments

BATCH: Final = 200
STREAMS: Final = 4
CREDENTIALS: Final = "bench:bench"
HEADERS: Final = {
    "Content-Type": "application/json",
    "Authorization": "Basic " + b64encode(CREDENTIALS.encode()).decode(),
}
SUBSCRIBE: Final = b'{"type":"subscribe_all","channels":["quotes","trades"]}'
MASK: Final = b"\0\0\0\0"
SYMBOLS: Final = [one.symbol for one in catalog_instruments()]
SOURCES: Final = ("one", "two", "three")
PAUSE_S: Final = 0.02


class Sent(msgspec.Struct):
    """What came of so many ticks. ``put_off``: answers 429; ``heard``: bytes of the streams."""

    ticks: int
    seconds: float
    server_s: float
    put_off: int
    heard: int

    @property
    def per_second(self) -> float:
        """Ticks a second, from the first request until all is journaled."""
        return self.ticks / self.seconds


def ticks(count: int, name: str) -> list[dict[str, Any]]:
    """As many quotes as trades, of all symbols and three sources of this name: another round's may
    be older than these, and quotes out of order are denied.
    """
    ms = time.time_ns() // 1_000_000
    made: list[dict[str, Any]] = []
    for number in range(count):
        one: dict[str, Any] = {
            "symbol": SYMBOLS[number // 2 % len(SYMBOLS)],
            "ts": ms + number * 1_000 // count,
            "source": name + SOURCES[number % 3],
            "event_id": f"{name}{number}",
        }
        cents = number // (2 * len(SYMBOLS)) % 50
        if number % 2:
            one |= {"price": f"100.{cents:02d}", "volume": "100"}
        else:
            one |= {"bid": f"99.{cents:02d}", "bid_size": "5", "ask": f"101.{cents:02d}"}
            one |= {"ask_size": "7"}
        made.append(one)
    return made


class _Streams:
    """Streams that follow everything and are read, but not looked at."""

    def __init__(self, port: int) -> None:
        self.heard = 0
        self._sockets = [self._open(port) for _ in range(STREAMS)]

    def _open(self, port: int) -> socket.socket:
        one = socket.create_connection(("127.0.0.1", port))
        one.sendall(
            f"GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n".encode()
        )
        answer = b""
        while b'"connected"' not in answer:
            answer += one.recv(65_536)
        one.sendall(bytes((0x81, 0x80 | len(SUBSCRIBE))) + MASK + SUBSCRIBE)
        one.setblocking(False)
        return one

    def read(self) -> None:
        """Take what is there."""
        for one in self._sockets:
            try:
                self.heard += len(one.recv(1 << 20))
            except BlockingIOError:
                continue

    def close(self) -> None:
        """Leave."""
        for one in self._sockets:
            one.close()


def send(port: int, pid: int, count: int, batch: int) -> Sent:
    """Send so many ticks in requests of ``batch`` (1: each by itself) to a server."""
    made = ticks(count, f"{batch}-")
    path = "/ingest/ticks" if batch > 1 else "/ingest/tick"
    parts = [made[n : n + batch] for n in range(0, count, batch)]
    bodies = [msgspec.json.encode({"ticks": part} if batch > 1 else part[0]) for part in parts]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    streams, put_off = _Streams(port), 0
    before, begun = processor_seconds(pid), time.perf_counter()
    for body in bodies:
        while True:
            connection.request("POST", path, body, HEADERS)
            answer = connection.getresponse()
            told = answer.read()
            streams.read()
            if answer.status != 429:
                break
            put_off += 1
            time.sleep(PAUSE_S)
        assert answer.status == 202, told
        found = msgspec.json.decode(told)
        assert found["taken"] + found["duplicates"] == min(batch, count), told
    while _waiting(connection):
        streams.read()
    seconds = time.perf_counter() - begun
    server_s = processor_seconds(pid) - before
    streams.read()
    streams.close()
    connection.close()
    return Sent(count, seconds, server_s, put_off, streams.heard)


def _waiting(connection: http.client.HTTPConnection) -> bool:
    """Whether anything waits for the journal."""
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    return "\nwriter_waiting 0.0\n" not in text


def insert(folder: str, count: int) -> float:
    """Write each tick as a row and commit it; rows a second."""
    made = ticks(count, "")
    database = sqlite3.connect(Path(folder) / "plain.db", isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE ticks (symbol, ts, source, event_id PRIMARY KEY, said)")
    begun = time.perf_counter()
    for one in made:
        row = (one["symbol"], one["ts"], one["source"], one["event_id"], msgspec.json.encode(one))
        database.execute("INSERT INTO ticks VALUES (?, ?, ?, ?, ?)", row)
    seconds = time.perf_counter() - begun
    database.close()
    return count / seconds


def run(sizes: Sizes, folder: Path) -> Report:
    """Batches, single ticks, and the plain way, on the same disk in the same run."""
    place = Path(tempfile.mkdtemp(prefix="ingest-", dir=folder))
    settings = {"market": "none", "ingest_username": "bench", "ingest_password": "bench"}
    try:
        with Serving(place / "data", **settings) as server:
            given = {"port": server.port, "pid": server.process.pid}
            many = child.run(
                "bench.ingest:send", Sent, {**given, "count": sizes.ingest_ticks, "batch": BATCH}
            )
            single = child.run(
                "bench.ingest:send", Sent, {**given, "count": sizes.ingest_single, "batch": 1}
            )
        plain = insert(str(place), sizes.ingest_plain)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    against = f"one row per INSERT without HTTP, {plain:,.0f} ticks/s"
    figures = [
        Figure(
            f"ingest_{name}",
            f"Ingest {about}: bars, view, journal, history, {STREAMS} streams",
            found.per_second,
            "ticks/s",
            against=against,
            ratio=found.per_second / plain,
            note=f"{found.server_s / found.ticks * 1e6:,.0f} us of the server's processor a tick",
        )
        for name, about, found in (
            ("batches", f"in batches of {BATCH}", many),
            ("single", "one tick a request", single),
        )
    ]
    notes = [
        f"Ingest: {many.ticks:,} ticks in batches and {single.ticks:,} alone, half of them trades,"
        f" {len(SYMBOLS)} symbols by {len(SOURCES)} sources; {many.put_off} requests were put off;"
        f" {many.heard / many.ticks:,.0f} bytes a tick went out to the streams."
    ]
    return Report(figures, [], notes)
