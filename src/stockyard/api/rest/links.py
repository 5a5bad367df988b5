"""Signing in, and choosing a new password, by a link that comes by mail.

Promises: whoever asks for a link learns nothing of who is a user here, neither from the answer nor
from how long it took. A link is used by a ``POST``, or by opening it in the browser that asked for
it: programs that look through mails open links too, and must not use one up.
"""

import asyncio
from secrets import token_urlsafe
from typing import Annotated, Final

from fastapi import Query

from stockyard.api import answers as a
from stockyard.api import link_shapes as k
from stockyard.api.describing import Trait, described
from stockyard.api.door import Door
from stockyard.api.fields import Reader
from stockyard.api.heads import HEAD_ONLY
from stockyard.api.problems import Problem
from stockyard.api.rest.sign_in import place_of, shown_user
from stockyard.api.routes import Response, Visit, Visiting, answer, router
from stockyard.api.settings import MailWay, SignUpWay
from stockyard.api.shapes import time_text
from stockyard.people import letters
from stockyard.people.changing import checked_other
from stockyard.people.directory import People, SignIn
from stockyard.people.errors import UserError
from stockyard.people.links import Asked, Link, LinkKind, invalid_link, is_from
from stockyard.people.users import User, checked_password, normal_email

routes = router()
_email = Reader(k.AskBody)
_link = Reader(k.LinkBody)
_reset = Reader(k.NewPasswordBody)
_confirm = Reader(k.ConfirmEmailBody)
TAG: Final = "People"
COOKIE_LIFE_S: Final = 7 * 24 * 3600
PAGE: Final = "/link"
"""The app's page that asks whoever opened a link to go on."""
IN: Final = "signed-in"
_NS: Final = 1_000_000_000
UNIFORM: Final = "The answer is the same, and takes as long, whether or not there is such a user."
"""What is promised of every request that is made with somebody's address."""
_ASKS: Final = Trait.PEOPLE


@routes.post(
    "/auth/magic-link",
    **described(
        "ask_magic_link",
        TAG,
        "Have a link sent that signs in",
        f"It works once, for 15 minutes. {UNIFORM} The browser that asked is signed in by opening"
        " it; another one has to confirm first.",
        traits=_ASKS,
        body=k.AskBody,
        body_examples={"ann": {"email": "ann@example.com"}},
        status=202,
        answer=k.Sent,
        answered="Sent, if there is such a user.",
        refusals=(403, 429),
    ),
)
async def ask_magic_link(visit: Visiting) -> Response:
    """Send a link that signs in."""
    body: k.AskBody = await visit.body(_email)
    held = token_urlsafe(32)
    await _ask(visit, LinkKind.SIGN_IN, body.email, held)
    return answer(k.SENT, 202, (visit.door.cookies.set_browser(held),))


@routes.post(
    "/auth/recovery",
    **described(
        "ask_recovery",
        TAG,
        "Have a link sent for a new password",
        f"It works once, for 15 minutes. {UNIFORM}",
        traits=_ASKS,
        body=k.AskBody,
        body_examples={"ann": {"email": "ann@example.com"}},
        status=202,
        answer=k.Sent,
        answered="Sent, if there is such a user.",
        refusals=(403, 429),
    ),
)
async def ask_recovery(visit: Visiting) -> Response:
    """Send a link for a new password."""
    body: k.AskBody = await visit.body(_email)
    await _ask(visit, LinkKind.RESET, body.email, "")
    return answer(k.SENT, 202)


async def _ask(visit: Visit, kind: str, email: str, held: str) -> None:
    door, address = visit.door, visit.head.address
    if door.settings.mail == MailWay.NOWHERE:
        raise no_mail()
    now_ns, root = door.world.clock.wall_ns(), door.settings.public_url
    letter = letters.sign_in if kind == LinkKind.SIGN_IN else letters.reset
    asked = Asked(email, address, held)
    user = await door.desk.write(
        lambda p: p.links.ask(kind, asked, lambda token: letter(root, token), now_ns)
    )
    # Also of nobody: what is on record takes time.
    await visit.note(
        "link.asked",
        normal_email(email),
        after={"for": kind},
        user_id="" if user is None else user.id,
    )


def no_mail() -> Problem:
    """What is told where mails go nowhere."""
    return Problem(
        403,
        "no_mail",
        "no mails are sent from here",
        "sign in with a password; whoever runs this Stockyard can set a mail server",
    )


_OPENED: Final = described(
    "open_magic_link",
    TAG,
    "Open a link that signs in",
    "What the mail's link leads to. The browser that asked for it is signed in and sent to the app;"
    " any other is sent to a page that asks first. With `Accept: application/json` it only tells"
    " whose link it is. No program that opens links uses it up.",
    traits=_ASKS,
    answer=k.Looked,
    answered="Whose link it is.",
    refusals=(401, 422),
)
_OPENED["responses"][303] = {"description": "To the app; who is signed in gets a cookie too."}


@routes.get("/auth/verify", **_OPENED)
async def open_magic_link(
    visit: Visiting, token: Annotated[str, Query(description="The link's token.")]
) -> Response:
    """Open a link."""
    door, head = visit.door, visit.head
    looks = b"application/json" in head.headers.get(b"accept", b"")
    try:
        link = await _found(door, token)
    except UserError:
        if looks:
            raise
        return _elsewhere(PAGE)
    if looks:
        return answer(k.Looked(_veiled(link.email), time_text(link.expires_ns)))
    early = {b"purpose", b"sec-purpose", b"x-moz"} & head.headers.keys()
    if HEAD_ONLY in visit.request.scope or early or not is_from(link, door.cookies.browser(head)):
        return _elsewhere(f"{PAGE}#{token}")
    try:
        found = await _enter(visit, token, "")
    except UserError:
        # The page tells what is wrong, or asks for the second factor.
        return _elsewhere(f"{PAGE}#{token}")
    response = _elsewhere(f"{PAGE}#{IN}")
    response.raw_headers.extend(_signed_in(door, found))
    return response


@routes.post(
    "/auth/verify",
    **described(
        "use_magic_link",
        TAG,
        "Sign in by a link",
        "Answers with a cookie for 7 days, which pages of this host alone can use. Who has a second"
        " factor is answered `second_factor_required` until a `code` comes with it.",
        traits=_ASKS,
        body=k.LinkBody,
        body_examples={"link": {"token": "sl_" + "x" * 43}},
        answer=k.LinkSignedIn,
        answered="A new session, in a cookie.",
        refusals=(401, 403, 429),
    ),
)
async def use_magic_link(visit: Visiting) -> Response:
    """Sign in by a link."""
    body: k.LinkBody = await visit.body(_link)
    found = await _enter(visit, body.token, body.code)
    told = k.LinkSignedIn(time_text(found.expires_ns), shown_user(found.user))
    return answer(told, headers=_signed_in(visit.door, found))


async def _found(door: Door, token: str) -> Link:
    now_ns = door.world.clock.wall_ns()
    return await door.desk.write(lambda p: p.links.find(LinkKind.SIGN_IN, token, now_ns))


async def _enter(visit: Visit, token: str, code: str) -> SignIn:
    """Use a link up. Raises ``UserError``."""
    door, place = visit.door, place_of(visit, "link")
    now_ns = door.world.clock.wall_ns()
    found = await door.desk.write(
        lambda p: p.sign_in_by_link(token, now_ns, place, code, COOKIE_LIFE_S * _NS)
    )
    user_id = found.user.id
    told = {"by": "link", "expires_at": time_text(found.expires_ns)}
    await visit.note("session.opened", user_id, after=told, by=f"user:{user_id}", user_id=user_id)
    return found


def _signed_in(door: Door, found: SignIn) -> tuple[tuple[bytes, bytes], ...]:
    return (
        door.cookies.set_session(found.token, COOKIE_LIFE_S),
        door.cookies.clear_browser(),
        (b"cache-control", b"no-store"),
    )


def _elsewhere(path: str) -> Response:
    """Send the browser to the app; what led here is told to nobody."""
    response = Response(status_code=303)
    response.raw_headers.extend(
        (
            (b"location", path.encode("latin-1", "replace")),
            (b"referrer-policy", b"no-referrer"),
            (b"cache-control", b"no-store"),
        )
    )
    return response


def _veiled(email: str) -> str:
    """Enough of an address for its owner to know it."""
    local, _, domain = email.partition("@")
    return f"{local[0]}…@{domain}"


@routes.post(
    "/auth/recovery/reset",
    **described(
        "reset_password",
        TAG,
        "Choose a new password by a link",
        "Every session and API client of the user is signed out; API keys stay. Then sign in.",
        traits=_ASKS,
        body=k.NewPasswordBody,
        body_examples={"ann": {"token": "sl_" + "x" * 43, "password": "correct horse battery"}},
        status=204,
        answered="The password is the new one.",
        refusals=(401, 422),
    ),
)
async def reset_password(visit: Visiting) -> Response:
    """Choose a new password."""
    door = visit.door
    body: k.NewPasswordBody = await visit.body(_reset)
    now_ns, root = door.world.clock.wall_ns(), door.settings.public_url

    def work() -> User:
        link = door.desk.alone(lambda p: p.links.find(LinkKind.RESET, body.token, now_ns))
        checked_password(body.password, link.email)
        fresh = door.passwords.hash(body.password)
        letter = letters.password_changed(root)
        return door.desk.alone(lambda p: p.reset_password(body.token, fresh, letter, now_ns))

    user = await asyncio.shield(door.desk.run(work))
    await visit.note("user.password_reset", user.id, by=f"user:{user.id}", user_id=user.id)
    return Response(status_code=204)


async def ask_confirmation(visit: Visit, user: User, email: str) -> None:
    """Send a user's new address the link that confirms it; but where signing up is open, nobody is
    told that it is another's. Raises ``UserError``.
    """
    door, is_open = visit.door, visit.door.settings.sign_up == SignUpWay.OPEN
    now_ns, root = door.world.clock.wall_ns(), door.settings.public_url
    known = letters.already_known(root)

    def work(people: People) -> str:
        normal = checked_other(user, email)
        if is_open:
            people.changes.check_free(normal)
        asked = Asked(normal, visit.head.address)
        people.links.ask_change(
            user, asked, lambda token: letters.confirm_email(root, token), known, now_ns
        )
        return normal

    normal = await door.desk.write(work)
    await visit.note("user.email_asked", user.id, after={"email": normal})


@routes.post(
    "/auth/email/confirm",
    **described(
        "confirm_email",
        TAG,
        "Confirm a new e-mail address",
        "By the link that was sent to it; the old address is told.",
        traits=_ASKS,
        body=k.ConfirmEmailBody,
        body_examples={"link": {"token": "sl_" + "x" * 43}},
        answer=a.User,
        answered="The user, with the new address.",
        refusals=(401, 409),
    ),
)
async def confirm_email(visit: Visiting) -> Response:
    """Confirm a new address."""
    door = visit.door
    body: k.ConfirmEmailBody = await visit.body(_confirm)
    now_ns, root = door.world.clock.wall_ns(), door.settings.public_url

    def work(people: People) -> tuple[User, User]:
        try:
            return people.confirm_email(body.token, root, now_ns)
        except UserError as error:
            if error.code == "email_taken" and door.settings.sign_up != SignUpWay.OPEN:
                raise invalid_link() from None
            raise

    before, after = await asyncio.shield(door.desk.write(work))
    await visit.note(
        "user.email_changed",
        after.id,
        before={"email": before.email},
        after={"email": after.email},
        by=f"user:{after.id}",
        user_id=after.id,
    )
    return answer(shown_user(after))
