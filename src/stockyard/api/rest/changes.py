"""What people change of themselves: password, e-mail address, and leaving."""

import asyncio
from secrets import token_urlsafe

from stockyard.api import answers as a
from stockyard.api import security_shapes as s
from stockyard.api.auth import actor
from stockyard.api.confirming import confirmed, letter_of, person
from stockyard.api.describing import Trait, described
from stockyard.api.fields import Reader
from stockyard.api.leaving import leave
from stockyard.api.rest.links import ask_confirmation, no_mail
from stockyard.api.rest.sign_in import TAG, shown_user
from stockyard.api.routes import Response, Visiting, answer, router
from stockyard.api.settings import MailWay, SignUpWay
from stockyard.model.records import Origin
from stockyard.people.letters import password_changed
from stockyard.people.users import checked_password

routes = router()
_password = Reader(s.PasswordBody)
_email = Reader(s.EmailBody)
_confirm = Reader(s.ConfirmBody)
SESSION = "Needs a session, not an API key."
_CHANGES = Trait.SIGNED_IN | Trait.PEOPLE


@routes.post(
    "/auth/password",
    **described(
        "change_password",
        TAG,
        "Change the password",
        "Every other session and API client is signed out; API keys stay. Whoever has a second"
        f" factor sends a code as well. {SESSION}",
        traits=_CHANGES,
        body=s.PasswordBody,
        body_examples={
            "ann": {"password": "correct horse battery", "new_password": "staple the horse"}
        },
        answer=s.Ended,
        answered="How many were signed out.",
        refusals=(429,),
    ),
)
async def change_password(visit: Visiting) -> Response:
    """Change the password."""
    door, identity = visit.door, person(visit)
    body: s.PasswordBody = await visit.body(_password)
    token = door.gate.session_token(visit.head)
    user = door.desk.alone(lambda p: p.user(identity.user_id))
    assert user is not None, "an identity has a user"
    checked_password(body.new_password, user.email)
    await confirmed(visit, identity, body.password, body.code)

    letter, now_ns = letter_of(visit, password_changed), door.world.clock.wall_ns()

    def work() -> int:
        fresh = door.passwords.hash(body.new_password)
        return door.desk.alone(
            lambda p: p.change_password(identity.user_id, fresh, token, letter, now_ns)
        )

    ended = await door.desk.run(work)
    await visit.note("user.password_changed", identity.user_id, after={"signed_out": ended})
    return answer(s.Ended(ended))


@routes.post(
    "/auth/email",
    **described(
        "change_email",
        TAG,
        "Change the e-mail address",
        "Where mails are sent, the new address is sent a link, and is the user's once the link is"
        " opened (`POST /api/v1/auth/email/confirm`). Whoever has a second factor sends a code as"
        f" well. {SESSION}",
        traits=_CHANGES,
        body=s.EmailBody,
        body_examples={"ann": {"email": "ann@example.org", "password": "correct horse battery"}},
        answer=a.User,
        answered="The user, with the address that counts now.",
        refusals=(409, 429),
    ),
)
async def change_email(visit: Visiting) -> Response:
    """Change the e-mail address."""
    door, identity = visit.door, person(visit)
    body: s.EmailBody = await visit.body(_email)
    user = await confirmed(visit, identity, body.password, body.code)
    if door.settings.mail != MailWay.NOWHERE:
        await ask_confirmation(visit, user, body.email)
        return answer(shown_user(user))
    if door.settings.sign_up != SignUpWay.OPEN:
        # To take an address at once is to be told whether it is another's.
        raise no_mail()
    changed = await door.desk.write(lambda p: p.changes.email(user.id, body.email))
    before, after = {"email": user.email}, {"email": changed.email}
    await visit.note("user.email_changed", user.id, before, after)
    return answer(shown_user(changed))


@routes.post(
    "/auth/leave",
    **described(
        "leave",
        TAG,
        "Leave for good",
        "Erases the user: name, address, password, second factor, keys, watchlists. Orders are"
        " canceled and the accounts emptied; their history stays in the books, without a name."
        f" This cannot be undone. {SESSION}",
        traits=_CHANGES,
        body=s.ConfirmBody,
        body_examples={"ann": {"password": "correct horse battery"}},
        status=204,
        answered="The user is gone.",
        refusals=(409, 429),
    ),
)
async def leave_for_good(visit: Visiting) -> Response:
    """Erase the user."""
    door, head, identity = visit.door, visit.head, person(visit)
    body: s.ConfirmBody = await visit.body(_confirm)
    user = await confirmed(visit, identity, body.password, body.code)
    unknown = await door.desk.run(lambda: door.passwords.hash(token_urlsafe(32)))
    origin = Origin(actor(identity), head.request_id, head.address, head.user_agent)
    await asyncio.shield(leave(door, user.id, unknown, origin))
    await visit.note("user.left", user.id)
    return Response(status_code=204)
