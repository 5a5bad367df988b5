"""Tells webhooks what happened: reads accounts' events behind a cursor, and sends what waits.

Promises: events come from the durable tables, in order, so nothing is missed over a restart and
nothing waits in memory alone; one delivery at a time to each webhook and so many in all; a webhook
that is full, rests or is switched off holds up no other; nobody is told anything for a user who may
not act. Must not know: HTTP of the house, or how a frame is made.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from random import Random
from typing import Final, NamedTuple, Protocol, TypeVar

from stockyard.model.events import Event
from stockyard.people.deliveries import Delivery, Item, Outcome
from stockyard.people.directory import People
from stockyard.people.sealing import SealError
from stockyard.people.users import may_act
from stockyard.people.webhooks import Webhook
from stockyard.runtime.hub import StreamEvent
from stockyard.runtime.world import World
from stockyard.runtime.writer import Refused
from stockyard.storage.ports import StorageError

LOG: Final = logging.getLogger("stockyard.webhooks")
LOOK_S: Final = 0.25
"""How often what is new and what is due is looked for."""
TROUBLE_S: Final = 5.0
BATCH: Final = 100
"""Events that are put in line for one webhook at once."""
SENDING_MAX: Final = 20
RUN_MAX: Final = 50
"""Deliveries to one webhook before others have their turn."""
T = TypeVar("T")


class Told(NamedTuple):
    """An event in words: its kind and name, and what is sent of it."""

    kind: str
    event: str
    body: str


Tell = Callable[[Webhook, StreamEvent], Told]


class Write(Protocol):
    """Runs work on the people where nobody else writes; may wait."""

    def __call__(self, work: Callable[[People], T]) -> Awaitable[T]:
        """The work's result."""


class Send(Protocol):
    """Tries a delivery once."""

    async def __call__(self, url: str, delivery_id: str, secret: bytes, body: bytes) -> Outcome:
        """What came of it."""


class WebhookTeller:
    """The task that serves all webhooks of a world."""

    def __init__(
        self,
        world: World,
        people: People,
        write: Write,
        tell: Tell,
        send: Send,
        chance: Random | None = None,
    ) -> None:
        self._world, self._people, self._write = world, people, write
        self._tell, self._send = tell, send
        self._chance = Random() if chance is None else chance
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._troubled = False

    async def run(self) -> None:
        """Serve until canceled."""
        try:
            while True:
                await asyncio.sleep(await self._turn())
        finally:
            tasks = list(self._sending.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _turn(self) -> float:
        """Look once; seconds until the next look."""
        try:
            await self.put_in_line()
            await self.send_due()
        except (StorageError, Refused) as error:
            if not self._troubled:
                LOG.warning("webhooks are not served, trying again: %s", error)
            self._troubled = True
            return TROUBLE_S
        self._troubled = False
        return LOOK_S

    async def put_in_line(self) -> int:
        """Put what is new in line for every webhook that has room; how many deliveries."""
        count = 0
        for hook in self._people.webhooks.active():
            behind = self._world.hub.last_name(hook.account_id) > hook.cursor
            if behind and self._people.deliveries.room(hook.id) >= BATCH and self._may(hook):
                count += await self._follow(hook)
        return count

    async def _follow(self, hook: Webhook) -> int:
        """Put the next events of an account in line for one webhook."""
        before = hook.cursor
        found: list[tuple[int, int, int, Event]] = await self._world.query(
            lambda store: store.events_after(hook.account_id, *before, BATCH)
        )
        if not found:
            return 0
        items, last = [], before
        for seq, idx, ts, event in found:
            told = self._tell(hook, StreamEvent(seq, idx, ts, event, last))
            last = (seq, idx)
            if hook.wants(told.kind, told.event):
                items.append(Item(f"{told.kind}.{told.event}", f"{seq}-{idx}", told.body))
        now_ns = self._world.clock.wall_ns()
        return await self._write(
            lambda people: people.deliveries.put(hook.id, before, last, items, now_ns)
        )

    async def send_due(self) -> int:
        """Begin to send what is due; to how many webhooks."""
        room = SENDING_MAX - len(self._sending)
        if room <= 0 or not self._people.deliveries.is_waiting:
            return 0
        now_ns, busy = self._world.clock.wall_ns(), frozenset(self._sending)
        found = await self._write(lambda people: people.deliveries.due(now_ns, busy))
        begun = [hook for hook in found if self._may(hook)][:room]
        for hook in begun:
            self._sending[hook.id] = asyncio.ensure_future(self._serve(hook.id))
        return len(begun)

    async def settled(self) -> None:
        """Wait until nothing is being sent."""
        while self._sending:
            await asyncio.gather(*self._sending.values())

    def _may(self, hook: Webhook) -> bool:
        user = self._people.user(hook.user_id)
        return user is not None and may_act(user)

    async def _serve(self, hook_id: str) -> None:
        """Send to one webhook what is due, one after the other; others have their turn then."""
        try:
            for _ in range(RUN_MAX):
                found = await self._write(partial(_next_due, hook_id, self._world.clock.wall_ns()))
                if found is None or not self._may(found[0]):
                    return
                await self._try(*found)
        except StorageError as error:
            # What became of it is not kept: it waits, and goes out again under the same id.
            LOG.warning("a delivery to the webhook %s is not kept: %s", hook_id, error)
            await asyncio.sleep(TROUBLE_S)
        finally:
            self._sending.pop(hook_id, None)

    async def _try(self, hook: Webhook, delivery: Delivery) -> None:
        """Try one delivery, and keep what came of it."""
        try:
            secret = self._people.webhooks.secret(hook)
            outcome = await self._send(hook.url, delivery.id, secret, delivery.body.encode())
        except SealError as error:
            outcome = Outcome(0, f"its secret cannot be read: {error}", 0)
        jitter = self._chance.uniform(-1, 1)
        now_ns = self._world.clock.wall_ns()
        await self._write(lambda people: people.deliveries.note(delivery, outcome, now_ns, jitter))


def _next_due(hook_id: str, now_ns: int, people: People) -> tuple[Webhook, Delivery] | None:
    return people.deliveries.next_due(hook_id, now_ns)
