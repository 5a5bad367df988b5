"""Backups as they lie in a folder: one directory each, with a manifest that names every file.

Promises: a directory that has the name of a backup is whole; one that is being written has another
name. Every byte of a backup is covered by the SHA-256 of its file, and the manifest by its own.
Must not know: how a backup is made, or what its files mean.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

import msgspec

from stockyard.storage.files import BY_NAME, JOURNAL
from stockyard.storage.lock import LOCK_NAME
from stockyard.storage.moment import sync_file
from stockyard.storage.ports import StorageError, StorageUnavailable

MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
MANIFEST_BYTES_MAX: Final = 64 * 1024 * 1024
PARTIAL: Final = ".partial"
_NAME: Final = re.compile(r"(backup|broken)-\d{8}T\d{6}\.\d{3}Z")
_PARTIAL_NAME: Final = re.compile(rf"\.{_NAME.pattern}{re.escape(PARTIAL)}")
_NS: Final = 1_000_000_000
Step = Callable[[int], None]


class BackupRefused(StorageError):
    """A directory cannot be taken for a backup, or not be restored; the message says why."""


class BackupDamaged(StorageError):
    """Files of a backup are not what was backed up."""


class KeptFile(msgspec.Struct, frozen=True):
    """A file of a backup: its name in the data directory, its bytes and their hash."""

    name: str
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup says of itself.

    ``seq`` and ``ts``: the journal's last record; ``checked``: whether it was verified when it was
    made, and ``broken`` what was found then; ``notes``: what else should be known of it;
    ``left_out``: what of the directory is not in it; ``sha256``: over this with an empty one.
    """

    stockyard_backup: int
    made_at: str
    version: str
    engine_version: str
    world_id: str
    seq: int
    ts: int
    state_hash: str
    checked: bool
    broken: list[str]
    notes: list[str]
    left_out: list[str]
    files: list[KeptFile]
    sha256: str = ""

    @property
    def made_ns(self) -> int:
        """When it was made, UTC ns."""
        made = datetime.fromisoformat(self.made_at)
        return (int(made.timestamp()) * 1_000 + made.microsecond // 1_000) * (_NS // 1_000)

    @property
    def bytes(self) -> int:
        """How large it is."""
        return sum([one.bytes for one in self.files])

    @property
    def has_secrets(self) -> bool:
        """Whether the keys of what is sealed are in it."""
        return not {"secret.key", "audit.key"}.isdisjoint(one.name for one in self.files)


class Backup(NamedTuple):
    """A backup in a folder; where its ``manifest`` cannot be read, ``wrong`` says why."""

    path: Path
    manifest: Manifest | None
    wrong: str = ""

    @property
    def is_good(self) -> bool:
        """Whether it was found whole when it was made, or nothing speaks against it."""
        return self.manifest is not None and not self.manifest.broken


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(Manifest).decode


def moment_text(ns: int) -> str:
    """A time as manifests tell it, to the millisecond."""
    when = datetime.fromtimestamp(ns // _NS, UTC)
    return f"{when:%Y-%m-%dT%H:%M:%S}.{ns // 1_000_000 % 1_000:03d}Z"


def name_of(ns: int, *, broken: bool) -> str:
    """The name of a backup of that moment."""
    compact = moment_text(ns).replace("-", "").replace(":", "")
    return f"{'broken' if broken else 'backup'}-{compact}"


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Put the manifest into a backup, synced. Raises ``StorageUnavailable``."""
    bare = msgspec.structs.replace(manifest, sha256="")
    whole = msgspec.structs.replace(bare, sha256=sha256(_encode(bare)).hexdigest())
    try:
        (path / MANIFEST).write_bytes(msgspec.json.format(_encode(whole), indent=1) + b"\n")
    except OSError as error:
        raise StorageUnavailable(f"{path / MANIFEST}: {error.strerror}") from error
    sync_file(path / MANIFEST)


def read_manifest(path: Path) -> Manifest:
    """The manifest of a backup. Raises ``BackupRefused``, ``BackupDamaged``."""
    file = path / MANIFEST
    if not file.is_file():
        raise BackupRefused(f"{path} is no backup: there is no {MANIFEST} in it{_nearest(path)}")
    try:
        with file.open("rb") as opened:
            content = opened.read(MANIFEST_BYTES_MAX)
    except OSError as error:
        raise StorageUnavailable(f"{file}: {error.strerror}") from error
    try:
        found = _decode(content)
        _ = found.made_ns
    except (msgspec.MsgspecError, UnicodeError, ValueError):
        raise BackupDamaged(f"{file} cannot be read: this backup is damaged") from None
    if found.stockyard_backup != FORMAT:
        raise BackupRefused(
            f"{path} has format {found.stockyard_backup}; this version reads {FORMAT}"
        )
    bare = msgspec.structs.replace(found, sha256="")
    if sha256(_encode(bare)).hexdigest() != found.sha256:
        raise BackupDamaged(f"{file} was changed: this backup is damaged")
    for one in found.files:
        _inside(one.name)
    return found


def _nearest(path: Path) -> str:
    """Which backup may have been meant, where a folder of them was named."""
    found = backups_in(path) if path.is_dir() else []
    return f"; the newest of the {len(found)} in that folder is {found[-1].path}" if found else ""


def _inside(name: str) -> PurePosixPath:
    """A name of a manifest that stays inside its directory. Raises ``BackupDamaged``."""
    path = PurePosixPath(name)
    if not name or path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
        raise BackupDamaged(f"its manifest names {name!r}, which is no file of a data directory")
    return path


def backups_in(folder: Path) -> list[Backup]:
    """The backups of a folder, oldest first; those that cannot be read are named, not hidden."""
    found = []
    try:
        paths = sorted(folder.iterdir(), key=lambda path: path.name.partition("-")[2])
    except OSError:
        return []
    for path in paths:
        if _NAME.fullmatch(path.name) and path.is_dir():
            try:
                found.append(Backup(path, read_manifest(path)))
            except StorageError as error:
                found.append(Backup(path, None, str(error)))
    return found


def files_under(path: Path) -> Iterator[str]:
    """Names of all files in a directory and those in it, in order."""
    for found in sorted(path.rglob("*")):
        if found.is_file():
            yield found.relative_to(path).as_posix()


def hash_file(path: Path, step: Step) -> KeptFile:
    """A file's size and hash. Raises ``StorageUnavailable``."""
    digest, size = sha256(), 0
    try:
        with path.open("rb") as file:
            while part := file.read(1 << 20):
                digest.update(part)
                size += len(part)
                step(len(part))
    except OSError as error:
        raise StorageUnavailable(f"{path}: {error.strerror}") from error
    return KeptFile(path.name, size, digest.hexdigest())


def copy_checked(manifest: Manifest, source: Path, to: Path, step: Step) -> None:
    """Copy every file of a backup, synced, holding each against its hash.

    Raises ``BackupDamaged`` naming all files that are missing or not what was backed up,
    ``StorageUnavailable``.
    """
    wrong = []
    for one in manifest.files:
        target = to / _inside(one.name)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        digest, size = sha256(), 0
        try:
            with (source / one.name).open("rb") as file, target.open("xb") as copy:
                while part := file.read(1 << 20):
                    digest.update(part)
                    size += len(part)
                    copy.write(part)
                    step(len(part))
            target.chmod((source / one.name).stat().st_mode & 0o700 | 0o600)
        except FileNotFoundError:
            wrong.append(f"{one.name} is missing")
            continue
        except OSError as error:
            raise StorageUnavailable(f"{error.filename or target}: {error.strerror}") from error
        if (size, digest.hexdigest()) != (one.bytes, one.sha256):
            wrong.append(f"{one.name} is not what was backed up (its SHA-256 differs)")
        sync_file(target)
    if wrong:
        raise BackupDamaged(f"{source} is damaged: {'; '.join(wrong)}. Take another backup")
    gone = [one.name for one in manifest.files if not (to / one.name).is_file()]
    if gone:
        raise StorageUnavailable(f"{to}: {', '.join(gone)} went away while others were copied")


def free_bytes(path: Path) -> int:
    """Room on the disk of a directory that exists. Raises ``StorageUnavailable``."""
    try:
        return shutil.disk_usage(path).free
    except OSError as error:
        raise StorageUnavailable(f"{path}: {error.strerror}") from error


def remove_partial(folder: Path) -> int:
    """Remove what runs that were cut off have left, in a folder that is locked; how many."""
    left = [
        path for path in folder.iterdir() if _PARTIAL_NAME.fullmatch(path.name) and path.is_dir()
    ]
    for path in left:
        remove(path)
    return len(left)


def remove(path: Path) -> None:
    """Remove a directory: its name first, so that half of it is never taken for a backup."""
    if _NAME.fullmatch(path.name):
        path = path.rename(path.with_name(f".{path.name}{PARTIAL}"))
    (path / MANIFEST).unlink(missing_ok=True)
    shutil.rmtree(path)


def publish(partial: Path, path: Path) -> None:
    """Give a directory its name, for good. Raises ``StorageUnavailable``.

    First every file is synced: checking a copy may have written to it.
    """
    for found in [partial, *partial.rglob("*")]:
        sync_file(found)
    try:
        os.rename(partial, path)
    except OSError as error:
        raise StorageUnavailable(f"{path} cannot be made: {error.strerror}") from error
    sync_file(path.parent)


def move_up(partial: Path) -> None:
    """Move everything in a directory into the one that it lies in. Raises ``StorageUnavailable``.

    What is derived goes first and the journal last: where that is cut off, a start finds what
    belongs to a journal and none, and refuses.
    """
    to = partial.parent
    names = sorted(
        [found.name for found in partial.iterdir()],
        key=lambda name: (name == JOURNAL, name not in BY_NAME or not BY_NAME[name].derived, name),
    )
    try:
        for name in names:
            if name == JOURNAL:
                sync_file(to)
            os.rename(partial / name, to / name)
        partial.rmdir()
    except OSError as error:
        raise StorageUnavailable(f"{to}: {error.strerror}") from error
    sync_file(to)


def refuse_backup(path: Path) -> None:
    """Refuse to open a backup as a data directory, which would change it.

    Raises ``BackupRefused``.
    """
    if (path / MANIFEST).exists():
        raise BackupRefused(
            f"{path} is a backup, and stays as it is: make a data directory of it with `stockyard"
            f" restore --from {path} --to DIR`"
        )


def rotate(folder: Path, keep: int, world_id: str) -> list[Path]:
    """Remove all but the newest ``keep`` good backups of one world, and all but its newest broken
    one; the paths that are gone.

    The newest good one always stays, so does the newest that was verified, and so do those of other
    worlds and what cannot be read.
    """
    mine = [
        one
        for one in backups_in(folder)
        if one.manifest is not None and one.manifest.world_id == world_id
    ]
    good = [one for one in mine if one.is_good]
    broken = [one for one in mine if not one.is_good]
    verified = [one for one in good if one.manifest is not None and one.manifest.checked]
    old = [one for one in good[: -max(1, keep)] if one not in verified[-1:]] + broken[:-1]
    for one in old:
        remove(one.path)
    return [one.path for one in old]


def tidy_copy(path: Path) -> None:
    """Take away what opening a copy has left beside its files, but nothing that holds data."""
    (path / LOCK_NAME).unlink(missing_ok=True)
    for found in path.glob("*.db-shm"):
        found.unlink()
    for found in path.glob("*.db-wal"):
        if not found.stat().st_size:
            found.unlink()
