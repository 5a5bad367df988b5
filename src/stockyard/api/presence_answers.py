"""What the door answers with about who is connected. Promises are those of ``answers``."""

from typing import Annotated

import msgspec
from msgspec import Meta

from stockyard.api.shapes import Time

STREAM_KINDS = ("websocket", "events")


class PresentStream(msgspec.Struct, frozen=True, gc=False):
    """One open stream. `account_id`: whose events it gets; null where nobody is signed in."""

    kind: Annotated[str, Meta(extra_json_schema={"enum": list(STREAM_KINDS)})]
    user_id: str | None
    account_id: str | None
    since: Time
    address: str
    blocked: Annotated[bool, Meta(description="It takes nothing now.")]


class Presence(msgspec.Struct, frozen=True, gc=False):
    """Who is connected: everybody for an administrator, else your own streams."""

    users: Annotated[int, Meta(description="Different users among the streams.")]
    streams: list[PresentStream]
