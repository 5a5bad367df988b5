"""Where points of time lie in a journal that is only read, also beside a process that writes.

Promises: the file is not changed; finding a time takes as many looks as the journal has halvings.
Must not know: what the records mean.
"""

from pathlib import Path
from typing import Any

from stockyard.storage.ports import StorageError
from stockyard.storage.readonly import ReadOnlyDatabase
from stockyard.storage.sqlite import journal_size, read_journal


class JournalPoints:
    """A journal as it stood when this was made; its batches ``(first_seq, last_seq, last_ts)``."""

    def __init__(self, path: Path) -> None:
        """Look at the file. Raises ``StorageError``."""
        self._path = path
        size = journal_size(path)
        self.base, self.last_seq, self.last_ts = size.base, size.last_seq, size.last_ts
        self._first_seq = size.first_seq
        if self.base is not None and self.last_seq < self.base.seq:
            self.last_seq, self.last_ts = self.base.seq, self.base.ts

    @property
    def first_seq(self) -> int:
        """The first input after which the world can be told: of a pruned journal, its base's."""
        return self._first_seq if self.base is None else self.base.seq

    def ts_of(self, seq: int) -> int:
        """The ts of a record, UTC ns. Raises ``StorageError``."""
        if self.base is not None and seq == self.base.seq:
            return self.base.ts
        for record in read_journal(self._path, seq - 1):
            return record.ts
        raise StorageError(f"{self._path}: there is no record {seq}")

    def seq_at(self, ts: int) -> int:
        """The last record at or before a time, UTC ns; 0 where none is. Raises ``StorageError``."""
        if ts >= self.last_ts:
            return self.last_seq
        if self.base is not None and ts < self.base.ts:
            return 0
        with ReadOnlyDatabase(self._path) as database:
            before = self._last_before_batch_after(database, ts)
        found: int = before
        for record in read_journal(self._path, before):
            if record.ts > ts:
                break
            found = record.seq
        if self.base is not None:
            return max(found, self.base.seq)
        return found if found >= self._first_seq else 0

    def _last_before_batch_after(self, database: ReadOnlyDatabase, ts: int) -> int:
        """The seq before the first batch that ends after ``ts``; there is one."""
        # Some batches may have been removed since this was made.
        low: int = database.query("SELECT MIN(first_seq) FROM batches")[0][0]
        high = self.last_seq
        while low < high:
            middle = (low + high) // 2
            row: Any = database.query(
                "SELECT first_seq, last_seq, last_ts FROM batches WHERE first_seq <= ?"
                " ORDER BY first_seq DESC LIMIT 1",
                (middle,),
            )[0]
            if row[2] <= ts:
                low = int(row[1]) + 1
            elif row[0] <= low:
                break
            else:
                high = int(row[0])
        return low - 1
