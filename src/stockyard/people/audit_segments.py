"""Days of the audit log as files: signed, readable without this program, written once.

A segment holds one day (UTC) by when records were kept. Its first line is a header, then each
record as it stands in the log, then the signature: Ed25519 over ``SIGNED`` and the SHA-256 of all
bytes before the last line. The header names the segment before by its hash, so that a segment that
is taken away is missed too.

Promises: the same records give the same bytes, so a crash on the way is made good by doing it
again; a file that is there is never written over. Must not know: where keys are kept.
"""

import os
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

import msgspec

from stockyard.people.audit import decode_entry
from stockyard.people.audit_log import FIRST_CHAIN, AuditLog
from stockyard.storage.ports import Database, Row, Rows, StorageError, StorageUnavailable
from stockyard.storage.sync import put_in_place

FOLDER_NAME: Final = "audit"
SUFFIX: Final = ".jsonl"
FORMAT: Final = 1
SIGNED: Final = b"stockyard audit segment "
PAGE_ROWS: Final = 1_000
LINE_BYTES_MAX: Final = 64 * 1024
"""Longer than any record can be."""
_NS: Final = 1_000_000_000
_PUBLISHED: Final = 0o400


class SegmentHeader(msgspec.Struct, frozen=True, kw_only=True):
    """What a segment says of itself. ``chain_before``: the hash of the last record before it;
    ``journal_seq``: up to where the journal was surely read; ``previous``: hash of the file before.
    """

    stockyard_audit: int
    day: str
    first: int
    last: int
    chain_before: str
    chain: str
    journal_seq: int
    previous: str
    public_key: str


class _Footer(msgspec.Struct, frozen=True):
    signature: str


_read_header: Final = msgspec.json.Decoder(SegmentHeader).decode
_read_footer: Final = msgspec.json.Decoder(_Footer).decode


class Signer(NamedTuple):
    """A key that segments are signed with: its public half (base64), and how to sign."""

    public_key: str
    sign: Callable[[bytes], bytes]


class SegmentTaken(StorageError):
    """A file of another content stands where a segment belongs: it is not written over."""


class Sealed(NamedTuple):
    """A segment that the log knows."""

    day: str
    first: int
    last: int
    chain: str
    file_hash: str


def sealed(database: Rows) -> list[Sealed]:
    """The segments that the log knows, oldest first."""
    return [
        Sealed(*row)
        for row in database.query(
            "SELECT day, first_number, last_number, chain, file_hash FROM segments ORDER BY day"
        )
    ]


def day_of(ns: int) -> str:
    """The day (UTC) of a time, as segments are named."""
    return datetime.fromtimestamp(ns // _NS, UTC).strftime("%Y-%m-%d")


def file_of(folder: Path, day: str) -> Path:
    """Where the segment of a day lies."""
    return folder / f"{day}{SUFFIX}"


def days_in(folder: Path) -> list[str]:
    """Days that have a file, oldest first."""
    if not folder.is_dir():
        return []
    found = []
    for path in folder.iterdir():
        try:
            if path.suffix == SUFFIX:
                found.append(date.fromisoformat(path.stem).isoformat())
        except ValueError:
            continue
    return sorted(found)


def next_day(log: AuditLog, now_ns: int) -> str | None:
    """The first day that is over and has no segment yet; None where there is none."""
    rows = log.database.query(
        "SELECT payload FROM entries WHERE number > ? ORDER BY number LIMIT 1", (_last(log)[0],)
    )
    if not rows:
        return None
    day = day_of(decode_entry(rows[0][0]).kept_ns)
    return day if day < day_of(now_ns) else None


def _last(log: AuditLog) -> tuple[int, str, str]:
    """The last record in a segment, its chain, and the hash of that segment's file."""
    known = sealed(log.database)
    if known:
        return known[-1].last, known[-1].chain, known[-1].file_hash
    rows = log.database.query("SELECT number, chain FROM anchor")
    return (rows[0][0], rows[0][1], "") if rows else (0, FIRST_CHAIN, "")


def write_segment(log: AuditLog, folder: Path, day: str, signer: Signer) -> Sealed:
    """Write the segment of a day that is over, and let the log know it.

    Raises ``StorageUnavailable``, and ``SegmentTaken`` where another file stands in its place.
    """
    before, chain_before, previous = _last(log)
    last, chain, journal_seq = before, chain_before, 0
    for number, payload, found in _rows(log.database, before):
        entry = decode_entry(payload)
        if day_of(entry.kept_ns) > day:
            break
        last, chain, journal_seq = number, found, max(journal_seq, entry.seq)
    assert last > before, "a day that is sealed has records"
    header = SegmentHeader(
        stockyard_audit=FORMAT,
        day=day,
        first=before + 1,
        last=last,
        chain_before=chain_before,
        chain=chain,
        journal_seq=journal_seq,
        previous=previous,
        public_key=signer.public_key,
    )
    path = file_of(folder, day)
    try:
        file_hash = _publish(log.database, folder, path, header, signer)
    except OSError as error:
        raise StorageUnavailable(f"{path} cannot be written: {error.strerror}") from error
    done = Sealed(day, before + 1, last, chain, file_hash)

    def work(transaction: Database) -> None:
        transaction.execute(
            "INSERT INTO segments (day, first_number, last_number, chain, file_hash)"
            " VALUES (?, ?, ?, ?, ?)",
            done,
        )
        # The last record of the day keeps its seal; the signature covers all the others.
        transaction.execute("DELETE FROM seals WHERE number < ?", (last,))

    log.database.transact(work)
    return done


def _rows(database: Rows, after: int) -> Iterator[Row]:
    """Records after a number in order: number, payload, chain."""
    while True:
        page = database.query(
            "SELECT number, payload, chain FROM entries WHERE number > ? ORDER BY number LIMIT ?",
            (after, PAGE_ROWS),
        )
        yield from page
        if len(page) < PAGE_ROWS:
            return
        after = page[-1][0]


def _publish(
    database: Rows, folder: Path, path: Path, header: SegmentHeader, signer: Signer
) -> str:
    """Write a segment beside its place, then put it there; the hash of the whole file."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    digest = sha256()
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        _put(file, digest.update, msgspec.json.encode(header))
        for number, payload, _ in _rows(database, header.first - 1):
            if number > header.last:
                break
            _put(file, digest.update, payload.encode())
        signature = b64encode(signer.sign(SIGNED + digest.digest())).decode()
        _put(file, digest.update, msgspec.json.encode(_Footer(signature)))
    file_hash = digest.hexdigest()
    if path.exists():
        if hash_of(path) != file_hash:
            fresh.unlink()
            raise SegmentTaken(f"{path} is there already and holds something else")
        fresh.unlink()
        return file_hash
    fresh.chmod(_PUBLISHED)
    # The log must not know of a file that a power cut takes away.
    put_in_place(fresh, path)
    return file_hash


def _put(file: BinaryIO, count: Callable[[bytes], None], line: bytes) -> None:
    file.write(line + b"\n")
    count(line + b"\n")


def hash_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        digest = sha256()
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()


class Found(NamedTuple):
    """Segments that follow each other, oldest first, up to where the journal was read for them, and
    the keys that they say they are signed with.
    """

    segments: list[Sealed]
    journal_seq: int
    keys: list[str]


def found_in(folder: Path) -> Found:
    """The segments that lie in a folder, for a log that was lost."""
    segments, keys, journal_seq = list[Sealed](), dict[str, None](), 0
    for day in days_in(folder):
        path = file_of(folder, day)
        try:
            reader = SegmentReader(path)
        except (SegmentBroken, OSError):
            continue
        reader.close()
        header = reader.header
        if header.day != day or (segments and header.first != segments[-1].last + 1):
            continue
        segments.append(Sealed(day, header.first, header.last, header.chain, hash_of(path)))
        journal_seq, keys[header.public_key] = max(journal_seq, header.journal_seq), None
    return Found(segments, journal_seq, list(keys))


class SegmentBroken(Exception):
    """A file is no segment, or was changed; the message says how."""


class SegmentReader:
    """Reads a segment's header at once, its records by iterating, and then knows what it is worth.

    Raises ``SegmentBroken`` for what cannot be a segment. After the last record ``is_signed`` says
    whether the signature is right, and ``file_hash`` is that of the whole file.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._digest = sha256()
        self.is_signed, self.file_hash = False, ""
        try:
            line = self._line()
            self.header = _read_header(line)
            self._digest.update(line + b"\n")
        except (msgspec.MsgspecError, UnicodeDecodeError):
            self._file.close()
            raise SegmentBroken("its header cannot be read") from None
        except SegmentBroken:
            self._file.close()
            raise

    def close(self) -> None:
        """Let go of the file; iterating does that by itself."""
        self._file.close()

    def _line(self) -> bytes:
        line = self._file.readline(LINE_BYTES_MAX)
        if not line.endswith(b"\n"):
            raise SegmentBroken("it ends in the middle" if len(line) < LINE_BYTES_MAX else "a line")
        return line[:-1]

    def __iter__(self) -> Iterator[str]:
        """The records as they stand there. Raises ``SegmentBroken``."""
        with self._file:
            for _ in range(self.header.last - self.header.first + 1):
                line = self._line()
                self._digest.update(line + b"\n")
                yield line.decode("utf-8", "replace")
            last = self._line()
            if self._file.read(1):
                raise SegmentBroken("something follows its signature")
            self.is_signed = _is_signed(self.header.public_key, self._digest.digest(), last)
            self._digest.update(last + b"\n")
            self.file_hash = self._digest.hexdigest()


def _is_signed(public_key: str, digest: bytes, last: bytes) -> bool:
    # Ten megabytes, for who looks at segments alone.
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        signature = b64decode(_read_footer(last).signature, validate=True)
        key = Ed25519PublicKey.from_public_bytes(b64decode(public_key, validate=True))
        key.verify(signature, SIGNED + digest)
    except (InvalidSignature, ValueError, msgspec.MsgspecError):
        return False
    return True
