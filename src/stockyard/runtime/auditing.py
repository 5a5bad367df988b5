"""The auditor: carries people's acts and the journal's into the audit log, off the engine's path.

Promises: ``note`` returns when the act is on the disk, together with whatever waited beside it.
What the journal holds is folded by a cursor that is committed with it: never twice, never missing,
however the process ended. What comes in is taken as it happens; what was missed, at a start or
when too much waited, is read from the journal again. Must not know: HTTP, or what acts mean.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from itertools import islice
from math import inf
from typing import Final, NamedTuple, TypeVar

from stockyard.model.events import Event
from stockyard.model.records import Record
from stockyard.people.audit import Act, Entry, bounded, detail
from stockyard.people.audit_log import AuditLog, Wanted
from stockyard.projections.store import ReadStore
from stockyard.runtime.audit_upkeep import AuditUpkeep
from stockyard.runtime.journal_acts import acts_of, is_kept
from stockyard.runtime.world import World
from stockyard.runtime.writer import Refused
from stockyard.storage.ports import Base, StorageError
from stockyard.telemetry.traces import Part, Spent

LOG: Final = logging.getLogger("stockyard.audit")
T = TypeVar("T")
WAITING_MAX: Final = 1_000
"""Acts that may wait for the disk."""
TAKEN_MAX: Final = 2_000
"""Records that may wait in memory; beyond, they are read from the journal again."""
GROUP_MAX: Final = 200
"""Records of the journal that go into one commit."""
PAGE_RECORDS: Final = 1_000
"""Records of the journal that are read in one turn when catching up."""
EVENTS_PAGE: Final = 500
"""Records whose events are read in one query."""
EVENTS_MAX: Final = 1_000_000
JOURNAL_CUT: Final = "journal.cut"
JOURNAL_SKIPPED: Final = "journal.skipped"
JOURNAL_PRUNED: Final = "journal.pruned"
DONE: Final = object()
INTERVAL_S: Final = 0.5
PAUSE_S: Final = 0.1
"""Between two commits of the journal's, unless somebody waits: under load orders go first, and the
log follows when there is time.
"""
PATIENCE_S: Final = 3.0
"""So long a search waits for what has only just happened."""
CLOSE_PATIENCE_S: Final = 5.0
"""So long a stop waits for what was not folded yet; the rest is at the next start."""
MARK_RECORDS: Final = 50_000
"""After so many records that gave nothing it is noted that they were read."""


class Taken(NamedTuple):
    """A record with its events."""

    record: Record
    events: Sequence[Event]


class Auditor:
    """One log for one world; everything that takes time happens in one thread of its own.

    Records up to ``_until`` are read from the journal, those after it are taken as they happen.
    """

    def __init__(self, world: World, log: AuditLog, thread: Executor | None = None) -> None:
        """Take records from now on; ``settle`` first reads what the log has not seen yet.

        ``thread``: runs one thing after another; one of its own unless given.
        """
        self._world, self.log = world, log
        self._thread = thread or ThreadPoolExecutor(1, "audit")
        self._notes: list[tuple[Act, asyncio.Future[None]]] = []
        self._busy = False
        self._taken: deque[Taken] = deque()
        self._seen = self._until = world.engine.seq
        self._closed = False
        head = world.journal.head.seq
        if log.journal_seq > head:
            log.append([_cut(log.journal_seq, head, world.clock.wall_ns())], _now(world), head)
        base = world.journal.base
        if base is not None and log.journal_seq < base.seq:
            # Nothing is pruned that was not read: this log is an older one, put back, or a new one.
            gap = skipped(log.journal_seq, base.seq, world.clock.wall_ns())
            log.append([gap], _now(world), base.seq)
        world.on_record = self.take

    @property
    def waiting(self) -> int:
        """Acts that are not on the disk yet."""
        return len(self._notes)

    @property
    def behind(self) -> int:
        """Records of the journal that the log has not read."""
        return self._seen - self.log.journal_seq

    @property
    def lag(self) -> int:
        """Records that are still to be told; of those that are read from the journal again, also
        what gives nothing.
        """
        return len(self._taken) + max(0, self._until - self.log.journal_seq)

    def take(self, record: Record, events: Sequence[Event]) -> None:
        """Take in a record as it is applied; called by the writer, so it does next to nothing."""
        if is_kept(record, events):
            if len(self._taken) >= TAKEN_MAX:
                # In this order: who finds the new line empty then also knows how far to read.
                self._until = record.seq
                self._taken = deque()
            else:
                self._taken.append(Taken(record, events))
        self._seen = record.seq

    async def note(self, act: Act) -> None:
        """Keep an act; it is on the disk when this returns.

        Raises ``StorageUnavailable`` when that could not be, ``Refused`` when too many wait.
        """
        # Here, where it concerns nobody else: acts that come together are kept together.
        act = bounded(act)
        if len(self._notes) >= WAITING_MAX:
            raise Refused("overloaded", "too many acts wait to be recorded; try again in a moment")
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._notes.append((act, future))
        self._begin()
        with Spent(Part.AUDIT):
            await future

    async def note_pruned(self, base: Base) -> None:
        """Keep that the journal was pruned to a base, unless that is on record; as ``note``."""
        act = pruned(base, _now(self._world), "system:retention")
        known = await self.search(Wanted(1, kind=JOURNAL_PRUNED))
        if not known or bytes(known[0].after) != bytes(act.after):
            await self.note(act)

    def _begin(self) -> None:
        """Write all acts that wait in one commit, unless another one is on its way."""
        if self._busy or not self._notes:
            return
        self._busy = True
        group, self._notes = self._notes, []
        acts, waiting = [act for act, _ in group], [future for _, future in group]
        write = partial(self._write, acts)
        writing = asyncio.get_running_loop().run_in_executor(self._thread, write)

        def ended(done: "asyncio.Future[None]") -> None:
            self._busy = False
            error = done.exception()
            for future in waiting:
                if not future.done():
                    if error is None:
                        future.set_result(None)
                    else:
                        future.set_exception(error)
            self._begin()

        writing.add_done_callback(ended)

    def _write(self, acts: Sequence[Act]) -> None:
        """Keep acts, after the few of the journal that came before them."""
        if self.log.journal_seq >= self._until and len(self._taken) <= GROUP_MAX:
            self._turn()
        self.log.append(acts, _now(self._world))

    async def settle(self, pause_s: float = 0.0, patience_s: float = inf) -> None:
        """Fold whatever the journal holds up to now, with pauses in between, or give up waiting.

        Raises ``StorageError``, ``Refused``.
        """
        loop, target = asyncio.get_running_loop(), self._seen
        until_s = loop.time() + patience_s
        while self.log.journal_seq < target and loop.time() < until_s:
            if self.log.journal_seq < self._until:
                await self._world.caught_up(self._until)
            kept = self.log.head.number
            await loop.run_in_executor(self._thread, self._turn)
            if pause_s and self.log.head.number > kept:
                await asyncio.sleep(pause_s)

    async def search(self, wanted: Wanted) -> list[Entry]:
        """The entries that are looked for, those of a moment ago included unless very much is
        going on. Raises ``StorageError``, ``Refused``.
        """
        await self.settle(patience_s=PATIENCE_S)
        with Spent(Part.DATABASE, "audit"):
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._thread, self.log.search, wanted)

    async def ask(self, work: Callable[[AuditLog], T]) -> T:
        """Ask the log something, beside what is written. Raises ``StorageError``."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, self.log)

    async def look_after(self, upkeep: AuditUpkeep) -> None:
        """Seal days that are over and let go what is older than is kept. Raises ``StorageError``.

        A step at a time, so that acts are noted in between.
        """
        loop = asyncio.get_running_loop()
        steps = upkeep.steps(_now(self._world))
        while await loop.run_in_executor(self._thread, next, steps, DONE) is not DONE:
            continue

    async def keep(self) -> None:
        """Fold the journal at a steady rate, for ever."""
        while True:
            await asyncio.sleep(INTERVAL_S)
            read_again = self.log.journal_seq < self._until
            if not self._taken and not read_again and self.behind < MARK_RECORDS:
                continue
            try:
                await self.settle(PAUSE_S)
            except (StorageError, Refused) as error:
                LOG.warning("the audit log cannot be written, trying again: %s", error)

    async def close(self) -> None:
        """Fold the rest and end the thread; what could not be folded is at the next start."""
        if self._closed:
            return
        self._closed = True
        try:
            await self.settle(patience_s=CLOSE_PATIENCE_S)
        except (StorageError, Refused) as error:
            LOG.warning("the audit log goes on at the next start: %s", error)
        self._thread.shutdown()
        self.log.close()

    def _turn(self) -> None:
        """Fold some of what waits; in the thread.

        What is taken is read in this order: a record that is seen was put into the line that was
        looked up before, or the line was full and ``_until`` says so.
        """
        taken = self._taken
        seen = self._seen
        if self.log.journal_seq < self._until:
            self._read_page()
            return
        if taken:
            group = [taken[at] for at in range(min(GROUP_MAX, len(taken)))]
            self._fold(group, group[-1].record.seq)
            for _ in group:
                taken.popleft()
        if self.log.journal_seq < seen and not taken:
            self.log.mark_read(seen, _now(self._world))

    def _read_page(self) -> None:
        """Go on from the log's cursor through the journal itself."""
        after = self.log.journal_seq
        until = min(self._until, self._world.projector.durable.seq)
        count = max(0, min(PAGE_RECORDS, until - after))
        page = list(islice(self._world.journal.read(after), count))
        if page:
            self._fold(with_events(self._world.store, page), page[-1].seq)

    def _fold(self, group: Sequence[Taken], last: int) -> None:
        acts: list[Act] = []
        after, world = self.log.journal_seq, self._world
        for record, events in group:
            if record.seq > after and is_kept(record, events):
                acts += acts_of(record, events, world.view, world.ids)
                time.sleep(0)
        self.log.append(acts, _now(world), max(last, after))


def _now(world: World) -> int:
    return world.clock.wall_ns()


def _cut(read: int, head: int, now_ns: int) -> Act:
    """What is kept when the journal ends before what was read of it, as after a repair."""
    return Act(
        at_ns=now_ns,
        kind=JOURNAL_CUT,
        actor="system:journal",
        after=detail({"read_up_to": read, "ends_at": head}),
    )


def skipped(read: int, base_seq: int, now_ns: int) -> Act:
    """What is kept when the journal begins after what was read of it."""
    return Act(
        at_ns=now_ns,
        kind=JOURNAL_SKIPPED,
        actor="system:journal",
        after=detail({"read_up_to": read, "begins_after": base_seq}),
    )


def pruned(base: Base, now_ns: int, actor: str) -> Act:
    """What is kept when the journal's beginning was pruned."""
    told = {"begins_after": base.seq, "state_hash": base.state_hash, "tables": base.tables.hex()}
    return Act(at_ns=now_ns, kind=JOURNAL_PRUNED, actor=actor, after=detail(told))


def with_events(store: ReadStore, page: Sequence[Record]) -> list[Taken]:
    """Records in order, without a gap between them, each with its events."""
    found: dict[int, list[Event]] = {}
    for first in range(page[0].seq, page[-1].seq + 1, EVENTS_PAGE):
        last = min(first + EVENTS_PAGE - 1, page[-1].seq)
        some = store.events_between(first - 1, last, 0, EVENTS_MAX)
        assert len(some) < EVENTS_MAX, "a page of inputs has fewer events than that"
        for seq, event in some:
            found.setdefault(seq, []).append(event)
    return [Taken(record, found.get(record.seq, ())) for record in page]
