"""A data directory as it was at one moment, also beside a process that writes to it.

Each database is held by a read transaction of its own. They are begun one after the other, the
journal's last; when no other database changed meanwhile, and no file came or went, all of them
stand as they stood when the journal's was begun. Otherwise it is tried again, which costs nobody
anything: nothing is locked, no writer waits.

Promises: what a ``Moment`` reads is what a crash of the writing process would have left at that
moment, so whatever recovers from a crash recovers from it. Nothing that is kept is changed.
Must not know: what stands in the files.
"""

import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

import apsw

from stockyard.storage.files import FILES, HALF_DONE, JOURNAL, LOG_TAILS, Kind
from stockyard.storage.lock import LOCK_NAME
from stockyard.storage.ports import StorageError, StorageUnavailable
from stockyard.storage.sqlite import BUSY_MS, PlainErrors
from stockyard.storage.sync import sync

PATIENCE_S: Final = 120.0
PAUSE_S: Final = 0.01
PAGES_AT_ONCE: Final = 256
Pause = Callable[[float], None]
Step = Callable[[int], None]
"""Told how many bytes more were copied."""


class FileMoved(StorageError):
    """A file of the moment is not there any more, or is another one: begin again."""


class Sign(NamedTuple):
    """By what a file is known to be the same one."""

    name: str
    inode: int
    size: int
    changed_ns: int


class _Held:
    """One database: ``reader`` holds it, ``watcher`` tells when somebody wrote."""

    def __init__(self, path: Path) -> None:
        self.errors = PlainErrors(str(path))
        opened: list[apsw.Connection] = []
        try:
            with self.errors:
                for _ in range(2):
                    one = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
                    opened.append(one)
                    one.set_busy_timeout(BUSY_MS)
        except BaseException:
            for one in opened:
                one.close()
            raise
        self.reader, self.watcher = opened

    def version(self) -> int:
        """Another number after another connection has committed."""
        with self.errors:
            return int(self.watcher.pragma("data_version"))

    def begin(self) -> None:
        with self.errors:
            self.reader.execute("BEGIN; SELECT COUNT(*) FROM sqlite_schema").fetchall()

    def end(self) -> None:
        if self.reader.in_transaction:
            self.reader.execute("ROLLBACK")

    def size(self) -> int:
        with self.errors:
            pages, page_size = (self.reader.pragma(n) for n in ("page_count", "page_size"))
            return int(pages) * int(page_size)

    def close(self) -> None:
        self.watcher.close()
        self.reader.close()


class Moment:
    """Everything that a directory held at one moment; hold it no longer than needed."""

    def __init__(
        self, path: Path, patience_s: float = PATIENCE_S, pause: Pause = time.sleep
    ) -> None:
        """Find such a moment. Raises ``StorageUnavailable`` when there is none for too long."""
        self.path = path
        self._held: dict[str, _Held] = {}
        self._signs: dict[str, Sign] = {}
        self.taken_ns = 0
        deadline = time.monotonic() + patience_s
        try:
            while not self._take():
                if time.monotonic() > deadline:
                    raise StorageUnavailable(
                        f"{path}: its files change so often that they were never still together"
                        f" for {patience_s:g} s; try again"
                    )
                pause(PAUSE_S)
        except BaseException:
            self.close()
            raise

    def _take(self) -> bool:
        """Hold everything as it is now; whether it held still while that was done."""
        names = _databases(self.path)
        for name in names:
            if name not in self._held:
                self._held[name] = _Held(self.path / name)
        signs = _signs(self.path)
        followers = [self._held[name] for name in names if name != JOURNAL]
        before = [one.version() for one in followers]
        for one in followers:
            one.begin()
        self._held[JOURNAL].begin()
        self.taken_ns = time.time_ns()
        after = [one.version() for one in followers]
        if before == after and signs == _signs(self.path) and names == _databases(self.path):
            self._signs = {sign.name: sign for sign in signs}
            return True
        for name in names:
            self._held[name].end()
        return False

    @property
    def databases(self) -> tuple[str, ...]:
        """Names of the databases, the smallest first, so that most are held for a short time."""
        return tuple(sorted(self._held, key=lambda name: (self._held[name].size(), name)))

    @property
    def files(self) -> tuple[str, ...]:
        """Names of all other files, those in folders with their folder's."""
        return tuple(self._signs)

    def size(self) -> int:
        """Bytes that a copy of everything takes."""
        databases = sum([one.size() for one in self._held.values()])
        return databases + sum([sign.size for sign in self._signs.values()])

    def copy_database(self, name: str, to: Path, step: Step) -> None:
        """Write a database into a new file, synced, and let go of it. Raises ``StorageError``."""
        held = self._held[name]
        with PlainErrors(str(to)):
            copy = apsw.Connection(str(to))
        try:
            with PlainErrors(f"{self.path / name} or {to}"):
                copy.pragma("synchronous", "off")
                copy.pragma("journal_mode", "off")
                page_size = int(held.reader.pragma("page_size"))
                with copy.backup("main", held.reader, "main") as backup:
                    left = 0
                    while not backup.done:
                        backup.step(PAGES_AT_ONCE)
                        done = backup.page_count - backup.remaining
                        step((done - left) * page_size)
                        left = done
        finally:
            copy.close()
        held.end()
        to.chmod(0o600)
        sync_file(to)

    def copy_file(self, name: str, to: Path, step: Step) -> None:
        """Write one of the other files into a new one, synced.

        Raises ``FileMoved`` when it is not the one of the moment any more, ``StorageError``.
        """
        sign = self._signs[name]
        try:
            source = (self.path / name).open("rb")
        except FileNotFoundError:
            raise FileMoved(f"{self.path / name} went away while it was copied") from None
        except OSError as error:
            raise StorageUnavailable(f"{self.path / name}: {error.strerror}") from error
        with source:
            if _sign(name, os.fstat(source.fileno())) != sign:
                raise FileMoved(f"{self.path / name} changed while it was copied")
            try:
                with to.open("xb") as copy:
                    shutil.copyfileobj(source, copy, 1 << 20)
                to.chmod(os.fstat(source.fileno()).st_mode & 0o700)
            except OSError as error:
                raise StorageUnavailable(f"{to}: {error.strerror}") from error
        if to.stat().st_size != sign.size:
            raise FileMoved(f"{self.path / name} changed while it was copied")
        sync_file(to)
        step(sign.size)

    def close(self) -> None:
        """Let go of everything."""
        for one in self._held.values():
            one.close()
        self._held.clear()

    def __enter__(self) -> Self:
        """Hold the moment for a block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Let go."""
        self.close()


def _databases(path: Path) -> list[str]:
    names = [one.name for one in FILES if one.kind is Kind.DATABASE]
    return [name for name in names if (path / name).is_file()]


def _signs(path: Path) -> list[Sign]:
    """Every file of the table that is no database, those of folders too, by name."""
    found: list[Sign] = []
    for one in FILES:
        if one.kind is Kind.FILE and (path / one.name).is_file():
            found.append(_sign(one.name, (path / one.name).stat()))
        elif one.kind is Kind.FOLDER:
            found.extend(_signs_in(path / one.name, one.name))
    return sorted(found)


def _signs_in(folder: Path, name: str) -> list[Sign]:
    """Files of a folder and those in it, but for what is not written yet."""
    found: list[Sign] = []
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return found
    for entry in entries:
        inner = f"{name}/{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            found.extend(_signs_in(Path(entry.path), inner))
        elif entry.is_file(follow_symlinks=False) and not _is_under_way(entry.name):
            # A file that goes away just now is no part of the moment.
            with suppress(FileNotFoundError):
                found.append(_sign(inner, entry.stat()))
    return found


def _is_under_way(name: str) -> bool:
    """Whether a file is not written yet, a database's log with it, or only says who writes."""
    for tail in LOG_TAILS:
        name = name.removesuffix(tail)
    return name == LOCK_NAME or name.endswith(HALF_DONE)


def _sign(name: str, found: os.stat_result) -> Sign:
    return Sign(name, found.st_ino, found.st_size, found.st_mtime_ns)


def sync_file(path: Path) -> None:
    """Have a file, or a folder's names, on the disk. Raises ``StorageUnavailable``."""
    try:
        sync(path)
    except OSError as error:
        raise StorageUnavailable(f"{path}: {error.strerror}") from error
