"""When an account changed, and a user's account as it was, for those who run the house."""

from typing import Annotated, Final

from fastapi import Query

from stockyard.api import answers as a
from stockyard.api.describing import Trait, described
from stockyard.api.past_answers import Moment, Timeline
from stockyard.api.past_words import words_of
from stockyard.api.rest.admin_users import overseer
from stockyard.api.routes import Response, Visiting, answer, router
from stockyard.api.shapes import time_text
from stockyard.people.identity import Scope

routes = router()
LIMIT_DEFAULT: Final = 100
LIMIT_MAX: Final = 500
SEQ_MAX: Final = 2**62


@routes.get(
    "/account/timeline",
    **described(
        "read_timeline",
        "Accounts",
        "List when the account changed",
        "Every input that changed it, newest first: the points at which `GET /api/v1/account?at=`"
        " shows something new, but for prices. Of a pruned journal, from its base on. For the next"
        " page send `before`.",
        traits=Trait.SIGNED_IN | Trait.ACCOUNT | Trait.HISTORY,
        answer=Timeline,
        answered="A page of the timeline.",
    ),
)
async def read_timeline(
    visit: Visiting,
    before: Annotated[
        int | None, Query(ge=1, le=SEQ_MAX, description="An input's number: only earlier ones.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT,
) -> Response:
    """List when the account changed."""
    caller, door = visit.caller(Scope.READ), visit.door
    found = await door.world.query(
        lambda store: store.moments(caller.account_id, before or 0, limit + 1)
    )
    base = door.world.journal.base
    first = 0 if base is None else base.seq
    found = [moment for moment in found if moment[0] >= first]
    shown = [
        Moment(seq, time_text(ts), words_of(door.view, event))
        for seq, _, ts, event in found[:limit]
    ]
    return answer(Timeline(shown, shown[-1].seq if len(found) > limit else None))


@routes.get(
    "/admin/users/{user_id}/account",
    **described(
        "read_user_account",
        "Operator",
        "Read a user's account, as it is or was",
        "One of their accounts, with `at` as it was at any point. For admins, and for instructors"
        " among users of role user (scope `teach`).",
        traits=Trait.SIGNED_IN | Trait.NAMED,
        answer=a.Account,
        answered="The account.",
        refusals=(503,),
    ),
)
async def read_user_account(
    visit: Visiting,
    user_id: str,
    account: Annotated[
        str | None, Query(description="One of the user's; default the oldest.")
    ] = None,
    at: Annotated[
        str | None,
        Query(
            description="An input's number, or a time with its zone such as 2026-11-20T15:30:00Z."
        ),
    ] = None,
) -> Response:
    """Read a user's account, as it is or was."""
    who, door = overseer(visit), visit.door
    row = who.account(who.user(user_id), account)
    if at is None:
        return answer(door.render.account(row))
    by, receive = who.identity.user_id, visit.request.receive
    found = await door.past.account(row.account_id, at, by, receive)
    return Response(found, media_type="application/json")
