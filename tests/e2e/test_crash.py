"""Kill the server at random moments under load: what was acknowledged is there, nothing twice.

Goal: promise 1. Method: four clients place orders without pause; the process gets SIGKILL at a
seeded random moment; after each restart every acknowledgement is compared with what the server
says, and every request that was cut off is sent again under its client_order_id.
"""

import http.client
import random
import threading
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.e2e.running import Client, Running

KILLS, KILLS_SOAK = 50, 500
CLIENTS = 4
SEED = 20_130_710
SAMPLE = 1000
STARTING_CASH = 100_000_000
GONE = (OSError, http.client.HTTPException)


class Customer(threading.Thread):
    """Places orders until the server is gone; keeps what was acknowledged and what was cut off."""

    def __init__(self, server: Running, kill_number: int, number: int) -> None:
        super().__init__()
        self._server = server
        self._random = random.Random(SEED + kill_number * CLIENTS + number)
        self._name = f"{kill_number}-{number}"
        self.acknowledged: list[dict[str, Any]] = []
        self.cut_off: list[dict[str, Any]] = []
        self.faults: list[str] = []

    def run(self) -> None:
        client = self._server.connect()
        count = 0
        while True:
            count += 1
            body = self._order(f"{self._name}-{count}")
            try:
                status, answer = client.ask("POST", "/api/v1/orders", body)
            except GONE:
                self.cut_off.append(body)
                client.close()
                return
            if status == 201:
                self.acknowledged.append(answer)
            elif status != 403:
                self.faults.append(f"{status} {answer}")

    def _order(self, client_order_id: str) -> dict[str, Any]:
        draw = self._random
        body = {
            "symbol": draw.choice(["AAPL", "MSFT", "SPY", "BTC/USD"]),
            "side": draw.choice(["buy", "buy", "sell"]),
            "qty": str(draw.randint(1, 3)),
            "time_in_force": draw.choice(["day", "gtc", "ioc"]),
            "client_order_id": client_order_id,
        }
        if body["symbol"] == "BTC/USD":
            body["qty"] = "0.001"
        if draw.random() < 0.2:
            return {**body, "type": "limit", "limit_price": "10.00", "side": "buy", "qty": "1"}
        return {**body, "type": "market"}


def check_acknowledged(client: Client, acknowledged: list[dict[str, Any]]) -> None:
    """Every order that was answered is there, as far on as it was told or further."""
    for told in acknowledged:
        found = client.get(f"/api/v1/orders/{told['id']}")
        for name in ("client_order_id", "symbol", "side", "qty", "type", "created_at"):
            assert found[name] == told[name], (name, told, found)
        assert Decimal(found["filled_qty"]) >= Decimal(told["filled_qty"])


def check_filled_once(client: Client, order_id: str) -> None:
    """An order's executions are all different and add up to its filled quantity."""
    order = client.get(f"/api/v1/orders/{order_id}")
    executions = client.get(f"/api/v1/orders/{order_id}/executions")
    ids = [execution["id"] for execution in executions]
    assert len(set(ids)) == len(ids)
    assert sum(Decimal(e["qty"]) for e in executions) == Decimal(order["filled_qty"])
    assert Decimal(order["filled_qty"]) <= Decimal(order["qty"])


def send_again(client: Client, body: dict[str, Any]) -> str | None:
    """Send a cut-off request again; there is one order under its id, whichever send made it."""
    status, answer = client.ask("POST", "/api/v1/orders", body)
    assert status in (201, 403), answer
    again, repeated = client.ask("POST", "/api/v1/orders", body)
    assert (again, repeated.get("id")) == (status, answer.get("id"))
    listed = client.get(f"/api/v1/orders?status=all&client_order_id={body['client_order_id']}")
    assert len(listed) == (1 if status == 201 else 0)
    return answer["id"] if status == 201 else None


def test_acknowledged_orders_survive_sigkill(tmp_path: Path, soak_factor: int) -> None:
    kills = KILLS if soak_factor == 1 else KILLS_SOAK
    draw = random.Random(SEED)
    server = Running(
        tmp_path / "data",
        updates_per_second=20,
        snapshot_seconds=0.3,
        projection_seconds=0.02,
        starting_cash=STARTING_CASH,
    )
    order_ids: list[str] = []
    for kill_number in range(kills):
        customers = [Customer(server, kill_number, n) for n in range(CLIENTS)]
        for customer in customers:
            customer.start()
        time.sleep(draw.uniform(0.02, 0.5))
        server.kill()
        for customer in customers:
            customer.join()
            assert customer.faults == []
        server.start()
        client = server.connect()
        for customer in customers:
            check_acknowledged(client, customer.acknowledged)
            order_ids.extend(order["id"] for order in customer.acknowledged)
            for body in customer.cut_off:
                order_id = send_again(client, body)
                if order_id is not None:
                    order_ids.append(order_id)
        client.close()
    assert len(order_ids) > kills
    check_books(server, order_ids)


def check_books(server: Running, order_ids: list[str]) -> None:
    """All orders add up to the cash, and ``verify`` finds the directory whole."""
    client = server.connect()
    client.ask("DELETE", "/api/v1/orders")
    assert len(set(order_ids)) == len(order_ids)
    for order_id in random.Random(SEED).sample(order_ids, min(SAMPLE, len(order_ids))):
        check_filled_once(client, order_id)
    account = client.get("/api/v1/account")
    positions = client.get("/api/v1/positions")
    cost = sum((Decimal(position["cost_basis"]) for position in positions), Decimal(0))
    expected = Decimal(STARTING_CASH) + Decimal(account["realized_pl"]) - Decimal(account["fees"])
    assert Decimal(account["cash"]) == expected - cost
    client.close()
    server.kill()
    verified = server.command("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    print(f"{len(order_ids)} acknowledged orders\n{verified.stdout}")
