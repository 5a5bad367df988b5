"""The table of order types: one row each, read by the API, the ticket and the tests.

Promises: a row names every field a type needs, takes or refuses. Must not know: how it is filled
(one function per row in ``engine.order_rules``).
"""

from typing import Final, NamedTuple

from stockyard.model.codes import OrderType, TimeInForce


class OrderTypeRow(NamedTuple):
    """What one order type asks for and how it is shown."""

    order_type: int
    word: str
    title: str
    needs_limit_price: bool
    takes_notional: bool
    times_in_force: tuple[int, ...]
    description: str


ORDER_TYPES: Final = (
    OrderTypeRow(
        OrderType.MARKET,
        "market",
        "Market",
        needs_limit_price=False,
        takes_notional=True,
        times_in_force=(TimeInForce.DAY, TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK),
        description="Trade now at the quote, no further from it than the symbol's collar.",
    ),
    OrderTypeRow(
        OrderType.LIMIT,
        "limit",
        "Limit",
        needs_limit_price=True,
        takes_notional=False,
        times_in_force=(TimeInForce.DAY, TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK),
        description="Trade at the limit price or better, now or when the quote gets there.",
    ),
)
