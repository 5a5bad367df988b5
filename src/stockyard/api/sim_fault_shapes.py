"""What the faults of test controls take and answer.

Promises: values only, described from the structs that are really read and sent. Must not know: how
a fault is carried out.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from stockyard.api import faults as f
from stockyard.api.shapes import Id, Time

KINDS = (*f.REQUEST_KINDS, *f.STREAM_KINDS)
FaultWord = Annotated[
    str,
    Meta(
        description="`answer` in the place of the real answer, `delay_answer`, `cut` the"
        " connection; `drop`, `duplicate` or `delay_message` of a stream, `close` the stream.",
        extra_json_schema={"enum": list(KINDS)},
    ),
]
StatusNumber = Annotated[
    int,
    Meta(description="Of `answer`.", extra_json_schema={"enum": list(f.STATUSES)}),
]
WhenWord = Annotated[
    str,
    Meta(
        description="`before` anything is done, or `after` it was done, so that only the answer is"
        " lost, late or another.",
        extra_json_schema={"enum": [f.BEFORE, f.AFTER]},
    ),
]
StreamWord = Annotated[
    str,
    Meta(
        description="Which streams; left out: all of them.",
        extra_json_schema={"enum": list(f.STREAMS)},
    ),
]


class FaultBody(msgspec.Struct, forbid_unknown_fields=True):
    """A rule for faults. What it does not narrow down is hit altogether."""

    kind: FaultWord
    method: Annotated[str | None, Meta(description="Only requests of this method.")] = None
    path: Annotated[
        str | None,
        Meta(
            description="Only requests of this path: `*` stands for anything, `{name}` for one"
            " part.",
            examples=["/v2/orders", "/api/v1/orders/{order_id}", "/v2/*"],
        ),
    ] = None
    stream: StreamWord | None = None
    messages: Annotated[
        list[str] | None,
        Meta(
            description="Only messages of these types. Left out: all but the answers to what the"
            " client sent.",
        ),
    ] = None
    account_id: Annotated[Id | None, Meta(description="Only what is about this account.")] = None
    count: Annotated[
        int | None,
        Meta(description=f"How many are hit, 1 to {f.COUNT_MAX}; 1 without `for_seconds`."),
    ] = None
    for_seconds: Annotated[
        float | None,
        Meta(description=f"Wall seconds until the rule ends, at most {f.FOR_SECONDS_MAX}."),
    ] = None
    every: Annotated[int, Meta(description="Hit only each so-manieth match.")] = 1
    probability: Annotated[float, Meta(description="Hit a match with this chance.")] = 1.0
    seed: Annotated[int, Meta(description="Of the chance: the same seed, the same hits.")] = 0
    status: StatusNumber | None = None
    retry_after_seconds: Annotated[
        int | None, Meta(description="Sent as `Retry-After`; 1 for 429 and 503 if left out.")
    ] = None
    when: WhenWord = f.BEFORE
    delay_ms: Annotated[
        int | None, Meta(description=f"Of a delay: wall milliseconds, 1 to {f.DELAY_MS_MAX}.")
    ] = None
    code: Annotated[
        int,
        Meta(description="Of `close`: the close code; 1006 ends a socket without a close frame."),
    ] = f.LOST
    reason: Annotated[str, Meta(description="Of `close`: up to 100 bytes of text.")] = ""


class FaultRule(msgspec.Struct, frozen=True, gc=False):
    """A rule and what it has done."""

    id: int
    kind: FaultWord
    method: str | None
    path: str | None
    stream: StreamWord | None
    messages: list[str]
    account_id: Id | None
    count: Annotated[int | None, Meta(description="How many it hits at most.")]
    ends_at: Annotated[Time | None, Meta(description="When it ends, by the wall's clock.")]
    every: int
    probability: float
    seed: int
    status: StatusNumber | None
    retry_after_seconds: int | None
    when: WhenWord | None
    delay_ms: int | None
    code: int | None
    reason: str | None
    met: Annotated[int, Meta(description="How many matched it so far.")]
    struck: Annotated[int, Meta(description="How many of them were hit.")]
    over: Annotated[bool, Meta(description="Whether it hits nothing any more.")]
