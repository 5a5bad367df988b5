"""Integer products and quotients, each naming its rounding.

Promises: exact. Everything is Python's unbounded ``int``: compiled code keeps small values in
machine words and moves to big integers by itself, so nothing wraps. Must not know: what the numbers
mean.
"""


def mul_div_floor(a: int, b: int, divisor: int) -> int:
    """``a * b / divisor`` rounded towards minus infinity; ``divisor`` above zero."""
    return a * b // divisor


def mul_div_ceil(a: int, b: int, divisor: int) -> int:
    """``a * b / divisor`` rounded towards plus infinity; ``divisor`` above zero."""
    return -(-(a * b) // divisor)


def div_floor(a: int, divisor: int) -> int:
    """``a / divisor`` rounded towards minus infinity; ``divisor`` above zero."""
    return a // divisor


def div_ceil(a: int, divisor: int) -> int:
    """``a / divisor`` rounded towards plus infinity; ``divisor`` above zero."""
    return -(-a // divisor)


def round_up_to(value: int, step: int) -> int:
    """The smallest multiple of ``step`` that is not below ``value``; ``step`` above zero."""
    return -(-value // step) * step


def round_down_to(value: int, step: int) -> int:
    """The largest multiple of ``step`` that is not above ``value``; ``step`` above zero."""
    return value // step * step
