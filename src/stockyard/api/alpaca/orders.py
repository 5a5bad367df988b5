"""Orders in Alpaca's words."""

from typing import Final

from stockyard.api.alpaca import words
from stockyard.api.alpaca.routing import Call, Reply, Route
from stockyard.api.door import encode
from stockyard.api.rendering import NOTHING
from stockyard.people.identity import Scope


async def read_order(call: Call) -> Reply:
    """GET /v2/orders/{order_id}: its legs in it with ``nested``."""
    nested = call.query.flag("nested")
    row = await call.door.order(call.named["order_id"], call.caller.account_id)
    linked = await call.door.legs([row]) if nested else NOTHING
    return Reply(200, encode(words.order(call.door, row, linked)))


ROUTES: Final = (Route("GET", "/v2/orders/{order_id}", Scope.READ, read_order),)
