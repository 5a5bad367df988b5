"""What every ``History`` promises."""

from random import Random

import pytest

from stockyard.model.ticks import (
    WINDOWS_S,
    Bar,
    GreeksTick,
    MarkTick,
    QuoteTick,
    StatusTick,
    Tick,
    TradeTick,
)
from stockyard.storage.history import DatabaseHistory
from stockyard.storage.ports import History, KeptBars, KeptTicks, StorageUnavailable, TickPlace
from tests.contract.places import Place

T0 = 1_767_366_000_000_000_000
S = 1_000_000_000
END = TickPlace(2**62, 0)
BEGIN = TickPlace(0, 0)


@pytest.fixture
def history(place: Place) -> History:
    return DatabaseHistory(place.database())


def trade(n: int, instrument_id: int = 1, source: str = "a") -> TradeTick:
    return TradeTick(instrument_id, source, 1_900_000 + n, 10**9, T0 + n * S, 7, n)


def bar(n: int, window_s: int = 60, *, final: bool = True, source: str = "", **changed: int) -> Bar:
    made = {"open": 5, "high": 9, "low": 4, "close": 6, "volume": 10**9, "value": 5 * 10**9}
    made |= {"count": 3, "revision": 0, **changed}
    return Bar(1, source, window_s, T0 + n * window_s * S, *made.values(), final)


def kept(history: History, window_s: int = 60, source: str = "") -> list[Bar]:
    return history.bars(1, source, window_s, 0, 2**62, 1_000)


def test_every_kind_of_tick_comes_back_as_it_was(history: History) -> None:
    ticks: list[Tick] = [
        trade(0),
        QuoteTick(1, "b", 1_899_900, 1_900_100, 100, 0, T0 + S),
        StatusTick(1, "b", True, 'LULD "pause"', T0 + 2 * S),
        MarkTick(1, "c", 2**61, 5, -7, T0, T0 + 3 * S),
        GreeksTick(1, "d", 1.25, 0.3333333333333333, -0.5, 1e-9, -0.1, 0.2, 0.0, T0 + 4 * S),
    ]
    history.append(ticks, [])
    assert [row.tick for row in history.ticks(1, 0, END, 9)] == ticks[::-1]
    assert [row.tick for row in history.ticks_after(1, BEGIN, 2**62, 9)] == ticks


def test_ticks_of_one_time_stay_in_the_order_they_came(history: History) -> None:
    same = [TradeTick(1, "a", 100 + n, 1, T0, 7) for n in range(10)]
    history.append(same[:4], [])
    history.append(same[4:], [])
    assert [row.tick for row in history.ticks_after(1, BEGIN, 2**62, 99)] == same


def test_pages_meet_without_gap_or_repeat(history: History) -> None:
    ticks = [trade(n // 3) for n in range(100)] + [trade(n, 2) for n in range(5)]
    Random(7).shuffle(ticks)
    history.append(ticks, [])
    expected = history.ticks(1, 0, END, 1_000)
    assert len(expected) == 100
    assert [row.place for row in expected] == sorted((r.place for r in expected), reverse=True)
    found, before = [], END
    while page := history.ticks(1, 0, before, 7):
        found += page
        before = page[-1].place
    assert found == expected
    found, after = [], BEGIN
    while page := history.ticks_after(1, after, 2**62, 7):
        found += page
        after = page[-1].place
    assert found == expected[::-1]


def test_ranges_hold_their_first_and_not_their_last_time(history: History) -> None:
    history.append([trade(n) for n in range(5)], [bar(n) for n in range(5)])
    found = history.ticks(1, T0 + S, TickPlace(T0 + 3 * S, 0), 9)
    assert [row.tick.sequence for row in found if isinstance(row.tick, TradeTick)] == [2, 1]
    assert len(history.ticks_after(1, BEGIN, T0 + 3 * S, 9)) == 3
    minute = 60 * S
    found_bars = history.bars(1, "", 60, T0 + minute, T0 + 3 * minute, 9)
    assert found_bars == [bar(1), bar(2)]
    assert history.newest_bars(1, "", 60, T0 + 3 * minute, 2) == [bar(1), bar(2)]


def test_a_bar_replaces_its_earlier_revision(history: History) -> None:
    history.append([], [bar(0, final=False), bar(1)])
    history.append([], [bar(0, high=11, revision=1)])
    assert kept(history) == [bar(0, high=11, revision=1), bar(1)]
    assert history.open_bars() == []


def test_sources_and_windows_are_apart(history: History) -> None:
    for window_s in WINDOWS_S:
        history.append([], [bar(0, window_s), bar(0, window_s, source="a", close=7)])
    for window_s in WINDOWS_S:
        assert kept(history, window_s) == [bar(0, window_s)]
        assert kept(history, window_s, "a") == [bar(0, window_s, source="a", close=7)]


def test_open_bars_are_what_a_restart_goes_on_from(place: Place) -> None:
    history = DatabaseHistory(place.database())
    history.append([], [bar(0), bar(1, final=False), bar(0, 1, final=False, source="a")])
    place.crash()
    again = DatabaseHistory(place.database())
    assert again.open_bars() == [bar(1, final=False), bar(0, 1, final=False, source="a")]


def test_what_was_kept_survives_a_crash_and_numbers_go_on(place: Place) -> None:
    history = DatabaseHistory(place.database())
    history.append([trade(0), trade(1)], [bar(0)])
    first = history.ticks_after(1, BEGIN, 2**62, 9)
    history.forget_ticks(1, 0, 2**62, 9)
    place.crash()
    again = DatabaseHistory(place.database())
    again.append([trade(0)], [])
    (row,) = again.ticks_after(1, BEGIN, 2**62, 9)
    assert row.place.number > first[-1].place.number
    assert kept(again) == [bar(0)]


def test_values_beyond_64_bits_are_exact(history: History) -> None:
    large = bar(0, value=2**62 * 10**9 + 1, volume=2**66 + 1)
    history.append([], [large])
    assert kept(history) == [large]


def test_a_full_disk_keeps_nothing_of_a_batch(place: Place) -> None:
    database = place.database()
    history = DatabaseHistory(database)
    history.append([trade(0)], [bar(0)])
    place.break_disk(database)
    with pytest.raises(StorageUnavailable):
        history.append([trade(n) for n in range(5_000)], [bar(1)])
    place.mend_disk(database)
    assert (len(history.ticks(1, 0, END, 9)), kept(history)) == (1, [bar(0)])
    history.append([trade(1)], [bar(1)])
    assert (len(history.ticks(1, 0, END, 9)), len(kept(history))) == (2, 2)


def test_the_oldest_is_forgotten_first_and_no_more_than_asked(history: History) -> None:
    history.append(
        [trade(n) for n in range(9)] + [trade(0, 2)],
        [bar(n) for n in range(9)] + [bar(n, 1) for n in range(9)],
    )
    assert history.forget_ticks(1, T0, T0 + 5 * S, 3) == 3
    assert history.forget_ticks(1, T0, T0 + 5 * S, 3) == 2
    assert history.forget_ticks(1, T0, T0 + 5 * S, 3) == 0
    assert [t.place.ts_event for t in history.ticks(1, 0, END, 9)] == [
        T0 + n * S for n in range(8, 4, -1)
    ]
    assert len(history.ticks(2, 0, END, 9)) == 1
    assert history.forget_bars(60, T0, T0 + 2 * 60 * S, 9) == 2
    assert kept(history) == [bar(n) for n in range(2, 9)]
    assert len(kept(history, 1)) == 9


def test_what_there_is(history: History) -> None:
    assert (history.kept_bars(), history.kept_ticks()) == ([], [])
    history.append([trade(0), trade(4), trade(2, 2, "b")], [bar(0), bar(3), bar(0, 1)])
    assert history.kept_ticks() == [
        KeptTicks(1, "a", 2, T0, T0 + 4 * S),
        KeptTicks(2, "b", 1, T0 + 2 * S, T0 + 2 * S),
    ]
    assert history.kept_bars() == [
        KeptBars(1, "", 1, 1, T0, T0),
        KeptBars(1, "", 60, 2, T0, T0 + 180 * S),
    ]


def test_the_size_grows_with_what_is_kept_and_shrinks_again(history: History) -> None:
    before = history.size_bytes()
    history.append([trade(n) for n in range(5_000)], [])
    full = history.size_bytes()
    assert full > before + 5_000 * 40
    while history.forget_ticks(1, 0, 2**62, 1_000):
        continue
    assert history.size_bytes() < full / 2
