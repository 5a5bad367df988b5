"""Perpetual contracts in a real process: a position with leverage, funding, a crash."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.running import Client, Running

HOUR_S = 3_600
AHEAD_S = 25.0
"""How long before a full hour the server's clock begins."""
PATIENCE_S = 60.0
SHIFTED_CLOCK = """
import os, time
_now, _by = time.time_ns, int(os.environ["TEST_CLOCK_SHIFT_NS"])
time.time_ns = lambda: _now() + _by
"""


@pytest.fixture
def before_the_hour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """A server whose clock comes to a full hour soon, also after it is started again."""
    clock = tmp_path / "clock"
    clock.mkdir()
    (clock / "sitecustomize.py").write_text(SHIFTED_CLOCK)
    shift_s = HOUR_S - AHEAD_S - time.time() % HOUR_S
    monkeypatch.setenv("TEST_CLOCK_SHIFT_NS", str(int(shift_s * 1e9)))
    monkeypatch.setenv("PYTHONPATH", str(clock), prepend=":")
    running = Running(tmp_path / "data", updates_per_second=10, snapshot_seconds=2)
    yield running
    if running.process.poll() is None:
        running.kill()


def marked(client: Client) -> dict[str, Any]:
    """The contract's market, once it has a mark."""
    for _ in range(2_000):
        found = client.get("/api/v1/quotes/BTC-PERP")
        if found["ask"] is not None and found["contract"]["mark_price"] is not None:
            return found
    raise AssertionError("BTC-PERP is never marked")


def test_a_position_is_funded_and_outlives_a_crash(before_the_hour: Running) -> None:
    server = before_the_hour
    client = server.connect()
    marked(client)
    status, _ = client.ask("PATCH", "/api/v1/account", {"kind": "margin"})
    assert status == 200
    path = "/api/v1/positions/BTC-PERP"
    status, chosen = client.ask("PUT", f"{path}/leverage", {"leverage": 10, "mode": "isolated"})
    assert (status, chosen["leverage"], chosen["mode"]) == (200, 10, "isolated")
    order = {"symbol": "BTC-PERP", "side": "buy", "qty": "0.1", "time_in_force": "ioc"}
    status, bought = client.ask("POST", "/api/v1/orders", order)
    assert (status, bought["status"], bought["filled_qty"]) == (201, "filled", "0.1")
    exit_ = {"symbol": "BTC-PERP", "side": "sell", "qty": "0.1", "type": "limit",
             "time_in_force": "gtc", "limit_price": "130000", "reduce_only": True}  # fmt: skip
    status, resting = client.ask("POST", "/api/v1/orders", exit_)
    assert (status, resting["status"], resting["reduce_only"]) == (201, "new", True)
    deadline = time.monotonic() + PATIENCE_S
    while not (charges := client.get("/api/v1/account/charges")):
        assert time.monotonic() < deadline, "no funding was paid"
        time.sleep(0.2)
    assert [(c["kind"], c["symbol"]) for c in charges] == [("funding", "BTC-PERP")]
    before = client.get(path)
    assert before["contract"]["funding_paid"] == charges[0]["amount"]
    account = client.get("/api/v1/account")
    client.close()
    server.kill()
    server.start()
    client = server.connect()
    marked(client)
    after = client.get(path)
    for name in ("qty", "avg_entry_price", "cost_basis", "qty_available"):
        assert after[name] == before[name]
    for name in ("mode", "leverage", "margin", "liquidation_price", "funding_paid"):
        assert after["contract"][name] == before["contract"][name]
    assert client.get("/api/v1/account/charges") == charges
    assert client.get("/api/v1/account")["funding"] == account["funding"]
    assert client.get(f"/api/v1/orders/{resting['id']}")["reduce_only"] is True
    contract = client.get("/api/v1/quotes/BTC-PERP")["contract"]
    assert contract["funded_at"] == charges[0]["charged_at"]
    told = client.get("/api/v1/assets/BTC-PERP/funding")
    assert [row["funded_at"] for row in told] == [contract["funded_at"]]
    status, closed = client.ask("DELETE", f"{path}?cancel_orders=true")
    assert (status, closed["side"], closed["status"]) == (201, "sell", "filled")
    client.close()
    assert server.stop() == 0
    verified = server.command("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
