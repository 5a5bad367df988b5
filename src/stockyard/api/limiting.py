"""What users are limited to: between the texts of the door, the engine's numbers and the people's.

Promises: a limit that cannot be is refused with what would be right. Must not know: who asks.
"""

import msgspec

from stockyard.api import fields
from stockyard.api.admin_shapes import LimitsBody, UserLimits
from stockyard.api.door import Door
from stockyard.api.problems import Problem
from stockyard.model.bounds import (
    LEVERAGE_E2_MAX,
    LEVERAGE_E2_MIN,
    LIMITED_INSTRUMENTS_MAX,
    NO_LIMITS,
    AccountLimits,
)
from stockyard.model.codes import TYPE_WORDS
from stockyard.model.denials import DenyCode
from stockyard.model.numbers import format_cash, format_decimal
from stockyard.people.user_rates import Rates

LEVERAGE_SCALE = 2
OPEN_ORDERS_MAX = 1_000_000
_read = msgspec.json.Decoder(AccountLimits).decode


def kept_limits(text: str) -> AccountLimits:
    """The limits that an account's row keeps."""
    return _read(text) if text else NO_LIMITS


def shown_limits(door: Door, limits: AccountLimits, rates: Rates) -> UserLimits:
    """Limits as they are told."""
    value, count, leverage, types, instruments = msgspec.structs.astuple(limits)
    return UserLimits(
        format_cash(value) if value else None,
        count or None,
        format_decimal(leverage, LEVERAGE_SCALE, LEVERAGE_SCALE) if leverage else None,
        [TYPE_WORDS[each] for each in types] or None,
        [door.view.instruments[each].symbol for each in instruments] or None,
        *rates,
    )


def asked_limits(door: Door, body: LimitsBody) -> AccountLimits:
    """The limits that a body asks for. Raises ``Problem`` 422."""
    return AccountLimits(
        fields.amount("order_value", body.order_value) if body.order_value is not None else 0,
        _count(body.open_orders),
        _leverage(body.leverage),
        _order_types(body.order_types),
        _symbols(door, body.symbols),
    )


def _count(asked: int | None) -> int:
    if asked is None:
        return 0
    if not 1 <= asked <= OPEN_ORDERS_MAX:
        raise _wrong("open_orders", f"send 1 to {OPEN_ORDERS_MAX}, or freeze trading")
    return asked


def _leverage(asked: str | int | None) -> int:
    if asked is None:
        return 0
    code = DenyCode.LIMITS_NOT_SUPPORTED
    found = fields.scaled("leverage", asked, LEVERAGE_SCALE, code, code)
    if not LEVERAGE_E2_MIN <= found <= LEVERAGE_E2_MAX:
        least, most = LEVERAGE_E2_MIN // 100, LEVERAGE_E2_MAX // 100
        raise _wrong("leverage", f"send {least} to {most} with at most two decimal places")
    return found


def _order_types(asked: list[str] | None) -> tuple[int, ...]:
    if asked is None:
        return ()
    found = tuple([fields.TYPES.get(word, 0) for word in asked])
    if not found or 0 in found or len(set(found)) < len(found):
        raise _wrong("order_types", f"name some of {', '.join(fields.TYPES)}, each once, or null")
    return found


def _symbols(door: Door, asked: list[str] | None) -> tuple[int, ...]:
    if asked is None:
        return ()
    if not 1 <= len(asked) <= LIMITED_INSTRUMENTS_MAX:
        raise _wrong("symbols", f"name 1 to {LIMITED_INSTRUMENTS_MAX} symbols, or null")
    found = tuple([door.instrument(text).instrument_id for text in asked])
    if len(set(found)) < len(found):
        raise _wrong("symbols", "name each symbol once")
    return found


def _wrong(field: str, right: str) -> Problem:
    return Problem(422, "limits_not_supported", "this cannot be the limit", right, field=field)
