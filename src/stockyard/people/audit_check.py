"""Whether the audit log is whole: what was altered, removed or put in between, by name.

Promises: reads only, and reads everything: each record against the one before it and its own
columns, each seal against the key, each segment against its signature and the log, the log's end
against what was acknowledged. Goes on after a break, so that one break hides no other. Must not
know: files beyond segments, or how findings are shown.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from hmac import compare_digest
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from stockyard.people.audit import Entry, decode_entry
from stockyard.people.audit_log import FIRST_CHAIN, chained, seal, searched_by
from stockyard.people.audit_segments import (
    Sealed,
    SegmentBroken,
    SegmentReader,
    days_in,
    file_of,
    sealed,
)
from stockyard.storage.ports import Rows, StorageError

FINDINGS_MAX: Final = 100
PAGE_ROWS: Final = 500
KEY_MADE: Final = "audit.key_made"
DAY_SEALED: Final = "audit.day_sealed"
LET_GO: Final = "audit.let_go"
DAMAGE_FOUND: Final = "audit.damage_found"
_COLUMNS: Final = (
    "e.number, e.at_ns, e.kind, e.actor, e.user_id, e.subject, e.request_id, e.payload, e.chain,"
    " s.seal"
)
_HEX: Final = frozenset("0123456789abcdef")
Take = Callable[[Entry], None]


class Report(NamedTuple):
    """What was read, and every way in which it is broken, at most ``FINDINGS_MAX`` of them."""

    first: int
    last: int
    days: int
    keys: tuple[str, ...]
    broken: tuple[str, ...]


class Findings:
    """What was found broken so far."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def add(self, text: str) -> None:
        """One more; what is beyond the limit is only counted by its last line."""
        if text in self.told:
            return
        if len(self.told) < FINDINGS_MAX:
            self.told.append(text)
        elif len(self.told) == FINDINGS_MAX:
            self.told.append("and more")


class _Row(NamedTuple):
    number: int
    searched: tuple[Any, ...]
    payload: str
    chain: str
    seal: str | None


class AuditCheck:
    """One reading of a log. ``take`` gets every record that can be read, in order."""

    def __init__(
        self,
        database: Rows,
        key: bytes,
        folder: Path,
        acknowledged: int = 0,
        take: Take = lambda _: None,
    ) -> None:
        self._database, self._key, self._folder = database, key, folder
        self._acknowledged, self._take = acknowledged, take
        self.findings = Findings()
        self._keys: dict[str, None] = {}
        self._days: dict[str, int] = {}
        self._first = self._last = self._anchored = 0

    def run(self) -> Report:
        """Read everything. Raises ``StorageUnavailable`` when it cannot be read now."""
        anchor, chain = self._anchor()
        self._anchored = anchor
        self._read_log(anchor, chain)
        if self._last < self._acknowledged:
            self._missing(self._last + 1, self._acknowledged)
        days = self._read_segments(anchor)
        return Report(self._first, self._last, days, tuple(self._keys), tuple(self.findings.told))

    def _anchor(self) -> tuple[int, str]:
        """The last record that was let go, and the chain that goes on from there."""
        rows = self._database.query("SELECT number, chain, seal FROM anchor")
        if not rows:
            return 0, FIRST_CHAIN
        number, chain, told = rows[0]
        if not _is_chain(chain) or not _same(told, seal(self._key, number, chain)):
            self.findings.add(f"the seal of where the log begins, after record {number}, is wrong")
        return number, chain if _is_chain(chain) else FIRST_CHAIN

    def _missing(self, first: int, last: int) -> None:
        names = f"record {first} is" if first == last else f"records {first} to {last} are"
        self.findings.add(f"{names} missing")

    # The log itself.

    def _read_log(self, anchor: int, chain: str) -> None:
        number, before, other = anchor, chain, ""
        sealed_up_to = anchor
        bad = 0
        for row in self._rows():
            if row.number <= number:
                self.findings.add(f"record {row.number} was put in")
                continue
            self._first = self._first or row.number
            known = row.number == number + 1
            if not known:
                self._missing(number + 1, row.number - 1)
            computed = self._check(row, before if known else "", other if known else "")
            number = row.number
            before = row.chain if _is_chain(row.chain) else computed or FIRST_CHAIN
            other = computed
            if row.seal is None:
                continue
            if not _same(row.seal, seal(self._key, number, row.chain)):
                first = max(bad, sealed_up_to) + 1
                self.findings.add(
                    f"the seal at record {number} is wrong: one of the records {first} to {number}"
                    " was altered or put in"
                    if first < number
                    else f"record {number} is altered or was put in: its seal is wrong"
                )
                bad = number
            sealed_up_to = number
        self._last = number
        if sealed_up_to < number:
            self.findings.add(
                f"records {sealed_up_to + 1} to {number} were put in: they have no seal"
            )
        for (stray,) in self._database.query(
            "SELECT s.number FROM seals s LEFT JOIN entries e ON e.number = s.number"
            " WHERE e.number IS NULL ORDER BY s.number LIMIT 100"
        ):
            self.findings.add(f"there is a seal for record {stray}, which is missing")

    def _check(self, row: _Row, before: str, other: str) -> str:
        """Check a record against the one before it; its hash as it should be, empty for unknown.

        ``other``: what the hash before should have been, where that itself was altered.
        """
        name = f"record {row.number}"
        try:
            entry = decode_entry(row.payload)
        except (msgspec.MsgspecError, UnicodeError, TypeError):
            entry = None
        if entry is None or entry.number != row.number:
            self.findings.add(f"{name} is altered")
        else:
            if searched_by(entry) != row.searched:
                self.findings.add(f"{name} is altered: what it is found by is not what it says")
            if entry.kind == DAMAGE_FOUND:
                lost = bytes(entry.after).decode()
                self.findings.add(f"{name} says that records were lost before it: {lost}")
            self._remember(entry)
            self._take(entry)
        if not before:
            return ""
        computed = _chained(before, row.payload)
        if _same(row.chain, computed):
            return computed
        if other and other != before and _same(row.chain, repaired := _chained(other, row.payload)):
            return repaired
        self.findings.add(f"{name} is altered")
        return computed

    def _remember(self, entry: Entry) -> None:
        """What the log itself says of keys and signed days."""
        if entry.kind == KEY_MADE:
            self._keys[entry.subject] = None
        elif entry.kind in (DAY_SEALED, LET_GO, DAMAGE_FOUND):
            with suppress(msgspec.MsgspecError, KeyError, TypeError, ValueError):
                told = msgspec.json.decode(entry.after)
                if entry.kind == DAY_SEALED:
                    self._days[entry.subject] = int(told["last"])
                else:
                    self._keys.update({str(key): None for key in told["signed_with"]})

    def _rows(self) -> Iterator[_Row]:
        after = -(2**63)
        while True:
            try:
                page = self._page(after, PAGE_ROWS)
            except StorageError as error:
                self.findings.add(f"after record {max(after, 0)} the log cannot be read: {error}")
                return
            for number, *searched, payload, chain, found in page:
                if not isinstance(number, int) or not isinstance(payload, str):
                    self.findings.add(f"record {number} is altered")
                    continue
                yield _Row(number, tuple(searched), payload, str(chain), found)
            if len(page) < PAGE_ROWS:
                return
            after = page[-1][0]

    def _page(self, after: int, limit: int) -> list[tuple[Any, ...]]:
        return self._database.query(
            f"SELECT {_COLUMNS} FROM entries e LEFT JOIN seals s ON s.number = e.number"
            " WHERE e.number > ? ORDER BY e.number LIMIT ?",
            (after, limit),
        )

    # Its segments.

    def _read_segments(self, anchor: int) -> int:
        known = {one.day: one for one in self._known()}
        days = days_in(self._folder)
        for day in known.keys() - set(days):
            self.findings.add(f"segment {day} is missing")
        before: SegmentReader | None = None
        count = 0
        for day in days:
            try:
                reader = SegmentReader(file_of(self._folder, day))
            except (SegmentBroken, OSError) as error:
                self.findings.add(f"segment {day} is altered: {error}")
                before = None
                continue
            if day not in known and reader.header.last <= anchor:
                # Let go already; its file is taken away next time.
                reader.close()
                continue
            count += 1
            with closing(reader):
                self._read_segment(day, reader, known.get(day), before)
            if before is None and reader.header.first > anchor + 1:
                self.findings.add(f"a segment before {day} is missing")
            before = reader
        for day in self._days.keys() - set(days):
            if self._days[day] > anchor:
                self.findings.add(f"segment {day} is missing")
        return count

    def _known(self) -> list[Sealed]:
        try:
            return sealed(self._database)
        except (StorageError, TypeError) as error:
            self.findings.add(f"the list of segments cannot be read: {error}")
            return []

    def _read_segment(
        self, day: str, reader: SegmentReader, known: Sealed | None, before: SegmentReader | None
    ) -> None:
        header, name = reader.header, f"segment {day}"
        said = (header.day, header.first, header.last, header.chain)
        expected = known or self._next_known(day, header.last)
        if said != (expected.day, expected.first, expected.last, expected.chain):
            self.findings.add(f"{name} is not what the log knows of that day")
        if header.public_key not in self._keys:
            self.findings.add(f"{name} is signed with a key that the log does not name")
        if before is not None and header.previous != before.file_hash:
            self.findings.add(f"{name} does not follow the segment of {before.header.day}")
        if before is not None and header.first != before.header.last + 1:
            self._missing(before.header.last + 1, header.first - 1)
        try:
            whole = self._compare(name, reader)
        except SegmentBroken as error:
            self.findings.add(f"{name} is altered: {error}")
            return
        if not whole or not reader.is_signed:
            self.findings.add(f"{name} is altered: its signature does not fit what it holds")
        if known is not None and reader.file_hash != known.file_hash:
            self.findings.add(f"{name} is altered: it is not the file that was written")

    def _next_known(self, day: str, last: int) -> Sealed:
        """What the log would know of a segment that was written a moment ago: it is the next."""
        known = self._known()
        before = known[-1].last if known else self._anchored
        rows = self._database.query("SELECT chain FROM entries WHERE number = ?", (last,))
        return Sealed(day, before + 1, last, rows[0][0] if rows else "", "")

    def _compare(self, name: str, reader: SegmentReader) -> bool:
        """Read a segment beside the log; whether its hashes lead where its header says."""
        header = reader.header
        if not _is_chain(header.chain_before):
            return False
        chain, number = header.chain_before, header.first
        stored = self._stored(header.first, header.last)
        ours = next(stored, None)
        for payload in reader:
            chain = _chained(chain, payload)
            while ours is not None and ours[0] < number:
                ours = next(stored, None)
            if ours is not None and ours[0] == number and ours[1] != payload:
                self.findings.add(f"record {number} is altered: {name} has it otherwise")
            number += 1
        return _same(chain, header.chain)

    def _stored(self, first: int, last: int) -> Iterator[tuple[int, str]]:
        after = first - 1
        while after < last:
            try:
                page = self._page(after, PAGE_ROWS)
            except StorageError:
                return
            for row in page:
                yield row[0], row[-3]
            if len(page) < PAGE_ROWS:
                return
            after = page[-1][0]


def _is_chain(text: Any) -> bool:
    return isinstance(text, str) and len(text) == 64 and _HEX.issuperset(text)


def _chained(chain: str, payload: str) -> str:
    try:
        return chained(chain, payload)
    except UnicodeError:
        return ""


def _same(found: Any, wanted: str) -> bool:
    return isinstance(found, str) and compare_digest(
        found.encode("utf-8", "replace"), wanted.encode()
    )
