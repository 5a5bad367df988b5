"""Routes of Alpaca's API: which handler a method and a path have, and what a handler works with.

Promises: the more letters a pattern has, the earlier it is tried; a path without names in it is
found by one look. Must not know: any noun, or how an answer is sent.

To add a noun: a module beside this one with ``ROUTES: Final = (Route(...), ...)``, and its name in
``serving.NOUNS``. Handlers are ``async (Call) -> Reply``; they raise ``Refusal`` or anything that
the rest of ``api`` raises, and ``errors.refusal_of`` puts it into Alpaca's words. In a pattern
``{order_id}`` stands for one part of a path, and ``{symbol:path}`` for something that may hold a
slash. Tests in ``test_never_a_fault`` take in every new route by themselves.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import parse_qsl

from stockyard.api import fields
from stockyard.api.alpaca.errors import NOT_FOUND, Refusal, invalid
from stockyard.api.auth import BASIC, Caller
from stockyard.api.door import Door
from stockyard.api.heads import Head, Receive, read_body, read_json
from stockyard.api.noting import note
from stockyard.api.problems import Headers, Problem

_NAMED: Final = re.compile(r"\{([a-z_]+)(:path)?\}")
_TRUE: Final = ("true", "1", "t")
_FALSE: Final = ("false", "0", "f", "")
_Chosen = TypeVar("_Chosen")
WORDS_MAX: Final = 1_000
"""Words that one parameter may list."""


class Reply(NamedTuple):
    """What is sent: ``body`` is JSON, or empty."""

    status: int
    body: bytes = b""
    headers: Headers = ()


class Query:
    """A request's parameters. Unknown ones are ignored, as they are at Alpaca."""

    __slots__ = ("_found",)

    def __init__(self, raw: bytes) -> None:
        found: dict[str, str] = {}
        if raw:
            for name, value in parse_qsl(raw.decode("latin-1"), keep_blank_values=True):
                # A list may come as one parameter with commas, or as one of each.
                found[name] = f"{found[name]},{value}" if name in found else value
        self._found: Mapping[str, str] = found

    def text(self, name: str) -> str | None:
        """A parameter's text; None where it is empty or not there."""
        return self._found.get(name) or None

    def flag(self, name: str, default: bool = False) -> bool:
        """A boolean in any letter case. Raises ``Refusal``."""
        said = self._found.get(name)
        if said is None:
            return default
        word = said.lower()
        if word in _TRUE:
            return True
        if word in _FALSE:
            return False
        raise invalid(name, said, "use true or false")

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number within bounds. Raises ``Refusal``."""
        said = self.text(name)
        if said is None:
            return default
        if not (
            said.isascii() and said.isdigit() and len(said) < 19 and least <= int(said) <= most
        ):
            raise invalid(name, said, f"use a whole number from {least} to {most}")
        return int(said)

    def words(self, name: str) -> list[str]:
        """What a parameter lists with commas between. Raises ``Refusal``."""
        said = self.text(name)
        if said is None:
            return []
        words = [word.strip() for word in said.split(",")]
        if len(words) > WORDS_MAX:
            raise invalid(name, f"{len(words)} words", f"list at most {WORDS_MAX}")
        return [word for word in words if word]

    def choice(self, name: str, choices: Mapping[str, _Chosen], default: str) -> _Chosen:
        """What a word stands for. Raises ``Refusal``."""
        said = self.text(name) or default
        if said not in choices:
            raise invalid(name, said, f"use one of {', '.join(choices)}")
        return choices[said]

    def moment(self, name: str) -> int:
        """A time, or a day (UTC), in nanoseconds since 1970; 0 where there is none. Raises
        ``Refusal``.
        """
        said = self.text(name)
        if said is None:
            return 0
        try:
            # A plus sign that was not encoded arrives as a blank.
            return fields.day_or_moment(name, said.replace(" ", "+"))
        except Problem as problem:
            raise invalid(name, said, problem.right) from None


class Call:
    """One request at one door. ``named``: the parts of the path that its pattern names."""

    __slots__ = ("_caller", "_query", "door", "head", "named", "receive")

    def __init__(
        self, door: Door, head: Head, receive: Receive, caller: Caller | None, named: dict[str, str]
    ) -> None:
        self.door, self.head, self.receive, self.named = door, head, receive, named
        self._caller = caller
        self._query: Query | None = None

    @property
    def caller(self) -> Caller:
        """Who asks; only where the route has a scope."""
        assert self._caller is not None, "a route without scope has no caller"
        return self._caller

    @property
    def query(self) -> Query:
        """The parameters."""
        if self._query is None:
            self._query = Query(self.head.query)
        return self._query

    async def note(
        self, kind: str, subject: str = "", before: Any = None, after: Any = None
    ) -> None:
        """Put on record what the caller did here; as ``Visit.note``."""
        await note(self.door, self.head, kind, subject, before, after, by=self.caller)

    async def body(self) -> bytes:
        """The whole body. Raises ``Problem``, ``ClientGone``.

        What it is said to be does not matter, unless a browser may have added the credentials.
        """
        bytes_max = self.door.settings.body_bytes_max
        said = self.head.headers.get(b"authorization")
        if said is not None and said[:5].lower() == BASIC:
            return await read_json(self.head, self.receive, bytes_max)
        return await read_body(self.head, self.receive, bytes_max)


Handler = Callable[[Call], Awaitable[Reply]]


class Route(NamedTuple):
    """One route; ``scope`` None: it needs no credentials."""

    method: str
    pattern: str
    scope: str | None
    handler: Handler


class Place(NamedTuple):
    """What stands at a path: the routes of its methods."""

    pattern: str
    routes: dict[str, Route]


class Router:
    """Finds routes."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.plain: dict[str, Place] = {}
        named: dict[str, Place] = {}
        for route in routes:
            places = named if "{" in route.pattern else self.plain
            place = places.setdefault(route.pattern, Place(shown(route.pattern), {}))
            assert route.method not in place.routes, (
                f"{route.method} {route.pattern} is there twice"
            )
            place.routes[route.method] = route
            if route.method == "GET":
                place.routes["HEAD"] = route
        longest = sorted(named, key=lambda pattern: -len(_NAMED.sub("", pattern)))
        self._named: list[tuple[str, re.Pattern[str], Place]] = [
            (pattern.partition("{")[0], _compiled(pattern), named[pattern]) for pattern in longest
        ]

    def find(self, path: str) -> tuple[Place, dict[str, str]]:
        """What stands at a path, and its named parts. Raises ``Refusal`` 404."""
        place = self.plain.get(path)
        if place is not None:
            return place, {}
        for head, pattern, found in self._named:
            if path.startswith(head):
                match = pattern.fullmatch(path)
                if match is not None:
                    return found, match.groupdict()
        raise Refusal(404, NOT_FOUND, f"endpoint not found: {path[:200]}")

    def routes(self) -> list[tuple[str, Route]]:
        """Every method and route."""
        places = [*self.plain.values(), *(place for _, _, place in self._named)]
        return [item for place in places for item in place.routes.items()]


def _compiled(pattern: str) -> re.Pattern[str]:
    parts, at = [], 0
    for found in _NAMED.finditer(pattern):
        parts.append(re.escape(pattern[at : found.start()]))
        parts.append(f"(?P<{found[1]}>{'.+' if found[2] else '[^/]+'})")
        at = found.end()
    return re.compile("".join(parts) + re.escape(pattern[at:]), re.DOTALL)


def shown(pattern: str) -> str:
    """A pattern as counts and documents name it."""
    return pattern.replace(":path}", "}")
