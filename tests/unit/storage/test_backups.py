"""Backups in a folder: what is removed from it and what is not, and what a copy of one may lack."""

import os
from hashlib import sha256
from pathlib import Path

import pytest

from stockyard.storage import backups
from stockyard.storage.backups import (
    MANIFEST,
    KeptFile,
    Manifest,
    backups_in,
    copy_checked,
    remove,
    remove_partial,
)
from stockyard.storage.ports import StorageUnavailable

NAME = "backup-20261121T210530.123Z"


def nothing(_: int) -> None:
    """Tell nobody."""


def directory(path: Path) -> Path:
    path.mkdir(parents=True)
    (path / MANIFEST).write_bytes(b"{}")
    (path / "journal.db").write_bytes(b"records")
    return path


def manifest_of(path: Path) -> Manifest:
    names = sorted(found.name for found in path.iterdir())
    files = [
        KeptFile(name, len(content), sha256(content).hexdigest())
        for name, content in ((name, (path / name).read_bytes()) for name in names)
    ]
    return Manifest(
        stockyard_backup=1, made_at="2026-11-21T21:05:30.123Z", version="", engine_version="",
        world_id="", seq=0, ts=0, state_hash="", checked=False, broken=[], notes=[], left_out=[],
        files=files,
    )  # fmt: skip


def test_only_what_a_run_of_ours_has_left_is_removed(tmp_path: Path) -> None:
    """Not a restore into the same folder, which is under way, nor what other tools leave."""
    mine = [f".{NAME}.partial", f".broken{NAME[6:]}.partial"]
    others = [".again-0a1b2c3d.partial", "photos.partial", f"{NAME}.partial", f".{NAME}-1.partial"]
    for name in (*mine, *others):
        directory(tmp_path / name)
    assert remove_partial(tmp_path) == len(mine)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(others)


def test_half_of_one_is_never_among_the_backups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever removing it is cut off."""
    path = directory(tmp_path / NAME)

    def failing(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as dying:
        dying.setattr(Path, "unlink", failing)
        with pytest.raises(OSError, match="Input/output error"):
            remove(path)
    assert backups_in(tmp_path) == []
    assert remove_partial(tmp_path) == 1
    assert not list(tmp_path.iterdir())


def test_what_went_away_while_it_was_copied_is_missing(tmp_path: Path) -> None:
    source, to = directory(tmp_path / NAME), tmp_path / "to"
    to.mkdir()

    def step(_: int) -> None:
        if (to / MANIFEST).exists():
            (to / "journal.db").unlink()

    with pytest.raises(StorageUnavailable, match=r"journal\.db went away"):
        copy_checked(manifest_of(source), source, to, step)


def test_what_comes_from_a_medium_that_can_only_be_read_can_be_written(tmp_path: Path) -> None:
    source, to = directory(tmp_path / NAME), tmp_path / "to"
    to.mkdir()
    for path in source.iterdir():
        path.chmod(0o444)
    copy_checked(manifest_of(source), source, to, nothing)
    assert {path.stat().st_mode & 0o777 for path in to.iterdir()} == {0o600}


def test_nothing_is_published_before_every_file_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written beside the copies, such as up to where they were acknowledged, too."""
    path = directory(tmp_path / f".{NAME}.partial")
    (path / "audit").mkdir()
    (path / "audit" / "day").write_bytes(b"signed")
    done: list[Path] = []
    rename = os.rename

    def renamed(source: Path, to: Path) -> None:
        done.append(to)
        rename(source, to)

    monkeypatch.setattr(backups, "sync_file", done.append)
    monkeypatch.setattr(os, "rename", renamed)
    everything = {path, *path.rglob("*")}
    backups.publish(path, tmp_path / NAME)
    assert set(done[:-2]) == everything
    assert done[-2:] == [tmp_path / NAME, tmp_path]
