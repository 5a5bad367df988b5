"""What the door answers with about what happened to an account.

Promises: as ``answers``. Must not know: where the values come from.
"""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from stockyard.api.shapes import Decimal, Id, Time

ACTIVITY_WORDS: Final = (
    "fill", "deposit", "withdrawal", "debit_interest", "borrow_fee", "funding", "reset",
    "position_given_up", "margin_called", "margin_call_met", "liquidation_started",
    "good_faith_violated", "denied",
)  # fmt: skip


class Activity(msgspec.Struct, frozen=True, gc=False):
    """One thing that happened to an account. `amount` is what it changed the cash by, fees
    included; null where it did not, and for contracts, whose margin moves too.
    """

    id: Annotated[str, Meta(description="The event's name, as on the stream.", examples=["177-1"])]
    at: Time
    kind: Annotated[str, Meta(extra_json_schema={"enum": list(ACTIVITY_WORDS)})]
    text: Annotated[str, Meta(description="What happened, in words.")]
    symbol: str | None = None
    order_id: Id | None = None
    side: Annotated[str, Meta(extra_json_schema={"enum": ["buy", "sell"]})] | None = None
    qty: Decimal | None = None
    price: Decimal | None = None
    fees: Decimal | None = None
    amount: Decimal | None = None
    cash_after: Decimal | None = None
