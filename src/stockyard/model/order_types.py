"""The table of order types: one row each, read by the API, the ticket and the tests.

Promises: a row names every field a type needs, takes or refuses. Must not know: how it is filled
(one function per row in ``engine.order_rules``).
"""

from typing import Final, NamedTuple

from stockyard.model.codes import OrderType, TimeInForce

LATER: Final = (TimeInForce.DAY, TimeInForce.GTC, TimeInForce.GTD)
AT_ONCE: Final = (TimeInForce.IOC, TimeInForce.FOK)
ANY: Final = (*LATER, *AT_ONCE, TimeInForce.OPG, TimeInForce.CLS)


class OrderTypeRow(NamedTuple):
    """What one order type asks for and how it is shown."""

    order_type: int
    word: str
    title: str
    needs_limit_price: bool
    needs_stop_price: bool
    needs_trail: bool
    takes_notional: bool
    times_in_force: tuple[int, ...]
    description: str


ORDER_TYPES: Final = (
    OrderTypeRow(
        OrderType.MARKET,
        "market",
        "Market",
        needs_limit_price=False,
        needs_stop_price=False,
        needs_trail=False,
        takes_notional=True,
        times_in_force=ANY,
        description="Trade now at the quote, no further from it than the symbol's collar.",
    ),
    OrderTypeRow(
        OrderType.LIMIT,
        "limit",
        "Limit",
        needs_limit_price=True,
        needs_stop_price=False,
        needs_trail=False,
        takes_notional=False,
        times_in_force=ANY,
        description="Trade at the limit price or better, now or when the quote gets there.",
    ),
    OrderTypeRow(
        OrderType.STOP,
        "stop",
        "Stop",
        needs_limit_price=False,
        needs_stop_price=True,
        needs_trail=False,
        takes_notional=False,
        times_in_force=LATER,
        description="Become a market order when the market trades at the stop price or beyond.",
    ),
    OrderTypeRow(
        OrderType.STOP_LIMIT,
        "stop_limit",
        "Stop limit",
        needs_limit_price=True,
        needs_stop_price=True,
        needs_trail=False,
        takes_notional=False,
        times_in_force=LATER,
        description="Become a limit order when the market trades at the stop price or beyond.",
    ),
    OrderTypeRow(
        OrderType.TRAILING_STOP,
        "trailing_stop",
        "Trailing stop",
        needs_limit_price=False,
        needs_stop_price=False,
        needs_trail=True,
        takes_notional=False,
        times_in_force=LATER,
        description="A stop that follows the market at a distance and never gives way.",
    ),
)
