"""Public ids: UUIDs (version 8, RFC 9562) derived from the world and a journal number, and back.

Promises: the same world, kind, seq and index always give the same UUID, and it can be turned back,
so no table of ids is kept. Must not know: whether the thing named exists.

Layout of the 122 free bits: world tag 28, kind 4, index 28, seq 62.
"""

from hashlib import blake2b
from typing import Final
from uuid import UUID


class Kind:
    """What an id names."""

    ORDER: Final = 1
    ACCOUNT: Final = 2
    EXECUTION: Final = 3
    ASSET: Final = 4
    TRANSFER: Final = 5
    CHARGE: Final = 6
    FEE: Final = 7
    HAPPENING: Final = 8


class PublicIds:
    """Makes and reads the public ids of one world."""

    def __init__(self, world_id: str) -> None:
        tag = int.from_bytes(blake2b(world_id.encode(), digest_size=4).digest(), "big") >> 4
        self._heads = {k: f"{tag:07x}{k:x}-" for k in range(16)}

    def text(self, kind: int, seq: int, index: int = 0) -> str:
        """UUID text for ``(kind, seq, index)``."""
        tail = (2 << 62) | seq
        return (
            f"{self._heads[kind]}{index >> 12:04x}-8{index & 0xFFF:03x}"
            f"-{tail >> 48:04x}-{tail & 0xFFFFFFFFFFFF:012x}"
        )

    def parse(self, kind: int, text: str) -> tuple[int, int] | None:
        """``(seq, index)`` of a UUID of this world and kind, or None for anything else."""
        if len(text) != 36:
            return None
        try:
            number = UUID(text).int
        except (ValueError, AttributeError):
            return None
        high, low = number >> 64, number & 0xFFFFFFFFFFFFFFFF
        seq = low & ((1 << 62) - 1)
        index = ((high >> 16 & 0xFFFF) << 12) | (high & 0xFFF)
        return (seq, index) if self.text(kind, seq, index) == str(UUID(int=number)) else None
