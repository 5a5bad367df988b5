"""The only encoder: records, events and snapshots to bytes and back (MessagePack, by position).

Promises: ``decode(encode(x)) == x``; bytes written by an older version decode for ever (new fields
go last, with defaults). Must not know: files, sockets, or what the bytes are for.
"""

from typing import Final

import msgspec
from msgspec.structs import astuple

from stockyard.model.events import Event
from stockyard.model.records import Record
from stockyard.model.state import EngineState

_encoder: Final = msgspec.msgpack.Encoder()
_LAST: Final = -1
encode: Final = _encoder.encode
"""Bytes of a record, an event, a tuple of events or an engine state."""
decode_record: Final = msgspec.msgpack.Decoder(Record).decode
decode_events: Final = msgspec.msgpack.Decoder(tuple[Event, ...]).decode
decode_state: Final = msgspec.msgpack.Decoder(EngineState).decode
fields_of: Final = astuple
"""A message's fields, in their order: the quickest way for compiled code to read many of them."""


def begin_sequence(length: int) -> bytearray:
    """The first bytes of a sequence of so many elements, for ``append``."""
    zeros = encode((0,) * length)
    return bytearray(zeros[: len(zeros) - length])


def append(sequence: bytearray, element: object) -> None:
    """Encode the next element of a sequence, which nobody then need keep."""
    _encoder.encode_into(element, sequence, _LAST)


def closed(sequence: bytearray) -> msgspec.Raw:
    """A sequence that is whole, to be encoded where a tuple of its elements would be."""
    return msgspec.Raw(sequence)
