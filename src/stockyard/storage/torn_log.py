"""The end of a write-ahead log that SQLite leaves out: what a write that was cut off left there.

Promises: reads only. SQLite says nothing of it: the frames after the last whole commit are
overwritten by the next one. The layout is sqlite.org's "Database File Format", section 4.1: a
header of 32 bytes, then frames of a 24-byte header and a page; a frame belongs to the log's present
life when its two salts are those of the log's header.
"""

from pathlib import Path
from struct import Struct
from typing import Final

HEADER_SIZE: Final = 32
FRAME_HEADER_SIZE: Final = 24
_SALTS: Final = slice(8, 16)
_PAGE_SIZE: Final = Struct(">I")


def torn_end(log: Path, whole_frames: int) -> bytes:
    """What stands behind the frames that SQLite takes for whole, of the log's present life."""
    try:
        with log.open("rb") as file:
            header = file.read(HEADER_SIZE)
            if len(header) < HEADER_SIZE:
                return header
            frame_size = FRAME_HEADER_SIZE + _PAGE_SIZE.unpack_from(header, 8)[0]
            file.seek(HEADER_SIZE + whole_frames * frame_size)
            found = []
            while frame := file.read(frame_size):
                if frame[_SALTS] != header[16:24][: len(frame[_SALTS])]:
                    break
                found.append(frame)
            return b"".join(found)
    except FileNotFoundError:
        return b""
