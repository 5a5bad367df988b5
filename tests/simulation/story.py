"""One simulated story: a whole world, its market, its clients and its disasters, from one seed.

Promises: the same seed, steps and dropped steps give the same trace, byte for byte: each step draws
from a generator of its own, so that leaving one out changes the others as little as possible. After
every recovery and at the end the auditor judges. Must not know: what is right, which the auditor
does.
"""

import traceback
from collections.abc import Callable, Coroutine
from hashlib import sha256
from random import Random
from typing import Any, NamedTuple

from msgspec.structs import replace

from stockyard import app
from stockyard.market.catalog import DEFAULT_MARGIN
from stockyard.market.simulated import SimulatedMarket
from stockyard.model import commands as c
from stockyard.model import facts as f
from stockyard.model.codes import LIMIT_RULE_WORDS
from stockyard.model.events import CommandRepeated
from stockyard.model.instruments import VenueProfile
from stockyard.model.records import Origin
from stockyard.people.audit_log import FILE_NAME as AUDIT
from stockyard.projections.store import OrderFilter
from stockyard.runtime import feeds, upkeep
from stockyard.runtime.world import World
from stockyard.runtime.writer import Outcome, Refused
from stockyard.storage.archive import FOLDER_NAME as ARCHIVE
from stockyard.storage.ports import StorageError
from tests.simulation.disk import REFUSALS
from tests.simulation.faults import Killed
from tests.simulation.parts import Parts
from tests.simulation.process import DAY, HOUR, LISTINGS, SECOND, DiskLied, Process
from tests.simulation.streams import Stream

LENGTHS = (40, 80, 80, 120, 200, 500)
"""Steps of a story: most are short, so that there are many, and some live long."""
BESIDE_ROUNDS = 8
FLIPPED = ("journal.db", "snapshots.db", AUDIT, "archive/")
"""Files of which any damage must be found at the latest when they are read whole."""
FLIPS = 1
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
    "prune": 2.5,
    "backup": 0.25,
    "journal_outage": 0.8,
    "projections_outage": 0.8,
    "slow_disk": 0.4,
    "beside": 9.0,
    "beside_outage": 0.6,
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


class StoryFailed(AssertionError):
    """Something was wrong: at which step, why, and what happened before."""

    def __init__(
        self, seed: int, steps: int, step: int, cause: BaseException, trace: list[str]
    ) -> None:
        self.seed, self.steps, self.step, self.cause, self.trace = seed, steps, step, cause, trace
        reason = f"{type(cause).__name__}: {cause}"
        super().__init__(f"seed {seed}, step {step}: {reason}")

    def story(self) -> str:
        """How to see it again, and the last steps."""
        told = "\n".join(f"  {line}" for line in self.trace[-TOLD:])
        raised = "".join(traceback.format_tb(self.cause.__traceback__, -3))
        return f"make sim SEED={self.seed}\n{told}\n{raised}  {self}"


class Ending(NamedTuple):
    """What a story came to: the digest of its whole trace, the time it covers, what was judged."""

    digest: str
    simulated_ns: int
    crashes: int
    counts: dict[str, int]


class Story(Process):
    """A world that is opened, used, broken and opened again until the steps are over."""

    def __init__(
        self,
        seed: int,
        steps: int = 0,
        parts: Parts | None = None,
        dropped: frozenset[int] = frozenset(),
    ) -> None:
        """Take ``steps`` steps, or as many as the seed has (0), without those ``dropped``."""
        random = Random(seed)
        super().__init__(seed, parts or Parts(), random)
        length = Random(f"length {seed}").choice(LENGTHS)
        self.steps, self._dropped = steps or length, dropped
        self._market = SimulatedMarket(LISTINGS, seed)
        self._kinds = list(WEIGHTS)
        self._weights = [weight * random.choice(TEMPERS) for weight in WEIGHTS.values()]
        self._requests = 0

    def run(self) -> Ending:
        """Tell the whole story; raises ``StoryFailed``."""
        try:
            self._tell_all()
        except Killed as death:
            raise AssertionError(f"a death came through: {death}") from death
        except Exception as cause:
            raise StoryFailed(self.seed, self.steps, self._step, cause, self.trace) from cause
        finally:
            self._kill()
            self._fuse.light(0)
            self._release(self._world)
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

    def _take_step(self, random: Random) -> None:
        self._pass_time(random)
        self.disk.refuses_projections = self._step < self._projections_refuse_until
        self.disk.refuses_beside = self._step < self._beside_refuses_until
        self.disk.sync_ns *= self._step < self._slow_until
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

    def _send(
        self,
        world: World,
        command: c.Command,
        random: Random,
        then: Callable[[Outcome], None] | None = None,
    ) -> None:
        self._requests += 1
        request_id = f"request-{self._requests}"
        origin = Origin("user:1", request_id, "192.0.2.1", "simulated")
        self.auditor.sent(request_id, command)
        self._tell(f"{request_id}: {command}")
        vanishes = random.random() < 0.1
        work = self._parts.execute(world, command, origin)

        def told(outcome: Outcome) -> None:
            self._on_outcome(request_id, command, outcome)
            if then is not None:
                then(outcome)

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
        if random.random() < 0.02:
            self._tell(f"snapshot at {world.engine.seq}, by upkeep")
            self._wait_for("snapshot", upkeep.take_snapshot(world), None, None)
        elif self._snapshot is None or random.random() < 0.2:
            snapshot = self._parts.snapshot(world)
            self._snapshot = snapshot, world.journal.head
            self.auditor.check_snapshot(snapshot)
            self._tell(f"snapshot at {snapshot.seq}")

    def _on_keep_snapshot(self, world: World, random: Random) -> None:
        """Keep the snapshot taken earlier, once the projections have durably passed it."""
        if self._snapshot is None or world.archiving is None:
            return
        snapshot, head = self._snapshot
        if world.projector.durable.seq >= snapshot.seq:
            try:
                with self.disk.refusing(self._outage()):
                    world.snapshots.store(snapshot)
                world.archiving.consider(snapshot, head)
            except StorageError as error:
                self._tell(f"snapshot at {snapshot.seq} not kept: {self._named(error)}")
                return
            self._snapshot = None
            self._tell(f"snapshot at {snapshot.seq} kept")

    def _on_prune(self, world: World, random: Random) -> None:
        """Let the beginning of the journal give way to an archived snapshot, a step at a time."""
        self._keeping.prune(world, random)

    def _on_backup(self, world: World, random: Random) -> None:
        """Make a backup beside the world, and open what it restores to."""
        if not self.disk.has_lied:
            self._keeping.back_up(world)

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

    def _on_beside(self, world: World, random: Random) -> None:
        """Somebody signs up, arms an alert, makes a webhook or does what goes on record."""
        beside = self._beside
        if beside is None:
            return

        def wait(name: str, work: Coroutine[Any, Any, Any], told: Callable[[Any], None]) -> None:
            self._wait_for(name, work, None, told)

        opening = beside.act(world, random, wait)
        if opening is not None:
            key = opening.registration_key
            self._send(world, opening, random, lambda told: beside.registered(key, told))

    def _on_beside_outage(self, world: World, random: Random) -> None:
        self._beside_refuses_until = self._step + random.randrange(1, 40)
        self._tell("the disk of people and the audit log is full")

    def _on_slow_disk(self, world: World, random: Random) -> None:
        """Each sync takes some seconds for a while: the world's time goes on meanwhile."""
        self.disk.sync_ns = random.choice((SECOND // 10, SECOND, 7 * SECOND))
        self._slow_until = self._step + random.randrange(1, 20)
        self._tell(f"each sync takes {self.disk.sync_ns / SECOND} s")

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
            try:
                if name.startswith(AUDIT) and self._beside_judge is not None:
                    self._beside_judge.check_whole(self.disk.folder)
                elif name.startswith(ARCHIVE):
                    self.auditor.check_archive()
                else:
                    self._check_flipped()
            except StorageError as error:
                self._tell(f"found: {self._named(error)}")
            else:
                self._tell("it changes nothing")
        self.disk.lay(left)

    def _check_flipped(self) -> None:
        """Open a world in which a bit has flipped, and hold it against what was."""
        world = None
        try:
            world = self._recover(Random(0), loses=False)
            self.auditor.check_same(world)
        finally:
            self._kill()
            self._fuse.light(0)
            self._release(world)
            self._forget_process()

    def _settle_beside(self, world: World) -> None:
        """Give everything beside the journal the time to follow it."""
        for _ in range(BESIDE_ROUNDS):
            self.clock.time_ns += SECOND
            self._turn(12)
            self._carry_all(world)
        self._latest_ns = max(self._latest_ns, self.clock.time_ns)

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
            if self._beside is not None:
                self._settle_beside(world)
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
        if self._beside_judge is not None:
            self._beside_judge.check_whole(self.disk.folder)
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
