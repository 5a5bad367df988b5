"""Positions in Alpaca's words: listed, read and closed."""

from contextlib import suppress
from typing import Any, Final

from stockyard.api import placing
from stockyard.api.alpaca import words
from stockyard.api.alpaca.assets import found_asset
from stockyard.api.alpaca.errors import NOT_FOUND, Refusal, not_offered, refusal_of
from stockyard.api.alpaca.orders import cancel_all, decide
from stockyard.api.alpaca.routing import Call, Reply, Route
from stockyard.api.door import encode
from stockyard.api.rendering import taken_orders
from stockyard.model.denials import DENY_RULES, DenyCode
from stockyard.people.identity import Scope
from stockyard.projections.rows import PositionRow


async def list_positions(call: Call) -> Reply:
    """GET /v2/positions."""
    door = call.door
    rows = door.render.positions(call.caller.account_id)
    return Reply(200, encode([words.position(door, row) for row in rows]))


async def read_position(call: Call) -> Reply:
    """GET /v2/positions/{symbol_or_asset_id}."""
    return Reply(200, encode(words.position(call.door, _held(call))))


def _held(call: Call) -> PositionRow:
    """The position in what a path names. Raises ``Refusal`` 404."""
    with suppress(Refusal):
        instrument = found_asset(call.door, call.named["symbol"])
        rows = call.door.view.positions[call.caller.account_id]
        row = rows.get(instrument.instrument_id)
        if row is not None and row.qty:
            return row
    word = DENY_RULES[DenyCode.NO_POSITION].word
    raise Refusal(404, NOT_FOUND, "position does not exist", word)


async def close_position(call: Call) -> Reply:
    """DELETE /v2/positions/{symbol_or_asset_id}: all of it, ``qty`` or ``percentage``."""
    row, query = _held(call), call.query
    return Reply(
        200, encode(await _closed(call, row, query.text("qty"), query.text("percentage"), False))
    )


async def _closed(
    call: Call, row: PositionRow, qty: str | None, percentage: str | None, cancel_orders: bool
) -> words.Order:
    """The order that closes a position. Raises ``Refusal``, ``Problem``, ``Refused``."""
    door, account_id = call.door, call.caller.account_id
    instrument = door.view.instruments[row.instrument_id]
    command = placing.close_position(
        door, account_id, instrument, qty, percentage, cancel_orders, ""
    )
    decision = await decide(call, command, instrument)
    return words.made(door, taken_orders(decision.ts, decision.events))


async def close_positions(call: Call) -> Reply:
    """DELETE /v2/positions: every position, each with its order or why there is none."""
    cancel = call.query.flag("cancel_orders")
    if cancel:
        await cancel_all(call)
    rows = call.door.render.positions(call.caller.account_id)
    return Reply(207, encode([await _row(call, row, cancel) for row in rows]))


async def _row(call: Call, row: PositionRow, cancel_orders: bool) -> dict[str, Any]:
    symbol = call.door.view.instruments[row.instrument_id].symbol
    try:
        made = await _closed(call, row, None, None, cancel_orders)
    except Exception as error:
        refusal = refusal_of(error)
        if refusal is None:
            raise
        return {"symbol": symbol, "status": refusal.status, "body": refusal.told()}
    return {"symbol": symbol, "status": 200, "body": made}


async def exercise(call: Call) -> Reply:
    """POST /v2/positions/{symbol_or_contract_id}/exercise and do-not-exercise."""
    raise not_offered("options are", "close the position instead")


_ONE: Final = "/v2/positions/{symbol:path}"
ROUTES: Final = (
    Route("GET", "/v2/positions", Scope.READ, list_positions),
    Route("DELETE", "/v2/positions", Scope.TRADE, close_positions),
    Route("GET", _ONE, Scope.READ, read_position),
    Route("DELETE", _ONE, Scope.TRADE, close_position),
    Route("POST", f"{_ONE}/exercise", Scope.TRADE, exercise),
    Route("POST", f"{_ONE}/do-not-exercise", Scope.TRADE, exercise),
)
