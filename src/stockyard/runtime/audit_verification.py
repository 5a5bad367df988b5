"""Checking the audit log of a data directory: the log, its segments, and the journal it was read
from.

Promises: changes nothing, and needs no server to be stopped. Must not know: how findings are shown.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from stockyard.model.facts import ControlUsed
from stockyard.model.records import Record
from stockyard.people.audit import Entry, decode_entry
from stockyard.people.audit_check import AuditCheck, Findings, Report
from stockyard.people.audit_log import FILE_NAME, KEY_BYTES
from stockyard.runtime.audit_files import KEY_FILE, read_key
from stockyard.runtime.journal_acts import ASKED, HOUSE, kind_of
from stockyard.storage.acknowledged import SUFFIX, Acknowledged
from stockyard.storage.ports import Rows, StorageError
from stockyard.storage.readonly import ReadOnlyDatabase
from stockyard.storage.sqlite import read_base_of, read_journal

JOURNAL_CUT: Final = "journal.cut"
PROGRESS_EVERY: Final = 10_000
Progress = Callable[[int], None]


class JournalBeside:
    """The journal, read beside the log that was read from it.

    The log tells inputs in the journal's order, but for those that a cut took away later.
    """

    def __init__(self, path: Path, database: Rows, findings: Findings, progress: Progress) -> None:
        self._path, self._findings, self._progress = path, findings, progress
        rows = database.query("SELECT journal_seq FROM progress")
        self._until: int = rows[0][0] if rows else 0
        self._let_go = bool(database.query("SELECT 1 FROM anchor"))
        cuts = database.query(
            "SELECT number, payload FROM entries WHERE kind = ? ORDER BY number", (JOURNAL_CUT,)
        )
        self._cuts = [(number, _ends_at(payload)) for number, payload in cuts]
        self._inputs: Iterator[Record] | None = None
        self._next: Record | None = None
        base = read_base_of(path) if path.is_file() else None
        self._seq = self._begins_after = 0 if base is None else base.seq
        """What came before was pruned, and cannot be held against anything."""

    def take(self, entry: Entry) -> None:
        """Hold a record of the log against the journal."""
        if not entry.seq or entry.index or self._is_cut(entry):
            return
        if entry.seq <= self._begins_after:
            return
        if self._inputs is None:
            self._begin(entry.seq - 1 if self._let_go else 0)
        if entry.seq <= self._seq:
            self._findings.add(
                f"record {entry.number} tells of input {entry.seq} of the journal, which the log"
                " told of before"
            )
            return
        self._pass(entry.seq - 1)
        self._seq = entry.seq
        record = self._next
        if record is None or record.seq != entry.seq:
            self._findings.add(
                f"record {entry.number} tells of input {entry.seq} of the journal, which is not"
                " there"
            )
            return
        self._hold(record, entry)
        self._advance()

    def end(self) -> None:
        """Whatever else the journal holds, as far as the log has read it, must be of the market."""
        if self._inputs is None:
            self._begin(self._until if self._let_go else 0)
        self._pass(self._until)

    def _begin(self, after: int) -> None:
        self._inputs = read_journal(self._path, max(after, self._begins_after))
        self._advance()

    def _advance(self) -> None:
        assert self._inputs is not None
        try:
            self._next = next(self._inputs, None)
        except StorageError as error:
            self._next, self._inputs = None, iter(())
            self._findings.add(f"the log cannot be held against the whole journal: {error}")
        if self._next is not None and not self._next.seq % PROGRESS_EVERY:
            self._progress(self._next.seq)

    def _pass(self, until: int) -> None:
        """Go on in the journal up to an input; what somebody asked for on the way is missing."""
        while self._next is not None and self._next.seq <= until:
            if type(self._next.input) in ASKED:
                kind = kind_of(type(self._next.input))
                self._findings.add(
                    f"input {self._next.seq} of the journal, {kind}, is not in the log"
                )
            self._advance()

    def _is_cut(self, entry: Entry) -> bool:
        return any(number > entry.number and entry.seq > ends for number, ends in self._cuts)

    def _hold(self, record: Record, entry: Entry) -> None:
        origin = record.origin or HOUSE
        if isinstance(record.input, ControlUsed):
            is_kind = entry.kind.startswith("control.")
        else:
            is_kind = entry.kind == kind_of(type(record.input))
        said = (entry.actor, entry.request_id, entry.address)
        if not is_kind or said != (origin.actor, origin.request_id, origin.address):
            self._findings.add(
                f"record {entry.number} is altered: input {record.seq} of the journal says"
                " otherwise"
            )


def _ends_at(payload: str) -> int:
    """Where the journal ended when a cut was noted; nothing is taken for cut by what is damaged."""
    try:
        found = msgspec.json.decode(decode_entry(payload).after)
        return int(found["ends_at"])
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError):
        return 2**63


def verify_audit(
    directory: Path, folder: Path, progress: Progress, key_in: Path | None = None
) -> Report:
    """Read everything. ``key_in``: the directory that has the log's key, where this has none.

    Raises ``StorageError`` where there is no log.
    """
    path = directory / FILE_NAME
    if not path.is_file():
        raise StorageError(f"{path} is not there: no server has run on this directory yet")
    findings = Findings()
    key = _key(key_in or directory, findings)
    # Before the log is looked at: a server that runs may add to both.
    acknowledged = _acknowledged(path, findings)
    with ReadOnlyDatabase(path) as database:
        try:
            beside = JournalBeside(directory / "journal.db", database, findings, progress)
            report = AuditCheck(database, key, folder, acknowledged, beside.take).run()
            beside.end()
        except StorageError as error:
            report = Report(0, 0, 0, (), (f"the log cannot be read: {error}",))
        faults = [f"{path.name} is damaged: {text}" for text in database.faults()]
    return report._replace(broken=(*report.broken, *findings.told, *faults))


def _key(directory: Path, findings: Findings) -> bytes:
    try:
        found = read_key(directory)
    except StorageError as error:
        findings.add(str(error))
        return bytes(KEY_BYTES)
    if found is None:
        findings.add(f"{KEY_FILE} is missing: without it the log's seals cannot be checked")
    return found or bytes(KEY_BYTES)


def _acknowledged(path: Path, findings: Findings) -> int:
    name = f"{path.name}{SUFFIX}"
    if not path.with_name(name).exists():
        findings.add(f"{name} is missing: a log that was cut short looks whole")
        return 0
    note = Acknowledged(path)
    found = note.seq
    note.close()
    if not found:
        findings.add(f"{name} is damaged: a log that was cut short looks whole")
    return found
