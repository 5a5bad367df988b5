"""Kill the daily snapshot twenty times in mid-batch: every user has one row of the day, no other.

Method: each process dies before, while or after it stores one of its groups of users, by SIGKILL;
the next goes on in the same directory.
"""

from pathlib import Path

from bench import filled
from stockyard.people.directory import People
from stockyard.storage.sqlite import SqliteDatabase
from tests.e2e.dying import told_by

KILLS, KILLS_SOAK = 20, 100
DAY = 20260320


def test_every_user_once_however_often_it_is_killed(tmp_path: Path, soak_factor: int) -> None:
    kills = KILLS if soak_factor == 1 else KILLS_SOAK
    users = 25 * kills
    data = tmp_path / "data"
    found = filled.fill(str(data), users, 200, 50)
    told = told_by("snapshot_dying", data, DAY, 7, kills, timeout_s=240)
    assert (told["deaths"], told["accounts"], told["failed"]) == (kills, users, 0)
    # What the last one had to do itself: the dead ones had stored some groups.
    assert 0 < told["added"] < users
    database = SqliteDatabase(data / "people.db", durable=False)
    people = People(database)
    rows = database.query("SELECT user_id, account_id, day FROM portfolio_days ORDER BY account_id")
    database.close()
    assert len(rows) == len({row[0] for row in rows}) == users
    assert {row[1] for row in rows} == {holder.account_id for holder in found.holders}
    assert {row[2] for row in rows} == {DAY}
    assert {row[0] for row in rows} == {user_id for user_id, _ in people.holders()}
