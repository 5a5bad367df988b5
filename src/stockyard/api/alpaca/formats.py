"""The two ways Alpaca's streams write the same thing: JSON and MessagePack.

Promises: a price or size is a number that is exactly its decimal text (in MessagePack the float
that prints as it); a time is RFC 3339 in JSON and the Timestamp extension in MessagePack; parts
that were encoded already are joined without looking into them. Must not know: what is said.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from stockyard.api.shapes import time_text
from stockyard.model.numbers import format_decimal

PACKED_TYPE: Final = b"application/msgpack"
TIMESTAMP: Final = -1
"""The extension type of times (MessagePack specification, "Timestamp extension type")."""
_NS: Final = 1_000_000_000
_SECONDS_64: Final = 1 << 34


class NotReadable(ValueError):
    """What a client sent is nothing of this format."""


class Format(ABC):
    """One way of writing. ``is_binary``: data frames are bytes, not text."""

    is_binary: bool

    @abstractmethod
    def number(self, text: str) -> Any:
        """A number from decimal text."""

    @abstractmethod
    def time(self, ns: int) -> Any:
        """A moment, UTC nanoseconds."""

    @abstractmethod
    def encode(self, value: Any) -> bytes:
        """Write a value."""

    @abstractmethod
    def joined(self, parts: Sequence[bytes]) -> bytes:
        """An array of values that are written already."""

    @abstractmethod
    def decode(self, data: bytes) -> Any:
        """Read a value. Raises ``NotReadable``."""

    def scaled(self, value: int, scale: int) -> Any:
        """A number from a scaled integer."""
        return self.number(format_decimal(value, scale))


class JsonFormat(Format):
    """JSON text."""

    is_binary = False
    _encoder: Final = msgspec.json.Encoder()

    def number(self, text: str) -> Any:
        """A number from decimal text: its digits as they are."""
        return msgspec.Raw(text.encode())

    def time(self, ns: int) -> Any:
        """RFC 3339 with nanoseconds."""
        return time_text(ns)

    def encode(self, value: Any) -> bytes:
        """Write a value."""
        return self._encoder.encode(value)

    def joined(self, parts: Sequence[bytes]) -> bytes:
        """An array of values that are written already."""
        return b"[" + b",".join(parts) + b"]"

    def decode(self, data: bytes) -> Any:
        """Read a value. Raises ``NotReadable``."""
        try:
            return msgspec.json.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise NotReadable(str(error)) from None


class PackedFormat(Format):
    """MessagePack."""

    is_binary = True
    _encoder: Final = msgspec.msgpack.Encoder()

    def number(self, text: str) -> Any:
        """A number from decimal text: an integer where it is whole, else the nearest float."""
        return float(text) if "." in text else int(text)

    def time(self, ns: int) -> Any:
        """The Timestamp extension, in 64 bits."""
        seconds, rest = divmod(ns, _NS)
        assert 0 <= seconds < _SECONDS_64, "a time of this world fits 34 bits of seconds"
        return msgspec.msgpack.Ext(TIMESTAMP, (rest << 34 | seconds).to_bytes(8, "big"))

    def encode(self, value: Any) -> bytes:
        """Write a value."""
        return self._encoder.encode(value)

    def joined(self, parts: Sequence[bytes]) -> bytes:
        """An array of values that are written already."""
        count = len(parts)
        if count < 16:
            head = bytes((0x90 | count,))
        elif count < 65_536:
            head = b"\xdc" + count.to_bytes(2, "big")
        else:
            head = b"\xdd" + count.to_bytes(4, "big")
        return head + b"".join(parts)

    def decode(self, data: bytes) -> Any:
        """Read a value. Raises ``NotReadable``."""
        try:
            return msgspec.msgpack.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise NotReadable(str(error)) from None


JSON: Final = JsonFormat()
PACKED: Final = PackedFormat()


def format_of(content_type: bytes | None) -> Format:
    """The format that an upgrade's ``Content-Type`` asks for; JSON unless it is MessagePack."""
    kind = (content_type or b"").partition(b";")[0].strip().lower()
    return PACKED if kind == PACKED_TYPE else JSON
