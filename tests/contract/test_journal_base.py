"""Every ``Journal`` whose beginning gave way to a base reads on from it, never before it."""

import apsw
import pytest

from stockyard.storage.base import BITE_BATCHES
from stockyard.storage.ports import Base, Journal, JournalCorrupt, JournalPruned
from stockyard.storage.sqlite import SqliteJournal, journal_chain_at
from tests.contract.places import Place, SqlitePlace, make_records

SPLITS = ((1, 4), (5, 9), (10, 12), (13, 13))
LAST = 13


@pytest.fixture
def journal(place: Place) -> Journal:
    journal = place.journal()
    for first, last in SPLITS:
        journal.append(make_records(first, last))
    return journal


def base_at(journal: Journal, seq: int) -> Base:
    return Base(
        seq, 1_000 + seq // 2, journal.head_at(seq), "ab" * 32, b"d" * 16, b"t" * 32, 7, "w"
    )


def remove_all(journal: Journal) -> int:
    removed = 0
    while count := journal.remove_some():
        removed += count
    return removed


@pytest.mark.parametrize(("seq", "head"), [(4, 4), (6, 4), (9, 9), (12, 12), (13, 13)])
@pytest.mark.parametrize("removed", [False, True])
@pytest.mark.parametrize("crashed", [False, True])
def test_it_reads_from_its_base_on(
    place: Place, journal: Journal, seq: int, head: int, removed: bool, crashed: bool
) -> None:
    base = base_at(journal, seq)
    assert base.head.seq == head
    before = journal.head
    journal.begin_at(base)
    if removed:
        assert remove_all(journal) == sum(last <= seq for _, last in SPLITS)
    if crashed:
        place.crash()
        journal = place.journal()
    assert (journal.base, journal.head) == (base, before)
    assert list(journal.read(seq)) == make_records(seq + 1, LAST)
    with pytest.raises(JournalPruned, match=f"begins after seq {seq}; seq {head} is not in it"):
        list(journal.read(head - 1))
    journal.append(make_records(LAST + 1, LAST + 3))
    assert list(journal.read(seq)) == make_records(seq + 1, LAST + 3)
    place.crash()
    assert place.journal().head == journal.head


def test_a_later_base_takes_the_place_of_an_earlier_one(place: Place, journal: Journal) -> None:
    journal.begin_at(base_at(journal, 4))
    later = base_at(journal, 12)
    journal.begin_at(later)
    assert remove_all(journal) == 3
    place.crash()
    again = place.journal()
    assert again.base == later
    assert list(again.read(12)) == make_records(13, 13)


def test_a_base_beyond_the_end_or_before_the_one_there_is_refused(journal: Journal) -> None:
    journal.begin_at(base_at(journal, 9))
    for seq in (9, LAST + 1):
        with pytest.raises(AssertionError):
            journal.begin_at(base_at(journal, 12)._replace(seq=seq))


def test_nothing_is_removed_that_no_base_stands_for(journal: Journal) -> None:
    assert journal.remove_some() == 0
    journal.begin_at(base_at(journal, 6))
    remove_all(journal)
    assert journal.remove_some() == 0
    assert list(journal.read(4)) == make_records(5, LAST)


def test_batches_go_a_few_at_a_time(place: Place) -> None:
    journal = place.journal()
    count = BITE_BATCHES + 10
    for seq in range(1, count + 2):
        journal.append(make_records(seq, seq))
    journal.begin_at(base_at(journal, count))
    assert [journal.remove_some() for _ in range(3)] == [BITE_BATCHES, 10, 0]
    assert list(journal.read(count)) == make_records(count + 1, count + 1)


def test_a_record_that_is_lost_right_after_the_base_is_named(
    place: Place, journal: Journal
) -> None:
    journal.begin_at(base_at(journal, 9))
    remove_all(journal)
    place.set_batches(place.batches()[1:])
    with pytest.raises(JournalCorrupt, match=r"at seq 10 .* missing"):
        list(journal.read(9))


def test_whoever_reads_while_it_is_pruned_is_told_so(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    place = SqlitePlace(tmp_path_factory.mktemp("place"))
    journal = place.journal()
    for seq in range(1, 301):
        journal.append(make_records(seq, seq))
    reading = journal.read(0)
    assert next(reading).seq == 1
    journal.begin_at(base_at(journal, 280))
    remove_all(journal)
    with pytest.raises(JournalPruned):
        list(reading)
    place.close()


def test_the_chain_of_any_record_is_found_however_batches_are_cut(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("chains")
    split, single = SqliteJournal(folder / "a.db"), SqliteJournal(folder / "b.db")
    for first, last in SPLITS:
        split.append(make_records(first, last))
    wanted = [bytes(16)]
    for seq in range(1, LAST + 1):
        single.append(make_records(seq, seq))
        wanted.append(single.head.chain)
    assert [journal_chain_at(folder / "a.db", seq) for seq in range(LAST + 1)] == wanted
    with pytest.raises(JournalCorrupt, match="missing"):
        journal_chain_at(folder / "a.db", LAST + 1)
    split.begin_at(base_at(split, 6))
    assert journal_chain_at(folder / "a.db", 4) == wanted[4]
    with pytest.raises(JournalPruned):
        journal_chain_at(folder / "a.db", 3)
    split.close()
    single.close()


COLUMNS = ("seq", "ts", "head_seq", "head_ts", "head_chain", "state_hash", "digest", "tables")


@pytest.mark.parametrize("column", [*COLUMNS, "began_ts", "world_id", "seal"])
def test_a_base_that_was_altered_is_found_before_anything_is_read(
    tmp_path_factory: pytest.TempPathFactory, column: str
) -> None:
    folder = tmp_path_factory.mktemp("altered")
    journal = SqliteJournal(folder / "journal.db")
    for first, last in SPLITS:
        journal.append(make_records(first, last))
    journal.begin_at(base_at(journal, 9))
    journal.close()
    connection = apsw.Connection(str(folder / "journal.db"))
    changed = f"CAST(zeroblob(length({column})) AS BLOB)"
    (kind,) = connection.execute(f"SELECT typeof({column}) FROM base").fetchall()[0]
    if kind != "blob":
        changed = f"{column} + 1" if kind == "integer" else f"{column} || 'x'"
    connection.execute(f"UPDATE base SET {column} = {changed}")
    connection.close()
    with pytest.raises(JournalCorrupt, match=r"stands for its pruned beginning .* is altered"):
        SqliteJournal(folder / "journal.db")


def test_pruned_room_is_used_again_and_given_back(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("room") / "journal.db"
    journal = SqliteJournal(file)
    for first in range(1, 20_000, 100):
        journal.append(make_records(first, first + 99))
    journal.begin_at(base_at(journal, 19_900))
    remove_all(journal)
    journal.shrink()
    journal.close()
    small = file.stat().st_size
    assert small < 200_000
    again = SqliteJournal(file)
    assert list(again.read(19_900)) == make_records(19_901, 20_000)
    again.close()
