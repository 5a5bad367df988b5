"""What whoever runs a Stockyard limits a user to.

Promises: values only; 0 and an empty tuple stand for no limit. Must not know: who is limited.
"""

from typing import Final

import msgspec

LEVERAGE_E2_MIN: Final = 100
LEVERAGE_E2_MAX: Final = 100_00
LIMITED_INSTRUMENTS_MAX: Final = 1_000
"""Instruments that a limit may name."""


class AccountLimits(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What an order that opens a position may be: worth ``order_micros_max``, of one of
    ``order_types``, for one of ``instruments``; with ``open_orders_max`` orders of all the owner's
    accounts, and in a margin account with exposure of ``leverage_e2_max`` hundredths of its equity.
    """

    order_micros_max: int = 0
    open_orders_max: int = 0
    leverage_e2_max: int = 0
    order_types: tuple[int, ...] = ()
    instruments: tuple[int, ...] = ()


NO_LIMITS: Final = AccountLimits()
