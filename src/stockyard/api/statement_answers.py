"""What a statement says, and what an account's ledger holds.

Must not know: where the values come from.
"""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from stockyard.api.shapes import Decimal, Id, Time
from stockyard.projections.postings import BOOK_WORDS, KINDS

Month = Annotated[str, Meta(extra_json_schema={"examples": ["2026-11"]})]
PostingKind = Annotated[str, Meta(extra_json_schema={"enum": list(KINDS)})]
HouseBook = Annotated[str, Meta(extra_json_schema={"enum": list(BOOK_WORDS.values())})]
POSTING_COLUMNS: Final = (
    "id", "at", "kind", "symbol", "cash", "margin", "qty", "cost", "realized_pl", "price", "fee",
    "order_id",
)  # fmt: skip
"""Of a posting as a row of a table."""


class CounterPosting(msgspec.Struct, frozen=True, gc=False):
    """The other side of a posting: what went into one of the house's books."""

    book: HouseBook
    amount: Decimal


class Posting(msgspec.Struct, frozen=True, gc=False):
    """One line of an account's ledger. `cash`, `margin` and the counter-postings sum to zero."""

    id: Annotated[str, Meta(description="The event's name; lines of one event share it.")]
    at: Time
    kind: PostingKind
    symbol: str | None
    cash: Annotated[str, Meta(description="What it moved the cash by.")]
    margin: Annotated[str, Meta(description="What it moved margin set apart by.")]
    qty: Annotated[str | None, Meta(description="What it moved the position by.")]
    cost: Annotated[str | None, Meta(description="What it moved the position's cost by.")]
    realized_pl: Annotated[str | None, Meta(description="Before fees.")]
    price: Decimal | None
    fee: Annotated[str | None, Meta(description="What a fee is for.")]
    order_id: Id | None
    counter_postings: list[CounterPosting]


class StatementPosition(msgspec.Struct, frozen=True, gc=False):
    """A position at a moment. `value` is at `price`; at its cost where no price is known. Of a
    contract it is the margin set apart for it and what it has won or lost.
    """

    symbol: str
    qty: Decimal
    cost: Annotated[str, Meta(description="Below zero: what a short sale brought.")]
    margin: Annotated[str, Meta(description="Set apart for it.")]
    price: Annotated[
        str | None,
        Meta(description="The last of an hour that was over by then; of a month so far, the mark."),
    ]
    priced_at: Annotated[
        str | None, Meta(description="When that hour was over, or when it was asked.")
    ]
    value: Decimal
    unrealized_pl: Decimal


class StatementSide(msgspec.Struct, frozen=True, gc=False):
    """Where the account stood: `value` = `cash` + the positions' values."""

    at: Time
    cash: Decimal
    margin: Annotated[str, Meta(description="Set apart for isolated positions.")]
    positions_value: Decimal
    value: Decimal
    positions: list[StatementPosition]


class StatementSum(msgspec.Struct, frozen=True, gc=False):
    """All postings of a kind together: what they moved the cash by."""

    kind: PostingKind
    amount: Decimal


class StatementFee(msgspec.Struct, frozen=True, gc=False):
    """All fees of a kind together."""

    fee: str
    amount: Decimal


class StatementRealized(msgspec.Struct, frozen=True, gc=False):
    """What closing positions in a symbol won or lost, before fees."""

    symbol: str
    realized_pl: Decimal


class Statement(msgspec.Struct, frozen=True, gc=False):
    """A month of an account, in New York's time. `closing.cash` = `opening.cash` + the sums;
    `gain` = `closing.value` - `opening.value` - `invested`.
    """

    account_id: Id
    account_name: str
    month: Month
    begins_at: Time
    ends_at: Time
    is_over: Annotated[bool, Meta(description="Whether nothing can be added any more.")]
    currency: str
    opening: StatementSide
    closing: StatementSide
    sums: list[StatementSum]
    fees: list[StatementFee]
    realized_pl: Decimal
    realized: list[StatementRealized]
    invested: Annotated[
        str, Meta(description="Deposits and resets less withdrawals and what resets took, at cost.")
    ]
    gain: Decimal
    postings_count: int
    postings: Annotated[
        list[Posting],
        Meta(description="The first 5000; GET /api/v1/exports/postings has them all."),
    ]


class StatementMonth(msgspec.Struct, frozen=True, gc=False):
    """A month that there is a statement of."""

    month: Month
    begins_at: Time
    ends_at: Time
    is_over: bool
