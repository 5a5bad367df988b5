"""One simulated story: a whole world, its market, its clients and its disasters, from one seed.

Promises: the same seed, steps and dropped steps give the same trace, byte for byte: each step draws
from a generator of its own, so that leaving one out changes the others as little as possible. After
every recovery and at the end the auditor judges. Must not know: what is right, which the auditor
does.
"""

import asyncio
import traceback
from collections.abc import Callable, Coroutine
from contextlib import suppress
from hashlib import sha256
from random import Random
from typing import Any, NamedTuple

import apsw
from msgspec.structs import replace

from stockyard import app
from stockyard.market.catalog import CATALOG, DEFAULT_MARGIN
from stockyard.market.simulated import SimulatedMarket
from stockyard.model import commands as c
from stockyard.model import facts as f
from stockyard.model.codes import LIMIT_RULE_WORDS
from stockyard.model.events import CommandRepeated
from stockyard.model.instruments import VenueProfile
from stockyard.model.records import Origin
from stockyard.projections.store import OrderFilter, ReadStore
from stockyard.runtime import feeds, snapshots, upkeep
from stockyard.runtime.clock import ManualClock
from stockyard.runtime.world import World
from stockyard.runtime.writer import Outcome, Refused
from stockyard.storage.ports import Journal, Snapshot, Snapshots, StorageError
from stockyard.storage.sqlite import SqliteDatabase, SqliteJournal, SqliteSnapshots
from tests.simulation.auditor import Auditor
from tests.simulation.clients import Clients
from tests.simulation.disk import REFUSALS, Disk
from tests.simulation.faults import DelayedRun, Fuse, Killed, SimulatedLoop
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
STEPS = 500
FLIPPED = ("journal.db", "snapshots.db")
"""Files of which any damage must be found at the latest when they are read whole."""
FLIPS = 3
TOLD = 25
"""Lines of the trace that a failure shows."""

WEIGHTS = {
    "market": 18.0,
    "command": 36.0,
    "commit": 24.0,
    "flush": 7.0,
    "carry": 9.0,
    "tick": 4.0,
    "snapshot": 3.5,
    "keep_snapshot": 6.0,
    "stream": 6.0,
    "read": 4.0,
    "journal_outage": 0.8,
    "projections_outage": 0.8,
    "terms": 1.2,
    "halt": 0.8,
    "contracts": 4.0,
    "reschedule": 0.3,
    "lie": 0.1,
    "crash": 0.8,
    "fuse": 1.0,
    "stop": 0.3,
}
TEMPERS = (0.2, 1.0, 1.0, 3.0)
"""Each seed multiplies each weight by one of these: calm stories, wild stories."""


class Parts:
    """How a world is put together; a test plants a bug by replacing one part."""

    def journal(self, disk: Disk) -> Journal:
        """The journal on a disk."""
        return SqliteJournal(disk.path("journal.db"))

    def snapshots(self, disk: Disk) -> Snapshots:
        """The snapshots on a disk."""
        return SqliteSnapshots(disk.path("snapshots.db"))

    def store(self, disk: Disk) -> ReadStore:
        """The projections on a disk."""
        return ReadStore(SqliteDatabase(disk.path("projections.db"), durable=False))

    def opened(self, world: World) -> None:
        """A world was opened."""

    def execute(
        self, world: World, command: c.Command, origin: Origin
    ) -> Coroutine[Any, Any, Outcome]:
        """Send a command into a world."""
        return world.execute(command, origin)


class StoryFailed(AssertionError):
    """Something was wrong: at which step, why, and what happened before."""

    def __init__(self, seed: int, step: int, cause: BaseException, trace: list[str]) -> None:
        self.seed, self.step, self.cause, self.trace = seed, step, cause, trace
        reason = f"{type(cause).__name__}: {cause}"
        super().__init__(f"seed {seed}, step {step}: {reason}")

    def story(self) -> str:
        """How to see it again, and the last steps."""
        told = "\n".join(f"  {line}" for line in self.trace[-TOLD:])
        raised = "".join(traceback.format_tb(self.cause.__traceback__, -3))
        return f"make sim SEED={self.seed}\n{told}\n{raised}  {self}"


class DiskLied(Exception):
    """The power was cut, and what the disk had promised to keep may be gone."""


class Ending(NamedTuple):
    """What a story came to: the digest of its whole trace, the time it covers, what was judged."""

    digest: str
    simulated_ns: int
    crashes: int
    counts: dict[str, int]


class Waiting(NamedTuple):
    """A client that waits: ``answer`` is told the result, unless the client has gone."""

    task: "asyncio.Task[Any]"
    request_id: str
    command: c.Command | None
    told: Callable[[Any], None] | None


class Story:
    """A world that is opened, used, broken and opened again until the steps are over."""

    def __init__(
        self,
        seed: int,
        steps: int = STEPS,
        parts: Parts | None = None,
        dropped: frozenset[int] = frozenset(),
    ) -> None:
        self.seed, self.steps = seed, steps
        self._parts, self._dropped = parts or Parts(), dropped
        random = Random(seed)
        self._start_ns = random.choice(STARTS) + random.randrange(2 * HOUR)
        self.clock = ManualClock(self._start_ns)
        self._latest_ns = self._start_ns
        self._fuse = Fuse()
        self.disk = Disk(self._fuse)
        self.auditor = Auditor(self.disk)
        self._clients = Clients()
        self._streams: list[Stream] = []
        self._market = SimulatedMarket(LISTINGS, seed)
        self._kinds = list(WEIGHTS)
        self._weights = [weight * random.choice(TEMPERS) for weight in WEIGHTS.values()]
        self._waiting_events_max = random.choice((15, 60, 50_000))
        self._world_id = random.randbytes(16).hex()
        self._journal_refuses_until = self._projections_refuse_until = 0
        self._refusal = ""
        self._requests = 0
        self._step = 0
        self.crashes = 0
        self.trace: list[str] = []
        self._world: World | None = None
        self._forget_process()

    def _forget_process(self) -> None:
        """Lose all that a process holds in memory."""
        self._world = None
        self._loop = SimulatedLoop(self.clock)
        self._run = DelayedRun()
        self._waiting: list[Waiting] = []
        self._snapshot: Snapshot | None = None

    def run(self) -> Ending:
        """Tell the whole story; raises ``StoryFailed``."""
        try:
            self._tell_all()
        except Killed as death:
            raise AssertionError(f"a death came through: {death}") from death
        except Exception as cause:
            raise StoryFailed(self.seed, self._step, cause, self.trace) from cause
        finally:
            self._loop.close()
            self.disk.release()
        digest = sha256("\n".join(self.trace).encode()).hexdigest()
        counts = self.auditor.counts
        return Ending(digest, self._latest_ns - self._start_ns, self.crashes, counts)

    def _tell_all(self) -> None:
        try:
            for step in range(self.steps):
                self._step = step
                if step not in self._dropped:
                    self._take_step(Random(self.seed * 1_000_003 + step))
            self._step = self.steps
            self._end(Random(-1 - self.seed))
        except DiskLied:
            self._judge_what_is_left()

    def _tell(self, line: str) -> None:
        self.trace.append(
            f"{self._step:4} +{(self.clock.time_ns - self._start_ns) / 1e9:.6f}s {line}"
        )

    def _take_step(self, random: Random) -> None:
        self._pass_time(random)
        self.disk.refuses_projections = self._step < self._projections_refuse_until
        try:
            if self._world is None:
                self._open(random)
            kind = random.choices(self._kinds, self._weights)[0]
            step: Callable[[World, Random], None] = getattr(self, f"_on_{kind}")
            assert self._world is not None
            step(self._world, random)
            self._turn(2)
        except Exception:
            if not self._fuse.blown:
                raise
            self._die(f"killed {self._fuse.blown}")
        except Killed as death:
            self._die(f"killed {death}")

    def _pass_time(self, random: Random) -> None:
        draw, clock = random.random(), self.clock
        if draw < 0.65:
            clock.time_ns += random.randrange(1_000, SECOND // 20)
        elif draw < 0.96:
            clock.time_ns += random.randrange(3 * SECOND)
        elif draw < 0.97:
            clock.time_ns += random.randrange(600 * SECOND)
        elif draw < 0.988 and self._world is not None:
            due_ns = self._world.engine.next_due_ns + random.randint(-1, 1)
            clock.time_ns = max(clock.time_ns, min(due_ns, clock.time_ns + 5 * DAY))
        elif draw < 0.993:
            clock.time_ns += random.randrange(30 * HOUR)
        elif draw < 0.995:
            clock.time_ns += random.randrange(5 * DAY)
        else:
            clock.time_ns -= random.randrange(HOUR)
        self._latest_ns = max(self._latest_ns, clock.time_ns)

    # The process: opening, dying, stopping.

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
            except Killed as death:
                self._die(f"killed {death}, while starting")
            except Exception as error:
                if self._fuse.blown:
                    self._die(f"killed {self._fuse.blown}, while starting")
                    continue
                asked = refusal or self.disk.refuses_projections
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
        parts, disk = self._parts, self.disk
        store = parts.store(disk)
        if loses and random.random() < 0.04:
            self._tell("the projections are lost")
            store.clear()
        world = app.open_world(
            parts.journal(disk),
            parts.snapshots(disk),
            store,
            self.clock,
            schedule=lambda: None,
            run=self._run,
            queries=self._loop.executor,
        )
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

    def _die(self, how: str) -> None:
        """Throw the process away: whoever waited never gets an answer."""
        self.crashes += 1
        random = Random(f"{self.seed} {self._step} {self.crashes}")
        power = random.random() < 0.6
        self._tell(f"CRASH ({how}{', and the power is cut' if power else ''})")
        world, self._world = self._world, None
        for waiting in self._waiting:
            waiting.task.cancel()
            if waiting.command is not None:
                self._clients.unanswered(waiting.command)
        self._loop.turn(3)
        self._loop.close()
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
        if world is not None:
            # Its files are those of the boot that is over; what it still writes is refused.
            with suppress(Exception):
                world.close()
        self._forget_process()
        if lost:
            raise DiskLied

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

    # The steps.

    def _on_market(self, world: World, random: Random) -> None:
        in_session = feeds.open_instruments(world), feeds.extended_instruments(world)
        prints = feeds.due_prints(world)
        facts = self._market.step(self.clock.now_ns(), *in_session, prints)
        taken = feeds.send(world, facts)
        self._tell(f"market: {taken} of {len(facts)} facts")
        if random.random() < 0.8:
            self._on_commit(world, random)

    def _on_command(self, world: World, random: Random) -> None:
        command = self._clients.next_command(random, world.view)
        for _ in range(2 if random.random() < 0.06 else 1):
            self._send(world, command, random)
        if random.random() < 0.5:
            self._turn(1)
            self._on_commit(world, random)

    def _send(self, world: World, command: c.Command, random: Random) -> None:
        self._requests += 1
        request_id = f"request-{self._requests}"
        origin = Origin("user:1", request_id, "192.0.2.1", "simulated")
        self.auditor.sent(request_id, command)
        self._tell(f"{request_id}: {command}")
        vanishes = random.random() < 0.1
        work = self._parts.execute(world, command, origin)

        def told(outcome: Outcome) -> None:
            self._on_outcome(request_id, command, outcome)

        task = self._wait_for(request_id, work, command, None if vanishes else told)
        if vanishes:
            self._clients.unanswered(command)
            if random.random() < 0.5:
                self._loop.turn()
                task.cancel()

    def _on_outcome(self, request_id: str, command: c.Command, outcome: Outcome) -> None:
        """A client reads its answer; one that repeated itself asks for the first answer."""
        names = [type(event).__name__ for event in outcome.events]
        self._tell(f"{request_id} answered: seq {outcome.seq} {names}")
        self.auditor.answered(request_id, outcome)
        known = len(self._clients.accounts)
        self._clients.learn(outcome)
        self._streams += [Stream(account_id) for account_id in self._clients.accounts[known:]]
        repeats = [event for event in outcome.events if isinstance(event, CommandRepeated)]
        if repeats:
            first_seq, world = repeats[0].first_seq, self._world
            assert world is not None

            def told(rows: list[tuple[int, Any]]) -> None:
                self.auditor.told_again(first_seq, [event for _, event in rows])

            query = world.query(lambda store: store.events_of(first_seq))
            self._wait_for(f"{request_id} first answer", query, None, told)

    def _on_commit(self, world: World, random: Random) -> None:
        count = world.writer.waiting
        if not count:
            return
        with self.disk.refusing(self._outage()):
            world.writer.commit()
        head = world.journal.head
        self._tell(f"commit of {count}: journal at {head.seq}")

    def _on_flush(self, world: World, random: Random) -> None:
        try:
            future = world.projector.begin()
        except StorageError as error:
            self._tell(f"projector: {self._named(error)}")
        else:
            self._tell(f"projector: {'nothing' if future is None else 'a batch'} to carry")

    def _on_carry(self, world: World, random: Random) -> None:
        if self._run.finish_one():
            refused = self.disk.refuses_projections
            self._tell("a batch could not be carried" if refused else "a batch was carried")

    def _on_tick(self, world: World, random: Random) -> None:
        world.writer.tick_if_due()

    def _on_snapshot(self, world: World, random: Random) -> None:
        """Take a snapshot: as the running server does it (with a fork), or step by step."""
        if random.random() < 0.08:
            self._tell(f"snapshot at {world.engine.seq}, by upkeep")
            self._wait_for("snapshot", upkeep.take_snapshot(world), None, None)
        elif self._snapshot is None or random.random() < 0.2:
            self._snapshot = snapshots.encode_now(world.engine, world.projector.digest)
            self._tell(f"snapshot at {self._snapshot.seq}")

    def _on_keep_snapshot(self, world: World, random: Random) -> None:
        """Keep the snapshot taken earlier, once the projections have durably passed it."""
        snapshot = self._snapshot
        if snapshot is not None and world.projector.durable.seq >= snapshot.seq:
            try:
                with self.disk.refusing(self._outage()):
                    world.snapshots.store(snapshot)
            except StorageError as error:
                self._tell(f"snapshot at {snapshot.seq} not kept: {self._named(error)}")
                return
            self._snapshot = None
            self._tell(f"snapshot at {snapshot.seq} kept")

    def _on_stream(self, world: World, random: Random) -> None:
        if not self._streams:
            return
        stream = random.choice(self._streams)
        if random.random() < 0.1:
            stream.leave(world)
        else:
            stream.poll(world)
        self._tell(f"stream of {stream.account_id} at {stream.token}")

    def _on_read(self, world: World, random: Random) -> None:
        """Read an order from SQL: what was answered before must be there."""
        known = self._clients.known_order(random)
        if known is None:
            return
        account_id, order_id = known

        def told(found: tuple[Any, Any]) -> None:
            row, rows = found
            assert row is not None, f"order {order_id} was answered, SQL does not have it"
            assert row in rows, f"order {order_id} is not among those of account {account_id}"

        wanted = OrderFilter(account_id, after=order_id + 1, limit=1)
        query = world.query(lambda store: (store.order(order_id), store.orders(wanted)))
        self._wait_for(f"read of {order_id}", query, None, told)

    def _on_journal_outage(self, world: World, random: Random) -> None:
        self._journal_refuses_until = self._step + random.randrange(1, 25)
        self._refusal = random.choice(REFUSALS)
        self._tell(f"the journal's disk: {self._refusal}")

    def _on_projections_outage(self, world: World, random: Random) -> None:
        self._projections_refuse_until = self._step + random.randrange(1, 60)
        self._tell("the disk of the projections is full")

    def _on_terms(self, world: World, random: Random) -> None:
        """Define a new version of a profile with other rules, or lend less than before."""
        fact: f.ProfileDefined | f.MarginTermsSet
        if random.random() < 0.5:
            long, short = (random.choice((300_000, 600_000, 900_000)) for _ in range(2))
            grace_ns = random.choice((1, 60 * SECOND, DAY))
            terms = replace(DEFAULT_MARGIN, long_ppm=long, short_ppm=short, grace_ns=grace_ns)
            fact = f.MarginTermsSet(terms)
        else:
            old = random.choice(sorted(world.view.profiles.values(), key=lambda p: p.profile_id))
            profile = replace(old, version=old.version + 1, **_other_rule(old, random))
            fact = f.ProfileDefined(profile)
        world.writer.submit(fact)
        self._tell(f"terms: {fact}")

    def _on_halt(self, world: World, random: Random) -> None:
        """Halt trading in an instrument, or let it go on."""
        books = [book for book in world.engine.state.books if book is not None]
        halted = [book for book in books if book.halted]
        book = random.choice(halted if halted and random.random() < 0.7 else books)
        fact = f.TradingHalted(book.instrument_id, not book.halted, "news")
        world.writer.submit(fact)
        self._tell(f"{fact}")

    def _on_contracts(self, world: World, random: Random) -> None:
        """The mark of a contract jumps, and its market with it; or funding is paid."""
        [terms] = [
            book.instrument
            for book in world.engine.state.books
            if book is not None and book.is_perp
        ]
        mark, now_ns = world.view.quotes[terms.instrument_id].mark(), self.clock.now_ns()
        if random.random() < 0.3 or not mark:
            rate = random.choice((0, 12_500, -40_000, 900_000, -5_000_000))
            facts: list[f.Fact] = [f.FundingRate(terms.instrument_id, rate, now_ns)]
        else:
            mark = mark * random.choice((80, 93, 97, 99, 101, 103, 108, 125)) // 100
            mark -= mark % terms.tick
            size = random.choice((1, 30, 5_000)) * 10**terms.qty_scale
            facts = [f.MarkPrice(terms.instrument_id, mark, mark, now_ns)]
            if random.random() < 0.6:
                bid, ask = mark - terms.tick, mark + terms.tick
                facts.append(f.Quote(terms.instrument_id, bid, ask, size, size, now_ns))
        for fact in facts:
            world.writer.submit(fact)
        self._tell(f"contracts: {facts}")

    def _on_reschedule(self, world: World, random: Random) -> None:
        now_ns = max(self.clock.now_ns(), world.engine.ts)
        for fact in app.session_facts(world.engine, "xnys", now_ns):
            world.writer.submit(fact)

    def _on_lie(self, world: World, random: Random) -> None:
        """From now on the disk says that it has synced what it has not."""
        self.disk.lies = True
        self._tell("the disk lies")

    def _on_crash(self, world: World, random: Random) -> None:
        raise Killed("between two steps")

    def _on_fuse(self, world: World, random: Random) -> None:
        self._fuse.light(random.randrange(1, 70))
        self._tell("the fuse burns")

    def _on_stop(self, world: World, random: Random) -> None:
        """Stop cleanly, as far as the disk lets us."""
        with self.disk.refusing(self._outage()):
            world.halt(Refused("shutting_down", "this Stockyard is stopping"))
        self._turn(3)
        self._end_outages()
        self._carry_all(world)
        upkeep.final_snapshot(world)
        world.close()
        self._die("a clean stop")

    def _outage(self) -> str:
        """How the journal's disk refuses at this step; empty for not at all."""
        return self._refusal if self._step < self._journal_refuses_until else ""

    def _end_outages(self) -> None:
        self._journal_refuses_until = self._projections_refuse_until = 0
        self.disk.refuses_projections = False

    def _carry_all(self, world: World) -> None:
        """Carry every change to SQL."""
        while world.projector.durable.seq < world.view.seq or len(self._run):
            try:
                world.projector.begin()
            except StorageError as error:
                self._tell(f"projector: {self._named(error)}")
            self._run.finish_one()
            world.projector.begin()

    def _judge_what_is_left(self) -> None:
        """After a disk that lied: a start is refused, or goes on from a whole beginning."""
        try:
            world = self._recover(Random(0))
        except StorageError as error:
            self._tell(f"start refused: {self._named(error)}")
        else:
            self.auditor.check_beginning(world)
            self._tell(f"opened at {world.engine.seq}, after a disk that lied")
            world.close()

    def _try_flips(self, random: Random) -> None:
        """Flip a bit of a file at rest: it is found, or changes nothing."""
        left = self.disk.copy()
        names = [name for name in sorted(left) if name.startswith(FLIPPED) and left[name]]
        for _ in range(FLIPS):
            name = random.choice(names)
            at = random.randrange(len(left[name]) * 8)
            content = bytearray(left[name])
            content[at // 8] ^= 1 << (at % 8)
            self.disk.lay({**left, name: bytes(content)})
            self._tell(f"bit {at} of {name} flips")
            world = None
            try:
                world = self._recover(Random(0), loses=False)
                self.auditor.check_same(world)
            except StorageError as error:
                self._tell(f"found: {self._named(error)}")
            else:
                self._tell("it changes nothing")
            if world is not None:
                with suppress(Exception):
                    world.close()
            self._loop.close()
            self._forget_process()
        self.disk.lay(left)

    def _end(self, random: Random) -> None:
        """Let everyone finish, judge, kill once more, judge again."""
        self._fuse.light(0)
        self._end_outages()
        for last in (False, True):
            if self._world is None:
                self._open(random)
            world = self._world
            assert world is not None
            self._turn(3)
            world.writer.drain()
            self._turn(3)
            self._carry_all(world)
            self._turn(8)
            for stream in self._streams:
                stream.poll(world)
            self._audit(world, "the end" if last else "nearly the end")
            self.auditor.check_complete(self._streams)
            if not last:
                self.disk.lies = False
                self._die("at the end")
        replayed = self.auditor.replay()
        self._tell(f"replayed from genesis: {replayed[:16]}")
        assert self._world is not None
        assert replayed == self._world.engine.state_hash(), "the replay ends elsewhere"
        self._try_flips(random)


def _other_rule(profile: VenueProfile, random: Random) -> dict[str, int | bool]:
    """One rule of a profile that is another one now."""
    return random.choice(
        (
            {"size_bounded": profile.depth_levels > 0 or not profile.size_bounded},
            {"limit_rule": random.choice(tuple(LIMIT_RULE_WORDS))},
            {"latency_ns": random.choice((0, SECOND // 10, 2 * SECOND, 90 * SECOND))},
            {"reject_ppm": 500_000},
            {"reject_ppm": random.choice((0, 300_000, 900_000))},
            {"slippage_bps": random.choice((0, 5, 700))},
            {"size_cap_ppm": random.choice((1, 250_000, 1_000_000))},
        )
    )
