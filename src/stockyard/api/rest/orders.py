"""Orders: all but the hot paths."""

from collections.abc import Mapping
from typing import Annotated, Final, TypeVar

from fastapi import Query

from stockyard.api import answers as a
from stockyard.api import fields, placing
from stockyard.api.describing import Trait, described
from stockyard.api.door import NO_DIGEST, Door, digest
from stockyard.api.fields import Reader
from stockyard.api.problems import Problem, denial
from stockyard.api.routes import Response, Visiting, answer, router
from stockyard.api.shapes import price_text
from stockyard.api.story import story
from stockyard.model.codes import (
    CLASS_WORDS,
    OPEN_STATUSES,
    SIDE_WORDS,
    STATUS_WORDS,
    TIF_WORDS,
    TYPE_WORDS,
    OrderType,
    Status,
)
from stockyard.model.commands import CancelAllOrders, PlaceOrder
from stockyard.model.denials import DENY_RULES
from stockyard.model.events import CommandDenied, OrderFilled
from stockyard.model.ids import Kind
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import LEGS_MAX, format_cash, format_decimal
from stockyard.model.order_types import LATER, ORDER_TYPES, OrderTypeRow
from stockyard.model.previews import OrderPreview
from stockyard.people.identity import Scope
from stockyard.projections.rows import OrderRow
from stockyard.projections.store import OrderFilter, ReadStore

routes = router()
_order = Reader(fields.OrderBody)
_replace = Reader(fields.ReplaceBody)
TAG: Final = "Orders"
LIMIT_DEFAULT: Final = 50
LIMIT_MAX: Final = 500
_Code = TypeVar("_Code")
_BY_WORD: Final = {word: (status,) for status, word in STATUS_WORDS.items()}
_STATUSES: Final = {
    "all": (),
    "open": OPEN_STATUSES,
    "closed": tuple(status for status in STATUS_WORDS if status not in OPEN_STATUSES),
    "ended": tuple(
        status for status in STATUS_WORDS if status not in (*OPEN_STATUSES, Status.FILLED)
    ),
    **_BY_WORD,
}
_SIDES: Final = {word: side for side, word in SIDE_WORDS.items()}
_TYPES: Final = {word: order_type for order_type, word in TYPE_WORDS.items()}
StatusWord = Annotated[
    str,
    Query(
        description="`all`, `open`, `closed`, `ended` (closed, but not filled), or one status.",
        json_schema_extra={"enum": list(_STATUSES)},
    ),
]
SideWord = Annotated[str | None, Query(json_schema_extra={"enum": list(_SIDES)})]
TypeWord = Annotated[str | None, Query(json_schema_extra={"enum": list(_TYPES)})]
Made = Annotated[
    str | None,
    Query(description="When it was made: RFC 3339 with a zone, or a day such as 2026-11-20 (UTC)."),
]
_READS = Trait.SIGNED_IN | Trait.ACCOUNT | Trait.HISTORY
_MOVES = Trait.SIGNED_IN | Trait.ACCOUNT | Trait.IDEMPOTENT


@routes.get(
    "/orders",
    **described(
        "list_orders",
        TAG,
        "List orders",
        "Newest first, those made from `start` until before `end`. For the next page send the last"
        " order's id as `after`.",
        traits=_READS,
        answer=list[a.Order],
        answered="The orders.",
    ),
)
async def list_orders(
    visit: Visiting,
    status: StatusWord = "all",
    symbol: Annotated[str | None, Query()] = None,
    client_order_id: Annotated[str | None, Query()] = None,
    after: Annotated[str | None, Query(description="An order's id: only older ones.")] = None,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT,
    side: SideWord = None,
    type: TypeWord = None,
    start: Made = None,
    end: Made = None,
) -> Response:
    """List orders."""
    caller, door = visit.caller(Scope.READ), visit.door
    found = orders_wanted(door, caller.account_id, status, symbol, side, type, start, end)
    wanted = found._replace(
        client_order_id=fields.client_order_id(client_order_id),
        after=_after(door, after) if after is not None else 0,
        limit=limit,
    )
    rows = await door.world.query(lambda store: _orders(store, wanted, door))
    linked = await door.legs(rows)
    return answer([door.render.live_order(row, linked) for row in rows])


def orders_wanted(
    door: Door,
    account_id: int,
    status: str,
    symbol: str | None,
    side: str | None,
    order_type: str | None,
    start: str | None,
    end: str | None,
) -> OrderFilter:
    """Orders by the words of a request. Raises ``Problem`` 422."""
    return OrderFilter(
        account_id,
        _code(_STATUSES, "status", status),
        door.instrument(symbol).instrument_id if symbol is not None else 0,
        sides=(_code(_SIDES, "side", side),) if side is not None else (),
        order_types=(_code(_TYPES, "type", order_type),) if order_type is not None else (),
        from_ns=fields.day_or_moment("start", start) if start is not None else 0,
        to_ns=fields.day_or_moment("end", end) if end is not None else 0,
    )


def _code(codes: Mapping[str, _Code], field: str, word: str) -> _Code:
    """What a word stands for. Raises ``Problem`` 422."""
    found = codes.get(word)
    if found is None:
        right = f"use one of {', '.join(codes)}"
        raise Problem(422, f"invalid_{field}", f"there is no such {field}", right, field=field)
    return found


def _after(door: Door, text: str) -> int:
    found = door.ids.parse(Kind.ORDER, text)
    if found is None:
        raise Problem(
            422, "invalid_id", "after is not an order's id", "send an id as it came", field="after"
        )
    return found[0] * LEGS_MAX + found[1]


def _orders(store: ReadStore, wanted: OrderFilter, door: Door) -> list[OrderRow]:
    """The rows; an order whose client gave it no name is also found under its id."""
    rows = store.orders(wanted)
    named = door.ids.parse(Kind.ORDER, wanted.client_order_id) if wanted.client_order_id else None
    if named is None:
        return rows
    order_id = named[0] * LEGS_MAX + named[1]
    by_id = store.orders(
        wanted._replace(
            client_order_id="", after=min(order_id + 1, wanted.after or order_id + 1), limit=1
        )
    )
    return rows + [row for row in by_id if row.order_id == order_id and not row.client_order_id]


@routes.delete(
    "/orders",
    **described(
        "cancel_orders",
        TAG,
        "Cancel all open orders",
        "Or, with `symbol`, those of one asset. None open is no error.",
        traits=_MOVES,
        answer=list[a.Cancellation],
        answered="What was canceled, oldest first.",
    ),
)
async def cancel_orders(visit: Visiting, symbol: Annotated[str | None, Query()] = None) -> Response:
    """Cancel all open orders."""
    caller, door, key = visit.caller(Scope.TRADE), visit.door, visit.head.idempotency_key
    instrument_id = door.instrument(symbol).instrument_id if symbol is not None else 0
    told = digest("DELETE /orders", "all", instrument_id) if key else NO_DIGEST
    command = CancelAllOrders(caller.account_id, instrument_id, key, told)
    decision = await door.decide(command, door.origin(caller, visit.head))
    done = door.render.canceled_by_client(decision.ts, decision.events, caller.account_id)
    return answer(done, headers=decision.headers)


@routes.patch(
    "/orders/{order_id}",
    **described(
        "replace_order",
        TAG,
        "Replace an order",
        "Puts a new order in its place: the old one ends as `replaced`, and the new one names it"
        " in `replaces`. `qty` is the new total, counting what the old order has filled. The new"
        " one of a waiting trailing stop keeps its best price, unless the trail changes.",
        traits=_MOVES | Trait.NAMED,
        body=fields.ReplaceBody,
        body_examples={
            "price": {"limit_price": "189.50"},
            "qty": {"qty": "5"},
            "stop": {"stop_price": "182"},
            "until": {"time_in_force": "gtd", "expires_at": "2026-03-02T16:00:00-05:00"},
        },
        status=201,
        answer=a.Order,
        answered="The new order.",
    ),
)
async def replace_order(visit: Visiting, order_id: str) -> Response:
    """Replace an order."""
    caller, door, key = visit.caller(Scope.TRADE), visit.door, visit.head.idempotency_key
    body: fields.ReplaceBody = await visit.body(_replace)
    row = await door.order(order_id, caller.account_id)
    instrument = door.view.instruments[row.instrument_id]
    command = placing.replace_order(body, row, instrument, key)
    decision = await door.decide(command, door.origin(caller, visit.head), instrument)
    earlier = await door.legs_before(decision)
    return answer(door.render.made(decision.ts, decision.events, earlier), 201, decision.headers)


@routes.get(
    "/orders/{order_id}/executions",
    **described(
        "list_executions",
        TAG,
        "Explain an order's fills",
        "Each with the quote it was made against, the sizes, the fees and the rule.",
        traits=_READS | Trait.NAMED,
        answer=list[a.Execution],
        answered="The fills, oldest first.",
    ),
)
async def list_executions(visit: Visiting, order_id: str) -> Response:
    """Explain an order's fills."""
    caller, door = visit.caller(Scope.READ), visit.door
    row = await door.order(order_id, caller.account_id)
    found = await door.world.query(lambda store: store.fills(row.order_id))
    return answer(
        [
            door.render.execution(fill.seq, fill.idx, fill.ts, event)
            for fill, event in found
            if isinstance(event, OrderFilled)
        ]
    )


@routes.get(
    "/orders/{order_id}/story",
    **described(
        "tell_order",
        TAG,
        "Tell an order's whole story",
        "Everything that happened to it and why, in plain words, oldest first.",
        traits=_READS | Trait.NAMED,
        answer=list[a.Chapter],
        answered="The chapters.",
    ),
)
async def tell_order(visit: Visiting, order_id: str) -> Response:
    """Tell an order's whole story."""
    caller, door = visit.caller(Scope.READ), visit.door
    row = await door.order(order_id, caller.account_id)
    events = await door.world.query(lambda store: store.order_events(row))
    return answer(story(door.render, row, door.view.instruments[row.instrument_id], events))


@routes.post(
    "/orders/preview",
    **described(
        "preview_order",
        TAG,
        "Preview an order",
        "The same checks and sums as for an order, at this moment. Nothing is journaled.",
        traits=Trait.SIGNED_IN | Trait.ACCOUNT,
        body=fields.OrderBody,
        body_examples={"market": {"symbol": "AAPL", "side": "buy", "qty": "10"}},
        answer=a.Preview,
        answered="What would happen, also when that is a denial.",
    ),
)
async def preview_order(visit: Visiting) -> Response:
    """Preview an order."""
    caller, door = visit.caller(Scope.READ), visit.door
    body: fields.OrderBody = await visit.body(_order)
    command, instrument = placing.place_order(door, body, caller.account_id, "")
    return answer(_shown_preview(door, command, instrument, door.world.preview(command)))


def _shown_denial(
    command: PlaceOrder, instrument: Instrument, code: int, required: int, available: int
) -> a.Denial:
    rule = DENY_RULES[code]
    told = CommandDenied(command.account_id, code, required, available)
    problem = denial(told, 0, instrument, False, command)
    return a.Denial(
        rule.word,
        rule.wrong,
        rule.right,
        problem.field,
        rule.retryable,
        problem.required,
        problem.available,
    )


def _shown_preview(
    door: Door, command: PlaceOrder, instrument: Instrument, found: OrderPreview
) -> a.Preview:
    lines, total = door.render.fees(found.fees)
    denials = [_shown_denial(command, instrument, *rule) for rule in found.broken]
    scale = instrument.qty_scale
    return a.Preview(
        not denials,
        denials,
        instrument.symbol,
        SIDE_WORDS[command.side],
        format_decimal(found.qty, scale),
        format_decimal(found.fillable_qty, scale),
        price_text(found.price, instrument) if found.price else None,
        format_cash(found.value_micros),
        lines,
        total,
        format_cash(found.hold_micros),
        format_cash(found.buying_power_micros_after),
        format_cash(found.borrow_micros_a_day),
    )


@routes.get(
    "/order-types",
    **described(
        "list_order_types",
        TAG,
        "List order types",
        "What each type is, which fields it needs, how long it may live, and which classes and"
        " hours it goes with. Needs no sign-in.",
        answer=list[a.OrderTypeTerms],
        answered="The types.",
    ),
)
async def list_order_types(visit: Visiting) -> Response:
    """List order types."""
    return answer(
        [
            a.OrderTypeTerms(
                row.word,
                row.title,
                row.description,
                _needs(row),
                [TIF_WORDS[tif] for tif in row.times_in_force],
                [TIF_WORDS[tif] for tif in row.times_in_force if tif in LATER],
                [CLASS_WORDS[order_class] for order_class in row.classes],
                row.extended_hours,
                row.order_type == OrderType.LIMIT,
            )
            for row in ORDER_TYPES
        ]
    )


def _needs(row: OrderTypeRow) -> list[list[str]]:
    """Groups of fields, of each of which an order of this type has exactly one."""
    found = [["qty", "notional"] if row.takes_notional else ["qty"]]
    if row.needs_limit_price:
        found.append(["limit_price"])
    if row.needs_stop_price:
        found.append(["stop_price"])
    if row.needs_trail:
        found.append(["trail_price", "trail_percent"])
    return found
