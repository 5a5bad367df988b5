"""What a power cut leaves of a file: the old one or the whole new one, never a part.

Promises: once a call has returned, what it names is on the disk. Must not know: what a file holds.
"""

import os
from pathlib import Path


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk. Raises ``OSError``."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def put_in_place(fresh: Path, path: Path) -> None:
    """Give a file that was written beside its place its name there. Raises ``OSError``."""
    sync(fresh)
    fresh.replace(path)
    sync(path.parent)
