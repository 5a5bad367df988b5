"""How records lie in a journal: one blob a commit, each record framed and chained to the last.

Promises: what ``pack`` writes ``unpack`` reads; a record that was altered, lost or moved is named
by its seq. Must not know: where the blobs are kept.

A record in a blob is: payload length (u32, little-endian), payload (``model.codec``), 16 bytes of
chain, where ``chain(n) = sha256(chain(n - 1) + payload(n))[:16]`` and ``chain(0)`` is zeros. The
chain is checksum and order in one. It has no secret in it: it shows damage and careless edits, not
a forger who writes the whole rest of the journal anew.
"""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from struct import Struct
from typing import Final, NamedTuple

import msgspec

from stockyard.model.codec import decode_record, encode
from stockyard.model.records import Record
from stockyard.storage.ports import JournalCorrupt, JournalHead

CHAIN_SIZE: Final = 16
EMPTY_HEAD: Final = JournalHead(0, 0, bytes(CHAIN_SIZE))

ALTERED: Final = "altered"
MISSING: Final = "missing"
OUT_OF_ORDER: Final = "out of order"
LOST: Final = "missing, though it was acknowledged"

_NO_RECORD: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, MemoryError)
"""What the decoder may raise on bytes that are no record."""
_LENGTH: Final = Struct("<I")
_LENGTH_SIZE: Final = _LENGTH.size


class Batch(NamedTuple):
    """One commit: first and last seq, ts and chain value of the last record, the records."""

    first_seq: int
    last_seq: int
    last_ts: int
    chain: bytes
    blob: bytes

    @property
    def head(self) -> JournalHead:
        """Where a journal ends whose last batch this is."""
        return JournalHead(self.last_seq, self.last_ts, self.chain)


def pack(head: JournalHead, records: Sequence[Record]) -> Batch:
    """Frame one or more records that follow ``head``: seq without a gap, ts not decreasing."""
    seq, ts, chain = head
    parts: list[bytes] = []
    add, length_bytes, digest = parts.append, _LENGTH.pack, sha256
    for record in records:
        assert record.seq == seq + 1, f"record {record.seq} cannot follow {seq}"
        assert record.ts >= ts, (
            f"the ts of record {record.seq} lies before that of the one before it"
        )
        seq, ts = record.seq, record.ts
        payload = encode(record)
        chain = digest(chain + payload).digest()[:CHAIN_SIZE]
        add(length_bytes(len(payload)))
        add(payload)
        add(chain)
    assert parts, "a batch holds at least one record"
    return Batch(head.seq + 1, seq, ts, chain, b"".join(parts))


def unpack(
    batches: Iterable[Batch], anchor: JournalHead, after_seq: int, where: str
) -> Iterator[Record]:
    """Yield the records after ``after_seq`` from batches that follow ``anchor``, checking each.

    Batches up to ``after_seq`` are checked too, but not yielded. Raises ``JournalCorrupt`` with the
    first bad seq, after yielding the records before it.
    """
    seq, ts, chain = anchor
    decode, digest, length_at = decode_record, sha256, _LENGTH.unpack_from
    for first_seq, last_seq, last_ts, last_chain, blob in batches:
        if first_seq != seq + 1:
            raise JournalCorrupt(seq + 1, where, MISSING if first_seq > seq + 1 else OUT_OF_ORDER)
        at, size = 0, len(blob)
        while seq < last_seq:
            start = at + _LENGTH_SIZE
            if start > size:
                raise JournalCorrupt(seq + 1, where, MISSING if at == size else ALTERED)
            end = start + length_at(blob, at)[0]
            at = end + CHAIN_SIZE
            payload = blob[start:end]
            chain = digest(chain + payload).digest()[:CHAIN_SIZE]
            if chain != blob[end:at]:
                raise JournalCorrupt(seq + 1, where, _what_stands(payload, seq + 1))
            try:
                record = decode(payload)
            except _NO_RECORD:
                raise JournalCorrupt(seq + 1, where, ALTERED) from None
            if record.seq != seq + 1 or record.ts < ts:
                raise JournalCorrupt(seq + 1, where, OUT_OF_ORDER)
            seq, ts = seq + 1, record.ts
            if seq > after_seq:
                yield record
        if at != size:
            raise JournalCorrupt(seq + 1, where, ALTERED)
        if chain != last_chain or ts != last_ts:
            raise JournalCorrupt(seq, where, ALTERED)
    if seq < after_seq:
        raise JournalCorrupt(seq + 1, where, MISSING)


def chain_at(batch: Batch, seq: int) -> bytes:
    """The chain value of one of a batch's records, unchecked; nothing where the blob is cut off."""
    at = 0
    for _ in range(seq - batch.first_seq):
        if at + _LENGTH_SIZE > len(batch.blob):
            return b""
        at += _LENGTH_SIZE + _LENGTH.unpack_from(batch.blob, at)[0] + CHAIN_SIZE
    if at + _LENGTH_SIZE > len(batch.blob):
        return b""
    end = at + _LENGTH_SIZE + int(_LENGTH.unpack_from(batch.blob, at)[0])
    return batch.blob[end : end + CHAIN_SIZE]


def _what_stands(payload: bytes, seq: int) -> str:
    """What to call bytes that do not carry the chain on: another record's, or not a record's."""
    try:
        found = decode_record(payload).seq
    except _NO_RECORD:
        return ALTERED
    return ALTERED if found == seq else OUT_OF_ORDER
