"""What the C library keeps of memory that the process has freed.

Promises: where there is no glibc nothing changes. Must not know: who asks for memory.
"""

import ctypes
from contextlib import suppress
from typing import Final

LARGE_BYTES: Final = 1 << 20
_M_MMAP_THRESHOLD: Final = -3


def return_large_blocks() -> None:
    """Have blocks of a mebibyte or more given back to the system as soon as they are free.

    By itself glibc moves that bound up to the largest block it has seen freed, and keeps what lies
    below (mallopt(3)): the 19 MiB of a password's hash stayed with the server for good.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES)
