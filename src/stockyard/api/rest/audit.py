"""Who did what: the audit log for administrators, and everybody's own history."""

from typing import Annotated, Final

import msgspec
from fastapi import Query

from stockyard.api import fields
from stockyard.api.audit_shapes import AuditEntry
from stockyard.api.auth import require_session
from stockyard.api.describing import Trait, described
from stockyard.api.problems import Problem
from stockyard.api.routes import Response, Visiting, answer, router
from stockyard.api.shapes import time_text
from stockyard.people.audit import SUBJECT_LENGTH_MAX, Entry
from stockyard.people.audit_log import Wanted

routes = router()
TAG: Final = "Audit"
LIMIT_DEFAULT: Final = 50
LIMIT_MAX: Final = 500
OPERATOR: Final = "operator"
When = Annotated[
    str | None, Query(description="RFC 3339 with a zone, or a day such as 2026-11-20 (UTC).")
]
Kind = Annotated[
    str | None,
    Query(description="A kind, or its first words: `order` finds `order.place`, `order.filled`."),
]
After = Annotated[int | None, Query(description="An entry's number: only older ones.", ge=1)]


def _shown(entry: Entry) -> AuditEntry:
    return AuditEntry(
        entry.number,
        time_text(entry.at_ns),
        entry.kind,
        entry.actor,
        entry.user_id or None,
        entry.account_id or None,
        entry.subject or None,
        entry.address or None,
        entry.user_agent or None,
        entry.request_id or None,
        entry.idempotency_key or None,
        entry.seq or None,
        entry.before,
        entry.after,
    )


def _own(entry: Entry, ours: frozenset[str]) -> AuditEntry:
    """An entry as told to whose it is: of what others did to it, not from where."""
    shown = _shown(entry)
    if entry.actor in ours or entry.actor.partition(":")[0] not in ("user", "key"):
        return shown
    return msgspec.structs.replace(
        shown, actor=OPERATOR, address=None, user_agent=None, request_id=None, idempotency_key=None
    )


def _moment(name: str, said: str | None) -> int:
    return 0 if said is None else fields.day_or_moment(name, said)


def _text(name: str, said: str | None) -> str:
    """A parameter that is compared with a text of the log. Raises ``Problem`` 422."""
    if said is None:
        return ""
    if not 1 <= len(said) <= SUBJECT_LENGTH_MAX:
        raise Problem(
            422,
            "invalid_parameter",
            f"the parameter {name} is empty or too long",
            f"send 1 to {SUBJECT_LENGTH_MAX} characters, or leave it out",
            field=name,
        )
    return said


@routes.get(
    "/admin/audit",
    **described(
        "search_audit",
        TAG,
        "Search the audit log",
        "Sign-ins, orders, money, acts of administrators and settings of everybody, newest first,"
        " from `start` until before `end`. For the next page send the last one's number as `after`."
        " Administrators only.",
        traits=Trait.SIGNED_IN | Trait.HISTORY,
        answer=list[AuditEntry],
        answered="The entries.",
    ),
)
async def search_audit(
    visit: Visiting,
    kind: Kind = None,
    actor: Annotated[str | None, Query(description="Who did it, as it is shown.")] = None,
    user_id: Annotated[str | None, Query(description="In whose history it stands.")] = None,
    subject: Annotated[str | None, Query(description="What it was done to.")] = None,
    request_id: Annotated[str | None, Query(description="The X-Request-ID.")] = None,
    start: When = None,
    end: When = None,
    after: After = None,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT,
) -> Response:
    """Search the audit log."""
    visit.admin()
    wanted = Wanted(
        limit,
        after or 0,
        _text("kind", kind),
        _text("actor", actor),
        _text("user_id", user_id),
        _text("subject", subject),
        _text("request_id", request_id),
        _moment("start", start),
        _moment("end", end),
    )
    return answer([_shown(entry) for entry in await visit.door.auditor.search(wanted)])


@routes.get(
    "/account/audit",
    **described(
        "list_own_audit",
        TAG,
        "List what happened with one's own accounts",
        "Sign-ins, orders, money and settings of whoever asks, newest first, with the address and"
        " program each came from. For the next page send the last one's number as `after`. Needs a"
        " session, not an API key.",
        traits=Trait.SIGNED_IN | Trait.HISTORY,
        answer=list[AuditEntry],
        answered="The entries.",
    ),
)
async def list_own_audit(
    visit: Visiting,
    kind: Kind = None,
    start: When = None,
    end: When = None,
    after: After = None,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT,
) -> Response:
    """List what happened with one's own accounts."""
    identity, door = visit.identity(), visit.door
    require_session(identity)
    wanted = Wanted(
        limit,
        after or 0,
        _text("kind", kind),
        user_id=identity.user_id,
        start_ns=_moment("start", start),
        end_ns=_moment("end", end),
    )
    found = await door.auditor.search(wanted)
    keys = door.desk.alone(lambda people: people.keys(identity.user_id))
    ours = frozenset({f"user:{identity.user_id}", *(f"key:{key.key_id}" for key in keys)})
    return answer([_own(entry, ours) for entry in found])
