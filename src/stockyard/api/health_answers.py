"""What a Stockyard says of its storage: what cannot be written, what is served, what a start found.

Promises: no path and nobody's data in it: anybody may ask. Must not know: how it is found out.
"""

from typing import Annotated

import msgspec
from msgspec import Meta


class Trouble(msgspec.Struct, frozen=True, gc=False):
    """A part of the data directory that cannot be written just now."""

    part: Annotated[str, Meta(description="Such as `journal`, `people`, `audit log`, `history`.")]
    reason: str
    since: str


class ReadOnly(msgspec.Struct, frozen=True, gc=False):
    """The last good state is served, and nothing can be changed."""

    reason: str
    seq: Annotated[int, Meta(description="The last input of the state that is served.")]
    at: Annotated[str, Meta(description="When that was.")]


class Start(msgspec.Struct, frozen=True, gc=False):
    """What the last start found and did."""

    journal_seq: Annotated[int, Meta(description="The last whole input of the journal.")]
    tables_seq: Annotated[int, Meta(description="How far the query tables were.")]
    snapshot_seq: Annotated[int, Meta(description="How far the snapshot was; 0 for none.")]
    torn_bytes: Annotated[
        int, Meta(description="Of a write that was cut off, set aside: nobody was told of it.")
    ]
    replayed: Annotated[int, Meta(description="Inputs that were applied again.")]
    seconds: float
