"""A simulated disk below SQLite: what is written lies in a cache until it is synced.

Promises: every write, truncation, sync and deletion of the files in its folder goes through here; a
process that is killed finds all it wrote, a power cut leaves what was synced and of the rest some
sectors and not others; the story orders what fails. The rest of the process is left alone. Must not
know: what the files hold.

The files are real ones, which SQLite locks and maps as always; beside each stands what of it would
survive a power cut. SQLite's own chance (salts, temporary names) is taken away, so that a story is
the same each time.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from random import Random

import apsw

from stockyard.storage.acknowledged import SUFFIX
from tests.simulation.faults import Fuse
from tests.simulation.plain_files import PlainFiles

SECTOR = 512
DATABASES = (".db", ".db-wal", ".db-journal")
"""How the names of SQLite's files end."""
BESIDE = ("people", "audit")
"""What of them fails by an order of its own."""
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

    def __init__(self, fuse: Fuse, wait: Callable[[int], None], page_size: int = 4096) -> None:
        """``wait`` is told how long a sync takes, ns, while ``sync_ns`` says that it does."""
        room = Path("/dev/shm")
        self._room = Path(tempfile.mkdtemp(dir=room if room.is_dir() else None))
        self._fuse, self._boots, self.wait, self.sync_ns = fuse, 0, wait, 0
        self._images: dict[str, Image] = {}
        self.folder = self._room
        self._ours = self._here = f"{self._room}/"
        self.refusal = ""
        self._plain = PlainFiles(self._room, fuse, self.check_alive)
        self._plain.on_renamed, self._plain.on_synced = self._renamed, self._synced
        self._plain.on_removed = self._removed
        self._plain.mount()
        self.refuses_projections = self.refuses_beside = self.lies = self.has_lied = False
        self._page_size = page_size
        apsw.connection_hooks.append(self._on_connection)
        super().__init__(f"simulated-{next(_names)}", "unix", makedefault=True)
        self._boot({})

    def _on_connection(self, connection: apsw.Connection) -> None:
        """Files that are made from here on have pages of the story's size."""
        connection.pragma("page_size", self._page_size)

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
        for file, content in self._plain.left(self._plain_files(), random, power).items():
            found[self._name(file)] = bytearray(content)
        # These files are mapped: the system writes them back when it likes.
        for note in sorted(self.folder.glob(f"*{SUFFIX}")):
            found[note.name] = bytearray(note.read_bytes())
            if power and random.random() < 0.5:
                found[note.name] = bytearray(self._notes.get(note.name, b""))
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
        self._here = f"{self.folder}/"
        self.folder.mkdir()
        self._images = {}
        self.has_lied = self.lies = False
        self._notes = {n: bytes(content) for n, content in found.items() if n.endswith(SUFFIX)}
        for name, content in found.items():
            path = self.path(name)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
            if name.endswith(DATABASES):
                self._images[name] = image = Image()
                image.safe = content
        self._plain.all_safe(self._plain_files())
        if before != self._room:
            shutil.rmtree(before)

    def _name(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    def _plain_files(self) -> list[Path]:
        """Files in folders of the disk's that are not SQLite's, in order."""
        inner = sorted(path for path in self.folder.glob("*/**/*") if path.is_file())
        return [
            path
            for path in inner
            if self._name(path) not in self._images and not path.name.endswith("-shm")
        ]

    def _removed(self, path: Path) -> None:
        """A file of SQLite's was deleted without its help."""
        self._images.pop(self._name(path), None)

    def _synced(self, inode: int) -> None:
        """A file was synced without SQLite's help."""
        for name, image in self._images.items():
            path = self.path(name)
            if path.exists() and path.stat().st_ino == inode:
                image.sync()

    def _renamed(self, source: Path, target: Path) -> None:
        """A file of SQLite's has another name."""
        image = self._images.pop(self._name(source), None)
        if image is not None:
            self._images[self._name(target)] = image

    def release(self) -> None:
        """Give the folder and SQLite's way to files back."""
        self._plain.unmount()
        apsw.connection_hooks.remove(self._on_connection)
        self.unregister()
        shutil.rmtree(self._room)

    # What SQLite asks for.

    def xOpen(self, name: object, flags: list[int]) -> apsw.VFSFile:
        """Open one of our files, or any other as always."""
        path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        if name is None or not path.startswith(self._ours):
            return _Lockable("unix", name, flags)  # type: ignore[arg-type]
        image = None
        if path.startswith(self._here):
            image = self._images.setdefault(path[len(self._here) :], Image())
            # A file that was written without SQLite until here.
            if not image.safe and not image.unsynced and os.path.exists(path):
                image.safe = bytearray(Path(path).read_bytes())
        return _File(self, image, path, name, flags)

    def xDelete(self, name: str, sync: bool) -> None:
        """Delete a file; the folder is taken to be safe at once."""
        if name.startswith(self._ours):
            self.check_alive(name)
            self.cross(f"before deleting {Path(name).name}")
        super().xDelete(name, sync)
        if name.startswith(self._here):
            self._images.pop(name[len(self._here) :], None)

    def xRandomness(self, size: int) -> bytes:
        """No chance at all."""
        return bytes(size)

    def check_alive(self, path: str) -> None:
        """Let nothing that a dead process left behind write."""
        if self._fuse.blown or not path.startswith(self._here):
            raise apsw.IOError("this process is dead")

    def cross(self, where: str) -> None:
        """Pass a point at which the process may die."""
        self._fuse.cross(where)

    def refuse(self, name: str, syncing: bool) -> None:
        """Fail as ordered."""
        if name.startswith("projections"):
            if self.refuses_projections and not syncing:
                raise apsw.FullError(FULL)
        elif name.startswith(BESIDE) and self.refuses_beside:
            if not syncing:
                raise apsw.FullError(FULL)
        elif syncing == (self.refusal == UNSYNCABLE) and self.refusal:
            error: apsw.Error = apsw.FullError(FULL) if self.refusal == FULL else apsw.IOError()
            if syncing:
                error.extendedresult = apsw.SQLITE_IOERR_FSYNC
            raise error


class _Lockable(apsw.VFSFile):
    """A file as SQLite itself has it."""

    def xLock(self, level: int) -> None:
        """Lock; one that was opened to be read cannot be, when the last reader asks for it on
        leaving: SQLite does not mind, its way through Python does.
        """
        try:
            super().xLock(level)
        except apsw.IOError:
            raise apsw.BusyError("opened to be read") from None


class _File(_Lockable):
    """One open file of the disk."""

    def __init__(
        self, disk: Disk, image: Image | None, path: str, name: object, flags: list[int]
    ) -> None:
        super().__init__("unix", name, flags)  # type: ignore[arg-type]
        self._disk, self._image, self._path = disk, image, path
        self._name = path.rsplit("/", 1)[1]

    def _change(self, verb: str, at: int, data: bytes | None) -> Image:
        disk, image = self._disk, self._image
        disk.check_alive(self._path)
        assert image is not None
        disk.cross(f"before {verb} {self._name}")
        disk.refuse(self._name, syncing=False)
        image.unsynced.append((at, data))
        return image

    def xWrite(self, data: bytes, offset: int) -> None:
        """Write into the cache."""
        self._change("writing", offset, bytes(data))
        super().xWrite(data, offset)
        self._disk.cross(f"after writing {self._name}")

    def xTruncate(self, size: int) -> None:
        """Cut the file in the cache."""
        self._change("cutting", size, None)
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:
        """Make all of it safe, unless the disk lies."""
        disk, image = self._disk, self._image
        disk.check_alive(self._path)
        assert image is not None
        disk.cross(f"before syncing {self._name}")
        if disk.sync_ns:
            disk.wait(disk.sync_ns)
        disk.refuse(self._name, syncing=True)
        if disk.lies:
            disk.has_lied = disk.has_lied or bool(image.unsynced)
            return
        image.sync()
        disk.cross(f"after syncing {self._name}")
