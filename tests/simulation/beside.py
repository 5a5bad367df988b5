"""What runs beside the journal in a simulated process: people with alerts, mails and webhooks, and
the audit log.

Promises: the same tasks as a server's, on the story's clock and loop, over databases on the story's
disk; the judge hears of everything that was promised to anybody. Must not know: what is right, or
what fails.
"""

import asyncio
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any, TypeVar

from stockyard.api.registering import complete_unfinished, opening_command
from stockyard.model.commands import OpenAccount
from stockyard.model.events import AccountOpened
from stockyard.people.alerts import Alert, AlertKind, AlertTerms, Arming, Direction, Since, Watched
from stockyard.people.audit import Act
from stockyard.people.audit_log import AuditLog
from stockyard.people.directory import People
from stockyard.people.errors import UserError
from stockyard.people.identity import Role
from stockyard.people.registration import Opening
from stockyard.people.webhooks import Webhook
from stockyard.runtime.auditing import Auditor
from stockyard.runtime.hub import StreamEvent
from stockyard.runtime.mailer import Mailer
from stockyard.runtime.webhooks import Told, WebhookTeller
from stockyard.runtime.world import World
from stockyard.runtime.writer import Outcome
from stockyard.storage.ports import StorageError
from tests.simulation.beside_judge import BesideJudge
from tests.simulation.faults import SimulatedLoop
from tests.simulation.outside import Outside

USERS_MAX = 3
HOOKS_MAX = 2
STARTING_MICROS = 100_000_000_000
PROFILES = (1, 2, 3)
KIND = "event"
"""The one kind under which webhooks are told of everything here."""
NOTED = "people.noted"
T = TypeVar("T")
Tell = Callable[[str], None]
Wait = Callable[[str, Coroutine[Any, Any, Any], Callable[[Any], None]], None]


class Beside:
    """The process beside the world, and the hands of those who use it."""

    def __init__(self, seed: int, judge: BesideJudge, outside: Outside, tell: Tell) -> None:
        self._judge, self._outside, self._tell = judge, outside, tell
        self._chance = Random(f"beside {seed}")
        self._users = self._hooks = self._acts = 0
        self._people: People | None = None
        self._log: AuditLog | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def random_bytes(self, count: int) -> bytes:
        """What ids are made of, never the same again."""
        made = self._chance.randbytes(count)
        self._judge.drawn(made)
        return made

    # The process.

    def opened(self, people: People, log: AuditLog) -> None:
        """The databases are open."""
        self._people, self._log = people, log

    def begin(self, world: World, loop: SimulatedLoop) -> None:
        """Start the tasks of a server."""
        people, log = self._open()
        world.alerts.serve(people, lambda work: work(people), world.clock.wall_ns)
        auditor = Auditor(world, log, loop.executor)
        teller = WebhookTeller(
            world, people, self._write, _words, self._outside.send, Random(self._chance.random())
        )
        mailer = Mailer(people.outbox, self._outside, _at_once, world.clock.wall_ns)
        self._auditor = auditor
        jobs = (mailer.run(), teller.run(), auditor.keep())
        self._tasks = [loop.create_task(job) for job in jobs]

    def complete(self, world: World, loop: SimulatedLoop) -> None:
        """Finish what a crash left half done, as before the door opens."""
        people, _ = self._open()
        for registration in people.unfinished():
            self._judge.wished(opening_command(registration))
        task = loop.create_task(complete_unfinished(world, people))
        while not task.done():
            loop.turn()
            world.writer.commit()
        done = task.result()
        if done:
            self._tell(f"{done} registrations finished")

    def check_alive(self) -> None:
        """Raise what ended a task that never ends."""
        for task in self._tasks:
            if task.done():
                task.result()
                raise AssertionError(f"{task} has ended")

    def let_go(self) -> None:
        """The process is gone."""
        self._tasks, self._people, self._log = [], None, None

    def _open(self) -> tuple[People, AuditLog]:
        assert self._people is not None, "nothing is open"
        assert self._log is not None, "nothing is open"
        return self._people, self._log

    async def _write(self, work: Callable[[People], T]) -> T:
        return work(self._open()[0])

    # What people do.

    def act(self, world: World, random: Random, wait: Wait) -> OpenAccount | None:
        """Somebody does something; what the engine is to be sent for it, if anything."""
        draw = random.random()
        try:
            if not self._users or (draw < 0.15 and self._users < USERS_MAX):
                return self._sign_up(world, random)
            if draw < 0.62:
                self._arm(world, random)
            elif draw < 0.70:
                self._rearm(world, random)
            elif draw < 0.76:
                self._delete(world, random)
            elif draw < 0.84:
                self._hook(world, random)
            elif draw < 0.92:
                self._note(world, wait)
            else:
                world.alerts.settle()
        except StorageError as error:
            self._tell(f"beside: {type(error).__name__}")
        except UserError as error:
            self._tell(f"beside: {error.code}")
        return None

    def registered(self, key: str, outcome: Outcome) -> None:
        """The engine has answered an opening: tell the people."""
        opened = [event for event in outcome.events if isinstance(event, AccountOpened)]
        people, _ = self._open()
        try:
            if opened:
                people.complete_registration(key, opened[0].account_id)
                self._tell(f"registration {key[:8]} has account {opened[0].account_id}")
        except StorageError as error:
            self._tell(f"registration {key[:8]}: {type(error).__name__}")

    def _sign_up(self, world: World, random: Random) -> OpenAccount:
        self._users += 1
        opening = Opening("Main", random.choice(PROFILES), STARTING_MICROS)
        registration = self._open()[0].begin_registration(
            "Somebody", f"user{self._users}@example.com", "a hash", Role.USER, opening,
            world.clock.wall_ns(),
        )  # fmt: skip
        command = opening_command(registration)
        self._judge.wished(command)
        self._tell(f"user {self._users} signs up")
        return command

    def _owned(self, random: Random) -> tuple[str, int] | None:
        holders = self._open()[0].holders()
        if not holders:
            return None
        user_id, account_ids = random.choice(holders)
        return user_id, account_ids[0]

    def _arm(self, world: World, random: Random) -> None:
        owned = self._owned(random)
        if owned is None:
            return
        instrument_id, row = random.choice(sorted(world.view.quotes.items()))
        watched, now = random.choice(
            ((Watched.LAST, row.last_price), (Watched.BID, row.bid), (Watched.ASK, row.ask))
        )
        level = max(1, now * random.choice((9_000, 9_950, 9_990, 9_999, 10_001, 10_010, 11_000)))
        direction = random.choice((Direction.ABOVE, Direction.BELOW))
        terms = AlertTerms(
            AlertKind.PRICE, instrument_id, direction, max(1, level // 10_000), watched,
            Since.ARMING, 0,
        )  # fmt: skip
        people, email = self._open()[0], random.random() < 0.5
        arming = Arming(world.view.seq, world.clock.wall_ns())
        self._watch(world, people.alerts.create(*owned, terms, "", email, arming))

    def _watch(self, world: World, alert: Alert) -> None:
        """Watch for an alert; what is met at once fires before anybody is told that it is armed."""
        world.alerts.put(alert)
        world.alerts.take_in()
        world.alerts.settle()
        self._judge.armed(alert)
        self._tell(f"alert {alert.id[:8]} is armed ({alert.arming}) at {alert.armed_seq}")

    def _some_alert(self, random: Random, status: str | None) -> Alert | None:
        owned = self._owned(random)
        if owned is None:
            return None
        found = self._open()[0].alerts.of_account(owned[1], status)
        return random.choice(found) if found else None

    def _rearm(self, world: World, random: Random) -> None:
        found = self._some_alert(random, "fired")
        if found is None:
            return
        arming = Arming(world.view.seq, world.clock.wall_ns())
        alerts = self._open()[0].alerts
        self._watch(world, alerts.change(found, found.terms, "", found.email, arming))

    def _delete(self, world: World, random: Random) -> None:
        found = self._some_alert(random, None)
        if found is None:
            return
        self._judge.deleting(found.id)
        gone = self._open()[0].alerts.delete(found.account_id, found.id)
        world.alerts.drop(gone.id)
        world.alerts.take_in()
        self._tell(f"alert {gone.id[:8]} is deleted")

    def _hook(self, world: World, random: Random) -> None:
        owned = self._owned(random)
        if owned is None or self._hooks >= HOOKS_MAX:
            return
        self._hooks += 1
        cursor = world.hub.last_name(owned[1])
        url = f"https://example.com/{self._hooks}"
        made, _ = self._open()[0].webhooks.create(
            *owned, "", url, (KIND,), cursor, world.clock.wall_ns()
        )
        self._judge.hooked(made)
        self._tell(f"webhook {self._hooks} follows on {cursor}")

    def _note(self, world: World, wait: Wait) -> None:
        self._acts += 1
        name = f"act-{self._acts}"
        act = Act(
            at_ns=world.clock.wall_ns(), kind=NOTED, actor="anyone", subject=name, request_id=name
        )
        wait(name, self._auditor.note(act), lambda _: self._judge.noted(name))


async def _at_once(work: Callable[[], None]) -> None:
    work()


def _words(hook: Webhook, told: StreamEvent) -> Told:
    return Told(KIND, type(told.event).__name__, f"{hook.id} {told.seq}-{told.idx}")
