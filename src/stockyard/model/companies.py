"""What is known about companies and coins, and who can be asked about them.

Promises: prices and amounts stay decimals, dates are dates: whoever asks knows the instrument. Must
not know: vendors, caches, or how a question travels.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final, Protocol

import msgspec

SEARCH_LENGTH_MAX: Final = 64
"""Characters of a search."""


class Company(msgspec.Struct, frozen=True):
    """Who stands behind a symbol. What is not known is empty or None.

    ``units``: shares outstanding, or coins in circulation; times the price it is what all of it is
    worth. ``listed_on``: first day of trading. ``source``: who says so.
    """

    symbol: str
    name: str
    description: str = ""
    sector: str = ""
    industry: str = ""
    homepage: str = ""
    headquarters: str = ""
    employees: int | None = None
    listed_on: date | None = None
    units: Decimal | None = None
    source: str = ""


class Found(msgspec.Struct, frozen=True):
    """A symbol that a search found, in its source's words."""

    symbol: str
    name: str
    exchange: str
    asset_class: str


class DailyBar(msgspec.Struct, frozen=True):
    """One trading day. Stocks' prices and volumes are split adjusted."""

    day: date
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


class ReferenceSource(Protocol):
    """Somebody outside who can be asked. ``symbol`` is theirs.

    Everything raises ``FeedRefused`` or ``FeedUnavailable``.
    """

    name: str

    async def company(self, symbol: str) -> Company | None:
        """Who stands behind a symbol; None when they do not know it."""

    async def search(self, text: str, limit: int) -> Sequence[Found]:
        """Symbols whose ticker or name holds the text, best first."""

    async def daily(self, symbol: str, first: date, last: date) -> Sequence[DailyBar]:
        """The trading days from ``first`` to ``last``, oldest first."""
