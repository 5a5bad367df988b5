"""``stockyard users``: the users of a directory on which no server runs; above all the first admin.

Promises: what a command has said is durable; a password is read from the terminal without being
shown, or from standard input, never from an argument. Must not know: the engine. A user who is
added here gets an account at the next start. What is done stands in the audit log.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getpass
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from stockyard import app
from stockyard.api.fields import ACCOUNT_NAME
from stockyard.config import Config, ConfigError, read_config
from stockyard.market.catalog import DEFAULT_PROFILES
from stockyard.people.attempts import Attempt, Doing, current
from stockyard.people.audit import Act, detail
from stockyard.people.audit_segments import FOLDER_NAME
from stockyard.people.directory import People
from stockyard.people.errors import UserError
from stockyard.people.identity import Role, UserStatus
from stockyard.people.passwords import Passwords
from stockyard.people.registration import Opening
from stockyard.people.schema import migrate
from stockyard.people.users import User
from stockyard.runtime.audit_files import open_audit
from stockyard.storage.lock import DirectoryLock
from stockyard.storage.sqlite import SqliteDatabase

PEOPLE: str = "people.db"
ACTOR: str = "system:command"

users: App = App(name="users", help="Add users, and change their role and status.")
Data = Annotated[Path | None, Parameter(name="--data")]


@contextmanager
def _attempted(people: People, asked: str) -> Iterator[None]:
    """What is changed meanwhile is kept with its change until it is on record: should this process
    end before, the next server finds it.
    """
    now_ns = time.time_ns()
    number = people.attempts.begin(now_ns)
    attempt = Attempt(
        number=number, at_ns=now_ns, asked=asked, actor=ACTOR, request_id=f"command-{number}"
    )
    doing = Doing(attempt)
    with people.attempts.during(doing):
        yield
    if doing.is_kept:
        people.attempts.told([attempt])


@contextmanager
def _opened(config: Config, asked: str, make: bool = False) -> Iterator[People]:
    """The people of a directory that no server holds; ``asked``: for what."""
    path = config.data / PEOPLE
    if make:
        os.umask(0o077)
        config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    elif not path.is_file():
        raise ConfigError(
            f"data {str(config.data)!r}: there is no {PEOPLE} in it; stockyard users add makes one"
        )
    with DirectoryLock(config.data):
        database = SqliteDatabase(path, durable=True)
        try:
            migrate(database)
            people = People(database, sealer=app.open_sealer(config, database))
            with _attempted(people, f"stockyard users {asked}"):
                yield people
        except UserError as error:
            print(f"stockyard: {error.wrong}; {error.right}", file=sys.stderr)
            sys.exit(2)
        finally:
            database.close()


@users.command(name="list")
def list_users(*, data: Data = None) -> None:
    """List everybody, oldest first.

    Parameters
    ----------
    data: Directory to read (./data); no server may be running on it.
    """
    table = Table("E-mail", "Name", "Role", "Status", box=None, pad_edge=False)
    with _opened(read_config(os.environ, data=data), "list") as people:
        for user in people.users():
            table.add_row(user.email, user.name, user.role, user.status)
    console = Console()
    if not console.is_terminal:
        # A file is as wide as its lines.
        console = Console(width=500)
    console.print(table)


@users.command
def add(email: str, *, name: str, role: str = Role.USER, data: Data = None) -> None:
    """Add a user, who gets a first account at the next start. The password is asked for.

    Parameters
    ----------
    email: The address to sign in with.
    name: What they are called.
    role: user, instructor or admin.
    data: Directory to work on (./data); made if it is not there.
    """
    config = read_config(os.environ, data=data)
    profile = next(one for one in DEFAULT_PROFILES if one.name == config.profile)
    opening = Opening(ACCOUNT_NAME, profile.profile_id, app.starting_micros(config))
    with _opened(config, "add", make=True) as people:
        password = _asked_password()
        people.check_registration(name, email, password)
        made = people.begin_registration(
            name, email, Passwords().hash(password), role, opening, time.time_ns()
        )
        _record(config, "user.registered", people.user(made.user_id), None)
        print(f"{email} is {role}; their account is opened at the next start (id {made.user_id})")


@users.command
def role(email: str, role: str, /, *, data: Data = None) -> None:
    """Give a user another role.

    Parameters
    ----------
    email: Whose.
    role: user, instructor or admin.
    data: Directory to work on (./data); no server may be running on it.
    """
    config = read_config(os.environ, data=data)
    with _opened(config, "role") as people:
        before = _named(people, email)
        changed = people.set_role(before.id, role)
        _record(config, "user.changed", changed, before)
        print(f"{changed.email} is {changed.role}")


@users.command
def status(email: str, status: str, /, *, data: Data = None) -> None:
    """Suspend or close a user, or make one active again; unless active they are signed out.

    Parameters
    ----------
    email: Whose.
    status: active, suspended or closed.
    data: Directory to work on (./data); no server may be running on it.
    """
    known = (UserStatus.ACTIVE, UserStatus.SUSPENDED, UserStatus.CLOSED)
    if status not in known:
        raise ConfigError(f"status {status!r}: expected one of {', '.join(known)}")
    config = read_config(os.environ, data=data)
    with _opened(config, "status") as people:
        before = _named(people, email)
        changed = people.set_status(before.id, status)
        _record(config, "user.changed", changed, before)
        print(f"{changed.email} is {changed.status}")


def _record(config: Config, kind: str, after: User | None, before: User | None) -> None:
    """Put on record what was done to a user, by whoever may run commands on the directory."""
    attempt = current()
    assert after is not None
    assert attempt is not None
    folder = Path(config.audit_folder) if config.audit_folder else config.data / FOLDER_NAME
    log = open_audit(config.data, folder)
    try:
        now_ns = time.time_ns()
        act = Act(
            at_ns=now_ns,
            kind=kind,
            actor=ACTOR,
            user_id=after.id,
            subject=after.id,
            request_id=attempt.request_id,
            attempt=attempt.number,
            before=detail(_told(before)),
            after=detail(_told(after)),
        )
        log.append([act], now_ns)
    finally:
        log.close()


def _told(user: User | None) -> dict[str, str] | None:
    return None if user is None else {"role": user.role, "status": user.status}


def _named(people: People, email: str) -> User:
    user = people.user_by_email(email)
    if user is None:
        raise ConfigError(f"there is no user {email}; stockyard users list shows them")
    return user


def _asked_password() -> str:
    """A password from the terminal, twice, or the first line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first = getpass("Password: ")
    if getpass("Again: ") != first:
        raise ConfigError("the two passwords differ: type the same one twice")
    return first
