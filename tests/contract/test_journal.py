"""What every ``Journal`` promises."""

from collections.abc import Callable
from itertools import islice

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stockyard.storage.batches import EMPTY_HEAD
from stockyard.storage.ports import JournalCorrupt, StorageUnavailable
from tests.contract.places import Place, make_records


def test_a_new_journal_is_empty(place: Place) -> None:
    journal = place.journal()
    assert journal.head == (0, 0, bytes(16)) == EMPTY_HEAD
    assert list(journal.read(0)) == []


def test_what_was_appended_is_read_back_from_any_seq(place: Place) -> None:
    journal = place.journal()
    records = make_records(1, 12)
    for first, last in ((1, 1), (2, 6), (7, 7), (8, 12)):
        journal.append(make_records(first, last))
    assert (journal.head.seq, journal.head.ts) == (12, records[-1].ts)
    for after_seq in range(13):
        assert list(journal.read(after_seq)) == records[after_seq:]


def test_appending_nothing_changes_nothing(place: Place) -> None:
    journal = place.journal()
    journal.append(make_records(1, 3))
    head = journal.head
    journal.append([])
    assert journal.head == head


def test_a_crash_loses_nothing_that_append_returned_for(place: Place) -> None:
    journal = place.journal()
    for seq in range(1, 21):
        journal.append(make_records(seq, seq))
    place.crash()
    again = place.journal()
    assert again.head == journal.head
    assert list(again.read(0)) == make_records(1, 20)
    again.append(make_records(21, 25))
    assert list(again.read(18)) == make_records(19, 25)


def test_a_closed_journal_opens_where_it_ended(place: Place) -> None:
    journal = place.journal()
    journal.append(make_records(1, 4))
    head = journal.head
    journal.close()
    again = place.journal()
    assert again.head == head
    again.append(make_records(5, 6))
    assert list(again.read(0)) == make_records(1, 6)


@pytest.mark.parametrize("seqs", [(5,), (3,), (4, 6), (4, 5, 5)])
def test_a_gap_or_a_repeat_is_our_own_mistake(place: Place, seqs: tuple[int, ...]) -> None:
    journal = place.journal()
    journal.append(make_records(1, 3))
    head = journal.head
    with pytest.raises(AssertionError, match="cannot follow"):
        journal.append([make_records(seq, seq)[0] for seq in seqs])
    assert journal.head == head
    assert list(journal.read(0)) == make_records(1, 3)


def test_time_may_stand_still_but_not_go_back(place: Place) -> None:
    journal = place.journal()
    journal.append(make_records(1, 3))
    still, back = make_records(4, 5)
    journal.append([type(still)(4, journal.head.ts, 0, still.input)])
    with pytest.raises(AssertionError, match="before"):
        journal.append([type(back)(5, journal.head.ts - 1, 0, back.input)])
    assert journal.head.seq == 4


def test_reading_past_the_end_says_what_is_missing(place: Place) -> None:
    journal = place.journal()
    journal.append(make_records(1, 3))
    assert list(journal.read(3)) == []
    with pytest.raises(JournalCorrupt, match="missing") as caught:
        list(journal.read(9))
    assert caught.value.seq == 4


def test_a_failing_disk_keeps_nothing_and_recovers(place: Place) -> None:
    journal = place.journal()
    journal.append(make_records(1, 3))
    head = journal.head
    place.break_disk(journal)
    with pytest.raises(StorageUnavailable, match="full"):
        journal.append(make_records(4, 400))
    assert journal.head == head
    assert list(journal.read(0)) == make_records(1, 3)
    place.mend_disk(journal)
    journal.append(make_records(4, 400))
    place.crash()
    assert list(place.journal().read(0)) == make_records(1, 400)


def test_a_read_that_pauses_does_not_hold_up_appends(place: Place) -> None:
    journal = place.journal()
    journal.append(make_records(1, 3))
    reading = journal.read(0)
    assert list(islice(reading, 1)) == make_records(1, 1)
    journal.append(make_records(4, 4))
    assert list(islice(reading, 2)) == make_records(2, 3)
    assert journal.head.seq == 4


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    sizes=st.lists(st.integers(1, 9), max_size=90),
    after_share=st.floats(0, 1),
    crash_at=st.integers(0, 90),
)
def test_any_split_into_batches_reads_back_the_same(
    new_place: Callable[[], Place],
    sizes: list[int],
    after_share: float,
    crash_at: int,
) -> None:
    place = new_place()
    journal = place.journal()
    seq = 0
    for index, size in enumerate(sizes):
        journal.append(make_records(seq + 1, seq + size))
        seq += size
        if index == crash_at:
            place.crash()
            journal = place.journal()
    after_seq = int(seq * after_share)
    assert journal.head.seq == seq
    assert list(journal.read(after_seq)) == make_records(after_seq + 1, seq)
