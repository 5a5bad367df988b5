"""Rows in Alpaca's words, every field of theirs there and those that mean nothing here ``null``.

Promises: numbers are decimal text; every word is one that the official client's enumerations know.
Must not know: which endpoint asks.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import msgspec

from stockyard.api.alpaca.assets import EXCHANGES
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
    AssetClass,
    OrderClass,
    OrderType,
    Status,
    TimeInForce,
)
from stockyard.model.numbers import CASH_SCALE, format_cash, format_decimal, format_ratio
from stockyard.projections.equity import value_micros, worth_micros
from stockyard.projections.rows import OrderRow, PositionRow

RATIO_PLACES: Final = 10
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


PENDING_REPLACE: Final = "pending_replace"


def replacing(door: Door, account_id: int) -> frozenset[int]:
    """The orders of an account whose replacements are on their way."""
    found = door.view.open_orders[account_id].values()
    return frozenset(row.replaces for row in found if row.status == Status.PENDING_NEW)


def order(
    door: Door,
    row: OrderRow,
    linked: Mapping[int, OrderRow] = NOTHING,
    replaced_soon: Collection[int] = (),
) -> Order:
    """An order as it stands, with its legs as far as they are in ``linked``; ``replaced_soon``:
    those that are shown as being replaced.
    """
    found = current_legs(row, linked) if linked else ()
    legs = [order(door, leg, NOTHING, replaced_soon) for leg in found]
    extreme, stop = 0, row.stop_price
    if row.order_type == OrderType.TRAILING_STOP and row.is_open and row.triggered_ns == 0:
        trail = door.world.trail(row.account_id, row.order_id)
        if trail[0]:
            extreme, stop = trail
    shown = _order(door, row, extreme, stop, legs or None)
    if row.order_id in replaced_soon and row.is_open:
        shown.status = PENDING_REPLACE
    return shown


def made(door: Door, rows: Sequence[OrderRow]) -> Order:
    """The order that one record made, its legs after it."""
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


class Position(msgspec.Struct, gc=False):
    """A position as Alpaca shows it."""

    asset_id: str
    symbol: str
    exchange: str
    asset_class: str
    asset_marginable: bool
    qty: str
    avg_entry_price: str
    side: str
    market_value: str
    cost_basis: str
    unrealized_pl: str
    unrealized_plpc: str
    unrealized_intraday_pl: str
    unrealized_intraday_plpc: str
    current_price: str
    lastday_price: str
    change_today: str
    qty_available: str


def position(door: Door, row: PositionRow) -> Position:
    """A position at the market.

    The day's gain is that over the last close, or over what was paid for what was bought since. A
    price that nobody has named yet is the average one it was entered at; a last close, the price.
    """
    view, instrument_id = door.view, row.instrument_id
    instrument, quote = view.instruments[instrument_id], view.quotes[instrument_id]
    scale, qty, cost = instrument.qty_scale, row.qty, row.cost_micros
    unit = 10**scale
    average = format_ratio(cost * unit, qty * 10**CASH_SCALE, 6, 2)
    worth, price = worth_micros(row, quote, instrument), quote.mark(qty)
    seen = door.world.market.view(instrument_id)
    close = (seen.previous_close if seen is not None else 0) or price
    base = _base_micros(door, row, close, seen.session_ns if seen is not None else 0)
    now = price_text(price, instrument) if price else average
    held = row.held_qty if qty > 0 else -row.held_qty
    return Position(
        door.render.asset_id(instrument_id),
        instrument.symbol,
        instrument.exchange if instrument.exchange in EXCHANGES else "",
        ASSET_CLASS_WORDS[instrument.asset_class],
        instrument.asset_class == AssetClass.US_EQUITY and view.margin is not None,
        format_decimal(qty, scale),
        average,
        "long" if qty > 0 else "short",
        format_cash(worth),
        format_cash(cost),
        format_cash(worth - cost),
        _ratio(worth - cost, cost),
        format_cash(worth - base),
        _ratio(worth - base, base),
        now,
        price_text(close, instrument) if close else now,
        _ratio(price - close, close),
        format_decimal(qty - held, scale),
    )


def _base_micros(door: Door, row: PositionRow, close: int, session_ns: int) -> int:
    """What the day's gain of a position is counted from."""
    instrument = door.view.instruments[row.instrument_id]
    if not close or not session_ns:
        return row.cost_micros
    if instrument.asset_class == AssetClass.CRYPTO_PERP:
        return value_micros(close, row.qty, instrument)
    base, sign = 0, 1 if row.qty > 0 else -1
    older = 0
    for lot in door.world.open_lots(row.account_id, row.instrument_id):
        if lot.acquired_ns < session_ns:
            older += abs(lot.qty)
        else:
            base += abs(lot.cost_micros)
    return sign * (base + value_micros(close, older, instrument))


def _ratio(part: int, whole: int) -> str:
    """A share of 1 as decimal text."""
    return format_ratio(part, abs(whole), RATIO_PLACES) if whole else "0"
