"""Which snapshots are kept, and for how long: the points from which the past can be read quickly.

Promises: the first of each day, one after every so many inputs, and the last state of an engine
version that gives way to another. All stay for ``ALL_DAYS``, then the first of each day for
``DAILY_DAYS``, then the first of each month; no more than ``ALL_MAX``, and ``ALL_BYTES`` together,
stay for their youth alone. What marks a change of version, what is ``held`` and the newest never
leave. A disk that refuses costs that snapshot, is said, and holds up nothing. Must not know:
threads, or who reads the archive.
"""

import logging
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from threading import Lock
from typing import Final

from stockyard.storage.archive import Archive, Archived
from stockyard.storage.ports import JournalHead, Snapshot, StorageError

LOG: Final = logging.getLogger("stockyard.archive")
ALL_DAYS: Final = 7
DAILY_DAYS: Final = 365
ALL_MAX: Final = 500
ALL_BYTES: Final = 8 << 30
DAY: Final = "day"
INPUTS: Final = "inputs"
UPGRADE: Final = "upgrade"
_NS: Final = 1_000_000_000
_DAY_NS: Final = 86_400 * _NS


class Archiving:
    """Decides over one archive; used from one thread at a time but for ``held``.

    ``held``: seqs that must not leave, because something else builds on them, such as the state
    that stands in the place of a journal's removed beginning.
    """

    def __init__(self, archive: Archive, inputs: int) -> None:
        """Keep a snapshot after every ``inputs``, and one a day."""
        self.archive, self.inputs = archive, inputs
        self.held: set[int] = set()
        self.failures = 0
        self._last_seq, self._last_day = 0, -1
        self._turn = Lock()

    def begin(self, head_seq: int) -> None:
        """Take up an archive whose journal ends at ``head_seq``. Raises ``StorageUnavailable``."""
        self.archive.clear_unfinished()
        for name in self.archive.set_aside_beyond(head_seq):
            LOG.error("%s: it is of a state the journal has lost, and set aside", name)
        for archived in self.archive.list():
            if archived.damage:
                LOG.error("%s/%s is damaged: %s", self.archive.path, archived.name, archived.damage)
            else:
                self._last_seq, self._last_day = archived.seq, archived.ts // _DAY_NS

    def keep_upgraded(self, snapshot: Snapshot, head: JournalHead) -> None:
        """Keep the last state of another engine version. Raises ``StorageUnavailable``."""
        kept = self.archive.before(snapshot.seq)
        if kept is None or (kept.seq, kept.why) != (snapshot.seq, UPGRADE):
            # Also where it was kept for another reason, with which it would leave.
            self.archive.put(snapshot, head, UPGRADE)
        LOG.info(
            "the state of engine version %s at %d is archived",
            snapshot.engine_version,
            snapshot.seq,
        )

    def due(self, seq: int, ts: int) -> str:
        """Why a snapshot would be kept now; empty when it would not."""
        if seq <= self._last_seq:
            return ""
        if ts // _DAY_NS > self._last_day:
            return DAY
        return INPUTS if seq - self._last_seq >= self.inputs else ""

    def consider(self, snapshot: Snapshot, head: JournalHead) -> None:
        """Keep a snapshot when it is due, and let those go that are old enough.

        ``head``: where the journal ended when it was taken.
        """
        with self._turn:
            why = self.due(snapshot.seq, snapshot.ts)
            if not why:
                return
            try:
                self.archive.add(snapshot, head, why)
                self._last_seq, self._last_day = snapshot.seq, snapshot.ts // _DAY_NS
                for seq in to_let_go(self.archive.list(), snapshot.ts, self.held):
                    self.archive.remove(seq)
            except StorageError as error:
                self.failures += 1
                LOG.warning("the archive was not kept up, trying again: %s", error)


def to_let_go(found: Sequence[Archived], now_ns: int, held: Collection[int]) -> list[int]:
    """The seqs of those that leave, of archived snapshots from the oldest on."""
    leaving: list[int] = []
    whole = [archived for archived in found if not archived.damage]
    seen: set[str] = set()
    from_here = sum(archived.size_bytes for archived in whole)
    for place, archived in enumerate(whole[:-1]):
        age_days = (now_ns - archived.ts) // _DAY_NS
        day = datetime.fromtimestamp(archived.ts // _NS, UTC).date().isoformat()
        span = day if age_days < DAILY_DAYS else day[:7]
        few = len(whole) - place <= ALL_MAX and from_here <= ALL_BYTES
        young = age_days < ALL_DAYS and few
        from_here -= archived.size_bytes
        kept = young or archived.why == UPGRADE or archived.seq in held
        if span in seen and not kept:
            leaving.append(archived.seq)
        seen.add(day)
        seen.add(day[:7])
    return leaving
