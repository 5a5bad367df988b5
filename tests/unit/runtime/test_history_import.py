"""Filling a history from files: which bars come of ticks and of bars, and what stays."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pytest

from stockyard.model.codes import AssetClass
from stockyard.model.instruments import Instrument
from stockyard.model.recordings import RecordingError
from stockyard.model.ticks import WINDOWS_S, Bar, Tick
from stockyard.runtime.history_import import HistoryImport, Imported
from stockyard.storage.history import DatabaseHistory
from stockyard.storage.memory import MemoryDatabase, MemoryDisk
from stockyard.storage.ports import NS_MAX, TickPlace
from tests.unit.market.ticking import AAPL, DAYS, NS, T0, quote, trade

ONE = AAPL.instrument_id
OPEN = T0 - 1_800 * NS
"""Half past nine in New York."""


class Given(NamedTuple):
    """A past that a test makes."""

    given: tuple[Tick | Bar, ...]
    window_s: int = 0
    symbols: tuple[str, ...] = ("AAPL",)
    asset_class: int = AssetClass.US_EQUITY
    first_ts: int = T0 - 86_400 * NS
    last_ts: int = T0 + 86_400 * NS

    def ticks(self, instruments: Mapping[str, Instrument]) -> Iterator[Tick]:
        """Those that are ticks."""
        assert instruments == {"AAPL": AAPL}
        return iter([x for x in self.given if not isinstance(x, Bar)])

    def bars(self, instruments: Mapping[str, Instrument]) -> Iterator[Bar]:
        """Those that are bars."""
        return iter([x for x in self.given if isinstance(x, Bar)])


@pytest.fixture
def history() -> DatabaseHistory:
    return DatabaseHistory(MemoryDatabase(MemoryDisk(), "history"))


def import_(
    history: DatabaseHistory, past: Given, *, replace: bool = False, now_ns: int = NS_MAX
) -> Imported:
    told: list[Imported] = []
    work = HistoryImport(history, {"AAPL": AAPL}, DAYS, told.append, now_ns, replace=replace)
    found = work.run(past)
    assert told[-1] == found
    return found


def kept(history: DatabaseHistory, window_s: int, source: str = "lean") -> list[Bar]:
    return history.bars(ONE, source, window_s, 0, NS_MAX, 99)


def bar(start_ns: int, prices: tuple[int, int, int, int], window_s: int = 60, qty: int = 10) -> Bar:
    return Bar(ONE, "lean", window_s, start_ns, *prices, qty, 0, 0, 0, True)


def test_a_day_that_is_not_over_stays_open(history: DatabaseHistory) -> None:
    """So that the server that is started next goes on with it."""
    ticks = [trade(0, 100, source="lean"), trade(61, 105, 7, source="lean")]
    import_(history, Given(tuple(ticks)), now_ns=T0 + 100 * NS)
    opened = {(bar.source, bar.window_s, bar.start_ns) for bar in history.open_bars()}
    minute, five, hour = T0 + 60 * NS, T0, T0
    day = DAYS[ONE].of(T0).start_ns
    assert opened == {
        (source, window_s, start)
        for source in ("lean", "")
        for window_s, start in ((60, minute), (300, five), (3_600, hour), (86_400, day))
    }


def test_ticks_make_the_bars_of_live_ones(history: DatabaseHistory) -> None:
    """All windows of the source and of all sources together, all final."""
    ticks = [quote(0, 99, 101), trade(0, 100, source="lean"), trade(61, 105, 7, source="lean")]
    assert import_(history, Given(tuple(ticks))).ticks == 3
    assert len(history.ticks_after(ONE, TickPlace(0, 0), NS_MAX, 9)) == 3
    for source in ("lean", ""):
        assert [(b.open, b.volume) for b in kept(history, 60, source)] == [(100, 100), (105, 7)]
        for window_s in WINDOWS_S:
            assert all(b.final for b in kept(history, window_s, source))
        (day,) = kept(history, 86_400, source)
        assert (day.open, day.close, day.volume, day.value) == (100, 105, 107, 10_735)


def test_several_sources_make_one_bar_together(history: DatabaseHistory) -> None:
    """As they would live."""
    import_(history, Given((trade(0, 100, source="a"), trade(0.5, 90, source="b"))))
    (second,) = kept(history, 1, "")
    assert (second.open, second.close, second.low, second.count) == (100, 90, 90, 2)


def test_bars_make_the_longer_ones(history: DatabaseHistory) -> None:
    """The day's prices are those of regular hours, its volume that of all."""
    minutes = (
        bar(OPEN - 60 * NS, (50, 50, 50, 50)),
        bar(OPEN, (100, 110, 95, 105)),
        bar(OPEN + 60 * NS, (105, 120, 101, 118)),
        bar(OPEN + 600 * NS, (118, 119, 90, 91)),
    )
    import_(history, Given(minutes, 60))
    assert kept(history, 60) == list(minutes)
    fives = [(b.start_ns, b.open, b.high, b.low, b.close) for b in kept(history, 300)]
    assert fives == [
        (OPEN - 300 * NS, 50, 50, 50, 50),
        (OPEN, 100, 120, 95, 118),
        (OPEN + 600 * NS, 118, 119, 90, 91),
    ]
    assert [b.volume for b in kept(history, 3600)] == [40]
    (day,) = kept(history, 86_400)
    assert (day.open, day.high, day.low, day.close, day.volume) == (100, 120, 90, 91, 40)
    assert (day.value, day.count) == (0, 0)
    assert kept(history, 1) == []
    assert [b.close for b in kept(history, 300, "")] == [50, 118, 91]


def test_what_is_there_stays(history: DatabaseHistory) -> None:
    """A live bar of all sources is not overwritten; other windows are filled."""
    live = Bar(ONE, "", 60, OPEN, 1, 2, 1, 2, 99, 150, 5, 0, True)
    history.append([], [live])
    found = import_(
        history,
        Given((bar(OPEN, (100, 110, 95, 105)), bar(OPEN + 60 * NS, (105, 106, 101, 101))), 60),
    )
    assert kept(history, 60, "")[0] == live
    assert [b.close for b in kept(history, 60, "")] == [2, 101]
    assert [b.close for b in kept(history, 60)] == [105, 101]
    assert found.bars == 3 + 6
    import_(history, Given((bar(OPEN, (100, 111, 95, 105)),), 60), replace=True)
    assert [kept(history, 60, source)[0].high for source in ("", "lean")] == [111, 111]


def test_ticks_are_not_imported_twice(history: DatabaseHistory) -> None:
    """The same source and day is refused, or replaced; other sources and days stay."""
    day = 86_400
    first = Given((trade(0, 100, source="lean"), trade(0, 101, source="b")))
    import_(history, first)
    with pytest.raises(RecordingError, match=r'AAPL on 2023-11-15: .*ticks of "lean" already'):
        import_(history, Given((trade(5, 102, source="lean"),)))
    import_(history, Given((trade(day, 102, source="lean"),)))
    import_(history, Given((trade(1, 100, source="c"),)))
    replaced = Given((trade(0, 103, 3, source="lean"), trade(9, 104, 4, source="lean")))
    import_(history, replaced, replace=True)
    found = [row.tick for row in history.ticks_after(ONE, TickPlace(0, 0), NS_MAX, 99)]
    assert sorted((t.source, t.price) for t in found if hasattr(t, "price")) == [
        ("b", 101), ("c", 100), ("lean", 102), ("lean", 103), ("lean", 104),
    ]  # fmt: skip
    assert [b.volume for b in kept(history, 60)] == [7, 100]


def test_disorder_is_refused(history: DatabaseHistory) -> None:
    """Trades far too late for their bars, and bars that go back."""
    late = Given((trade(100, 100, source="lean"), trade(0, 100, source="lean")))
    with pytest.raises(RecordingError, match="1 trades came too late"):
        import_(history, late)
    back = Given((bar(OPEN, (1, 1, 1, 1)), bar(OPEN - 60 * NS, (1, 1, 1, 1))), 60)
    with pytest.raises(RecordingError, match="sort the bars by start"):
        import_(history, back)
