"""What the tests of this room start from: a moment, an account, cheap hashing, known chance."""

from hashlib import sha256
from typing import Final

from stockyard.people.passwords import PasswordCost
from stockyard.people.registration import Opening
from stockyard.storage.ports import StorageUnavailable

NOW: Final = 1_700_000_000_000_000_000
DAY_NS: Final = 24 * 3600 * 1_000_000_000
OPENING: Final = Opening("Main", 1, 100_000_000_000)
CHEAP: Final = PasswordCost(memory_kib=8, passes=1, lanes=1)
FULL: Final = StorageUnavailable("the disk is full")


class CountedBytes:
    """Repeatable bytes that never repeat: SHA-256 of a counter."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            self._count += 1
            data += sha256(self._count.to_bytes(8, "big")).digest()
        return data[:size]
