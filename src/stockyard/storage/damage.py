"""What is kept of a damaged journal when it is found: the damaged row as it lies, and a report.

Promises: the journal itself is only read; the same damage is kept once, however often a start is
tried; no more than ``REPORTS_MAX`` are kept. Must not know: what the records mean.
"""

import json
import logging
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from stockyard.storage.acknowledged import acknowledged_of
from stockyard.storage.ports import JournalCorrupt, Row, StorageError
from stockyard.storage.readonly import ReadOnlyDatabase

LOG: Final = logging.getLogger("stockyard.storage")
FOLDER_NAME: Final = "damage"
REPORTS_MAX: Final = 100
_ROW: Final = (
    "SELECT first_seq, last_seq, last_ts, chain, blob FROM batches WHERE first_seq <= ?"
    " ORDER BY first_seq DESC LIMIT 1"
)


def keep_damage(error: JournalCorrupt) -> Path | None:
    """Write down what is damaged, beside the journal; the report, None where none was written."""
    journal = Path(error.where)
    if not journal.is_file():
        return None
    folder = journal.parent / FOLDER_NAME
    report = folder / f"journal-{error.seq:020}.json"
    if report.exists():
        return report
    row = _row(journal, error.seq)
    told = {
        "file": journal.name,
        "record": error.seq,
        "what": error.what,
        "last_whole_record": error.seq - 1,
        "acknowledged_up_to": acknowledged_of(journal),
        "found_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "row": _shown(row),
    }
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        if len(list(folder.glob("*.json"))) >= REPORTS_MAX:
            LOG.warning("%s holds %d reports already: no further one", folder, REPORTS_MAX)
            return None
        if row is not None and isinstance(row[-1], bytes):
            _write(report.with_suffix(".blob"), row[-1])
        _write(report, json.dumps(told, indent=2).encode() + b"\n")
    except OSError as failed:
        LOG.warning("%s: what is damaged could not be kept (%s)", folder, failed.strerror)
        return None
    return report


def _row(journal: Path, seq: int) -> Row | None:
    """The row that holds a record, or the last before it; None where it cannot be read."""
    try:
        with ReadOnlyDatabase(journal) as database:
            found = database.query(_ROW, (seq,))
    except StorageError:
        return None
    return found[0] if found else None


def _shown(row: Row | None) -> Any:
    if row is None:
        return None
    named = zip(("first_seq", "last_seq", "last_ts", "chain", "bytes"), row, strict=True)
    found = {name: value.hex() if isinstance(value, bytes) else value for name, value in named}
    found["bytes"] = len(row[-1]) if isinstance(row[-1], bytes) else None
    return found


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
