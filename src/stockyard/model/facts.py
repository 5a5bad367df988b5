"""Facts: what the outside world told us. A fact cannot be refused.

Promises: everything the engine decides with that is not a command comes in as one of these,
journaled like a command. Must not know: which feed or file it came from beyond ``source``.
"""

import msgspec

from stockyard.model.instruments import (
    FeeRule,
    Instrument,
    Limits,
    MarginTerms,
    Session,
    VenueProfile,
)


class Quote(msgspec.Struct, frozen=True, array_like=True, tag=32, gc=False):
    """Best bid and offer. Prices and sizes scaled by the instrument; a missing side is 0 / 0.

    ``ts_event``: the source's own time, UTC ns.
    """

    instrument_id: int
    bid: int
    ask: int
    bid_qty: int
    ask_qty: int
    ts_event: int


class Trade(msgspec.Struct, frozen=True, array_like=True, tag=33, gc=False):
    """A trade printed by the market."""

    instrument_id: int
    price: int
    qty: int
    ts_event: int


class ClockTick(msgspec.Struct, frozen=True, array_like=True, tag=34, gc=False):
    """Time has passed: whatever was due up to this record's ``ts`` happens now."""


class WorldCreated(msgspec.Struct, frozen=True, array_like=True, tag=35, gc=False):
    """First record of every journal. ``world_id``: 32 hexadecimal digits; ``seed`` of the engine's
    draws.
    """

    world_id: str
    seed: int


class InstrumentListed(msgspec.Struct, frozen=True, array_like=True, tag=36, gc=False):
    """An instrument can be traded from now on, or (same id) has new terms."""

    instrument: Instrument


class FeesScheduled(msgspec.Struct, frozen=True, array_like=True, tag=37, gc=False):
    """Fee lines for an asset class from ``effective_ns`` on, until the next table takes over."""

    asset_class: int
    effective_ns: int
    version: str
    rules: tuple[FeeRule, ...]


class ProfileDefined(msgspec.Struct, frozen=True, array_like=True, tag=38, gc=False):
    """A realism profile, or a new version of one."""

    profile: VenueProfile


class SessionsScheduled(msgspec.Struct, frozen=True, array_like=True, tag=39, gc=False):
    """Sessions of a calendar, in order; they follow those already known and replace later ones.

    Known ones that end after the first of these give way; under another ``name`` all do.
    """

    calendar_id: int
    name: str
    sessions: tuple[Session, ...]


class TradingHalted(msgspec.Struct, frozen=True, array_like=True, tag=42, gc=False):
    """Trading in an instrument stops, or goes on again. ``reason``: in the source's words."""

    instrument_id: int
    halted: bool
    reason: str


class LimitsSet(msgspec.Struct, frozen=True, array_like=True, tag=40, gc=False):
    """The engine's limits from now on."""

    limits: Limits


class AuctionPrint(msgspec.Struct, frozen=True, array_like=True, tag=41, gc=False):
    """The price and quantity of an auction, which also are a trade's; ``kind``: an ``Auction``."""

    instrument_id: int
    kind: int
    price: int
    qty: int
    ts_event: int


class MarginTermsSet(msgspec.Struct, frozen=True, array_like=True, tag=43, gc=False):
    """What margin accounts must put up and pay from now on."""

    terms: MarginTerms


class BorrowTermsSet(msgspec.Struct, frozen=True, array_like=True, tag=44, gc=False):
    """Whether and how an instrument can be borrowed to sell it short.

    ``easy``: without asking for it. ``rate_ppm``: a year's fee in millionths of the market value.
    ``available_qty``: how much all accounts together can borrow.
    """

    instrument_id: int
    shortable: bool
    easy: bool
    rate_ppm: int
    available_qty: int


class MarkPrice(msgspec.Struct, frozen=True, array_like=True, tag=45, gc=False):
    """What positions in a perpetual contract are valued at, and the price of what it follows."""

    instrument_id: int
    mark: int
    index: int
    ts_event: int


class FundingRate(msgspec.Struct, frozen=True, array_like=True, tag=46, gc=False):
    """Funding of a perpetual contract is paid now: ``rate_e9`` billionths of each position's value
    at the mark. Above zero those who are long pay.
    """

    instrument_id: int
    rate_e9: int
    ts_event: int


class ControlUsed(msgspec.Struct, frozen=True, array_like=True, tag=47, gc=False):
    """Somebody used a test control; the engine does nothing about it. ``action`` names it, such as
    ``clock.jump``; ``detail``: what was asked, in readable words or JSON.
    """

    action: str
    detail: str


MarketFact = Quote | Trade | AuctionPrint | MarkPrice | FundingRate
"""What a market itself says, in or out of session."""

Fact = (
    Quote
    | Trade
    | ClockTick
    | WorldCreated
    | InstrumentListed
    | FeesScheduled
    | ProfileDefined
    | SessionsScheduled
    | LimitsSet
    | TradingHalted
    | AuctionPrint
    | MarginTermsSet
    | BorrowTermsSet
    | MarkPrice
    | FundingRate
    | ControlUsed
)
