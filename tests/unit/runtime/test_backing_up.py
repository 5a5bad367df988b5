"""Restoring a backup to where somebody stands."""

from pathlib import Path

import pytest

from stockyard.runtime.backing_up import Watch, restore_backup, take_backup
from stockyard.storage.backups import BackupRefused
from tests.unit.runtime.pruned import fill, verified


def test_the_directory_that_one_stands_in_is_filled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "data", 1, rounds=2)
    backup = take_backup(tmp_path / "data", tmp_path / "backups", None, Watch()).backup.path
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    # As of Python 3.12, which says otherwise before.
    monkeypatch.setattr(Path, "is_mount", lambda _: False)
    inode = here.stat().st_ino
    restore_backup(backup, Path(), None, Watch())
    assert (here.stat().st_ino, Path.cwd()) == (inode, here)
    assert verified(here).broken == ()
    with pytest.raises(BackupRefused, match="is there already"):
        restore_backup(backup, Path(), None, Watch())
