"""Minutes are told when they are over, once, and again where late trades changed them."""

from stockyard.model.ticks import Bar
from stockyard.runtime.minute_bars import OLD_NS, MinuteBars

S = 1_000_000_000
START = 1_767_366_000 * S


def bar(start_s: int = 0, close: int = 100, final: bool = False, window_s: int = 60) -> Bar:
    start = START + start_s * S
    return Bar(1, "", window_s, start, 100, 101, 99, close, 10, 1_000, 2, 0, final)


def test_a_minute_is_told_once_at_the_first_look_after_its_end() -> None:
    minutes = MinuteBars()
    minutes.take(bar())
    minutes.take(bar(close=101))
    assert minutes.over(START + 60 * S - 1) == ([], [])
    assert minutes.over(START + 60 * S) == ([bar(close=101)], [])
    minutes.take(bar(close=101, final=True))
    assert minutes.over(START + 91 * S) == ([], [])


def test_one_that_late_trades_changed_is_told_again_when_it_is_final() -> None:
    minutes = MinuteBars()
    minutes.take(bar())
    minutes.over(START + 60 * S)
    minutes.take(bar(close=99))
    assert minutes.over(START + 70 * S) == ([], [])
    minutes.take(bar(close=99, final=True))
    assert minutes.over(START + 90 * S) == ([], [bar(close=99, final=True)])


def test_minutes_that_one_long_step_passes_come_in_order() -> None:
    minutes = MinuteBars()
    minutes.over(START)
    for start in (120, 0, 60):
        minutes.take(bar(start, final=True))
    fresh, changed = minutes.over(START + 3_600 * S)
    assert [(each.start_ns - START) // S for each in fresh] == [0, 60, 120]
    assert changed == []


def test_a_minute_of_long_before_is_told_to_nobody() -> None:
    minutes = MinuteBars()
    minutes.take(bar(final=True))
    assert minutes.over(START + 60 * S + OLD_NS) == ([], [])
    minutes.take(bar(60))
    assert minutes.over(START + 60 * S + OLD_NS)[0] == [bar(60)]


def test_nothing_is_kept_of_minutes_that_never_become_final() -> None:
    minutes = MinuteBars()
    for minute in range(100):
        minutes.take(bar(60 * minute))
        minutes.over(START + 60 * (minute + 1) * S)
    assert len(minutes._told) <= 6
    assert not minutes._minutes


def test_the_day_so_far_is_that_of_all_sources() -> None:
    minutes = MinuteBars()
    assert minutes.day(1) is None
    minutes.take(bar(window_s=86_400))
    minutes.take(bar(-86_400, window_s=86_400))
    assert minutes.day(1) == bar(window_s=86_400)
