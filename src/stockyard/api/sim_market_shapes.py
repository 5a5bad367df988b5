"""What the market's test controls take and answer.

Promises: values only, described from the structs that are really read and sent. Must not know: how
a market is controlled.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from stockyard.api.fields import Number
from stockyard.api.shapes import Decimal, Time

POINTS_MAX = 1_000
ROWS_MAX = 5_000

Symbol = Annotated[str, Meta(description="In any letter case, BTC/USD also as BTCUSD.")]
TradeSize = Annotated[
    Number,
    Meta(description="Size of the trade printed at each new price; 0: none. Default a round lot."),
]
LetsGo = Annotated[
    bool,
    Meta(description="Give the symbol back to the simulation at the end; else the end stands."),
]


class SimQuoteBody(msgspec.Struct, forbid_unknown_fields=True):
    """A quote that stands until something else is said. A side that is left out is empty."""

    symbol: Symbol
    bid: Number | None = None
    ask: Number | None = None
    bid_size: Annotated[Number | None, Meta(description="Default what was quoted last.")] = None
    ask_size: Annotated[Number | None, Meta(description="Default what was quoted last.")] = None


class SimTradeBody(msgspec.Struct, forbid_unknown_fields=True):
    """A trade that the market prints now."""

    symbol: Symbol
    price: Number
    size: Annotated[Number | None, Meta(description="Default a round lot.")] = None


class SimPoint(msgspec.Struct, forbid_unknown_fields=True):
    """Where a path is at a time: `at`, or so many `seconds` from now; a price, or bid and ask."""

    at: Time | None = None
    seconds: Annotated[float | None, Meta(description="World seconds from now.")] = None
    price: Number | None = None
    bid: Number | None = None
    ask: Number | None = None


class SimPathBody(msgspec.Struct, forbid_unknown_fields=True):
    """A way that the price goes from where it is, in the World's time."""

    symbol: Symbol
    points: Annotated[list[SimPoint], Meta(description=f"1 to {POINTS_MAX}, in order of time.")]
    steps: Annotated[
        bool, Meta(description="Stand at each point until the next, not on a line between them.")
    ] = False
    spread: Annotated[Number | None, Meta(description="Around prices; default what it is now.")] = (
        None
    )
    size: Annotated[Number | None, Meta(description="Quoted; default what it was last.")] = None
    trade_size: TradeSize | None = None
    release_at_end: LetsGo = False


class SimGapBody(msgspec.Struct, forbid_unknown_fields=True):
    """A jump of the price, by `percent` or to a `price`."""

    symbol: Symbol
    percent: Annotated[Number | None, Meta(description="Such as -8 or 2.5.")] = None
    price: Annotated[Number | None, Meta(description="The new middle price.")] = None
    when: Annotated[
        str,
        Meta(
            description="`now`, or at the `next_open` of the symbol's regular session.",
            extra_json_schema={"enum": ["now", "next_open"]},
        ),
    ] = "now"
    trade_size: TradeSize | None = None


class SimWidenBody(msgspec.Struct, forbid_unknown_fields=True):
    """The spread times a factor, around the same middle; 1 ends it."""

    symbol: Symbol
    factor: Annotated[Number, Meta(description="0.01 to 1000.")]


class SimEmptyBody(msgspec.Struct, forbid_unknown_fields=True):
    """A side without anybody who quotes; `none` ends it."""

    symbol: Symbol
    side: Annotated[str, Meta(extra_json_schema={"enum": ["bid", "ask", "none"]})]


class SimHaltBody(msgspec.Struct, forbid_unknown_fields=True):
    """A halt of trading."""

    symbol: Symbol
    reason: Annotated[str, Meta(description="1 to 100 characters.")] = "test control"


class SimSymbolBody(msgspec.Struct, forbid_unknown_fields=True):
    """A symbol."""

    symbol: Symbol


class SimRow(msgspec.Struct, forbid_unknown_fields=True):
    """A recorded quote, trade, or both: a row of a recorded table."""

    ts: Annotated[str, Meta(description="RFC 3339, or nanoseconds since 1970.")]
    bid: Number | None = None
    ask: Number | None = None
    bid_size: Number | None = None
    ask_size: Number | None = None
    price: Number | None = None
    size: Number | None = None


class SimPlayBody(msgspec.Struct, forbid_unknown_fields=True):
    """A recorded day or hour, played again from now on: a `recording` of the server, or `rows`."""

    symbol: Symbol
    recording: Annotated[
        str | None,
        Meta(
            description="In the server's folder of recordings.",
            examples=["csv:gme-2021.csv", "lean:us?date=2013-10-07&resolution=second"],
        ),
    ] = None
    rows: Annotated[list[SimRow] | None, Meta(description=f"At most {ROWS_MAX}.")] = None
    recorded_symbol: Annotated[
        str | None, Meta(description="Whose prices to play; default the symbol's own.")
    ] = None
    begin: Annotated[Time | None, Meta(description="Of the recording's time.")] = None
    end: Annotated[Time | None, Meta(description="Of the recording's time.")] = None
    rebase: Annotated[
        bool, Meta(description="Begin at the symbol's price now; else at the recorded prices.")
    ] = False
    release_at_end: LetsGo = False


class SimReleaseBody(msgspec.Struct, forbid_unknown_fields=True):
    """Symbols that go back to the simulation."""

    symbol: Annotated[Symbol | None, Meta(description="Left out: all of them.")] = None
    jump: Annotated[
        bool,
        Meta(description="Go on from where the simulation was before; else from where it is now."),
    ] = False


class ControlledSymbol(msgspec.Struct, frozen=True, gc=False):
    """How a symbol is controlled, and what is quoted of it."""

    symbol: str
    follows: Annotated[
        str | None,
        Meta(
            description="What moves it; null for the simulation.",
            extra_json_schema={"enum": ["quote", "path", "recording", None]},
        ),
    ]
    ends_at: Annotated[Time | None, Meta(description="When its path or recording ends.")]
    release_at_end: bool
    bid: Annotated[Decimal | None, Meta(description="The last quote that was sent.")]
    ask: Decimal | None
    bid_size: Decimal
    ask_size: Decimal
    spread_factor: Decimal
    empty_side: str | None
    halted: bool
    gap_at: Annotated[Time | None, Meta(description="When it jumps.")]


class MarketControlled(msgspec.Struct, frozen=True, gc=False):
    """What a control of the market has done, and where the journal holds it."""

    seq: Annotated[int, Meta(description="The last record that it made.")]
    ts: Time
    symbols: list[ControlledSymbol]
