"""What is claimed of Alpaca's API here, claim by claim, each with the check that it must pass.

Promises: a claim without a check cannot be written down. Must not know: any endpoint, or how the
page looks.

To change a verdict, change its claim: ``test_compatibility`` runs every check against a live
process, and the page is written from the same claims (``make docs``).
"""

import re
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from tests.compat.claims.stage import Stage

WORKS: Final = "works"
DIFFERS: Final = "differs"
NOT_OFFERED: Final = "not offered"
VERDICTS: Final = (WORKS, DIFFERS, NOT_OFFERED)
ENDPOINT: Final = "endpoint"
PARAMETER: Final = "parameter"
FIELD: Final = "field"
BEHAVIOUR: Final = "behaviour"

Check = Callable[[Stage], None]
Sample = Callable[[Stage], Any]


class Claim(NamedTuple):
    """One thing that an endpoint has. ``note``: how it differs, or why it is not offered."""

    kind: str
    name: str
    verdict: str
    note: str
    check: Check


class Endpoint(NamedTuple):
    """One endpoint, stream or group of messages. ``client``: what alpaca-py calls it."""

    call: str
    client: str
    claims: tuple[Claim, ...]


class Section(NamedTuple):
    """Endpoints that belong together."""

    title: str
    endpoints: tuple[Endpoint, ...]


def endpoint(call: str, client: str, *claims: "Claim | Iterable[Claim]") -> Endpoint:
    """An endpoint with its claims, the first of which is about itself."""
    found: list[Claim] = []
    for claim in claims:
        if isinstance(claim, Claim):
            found.append(claim)
        else:
            found.extend(claim)
    assert found[0].kind == ENDPOINT, call
    return Endpoint(call, client, tuple(found))


def answers(check: Check, differs: str = "") -> Claim:
    """The endpoint is there."""
    return Claim(ENDPOINT, "", DIFFERS if differs else WORKS, differs, check)


def not_there(check: Check, why: str) -> Claim:
    """The endpoint is not offered, and says so."""
    return Claim(ENDPOINT, "", NOT_OFFERED, why, check)


def parameter(name: str, check: Check, differs: str = "") -> Claim:
    """A parameter, or a field of a request's body."""
    return Claim(PARAMETER, name, DIFFERS if differs else WORKS, differs, check)


def no_parameter(name: str, check: Check, why: str) -> Claim:
    """A parameter that is refused."""
    return Claim(PARAMETER, name, NOT_OFFERED, why, check)


def behaviour(name: str, check: Check, differs: str = "") -> Claim:
    """Something that a client relies on."""
    return Claim(BEHAVIOUR, name, DIFFERS if differs else WORKS, differs, check)


def fields(sample: Sample, words: str) -> list[Claim]:
    """Fields of an answer that are as Alpaca's, as ``name:type``; ``?`` behind it: or null."""
    return [field(sample, word) for word in words.split()]


def field(sample: Sample, word: str, differs: str = "", value: Any = ...) -> Claim:
    """A field of an answer; ``value``: what it must be."""
    name, _, kind = word.partition(":")

    def check(stage: Stage) -> None:
        found = stage.once(sample)
        assert name in found, f"{name} is not in {sorted(found)}"
        check_type(found[name], kind)
        if value is not ...:
            assert found[name] == value, (name, found[name])

    return Claim(FIELD, name, DIFFERS if differs else WORKS, differs, check)


def absent(sample: Sample, name: str, why: str) -> Claim:
    """A field that the answer does not have."""

    def check(stage: Stage) -> None:
        assert name not in stage.once(sample)

    return Claim(FIELD, name, NOT_OFFERED, why, check)


_PATTERNS: Final = {
    "dec": re.compile(r"-?[0-9]+(\.[0-9]+)?"),
    "uuid": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)"),
    "day": re.compile(r"\d{4}-\d\d-\d\d"),
    "clock": re.compile(r"\d\d:\d\d"),
    "hhmm": re.compile(r"\d{4}"),
    "text": re.compile(r".*", re.DOTALL),
}
_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "num": (int, float),
    "int": (int,),
    "bool": (bool,),
    "list": (list,),
    "object": (dict,),
}


def check_type(found: Any, kind: str) -> None:
    """Whether a value has the type that is claimed: ``dec`` a decimal number in a string, ``num``
    a JSON number, ``time`` RFC 3339, ...
    """
    if kind.endswith("?"):
        if found is None:
            return
        kind = kind[:-1]
    if kind in _PATTERNS:
        assert isinstance(found, str), (kind, found)
        assert _PATTERNS[kind].fullmatch(found), (kind, found)
        return
    assert isinstance(found, _TYPES[kind]), (kind, found)
    assert isinstance(found, bool) == (kind == "bool"), (kind, found)


def gets(path: str) -> Check:
    """A GET is answered."""

    def check(stage: Stage) -> None:
        stage.get(path)

    return check


def tells_apart(path: str, other: str) -> Check:
    """Two GETs are answered, each with something, and not with the same."""

    def check(stage: Stage) -> None:
        assert stage.get(path) != stage.get(other)

    return check


def the_same(path: str, other: str) -> Check:
    """Two GETs are answered with the same."""

    def check(stage: Stage) -> None:
        assert stage.get(path) == stage.get(other)

    return check


def refuses(
    method: str, path: str, status: int, code: int, body: Any = None, reason: str = ""
) -> Check:
    """A request is refused."""

    def check(stage: Stage) -> None:
        found, said = stage.ask(method, path, body)
        assert (found, said["code"]) == (status, code), said
        assert isinstance(said["message"], str)
        assert not reason or said["reason"] == reason, said

    return check


def both(*checks: Check) -> Check:
    """All of these."""

    def check(stage: Stage) -> None:
        for one in checks:
            one(stage)

    return check
