"""The hot paths: placing, reading and canceling one order, and quotes, as plain ASGI.

Promises: the same rules, fields and words as everywhere else in this room, without a framework in
between; described in the OpenAPI document from the same structs. Must not know: routing.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from stockyard.api import placing
from stockyard.api.answers import Quote
from stockyard.api.auth import ACCOUNT_PARAMETER
from stockyard.api.door import NO_DIGEST, Door, digest, encode
from stockyard.api.fields import OrderBody, Reader
from stockyard.api.heads import Head, Receive, read_json
from stockyard.api.problems import Headers, Problem, rule_problem
from stockyard.model.commands import CancelOrder
from stockyard.model.denials import DenyCode
from stockyard.people.identity import Scope

Answer = tuple[int, bytes, Headers]
Handler = Callable[[Door, Head, Receive, str], Awaitable[Answer]]

ACCOUNT_ONLY: Final = (ACCOUNT_PARAMETER,)
SYMBOLS_MAX: Final = 1_000
_orders = Reader(OrderBody)


async def place_order(door: Door, head: Head, receive: Receive, rest: str) -> Answer:
    """POST /orders: answered when the order is durable and applied."""
    account = head.parameters(ACCOUNT_ONLY).get(ACCOUNT_PARAMETER) if head.query else None
    caller = door.gate.caller(head, Scope.TRADE, account)
    body = _orders.read(await read_json(head, receive, door.settings.body_bytes_max))
    key = head.idempotency_key
    command, instrument = placing.place_order(door, body, caller.account_id, key)
    decision = await door.decide(command, door.origin(caller, head), instrument)
    return 201, encode(door.render.made(decision.ts, decision.events)), decision.headers


async def read_order(door: Door, head: Head, receive: Receive, rest: str) -> Answer:
    """GET /orders/{order_id}."""
    account = head.parameters(ACCOUNT_ONLY).get(ACCOUNT_PARAMETER) if head.query else None
    caller = door.gate.caller(head, Scope.READ, account)
    row = await door.order(rest, caller.account_id)
    return 200, encode(door.render.live_order(row, await door.legs([row]))), ()


async def cancel_order(door: Door, head: Head, receive: Receive, rest: str) -> Answer:
    """DELETE /orders/{order_id}."""
    account = head.parameters(ACCOUNT_ONLY).get(ACCOUNT_PARAMETER) if head.query else None
    caller = door.gate.caller(head, Scope.TRADE, account)
    key = head.idempotency_key
    row = await door.order(rest, caller.account_id)
    told = digest("DELETE /orders", row.order_id) if key else NO_DIGEST
    command = CancelOrder(caller.account_id, row.order_id, key, told)
    decision = await door.decide(command, door.origin(caller, head))
    done = door.render.canceled_by_client(decision.ts, decision.events, caller.account_id)
    shown = door.render.order_id(row.order_id)
    mine = [each for each in done if each.id == shown]
    return 200, encode(mine[-1] if mine else done[-1]), decision.headers


def _quote(door: Door, instrument_id: int) -> Quote:
    return door.render.quote(door.view.quotes[instrument_id], door.world.clock.now_ns())


async def list_quotes(door: Door, head: Head, receive: Receive, rest: str) -> Answer:
    """GET /quotes."""
    symbols = head.parameters(("symbols",)).get("symbols") if head.query else None
    if symbols is None:
        wanted = sorted(door.view.quotes)
    else:
        texts = symbols.split(",")
        if len(texts) > SYMBOLS_MAX:
            raise Problem(
                422,
                "too_many_symbols",
                "there are too many symbols",
                f"name at most {SYMBOLS_MAX}",
                field="symbols",
            )
        wanted = [door.instrument(text.strip()).instrument_id for text in texts]
    return 200, encode([_quote(door, instrument_id) for instrument_id in wanted]), ()


async def read_quote(door: Door, head: Head, receive: Receive, rest: str) -> Answer:
    """GET /quotes/{symbol}."""
    head.parameters(())
    return 200, encode(_quote(door, symbol_in_path(door, rest))), ()


def symbol_in_path(door: Door, symbol: str) -> int:
    """The instrument of a path's symbol. Raises ``Problem`` 404."""
    try:
        return door.instrument(symbol).instrument_id
    except Problem:
        raise rule_problem(DenyCode.UNKNOWN_INSTRUMENT, "symbol", 404) from None
