"""What the door answers with about who did what.

Promises: as ``answers``. Must not know: where the values come from.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from stockyard.api.shapes import Id, Time


class AuditDay(msgspec.Struct, frozen=True, gc=False):
    """A day of the audit log that is over and signed."""

    day: Annotated[str, Meta(examples=["2026-11-20"])]
    first: Annotated[int, Meta(description="Number of its first record.")]
    last: int
    sha256: Annotated[str, Meta(description="Of the whole file.")]
    bytes: Annotated[int | None, Meta(description="Its size; null where it lies here no more.")]


class AuditEntry(msgspec.Struct, frozen=True, gc=False):
    """One record of the audit log."""

    number: Annotated[int, Meta(description="Its place in the log.", examples=[412])]
    at: Time
    kind: Annotated[str, Meta(description="What was done.", examples=["session.opened"])]
    actor: Annotated[
        str,
        Meta(
            description="Who did it: `user:` or `key:` and an id, `anyone` who is not signed in,"
            " `system:` and a part of this Stockyard; of somebody else's acts in one's own history"
            " only `operator`."
        ),
    ]
    user_id: str | None
    account_id: Id | None
    subject: Annotated[str | None, Meta(description="What it was done to.")]
    address: str | None
    user_agent: str | None
    request_id: str | None
    idempotency_key: str | None
    seq: Annotated[int | None, Meta(description="Its record in the journal.")]
    before: Annotated[Any, Meta(description="What it was before.")] = None
    after: Annotated[Any, Meta(description="What it is since, or what was asked and done.")] = None
