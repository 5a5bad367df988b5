"""What the audit log is made of: acts, each by somebody, on something, with what it changed.

Promises: every text has a bound, and words that look like secrets are not kept. Must not know:
where acts are kept (``audit_log``), or who notes them.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

KIND_LENGTH_MAX: Final = 64
ACTOR_LENGTH_MAX: Final = 100
SUBJECT_LENGTH_MAX: Final = 254
"""As long as the longest thing that is named: an e-mail address."""
TEXT_LENGTH_MAX: Final = 255
DETAIL_BYTES_MAX: Final = 8 * 1024
"""Of ``before`` and of ``after``; what is larger is left out, and its size told."""
DETAIL_DEPTH_MAX: Final = 8
NOT_KEPT: Final = "(not kept)"
_KIND: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+", re.ASCII)
_SECRET: Final = re.compile(r"password|secret|token|recovery_code|private|hash|otp|credential|dsn")
_NULL: Final = msgspec.Raw(b"null")
_encode: Final = msgspec.json.Encoder().encode


class Act(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Something that somebody did, or that happened to an account.

    ``kind``: words joined by dots, the noun first (``session.opened``). ``actor``: ``user:<id>``,
    ``key:<id>``, ``anyone`` for somebody not signed in, or ``system:<part>``. ``user_id``: in whose
    history it stands, or empty. ``account_id``: as the API shows it. ``subject``: what was acted
    on, as the API names it. ``seq``: of a journal's record, 0 for what is in no journal; ``index``
    is above 0 for what followed from the record, in its order. ``attempt``: by which the change was
    kept before it was noted (``attempts``). Times are wall time, UTC ns.
    """

    at_ns: int
    kind: str
    actor: str
    user_id: str = ""
    account_id: str = ""
    subject: str = ""
    address: str = ""
    user_agent: str = ""
    request_id: str = ""
    idempotency_key: str = ""
    seq: int = 0
    index: int = 0
    attempt: int = 0
    before: msgspec.Raw = _NULL
    after: msgspec.Raw = _NULL


class Entry(Act, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An act as it was kept: its ``number`` in the log, and when it was written down."""

    number: int
    kept_ns: int


decode_entry: Final = msgspec.json.Decoder(Entry).decode


def written(act: Act, number: int, kept_ns: int) -> str:
    """An act as the line of the log that it becomes."""
    fields = {name: getattr(act, name) for name in act.__struct_fields__}
    return _encode(Entry(**fields, number=number, kept_ns=kept_ns)).decode()


class NoKind(ValueError):
    """An act was noted under a word that is no kind: a fault of ours."""


def detail(value: Any) -> msgspec.Raw:
    """What an act changed, as it is kept: JSON of bounded size without anything that looks secret.

    ``value``: a mapping or a struct, or None for nothing.
    """
    if value is None:
        return _NULL
    text = _encode(_without_secrets(msgspec.to_builtins(value), DETAIL_DEPTH_MAX))
    if len(text) > DETAIL_BYTES_MAX:
        text = _encode({"left_out_bytes": len(text)})
    return msgspec.Raw(text)


def _without_secrets(value: Any, depth: int) -> Any:
    if isinstance(value, Mapping):
        if not depth:
            return NOT_KEPT
        return {
            name: NOT_KEPT if _looks_secret(name, found) else _without_secrets(found, depth - 1)
            for name, found in value.items()
        }
    if isinstance(value, list | tuple):
        return [_without_secrets(one, depth - 1) for one in value] if depth else NOT_KEPT
    return value


def _looks_secret(name: Any, found: Any) -> bool:
    """Whether a value is not to be kept; yes or no and a count may stand under any name."""
    if not isinstance(name, str) or not isinstance(found, str | list | tuple | Mapping):
        return False
    return _SECRET.search(name.lower()) is not None


def bounded(act: Act) -> Act:
    """The same with every text cut to its length. Raises ``NoKind``."""
    if not _KIND.fullmatch(act.kind) or len(act.kind) > KIND_LENGTH_MAX:
        raise NoKind(f"{act.kind!r} is no kind of act: send words joined by dots")
    return msgspec.structs.replace(
        act,
        actor=_clean(act.actor, ACTOR_LENGTH_MAX),
        subject=_clean(act.subject, SUBJECT_LENGTH_MAX),
        address=_clean(act.address, TEXT_LENGTH_MAX),
        user_agent=_clean(act.user_agent, TEXT_LENGTH_MAX),
        request_id=_clean(act.request_id, TEXT_LENGTH_MAX),
        idempotency_key=_clean(act.idempotency_key, TEXT_LENGTH_MAX),
    )


def _clean(text: str, length_max: int) -> str:
    """Text that can be stored: without halves of characters, and not too long."""
    return text[:length_max].encode("utf-8", "replace").decode().replace("\0", "?")
