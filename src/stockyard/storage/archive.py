"""Engine states that are kept: one file for each, beside the journal they were taken of.

Promises: a file is there whole or not at all, however the process dies; what is read is checked to
the last byte, and a damaged file is named, never taken for whole or passed over in silence. Reading
works beside a process that writes. Must not know: when a state is worth keeping.

A file is: eight bytes of ``MAGIC``, the length of the header (u32, little-endian), the header as
JSON, the SHA-256 of everything before, and the packed state, whose SHA-256 the header names.
"""

import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from struct import Struct
from typing import Final, NamedTuple

import msgspec

from stockyard.storage.ports import JournalHead, Snapshot, StorageError, StorageUnavailable
from stockyard.storage.sync import put_in_place, sync

FOLDER_NAME: Final = "archive"
SUFFIX: Final = ".snapshot"
UNFINISHED: Final = ".unfinished"
BEYOND: Final = ".beyond"
FORMAT: Final = 1
HEADER_MAX: Final = 65_536
_MAGIC: Final = b"STKYARC\n"
_LENGTH: Final = Struct("<I")
_HASH_SIZE: Final = 32
_DIGITS: Final = 20


class ArchiveDamaged(StorageError):
    """An archived snapshot is not what was written; the message names the file."""


class ArchiveMissing(StorageError):
    """There is no archived snapshot at a seq."""


class Archived(NamedTuple):
    """What the header of an archived snapshot says.

    ``head``: the end of the journal's last batch that ends at or before ``seq``; ``why`` it was
    taken; ``size_bytes`` of the file. ``damage`` says what is wrong with a file that cannot be
    read: of such, ``seq`` is what its name says (0: nothing), and the rest is empty.
    """

    seq: int
    ts: int
    engine_version: str
    state_hash: str
    digest: bytes
    head: JournalHead
    why: str
    size_bytes: int
    name: str
    damage: str = ""


class _Header(msgspec.Struct, frozen=True):
    format: int
    seq: int
    ts: int
    engine_version: str
    state_hash: str
    digest: str
    head_seq: int
    head_ts: int
    chain: str
    why: str
    state_bytes: int
    state_sha256: str


Listed = list[Archived]
Names = list[str]


class Archive:
    """The archived snapshots of one data directory; any process may read, one writes."""

    def __init__(self, path: Path) -> None:
        """The archive in the folder ``path``, which is made with the first snapshot."""
        self.path = path

    def add(self, snapshot: Snapshot, head: JournalHead, why: str) -> None:
        """Keep a snapshot durably; one that is there already stays. Raises ``StorageUnavailable``.

        ``head``: the end of the journal's last batch that ends at or before the snapshot's seq.
        """
        final = self._file(snapshot.seq)
        if not final.exists() or _read_header(final).damage:
            self.put(snapshot, head, why)

    def put(self, snapshot: Snapshot, head: JournalHead, why: str) -> None:
        """Keep a snapshot durably, in the place of one that is there; otherwise as ``add``."""
        assert head.seq <= snapshot.seq, "the chain must be of a batch the snapshot has seen"
        final = self._file(snapshot.seq)
        unfinished = final.with_name(final.name + UNFINISHED)
        try:
            self.path.mkdir(mode=0o700, exist_ok=True)
            _write(unfinished, (_packed_header(snapshot, head, why), snapshot.state))
            put_in_place(unfinished, final)
            sync(self.path.parent)
        except OSError as error:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
            why_not = f"the snapshot cannot be archived ({error.strerror})"
            raise StorageUnavailable(f"{final}: {why_not}") from error

    def list(self) -> "Listed":
        """Every archived snapshot, oldest first, by its header alone; damaged files among them.

        Raises ``StorageUnavailable``.
        """
        return [_read_header(self.path / name) for name in self._names(SUFFIX)]

    def load(self, seq: int) -> Snapshot:
        """The snapshot at ``seq``, checked whole. Raises ``StorageError``."""
        file = self._file(seq)
        archived = _read_header(file)
        if archived.damage:
            if not file.exists():
                raise ArchiveMissing(f"{self.path}: there is no archived snapshot at seq {seq}")
            raise ArchiveDamaged(f"{file} is damaged: {archived.damage}")
        state = _checked_state(file)
        return Snapshot(
            archived.seq,
            archived.ts,
            archived.state_hash,
            archived.engine_version,
            archived.digest,
            state,
        )

    def before(self, seq: int) -> Archived | None:
        """The newest whole one at or before ``seq``."""
        for name in reversed(self._names(SUFFIX)):
            if _seq_of(name) <= seq:
                archived = _read_header(self.path / name)
                if not archived.damage:
                    return archived
        return None

    def before_time(self, ts: int) -> Archived | None:
        """The newest whole one whose ts is at or before ``ts``, UTC ns."""
        for name in reversed(self._names(SUFFIX)):
            archived = _read_header(self.path / name)
            if not archived.damage and archived.ts <= ts:
                return archived
        return None

    def remove(self, seq: int) -> None:
        """Let one go; nothing happens where there is none. Raises ``StorageUnavailable``."""
        try:
            self._file(seq).unlink(missing_ok=True)
            if self.path.exists():
                sync(self.path)
        except OSError as error:
            raise StorageUnavailable(f"{self._file(seq)}: {error.strerror}") from error

    def clear_unfinished(self) -> int:
        """Remove what a process that died left half written; how many. Only for who may write."""
        names = self._names(UNFINISHED)
        for name in names:
            with suppress(OSError):
                (self.path / name).unlink(missing_ok=True)
        return len(names)

    def set_aside_beyond(self, seq: int) -> "Names":
        """Rename those after ``seq``, where the journal ends: it has lost what they were taken of.

        Returns their new names. Raises ``StorageUnavailable``.
        """
        renamed = []
        for name in self._names(SUFFIX):
            if _seq_of(name) > seq:
                try:
                    (self.path / name).replace(self.path / f"{name}{BEYOND}")
                except OSError as error:
                    raise StorageUnavailable(f"{self.path / name}: {error.strerror}") from error
                renamed.append(f"{name}{BEYOND}")
        return renamed

    def _file(self, seq: int) -> Path:
        return self.path / f"{seq:0{_DIGITS}}{SUFFIX}"

    def _names(self, suffix: str) -> "Names":
        try:
            return sorted(name for name in os.listdir(self.path) if name.endswith(suffix))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StorageUnavailable(f"{self.path} cannot be read ({error.strerror})") from error


def _seq_of(name: str) -> int:
    """The seq that a file's name gives; 0 for a name that gives none."""
    stem = name.removesuffix(SUFFIX)
    return int(stem) if len(stem) == _DIGITS and stem.isascii() and stem.isdigit() else 0


def _packed_header(snapshot: Snapshot, head: JournalHead, why: str) -> bytes:
    told = msgspec.json.encode(
        _Header(
            FORMAT,
            snapshot.seq,
            snapshot.ts,
            snapshot.engine_version,
            snapshot.state_hash,
            snapshot.digest.hex(),
            head.seq,
            head.ts,
            head.chain.hex(),
            why,
            len(snapshot.state),
            sha256(snapshot.state).hexdigest(),
        )
    )
    begin = _MAGIC + _LENGTH.pack(len(told)) + told
    return begin + sha256(begin).digest()


def _write(file: Path, parts: tuple[bytes, ...]) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as out:
        for part in parts:
            out.write(part)


def _read_header(file: Path) -> Archived:
    """A file's header; ``damage`` says why it cannot be read."""
    try:
        with file.open("rb") as opened:
            begin, header = _begin_of(opened.read(len(_MAGIC) + _LENGTH.size + HEADER_MAX))
        size = file.stat().st_size
    except OSError as error:
        return _damaged(file, 0, error.strerror or "it cannot be read")
    except (ValueError, msgspec.MsgspecError) as error:
        return _damaged(file, _size_of(file), str(error))
    if size != len(begin) + _HASH_SIZE + header.state_bytes:
        return _damaged(file, size, "it is cut off, or longer than was written")
    if header.seq != _seq_of(file.name):
        return _damaged(file, size, f"it holds the state at seq {header.seq}")
    head = JournalHead(header.head_seq, header.head_ts, bytes.fromhex(header.chain))
    return Archived(
        header.seq,
        header.ts,
        header.engine_version,
        header.state_hash,
        bytes.fromhex(header.digest),
        head,
        header.why,
        size,
        file.name,
    )


def _begin_of(content: bytes) -> tuple[bytes, _Header]:
    """What stands before the header's hash, and the header. Raises ``ValueError``."""
    start = len(_MAGIC) + _LENGTH.size
    if len(content) < start or content[: len(_MAGIC)] != _MAGIC:
        raise ValueError("it is no archived snapshot")
    end = start + _LENGTH.unpack_from(content, len(_MAGIC))[0]
    if content[end : end + _HASH_SIZE] != sha256(content[:end]).digest():
        raise ValueError("its header is altered")
    header = msgspec.json.decode(content[start:end], type=_Header)
    if header.format != FORMAT:
        raise ValueError(f"it has format {header.format}; this version reads {FORMAT}")
    return content[:end], header


def _checked_state(file: Path) -> bytes:
    """The packed state of a file. Raises ``StorageError``."""
    try:
        content = file.read_bytes()
        begin, header = _begin_of(content)
    except OSError as error:
        raise StorageUnavailable(f"{file} cannot be read ({error.strerror})") from error
    except (ValueError, msgspec.MsgspecError) as error:
        raise ArchiveDamaged(f"{file} is damaged: {error}") from error
    state = content[len(begin) + _HASH_SIZE :]
    if sha256(state).hexdigest() != header.state_sha256:
        raise ArchiveDamaged(f"{file} is damaged: its state is altered")
    return state


def _damaged(file: Path, size: int, why: str) -> Archived:
    nothing = JournalHead(0, 0, b"")
    return Archived(_seq_of(file.name), 0, "", "", b"", nothing, "", size, file.name, why)


def _size_of(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
