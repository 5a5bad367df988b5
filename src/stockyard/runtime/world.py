"""A world: one engine with its journal, View, projections, clock and hub, and the ways in and out.

Promises: several worlds live in one process without knowing of each other. Everything here is
synchronous; ``execute`` alone waits, on the caller's event loop. Must not know: HTTP, files,
config.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor
from threading import Lock
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from stockyard.engine.engine import COMPILED, Engine
from stockyard.model.commands import Command, PlaceOrder
from stockyard.model.events import Event
from stockyard.model.facts import ControlUsed
from stockyard.model.ids import PublicIds
from stockyard.model.previews import AccountStanding, OpenLot, OrderPreview
from stockyard.model.records import Input, Origin, Record
from stockyard.model.state import OutcomeState
from stockyard.projections.store import ReadStore
from stockyard.projections.view import View
from stockyard.runtime.alert_watch import AlertWatch
from stockyard.runtime.archiving import Archiving
from stockyard.runtime.clock import Clock
from stockyard.runtime.feed_runner import FeedRunner
from stockyard.runtime.hub import Hub
from stockyard.runtime.market_data import MarketData
from stockyard.runtime.projector import Projector
from stockyard.runtime.recovery import Start
from stockyard.runtime.reference import Reference
from stockyard.runtime.tally import Tally
from stockyard.runtime.writer import Outcome, Refused, Writer
from stockyard.storage.ports import Journal, Snapshots, StorageUnavailable
from stockyard.storage.troubles import Troubles
from stockyard.telemetry.breaker import Breakers
from stockyard.telemetry.traces import CURRENT, Part, Spent

if TYPE_CHECKING:
    from stockyard.runtime.sim_clock import SimClock

QUERY_WAIT_S: Final = 5.0
READ_TRIES: Final = 4
"""Batches that may fail before a query does: the first that fails may lack what it waits for."""
READ_ONLY_S: Final = 60
"""After so long it may be worth asking again whether something can be changed."""
CONTROL_DETAIL_MAX: Final = 4_000
"""Characters that are kept of what was asked of a test control."""
ENGINE_IS_COMPILED: Final = COMPILED
"""Whether the engine runs compiled here; nothing depends on it but speed."""
T = TypeVar("T")


class ReadOnly(NamedTuple):
    """Why a world takes nothing, and up to which input, of what time, it shows its state."""

    reason: str
    seq: int
    ts: int

    @property
    def refusal(self) -> Refused:
        """What whoever wants to change something is told."""
        return Refused("read_only", f"nothing can be changed here: {self.reason}", READ_ONLY_S)


class World:
    """The parts of one world, wired together by ``app``."""

    def __init__(
        self,
        journal: Journal,
        snapshots: Snapshots,
        store: ReadStore,
        engine: Engine,
        projector: Projector,
        view: View,
        clock: Clock,
        schedule: Callable[[], None],
        queries: Executor,
        alerts: AlertWatch | None = None,
        troubles: Troubles | None = None,
    ) -> None:
        self.journal, self.snapshots, self.store = journal, snapshots, store
        self.engine, self.projector, self.view, self.clock = engine, projector, view, clock
        self.hub = Hub()
        self.alerts = AlertWatch() if alerts is None else alerts
        if alerts is None:
            self.alerts.begin(view, journal)
            projector.before = self.alerts.settle
        self.troubles = troubles or Troubles()
        self.writer = Writer(journal, engine, projector, clock, schedule)
        self.writer.part = self.troubles.part("journal")
        self.tally = Tally()
        self.writer.listener = self._told
        self.on_record: Callable[[Record, list[Event]], None] | None = None
        self.market = MarketData(self.writer)
        self.market.listener = self.hub.publish_market
        self.market.on_turn = self.hub.pass_time
        self.ids = PublicIds(view.world_id)
        self.feeds: list[FeedRunner] = []
        self.breakers = Breakers(time.monotonic)
        self.reference = Reference(clock)
        self.sim_clock: SimClock | None = None
        self.start = Start()
        self.read_only: ReadOnly | None = None
        self.archiving: Archiving | None = None
        self.storing = Lock()
        self.stored_seq = 0
        self._queries = queries
        self._in_flight: set[tuple[int, str]] = set()

    def _told(self, record: Record, events: list[Event]) -> None:
        self.tally.note(record, events)
        self.alerts.note(record, events)
        self.hub.publish(record, events)
        if self.on_record is not None:
            self.on_record(record, events)

    async def use_control(self, action: str, detail: str, origin: Origin) -> Outcome:
        """Journal that a test control is used, and wait until that is durable. Raises ``Refused``.

        ``detail`` is cut at ``CONTROL_DETAIL_MAX``.
        """
        return await self.execute(ControlUsed(action, detail[:CONTROL_DETAIL_MAX]), origin)

    async def execute(self, command: Command | ControlUsed, origin: Origin) -> Outcome:
        """Send a command and wait until it is durable and applied.

        Raises ``Refused`` when nothing was done. A command whose key is on its way already is
        refused with ``request_in_flight``.
        """
        keys = self._keys(command)
        for key in keys:
            if key in self._in_flight:
                raise Refused("request_in_flight", "the same request is being worked on right now")
        trace, lined_up_ns = CURRENT.get(), time.perf_counter_ns()
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

        def done(outcome: Outcome) -> None:
            self._in_flight.difference_update(keys)
            if not future.done():
                future.set_result(outcome)

        self.writer.submit(command, origin, done)
        self._in_flight.update(keys)
        outcome = await future
        if outcome.refused is not None:
            raise outcome.refused
        if trace is not None and outcome.times is not None:
            trace.decided(command, outcome.seq, lined_up_ns, outcome.times)
        return outcome

    def _keys(self, command: Input) -> list[tuple[int, str]]:
        """The names under which a twin of this command would be recognised."""
        account_id = getattr(command, "account_id", 0)
        found = []
        for prefix, field in (
            ("k", "idempotency_key"),
            ("c", "client_order_id"),
            ("r", "registration_key"),
        ):
            value = getattr(command, field, "")
            if value:
                found.append((account_id, prefix + value))
        return found

    def adopt_id(self) -> None:
        """Make public ids from the world's id, once it has one."""
        self.ids = PublicIds(self.view.world_id)

    def preview(self, command: PlaceOrder) -> OrderPreview:
        """What would happen to this order now; nothing is journaled."""
        return self.engine.preview(command, self.clock.now_ns())

    def trail(self, account_id: int, order_id: int) -> tuple[int, int]:
        """Extreme and stop, scaled, of a trailing stop that waits; (0, 0) for any other order."""
        return self.engine.trail(account_id, order_id)

    def standing(self, account_id: int) -> AccountStanding:
        """How an account stands now."""
        return self.engine.standing(account_id, self.clock.now_ns())

    def open_lots(self, account_id: int, instrument_id: int) -> list[OpenLot]:
        """The lots of an account's position now, oldest first."""
        return self.engine.open_lots(account_id, instrument_id)

    def outcomes(self, account_id: int) -> tuple[OutcomeState, ...]:
        """An account's planned outcomes, and the last that were used up, oldest first."""
        return self.engine.outcomes(account_id)

    async def query(self, read: Callable[[ReadStore], T]) -> T:
        """Read from SQL, after it has caught up with what the View shows now."""
        if self.projector.readable_seq < self.view.seq:
            with Spent(Part.CATCHING_UP):
                await self._readable(self.view.seq)
        with Spent(Part.DATABASE, "projections"):
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._queries, read, self.store)

    async def caught_up(self, seq: int) -> None:
        """Wait until the projections have durably passed ``seq``; ``Refused`` after a while."""
        deadline = asyncio.get_running_loop().time() + QUERY_WAIT_S
        while self.projector.durable.seq < seq:
            future = self.projector.begin()
            if future is None:
                return
            try:
                async with asyncio.timeout_at(deadline):
                    await asyncio.shield(asyncio.wrap_future(future))
            except TimeoutError:
                raise Refused("projections_behind", "history is catching up; try again") from None
            self.projector.begin()

    async def _readable(self, seq: int) -> None:
        """Wait until ``seq`` can be read, whether the tables can be written or not."""
        for tries in range(READ_TRIES):
            try:
                await self.caught_up(seq)
                return
            except StorageUnavailable:
                if self.projector.readable_seq >= seq:
                    return
                if tries == READ_TRIES - 1:
                    raise

    def halt(self, why: Refused) -> None:
        """Take no more inputs, and commit what waits."""
        self.writer.close(why)
        self.writer.drain()

    def close(self) -> None:
        """Carry everything to SQL and release the files."""
        if self.writer.failure is None:
            self.projector.flush()
        self.store.close()
        self.snapshots.close()
        self.journal.close()
