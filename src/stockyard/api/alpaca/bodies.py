"""What Alpaca's clients send of orders, turned into the house's own bodies.

Promises: a JSON number and a numeric string mean the same and are taken digit by digit, never
through a float; what Alpaca refuses and the house would take is refused here; fields that nobody
knows are ignored. Must not know: what becomes of an order.
"""

import re
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec

from stockyard.api import fields
from stockyard.api.alpaca.errors import (
    MALFORMED,
    PARAMETER,
    UNPROCESSABLE,
    Refusal,
    not_offered,
)
from stockyard.model.codes import AssetClass, OrderType
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import TEXT_LENGTH_MAX
from stockyard.projections.rows import OrderRow

OPTION: Final = re.compile(r"[A-Z]{1,6}\d{6}[CP]\d{8}", re.ASCII)
"""An option's symbol, as the OCC writes it without padding."""
TIMES_IN_FORCE: Final = ("day", "gtc", "opg", "cls", "ioc", "fok")
INTENTS: Final = {
    "buy_to_open": "buy",
    "buy_to_close": "buy",
    "sell_to_open": "sell",
    "sell_to_close": "sell",
}
_CRYPTO_TYPES: Final = ("market", "limit", "stop_limit")
_CRYPTO_TIMES: Final = ("gtc", "ioc")
_FRACTION_TYPES: Final = ("market", "limit", "stop", "stop_limit")


class TakeProfit(msgspec.Struct, gc=False):
    """The exit that takes the profit."""

    limit_price: Any = None


class StopLoss(msgspec.Struct, gc=False):
    """The exit that bounds the loss."""

    stop_price: Any = None
    limit_price: Any = None


class OrderBody(msgspec.Struct, gc=False):
    """POST /v2/orders; a number may be a JSON number, whose text is kept, or a string."""

    symbol: str | None = None
    qty: Any = None
    notional: Any = None
    side: str | None = None
    type: str | None = None
    time_in_force: str | None = None
    limit_price: Any = None
    stop_price: Any = None
    trail_price: Any = None
    trail_percent: Any = None
    extended_hours: bool | None = None
    client_order_id: str | None = None
    order_class: str | None = None
    take_profit: TakeProfit | None = None
    stop_loss: StopLoss | None = None
    legs: Any = None
    position_intent: str | None = None


class ReplaceBody(msgspec.Struct, gc=False):
    """PATCH /v2/orders/{order_id}."""

    qty: Any = None
    time_in_force: str | None = None
    limit_price: Any = None
    stop_price: Any = None
    trail: Any = None
    client_order_id: str | None = None


# Of a number whose type is open the decoder hands over the text instead of making a float.
_read_order: Final = msgspec.json.Decoder(OrderBody, float_hook=str).decode
_read_replace: Final = msgspec.json.Decoder(ReplaceBody, float_hook=str).decode


def order_body(raw: bytes) -> OrderBody:
    """A new order as it was sent. Raises ``Refusal`` 400."""
    try:
        return _read_order(raw)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise malformed(error) from None


def replace_body(raw: bytes) -> ReplaceBody:
    """A replacement as it was sent. Raises ``Refusal`` 400."""
    try:
        return _read_replace(raw)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise malformed(error) from None


def malformed(error: Exception) -> Refusal:
    """What a body is refused with that no decoder takes."""
    return Refusal(400, MALFORMED, f"request body format is invalid: {error}", "invalid_json")


def number(name: str, said: Any) -> str | int | None:
    """A number's digits, or None. Raises ``Refusal`` 400.

    Clients whose numbers are floats write small ones with an exponent.
    """
    if type(said) is str:
        if "e" in said or "E" in said:
            return _without_exponent(said)
        return said
    if said is None or type(said) is int:
        found: int | None = said
        return found
    raise Refusal(
        400, MALFORMED, f"{name} is neither a number nor a numeric string", "invalid_type"
    )


def _without_exponent(text: str) -> str:
    if len(text) > TEXT_LENGTH_MAX:
        return text
    try:
        found = Decimal(text)
    except InvalidOperation:
        return text
    if not found.is_finite() or not -TEXT_LENGTH_MAX < found.adjusted() < TEXT_LENGTH_MAX:
        return text
    return format(found, "f")


def native_order(body: OrderBody) -> fields.OrderBody:
    """The same order in the house's words. Raises ``Refusal``."""
    order_class = body.order_class or "simple"
    symbol, side, kind, tif = body.symbol, body.side, body.type, body.time_in_force
    if order_class == "mleg" or body.legs:
        raise not_offered("orders with several legs (mleg) are", "send each leg as an order")
    if order_class == "oco" and not kind:
        kind = "limit"
    if not symbol:
        raise _missing("symbol")
    if OPTION.fullmatch(symbol):
        raise not_offered("options are", "trade the underlying symbol")
    if not side:
        raise _missing("side")
    if not kind:
        raise _missing("type")
    if not tif:
        raise _missing("time_in_force")
    if tif not in TIMES_IN_FORCE:
        raise _refused(f"invalid time_in_force; use one of {', '.join(TIMES_IN_FORCE)}")
    limit = number("limit_price", body.limit_price)
    profit = loss = None
    if body.take_profit is not None:
        price = number("take_profit.limit_price", body.take_profit.limit_price)
        if price is None:
            raise _missing("take_profit.limit_price")
        profit = fields.TakeProfit(price)
        if order_class == "oco":
            # It is its own take-profit, and may name the price in either place.
            limit, profit = _one_price(limit, price), None
    elif order_class == "oco":
        raise _missing("take_profit.limit_price")
    if body.stop_loss is not None:
        stop = number("stop_loss.stop_price", body.stop_loss.stop_price)
        if stop is None:
            raise _missing("stop_loss.stop_price")
        loss = fields.StopLoss(stop, number("stop_loss.limit_price", body.stop_loss.limit_price))
    return fields.OrderBody(
        symbol,
        side,
        number("qty", body.qty),
        number("notional", body.notional),
        kind,
        tif,
        limit,
        number("stop_price", body.stop_price),
        number("trail_price", body.trail_price),
        number("trail_percent", body.trail_percent),
        None,
        body.extended_hours or False,
        body.client_order_id or None,
        order_class,
        profit,
        loss,
    )


def check_offered(body: fields.OrderBody, instrument: Instrument) -> None:
    """Refuse what the house would take and Alpaca would not. Raises ``Refusal``."""
    simple, kind, tif = body.order_class == "simple", body.type, body.time_in_force
    if instrument.asset_class == AssetClass.CRYPTO:
        if not simple:
            told = body.order_class
            raise _refused(f"crypto orders not allowed for advanced order_class: {told}")
        if kind not in _CRYPTO_TYPES:
            raise _refused(
                f"invalid order type for crypto order; use one of {', '.join(_CRYPTO_TYPES)}"
            )
        if tif not in _CRYPTO_TIMES:
            raise _refused(f"invalid crypto time_in_force; use one of {', '.join(_CRYPTO_TIMES)}")
    elif instrument.asset_class == AssetClass.US_EQUITY:
        if body.notional is None and is_whole(body.qty):
            return
        if not simple:
            raise _refused("fractional orders must be simple orders")
        if kind not in _FRACTION_TYPES:
            raise _refused(f"fractional orders must be one of {', '.join(_FRACTION_TYPES)}")
        if tif != "day":
            raise _refused("fractional orders must be DAY orders")


def check_intent(said: str, side: str, held_qty: int) -> None:
    """Refuse an intent that is not what the order would do to a position. Raises ``Refusal``."""
    closes = held_qty < 0 if side == "buy" else held_qty > 0
    meant = f"{side}_to_{'close' if closes else 'open'}"
    if INTENTS.get(said) is None:
        raise Refusal(
            422, PARAMETER, f"invalid position_intent; use one of {', '.join(INTENTS)}",
            "invalid_parameter",
        )  # fmt: skip
    if said != meant:
        raise _refused(f"position intent mismatch, inferred: {meant}, specified: {said}")


def is_whole(qty: str | int | None) -> bool:
    """Whether a quantity has nothing behind the point."""
    return type(qty) is not str or not qty.partition(".")[2].strip("0")


def native_replacement(body: ReplaceBody, row: OrderRow) -> fields.ReplaceBody:
    """The same replacement in the house's words; ``row``: what it replaces. Raises ``Refusal``."""
    trail = number("trail", body.trail)
    if body.time_in_force is not None and body.time_in_force not in TIMES_IN_FORCE:
        raise _refused(f"invalid time_in_force; use one of {', '.join(TIMES_IN_FORCE)}")
    if trail is not None and row.order_type != OrderType.TRAILING_STOP:
        raise Refusal(
            422, PARAMETER, "only a trailing_stop order has a trail; leave trail out",
            "invalid_parameter",
        )  # fmt: skip
    return fields.ReplaceBody(
        number("qty", body.qty),
        number("limit_price", body.limit_price),
        number("stop_price", body.stop_price),
        None if row.trail_ppm else trail,
        trail if row.trail_ppm else None,
        body.time_in_force,
        None,
        body.client_order_id or None,
    )


def _one_price(limit: str | int | None, profit: str | int) -> str | int:
    if limit is not None and _value(limit) != _value(profit):
        raise Refusal(
            422, PARAMETER, "limit_price and take_profit.limit_price differ; send one of them",
            "invalid_parameter",
        )  # fmt: skip
    return profit


def _value(said: str | int) -> Decimal | str:
    try:
        return Decimal(said)
    except InvalidOperation:
        return str(said)


def _missing(name: str) -> Refusal:
    return Refusal(422, PARAMETER, f"{name} is required", "missing_field")


def _refused(message: str) -> Refusal:
    return Refusal(422, UNPROCESSABLE, message, "not_allowed")
