"""``stockyard repair`` on journals damaged in one way each."""

import errno
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from stockyard.app import DataDirectory
from stockyard.cli import main
from stockyard.cli.repair import cut, examine
from stockyard.runtime.archiving import Archiving
from stockyard.storage.acknowledged import SUFFIX, Acknowledged
from stockyard.storage.archive import FOLDER_NAME, Archive
from stockyard.storage.files import JournalGone
from stockyard.storage.ports import JournalHead, StorageError
from stockyard.storage.sqlite import SqliteJournal
from tests.contract.places import make_records
from tests.contract.test_snapshots import snapshot_at

COUNT = 2_500
pytestmark = pytest.mark.filterwarnings("ignore:Cyclopts application invoked without tokens")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory with a journal of ``COUNT`` records in one file."""
    journal = SqliteJournal(tmp_path / "journal.db")
    for first in range(1, COUNT, 100):
        journal.append(make_records(first, first + 99))
    journal.close()
    return tmp_path


def damage(place: Path) -> int:
    """Change one byte in the middle; the seq of the record."""
    journal = place / "journal.db"
    content = bytearray(journal.read_bytes())
    content[content.index(b"mine-1500")] ^= 1
    journal.write_bytes(content)
    return 1_500


def repair(place: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """Run the command; its exit code."""
    monkeypatch.setattr(sys, "argv", ["stockyard", "repair", "--data", str(place), *words])
    try:
        main()
    except SystemExit as left:
        return int(str(left.code or 0))
    return 0


def test_a_whole_journal_needs_nothing(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert repair(place, monkeypatch) == 0
    assert "whole: 2,500 records" in capsys.readouterr().out


def test_everything_before_a_break_is_kept_and_the_rest_set_aside(place: Path) -> None:
    broken = damage(place)
    found = examine(place / "journal.db")
    assert (found.seq, found.acknowledged) == (broken - 1, COUNT)
    damaged = (place / "journal.db").read_bytes()
    aside = cut(place, found)
    assert (aside / "journal.db").read_bytes() == damaged
    journal = SqliteJournal(place / "journal.db")
    assert list(journal.read(0)) == make_records(1, broken - 1)
    journal.append(make_records(broken, broken))
    journal.close()
    assert examine(place / "journal.db").why == ""


@pytest.mark.parametrize("step", range(8))
def test_one_that_is_cut_off_at_any_step_is_finished_by_another(
    place: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Until then no start takes the directory for a fresh one."""
    damage(place)
    (place / "snapshots.db").write_bytes(b"of before")
    archive = Archive(place / FOLDER_NAME)
    for seq in (1_499, 1_500, 1_600):
        archive.add(snapshot_at(seq), JournalHead(1_400, 0, bytes(16)), "day")
    steps = iter(range(step, -1, -1))
    with monkeypatch.context() as dying:
        for name in ("rename", "replace"):
            whole = getattr(Path, name)

            def failing(self: Path, to: Path, whole: Callable[..., Path] = whole) -> Path:
                if not next(steps, 0):
                    raise OSError(errno.EIO, "Input/output error", str(self))
                return whole(self, to)

            dying.setattr(Path, name, failing)
        with suppress(OSError, StorageError):
            cut(place, examine(place / "journal.db"))
    if not (place / "journal.db").exists():
        before = sorted(place.rglob("*"))
        with pytest.raises(JournalGone, match=r"repair --data .* --accept-loss"):
            DataDirectory(place)
        assert sorted(place.rglob("*")) == before
        assert repair(place, monkeypatch) == 1
    assert repair(place, monkeypatch, "--accept-loss") == 0
    journal = SqliteJournal(place / "journal.db")
    assert list(journal.read(0)) == make_records(1, 1_499)
    journal.close()
    assert not list(place.glob("*.repaired*"))
    Archiving(archive, 1).begin(1_499)
    assert [found.seq for found in archive.list()] == [1_499]


@pytest.mark.parametrize(
    "left", ["snapshots.db", "projections.db", "people.db", "audit.db", "archive/a.snapshot"]
)
def test_a_directory_that_lost_its_journal_is_not_begun_anew(tmp_path: Path, left: str) -> None:
    (tmp_path / left).parent.mkdir(exist_ok=True)
    (tmp_path / left).write_bytes(b"of a world")
    with pytest.raises(JournalGone, match=f"there is no journal.db .*{left.partition('/')[0]}"):
        DataDirectory(tmp_path)
    assert not (tmp_path / "journal.db").exists()


def test_what_may_lie_in_a_fresh_directory(tmp_path: Path) -> None:
    for name in ("secret.key", "audit.key", "lost+found", "people.db"):
        (tmp_path / name).touch()
    DataDirectory(tmp_path).close()


def test_archived_snapshots_of_what_is_cut_are_set_aside(place: Path) -> None:
    damage(place)
    archive = Archive(place / FOLDER_NAME)
    for seq in (1_499, 1_500):
        archive.add(snapshot_at(seq), JournalHead(1_400, 0, bytes(16)), "day")
    cut(place, examine(place / "journal.db"))
    assert [found.seq for found in archive.list()] == [1_499]


def test_what_is_lost_is_counted_and_nothing_is_changed_unasked(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(place)
    assert repair(place, monkeypatch) == 1
    told = capsys.readouterr().out
    assert "Acknowledged and lost: 1,001 records" in told
    assert "Nothing was changed" in told
    assert not list(place.glob("damaged-*"))


def test_a_lost_end_is_seen_and_cut(place: Path) -> None:
    note = Acknowledged(place / "journal.db")
    note.note(COUNT + 3)
    note.close()
    found = examine(place / "journal.db")
    assert found.seq == COUNT
    assert "acknowledged up to 2,503" in found.why
    cut(place, found)
    SqliteJournal(place / "journal.db").close()


def test_a_journal_without_a_whole_record_begins_anew(place: Path) -> None:
    content = bytearray((place / "journal.db").read_bytes())
    content[100:20_000] = bytes(19_900)
    (place / "journal.db").write_bytes(content)
    found = examine(place / "journal.db")
    assert (found.seq, bool(found.why)) == (0, True)
    cut(place, found)
    journal = SqliteJournal(place / "journal.db")
    assert journal.head.seq == 0
    journal.close()


def test_looking_at_a_journal_from_before_there_was_a_note_makes_none(place: Path) -> None:
    note = place / f"journal.db{SUFFIX}"
    note.unlink()
    assert examine(place / "journal.db").why == ""
    assert not note.exists()


def test_a_directory_without_a_journal_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert repair(tmp_path, monkeypatch) == 2
