"""What a tax report says.

Must not know: where the values come from.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from stockyard.api.shapes import Decimal, Id

Term = Annotated[str, Meta(extra_json_schema={"enum": ["short", "long"]})]
Disallowed = Annotated[str, Meta(description="Of the loss, because of wash sales.")]
Adjustment = Annotated[str, Meta(description="Added to the cost by earlier wash sales.")]


class TaxTotals(msgspec.Struct, frozen=True, gc=False):
    """Sums in dollars: `economic_pl` = `proceeds` - `cost` - `fees`; `taxable_pl` = `economic_pl` -
    `cost_adjustment` + `wash_sale_disallowed`.
    """

    lines: int
    proceeds: Decimal
    cost: Decimal
    fees: Decimal
    economic_pl: Decimal
    cost_adjustment: Adjustment
    wash_sale_disallowed: Disallowed
    taxable_pl: Decimal


class Replacement(msgspec.Struct, frozen=True, gc=False):
    """Where a disallowed loss went: to the cost of another lot."""

    lot_id: Id
    qty: Decimal
    amount: Decimal


class TaxLine(msgspec.Struct, frozen=True, gc=False):
    """Shares of one lot that were closed together and have one history."""

    symbol: str
    side: Annotated[str, Meta(extra_json_schema={"enum": ["long", "short"]})]
    qty: Decimal
    lot_id: Annotated[str, Meta(description="The execution that opened the lot.")]
    execution_id: Annotated[str, Meta(description="The execution that closed it.")]
    opened_on: Annotated[str, Meta(description="A day in New York, as the others.")]
    held_since: Annotated[str, Meta(description="`opened_on`, less the days of wash sales.")]
    closed_on: str
    term: Term
    proceeds: Decimal
    cost: Decimal
    fees: Annotated[str, Meta(description="Of opening and closing, pro rata.")]
    economic_pl: Decimal
    cost_adjustment: Adjustment
    wash_sale_disallowed: Disallowed
    taxable_pl: Decimal
    wash_sale: bool
    replacements: list[Replacement]


class TaxReport(msgspec.Struct, frozen=True, gc=False):
    """What an account closed in a year: `docs/reference/lots.md` says by which rules."""

    account_id: Id
    year: int
    symbol: str | None
    currency: str
    short_term: TaxTotals
    long_term: TaxTotals
    total: TaxTotals
    lines: list[TaxLine]
