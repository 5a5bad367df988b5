"""What runs beside the journal, judged: every act once, whatever crashed in between.

Promises: knows what people were promised, what reached the outside, and the records and events that
the auditor read; works out again, naively, which alert was to fire at which record, what the audit
log must tell, and which events each webhook is due. Raises ``AssertionError``. Must not know: what
failed, or when.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import apsw

from stockyard.model import commands as c
from stockyard.model import events as e
from stockyard.model.ids import PublicIds
from stockyard.model.records import Record
from stockyard.people.alerts import Alert, AlertTerms, Direction, Watched
from stockyard.people.audit import Entry, decode_entry
from stockyard.people.audit_check import AuditCheck
from stockyard.people.webhooks import Webhook
from stockyard.projections.view import View
from stockyard.storage.ports import StorageError
from stockyard.storage.readonly import ReadOnlyDatabase
from tests.simulation.outside import Outside
from tests.simulation.plain_acts import Told, told_of

ID_BYTES = 16
AUDIT_KEY = bytes(range(32))
SLOTS = {Watched.LAST: 1, Watched.BID: 2, Watched.ASK: 3}


class Armed(NamedTuple):
    """An arming that was promised: from which record on, what for."""

    seq: int
    terms: AlertTerms
    email: bool


class Tick(NamedTuple):
    """What an instrument's prices were from a record on, 0 for none."""

    seq: int
    last: int
    bid: int
    ask: int


class BesideJudge:
    """Hears every promise, and reads the databases."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._armed: dict[tuple[str, int], Armed] = {}
        self._unsure: set[str] = set()
        self._drawn: set[str] = set()
        self._wishes: dict[str, c.OpenAccount] = {}
        self._hooks: dict[str, Webhook] = {}
        self._notes: set[str] = set()
        self._ticks: dict[int, list[Tick]] = {}
        self._acts: list[tuple[int, list[Told]]] = []
        self._world_id, self._ids = "", PublicIds("")
        self._entries = 0

    # Promises.

    def armed(self, alert: Alert) -> None:
        """Somebody was told that an alert is armed."""
        self._armed[alert.id, alert.arming] = Armed(alert.armed_seq, alert.terms, alert.email)

    def drawn(self, made: bytes) -> None:
        """Chance was drawn for an id: something of that id may have been begun."""
        if len(made) == ID_BYTES:
            self._drawn.add(str(UUID(bytes=made, version=4)))

    def deleting(self, alert_id: str) -> None:
        """An alert may be gone from here on."""
        self._unsure.add(alert_id)

    def wished(self, command: c.OpenAccount) -> None:
        """An account was asked for in these words."""
        self._wishes[command.registration_key] = command

    def hooked(self, hook: Webhook) -> None:
        """Somebody was told that a webhook follows on its cursor."""
        self._hooks[hook.id] = hook

    def noted(self, name: str) -> None:
        """Somebody was told that an act is on record."""
        self._notes.add(name)

    def check_repair(self, command: c.Command) -> None:
        """Judge what a start sent by itself."""
        assert isinstance(command, c.OpenAccount), f"a start sent {command}"
        wished = self._wishes.get(command.registration_key)
        assert wished == command, f"a start sent {command}, asked for was {wished}"

    # The journal.

    def take(self, record: Record, events: Sequence[e.Event], view: View) -> None:
        """Follow the journal; ``view`` shows what it holds up to here."""
        if view.world_id != self._world_id:
            self._world_id, self._ids = view.world_id, PublicIds(view.world_id)
        row = view.quotes.get(getattr(record.input, "instrument_id", 0))
        if row is not None:
            ticks = self._ticks.setdefault(row.instrument_id, [])
            tick = Tick(record.seq, row.last_price, row.bid, row.ask)
            if not ticks or ticks[-1][1:] != tick[1:]:
                ticks.append(tick)
        told = told_of(record, events, view.instruments, self._ids)
        if told:
            self._acts.append((record.seq, told))

    def _met(self, armed: Armed) -> int:
        """The first record from the arming on at which the condition holds; 0 for none."""
        slot, terms = SLOTS[armed.terms.watched], armed.terms
        ticks = self._ticks.get(terms.instrument_id, [])
        before = [tick for tick in ticks if tick.seq <= armed.seq][-1:]
        if before and _meets(before[0][slot], terms):
            return armed.seq
        for tick in ticks:
            if tick.seq > armed.seq and _meets(tick[slot], terms):
                return tick.seq
        return 0

    def _held_at(self, armed: Armed, seq: int) -> bool:
        ticks = self._ticks.get(armed.terms.instrument_id, [])
        now = [tick for tick in ticks if tick.seq <= seq][-1:]
        return bool(now) and _meets(now[0][SLOTS[armed.terms.watched]], armed.terms)

    # The verdict.

    def check(self, folder: Path, durable_seq: int, by_account: dict[int, list[Any]]) -> None:
        """Judge the databases in a folder, where nothing is on its way.

        ``durable_seq``: what the query tables are past; ``by_account``: the events of each.
        """
        flags = apsw.SQLITE_OPEN_READONLY
        with closing(apsw.Connection(str(folder / "people.db"), flags=flags)) as people:
            self._check_alerts(people, durable_seq)
            self._check_accounts(people)
            self._check_mails(people)
            self._check_hooks(people, by_account)
        self._check_log(folder / "audit.db")

    def check_whole(self, folder: Path) -> None:
        """Judge the audit log from its first record, once it has read the whole journal.

        Raises ``StorageError`` where the log itself shows that it is damaged.
        """
        entries: list[Entry] = []
        with _read(folder / "audit.db") as database:
            check = AuditCheck(database, AUDIT_KEY, folder / "audit", self._entries, entries.append)
            broken = (*check.run().broken, *database.faults())
            if broken:
                raise StorageError(f"the audit log: {broken[0]}")
        found = [said_by(entry) for entry in entries if entry.seq]
        wanted = [told for _, acts in self._acts for told in acts]
        assert found == wanted, f"the audit log tells {_differs(found, wanted)}"

    def _check_alerts(self, people: apsw.Connection, durable_seq: int) -> None:
        fired = {
            (alert_id, arming): seq
            for alert_id, arming, seq in people.execute(
                "SELECT alert_id, arming, seq FROM alert_firings"
            )
        }
        kept = {row[0] for row in people.execute("SELECT id FROM alerts")}
        for (alert_id, arming), armed in self._armed.items():
            name, seq = f"alert {alert_id[:8]} ({arming})", fired.pop((alert_id, arming), 0)
            if alert_id in self._unsure:
                assert not seq or self._held_at(armed, seq), f"{name} fired at {seq} for nothing"
                continue
            assert alert_id in kept, f"{name} is gone"
            met = self._met(armed)
            if seq:
                assert seq == met, f"{name} fired at {seq}, its condition was met at {met}"
            elif met:
                assert met > durable_seq, (
                    f"{name} was met at {met}, the tables are past that, and it has not fired"
                )
        strangers = [key for key in fired if key[0] not in self._drawn]
        assert not strangers, f"nobody armed {strangers}"
        self._check_told(people)

    def _check_told(self, people: apsw.Connection) -> None:
        """Each firing is in the inbox once, and in the outbox where that was asked."""
        [(fired,)] = people.execute("SELECT COUNT(*) FROM alert_firings").fetchall()
        [(told,)] = people.execute(
            "SELECT COUNT(*) FROM inbox_items WHERE kind = 'alert'"
        ).fetchall()
        assert fired == told, f"{fired} alerts fired, the inboxes tell of {told}"
        rows = people.execute("SELECT alert_id, arming FROM alert_firings").fetchall()
        by_mail = sum(self._armed[key].email for key in rows if key in self._armed)
        [(mails,)] = people.execute("SELECT COUNT(*) FROM mails").fetchall()
        unknown = sum(key not in self._armed for key in rows)
        assert by_mail <= mails <= by_mail + unknown, f"{by_mail} alerts by mail, {mails} mails"

    def _check_accounts(self, people: apsw.Connection) -> None:
        """Nobody has two accounts for one wish, and who was made active has one."""
        rows = people.execute(
            "SELECT user_id, account_id, status FROM account_owners JOIN users ON id = user_id"
        ).fetchall()
        twice = Counter(row[1] for row in rows if row[1] is not None)
        assert max(twice.values(), default=1) == 1, f"an account of two: {twice}"
        for user_id, account_id, status in rows:
            assert (status == "pending") == (account_id is None), f"user {user_id} is {status}"

    def check_openings(self, world_accounts: dict[str, Any]) -> None:
        """The engine opened one account for each wish at most."""
        for key, command in self._wishes.items():
            opened = world_accounts.get(command.owner, ())
            assert len(opened) <= 1, f"registration {key[:8]} opened accounts {opened}"

    def _check_mails(self, people: apsw.Connection) -> None:
        states = dict(people.execute("SELECT id, state FROM mails"))
        for mail_id in self._outside.mails:
            assert mail_id in states, f"mail {mail_id[:8]} went out and was never put"
        for mail_id, state in states.items():
            if state == "sent":
                assert self._outside.mails[mail_id], f"mail {mail_id[:8]} never went out"

    def _check_hooks(
        self, people: apsw.Connection, by_account: dict[int, list[tuple[int, int, e.Event]]]
    ) -> None:
        cursors = {
            row[0]: (row[1], row[2])
            for row in people.execute("SELECT id, cursor_seq, cursor_idx FROM webhooks")
        }
        rows = people.execute(
            "SELECT webhook_id, id, token, body FROM webhook_deliveries ORDER BY number"
        ).fetchall()
        for hook in self._hooks.values():
            assert hook.id in cursors, f"webhook {hook.id[:8]} is gone"
            upto = cursors[hook.id]
            wanted = [
                f"{hook.id} {seq}-{idx}"
                for seq, idx, _ in by_account.get(hook.account_id, ())
                if hook.cursor < (seq, idx) <= upto
            ]
            name = f"webhook {hook.id[:8]}, at {upto},"
            lined = {row[1]: row[3] for row in rows if row[0] == hook.id}
            said = {**self._outside.told.get(hook.url, {}), **lined}
            told = sorted(said.values())
            assert len(set(told)) == len(told), f"{name} is told something under two ids"
            assert told == sorted(wanted), f"{name} is told {_differs(told, wanted)}"
            waiting = list(lined.values())
            in_order = [words for words in wanted if words in set(waiting)]
            assert waiting == in_order, f"{name} is told out of order"

    def _check_log(self, path: Path) -> None:
        """The log holds what was promised, and every act of the journal that it is past once."""
        with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)) as log:
            rows = log.execute("SELECT journal_seq FROM progress").fetchall()
            count, last = log.execute("SELECT COUNT(*), MAX(number) FROM entries").fetchone()
            payloads = log.execute("SELECT payload FROM entries ORDER BY number").fetchall()
        read = rows[0][0] if rows else 0
        assert count >= self._entries, f"the audit log had {self._entries} records, now {count}"
        assert count == (last or 0), f"the audit log has {count} records, the last is {last}"
        self._entries = count
        entries = [decode_entry(payload) for (payload,) in payloads]
        found = [said_by(entry) for entry in entries if entry.seq]
        wanted = [told for seq, acts in self._acts if seq <= read for told in acts]
        assert found == wanted, f"the audit log, read up to {read}: {_differs(found, wanted)}"
        names = Counter(entry.subject for entry in entries if not entry.seq)
        for name in self._notes:
            assert names[name] == 1, f"{name} was on record, now {names[name]} times"


@contextmanager
def _read(path: Path) -> Iterator[ReadOnlyDatabase]:
    """A database at rest.

    The last reader to leave asks for a lock that a file opened to be read cannot have: SQLite does
    not mind, its way through Python does.
    """
    database = ReadOnlyDatabase(path)
    try:
        yield database
    finally:
        with suppress(apsw.IOError):
            database.close()


def said_by(entry: Entry) -> Told:
    """What an entry says of the journal."""
    return entry.seq, entry.index, entry.kind, entry.actor, entry.subject


def _meets(value: int, terms: AlertTerms) -> bool:
    if not value:
        return False
    return value >= terms.level if terms.direction == Direction.ABOVE else value <= terms.level


def _differs(found: Sequence[Any], wanted: Sequence[Any]) -> str:
    counted, due = Counter(found), Counter(wanted)
    return f"more: {list((counted - due).items())[:2]}, less: {list((due - counted).items())[:2]}"
