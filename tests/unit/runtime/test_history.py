"""The history's buffer: batches, a slow disk, a broken one, and reading beside it."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event

import pytest

from stockyard.model.ticks import Bar, Tick, TradeTick
from stockyard.runtime import history as rooms
from stockyard.runtime.history import TICKS_AT, TICKS_MAX, HistoryRecorder
from stockyard.storage.history import DatabaseHistory
from stockyard.storage.memory import MemoryDatabase, MemoryDisk
from stockyard.storage.ports import StorageUnavailable, TickPlace

S = 1_000_000_000
END = TickPlace(2**62, 0)


class Gate(DatabaseHistory):
    """A history whose disk can be made to wait, and that tells how it was written."""

    def __init__(self, disk: MemoryDisk) -> None:
        super().__init__(MemoryDatabase(disk, "history"))
        self.open = Event()
        self.open.set()
        self.batches: list[tuple[int, int]] = []

    def append(self, ticks: Sequence[Tick], bars: Sequence[Bar]) -> None:
        assert self.open.wait(5)
        super().append(ticks, bars)
        self.batches.append((len(ticks), len(bars)))


def pools() -> tuple[ThreadPoolExecutor, ThreadPoolExecutor]:
    """A writer and a reader."""
    return ThreadPoolExecutor(1), ThreadPoolExecutor(1)


class Kept:
    """A recorder over a disk in memory."""

    def __init__(self) -> None:
        self.disk = MemoryDisk()
        self.gate = Gate(self.disk)
        self.recorder = HistoryRecorder(self.gate, *pools())

    def sequences(self) -> list[int]:
        found = self.gate.ticks_after(1, TickPlace(0, 0), 2**62, 10**6)
        return [row.tick.sequence for row in found if isinstance(row.tick, TradeTick)]


@pytest.fixture
def kept() -> Kept:
    return Kept()


def trades(first: int, last: int) -> list[Tick]:
    return [TradeTick(1, "a", 100, 1, S + n, 7, n) for n in range(first, last)]


def bar(n: int, close: int = 5, *, window_s: int = 60, final: bool = False, count: int = 1) -> Bar:
    return Bar(1, "", window_s, n * window_s * S, 5, 9, 4, close, 10, 50, count, 0, final)


async def test_few_ticks_wait_for_the_period_and_many_do_not(kept: Kept) -> None:
    kept.recorder.take(trades(0, TICKS_AT - 1), [])
    await asyncio.sleep(0.02)
    assert kept.gate.batches == []
    kept.recorder.take(trades(TICKS_AT - 1, TICKS_AT), [bar(0)])
    await kept.recorder.written()
    assert kept.gate.batches == [(TICKS_AT, 1)]
    assert kept.sequences() == list(range(TICKS_AT))


async def test_the_period_ends_for_a_single_tick() -> None:
    kept = Kept()
    kept.recorder = HistoryRecorder(kept.gate, *pools(), 0.02)
    keeping = asyncio.ensure_future(kept.recorder.keep())
    kept.recorder.take(trades(0, 1), [])
    await asyncio.sleep(0.2)
    assert kept.gate.batches == [(1, 0)]
    keeping.cancel()
    with suppress(asyncio.CancelledError):
        await keeping


async def test_what_comes_during_a_write_goes_into_the_next_batch(kept: Kept) -> None:
    kept.gate.open.clear()
    for n in range(10):
        kept.recorder.take(trades(n * 300, n * 300 + 300), [bar(0, close=n)])
    assert kept.recorder.ticks_waiting == 3000
    kept.gate.open.set()
    await kept.recorder.written()
    assert kept.gate.batches == [(300, 1), (2700, 1)]
    assert kept.gate.bars(1, "", 60, 0, 2**62, 9) == [bar(0, close=9)]
    assert kept.recorder.figures[:5] == (3000, 2, 2, 0, 0)


async def test_a_disk_that_is_too_slow_costs_the_oldest_ticks_and_no_bar(kept: Kept) -> None:
    kept.gate.open.clear()
    kept.recorder.take(trades(0, 200), [bar(0)])
    for n in range(1, 70):
        kept.recorder.take(trades(n * 1000, n * 1000 + 1000), [bar(n)])
        assert kept.recorder.ticks_waiting <= TICKS_MAX + 200
    kept.gate.open.set()
    await kept.recorder.written()
    figures = kept.recorder.figures
    assert figures.ticks_lost + figures.ticks_written == 69_200
    found = kept.sequences()
    assert found[200:] == list(range(70_000 - len(found) + 200, 70_000))
    assert [b.start_ns for b in kept.gate.bars(1, "", 60, 0, 2**62, 99)] == [
        n * 60 * S for n in range(70)
    ]


async def test_bars_give_way_only_beyond_their_bound_and_seconds_first(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "BARS_MAX", 20)
    kept.gate.open.clear()
    kept.recorder.take([], [bar(n, window_s=1) for n in range(15)])
    kept.recorder.take([], [bar(n) for n in range(10)])
    kept.gate.open.set()
    await kept.recorder.written()
    assert kept.recorder.figures.bars_lost == 7
    assert len(kept.gate.bars(1, "", 60, 0, 2**62, 99)) == 10
    seconds = kept.gate.bars(1, "", 1, 0, 2**62, 99)
    assert [b.start_ns for b in seconds] == [n * S for n in range(7, 15)]


async def test_a_failed_write_is_tried_again_and_nothing_is_lost(kept: Kept) -> None:
    kept.disk.fail_next(StorageUnavailable("the disk is full"), 2)
    kept.recorder.take(trades(0, 250), [bar(0, close=1), bar(1)])
    await kept.recorder.written()
    assert (kept.recorder.figures.failures, kept.recorder.ticks_waiting) == (1, 250)
    kept.recorder.take(trades(250, 500), [bar(0, close=2)])
    await kept.recorder.written()
    await kept.recorder.written()
    assert kept.sequences() == list(range(500))
    assert kept.gate.bars(1, "", 60, 0, 2**62, 9) == [bar(0, close=2), bar(1)]
    assert kept.recorder.figures.failures == 2


async def test_a_reader_sees_bars_that_still_wait(kept: Kept) -> None:
    kept.recorder.take([], [bar(0), bar(1), bar(2)])
    await kept.recorder.written()
    kept.recorder.take([], [bar(2, close=7, count=2), bar(3)])
    for waits in (True, False):
        if not waits:
            kept.gate.open.clear()
            kept.recorder.take(trades(0, 200), [])
        expected = [bar(0), bar(1), bar(2, close=7, count=2), bar(3)]
        assert await kept.recorder.bars(1, "", 60, 0, 2**62, 9) == expected
        assert await kept.recorder.bars(1, "", 60, 0, 120 * S, 9) == expected[:2]
        assert await kept.recorder.newest_bars(1, "", 60, 2**62, 2) == expected[2:]
    kept.gate.open.set()
    await kept.recorder.written()


async def test_an_end_writes_what_waits_and_tells_what_it_could_not(
    kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    kept.recorder.take(trades(0, 5), [bar(0)])
    await kept.recorder.close()
    assert kept.sequences() == list(range(5))
    other = Kept()
    other.recorder.take(trades(0, 5), [bar(0)])
    other.disk.fail_next(StorageUnavailable("the disk is full"))
    await other.recorder.close()
    assert "5 ticks and 1 bars" in caplog.text


async def test_slow_questions_hold_up_no_write(kept: Kept) -> None:
    held = Event()
    kept.recorder._readers.submit(held.wait, 5)
    asked = asyncio.ensure_future(kept.recorder.ticks(1, 0, END, 9))
    kept.recorder.take(trades(0, TICKS_AT), [])
    await kept.recorder.written()
    assert len(kept.sequences()) == TICKS_AT
    assert not asked.done()
    held.set()
    assert len(await asked) == 9


async def test_ticks_are_read_newest_first(kept: Kept) -> None:
    kept.recorder.take(trades(0, 9), [])
    await kept.recorder.written()
    found = await kept.recorder.ticks(1, 0, END, 3)
    assert [row.place.ts_event - S for row in found] == [8, 7, 6]
