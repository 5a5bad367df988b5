"""Up to where a journal was acknowledged, in a file beside it.

Promises: costs no sync and next to no time; a process that is killed leaves what it noted last, a
power cut that or something earlier, never more than the journal had synced. So a journal that ends
before this has lost what somebody was told is kept, which the journal alone cannot know: SQLite
takes damage at the end of its write-ahead log for a write that was never finished.
"""

import mmap
import os
from pathlib import Path
from struct import Struct
from typing import Final

SUFFIX: Final = ".acknowledged"
_LAYOUT: Final = Struct("<QQ")
_ALL: Final = 2**64 - 1


class Acknowledged:
    """The last seq that was made durable; 0 where that is not known."""

    def __init__(self, journal: Path) -> None:
        """Open or create the file of a journal. Raises ``OSError``."""
        handle = os.open(f"{journal}{SUFFIX}", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if os.fstat(handle).st_size < _LAYOUT.size:
                os.ftruncate(handle, _LAYOUT.size)
            self._page = mmap.mmap(handle, _LAYOUT.size)
        finally:
            os.close(handle)

    @property
    def seq(self) -> int:
        """What was noted last; a note that is damaged counts as none."""
        seq, check = _LAYOUT.unpack_from(self._page)
        return int(seq) if seq ^ check == _ALL else 0

    def note(self, seq: int) -> None:
        """Everything up to ``seq`` is durable."""
        _LAYOUT.pack_into(self._page, 0, seq, seq ^ _ALL)

    def close(self) -> None:
        """Release the file."""
        self._page.close()
