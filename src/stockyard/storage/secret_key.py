"""The file of secret keys in a data directory: one key a line, newest first, for its owner alone.

Promises: a file is there whole or not at all, and on disk before it is used. Must not know: what a
key looks like.
"""

import os
from pathlib import Path
from typing import Final

from stockyard.storage.ports import StorageUnavailable
from stockyard.storage.sync import put_in_place

FILE_NAME: Final = "secret.key"
SIZE_MAX: Final = 4096


def read_key_file(path: Path) -> str | None:
    """What the file holds, or None when there is none. Raises ``StorageUnavailable``."""
    try:
        with path.open("rb") as file:
            return file.read(SIZE_MAX).decode("ascii", "replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageUnavailable(f"{path} cannot be read: {error.strerror}") from error


def write_key_file(path: Path, keys: tuple[str, ...]) -> None:
    """Put keys in the place of what the file holds. Raises ``StorageUnavailable``."""
    fresh = path.with_name(path.name + ".new")
    try:
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write("".join(f"{key}\n" for key in keys).encode("ascii"))
        put_in_place(fresh, path)
    except OSError as error:
        raise StorageUnavailable(f"{path} cannot be written: {error.strerror}") from error
