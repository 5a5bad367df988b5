"""What may be chosen of a test's World, and when its clock stands."""

from datetime import UTC, datetime

import pytest

from stockyard.testing.options import NEXT_OPEN, NOW, OptionError, chosen, start_ns
from stockyard.testing.plugin import SETTINGS

FRIDAY = datetime(2026, 7, 3, 12, tzinfo=UTC)
"""A holiday in 2026: no session before Monday, 09:30 in New York."""


def stands(start: str) -> str:
    ns = start_ns(chosen({"start": start}), FRIDAY)
    return datetime.fromtimestamp(ns / 1e9, UTC).isoformat()


def test_the_clock_stands_where_it_is_told_to() -> None:
    assert stands(NOW) == "2026-07-03T12:00:00+00:00"
    assert stands(NEXT_OPEN) == "2026-07-06T13:30:00+00:00"
    assert stands("2026-01-05T09:30:00-05:00") == "2026-01-05T14:30:00+00:00"


def test_the_last_word_counts_and_text_is_read() -> None:
    options = chosen({"seed": "3", "rate": "0.5", "cash": "1"}, {"cash": "2"})
    assert (options.seed, options.rate, options.cash) == (3, 0.5, "2")


@pytest.mark.parametrize(
    ("name", "value", "right"),
    [
        ("journal", "tape", "memory, disk"),
        ("market", "open", "none, simulated"),
        ("profile", "kind", "ideal, realistic"),
        ("calendar", "moon", "xnys, always"),
        ("start", "2026-01-05T09:30:00", "with its zone"),
        ("seed", "x", "int"),
        ("speed", "1", "journal, market"),
    ],
)
def test_what_cannot_be_meant_is_refused(name: str, value: str, right: str) -> None:
    with pytest.raises(OptionError, match=right):
        chosen({name: value})


def test_every_option_is_a_setting_of_pytest_too() -> None:
    assert set(SETTINGS) == set(type(chosen()).__struct_fields__)
