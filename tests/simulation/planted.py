"""Bugs to plant: each is one part of a world with one plausible mistake in it.

Promises: the engine is left alone, so that the same bugs can be planted under a compiled one; only
parts that a story takes from ``Parts`` are replaced. Must not know: how they are found.
"""

from collections.abc import Coroutine, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from stockyard.engine.engine import state_hash
from stockyard.model import commands as c
from stockyard.model import facts as f
from stockyard.model.codec import decode_state, encode
from stockyard.model.events import Event, OrderCanceled
from stockyard.model.records import Input, Origin, Record
from stockyard.people.audit import Act
from stockyard.people.audit_log import FILE_NAME as AUDIT
from stockyard.people.audit_log import AuditLog
from stockyard.projections.store import Batch, ReadStore
from stockyard.runtime.snapshots import pack, unpack
from stockyard.runtime.world import World
from stockyard.runtime.writer import Outcome
from stockyard.storage.acknowledged import Acknowledged
from stockyard.storage.archive import Archive
from stockyard.storage.ports import Journal, JournalHead, Snapshot, Snapshots, StorageUnavailable
from stockyard.storage.sqlite import SqliteDatabase, SqliteJournal, SqliteSnapshots
from tests.simulation.beside_judge import AUDIT_KEY
from tests.simulation.disk import Disk
from tests.simulation.parts import Parts, Place


class HastyJournal(SqliteJournal):
    """Says that commands are kept, and keeps them with whatever comes next."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._late: list[Record] = []

    @property
    def head(self) -> JournalHead:
        """The end of what was promised."""
        head = super().head
        return JournalHead(self._late[-1].seq, self._late[-1].ts, b"") if self._late else head

    def append(self, records: Sequence[Record]) -> None:
        """Keep facts, and what came before."""
        super().append([*self._late, *records[:-1]])
        self._late = []
        if records[-1].origin is None:
            super().append(records[-1:])
        else:
            self._late = [records[-1]]


class AnswersBeforeTheJournal(Parts):
    """An answer goes out before its record is durable."""

    def journal(self, disk: Disk | Place) -> Journal:
        """A hasty one."""
        return HastyJournal(disk.path("journal.db"))


class LazyJournal(SqliteJournal):
    """Leaves it to the system when what was written reaches the disk."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._writer.connection.pragma("synchronous", "off")


class AnswersBeforeTheSync(Parts):
    """An answer goes out when its record is written, not when it is safe."""

    def journal(self, disk: Disk | Place) -> Journal:
        """A lazy one."""
        return LazyJournal(disk.path("journal.db"))


class LyingJournal(SqliteJournal):
    """Keeps a group and then reports that the disk failed, once in a while."""

    appends = 0

    def append(self, records: Sequence[Record]) -> None:
        """Keep, and sometimes deny it."""
        super().append(records)
        self.appends += 1
        if self.appends % 23 == 0:
            raise StorageUnavailable("the disk failed after all")


class RefusesWhatItKept(Parts):
    """A command is refused, and done nevertheless."""

    def journal(self, disk: Disk | Place) -> Journal:
        """One that lies."""
        return LyingJournal(disk.path("journal.db"))


class CursorFirst(ReadStore):
    """Commits the cursor and the rows one after the other."""

    def write(self, batch: Batch) -> None:
        """Two transactions where there must be one."""
        super().write(Batch((), batch.cursor))
        super().write(batch)


class CursorAheadOfRows(Parts):
    """A crash between cursor and rows loses the rows."""

    def store(self, disk: Disk | Place) -> ReadStore:
        """One that writes its cursor first."""
        return CursorFirst(SqliteDatabase(disk.path("projections.db"), durable=False))


class LossyStore(ReadStore):
    """Loses the last event of a batch with many of them."""

    def write(self, batch: Batch) -> None:
        """Write all rows but one."""
        tables = []
        for table, rows in batch.tables:
            decoded = msgspec.json.decode(rows)
            if table == "events" and len(decoded) > 4:
                rows = msgspec.json.encode(decoded[:-1])
            tables.append((table, rows))
        super().write(Batch(tuple(tables), batch.cursor))


class LostEvent(Parts):
    """An event is missing in the projections."""

    def store(self, disk: Disk | Place) -> ReadStore:
        """One that loses events."""
        return LossyStore(SqliteDatabase(disk.path("projections.db"), durable=False))


class RetryDoubles(Parts):
    """The keys of a request are dropped on its way to the engine."""

    def execute(
        self, world: World, command: c.Command, origin: Origin
    ) -> Coroutine[Any, Any, Outcome]:
        """Send the command without its keys."""
        if isinstance(command, c.DepositCash | c.PlaceOrder):
            command = msgspec.structs.replace(command, idempotency_key="")
        return world.execute(command, origin)


class ForgetfulSnapshots(SqliteSnapshots):
    """Gives back a state that does not know which requests were answered."""

    def load(self) -> Snapshot | None:
        """The stored state, its answered requests left out."""
        snapshot = super().load()
        if snapshot is None:
            return None
        state = decode_state(unpack(snapshot.state))
        accounts = tuple(msgspec.structs.replace(account, keys=()) for account in state.accounts)
        state = msgspec.structs.replace(state, accounts=accounts, key_expiries=())
        return snapshot._replace(state=pack(encode(state))[0], state_hash=state_hash(state))


class RetryDoublesAfterRecovery(Parts):
    """The snapshot forgets which requests were answered."""

    def snapshots(self, disk: Disk | Place) -> Snapshots:
        """Forgetful ones."""
        return ForgetfulSnapshots(disk.path("snapshots.db"))


class RetryDoublesLater(Parts):
    """Keys are forgotten as soon as time passes, by the engine and wherever it is fed again."""

    def opened(self, world: World) -> None:
        """Journal other limits than the house's."""
        submit = world.writer.submit

        def forgetful(message: Input, *more: Any) -> None:
            if isinstance(message, f.LimitsSet):
                message = f.LimitsSet(msgspec.structs.replace(message.limits, key_ttl_ns=1))
            submit(message, *more)

        world.writer.submit = forgetful  # type: ignore[method-assign]


class BackwardJournal(SqliteJournal):
    """Lets the writer believe that no time has passed since the beginning."""

    @property
    def head(self) -> JournalHead:
        """The real end, at time 0."""
        return super().head._replace(ts=0)


class ClockGoesBack(Parts):
    """Nothing holds the world's clock when the machine's clock is set back."""

    def journal(self, disk: Disk | Place) -> Journal:
        """One that does not tell its time."""
        return BackwardJournal(disk.path("journal.db"))

    def opened(self, world: World) -> None:
        """Hide the engine's time as well."""
        world.writer._engine = _Timeless(world.engine)  # type: ignore[assignment]


class LosesAReservation(Parts):
    """Canceling an order does not give back what it held."""

    def opened(self, world: World) -> None:
        """Hold it still."""
        world.writer._engine = _Grasping(world.engine)  # type: ignore[assignment]


class _Grasping:
    """An engine that goes on holding cash for an order that is canceled."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def apply(self, seq: int, ts: int, message: Input, out: list[Event]) -> None:
        """Apply, and keep a cent for each cancellation."""
        self._engine.apply(seq, ts, message, out)
        for event in out:
            if isinstance(event, OrderCanceled):
                self._engine.state.accounts[event.account_id].held_micros += 10_000


class UnorderedSnapshots(SqliteSnapshots):
    """Gives lots back in another order than they were bought in."""

    def load(self) -> Snapshot | None:
        """The stored state, the lots of each position turned round."""
        snapshot = super().load()
        if snapshot is None:
            return None
        state = decode_state(unpack(snapshot.state))
        change = msgspec.structs.replace
        accounts = tuple(
            change(
                account, positions=tuple(change(p, lots=p.lots[::-1]) for p in account.positions)
            )
            for account in state.accounts
        )
        state = change(state, accounts=accounts)
        return snapshot._replace(state=pack(encode(state))[0], state_hash=state_hash(state))


class SnapshotInDictOrder(Parts):
    """A snapshot writes what is kept by name in whatever order the mapping happens to have."""

    def snapshot(self, world: World) -> Snapshot:
        """The state, its accounts turned round."""
        snapshot = super().snapshot(world)
        state = decode_state(unpack(snapshot.state))
        state = msgspec.structs.replace(state, accounts=state.accounts[::-1])
        return snapshot._replace(state=pack(encode(state))[0], state_hash=state_hash(state))


class LateCursor(AuditLog):
    """Keeps how far the journal was read every third time, and otherwise in memory."""

    calls = 0

    def append(self, acts: Sequence[Act], now_ns: int, journal_seq: int | None = None) -> None:
        """The records now, the cursor when its turn comes."""
        self.calls += 1
        super().append(acts, now_ns, journal_seq if self.calls % 3 == 0 else None)
        if journal_seq is not None:
            self._journal_seq = journal_seq


class AuditCursorApart(Parts):
    """A crash between the audit log's records and its cursor tells them twice."""

    def audit_log(self, disk: Disk | Place) -> AuditLog:
        """One that writes its cursor late."""
        path = disk.path(AUDIT)
        return LateCursor(SqliteDatabase(path, durable=True), AUDIT_KEY, Acknowledged(path))


class HastyArchive(Archive):
    """Writes a state under its name right away, and leaves it to the system when it is safe."""

    def add(self, snapshot: Snapshot, head: JournalHead, why: str) -> None:
        """The same bytes, in place."""
        with TemporaryDirectory() as name:
            elsewhere = Archive(Path(name))
            elsewhere.add(snapshot, head, why)
            [made] = elsewhere.list()
            self.path.mkdir(exist_ok=True)
            (self.path / made.name).write_bytes((elsewhere.path / made.name).read_bytes())


class ArchivesInPlace(Parts):
    """A power cut leaves half an archived snapshot."""

    def archive(self, folder: Path) -> Archive:
        """One that does not wait for the disk."""
        return HastyArchive(folder)


class OtherStateArchived(Archive):
    """Archives under a seq what the engine was later."""

    def add(self, snapshot: Snapshot, head: JournalHead, why: str) -> None:
        """A state whose number is one too low."""
        if snapshot.seq - 1 >= head.seq - 1:
            head = head._replace(seq=min(head.seq, snapshot.seq - 1))
        super().add(snapshot._replace(seq=snapshot.seq - 1), head, why)


class ArchivesAnotherState(Parts):
    """An archived snapshot is of another moment than it says."""

    def archive(self, folder: Path) -> Archive:
        """One that is wrong by one."""
        return OtherStateArchived(folder)


class BackupLeavesLogs(Parts):
    """A backup copies the databases without their write-ahead logs."""

    def back_up(self, data: Path, folder: Path) -> Path:
        """The files as they lie there, and a manifest of them."""
        with TemporaryDirectory() as name:
            half = Path(name)
            for file in data.glob("*.db"):
                (half / file.name).write_bytes(file.read_bytes())
            return super().back_up(half, folder)


class TablesBeforeAlerts(Parts):
    """The query tables pass an input before what it fired is kept."""

    def opened(self, world: World) -> None:
        """Let nothing go before the tables."""
        world.projector.before = lambda: None


class SnapshotLosesOrder(Parts):
    """A snapshot does not keep the order of what is looked through in order."""

    def snapshots(self, disk: Disk | Place) -> Snapshots:
        """Unordered ones."""
        return UnorderedSnapshots(disk.path("snapshots.db"))


class _Timeless:
    """An engine that does not tell its time."""

    ts = 0

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


class ForgetsLastNames(Parts):
    """After a restart, the hub does not know each account's last event."""

    def opened(self, world: World) -> None:
        """Start with no names."""
        for account_id in world.view.accounts:
            world.hub.remember_last(account_id, (0, 0))


class SkipsAnEvent(Parts):
    """The hub now and then sends an event to nobody."""

    def opened(self, world: World) -> None:
        """Leave one event out of every larger answer."""
        publish = world.writer.listener
        assert publish is not None

        def leave_one_out(record: Record, events: list[Event]) -> None:
            publish(record, events[:1] if len(events) > 1 else events)

        world.writer.listener = leave_one_out
