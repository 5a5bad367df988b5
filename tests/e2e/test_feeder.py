"""The feeder against a real server: what it says arrives, whatever goes wrong on the way."""

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.e2e.running import Client, Running

SETTINGS = {"ingest_username": "feeder", "ingest_password": "sesame"}


def start(server: Running, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
    """Start the feeder on a server."""
    return subprocess.Popen(
        [sys.executable, "-m", "stockyard", "feeder", "--url",
         f"http://{server.host}:{server.port}", *arguments],
        env={**os.environ, "INGEST_USERNAME": "feeder", "INGEST_PASSWORD": "sesame",
             "COLUMNS": "200", **environment},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def feed(server: Running, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the feeder on a server until it is done."""
    process = start(server, *arguments, **environment)
    out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def metric(client: Client, name: str) -> float:
    """A counter's value, added up over its labels."""
    client._connection.request("GET", "/metrics")
    text = client._connection.getresponse().read().decode()
    rows = [line for line in text.splitlines() if line.startswith(name)]
    return sum(float(row.rpartition(" ")[2]) for row in rows)


def test_faulty_exchanges_make_one_market(tmp_path: Path) -> None:
    """Every tick is taken, known, or denied with a reason; the view knows all sources."""
    server = Running(tmp_path / "data", "--market", "none", **SETTINGS)
    try:
        done = feed(
            server, "--sources", "north,south", "--symbols", "AAPL,BTC/USD", "--rates", "200,100",
            "--skews", "0,-100", "--seconds", "3", "--seed", "5", "--faults",
            "duplicate=0.05,late=0.05,garbage=0.05,burst=0.05",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        rows = {
            cells[0]: [int(cell.replace(",", "")) for cell in cells[1:]]
            for line in done.stdout.splitlines()
            if len(cells := [cell.strip() for cell in line.split("│")[1:-1]]) == 10
        }
        assert set(rows) == {"north", "south"}, done.stdout
        client = server.connect()
        for said, _, taken, duplicates, denied, _, lost, dropped, waiting in rows.values():
            assert taken + duplicates + denied + dropped == said > 300
            assert min(taken, duplicates, denied) > 0
            assert (lost, waiting) == (0, 0)
        assert metric(client, "ingest_ticks_taken_total") == sum(row[2] for row in rows.values())
        view = client.get("/api/v1/tickers/AAPL")
        assert {source["source"] for source in view["sources"]} == {"north", "south"}
        assert view["trades"] > 50
        assert client.get("/health/liveness") == {"alive": True}
        client.close()
    finally:
        server.kill()


def test_orders_go_on_in_bursts_of_a_hundred_times_as_much(tmp_path: Path) -> None:
    """Every order is answered and filled while thousands of ticks a second and garbage come in."""
    server = Running(tmp_path / "data", "--market", "none", **SETTINGS)
    try:
        feeding = start(
            server, "--sources", "a,b,c", "--symbols", "AAPL,MSFT", "--rates", "200", "--batch",
            "500", "--seconds", "5", "--faults", "burst=0.05,garbage=0.02",
        )  # fmt: skip
        client = server.connect()
        while client.get("/api/v1/quotes/AAPL")["ask"] is None:
            time.sleep(0.05)
        orders = 0
        while feeding.poll() is None:
            body = {"symbol": "AAPL", "side": "buy", "qty": "1", "client_order_id": f"o{orders}"}
            status, order = client.ask("POST", "/api/v1/orders", body)
            assert (status, order["status"]) == (201, "filled"), order
            orders += 1
            time.sleep(0.05)
        assert feeding.returncode == 0, feeding.communicate()
        assert orders > 5
        assert client.get("/api/v1/positions/AAPL")["qty"] == str(orders)
        assert metric(client, "ingest_ticks_taken_total") > 3_000
        client.close()
        feeding.communicate()
    finally:
        server.kill()


def test_wrong_calls_are_told(tmp_path: Path) -> None:
    """Credentials, symbols and numbers; and a server without a webhook."""
    server = Running(tmp_path / "data", "--market", "none")
    try:
        for arguments, environment, told in (
            ([], {}, "start the server with"),
            ([], {"INGEST_PASSWORD": ""}, "set both"),
            (["--symbols", "NOSUCH"], {}, "there is no NOSUCH"),
            (["--rates", "1,2"], {}, "expected one whole number, or 3"),
            (["--faults", "late=2"], {}, "expected a share"),
            (["--batch", "0"], {}, "expected 1 to 500"),
        ):
            done = feed(server, *arguments, **environment)
            assert (done.returncode, told in done.stderr) == (2, True), done.stderr
    finally:
        server.kill()
