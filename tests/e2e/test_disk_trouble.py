"""Goal: a disk that is full, read-only or slow refuses what cannot be kept, in words and in time;
reads and streams go on, and so does everything once it is well again, without a restart.

Method: a real server on a real full disk (a limit on its files that the kernel enforces; a small
file system of its own where this may be mounted), and on one that does as it is told below SQLite.
"""

import http.client
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.running import Client, Running

IN_TIME_S = 3.0
"""The longest that anybody waits for an answer, on a machine that is busy."""
WELL_S = 15.0
READS = (
    "account",
    "orders",
    "positions",
    "portfolio",
    "quotes/AAPL",
    "watchlists",
    "account/activities",
)
FAST = {"updates_per_second": 10, "snapshot_seconds": 0.5}


def told(server: Running, path: str) -> tuple[int, Any]:
    """What a server says of itself."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, json.loads(body) if path != "/metrics" else body.decode()


def order(client: Client, name: str) -> tuple[int, Any]:
    """Place an order; it is answered in time."""
    began = time.monotonic()
    body = {"symbol": "AAPL", "side": "buy", "qty": "1", "client_order_id": name,
            "type": "limit", "limit_price": "1.00", "time_in_force": "gtc"}  # fmt: skip
    found = client.ask("POST", "/api/v1/orders", body)
    assert time.monotonic() - began < IN_TIME_S, name
    return found


def until(what: Callable[[], bool]) -> None:
    """Wait until something is true."""
    end = time.monotonic() + WELL_S
    while not what():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.05)


def is_refused(client: Client, prefix: str) -> bool:
    """Whether an order is refused; names it by how many were tried."""
    return order(client, f"{prefix}-{time.monotonic_ns()}")[0] == 503


@contextmanager
def listening(server: Running) -> Iterator[Callable[[bool], bool]]:
    """A listener of events: waits to be told that something is wrong, or that all is well."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=WELL_S)
    connection.request("GET", "/api/v1/events")
    answer = connection.getresponse()

    def hears(well: bool) -> bool:
        end = time.monotonic() + WELL_S
        while time.monotonic() < end:
            if answer.readline() == b"event: standing\n":
                told = json.loads(answer.readline().removeprefix(b"data: "))
                if (told["troubles"] == [] and told["read_only"] is None) == well:
                    return True
        return False

    yield hears
    connection.close()


class Limited:
    """A server whose process may write no byte to any file while the disk is full."""

    def __init__(self, folder: Path) -> None:
        self.server = Running(folder / "data", **FAST)

    def fill(self) -> None:
        resource.prlimit(self.server.process.pid, resource.RLIMIT_FSIZE, (0, -1))

    def clear(self) -> None:
        resource.prlimit(self.server.process.pid, resource.RLIMIT_FSIZE, (-1, -1))

    def end(self) -> None:
        """Nothing is left."""


class Mounted:
    """A server on a file system of its own, which a large file fills."""

    def __init__(self, folder: Path) -> None:
        self._place = folder / "small"
        self._place.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(self._place)]
        subprocess.run(mount, check=True, capture_output=True)
        self._ballast = self._place / "ballast"
        self.server = Running(self._place / "data", **FAST)

    def fill(self) -> None:
        with self._ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(65_536))
            except OSError:
                pass

    def clear(self) -> None:
        self._ballast.unlink()

    def end(self) -> None:
        subprocess.run(["umount", "-l", str(self._place)], check=True)


def may_mount() -> bool:
    """Whether a file system can be mounted here."""
    with tempfile.TemporaryDirectory() as place:
        tried = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place],
            capture_output=True, check=False,
        )  # fmt: skip
        if tried.returncode == 0:
            subprocess.run(["umount", place], check=True)
        return tried.returncode == 0


WAYS = [Limited, Mounted] if os.geteuid() == 0 and may_mount() else [Limited]


@pytest.mark.parametrize("way", WAYS)
def test_a_full_disk_and_back(tmp_path: Path, way: type[Limited] | type[Mounted]) -> None:
    disk = way(tmp_path)
    server = disk.server
    client = server.connect()
    try:
        kept = [f"before-{n}" for n in range(20)]
        assert {order(client, name)[0] for name in kept} == {201}
        with listening(server) as hears:
            disk.fill()
            until(lambda: is_refused(client, "full"))
            assert hears(False)
            status, problem = order(client, "refused")
            assert (status, problem["code"]) == (503, "journal_unavailable")
            assert "disk" in problem["wrong"]
            assert str(tmp_path) not in json.dumps(problem)
            for path in READS:
                began = time.monotonic()
                assert client.ask("GET", f"/api/v1/{path}")[0] == 200, path
                assert time.monotonic() - began < IN_TIME_S, path
            listed = client.get("/api/v1/orders?limit=500")
            assert set(kept) <= {one["client_order_id"] for one in listed}
            health = told(server, "/health")
            assert (health[0], health[1]["status"]) == (200, "degraded")
            assert "journal" in {one["part"] for one in health[1]["troubles"]}
            readiness = told(server, "/health/readiness")
            assert readiness[0] == 503
            assert not next(x for x in readiness[1]["checks"] if x["name"] == "storage")["ok"]
            assert 'storage_trouble{part="journal"} 1.0' in told(server, "/metrics")[1]
            disk.clear()
            until(lambda: told(server, "/health")[1]["status"] == "ok")
            assert hears(True)
        until(lambda: order(client, "after")[0] == 201)
        client.close()
        server.kill()
        server.start()
        client = server.connect()
        found = client.get("/api/v1/orders?limit=500")
        names = {one["client_order_id"] for one in found}
        assert {*kept, "after"} <= names
        assert "refused" not in names
        assert server.stop() == 0
        assert server.command("verify").returncode == 0
    finally:
        client.close()
        if server.process.poll() is None:
            server.kill()
        disk.end()


@contextmanager
def told_disk(folder: Path) -> Iterator[tuple[Running, Callable[[str], object]]]:
    """A server on a disk that does as it is told, and the way to tell it."""
    orders = folder / "orders"
    server = Running(
        folder / "data", program=("tests.e2e.faulty_serve", str(orders)), **FAST
    )  # fmt: skip
    fresh = folder / "orders.new"

    def tell(text: str) -> None:
        fresh.write_text(text)
        fresh.rename(orders)

    try:
        yield server, tell
    finally:
        tell("")
        if server.process.poll() is None:
            server.kill()


def troubles(server: Running) -> set[str]:
    """Which parts are in trouble."""
    return {one["part"] for one in told(server, "/health")[1]["troubles"]}


def test_each_file_that_cannot_be_written_costs_only_what_it_holds(tmp_path: Path) -> None:
    with told_disk(tmp_path) as (server, tell), ExitStack() as stack:
        client = stack.enter_context(closing(server.connect()))
        for file, part in (("people", "people"), ("audit", "audit log")):
            for wrong in ("full", "read-only", "unsynced"):
                tell(f"{wrong} {file}")
                body = {"name": f"{file}-{wrong}", "symbols": ["AAPL"]}
                refused = client.ask("POST", "/api/v1/watchlists", body)
                assert refused[0] == 503, (file, wrong, refused)
                assert refused[1]["code"] == "storage_unavailable"
                assert part in troubles(server)
                assert not told(server, "/health/readiness")[1]["ready"]
                assert order(client, f"{file}-{wrong}")[0] == 201
                tell("")
                until(lambda: not troubles(server))
        for file, part in (("history", "history"), ("snapshots", "snapshots"),
                           ("projections", "query tables")):  # fmt: skip
            tell(f"full {file}")
            assert order(client, f"beside-{file}")[0] == 201
            until(lambda part=part: part in troubles(server))  # type: ignore[misc]
            listed = client.get("/api/v1/orders?limit=500")
            assert f"beside-{file}" in {one["client_order_id"] for one in listed}
            assert told(server, "/health/readiness")[1]["ready"]
            tell("")
            until(lambda: not troubles(server))


def test_a_slow_disk_holds_nobody_up(tmp_path: Path) -> None:
    with told_disk(tmp_path) as (server, tell), ExitStack() as stack:
        client, reader = (stack.enter_context(closing(server.connect())) for _ in range(2))
        assert order(client, "before")[0] == 201
        tell("slow journal 3")
        until(lambda: "journal" in troubles(server))
        slowest, statuses = 0.0, set()
        end = time.monotonic() + 6
        while time.monotonic() < end:
            began = time.monotonic()
            assert reader.ask("GET", "/api/v1/positions")[0] == 200
            assert reader.ask("GET", "/api/v1/orders")[0] == 200
            slowest = max(slowest, time.monotonic() - began)
            status, problem = client.ask("POST", "/api/v1/orders", {
                "symbol": "AAPL", "side": "buy", "qty": "1", "type": "limit",
                "limit_price": "1.00", "time_in_force": "gtc",
                "client_order_id": f"slow-{began}"})  # fmt: skip
            assert time.monotonic() - began < 3 + 3 + IN_TIME_S
            statuses.add((status, problem.get("code") if status != 201 else ""))
        assert statuses <= {(201, ""), (503, "overloaded")}
        assert slowest < 1.5
        tell("")
        until(lambda: order(client, f"again-{time.monotonic_ns()}")[0] == 201)
        # Quick again for a while: twenty writes, of which the market brings ten a second.
        until(lambda: not troubles(server))


def test_a_start_on_a_full_disk_says_so_in_a_line(tmp_path: Path) -> None:
    with told_disk(tmp_path) as (server, tell):
        server.stop()
        tell("full any")
        ran = subprocess.run(
            [sys.executable, "-m", "tests.e2e.faulty_serve", str(tmp_path / "orders"),
             "serve", "--port", "0", "--data", str(server.data)],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert ran.returncode == 1
        assert "Traceback" not in ran.stderr
        assert "the disk is full" in ran.stderr
        assert ran.stderr.count("stockyard: ") == 1
        tell("")
        server.start()
        assert server.stop() == 0
