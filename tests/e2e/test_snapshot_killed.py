"""Kill the daily snapshot twenty times in mid-batch: every user has one row of the day, no other.

Method: each process dies before, while or after it stores one of its groups of users, by SIGKILL;
the next goes on in the same directory.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from bench import filled
from stockyard.people.directory import People
from stockyard.storage.sqlite import SqliteDatabase

KILLS = 100 if os.environ.get("STOCKYARD_SOAK") else 20
USERS = 25 * KILLS
DAY = 20260320


def test_every_user_once_however_often_it_is_killed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    found = filled.fill(str(data), USERS, 200, 50)
    ran = subprocess.run(
        [sys.executable, "-m", "tests.e2e.snapshot_dying", str(data), str(DAY), "7", str(KILLS)],
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert (told["deaths"], told["accounts"], told["failed"]) == (KILLS, USERS, 0)
    # What the last one had to do itself: the dead ones had stored some groups.
    assert 0 < told["added"] < USERS
    database = SqliteDatabase(data / "people.db", durable=False)
    people = People(database)
    rows = database.query("SELECT user_id, account_id, day FROM portfolio_days ORDER BY account_id")
    database.close()
    assert len(rows) == len({row[0] for row in rows}) == USERS
    assert {row[1] for row in rows} == {holder.account_id for holder in found.holders}
    assert {row[2] for row in rows} == {DAY}
    assert {row[0] for row in rows} == {user_id for user_id, _ in people.holders()}
