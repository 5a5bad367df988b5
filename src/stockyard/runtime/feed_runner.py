"""Runs one feed for ever: connects, listens, and begins again.

Promises: whatever a source sends or leaves out, the feed goes on by itself, asks again for every
symbol that is wanted, and holds no more than one frame. Ticks are handed over in the order they
came. Must not know: any vendor's protocol, or what becomes of a tick.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final, NoReturn, Protocol

from stockyard.model.feeds import (
    FeedProblem,
    FeedRefused,
    FeedSource,
    FeedState,
    FeedStatus,
    FeedUnavailable,
    FeedWire,
    Fetch,
    ProblemKind,
)
from stockyard.model.instruments import Instrument
from stockyard.model.ticks import Tick
from stockyard.runtime.clock import Clock
from stockyard.runtime.feed_monitor import FeedMonitor

CONNECT_S: Final = 10.0
"""How long connecting, and fetching what it takes, may last."""
LIVE_S: Final = 30.0
"""How long a connection may take until it is authenticated and subscribed."""
SEND_S: Final = 5.0
"""How long the source may take to accept what is sent to it."""
FRAME_BYTES_MAX: Final = 1024 * 1024
"""The largest frame that is taken; a larger one ends the connection."""
TICKS_AT_ONCE: Final = 500
"""So many ticks are handed over before others get their turn."""
TURN_S: Final = 0.005
"""So long frames are taken one after the other before others get their turn."""
OVERLOAD_S: Final = 2.0
"""So long ticks that are not taken wait, and the source with them, before they are dropped."""
OVERLOAD_STEP_S: Final = 0.02
_log: Final = logging.getLogger("stockyard.feeds")

LIFE_S: Final = 5.0
"""So often a feed that is live and not silent is said to be alive, whether ticks come or not."""


class Sink(Protocol):
    """Where ticks go."""

    def take(self, ticks: Sequence[Tick], now_ns: int) -> int:
        """Take ticks; how many were taken, from the first on. The others are offered again."""

    def heard(self, source: str, now_ns: int) -> None:
        """A source gave a sign of life without a tick."""


class ConnectionLost(Exception):
    """The connection could not be made or has ended; the message says how."""


class _Expired(Exception):
    """What let us in has ended."""


_ENDS: Final = (ProblemKind.LIMITED, ProblemKind.EXPIRED)


class Connection(Protocol):
    """An open connection. Both methods raise ``ConnectionLost``."""

    async def receive(self) -> str | bytes:
        """The next whole frame; may be canceled without losing one."""

    async def send(self, frame: str | bytes) -> None:
        """Send a frame."""

    async def close(self) -> None:
        """End it, without waiting long."""


Connect = Callable[[FeedWire], Awaitable[Connection]]
"""Opens the connection of a machine. Raises ``ConnectionLost``, ``FeedRefused`` or
``FeedUnavailable``."""


class FeedRunner:
    """One feed and its task."""

    def __init__(
        self,
        source: FeedSource,
        symbols: Mapping[str, Instrument],
        sink: Sink,
        *,
        connect: Connect,
        fetch: Fetch,
        clock: Clock,
        stale_s: float,
        jitter: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.name = source.name
        self.monitor = FeedMonitor(source.name, symbols, stale_s, jitter)
        self._source, self._sink = source, sink
        self._symbols = dict(symbols)
        self._connect, self._fetch, self._clock = connect, fetch, clock
        self._sleep = sleep
        self._wire: FeedWire | None = None
        self._connection: Connection | None = None

    def status(self) -> FeedStatus:
        """How the feed is doing now."""
        return self.monitor.status(self._clock.wall_ns())

    async def subscribe(self, symbols: Mapping[str, Instrument]) -> None:
        """Ask for more symbols, now and on every later connection."""
        fresh = {theirs: one for theirs, one in symbols.items() if theirs not in self._symbols}
        self._symbols.update(fresh)
        self.monitor.add(fresh)
        if self._wire is not None and fresh:
            await self._ask(self._wire.subscribe(fresh))

    async def unsubscribe(self, symbols: Sequence[str]) -> None:
        """Ask for symbols (their words) no more."""
        gone = {theirs: self._symbols.pop(theirs) for theirs in symbols if theirs in self._symbols}
        self.monitor.remove(gone)
        if self._wire is not None and gone:
            await self._ask(self._wire.unsubscribe(list(gone)))

    async def run(self) -> None:
        """Keep the feed going until canceled."""
        try:
            while True:
                await self._sleep(await self._attempt())
        finally:
            self.monitor.stopped()

    async def _attempt(self) -> float:
        """One connection from its beginning to its end; how long to wait before the next."""
        refused, wait_s = False, 0.0
        self.monitor.connecting()
        try:
            await self._serve()
        except FeedRefused as error:
            refused = True
            self._problem(ProblemKind.REFUSED, str(error))
        except FeedUnavailable as error:
            wait_s = error.wait_s
            kind = ProblemKind.LIMITED if wait_s else ProblemKind.CONNECTION
            self._problem(kind, str(error))
        except _Expired as error:
            self._problem(ProblemKind.EXPIRED, str(error))
        except TimeoutError:
            self._problem(ProblemKind.CONNECTION, "it took too long to connect or to send")
        except ConnectionLost as error:
            self._problem(ProblemKind.CONNECTION, str(error))
        except Exception as error:
            # An adapter's fault must not end the feed, nor the server with it.
            _log.error("feed %s failed", self.name, exc_info=error)
            self._problem(ProblemKind.UNEXPECTED, f"{type(error).__name__}: {error}")
        return self.monitor.lost(self._clock.wall_ns(), refused=refused, wait_s=wait_s)

    async def _serve(self) -> None:
        async with asyncio.timeout(CONNECT_S):
            wire = await self._source.prepare(self._fetch, dict(self._symbols))
            connection = await self._connect(wire)
        self.monitor.opened(wire.silence_s, self._clock.wall_ns())
        self._wire, self._connection = wire, connection
        try:
            await self._send_now(wire.opened())
            await self._listen(wire, connection)
        finally:
            self._wire = self._connection = None
            await connection.close()

    async def _listen(self, wire: FeedWire, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        began_s = heard_s = turn_s = loop.time()
        life_s = began_s + LIFE_S
        beat_s = began_s + wire.beat_s if wire.beat_s is not None else None
        while True:
            live = self.monitor.state == FeedState.LIVE
            ends_s = heard_s + self.monitor.silence_s()
            if not live:
                ends_s = min(ends_s, began_s + LIVE_S)
            try:
                until_s = min(ends_s, life_s, ends_s if beat_s is None else beat_s)
                async with asyncio.timeout_at(until_s):
                    frame = await connection.receive()
            except TimeoutError:
                if loop.time() >= ends_s:
                    self._fall_silent(live)
            else:
                heard_s = loop.time()
                await self._received(wire, frame)
            now_s = loop.time()
            if beat_s is not None and wire.beat_s is not None and now_s >= beat_s:
                await self._send_now(wire.beat())
                beat_s = now_s + wire.beat_s
            if now_s >= life_s:
                life_s = now_s + LIFE_S
                if live and now_s - heard_s < wire.silence_s:
                    self._sink.heard(self.name, self._clock.now_ns())
            if now_s - turn_s >= TURN_S:
                await asyncio.sleep(0)
                turn_s = loop.time()

    def _fall_silent(self, live: bool) -> None:
        self.monitor.silent()
        self._problem(ProblemKind.SILENT, "nothing came" if live else "it did not become live")
        raise ConnectionLost("nothing came for too long")

    async def _received(self, wire: FeedWire, frame: str | bytes) -> None:
        now_ns = self._clock.wall_ns()
        self.monitor.frame(len(frame), now_ns)
        found = wire.received(frame, now_ns)
        if found.ticks:
            self.monitor.ticks(found.ticks, now_ns)
        if found.is_live and self.monitor.state != FeedState.LIVE:
            away_ns = self.monitor.live(now_ns)
            if away_ns:
                self._problem(
                    ProblemKind.GAP, f"not live for {away_ns / 1e9:.1f} s; nothing is sent again"
                )
        if found.ticks:
            await self._give(found.ticks)
        ends = [problem for problem in found.problems if self._ends(problem)]
        if ends:
            self._end_for(ends[0])
        if found.sends:
            await self._send_now(found.sends)

    def _ends(self, problem: FeedProblem) -> bool:
        """Whether a problem ends the connection; one that does not is counted."""
        refused = problem.kind == ProblemKind.REFUSED and self.monitor.state != FeedState.LIVE
        if refused or problem.kind in _ENDS:
            return True
        self.monitor.problem(problem)
        return False

    def _end_for(self, problem: FeedProblem) -> NoReturn:
        if problem.kind == ProblemKind.REFUSED:
            raise FeedRefused(problem.detail)
        if problem.kind == ProblemKind.LIMITED:
            raise FeedUnavailable(problem.detail, problem.wait_s or 1.0)
        raise _Expired(problem.detail)

    async def _give(self, ticks: Sequence[Tick]) -> None:
        loop = asyncio.get_running_loop()
        ends_s = loop.time() + OVERLOAD_S
        for first in range(0, len(ticks), TICKS_AT_ONCE):
            part = ticks[first : first + TICKS_AT_ONCE]
            taken = self._sink.take(part, self._clock.now_ns())
            while taken < len(part) and loop.time() < ends_s:
                await asyncio.sleep(OVERLOAD_STEP_S)
                taken += self._sink.take(part[taken:], self._clock.now_ns())
            if taken < len(part):
                self._problem(ProblemKind.OVERLOADED, f"{len(part) - taken} ticks were dropped")
            elif first + TICKS_AT_ONCE < len(ticks):
                await asyncio.sleep(0)

    async def _ask(self, frames: Sequence[str | bytes]) -> None:
        """Send what the next connection will ask for anyway."""
        with suppress(ConnectionLost, TimeoutError):
            await self._send_now(frames)

    async def _send_now(self, frames: Sequence[str | bytes]) -> None:
        connection = self._connection
        if connection is None:
            return
        for frame in frames:
            async with asyncio.timeout(SEND_S):
                await connection.send(frame)

    def _problem(self, kind: str, detail: str) -> None:
        self.monitor.problem(FeedProblem(kind, detail))
