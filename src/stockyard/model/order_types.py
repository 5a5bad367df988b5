"""The table of order types: one row each, read by the API, the ticket and the tests.

Promises: a row names every field a type needs, takes or refuses. Must not know: how it is filled
(one function per row in ``engine.order_rules``).
"""

from typing import Final, NamedTuple

from stockyard.model.codes import OrderClass, OrderType, TimeInForce

LATER: Final = (TimeInForce.DAY, TimeInForce.GTC, TimeInForce.GTD)
AT_ONCE: Final = (TimeInForce.IOC, TimeInForce.FOK)
ANY: Final = (*LATER, *AT_ONCE, TimeInForce.OPG, TimeInForce.CLS)
ALONE: Final = (OrderClass.SIMPLE,)
ENTRIES: Final = (OrderClass.SIMPLE, OrderClass.BRACKET, OrderClass.OTO)
"""What an order may be that is no take-profit: alone, or an entry with exits of its own."""


class OrderTypeRow(NamedTuple):
    """What one order type asks for and how it is shown.

    Of its times in force, those in ``LATER`` go with ``extended_hours`` and with every class.
    """

    order_type: int
    word: str
    title: str
    needs_limit_price: bool
    needs_stop_price: bool
    needs_trail: bool
    takes_notional: bool
    times_in_force: tuple[int, ...]
    classes: tuple[int, ...]
    extended_hours: bool
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
        classes=ENTRIES,
        extended_hours=False,
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
        classes=(*ENTRIES, OrderClass.OCO),
        extended_hours=True,
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
        classes=ENTRIES,
        extended_hours=False,
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
        classes=ENTRIES,
        extended_hours=False,
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
        classes=ALONE,
        extended_hours=False,
        description="A stop that follows the market at a distance and never gives way.",
    ),
)
