"""A pruned directory is what it was: verified, rebuilt, recovered; and what is damaged is named."""

import shutil
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from stockyard.app import DataDirectory
from stockyard.cli.scratch import scratch_store
from stockyard.runtime import pruning
from stockyard.runtime.backing_up import Watch, restore_backup, take_backup
from stockyard.runtime.beginning import BaseBroken, tables_file
from stockyard.runtime.pruning import PruningRefused, choose, prepare, switch, tidy
from stockyard.runtime.rerun import Rerun, rerun, start_of
from stockyard.runtime.time_machine import PointRefused, TimeMachine
from stockyard.runtime.verification import rebuild_projections
from stockyard.storage.archive import FOLDER_NAME, Archive, ArchiveDamaged
from stockyard.storage.journal_points import JournalPoints
from stockyard.storage.ports import Base, JournalCorrupt
from tests.unit.runtime.pruned import DAY, a_day, fill, keep, opened, verified
from tests.unit.runtime.worlds import NOON_NS

DAYS = 4


def untold(_: int) -> None:
    """Tell nobody."""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[int], str]:
    path = tmp_path_factory.mktemp("filled") / "data"
    return path, *fill(path, DAYS)


@pytest.fixture
def data(filled: tuple[Path, list[int], str], tmp_path: Path) -> Path:
    return Path(shutil.copytree(filled[0], tmp_path / "data"))


@pytest.fixture
def seqs(filled: tuple[Path, list[int], str]) -> list[int]:
    return filled[1]


@pytest.fixture
def hashed(filled: tuple[Path, list[int], str]) -> str:
    return filled[2]


def prune_to(data: Path, seq: int, *, remove: bool = True) -> Base:
    directory = DataDirectory(data)
    try:
        target = choose(data, directory.journal.base, seq=seq + 1)
        assert target is not None
        assert target.seq == seq
        base = prepare(data, target, untold)
        switch(data, directory.journal, base)
        tidy(data)
        while remove and directory.journal.remove_some():
            continue
        return base
    finally:
        directory.close()


def tables_of(data: Path) -> dict[str, list[object]]:
    connection = apsw.Connection(str(data / "projections.db"))
    names = "orders", "fills", "positions", "accounts", "fundings", "equities", "events", "cursor"
    found = {n: connection.execute(f"SELECT * FROM {n} ORDER BY 1, 2, 3").fetchall() for n in names}
    connection.close()
    return found


@pytest.mark.parametrize("remove", [False, True])
def test_a_pruned_directory_is_whole_and_the_same(
    data: Path, seqs: list[int], hashed: str, remove: bool
) -> None:
    before = verified(data)
    assert before.broken == ()
    for seq in (seqs[0], seqs[2]):
        base = prune_to(data, seq, remove=remove)
        found = verified(data)
        assert found.broken == ()
        assert (found.base_seq, found.seq, found.state_hash) == (seq, before.seq, hashed)
        assert base.world_id
        assert [p.name for p in sorted((data / FOLDER_NAME).glob("*.tables.db*"))] == [
            tables_file(data / FOLDER_NAME, seq).name
        ]


def lose_tables(data: Path) -> None:
    (data / "projections.db").unlink()


def lose_snapshot(data: Path) -> None:
    (data / "snapshots.db").unlink()


def lose_both(data: Path) -> None:
    lose_tables(data)
    lose_snapshot(data)


def rebuild(data: Path) -> None:
    directory = DataDirectory(data)
    rebuild_projections(directory.journal, directory.store, untold, begin=directory.beginning)
    directory.close()


@pytest.mark.parametrize("lose", [lose_tables, lose_snapshot, lose_both, rebuild])
def test_what_is_lost_is_told_again_from_the_base(
    data: Path, seqs: list[int], hashed: str, lose: Callable[[Path], None]
) -> None:
    prune_to(data, seqs[1])
    wanted = tables_of(data)
    lose(data)
    directory = DataDirectory(data)
    world = opened(directory)
    assert world.engine.state_hash() == hashed
    world.projector.flush()
    directory.close()
    assert tables_of(data) == wanted
    assert verified(data).broken == ()


def test_a_snapshot_older_than_the_base_is_passed_over(
    data: Path, seqs: list[int], hashed: str
) -> None:
    directory = DataDirectory(data)
    directory.snapshots.store(Archive(data / FOLDER_NAME).load(seqs[0]))
    directory.close()
    prune_to(data, seqs[2])
    directory = DataDirectory(data)
    assert opened(directory).engine.state_hash() == hashed
    directory.close()


def test_it_goes_on_and_is_pruned_again(data: Path, seqs: list[int]) -> None:
    prune_to(data, seqs[3])
    directory = DataDirectory(data)
    world = opened(directory)
    world.clock.time_ns = NOON_NS + 9 * DAY  # type: ignore[attr-defined]
    a_day(world, 77, 5)
    last = keep(directory, world)
    hashed = world.engine.state_hash()
    directory.close()
    prune_to(data, last)
    directory = DataDirectory(data)
    assert list(directory.journal.read(last)) == []
    again = opened(directory)
    assert again.engine.state_hash() == hashed
    a_day(again, 78, 5)
    again.projector.flush()
    directory.close()
    assert verified(data).broken == ()


def test_what_belongs_to_the_base_and_is_damaged_is_named(data: Path, seqs: list[int]) -> None:
    prune_to(data, seqs[1])
    folder = data / FOLDER_NAME
    tables = tables_file(folder, seqs[1])
    snapshot = folder / f"{seqs[1]:020}.snapshot"
    for file in (tables, snapshot):
        content = file.read_bytes()
        for at in range(0, len(content), max(1, len(content) // 40)):
            file.write_bytes(content[:at] + bytes([content[at] ^ 8]) + content[at + 1 :])
            (broken,) = verified(data).broken[:1]
            assert file.name in broken, broken
        file.write_bytes(content)
    assert verified(data).broken == ()


@pytest.mark.parametrize("which", ["tables", "snapshot"])
def test_a_start_that_needs_a_damaged_base_is_refused(
    data: Path, seqs: list[int], which: str
) -> None:
    prune_to(data, seqs[1])
    file = tables_file(data / FOLDER_NAME, seqs[1])
    if which == "snapshot":
        file = data / FOLDER_NAME / f"{seqs[1]:020}.snapshot"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    lose_both(data)
    directory = DataDirectory(data)
    with pytest.raises((BaseBroken, ArchiveDamaged), match=file.name):
        opened(directory)
    directory.close()


def test_nothing_goes_that_somebody_has_still_to_read(data: Path, seqs: list[int]) -> None:
    connection = apsw.Connection(str(data / "audit.db"))
    connection.execute("CREATE TABLE progress (id INTEGER PRIMARY KEY, journal_seq BIGINT)")
    connection.execute("INSERT INTO progress VALUES (1, ?)", (seqs[2] - 1,))
    connection.close()
    found = choose(data, None, seq=10**9)
    assert found is not None
    assert found.seq == seqs[1]


def test_a_time_names_the_newest_state_before_it(data: Path, seqs: list[int]) -> None:
    found = choose(data, None, ts=NOON_NS + DAY + DAY // 2)
    assert found is not None
    assert found.seq == seqs[1]
    assert choose(data, None, ts=NOON_NS - DAY) is None


def test_an_archived_state_that_is_not_the_journals_is_not_pruned_to(
    data: Path, seqs: list[int], tmp_path: Path
) -> None:
    other = tmp_path / "other"
    fill(other, 2, rounds=11)
    theirs, _ = fill(tmp_path / "another", 1, rounds=12)
    name = f"{theirs[0]:020}.snapshot"
    shutil.copy(tmp_path / "another" / FOLDER_NAME / name, data / FOLDER_NAME / name)
    target = choose(data, None, seq=theirs[0] + 1)
    assert target is not None
    assert target.seq == theirs[0]
    before = sorted(p.name for p in (data / FOLDER_NAME).iterdir())
    with pytest.raises(PruningRefused, match="comes to another state"):
        prepare(data, target, untold)
    assert sorted(p.name for p in (data / FOLDER_NAME).iterdir()) == before


def test_what_would_not_fit_on_the_disk_is_not_begun(
    data: Path, seqs: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The query tables lie there twice afterwards."""
    needed = (data / "projections.db").stat().st_size + pruning.ROOM_BYTES
    usage = type(shutil.disk_usage("/"))
    target = choose(data, None, seq=seqs[1] + 1)
    assert target is not None
    before = sorted((data / FOLDER_NAME).iterdir())
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**12, 0, needed - 1))
    with pytest.raises(PruningRefused, match=f"need {needed:,} bytes, and {needed - 1:,} are"):
        prepare(data, target, untold)
    assert sorted((data / FOLDER_NAME).iterdir()) == before
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**12, 0, needed))
    assert prepare(data, target, untold).seq == target.seq


def test_a_damaged_journal_is_not_pruned(data: Path, seqs: list[int]) -> None:
    content = bytearray((data / "journal.db").read_bytes())
    content[content.index(b"1-3-filled")] ^= 1
    (data / "journal.db").write_bytes(content)
    target = choose(data, None, seq=seqs[3] + 1)
    assert target is not None
    with pytest.raises(JournalCorrupt, match="altered"):
        prepare(data, target, untold)
    assert not list((data / FOLDER_NAME).glob("*.tables.db*"))


def test_an_archived_state_that_left_meanwhile_stops_the_switch(
    data: Path, seqs: list[int]
) -> None:
    directory = DataDirectory(data)
    target = choose(data, None, seq=seqs[1] + 1)
    assert target is not None
    base = prepare(data, target, untold)
    Archive(data / FOLDER_NAME).remove(seqs[1])
    with pytest.raises(PruningRefused, match="was removed meanwhile"):
        switch(data, directory.journal, base)
    assert directory.journal.base is None
    directory.close()


def test_tables_of_an_older_layout_are_filled_with_what_there_is(
    data: Path, seqs: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    prune_to(data, seqs[1])
    file = tables_file(data / FOLDER_NAME, seqs[1])
    connection = apsw.Connection(str(file))
    connection.execute("ALTER TABLE orders DROP COLUMN post_only; DROP TABLE fundings")
    connection.close()
    monkeypatch.setattr("stockyard.runtime.beginning.hash_of", lambda _: base_tables(data))
    lose_both(data)
    directory = DataDirectory(data)
    opened(directory)
    directory.close()
    assert tables_of(data)["orders"]


def base_tables(data: Path) -> bytes:
    base = pruning.read_base_of(data / "journal.db")
    assert base is not None
    return base.tables


def run_again(data: Path, profile: str) -> Rerun:
    directory = DataDirectory(data)
    base = directory.journal.base
    begin = 0 if base is None else base.seq
    account_id = min(row.account_id for row in directory.store.accounts())
    with scratch_store() as scratch:
        start = start_of(directory.beginning(), scratch)
        found = rerun(lambda: directory.journal.read(begin), account_id, profile, start)
    directory.close()
    return found


def test_an_account_from_before_the_base_is_run_again_from_there(
    data: Path, seqs: list[int]
) -> None:
    whole = run_again(data, "brutal")
    prune_to(data, seqs[1])
    found = run_again(data, "realistic")
    assert found.begins_after == seqs[1]
    assert found.was == found.would
    assert found.was.equity_micros == whole.was.equity_micros
    assert found.was.fees_micros == whole.was.fees_micros
    assert run_again(data, "brutal").would.profile == "brutal"


def test_a_backup_of_a_pruned_directory_holds_its_base(data: Path, seqs: list[int]) -> None:
    prune_to(data, seqs[1])
    folder = data / FOLDER_NAME
    for half_done in ("1.tables.db.partial", "1.tables.db.partial-wal", "lock"):
        (folder / half_done).write_bytes(b"x")
    to = data.parent / "backups"
    taken = take_backup(data, to, None, Watch())
    copied = taken.backup.path / FOLDER_NAME
    assert tables_file(copied, seqs[1]).read_bytes() == tables_file(folder, seqs[1]).read_bytes()
    assert not list(copied.glob("*.partial*"))
    restored = data.parent / "restored"
    restore_backup(taken.backup.path, restored, None, Watch())
    found = verified(restored)
    assert (found.broken, found.base_seq) == ((), seqs[1])


def test_the_past_is_read_from_the_base_on(data: Path, seqs: list[int]) -> None:
    machine = TimeMachine(data)
    wanted = {seq: machine.read(machine.find(str(seq))).state_hash() for seq in seqs[1:]}
    base = prune_to(data, seqs[1])
    machine = TimeMachine(data)
    assert {seq: machine.read(machine.find(str(seq))).state_hash() for seq in wanted} == wanted
    points = JournalPoints(data / "journal.db")
    assert [points.seq_at(base.ts + after) for after in (-1, 0, 1)] == [0, base.seq, base.seq]
    with pytest.raises(PointRefused, match=f"ask for input {base.seq} or later"):
        machine.find(str(seqs[1] - 1))
    last = JournalPoints(data / "journal.db").last_seq
    directory = DataDirectory(data)
    seq = keep(directory, opened(directory))
    directory.close()
    prune_to(data, seq)
    found = TimeMachine(data)
    assert (seq, found.head.seq, found.find(str(seq)).seq) == (last, last, last)
