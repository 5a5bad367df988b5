"""Positions."""

from typing import Annotated, Final

from fastapi import Query

from stockyard.api import answers as a
from stockyard.api import placing
from stockyard.api.contract_answers import Leverage
from stockyard.api.contracts import is_contract
from stockyard.api.describing import Trait, described
from stockyard.api.fields import LeverageBody, ProtectionBody, Reader
from stockyard.api.hot import symbol_in_path
from stockyard.api.problems import rule_problem
from stockyard.api.routes import Response, Visiting, answer, router
from stockyard.model.denials import DenyCode
from stockyard.model.events import LeverageSet
from stockyard.people.identity import Scope

routes = router()
_protection = Reader(ProtectionBody)
_leverage = Reader(LeverageBody)
TAG: Final = "Positions"
_READS = Trait.SIGNED_IN | Trait.ACCOUNT


@routes.get(
    "/positions",
    **described(
        "list_positions",
        TAG,
        "List positions",
        traits=_READS,
        answer=list[a.Position],
        answered="What the account holds.",
    ),
)
async def list_positions(visit: Visiting) -> Response:
    """List positions."""
    caller, render = visit.caller(Scope.READ), visit.door.render
    return answer([render.position(row) for row in render.positions(caller.account_id)])


@routes.get(
    "/positions/{symbol:path}/protection",
    **described(
        "read_protection",
        TAG,
        "Read a position's protection",
        traits=_READS | Trait.NAMED,
        answer=a.Protection,
        answered="The exits put on it.",
    ),
)
async def read_protection(visit: Visiting, symbol: str) -> Response:
    """Read a position's protection."""
    caller, door = visit.caller(Scope.READ), visit.door
    found = door.render.protection(caller.account_id, symbol_in_path(door, symbol))
    if found is None:
        raise rule_problem(DenyCode.NO_PROTECTION, "symbol")
    return answer(found)


@routes.get(
    "/positions/{symbol:path}/lots",
    **described(
        "list_lots",
        TAG,
        "List a position's lots",
        "Oldest first. An order that closes may choose among them by `lots`.",
        traits=_READS | Trait.NAMED,
        answer=list[a.OpenLot],
        answered="The open lots.",
    ),
)
async def list_lots(visit: Visiting, symbol: str) -> Response:
    """List a position's lots."""
    caller, door = visit.caller(Scope.READ), visit.door
    instrument_id = symbol_in_path(door, symbol)
    row = door.view.positions[caller.account_id].get(instrument_id)
    if row is None or row.qty == 0:
        raise rule_problem(DenyCode.NO_POSITION, "symbol")
    lots = door.world.open_lots(caller.account_id, instrument_id)
    return answer([door.render.open_lot(row, lot) for lot in lots])


@routes.get(
    "/positions/{symbol:path}/leverage",
    **described(
        "read_leverage",
        TAG,
        "Read the leverage of a perpetual contract",
        "Also while there is no position in it.",
        traits=_READS | Trait.NAMED,
        answer=Leverage,
        answered="The leverage and mode.",
    ),
)
async def read_leverage(visit: Visiting, symbol: str) -> Response:
    """Read the leverage of a perpetual contract."""
    caller, door = visit.caller(Scope.READ), visit.door
    instrument_id = symbol_in_path(door, symbol)
    if not is_contract(door.view.instruments[instrument_id]):
        raise rule_problem(DenyCode.NOT_A_PERPETUAL, "symbol")
    return answer(door.render.leverage(caller.account_id, instrument_id))


@routes.put(
    "/positions/{symbol:path}/leverage",
    **described(
        "set_leverage",
        TAG,
        "Choose the leverage of a perpetual contract",
        "And its mode, before a position is opened or while there is one: that takes them over if"
        " it has the margin. `docs/reference/perps.md` has the rules.",
        traits=_READS | Trait.IDEMPOTENT | Trait.NAMED,
        body=LeverageBody,
        body_examples={
            "ten": {"leverage": 10},
            "isolated": {"leverage": 5, "mode": "isolated"},
        },
        answer=Leverage,
        answered="The leverage and mode.",
    ),
)
async def set_leverage(visit: Visiting, symbol: str) -> Response:
    """Choose the leverage of a perpetual contract."""
    caller, door, key = visit.caller(Scope.TRADE), visit.door, visit.head.idempotency_key
    instrument = door.view.instruments[symbol_in_path(door, symbol)]
    body: LeverageBody = await visit.body(_leverage)
    row = door.view.positions[caller.account_id].get(instrument.instrument_id)
    isolated = row is not None and row.isolated == 1
    command = placing.set_leverage(body, caller.account_id, instrument, isolated, key)
    decision = await door.decide(command, door.origin(caller, visit.head), instrument)
    done = next(x for x in decision.events if isinstance(x, LeverageSet))
    return answer(door.render.leverage_set(done), headers=decision.headers)


@routes.put(
    "/positions/{symbol:path}/protection",
    **described(
        "set_protection",
        TAG,
        "Protect a position",
        "Puts a take-profit, a stop-loss or both on it, in the place of those it has; a request"
        " that is denied leaves these as they are. The two share one reservation of the position:"
        " when one ends, so does the other.",
        traits=_READS | Trait.IDEMPOTENT | Trait.NAMED,
        body=ProtectionBody,
        body_examples={
            "both": {"take_profit": {"limit_price": "210"}, "stop_loss": {"stop_price": "180"}},
            "trailing": {"stop_loss": {"trail_percent": "2.5"}, "qty": "5"},
        },
        answer=a.Protection,
        answered="The exits.",
    ),
)
async def set_protection(visit: Visiting, symbol: str) -> Response:
    """Protect a position."""
    caller, door, key = visit.caller(Scope.TRADE), visit.door, visit.head.idempotency_key
    instrument = door.view.instruments[symbol_in_path(door, symbol)]
    body: ProtectionBody = await visit.body(_protection)
    command = placing.set_protection(body, caller.account_id, instrument, key)
    decision = await door.decide(command, door.origin(caller, visit.head), instrument)
    made = door.render.made_protection(decision.ts, decision.events)
    return answer(made, headers=decision.headers)


@routes.delete(
    "/positions/{symbol:path}/protection",
    **described(
        "remove_protection",
        TAG,
        "Remove a position's protection",
        traits=_READS | Trait.IDEMPOTENT | Trait.NAMED,
        answer=list[a.Cancellation],
        answered="The ends of its exits.",
    ),
)
async def remove_protection(visit: Visiting, symbol: str) -> Response:
    """Remove a position's protection."""
    caller, door, key = visit.caller(Scope.TRADE), visit.door, visit.head.idempotency_key
    instrument = door.view.instruments[symbol_in_path(door, symbol)]
    command = placing.remove_protection(caller.account_id, instrument, key)
    decision = await door.decide(command, door.origin(caller, visit.head), instrument)
    done = door.render.canceled_by_client(decision.ts, decision.events, caller.account_id)
    return answer(done, headers=decision.headers)


@routes.get(
    "/positions/{symbol:path}",
    **described(
        "read_position",
        TAG,
        "Read a position",
        traits=_READS | Trait.NAMED,
        answer=a.Position,
        answered="The position.",
    ),
)
async def read_position(visit: Visiting, symbol: str) -> Response:
    """Read a position."""
    caller, door = visit.caller(Scope.READ), visit.door
    row = door.view.positions[caller.account_id].get(symbol_in_path(door, symbol))
    if row is None or row.qty == 0:
        raise rule_problem(DenyCode.NO_POSITION, "symbol")
    return answer(door.render.position(row))


@routes.delete(
    "/positions/{symbol:path}",
    **described(
        "close_position",
        TAG,
        "Close a position",
        "Sells, or buys back, all of it that no open order holds, or `qty`, or `percentage` of it,"
        " with a day market order.",
        traits=_READS | Trait.IDEMPOTENT | Trait.NAMED,
        status=201,
        answer=a.Order,
        answered="The closing order.",
    ),
)
async def close_position(
    visit: Visiting,
    symbol: str,
    qty: Annotated[str | None, Query(description="Decimal text.")] = None,
    percentage: Annotated[str | None, Query(description="Above 0 and at most 100.")] = None,
    cancel_orders: Annotated[
        bool, Query(description="First cancel the open orders in this asset.")
    ] = False,
) -> Response:
    """Close a position."""
    caller, door, key = visit.caller(Scope.TRADE), visit.door, visit.head.idempotency_key
    instrument = door.view.instruments[symbol_in_path(door, symbol)]
    command = placing.close_position(
        door, caller.account_id, instrument, qty, percentage, cancel_orders, key
    )
    decision = await door.decide(command, door.origin(caller, visit.head), instrument)
    return answer(door.render.made(decision.ts, decision.events), 201, decision.headers)
