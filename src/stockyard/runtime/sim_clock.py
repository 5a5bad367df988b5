"""The controlled clock: a world's time, moved by a driver that is told how far it may go.

Promises: time never goes back; between two moments everything that falls due happens, at its own
time: each step of the simulated market, each ``ClockTick`` that the engine wants, sessions
scheduled long before. Under lock step no step is taken while anything is in flight. What a journey
brought is durable, applied and handed to streams before whoever asked for it is answered. Must not
know: HTTP, or who asks.

Times of market steps are multiples of the interval, so that the same start gives the same steps.
"""

import asyncio
import math
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final, NamedTuple

from stockyard.model.codes import AccountKind, AssetClass
from stockyard.model.facts import ClockTick, MarketFact
from stockyard.model.records import Input
from stockyard.runtime.feeds import (
    PASSING,
    Step,
    due_prints,
    extended_instruments,
    open_instruments,
)
from stockyard.runtime.market_data import SIMULATED
from stockyard.runtime.quiet import Quiet
from stockyard.runtime.world import World
from stockyard.runtime.writer import GROUP_MAX, Refused

SPEED_MIN: Final = 1.0
SPEED_MAX: Final = 100_000.0
FASTEST: Final = math.inf
"""As fast as possible."""
TIME_NS_MAX: Final = 2_177_452_800_000_000_000
"""2039-01-01: time stands there, because calendars are known not much further."""
STEPS_MAX: Final = 1_000_000
"""Stops of one journey."""
UPKEEP_NS: Final = 3_600_000_000_000
"""World time between two looks at what must be scheduled ahead."""
STILL_NS: Final = 15_000_000_000
"""World time between two steps of a market that only repeats its quotes."""
BEHIND_S: Final = 1.0
"""Time that could not keep its speed makes up for so many seconds of the wall's at most."""
SLICE_S: Final = 0.01
"""How long time may be moved before requests get their turn."""
WAIT_S: Final = 1.0
PAUSE_S: Final = 0.005
_NS: Final = 1_000_000_000


class ControlledClock:
    """Shows the time its driver has reached, or between two stops, at a speed, what has passed
    since.
    """

    def __init__(self, start_ns: int, monotonic_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self._monotonic_ns = monotonic_ns
        self._reached_ns = self._from_ns = start_ns
        self._since_ns = monotonic_ns()
        self._speed = 0.0
        self._limit_ns = start_ns

    def now_ns(self) -> int:
        """The world's time."""
        if self._speed:
            self._reached_ns = max(self._reached_ns, min(self.allowed_ns(), self._limit_ns))
        return self._reached_ns

    def begin_at(self, world_ns: int) -> None:
        """Show this time, whatever was shown: only before anybody has looked."""
        self._reached_ns = self._from_ns = self._limit_ns = world_ns

    def wall_ns(self) -> int:
        """Wall time, UTC ns."""
        return time.time_ns()

    def wall_seconds_until(self, world_ns: int) -> float:
        """Wall seconds until ``world_ns`` at this speed; infinite where only the driver moves
        time.
        """
        if world_ns <= self.now_ns():
            return 0.0
        if not self._speed:
            return math.inf
        return max(0.0, (world_ns - self.allowed_ns()) / _NS / self._speed)

    def allowed_ns(self) -> int:
        """How far time has come by its speed, whether or not the driver could follow."""
        if not self._speed:
            return self._reached_ns
        return self._from_ns + int((self._monotonic_ns() - self._since_ns) * self._speed)

    def run(self, speed: float) -> None:
        """Let time pass by itself from now on, as far as ``limit`` allows; 0: not at all."""
        self._limit_ns = self._from_ns = self.now_ns()
        self._since_ns, self._speed = self._monotonic_ns(), speed

    def limit(self, world_ns: int) -> None:
        """Let time pass by itself up to here."""
        self._limit_ns = world_ns

    def advance(self, world_ns: int) -> None:
        """Time has been brought here."""
        self._reached_ns = max(self._reached_ns, world_ns)
        if self._speed:
            behind_ns, most_ns = self.allowed_ns() - world_ns, int(BEHIND_S * _NS * self._speed)
            self._from_ns -= min(behind_ns, 0) or max(behind_ns - most_ns, 0)


class ClockStatus(NamedTuple):
    """How time goes. ``speed``: 0 while it stands, infinite for as fast as possible.

    ``next_ns``: when something happens next. ``going_to_ns``: where a journey ends, 0 for none.
    """

    now_ns: int
    speed: float
    next_ns: int
    going_to_ns: int
    lock_step: bool


class _Journey:
    """A way that somebody waits for: to a time, or over so many stops."""

    def __init__(self, to_ns: int, stops: int) -> None:
        self.to_ns, self.stops = to_ns, stops
        self.arrived: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def goal_ns(self, stop_ns: int) -> int:
        """How far it leads as yet."""
        return stop_ns if self.stops else self.to_ns

    def end(self, arrived: bool) -> None:
        """Answer whoever waits."""
        if not self.arrived.done():
            self.arrived.set_result(arrived)


class SimClock:
    """Drives the time of one world.

    ``step``: the simulated market, None for none. ``upkeep``: what must be journaled by a time, so
    that sessions are known ahead. ``is_behind``: whether what was observed has to be kept first.
    ``is_still``: whether the market's next steps can only repeat what is quoted.
    """

    def __init__(
        self,
        world: World,
        clock: ControlledClock,
        quiet: Quiet,
        interval_ns: int,
        step: Step | None = None,
        upkeep: Callable[[int], Iterable[Input]] | None = None,
        is_behind: Callable[[], bool] | None = None,
        is_still: Callable[[], bool] | None = None,
    ) -> None:
        self._world, self.clock, self.quiet = world, clock, quiet
        self._interval_ns, self.step = interval_ns, step
        self._is_still = is_still
        self._upkeep, self._is_behind = upkeep, is_behind
        self._upkeep_ns = 0
        self._journeys: list[_Journey] = []
        self._woken = asyncio.Event()
        self._speed = 0.0
        self._ticked: tuple[int, int] = (0, 0)
        self._unkept: list[_Moment] = []
        self._breath_s = 0.0
        self._is_idle = True
        self.lock_step = False

    @property
    def interval_ns(self) -> int:
        """World time between two steps of the market."""
        if self._is_still is not None and self._is_still():
            return max(self._interval_ns, STILL_NS)
        return self._interval_ns

    # What can be asked for.

    def status(self) -> ClockStatus:
        """How time goes now."""
        now_ns = self.clock.now_ns()
        going = max((one.to_ns for one in self._journeys), default=0)
        return ClockStatus(now_ns, self._speed, self._next_stop_ns(), going, self.lock_step)

    def stop(self) -> None:
        """Let time stand; journeys end where they are."""
        self._speed = 0.0
        self.clock.run(0.0)
        for journey in self._journeys:
            journey.end(False)
        self._journeys.clear()
        self._woken.set()

    def go(self, speed: float) -> None:
        """Let time pass ``speed`` times as fast as the wall's, or ``FASTEST``."""
        assert SPEED_MIN <= speed <= SPEED_MAX or speed == FASTEST
        self._speed = speed
        self._pace()
        self._woken.set()

    def follow(self, step: Step | None) -> None:
        """Step this market from now on; None: none."""
        self.step = step
        self._woken.set()

    def set_lock_step(self, on: bool) -> None:
        """Have time wait, before each step, until nothing is in flight; or not any more."""
        self.lock_step = on
        self._pace()
        self._woken.set()

    def _pace(self) -> None:
        """Between stops time passes by itself only at a speed and outside lock step: a request
        would find another time in each run.
        """
        self.clock.run(0.0 if self._speed == FASTEST else self._speed)

    async def travel(self, to_ns: int) -> bool:
        """Go to a time as fast as possible and, once there, hand over what it brought; False when
        time was stopped on the way.
        """
        return await self._arrival(_Journey(min(to_ns, TIME_NS_MAX), 0))

    def set_out(self, to_ns: int) -> None:
        """The same, without waiting for the arrival."""
        self._journeys.append(_Journey(min(to_ns, TIME_NS_MAX), 0))
        self._woken.set()

    async def take_stops(self, count: int) -> bool:
        """Go over the next ``count`` moments at which anything happens; else as ``travel``."""
        return await self._arrival(_Journey(0, count))

    async def _arrival(self, journey: _Journey) -> bool:
        self._journeys.append(journey)
        self._woken.set()
        return await journey.arrived

    # Driving.

    async def run(self) -> None:
        """Drive, until the writer takes no more."""
        loop = asyncio.get_running_loop()
        self._breath_s = loop.time()
        while True:
            self._woken.clear()
            try:
                self._keep_up()
                await self._arrive()
                await self._drive()
            except Refused as refused:
                if refused.code not in PASSING:
                    raise
                await asyncio.sleep(refused.retry_after_s)

    async def _drive(self) -> None:
        """Take what is allowed to come next, or wait until something is."""
        stop_ns = self._next_stop_ns()
        goal_ns = min((one.goal_ns(stop_ns) for one in self._journeys), default=0)
        paced_ns = TIME_NS_MAX if self._speed == FASTEST else self.clock.allowed_ns()
        until_ns = min(max(goal_ns, paced_ns), TIME_NS_MAX)
        if until_ns < stop_ns and goal_ns <= self.clock.now_ns():
            await self._wait(stop_ns)
            return
        if self._is_idle:
            self._is_idle = False
            # Whoever let time go is answered before it goes.
            await asyncio.sleep(0)
        if self.lock_step and not await self.quiet.settle(self._woken):
            return
        if self._is_behind is not None and self._is_behind():
            await asyncio.sleep(PAUSE_S)
            return
        if self._woken.is_set():
            return
        self._move(stop_ns, until_ns if until_ns >= stop_ns else goal_ns)
        loop = asyncio.get_running_loop()
        if loop.time() - self._breath_s > SLICE_S:
            await asyncio.sleep(0)
            self._breath_s = loop.time()

    def _next_stop_ns(self) -> int:
        """When something happens next: a step of the market, or what the engine has due."""
        now_ns, due_ns = self.clock.now_ns(), self._world.engine.next_due_ns
        next_ns = TIME_NS_MAX
        if self.step is not None:
            next_ns = (now_ns // self.interval_ns + 1) * self.interval_ns
        return min(next_ns, due_ns) if due_ns > now_ns else next_ns

    async def _wait(self, stop_ns: int) -> None:
        """Wait until time has come to ``stop_ns``, or something is asked for."""
        self._is_idle = True
        if self._speed and not self.lock_step:
            self.clock.limit(stop_ns - 1)
        self._world.writer.await_due(self._woken.set)
        wait_s = min(self.clock.wall_seconds_until(stop_ns), WAIT_S)
        with suppress(TimeoutError):
            async with asyncio.timeout(max(wait_s, 0.0)):
                await self._woken.wait()

    def _keep_up(self) -> None:
        """Journal what is due at this very moment, and what must be known ahead of it."""
        now_ns, writer, due_ns = (
            self.clock.now_ns(),
            self._world.writer,
            self._world.engine.next_due_ns,
        )
        if due_ns <= now_ns and self._ticked != (now_ns, due_ns):
            # What stays due, as a call that no quote can meet, waits for the next step.
            self._ticked = now_ns, due_ns
            writer.commit_timed([(now_ns, ClockTick())])
        if self._upkeep is not None and now_ns >= self._upkeep_ns:
            self._upkeep_ns = now_ns + UPKEEP_NS
            ahead = [(now_ns, fact) for fact in self._upkeep(now_ns)]
            if ahead:
                writer.commit_timed(ahead)

    def _move(self, stop_ns: int, until_ns: int) -> None:
        """Bring time to the next stop, or over several that bring quotes only."""
        if stop_ns > until_ns:
            self._tick(until_ns)
        elif self.step is None or stop_ns % self.interval_ns or self._is_due(stop_ns):
            self._tick(stop_ns)
        else:
            self._commit(self._steps(stop_ns, until_ns))
        for journey in self._journeys:
            journey.stops = max(0, journey.stops - 1)

    def _is_due(self, stop_ns: int) -> bool:
        now_ns, due_ns = self.clock.now_ns(), self._world.engine.next_due_ns
        return now_ns < due_ns <= stop_ns

    def _steps(self, stop_ns: int, until_ns: int) -> "list[_Moment]":
        """The market's next step, or as many as fit one commit while quotes can make nothing due.

        A stop may be triggered by any quote and reach its venue before the next one comes.
        """
        world, step = self._world, self.step
        assert step is not None
        if self._unkept:
            return self._unkept
        in_session = open_instruments(world), extended_instruments(world)
        prints = due_prints(world)
        moments = [_Moment(stop_ns, step(stop_ns, *in_session, prints))]
        alone = prints or any(one.stops for one in self._journeys)
        if alone or (self.lock_step and len(world.hub)) or not self._is_calm():
            return moments
        last_ns = min(until_ns, world.engine.next_due_ns - 1)
        count, at_ns = len(moments[0].inputs), stop_ns + self.interval_ns
        while at_ns <= last_ns and count + len(moments[-1].inputs) <= GROUP_MAX:
            moments.append(_Moment(at_ns, step(at_ns, *in_session, prints)))
            count, at_ns = count + len(moments[-1].inputs), at_ns + self.interval_ns
        return moments

    def _is_calm(self) -> bool:
        """Whether no order waits and nobody trades on credit."""
        view = self._world.view
        if any(view.open_orders.values()):
            return False
        for account_id, positions in view.positions.items():
            if positions and view.accounts[account_id].kind != AccountKind.CASH:
                return False
            for number in positions:
                if view.instruments[number].asset_class == AssetClass.CRYPTO_PERP:
                    return False
        return True

    def _tick(self, at_ns: int) -> None:
        """Let what is due by a time happen, and bring the clock there."""
        self._world.writer.commit_timed([(at_ns, ClockTick())])
        self.clock.advance(at_ns)
        self._world.market.turn(at_ns)

    def _commit(self, moments: "list[_Moment]") -> None:
        """Journal and apply, show the market what came, and bring the clock there."""
        world = self._world
        # What the disk did not take comes again: the market has moved on.
        self._unkept = moments
        world.writer.commit_timed([(one.at_ns, fact) for one in moments for fact in one.inputs])
        self._unkept = []
        last_ns = moments[-1].at_ns
        for one in moments:
            world.market.observe(one.inputs, SIMULATED, one.at_ns)
            if one.at_ns == last_ns or len(world.hub):
                world.market.turn(one.at_ns)
        self.clock.advance(last_ns)

    async def _arrive(self) -> None:
        """Answer those whose journey has ended, once what it brought is handed over."""
        now_ns = self.clock.now_ns()
        over = [one for one in self._journeys if one.to_ns <= now_ns and not one.stops]
        if not over:
            return
        await self.quiet.hand_over()
        while self.lock_step and not await self.quiet.settle(self._woken):
            self._woken.clear()
        for journey in over:
            journey.end(True)
            if journey in self._journeys:
                self._journeys.remove(journey)


class _Moment(NamedTuple):
    """One step of the market."""

    at_ns: int
    inputs: list[MarketFact]
