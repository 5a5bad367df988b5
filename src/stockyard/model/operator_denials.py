"""What is told of the rules that whoever runs a Stockyard makes for its users.

Promises and ignorance are those of ``denials``, of which this is a part.
"""

from typing import Final

from stockyard.model.deny_codes import DenyCode, DenyRule

_ASK: Final = "ask whoever runs this Stockyard; GET /api/v1/account/limits shows them"

OPERATOR_RULES: Final[dict[int, DenyRule]] = {
    DenyCode.TRADING_FROZEN: DenyRule(
        "trading_frozen",
        403,
        True,
        "whoever runs this Stockyard has frozen the user's trading",
        "ask them to allow it again; open orders can be canceled meanwhile",
    ),
    DenyCode.ORDER_VALUE_ABOVE_LIMIT: DenyRule(
        "order_value_above_limit",
        403,
        True,
        "the order may come to be worth more than the user's orders may",
        f"lower the quantity or the price, or {_ASK}",
    ),
    DenyCode.OPEN_ORDERS_ABOVE_LIMIT: DenyRule(
        "open_orders_above_limit",
        403,
        True,
        "the user's accounts would have more open orders than they may",
        f"cancel open orders, or {_ASK}",
    ),
    DenyCode.SYMBOL_NOT_ALLOWED: DenyRule(
        "symbol_not_allowed",
        403,
        True,
        "the user may not open positions in this symbol",
        f"choose one that is allowed, or {_ASK}",
    ),
    DenyCode.ORDER_TYPE_NOT_ALLOWED: DenyRule(
        "order_type_not_allowed",
        403,
        True,
        "the user may not open positions by orders of this type",
        f"choose a type that is allowed, or {_ASK}",
    ),
    DenyCode.LEVERAGE_ABOVE_LIMIT: DenyRule(
        "leverage_above_limit",
        403,
        True,
        "positions and orders would be worth more, against the account's equity, than they may",
        f"lower the quantity, close positions, cancel orders, or {_ASK}",
    ),
    DenyCode.LIMITS_NOT_SUPPORTED: DenyRule(
        "limits_not_supported",
        422,
        False,
        "the limits cannot be these",
        "name amounts and counts above 0, a leverage of 1 to 100, and known types and symbols once",
    ),
}
"""Told of each code."""
