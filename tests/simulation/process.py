"""The process of a simulated story: a world over the story's disk that is opened, dies and is
opened again, and the clients that wait for its answers.

Promises: opening, recovering and stopping are those of a server; a death leaves nothing of the
process but its disk, and of that what a crash or a power cut leaves. After every recovery the
auditor judges. Must not know: what is tried next, which the story decides, or what is right.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from random import Random
from typing import Any, NamedTuple, Protocol

import apsw

from stockyard import app
from stockyard.market.catalog import CATALOG, DEFAULT_MARGIN
from stockyard.model import commands as c
from stockyard.model import facts as f
from stockyard.runtime.clock import ManualClock
from stockyard.runtime.world import World
from stockyard.runtime.writer import Refused
from stockyard.storage.ports import JournalHead, Snapshot, StorageError
from tests.simulation.auditor import Auditor
from tests.simulation.beside import Beside
from tests.simulation.beside_judge import BesideJudge
from tests.simulation.clients import Clients
from tests.simulation.disk import REFUSALS, Disk
from tests.simulation.faults import DelayedRun, Fuse, Killed, SimulatedLoop
from tests.simulation.keeping import Keeping
from tests.simulation.outside import Outside
from tests.simulation.parts import Parts
from tests.simulation.streams import Stream

SECOND = 10**9
HOUR = 3600 * SECOND
DAY = 24 * HOUR
STARTS = (
    1_764_165_600 * SECOND,  # 2025-11-26 14:00 UTC: Thanksgiving and an early close follow.
    1_772_801_000 * SECOND,  # 2026-03-06 12:43 UTC: New York's clock changes in two days.
    1_781_013_600 * SECOND,  # 2026-06-09 14:00 UTC, in the middle of a session.
)
SYMBOLS = ("AAPL", "KO", "BTC/USD", "ADA/USD", "BTC-PERP")
LISTINGS = tuple(listing for listing in CATALOG if listing.instrument.symbol in SYMBOLS)
PAGE_SIZES = (512, 1024, 1024, 4096)
"""A server's have 4096 bytes; small ones make many stories of the same time, and other tears."""
BESIDE_SHARE = 0.3
"""Of the stories so many have people, alerts and the audit log beside the journal."""


class DiskLied(Exception):
    """The power was cut, and what the disk had promised to keep may be gone."""


class Closable(Protocol):
    """Something that holds files."""

    def close(self) -> None:
        """Let go of them."""


class Waiting(NamedTuple):
    """A client that waits: ``answer`` is told the result, unless the client has gone."""

    task: "asyncio.Task[Any]"
    request_id: str
    command: c.Command | None
    told: Callable[[Any], None] | None


class Process:
    """A world that is opened, dies and is opened again, with whoever uses it."""

    def __init__(self, seed: int, parts: Parts, random: Random) -> None:
        self.seed, self._parts = seed, parts
        self._start_ns = random.choice(STARTS) + random.randrange(2 * HOUR)
        self.clock = ManualClock(self._start_ns)
        self._latest_ns = self._start_ns
        self._fuse = Fuse()
        self.disk = Disk(self._fuse, self._wait_for_disk, random.choice(PAGE_SIZES))
        self._beside: Beside | None = None
        self._beside_judge: BesideJudge | None = None
        if random.random() < BESIDE_SHARE:
            outside = Outside(seed, self._fuse)
            self._beside_judge = judge = BesideJudge(outside)
            self._beside = Beside(seed, judge, outside, self._tell)
        self.auditor = Auditor(self.disk, self._beside_judge)
        self._keeping = Keeping(parts, self.disk, self.auditor, self._tell)
        self._clients = Clients()
        self._streams: list[Stream] = []
        self._waiting_events_max = random.choice((15, 60, 50_000))
        self._world_id = random.randbytes(16).hex()
        self._journal_refuses_until = self._projections_refuse_until = 0
        self._beside_refuses_until = self._slow_until = 0
        self._refusal = ""
        self._step = 0
        self.crashes = 0
        self.trace: list[str] = []
        self._world: World | None = None
        self._forget_process()

    def _forget_process(self) -> None:
        """Lose all that a process holds in memory."""
        self._world = None
        self._held: list[Closable] = []
        self._loop = SimulatedLoop(self.clock)
        self._run = DelayedRun()
        self._waiting: list[Waiting] = []
        self._snapshot: tuple[Snapshot, JournalHead] | None = None

    def _wait_for_disk(self, passed_ns: int) -> None:
        self.clock.time_ns += passed_ns

    def _tell(self, line: str) -> None:
        self.trace.append(
            f"{self._step:4} +{(self.clock.time_ns - self._start_ns) / 1e9:.6f}s {line}"
        )

    def _open(self, random: Random) -> None:
        """Recover until it succeeds: it may be killed or refused again and again on the way."""
        for attempt in range(8):
            last = attempt == 7
            lit = not last and random.random() < 0.3
            self._fuse.light(random.randrange(1, 80) if lit else 0)
            refusal = random.choice(REFUSALS) if not last and random.random() < 0.06 else ""
            if last:
                self._end_outages()
            try:
                with self.disk.refusing(refusal):
                    world = self._recover(random)
                with self.disk.refusing(refusal if random.random() < 0.5 else ""):
                    self._found(world)
                if self._fuse.blown:
                    # In a task beside, where nobody has looked yet.
                    raise Killed(self._fuse.blown)
            except Killed as death:
                self._die(f"killed {death}, while starting")
            except Exception as error:
                if self._fuse.blown:
                    self._die(f"killed {self._fuse.blown}, while starting")
                    continue
                asked = refusal or self.disk.refuses_projections or self.disk.refuses_beside
                if not asked or not isinstance(error, StorageError | Refused):
                    raise
                self._tell(f"start refused: {self._named(error)}")
                self._die("gave up")
            else:
                self._fuse.light(0)
                self._world = world
                self._audit(world, "opened")
                return

    def _recover(self, random: Random, loses: bool = True) -> World:
        parts, disk, hold = self._parts, self.disk, self._held.append
        store, people = parts.store(disk), None
        hold(store)
        if loses and random.random() < 0.04:
            self._tell("the projections are lost")
            store.clear()
        if self._beside is not None:
            database = parts.people_database(disk)
            hold(database)
            people = parts.people(database, self._beside.random_bytes)
            log = parts.audit_log(disk)
            hold(log)
            self._beside.opened(people, log)
        journal = parts.journal(disk)
        hold(journal)
        kept = parts.snapshots(disk)
        hold(kept)
        world = app.open_world(
            journal,
            kept,
            store,
            self.clock,
            schedule=lambda: None,
            run=self._run,
            queries=self._loop.executor,
            people=people,
            begin=lambda: self._keeping.beginning(journal),
        )
        self._keeping.opened(world)
        if self._beside is not None:
            self._beside.begin(world, self._loop)
        publish = world.writer.listener
        assert publish is not None

        def cross_and_publish(record: Any, events: Any) -> None:
            self._fuse.cross("after applying")
            publish(record, events)
            self._fuse.cross("after publishing")

        world.writer.listener = cross_and_publish
        world.projector.waiting_events_max = self._waiting_events_max
        parts.opened(world)
        return world

    def _found(self, world: World) -> None:
        if not world.engine.state.world_id:
            app.found(world, [f.WorldCreated(self._world_id, self.seed)])
        now_ns = max(self.clock.now_ns(), world.engine.ts)
        instruments = app.with_auctions([listing.instrument for listing in LISTINGS])
        lent = world.engine.state.margin
        margin = lent.source if lent is not None else DEFAULT_MARGIN
        app.found(world, app.reference_facts(world.engine, instruments, "xnys", now_ns, margin))
        if self._beside is not None:
            self._beside.complete(world, self._loop)

    def _die(self, how: str) -> None:
        """Throw the process away: whoever waited never gets an answer."""
        self.crashes += 1
        random = Random(f"{self.seed} {self._step} {self.crashes}")
        power = random.random() < 0.6
        self._tell(f"CRASH ({how}{', and the power is cut' if power else ''})")
        world, self._world = self._world, None
        for waiting in self._waiting:
            if waiting.command is not None:
                self._clients.unanswered(waiting.command)
        self._kill()
        for stream in self._streams:
            stream.cut()
        lost = power and self.disk.has_lied
        if lost:
            # The last reader to leave asks for a lock that a file opened to be read cannot have:
            # SQLite does not mind, its way through Python does.
            with suppress(apsw.IOError):
                self.auditor.read()
        self.disk.crash(random, power)
        self._fuse.light(0)
        # The files are those of the boot that is over; what is still written there is refused.
        self._release(world)
        self._forget_process()
        if lost:
            raise DiskLied

    def _kill(self) -> None:
        """End the process: whatever it was about to do, it does not."""
        self._fuse.blow("by the story")
        if self._beside is not None:
            self._beside.let_go()
        self._loop.kill()

    def _release(self, world: World | None) -> None:
        """Close whatever was opened: SQLite keeps what is not, and all that hangs on it."""
        for held in (*((world,) if world is not None else ()), *self._held):
            with suppress(Exception):
                held.close()
        self._held = []

    def _named(self, error: Exception) -> str:
        """An error without the name of the folder, which is another one each time."""
        return str(error).replace(str(self.disk.folder), "disk")

    def _audit(self, world: World, why: str) -> None:
        state_hash = self.auditor.audit(world, self._streams)
        self._tell(f"{why} at {self.auditor.seq}, state {state_hash[:16]}")

    def _turn(self, rounds: int) -> None:
        """Let the event loop run, and hand out what is answered."""
        for _ in range(rounds):
            self._loop.turn()
            if self._fuse.blown:
                raise Killed(self._fuse.blown)
            assert not self._loop.errors, f"nobody waited for {self._loop.errors[0]!r}"
            if self._beside is not None:
                self._beside.check_alive()
            self._hand_out()

    def _hand_out(self) -> None:
        answered = [waiting for waiting in self._waiting if waiting.task.done()]
        if not answered:
            return
        self._waiting = [waiting for waiting in self._waiting if not waiting.task.done()]
        for waiting in answered:
            self._answer(waiting)

    def _answer(self, waiting: Waiting) -> None:
        if waiting.task.cancelled():
            self._tell(f"{waiting.request_id} went away")
            return
        error = waiting.task.exception()
        if isinstance(error, Refused):
            self._tell(f"{waiting.request_id} refused: {error.code}")
            if waiting.command is not None:
                self.auditor.refused(waiting.request_id, error.code)
        elif isinstance(error, StorageError):
            assert waiting.command is None, f"{waiting.request_id}: {error!r}"
            self._tell(f"{waiting.request_id} failed: {self._named(error)}")
        elif error is not None:
            raise error
        elif waiting.told is not None:
            waiting.told(waiting.task.result())

    def _wait_for(
        self,
        request_id: str,
        work: Coroutine[Any, Any, Any],
        command: c.Command | None,
        told: Callable[[Any], None] | None,
    ) -> "asyncio.Task[Any]":
        task = self._loop.create_task(work)
        self._waiting.append(Waiting(task, request_id, command, told))
        return task

    def _outage(self) -> str:
        """How the journal's disk refuses at this step; empty for not at all."""
        return self._refusal if self._step < self._journal_refuses_until else ""

    def _end_outages(self) -> None:
        self._journal_refuses_until = self._projections_refuse_until = 0
        self._beside_refuses_until = self.disk.sync_ns = 0
        self.disk.refuses_projections = self.disk.refuses_beside = False

    def _carry_all(self, world: World) -> None:
        """Carry every change to SQL."""
        while world.projector.durable.seq < world.view.seq or len(self._run):
            try:
                world.projector.begin()
            except StorageError as error:
                self._tell(f"projector: {self._named(error)}")
            self._run.finish_one()
            world.projector.begin()
