"""Users that those who run the house add, and links with which somebody chooses a password.

Promises: nobody but the user ever knows the password; a link is shown once, to an administrator,
works once, and who made it for whom is on record. Must not know: how a link is used.
"""

from secrets import token_urlsafe
from typing import Final

from stockyard.api import admin_shapes as s
from stockyard.api.auth import actor, require_admin, require_session
from stockyard.api.describing import Trait, described
from stockyard.api.fields import Reader
from stockyard.api.overseeing import Overseer
from stockyard.api.problems import Problem
from stockyard.api.registering import Wish, register
from stockyard.api.rest.admin_users import TAG, overseer
from stockyard.api.routes import Response, Visit, Visiting, answer, router
from stockyard.api.shapes import time_text
from stockyard.model.records import Origin
from stockyard.people.links import LinkKind
from stockyard.people.users import User, may_act

routes = router()
_add = Reader(s.AddUserBody)
LINK_LIFE_S: Final = 24 * 3600
_LINK: Final = (
    " The link is told once and works once, for 24 hours; hand it to the user by a way you trust."
    " For admins who signed in themselves, not for API keys."
)


@routes.post(
    "/admin/users",
    **described(
        "add_user",
        TAG,
        "Add a user",
        f"With a first account, and a link with which they choose a password.{_LINK}",
        traits=Trait.SIGNED_IN | Trait.PEOPLE,
        body=s.AddUserBody,
        body_examples={"ann": {"name": "Ann", "email": "ann@example.com"}},
        status=201,
        answer=s.AddedUser,
        answered="The user, and the link.",
        refusals=(409, 429),
    ),
)
async def add_user(visit: Visiting) -> Response:
    """Add a user."""
    who = _admin(visit)
    body: s.AddUserBody = await visit.body(_add)
    head = visit.head
    origin = Origin(actor(who.identity), head.request_id, head.address, head.user_agent)
    # A password that nobody has seen: the link is the only way in.
    wish = Wish(body.name, body.email, token_urlsafe(32), body.account_name, body.role)
    user, _ = await register(visit.door, wish, origin)
    told = {"name": user.name, "email": user.email, "role": user.role}
    await visit.note("user.registered", user.id, after=told, user_id=user.id)
    return answer(s.AddedUser(who.line(user), await _link(visit, user)), 201)


@routes.post(
    "/admin/users/{user_id}/password-link",
    **described(
        "link_user",
        TAG,
        "Make a link for a new password",
        f"For a user who lost theirs, above all where no mail is sent.{_LINK}",
        traits=Trait.SIGNED_IN | Trait.NAMED | Trait.PEOPLE,
        status=201,
        answer=s.PasswordLink,
        answered="The link.",
        refusals=(409,),
    ),
)
async def link_user(visit: Visiting, user_id: str) -> Response:
    """Make a link for a new password."""
    user = _admin(visit).user(user_id)
    if not may_act(user):
        raise Problem(
            409,
            "user_not_active",
            f"the user is {user.status}",
            "make them active first",
            field="user_id",
        )
    return answer(await _link(visit, user), 201)


def _admin(visit: Visit) -> Overseer:
    who = overseer(visit)
    require_admin(who.identity)
    # Who has a link can be its user: what a key may do must not grow by it.
    require_session(who.identity)
    return who


async def _link(visit: Visit, user: User) -> s.PasswordLink:
    door, now_ns = visit.door, visit.door.world.clock.wall_ns()
    token, link = await door.desk.write(
        lambda p: p.links.give(LinkKind.RESET, user, LINK_LIFE_S, now_ns)
    )
    ends = time_text(link.expires_ns)
    await visit.note("user.link_made", user.id, after={"ends": ends}, user_id=user.id)
    return s.PasswordLink(f"{door.settings.public_url}/reset#{token}", ends)
