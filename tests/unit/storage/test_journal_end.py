"""Goal: no damage to a journal's end is taken for a whole journal. Method: every byte of it."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from stockyard.model.codec import encode
from stockyard.storage.acknowledged import SUFFIX, Acknowledged
from stockyard.storage.batches import pack
from stockyard.storage.ports import JournalCorrupt, JournalHead, StorageError
from stockyard.storage.sqlite import TORN_SUFFIX, SqliteJournal
from stockyard.storage.torn_log import FRAME_HEADER_SIZE, HEADER_SIZE
from tests.contract.places import make_records

FRAME = FRAME_HEADER_SIZE + 4_096
RECORDS = make_records(1, 4)


class Killed:
    """The files that a killed process left: four records in three commits, all acknowledged."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        journal = SqliteJournal(folder / "journal.db")
        journal.append(RECORDS[:2])
        journal.append(RECORDS[2:3])
        at = len((folder / "journal.db-wal").read_bytes())
        journal.append(RECORDS[3:])
        self.files = {path.name: path.read_bytes() for path in folder.iterdir()}
        journal.close()
        del self.files["journal.db-shm"]
        self.log = self.files["journal.db-wal"]
        self.last = range(at, len(self.log))
        """Where the bytes of the last commit lie."""
        self.folder = folder

    def opened(self, noted: int = 4, **files: bytes) -> SqliteJournal:
        """The journal over these files, some of them changed, with a note of so many records."""
        shutil.rmtree(self.folder)
        self.folder.mkdir()
        for name, content in self.files.items():
            (self.folder / name).write_bytes(content)
        for word, content in files.items():
            name = {"log": "journal.db-wal", "file": "journal.db", "note": "journal.db" + SUFFIX}
            (self.folder / name[word]).write_bytes(content)
        if "note" not in files:
            note = Acknowledged(self.folder / "journal.db")
            note.note(noted)
            note.close()
        return SqliteJournal(self.folder / "journal.db")

    def torn(self) -> bytes:
        """What was set aside."""
        return (self.folder / f"journal.db{TORN_SUFFIX}").read_bytes()


@pytest.fixture(scope="module")
def killed() -> Iterator[Killed]:
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Killed(Path(folder) / "data")


def is_whole(journal: SqliteJournal) -> bool:
    """Whether a journal that opened has just the records that were kept; it is closed."""
    try:
        return journal.head.seq == 4 and list(journal.read(0)) == RECORDS
    finally:
        journal.close()


def test_the_files_are_as_meant(killed: Killed) -> None:
    assert len(killed.last) == FRAME
    assert is_whole(killed.opened())


def test_a_last_record_cut_at_any_byte_is_missed(killed: Killed) -> None:
    for size in killed.last:
        with pytest.raises(JournalCorrupt, match=r"seq 4 .*though it was acknowledged"):
            killed.opened(log=killed.log[:size])


def test_a_last_record_that_was_never_acknowledged_is_cut_off_and_set_aside(killed: Killed) -> None:
    start = killed.last[0]
    for size in range(start, killed.last[-1] + 1, 7):
        journal = killed.opened(3, log=killed.log[:size])
        assert journal.head.seq == 3
        assert journal.torn == size - start
        if journal.torn:
            assert killed.torn() == killed.log[start:size]
        journal.append(RECORDS[3:])
        assert is_whole(journal)


def test_any_flipped_byte_of_the_last_record_is_refused_or_harmless(killed: Killed) -> None:
    refused = 0
    for at in killed.last:
        log = bytearray(killed.log)
        log[at] ^= 1 << (at % 8)
        try:
            assert is_whole(killed.opened(log=bytes(log))), f"byte {at}"
        except StorageError:
            refused += 1
    assert refused > len(killed.last) - 64


def test_a_log_that_lost_its_head_is_missed(killed: Killed) -> None:
    for at in range(HEADER_SIZE):
        log = bytearray(killed.log)
        log[at] ^= 1 << (at % 8)
        with suppress(StorageError):
            assert is_whole(killed.opened(log=bytes(log))), f"byte {at}"


def test_any_flipped_byte_of_the_last_record_in_the_file_is_refused_or_harmless(
    killed: Killed,
) -> None:
    killed.opened().close()
    content = (killed.folder / "journal.db").read_bytes()
    start = content.find(pack(JournalHead(3, RECORDS[2].ts, bytes(16)), RECORDS[3:]).blob[:24])
    assert start > 0
    for at in range(start - 40, start + len(encode(RECORDS[3])) + 24):
        damaged = bytearray(content)
        damaged[at] ^= 1 << (at % 8)
        with suppress(StorageError):
            assert is_whole(killed.opened(log=b"", file=bytes(damaged))), f"byte {at}"
    for size in range(0, len(content), 61):
        with suppress(StorageError):
            assert is_whole(killed.opened(log=b"", file=content[:size])), f"cut at {size}"


@pytest.mark.parametrize("at", range(16))
def test_a_damaged_note_never_refuses_what_is_whole(killed: Killed, at: int) -> None:
    note = bytearray(killed.files["journal.db" + SUFFIX])
    note[at] ^= 1 << (at % 8)
    assert is_whole(killed.opened(note=bytes(note)))


def test_a_journal_from_before_there_was_a_note_opens(killed: Killed) -> None:
    assert is_whole(killed.opened(note=b""))


def test_what_is_refused_stays_as_it_was(killed: Killed) -> None:
    log = killed.log[:-1]
    with pytest.raises(JournalCorrupt):
        killed.opened(log=log)
    assert (killed.folder / "journal.db-wal").read_bytes() == log
