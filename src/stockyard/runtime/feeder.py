"""Sends what exchanges say to a Stockyard's webhook, as fast as it takes it.

Promises: what an exchange says arrives in order and each message at least once, while no more than
``QUEUE_MAX`` wait; 429 and a lost connection are waited out with the same request. Must not know:
what is in a message, or who looks at the figures.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final

import httpx2
import msgspec

from stockyard.market.exchanges import Exchanges, Message
from stockyard.runtime.clock import Clock

QUEUE_MAX: Final = 20_000
TIMEOUT_S: Final = 10.0
PAUSE_S: Final = 0.5
"""Between two attempts when nobody answers."""
PAUSE_MAX_S: Final = 30.0
_TAKEN: Final = 202
_TOO_FAST: Final = 429
_WRONG: Final = (401, 404)


class FeederRefused(Exception):
    """The webhook is not there or knows other credentials; the message says what would be right."""


class Line:
    """What waits for the webhook from one exchange, and what became of the rest."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.waiting: deque[Message] = deque()
        self.said = self.taken = self.duplicates = self.denied = 0
        self.put_off = self.lost = self.dropped = 0
        self.is_silent = False
        self.fresh = asyncio.Event()

    def add(self, messages: Sequence[Message]) -> None:
        """Line up messages; what does not fit is dropped and counted."""
        self.said += len(messages)
        self.is_silent = not messages
        room = max(0, QUEUE_MAX - len(self.waiting))
        self.waiting.extend(messages[:room])
        self.dropped += len(messages[room:])
        if self.waiting:
            self.fresh.set()


class Feeder:
    """Plays exchanges into the webhook below ``url``, in requests of at most ``batch`` ticks."""

    def __init__(
        self, url: str, credentials: tuple[str, str], names: Sequence[str], batch: int
    ) -> None:
        self.lines = [Line(name) for name in names]
        self._url, self._batch = url.rstrip("/") + "/ingest/ticks", batch
        self._client = httpx2.AsyncClient(auth=credentials, timeout=TIMEOUT_S)

    async def play(
        self, exchanges: Exchanges, clock: Clock, step_ms: int, seconds: float = 0.0
    ) -> None:
        """Play for so many seconds, 0 for ever; then send what waits. Raises ``FeederRefused``."""
        senders = [asyncio.ensure_future(self._send(line)) for line in self.lines]
        making = asyncio.ensure_future(self._make(exchanges, clock, step_ms, seconds))
        try:
            done, _ = await asyncio.wait([making, *senders], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            while any(line.waiting for line in self.lines):
                await asyncio.wait(senders, timeout=0.02, return_when=asyncio.FIRST_EXCEPTION)
                for task in senders:
                    if task.done():
                        task.result()
        finally:
            for task in (making, *senders):
                task.cancel()
            await asyncio.gather(making, *senders, return_exceptions=True)
            await self._client.aclose()

    async def _make(self, exchanges: Exchanges, clock: Clock, step_ms: int, seconds: float) -> None:
        """Have the exchanges speak, each step at its own time however late it is."""
        loop = asyncio.get_running_loop()
        begun_ns, begun = clock.wall_ns(), loop.time()
        steps = 0
        while not seconds or steps * step_ms < seconds * 1_000:
            said = exchanges.step(begun_ns + steps * step_ms * 1_000_000, step_ms)
            for line, messages in zip(self.lines, said, strict=True):
                line.add(messages)
            steps += 1
            await asyncio.sleep(max(0.0, begun + steps * step_ms / 1_000 - loop.time()))

    async def _send(self, line: Line) -> None:
        while True:
            await line.fresh.wait()
            count = min(self._batch, len(line.waiting))
            part = [line.waiting[n] for n in range(count)]
            await self._post(line, msgspec.json.encode({"ticks": part}))
            for _ in range(count):
                line.waiting.popleft()
            if not line.waiting:
                line.fresh.clear()

    async def _post(self, line: Line, body: bytes) -> None:
        """Send a request until it is taken, or refused for good."""
        headers = {"content-type": "application/json"}
        while True:
            try:
                answer = await self._client.post(self._url, content=body, headers=headers)
            except (httpx2.HTTPError, OSError):
                line.lost += 1
                await asyncio.sleep(PAUSE_S)
                continue
            if answer.status_code == _TOO_FAST:
                line.put_off += 1
                text = answer.headers.get("retry-after", "")
                await asyncio.sleep(min(float(text), PAUSE_MAX_S) if text.isdigit() else PAUSE_S)
                continue
            if answer.status_code in _WRONG:
                raise FeederRefused(
                    f"{self._url} answered {answer.status_code}: start the server with"
                    " INGEST_USERNAME and INGEST_PASSWORD, and give the feeder the same"
                )
            if answer.status_code != _TAKEN:
                line.lost += 1
                await asyncio.sleep(PAUSE_S)
                continue
            found = answer.json()
            line.taken += found["taken"]
            line.duplicates += found["duplicates"]
            line.denied += len(found["denied"])
            return
