"""``stockyard backup`` and ``stockyard restore``.

Promises: a backup needs no server to be stopped; a restore overwrites nothing. Both check what they
made unless told not to. Must not know: how files are copied.
"""

import os
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from stockyard.cli.data import examine
from stockyard.config import Config, read_config
from stockyard.people.audit_log import FILE_NAME as AUDIT_NAME
from stockyard.people.audit_segments import FOLDER_NAME as AUDIT_FOLDER
from stockyard.runtime.audit_files import KEY_FILE
from stockyard.runtime.audit_verification import verify_audit
from stockyard.runtime.backing_up import (
    Check,
    Checked,
    Taken,
    Watch,
    restore_backup,
    take_backup,
)
from stockyard.storage.files import BY_NAME, FILES, Kind
from stockyard.storage.ports import StorageError
from stockyard.storage.readonly import ReadOnlyDatabase


class _Shown(Watch):
    """A bar on standard error, gone when all is done."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:,}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("", total=None)

    def __enter__(self) -> "_Shown":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def begin(self, what: str, total: int) -> None:
        self._progress.reset(self._task, description=what, total=total or None)

    def step(self, count: int) -> None:
        self._progress.advance(self._task, count)

    def reach(self, count: int) -> None:
        self._progress.update(self._task, completed=count)


def backup(
    *,
    to: Path,
    data: Path | None = None,
    keep: int = 0,
    verify: bool = True,
    secrets: bool = True,
) -> None:
    """Make a backup of a data directory in a folder; a server may be running on the directory.

    It is a directory of its own, named by its time, and has that name only when it is whole. Exit
    code 0: it is. 1: what was copied is broken (it is kept as broken-...), or none was made.

    Parameters
    ----------
    to: Folder of backups, made when it is not there; best on another disk.
    data: Directory to back up (./data).
    keep: Remove all but so many of the newest good backups of this Stockyard (0: keep all).
    verify: Check the backup right away, as `stockyard verify` does.
    secrets: Take secret.key, audit.key and demo.json along; without them the backup cannot be
        served until the keys are put back.
    """
    config = read_config(os.environ, data=data)
    os.umask(0o077)
    if keep < 0:
        _wrong("--keep: expected 0 (all) or how many backups to keep")
    with _Shown() as shown:
        check = check_of(config, shown, config.data) if verify else None
        taken = take_backup(config.data, to, check, shown, with_secrets=secrets, keep=keep)
    _tell(taken)


def _wrong(text: str) -> None:
    print(f"stockyard: {text}", file=sys.stderr)
    sys.exit(2)


def _tell(taken: Taken) -> None:
    made, manifest = taken.backup, taken.backup.manifest
    assert manifest is not None
    print(
        f"{made.path}: {len(manifest.files)} files, {_size(manifest.bytes)}, up to input"
        f" {manifest.seq:,}"
    )
    for path in taken.removed:
        print(f"removed: {path}")
    if manifest.left_out:
        print(f"left out: {', '.join(manifest.left_out)}")
    for line in manifest.notes:
        print(f"note: {line}")
    for line in manifest.broken:
        print(f"broken: {line}")
    if manifest.has_secrets:
        print("It holds the keys of what is secret: keep it where only you can read it.")
    print("broken" if manifest.broken else "whole" if manifest.checked else "not verified")
    if manifest.broken:
        sys.exit(1)


def _size(size: int) -> str:
    for scale, unit in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= scale:
            return f"{size / scale:,.1f} {unit}"
    return f"{size} bytes"


def restore(
    *,
    from_: Annotated[Path, Parameter(name="--from")],
    to: Path,
    verify: bool = True,
) -> None:
    """Make a data directory out of a backup.

    Every file is held against its SHA-256, then everything is checked as `stockyard verify` does;
    the directory appears only when that is done. Nothing is overwritten.

    Parameters
    ----------
    from_: The backup: a directory with a manifest.json in it.
    to: Directory to make, which is not there yet, or empty.
    verify: Check what was restored.
    """
    config = read_config(os.environ, data=to)
    with _Shown() as shown:
        check = check_of(config, shown, None) if verify else None
        restored = restore_backup(from_, to, check, shown)
    manifest = restored.manifest
    print(
        f"{to}: {len(manifest.files)} files as of {manifest.made_at}, up to input {manifest.seq:,}"
    )
    for name in manifest.left_out:
        if name in BY_NAME and BY_NAME[name].secret and name.endswith(".key"):
            print(f"{name} is not in this backup: put it into {to} before it is served")
    print(f"not verified: {restored.unchecked}" if restored.unchecked else "whole")


def check_of(config: Config, watch: Watch, key_in: Path | None) -> Check:
    """How a copy is checked. ``key_in``: where the audit log's key is, if not in the copy."""

    def check(path: Path) -> Checked:
        watch.begin("verifying inputs", 0)
        finding = examine(path, watch.reach, path)
        broken = [*finding.broken, *_damage(path)]
        return Checked(finding.state_hash, tuple(broken), _audit_notes(config, path, key_in, watch))

    return check


def _damage(path: Path) -> list[str]:
    """What SQLite finds wrong with databases that nothing else can tell again."""
    found = []
    for one in FILES:
        if one.kind is Kind.DATABASE and not one.derived and (path / one.name).is_file():
            with ReadOnlyDatabase(path / one.name) as database:
                found += [f"{one.name} is damaged: {text}" for text in database.faults()]
    return found


def _audit_notes(config: Config, path: Path, key_in: Path | None, watch: Watch) -> tuple[str, ...]:
    """What is wrong with the audit log. It does not make a backup a bad one: a log that is damaged
    in the directory itself would have no good backup ever again.
    """
    if not (path / AUDIT_NAME).is_file():
        return ()
    if not ((key_in or path) / KEY_FILE).is_file():
        return (f"the audit log was not checked: {KEY_FILE} is not there",)
    folder = Path(config.audit_folder) if config.audit_folder else path / AUDIT_FOLDER
    watch.begin("verifying the audit log", 0)
    try:
        report = verify_audit(path, folder, watch.reach, key_in)
    except StorageError as error:
        return (f"the audit log cannot be checked: {error}",)
    return tuple(f"audit log: {line}" for line in report.broken)
