"""Numbers of vendors' frames: decimals of theirs to scaled integers of ours.

Promises: what a number cannot be is ``WireError`` with what is wrong. Must not know: any vendor.
"""

from decimal import Decimal

from stockyard.model.instruments import Instrument
from stockyard.model.numbers import NumberError, scale_decimal


class WireError(ValueError):
    """A frame, or a part of it, that cannot be what it says."""


def scaled(value: Decimal, scale: int) -> int:
    """A number in units of ``10**-scale``. Raises ``WireError``."""
    try:
        return scale_decimal(value, scale)
    except NumberError as error:
        raise WireError(str(error)) from None


def positive(value: Decimal, scale: int, what: str) -> int:
    """The same of what must be above zero. Raises ``WireError``."""
    found = scaled(value, scale)
    if found <= 0:
        raise WireError(f"a {what} is not above zero")
    return found


def not_negative(value: Decimal, scale: int) -> int:
    """The same of what may be 0. Raises ``WireError``."""
    found = scaled(value, scale)
    if found < 0:
        raise WireError("a size is below zero")
    return found


def price(value: Decimal, instrument: Instrument) -> int:
    """A price in an instrument's scale. Raises ``WireError``."""
    return positive(value, instrument.price_scale, "price")


def side(value: Decimal, size: Decimal, instrument: Instrument, unit: int) -> tuple[int, int]:
    """Price and quantity of a quote's side, 0 and 0 where it is missing.

    ``unit``: the scaled quantity that a size of one stands for. Raises ``WireError``.
    """
    if value == 0 or size == 0:
        return 0, 0
    qty = scaled(size, instrument.qty_scale) * unit // 10**instrument.qty_scale
    if qty <= 0:
        raise WireError("a size is not above zero")
    return price(value, instrument), qty
