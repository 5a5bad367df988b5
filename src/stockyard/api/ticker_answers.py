"""What the door answers with about one market over all its sources.

Promises: as ``answers``. Must not know: where the values come from.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from stockyard.api.shapes import Decimal, Time

Source = Annotated[str | None, Meta(description="Who says so; null: nobody.")]


class TickerSource(msgspec.Struct, frozen=True, gc=False):
    """One source of a market. `lost`: it fell silent, and its quote does not count."""

    source: str
    quoted_at: Time | None
    quote_age_ns: int | None
    traded_at: Time | None
    trade_age_ns: int | None
    lost: bool


class TickerMark(msgspec.Struct, frozen=True, gc=False):
    """Of a perpetual contract. `funding_rate`: a share of the position's value, null where the
    source tells no next funding; the contract's quote tells the last that was paid.
    """

    source: str
    mark: Decimal
    index: Decimal | None
    funding_rate: Decimal | None
    next_funding_at: Time | None
    at: Time


class Ticker(msgspec.Struct, frozen=True, gc=False):
    """One market over all its sources. The session is the latest trading day with a trade."""

    symbol: str
    bid: Decimal | None
    bid_size: Decimal
    bid_source: Source
    ask: Decimal | None
    ask_size: Decimal
    ask_source: Source
    crossed: Annotated[bool, Meta(description="One source's bid lies above another's ask.")]
    last: Decimal | None
    last_source: Source
    last_at: Time | None
    session_start: Time | None
    open: Decimal | None
    high: Decimal | None
    low: Decimal | None
    previous_close: Decimal | None
    change: Decimal | None
    change_percent: Decimal | None
    volume: Decimal
    vwap: Decimal | None
    trades: int
    volatility: Annotated[
        Decimal | None,
        Meta(description="Realised in the last half hour of trading, annual, as a share."),
    ]
    halted: bool
    halt_reason: str | None
    limit_down: Decimal | None
    limit_up: Decimal | None
    mark: TickerMark | None
    sources: list[TickerSource]
