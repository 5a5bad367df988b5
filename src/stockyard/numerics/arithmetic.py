"""Integer products and quotients, each naming its rounding.

Promises: exact. Everything is Python's unbounded ``int``: compiled code keeps small values in
machine words and moves to big integers by itself, so nothing wraps. Must not know: what the numbers
mean.
"""

from typing import Final

from mypy_extensions import i64

_WORD_MAX: Final = 2**62 - 1


def product(a: int, b: int) -> int:
    """``a * b``.

    Compiled code multiplies by way of big integers as soon as a factor has 31 bits, as nearly all
    quantities have; a product that is known to fit into a word is made in one instead.
    """
    if a > 0 and b > 0 and b <= _WORD_MAX // a:
        left: i64 = a
        right: i64 = b
        return left * right
    return a * b


def mul_div_floor(a: int, b: int, divisor: int) -> int:
    """``a * b / divisor`` rounded towards minus infinity; ``divisor`` above zero."""
    return product(a, b) // divisor


def mul_div_ceil(a: int, b: int, divisor: int) -> int:
    """``a * b / divisor`` rounded towards plus infinity; ``divisor`` above zero."""
    return -(-product(a, b) // divisor)


def div_floor(a: int, divisor: int) -> int:
    """``a / divisor`` rounded towards minus infinity; ``divisor`` above zero."""
    return a // divisor


def div_ceil(a: int, divisor: int) -> int:
    """``a / divisor`` rounded towards plus infinity; ``divisor`` above zero."""
    return -(-a // divisor)


def round_up_to(value: int, step: int) -> int:
    """The smallest multiple of ``step`` that is not below ``value``; ``step`` above zero."""
    return value + -value % step


def round_down_to(value: int, step: int) -> int:
    """The largest multiple of ``step`` that is not above ``value``; ``step`` above zero."""
    return value - value % step
