"""How an endpoint puts on record what somebody did.

Promises: an act is in the audit log, durably, before its request is answered; one that was done and
could not be noted is found (``attempting``); the log gets what the
request says of itself and who it was authorised as, never a password, token or secret. Must not
know: any noun.

Commands of the engine are not noted here: they are in the journal with their origin, and come into
the log from there.
"""

from typing import Any, Final

from stockyard.api.attempting import current_number, noted
from stockyard.api.auth import Caller, actor
from stockyard.api.desk import ANYONE
from stockyard.api.door import Door
from stockyard.api.heads import Head
from stockyard.api.problems import Problem
from stockyard.people.audit import Act, detail
from stockyard.people.identity import Identity

SYSTEM: Final = "system:"


async def note(
    door: Door,
    head: Head | None,
    kind: str,
    subject: str = "",
    before: Any = None,
    after: Any = None,
    *,
    by: Identity | Caller | str = ANYONE,
    user_id: str | None = None,
    account_id: int = 0,
) -> None:
    """Record an act; call it after it was done and before it is answered.

    ``kind``: words joined by dots, the noun first: ``session.opened``. ``subject``: what was acted
    on, as the API names it. ``before``, ``after``: what changed, as mappings or structs. ``by``:
    who did it; a text is an actor, such as ``user:<id>`` or ``system:<part>``. ``user_id``: in
    whose history it stands, by default whoever did it. ``head``: None for what no request asked
    for. Raises ``StorageUnavailable``, ``Refused``: then the act is done, but must not be answered
    as done.
    """
    if isinstance(by, Caller):
        account_id = account_id or by.account_id
        by = by.identity
    if isinstance(by, Identity):
        user_id = by.user_id if user_id is None else user_id
        by = actor(by)
    await door.auditor.note(
        Act(
            attempt=current_number(),
            at_ns=door.world.clock.wall_ns(),
            kind=kind,
            actor=by,
            user_id=user_id or "",
            account_id=door.render.account_id(account_id) if account_id else "",
            subject=subject,
            address="" if head is None else head.address,
            user_agent="" if head is None else head.user_agent,
            request_id="" if head is None else head.request_id,
            idempotency_key="" if head is None else _key(head),
            before=detail(before),
            after=detail(after),
        )
    )
    noted()


def _key(head: Head) -> str:
    """The request's idempotency key; empty too where it is none, which refuses nothing here."""
    try:
        return head.idempotency_key
    except Problem:
        return ""
