"""Parquet days: what is exported, what moves out of a history, and what a kill in between costs."""

from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from stockyard.adapters import open_past
from stockyard.market.catalog import CATALOG
from stockyard.model.instruments import Instrument
from stockyard.model.recordings import RecordingError
from stockyard.model.ticks import WINDOWS_S, Bar, QuoteTick, StatusTick, Tick, TradeTick
from stockyard.runtime import history_days, history_upkeep
from stockyard.runtime.history_days import (
    days_in,
    export_bars,
    export_ticks,
    forget_days,
    move_old_ticks,
)
from stockyard.runtime.history_upkeep import HistoryUpkeep, Retention, Tidied
from stockyard.storage.history import DatabaseHistory
from stockyard.storage.memory import MemoryDatabase, MemoryDisk
from stockyard.storage.ports import NS_MAX, TickPlace

NS = 1_000_000_000
HOUR = 3_600 * NS
DAY = 24 * HOUR
D0 = 20_000 * DAY
"""The beginning of 2024-10-04."""
STOCK, COIN = CATALOG[0].instrument, CATALOG[20].instrument


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_upkeep, "PAUSE_S", 0)


@pytest.fixture
def disk() -> MemoryDisk:
    return MemoryDisk()


@pytest.fixture
def history(disk: MemoryDisk) -> DatabaseHistory:
    return DatabaseHistory(MemoryDatabase(disk, "history"))


def some_ticks(instrument: Instrument, days: int, count: int = 400) -> list[Tick]:
    """Quotes and trades of so many days from ``D0`` on, in order of time, one a halt."""
    random = Random(instrument.instrument_id)
    times = sorted(D0 + random.randrange(days * DAY) for _ in range(count))
    one, size = instrument.instrument_id, 10**instrument.qty_scale
    ticks: list[Tick] = [
        QuoteTick(one, "a", 100, 101, 3 * size, 2 * size, ts)
        if random.random() < 0.7
        else TradeTick(one, "b", random.randrange(90, 110), size, ts, 7, n)
        for n, ts in enumerate(times)
    ]
    return [*ticks, StatusTick(one, "a", True, "LUDP", times[-1])]


def left(history: DatabaseHistory, instrument: Instrument) -> list[Tick]:
    page = history.ticks_after(instrument.instrument_id, TickPlace(0, 0), NS_MAX, 99_999)
    return [kept.tick for kept in page]


def filed(folder: Path, instrument: Instrument) -> list[Tick]:
    """Quotes and trades in all files of an instrument, in order of time."""
    found: list[Tick] = []
    for day in sorted(folder.iterdir()):
        stem = instrument.symbol.replace("/", "-")
        for path in day.glob(f"{stem}*.parquet"):
            found += open_past(f"parquet:{path}").ticks({instrument.symbol: instrument})
    return sorted(found, key=lambda tick: getattr(tick, "ts_event", 0))


def quotes_and_trades(ticks: Sequence[Tick]) -> list[Tick]:
    return [tick for tick in ticks if isinstance(tick, QuoteTick | TradeTick)]


def test_an_export_holds_every_quote_and_trade(history: DatabaseHistory, tmp_path: Path) -> None:
    """A file for each day and symbol; a time in between is cut exactly; nothing is overwritten."""
    ticks = {row.symbol: some_ticks(row, 3) for row in (STOCK, COIN)}
    history.append([t for those in ticks.values() for t in those], [])
    told: list[int] = []
    for instrument in (STOCK, COIN):
        paths = export_ticks(history, instrument, tmp_path / "all", 0, NS_MAX, told.append)
        assert len(paths) == 3
        assert filed(tmp_path / "all", instrument) == quotes_and_trades(ticks[instrument.symbol])
    assert (tmp_path / "all/2024-10-05/BTC-USD.parquet").is_file()
    assert sum(told) == 800
    begin, end = D0 + 5 * HOUR, D0 + 30 * HOUR
    export_ticks(history, COIN, tmp_path / "some", begin, end)
    assert filed(tmp_path / "some", COIN) == [
        tick
        for tick in quotes_and_trades(ticks["BTC/USD"])
        if begin <= getattr(tick, "ts_event", 0) < end
    ]
    with pytest.raises(RecordingError, match="there already"):
        export_ticks(history, COIN, tmp_path / "all", 0, NS_MAX)


def test_bars_are_exported(
    history: DatabaseHistory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over many pages."""
    monkeypatch.setattr(history_days, "PAGE", 7)
    bars = [Bar(1, "a", 60, D0 + n * 60 * NS, 5, 9, 4, 6, 10, 60, 1, 0, True) for n in range(20)]
    history.append([], bars)
    path = export_bars(history, STOCK, tmp_path, ("a", 60), 0, NS_MAX)
    assert path == tmp_path / "AAPL-1m.parquet"
    assert list(open_past(f"parquet:{path}").bars({"AAPL": STOCK})) == bars
    assert export_bars(history, STOCK, tmp_path, ("a", 300), 0, NS_MAX) is None
    with pytest.raises(RecordingError, match="there already"):
        export_bars(history, STOCK, tmp_path, ("a", 60), 0, NS_MAX)


def test_ticks_that_move_are_in_a_file_or_in_the_history(
    history: DatabaseHistory, tmp_path: Path
) -> None:
    """Later ones of a day make a further file."""
    ticks = some_ticks(COIN, 3)
    history.append(ticks, [])
    old = [tick for tick in ticks if getattr(tick, "ts_event", 0) < D0 + 2 * DAY]
    moved = move_old_ticks(history, COIN, tmp_path, (0, D0 + 2 * DAY))
    assert moved == len(old)
    assert filed(tmp_path, COIN) == quotes_and_trades(old)
    assert left(history, COIN) == ticks[len(old) :]
    late = TradeTick(COIN.instrument_id, "late", 7, 7, D0 + 5, 7)
    history.append([late], [])
    assert move_old_ticks(history, COIN, tmp_path, (0, D0 + 2 * DAY)) == 1
    assert (tmp_path / "2024-10-04/BTC-USD-2.parquet").is_file()
    assert filed(tmp_path, COIN) == sorted(
        [*quotes_and_trades(old), late], key=lambda tick: getattr(tick, "ts_event", 0)
    )
    assert move_old_ticks(history, COIN, tmp_path, (0, D0 + 2 * DAY)) == 0


class _Killed(BaseException):
    """The process ends here."""


def test_a_kill_at_any_step_loses_no_tick_and_files_none_twice(
    disk: MemoryDisk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every page read and every batch removed may be the last thing that was done."""
    monkeypatch.setattr(history_days, "PAGE", 20)
    monkeypatch.setattr(history_days, "FORGOTTEN_AT_ONCE", 15)
    ticks = some_ticks(COIN, 2, 120)
    DatabaseHistory(MemoryDatabase(disk, "history")).append(ticks, [])
    kills, random = 0, Random(3)
    while True:
        lives = random.randrange(1, 6)

        def told(_: int) -> None:
            nonlocal lives
            lives -= 1
            if not lives:
                raise _Killed

        again = DatabaseHistory(MemoryDatabase(disk, "history"))
        try:
            move_old_ticks(again, COIN, tmp_path, (0, D0 + 2 * DAY), told)
        except _Killed:
            kills += 1
            both = filed(tmp_path, COIN) + left(again, COIN) if list(tmp_path.iterdir()) else []
            assert not both or set(quotes_and_trades(both)) == set(quotes_and_trades(ticks))
            continue
        break
    assert kills > 3
    assert filed(tmp_path, COIN) == quotes_and_trades(ticks)
    assert left(again, COIN) == []


def test_a_disk_that_cannot_be_written_keeps_the_ticks(
    history: DatabaseHistory, tmp_path: Path
) -> None:
    """They are moved when it can be."""
    history.append(some_ticks(COIN, 2), [])
    (tmp_path / "days").write_text("in the way")
    upkeep = HistoryUpkeep(history, tmp_path / "days", Retention())
    history.set_mark("ticks", D0)
    assert upkeep.run(D0 + 5 * DAY, [COIN]) == Tidied(0, 0, 0)
    assert len(left(history, COIN)) == 401
    (tmp_path / "days").unlink()
    assert upkeep.run(D0 + 5 * DAY, [COIN]).ticks == 401


def all_bars(start_ns: int) -> list[Bar]:
    return [Bar(1, "a", w, start_ns, 5, 9, 4, 6, 10, 60, 1, 0, True) for w in WINDOWS_S]


def test_what_grows_old_goes_and_what_was_imported_stays(
    history: DatabaseHistory, tmp_path: Path
) -> None:
    """Each window by its own days; a year before the first turn is nobody's business."""
    upkeep = HistoryUpkeep(history, tmp_path, Retention(1, 7, 30, 3, 100))
    assert upkeep.run(D0 + 2 * DAY, [STOCK]) == Tidied(0, 0, 0)
    old, new = D0 - 365 * DAY, D0 + DAY
    ticks = [TradeTick(1, "a", 100, 1, ts, 7) for ts in (old, new, new + 1)]
    history.append(ticks, all_bars(old) + all_bars(new))
    assert upkeep.run(new + 2 * DAY + HOUR, [STOCK]) == Tidied(2, 0, 0)
    assert left(history, STOCK) == ticks[:1]
    assert upkeep.run(new + 4 * DAY + HOUR, [STOCK]) == Tidied(0, 0, 0)
    assert upkeep.run(new + 5 * DAY + HOUR, [STOCK]) == Tidied(0, 0, 1)
    assert upkeep.run(new + 7 * DAY + HOUR, [STOCK]) == Tidied(0, 1, 0)
    assert upkeep.run(new + 30 * DAY + HOUR, [STOCK]) == Tidied(0, 2, 0)
    there = [(kind.window_s, kind.bars) for kind in history.kept_bars()]
    assert there == [(1, 1), (60, 1), (300, 1), (3600, 2), (86_400, 2)]


def test_a_history_that_is_too_large_moves_ticks_early(
    history: DatabaseHistory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole days first, then hours, and not the last one."""
    monkeypatch.setattr(history_upkeep, "MEGABYTE", 1_000)
    upkeep = HistoryUpkeep(history, tmp_path, Retention(3, 7, 30, 0, 300))
    upkeep.run(D0 - 3 * DAY, [STOCK])
    ticks = some_ticks(STOCK, 3, 9_000)
    history.append(ticks, [])
    full = history.size_bytes()
    assert full > 300_000
    now_ns = D0 + 3 * DAY - 1
    assert upkeep.run(now_ns, [STOCK]).ticks > 0
    assert history.size_bytes() <= 300_000
    assert quotes_and_trades(filed(tmp_path, STOCK) + left(history, STOCK)) == quotes_and_trades(
        ticks
    )
    monkeypatch.setattr(history_upkeep, "MEGABYTE", 1)
    upkeep.run(now_ns, [STOCK])
    assert {getattr(tick, "ts_event", 0) // HOUR for tick in left(history, STOCK)} == {
        (D0 + 3 * DAY - HOUR) // HOUR
    }


def test_without_the_extra_old_ticks_are_dropped(
    history: DatabaseHistory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is written."""
    monkeypatch.setattr(history_upkeep, "has_pyarrow", lambda: False)
    upkeep = HistoryUpkeep(history, tmp_path / "days", Retention())
    upkeep.run(D0, [COIN])
    history.append(some_ticks(COIN, 2), [])
    assert upkeep.run(D0 + 3 * DAY, [COIN]).ticks == 401
    assert not (tmp_path / "days").exists()


def test_a_stop_ends_a_turn_soon(history: DatabaseHistory, tmp_path: Path) -> None:
    """What was not moved stays."""
    upkeep = HistoryUpkeep(history, tmp_path, Retention())
    upkeep.run(D0, [COIN])
    history.append(some_ticks(COIN, 2), [])
    upkeep.stop()
    assert upkeep.run(D0 + 3 * DAY, [COIN]) == Tidied(0, 0, 0)
    assert len(left(history, COIN)) == 401


def test_days_are_listed_and_forgotten(history: DatabaseHistory, tmp_path: Path) -> None:
    """Other folders are left alone."""
    history.append(some_ticks(COIN, 3), [])
    move_old_ticks(history, COIN, tmp_path, (0, NS_MAX))
    (tmp_path / "2024-99-99").mkdir()
    assert [(day, files) for day, files, _ in days_in(tmp_path)] == [
        ("2024-10-04", 1), ("2024-10-05", 1), ("2024-10-06", 1),
    ]  # fmt: skip
    assert forget_days(tmp_path, D0 + 2 * DAY + HOUR) == ["2024-10-04", "2024-10-05"]
    assert (tmp_path / "2024-99-99").is_dir()
