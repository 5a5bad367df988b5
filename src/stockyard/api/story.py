"""An order's whole story in plain words: one chapter for each event that concerns it.

Promises: nothing is said that its events do not say. Must not know: HTTP.
"""

from collections.abc import Iterable

from stockyard.api import answers as a
from stockyard.api.contracts import is_contract
from stockyard.api.rendering import Renderer
from stockyard.api.shapes import price_text, time_text
from stockyard.model import events as e
from stockyard.model.codes import (
    AUCTION_TIMES,
    PLAN_WORDS,
    REASON_WORDS,
    SIDE_WORDS,
    STATUS_WORDS,
    TIF_WORDS,
    TYPE_WORDS,
    OrderType,
    Side,
    Status,
    TimeInForce,
)
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import format_cash, format_decimal
from stockyard.projections.rows import OrderRow

Named = tuple[int, int, int, e.Event]
"""An event with its name and time: ``(seq, idx, ts, event)``."""


def story(
    render: Renderer, row: OrderRow, instrument: Instrument, events: Iterable[Named]
) -> list[a.Chapter]:
    """The chapters of an order, oldest first; events of other orders are passed over."""
    chapters = []
    for seq, idx, ts, event in events:
        told = _tell(render, row, instrument, seq, idx, ts, event)
        if told is not None:
            word, text = told
            chapters.append(a.Chapter(f"{seq}-{idx}", time_text(ts), word, text))
    return chapters


def _tell(
    render: Renderer,
    row: OrderRow,
    instrument: Instrument,
    seq: int,
    idx: int,
    ts: int,
    event: e.Event,
) -> tuple[str, str] | None:
    if isinstance(event, e.OrderChangeSent):
        return _change(render, row, event)
    if getattr(event, "order_id", 0) != row.order_id:
        return None
    if isinstance(event, e.OrderAccepted):
        return "accepted", _accepted(render, event, instrument)
    if isinstance(event, e.OrderActivated):
        return "activated", _activated(row, event, instrument, ts)
    if isinstance(event, e.OrderRested):
        return "rested", _rested(event, instrument)
    if isinstance(event, e.OrderRejected):
        reason = REASON_WORDS[event.reason].replace("_", " ")
        return "rejected", f"It came to nothing: {reason}. What it held is free again."
    if isinstance(event, e.OrderReduced):
        qty = format_decimal(event.qty, instrument.qty_scale)
        return "reduced", f"The other exit was filled in part: this one is for {qty} now."
    if isinstance(event, e.OrderTriggered):
        stop, price = price_text(event.stop_price, instrument), price_text(event.price, instrument)
        goes_on = (
            f"it goes on at market, at worst at {price_text(event.collar_price, instrument)}"
            if event.collar_price
            else "it goes on as a limit order"
        )
        return "triggered", f"The market came to {price}; the stop was {stop}, so {goes_on}."
    if isinstance(event, e.OrderFilled):
        left = "nothing is left" if event.status == Status.FILLED else _left(event, instrument)
        told = render.execution(seq, idx, ts, event).explanation
        return "filled", f"{told} Of the order {left}."
    if isinstance(event, e.OrderReplaced):
        return "replaced", f"It gave way to order {render.order_id(event.replaced_by)}."
    if isinstance(event, e.OutcomeUsed):
        note = f" ({event.note})" if event.note else ""
        word = PLAN_WORDS[event.plan]
        return "planned", f"It met outcome {event.rule_id}, planned by a test: {word}{note}."
    if isinstance(event, e.OrderCanceled | e.OrderExpired):
        word = "canceled" if isinstance(event, e.OrderCanceled) else "expired"
        reason = REASON_WORDS[event.reason].replace("_", " ")
        return word, f"What was left {'ended' if word == 'expired' else 'was canceled'}: {reason}."
    return None


def _activated(row: OrderRow, event: e.OrderActivated, instrument: Instrument, ts: int) -> str:
    if event.sent_ns:
        took = format_decimal((ts - event.sent_ns) // 1_000, 3)
        if event.status == Status.ACCEPTED:
            return f"It reached the venue after {took} ms, where the session had closed: it waits."
        return f"It reached the venue after {took} ms and was priced against what it found there."
    if row.time_in_force == TimeInForce.OPG:
        return "The opening auction printed, and the order traded in it."
    if row.time_in_force == TimeInForce.CLS:
        return "The closing auction printed, and the order traded in it."
    if not row.parent_id:
        return "Its session began and the order came alive."
    qty = format_decimal(event.qty, instrument.qty_scale)
    if event.status == Status.ACCEPTED:
        return f"Its entry has ended: it is for {qty} and waits for its session."
    return f"It came alive for {qty}."


def _rested(event: e.OrderRested, instrument: Instrument) -> str:
    if event.halted:
        return "Trading was halted, so it waits for the first quote after the halt."
    ahead = format_decimal(event.ahead_qty, instrument.qty_scale)
    return f"It waits in the market at its limit, behind {ahead} that trade there first."


def _change(render: Renderer, row: OrderRow, event: e.OrderChangeSent) -> tuple[str, str] | None:
    arrives = time_text(event.arrives_ns)
    if event.replaced_by == row.order_id:
        told = f"It is on its way to replace order {render.order_id(event.order_id)}"
        return "sent", f"{told}, and reaches the venue at {arrives}."
    if event.order_id != row.order_id:
        return None
    what = "A replacement" if event.replaced_by else "Its cancellation"
    return "change_sent", f"{what} reaches the venue at {arrives}; until then it may still fill."


def _left(event: e.OrderFilled, instrument: Instrument) -> str:
    left = format_decimal(event.order_qty - event.filled_qty, instrument.qty_scale)
    return f"{left} are left to trade"


def _waits(time_in_force: int) -> str:
    if time_in_force in AUCTION_TIMES:
        which = "opening" if time_in_force == TimeInForce.OPG else "closing"
        return f"It waits for the {which} auction. "
    return "Its session is closed, so it waits. "


def _accepted(render: Renderer, x: e.OrderAccepted, instrument: Instrument) -> str:
    asked = (
        f"{SIDE_WORDS[x.side]} {format_decimal(x.qty, instrument.qty_scale)} {instrument.symbol}"
    )
    if x.notional_micros:
        asked += f" (for {format_cash(x.notional_micros)} dollars)"
    terms = [f"{TYPE_WORDS[x.order_type].replace('_', ' ')} order", TIF_WORDS[x.time_in_force]]
    if x.limit_price:
        terms.append(f"limit {price_text(x.limit_price, instrument)}")
    if x.stop_price and x.order_type != OrderType.TRAILING_STOP:
        terms.append(f"stop {price_text(x.stop_price, instrument)}")
    if x.trail_price:
        terms.append(f"trailing by {price_text(x.trail_price, instrument)}")
    if x.trail_ppm:
        terms.append(f"trailing by {format_decimal(x.trail_ppm, 4)} %")
    if x.collar_price:
        terms.append(f"at worst {price_text(x.collar_price, instrument)}")
    if x.extended_hours:
        terms.append("also in extended hours")
    if x.reduce_only:
        terms.append("reduce only")
    if x.post_only:
        terms.append("post only")
    if x.lots:
        parts = [
            f"{format_decimal(qty, instrument.qty_scale)} of {render.lot_id(seq, idx)}"
            for seq, idx, qty in x.lots
        ]
        terms.append(f"taking of its lots {', '.join(parts)}")
    held = (
        f"The account's open orders now hold {format_cash(x.held_micros_after)} dollars."
        if not x.closes
        else f"The account's open orders now hold "
        f"{format_decimal(x.held_qty_after, instrument.qty_scale)} {instrument.symbol}."
    )
    came = "It replaces order " + render.order_id(x.replaces) + ". " if x.replaces else ""
    waits = _waits(x.time_in_force) if x.status == Status.ACCEPTED else ""
    if x.status == Status.PENDING_NEW:
        waits = "It is on its way to the venue. "
    if x.status == Status.HELD:
        waits = f"It waits until order {render.order_id(x.parent_id)} has ended. "
    linked = ""
    if x.sibling_id:
        linked = f"It is paired with order {render.order_id(x.sibling_id)}. "
    if is_contract(instrument):
        linked += "The house made it because margin was lacking. " if x.liquidates else ""
    elif x.liquidates:
        linked += "The house made it because a margin call was not met. "
    elif x.side == Side.SELL and not x.closes:
        linked += "It sells short: the shares are borrowed. "
    elif x.side == Side.BUY and x.closes:
        linked += "It buys back what was sold short. "
    status = STATUS_WORDS[x.status].replace("_", " ")
    return (
        f"Taken as {status}: {asked}, {', '.join(terms)}, under profile"
        f" {render.profile(x.profile_id)}. {came}{linked}{waits}{held}"
    )
