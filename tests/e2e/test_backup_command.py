"""``stockyard backup`` and ``stockyard restore``: what they make, and everything they refuse."""

import json
import os
import re
import resource
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import apsw
import pytest

from bench import filled
from stockyard import app
from stockyard.cli import main
from stockyard.cli.data import examine
from stockyard.storage.acknowledged import Acknowledged
from stockyard.storage.backups import MANIFEST, Manifest, backups_in, read_manifest, write_manifest
from stockyard.storage.files import JOURNAL, JournalGone
from stockyard.storage.lock import DirectoryLock
from tests.unit.runtime import pruned

pytestmark = pytest.mark.filterwarnings("ignore:Cyclopts application invoked without tokens")


class Said(NamedTuple):
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Runs a command."""

    def run(*words: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["stockyard", *map(str, words)])
        code = 0
        try:
            main()
        except SystemExit as left:
            code = int(str(left.code or 0))
        return Said(code, *capsys.readouterr())

    return run


@pytest.fixture(scope="module")
def filled_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("filled") / "data"
    filled.fill(str(data), 10, 60, 20)
    (data / "secret.key").write_text("a key\n")
    (data / "history" / "AAPL").mkdir(parents=True)
    (data / "history" / "AAPL" / "2026-01-05.parquet").write_bytes(b"PAR1")
    (data / "damaged-1234").mkdir()
    return data


@pytest.fixture
def data(filled_once: Path, tmp_path: Path) -> Path:
    """A directory as a server has left it."""
    return Path(shutil.copytree(filled_once, tmp_path / "data"))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def made(folder: Path) -> tuple[Path, Manifest]:
    """The only backup of a folder."""
    (found,) = backups_in(folder)
    assert found.manifest is not None, found.wrong
    return found.path, found.manifest


def damage(journal: Path) -> None:
    """Change one byte in the middle of a journal."""
    content = bytearray(journal.read_bytes())
    content[len(content) // 2] ^= 1
    journal.write_bytes(content)


def test_what_is_backed_up_is_restored(
    run: Callable[..., Said], data: Path, tmp_path: Path
) -> None:
    wanted = examine(data, lambda _: None)
    said = run("backup", "--data", data, "--to", tmp_path / "backups")
    assert (said.code, said.out.splitlines()[-1]) == (0, "whole"), said
    path, manifest = made(tmp_path / "backups")
    assert re.fullmatch(r"backup-\d{8}T\d{6}\.\d{3}Z", path.name)
    assert (manifest.seq, manifest.state_hash) == (wanted.seq, wanted.state_hash)
    assert manifest.left_out == ["damaged-1234"]
    assert not [one.name for one in manifest.files if one.name.endswith(("-wal", "-shm", "lock"))]
    assert sorted([MANIFEST, *[one.name for one in manifest.files]]) == sorted(
        found.relative_to(path).as_posix() for found in path.rglob("*") if found.is_file()
    )
    said = run("restore", "--from", path, "--to", tmp_path / "again")
    assert (said.code, said.out.splitlines()[-1]) == (0, "whole"), said
    again = tmp_path / "again"
    assert examine(again, lambda _: None) == wanted
    assert (again / "history" / "AAPL" / "2026-01-05.parquet").read_bytes() == b"PAR1"
    assert (again.stat().st_mode & 0o777, (again / "secret.key").stat().st_mode & 0o777) == (
        0o700,
        0o600,
    )
    note = Acknowledged(again / "journal.db")
    assert note.seq == wanted.seq
    note.close()
    assert names(tmp_path) == ["again", "backups", "data"]
    # The backup itself is as it was: what was restored opens another time.
    assert run("restore", "--from", path, "--to", tmp_path / "more").code == 0


def test_a_pruned_directory_is_verified_from_its_base(
    run: Callable[..., Said], tmp_path: Path
) -> None:
    data = tmp_path / "pruned"
    seqs, state_hash = pruned.fill(data, 2, rounds=4)
    assert run("prune", "--data", data, "--before", seqs[-1]).code == 0
    said = run("backup", "--data", data, "--to", tmp_path / "backups", "--keep", 3)
    assert (said.code, said.out.splitlines()[-1]) == (0, "whole"), said
    path, manifest = made(tmp_path / "backups")
    assert (manifest.state_hash, len(manifest.world_id)) == (state_hash, 32)
    said = run("restore", "--from", path, "--to", tmp_path / "again")
    assert (said.code, said.out.splitlines()[-1]) == (0, "whole"), said
    assert pruned.verified(tmp_path / "again").broken == ()


def test_nothing_is_overwritten(run: Callable[..., Said], data: Path, tmp_path: Path) -> None:
    run("backup", "--data", data, "--to", tmp_path / "backups", "--no-verify")
    path, _ = made(tmp_path / "backups")
    before = names(data)
    said = run("restore", "--from", path, "--to", data)
    assert said.code == 1
    assert "is there already: nothing is overwritten" in said.err
    assert names(data) == before
    (tmp_path / "empty").mkdir()
    assert run("restore", "--from", path, "--to", tmp_path / "empty", "--no-verify").code == 0


def test_what_is_mounted_is_filled_and_the_journal_comes_last(
    run: Callable[..., Said], data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("backup", "--data", data, "--to", tmp_path / "backups", "--no-verify")
    path, _ = made(tmp_path / "backups")
    disk = tmp_path / "disk"
    (disk / "lost+found").mkdir(parents=True)
    monkeypatch.setattr(Path, "is_mount", lambda found: found == disk)
    order: list[str] = []
    rename = os.rename

    def noted(source: Path, to: Path) -> None:
        order.append(Path(to).name)
        if order[-1] == JOURNAL and order.count(JOURNAL) == 1:
            raise OSError(5, "Input/output error")
        rename(source, to)

    monkeypatch.setattr(os, "rename", noted)
    assert run("restore", "--from", path, "--to", disk).code == 1
    # Cut off before the journal: what is there cannot be taken for a new Stockyard.
    assert order[-1] == JOURNAL
    with pytest.raises(JournalGone, match=r"there is no journal\.db in it, though snapshots.db"):
        app.DataDirectory(disk)
    for found in disk.iterdir():
        if found.name != "lost+found":
            shutil.rmtree(found) if found.is_dir() else found.unlink()
    assert run("restore", "--from", path, "--to", disk).code == 0
    assert examine(disk, lambda _: None) == examine(data, lambda _: None)
    assert not [name for name in names(disk) if name.endswith(".partial")]


def test_a_backup_is_never_opened_as_it_stands(
    run: Callable[..., Said], data: Path, tmp_path: Path
) -> None:
    run("backup", "--data", data, "--to", tmp_path / "backups", "--no-verify")
    path, _ = made(tmp_path / "backups")
    for command in ("verify", "rebuild"):
        said = run(command, "--data", path)
        assert (said.code, f"stockyard restore --from {path}" in said.err) == (1, True)
    assert run("restore", "--from", path, "--to", tmp_path / "again").code == 0


def test_a_folder_of_backups_is_none_of_them(
    run: Callable[..., Said], data: Path, tmp_path: Path
) -> None:
    run("backup", "--data", data, "--to", tmp_path / "backups", "--no-verify")
    path, _ = made(tmp_path / "backups")
    said = run("restore", "--from", tmp_path / "backups", "--to", tmp_path / "again")
    assert said.code == 1
    assert f"the newest of the 1 in that folder is {path}" in said.err
    said = run("restore", "--from", tmp_path / "nowhere", "--to", tmp_path / "again")
    assert (said.code, "is no backup" in said.err) == (1, True)
    assert not (tmp_path / "again").exists()


def test_every_file_that_was_changed_or_lost_is_named(
    run: Callable[..., Said], data: Path, tmp_path: Path
) -> None:
    run("backup", "--data", data, "--to", tmp_path / "backups", "--no-verify")
    path, manifest = made(tmp_path / "backups")
    for one in manifest.files:
        file = path / one.name
        whole = file.read_bytes()
        for changed in (whole[:-1] + bytes([whole[-1] ^ 1]), whole + b"x", None):
            file.unlink()
            if changed is not None:
                file.write_bytes(changed)
            said = run("restore", "--from", path, "--to", tmp_path / "again", "--no-verify")
            told = "missing" if changed is None else "not what was backed up"
            assert said.code == 1
            assert f"{one.name} is {told}" in said.err
            file.write_bytes(whole)
    assert names(tmp_path) == ["backups", "data"]
    assert run("restore", "--from", path, "--to", tmp_path / "again", "--no-verify").code == 0


def test_a_manifest_that_was_changed_is_refused(
    run: Callable[..., Said], data: Path, tmp_path: Path
) -> None:
    run("backup", "--data", data, "--to", tmp_path / "backups", "--no-verify")
    path, manifest = made(tmp_path / "backups")
    file = path / MANIFEST
    whole = file.read_bytes()
    for changed in (
        whole.replace(b'"seq": ', b'"seq": 1', 1),
        whole.replace(b'"stockyard_backup": 1', b'"stockyard_backup": 2', 1),
        whole[: len(whole) // 2],
    ):
        assert changed != whole
        file.write_bytes(changed)
        said = run("restore", "--from", path, "--to", tmp_path / "again")
        assert said.code == 1
        assert re.search("was changed|cannot be read|has format 2; this version reads 1", said.err)
    loose = json.loads(whole)
    loose["files"][0]["name"] = "../escaped"
    files = [type(manifest.files[0])(**one) for one in loose["files"]]
    write_manifest(path, Manifest(**{**loose, "files": files}))
    said = run("restore", "--from", path, "--to", tmp_path / "again")
    assert (said.code, "no file of a data directory" in said.err) == (1, True)
    assert names(tmp_path) == ["backups", "data"]


def test_keys_can_be_left_out(run: Callable[..., Said], data: Path, tmp_path: Path) -> None:
    said = run("backup", "--data", data, "--to", tmp_path / "backups")
    assert "keep it where only you can read it" in said.out
    said = run("backup", "--data", data, "--to", tmp_path / "bare", "--no-secrets")
    assert (said.code, "keep it where only" in said.out) == (0, False)
    assert "left out: secret.key, damaged-1234" in said.out
    path, manifest = made(tmp_path / "bare")
    assert not manifest.has_secrets
    assert not list(path.rglob("*.key"))
    said = run("restore", "--from", path, "--to", tmp_path / "again")
    assert said.code == 0
    assert f"secret.key is not in this backup: put it into {tmp_path / 'again'}" in said.out


def test_old_ones_make_room_but_the_last_good_one_stays(
    run: Callable[..., Said], data: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    command = ("backup", "--data", data, "--to", folder, "--keep", 2)
    for _ in range(3):
        assert run(*command).code == 0
    kept = [one.path for one in backups_in(folder)]
    assert len(kept) == 2
    # One of another Stockyard, and one that cannot be read, are nobody's to remove.
    other = folder / "backup-20200101T000000.000Z"
    shutil.copytree(kept[0], other)
    manifest = read_manifest(other)
    write_manifest(other, type(manifest)(**{**_fields(manifest), "world_id": "f" * 32}))
    strange = folder / "backup-20200102T000000.000Z"
    strange.mkdir()
    (strange / MANIFEST).write_bytes(b"{")
    said = run(*command)
    assert f"removed: {kept[0]}" in said.out
    assert {other, strange, kept[1]} < {one.path for one in backups_in(folder)}
    damage(data / "journal.db")
    for _ in range(3):
        said = run(*command)
        assert said.code == 1
    found = [one.path.name for one in backups_in(folder)]
    assert len([name for name in found if name.startswith("broken-")]) == 1
    assert kept[1].name in found


def test_one_that_was_verified_stays_beside_those_that_were_not(
    run: Callable[..., Said], data: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    run("backup", "--data", data, "--to", folder)
    path, _ = made(folder)
    for _ in range(2):
        run("backup", "--data", data, "--to", folder, "--keep", 1, "--no-verify")
    found = [one.path for one in backups_in(folder)]
    assert len(found) == 2
    assert found[0] == path


def _fields(manifest: Manifest) -> dict[str, object]:
    return {name: getattr(manifest, name) for name in manifest.__struct_fields__}


def test_what_is_broken_is_kept_as_such(
    run: Callable[..., Said], data: Path, tmp_path: Path
) -> None:
    damage(data / "journal.db")
    said = run("backup", "--data", data, "--to", tmp_path / "backups")
    assert said.code == 1
    assert re.search(r"broken: journal broken at seq \d+", said.out)
    path, manifest = made(tmp_path / "backups")
    assert path.name.startswith("broken-")
    assert manifest.broken
    said = run("restore", "--from", path, "--to", tmp_path / "again")
    assert (said.code, "was not kept: journal broken at" in said.err) == (1, True)
    assert not (tmp_path / "again").exists()
    said = run("restore", "--from", path, "--to", tmp_path / "again", "--no-verify")
    assert (said.code, said.out.splitlines()[-1]) == (0, "not verified: it was not asked for")


def test_a_journal_that_lost_its_end_is_not_backed_up(
    run: Callable[..., Said], data: Path, tmp_path: Path
) -> None:
    note = Acknowledged(data / "journal.db")
    note.note(note.seq + 1)
    note.close()
    said = run("backup", "--data", data, "--to", tmp_path / "backups")
    assert (said.code, "missing, though acknowledged" in said.err) == (1, True)
    assert names(tmp_path / "backups") == ["lock"]


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type(shutil.disk_usage("/"))(10**9, 10**9 - 5_000, 5_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)


@pytest.mark.usefixtures("full_disk")
def test_what_would_not_fit_is_not_begun(
    run: Callable[..., Said], data: Path, tmp_path: Path
) -> None:
    said = run("backup", "--data", data, "--to", tmp_path / "backups")
    assert said.code == 1
    assert re.search(r"a backup needs [\d,]+ bytes, and 5,000 are free: make room", said.err)
    assert names(tmp_path / "backups") == ["lock"]


@contextmanager
def small_files() -> Iterator[None]:
    """No file may grow beyond 40 kB, as on a disk that fills up on the way."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_fills_up_on_the_way_leaves_nothing(
    run: Callable[..., Said], data: Path, tmp_path: Path
) -> None:
    with small_files():
        said = run("backup", "--data", data, "--to", tmp_path / "backups")
    assert said.code == 1
    assert re.match(r"stockyard: \S+journal\.db or \S+journal\.db: the disk", said.err), said
    assert names(tmp_path / "backups") == ["lock"]


def test_what_another_engine_version_wrote_is_copied_but_not_verified(
    run: Callable[..., Said], data: Path, tmp_path: Path
) -> None:
    with apsw.Connection(str(data / "snapshots.db")) as snapshots:
        snapshots.execute("UPDATE snapshot SET engine_version = '0'")
    snapshots.close()
    said = run("backup", "--data", data, "--to", tmp_path / "backups")
    assert (said.code, said.out.splitlines()[-1]) == (0, "not verified")
    assert "note: not verified: engine version 0 wrote it" in said.out
    path, manifest = made(tmp_path / "backups")
    assert (manifest.engine_version, manifest.checked) == ("0", False)
    said = run("restore", "--from", path, "--to", tmp_path / "again")
    assert (said.code, (tmp_path / "again" / "journal.db").is_file()) == (0, True)
    told = said.out.splitlines()[-1]
    assert told.startswith("not verified: engine version 0 wrote it (Stockyard ")
    assert "start and stop that version once" in told or "verify it with that version" in told


def test_calls_that_make_no_sense(run: Callable[..., Said], data: Path, tmp_path: Path) -> None:
    said = run("backup", "--data", data, "--to", data / "backups")
    assert (said.code, "lies in the data directory" in said.err) == (1, True)
    said = run("backup", "--data", tmp_path / "none", "--to", tmp_path / "backups")
    assert (said.code, "there is no journal.db in it" in said.err) == (1, True)
    said = run("backup", "--data", data, "--to", tmp_path / "backups", "--keep", -1)
    assert (said.code, "--keep: expected 0" in said.err) == (2, True)
    (tmp_path / "backups").mkdir()
    with DirectoryLock(tmp_path / "backups"):
        said = run("backup", "--data", data, "--to", tmp_path / "backups")
    assert (said.code, "is in use by process" in said.err) == (1, True)
    (tmp_path / "file").touch()
    said = run("backup", "--data", data, "--to", tmp_path / "file" / "backups")
    assert (said.code, "cannot be made" in said.err) == (1, True)
    assert names(data).count("backups") == 0
