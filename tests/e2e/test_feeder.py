"""The feeder against a real server: what it says arrives, whatever goes wrong on the way."""

import os
import subprocess
import sys
from pathlib import Path

from tests.e2e.running import Client, Running

SETTINGS = {"ingest_username": "feeder", "ingest_password": "sesame"}


def feed(server: Running, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the feeder on a server until it is done."""
    return subprocess.run(
        [sys.executable, "-m", "stockyard", "feeder", "--url",
         f"http://{server.host}:{server.port}", *arguments],
        env={**os.environ, "INGEST_USERNAME": "feeder", "INGEST_PASSWORD": "sesame",
             "COLUMNS": "200", **environment},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


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
