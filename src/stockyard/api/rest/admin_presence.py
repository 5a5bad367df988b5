"""Who is connected, for those who run the house."""

from typing import Final

from stockyard.api import admin_shapes as s
from stockyard.api.describing import Trait, described
from stockyard.api.presence_answers import PresentStream
from stockyard.api.rest.admin_users import overseer
from stockyard.api.rest.live import shown_stream
from stockyard.api.routes import Response, Visiting, answer, router
from stockyard.people.identity import Scope

routes = router()
TAG: Final = "Operator"


@routes.get(
    "/admin/presence",
    **described(
        "list_present",
        TAG,
        "Who is connected",
        "Open streams by user; those without a sign-in come last. For admins; instructors see users"
        " of role user (scope `teach`).",
        traits=Trait.SIGNED_IN,
        answer=s.Present,
        answered="The users with open streams.",
    ),
)
async def list_present(visit: Visiting) -> Response:
    """Tell who is connected."""
    who = overseer(visit)
    sees_all = Scope.ADMIN in who.identity.scopes
    found: dict[str, list[PresentStream]] = {}
    for one in who.gateway:
        user_id = one.identity.user_id if one.identity is not None else ""
        found.setdefault(user_id, []).append(shown_stream(visit, one))
    users = []
    for user_id in sorted(found, key=lambda each: (not each, each)):
        user = visit.door.desk.people.user(user_id)
        if user is None:
            if sees_all:
                users.append(s.PresentUser(None, None, None, None, found[user_id]))
        elif who.may_see(user):
            users.append(s.PresentUser(user.id, user.name, user.email, user.role, found[user_id]))
    return answer(s.Present(sum(len(each.streams) for each in users), users))
