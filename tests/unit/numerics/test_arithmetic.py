"""Goal: sums are exact at any size, rounded as named. Method: beside fractions, past 64 bits."""

from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stockyard.numerics.arithmetic import (
    div_ceil,
    div_floor,
    mul_div_ceil,
    mul_div_floor,
    product,
    round_down_to,
    round_up_to,
)

WHOLE = st.integers(-(2**70), 2**70)
ABOVE_ZERO = st.integers(1, 2**66)


@given(WHOLE, WHOLE, ABOVE_ZERO)
@example(2**62, 2**62, 1)
@example(2**62 - 1, 4, 3)
@example(2**62 - 1, 1, 3)
@example(2**31, 2**31 - 1, 3)
@example(2**31, 2**31, 3)
@example(2**32 + 1, 2**31, 3)
@example(-(2**63), 2**63 - 1, 2**62)
@example(-1, 1, 10_000)
def test_products_and_quotients(a: int, b: int, divisor: int) -> None:
    assert product(a, b) == a * b
    assert mul_div_floor(a, b, divisor) == floor(Fraction(a * b, divisor))
    assert mul_div_ceil(a, b, divisor) == ceil(Fraction(a * b, divisor))
    assert div_floor(a, divisor) == floor(Fraction(a, divisor))
    assert div_ceil(a, divisor) == ceil(Fraction(a, divisor))


@given(WHOLE, ABOVE_ZERO)
@example(2**62, 2**62 - 1)
def test_rounding_to_a_step(value: int, step: int) -> None:
    up, down = round_up_to(value, step), round_down_to(value, step)
    assert up % step == down % step == 0
    assert down <= value <= up
    assert up - down in (0, step)


def test_nothing_wraps_at_64_bits() -> None:
    assert mul_div_floor(2**62, 4, 1) == 2**64
    assert div_ceil(2**63 - 1, 1) + 1 == 2**63


def test_a_divisor_of_zero_is_an_error() -> None:
    with pytest.raises(ZeroDivisionError):
        div_floor(1, 0)
