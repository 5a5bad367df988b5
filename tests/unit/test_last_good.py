"""The last good state of a directory: the newest that can be shown to be right, whatever is
damaged, and nothing of the directory changed.
"""

import shutil
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from stockyard.app import DataDirectory, open_world
from stockyard.last_good import ReadOnlyDirectory
from stockyard.model.records import Record
from stockyard.projections.store import OrderFilter
from stockyard.runtime.clock import ManualClock
from stockyard.runtime.pruning import choose, prepare, switch, tidy
from stockyard.storage.lock import LOCK_NAME
from stockyard.storage.ports import DirectoryInUse, StorageUnavailable
from stockyard.storage.sqlite import read_journal
from tests.unit.runtime.pruned import fill
from tests.unit.runtime.worlds import NOON_NS, nothing


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[int], str]:
    path = tmp_path_factory.mktemp("filled") / "data"
    return path, *fill(path, 3)


@pytest.fixture
def data(filled: tuple[Path, list[int], str], tmp_path: Path) -> Path:
    """A directory with a snapshot, a tail after it, and query tables at its head."""
    return Path(shutil.copytree(filled[0], tmp_path / "data"))


def seen(path: Path) -> tuple[int, str, int, str]:
    """What is served of a directory: the seq, the state's hash, how many orders, and why."""
    before = {
        one.name: one.read_bytes()
        for one in path.iterdir()
        if one.is_file() and not one.name.endswith(("-shm", "-wal")) and one.name != LOCK_NAME
    }
    directory = ReadOnlyDirectory(path)
    try:
        world = open_world(
            directory.journal,
            directory.snapshots,
            directory.store,
            ManualClock(NOON_NS),
            schedule=nothing,
            begin=directory.beginning,
        )
        orders = sum(
            len(world.store.orders(OrderFilter(account_id, limit=1_000)))
            for account_id in world.view.accounts
        )
        found = world.engine.seq, world.engine.state_hash(), orders, directory.why
        assert world.store.cursor().seq == world.engine.seq
        with pytest.raises(StorageUnavailable):
            directory.journal.append([Record(1, 1, 1, None, None)])  # type: ignore[arg-type]
        world.close()
    finally:
        directory.release()
    for name, content in before.items():
        assert (path / name).read_bytes() == content, f"{name} was changed"
    return found


def alter(path: Path, seq: int) -> None:
    """Change a byte of the row of the journal that holds a record."""
    with closing(apsw.Connection(str(path / "journal.db"))) as file:
        ((first, blob),) = file.execute(
            "SELECT first_seq, blob FROM batches WHERE first_seq <= ?"
            " ORDER BY first_seq DESC LIMIT 1",
            (seq,),
        )
        wrong = bytearray(blob)
        wrong[len(wrong) // 2] ^= 4
        file.execute("UPDATE batches SET blob = ? WHERE first_seq = ?", (bytes(wrong), first))


def scribble(file: Path) -> None:
    file.write_bytes(b"\xa5" * file.stat().st_size)


def test_a_whole_directory(data: Path, filled: tuple[Path, list[int], str]) -> None:
    _, found, orders, why = seen(data)
    assert (found, orders) == (filled[2], 80)
    assert why == "it was started to be read only"


@pytest.mark.parametrize("name", ["snapshots.db", "projections.db"])
def test_what_can_be_made_again_is(
    data: Path, filled: tuple[Path, list[int], str], name: str
) -> None:
    whole = seen(data)
    scribble(data / name)
    assert seen(data) == whole


def test_both_can(data: Path) -> None:
    whole = seen(data)
    scribble(data / "snapshots.db")
    scribble(data / "projections.db")
    assert seen(data) == whole


def test_a_break_before_the_snapshot_costs_nothing(
    data: Path, filled: tuple[Path, list[int], str]
) -> None:
    whole = seen(data)
    alter(data, filled[1][0])
    assert seen(data) == whole


def test_a_break_after_the_snapshot_is_where_the_state_ends(
    data: Path, filled: tuple[Path, list[int], str]
) -> None:
    broken = filled[1][-1] + 5
    records = list(read_journal(data / "journal.db", 0))
    alter(data, broken)
    seq, _, orders, why = seen(data)
    assert filled[1][-1] <= seq < broken
    assert orders < 80
    assert f"damaged at record {seq + 1} (" in why
    assert len(records) > seq


def test_a_break_before_and_tables_that_do_not_fit_leave_what_comes_before_it(
    data: Path, filled: tuple[Path, list[int], str]
) -> None:
    broken = filled[1][0] + 5
    alter(data, broken)
    scribble(data / "snapshots.db")
    scribble(data / "projections.db")
    seq, _, orders, why = seen(data)
    assert filled[1][0] <= seq < broken
    assert 0 < orders < 80
    assert "damaged at record" in why


def test_a_pruned_journal_begins_at_its_base(
    data: Path, filled: tuple[Path, list[int], str]
) -> None:
    directory = DataDirectory(data)
    target = choose(data, directory.journal.base, seq=filled[1][0] + 1)
    assert target is not None
    switch(data, directory.journal, prepare(data, target, lambda _: None))
    tidy(data)
    while directory.journal.remove_some():
        continue
    directory.close()
    whole = seen(data)
    assert whole[1] == filled[2]
    scribble(data / "snapshots.db")
    scribble(data / "projections.db")
    assert seen(data) == whole


def test_nobody_else_has_it_meanwhile(data: Path) -> None:
    directory = DataDirectory(data)
    with pytest.raises(DirectoryInUse):
        ReadOnlyDirectory(data)
    directory.close()
