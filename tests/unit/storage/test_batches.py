"""Goal: the journal's bytes keep their meaning. Method: known bytes, framed here by hand."""

from collections.abc import Iterator
from hashlib import sha256

import pytest

from stockyard.model.facts import ClockTick, Quote
from stockyard.model.records import Origin, Record
from stockyard.storage.batches import EMPTY_HEAD, Batch, pack, unpack
from stockyard.storage.ports import JournalHead

FIRST = Record(1, 10, 20, ClockTick())
SECOND = Record(2, 10, 21, Quote(3, 100, 101, 5, 6, 9), Origin("user:1", "r", "a", "u"))
FIRST_PAYLOAD = bytes.fromhex("95010a149122c0")
SECOND_PAYLOAD = bytes.fromhex(
    "95020a1597200364650506099 4a6757365723a31a172a161a175".replace(" ", "")
)


def test_the_bytes_of_a_batch_are_fixed_for_ever() -> None:
    batch = pack(EMPTY_HEAD, [FIRST, SECOND])
    one = sha256(bytes(16) + FIRST_PAYLOAD).digest()[:16]
    two = sha256(one + SECOND_PAYLOAD).digest()[:16]
    assert batch.blob == b"".join(
        (b"\x07\0\0\0", FIRST_PAYLOAD, one, b"\x1a\0\0\0", SECOND_PAYLOAD, two)
    )
    assert batch[:4] == (1, 2, 10, two)
    assert batch.head == JournalHead(2, 10, two)


def test_a_batch_carries_the_chain_of_the_one_before() -> None:
    first = pack(EMPTY_HEAD, [FIRST])
    second = pack(first.head, [SECOND])
    assert first.blob + second.blob == pack(EMPTY_HEAD, [FIRST, SECOND]).blob
    assert list(unpack([second], first.head, 0, "here")) == [SECOND]


def test_an_empty_batch_is_our_own_mistake() -> None:
    with pytest.raises(AssertionError, match="at least one"):
        pack(EMPTY_HEAD, [])


def test_records_are_yielded_as_they_are_read() -> None:
    first = pack(EMPTY_HEAD, [FIRST])

    def batches() -> Iterator[Batch]:
        yield first
        raise KeyError("the second batch was asked for")

    reading = unpack(batches(), EMPTY_HEAD, 0, "here")
    assert next(reading) == FIRST
    with pytest.raises(KeyError):
        next(reading)
