"""Goal: a broken directory is refused by name, and its last good state can be looked at meanwhile.

Method: real servers over a directory whose journal is damaged in the middle and at its end; every
file is compared before and after.
"""

import hashlib
import http.client
import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar

import apsw
import pytest

from stockyard.storage.damage import FOLDER_NAME
from tests.e2e.running import Client, Running
from tests.e2e.test_disk_trouble import listening, told

SEEN = ("account", "positions", "portfolio", "account/activities", "orders?limit=500")


def place(client: Client, name: str) -> Any:
    """Place a limit order that rests; its answer."""
    body = {"symbol": "AAPL", "side": "buy", "qty": "1", "client_order_id": name,
            "type": "limit", "limit_price": "1.00", "time_in_force": "gtc"}  # fmt: skip
    status, answer = client.ask("POST", "/api/v1/orders", body)
    assert status == 201, answer
    return answer


def contents(data: Path) -> dict[str, str]:
    """What is in every file but the lock, SQLite's shared memory and logs with nothing in them."""
    return {
        str(path.relative_to(data)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(data.rglob("*"))
        if path.is_file()
        and not path.name.endswith("-shm")
        and path.name != "lock"
        and (path.stat().st_size or not path.name.endswith("-wal"))
    }


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


class ReadOnly(Running):
    """A server that was started with --read-only. ``begun``: those that a test began."""

    begun: ClassVar["list[ReadOnly]"] = []

    def start(self) -> None:
        """Start it; it writes no demo.json into the directory."""
        demo = json.loads((self.data / "demo.json").read_text())
        self._at_port = free_port()
        self._arguments = ("--read-only",)
        self.begun.append(self)
        self._begin()
        self.demo, self.host, self.port = demo, "127.0.0.1", self._at_port
        self.wait()

    def wait(self) -> None:
        """Wait until it answers."""
        end = time.monotonic() + 30
        while True:
            try:
                if told(self, "/health")[0] == 200:
                    return
            except (OSError, http.client.HTTPException):
                said = self._log.read_text()[-4000:]
                assert self.process.poll() is None, said
                assert time.monotonic() < end, said
                time.sleep(0.05)


@pytest.fixture
def left(tmp_path: Path) -> Iterator[tuple[Running, dict[str, Any]]]:
    """A directory whose server was killed while it worked, and what was seen before."""
    server = Running(tmp_path / "data", updates_per_second=20, snapshot_seconds=0.3)
    with closing(server.connect()) as client:
        for n in range(5):
            place(client, f"early-{n}")
        time.sleep(1)
        for n in range(5):
            place(client, f"late-{n}")
        status, bought = client.ask(
            "POST", "/api/v1/orders", {"symbol": "KO", "side": "buy", "qty": "3"}
        )
        assert status == 201, bought
        seen = {path: client.get(f"/api/v1/{path}") for path in SEEN}
    yield server, seen
    for one in (server, *ReadOnly.begun):
        if one.process.poll() is None:
            one.kill()
    ReadOnly.begun.clear()


def damage_last_row(data: Path) -> int:
    """Change a byte of the last row of the journal; its first record."""
    with closing(apsw.Connection(str(data / "journal.db"))) as file:
        ((first, blob),) = file.execute(
            "SELECT first_seq, blob FROM batches ORDER BY first_seq DESC LIMIT 1"
        )
        wrong = bytearray(blob)
        wrong[len(wrong) // 2] ^= 4
        file.execute("UPDATE batches SET blob = ? WHERE first_seq = ?", (bytes(wrong), first))
    return int(first)


def test_a_whole_directory_is_shown_as_it_was_and_not_changed(
    left: tuple[Running, dict[str, Any]],
) -> None:
    server, seen = left
    server.kill()
    before = contents(server.data)
    reading = ReadOnly(server.data)
    with closing(reading.connect()) as client:
        found = client.get("/api/v1/orders?limit=500")
        assert [one["id"] for one in found] == [one["id"] for one in seen["orders?limit=500"]]
        held = {one["symbol"]: one["qty"] for one in client.get("/api/v1/positions")}
        assert held == {one["symbol"]: one["qty"] for one in seen["positions"]}
        cash = client.get("/api/v1/account")["cash"]
        assert cash == seen["account"]["cash"]
        last = client.get("/api/v1/account/timeline")["moments"][0]
        then = client.get(f"/api/v1/account?at={last['seq']}")
        assert (then["cash"], then["past"]["seq"]) == (cash, last["seq"])
        for method, path, body in (
            ("POST", "/api/v1/orders", {"symbol": "KO", "side": "buy", "qty": "1"}),
            ("DELETE", f"/api/v1/orders/{found[0]['id']}", None),
            ("POST", "/api/v1/watchlists", {"name": "mine", "symbols": ["KO"]}),
            ("POST", "/v2/orders", {"symbol": "KO", "side": "buy", "qty": "1"}),
            ("POST", "/api/v1/auth/register", {"name": "A", "email": "a@example.com"}),
        ):
            status, problem = client.ask(method, path, body)
            assert status == 503, (path, problem)
            if not path.startswith("/v2"):
                assert problem["code"] == "read_only"
                assert "started to be read only" in problem["wrong"]
        signed = {"email": server.demo["email"], "password": server.demo["password"]}
        assert client.ask("POST", "/api/v1/auth/login", signed)[0] == 200
        with listening(reading) as hears:
            assert hears(False)
        status, health = told(reading, "/health")
        assert (status, health["status"]) == (200, "read_only")
        assert health["read_only"]["seq"] == health["seq"]
        assert told(reading, "/health/readiness")[0] == 503
        assert "read_only 1.0" in told(reading, "/metrics")[1]
    assert reading.stop() == 0
    assert contents(server.data) == before
    server.start()
    with closing(server.connect()) as client:
        place(client, "afterwards")
        # Signed in read-only, forgotten with it.
        assert len(client.get("/api/v1/watchlists")) == 0


def test_a_journal_that_breaks_is_refused_by_name_and_shown_up_to_there(
    left: tuple[Running, dict[str, Any]],
) -> None:
    server, seen = left
    server.kill()
    first = damage_last_row(server.data)
    before = contents(server.data)
    refused = server.command("serve", "--port", "0")
    assert refused.returncode == 1
    assert "journal broken at seq" in refused.stderr
    assert str(server.data / "journal.db") in refused.stderr
    assert "serve --read-only" in refused.stderr
    assert "Traceback" not in refused.stderr
    reports = sorted((server.data / FOLDER_NAME).glob("*.json"))
    assert len(reports) == 1
    report = json.loads(reports[0].read_text())
    assert report["record"] >= first
    assert reports[0].with_suffix(".blob").stat().st_size == report["row"]["bytes"]
    server.command("serve", "--port", "0")
    assert len(list((server.data / FOLDER_NAME).iterdir())) == 2
    after = {k: v for k, v in contents(server.data).items() if not k.startswith(FOLDER_NAME)}
    assert after == before
    reading = ReadOnly(server.data)
    with closing(reading.connect()) as client:
        health = told(reading, "/health")[1]
        assert "damaged at record" in health["read_only"]["reason"]
        assert health["seq"] == report["record"] - 1
        names = {one["client_order_id"] for one in client.get("/api/v1/orders?limit=500")}
        assert {f"early-{n}" for n in range(5)} <= names
        known = {one["client_order_id"] for one in seen["orders?limit=500"]}
        assert names <= known
    assert reading.stop() == 0
    now = {k: v for k, v in contents(server.data).items() if not k.startswith(FOLDER_NAME)}
    assert now == before
