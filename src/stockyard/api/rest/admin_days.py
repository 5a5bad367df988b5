"""A user's day, for those who run the house: what happened, replayed event by event."""

from datetime import UTC, date, datetime
from typing import Annotated, Final

from fastapi import Query

from stockyard.api import admin_shapes as s
from stockyard.api.describing import Trait, described
from stockyard.api.frames import parse_token
from stockyard.api.problems import Problem
from stockyard.api.rest.admin_users import overseer
from stockyard.api.routes import Response, Visiting, answer, router
from stockyard.api.user_days import day_begin, read_day, shown_day

routes = router()
TAG: Final = "Operator"
LIMIT_DEFAULT: Final = 200
LIMIT_MAX: Final = 1_000
_NS: Final = 1_000_000_000


@routes.get(
    "/admin/users/{user_id}/day",
    **described(
        "replay_user_day",
        TAG,
        "Replay a user's day",
        "What happened in one of their accounts on a day (UTC), oldest first, and what the account"
        " had after each event: read one after the other it is the day again. For admins, and for"
        " instructors among users of role user (scope `teach`).",
        traits=Trait.SIGNED_IN | Trait.NAMED | Trait.HISTORY,
        answer=s.UserDay,
        answered="A page of the day.",
    ),
)
async def replay_user_day(
    visit: Visiting,
    user_id: str,
    date: Annotated[
        str | None, Query(description="Such as 2026-11-20 (UTC); default the World's today.")
    ] = None,
    account: Annotated[
        str | None, Query(description="One of the user's; default the oldest.")
    ] = None,
    after: Annotated[str | None, Query(description="An entry's id: only later ones.")] = None,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT,
) -> Response:
    """Replay a user's day."""
    who, door = overseer(visit), visit.door
    row = who.account(who.user(user_id), account)
    day = _day(date, door.world.clock.now_ns())
    later = parse_token(after) if after is not None else None
    if after is not None and later is None:
        wrong = "after is not an entry's id"
        raise Problem(422, "invalid_id", wrong, "send an id as it came", field="after")
    found = await read_day(door, row.account_id, day_begin(day))
    return answer(shown_day(door, row.account_id, day, found, later, limit))


def _day(text: str | None, now_ns: int) -> date:
    """The day that is asked for. Raises ``Problem`` 422."""
    if text is None:
        return datetime.fromtimestamp(now_ns // _NS, UTC).date()
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.year < 1971 or len(text) != 10:
        right = "write it like 2026-11-20"
        raise Problem(422, "invalid_date", "this is no day", right, field="date")
    return found
