"""The auditor: compares what clients were told with the durable journal, and both with the world.

Promises: knows what clients sent, what they were answered, and the journal's records; everything
else it computes again: a fresh engine and View fed from genesis, plain books, plain keys, and its
own digest. Raises ``AssertionError`` saying what is wrong. Must not know:
what failed, or when.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any

import apsw
import msgspec

from stockyard.engine.engine import Engine
from stockyard.model import commands as c
from stockyard.model import events as e
from stockyard.model.codec import decode_record, encode
from stockyard.model.records import Record
from stockyard.projections.rows import TABLES, columns
from stockyard.projections.view import QuoteRow, View
from stockyard.runtime.beginning import based
from stockyard.runtime.recovery import restore_engine
from stockyard.runtime.world import World
from stockyard.runtime.writer import Outcome
from stockyard.storage.archive import FOLDER_NAME, Archive
from stockyard.storage.ports import Snapshot, StorageError
from stockyard.storage.sqlite import read_base_of, read_journal
from tests.engine_audit import audit_state
from tests.simulation.beside_judge import BesideJudge
from tests.simulation.disk import Disk
from tests.simulation.plain_books import PlainBooks
from tests.simulation.plain_keys import PlainKeys
from tests.simulation.streams import Stream

COMMANDS = c.Command.__args__
REPAIR = "system:registration"
JOURNAL, PROJECTIONS = "journal.db", "projections.db"


class Auditor:
    """Watches the clients' side, reads the journal, and judges."""

    def __init__(self, disk: Disk, beside: BesideJudge | None = None) -> None:
        self._disk, self._beside = disk, beside
        self._sent: dict[str, c.Command] = {}
        self._answers: dict[str, Outcome] = {}
        self._refused: dict[str, str] = {}
        self._journaled: dict[str, int] = {}
        self._records: list[bytes] = []
        self._events: list[list[e.Event]] = [[]]
        self._rows: list[tuple[int, int, int, int, str]] = []
        self._last: dict[int, tuple[int, int]] = {}
        self._states: dict[int, str] = {}
        self._by_account: dict[int, list[tuple[int, int, e.Event]]] = {}
        self._digest = bytes(16)
        self._ts = 0
        self._engine, self._view = Engine(), View()
        self._books, self._keys = PlainBooks(), PlainKeys()

    @property
    def seq(self) -> int:
        """The last record read."""
        return len(self._records)

    @property
    def counts(self) -> dict[str, int]:
        """How much was judged: inputs, events, answers, orders."""
        return {
            "inputs": self.seq,
            "events": len(self._rows),
            "answers": len(self._answers),
            "orders": len(self._books.orders),
        }

    def history(self) -> list[tuple[Record, list[e.Event]]]:
        """Every record read, with its events."""
        return [(decode_record(r), self._events[seq]) for seq, r in enumerate(self._records, 1)]

    def events(self) -> Iterator[e.Event]:
        """Every event there was."""
        return chain.from_iterable(self._events)

    def sent(self, request_id: str, command: c.Command) -> None:
        """A client sends a command."""
        self._sent[request_id] = command

    def answered(self, request_id: str, outcome: Outcome) -> None:
        """A client reads its answer: by then the record must be durable."""
        assert self._disk.has_lied or not self._disk.unsynced(f"{JOURNAL}-wal"), (
            f"{request_id} was answered with seq {outcome.seq} before that was safe"
        )
        assert outcome.seq > 0, f"{request_id} was answered without a record"
        self._answers[request_id] = Outcome(outcome.seq, outcome.ts, list(outcome.events))

    def refused(self, request_id: str, code: str) -> None:
        """A client is told that nothing was done."""
        self._refused[request_id] = code

    def read(self) -> None:
        """Take over what the journal holds by now."""
        self._read_journal()

    def check_snapshot(self, snapshot: Snapshot) -> None:
        """Judge a snapshot taken where the journal ends now: its state is the replayed one."""
        self._read_journal()
        where = f"the snapshot at {snapshot.seq}"
        assert snapshot.seq == self.seq, f"{where}: the journal is at {self.seq}"
        assert snapshot.state_hash == self._engine.state_hash(), f"{where} is not the state there"
        assert snapshot.digest == self._digest, f"{where} counts other events"

    def told_again(self, first_seq: int, events: Sequence[e.Event]) -> None:
        """A client that repeated a request reads the first answer from SQL."""
        self._read_journal()
        assert list(events) == self._events[first_seq], (
            f"the first answer, seq {first_seq}, is told as {events}"
        )

    def audit(self, world: World, streams: Sequence[Stream]) -> str:
        """Judge a world in which nothing is on its way; returns the state hash."""
        self._read_journal()
        self._check_answers()
        self._books.check_sums()
        state = self._engine.snapshot()
        audit_state(state)
        house = {book: int(micros) for book, micros in state.house if micros != "0"}
        plain = {book: micros for book, micros in self._books.house.items() if micros}
        assert house == plain, f"house books {house}, recomputed {plain}"
        mine = self._engine.state_hash()
        assert world.engine.seq == self.seq, f"live at {world.engine.seq}, journal at {self.seq}"
        assert world.engine.state_hash() == mine, f"live state at {self.seq} is not the replayed"
        self._check_view(world.view)
        self._check_digest(world)
        if world.projector.durable.seq == self.seq:
            self._check_tables()
        for account_id in self._books.accounts:
            found, last = world.hub.last_name(account_id), self._last[account_id]
            assert found == last, f"account {account_id}: the hub's last event {found}, not {last}"
        for stream in streams:
            self._check_stream(stream)
        for one in self._archive().list():
            assert not one.damage, f"archive/{one.name} is damaged: {one.damage}"
        if self._beside is not None:
            durable_seq = world.projector.durable.seq
            self._beside.check(self._disk.folder, durable_seq, self._by_account)
            self._beside.check_openings(world.view.accounts_of)
        return mine

    def check_complete(self, streams: Sequence[Stream]) -> None:
        """Judge that streams which have caught up lack nothing."""
        for stream in streams:
            told = len(stream.seen)
            count = len(self._by_account.get(stream.account_id, ()))
            assert told == count, f"stream of {stream.account_id}: {told} of {count} events"

    def check_beginning(self, world: World) -> None:
        """Judge a world that may have lost its end: what it has is what was."""
        self.check_same(world, lost=True)

    def check_same(self, world: World, lost: bool = False) -> None:
        """Judge a world by its journal and state alone; it may lack an end only if that is
        ``lost``. Raises ``StorageError`` where the journal itself shows that it is damaged.
        """
        engine, records = Engine(), 0
        begun = 0 if world.journal.base is None else world.journal.base.head.seq
        for kept in self._records[:begun]:
            pruned = decode_record(kept)
            engine.apply(pruned.seq, pruned.ts, pruned.input, [])
            records += 1
        for record in world.journal.read(begun):
            if lost and record.seq > self.seq:
                # It was on its way when the process died, and is there after all.
                self._check_origin(record)
            else:
                assert record.seq <= self.seq, f"record {record.seq} was never there"
                kept = self._records[record.seq - 1]
                assert encode(record) == kept, f"record {record.seq} is another"
            engine.apply(record.seq, record.ts, record.input, [])
            records += 1
        assert lost or records == self.seq, f"{records} records of {self.seq} are left"
        assert engine.state_hash() == world.engine.state_hash(), "the state is not the journal's"

    def replay(self) -> str:
        """Replay the whole journal once more on a fresh engine; returns its state hash."""
        engine, base = Engine(), read_base_of(self._disk.path(JOURNAL))
        begun = 0 if base is None else base.head.seq
        records = list(read_journal(self._disk.path(JOURNAL), begun))
        assert [encode(x) for x in records] == self._records[begun:], "the journal changed"
        archived = {one.seq: one for one in self._archive().list()}
        for record in map(decode_record, self._records):
            events: list[e.Event] = []
            engine.apply(record.seq, record.ts, record.input, events)
            assert events == self._events[record.seq], f"replay differs at seq {record.seq}"
            if record.seq in archived:
                one = archived.pop(record.seq)
                same = one.state_hash == engine.state_hash()
                assert same, f"archive/{one.name} holds another state"
                self._states[one.seq] = one.state_hash
        assert not archived, f"archived snapshots of what never was: {archived}"
        return engine.state_hash()

    def _archive(self) -> Archive:
        return Archive(self._disk.path(FOLDER_NAME))

    def check_archive(self) -> None:
        """Judge every archived snapshot and the base of the journal whole. Raises ``StorageError``
        where they show themselves that they are damaged.
        """
        archive = self._archive()
        for one in archive.list():
            if one.damage:
                raise StorageError(f"archive/{one.name} is damaged: {one.damage}")
            found = restore_engine(archive.load(one.seq)).state_hash()
            assert found == self._states[one.seq], f"archive/{one.name} holds another state"
        base = read_base_of(self._disk.path(JOURNAL))
        if base is not None:
            based(base, archive.path)

    def check_restored(self, world: World, folder: Path) -> None:
        """Judge a world restored from a backup that was made when the journal was read last."""
        assert world.journal.head.seq == self.seq, (
            f"the backup ends at {world.journal.head.seq}, acknowledged was {self.seq}"
        )
        self.check_same(world)
        if self._beside is not None:
            durable_seq = world.projector.durable.seq
            self._beside.check(folder, durable_seq, self._by_account)

    def _read_journal(self) -> None:
        for record in read_journal(self._disk.path(JOURNAL), self.seq):
            assert record.seq == self.seq + 1, f"record {record.seq} follows {self.seq}"
            assert record.ts >= self._ts, f"the clock went back at seq {record.seq}"
            self._ts = record.ts
            self._check_origin(record)
            events: list[e.Event] = []
            self._engine.apply(record.seq, record.ts, record.input, events)
            self._view.fold(record.seq, record.ts, record.input, events)
            self._records.append(encode(record))
            self._events.append(events)
            self._keys.take(record, events)
            self._books.take(record, events)
            for idx, event in enumerate(events):
                payload = msgspec.json.encode(event)
                self._digest = sha256(self._digest + payload).digest()[:16]
                row = (record.seq, idx, event.account_id, record.ts, payload.decode())
                self._rows.append(row)
                self._last[event.account_id] = (record.seq, idx)
                seen = self._by_account.setdefault(event.account_id, [])
                seen.append((record.seq, idx, event))
            if self._beside is not None:
                self._beside.take(record, events, self._view)

    def _check_origin(self, record: Record) -> None:
        """Only what was sent is journaled, as it was sent, and once."""
        if not isinstance(record.input, COMMANDS):
            return
        assert record.origin is not None, f"nobody sent record {record.seq}"
        if self._beside is not None and record.origin.actor == REPAIR:
            self._beside.check_repair(record.input)
            return
        request_id = record.origin.request_id
        assert record.input == self._sent[request_id], (
            f"record {record.seq} is {record.input}, sent was {self._sent[request_id]}"
        )
        first = self._journaled.setdefault(request_id, record.seq)
        assert first == record.seq, f"{request_id} was journaled at {first} and {record.seq}"

    def _check_answers(self) -> None:
        for request_id, outcome in self._answers.items():
            seq = self._journaled.get(request_id)
            assert seq == outcome.seq, f"{request_id}: answered as {outcome.seq}, kept as {seq}"
            assert outcome.events == self._events[outcome.seq], (
                f"{request_id}: answered {outcome.events}, the journal tells"
                f" {self._events[outcome.seq]}"
            )
        for request_id, code in self._refused.items():
            if code == "journal_uncertain":
                continue
            seq = self._journaled.get(request_id)
            assert seq is None, f"{request_id} was refused ({code}), yet it is record {seq}"

    def _check_view(self, view: View) -> None:
        mine = self._view
        for name in ("seq", "ts", "world_id", "limits", "profiles", "instruments", "symbols"):
            _same(f"the View's {name}", getattr(view, name), getattr(mine, name))
        for name in ("accounts", "accounts_of", "positions", "open_orders"):
            _same(f"the View's {name}", getattr(view, name), getattr(mine, name))
        for order_id, row in view.orders.items():
            _same(f"the View's order {order_id}", row, mine.orders[order_id])
        for instrument_id, quote in mine.quotes.items():
            for slot in QuoteRow.__slots__:
                found, wanted = getattr(view.quotes[instrument_id], slot), getattr(quote, slot)
                _same(f"the View's {slot} of {instrument_id}", found, wanted)
        for calendar_id, sessions in mine.sessions.items():
            ahead = [session for session in sessions if session.close_ns > mine.ts]
            found = [s for s in view.sessions[calendar_id] if s.close_ns > mine.ts]
            _same(f"the View's sessions of calendar {calendar_id}", found, ahead)
        rows = [row for mine in view.open_orders.values() for row in mine]
        under_way = self._books.under_way
        _same("the open orders", sorted(set(rows) - under_way), self._books.open_ids)
        for account_id, account in self._books.accounts.items():
            cash, kind = view.accounts[account_id].cash_micros, view.accounts[account_id].kind
            _same(f"cash of account {account_id}", cash, account.cash_micros)
            _same(f"the kind of account {account_id}", kind, account.kind)
            for instrument_id, position in account.positions.items():
                held = view.positions[account_id][instrument_id]
                found = (held.qty, held.cost_micros, held.pot_micros, held.funding_micros)
                mine_now = (position.qty, position.cost_micros)
                apart = (position.pot_micros, position.funding_micros)
                _same(f"position {held}", found, (*mine_now, *apart))

    def _check_digest(self, world: World) -> None:
        _same("the running digest", world.projector.digest, self._digest)
        cursor = world.store.cursor()
        _same("the durable cursor", cursor, world.projector.durable)
        if cursor.seq == self.seq:
            _same("the cursor's digest", cursor.digest, self._digest)

    def _check_tables(self) -> None:
        """Every table holds exactly the rows of a fold from genesis."""
        changes = self._view.changes
        wanted: dict[str, list[Any]] = {
            "orders": [changes.orders[key] for key in sorted(changes.orders)],
            "fills": changes.fills,
            "positions": [changes.positions[key] for key in sorted(changes.positions)],
            "accounts": [changes.accounts[key] for key in sorted(changes.accounts)],
        }
        for table, rows in wanted.items():
            _same_rows(table, self._select(table), [msgspec.structs.astuple(r) for r in rows])
        _same_rows("events", self._select("events"), self._rows)

    def _select(self, table: str) -> list[tuple[Any, ...]]:
        names = ", ".join(columns(table))
        reader = apsw.Connection(str(self._disk.path(PROJECTIONS)), flags=apsw.SQLITE_OPEN_READONLY)
        with closing(reader):
            return reader.execute(
                f"SELECT {names} FROM {table} ORDER BY {TABLES[table][1]}"
            ).fetchall()

    def _check_stream(self, stream: Stream) -> None:
        mine = self._by_account.get(stream.account_id, [])
        upto = len(stream.seen)
        assert stream.seen == mine[:upto], f"stream of {stream.account_id} saw something else"


def _same(what: str, found: object, wanted: object) -> None:
    assert found == wanted, f"{what}: {found}, from genesis {wanted}"


def _same_rows(table: str, found: Sequence[Any], wanted: Sequence[Any]) -> None:
    if list(found) == list(wanted):
        return
    differ = [pair for pair in zip(found, wanted, strict=False) if pair[0] != pair[1]]
    first = differ[0] if differ else "only at the end"
    raise AssertionError(
        f"table {table}: {len(found)} rows, from genesis {len(wanted)}; first difference: {first}"
    )
