"""Goal: an archived snapshot is there whole or named as damaged, whatever happens to its file."""

from pathlib import Path

import pytest

from stockyard.storage import archive as module
from stockyard.storage.archive import (
    SUFFIX,
    UNFINISHED,
    Archive,
    ArchiveDamaged,
    ArchiveMissing,
)
from stockyard.storage.ports import JournalHead, StorageUnavailable
from tests.contract.test_snapshots import snapshot_at

HEAD = JournalHead(3, 30, bytes(range(16)))


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """One with snapshots at 3, 9 and 27."""
    made = Archive(tmp_path / "archive")
    for seq in (27, 3, 9):
        made.add(snapshot_at(seq, 100), HEAD, "day")
    return made


def file_of(archive: Archive, seq: int) -> Path:
    return archive.path / f"{seq:020}{SUFFIX}"


def test_what_is_kept_is_listed_by_seq_and_loaded_as_it_was(archive: Archive) -> None:
    again = Archive(archive.path)
    assert [found.seq for found in again.list()] == [3, 9, 27]
    first = again.list()[0]
    assert (first.ts, first.engine_version, first.head, first.why) == (30, "0.1.0", HEAD, "day")
    assert first.damage == ""
    assert first.size_bytes == file_of(archive, 3).stat().st_size
    assert again.load(9) == snapshot_at(9, 100)


def test_an_archive_that_was_never_written_is_empty(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive")
    assert archive.list() == []
    assert archive.before(9) is None
    archive.remove(9)
    assert not archive.path.exists()


def test_the_nearest_before_a_seq_and_before_a_time(archive: Archive) -> None:
    for seq, expected in ((2, None), (3, 3), (26, 9), (99, 27)):
        found, by_time = archive.before(seq), archive.before_time(seq * 10)
        assert (found and found.seq, by_time and by_time.seq) == (expected, expected)


def test_what_is_let_go_is_gone(archive: Archive) -> None:
    archive.remove(9)
    assert [found.seq for found in archive.list()] == [3, 27]
    with pytest.raises(ArchiveMissing, match="no archived snapshot at seq 9"):
        archive.load(9)


def test_every_flipped_byte_is_found_by_loading(archive: Archive) -> None:
    file = file_of(archive, 9)
    content = file.read_bytes()
    for place in range(len(content)):
        file.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(ArchiveDamaged, match=file.name):
            archive.load(9)
    file.write_bytes(content)
    assert archive.load(9) == snapshot_at(9, 100)


def test_every_length_that_is_not_whole_is_named_in_the_list(archive: Archive) -> None:
    file = file_of(archive, 9)
    content = file.read_bytes()
    for length in (*range(len(content)), len(content) + 1):
        file.write_bytes((content + b"!")[:length])
        (damaged,) = [found for found in archive.list() if found.damage]
        assert (damaged.seq, damaged.name, damaged.size_bytes) == (9, file.name, length)
        assert archive.before(26) == archive.list()[0]


def test_a_file_under_another_name_is_named(archive: Archive) -> None:
    file_of(archive, 9).rename(file_of(archive, 11))
    (archive.path / f"mine{SUFFIX}").write_bytes(file_of(archive, 3).read_bytes())
    told = {found.name: found.damage for found in archive.list() if found.damage}
    assert told == {
        file_of(archive, 11).name: "it holds the state at seq 9",
        f"mine{SUFFIX}": "it holds the state at seq 3",
    }


def test_one_that_is_there_stays_and_a_damaged_one_is_replaced(archive: Archive) -> None:
    archive.add(snapshot_at(9, 200), HEAD, "inputs")
    assert archive.load(9) == snapshot_at(9, 100)
    file_of(archive, 9).write_bytes(b"")
    archive.add(snapshot_at(9, 200), HEAD, "inputs")
    assert archive.load(9) == snapshot_at(9, 200)


def test_what_was_left_half_written_is_no_snapshot_and_is_cleared(archive: Archive) -> None:
    half = archive.path / f"{file_of(archive, 30).name}{UNFINISHED}"
    half.write_bytes(b"half")
    assert [found.seq for found in archive.list()] == [3, 9, 27]
    assert archive.clear_unfinished() == 1
    assert not half.exists()


def test_those_beyond_the_journal_are_set_aside_not_deleted(archive: Archive) -> None:
    (renamed,) = archive.set_aside_beyond(26)
    assert [found.seq for found in archive.list()] == [3, 9]
    assert (archive.path / renamed).exists()


def test_a_disk_that_refuses_leaves_nothing(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    before = sorted(archive.path.iterdir())
    monkeypatch.setattr(module.os, "fsync", full)
    with pytest.raises(StorageUnavailable, match="cannot be archived"):
        archive.add(snapshot_at(40), HEAD, "day")
    assert sorted(archive.path.iterdir()) == before


def test_files_are_their_owners_alone(archive: Archive) -> None:
    assert file_of(archive, 9).stat().st_mode & 0o077 == 0
    assert archive.path.stat().st_mode & 0o077 == 0
