"""Files that are written without SQLite, on the simulated disk: what of them a power cut leaves.

Promises: while it is mounted, the system's calls that sync, rename and delete pass a point at which
the process may die, for files in the disk's folder alone; a file that was not synced may be cut
short, and a rename whose folder was not synced may not have been. Must not know: what is in them.
"""

import os
from collections.abc import Callable
from pathlib import Path
from random import Random
from stat import S_ISDIR
from typing import Any, NamedTuple

from tests.simulation.faults import Fuse


class Renamed(NamedTuple):
    """A rename that is not safe yet; ``before``: what stood there, None for nothing."""

    source: Path
    target: Path
    before: bytes | None


class PlainFiles:
    """Watches the plain files below ``room``; ``alive`` says whether one may still be written."""

    def __init__(self, room: Path, fuse: Fuse, check_alive: Callable[[str], None]) -> None:
        self._room, self._fuse, self._check_alive = room, fuse, check_alive
        self._synced: set[int] = set()
        self._renamed: list[Renamed] = []
        self.on_renamed: Callable[[Path, Path], None] = lambda source, target: None
        self.on_removed: Callable[[Path], None] = lambda path: None
        self.on_synced: Callable[[int], None] = lambda inode: None
        self._real: dict[str, Any] = {}

    def mount(self) -> None:
        """Stand between the process and the system."""
        for name in ("fsync", "replace", "rename", "unlink"):
            self._real[name] = getattr(os, name)
        os.fsync = self._fsync
        os.replace = self._replace
        os.rename = self._replace
        os.unlink = self._unlink

    def unmount(self) -> None:
        """Step aside."""
        for name, real in self._real.items():
            setattr(os, name, real)

    def _is_ours(self, path: Path) -> bool:
        return self._room in path.parents

    def _fsync(self, which: Any) -> None:
        handle = which if isinstance(which, int) else which.fileno()
        known = os.fstat(handle)
        folders = {os.stat(one.target.parent).st_ino for one in self._renamed}
        if S_ISDIR(known.st_mode):
            if known.st_ino in folders:
                self._fuse.cross("before syncing a folder")
                self._renamed = [
                    one
                    for one in self._renamed
                    if os.stat(one.target.parent).st_ino != known.st_ino
                ]
        else:
            self._synced.add(known.st_ino)
            self.on_synced(known.st_ino)
        self._real["fsync"](handle)

    def _replace(self, source: Any, target: Any, **more: Any) -> None:
        old, new = Path(os.fspath(source)), Path(os.fspath(target))
        if not self._is_ours(old):
            self._real["replace"](source, target, **more)
            return
        self._check_alive(str(old))
        self._fuse.cross(f"before renaming {old.name}")
        before = new.read_bytes() if new.is_file() else None
        self._real["replace"](old, new)
        self._renamed.append(Renamed(old, new, before))
        self.on_renamed(old, new)
        self._fuse.cross(f"after renaming {old.name}")

    def _unlink(self, path: Any, **more: Any) -> None:
        gone = Path(os.fspath(path))
        if self._is_ours(gone) and gone.exists():
            self._check_alive(str(gone))
            self._fuse.cross(f"before deleting {gone.name}")
            self._synced.discard(gone.stat().st_ino)
            self.on_removed(gone)
        self._real["unlink"](path, **more)

    def all_safe(self, files: list[Path]) -> None:
        """These are as they would be found after any power cut."""
        self._synced = {file.stat().st_ino for file in files}
        self._renamed = []

    def left(self, files: list[Path], random: Random, power: bool) -> dict[Path, bytes]:
        """What is found of files after a crash."""
        found = {file: file.read_bytes() for file in files}
        if not power:
            return found
        for file in files:
            if file.stat().st_ino not in self._synced and random.random() < 0.7:
                found[file] = found[file][: random.randrange(len(found[file]) + 1)]
        for one in reversed(self._renamed):
            if one.target in found and random.random() < 0.5:
                found[one.source] = found.pop(one.target)
                if one.before is not None:
                    found[one.target] = one.before
        return found
