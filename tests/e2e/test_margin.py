"""A short sale and a margin call in a real process that is killed at every stage."""

import asyncio
import json
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import websockets

from tests.e2e.running import Client, Running

GRACE_S = 12.0
PATIENCE_S = 90.0
FEEDER = {"Authorization": "Basic " + b64encode(b"feeder:sesame").decode()}
SHORT = {"symbol": "AAPL", "side": "sell", "qty": "700", "type": "limit", "limit_price": "200"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    """A server whose market is what the test tells it, and whose margin calls are short."""
    running = Running(
        tmp_path / "data", "--market", "none", ingest_username="feeder", ingest_password="sesame",
        margin_grace_hours=GRACE_S / 3600, snapshot_seconds=1, profile="ideal",
    )  # fmt: skip
    yield running
    if running.process.poll() is None:
        running.kill()


def quote(client: Client, price: str) -> None:
    """Let the market quote AAPL at a price, on both sides."""
    ts = time.time_ns() // 10**6
    tick = {"symbol": "AAPL", "ts": ts, "source": "test", "event_id": str(ts), "bid": price,
            "bid_size": "1000", "ask": price, "ask_size": "1000"}  # fmt: skip
    status, answer = client.ask("POST", "/ingest/tick", tick, FEEDER)
    assert status == 202, answer
    deadline = time.monotonic() + PATIENCE_S
    while client.get("/api/v1/quotes/AAPL")["ask"] != price:
        assert time.monotonic() < deadline, f"AAPL is never quoted at {price}"
        time.sleep(0.02)


def crash(server: Running, client: Client) -> Client:
    """Kill the server and start it again."""
    client.close()
    server.kill()
    server.start()
    return server.connect()


def account(client: Client) -> dict[str, Any]:
    """The account without what moves by itself."""
    found = client.get("/api/v1/account")
    return {name: value for name, value in found.items() if name != "updated_at"}


async def streamed(server: Running, resume: str = "") -> tuple[str, list[dict[str, Any]]]:
    """The account's token, and every private frame after the one to resume from."""
    url = server.demo["url"].replace("http", "ws") + "/api/v1/stream"
    said = {"type": "auth", "key": server.demo["api_key"], "secret": server.demo["api_secret"]}
    async with websockets.connect(url) as stream:
        assert json.loads(await stream.recv())["type"] == "connected"
        await stream.send(json.dumps({**said, "resume": resume} if resume else said))
        token: str = json.loads(await stream.recv())["token"]
        if not resume:
            return token, []
        resumed = json.loads(await stream.recv())
        assert resumed["type"] == "resumed", resumed
        return token, [json.loads(await stream.recv()) for _ in range(resumed["events"])]


def test_a_short_sale_is_called_and_closed_whatever_dies(server: Running) -> None:
    client = server.connect()
    token, _ = asyncio.run(streamed(server))
    quote(client, "200.00")
    assert client.ask("PATCH", "/api/v1/account", {"kind": "margin"})[0] == 200
    status, sold = client.ask("POST", "/api/v1/orders", SHORT)
    assert (status, sold["status"], sold["position_intent"]) == (201, "filled", "sell_to_open")
    before = account(client)
    assert (before["cash"], before["equity"]) == ("240000.00", "100000.00")
    client = crash(server, client)
    assert account(client) == before
    quote(client, "255.00")
    assert account(client)["margin_call"] is None
    quote(client, "270.00")
    called = account(client)
    assert called["equity"] == "51000.00"
    assert called["maintenance_margin"] == "56700.00"
    due_at = called["margin_call"]["due_at"]
    client = crash(server, client)
    found = account(client)["margin_call"]
    assert found is None or found["due_at"] == due_at
    deadline = time.monotonic() + PATIENCE_S
    while client.get("/api/v1/positions"):
        assert time.monotonic() < deadline, "nothing is closed"
        quote(client, "270.00")
        time.sleep(0.2)
    closed = account(client)
    assert (closed["cash"], closed["margin_call"]) == ("51000.00", None)
    client = crash(server, client)
    assert account(client) == closed
    orders = client.get("/api/v1/orders?status=all")
    assert [(o["side"], o["position_intent"], o["filled_qty"]) for o in orders] == [
        ("buy", "buy_to_close", "700"), ("sell", "sell_to_open", "700")
    ]  # fmt: skip
    assert orders[0]["created_at"] >= due_at
    _, frames = asyncio.run(streamed(server, token))
    assert [frame["event"] for frame in frames] == [
        "kind_set", "accepted", "fill", "margin_called", "liquidation_started", "accepted", "fill",
        "margin_call_met",
    ]  # fmt: skip
    assert frames[3]["account"]["due_at"] == due_at
    assert [frame["prev"] for frame in frames] == [token, *(x["token"] for x in frames[:-1])]
    client.close()
    server.kill()
    verified = server.command("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
