"""One process per data directory.

Promises: while a ``DirectoryLock`` is held, no other one, in this or another process, can be had
for the same directory; the operating system lets go of it when the process dies, however it dies.
Must not know: what the directory is used for.
"""

import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from stockyard.storage.ports import DirectoryInUse, StorageUnavailable

LOCK_NAME: Final = "lock"
ORPHAN_S: Final = 5.0
"""How long is waited for a child of a process that died: it lets go as soon as it runs at all."""
_LOOK_S: Final = 0.01
_PID_LENGTH_MAX: Final = 20

if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int) -> None:
        # A locked region cannot be read by others, so it lies beyond the pid.
        os.lseek(descriptor, 1 << 20, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)

else:
    import fcntl

    def _take(descriptor: int) -> None:
        # Unlike fcntl(2) locks, flock(2) also keeps out a second lock in the same process.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class DirectoryLock:
    """The right to write in the existing directory ``path``, from construction until ``close``."""

    def __init__(self, path: Path) -> None:
        """Take the lock, or raise ``DirectoryInUse`` naming the process that holds it."""
        try:
            self._descriptor = os.open(path / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StorageUnavailable(f"{path} cannot be locked: {error.strerror}") from error
        until = time.monotonic() + ORPHAN_S
        while True:
            try:
                _take(self._descriptor)
                break
            except OSError as error:
                holder = _noted(self._descriptor).decode("ascii", "replace")
                if _is_dead(holder) and time.monotonic() < until:
                    time.sleep(_LOOK_S)
                    continue
                os.close(self._descriptor)
                who = f"process {holder.strip()}" if holder.strip() else "another process"
                raise DirectoryInUse(f"{path} is in use by {who}") from error
        self._held = True
        if hasattr(os, "register_at_fork"):
            # A child that outlives us must not go on holding the directory.
            os.register_at_fork(after_in_child=self.close)
        # Held it is also where a full disk has no room for the number.
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            os.write(self._descriptor, f"{os.getpid()}\n".encode("ascii"))

    def close(self) -> None:
        """Let go; a second call does nothing."""
        if self._held:
            self._held = False
            os.close(self._descriptor)

    def __enter__(self) -> Self:
        """Hold the lock for a block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Let go."""
        self.close()


def _noted(descriptor: int) -> bytes:
    """What the holder has noted."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    return os.read(descriptor, _PID_LENGTH_MAX)


def _is_dead(holder: str) -> bool:
    """Whether the process that noted itself is gone, so that a child of it holds the lock."""
    if sys.platform == "win32" or not holder.strip().isdigit():
        return False
    try:
        os.kill(int(holder), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
