"""A moment of several databases that are written to all the time."""

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread

import apsw
import pytest

from stockyard.storage.files import JOURNAL
from stockyard.storage.moment import FileMoved, Moment
from stockyard.storage.ports import StorageUnavailable
from stockyard.storage.sqlite import SqliteDatabase

TABLE = "CREATE TABLE IF NOT EXISTS counted (n INTEGER NOT NULL)"
FOLLOWERS = ("people.db", "audit.db")
ROUNDS = 60


def make(path: Path) -> SqliteDatabase:
    database = SqliteDatabase(path, durable=False)
    database.script(TABLE)
    return database


def last(path: Path) -> int:
    """The last number in a database that nobody writes to."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    found = connection.execute("SELECT COALESCE(MAX(n), 0) FROM counted").fetchone()
    connection.close()
    assert found is not None
    return int(found[0])


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[Path]:
    """A directory where each number goes into the journal first, then into every follower."""
    data = tmp_path / "data"
    data.mkdir()
    databases = [make(data / name) for name in (JOURNAL, *FOLLOWERS)]
    stop = Event()

    def write() -> None:
        number = 0
        while not stop.wait(0.0005):
            number += 1
            for database in databases:
                database.execute("INSERT INTO counted VALUES (?)", (number,))

    writing = Thread(target=write)
    writing.start()
    yield data
    stop.set()
    writing.join()
    for database in databases:
        database.close()


def nothing(_: int) -> None:
    """Nobody watches."""


def test_every_file_is_of_the_same_moment(busy: Path, tmp_path: Path) -> None:
    seen = set()
    for turn in range(ROUNDS):
        with Moment(busy) as moment:
            found = {}
            for name in moment.databases:
                to = tmp_path / f"{turn}-{name}"
                moment.copy_database(name, to, nothing)
                found[name] = last(to)
        journal, *followers = (found[name] for name in (JOURNAL, *FOLLOWERS))
        # As the writer goes: nobody is ahead of the one before, and by one at most behind.
        assert journal >= followers[0] >= followers[1] >= journal - 1, found
        seen.add(journal)
    assert len(seen) > ROUNDS // 2, "nothing was written meanwhile"


def quiet(path: Path) -> Path:
    """A directory that nobody writes to."""
    data = path / "data"
    (data / "archive").mkdir(parents=True)
    make(data / JOURNAL).close()
    (data / "archive" / "1.snapshot").write_bytes(b"state")
    (data / "archive" / "2.new").write_bytes(b"half")
    (data / "secret.key").write_bytes(b"key")
    return data


def test_files_that_are_not_written_yet_are_no_part_of_it(tmp_path: Path) -> None:
    with Moment(quiet(tmp_path)) as moment:
        assert moment.files == ("archive/1.snapshot", "secret.key")


def replaced(data: Path) -> None:
    (data / "fresh").write_bytes(b"other")
    (data / "fresh").rename(data / "secret.key")


def removed(data: Path) -> None:
    (data / "secret.key").unlink()


@pytest.mark.parametrize("change", [replaced, removed])
def test_a_file_that_is_another_one_by_now_is_not_copied(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    data = quiet(tmp_path)
    with Moment(data) as moment:
        change(data)
        with pytest.raises(FileMoved):
            moment.copy_file("secret.key", tmp_path / "copy", nothing)


def test_a_directory_that_is_never_still_is_given_up(tmp_path: Path) -> None:
    data = quiet(tmp_path)
    people = make(data / "people.db")
    # As long as files come and go with every look, there is no such moment.
    pauses = []

    class Restless(Moment):
        def _take(self) -> bool:
            pauses.append(1)
            return False

    with pytest.raises(StorageUnavailable, match="never still together for 0 s"):
        Restless(data, patience_s=0, pause=lambda _: None)
    people.close()
    assert pauses == [1]


def test_a_copy_is_a_database_of_its_own(tmp_path: Path) -> None:
    data = quiet(tmp_path)
    steps = []
    with Moment(data) as moment:
        size = moment.size()
        moment.copy_database(JOURNAL, tmp_path / "copy.db", steps.append)
    assert size >= sum(steps) == (tmp_path / "copy.db").stat().st_size
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
    again = SqliteDatabase(tmp_path / "copy.db", durable=False)
    again.execute("INSERT INTO counted VALUES (1)")
    again.close()
    assert last(tmp_path / "copy.db") == 1
