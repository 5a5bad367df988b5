"""A running server's journal is pruned beside its trading, by a process of its own."""

import asyncio
from collections.abc import Callable
from itertools import count
from pathlib import Path

import apsw
import pytest

from stockyard.app import DataDirectory
from stockyard.model.facts import ClockTick
from stockyard.runtime import retention
from stockyard.runtime.archiving import Archiving
from stockyard.runtime.aside import QUICK_WRITES, SLOW_S, Aside
from stockyard.runtime.pruning import only_one, prepare
from stockyard.runtime.retention import JournalRetention
from stockyard.runtime.world import World
from stockyard.runtime.writer import Refused
from stockyard.storage.archive import FOLDER_NAME, Archive, Archived
from stockyard.storage.ports import Base, StorageError
from tests.unit.runtime.pruned import DAY, a_day, fill, opened, verified
from tests.unit.runtime.test_slow_disk import Later
from tests.unit.runtime.worlds import NOON_NS, quote

DAYS = 5


class Served:
    """A directory as a server has it open."""

    def __init__(self, path: Path, keep_days: int) -> None:
        self.seqs, self.hashed = fill(path, DAYS)
        self.path, self.noted = path, list[Base]()
        self.directory = DataDirectory(path)
        self.world: World = opened(self.directory)
        self.world.clock.time_ns = NOON_NS + DAYS * DAY  # type: ignore[attr-defined]
        archiving = self.world.archiving = Archiving(Archive(path / FOLDER_NAME), 10**9)
        self.held = archiving.held
        self.retention = JournalRetention(self.world, path, keep_days, self.note)

    async def note(self, base: Base) -> None:
        self.noted.append(base)

    def close(self) -> None:
        self.world.projector.flush()
        self.directory.close()


async def test_what_is_older_than_the_policy_is_pruned_while_trading_goes_on(
    tmp_path: Path,
) -> None:
    served = Served(tmp_path / "data", 3)
    turn = asyncio.ensure_future(served.retention.turn())
    while not turn.done():
        quote(served.world)
        await asyncio.sleep(0.01)
    base = await turn
    assert base is not None
    assert base.seq == served.seqs[1]
    assert (served.noted, served.held) == ([base], {base.seq})
    assert served.world.journal.remove_some() == 0
    a_day(served.world, 99, 2)
    served.close()
    found = verified(tmp_path / "data")
    assert (found.broken, found.base_seq) == ((), base.seq)


async def test_everything_is_kept_by_default(tmp_path: Path) -> None:
    served = Served(tmp_path / "data", 0)
    assert await served.retention.turn() is None
    assert served.world.journal.base is None
    served.close()


async def test_nothing_is_pruned_beside_another_that_does(tmp_path: Path) -> None:
    served = Served(tmp_path / "data", 1)
    with only_one(served.path), pytest.raises(StorageError, match="in use"):
        await served.retention.turn()
    assert (served.world.journal.base, served.held) == (None, set())
    served.close()


async def test_what_the_process_finds_wrong_is_said(tmp_path: Path) -> None:
    served = Served(tmp_path / "data", 1)
    connection = apsw.Connection(str(served.path / "journal.db"))
    connection.execute(
        "UPDATE batches SET blob = zeroblob(length(blob)) WHERE first_seq ="
        " (SELECT MAX(first_seq) FROM batches WHERE last_seq <= ?)",
        (served.seqs[0],),
    )
    connection.close()
    with pytest.raises(StorageError, match="journal broken at seq"):
        await served.retention.turn()
    assert served.world.journal.base is None
    served.close()


async def test_what_was_left_over_is_removed_at_the_next_turn(tmp_path: Path) -> None:
    served = Served(tmp_path / "data", 1)
    removes = served.world.journal.remove_some
    served.world.journal.remove_some = lambda: 0  # type: ignore[method-assign]
    base = await served.retention.turn()
    assert base is not None
    served.world.journal.remove_some = removes  # type: ignore[method-assign]
    assert await served.retention.turn() is None
    assert served.world.journal.remove_some() == 0
    served.close()
    assert verified(served.path).base_seq == base.seq


async def test_a_bite_lets_others_go_first_but_not_for_ever(tmp_path: Path) -> None:
    served = Served(tmp_path / "data", 1)
    journal, waits = served.world.journal, list[bool]()
    removes = journal.remove_some

    def noted() -> int:
        waits.append(bool(served.world.writer.waiting))
        return removes()

    journal.remove_some = noted  # type: ignore[method-assign]
    turn = asyncio.ensure_future(served.retention.turn())
    served.world.writer.submit(ClockTick())
    await asyncio.sleep(0.1)
    assert not waits
    served.world.writer.drain()
    assert await turn is not None
    assert waits[0] is False
    served.world.writer.submit(ClockTick())
    assert await served.retention.turn() is None
    assert waits[-1] is True
    served.world.writer.drain()
    served.close()


async def test_nothing_is_written_on_the_loop_while_the_disk_is_slow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each write of the pruning takes long here, so the next waits until the disk is well again."""
    served = Served(tmp_path / "data", 1)
    journal, writer = served.world.journal, served.world.writer
    aside = writer.aside = Aside(Later(), lambda: None)
    ticks, writes = count(0, round(SLOW_S * 1e9)), list[str]()
    monkeypatch.setattr(retention, "perf_counter_ns", lambda: next(ticks))
    monkeypatch.setattr(retention, "BITE_PAUSE_S", 0.0)

    async def prepared(directory: Path, target: Archived) -> Base:
        aside.note(SLOW_S)
        return prepare(directory, target, lambda _: None)

    def noted(name: str, write: Callable[..., object]) -> Callable[..., object]:
        def written(*given: object) -> object:
            assert not aside.is_slow
            writes.append(name)
            return write(*given)

        return written

    served.retention._prepare = prepared
    monkeypatch.setattr(journal, "begin_at", noted("switch", journal.begin_at))
    monkeypatch.setattr(journal, "remove_some", noted("bite", journal.remove_some))
    turn = asyncio.ensure_future(served.retention.turn())
    well = 0
    while not turn.done():
        await asyncio.sleep(0)
        if aside.is_slow:
            for _ in range(QUICK_WRITES):
                writer.note(0.0)
            well += 1
    assert await turn is not None
    assert writes[:2] == ["switch", "bite"]
    # The reading before it was slow as well.
    assert well == len(writes) + 1
    served.close()


async def test_what_fails_after_the_switch_lets_the_base_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = Served(tmp_path / "data", 1)

    def failing(_: Path) -> None:
        raise StorageError("the disk is gone")

    with monkeypatch.context() as broken:
        broken.setattr(retention, "tidy", failing)
        with pytest.raises(StorageError, match="the disk is gone"):
            await served.retention.turn()
    base = served.world.journal.base
    assert base is not None
    assert served.held == {base.seq}
    assert await served.retention.turn() is None
    assert served.noted == [base]
    served.close()


async def test_a_pruning_that_was_not_put_on_record_is_at_the_next_start(tmp_path: Path) -> None:
    served = Served(tmp_path / "data", 1)

    async def dying(_: Base) -> None:
        raise StorageError("the audit log is full")

    dies = JournalRetention(served.world, served.path, 1, dying)
    with pytest.raises(StorageError, match="the audit log is full"):
        await dies.turn()
    again = JournalRetention(served.world, served.path, 0, served.note)
    assert await again.turn() is None
    assert await again.turn() is None
    assert served.noted == [served.world.journal.base]
    served.close()


async def test_a_log_that_is_busy_does_not_end_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "FIRST_S", 0)
    monkeypatch.setattr(retention, "EVERY_S", 0)
    served = Served(tmp_path / "data", 1)
    asked = asyncio.Event()

    async def busy_once(base: Base) -> None:
        await served.note(base)
        if len(served.noted) == 1:
            raise Refused("overloaded", "too many acts wait")
        asked.set()

    keeps = JournalRetention(served.world, served.path, 1, busy_once)
    keeping = asyncio.ensure_future(keeps.keep())
    done, _ = await asyncio.wait(
        {keeping, asyncio.ensure_future(asked.wait())}, return_when=asyncio.FIRST_COMPLETED
    )
    assert keeping not in done
    keeping.cancel()
    assert (keeps.failures, served.noted) == (1, [served.world.journal.base] * 2)
    served.close()
