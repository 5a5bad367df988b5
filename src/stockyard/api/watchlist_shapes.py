"""Watchlists as they are sent and shown.

Promises: one struct for each body and answer. Must not know: how a list is kept.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from stockyard.api.shapes import Id, Time

Symbols = Annotated[list[str], Meta(description="In the order in which they are shown; each once.")]
Name = Annotated[
    str, Meta(description="1 to 64 printable characters; an account's lists differ in it.")
]


Place = Annotated[
    int, Meta(description="Lists are shown in the order of this, from 0.", ge=0, le=1_000)
]


class Watchlist(msgspec.Struct, frozen=True, gc=False):
    """Symbols that somebody keeps an eye on."""

    id: Id
    account_id: Id
    name: str
    symbols: Symbols
    created_at: Time
    updated_at: Time
    place: Place


class WatchlistBody(msgspec.Struct, forbid_unknown_fields=True):
    """A new watchlist."""

    name: Name
    symbols: Symbols = msgspec.field(default_factory=list)


class WatchlistChangeBody(msgspec.Struct, forbid_unknown_fields=True):
    """Another name, other symbols (all of them, in their new order), another place among the
    account's lists, or some of these.
    """

    name: Name | None = None
    symbols: Symbols | None = None
    place: Place | None = None


class WatchedBody(msgspec.Struct, forbid_unknown_fields=True):
    """A symbol to put at the end of a list."""

    symbol: str
