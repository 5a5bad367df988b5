"""Damaged files that are made again: out of the way under another name, never deleted.

Promises: only what the journal gives again, or what nobody trades by, is moved. Must not
know: how it is made again.
"""

import secrets
from pathlib import Path

from stockyard.projections.store import ReadStore
from stockyard.runtime.recovery import restore_engine
from stockyard.storage.last_good import faults_of
from stockyard.storage.lock import DirectoryLock
from stockyard.storage.ports import StorageError, StorageUnavailable
from stockyard.storage.sqlite import SqliteDatabase, SqliteSnapshots

SNAPSHOTS, TABLES = "snapshots.db", "projections.db"


def set_aside_damaged(path: Path) -> list[str]:
    """Rename those files that the journal can give again and that cannot be read; their new names.

    Raises ``DirectoryInUse`` when a server runs on the directory.
    """
    renamed = []
    with DirectoryLock(path):
        for name in (SNAPSHOTS, TABLES):
            if (path / name).exists() and _is_damaged(path / name):
                renamed.append(set_aside(path / name))
    return renamed


def set_aside(path: Path) -> str:
    """Rename a damaged file; its new name."""
    fresh = f"{path.name}.damaged-{secrets.token_hex(4)}"
    path.rename(path.with_name(fresh))
    for tail in ("-wal", "-shm"):
        path.with_name(path.name + tail).unlink(missing_ok=True)
    return fresh


def _is_damaged(path: Path) -> bool:
    """Whether a file cannot be read whole. Raises ``StorageUnavailable``."""
    try:
        if path.name == SNAPSHOTS:
            _restore(path)
        else:
            ReadStore(SqliteDatabase(path, durable=False)).close()
    except StorageUnavailable:
        raise
    except StorageError:
        return True
    return bool(faults_of(path))


def _restore(path: Path) -> None:
    """Read a snapshot file whole. Raises ``StorageError``."""
    snapshots = SqliteSnapshots(path)
    try:
        restore_engine(snapshots.load())
    finally:
        snapshots.close()
