"""The demo user: someone to sign in as on a fresh machine, and the file that tells how.

Promises: the password and the API secret stand in ``demo.json`` alone, readable by its owner; a
directory keeps its demo user over restarts. Must not know: what the demo user does.
"""

import json
import os
import secrets
from pathlib import Path
from typing import Final

import msgspec

from stockyard.api.door import Door
from stockyard.api.noting import note
from stockyard.api.registering import Wish, register
from stockyard.model.records import Origin
from stockyard.people.directory import People

NAME: Final = "demo.json"
DOMAIN: Final = "stockyard.example"
BY: Final = "system:demo"
SCOPES: Final = ("read", "trade", "sim")


class Demo(msgspec.Struct, frozen=True):
    """What ``demo.json`` holds."""

    url: str
    email: str
    password: str
    api_key: str
    api_secret: str


def _read(path: Path) -> Demo | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Demo)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


def _write(path: Path, demo: Demo) -> None:
    """Replace the file whole; it is never readable by others, not even for a moment."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(msgspec.to_builtins(demo), file, indent=2)
        file.write("\n")
    fresh.replace(path)


async def prepare(door: Door, data: Path, url: str) -> Demo:
    """The demo user of a directory, made when there is none; writes ``demo.json`` anew."""
    known = known_to(door, data) or await _sign_up(door, url)
    demo = msgspec.structs.replace(known, url=url)
    _write(data / NAME, demo)
    return demo


def known_to(door: Door, data: Path) -> Demo | None:
    """The demo user of a directory, if it has one that can sign in."""
    known = _read(data / NAME)
    return known if known is not None and _works(door, known) else None


def _works(door: Door, demo: Demo) -> bool:
    now_ns = door.world.clock.wall_ns()

    def check(people: People) -> bool:
        return people.authenticate_key(demo.api_key, demo.api_secret, now_ns) is not None

    return door.desk.alone(check)


async def _sign_up(door: Door, url: str) -> Demo:
    number = 1
    while _taken(door, _email(number)):
        number += 1
    email, password = _email(number), secrets.token_urlsafe(12)
    origin = Origin(BY, "", "", "")
    user, account = await register(door, Wish("Demo", email, password), origin)
    now_ns = door.world.clock.wall_ns()
    key, secret = await door.desk.write(
        lambda people: people.create_key(user.id, account.account_id, "demo", SCOPES, now_ns)
    )
    told: dict[str, object] = {"name": user.name, "email": email}
    await note(door, None, "user.registered", user.id, after=told, by=BY, user_id=user.id)
    told = {"name": key.name, "scopes": key.scopes}
    await note(door, None, "api_key.created", key.key_id, after=told, by=BY, user_id=user.id)
    return Demo(url, email, password, key.key_id, secret)


def _taken(door: Door, email: str) -> bool:
    return door.desk.alone(lambda people: people.user_by_email(email)) is not None


def _email(number: int) -> str:
    return f"demo{number if number > 1 else ''}@{DOMAIN}"
