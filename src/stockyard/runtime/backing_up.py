"""Making a backup of a data directory, also beside the server that writes to it, and restoring one.

Promises: a backup is what a crash at one moment would have left (``storage.moment``), so it holds
everything that was acknowledged before it began, and restores like any crash. It gets its name only
when it is whole, checked and on the disk; a run that is cut off leaves nothing that could be taken
for one. Restoring overwrites nothing. Must not know: how a directory is checked, or who asks.
"""

import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Final, NamedTuple

from stockyard.engine.engine import ENGINE_VERSION
from stockyard.model.codec import decode_state
from stockyard.model.facts import WorldCreated
from stockyard.runtime.snapshots import unpack
from stockyard.storage.acknowledged import Acknowledged, acknowledged_of
from stockyard.storage.backups import (
    FORMAT,
    PARTIAL,
    Backup,
    BackupRefused,
    KeptFile,
    Manifest,
    copy_checked,
    files_under,
    free_bytes,
    hash_file,
    moment_text,
    move_up,
    name_of,
    publish,
    read_manifest,
    remove_partial,
    rotate,
    tidy_copy,
    write_manifest,
)
from stockyard.storage.files import BY_NAME, JOURNAL, others
from stockyard.storage.lock import DirectoryLock
from stockyard.storage.moment import FileMoved, Moment
from stockyard.storage.ports import Base, JournalCorrupt, Snapshot, StorageUnavailable
from stockyard.storage.readonly import ReadOnlyDatabase
from stockyard.storage.sqlite import read_base_of, read_journal

TRIES: Final = 3
"""How often it is begun again when files of a moment went away while they were copied."""
ROOM_BYTES: Final = 64 * 1024 * 1024
"""What stays free on the disk beside a backup."""
MADE_BY_DISKS: Final = "lost+found"
"""The name of a directory that a fresh disk has."""
_COUNTS: Final = {
    "audit.db": "SELECT COALESCE((SELECT MAX(number) FROM entries), (SELECT number FROM anchor), 0)"
}
"""How many records a database besides the journal was acknowledged for."""


class Checked(NamedTuple):
    """What checking a directory found: the state's hash, what is broken, what else is worth
    knowing.
    """

    state_hash: str
    broken: tuple[str, ...]
    notes: tuple[str, ...] = ()


Check = Callable[[Path], Checked]
"""Checks a directory that nobody else uses; may open its files for writing."""


class Watch:
    """Is told how a run goes on; this one says nothing."""

    def begin(self, what: str, total: int) -> None:
        """Something begins that takes ``total`` steps; 0: not known."""

    def step(self, count: int) -> None:
        """So many steps more are done."""

    def reach(self, count: int) -> None:
        """So many steps are done by now."""


class Taken(NamedTuple):
    """A backup that was made, and the older ones that it let go."""

    backup: Backup
    removed: list[Path]


def take_backup(
    data: Path,
    folder: Path,
    check: Check | None,
    watch: Watch,
    *,
    with_secrets: bool = True,
    keep: int = 0,
) -> Taken:
    """Make a backup of ``data`` in ``folder``; ``keep``: how many good ones stay, 0 for all.

    One that is found broken is kept under another name, and lets no other go. Raises
    ``BackupRefused``, ``DirectoryInUse`` where another one is being made, ``StorageError``.
    """
    _refuse_inside(data, folder)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StorageUnavailable(f"{folder} cannot be made: {error.strerror}") from error
    with DirectoryLock(folder):
        remove_partial(folder)
        for tries_left in reversed(range(TRIES)):
            try:
                backup = _take(data, folder, check, watch, with_secrets)
                break
            except FileMoved:
                if not tries_left:
                    raise
            finally:
                remove_partial(folder)
        assert backup.manifest is not None
        removed = rotate(folder, keep, backup.manifest.world_id) if keep else []
    return Taken(backup, removed)


def _refuse_inside(data: Path, folder: Path) -> None:
    if not (data / JOURNAL).is_file():
        raise BackupRefused(f"data {str(data)!r}: there is no {JOURNAL} in it")
    inner, outer = folder.resolve(), data.resolve()
    if inner == outer or outer in inner.parents:
        raise BackupRefused(
            f"{folder} lies in the data directory: name a folder elsewhere, best on another disk"
        )


def _take(
    data: Path, folder: Path, check: Check | None, watch: Watch, with_secrets: bool
) -> Backup:
    acknowledged = acknowledged_of(data / JOURNAL)
    with Moment(data) as moment:
        made_ns = moment.taken_ns
        partial = folder / f".{name_of(made_ns, broken=False)}{PARTIAL}"
        _refuse_full(folder, moment.size(), check is not None, data)
        partial.mkdir(mode=0o700)
        left_out = _copy(moment, partial, watch, with_secrets)
    head = _end_of(partial)
    if head.seq < acknowledged:
        raise JournalCorrupt(head.seq + 1, str(data / JOURNAL), "missing, though acknowledged")
    snapshot = _snapshot_of(partial)
    engine_version = ENGINE_VERSION if snapshot is None else snapshot.engine_version
    checked = Checked("", ())
    if check is not None and engine_version == ENGINE_VERSION:
        checked = check(partial)
    elif check is not None:
        other = f"engine version {engine_version} wrote it, and this is {ENGINE_VERSION}"
        checked = Checked("", (), (f"not verified: {other}",))
        check = None
    world_id = _world_of(partial, snapshot)
    tidy_copy(partial)
    manifest = Manifest(
        stockyard_backup=FORMAT,
        made_at=moment_text(made_ns),
        version=version("stockyard"),
        engine_version=engine_version,
        world_id=world_id,
        seq=head.seq,
        ts=head.ts,
        state_hash=checked.state_hash,
        checked=check is not None,
        broken=list(checked.broken),
        notes=list(checked.notes),
        left_out=[*left_out, *others(data)],
        files=_hashed(partial, watch),
    )
    write_manifest(partial, manifest)
    path = folder / name_of(made_ns, broken=bool(checked.broken))
    if path.exists():
        raise BackupRefused(f"{path} is there already")
    publish(partial, path)
    return Backup(path, read_manifest(path))


def _refuse_full(folder: Path, size: int, is_checked: bool, data: Path) -> None:
    """Refuse before anything is written what would not fit."""
    tables = data / "projections.db"
    # Checking makes the query tables once more, to compare them.
    needed = size + ROOM_BYTES
    needed += tables.stat().st_size if is_checked and tables.exists() else 0
    free = free_bytes(folder)
    if free < needed:
        raise StorageUnavailable(
            f"{folder}: a backup needs {needed:,} bytes, and {free:,} are free: make room, or name"
            " a folder on another disk"
        )


def _copy(moment: Moment, to: Path, watch: Watch, with_secrets: bool) -> list[str]:
    """Copy everything of a moment; the names of what was left out."""
    left_out = [name for name in moment.files if not with_secrets and _is_secret(name)]
    watch.begin("copying", moment.size())
    # Databases first: while one is held its write-ahead log cannot be emptied.
    for name in moment.databases:
        moment.copy_database(name, to / name, watch.step)
    for name in moment.files:
        if name not in left_out:
            (to / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            moment.copy_file(name, to / name, watch.step)
    return left_out


def _is_secret(name: str) -> bool:
    return name in BY_NAME and BY_NAME[name].secret


class _End(NamedTuple):
    seq: int
    ts: int


def _end_of(copy: Path) -> _End:
    """Where the copied journal ends; the notes beside the copies are made to fit them."""
    with ReadOnlyDatabase(copy / JOURNAL) as database:
        rows = database.query(
            "SELECT last_seq, last_ts FROM batches ORDER BY first_seq DESC LIMIT 1"
        )
    base = _base_of(copy)
    end = _End(*rows[0]) if rows else _End(0, 0)
    if base is not None and end.seq < base.head.seq:
        # All that follows the base was removed with what was before it.
        end = _End(base.head.seq, base.head.ts)
    _note(copy / JOURNAL, end.seq)
    for name, sql in _COUNTS.items():
        if (copy / name).is_file():
            with ReadOnlyDatabase(copy / name) as database:
                _note(copy / name, int(database.query(sql)[0][0]))
    return end


def _base_of(copy: Path) -> Base | None:
    """What stands for the beginning of a copied journal; a row that is altered is found by
    checking.
    """
    with suppress(JournalCorrupt):
        return read_base_of(copy / JOURNAL)
    return None


def _note(path: Path, number: int) -> None:
    if number:
        note = Acknowledged(path)
        note.note(number)
        note.close()


def _snapshot_of(copy: Path) -> Snapshot | None:
    path = copy / "snapshots.db"
    if not path.is_file():
        return None
    with ReadOnlyDatabase(path) as database:
        rows = database.query(
            "SELECT seq, ts, state_hash, engine_version, digest, state FROM snapshot"
        )
    return Snapshot._make(rows[0]) if rows else None


def _world_of(copy: Path, snapshot: Snapshot | None) -> str:
    """The id of the world, by which its backups are told from those of others."""
    base = _base_of(copy)
    if base is not None:
        return base.world_id
    with suppress(JournalCorrupt):
        for record in read_journal(copy / JOURNAL, 0):
            if isinstance(record.input, WorldCreated):
                return record.input.world_id
            break
    if snapshot is None:
        return ""
    return str(decode_state(unpack(snapshot.state)).world_id)


def _hashed(copy: Path, watch: Watch) -> list[KeptFile]:
    names = list(files_under(copy))
    watch.begin("hashing", sum([(copy / name).stat().st_size for name in names]))
    found = [hash_file(copy / name, watch.step) for name in names]
    return [KeptFile(name, one.bytes, one.sha256) for name, one in zip(names, found, strict=True)]


class Restored(NamedTuple):
    """A directory that was restored: from what, and why it was not verified (empty: it was)."""

    manifest: Manifest
    unchecked: str


def restore_backup(source: Path, to: Path, check: Check | None, watch: Watch) -> Restored:
    """Make the directory ``to`` out of a backup; it has that name only when it is whole.

    Raises ``BackupRefused`` where something is there already, or what was restored is broken,
    ``BackupDamaged``, ``StorageError``.
    """
    manifest = read_manifest(source)
    # What one stands in has no name of its own.
    to = to if to.name not in ("", "..") else to.resolve()
    _refuse_taken(to)
    unchecked = _why_unchecked(manifest, check)
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        # What is mounted cannot be replaced by another directory, where one stands should not.
        mounted = to.is_mount() or to == Path.cwd()
        needed, free = manifest.bytes + ROOM_BYTES, free_bytes(to if mounted else to.parent)
        if free < needed:
            raise StorageUnavailable(
                f"{to}: restoring needs {needed:,} bytes, and {free:,} are free"
            )
        name = f".{to.name}-{secrets.token_hex(4)}{PARTIAL}"
        partial = to / name if mounted else to.with_name(name)
        partial.mkdir(mode=0o700)
    except OSError as error:
        raise StorageUnavailable(f"{to} cannot be made: {error.strerror}") from error
    try:
        watch.begin("copying", manifest.bytes)
        copy_checked(manifest, source, partial, watch.step)
        if check is not None and not unchecked:
            _refuse_broken(check(partial), manifest)
            tidy_copy(partial)
        _refuse_taken(to, partial)
        if mounted:
            move_up(partial)
        else:
            publish(partial, to)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return Restored(manifest, unchecked)


def _why_unchecked(manifest: Manifest, check: Check | None) -> str:
    if check is None:
        return "it was not asked for"
    if manifest.engine_version != ENGINE_VERSION:
        return (
            f"engine version {manifest.engine_version} wrote it (Stockyard {manifest.version}), and"
            f" this is {ENGINE_VERSION}: verify it with that version, or start and stop that"
            " version on it once before this one"
        )
    return ""


def _refuse_taken(to: Path, partial: Path | None = None) -> None:
    """An empty directory may stand there: one that a disk is mounted on, say."""
    if to.is_dir() and {found.name for found in to.iterdir()} <= {
        MADE_BY_DISKS,
        partial.name if partial is not None else "",
    }:
        return
    if to.exists() or to.is_symlink():
        raise BackupRefused(
            f"{to} is there already: nothing is overwritten. Name a directory that is not there, or"
            " move that one away first"
        )


def _refuse_broken(found: Checked, manifest: Manifest) -> None:
    broken = list(found.broken)
    if manifest.state_hash and found.state_hash != manifest.state_hash:
        broken.append(
            f"its state has the hash {found.state_hash}, and had {manifest.state_hash} when it was"
            " made"
        )
    if broken:
        raise BackupRefused(
            f"what was restored is broken, and was not kept: {'; '.join(broken[:5])}. Take another"
            " backup, or restore it with --no-verify to look into it"
        )
