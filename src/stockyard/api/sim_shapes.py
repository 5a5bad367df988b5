"""What test controls take and answer.

Promises: values only, described from the structs that are really read and sent. Must not know: how
a control works.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from stockyard.runtime.world import CONTROL_DETAIL_MAX


class NoteBody(msgspec.Struct, forbid_unknown_fields=True):
    """A remark in the World's event log."""

    text: Annotated[str, Meta(description=f"1 to {CONTROL_DETAIL_MAX} characters.")]


class ControlNoted(msgspec.Struct, frozen=True, gc=False):
    """Where the World's event log holds it."""

    seq: Annotated[int, Meta(description="Its record in the journal.")]
    ts: Annotated[str, Meta(description="The World's time.")]
