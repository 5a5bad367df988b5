"""What the door answers with about companies, searches, charts and snapshots.

Promises: as ``answers``. What nobody can say is null, with why. Must not know: where values come
from.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from stockyard.api.history_answers import Bar
from stockyard.api.shapes import Decimal, Time
from stockyard.api.ticker_answers import Ticker

Day = Annotated[str, Meta(description="A day such as 2026-11-20.")]


class Symbol(msgspec.Struct, frozen=True, gc=False):
    """A symbol that trades here."""

    symbol: str
    name: str
    asset_class: str
    exchange: str
    tradable: bool


class FoundSymbol(msgspec.Struct, frozen=True, gc=False):
    """What a search found. `listed`: it trades here; others are only known to `source`."""

    symbol: str
    name: str
    asset_class: str
    exchange: str
    listed: bool
    source: str | None


class Search(msgspec.Struct, frozen=True, gc=False):
    """Symbols, those that trade here first. `detail`: why only those were looked through."""

    query: str
    results: list[FoundSymbol]
    detail: str | None


class Standing(msgspec.Struct, frozen=True, gc=False):
    """Whether an outside answer could be had. `as_of`: when it was true; `age_seconds` since."""

    available: bool
    as_of: Time | None
    age_seconds: int | None
    detail: Annotated[str | None, Meta(description="Why nothing newer could be had.")]


class Company(Standing, frozen=True, gc=False):
    """Who stands behind a symbol. `market_cap`: units outstanding at the price of now."""

    symbol: str
    name: str
    description: str | None = None
    sector: str | None = None
    industry: str | None = None
    headquarters: str | None = None
    homepage: str | None = None
    employees: int | None = None
    listed_on: Day | None = None
    units_outstanding: Decimal | None = None
    market_cap: Decimal | None = None
    source: str | None = None


class ChartDay(msgspec.Struct, frozen=True, gc=False):
    """One trading day. A day on which only odd lots traded has no prices."""

    day: Day
    open: Decimal | None
    high: Decimal | None
    low: Decimal | None
    close: Decimal | None
    volume: Decimal
    source: Annotated[
        str,
        Meta(
            description="Empty: traded here; `invented`: before the built-in market began; else the"
            " feed that says so."
        ),
    ]


class Chart(Standing, frozen=True, gc=False):
    """Five months of days, oldest first, today's as it stands. `available`: whether the days
    before our own history could be had.
    """

    symbol: str
    days: list[ChartDay]


class Snapshot(msgspec.Struct, frozen=True, gc=False):
    """One symbol at a glance. Bars that have not been are null."""

    symbol: str
    ticker: Ticker
    minute: Bar | None
    day: Bar | None
    previous_day: Bar | None
