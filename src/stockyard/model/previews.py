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
    ``buying_power_micros_after`` what would be left free, once it is filled if all of it fills now,
    else while it is open; ``borrow_micros_a_day`` what borrowing it
    would cost a day.
    """

    broken: tuple[tuple[int, int, int], ...]
    qty: int
    fillable_qty: int
    price: int
    value_micros: int
    fees: tuple[tuple[int, int], ...]
    hold_micros: int
    buying_power_micros_after: int
    borrow_micros_a_day: int = 0


class OpenLot(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One open lot, named by the execution that opened it; a pooled one with its share of the
    pooled cost. ``free_qty``: what no open order has chosen of it.
    """

    seq: int
    index: int
    qty: int
    free_qty: int
    cost_micros: int
    fees_micros: int
    acquired_ns: int


class AccountStanding(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How an account stands now, in micro-dollars.

    ``kind``: an ``AccountKind``. ``equity``: cash and what everything would bring at the marks;
    ``long_value`` and ``short_value`` (not below zero) are parts of it. ``initial``,
    ``maintenance``: what its positions require to be opened and to be held. ``unsettled``: proceeds
    to come, part of the cash. ``call_due_ns``: until when a margin call must be met, 0 for none;
    ``liquidating``: that time is over. ``unrealized``: profit of positions in perpetual contracts,
    part of the equity; isolated ones are no part of any of this.
    """

    kind: int
    equity: int
    long_value: int
    short_value: int
    initial: int
    maintenance: int
    buying_power: int
    withdrawable: int
    unsettled: int
    violations: int
    call_due_ns: int
    liquidating: bool
    unrealized: int = 0


class OpenContract(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A position in a perpetual contract now; amounts in micro-dollars.

    ``cost_micros``: its value when entered, below zero when it is short. ``margin_micros``: set
    apart for it where it is ``isolated``, else what it requires of its account's.
    ``liquidation_price``: the first mark at which it is liquidated, 0 for none; of a cross position
    with everything else in its account as it is. ``funding_micros``: all it has paid.
    """

    instrument_id: int
    qty: int
    cost_micros: int
    mark: int
    index: int
    value_micros: int
    leverage: int
    isolated: bool
    margin_micros: int
    maintenance_micros: int
    unrealized_micros: int
    funding_micros: int
    liquidation_price: int
    liquidating: bool
