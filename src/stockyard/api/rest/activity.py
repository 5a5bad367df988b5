"""What happened to an account, newest first."""

from typing import Annotated, Final

from fastapi import Query

from stockyard.api import fields
from stockyard.api.activity import ALL, KINDS, Activities, Kinds
from stockyard.api.activity_answers import Activity
from stockyard.api.describing import Trait, described
from stockyard.api.frames import parse_token
from stockyard.api.problems import Problem
from stockyard.api.routes import Response, Visit, Visiting, answer, router
from stockyard.people.identity import Scope
from stockyard.projections.store import Stretch

routes = router()
TAG: Final = "Accounts"
LIMIT_DEFAULT: Final = 50
LIMIT_MAX: Final = 500
When = Annotated[
    str | None, Query(description="RFC 3339 with a zone, or a day such as 2026-11-20 (UTC).")
]
KindWord = Annotated[
    str | None, Query(description="Only one kind.", json_schema_extra={"enum": list(KINDS)})
]


SymbolWord = Annotated[str | None, Query(description="Only what is about one symbol.")]


def instrument_named(visit: Visit, symbol: str | None) -> int:
    """The instrument of a symbol, 0 for none named. Raises ``Problem`` 422."""
    return 0 if symbol is None else visit.door.instrument(symbol).instrument_id


def kinds_named(kind: str | None) -> Kinds:
    """The events that a word stands for. Raises ``Problem`` 422."""
    kinds = KINDS.get(kind) if kind is not None else ALL
    if kinds is None:
        right = f"use one of {', '.join(KINDS)}"
        raise Problem(422, "invalid_kind", "there is no such kind", right, field="kind")
    return kinds


@routes.get(
    "/account/activities",
    **described(
        "list_activities",
        TAG,
        "List what happened to the account",
        "Fills, deposits and withdrawals, interest, fees for borrowing, funding, margin calls,"
        " resets and refused requests, newest first, from `start` until before `end`. For the next"
        " page send the last one's id as `after`. With `symbol` only what is about that one: cash,"
        " resets and refusals are about none.",
        traits=Trait.SIGNED_IN | Trait.ACCOUNT | Trait.HISTORY,
        answer=list[Activity],
        answered="The activities.",
    ),
)
async def list_activities(
    visit: Visiting,
    kind: KindWord = None,
    start: When = None,
    end: When = None,
    symbol: SymbolWord = None,
    after: Annotated[str | None, Query(description="An activity's id: only older ones.")] = None,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT,
) -> Response:
    """List what happened to the account."""
    caller, door = visit.caller(Scope.READ), visit.door
    wanted = kinds_named(kind)
    before = parse_token(after) if after is not None else None
    if after is not None and before is None:
        raise Problem(
            422,
            "invalid_id",
            "after is not an activity's id",
            "send an id as it came",
            field="after",
        )
    some = Stretch(
        before,
        limit,
        fields.day_or_moment("start", start) if start is not None else 0,
        fields.day_or_moment("end", end) if end is not None else 0,
        instrument_named(visit, symbol),
    )
    found = await door.world.query(lambda store: store.happenings(caller.account_id, wanted, some))
    activities = Activities(door.render, door.view.instruments)
    return answer([activities.tell(*one) for one in found])
