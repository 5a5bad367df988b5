"""What the door answers with about the past of a market: bars and raw ticks.

Promises: as ``answers``. Must not know: where the values come from.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from stockyard.api.shapes import Decimal, Time

COUNT_WORDS = ("last", "high_low", "volume")


class Bar(msgspec.Struct, frozen=True, gc=False):
    """What was traded in a window. A bar of odd lots only has a volume and no prices.

    `final`: no trade will be added in the usual course; `revision` counts the late ones that were.
    """

    symbol: str
    window: str
    source: Annotated[str, Meta(description="A feed's name; empty for all of them together.")]
    start: Time
    open: Decimal | None
    high: Decimal | None
    low: Decimal | None
    close: Decimal | None
    volume: Decimal
    vwap: Decimal | None
    trades: int
    revision: int
    final: bool


class BarsPage(msgspec.Struct, frozen=True, gc=False):
    """Bars, symbol by symbol in order of time."""

    bars: list[Bar]
    next: Annotated[
        str | None, Meta(description="Send it as `cursor` for the next page; null: no more.")
    ]


class PastTick(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What one feed said at one moment: only what its kind says. `detail`: whatever has no field
    of its own. A quote without one of its sides leaves that side's price out.
    """

    kind: Annotated[
        str,
        Meta(
            extra_json_schema={
                "enum": ["trade", "quote", "status", "band", "mark", "greeks", "bar"]
            }
        ),
    ]
    source: str
    timestamp: Time
    price: Decimal | None = None
    size: Decimal | None = None
    counts: Annotated[
        list[str] | None,
        Meta(description="What a trade counts for in bars: `last`, `high_low`, `volume`."),
    ] = None
    bid: Decimal | None = None
    ask: Decimal | None = None
    bid_size: Decimal | None = None
    ask_size: Decimal | None = None
    detail: dict[str, str] | None = None


class TicksPage(msgspec.Struct, frozen=True, gc=False):
    """Raw ticks of one symbol, newest first."""

    symbol: str
    ticks: list[PastTick]
    next: Annotated[
        str | None, Meta(description="Send it as `cursor` for older ticks; null: no more.")
    ]
