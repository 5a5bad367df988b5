"""What becomes of the audit log's past: days that are over are sealed, and let go after years.

Promises: a record leaves the database only after its day was signed, and a signed day only after
as many years as were asked for; that it was let go is itself on record. A step that fails is tried
again and loses nothing. Must not know: threads, or who reads segments.
"""

import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from stockyard.people.audit import Act, detail
from stockyard.people.audit_check import DAY_SEALED, KEY_MADE, LET_GO
from stockyard.people.audit_keys import AuditKeys
from stockyard.people.audit_log import AuditLog
from stockyard.people.audit_segments import days_in, file_of, next_day, sealed, write_segment

LOG: Final = logging.getLogger("stockyard.audit")
AUDITOR: Final = "system:audit"
ROWS_AT_ONCE: Final = 2_000
"""Records that leave in one commit: an act that is to be noted waits no longer than for one."""


class AuditUpkeep:
    """Looks after one log; ``years`` 0: nothing is ever let go."""

    def __init__(self, log: AuditLog, keys: AuditKeys, folder: Path, years: int) -> None:
        self._log, self._keys, self._folder, self._years = log, keys, folder, years

    def steps(self, now_ns: int) -> Iterator[None]:
        """Everything that is due, a step at a time. Raises ``StorageError``."""
        while (day := next_day(self._log, now_ns)) is not None:
            self._seal(day, now_ns)
            yield
        if self._years:
            yield from self._let_go(_years_before(now_ns, self._years), now_ns)

    def _seal(self, day: str, now_ns: int) -> None:
        """Write the segment of a day. The key's name is in the log before it signs anything."""
        named = self._keys.public_keys()
        if not named:
            public_key = self._keys.make(now_ns)
            self._note(KEY_MADE, public_key, None, now_ns)
        else:
            public_key = named[-1]
        done = write_segment(self._log, self._folder, day, self._keys.signer(public_key))
        told = {"first": done.first, "last": done.last, "sha256": done.file_hash}
        self._note(DAY_SEALED, day, told, now_ns)
        LOG.info("the audit log of %s is sealed: records %d to %d", day, done.first, done.last)

    def _let_go(self, until: str, now_ns: int) -> Iterator[None]:
        """Let segments before a day go, with their records and files."""
        known = sealed(self._log.database)
        old = [one for one in known if one.day < until]
        if old:
            # The records that named the keys may be among those that leave.
            keys = self._keys.public_keys()
            told = {"days": len(old), "last": old[-1].last, "signed_with": keys}
            self._note(LET_GO, old[-1].day, told, now_ns)
        for segment in old:
            while not self._log.let_go(segment.last, segment.chain, segment.day, ROWS_AT_ONCE):
                yield
            LOG.info("the audit log of %s is older than is kept, and let go", segment.day)
            yield
        kept = {one.day for one in known} - {one.day for one in old}
        for day in days_in(self._folder):
            if day < until and day not in kept:
                file_of(self._folder, day).unlink(missing_ok=True)
                yield

    def _note(self, kind: str, subject: str, after: object, now_ns: int) -> None:
        act = Act(at_ns=now_ns, kind=kind, actor=AUDITOR, subject=subject, after=detail(after))
        self._log.append([act], now_ns)


def _years_before(now_ns: int, years: int) -> str:
    """The same day years ago; the first of March for a 29th of February that was none."""
    today = datetime.fromtimestamp(now_ns // 1_000_000_000, UTC).date()
    try:
        return today.replace(year=today.year - years).isoformat()
    except ValueError:
        return date(today.year - years, 3, 1).isoformat()
