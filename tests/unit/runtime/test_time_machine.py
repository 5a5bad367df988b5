"""Goal: what is shown of a point is what the engine was there, or it is refused with a reason.

Method: a world on disk whose state hash, account and points are noted after every input while it
lives; then each of them is read back from the directory, with and without archived snapshots.
"""

import asyncio
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from stockyard.api.pasts import renderer_of, shown_account, summaries
from stockyard.app import DataDirectory
from stockyard.cli.repair import cut, examine
from stockyard.runtime import upkeep
from stockyard.runtime.archiving import DAY, UPGRADE, Archiving
from stockyard.runtime.clock import ManualClock
from stockyard.runtime.points import PointRefused, parse_point
from stockyard.runtime.pruning import choose, prepare, switch
from stockyard.runtime.time_machine import TimeMachine
from stockyard.runtime.verification import rebuild_projections
from stockyard.storage.archive import Archive
from stockyard.storage.ports import StorageError
from stockyard.storage.sqlite import SqliteDatabase
from tests.unit.runtime.worlds import NOON_NS, buy, open_account, quote, send
from tests.unit.runtime.worlds_on_disk import world_at

STEP_NS = 10**9


class Lived(NamedTuple):
    """What was seen while it lived: state hashes and the account's row by seq."""

    account_id: int
    hashes: dict[int, str]
    cash: dict[int, int]
    times: dict[int, int]


def live(path: Path, every: int = 4) -> Lived:
    """Orders that fill, wait, fill in part and end, and quotes between, with snapshots of some."""
    clock = ManualClock(NOON_NS)
    with world_at(path, clock) as world:
        upkeep.begin_archive(world, Archiving(Archive(path / "archive"), every))
        account_id = open_account(world)
        open_account(world, key="other")
        seen = Lived(account_id, {}, {}, {})

        def note() -> None:
            seq = world.engine.seq
            seen.hashes[seq] = world.engine.state_hash()
            seen.cash[seq] = world.view.accounts[account_id].cash_micros
            seen.times[seq] = world.engine.ts

        note()
        for turn in range(6):
            clock.time_ns += STEP_NS
            quote(world, bid=1_999_000 + 100 * turn)
            note()
            for name, limit in (("filled", 0), ("resting", 1_500_000 + 100 * turn)):
                send(world, buy(account_id, f"{name}-{turn}", shares=3, limit=limit))
                note()
            if turn % 2:
                asyncio.run(upkeep.take_snapshot(world))
        world.projector.flush()
    return seen


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Lived]:
    path = tmp_path_factory.mktemp("lived")
    return path, live(path)


@pytest.fixture
def data(lived: tuple[Path, Lived], tmp_path: Path) -> tuple[Path, Lived]:
    """A copy of it."""
    path, seen = lived
    shutil.copytree(path, tmp_path, dirs_exist_ok=True)
    return tmp_path, seen


@pytest.mark.parametrize("archived", [True, False])
def test_every_point_is_what_the_engine_was(data: tuple[Path, Lived], archived: bool) -> None:
    path, seen = data
    if not archived:
        for found in Archive(path / "archive").list():
            Archive(path / "archive").remove(found.seq)
        (path / "snapshots.db").unlink()
    machine = TimeMachine(path)
    bases = set()
    for seq, wanted in seen.hashes.items():
        past = machine.read(machine.find(str(seq)), seen.account_id)
        assert past.state_hash() == wanted
        shown = shown_account(past, seen.account_id)
        assert shown is not None
        assert past.view.accounts[seen.account_id].cash_micros == seen.cash[seq]
        assert shown.past is not None
        assert (shown.past.seq, shown.past.open_orders) == (seq, len(shown.past.orders))
        bases.add(past.base_seq)
    assert (len(bases) > 2) == archived


def test_a_time_is_the_last_input_at_or_before_it(data: tuple[Path, Lived]) -> None:
    path, seen = data
    machine = TimeMachine(path)
    for ts in set(seen.times.values()):
        last = max(seq for seq, at in seen.times.items() if at == ts)
        for asked in (ts, ts + STEP_NS // 2):
            if asked <= machine.head.ts:
                whole, rest = divmod(asked, 10**9)
                text = f"{asked_text(whole)}.{rest:09}Z"
                assert machine.find(text) == (last, asked)


def asked_text(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("999999", "point_ahead", "the journal ends at input"),
        ("2099-01-01T00:00:00Z", "point_ahead", "the journal ends at input"),
        ("0", "point_too_early", "ask for input 1 or later"),
        ("2010-01-01T00:00:00Z", "point_too_early", "ask for input 1 or later"),
        ("2025-10-09T09:00:00", "invalid_point", "a time with its zone"),
        ("yesterday", "invalid_point", "a time with its zone"),
        ("9" * 19, "invalid_point", "an input's number"),
        ("-1", "invalid_point", "an input's number"),
        ("١٢", "invalid_point", "an input's number"),
    ],
)
def test_what_cannot_be_shown_is_refused(
    data: tuple[Path, Lived], text: str, code: str, said: str
) -> None:
    with pytest.raises(PointRefused, match=said) as refused:
        TimeMachine(data[0]).find(text)
    assert refused.value.code == code


def test_a_point_is_a_number_or_a_time_with_its_zone() -> None:
    assert parse_point("007") == (7, 0)
    assert parse_point("2010-01-02T00:00:00+01:00") == (None, 1_262_386_800 * 10**9)


def test_a_damaged_snapshot_is_passed_over_and_named(data: tuple[Path, Lived]) -> None:
    path, seen = data
    archive = Archive(path / "archive")
    last = archive.list()[-1]
    file = archive.path / last.name
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    (path / "snapshots.db").unlink()
    machine = TimeMachine(path)
    past = machine.read(machine.find(str(machine.head.seq)))
    assert past.state_hash() == seen.hashes[machine.head.seq]
    assert past.base_seq == archive.list()[-2].seq
    assert last.name in past.notes[0]
    assert "its state is altered" in past.notes[0]


def test_a_snapshot_of_another_journal_is_passed_over_and_named(data: tuple[Path, Lived]) -> None:
    path, seen = data
    archive = Archive(path / "archive")
    last = archive.list()[-1]
    snapshot = archive.load(last.seq)
    archive.remove(last.seq)
    archive.add(snapshot, last.head._replace(chain=bytes(16)), DAY)
    (path / "snapshots.db").unlink()
    machine = TimeMachine(path)
    past = machine.read(machine.find(str(machine.head.seq)))
    assert past.state_hash() == seen.hashes[machine.head.seq]
    assert past.notes == (f"archive/{last.name} was passed over: it is of another journal",)


def repaired(path: Path) -> None:
    """Write the journal anew in other batches, as a repair does."""
    cut(path, examine(path / "journal.db"))


def test_after_a_repair_archived_snapshots_serve_as_before(data: tuple[Path, Lived]) -> None:
    path, seen = data
    repaired(path)
    machine = TimeMachine(path)
    for archived in Archive(path / "archive").list():
        past = machine.read(machine.find(str(archived.seq)))
        assert (past.base_seq, past.notes) == (archived.seq, ())
        assert past.state_hash() == seen.hashes[archived.seq]


def test_a_journal_that_was_repaired_and_then_pruned_is_told_from_its_base_on(
    data: tuple[Path, Lived],
) -> None:
    path, seen = data
    repaired(path)
    base_seq = Archive(path / "archive").list()[1].seq
    directory = DataDirectory(path)
    rebuild_projections(directory.journal, directory.store, lambda _: None)
    target = choose(path, None, seq=base_seq + 1)
    assert target is not None
    switch(path, directory.journal, prepare(path, target, lambda _: None))
    while directory.journal.remove_some():
        continue
    directory.close()
    machine = TimeMachine(path)
    for seq, wanted in seen.hashes.items():
        if seq >= base_seq:
            past = machine.read(machine.find(str(seq)), seen.account_id)
            assert (past.state_hash(), past.notes) == (wanted, ())


def test_inputs_of_another_engine_version_are_not_run_through_this_ones_rules(
    data: tuple[Path, Lived],
) -> None:
    path, _ = data
    archive = Archive(path / "archive")
    first, second = archive.list()[:2]
    snapshot = archive.load(second.seq)._replace(engine_version="2")
    archive.remove(second.seq)
    archive.add(snapshot, second.head, UPGRADE)
    machine = TimeMachine(path)
    with pytest.raises(PointRefused, match=rf"up to {second.seq} were decided by .* 2") as refused:
        machine.read(machine.find(str(first.seq + 1)))
    assert refused.value.code == "point_of_another_version"
    assert f"ask for input {second.seq}" in refused.value.right
    assert machine.read(machine.find(str(second.seq))).state_hash() == second.state_hash
    after = machine.read(machine.find(str(second.seq + 1)))
    assert after.base_seq == second.seq


def test_tables_that_tell_another_story_are_not_believed(data: tuple[Path, Lived]) -> None:
    path, seen = data
    database = SqliteDatabase(path / "projections.db", durable=False)
    database.execute(
        "DELETE FROM events WHERE account_id = ? AND seq ="
        " (SELECT MAX(f.seq) FROM fills f WHERE f.account_id = ?)",
        (seen.account_id, seen.account_id),
    )
    database.close()
    machine = TimeMachine(path)
    with pytest.raises(StorageError, match="do not agree about input"):
        machine.read(machine.head, seen.account_id)


def test_tables_that_have_not_come_so_far_are_named(data: tuple[Path, Lived]) -> None:
    path, seen = data
    database = SqliteDatabase(path / "projections.db", durable=False)
    database.execute("UPDATE cursor SET seq = 1")
    database.close()
    machine = TimeMachine(path)
    with pytest.raises(StorageError, match="has not come to input"):
        machine.read(machine.head, seen.account_id)


def test_all_accounts_are_listed_as_they_were(data: tuple[Path, Lived]) -> None:
    path, seen = data
    machine = TimeMachine(path)
    past = machine.read(machine.head)
    mine, other = summaries(past)
    assert mine.id == renderer_of(past).account_id(seen.account_id)
    assert (mine.positions, mine.open_orders) == (1, 6)
    assert (other.cash, other.equity, other.positions) == ("100000.00", "100000.00", 0)


def test_before_it_was_opened_there_is_no_account(data: tuple[Path, Lived]) -> None:
    path, seen = data
    machine = TimeMachine(path)
    past = machine.read(machine.find(str(seen.account_id - 1)), seen.account_id)
    assert shown_account(past, seen.account_id) is None


def test_an_empty_journal_has_no_point(tmp_path: Path) -> None:
    DataDirectory(tmp_path).close()
    with pytest.raises(PointRefused, match="has not happened"):
        TimeMachine(tmp_path).find("1")


def test_a_pruned_journal_is_told_from_its_base_on(data: tuple[Path, Lived]) -> None:
    path, seen = data
    base_seq = Archive(path / "archive").list()[1].seq
    directory = DataDirectory(path)
    target = choose(path, None, seq=base_seq + 1)
    assert target is not None
    switch(path, directory.journal, prepare(path, target, lambda _: None))
    while directory.journal.remove_some():
        continue
    directory.close()
    machine = TimeMachine(path)
    assert machine.world_id() == machine.read(machine.head).view.world_id
    for seq, wanted in seen.hashes.items():
        if seq < base_seq:
            with pytest.raises(PointRefused, match=f"ask for input {base_seq} or later") as refused:
                machine.find(str(seq))
            assert refused.value.code == "point_too_early"
            continue
        past = machine.read(machine.find(str(seq)), seen.account_id)
        assert (past.state_hash(), past.base_seq >= base_seq) == (wanted, True)
    with pytest.raises(PointRefused, match="or later"):
        machine.find("2010-01-01T00:00:00Z")
    last = max(seq for seq, ts in seen.times.items() if ts == seen.times[base_seq])
    at = datetime.fromtimestamp(seen.times[base_seq] // 10**9, UTC)
    assert machine.find(at.isoformat()).seq == last
    file = path / "archive" / f"{base_seq:020}.snapshot"
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    with pytest.raises(StorageError, match="where the journal begins, cannot be used"):
        machine.read(machine.find(str(base_seq)))
