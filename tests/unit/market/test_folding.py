"""Bars of any length out of those that are kept."""

import msgspec
import pytest

from stockyard.market.folding import WEEK_S, WindowError, fold, window_of
from stockyard.model.ticks import DAY_S, Bar

S = 1_000_000_000
T0 = 1_767_312_000 * S
"""2026-01-02T00:00:00Z, a Friday."""


def bar(start_s: int, window_s: int, *prices: int, volume: int = 10, final: bool = True) -> Bar:
    value = (prices[3] if prices else 9) * volume
    four = prices or (0, 0, 0, 0)
    return Bar(1, "", window_s, T0 + start_s * S, *four, volume, value, 2, 1, final)


@pytest.mark.parametrize(
    ("text", "seconds", "kept_s"),
    [
        ("1s", 1, 1), ("5s", 5, 1), ("60s", 60, 60), ("1m", 60, 60), ("2m", 120, 60),
        ("15m", 900, 300), ("30m", 1800, 300), ("1h", 3600, 3600), ("4h", 14_400, 3600),
        ("90m", 5400, 300), ("24h", DAY_S, DAY_S), ("1d", DAY_S, DAY_S), ("1w", WEEK_S, DAY_S),
        ("7d", WEEK_S, DAY_S),
    ],
)  # fmt: skip
def test_windows_and_what_they_are_folded_from(text: str, seconds: int, kept_s: int) -> None:
    assert window_of(text)[:2] == (seconds, kept_s)


@pytest.mark.parametrize("text", ["", "0m", "7m", "2d", "2w", "1y", "1M", "-1m", "1.5h", "m", "5h"])
def test_what_is_no_window(text: str) -> None:
    with pytest.raises(WindowError, match="15m"):
        window_of(text)


def test_a_folded_bar_is_what_its_parts_are_together() -> None:
    parts = [
        bar(0, 300, 10, 12, 9, 11),
        bar(300, 300),
        bar(600, 300, 11, 15, 8, 9, volume=30),
        bar(900, 300, 9, 9, 9, 9, final=False),
    ]
    first, second = fold(parts, window_of("15m"))
    assert first == Bar(1, "", 900, T0, 10, 15, 8, 9, 50, 110 + 90 + 270, 6, 3, True)
    assert (second.start_ns, second.open, second.final) == (T0 + 900 * S, 9, False)
    assert fold(parts, window_of("5m")) == parts
    assert fold([], window_of("15m")) == []


def test_odd_lots_before_the_first_price_do_not_make_a_low_of_nothing() -> None:
    (found,) = fold([bar(0, 300), bar(300, 300, 10, 12, 9, 11)], window_of("15m"))
    assert (found.open, found.high, found.low, found.close, found.volume) == (10, 12, 9, 11, 20)


def test_a_bar_of_unknown_value_leaves_the_whole_unknown() -> None:
    unknown = msgspec.structs.replace(bar(0, 300, 10, 12, 9, 11), value=0)
    for parts in ([unknown, bar(300, 300, 10, 12, 9, 11)], [bar(0, 300, 1, 1, 1, 1), unknown]):
        (found,) = fold(parts, window_of("15m"))
        assert (found.value, found.volume) == (0, 20)


def test_a_week_begins_on_monday_whatever_its_days_begin_with() -> None:
    day = DAY_S
    for begins_s in (0, 9 * 3600, -4 * 3600):
        # Friday, then Monday to Friday, then Monday.
        days = [bar(n * day + begins_s, day, 5, 5, 5, 5) for n in (0, 3, 4, 5, 6, 7, 10)]
        weeks = fold(days, window_of("1w"))
        starts = [(week.start_ns - T0) // S // day for week in weeks]
        assert starts == [-4, 3, 10]
        assert [week.volume for week in weeks] == [10, 50, 10]
