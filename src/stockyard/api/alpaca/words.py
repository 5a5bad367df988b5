"""Rows in Alpaca's words, every field of theirs there and those that mean nothing here ``null``.

Promises: numbers are decimal text; every word is one that the official client's enumerations know.
Must not know: which endpoint asks.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from stockyard.api.door import Door
from stockyard.api.problems import PERCENT_SCALE
from stockyard.api.rendering import INTENT_WORDS, NOTHING, average_price, current_legs
from stockyard.api.shapes import price_text, time_text
from stockyard.model.codes import (
    ASSET_CLASS_WORDS,
    CLASS_WORDS,
    SIDE_WORDS,
    STATUS_WORDS,
    TIF_WORDS,
    TYPE_WORDS,
    OrderClass,
    OrderType,
    Status,
    TimeInForce,
)
from stockyard.model.numbers import format_cash, format_decimal
from stockyard.projections.rows import OrderRow

CLASSES: Final = {**CLASS_WORDS, OrderClass.SIMPLE: ""}
TIMES_IN_FORCE: Final = {**TIF_WORDS, TimeInForce.GTD: TIF_WORDS[TimeInForce.GTC]}
"""An order good till a date is one until canceled, whose ``expires_at`` says when it ends."""


def timestamp(ns: int) -> str:
    """UTC nanoseconds as RFC 3339 with nine digits of a second and ``Z``."""
    return time_text(ns)


class Order(msgspec.Struct, gc=False):
    """An order as Alpaca shows it."""

    id: str
    client_order_id: str
    created_at: str
    updated_at: str
    submitted_at: str
    filled_at: str | None
    expired_at: str | None
    expires_at: str | None
    canceled_at: str | None
    failed_at: str | None
    replaced_at: str | None
    replaced_by: str | None
    replaces: str | None
    asset_id: str
    symbol: str
    asset_class: str
    notional: str | None
    qty: str | None
    filled_qty: str
    filled_avg_price: str | None
    order_class: str
    order_type: str
    type: str
    side: str
    position_intent: str
    time_in_force: str
    limit_price: str | None
    stop_price: str | None
    status: str
    extended_hours: bool
    legs: "list[Order] | None"
    trail_percent: str | None
    trail_price: str | None
    hwm: str | None
    ratio_qty: str | None = None
    subtag: str | None = None
    source: str | None = None


def order(door: Door, row: OrderRow, linked: Mapping[int, OrderRow] = NOTHING) -> Order:
    """An order as it stands, with its legs as far as they are in ``linked``."""
    legs = [order(door, leg) for leg in current_legs(row, linked)] if linked else []
    extreme, stop = 0, row.stop_price
    if row.order_type == OrderType.TRAILING_STOP and row.is_open and row.triggered_ns == 0:
        found = door.world.trail(row.account_id, row.order_id)
        if found[0]:
            extreme, stop = found
    return _order(door, row, extreme, stop, legs or None)


def made(door: Door, rows: Sequence[OrderRow]) -> Order:
    """The order that one record made as the record left it, its legs after it."""
    main, *legs = rows
    shown = [_order(door, leg, 0, leg.stop_price, None) for leg in legs]
    return _order(door, main, 0, main.stop_price, shown or None)


def _order(door: Door, row: OrderRow, extreme: int, stop: int, legs: list[Order] | None) -> Order:
    render, instrument = door.render, door.view.instruments[row.instrument_id]
    scale, status = instrument.qty_scale, row.status
    order_id = render.order_id(row.order_id)
    created = time_text(row.created_ns)
    updated = created if row.updated_ns == row.created_ns else time_text(row.updated_ns)
    ended = time_text(row.ended_ns) if row.ended_ns else None
    kind = TYPE_WORDS[row.order_type]
    return Order(
        order_id,
        row.client_order_id or order_id,
        created,
        updated,
        created,
        ended if status == Status.FILLED else None,
        ended if status == Status.EXPIRED else None,
        time_text(row.expires_ns) if row.expires_ns else None,
        ended if status == Status.CANCELED else None,
        ended if status == Status.REJECTED else None,
        ended if status == Status.REPLACED else None,
        render.order_id(row.replaced_by) if row.replaced_by else None,
        render.order_id(row.replaces) if row.replaces else None,
        render.asset_id(row.instrument_id),
        instrument.symbol,
        ASSET_CLASS_WORDS[instrument.asset_class],
        format_cash(row.notional_micros) if row.notional_micros else None,
        None if row.notional_micros else format_decimal(row.qty, scale),
        format_decimal(row.filled_qty, scale) if row.filled_qty else "0",
        average_price(row, instrument) if row.filled_qty else None,
        CLASSES[row.order_class],
        kind,
        kind,
        SIDE_WORDS[row.side],
        INTENT_WORDS[row.side, row.closes],
        TIMES_IN_FORCE[row.time_in_force],
        price_text(row.limit_price, instrument) if row.limit_price else None,
        price_text(stop, instrument) if stop else None,
        STATUS_WORDS[status],
        row.extended_hours == 1,
        legs,
        format_decimal(row.trail_ppm, PERCENT_SCALE) if row.trail_ppm else None,
        price_text(row.trail_price, instrument) if row.trail_price else None,
        price_text(extreme, instrument) if extreme else None,
    )
