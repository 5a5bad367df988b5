"""Goal: every row of docs/guides/damaged-data.md is true. Method: each row's damage done to a
directory that was killed while it worked, or stopped, and a start.
"""

import shutil
import struct
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import apsw
import pytest

from stockyard.app import DataDirectory
from stockyard.cli.repair import DERIVED, repair
from stockyard.config import Config
from stockyard.runtime.pruning import choose, prepare, switch
from stockyard.runtime.set_aside import set_aside_damaged
from stockyard.runtime.world import World
from stockyard.storage.acknowledged import SUFFIX
from stockyard.storage.files import REPAIRED
from stockyard.storage.ports import StorageError
from stockyard.storage.sqlite import TORN_SUFFIX
from stockyard.storage.torn_log import FRAME_HEADER_SIZE, HEADER_SIZE
from stockyard.testing.world import ServedWorld, quiet_config
from tests.tidy.checkout import ROOT

GUIDE = ROOT / "docs" / "guides" / "damaged-data.md"
HEAD = "| File | Damage | At the next start | What to do |"


class Row(NamedTuple):
    """A row of the guide's table."""

    file: str
    damage: str
    outcome: str
    remedy: str


def rows() -> list[Row]:
    """The table of the guide."""
    lines = GUIDE.read_text(encoding="utf-8").split("\n")
    found = []
    for line in lines[lines.index(HEAD) + 2 :]:
        if not line.startswith("|"):
            break
        found.append(Row(*[cell.strip() for cell in line.strip("|").split(" | ")]))
    return [row._replace(file=row.file.strip("`| ")) for row in found]


ROWS = rows()


class Left(NamedTuple):
    """A directory after a clean stop, the files of the same one killed before, and pruned after."""

    stopped: Path
    killed: Path
    pruned: Path


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Left:
    place = tmp_path_factory.mktemp("left")
    data, killed = place / "data", place / "killed"
    served = ServedWorld(config(data), in_memory=False)
    try:
        for n in range(40):
            served.new_account(f"bot{n}")
        world = served.server.world
        # A killed process leaves its files as they are; its rows were carried, its snapshot not.
        served.run(flushed(world))
        shutil.copytree(data, killed, ignore=shutil.ignore_patterns("*-shm"))
    finally:
        served.stop()
    return Left(data, killed, pruned(data, place / "pruned"))


def pruned(data: Path, copy: Path) -> Path:
    """A copy of a directory whose journal begins at its last archived state."""
    shutil.copytree(data, copy)
    directory = DataDirectory(copy)
    target = choose(copy, None, seq=directory.journal.head.seq + 1)
    assert target is not None
    switch(copy, directory.journal, prepare(copy, target, lambda _: None))
    while directory.journal.remove_some():
        continue
    directory.close()
    return copy


async def flushed(world: World) -> None:
    """Carry everything to the query tables."""
    world.projector.flush()


def config(data: Path) -> Config:
    """Quiet, with the calendar that needs no facts at each start."""
    return quiet_config(data=data, market="none")


def scribble(path: Path) -> None:
    """Leave nothing of a file's head."""
    content = bytearray(path.read_bytes())
    content[:4096] = b"\xa5" * 4096
    path.write_bytes(content)


def scribble_middle(path: Path) -> None:
    """Leave nothing of any page but the first, so that whatever is read finds it."""
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)


def scribble_people(path: Path) -> None:
    """Leave nothing of the heads of the pages that hold one user: what a start reads is whole."""
    content = bytearray(path.read_bytes())
    at = content.find(b"user7@stockyard.example")
    assert at > 4096
    while at >= 0:
        page = at // 4096 * 4096
        content[page] = 0xA5
        at = content.find(b"user7@stockyard.example", page + 4096)
    path.write_bytes(content)


def alter_row(path: Path, order: str) -> None:
    """Change one byte of a row of the journal."""
    with closing(apsw.Connection(str(path))) as file:
        ((first, blob),) = file.execute(
            f"SELECT first_seq, blob FROM batches ORDER BY first_seq {order} LIMIT 1"
        )
        wrong = bytearray(blob)
        wrong[len(wrong) // 2] ^= 4
        file.execute("UPDATE batches SET blob = ? WHERE first_seq = ?", (bytes(wrong), first))


def alter_state(path: Path) -> None:
    """Change one byte of the snapshot's state."""
    with closing(apsw.Connection(str(path))) as file:
        ((state,),) = file.execute("SELECT state FROM snapshot")
        wrong = bytearray(state)
        wrong[len(wrong) // 2] ^= 4
        file.execute("UPDATE snapshot SET state = ?", (bytes(wrong),))


def tear(path: Path) -> None:
    """Leave the beginning of a frame behind the last whole one of the log."""
    log = path.with_name(path.name + "-wal")
    content = log.read_bytes()
    frame = FRAME_HEADER_SIZE + struct.unpack_from(">I", content, 8)[0]
    assert (len(content) - HEADER_SIZE) % frame == 0
    log.write_bytes(content + content[-frame:][:8] + content[16:24] + b"\x00" * 500)


def lose_end(path: Path) -> None:
    """Remove the last row of the journal."""
    with closing(apsw.Connection(str(path))) as file:
        file.execute("DELETE FROM batches WHERE first_seq = (SELECT max(first_seq) FROM batches)")


def alter_base(path: Path) -> None:
    """Change the row that stands for what was pruned."""
    with closing(apsw.Connection(str(path))) as file:
        file.execute("UPDATE base SET digest = zeroblob(16)")


def alter_base_tables(path: Path) -> None:
    """Change one byte of the tables of the base, beside the query tables or in the archive."""
    [tables] = (path.parent / "archive").glob("*.tables.db")
    wrong = bytearray(tables.read_bytes())
    wrong[len(wrong) // 2] ^= 4
    tables.write_bytes(wrong)


def lose_both(path: Path) -> None:
    """Lose the query tables, and a byte of those of the base."""
    alter_base_tables(path)
    path.unlink()


def cut_off_repair(path: Path) -> None:
    """Leave what a repair does that is cut off before the journal takes its place."""
    path.rename(path.with_name(REPAIRED))
    for name in DERIVED:
        path.with_name(name).unlink()


def scribble_key(path: Path) -> None:
    """No hexadecimal digits."""
    path.write_text("no key\n")


DAMAGE: dict[tuple[str, str], tuple[str, Callable[[Path], None]]] = {
    ("journal.db", "the last write was cut off"): ("killed", tear),
    ("journal.db", "a record after the snapshot is altered"): (
        "killed", lambda path: alter_row(path, "DESC"),
    ),
    ("journal.db", "records at its end are lost"): ("killed", lose_end),
    ("journal.db", "it is gone, and what belongs to it is not"): ("stopped", Path.unlink),
    ("journal.db", "it is gone, for a repair was cut off"): ("stopped", cut_off_repair),
    ("journal.db", "a record before the snapshot is altered"): (
        "stopped", lambda path: alter_row(path, "ASC"),
    ),
    ("journal.db", "of a pruned one, the row of its base is altered"): ("pruned", alter_base),
    ("archive/", "of a pruned journal, the tables of its base are altered"): (
        "pruned", alter_base_tables,
    ),
    (
        "projections.db",
        "of a pruned journal, it is lost, and the tables of the base are altered",
    ): ("pruned", lose_both),
    ("journal.db.acknowledged", "it is damaged"): ("stopped", scribble_key),
    ("snapshots.db", "a byte of the state is altered"): ("stopped", alter_state),
    ("projections.db", "pages in the middle are damaged"): ("stopped", scribble_middle),
    ("people.db", "pages in the middle are damaged"): ("stopped", scribble_people),
    ("audit.key", "it is damaged"): ("stopped", scribble_key),
}  # fmt: skip
NO_DATABASE = "it is no database any more"


def test_the_table_is_there() -> None:
    assert len(ROWS) >= 15
    assert {row.damage for row in ROWS if (row.file, row.damage) not in DAMAGE} == {NO_DATABASE}
    assert set(DAMAGE) <= {(row.file, row.damage) for row in ROWS}


def ends_well(data: Path) -> dict[str, object]:
    """Start, look, and stop."""
    served = ServedWorld(config(data), in_memory=False)
    try:
        start = served.server.world.start
        return {"torn_bytes": start.torn_bytes, "accounts": len(served.server.world.view.accounts)}
    finally:
        served.stop()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.file}-{row.damage}")
def test_a_row(row: Row, left: Left, tmp_path: Path) -> None:
    kind, damage = DAMAGE.get((row.file, row.damage), ("stopped", scribble))
    data = tmp_path / "data"
    shutil.copytree(getattr(left, kind), data)
    file = data / row.file
    before = file.read_bytes() if file.is_file() else None
    whole = shutil.copytree(data, tmp_path / "whole")
    damage(file)
    damaged = {path.name: path.read_bytes() for path in data.iterdir() if path.is_file()}
    verdict, _, word = row.outcome.partition(": ")
    word = word.strip("`")
    if verdict == "goes on":
        found = ends_well(data)
        assert found["accounts"] == 40
        if word == "torn_bytes":
            assert found["torn_bytes"] == 516
            assert len((data / f"journal.db{TORN_SUFFIX}").read_bytes()) == 516
        if word == "set aside":
            assert list(data.glob(f"{row.file}.damaged-*"))
        assert file.exists()
        return
    assert verdict == "refuses"
    with pytest.raises(StorageError) as refused:
        ends_well(data)
    assert word in str(refused.value), str(refused.value)
    for name in (row.file, f"{row.file}-wal"):
        if name in damaged and not name.endswith(SUFFIX):
            assert (data / name).read_bytes() == damaged[name], f"{name} was changed"
    if row.remedy.startswith("`stockyard rebuild`"):
        assert set_aside_damaged(data)
        assert ends_well(data)["accounts"] == 40
    elif row.remedy.startswith("`stockyard repair"):
        repair(data=data, accept_loss=True)
        assert ends_well(data)["accounts"] == 40
    elif row.remedy.startswith("put it back"):
        assert before is not None
        for tail in ("", "-wal", SUFFIX):
            file.with_name(file.name + tail).unlink(missing_ok=True)
            if (whole / (row.file + tail)).exists():
                shutil.copyfile(whole / (row.file + tail), data / (row.file + tail))
        assert ends_well(data)["accounts"] == 40


def test_a_lost_audit_log_goes_on_as_the_advice_says(left: Left, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(left.stopped, data)
    (data / "audit.db").rename(data / "audit.db.damaged")
    assert ends_well(data)["accounts"] == 40
