"""What users are told beside their accounts' events: alerts that fired, and how much of the inbox
is not read.

Promises: an alert is told on streams only once it is durable; what is told of the inbox is what it
holds by then. Must not know: sockets, or when an alert is due.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from threading import Lock
from typing import Any, Final

import msgspec

from stockyard.api.alert_answers import shown_firing
from stockyard.api.desk import PeopleDesk
from stockyard.api.problems import Problem
from stockyard.api.wire import Shared
from stockyard.people.directory import People
from stockyard.runtime.world import World
from stockyard.storage.ports import StorageError

_log: Final = logging.getLogger("stockyard.api")
RETRY_S: Final = 1.0
"""After what fired could not be kept."""
_encode: Final = msgspec.json.Encoder().encode


class Notices:
    """Has alerts settled, and tells those who listen. ``tell_account`` hands a message to everyone
    who follows an account.
    """

    def __init__(self, world: World, desk: PeopleDesk) -> None:
        self._world, self._desk = world, desk
        self.tell_account: Callable[[int, Shared], None] = _nobody
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stirred: dict[str, None] = {}
        self._turn = Lock()
        self._settling: asyncio.Task[None] | None = None
        self._is_due = False
        watch = world.alerts
        watch.serve(desk.people, self._alone, world.clock.wall_ns)
        watch.on_noted, watch.on_settled = self._on_noted, self._on_settled
        desk.people.inbox.on_put = self._on_put

    @property
    def is_busy(self) -> bool:
        """Whether something is being kept, or waits to be told."""
        return self._is_due or self._settling is not None or self._world.alerts.has_noted

    def begin(self) -> None:
        """Tell whoever listens on the loop that runs now."""
        self._loop = asyncio.get_running_loop()

    def _alone(self, work: Callable[[People], None]) -> None:
        self._desk.alone(work)

    # Settling.

    def _on_noted(self) -> None:
        if self._settling is None:
            with suppress(RuntimeError):
                # Outside a loop the projections have it settled.
                self._settling = asyncio.get_running_loop().create_task(self._settle())

    async def _settle(self) -> None:
        watch = self._world.alerts
        try:
            while watch.has_noted:
                try:
                    await self._desk.write(watch.settle_some)
                except (Problem, StorageError) as error:
                    _log.warning("alerts that fired could not be kept, trying again: %s", error)
                    await asyncio.sleep(RETRY_S)
        finally:
            self._settling = None

    async def settle_left(self) -> None:
        """Settle what a crash left met: no input may follow that would have it done. What cannot
        be kept now is tried again.
        """
        try:
            while self._world.alerts.has_noted:
                await self._desk.write(self._world.alerts.settle_some)
        except (Problem, StorageError):
            self._on_noted()

    async def close(self) -> None:
        """Do not try any longer; the projections have settled what is left before they end."""
        if self._settling is not None:
            self._settling.cancel()
            await asyncio.gather(self._settling, return_exceptions=True)

    # Telling.

    def _on_settled(self) -> None:
        self._call_soon()

    def _on_put(self, user_id: str) -> None:
        with self._turn:
            self._stirred[user_id] = None
        self._call_soon()

    def _call_soon(self) -> None:
        if self._loop is not None and not self._is_due:
            self._is_due = True
            # A loop that is closed has nobody who listens.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        self._is_due = False
        with self._turn:
            stirred, self._stirred = self._stirred, {}
        inboxes: list[tuple[int, Shared]] = []
        if stirred:
            # Whoever put it may not have ended the transaction yet: nobody writes meanwhile.
            try:
                inboxes = self._desk.alone(lambda people: _counts(people, stirred))
            except Problem:
                self._tell_later(stirred)
        world = self._world
        for fired in world.alerts.take_settled():
            told = shown_firing(fired, world.ids, world.view)
            self.tell_account(fired.account_id, notice("alert", alert=told))
        for account_id, count in inboxes:
            self.tell_account(account_id, count)

    def _tell_later(self, stirred: dict[str, None]) -> None:
        """The disk is slow: what there is to be read is told in a while."""
        with self._turn:
            self._stirred = {**stirred, **self._stirred}
        if self._loop is not None and not self._is_due:
            self._is_due = True
            self._loop.call_later(RETRY_S, self._tell)


def _counts(people: People, users: Iterable[str]) -> list[tuple[int, Shared]]:
    """For each account of these users, how much they have not read."""
    found = []
    for user_id in users:
        told = notice("inbox", unread=people.inbox.unread(user_id))
        for account in people.accounts(user_id):
            if account.account_id is not None:
                found.append((account.account_id, told))
    return found


def notice(kind: str, **said: Any) -> Shared:
    """A frame that is not resumed from."""
    return Shared(kind, _encode({"type": kind, **said}))


def _nobody(account_id: int, shared: Shared) -> None:
    """Nobody listens."""
