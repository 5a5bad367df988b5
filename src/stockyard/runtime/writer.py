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
from stockyard.runtime.aside import Aside
from stockyard.runtime.clock import Clock
from stockyard.runtime.projector import Projector
from stockyard.storage.ports import Journal, StorageUnavailable, StorageUncertain
from stockyard.storage.troubles import Part

GROUP_MAX: Final = 1024
WAITING_MAX: Final = 20_000
PATIENCE_S: Final = 2.0
"""A write that is under way for longer holds up nobody else: requests behind it are refused."""
ANSWER_S: Final = 10.0
"""The longest that anybody waits for the write that holds their own request."""
ENGINE_STOPPED: Final = "engine_stopped"
JOURNAL_UNCERTAIN: Final = "journal_uncertain"
UNKNOWN: Final = (ENGINE_STOPPED, JOURNAL_UNCERTAIN)
"""The refusals after which it is not known what was done."""


class Refused(Exception):
    """The writer did not take an input, and a later try may succeed.

    Nothing happened, unless the code is one of ``UNKNOWN``: then it is not known, and a repeat
    under the same key tells, after the restart or once the disk works again.
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
Waiting = tuple[Input, Origin | None, Done | None]
Listener = Callable[[Record, list[Event]], None]


class _Group(NamedTuple):
    """Records that are being written beside the loop, and who waits for each."""

    records: list[Record]
    waiting: list[Waiting]
    begun_ns: int


class Writer:
    """Journal, then engine, then View, then answers.

    ``aside``: where the journal is written while its disk is slow; None: nowhere but here.
    ``part`` is told how writing went.
    """

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
        self._waiting: list[Waiting] = []
        self._under_way: _Group | None = None
        self.aside: Aside | None = None
        self.part = Part("journal")
        self._closed: Refused | None = None
        self.listener: Listener | None = None
        self._awaited_ns = 0
        self._on_sooner: Callable[[], None] | None = None
        self.failure: BaseException | None = None

    @property
    def waiting(self) -> int:
        """Inputs not yet journaled."""
        return len(self._waiting) + (len(self._under_way.records) if self._under_way else 0)

    @property
    def is_writing(self) -> bool:
        """Whether the journal is being written beside the loop just now."""
        return self._under_way is not None

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
        if origin is not None and self._held_up_s() > PATIENCE_S:
            raise self._too_slow()
        self._waiting.append((message, origin, done))
        if len(self._waiting) == 1:
            self._schedule()

    def close(self, why: Refused) -> None:
        """Take no more inputs; what waits is still committed."""
        if self._closed is None:
            self._closed = why

    def commit(self) -> None:
        """Make one group durable and apply it; called again by schedule while inputs wait."""
        if self._under_way is not None:
            if self.aside is not None and self.aside.is_done:
                self._finish()
            return
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
        if self.aside is not None and self.aside.is_slow:
            self._begin(self.aside, _Group(records, group, begun_ns))
        else:
            self._settle(_Group(records, group, begun_ns), self._keep(records))

    def _begin(self, aside: Aside, group: _Group) -> None:
        refusal = self._room()
        if refusal is not None:
            self._settle(group, refusal)
            return
        self._under_way = group
        aside.begin(lambda: self._journal.append(group.records))

    def _finish(self) -> None:
        """Go on with the group that was written aside, when that has ended; wait for it if need
        be.
        """
        group, aside = self._under_way, self.aside
        assert group is not None
        assert aside is not None
        self._under_way = None
        refusal = None
        try:
            aside.finish()
        except StorageUnavailable as error:
            refusal = self._failed(error)
        else:
            self._went_well()
        self._settle(group, refusal)

    def _settle(self, group: _Group, refusal: Refused | None) -> None:
        """Apply and answer a group that is durable, or refuse it; then see to the next."""
        waiting = [done for _, _, done in group.waiting]
        if refusal is not None:
            self._answer(waiting, Outcome(0, 0, [], refusal))
        else:
            self._apply(group.records, waiting, group.begun_ns)
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
        refusal = self._room()
        if refusal is not None:
            return refusal
        begun_ns = perf_counter_ns()
        try:
            self._journal.append(records)
        except StorageUnavailable as error:
            return self._failed(error)
        self.note((perf_counter_ns() - begun_ns) / 1e9)
        return None

    def note(self, took_s: float) -> None:
        """A write of the journal on the loop, whoever's, succeeded and took so long."""
        if self.aside is not None:
            self.aside.note(took_s)
        self._went_well()

    def _room(self) -> Refused | None:
        """Make room in the projector for what comes; why that could not be."""
        try:
            self._projector.make_room()
        except StorageUnavailable as error:
            return _unavailable(error)
        return None

    def _failed(self, error: StorageUnavailable) -> Refused:
        self.part.failed(error)
        if isinstance(error, StorageUncertain):
            return _uncertain(error.reason)
        return _unavailable(error)

    def _went_well(self) -> None:
        if self.aside is not None and self.aside.is_slow:
            self.part.suffers(f"the disk is slow: a write took {self.aside.slowest_s:.1f} s")
        else:
            self.part.works()

    @property
    def is_slow(self) -> bool:
        """Whether a write of the journal on the loop would hold everything up."""
        return self.aside is not None and self.aside.is_slow

    def _held_up_s(self) -> float:
        return self.aside.under_way_s if self.aside is not None else 0.0

    def _too_slow(self) -> Refused:
        why = f"the disk is slow: a write is under way for {self._held_up_s():.0f} s"
        return Refused("overloaded", why, 2)

    def look(self) -> None:
        """Refuse requests that stand behind a write which takes too long; call it now and then.

        What stands in the line without a request, such as the market's facts, stays in it.
        """
        held_up_s = self._held_up_s()
        if self._under_way is None or held_up_s <= PATIENCE_S:
            return
        self.part.suffers(f"the disk is slow: a write is under way for {held_up_s:.0f} s")
        self._waiting = self._refuse(self._waiting, self._too_slow(), is_over=True)
        if held_up_s > ANSWER_S:
            refusal = _uncertain(f"a write is under way for {held_up_s:.0f} s")
            group = self._under_way
            left = self._refuse(group.waiting, refusal, is_over=False)
            self._under_way = group._replace(waiting=left)

    def _refuse(self, some: list[Waiting], refusal: Refused, *, is_over: bool) -> list[Waiting]:
        """Answer requests with a refusal; what is left of the line. Not ``is_over``: what they
        asked for may still be done, and nobody waits for it any more.
        """
        left: list[Waiting] = []
        for message, origin, done in some:
            if origin is None or done is None:
                left.append((message, origin, done))
                continue
            done(Outcome(0, 0, [], refusal))
            if not is_over:
                left.append((message, origin, None))
        return left

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
            ENGINE_STOPPED,
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
        while (self._waiting or self._under_way is not None) and self.failure is None:
            if self._under_way is not None:
                self._finish()
            else:
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


def _unavailable(error: StorageUnavailable) -> Refused:
    return Refused("journal_unavailable", f"orders cannot be kept now: {error.reason}", 5)


def _uncertain(reason: str) -> Refused:
    why = "whether this was kept cannot be told before the disk works again"
    return Refused(JOURNAL_UNCERTAIN, f"{why}: {reason}", 5)
