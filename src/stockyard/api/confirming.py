"""Asking a person who is signed in for the password again, before what a thief of a session must
not do.

Promises: failures count as failed sign-ins do, and hashing is done off the event loop. Must not
know: what is about to be done.
"""

from collections.abc import Callable

from stockyard.api.auth import require_session
from stockyard.api.problems import Problem
from stockyard.api.routes import Visit
from stockyard.api.settings import MailWay
from stockyard.people.errors import ThrottledError, UserError
from stockyard.people.identity import Identity
from stockyard.people.letters import Letter
from stockyard.people.users import User


def person(visit: Visit) -> Identity:
    """The person who asks, by a session. Raises ``Problem`` 401, 403; 403 too for the demo user,
    whom everybody here may be.
    """
    identity, door = visit.identity(), visit.door
    require_session(identity)
    user = door.desk.alone(lambda p: p.user(identity.user_id))
    if user is not None and door.demo_email is not None and user.email == door.demo_email:
        raise Problem(
            403,
            "demo_user",
            "the demo user is everybody's on this machine and stays as it is",
            "sign up as a user of your own",
        )
    return identity


def letter_of(visit: Visit, words: Callable[[str], Letter]) -> Letter | None:
    """A letter that tells somebody of a change, where mails are sent at all."""
    settings = visit.door.settings
    return None if settings.mail == MailWay.NOWHERE else words(settings.public_url)


async def confirmed(visit: Visit, identity: Identity, password: str, code: str = "") -> User:
    """The user, once the password and the code were right; a user without a second factor needs
    no code. Raises ``UserError``, ``Problem``.
    """
    return await _confirmed(visit, identity, password, code, coded=True)


async def known(visit: Visit, identity: Identity, password: str) -> User:
    """The user, once the password was right, where there is no second factor yet."""
    return await _confirmed(visit, identity, password, "", coded=False)


async def _confirmed(
    visit: Visit, identity: Identity, password: str, code: str, *, coded: bool
) -> User:
    door, address = visit.door, visit.head.address
    now_ns = door.world.clock.wall_ns()

    def work() -> User:
        attempt = door.desk.alone(lambda p: p.begin_confirm(identity.user_id, address, now_ns))
        check = door.passwords.check(attempt.password_hash, password)
        return door.desk.alone(
            lambda p: p.finish_confirm(attempt, check, now_ns, code, coded=coded)
        )

    try:
        return await door.desk.run(work)
    except ThrottledError:
        raise
    except UserError as error:
        await visit.note("confirmation.refused", identity.user_id, after={"why": error.code})
        raise
