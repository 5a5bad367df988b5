"""Signing in and out, and who one is."""

from typing import Final

from stockyard.api import answers as a
from stockyard.api.auth import require_scope, require_session
from stockyard.api.describing import Trait, described
from stockyard.api.door import Door
from stockyard.api.fields import LoginBody, Reader
from stockyard.api.heads import is_loopback
from stockyard.api.problems import Problem
from stockyard.api.routes import Response, Visit, Visiting, answer, router
from stockyard.api.settings import MailWay
from stockyard.api.shapes import time_text
from stockyard.model.numbers import format_cash
from stockyard.people.directory import People, SignIn
from stockyard.people.errors import ThrottledError, UserError
from stockyard.people.identity import Scope
from stockyard.people.sessions import Place
from stockyard.people.users import User, normal_email

routes = router()
_login = Reader(LoginBody)
TAG = "People"
_PASSED_ON: Final = frozenset({b"forwarded", b"via", b"x-forwarded-for", b"x-real-ip"})
"""What proxies put on a request."""


def place_of(visit: Visit, method: str = "password") -> Place:
    """Where a request comes from, and how it signs somebody in."""
    return Place(visit.head.address, visit.head.user_agent, method)


def shown_user(user: User) -> a.User:
    """A user as told to that user."""
    return a.User(
        user.id, user.name, user.email, user.role, user.status, time_text(user.created_ns)
    )


@routes.post(
    "/auth/login",
    **described(
        "login",
        TAG,
        "Sign in",
        "Answers with a session token for the Authorization header; it is good for 24 hours. Who"
        " has a second factor is answered `second_factor_required` until a `code` comes with it.",
        traits=Trait.PEOPLE,
        body=LoginBody,
        body_examples={"ann": {"email": "ann@example.com", "password": "correct horse battery"}},
        answer=a.SignedIn,
        answered="A new session.",
        refusals=(401, 403, 429),
    ),
)
async def sign_in(visit: Visiting) -> Response:
    """Open a session."""
    body: LoginBody = await visit.body(_login)
    try:
        found = await visit.door.desk.run(lambda: _attempt(visit.door, body, place_of(visit)))
    except UserError as error:
        await note_refused(visit, body.email, error)
        raise
    await note_opened(visit, found.user, found.expires_ns, "password")
    return answer(a.SignedIn(found.token, time_text(found.expires_ns), shown_user(found.user)))


async def note_refused(visit: Visit, email: str, error: UserError) -> None:
    """Record a sign-in that failed, in the history of whose it would have been.

    One that was not even tried is not: whoever goes on asking could fill the disk.
    """
    if isinstance(error, ThrottledError):
        return
    user = visit.door.desk.alone(lambda people: people.user_by_email(email))
    user_id = "" if user is None else user.id
    await visit.note("session.refused", _address(email), after={"why": error.code}, user_id=user_id)


def _address(text: str) -> str:
    """An e-mail address in its normal form; nothing of other text, which may be a password."""
    try:
        return normal_email(text)
    except UserError:
        return ""


async def note_opened(visit: Visit, user: User, expires_ns: int, by: str) -> None:
    """Record that somebody signed in."""
    user_id, told = user.id, {"by": by, "expires_at": time_text(expires_ns)}
    await visit.note("session.opened", user_id, after=told, by=f"user:{user_id}", user_id=user_id)


def _attempt(door: Door, body: LoginBody, place: Place) -> SignIn:
    now_ns = door.world.clock.wall_ns()
    attempt = door.desk.alone(lambda p: p.begin_login(body.email, place.address, now_ns))
    check = door.passwords.check(attempt.password_hash, body.password)
    return door.desk.alone(lambda p: p.finish_login(attempt, check, now_ns, place, body.code))


@routes.post(
    "/auth/demo",
    **described(
        "demo_login",
        TAG,
        "Sign in as the demo user",
        "Without a password, and so only where this Stockyard has a demo user, listens on no"
        " network, and is asked by a name of this machine.",
        traits=Trait.PEOPLE,
        answer=a.SignedIn,
        answered="A new session.",
        refusals=(403,),
    ),
)
async def demo_sign_in(visit: Visiting) -> Response:
    """Open a session of the demo user."""
    door = visit.door
    email = door.demo_email if _is_here(visit) else None
    if email is None:
        raise Problem(
            403,
            "no_demo",
            "nobody is signed in without a password here",
            "sign in with POST /api/v1/auth/login; the demo user's password stands in demo.json",
        )
    now_ns, place = door.world.clock.wall_ns(), place_of(visit, "demo")

    def opened(people: People) -> SignIn:
        user = people.user_by_email(email)
        assert user is not None, "the demo user is never deleted"
        return people.open_session(user, now_ns, place)

    found = await door.desk.write(opened)
    await note_opened(visit, found.user, found.expires_ns, "demo")
    return answer(a.SignedIn(found.token, time_text(found.expires_ns), shown_user(found.user)))


def _is_here(visit: Visiting) -> bool:
    """Whether a request names this machine; a page that a foreign name led here does not, and one
    that a proxy hands on may come from anywhere.
    """
    passed_on = _PASSED_ON & visit.head.headers.keys()
    return not passed_on and is_loopback(visit.head.text(b"host") or "")


@routes.get(
    "/house",
    **described(
        "house",
        TAG,
        "What this Stockyard offers",
        "Its version, how people sign up, whether `POST /api/v1/auth/demo` would work for"
        " whoever asks, and what a new account starts with.",
        answer=a.House,
        answered="What is offered.",
    ),
)
async def house(visit: Visiting) -> Response:
    """Tell what is offered to whoever has not signed in."""
    settings = visit.door.settings
    demo = visit.door.demo_email is not None and _is_here(visit)
    cash = format_cash(settings.starting_micros)
    mail = settings.mail != MailWay.NOWHERE
    return answer(a.House(settings.version, settings.sign_up, demo, cash, mail))


@routes.post(
    "/auth/logout",
    **described(
        "logout",
        TAG,
        "Sign out",
        "Ends the session of the token or cookie that is sent.",
        traits=Trait.SIGNED_IN | Trait.PEOPLE,
        status=204,
        answered="The token no longer works.",
    ),
)
async def sign_out(visit: Visiting) -> Response:
    """End the session."""
    identity = visit.identity()
    require_session(identity)
    token = visit.door.gate.session_token(visit.head)
    await visit.door.desk.write(lambda p: p.sign_out(token))
    await visit.note("session.closed", identity.user_id)
    response = Response(status_code=204)
    if b"cookie" in visit.head.headers:
        response.raw_headers.append(visit.door.cookies.clear_session())
    return response


@routes.get(
    "/me",
    **described(
        "me",
        TAG,
        "Who am I",
        "The user, what the credentials may do, and the accounts they reach.",
        traits=Trait.SIGNED_IN,
        answer=a.Me,
        answered="The one who asks.",
    ),
)
async def me(visit: Visiting) -> Response:
    """Tell who asks."""
    identity, door = visit.identity(), visit.door
    require_scope(identity, Scope.READ)
    user = door.desk.alone(lambda p: p.user(identity.user_id))
    assert user is not None, "an identity has a user"
    accounts = [door.render.account(door.view.accounts[n]) for n in identity.account_ids]
    return answer(a.Me(shown_user(user), sorted(identity.scopes), identity.key_id, accounts))
