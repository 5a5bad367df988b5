"""A simulated disk below SQLite: what is written lies in a cache until it is synced.

Promises: every write, truncation, sync and deletion of the files in its folder goes through here; a
process that is killed finds all it wrote, a power cut leaves what was synced and of the rest some
sectors and not others; the story orders what fails. The rest of the process is left alone. Must not
know: what the files hold.

The files are real ones, which SQLite locks and maps as always; beside each stands what of it would
survive a power cut. SQLite's own chance (salts, temporary names) is taken away, so that a story is
the same each time.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from random import Random

import apsw

from stockyard.storage.acknowledged import SUFFIX
from tests.simulation.faults import Fuse

SECTOR = 512
NOTE = f"journal.db{SUFFIX}"
FULL, FAILING, UNSYNCABLE = "the disk is full", "the disk fails", "the disk fails to sync"
REFUSALS = (FULL, FULL, FAILING, UNSYNCABLE)
_names = count(1)


class Image:
    """One file: what is safe, and what was written since, in order.

    A change is (offset, bytes), or (size, None) for a truncation.
    """

    def __init__(self) -> None:
        self.safe = bytearray()
        self.unsynced: list[tuple[int, bytes | None]] = []

    def sync(self) -> None:
        """All that was written is safe from now on."""
        for at, data in self.unsynced:
            apply(self.safe, at, data)
        self.unsynced.clear()

    def after_power_cut(self, random: Random) -> bytearray:
        """What is found: of each write that was not synced all, nothing, or some sectors."""
        found = bytearray(self.safe)
        for at, data in self.unsynced:
            fate = random.random()
            if fate < 0.4:
                apply(found, at, data)
            elif fate < 0.7 and data is not None:
                for start in range(0, len(data), SECTOR):
                    if random.random() < 0.5:
                        apply(found, at + start, data[start : start + SECTOR])
        return found


def apply(content: bytearray, at: int, data: bytes | None) -> None:
    """Change a file's content as it was ordered."""
    if data is None:
        del content[at:]
        return
    if len(content) < at:
        content.extend(bytes(at - len(content)))
    content[at : at + len(data)] = data


class Disk(apsw.VFS):
    """The disk of one story, and SQLite's way to all files while it is mounted."""

    def __init__(self, fuse: Fuse) -> None:
        room = Path("/dev/shm")
        self._room = Path(tempfile.mkdtemp(dir=room if room.is_dir() else None))
        self._fuse, self._boots = fuse, 0
        self._images: dict[str, Image] = {}
        self.folder = self._room
        self.refusal = ""
        self.refuses_projections = self.lies = self.has_lied = False
        super().__init__(f"simulated-{next(_names)}", "unix", makedefault=True)
        self._boot({})

    def path(self, name: str) -> Path:
        """Where a file of the present boot lies."""
        return self.folder / name

    @contextmanager
    def refusing(self, refusal: str) -> Iterator[None]:
        """Let every write of the journal and of snapshots inside fail so; an empty one: none."""
        self.refusal = refusal
        try:
            yield
        finally:
            self.refusal = ""

    def unsynced(self, name: str) -> bool:
        """Whether a power cut could take anything of a file."""
        image = self._images.get(name)
        return image is not None and bool(image.unsynced)

    def crash(self, random: Random, power: bool) -> None:
        """Forget the process, and with ``power`` cut what was not synced; then start again.

        Whatever still has files open keeps those of the boot that is over.
        """
        found = self._left(random, power)
        self._boot(found)

    def _left(self, random: Random, power: bool) -> dict[str, bytearray]:
        if not power:
            found = {name: bytearray(self.path(name).read_bytes()) for name in self._images}
        else:
            found = {n: i.after_power_cut(random) for n, i in sorted(self._images.items())}
        # This file is mapped: the system writes it back when it likes.
        note = self.path(NOTE)
        if note.exists():
            found[NOTE] = bytearray(note.read_bytes())
            if power and random.random() < 0.5:
                found[NOTE] = bytearray(self._note)
        return found

    def copy(self) -> dict[str, bytes]:
        """What a killed process leaves now."""
        return {name: bytes(content) for name, content in self._left(Random(0), False).items()}

    def lay(self, found: dict[str, bytes]) -> None:
        """Start anew with these files."""
        self._boot({name: bytearray(content) for name, content in found.items()})

    def _boot(self, found: dict[str, bytearray]) -> None:
        before, self._boots = self.folder, self._boots + 1
        self.folder = self._room / str(self._boots)
        self.folder.mkdir()
        self._images = {}
        self.has_lied = self.lies = False
        self._note = bytes(found.get(NOTE, b""))
        for name, content in found.items():
            self.path(name).write_bytes(content)
            if name != NOTE:
                self._images[name] = image = Image()
                image.safe = content
        if before != self._room:
            shutil.rmtree(before)

    def release(self) -> None:
        """Give the folder and SQLite's way to files back."""
        self.unregister()
        shutil.rmtree(self._room)

    # What SQLite asks for.

    def xOpen(self, name: object, flags: list[int]) -> apsw.VFSFile:
        """Open one of our files, or any other as always."""
        path = Path(name.filename() if isinstance(name, apsw.URIFilename) else str(name))
        if name is None or self._room not in path.parents:
            return apsw.VFSFile("unix", name, flags)
        image = self._images.setdefault(path.name, Image()) if path.parent == self.folder else None
        return _File(self, image, path, name, flags)

    def xDelete(self, name: str, sync: bool) -> None:
        """Delete a file; the folder is taken to be safe at once."""
        path = Path(name)
        if self._room in path.parents:
            self.check_alive(path)
            self.cross(f"before deleting {path.name}")
        super().xDelete(name, sync)
        if path.parent == self.folder:
            self._images.pop(path.name, None)

    def xRandomness(self, size: int) -> bytes:
        """No chance at all."""
        return bytes(size)

    def check_alive(self, path: Path) -> None:
        """Let nothing that a dead process left behind write."""
        if path.parent != self.folder or self._fuse.blown:
            raise apsw.IOError("this process is dead")

    def cross(self, where: str) -> None:
        """Pass a point at which the process may die."""
        self._fuse.cross(where)

    def refuse(self, name: str, syncing: bool) -> None:
        """Fail as ordered."""
        if name.startswith("projections"):
            if self.refuses_projections and not syncing:
                raise apsw.FullError(FULL)
        elif syncing == (self.refusal == UNSYNCABLE) and self.refusal:
            error: apsw.Error = apsw.FullError(FULL) if self.refusal == FULL else apsw.IOError()
            if syncing:
                error.extendedresult = apsw.SQLITE_IOERR_FSYNC
            raise error


class _File(apsw.VFSFile):
    """One open file of the disk."""

    def __init__(
        self, disk: Disk, image: Image | None, path: Path, name: object, flags: list[int]
    ) -> None:
        super().__init__("unix", name, flags)  # type: ignore[arg-type]
        self._disk, self._image, self._path = disk, image, path

    def _change(self, verb: str, at: int, data: bytes | None) -> Image:
        disk, image = self._disk, self._image
        disk.check_alive(self._path)
        assert image is not None
        disk.cross(f"before {verb} {self._path.name}")
        disk.refuse(self._path.name, syncing=False)
        image.unsynced.append((at, data))
        return image

    def xWrite(self, data: bytes, offset: int) -> None:
        """Write into the cache."""
        self._change("writing", offset, bytes(data))
        super().xWrite(data, offset)
        self._disk.cross(f"after writing {self._path.name}")

    def xTruncate(self, size: int) -> None:
        """Cut the file in the cache."""
        self._change("cutting", size, None)
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:
        """Make all of it safe, unless the disk lies."""
        disk, image = self._disk, self._image
        disk.check_alive(self._path)
        assert image is not None
        disk.cross(f"before syncing {self._path.name}")
        disk.refuse(self._path.name, syncing=True)
        if disk.lies:
            disk.has_lied = disk.has_lied or bool(image.unsynced)
            return
        image.sync()
        disk.cross(f"after syncing {self._path.name}")
