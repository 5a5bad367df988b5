"""Whatever is done to the log behind its back is found, and what it was done to is named."""

import re
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from stockyard.people.audit_log import FIRST_CHAIN, AuditLog, chained, seal
from stockyard.people.audit_segments import SegmentTaken, file_of, hash_of
from stockyard.storage.memory import MemoryDatabase
from tests.unit.people.audit_given import DAY, KEY, NOW, Given, act

COLUMNS = (
    "number",
    "at_ns",
    "kind",
    "actor",
    "user_id",
    "subject",
    "request_id",
    "payload",
    "chain",
)


@pytest.fixture
def given(tmp_path: Path) -> Given:
    return Given(tmp_path / "audit").fill()


def changed(value: Any, at: int) -> Any:
    """The value with one byte altered; of a number, one digit."""
    if isinstance(value, int):
        return value ^ (1 << at)
    text = value[:at] + chr(ord(value[at]) ^ 1) + value[at + 1 :]
    assert text != value
    return text


def places(value: Any) -> range:
    return range(20) if isinstance(value, int) else range(len(value))


def test_a_log_that_nobody_touched_is_whole(given: Given) -> None:
    report = given.check()
    assert report.broken == ()
    assert (report.first, report.last, report.days) == (1, given.log.head.number, 2)
    assert list(report.keys) == given.keys.public_keys()


def test_any_byte_of_any_record_that_is_altered_is_found_and_named(given: Given) -> None:
    rows = given.log.database.query(f"SELECT {', '.join(COLUMNS)} FROM entries ORDER BY number")
    assert len(rows) > 6
    tried = 0
    # The whole of one record that is signed, of one that is only sealed, and of the last one.
    for row in (rows[1], rows[-2], rows[-1]):
        for name, value in zip(COLUMNS, row, strict=True):
            for at in places(value):
                forged = changed(value, at)
                if name == "number" and 1 <= forged <= rows[-1][0]:
                    continue
                sql = f"UPDATE entries SET {name} = ? WHERE number = ?"
                given.forge(sql, forged, row[0])
                told = given.check().broken
                names = {int(n) for text in told for n in re.findall(r"records? (\d+)", text)}
                assert row[0] in names, (name, at, told)
                given.forge(sql, value, forged if name == "number" else row[0])
                tried += 1
    assert tried > 800
    assert given.check().broken == ()


def test_any_byte_of_a_seal_and_of_what_the_log_knows_of_segments_is_found(given: Given) -> None:
    for table, key in (("seals", "number"), ("segments", "day")):
        columns = [row[0] for row in given.disk.connection("audit").execute(
            "SELECT name FROM pragma_table_info(?)", (table,)
        )]  # fmt: skip
        for row in given.log.database.query(f"SELECT {', '.join(columns)} FROM {table}"):
            for name, value in zip(columns, row, strict=True):
                if name == key:
                    continue
                for at in places(value):
                    sql = f"UPDATE {table} SET {name} = ? WHERE {key} = ?"
                    given.forge(sql, changed(value, at), row[0])
                    assert given.check().broken, (table, name, at)
                    given.forge(sql, value, row[0])
    assert given.check().broken == ()


def test_any_byte_of_a_segment_that_is_altered_is_found(given: Given) -> None:
    path = file_of(given.folder, "2026-01-03")
    whole = path.read_bytes()
    path.chmod(0o600)
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        told = given.check().broken
        assert any("2026-01-03" in text or "record" in text for text in told), at
    for cut in (0, 1, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:cut])
        assert given.check().broken, cut
    path.write_bytes(whole + b"\n")
    assert given.check().broken
    path.write_bytes(whole)
    assert given.check().broken == ()


@pytest.mark.parametrize("number", range(1, 10))
def test_a_record_that_is_removed_is_named(given: Given, number: int) -> None:
    last = given.log.head.number
    given.forge("DELETE FROM entries WHERE number = ?", number)
    told = given.check(acknowledged=last).broken
    if number <= last:
        assert any(f"record {number} is missing" in text for text in told), told


def test_the_end_of_the_log_cannot_be_cut_off_unseen(given: Given) -> None:
    last = given.log.head.number
    given.forge("DELETE FROM entries WHERE number >= ?", last - 1)
    given.forge("DELETE FROM seals WHERE number >= ?", last - 1)
    told = given.check(acknowledged=last).broken
    assert f"records {last - 1} to {last} are missing" in told


def test_a_log_goes_on_from_a_cut_but_says_so(given: Given) -> None:
    given.log.append([act("audit.damage_found", subject="x")], NOW + 3 * DAY)
    assert any("says that records were lost" in text for text in given.check().broken)


@pytest.mark.parametrize("where", ["end", "front", "twice"])
def test_a_record_that_is_put_in_is_named(given: Given, where: str) -> None:
    last = given.log.head
    rows = given.log.database.query(f"SELECT {', '.join(COLUMNS)} FROM entries ORDER BY number")
    number = {"end": last.number + 1, "front": 0, "twice": -5}[where]
    payload = rows[-1][7].replace(f'"number":{last.number}', f'"number":{number}')
    forged = (number, *rows[-1][1:7], payload, chained(last.chain, payload))
    marks = ", ".join("?" for _ in COLUMNS)
    given.forge(f"INSERT INTO entries ({', '.join(COLUMNS)}) VALUES ({marks})", *forged)
    told = given.check().broken
    assert any(str(number) in text and "put in" in text for text in told), told


def test_records_that_are_written_anew_with_all_their_hashes_are_found(given: Given) -> None:
    """Who may write the file but does not have the key."""
    rows = given.log.database.query("SELECT number, payload FROM entries ORDER BY number")
    chain = FIRST_CHAIN
    for number, payload in rows:
        payload = payload.replace("user:ann", "user:bob")
        chain = chained(chain, payload)
        sql = "UPDATE entries SET payload = ?, actor = replace(actor, 'ann', 'bob'), chain = ?"
        given.forge(sql + " WHERE number = ?", payload, chain, number)
        given.forge(
            "UPDATE seals SET seal = ? WHERE number = ?", seal(bytes(32), number, chain), number
        )
    told = given.check().broken
    assert any("its seal is wrong" in text for text in told)
    assert "record 1 is altered: segment 2026-01-02 has it otherwise" in told


def test_a_segment_that_is_signed_by_somebody_else_is_found(given: Given, tmp_path: Path) -> None:
    other = Given(tmp_path / "other").fill()
    for day in ("2026-01-02", "2026-01-03"):
        path = file_of(given.folder, day)
        path.chmod(0o600)
        path.write_bytes(file_of(other.folder, day).read_bytes())
    told = given.check().broken
    assert "segment 2026-01-03 is signed with a key that the log does not name" in told


def test_a_signature_is_held_against_what_it_signs(given: Given) -> None:
    """Where the log was made to know the file as it is now."""
    path = file_of(given.folder, "2026-01-03")
    path.chmod(0o600)
    lines = path.read_bytes().splitlines(keepends=True)
    other = b'{"signature":"' + b64encode(bytes(64)) + b'"}\n'
    path.write_bytes(b"".join([*lines[:-1], other]))
    given.forge("UPDATE segments SET file_hash = ? WHERE day = '2026-01-03'", hash_of(path))
    told = given.check().broken
    assert told == ("segment 2026-01-03 is altered: its signature does not fit what it holds",)


def test_a_segment_that_is_taken_away_is_named(given: Given) -> None:
    file_of(given.folder, "2026-01-02").unlink()
    assert "segment 2026-01-02 is missing" in given.check().broken
    given.forge("DELETE FROM segments WHERE day = '2026-01-02'")
    assert given.check().broken


def test_a_crash_between_a_segment_and_the_logs_knowing_it_is_made_good(given: Given) -> None:
    given.log.append([act(at_ns=NOW + 2 * DAY)], NOW + 2 * DAY)
    given.look_after(NOW + 3 * DAY)
    given.forge("DELETE FROM segments WHERE day = '2026-01-04'")
    # The seals are gone with it in the real order of things; the last of the day is kept.
    assert given.check().broken == ()
    given.look_after(NOW + 3 * DAY)
    assert given.check().days == 3


def test_a_file_that_is_there_is_not_written_over(given: Given) -> None:
    path = file_of(given.folder, "2026-01-04")
    path.write_text("mine")
    with pytest.raises(SegmentTaken):
        given.look_after(NOW + 3 * DAY)
    assert path.read_text() == "mine"


def test_what_is_older_than_is_kept_is_let_go_and_the_rest_is_whole(tmp_path: Path) -> None:
    given = Given(tmp_path / "audit", years=1).fill()
    later = NOW + 366 * DAY
    given.look_after(later)
    assert not file_of(given.folder, "2026-01-02").exists()
    report = given.check()
    assert report.broken == ()
    assert (report.first, report.days) == (3, 2)
    assert given.log.database.query("SELECT 1 FROM entries WHERE kind = 'audit.let_go'")
    given.forge("UPDATE anchor SET number = number + 1")
    assert given.check().broken
    given.forge("UPDATE anchor SET number = number - 1")
    again = AuditLog(MemoryDatabase(given.disk, "audit"), KEY)
    assert again.head == given.log.head


def test_letting_go_that_is_cut_off_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stockyard.runtime.audit_upkeep.ROWS_AT_ONCE", 1)
    given = Given(tmp_path / "audit", years=1).fill()
    steps = given.upkeep.steps(NOW + 366 * DAY)
    for _ in range(4):
        next(steps)
        assert given.check().broken == ()
    given.look_after(NOW + 366 * DAY)
    assert given.check().first == 3


def test_nothing_is_ever_let_go_where_that_was_asked_for(tmp_path: Path) -> None:
    given = Given(tmp_path / "audit", years=0).fill()
    given.look_after(NOW + 36_600 * DAY)
    assert given.check().first == 1


def test_random_changes_of_any_row_are_found(given: Given) -> None:
    """Several at once, of any table."""
    draw = Random(7)
    connection = given.disk.connection("audit")
    for _ in range(40):
        connection.execute("SAVEPOINT before")
        for _ in range(draw.randrange(1, 4)):
            number = draw.randrange(1, given.log.head.number + 1)
            act_: Callable[[], object] = draw.choice(
                [
                    lambda n=number: given.forge("DELETE FROM entries WHERE number = ?", n),
                    lambda n=number: given.forge(
                        "UPDATE entries SET payload = payload || ' ' WHERE number = ?", n
                    ),
                    lambda n=number: given.forge(
                        "UPDATE entries SET chain = ? WHERE number = ?", "0" * 64, n
                    ),
                ]
            )
            act_()
        assert given.check(given.log.head.number).broken
        connection.execute("ROLLBACK TO before; RELEASE before")
    assert given.check().broken == ()
