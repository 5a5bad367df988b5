"""An account's events, read from the query tables beside whoever writes them.

Promises: every event of the account up to an input, in order, or an error: never a part of them.
Must not know: what the events are for.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from stockyard.model.events import Event
from stockyard.storage.ports import StorageError
from stockyard.storage.readonly import ReadOnlyDatabase

PAGE: Final = 5_000
Told = tuple[int, int, int, Event]
"""An event with its name and time: ``(seq, idx, ts, event)``."""
_decode: Final = msgspec.json.Decoder(Event).decode


def told_before(path: Path, account_id: int, last_seq: int) -> Iterator[Told]:
    """The events up to and with input ``last_seq`` in the tables at ``path``; none up to 0.

    Raises ``StorageError``, also when the tables have not come that far.
    """
    if not last_seq:
        return
    at = (0, -1)
    with ReadOnlyDatabase(path) as database:
        cursor = database.query("SELECT seq FROM cursor WHERE id = 1")
        if not cursor or cursor[0][0] < last_seq:
            raise StorageError(f"{path} has not come to input {last_seq}: run stockyard rebuild")
        while True:
            page = database.query(
                "SELECT seq, idx, ts, payload FROM events WHERE account_id = ? AND seq <= ?"
                " AND (seq, idx) > (?, ?) ORDER BY seq, idx LIMIT ?",
                (account_id, last_seq, *at, PAGE),
            )
            for seq, idx, ts, payload in page:
                yield seq, idx, ts, _decode(payload)
            if len(page) < PAGE:
                return
            at = page[-1][0], page[-1][1]
