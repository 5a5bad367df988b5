"""Goal: decimal text is taken exactly or refused with what would be right. Method: examples."""

from decimal import Decimal

import pytest

from stockyard.model.numbers import (
    INT_MAX,
    NumberError,
    format_cash,
    format_decimal,
    format_ratio,
    parse_decimal,
    scale_decimal,
)


@pytest.mark.parametrize(
    ("text", "scale", "value"),
    [
        ("0", 0, 0),
        ("-0", 2, 0),
        ("+7", 0, 7),
        ("007.50", 2, 750),
        ("100.25", 4, 1_002_500),
        ("-0.000001", 6, -1),
        ("1.500000000000000000", 1, 15),
        ("4611686018427387903", 0, INT_MAX),
        ("4611686018427.387903", 6, INT_MAX),
    ],
)
def test_numbers_that_are_taken(text: str, scale: int, value: int) -> None:
    assert parse_decimal(text, scale) == value


@pytest.mark.parametrize(
    ("text", "scale", "says"),
    [
        ("", 2, "plain decimal"),
        ("1e3", 2, "plain decimal"),
        ("NaN", 2, "plain decimal"),
        ("١٢", 2, "plain decimal"),
        ("1.", 2, "plain decimal"),
        (".1", 2, "plain decimal"),
        ("1.001", 2, "2 decimal places"),
        ("0.5", 0, "0 decimal places"),
        ("4611686018427387904", 0, "too large"),
        ("-4611686018427387904", 0, "too large"),
        ("1" * 40, 0, "too large"),
        ("1" * 41, 0, "40 characters"),
        ("0." + "0" * 39, 2, "40 characters"),
    ],
)
def test_numbers_that_are_refused(text: str, scale: int, says: str) -> None:
    with pytest.raises(NumberError, match=says):
        parse_decimal(text, scale)


@pytest.mark.parametrize(
    ("value", "scale", "places", "text"),
    [
        (0, 6, 2, "0.00"),
        (5, 0, 0, "5"),
        (1, 9, 0, "0.000000001"),
        (-1, 2, 0, "-0.01"),
        (-1_500_000, 6, 0, "-1.5"),
        (1_000_000, 6, 0, "1"),
        (1_000_000, 6, 2, "1.00"),
        (1_234_567, 6, 2, "1.234567"),
        (INT_MAX, 6, 2, "4611686018427.387903"),
    ],
)
def test_how_numbers_are_written(value: int, scale: int, places: int, text: str) -> None:
    assert format_decimal(value, scale, places) == text


def test_cash_has_two_places_at_least() -> None:
    assert format_cash(1_500_000) == "1.50"
    assert format_cash(-1) == "-0.000001"


@pytest.mark.parametrize(
    ("numerator", "denominator", "places", "text"),
    [
        (1, 3, 4, "0.3333"),
        (2, 3, 4, "0.6667"),
        (1, 8, 2, "0.12"),
        (3, 8, 2, "0.38"),
        (-1, 8, 2, "-0.12"),
        (1, -3, 1, "-0.3"),
        (-1, 1000, 2, "0"),
        (10**30, 7, 0, "142857142857142857142857142857"),
    ],
)
def test_ratios(numerator: int, denominator: int, places: int, text: str) -> None:
    assert format_ratio(numerator, denominator, places) == text


@pytest.mark.parametrize(
    ("value", "scale", "scaled"),
    [("0", 2, 0), ("1.5", 2, 150), ("-1e3", 0, -1000), ("0.125", 2, 12), ("0.135", 2, 14)],
)
def test_numbers_from_outside_are_rounded_half_to_even(value: str, scale: int, scaled: int) -> None:
    assert scale_decimal(Decimal(value), scale) == scaled


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-sNaN", "1e19", "1e999999", "9e18"])
def test_numbers_from_outside_that_are_none_or_too_large_are_refused(value: str) -> None:
    with pytest.raises(NumberError):
        scale_decimal(Decimal(value), 2)
