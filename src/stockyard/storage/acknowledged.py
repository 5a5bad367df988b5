"""Up to where a journal was acknowledged, in a file beside it.

Promises: costs no sync and next to no time; a process that is killed leaves what it noted last, a
power cut or a full disk that or something earlier, never more than the journal had synced. So a
journal that ends before this has lost what somebody was told is kept, which the journal alone
cannot know: SQLite takes damage at the end of its write-ahead log for a write that was never
finished.

The file is written, not mapped: a mapped page for which a full disk has no room ends the process.
"""

import os
from contextlib import suppress
from pathlib import Path
from struct import Struct
from typing import Final
from weakref import finalize

SUFFIX: Final = ".acknowledged"
_LAYOUT: Final = Struct("<QQ")
_ALL: Final = 2**64 - 1


class Acknowledged:
    """The last seq that was made durable; 0 where that is not known."""

    def __init__(self, journal: Path) -> None:
        """Open or create the file of a journal. Raises ``OSError``."""
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
        self._file = os.open(f"{journal}{SUFFIX}", flags, 0o600)
        self._release = finalize(self, os.close, self._file)

    @property
    def seq(self) -> int:
        """What was noted last; a note that is damaged counts as none."""
        os.lseek(self._file, 0, os.SEEK_SET)
        found = os.read(self._file, _LAYOUT.size)
        if len(found) < _LAYOUT.size:
            return 0
        seq, check = _LAYOUT.unpack(found)
        return int(seq) if seq ^ check == _ALL else 0

    def note(self, seq: int) -> None:
        """Everything up to ``seq`` is durable."""
        # It is durable with or without a note: one that is older only claims less.
        with suppress(OSError):
            os.lseek(self._file, 0, os.SEEK_SET)
            os.write(self._file, _LAYOUT.pack(seq, seq ^ _ALL))

    def close(self) -> None:
        """Release the file."""
        self._release()


def acknowledged_of(journal: Path) -> int:
    """Up to where a journal was acknowledged until now; 0 where that is not known.

    Makes no note where there is none.
    """
    if not Path(f"{journal}{SUFFIX}").exists():
        return 0
    try:
        note = Acknowledged(journal)
    except OSError:
        # It is opened for writing, which a read-only disk does not allow.
        return 0
    try:
        return note.seq
    finally:
        note.close()
