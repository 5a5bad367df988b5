"""Goal: the account as it was, from a running server and beside it, is what the server once said.

Method: a real server with a market that moves; what it answers is noted right after each order, and
asked for again by point, over HTTP and by ``stockyard inspect``, also after ``kill -9``.
"""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from stockyard.cli import main
from tests.e2e.running import Client, Running

pytestmark = pytest.mark.filterwarnings("ignore:Cyclopts application invoked without tokens")
MOVING = ("equity", "buying_power", "long_market_value", "past", "excess", "initial_margin",
          "maintenance_margin", "withdrawable", "unsettled")  # fmt: skip


def at(client: Client, point: object) -> Any:
    """The account at a point; whoever else looks back is waited for."""
    while True:
        status, body = client.ask("GET", f"/api/v1/account?at={point}")
        if status != 503 or body["code"] != "past_busy":
            assert status == 200, body
            return body
        time.sleep(0.05)


def still(account: Any) -> Any:
    """What of an account does not move with prices."""
    return {name: value for name, value in account.items() if name not in MOVING}


def order(client: Client, **said: str) -> None:
    body = {"symbol": "AAPL", "side": "buy", "qty": "1", "type": "market", **said}
    status, told = client.ask("POST", "/api/v1/orders", {"time_in_force": "gtc", **body})
    assert status == 201, told


def lived(client: Client) -> list[tuple[Any, Any, Any]]:
    """The account, its positions and its open orders after each of some orders."""
    found = []
    for said in ({}, {"type": "limit", "limit_price": "1.00"}, {"side": "sell", "qty": "0.5"}):
        order(client, **said)
        account, positions, orders = (
            client.get(f"/api/v1/{path}") for path in ("account", "positions", "orders")
        )
        found.append((account, positions, orders))
    return found


def test_the_account_as_it_was(
    server: Running,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    seen = lived(client)
    moments = client.get("/api/v1/account/timeline?limit=500")["moments"]
    assert [one["seq"] for one in moments] == sorted({x["seq"] for x in moments}, reverse=True)
    assert moments[0]["text"].startswith("Sold 0.5 AAPL at ")
    assert moments[1]["text"] == "Order placed: buy 1 AAPL"
    points = [one["seq"] for one in moments[: len(seen)]][::-1]
    for point, (account, positions, orders) in zip(points, seen, strict=True):
        then = at(client, point)
        assert still(then) == still(account)
        assert then["past"]["seq"] == point
        held = [(one["symbol"], one["qty"], one["cost_basis"]) for one in positions]
        assert held == [
            (one["symbol"], one["qty"], one["cost_basis"]) for one in then["past"]["positions"]
        ]
        waiting = sorted(one["id"] for one in orders if one["status"] == "new")
        assert sorted(one["id"] for one in then["past"]["orders"]) == waiting
    opened = at(client, points[0] - 1)
    assert (opened["cash"], opened["past"]["positions"]) == ("100000.00", [])
    last = at(client, points[-1])
    _beside(Commands(server.data, monkeypatch, capsys), points, last)
    _refused(server, client)
    server.kill()
    server.start()
    again = server.connect()
    assert at(again, points[-1]) == last
    again.close()


class Commands:
    """Commands on a directory, in this process, which does not hold it."""

    def __init__(
        self, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self._data, self._monkeypatch, self._capsys = data, monkeypatch, capsys

    def command(self, *words: str) -> tuple[int, str, str]:
        """Exit code, output, errors."""
        argv = ["stockyard", *words, "--data", str(self._data)]
        self._monkeypatch.setattr(sys, "argv", argv)
        code = 0
        try:
            main()
        except SystemExit as left:
            code = int(str(left.code or 0))
        out, err = self._capsys.readouterr()
        return code, out, err


def _beside(server: Commands, points: list[int], told: Any) -> None:
    """``inspect`` and ``diff`` while the server runs."""
    shown = server.command("inspect", "--at", str(points[-1]), "--account", told["id"], "--json")
    assert json.loads(shown[1]) == told, shown
    text = server.command("inspect", "--at", str(points[-1]), "--account", told["id"])
    assert f"account {told['id']}" in text[1]
    listed = server.command("inspect", "--at", told["past"]["at"])
    assert told["id"] in listed[1]
    changed = server.command(
        "diff", "--from", str(points[0]), "--to", str(points[-1]), "--account", told["id"], "--json"
    )
    changes = {one["what"]: (one["was"], one["is"]) for one in json.loads(changed[1])["changes"]}
    assert changes["position AAPL qty"] == ("1", "0.5")
    assert "cash" in changes
    everybody = server.command("diff", "--from", str(points[0]), "--to", str(points[-1]))
    assert f"{told['id']} cash" in everybody[1]
    for words, said in (
        (("inspect", "--at", "99999999"), "that has not happened yet"),
        (("inspect", "--at", "2026-01-01T10:00:00"), "a time with its zone"),
        (("inspect", "--at", str(points[0]), "--account", "me"), "there was no such account"),
        (("diff", "--from", str(points[1]), "--to", str(points[0])), "exchange them"),
    ):
        code, _, refused = server.command(*words)
        assert (code, said in refused) == (2, True), refused


def _refused(server: Running, client: Client) -> None:
    """What cannot be shown, and more than one who looks back."""
    for point, code in (
        ("999999999", "point_ahead"),
        ("soon", "invalid_point"),
        ("1", "point_before_account"),
        ("2026-01-01T10:00:00", "invalid_point"),
    ):
        status, body = client.ask("GET", f"/api/v1/account?at={point}")
        assert (status, body["code"], body["field"]) == (422, code, "at")
    mine = client.get("/api/v1/account")["id"]
    other = mine[:-1] + ("1" if mine[-1] != "1" else "2")
    status, body = client.ask("GET", "/api/v1/account?at=1", headers={"X-Account-ID": other})
    assert (status, body["code"]) == (404, "unknown_account")

    def ask(point: int) -> tuple[int, Any]:
        one = server.connect()
        try:
            return one.ask("GET", f"/api/v1/account?at={point}")
        finally:
            one.close()

    refused, deadline = set[str](), time.monotonic() + 30
    with ThreadPoolExecutor(4) as pool:
        # On a busy machine four questions may well come one after another.
        while not refused and time.monotonic() < deadline:
            head = client.get("/health")["seq"]
            answers = list(pool.map(ask, range(head - 3, head + 1)))
            assert {200} <= {status for status, _ in answers} <= {200, 503}
            refused = {body["code"] for status, body in answers if status == 503}
    assert refused == {"past_busy"}
    assert client.get("/health")["status"] == "ok"


def test_a_child_that_is_asked_nothing_ends() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "stockyard.api.past_child"],
        input=b"{}", capture_output=True, check=False, timeout=30,
    )  # fmt: skip
    assert ran.returncode == 1
    assert b"account_id" in ran.stderr or b"data" in ran.stderr
