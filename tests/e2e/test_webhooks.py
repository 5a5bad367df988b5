"""Webhooks of a server that is killed again and again: nothing missed, nothing under two ids.

Goal: what a user's own address was told is what happened. Method: a receiver that answers badly now
and then; orders without pause; SIGKILL at seeded random moments; at the end every event of the
account has come, each under one id, each signed with the secret that was told once.
"""

import hmac
import http.client
import json
import random
import threading
import time
from base64 import b64decode, b64encode
from collections import defaultdict
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.running import Running

KILLS = 3
SEED = 7
ORDERS = 30
FAILS = (5, 60)
WAIT_S = 60.0
GONE = (OSError, http.client.HTTPException)


class Receiver(ThreadingHTTPServer):
    """Keeps every request; now and then an answer is a 500."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[tuple[dict[str, str], bytes]] = []
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def tokens(self) -> dict[str, set[str]]:
        """Under which ids each event came."""
        found = defaultdict(set)
        for headers, body in list(self.got):
            found[json.loads(body)["token"]].add(headers["webhook-id"])
        return found


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
        self.send_response(500 if len(self.server.got) in FAILS else 204)
        self.end_headers()

    def log_message(self, *said: Any) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.shutdown()
    made.server_close()


def signed_in(server: Running, method: str, path: str, body: Any) -> Any:
    """Ask as the demo user, not as its key."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=20)
    said = {"email": server.demo["email"], "password": server.demo["password"]}
    kind = {"Content-Type": "application/json"}
    connection.request("POST", "/api/v1/auth/login", json.dumps(said), kind)
    token = json.loads(connection.getresponse().read())["token"]
    headers = {**kind, "Authorization": f"Bearer {token}"}
    connection.request(method, path, json.dumps(body), headers)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    assert answer.status < 300, content
    return json.loads(content)


def test_a_server_that_is_killed_tells_everything_once(tmp_path: Path, receiver: Receiver) -> None:
    server = Running(tmp_path / "data", webhooks_private=1, snapshot_seconds=1)
    draw = random.Random(SEED)
    url = f"http://127.0.0.1:{receiver.server_address[1]}/hook"
    made = signed_in(server, "POST", "/api/v1/webhooks", {"url": url, "events": ["order", "fill"]})
    placed = []
    try:
        for _ in range(KILLS):
            client = server.connect()
            until = time.monotonic() + draw.uniform(0.1, 0.8)
            for _ in range(ORDERS):
                if time.monotonic() > until:
                    break
                order = {"symbol": "BTC/USD", "side": "buy", "qty": "0.0001"}
                status, answer = client.ask("POST", "/api/v1/orders", order)
                if status == 201:
                    placed.append(answer["id"])
            server.kill()
            client.close()
            server.start()
        client = server.connect()
        wanted = events_of(client)
        until = time.monotonic() + WAIT_S
        while wanted - receiver.tokens.keys() and time.monotonic() < until:
            time.sleep(0.05)
        told = receiver.tokens
        assert wanted <= told.keys(), f"{len(wanted - told.keys())} of {len(wanted)} never came"
        assert len(placed) > KILLS
        assert all(len(ids) == 1 for ids in told.values())
        assert len({next(iter(ids)) for ids in told.values()}) == len(told)
        secret = b64decode(made["secret"].removeprefix("whsec_"))
        for headers, body in receiver.got:
            signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
            right = b64encode(hmac.new(secret, signed, sha256).digest()).decode()
            assert headers["webhook-signature"] == f"v1,{right}"
        client.close()
        assert server.stop() == 0
    finally:
        if server.process.poll() is None:
            server.kill()


def events_of(client: Any) -> set[str]:
    """The names of all that a webhook of orders and fills is told of the account."""
    names, after = set[str](), ""
    while True:
        page = client.get(f"/api/v1/account/activities?kind=fill&limit=500{after}")
        names |= {one["id"] for one in page}
        if len(page) < 500:
            return names
        after = f"&after={page[-1]['id']}"
