"""The inbox as it is sent and shown.

Promises: one struct for each body and answer. Must not know: how an item is kept.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from stockyard.api.shapes import Id, Time

Unread = Annotated[int, Meta(description="How many items are not read.", ge=0)]


class InboxItem(msgspec.Struct, frozen=True, gc=False):
    """One thing that somebody was told."""

    id: Id
    kind: Annotated[str, Meta(description="What it is about, such as `alert`.")]
    title: str
    text: str
    link: Annotated[str, Meta(description="A path of the web app.")] | None
    created_at: Time
    read_at: Time | None


class InboxPage(msgspec.Struct, frozen=True, gc=False):
    """Items, newest first."""

    unread: Unread
    items: list[InboxItem]
    next: Annotated[str, Meta(description="Send it as `before` for older items.")] | None


class InboxUnread(msgspec.Struct, frozen=True, gc=False):
    """How much is not read."""

    unread: Unread


class InboxMarkBody(msgspec.Struct, forbid_unknown_fields=True):
    """Whether the item is read."""

    read: bool
