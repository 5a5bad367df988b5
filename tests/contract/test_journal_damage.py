"""Every ``Journal`` names the first record that is altered, missing or out of order."""

from collections.abc import Iterator
from hashlib import sha256
from struct import pack, unpack_from

import pytest

from stockyard.model.codec import encode
from stockyard.model.records import Record
from stockyard.storage.batches import Batch
from stockyard.storage.ports import Journal, JournalCorrupt
from tests.contract.places import Place, make_records

SPLITS = ((1, 4), (5, 9), (10, 12), (13, 13))


@pytest.fixture
def journal(place: Place) -> Iterator[Journal]:
    journal = place.journal()
    for first, last in SPLITS:
        journal.append(make_records(first, last))
    yield journal
    journal.close()


def spans(batch: Batch) -> list[tuple[int, int, int]]:
    """``(seq, start, end)`` of each record in the blob, its frame and chain included."""
    found, at = [], 0
    for seq in range(batch.first_seq, batch.last_seq + 1):
        end = at + 4 + unpack_from("<I", batch.blob, at)[0] + 16
        found.append((seq, at, end))
        at = end
    assert at == len(batch.blob)
    return found


def first_break(journal: Journal, records: list[Record], after_seq: int = 0) -> tuple[int, str]:
    """Where and what the break is, after checking that just the records before it came out."""
    read: list[Record] = []
    with pytest.raises(JournalCorrupt) as caught:
        read.extend(journal.read(after_seq))
    seq = caught.value.seq
    assert read == records[after_seq : seq - 1]
    return seq, caught.value.what


def test_any_flipped_byte_is_found(place: Place, journal: Journal) -> None:
    batches = place.batches()
    batch, records = batches[1], make_records(1, 13)
    for seq, start, end in spans(batch):
        for at in range(start, end):
            blob = bytearray(batch.blob)
            blob[at] ^= 1 << (at % 8)
            place.set_batches([batches[0], batch._replace(blob=bytes(blob)), *batches[2:]])
            found, what = first_break(journal, records)
            assert (found, what in ("altered", "out of order")) == (seq, True), f"byte {at}"


@pytest.mark.parametrize(("gone", "seq"), [(0, 1), (1, 5), (2, 10)])
def test_a_deleted_batch_is_missing(place: Place, journal: Journal, gone: int, seq: int) -> None:
    batches = place.batches()
    del batches[gone]
    place.set_batches(batches)
    assert first_break(journal, make_records(1, 13)) == (seq, "missing")


def test_a_deleted_batch_before_the_start_is_missing_too(place: Place, journal: Journal) -> None:
    batches = place.batches()
    del batches[1]
    place.set_batches(batches)
    with pytest.raises(JournalCorrupt, match="missing") as caught:
        list(journal.read(10))
    assert caught.value.seq == 5
    assert list(journal.read(12)) == make_records(13, 13)


def test_swapped_batches_are_out_of_order(place: Place, journal: Journal) -> None:
    one, two, three, four = place.batches()
    place.set_batches([one, two._replace(blob=three.blob), three._replace(blob=two.blob), four])
    assert first_break(journal, make_records(1, 13)) == (5, "out of order")
    place.set_batches(
        [one, Batch(5, *three[1:]), Batch(10, *two[1:]), four],
    )
    assert first_break(journal, make_records(1, 13)) == (5, "out of order")


def test_a_truncated_blob_breaks_at_the_first_record_cut(place: Place, journal: Journal) -> None:
    batches = place.batches()
    batch = batches[1]
    for seq, start, end in spans(batch):
        for size in range(start, end):
            cut = batch._replace(blob=batch.blob[:size])
            place.set_batches([batches[0], cut, *batches[2:]])
            what = "missing" if size == start else "altered"
            assert first_break(journal, make_records(1, 13)) == (seq, what)


def frame(record: Record, chain: bytes) -> tuple[bytes, bytes]:
    payload = encode(record)
    chain = sha256(chain + payload).digest()[:16]
    return pack("<I", len(payload)) + payload + chain, chain


def test_a_forged_record_does_not_carry_the_chain(place: Place, journal: Journal) -> None:
    batches = place.batches()
    batch = batches[1]
    _, start, end = spans(batch)[2]
    forged, _ = frame(make_records(7, 7)[0], b"guessed at      ")
    for blob in (
        batch.blob[:start] + forged + batch.blob[end:],
        batch.blob[:start] + forged + batch.blob[start:],
    ):
        place.set_batches([batches[0], batch._replace(blob=blob), *batches[2:]])
        assert first_break(journal, make_records(1, 13)) == (7, "altered")


def test_a_forged_record_at_the_end_of_a_batch_is_found(place: Place, journal: Journal) -> None:
    batches = place.batches()
    batch = batches[1]
    forged, _ = frame(make_records(10, 10)[0], batch.chain)
    place.set_batches([batches[0], batch._replace(blob=batch.blob + forged), *batches[2:]])
    assert first_break(journal, make_records(1, 13)) == (10, "altered")


@pytest.mark.parametrize(("seq", "ts"), [(7, 1_003), (9, 1_003), (8, 0)])
def test_a_rightly_chained_record_must_still_be_in_order(
    place: Place, journal: Journal, seq: int, ts: int
) -> None:
    batches = place.batches()
    batch, wanted = batches[1], make_records(8, 8)[0]
    _, start, end = spans(batch)[3]
    forged, _ = frame(Record(seq, ts, 0, wanted.input), batch.blob[start - 16 : start])
    blob = batch.blob[:start] + forged + batch.blob[end:]
    place.set_batches([batches[0], batch._replace(blob=blob), *batches[2:]])
    assert first_break(journal, make_records(1, 13)) == (8, "out of order")


def test_rightly_chained_bytes_that_are_no_record_are_named(place: Place, journal: Journal) -> None:
    batches = place.batches()
    batch = batches[1]
    _, start, end = spans(batch)[1]
    payload = b"\xc1 never used in MessagePack"
    chain = sha256(batch.blob[start - 16 : start] + payload).digest()[:16]
    blob = batch.blob[:start] + pack("<I", len(payload)) + payload + chain + batch.blob[end:]
    place.set_batches([batches[0], batch._replace(blob=blob), *batches[2:]])
    assert first_break(journal, make_records(1, 13)) == (6, "altered")


@pytest.mark.parametrize(
    ("column", "value", "seq"),
    [("chain", bytes(16), 9), ("last_ts", 5, 9), ("last_seq", 8, 9), ("last_seq", 10, 10)],
)
def test_what_a_row_says_of_its_batch_is_checked(
    place: Place, journal: Journal, column: str, value: int | bytes, seq: int
) -> None:
    batches = place.batches()
    batches[1] = batches[1]._replace(**{column: value})  # type: ignore[arg-type]
    place.set_batches(batches)
    with pytest.raises(JournalCorrupt) as caught:
        list(journal.read(0))
    assert caught.value.seq == seq


@pytest.mark.parametrize("at", [0, 3, 20, -17, -1])
def test_a_damaged_last_batch_refuses_to_open(place: Place, journal: Journal, at: int) -> None:
    batches = place.batches()
    blob = bytearray(batches[-1].blob)
    blob[at] ^= 0x10
    place.set_batches([*batches[:-1], batches[-1]._replace(blob=bytes(blob))])
    with pytest.raises(JournalCorrupt) as caught:
        place.journal()
    assert caught.value.seq == 13


def test_a_start_in_the_middle_is_checked_against_the_batch_before(
    place: Place, journal: Journal
) -> None:
    batches = place.batches()
    batches[1] = batches[1]._replace(chain=b"x" * 16)
    place.set_batches(batches)
    assert first_break(journal, make_records(1, 13), after_seq=11)[0] <= 10
