"""What a preview of an order says. Nothing of it is journaled.

Must not know: how it was worked out.
"""

import msgspec


class OrderPreview(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The outcome an order would have now.

    ``broken``: every rule that would deny it, the one that would be named first, each as (code,
    required, available) like ``CommandDenied``; empty when it would be taken. ``qty`` scaled;
    ``fillable_qty`` of it against the current quote; ``price`` the price assumed; ``value_micros``
    and ``fees`` for the whole quantity at that price; ``hold_micros`` what would be reserved;
    ``buying_power_micros_after`` what would be left free.
    """

    broken: tuple[tuple[int, int, int], ...]
    qty: int
    fillable_qty: int
    price: int
    value_micros: int
    fees: tuple[tuple[int, int], ...]
    hold_micros: int
    buying_power_micros_after: int
