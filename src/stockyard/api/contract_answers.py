"""What is answered about perpetual contracts: their terms, their market, and positions in them.

Must not know: where the values come from.
"""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from stockyard.api.shapes import Decimal, Id, Time

MODES: Final = ("cross", "isolated")
"""By whether a position's margin is set apart."""
Mode = Annotated[
    str,
    Meta(
        description="`cross`: the whole account stands for the position; `isolated`: only the"
        " margin that is set apart for it.",
        extra_json_schema={"enum": list(MODES)},
    ),
]
Rate = Annotated[str, Meta(description="Percent of a position's value; above zero longs pay.")]


class ContractTerms(msgspec.Struct, frozen=True, gc=False):
    """The terms of a perpetual contract: `docs/reference/perps.md` says what they mean."""

    index_symbol: Annotated[str, Meta(description="What it follows.")]
    leverage_max: int
    leverage_default: Annotated[int, Meta(description="Until another is chosen.")]
    maintenance_margin_percent: Annotated[str, Meta(description="Of a position's value.")]
    liquidation_fee_percent: Annotated[str, Meta(description="Of what the house closes.")]
    funding_interval_seconds: int
    funding_rate_percent_max: Annotated[str, Meta(description="Either way, per interval.")]


class StreamContract(msgspec.Struct, frozen=True, gc=False):
    """The market of a perpetual contract beside its quote."""

    mark_price: Annotated[str, Meta(description="What positions are valued at.")] | None
    index_price: Annotated[str, Meta(description="The price of what it follows.")] | None
    funding_rate_percent: Annotated[str, Meta(description="The last that was paid.")] | None
    funded_at: Time | None


class ContractMarket(msgspec.Struct, frozen=True, gc=False):
    """The market of a perpetual contract beside its quote."""

    mark_price: Annotated[str, Meta(description="What positions are valued at.")] | None
    index_price: Annotated[str, Meta(description="The price of what it follows.")] | None
    premium_percent: Annotated[str, Meta(description="Of the mark over the index.")] | None
    funding_rate_percent: Annotated[str, Meta(description="The last that was paid.")] | None
    funded_at: Time | None
    next_funding_at: Time


class Funding(msgspec.Struct, frozen=True, gc=False):
    """Funding of a perpetual contract: what every position open then paid or got."""

    symbol: str
    rate_percent: Rate
    mark_price: Decimal | None
    index_price: Decimal | None
    funded_at: Time
    seq: Annotated[int, Meta(description="Its journal number.")]


class PositionContract(msgspec.Struct, frozen=True, gc=False):
    """What a position in a perpetual contract has beyond others."""

    mode: Mode
    leverage: int
    margin: Annotated[
        str,
        Meta(
            description="Isolated: what is set apart for it. Cross: what it requires of the"
            " account's equity."
        ),
    ]
    maintenance_margin: Annotated[str, Meta(description="What holding it requires.")]
    liquidation_price: (
        Annotated[
            str,
            Meta(
                description="The mark at which the house closes it; cross: while all else stays as"
                " it is. Null where no price would."
            ),
        ]
        | None
    )
    index_price: Decimal | None
    funding_paid: Annotated[str, Meta(description="Below zero: received.")]


class Leverage(msgspec.Struct, frozen=True, gc=False):
    """The leverage and mode of an account's positions in a perpetual contract."""

    account_id: Id
    symbol: str
    leverage: int
    mode: Mode
    margin: Annotated[str, Meta(description="What is set apart for the position there is.")]
    cash: Decimal
