"""Which trades count for what."""

import pytest

from stockyard.model.sale_conditions import (
    BY_LETTER,
    BY_NUMBER,
    Counting,
    counts_of_lean_flags,
    counts_of_letters,
    counts_of_numbers,
)
from stockyard.model.ticks import Bar, Counts

VOLUME_ONLY = Counts.VOLUME


@pytest.mark.parametrize(
    ("conditions", "counts"),
    [
        ("", Counts.ALL),
        ("@", Counts.ALL),
        ("@F", Counts.ALL),
        ("@TI", VOLUME_ONLY),
        ("I", VOLUME_ONLY),
        ("@Z", Counts.HIGH_LOW | Counts.VOLUME),
        ("M", 0),
        ("9", Counts.LAST | Counts.HIGH_LOW),
        ("9I", 0),
    ],
)
def test_several_letters_count_as_little_as_the_least(conditions: str, counts: int) -> None:
    """The tapes' rule."""
    assert counts_of_letters(conditions) == Counting(counts)


def test_an_unknown_condition_counts_fully_and_is_told() -> None:
    """Nothing is dropped because a vendor adds a letter."""
    assert counts_of_letters(["?", "I"]) == Counting(VOLUME_ONLY, ("?",))
    assert counts_of_numbers([9_999_999_999, 14]) == Counting(Counts.ALL, ("99999999",))


def test_numbers_stand_for_letters() -> None:
    """Massive's numbers: an odd lot, an average price, a sweep, an official close."""
    assert [BY_NUMBER[number] for number in (37, 2, 14, 15)] == [
        BY_LETTER[letter] for letter in "IWFM"
    ]


@pytest.mark.parametrize(
    ("flags", "counts"),
    [
        ("1", Counts.ALL),
        ("20000020", VOLUME_ONLY),
        ("20002020", Counts.ALL),
        ("40", 0),
        ("4000000", 0),
        ("20100000", VOLUME_ONLY),
    ],
)
def test_flags_of_lean_ticks(flags: str, counts: int) -> None:
    """A sweep counts for prices in extended hours only; auctions' prints count for nothing."""
    assert counts_of_lean_flags(int(flags, 16)) == counts


def test_a_bar_without_counted_volume_has_its_close_as_average() -> None:
    """Nothing is divided by zero."""
    bar = Bar(1, "", 1, 0, 5, 6, 4, 5, 0, 0, 1, 0, True)
    assert bar.vwap == 5
