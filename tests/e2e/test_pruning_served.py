"""A served journal is pruned by its policy, in a process beside the server, while orders go on."""

import time
from contextlib import closing
from pathlib import Path

import apsw

from stockyard.runtime.auditing import JOURNAL_PRUNED
from stockyard.runtime.retention import FIRST_S
from stockyard.storage.sqlite import read_base_of
from tests.e2e.running import Running
from tests.unit.runtime.pruned import fill, verified

DAYS = 4
WAIT_S = FIRST_S + 120


def test_what_is_older_than_the_policy_is_pruned_while_orders_go_on(tmp_path: Path) -> None:
    data = tmp_path / "data"
    seqs, _ = fill(data, DAYS)
    server = Running(data, updates_per_second=20, journal_keep_days=1, snapshot_seconds=0.3)
    placed: list[str] = []
    try:
        with closing(server.connect()) as client:
            order = {"symbol": "KO", "side": "buy", "qty": "1", "type": "limit", "limit_price": "1"}
            ends = time.monotonic() + WAIT_S
            while (base := read_base_of(data / "journal.db")) is None:
                assert time.monotonic() < ends, "nothing was pruned"
                name = f"beside-{len(placed)}"
                status, made = client.ask(
                    "POST", "/api/v1/orders", {**order, "client_order_id": name}
                )
                assert status == 201, made
                placed.append(made["id"])
                time.sleep(1)
            assert base.seq in seqs
            for order_id in placed:
                assert client.get(f"/api/v1/orders/{order_id}")["status"] == "new"
        assert server.stop() == 0
        found = verified(data)
        assert (found.broken, found.base_seq) == ((), base.seq)
        with closing(apsw.Connection(str(data / "audit.db"))) as file:
            kinds = [row[0] for row in file.execute("SELECT kind FROM entries")]
        assert kinds.count(JOURNAL_PRUNED) == 1
        server.start()
        with closing(server.connect()) as client:
            assert client.get(f"/api/v1/orders/{placed[0]}")["id"] == placed[0]
    finally:
        if server.process.poll() is None:
            server.kill()
