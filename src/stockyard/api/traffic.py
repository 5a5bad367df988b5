"""What comes and goes at one door, so that lock step knows when nothing is in flight.

Promises: a request counts from its head to its last byte, but for one that itself waits for time;
every frame, in either direction, changes the pulse. Must not know: what is asked for.
"""

import asyncio
import select
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from stockyard.api.gateway import Gateway
from stockyard.runtime.peers import Ends

TURNS_MAX: Final = 100
"""Turns of the loop that listeners get to write what waits for them; one that still has not is
blocked."""


class Traffic:
    """Counts requests, and looks at listeners and connections.

    ``connections``: the HTTP server's, each with its ``transport``; ``listening``: where it takes
    new ones.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self.connections: Callable[[], Iterable[Any]] = tuple
        self.listening: socket.socket | None = None
        self._begun = self._ended = self._aside = 0

    def begin(self) -> None:
        """A request came in."""
        self._begun += 1

    def end(self) -> None:
        """A request was answered."""
        self._ended += 1

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Leave this request out for as long as it waits for time to pass, or for events."""
        self._aside += 1
        try:
            yield
        finally:
            self._aside -= 1

    @property
    def in_flight(self) -> int:
        """Requests being answered that do not wait for time themselves."""
        return self._begun - self._ended - self._aside

    @property
    def streams(self) -> int:
        """Streams that are open."""
        return len(self._gateway)

    def pulse(self) -> tuple[int, ...]:
        """Another one whenever anything came in or went out since the last."""
        heard = sum(one.heard for one in self._gateway)
        connections = sum(1 for _ in self.connections())
        here = len(self._gateway), heard, connections
        return self._begun, self._ended, self._gateway.sent, *here

    def unread(self) -> str:
        """What was not handed over yet, or not taken; empty for nothing."""
        if not all(one.is_clear for one in self._gateway):
            return "a listener has not taken its frames"
        if self._gateway.door.notices.is_busy:
            return "an alert is being kept"
        if any(_unsent(one) for one in self.connections()):
            return "a client does not take its answer"
        if self.listening is not None and select.select([self.listening], (), (), 0)[0]:
            return "somebody connects"
        return ""

    def ends(self) -> list[Ends]:
        """Both addresses of every connection."""
        found = []
        for one in self.connections():
            ours, theirs = (
                one.transport.get_extra_info(name) if one.transport is not None else None
                for name in ("sockname", "peername")
            )
            if isinstance(ours, tuple) and isinstance(theirs, tuple):
                found.append(Ends((ours[0], ours[1]), (theirs[0], theirs[1])))
        return found

    async def hand_over(self) -> None:
        """Give listeners at once what waits for them."""
        await self._gateway.hand_over()
        for _ in range(TURNS_MAX):
            if all(one.is_clear or one.is_blocked for one in self._gateway):
                return
            await asyncio.sleep(0)


def _unsent(connection: Any) -> bool:
    transport = connection.transport
    return transport is not None and transport.get_write_buffer_size() > 0
