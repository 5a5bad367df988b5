"""A server that is killed again and again keeps in its audit log whatever it acknowledged."""

import re
from contextlib import suppress
from http.client import HTTPException
from threading import Timer

import apsw
import msgspec

from stockyard.people.audit_log import FILE_NAME
from tests.e2e.running import Client, Running

KILLS = 4
ROUNDS_MAX = 90


def trade(client: Client, turn: int, orders: list[str], lists: list[str]) -> None:
    """Place orders and make watchlists until the server dies; what it acknowledged."""
    for number in range(ROUNDS_MAX):
        order = {"symbol": "AAPL", "side": "buy", "type": "market", "qty": "1"}
        status, placed = client.ask("POST", "/api/v1/orders", order)
        assert status == 201, placed
        orders.append(placed["id"])
        said = {"name": f"{turn}-{number}", "symbols": ["AAPL"]}
        status, made = client.ask("POST", "/api/v1/watchlists", said)
        assert status == 201, made
        lists.append(made["id"])
        assert client.ask("DELETE", f"/api/v1/watchlists/{made['id']}")[0] == 204


def kept(server: Running, kind: str) -> list[str]:
    """What acts of a kind were done to, as the log has them."""
    with apsw.Connection(str(server.data / FILE_NAME), flags=apsw.SQLITE_OPEN_READONLY) as log:
        sql = "SELECT payload FROM entries WHERE kind = ? ORDER BY number"
        rows = log.execute(sql, (kind,)).fetchall()
    log.close()
    return [msgspec.json.decode(payload)["subject"] for (payload,) in rows]


def test_every_acknowledged_act_is_in_the_log_once_however_the_server_ended(
    server: Running,
) -> None:
    orders: list[str] = []
    lists: list[str] = []
    for turn in range(KILLS):
        timer = Timer(0.2 + 0.15 * turn, server.kill)
        timer.start()
        client = server.connect()
        with suppress(OSError, HTTPException):
            trade(client, turn, orders, lists)
        client.close()
        timer.join()
        told = server.command("audit", "verify")
        assert told.returncode == 0, told.stdout + told.stderr
        server.start()
    assert server.stop() == 0
    assert len(orders) > KILLS
    in_log = kept(server, "order.place")
    assert len(in_log) == len(set(in_log))
    assert set(orders) <= set(in_log)
    in_log = kept(server, "watchlist.created")
    assert len(in_log) == len(set(in_log))
    assert set(lists) <= set(in_log)
    told = server.command("audit", "verify")
    assert told.returncode == 0, told.stdout
    assert re.search(r"^whole$", told.stdout, re.MULTILINE)
