"""Playback: a recorded day and scripted orders through a world of their own, and what came of it.

Promises: every record carries the exact market time of its fact or order; an order sent at a time
meets all facts known up to that time and none known later; every input goes through the journal and
the engine as a live one would. The same recording, orders and terms give the same state, also when
a playback was cut off and goes on. Must not know: files, formats, or how results are shown.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from hashlib import blake2b
from typing import Final, NamedTuple

from stockyard.market.calendars import CALENDAR_NAMES, sessions
from stockyard.market.catalog import DEFAULT_FEES, DEFAULT_LIMITS, DEFAULT_PROFILES
from stockyard.model.codes import AssetClass
from stockyard.model.commands import OpenAccount
from stockyard.model.events import AccountOpened, Event, OrderAccepted, OrderChangeSent
from stockyard.model.facts import (
    ClockTick,
    InstrumentListed,
    LimitsSet,
    ProfileDefined,
    Quote,
    SessionsScheduled,
    Trade,
    WorldCreated,
)
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import LEGS_MAX
from stockyard.model.records import Input, Origin, Record
from stockyard.runtime.clock import RecordedClock
from stockyard.runtime.order_script import REPLACE, MarketDays, ScriptedOrder
from stockyard.runtime.world import World

GROUP_MAX: Final = 1024
"""Facts that share a commit at most; it changes their durability together, never their times."""
PROJECTED_GROUPS: Final = 64
"""Commits after which the query tables are brought up to date."""
OWNER: Final = "replay"
SESSION_DAYS: Final = 14
"""Sessions are scheduled this far beyond the recording, for orders that outlive it."""
_DAY: Final = timedelta(days=1)
_DIGEST_SIZE: Final = 16

Step = Input | ScriptedOrder
Plan = Iterator[tuple[int, Step]]
"""Everything to be played, each with its market time, in order."""
Progress = Callable[[int, int], None]
"""Is told the market time reached and the inputs journaled."""


class PlaybackError(ValueError):
    """What cannot be played into this world; the message says why, and what would be right."""


class SentOrder(NamedTuple):
    """A scripted order and the journal number it was sent under; ``order_id`` 0 when it made no
    order, else that of the order itself, not of its legs.
    """

    order: ScriptedOrder
    seq: int
    order_id: int


class Terms(NamedTuple):
    """Under which terms a recording is played."""

    instruments: tuple[Instrument, ...]
    days: MarketDays
    profile: str
    cash_micros: int


def opening(terms: Terms, recorded: str) -> tuple[Input, ...]:
    """The first inputs of a playback: a world named after ``recorded``, its tables, one account.

    Nothing of it depends on wall time or on where files lie.
    """
    days = terms.days
    first, last = days.first - _DAY, days.last + _DAY * SESSION_DAYS
    profiles = {profile.name: profile.profile_id for profile in DEFAULT_PROFILES}
    calendar_ids = sorted({instrument.calendar_id for instrument in terms.instruments})
    scheduled = [
        SessionsScheduled(
            number, CALENDAR_NAMES[number], sessions(CALENDAR_NAMES[number], first, last)
        )
        for number in calendar_ids
    ]
    account = OpenAccount(
        OWNER, "Replay", profiles[terms.profile], terms.cash_micros, OWNER, bytes(_DIGEST_SIZE)
    )
    return (
        WorldCreated(blake2b(recorded.encode(), digest_size=16).hexdigest(), 0),
        LimitsSet(DEFAULT_LIMITS),
        *(ProfileDefined(profile) for profile in DEFAULT_PROFILES),
        *DEFAULT_FEES,
        *scheduled,
        *(InstrumentListed(instrument) for instrument in terms.instruments),
        account,
    )


def plan(
    start_ns: int,
    first_inputs: Iterable[Input],
    facts: Iterable[Quote | Trade],
    orders: Iterable[ScriptedOrder],
) -> Plan:
    """The opening at ``start_ns``, then facts and orders by time; at equal times facts first."""
    for message in first_inputs:
        yield start_ns, message
    waiting = iter(orders)
    order = next(waiting, None)
    for fact in facts:
        ts = fact.ts_event
        while order is not None and order.ts < ts:
            yield order.ts, order
            order = next(waiting, None)
        yield ts, fact
    while order is not None:
        yield order.ts, order
        order = next(waiting, None)


def within(
    facts: Iterable[Quote | Trade], windows: Sequence[tuple[int, int]]
) -> Iterator[Quote | Trade]:
    """The facts known inside these stretches of time, both ends included."""
    waiting = iter(windows)
    window = next(waiting, None)
    for fact in facts:
        ts = fact.ts_event
        while window is not None and ts > window[1]:
            window = next(waiting, None)
        if window is None:
            return
        if ts >= window[0]:
            yield fact


def day_end_ns(days: MarketDays, instruments: Iterable[Instrument], last_ts: int) -> int:
    """When the stock session that ``last_ts`` lies in ends; ``last_ts`` where it lies in none."""
    for instrument in instruments:
        if instrument.asset_class == AssetClass.US_EQUITY:
            name = CALENDAR_NAMES[instrument.calendar_id]
            for session in sessions(name, days.first, days.last):
                if session.open_ns <= last_ts < session.close_ns:
                    return session.close_ns
    return last_ts


class Playback:
    """Plays a plan into a world that nothing else writes to."""

    def __init__(
        self,
        world: World,
        clock: RecordedClock,
        progress: Progress | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._world, self._clock = world, clock
        self._progress, self._sleep = progress, sleep
        self._pending: list[tuple[int, Input]] = []
        self._groups = 0
        self._order_ids: dict[str, int] = {}
        self._replacements: Counter[str] = Counter()
        self.sent: list[SentOrder] = []
        self.account_id = 0
        self.played = 0

    def play(self, planned: Plan, until_ns: int) -> None:
        """Play everything, and let time pass to ``until_ns``.

        What the world's journal already holds of the plan is not played again. Raises
        ``PlaybackError`` when it holds anything else, and ``StorageUnavailable``.
        """
        self._pass_known(planned)
        for ts, step in planned:
            self._pass_due(ts)
            self._wait_for(ts)
            if isinstance(step, Quote | Trade):
                self._pending.append((ts, step))
                if len(self._pending) >= GROUP_MAX:
                    self._flush()
            else:
                self._flush()
                self._act(ts, step)
        self._pass_due(until_ns + 1)
        self._wait_for(until_ns)
        self._flush()
        self._clock.advance(until_ns)
        self._world.projector.flush()
        self._world.adopt_id()

    def _pass_known(self, planned: Plan) -> None:
        """Follow the plan through what is journaled already, as after a playback cut off."""
        store, journal = self._world.store, self._world.journal
        if journal.base is not None:
            raise PlaybackError(
                f"its journal was pruned and begins after seq {journal.base.seq}: give an empty"
                " directory"
            )
        for record in journal.read(0):
            if type(record.input) is ClockTick:
                continue
            ts, step = next(planned, (0, ClockTick()))
            if record.ts != ts or record.input != self._message(step):
                raise PlaybackError(
                    f"it holds another world from seq {record.seq} on: give an empty directory, or"
                    " the recording, orders and terms that were played into it"
                )
            if not isinstance(step, Quote | Trade):
                self._note(step, record.seq, [event for _, event in store.events_of(record.seq)])
        self._clock.go_on_from(self._world.engine.ts)

    def _message(self, step: Step) -> Input:
        if not isinstance(step, ScriptedOrder):
            return step
        name = step.client_order_id
        return step.command(self.account_id, self._order_ids.get(name, 0), self._replacements[name])

    def _note(self, step: Step, seq: int, events: Iterable[Event]) -> None:
        """Remember what became of an order or of the account's opening."""
        made = 0
        for event in events:
            if isinstance(event, AccountOpened):
                self.account_id = event.account_id
            elif isinstance(event, OrderAccepted) and not made:
                made = event.order_id if event.order_id // LEGS_MAX == seq else 0
            elif isinstance(event, OrderChangeSent):
                made = event.replaced_by
        if isinstance(step, ScriptedOrder):
            if made:
                self._order_ids[step.client_order_id] = made
            self._replacements[step.client_order_id] += step.action == REPLACE
            self.sent.append(SentOrder(step, seq, made))

    def _pass_due(self, ts: int) -> None:
        """Let happen what is due before ``ts``, at its own time."""
        while self._world.engine.next_due_ns < ts:
            if self._pending:
                self._flush()
            else:
                due_ns = self._world.engine.next_due_ns
                self._wait_for(due_ns)
                self._commit([(due_ns, ClockTick())])

    def _wait_for(self, ts: int) -> None:
        """Wait for ``ts`` at the clock's speed, with all that is past made durable."""
        if self._clock.is_driven:
            return
        wait_s = self._clock.wall_seconds_until(ts)
        if wait_s > 0:
            self._flush()
            self._sleep(wait_s)
            self._clock.advance(ts)

    def _act(self, ts: int, step: Step) -> None:
        """Journal and apply one input other than a quote or trade, by itself."""
        line = step.line if isinstance(step, ScriptedOrder) else 0
        origin = Origin(OWNER, f"line:{line}", "", "") if line else None
        [(record, events)] = self._commit([(ts, self._message(step))], origin)
        self._note(step, record.seq, events)

    def _flush(self) -> None:
        if self._pending:
            pending, self._pending = self._pending, []
            self._commit(pending)

    def _commit(
        self, inputs: Sequence[tuple[int, Input]], origin: Origin | None = None
    ) -> list[tuple[Record, list[Event]]]:
        """Make a group durable, then apply it."""
        world, wall_ns = self._world, self._clock.wall_ns()
        first_seq = world.journal.head.seq + 1
        records = [
            Record(seq, ts, wall_ns, message, origin)
            for seq, (ts, message) in enumerate(inputs, first_seq)
        ]
        self._clock.advance(records[-1].ts)
        world.projector.make_room()
        world.journal.append(records)
        answers: list[tuple[Record, list[Event]]] = []
        for record in records:
            events: list[Event] = []
            world.engine.apply(record.seq, record.ts, record.input, events)
            world.projector.fold(record, events)
            answers.append((record, events))
        self.played += len(records)
        self._groups += 1
        if self._groups % PROJECTED_GROUPS == 0:
            world.projector.begin()
        if self._progress is not None:
            self._progress(records[-1].ts, records[-1].seq)
        return answers
