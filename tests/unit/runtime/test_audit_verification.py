"""A data directory's log is held against its files, its journal and its signed days."""

import asyncio
import shutil
from contextlib import suppress
from pathlib import Path
from random import Random

import apsw
import pytest

from stockyard.app import DataDirectory, open_world
from stockyard.cli.audit import verify
from stockyard.people.audit import Act
from stockyard.people.audit_check import Report
from stockyard.people.audit_keys import AuditKeys
from stockyard.people.audit_log import KEY_BYTES, AuditLog, Wanted
from stockyard.people.audit_segments import FOLDER_NAME
from stockyard.people.schema import migrate
from stockyard.people.sealing import Sealer, new_key
from stockyard.runtime.audit_upkeep import AuditUpkeep
from stockyard.runtime.audit_verification import verify_audit
from stockyard.runtime.auditing import Auditor
from stockyard.runtime.clock import ManualClock
from stockyard.runtime.pruning import choose, prepare, switch
from stockyard.storage.memory import MemoryDatabase, MemoryDisk
from stockyard.storage.ports import StorageError
from tests.unit.runtime.pruned import keep, opened
from tests.unit.runtime.worlds import NOON_NS, buy, nothing, open_account, prepared, quote

DAY = 86_400 * 10**9


async def fill(path: Path) -> None:
    """Three days with an order each, two of them signed."""
    clock = ManualClock(NOON_NS)
    directory = DataDirectory(path)
    world = open_world(
        directory.journal, directory.snapshots, directory.store, clock, schedule=nothing
    )
    prepared(world)
    people = directory.open_people()
    migrate(people)
    log, folder = directory.open_audit()
    auditor = Auditor(world, log)
    keys = AuditKeys(people, Sealer([new_key()]))
    upkeep = AuditUpkeep(auditor.log, keys, folder, 6)
    account = open_account(world)
    for day in range(3):
        clock.time_ns = NOON_NS + day * DAY
        await auditor.look_after(upkeep)
        quote(world)
        world.writer.submit(buy(account, f"o{day}"))
        world.writer.drain()
        at_ns = clock.wall_ns()
        await auditor.note(Act(at_ns=at_ns, kind="session.opened", actor="user:ann"))
        await auditor.settle()
    await auditor.close()
    people.close()
    directory.store.close()
    directory.snapshots.close()
    directory.journal.close()
    directory.release()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("audited") / "data"
    asyncio.run(fill(path))
    return path


@pytest.fixture
def data(filled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(filled, tmp_path / "data"))


def check(data: Path) -> Report:
    return verify_audit(data, data / FOLDER_NAME, lambda _: None)


def forge(data: Path, sql: str, *values: object, name: str = "audit.db") -> None:
    with apsw.Connection(str(data / name)) as connection:
        connection.execute(sql, values)  # type: ignore[arg-type]
    connection.close()


def test_a_directory_that_nobody_touched_is_whole(data: Path) -> None:
    report = check(data)
    assert report.broken == ()
    assert report.days == 2


def test_a_log_is_checked_beside_a_server_that_runs(data: Path) -> None:
    held = DataDirectory(data)
    try:
        log, _ = held.open_audit()
        log.append([Act(at_ns=NOON_NS, kind="session.opened", actor="user:bob")], NOON_NS + 9 * DAY)
        assert check(data).broken == ()
        log.close()
    finally:
        held.close()


def test_an_order_that_is_in_the_journal_and_not_in_the_log_is_named(data: Path) -> None:
    """Even where somebody with the key made the log whole without it."""
    forge(data, "UPDATE progress SET journal_seq = journal_seq + 1000000")
    forge(data, "DELETE FROM entries WHERE kind = 'order.place'")
    told = check(data).broken
    assert any("order.place, is not in the log" in text for text in told), told
    assert any("is missing" in text for text in told)


def test_a_journal_that_says_otherwise_is_named(data: Path, tmp_path: Path) -> None:
    (data / "journal.db").unlink()
    told = check(data).broken
    assert any("cannot be held against the whole journal" in text for text in told)


@pytest.mark.parametrize("name", ["audit.key", "audit.db.acknowledged"])
def test_a_file_that_is_gone_is_named(data: Path, name: str) -> None:
    (data / name).unlink()
    assert any(name in text for text in check(data).broken)


def test_a_log_that_is_gone_cannot_be_checked(data: Path) -> None:
    (data / "audit.db").unlink()
    with pytest.raises(StorageError, match="is not there"):
        check(data)


def test_a_cut_log_is_found_and_the_next_start_says_so_for_ever(data: Path) -> None:
    forge(data, "DELETE FROM entries WHERE number = (SELECT MAX(number) FROM entries)")
    forge(data, "DELETE FROM seals WHERE number > (SELECT MAX(number) FROM entries)")
    assert any("is missing" in text for text in check(data).broken)
    opened_again(data)
    told = check(data).broken
    assert any("says that records were lost before it" in text for text in told), told


def opened_again(data: Path) -> AuditLog:
    """The log as the next start finds it, closed again."""
    directory = DataDirectory(data)
    log, _ = directory.open_audit()
    log.close()
    directory.close()
    return log


def test_a_lost_log_goes_on_from_the_last_signed_day(data: Path) -> None:
    before = check(data)
    for tail in ("", "-wal", "-shm"):
        (data / f"audit.db{tail}").unlink(missing_ok=True)
    log = opened_again(data)
    found = check(data)
    (told,) = found.broken
    assert found.days == 2
    lost = f'{{"first":{log.head.number},"last":{before.last},'
    assert told.startswith(
        f"record {log.head.number} says that records were lost before it: {lost}"
    )
    assert log.journal_seq > 80, "the journal is read on from there"


def test_a_lost_key_is_said_for_ever(data: Path) -> None:
    (data / "audit.key").unlink()
    opened_again(data)
    opened_again(data)
    told = check(data).broken
    assert sum("sealed_with_another_key_up_to" in text for text in told) == 1


def everything(data: Path) -> object:
    """All that the log and its segments say."""
    rows = []
    with apsw.Connection(str(data / "audit.db"), flags=apsw.SQLITE_OPEN_READONLY) as connection:
        for table in ("entries", "seals", "segments", "anchor"):
            rows.append(connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall())
    connection.close()
    files = [path.read_bytes() for path in sorted((data / FOLDER_NAME).iterdir())]
    return rows, files, (data / "audit.key").read_text().strip().lower()


def test_any_byte_of_any_file_of_the_log_either_says_nothing_or_is_found(data: Path) -> None:
    draw, told = Random(11), 0
    whole = everything(data)
    files = [data / "audit.db", data / "audit.key", *sorted((data / FOLDER_NAME).iterdir())]
    for path in files:
        path.chmod(0o600)
        kept = path.read_bytes()
        for at in draw.sample(range(len(kept)), min(200, len(kept))):
            path.write_bytes(
                kept[:at] + bytes([kept[at] ^ 1 << draw.randrange(8)]) + kept[at + 1 :]
            )
            found = True
            with suppress(StorageError):
                found = bool(check(data).broken)
            if not found:
                assert everything(data) == whole, (path.name, at)
            told += found
            for tail in ("-wal", "-shm"):
                path.with_name(path.name + tail).unlink(missing_ok=True)
        path.write_bytes(kept)
    assert told > 200
    assert check(data).broken == ()


def test_the_command_says_what_is_broken_and_its_exit_code(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(**said: tuple[str, ...]) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            verify(data=data, **said)
        return int(ended.value.code or 0), capsys.readouterr().out

    code, out = run()
    assert (code, out.splitlines()[-1]) == (0, "whole")
    key = check(data).keys[0]
    assert run(public_key=(key,))[0] == 0
    code, out = run(public_key=("bm90IHRoaXM=",))
    assert code == 1
    assert f"broken: days are signed with {key}, which was not named" in out
    forge(data, "UPDATE entries SET payload = replace(payload, 'ann', 'eve') WHERE number = 30")
    forge(data, "DELETE FROM entries WHERE number = 35")
    code, out = run()
    assert code == 1
    assert "record 35 is missing" in out


def test_a_log_stands_for_the_inputs_that_were_pruned(data: Path) -> None:
    directory = DataDirectory(data)
    world = opened(directory)
    seq = keep(directory, world)
    target = choose(data, None, seq=seq + 1)
    assert target is not None
    switch(data, directory.journal, prepare(data, target, lambda _: None))
    while directory.journal.remove_some():
        continue
    directory.close()
    assert check(data).broken == ()


def test_a_log_that_had_not_read_what_was_pruned_says_so_for_ever(data: Path) -> None:
    directory = DataDirectory(data)
    world = opened(directory)
    seq = keep(directory, world)
    target = choose(data, None, seq=seq + 1)
    assert target is not None
    switch(data, directory.journal, prepare(data, target, lambda _: None))
    log = AuditLog(MemoryDatabase(MemoryDisk(), "audit"), bytes(KEY_BYTES))
    Auditor(world, log)
    [entry] = log.search(Wanted(5))
    assert entry.kind == "journal.skipped"
    assert log.journal_seq == seq
    directory.close()
