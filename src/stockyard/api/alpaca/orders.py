"""Orders in Alpaca's words: placed, listed, replaced and canceled."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from stockyard.api import placing
from stockyard.api.alpaca import bodies, words
from stockyard.api.alpaca.assets import found_asset
from stockyard.api.alpaca.errors import (
    NOT_FOUND,
    PARAMETER,
    UNPROCESSABLE,
    Refusal,
    invalid,
    of_problem,
)
from stockyard.api.alpaca.routing import Call, Query, Reply, Route
from stockyard.api.auth import Caller
from stockyard.api.door import NO_DIGEST, Decision, Door, encode
from stockyard.api.problems import Problem
from stockyard.api.rendering import NOTHING, leg_ids, taken_orders
from stockyard.model.codes import (
    ASSET_CLASS_WORDS,
    OPEN_STATUSES,
    SIDE_WORDS,
    STATUS_WORDS,
    Side,
    Status,
)
from stockyard.model.commands import CancelAllOrders, CancelOrder, Command
from stockyard.model.denials import DENY_RULES, DenyCode
from stockyard.model.ids import Kind
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import LEGS_MAX, format_decimal
from stockyard.people.identity import Scope
from stockyard.projections.rows import OrderRow
from stockyard.projections.store import OrderFilter

LIMIT_DEFAULT: Final = 50
LIMIT_MAX: Final = 500
_STATUSES: Final = {"open": True, "closed": False, "all": None}
_WAYS: Final = {"desc": False, "asc": True}
_SIDES: Final[dict[str, tuple[int, ...]]] = {
    "all": (),
    **{word: (side,) for side, word in SIDE_WORDS.items()},
}
_CLASSES: Final = {"us_option": 0, **{word: code for code, word in ASSET_CLASS_WORDS.items()}}
_CLOSED: Final = tuple(status for status in STATUS_WORDS if status not in OPEN_STATUSES)
_NO_SUCH: Final = -1
"""An instrument that no order has: what a list of symbols becomes of which none is known."""
_EXCEEDS_POSITION: Final = DENY_RULES[DenyCode.EXCEEDS_POSITION].word
_OPPOSITE: Final = DENY_RULES[DenyCode.OPPOSITE_ORDER_OPEN].word


async def place_order(call: Call) -> Reply:
    """POST /v2/orders: the order as it was taken. What fills it at once is told of as at Alpaca,
    by the stream and by whoever reads it: bots wait for a status that changes.
    """
    door, caller = call.door, call.caller
    body = bodies.order_body(await call.body())
    asked = bodies.native_order(body)
    instrument = asset(door, asked.symbol)
    asked.symbol = instrument.symbol
    bodies.check_offered(asked, instrument)
    if body.position_intent:
        row = door.view.positions[caller.account_id].get(instrument.instrument_id)
        bodies.check_intent(body.position_intent, asked.side, row.qty if row is not None else 0)
    command, _ = placing.place_order(door, asked, caller.account_id, "", compared=False)
    decision = await decide(call, command, instrument, command.side)
    return Reply(200, encode(words.made(door, taken_orders(decision.ts, decision.events))))


def asset(door: Door, said: str) -> Instrument:
    """What a symbol in any spelling, or an asset's id, names. Raises ``Refusal`` 422."""
    try:
        return found_asset(door, said)
    except Refusal as told:
        raise Refusal(422, UNPROCESSABLE, f'asset "{said[:40]}" not found', told.reason) from None


async def decide(call: Call, command: Command, instrument: Instrument, side: int = 0) -> Decision:
    """Send a command; one whose name is taken is refused, also where it says the same. Raises
    ``Refusal``, ``Refused``.

    ``side``: what an order trades, to name what stands in its way.
    """
    door, caller = call.door, call.caller
    try:
        return await door.decide(command, door.origin(caller, call.head), instrument)
    except Problem as problem:
        raise _with_context(door, caller, instrument, side, problem) from None


def _with_context(
    door: Door, caller: Caller, instrument: Instrument, side: int, problem: Problem
) -> Refusal:
    """A denial with the keys that Alpaca's clients look for."""
    refusal = of_problem(problem)
    account_id, instrument_id = caller.account_id, instrument.instrument_id
    if problem.code == _EXCEEDS_POSITION:
        row = door.view.positions[account_id].get(instrument_id)
        qty, held = (abs(row.qty), row.held_qty) if row is not None else (0, 0)
        scale = instrument.qty_scale
        refusal.more = {
            "symbol": instrument.symbol,
            "available": format_decimal(qty - held, scale),
            "existing_qty": format_decimal(qty, scale),
            "held_for_orders": format_decimal(held, scale),
        }
    elif problem.code == _OPPOSITE:
        other = Side.SELL if side == Side.BUY else Side.BUY
        for order in door.view.open_orders[account_id].values():
            if order.instrument_id == instrument_id and order.side == other and not order.closes:
                refusal.more = {
                    "existing_order_id": door.render.order_id(order.order_id),
                    "reject_reason": "opposite side order exists",
                }
                break
    return refusal


async def read_order(call: Call) -> Reply:
    """GET /v2/orders/{order_id}: its legs in it with ``nested``."""
    nested = call.query.flag("nested")
    row = await call.door.order(call.named["order_id"], call.caller.account_id)
    return await _shown(call.door, row, nested)


async def _shown(door: Door, row: OrderRow, nested: bool) -> Reply:
    linked = await door.legs([row]) if nested else NOTHING
    soon = words.replacing(door, row.account_id) if row.is_open or linked else ()
    return Reply(200, encode(words.order(door, row, linked, soon)))


async def read_by_client_order_id(call: Call) -> Reply:
    """GET /v2/orders:by_client_order_id: also by the name that an order got for want of one."""
    door, account_id = call.door, call.caller.account_id
    named, nested = call.query.text("client_order_id"), call.query.flag("nested")
    if named is None:
        raise Refusal(422, PARAMETER, "client_order_id is required", "missing_field")
    for row in door.view.open_orders[account_id].values():
        if row.client_order_id == named:
            return await _shown(door, row, nested)
    if door.ids.parse(Kind.ORDER, named) is not None:
        found = await door.order(named, account_id)
        if not found.client_order_id:
            return await _shown(door, found, nested)
    wanted = OrderFilter(account_id, client_order_id=named, limit=1)
    rows = await door.world.query(lambda store: store.orders(wanted))
    if not rows:
        raise Refusal(404, NOT_FOUND, f"order not found for {named[:128]}", "unknown_order")
    return await _shown(door, rows[0], nested)


async def list_orders(call: Call) -> Reply:
    """GET /v2/orders."""
    door, query, account_id = call.door, call.query, call.caller.account_id
    is_open, nested = query.choice("status", _STATUSES, "open"), query.flag("nested")
    wanted = _filter(door, account_id, query)
    rows = _rows_open(door, wanted, nested) if is_open else None
    if rows is None:
        if nested:
            wanted = wanted._replace(whole=True, whole_open=is_open)
        elif is_open is not None:
            wanted = wanted._replace(statuses=OPEN_STATUSES if is_open else _CLOSED)
        rows = await door.world.query(lambda store: store.orders(wanted))
    linked = await door.legs(rows) if nested else NOTHING
    soon = words.replacing(door, account_id)
    return Reply(200, encode([words.order(door, row, linked, soon) for row in rows]))


def _filter(door: Door, account_id: int, query: Query) -> OrderFilter:
    after, until = query.moment("after"), query.moment("until")
    below, above = (
        _order_id(door, query, "before_order_id"),
        _order_id(door, query, "after_order_id"),
    )
    if (below or above) and (after or until):
        raise Refusal(
            422,
            PARAMETER,
            "before_order_id and after_order_id do not go with after and until",
            "invalid_parameter",
        )
    return OrderFilter(
        account_id,
        after=below,
        limit=query.whole("limit", LIMIT_DEFAULT, 1, LIMIT_MAX),
        sides=query.choice("side", _SIDES, "all"),
        from_ns=after + 1 if after else 0,
        to_ns=until,
        instrument_ids=_instruments(door, query),
        above=above,
        ascending=query.choice("direction", _WAYS, "desc"),
    )


def _order_id(door: Door, query: Query, name: str) -> int:
    said = query.text(name)
    if said is None:
        return 0
    found = door.ids.parse(Kind.ORDER, said)
    if found is None:
        raise invalid(name, said, "send an order's id")
    return found[0] * LEGS_MAX + found[1]


def _instruments(door: Door, query: Query) -> tuple[int, ...]:
    """The instruments that ``symbols`` and ``asset_class`` leave; empty for all."""
    symbols, classes = query.words("symbols"), query.words("asset_class")
    if not symbols and not classes:
        return ()
    view = door.view
    found: Iterable[int] = view.instruments
    if symbols:
        found = _known(door, symbols)
    if classes:
        codes = set()
        for word in classes:
            if word not in _CLASSES:
                raise invalid("asset_class", word, f"use {', '.join(_CLASSES)}")
            codes.add(_CLASSES[word])
        found = [one for one in found if view.instruments[one].asset_class in codes]
        if len(found) == len(view.instruments):
            return ()
    return tuple(found) or (_NO_SUCH,)


def _known(door: Door, symbols: Sequence[str]) -> list[int]:
    """The instruments of the symbols that are known; no order has any other."""
    found = []
    for symbol in symbols:
        try:
            found.append(door.instrument(symbol).instrument_id)
        except Problem:
            continue
    return found


def _rows_open(door: Door, wanted: OrderFilter, nested: bool) -> list[OrderRow] | None:
    """The open orders from memory; None where an order that has ended holds open ones."""
    rows = list(door.view.open_orders[wanted.account_id].values())
    if nested and any(row.parent_id or row.sibling_id or leg_ids(row) for row in rows):
        return None
    found = [row for row in rows if _fits(row, wanted)]
    found.sort(key=lambda row: row.order_id, reverse=not wanted.ascending)
    return found[: wanted.limit]


def _fits(row: OrderRow, wanted: OrderFilter) -> bool:
    return (
        (not wanted.after or row.order_id < wanted.after)
        and row.order_id > wanted.above
        and (not wanted.sides or row.side in wanted.sides)
        and (not wanted.instrument_ids or row.instrument_id in wanted.instrument_ids)
        and row.created_ns >= wanted.from_ns
        and (not wanted.to_ns or row.created_ns < wanted.to_ns)
    )


async def replace_order(call: Call) -> Reply:
    """PATCH /v2/orders/{order_id}: a new order in the place of an open one."""
    door = call.door
    body = bodies.replace_body(await call.body())
    row = await door.order(call.named["order_id"], call.caller.account_id)
    if not row.is_open or row.status in (Status.ACCEPTED, Status.PENDING_NEW):
        raise _already(row, "cannot be replaced")
    instrument = door.view.instruments[row.instrument_id]
    asked = bodies.native_replacement(body, row)
    command = placing.replace_order(asked, row, instrument, "", compared=False)
    decision = await decide(call, command, instrument, row.side)
    earlier = await door.legs_before(decision)
    return Reply(200, encode(words.made(door, taken_orders(decision.ts, decision.events, earlier))))


def _already(row: OrderRow, what: str) -> Refusal:
    word = STATUS_WORDS[row.status]
    rule = DENY_RULES[DenyCode.ORDER_NOT_OPEN].word
    return Refusal(422, UNPROCESSABLE, f'order is already in "{word}" state and {what}', rule)


async def cancel_order(call: Call) -> Reply:
    """DELETE /v2/orders/{order_id}."""
    door, account_id = call.door, call.caller.account_id
    row = await door.order(call.named["order_id"], account_id)
    if not row.is_open:
        raise _already(row, "cannot be canceled")
    command = CancelOrder(account_id, row.order_id, "", NO_DIGEST)
    await decide(call, command, door.view.instruments[row.instrument_id])
    return Reply(204)


async def cancel_orders(call: Call) -> Reply:
    """DELETE /v2/orders: every open order, each with what became of it."""
    return Reply(207, encode(await cancel_all(call)))


async def cancel_all(call: Call) -> list[dict[str, Any]]:
    """Cancel every open order; a row for each, as a 207 has them."""
    door, account_id = call.door, call.caller.account_id
    rows = sorted(door.view.open_orders[account_id].values(), key=lambda row: row.order_id)
    command = CancelAllOrders(account_id, 0, "", NO_DIGEST)
    await door.decide(command, door.origin(call.caller, call.head))
    return [_canceled(door, row) for row in rows]


def _canceled(door: Door, row: OrderRow) -> dict[str, Any]:
    """What became of an order that was open before."""
    named = {"id": door.render.order_id(row.order_id)}
    if not row.is_open or row.status == Status.PENDING_CANCEL:
        return {**named, "status": 200, "body": words.order(door, row)}
    code = DenyCode.LIQUIDATION_ORDER if row.liquidates else DenyCode.CHANGE_UNDER_WAY
    rule = DENY_RULES[code]
    told = Refusal(422, UNPROCESSABLE, f"{rule.wrong}; {rule.right}", rule.word)
    return {**named, "status": 500, "body": told.told()}


ROUTES: Final = (
    Route("POST", "/v2/orders", Scope.TRADE, place_order),
    Route("GET", "/v2/orders", Scope.READ, list_orders),
    Route("DELETE", "/v2/orders", Scope.TRADE, cancel_orders),
    Route("GET", "/v2/orders:by_client_order_id", Scope.READ, read_by_client_order_id),
    Route("GET", "/v2/orders/{order_id}", Scope.READ, read_order),
    Route("PATCH", "/v2/orders/{order_id}", Scope.TRADE, replace_order),
    Route("DELETE", "/v2/orders/{order_id}", Scope.TRADE, cancel_order),
)
