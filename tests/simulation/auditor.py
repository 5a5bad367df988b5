"""The auditor: compares what clients were told with the durable journal, and both with the world.

Promises: knows what clients sent, what they were answered, and the journal's records; everything
else it computes again: a fresh engine and View fed from genesis, plain books, plain keys, and its
own digest. Raises ``AssertionError`` saying what is wrong. Must not know:
what failed, or when.
"""

from collections.abc import Sequence
from contextlib import closing
from hashlib import sha256
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
from stockyard.runtime.world import World
from stockyard.runtime.writer import Outcome
from stockyard.storage.sqlite import read_journal
from tests.engine_audit import audit_state
from tests.simulation.disk import Disk
from tests.simulation.plain_books import PlainBooks
from tests.simulation.plain_keys import PlainKeys
from tests.simulation.streams import Stream

COMMANDS = c.Command.__args__
JOURNAL, PROJECTIONS = "journal.db", "projections.db"


class Auditor:
    """Watches the clients' side, reads the journal, and judges."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._sent: dict[str, c.Command] = {}
        self._answers: dict[str, Outcome] = {}
        self._refused: dict[str, str] = {}
        self._journaled: dict[str, int] = {}
        self._records: list[bytes] = []
        self._events: list[list[e.Event]] = [[]]
        self._rows: list[tuple[int, int, int, int, str]] = []
        self._last: dict[int, tuple[int, int]] = {}
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
        for record in world.journal.read(0):
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
        engine = Engine()
        records = list(read_journal(self._disk.path(JOURNAL), 0))
        assert [encode(record) for record in records] == self._records, "the journal changed"
        for record in records:
            events: list[e.Event] = []
            engine.apply(record.seq, record.ts, record.input, events)
            assert events == self._events[record.seq], f"replay differs at seq {record.seq}"
        return engine.state_hash()

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

    def _check_origin(self, record: Record) -> None:
        """Only what was sent is journaled, as it was sent, and once."""
        if not isinstance(record.input, COMMANDS):
            return
        assert record.origin is not None, f"nobody sent record {record.seq}"
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
