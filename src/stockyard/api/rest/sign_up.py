"""Becoming a user: at once, or by a link in a mail, or not by oneself.

Promises: but where signing up is open, nobody learns whose addresses are users', neither from an
answer nor from how long it took; a link is used by a ``POST`` alone. Must not know: how an account
is opened.
"""

from typing import Final

from stockyard.api import answers as a
from stockyard.api import link_shapes as k
from stockyard.api.describing import Trait, described, schema_of
from stockyard.api.fields import Reader, RegisterBody
from stockyard.api.problems import Problem
from stockyard.api.registering import Wish, finish, register
from stockyard.api.rest.links import UNIFORM
from stockyard.api.rest.sign_in import TAG, shown_user
from stockyard.api.routes import Response, Visit, Visiting, answer, router
from stockyard.api.settings import SignUpWay
from stockyard.model.records import Origin
from stockyard.people import letters
from stockyard.people.sign_ups import Asking
from stockyard.people.users import User, normal_email
from stockyard.projections.rows import AccountRow

routes = router()
_register = Reader(RegisterBody)
_finish = Reader(k.FinishBody)
_REGISTERED: Final = described(
    "register",
    TAG,
    "Sign up",
    "Where `sign_up` of `GET /api/v1/house` is `open`, makes a user and a first account with the"
    " house's starting balance; then sign in. Where it is `confirmed`, sends a link that does so"
    f" (`POST /api/v1/auth/register/finish`). {UNIFORM}",
    traits=Trait.PEOPLE,
    body=RegisterBody,
    body_examples={
        "ann": {"name": "Ann", "email": "ann@example.com", "password": "correct horse battery"},
        "by mail": {"name": "Ann", "email": "ann@example.com"},
    },
    status=201,
    answer=a.Registered,
    answered="The user and the account.",
    refusals=(403, 409, 429),
)


_REGISTERED["responses"][202] = {
    "description": "A mail is on its way to the address, whosever it is.",
    "content": {"application/json": {"schema": schema_of(k.Sent)}},
}


@routes.post("/auth/register", **_REGISTERED)
async def sign_up(visit: Visiting) -> Response:
    """Make a user with a first account, or send the link that does."""
    way = visit.door.settings.sign_up
    if way == SignUpWay.CLOSED:
        raise _closed()
    body: RegisterBody = await visit.body(_register)
    if way == SignUpWay.CONFIRMED:
        await _ask(visit, body)
        return answer(k.ASKED_TO_JOIN, 202)
    wish = Wish(body.name, body.email, body.password, body.account_name)
    return await _welcome(visit, *await register(visit.door, wish, _origin(visit)))


async def _ask(visit: Visit, body: RegisterBody) -> None:
    door, now_ns = visit.door, visit.door.world.clock.wall_ns()
    root = door.settings.public_url
    asking = Asking(body.name, body.email, body.account_name, visit.head.address)
    known = letters.already_known(root)
    user = await door.desk.write(
        lambda p: p.ask_sign_up(
            asking, lambda token: letters.finish_sign_up(root, token), known, now_ns
        )
    )
    # Also of a user: what is on record takes time.
    await visit.note(
        "user.sign_up_asked", normal_email(body.email), user_id="" if user is None else user.id
    )


@routes.post(
    "/auth/register/finish",
    **described(
        "finish_registration",
        TAG,
        "Finish signing up by a link",
        "The link works once, for 24 hours. Makes the user and a first account; then sign in.",
        traits=Trait.PEOPLE,
        body=k.FinishBody,
        body_examples={"ann": {"token": "sl_" + "x" * 43, "password": "correct horse battery"}},
        status=201,
        answer=a.Registered,
        answered="The user and the account.",
        refusals=(401, 403),
    ),
)
async def finish_sign_up(visit: Visiting) -> Response:
    """Make a user with a first account by a link."""
    if visit.door.settings.sign_up == SignUpWay.CLOSED:
        # Links that were sent before it was closed go on waiting, for whoever opens it again.
        raise _closed()
    body: k.FinishBody = await visit.body(_finish)
    made = await finish(visit.door, body.token, body.password, _origin(visit))
    return await _welcome(visit, *made)


async def _welcome(visit: Visit, user: User, account: AccountRow) -> Response:
    told = {"name": user.name, "email": user.email, "role": user.role}
    await visit.note("user.registered", user.id, after=told, user_id=user.id)
    return answer(a.Registered(shown_user(user), visit.door.render.fresh_account(account)), 201)


def _origin(visit: Visit) -> Origin:
    return Origin("anyone", visit.head.request_id, visit.head.address, visit.head.user_agent)


def _closed() -> Problem:
    return Problem(
        403,
        "sign_up_closed",
        "nobody can sign up here by themselves",
        "ask whoever runs this Stockyard: they add users under Operator, by POST"
        " /api/v1/admin/users or `stockyard users add`, or let people sign up by setting"
        " STOCKYARD_SIGN_UP and, off this machine, a mail server (STOCKYARD_SMTP_HOST)",
    )
