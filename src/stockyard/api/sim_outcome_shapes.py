"""What planned outcomes take and answer.

Promises: values only, described from the structs that are really read and sent. Must not know: how
an outcome comes about.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from stockyard.api.shapes import Id, Time
from stockyard.model.codes import PART_WORDS, PLAN_WORDS, REST_WORDS, SIDE_WORDS, TYPE_WORDS
from stockyard.model.numbers import OUTCOME_NOTE_LENGTH_MAX, OUTCOME_USED_KEPT, OUTCOME_USES_MAX

DELAY_MS_MAX = 30 * 86_400 * 1_000
OutcomeWord = Annotated[
    str,
    Meta(
        description="`deny` it before it is an order; `reject` it at the venue; `fill` it, all or a"
        " `qty`; `delay` it on its way; `hold` it in `pending_new` until it is released; let it"
        " `expire`, or `cancel` it from the venue's side, at once or after `delay_ms`.",
        extra_json_schema={"enum": list(PLAN_WORDS.values())},
    ),
]
ThenWord = Annotated[
    str,
    Meta(
        description="What a fill leaves: it must `wait` until it is released, is `cancel`ed, or"
        " goes on to `work` as any order.",
        extra_json_schema={"enum": list(REST_WORDS.values())},
    ),
]
PartWord = Annotated[
    str,
    Meta(
        description="Orders as they were sent, or exits: of brackets and their like, which meet it"
        " when they come alive.",
        extra_json_schema={"enum": list(PART_WORDS.values())},
    ),
]
ReasonWord = Annotated[
    str,
    Meta(
        description="Of `deny`, and needed: the code that the denial says. Of `reject`, `expire`,"
        " `cancel` and a fill whose rest is canceled: the reason that the order says."
    ),
]
SideWord = Annotated[str, Meta(extra_json_schema={"enum": list(SIDE_WORDS.values())})]
TypeWord = Annotated[str, Meta(extra_json_schema={"enum": list(TYPE_WORDS.values())})]


class OutcomeBody(msgspec.Struct, forbid_unknown_fields=True):
    """An outcome, and which of the account's next orders it is for; what is left out is open."""

    outcome: OutcomeWord
    reason: ReasonWord | None = None
    qty: Annotated[str | int | None, Meta(description="Of `fill`: at most so much.")] = None
    price: Annotated[
        str | int | None,
        Meta(description="Of `fill`; left out: the market's, within the order's limit."),
    ] = None
    then: ThenWord | None = None
    delay_ms: Annotated[
        int | None, Meta(description=f"Milliseconds of the World's time, 1 to {DELAY_MS_MAX}.")
    ] = None
    symbol: Annotated[str | None, Meta(description="Only orders for it.")] = None
    side: SideWord | None = None
    type: TypeWord | None = None
    part: PartWord = PART_WORDS[0]
    client_order_id: Annotated[str | None, Meta(description="Only the order with this one.")] = None
    client_order_id_prefix: Annotated[
        str | None, Meta(description="Only orders whose `client_order_id` begins so.")
    ] = None
    count: Annotated[int, Meta(description=f"For how many orders, 1 to {OUTCOME_USES_MAX}.")] = 1
    expires_at: Annotated[
        Time | None, Meta(description="For no order from then on, by the World's time.")
    ] = None
    note: Annotated[
        str,
        Meta(description=f"In the order's story; {OUTCOME_NOTE_LENGTH_MAX} characters at most."),
    ] = ""


class OutcomeUse(msgspec.Struct, frozen=True, gc=False):
    """One use of a planned outcome."""

    order_id: Annotated[Id | None, Meta(description="The order that met it; null for a denial.")]
    seq: Annotated[int, Meta(description="The journal's record in which it was.")]


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """A planned outcome and what it has met."""

    id: int
    outcome: OutcomeWord
    reason: ReasonWord | None
    qty: str | None
    price: str | None
    then: ThenWord | None
    delay_ms: int | None
    symbol: str | None
    side: SideWord | None
    type: TypeWord | None
    part: PartWord
    client_order_id: str | None
    client_order_id_prefix: str | None
    count: int
    expires_at: Time | None
    note: str
    left: Annotated[int, Meta(description="For how many orders it still is.")]
    over: Annotated[bool, Meta(description="Whether it is for no order any more.")]
    used: Annotated[
        list[OutcomeUse],
        Meta(description=f"What met it, oldest first: the last {OUTCOME_USED_KEPT}."),
    ]
