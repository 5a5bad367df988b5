"""Stages as real processes make the bars that one process makes, whatever must be sent again."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.e2e.running import Client, Running

SETTINGS = {
    "ingest_username": "feeder",
    "ingest_password": "sesame",
    "internal_token": "inner",
}
WAIT_S = 40.0


class Stage:
    """One ``stockyard aggregate``."""

    def __init__(self, kind: str, name: str, following: str, log: Path) -> None:
        environment = {
            **os.environ,
            "INGEST_USERNAME": "feeder",
            "INGEST_PASSWORD": "sesame",
            "INTERNAL_TOKEN": "inner",
        }
        with log.open("ab") as told:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "stockyard", "aggregate", "--stage", kind, "--name", name,
                 "--next", following, "--port", "0"],
                env=environment, stdout=subprocess.PIPE, stderr=told, text=True,
            )  # fmt: skip
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("Stage"), (line, log.read_text())
        self.url = line.split()[-1]


@contextmanager
def stage(kind: str, name: str, following: str, folder: Path) -> Iterator[Stage]:
    """A stage until the block ends; it ends cleanly."""
    one = Stage(kind, name, following, folder / f"{name}.log")
    try:
        yield one
        one.process.send_signal(signal.SIGTERM)
        assert one.process.wait(WAIT_S) == 0
    finally:
        one.process.kill()
        one.process.communicate()


def send(url: str, ticks: list[dict[str, Any]]) -> None:
    """Send ticks to a webhook, where each is taken."""
    address = urlsplit(url)
    assert address.hostname is not None
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=20)
    connection.request(
        "POST",
        "/ingest/ticks",
        json.dumps({"ticks": ticks}),
        {
            "Content-Type": "application/json",
            "Authorization": "Basic " + b64encode(b"feeder:sesame").decode(),
        },
    )
    answer = connection.getresponse()
    told = json.loads(answer.read())
    connection.close()
    assert (answer.status, told["taken"]) == (202, len(ticks)), told


def ticks(begin_ms: int, source: str, first: int, count: int) -> list[dict[str, Any]]:
    """Trades of three symbols, one in five two seconds late, and a few quotes."""
    made: list[dict[str, Any]] = []
    for number in range(first, first + count):
        ms = begin_ms + number * 40 - (2_000 if number % 5 == 0 and number % 7 else 0)
        symbol = ("AAPL", "MSFT", "BTC/USD")[number % 3]
        tick = {"symbol": symbol, "ts": ms, "source": source, "event_id": f"{source}{number}"}
        if number % 7:
            tick |= {"price": f"{100 + number % 9}.{number % 100:02d}", "volume": str(1 + number)}
        else:
            tick |= {"bid": "90", "bid_size": "1", "ask": "120", "ask_size": "1"}
        made.append(tick)
    return made


def bars(client: Client) -> dict[tuple[str, ...], dict[str, Any]]:
    """Every bar but for how it came about."""
    found = {}
    for symbol in ("AAPL", "MSFT", "BTC/USD"):
        for window in ("1s", "1m", "1d"):
            for source in ("", "north", "south"):
                path = f"/api/v1/bars?symbol={symbol}&window={window}&source={source}"
                for bar in client.get(path)["bars"]:
                    key = (symbol, window, source, bar["start"])
                    found[key] = {
                        name: bar[name]
                        for name in ("open", "high", "low", "close", "volume", "vwap", "trades")
                    }
    return found


def until_counted(client: Client, trades: int) -> None:
    """Wait until the views of all symbols have so many trades."""
    deadline = time.monotonic() + WAIT_S
    counted = -1
    while counted != trades:
        views = [client.get(f"/api/v1/tickers/{name}") for name in ("AAPL", "MSFT", "BTC/USD")]
        counted = sum(view["trades"] for view in views)
        assert time.monotonic() < deadline, (counted, trades)
        time.sleep(0.05)


def test_three_processes_make_the_bars_of_one(tmp_path: Path) -> None:
    """Two stages A and a stage B before a server, beside one that takes all by itself."""
    alone = Running(tmp_path / "alone", "--market", "none", **SETTINGS)
    server = Running(tmp_path / "data", "--market", "none", **SETTINGS)
    try:
        begin = time.time_ns() // 1_000_000 - 30_000
        url = f"http://{server.host}:{server.port}"
        here, there = alone.connect(), server.connect()
        with stage("b", "middle", url, tmp_path) as middle:
            with (
                stage("a", "north", middle.url, tmp_path) as north,
                stage("a", "south", middle.url, tmp_path) as south,
            ):
                for first in range(0, 600, 100):
                    for source, one in (("north", north), ("south", south)):
                        part = ticks(begin, source, first, 100)
                        send(f"http://{alone.host}:{alone.port}", part)
                        send(one.url, part)
            expected = 2 * sum(1 for number in range(600) if number % 7)
            until_counted(here, expected)
            until_counted(there, expected)
        time.sleep(0.3)
        found, wanted = bars(there), bars(here)
        assert len(wanted) > 100
        assert found == wanted
        told = [client.get("/api/v1/quotes/AAPL")["last"] for client in (here, there)]
        assert told[0] is not None
        assert None not in told
        here.close()
        there.close()
    finally:
        alone.kill()
        server.kill()


def test_a_server_that_is_away_loses_no_report(tmp_path: Path) -> None:
    """The stage waits with its report until somebody takes it."""
    server = Running(tmp_path / "data", "--market", "none", **SETTINGS)
    port = server.port
    try:
        with stage("a", "north", f"http://{server.host}:{port}", tmp_path) as north:
            begin = time.time_ns() // 1_000_000 - 10_000
            send(north.url, ticks(begin, "north", 1, 6))
            client = server.connect()
            until_counted(client, 6)
            client.close()
            assert server.stop() == 0
            send(north.url, ticks(begin, "north", 8, 6))
            time.sleep(1)
            server = Running(tmp_path / "data", "--market", "none", at_port=port, **SETTINGS)
            client = server.connect()
            until_counted(client, 12)
            client.close()
    finally:
        server.kill()
