"""Users and accounts come into being: the steps across the people database and the engine.

The first account: the wish is stored with the people, the engine opens the account, the people
learn its id. A further account: the engine opens it under a key made of the user and the request's
idempotency key, then the people learn it. A crash between two steps leaves something that
``complete_unfinished`` finds; after a disk that failed or was slow there, ``complete_half_opened``
goes on while the server runs. Promises: no step's repeat opens a second account. Must not know:
HTTP.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from secrets import token_hex
from typing import Final, NamedTuple

from stockyard.api.auth import Caller
from stockyard.api.door import Decision, Door, digest, verdict
from stockyard.api.fields import ACCOUNT_NAME
from stockyard.api.heads import Head
from stockyard.api.problems import Problem
from stockyard.api.rendering import opened_account
from stockyard.model.codes import ACCOUNT_KIND_WORDS, AccountKind
from stockyard.model.commands import OpenAccount
from stockyard.model.events import CommandDenied, CommandRepeated
from stockyard.model.records import Origin
from stockyard.people.directory import People
from stockyard.people.errors import UserError
from stockyard.people.identity import Role
from stockyard.people.registration import Opening, Registration
from stockyard.people.users import User, checked_name, checked_password
from stockyard.projections.rows import AccountRow
from stockyard.runtime.world import World
from stockyard.runtime.writer import UNKNOWN, Refused
from stockyard.storage.ports import StorageError

LOG: Final = logging.getLogger("stockyard.registering")
_REPAIR: Final = Origin("system:registration", "", "", "")
Write = Callable[[Callable[[People], object]], Awaitable[object]]
"""Has the people written."""


def opening_command(registration: Registration) -> OpenAccount:
    """The words in which a stored registration is sent, the same at every try."""
    r = registration
    return OpenAccount(
        r.user_id,
        r.name,
        r.profile_id,
        r.starting_micros,
        r.key,
        digest("open", r.user_id, r.name, r.profile_id, r.starting_micros),
    )


class Wish(NamedTuple):
    """Who wants to become a user."""

    name: str
    email: str
    password: str
    account_name: str = ACCOUNT_NAME
    role: str = Role.USER


async def register(door: Door, wish: Wish, origin: Origin) -> tuple[User, AccountRow]:
    """Make a user with a first account. Raises ``UserError``, ``Problem``, ``Refused``."""
    settings = door.settings
    opening = Opening(
        checked_name(wish.account_name, "account_name"),
        door.profile_id(settings.profile),
        settings.starting_micros,
    )
    now_ns = door.world.clock.wall_ns()

    def begin() -> Registration:
        door.desk.alone(
            lambda p: p.check_registration(
                wish.name, wish.email, wish.password, origin.address, now_ns
            )
        )
        password_hash = door.passwords.hash(wish.password)
        return door.desk.alone(
            lambda p: p.begin_registration(
                wish.name, wish.email, password_hash, wish.role, opening, now_ns
            )
        )

    return await _opened(door, await door.desk.run(begin), origin)


async def finish(door: Door, token: str, password: str, origin: Origin) -> tuple[User, AccountRow]:
    """Make the user whose sign-up a link finishes. Raises as ``register``."""
    settings, now_ns = door.settings, door.world.clock.wall_ns()
    profile_id = door.profile_id(settings.profile)
    opening = Opening(ACCOUNT_NAME, profile_id, settings.starting_micros)

    def begin() -> Registration:
        found = door.desk.alone(lambda p: p.sign_ups.find(token, now_ns))
        checked_password(password, found.email)
        fresh = door.passwords.hash(password)
        return door.desk.alone(lambda p: p.finish_sign_up(token, fresh, opening, now_ns))

    return await _opened(door, await door.desk.run(begin), origin)


async def _opened(
    door: Door, registration: Registration, origin: Origin
) -> tuple[User, AccountRow]:
    """Open the first account of a user who was stored, or forget that one again."""
    key = registration.key
    with _looked_after(door, registration.user_id):
        try:
            decision = await door.decide(opening_command(registration), origin)
        except (Problem, Refused) as error:
            if isinstance(error, Refused) and error.code in UNKNOWN:
                # Whether it was opened shows later: it is sent again.
                raise
            # Nothing was opened, so the address must not stay taken.
            await asyncio.shield(door.desk.write(lambda p: p.abandon_registration(key)))
            raise
        account = opened_account(decision.ts, decision.events)
        assert account is not None, "an opening that was not denied opened an account"
        user = await asyncio.shield(
            door.desk.write(lambda p: p.complete_registration(key, account.account_id))
        )
    return user, account


@contextmanager
def _looked_after(door: Door, user_id: str) -> Iterator[None]:
    """Have ``complete_half_opened`` see how far a user's opening came, when a step of it fails."""
    try:
        yield
    except BaseException:
        door.half_opened.add(user_id)
        raise


async def open_account(
    door: Door, caller: Caller, head: Head, name: str, profile: str, kind: int, key: str
) -> tuple[Decision, AccountRow]:
    """Open a further account for the user who asks."""
    user_id = caller.identity.user_id
    profile_id = door.profile_id(profile)
    name = checked_name(name)
    starting = door.settings.starting_micros
    # No registration key of the people's own holds a "#".
    unique = f"{user_id}#k{key}" if key else f"{user_id}#r{token_hex(16)}"
    command = OpenAccount(
        user_id,
        name,
        profile_id,
        starting,
        unique,
        digest("POST /accounts", user_id, name, profile_id, *_said(kind)),
        kind,
    )
    with _looked_after(door, user_id):
        decision = await door.decide(command, door.origin(caller, head))
        row = opened_account(decision.ts, decision.events)
        assert row is not None, "an opening that was not denied opened an account"
        opening, now_ns = Opening(name, profile_id, starting), door.world.clock.wall_ns()
        await asyncio.shield(door.desk.write(_linking(user_id, row.account_id, opening, now_ns)))
    return decision, row


def _said(kind: int) -> tuple[str, ...]:
    """What a digest covers of the kind: nothing of a cash account, as before there were others."""
    return () if kind == AccountKind.CASH else (ACCOUNT_KIND_WORDS[kind],)


def _link(people: People, user_id: str, account_id: int, opening: Opening, now_ns: int) -> None:
    """Let the people know an account that the engine opened for one of them."""
    if people.account_owner(account_id) is not None:
        return
    begun = _unfinished(people, user_id)
    registration = begun[0] if begun else people.begin_account(user_id, opening, now_ns)
    people.complete_registration(registration.key, account_id)


async def complete_unfinished(world: World, people: People) -> int:
    """Finish what a crash left half done; call it before the door opens. Returns how many."""

    async def write(work: Callable[[People], object]) -> object:
        return work(people)

    begun = [registration.user_id for registration in people.unfinished()]
    opened = [owner for owner in world.view.accounts_of if _orphans(world, people, owner)]
    users = dict.fromkeys(opened + begun)
    return sum([await _complete(world, people, user_id, write) for user_id in users])


async def complete_half_opened(door: Door) -> None:
    """Finish what failed between its steps since the door opened; call it now and then."""
    for user_id in sorted(door.half_opened):
        # What is still being written may open an account yet.
        is_over = not door.world.writer.is_writing
        try:
            await _complete(door.world, door.desk.people, user_id, door.desk.write)
        except (Problem, Refused, StorageError, UserError) as error:
            LOG.warning("the accounts of user %s are not complete yet: %s", user_id, error)
        else:
            if is_over:
                door.half_opened.discard(user_id)


async def _complete(world: World, people: People, user_id: str, write: Write) -> int:
    """Link every account that the engine opened to its owner, then send again what it never heard
    of, and drop what it denies; how many.
    """
    if people.user(user_id) is None:
        return 0
    done, now_ns = 0, world.clock.wall_ns()
    for account_id in _orphans(world, people, user_id):
        row = world.view.accounts[account_id]
        opening = Opening(row.name, row.profile_id, row.deposited_micros)
        await write(_linking(user_id, account_id, opening, now_ns))
        done += 1
    for registration in _unfinished(people, user_id):
        await _send_again(world, registration, write)
        done += 1
    return done


def _linking(
    user_id: str, account_id: int, opening: Opening, now_ns: int
) -> Callable[[People], None]:
    return lambda people: _link(people, user_id, account_id, opening, now_ns)


def _unfinished(people: People, user_id: str) -> list[Registration]:
    return [one for one in people.unfinished() if one.user_id == user_id]


def _orphans(world: World, people: People, user_id: str) -> list[int]:
    return [
        account_id
        for account_id in world.view.accounts_of.get(user_id, ())
        if people.account_owner(account_id) is None
    ]


async def _send_again(world: World, registration: Registration, write: Write) -> None:
    outcome = await world.execute(opening_command(registration), _REPAIR)
    told, key = verdict(outcome.events), registration.key
    if isinstance(told, CommandDenied):
        await write(lambda people: people.abandon_registration(key))
        return
    opened = opened_account(outcome.ts, outcome.events)
    account_id = told.first_seq if isinstance(told, CommandRepeated) else None
    if opened is not None:
        account_id = opened.account_id
    assert account_id is not None, "an opening is denied, repeated, or opens an account"
    await write(lambda people: people.complete_registration(key, account_id))
