"""From an order's fields to the command the engine gets: placing, replacing, closing.

Promises: text becomes scaled integers with the instrument's scale or is refused; the digest covers
everything the client said. Must not know: how the fields travelled.
"""

from stockyard.api import fields
from stockyard.api.contract_answers import MODES
from stockyard.api.door import NO_DIGEST, Door, digest
from stockyard.api.problems import Problem, rule_problem
from stockyard.model.codes import OrderClass, TimeInForce
from stockyard.model.commands import (
    ClosePosition,
    PlaceOrder,
    ReplaceOrder,
    SetLeverage,
    SetProtection,
)
from stockyard.model.denials import DenyCode
from stockyard.model.ids import Kind
from stockyard.model.instruments import Instrument
from stockyard.projections.rows import OrderRow

PERCENT_SCALE = 9
_HUNDRED = 100 * 10**PERCENT_SCALE
_FLAGS = ("extended_hours", "locate", "reduce_only", "post_only")


def place_order(
    door: Door, body: fields.OrderBody, account_id: int, key: str, compared: bool = True
) -> tuple[PlaceOrder, Instrument]:
    """A new order; ``compared``: its repeat is told from another one under the same name. Raises
    ``Problem`` 422.
    """
    instrument = door.instrument(body.symbol)
    side = fields.SIDES.get(body.side)
    if side is None:
        raise rule_problem(DenyCode.SIDE_NOT_SUPPORTED, "side")
    # An OCO is a limit order and nothing else.
    left_out = "limit" if body.order_class == "oco" else "market"
    order_type = fields.TYPES.get(body.type if body.type is not None else left_out)
    if order_type is None:
        raise rule_problem(DenyCode.ORDER_TYPE_NOT_SUPPORTED, "type")
    tif = _time_in_force(body.time_in_force)
    if (body.qty is None) == (body.notional is None):
        raise rule_problem(DenyCode.QUANTITY_OR_NOTIONAL, "qty")
    qty = notional = limit = 0
    if body.qty is not None:
        qty = fields.quantity("qty", body.qty, instrument.qty_scale)
    elif body.notional is not None:
        notional = fields.notional("notional", body.notional)
    if body.limit_price is not None:
        limit = fields.price("limit_price", body.limit_price, instrument.price_scale)
    extra = _extra(body, instrument)
    order_class = fields.CLASSES.get(body.order_class)
    if order_class is None:
        raise rule_problem(DenyCode.ORDER_CLASS_NOT_SUPPORTED, "order_class")
    exits = _exits(body, instrument)
    if order_class == OrderClass.OCO and exits[0] and not limit:
        # An OCO is its own take-profit, and may be sent as such.
        limit, exits = exits[0], (0, *exits[1:])
    linked = (order_class, *exits)
    lots = _lots(door, body.lots, instrument) if body.lots is not None else ()
    named = fields.client_order_id(body.client_order_id)
    instrument_id = instrument.instrument_id
    told = NO_DIGEST
    if compared and (key or named):
        asked = (instrument_id, side, order_type, tif, qty, limit, notional, named)
        flags = [name for name in _FLAGS if getattr(body, name)]
        said = (*_said(extra), *_said(linked, "class"), *flags, *[part for x in lots for part in x])
        told = digest("POST /orders", *asked, *said)
    command = PlaceOrder(
        account_id, instrument_id, side, order_type, tif, qty, limit, notional, named, key, told,
        *extra, *linked, body.extended_hours, body.locate, lots, body.reduce_only,
        body.post_only,
    )  # fmt: skip
    return command, instrument


def _lots(
    door: Door, asked: list[fields.ChosenLot], instrument: Instrument
) -> tuple[tuple[int, int, int], ...]:
    """The lots an order chooses, each as (seq, index, quantity)."""
    if not asked:
        raise rule_problem(DenyCode.LOTS_NOT_THE_QUANTITY, "lots")
    chosen = []
    for lot in asked:
        named = door.ids.parse(Kind.EXECUTION, lot.id)
        if named is None:
            raise rule_problem(DenyCode.UNKNOWN_LOT, "lots.id")
        chosen.append((*named, fields.quantity("lots.qty", lot.qty, instrument.qty_scale)))
    return tuple(chosen)


def _extra(
    body: fields.OrderBody | fields.ReplaceBody, instrument: Instrument
) -> tuple[int, int, int, int]:
    """Stop price, trail in price and in millionths, and expiry; 0 for what is left out."""
    stop = trail = ppm = expires_ns = 0
    if body.stop_price is not None:
        stop = fields.price("stop_price", body.stop_price, instrument.price_scale)
    if body.trail_price is not None:
        trail = fields.trail_price("trail_price", body.trail_price, instrument.price_scale)
    if body.trail_percent is not None:
        ppm = fields.trail_percent("trail_percent", body.trail_percent)
    if body.expires_at is not None:
        expires_ns = fields.expiry("expires_at", body.expires_at)
    return stop, trail, ppm, expires_ns


def _exits(
    body: fields.OrderBody | fields.ProtectionBody, instrument: Instrument
) -> tuple[int, int, int, int, int]:
    """Take-profit; stop-loss as stop, limit, trail in price and in millionths; 0 for what is left
    out.
    """
    scale = instrument.price_scale
    profit = stop = limit = trail = ppm = 0
    if body.take_profit is not None:
        profit = _leg_price("take_profit.limit_price", body.take_profit.limit_price, scale)
    loss = body.stop_loss
    if loss is None:
        return profit, 0, 0, 0, 0
    if loss.stop_price is not None:
        stop = _leg_price("stop_loss.stop_price", loss.stop_price, scale)
    if loss.limit_price is not None:
        limit = _leg_price("stop_loss.limit_price", loss.limit_price, scale)
    if loss.trail_price is not None:
        trail = _leg_price("stop_loss.trail_price", loss.trail_price, scale)
    if loss.trail_percent is not None:
        ppm = fields.trail_percent("stop_loss.trail_percent", loss.trail_percent)
    if not (stop or limit or trail or ppm):
        raise rule_problem(DenyCode.STOP_LOSS_UNCLEAR, "stop_loss")
    return profit, stop, limit, trail, ppm


def _leg_price(field: str, value: str | int, scale: int) -> int:
    found = fields.scaled(
        field, value, scale, DenyCode.LEG_PRICE_OFF_TICK, DenyCode.LEG_PRICE_TOO_LARGE
    )
    if found <= 0:
        raise rule_problem(DenyCode.LEG_PRICE_NOT_POSITIVE, field)
    return found


def _said(extra: tuple[int, ...], *name: str) -> tuple[object, ...]:
    """What a digest covers of these: nothing where all are left out, as before they existed."""
    return (*name, *extra) if any(extra) else ()


def set_protection(
    body: fields.ProtectionBody, account_id: int, instrument: Instrument, key: str
) -> SetProtection:
    """Exits for a position. Raises ``Problem`` 422."""
    if body.take_profit is None and body.stop_loss is None:
        raise rule_problem(DenyCode.PROTECTION_EMPTY)
    exits = _exits(body, instrument)
    tif, qty, expires_ns = _time_in_force(body.time_in_force), 0, 0
    if body.qty is not None:
        qty = fields.quantity("qty", body.qty, instrument.qty_scale)
    if body.expires_at is not None:
        expires_ns = fields.expiry("expires_at", body.expires_at)
    named = fields.client_order_id(body.client_order_id)
    instrument_id = instrument.instrument_id
    told = NO_DIGEST
    if key or named:
        told = digest("PUT /protection", instrument_id, qty, tif, *exits, expires_ns, named)
    return SetProtection(account_id, instrument_id, qty, tif, *exits, named, key, told, expires_ns)


def set_leverage(
    body: fields.LeverageBody, account_id: int, instrument: Instrument, isolated: bool, key: str
) -> SetLeverage:
    """A leverage and a mode; ``isolated``: the mode there is. Raises ``Problem`` 422."""
    code = DenyCode.LEVERAGE_OUT_OF_RANGE
    leverage = fields.scaled("leverage", body.leverage, 0, code, code)
    if body.mode is not None:
        if body.mode not in MODES:
            raise Problem(
                422,
                "margin_mode_not_supported",
                "there is no such mode",
                f"use {' or '.join(MODES)}",
                field="mode",
            )
        isolated = body.mode == MODES[1]
    told = NO_DIGEST
    if key:
        told = digest("PUT /leverage", instrument.instrument_id, leverage, body.mode)
    return SetLeverage(account_id, instrument.instrument_id, leverage, isolated, key, told)


def remove_protection(account_id: int, instrument: Instrument, key: str) -> SetProtection:
    """The end of a position's protection."""
    told = digest("DELETE /protection", instrument.instrument_id) if key else NO_DIGEST
    return SetProtection(
        account_id, instrument.instrument_id, 0, TimeInForce.GTC, 0, 0, 0, 0, 0, "", key, told
    )


def _time_in_force(word: str) -> int:
    tif = fields.TIMES_IN_FORCE.get(word)
    if tif is None:
        raise rule_problem(DenyCode.TIME_IN_FORCE_NOT_SUPPORTED, "time_in_force")
    return tif


def replace_order(
    body: fields.ReplaceBody,
    row: OrderRow,
    instrument: Instrument,
    key: str,
    compared: bool = True,
) -> ReplaceOrder:
    """A replacement; ``compared`` as above. Raises ``Problem`` 422."""
    qty = limit = tif = 0
    if body.qty is not None:
        qty = fields.quantity("qty", body.qty, instrument.qty_scale)
    if body.limit_price is not None:
        limit = fields.price("limit_price", body.limit_price, instrument.price_scale)
    if body.time_in_force is not None:
        tif = _time_in_force(body.time_in_force)
    extra = _extra(body, instrument)
    named = fields.client_order_id(body.client_order_id)
    told = NO_DIGEST
    if compared and (key or named):
        told = digest("PATCH /orders", row.order_id, qty, limit, tif, named, *_said(extra))
    return ReplaceOrder(row.account_id, row.order_id, qty, limit, tif, named, key, told, *extra)


def close_position(
    door: Door,
    account_id: int,
    instrument: Instrument,
    qty: str | None,
    percentage: str | None,
    cancel_orders: bool,
    key: str,
) -> ClosePosition:
    """The closing of a position, whole or in part. Raises ``Problem`` 422."""
    if qty is not None and percentage is not None:
        raise Problem(
            422,
            "quantity_or_percentage",
            "qty and percentage are both there",
            "send at most one of them",
            field="percentage",
        )
    wanted = percent = 0
    if qty is not None:
        wanted = fields.quantity("qty", qty, instrument.qty_scale)
    elif percentage is not None:
        percent = fields.scaled("percentage", percentage, PERCENT_SCALE)
        if not 0 < percent <= _HUNDRED:
            raise Problem(
                422,
                "percentage_out_of_range",
                "the percentage is not above 0 and at most 100",
                "send a percentage above 0 and at most 100, or leave it out",
                field="percentage",
            )
        wanted = _part(door, account_id, instrument, percent)
    instrument_id = instrument.instrument_id
    told = NO_DIGEST
    if key:
        asked = wanted if qty is not None else 0
        told = digest("DELETE /positions", instrument_id, asked, percent, cancel_orders)
    return ClosePosition(account_id, instrument_id, wanted, cancel_orders, "", key, told)


def _part(door: Door, account_id: int, instrument: Instrument, percent: int) -> int:
    """A share of what is held, in whole lots, rounded down.

    Where that is nothing the engine is asked for a quantity below zero and denies it: whether this
    is the repeat of an answered request only the engine knows.
    """
    row = door.view.positions[account_id].get(instrument.instrument_id)
    if row is None or row.qty == 0:
        return 0
    part = abs(row.qty) * percent // _HUNDRED
    return part - part % instrument.lot or -1
