"""What an operator should know of a data directory: how large it is and grows, and what is kept of
it elsewhere.

Promises: reads only, beside the world that writes, and holds nobody up: call it in a thread. Must
not know: HTTP.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from stockyard.storage.files import FILES, JOURNAL, LOG_TAILS, Kind
from stockyard.storage.ports import Base
from stockyard.storage.readonly import ReadOnlyDatabase
from stockyard.storage.sqlite import journal_size

DAY_NS: Final = 86_400_000_000_000
GROWTH_NS_MIN: Final = 60_000_000_000
"""Over less than this, growth is not told."""
_FIRST: Final = "SELECT COALESCE(MIN(first_seq), 0) FROM batches"
_AT: Final = (
    "SELECT first_seq, last_ts FROM batches WHERE first_seq <= ? ORDER BY first_seq DESC LIMIT 1"
)


class JournalState(NamedTuple):
    """The journal as it lies on the disk: its first and last record with their times (0: none), its
    bytes with those that wait to be used again, and by how many inputs and bytes it grew in a day,
    as far as it goes back; None where that cannot be told yet. ``base``: what stands for a
    beginning that was pruned.
    """

    first_seq: int
    first_ts: int
    seq: int
    ts: int
    bytes: int
    free_bytes: int
    base: Base | None
    day_inputs: int | None
    day_bytes: int | None


def snapshot_of(path: Path) -> int:
    """Up to where the latest snapshot of a directory reaches, 0: there is none.

    Raises ``StorageError``.
    """
    with ReadOnlyDatabase(path / "snapshots.db") as database:
        rows = database.query("SELECT seq FROM snapshot")
    return int(rows[0][0]) if rows else 0


class FileState(NamedTuple):
    """A file of the directory, with what SQLite keeps beside it, or a folder with all in it."""

    name: str
    bytes: int


class Room(NamedTuple):
    """A disk: how large it is and how much of it is free."""

    total: int
    free: int


def files_of(path: Path) -> list[FileState]:
    """How large everything in a directory is, in the order of the table of files."""
    found = []
    for one in FILES:
        if one.kind in (Kind.FOLDER, Kind.ASIDE):
            size = sum([_size(inner) for inner in (path / one.name).rglob("*")])
        else:
            tails = ("", *LOG_TAILS) if one.kind is Kind.DATABASE else ("",)
            size = sum([_size(path / f"{one.name}{tail}") for tail in tails])
        if (path / one.name).exists():
            found.append(FileState(one.name, size))
    return found


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0


def room_of(path: Path) -> Room | None:
    """The disk that a directory lies on; None where that cannot be told."""
    try:
        usage = shutil.disk_usage(path)
    except OSError:
        return None
    return Room(usage.total, usage.free)


def journal_of(path: Path) -> JournalState:
    """The journal of a directory. Raises ``StorageError``."""
    size = sum([_size(path / f"{JOURNAL}{tail}") for tail in ("", *LOG_TAILS[:1])])
    found = journal_size(path / JOURNAL)
    base, free = found.base, found.free_bytes
    last, last_ts = found.last_seq, found.last_ts
    with ReadOnlyDatabase(path / JOURNAL) as database:
        # Asked here, with what follows: some batches may have been removed since.
        first = int(database.query(_FIRST)[0][0])
        if not first:
            seq, ts = (base.seq, base.ts) if base is not None else (last, last_ts)
            return JournalState(0, 0, seq, ts, size, free, base, None, None)

        def at(wanted: int) -> tuple[int, int]:
            batch = database.query(_AT, (wanted,))[0]
            return batch[0], batch[1]

        first_ts = at(first)[1]
        before, before_ts = _first_after(at, first, last, last_ts - DAY_NS)
    inputs = size_a_day = None
    if last_ts - before_ts >= GROWTH_NS_MIN:
        inputs = (last - before) * DAY_NS // (last_ts - before_ts)
        size_a_day = round(inputs * (size - free) / (last - first + 1))
    return JournalState(first, first_ts, last, last_ts, size, free, base, inputs, size_a_day)


def _first_after(
    at: Callable[[int], tuple[int, int]], low: int, high: int, ts: int
) -> tuple[int, int]:
    """The first batch, as its first seq and last time, that ends at or after a time.

    Found by halving, since time never goes back.
    """
    while low < high:
        middle = (low + high) // 2
        if at(middle)[1] >= ts:
            high = middle
        else:
            low = middle + 1
    return at(low)
