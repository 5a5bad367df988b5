"""Goal: text and integers turn into each other exactly. Method: beside the decimal module."""

import re
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stockyard.model.numbers import (
    INT_MAX,
    TEXT_LENGTH_MAX,
    NumberError,
    format_decimal,
    format_ratio,
    parse_decimal,
)

SCALES = st.integers(0, 12)
PLAIN = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


@given(st.integers(-INT_MAX, INT_MAX), SCALES, st.integers(0, 6))
@example(INT_MAX, 0, 0)
@example(-INT_MAX, 12, 0)
@example(0, 6, 2)
def test_every_number_comes_back(value: int, scale: int, places: int) -> None:
    text = format_decimal(value, scale, min(places, scale))
    assert parse_decimal(text, scale) == value
    assert Decimal(text) == Decimal(value).scaleb(-scale)
    assert PLAIN.fullmatch(text)
    assert len(text.partition(".")[2]) >= min(places, scale)
    assert not re.search(r"\.\d*0$", text) or len(text.partition(".")[2]) == min(places, scale)


@given(st.from_regex(PLAIN, fullmatch=True), SCALES)
@example("0" * TEXT_LENGTH_MAX, 0)
@example("0" * (TEXT_LENGTH_MAX + 1), 0)
@example(str(INT_MAX), 0)
@example(str(INT_MAX + 1), 0)
@example("1.0000000000000000000000000000", 0)
def test_plain_text_is_taken_exactly_or_refused(text: str, scale: int) -> None:
    scaled = Fraction(text) * 10**scale
    fits = len(text) <= TEXT_LENGTH_MAX and scaled.denominator == 1 and abs(scaled) <= INT_MAX
    if fits:
        assert parse_decimal(text, scale) == scaled
    else:
        with pytest.raises(NumberError):
            parse_decimal(text, scale)


@given(st.text(max_size=60), SCALES)
@example("1e5", 6)
@example("NaN", 6)
@example("Infinity", 6)
@example("", 6)
@example(" 1", 6)
@example("1\n", 6)
@example("1_000", 6)
@example("1,000", 6)
@example(".5", 6)
@example("5.", 6)
@example("--5", 6)
@example("0x10", 6)
@example("\u0661\u0662", 6)
@example("\uff11", 6)
@example("1\u00a0", 6)
@example("\u22125", 6)
def test_junk_is_refused(text: str, scale: int) -> None:
    if not PLAIN.fullmatch(text) or not text.isascii():
        with pytest.raises(NumberError):
            parse_decimal(text, scale)


@given(
    st.integers(-(10**20), 10**20),
    st.integers(-(10**20), 10**20).filter(bool),
    st.integers(0, 9),
)
@example(1, 8, 2)
@example(3, 8, 2)
@example(-1, 8, 2)
@example(1, -2, 0)
def test_ratios_round_half_to_even(numerator: int, denominator: int, places: int) -> None:
    exact = Fraction(numerator, denominator)
    assert Fraction(format_ratio(numerator, denominator, places)) == round(exact, places)
