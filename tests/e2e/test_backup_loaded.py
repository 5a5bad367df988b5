"""A backup that is made under full load holds everything that was acknowledged before it began."""

import re
import subprocess
import sys
import time
from pathlib import Path

from tests.e2e.running import Running
from tests.e2e.test_crash import STARTING_CASH, Customer, check_acknowledged, send_again

CLIENTS = 2
ORDERS = 5
"""Acknowledged to each customer before the backup begins."""
PATIENCE_S = 30.0


def wait_for(customer: Customer, orders: int) -> None:
    """Wait until a customer has so many acknowledged orders."""
    deadline = time.monotonic() + PATIENCE_S
    while len(customer.acknowledged) < orders:
        assert time.monotonic() < deadline, "the server takes no orders"
        time.sleep(0.01)


def command(*words: object) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", "stockyard", *map(str, words)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_what_was_acknowledged_before_is_in_it(tmp_path: Path) -> None:
    server = Running(
        tmp_path / "data",
        updates_per_second=20,
        snapshot_seconds=0.3,
        projection_seconds=0.02,
        starting_cash=STARTING_CASH,
    )
    customers = [Customer(server, 0, number) for number in range(CLIENTS)]
    for customer in customers:
        customer.start()
    for customer in customers:
        wait_for(customer, ORDERS)
    before = [list(customer.acknowledged) for customer in customers]
    told = command("backup", "--data", server.data, "--to", tmp_path / "backups")
    during = sum(len(customer.acknowledged) for customer in customers)
    server.kill()
    for customer in customers:
        customer.join()
        assert customer.faults == []
    assert told.splitlines()[-1] == "whole", told
    assert "note:" not in told
    # The table of files knows everything that a server makes.
    assert "left out:" not in told
    assert during > sum(map(len, before)), "nothing was traded meanwhile"
    found = re.match(r"(\S+): \d+ files", told)
    assert found is not None
    told = command("restore", "--from", found[1], "--to", tmp_path / "again")
    assert told.splitlines()[-1] == "whole"
    again = Running(tmp_path / "again", updates_per_second=20, starting_cash=STARTING_CASH)
    client = again.connect()
    for known in before:
        check_acknowledged(client, known)
    # Who was cut off, or acknowledged only afterwards, sends again and has one order.
    for customer in customers:
        for body in customer.cut_off:
            send_again(client, body)
    client.close()
    assert again.stop() == 0
    verified = again.command("verify")
    assert verified.returncode == 0, verified.stdout
    verified = again.command("audit", "verify")
    assert verified.returncode == 0, verified.stdout
