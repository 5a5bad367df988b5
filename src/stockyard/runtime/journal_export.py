"""A stretch of the journal written to a Parquet file, for whoever wants to ask it in SQL.

Promises: every record between two is there, checked against the chain, in order; the file appears
when it is whole; memory does not grow with it; a server may write the journal meanwhile. Must not
know: who asks.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from stockyard.adapters.parquet.journal import JournalFile, JournalRow
from stockyard.model.codec import decode_state
from stockyard.model.facts import InstrumentListed, WorldCreated
from stockyard.model.ids import Kind, PublicIds
from stockyard.model.recordings import RecordingError
from stockyard.model.records import Record
from stockyard.model.state import EngineState
from stockyard.runtime.snapshots import unpack
from stockyard.storage.archive import FOLDER_NAME, Archive
from stockyard.storage.ports import StorageError
from stockyard.storage.readonly import ReadOnlyDatabase
from stockyard.storage.sqlite import read_base_of, read_journal

TOLD_EVERY: Final = 10_000
_encode: Final = msgspec.json.Encoder().encode
Progress = Callable[[int], None]


class Exported(NamedTuple):
    """The file, and the first and last record in it, 0 and 0 for none."""

    path: Path
    first_seq: int
    last_seq: int
    rows: int


class Names:
    """What accounts and instruments are called, by their numbers in the journal."""

    def __init__(self, world_id: str, symbols: dict[int, str]) -> None:
        self._ids, self._symbols = PublicIds(world_id), symbols
        self._accounts: dict[int, str] = {}

    def learn(self, record: Record) -> None:
        """Take up what a record names."""
        message = record.input
        if isinstance(message, InstrumentListed):
            self._symbols[message.instrument.instrument_id] = message.instrument.symbol
        elif isinstance(message, WorldCreated):
            self._ids = PublicIds(message.world_id)

    def account(self, account_id: int) -> str | None:
        """An account as the API names it."""
        if not account_id:
            return None
        if account_id not in self._accounts:
            self._accounts[account_id] = self._ids.text(Kind.ACCOUNT, account_id)
        return self._accounts[account_id]

    def instrument(self, instrument_id: int) -> str | None:
        """An instrument's symbol, or its number where it is not known."""
        if not instrument_id:
            return None
        return self._symbols.get(instrument_id) or str(instrument_id)


def export_journal(
    directory: Path, out: Path, first_seq: int, last_seq: int, progress: Progress
) -> Exported:
    """Write the records from one to another, both included, that there are.

    Raises ``RecordingError`` where the file is there already or cannot be written, and
    ``StorageError`` where the journal is damaged or does not reach back so far.
    """
    if out.exists():
        raise RecordingError(str(out), "the file is there already", "name another one")
    names = names_of(directory)
    first = last = 0
    with JournalFile(out) as file:
        for record in read_journal(directory / "journal.db", first_seq - 1):
            if record.seq > last_seq:
                break
            names.learn(record)
            file.add((row_of(record, names),))
            first, last = first or record.seq, record.seq
            if not record.seq % TOLD_EVERY:
                progress(record.seq)
    return Exported(out, first, last, last - first + 1 if last else 0)


def names_of(directory: Path) -> Names:
    """What is known without reading the journal: from the latest state that is whole."""
    state = _latest_state(directory)
    if state is None:
        return Names("", {})
    symbols = {b.instrument.instrument_id: b.instrument.symbol for b in state.books}
    return Names(state.world_id, symbols)


def _latest_state(directory: Path) -> EngineState | None:
    path = directory / "snapshots.db"
    packed: list[bytes] = []
    try:
        if path.is_file():
            with ReadOnlyDatabase(path) as database:
                packed += [row[0] for row in database.query("SELECT state FROM snapshot")]
        base = read_base_of(directory / "journal.db")
        if base is not None:
            packed.append(Archive(directory / FOLDER_NAME).load(base.seq).state)
    except StorageError:
        # Names are worth less than the records: those are exported without.
        pass
    for state in packed:
        try:
            return decode_state(unpack(state))
        except (StorageError, msgspec.MsgspecError):
            continue
    return None


def row_of(record: Record, names: Names) -> JournalRow:
    """A record as it is exported."""
    message, origin = record.input, record.origin
    listed = message.instrument.instrument_id if isinstance(message, InstrumentListed) else 0
    return JournalRow(
        record.seq,
        record.ts,
        record.wall_ns,
        type(message).__name__,
        names.account(getattr(message, "account_id", 0)),
        names.instrument(listed or getattr(message, "instrument_id", 0)),
        None if origin is None else origin.actor,
        None if origin is None else origin.request_id,
        None if origin is None else origin.address,
        None if origin is None else origin.user_agent,
        _encode(named(message)).decode(),
    )


def named(value: Any) -> Any:
    """A message with its fields by name, down to the last; bytes as hexadecimal digits."""
    if isinstance(value, msgspec.Struct):
        return {name: named(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, tuple | list):
        return [named(each) for each in value]
    return value.hex() if isinstance(value, bytes) else value
