"""Decimal text to scaled integers and back, and every numeric limit.

Promises: no binary float ever stands between the two; text that does not fit exactly is refused,
never rounded. Must not know: which field the text came from.
"""

import re
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

CASH_SCALE: Final = 6
"""Decimal places of cash: a micro-dollar."""
TEXT_LENGTH_MAX: Final = 40
INT_MAX: Final = 2**62 - 1
"""Nothing that is stored may pass this: it fits a signed 64-bit column with room for one addition.
"""
HOLDING_MAX: Final = 2**61
"""No position, scaled, and no account's cash, in micro-dollars, is filled beyond this."""
SEQ_MAX: Final = 2**58 - 1
"""An order id, ``LEGS_MAX`` times as large, still fits 62 bits. A journal that numbers its records
by time has room for (milliseconds since 2020) * 2**18 + n until 2054.
"""
LEGS_MAX: Final = 16
"""Orders one input may create: ``order_id = seq * LEGS_MAX + leg``."""
LOTS_CHOSEN_MAX: Final = 64
"""Lots one order may choose."""
CLIENT_ORDER_ID_LENGTH_MAX: Final = 128
OUTCOME_NOTE_LENGTH_MAX: Final = 200
OUTCOME_USES_MAX: Final = 1_000
OUTCOME_USED_KEPT: Final = 20
"""Of the orders that a planned outcome met, so many of the last are remembered."""
IDEMPOTENCY_KEY_LENGTH_MAX: Final = 255

_DIGITS_MAX: Final = 18
_DECIMAL = re.compile(r"([+-]?)([0-9]+)(?:\.([0-9]+))?", re.ASCII)


class NumberError(ValueError):
    """Text that is not a number we take; the message says what would be right."""


def parse_decimal(text: str, scale: int) -> int:
    """Turn plain decimal text into an integer scaled by ``10**scale``.

    Raises ``NumberError`` for exponents, NaN, blanks, separators, more decimal places than
    ``scale`` (trailing zeros apart), over 40 characters, or a magnitude above ``INT_MAX``.
    """
    if len(text) > TEXT_LENGTH_MAX:
        raise NumberError(f"a number has at most {TEXT_LENGTH_MAX} characters")
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise NumberError('write a plain decimal number, such as "10" or "0.25"')
    sign, whole, fraction = match[1], match[2], (match[3] or "").rstrip("0")
    if len(fraction) > scale:
        raise NumberError(f"at most {scale} decimal places are possible here")
    value = int(whole + fraction.ljust(scale, "0"))
    if value > INT_MAX:
        raise NumberError("the number is too large")
    return -value if sign == "-" else value


def format_decimal(value: int, scale: int, places_min: int = 0) -> str:
    """Write a scaled integer as decimal text without needless zeros beyond ``places_min``."""
    if scale == 0:
        return str(value)
    digits = str(abs(value)).rjust(scale + 1, "0")
    fraction = digits[-scale:].rstrip("0").ljust(places_min, "0")
    text = digits[:-scale] + ("." + fraction if fraction else "")
    return "-" + text if value < 0 else text


def format_cash(micros: int) -> str:
    """Write micro-dollars as dollars with at least two decimal places."""
    return format_decimal(micros, CASH_SCALE, 2)


def format_ratio(numerator: int, denominator: int, places: int, places_min: int = 0) -> str:
    """Write ``numerator / denominator`` rounded half to even at ``places`` decimal places."""
    scaled, rest = divmod(abs(numerator) * 10**places, abs(denominator))
    if rest * 2 > abs(denominator) or (rest * 2 == abs(denominator) and scaled % 2 == 1):
        scaled += 1
    negative = (numerator < 0) != (denominator < 0)
    return format_decimal(-scaled if negative else scaled, places, places_min)


def scale_decimal(value: Decimal, scale: int) -> int:
    """Turn a decimal number from outside into an integer scaled by ``10**scale``.

    What has more decimal places is rounded half to even: a vendor's averages and sub-penny prints
    may. Raises ``NumberError`` for what is no finite number or above ``INT_MAX``.
    """
    if not value.is_finite() or value.adjusted() > _DIGITS_MAX:
        raise NumberError("the number is too large, or none")
    scaled = int(value.scaleb(scale).to_integral_value(ROUND_HALF_EVEN))
    if not -INT_MAX <= scaled <= INT_MAX:
        raise NumberError("the number is too large")
    return scaled
