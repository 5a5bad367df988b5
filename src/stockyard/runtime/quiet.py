"""Whether anything is in flight: what lock step asks before it lets time go on.

Promises: time is not let go while a request is being answered, an input waits for the writer, or a
frame is not handed over; nor until the clients have been quiet for ``quiet_s``. Where the clients'
processes can be seen (``Peers``) it is not let go either before they have read everything and
sleep, however busy the machine is. Must not know: HTTP, or how time is driven.

What cannot be seen is a client that waits for something of its own, such as a timer or a file on
another machine: to us it sleeps.
"""

import asyncio
from typing import Final, Protocol

from stockyard.runtime.writer import Writer

QUIET_MS: Final = 2
QUIET_MS_MAX: Final = 10_000
STREAMS_MAX: Final = 1_000
LOOK_S: Final = 0.001
"""Between two looks."""
TURNS: Final = 4
"""Turns of the loop from somebody's connecting to the head of a request: accepting, the
connection's beginning, reading, and one more.
"""
BUSY_S_MAX: Final = 10.0
"""A client that works longer than this without a word is not waited for any more."""


class Traffic(Protocol):
    """What comes and goes at the doors of a world."""

    @property
    def in_flight(self) -> int:
        """Requests being answered that do not wait for time themselves."""

    @property
    def streams(self) -> int:
        """Streams that are open."""

    def pulse(self) -> tuple[int, ...]:
        """Another one whenever anything came in or went out since the last."""

    def unread(self) -> str:
        """What was not handed over yet, or not taken; empty for nothing."""

    async def hand_over(self) -> None:
        """Give listeners at once what waits for them."""


class Peers(Protocol):
    """The processes at the other end."""

    def busy(self) -> str:
        """Who has not read everything or does not sleep; empty for nobody who can be seen."""


class Quiet:
    """Tells when nothing is in flight.

    ``streams_min``: while fewer are open, somebody is missing. ``given_up``: how often a client
    worked so long that it was not waited for.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self.traffic: Traffic | None = None
        self.peers: Peers | None = None
        self.quiet_ms, self.streams_min = QUIET_MS, 0
        self.waits_for = ""
        self.given_up = 0
        self._settled: tuple[int, ...] | None = None

    def begin(self, quiet_ms: int, streams_min: int) -> None:
        """Wait from now on for so long a quiet time, and for so many streams."""
        self.quiet_ms, self.streams_min, self._settled = quiet_ms, streams_min, None

    async def hand_over(self) -> None:
        """Give listeners at once what waits for them."""
        if self.traffic is not None:
            await self.traffic.hand_over()

    async def settle(self, woken: asyncio.Event) -> bool:
        """Wait until nothing is in flight; False as soon as ``woken`` is set before."""
        traffic, loop = self.traffic, asyncio.get_running_loop()
        if traffic is None:
            return True
        last: tuple[int, ...] | None = None
        since = begun = loop.time()
        while not woken.is_set():
            await traffic.hand_over()
            pulse = traffic.pulse()
            self.waits_for = self._in_the_way(traffic)
            if not self.waits_for and pulse == self._settled:
                return True
            now = loop.time()
            if pulse != last or self.waits_for:
                last, since, begun = pulse, now, now
            elif (now - since) * 1_000 >= self.quiet_ms:
                self.waits_for = self._works()
                is_over = now - begun >= BUSY_S_MAX
                if not self.waits_for or is_over:
                    self.given_up += is_over
                    # What they sent while we looked comes in first, by a new connection too.
                    for _ in range(TURNS):
                        await asyncio.sleep(0)
                    if traffic.pulse() == pulse and not (
                        self._in_the_way(traffic) or (self._works() and not is_over)
                    ):
                        self._settled, self.waits_for = pulse, ""
                        return True
                    continue
            await asyncio.sleep(LOOK_S)
        return False

    def _works(self) -> str:
        return self.peers.busy() if self.peers is not None else ""

    def _in_the_way(self, traffic: Traffic) -> str:
        if traffic.in_flight:
            return "a request is being answered"
        if self._writer.waiting:
            return "inputs wait to be journaled"
        if traffic.streams < self.streams_min:
            return f"{traffic.streams} of {self.streams_min} streams are open"
        return traffic.unread()
