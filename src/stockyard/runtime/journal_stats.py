"""What a journal's bytes are spent on: by kind of input, by day, for each order and each quote.

Promises: reads only, and every record once, checked against the chain; a server may be running.
Must not know: how it is shown.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar, get_args

import msgspec

from stockyard.model.codec import encode
from stockyard.model.commands import Command, PlaceOrder
from stockyard.model.facts import Quote
from stockyard.storage.batches import CHAIN_SIZE
from stockyard.storage.ports import JournalSize
from stockyard.storage.sqlite import journal_size, read_journal

FRAME_SIZE: Final = 4 + CHAIN_SIZE
"""Length and chain value, around each record."""
GROWTH_DAYS: Final = 7
_DAY_NS: Final = 86_400 * 1_000_000_000
_TOLD_EVERY: Final = 10_000
_COMMANDS: Final = frozenset(kind.__name__ for kind in get_args(Command))
Progress = Callable[[int], None]
K = TypeVar("K")


class Share(msgspec.Struct):
    """Some of the records: how many, and their bytes with what frames them."""

    name: str
    count: int
    bytes: int

    @property
    def each(self) -> float:
        """Bytes for each record."""
        return self.bytes / self.count if self.count else 0.0


class JournalStats(msgspec.Struct):
    """Everything; ``days`` in order of time, UTC. ``base_seq``: where it was pruned to, else 0.

    ``bytes_per_order``: of all that clients sent, by the orders among it. ``bytes_per_day``: the
    mean of the last whole days, a week of them at most; 0 where there is none.
    """

    base_seq: int
    first_seq: int
    last_seq: int
    file_bytes: int
    free_bytes: int
    record_bytes: int
    kinds: list[Share]
    days: list[Share]
    bytes_per_order: float
    bytes_per_quote: float
    bytes_per_day: float


def journal_stats(path: Path, progress: Progress) -> JournalStats:
    """Read the journal at ``path`` whole. Raises ``StorageError``."""
    size = journal_size(path)
    kinds: dict[str, Share] = {}
    days: dict[int, Share] = {}
    first = last = 0
    for record in read_journal(path, 0 if size.base is None else size.base.seq):
        taken = len(encode(record)) + FRAME_SIZE
        _add(kinds, name := type(record.input).__name__, name, taken)
        day = record.ts // _DAY_NS
        _add(days, day, _day_text(day), taken)
        first, last = first or record.seq, record.seq
        if not record.seq % _TOLD_EVERY:
            progress(record.seq)
    return _summed(size, first, last, kinds, [days[day] for day in sorted(days)])


def _add(shares: dict[K, Share], key: K, name: str, taken: int) -> None:
    share = shares.get(key)
    if share is None:
        share = shares[key] = Share(name, 0, 0)
    share.count += 1
    share.bytes += taken


def _summed(
    size: JournalSize, first: int, last: int, kinds: dict[str, Share], days: list[Share]
) -> JournalStats:
    asked = sum(share.bytes for name, share in kinds.items() if name in _COMMANDS)
    orders = kinds.get(PlaceOrder.__name__)
    quotes = kinds.get(Quote.__name__)
    # The first and the last day are not over, or did not begin here.
    whole = days[1:-1][-GROWTH_DAYS:]
    return JournalStats(
        0 if size.base is None else size.base.seq,
        first,
        last,
        size.file_bytes,
        size.free_bytes,
        sum(share.bytes for share in kinds.values()),
        sorted(kinds.values(), key=lambda share: -share.bytes),
        days,
        asked / orders.count if orders else 0.0,
        quotes.each if quotes else 0.0,
        sum(day.bytes for day in whole) / len(whole) if whole else 0.0,
    )


def _day_text(day: int) -> str:
    return datetime.fromtimestamp(day * 86_400, UTC).date().isoformat()
