"""The writer: the one line that every input stands in.

Promises: an input gets its seq and ts, is made durable with whatever waits beside it, and only then
is applied, shown and answered, in order. A journal that cannot be written refuses the whole group
and changes nothing. A broken invariant stops the writer for good. Must not know: HTTP, or who
waits.
"""

from collections.abc import Callable, Sequence
from time import perf_counter_ns
from typing import Final, NamedTuple

from stockyard.engine.engine import Engine
from stockyard.model.events import Event
from stockyard.model.facts import ClockTick
from stockyard.model.records import Input, Origin, Record
from stockyard.runtime.clock import Clock
from stockyard.runtime.projector import Projector
from stockyard.storage.ports import Journal, StorageUnavailable, StorageUncertain

GROUP_MAX: Final = 1024
WAITING_MAX: Final = 20_000


class Refused(Exception):
    """The writer did not take an input, and a later try may succeed.

    Nothing happened, unless the code is ``engine_stopped`` or ``journal_uncertain``: then it is not
    known, and a repeat under the same key tells, after the restart or once the disk works again.
    """

    def __init__(self, code: str, detail: str, retry_after_s: int = 1) -> None:
        super().__init__(detail)
        self.code, self.detail, self.retry_after_s = code, detail, retry_after_s


class Outcome(NamedTuple):
    """What became of an input: its record's seq and ts with its events, or the refusal.

    ``times``: when its commit began, when that was durable, and when the engine began and ended
    with it, by ``perf_counter_ns``.
    """

    seq: int
    ts: int
    events: list[Event]
    refused: Refused | None = None
    times: tuple[int, int, int, int] | None = None


Done = Callable[[Outcome], None]
Listener = Callable[[Record, list[Event]], None]


class Writer:
    """Journal, then engine, then View, then answers."""

    def __init__(
        self,
        journal: Journal,
        engine: Engine,
        projector: Projector,
        clock: Clock,
        schedule: Callable[[], None],
    ) -> None:
        self._journal, self._engine, self._projector = journal, engine, projector
        self._clock, self._schedule = clock, schedule
        self._waiting: list[tuple[Input, Origin | None, Done | None]] = []
        self._closed: Refused | None = None
        self.listener: Listener | None = None
        self._awaited_ns = 0
        self._on_sooner: Callable[[], None] | None = None
        self.failure: BaseException | None = None

    @property
    def waiting(self) -> int:
        """Inputs not yet journaled."""
        return len(self._waiting)

    def submit(
        self, message: Input, origin: Origin | None = None, done: Done | None = None
    ) -> None:
        """Line up an input; ``done`` gets its outcome. Raises ``Refused`` when the line is closed
        or full.
        """
        if self._closed is not None:
            raise self._closed
        if len(self._waiting) >= WAITING_MAX:
            raise Refused("overloaded", "too many requests are waiting; try again in a moment")
        self._waiting.append((message, origin, done))
        if len(self._waiting) == 1:
            self._schedule()

    def close(self, why: Refused) -> None:
        """Take no more inputs; what waits is still committed."""
        if self._closed is None:
            self._closed = why

    def commit(self) -> None:
        """Make one group durable and apply it; called again by schedule while inputs wait."""
        group = self._waiting[:GROUP_MAX]
        if not group:
            return
        begun_ns = perf_counter_ns()
        del self._waiting[:GROUP_MAX]
        head = self._journal.head
        ts = max(head.ts, self._engine.ts, self._clock.now_ns())
        wall = self._clock.wall_ns()
        records = [
            Record(seq, ts, wall, message, origin)
            for seq, (message, origin, _) in enumerate(group, head.seq + 1)
        ]
        refusal = self._keep(records)
        if refusal is not None:
            self._answer([done for _, _, done in group], Outcome(0, 0, [], refusal))
        else:
            self._apply(records, [done for _, _, done in group], begun_ns)
        if self._engine.next_due_ns < self._awaited_ns and self._on_sooner is not None:
            self._awaited_ns = self._engine.next_due_ns
            self._on_sooner()
        if self._waiting and self.failure is None:
            self._schedule()

    def commit_timed(self, timed: Sequence[tuple[int, Input]]) -> None:
        """Make inputs durable and apply them, each at its own time, after all that wait.

        Times do not decrease; one before the world's own counts as that. Raises ``Refused``, and
        nothing was done, when the line is closed or the journal cannot be written.
        """
        self.drain()
        if self._closed is not None:
            raise self._closed
        head, wall = self._journal.head, self._clock.wall_ns()
        least = max(head.ts, self._engine.ts)
        records = [
            Record(seq, max(ts, least), wall, message, None)
            for seq, (ts, message) in enumerate(timed, head.seq + 1)
        ]
        refusal = self._keep(records)
        if refusal is not None:
            raise refusal
        self._apply(records, [None] * len(records), 0)

    def _keep(self, records: list[Record]) -> Refused | None:
        """Make records durable; why that could not be."""
        try:
            self._projector.make_room()
            self._journal.append(records)
        except StorageUnavailable as error:
            if isinstance(error, StorageUncertain):
                why = f"whether this was kept cannot be told before the disk works again: {error}"
                return Refused("journal_uncertain", why, 5)
            return Refused("journal_unavailable", f"orders cannot be kept now: {error}", 5)
        return None

    def _answer(self, waiting: list[Done | None], outcome: Outcome) -> None:
        for done in waiting:
            if done is not None:
                done(outcome)

    def _apply(self, records: list[Record], waiting: list[Done | None], begun_ns: int) -> None:
        engine, projector, listener = self._engine, self._projector, self.listener
        kept_ns = applying_ns = applied_ns = perf_counter_ns()
        for index, record in enumerate(records):
            events: list[Event] = []
            done = waiting[index]
            try:
                if done is None:
                    engine.apply(record.seq, record.ts, record.input, events)
                else:
                    applying_ns = perf_counter_ns()
                    engine.apply(record.seq, record.ts, record.input, events)
                    applied_ns = perf_counter_ns()
                projector.fold(record, events)
            except BaseException as error:
                self._fail(error, waiting[index:])
                raise
            if listener is not None:
                listener(record, events)
            if done is not None:
                times = (begun_ns, kept_ns, applying_ns, applied_ns)
                done(Outcome(record.seq, record.ts, events, None, times))

    def _fail(self, error: BaseException, waiting: list[Done | None]) -> None:
        self.failure = error
        self._closed = Refused(
            "engine_stopped",
            "the engine stopped on a broken invariant; whether this was done shows after a restart,"
            " by sending it again under the same key",
            30,
        )
        outcome = Outcome(0, 0, [], self._closed)
        self._answer(waiting, outcome)
        self._answer([done for _, _, done in self._waiting], outcome)
        self._waiting.clear()

    def drain(self) -> None:
        """Commit until nothing waits."""
        while self._waiting and self.failure is None:
            self.commit()

    def await_due(self, on_sooner: Callable[[], None]) -> int:
        """When the engine has something due; ``on_sooner`` is called once if that comes nearer."""
        self._awaited_ns, self._on_sooner = self._engine.next_due_ns, on_sooner
        return self._awaited_ns

    def tick_if_due(self) -> None:
        """Line up a ``ClockTick`` when the engine has something due and nothing waits that will
        bring the time along.
        """
        if self._closed is not None or self._waiting:
            return
        if self._engine.next_due_ns <= self._clock.now_ns():
            self.submit(ClockTick())
