"""What a webhook is sent of an event: the stream's frame, with whose account it is.

Promises: made from the event alone, as frames are, so a retry is the same bytes. Must not know: how
it is sent.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from stockyard.api.door import Door
from stockyard.api.frames import Frames
from stockyard.api.shapes import time_text
from stockyard.people.webhooks import Webhook
from stockyard.runtime.hub import StreamEvent
from stockyard.runtime.webhooks import Told


class _Named(msgspec.Struct):
    event: str


_name: Final = msgspec.json.Decoder(_Named)


def teller(door: Door) -> Callable[[Webhook, StreamEvent], Told]:
    """What makes the bodies of one door's webhooks."""
    frames = Frames(door.view, door.render)

    def tell(hook: Webhook, told: StreamEvent) -> Told:
        shared = frames.private(told)
        account = door.render.account_id(hook.account_id)
        head = f'{{"webhook_id":"{hook.id}","account_id":"{account}",'
        body = head + shared.payload[1:].decode()
        return Told(shared.kind, _name.decode(shared.payload).event, body)

    return tell


def test_body(door: Door, account_id: int, now_ns: int) -> str:
    """What a test sends."""
    account = door.render.account_id(account_id)
    told = {"account_id": account, "type": "test", "event": "test", "at": time_text(now_ns)}
    return msgspec.json.encode(told).decode()
