"""What is answered about when an account changed.

Must not know: where it comes from.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from stockyard.api.shapes import Time


class Moment(msgspec.Struct, frozen=True, gc=False):
    """An input that changed the account."""

    seq: Annotated[int, Meta(description="Its number: what `at` of `GET /account` takes.")]
    at: Time
    text: Annotated[str, Meta(description="What happened last of it, in words.")]


class Timeline(msgspec.Struct, frozen=True, gc=False):
    """When an account changed."""

    moments: Annotated[list[Moment], Meta(description="Newest first.")]
    before: Annotated[
        int | None, Meta(description="Send it as `before` for the next page; null at the end.")
    ]
