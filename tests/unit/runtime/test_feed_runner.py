"""Goal: the runner keeps its times and bounds, whatever a machine or a connection does.

Method: scripted machines and connections in virtual time; the protocols are the adapters' matter.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise

import pytest

from stockyard.market.catalog import CATALOG
from stockyard.model.feeds import (
    FeedProblem,
    FeedRefused,
    FeedState,
    FeedUnavailable,
    FeedWire,
    Fetch,
    HttpAnswer,
    HttpRequest,
    ProblemKind,
    Received,
)
from stockyard.model.instruments import Instrument
from stockyard.model.ticks import QuoteTick, Tick
from stockyard.runtime.feed_monitor import REFUSED_WAIT_S
from stockyard.runtime.feed_runner import (
    CONNECT_S,
    LIFE_S,
    LIVE_S,
    SEND_S,
    TICKS_AT_ONCE,
    ConnectionLost,
    FeedRunner,
)
from tests.fakes.virtual_time import VirtualClock, run_virtual

AAPL = CATALOG[0].instrument
TICK = QuoteTick(AAPL.instrument_id, "scripted", 100, 101, 1, 1, 1)


class Wire:
    """A machine that means by a frame what its script says; "live" makes it live."""

    name, url = "scripted", "ws://scripted"
    headers: Mapping[str, str] = {}

    def __init__(self, script: Callable[[str], Received | None], beat_s: float | None) -> None:
        self._script, self.beat_s, self.silence_s = script, beat_s, 60.0
        self._live = False

    def opened(self) -> list[str | bytes]:
        return ["hello"]

    def received(self, frame: str | bytes, now_ns: int) -> Received:
        self._live = self._live or frame == "live"
        found = self._script(str(frame))
        return Received([], [], [], self._live) if found is None else found

    def subscribe(self, symbols: Mapping[str, Instrument]) -> list[str | bytes]:
        return [f"+{symbol}" for symbol in symbols]

    def unsubscribe(self, symbols: Sequence[str]) -> list[str | bytes]:
        return [f"-{symbol}" for symbol in symbols]

    def beat(self) -> list[str | bytes]:
        return ["beat"]


class Stage:
    """Everything around one runner; every wait between attempts is noted."""

    name = "scripted"

    def __init__(self, script: Callable[[str], Received | None] = lambda _: None) -> None:
        self.script = script
        self.beat_s: float | None = None
        self.frames: asyncio.Queue[str] = asyncio.Queue()
        self.sent: list[tuple[float, str | bytes]] = []
        self.taken: list[Tick] = []
        self.parts: list[int] = []
        self.heard_s: list[float] = []
        self.waits: list[float] = []
        self.prepares = self.closes = 0
        self.on_prepare: Callable[[], Awaitable[None]] = _nothing
        self.on_send: Callable[[], Awaitable[None]] = _nothing
        self.runner = FeedRunner(
            self, {"A": AAPL}, self, connect=self._connect, fetch=_fetch, clock=VirtualClock(),
            stale_s=60, jitter=lambda: 0.0, sleep=self._sleep,
        )  # fmt: skip

    async def prepare(self, fetch: Fetch, symbols: Mapping[str, Instrument]) -> FeedWire:
        self.prepares += 1
        await self.on_prepare()
        return Wire(self.script, self.beat_s)

    async def _connect(self, wire: FeedWire) -> "Stage":
        return self

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        await asyncio.sleep(seconds)

    async def receive(self) -> str | bytes:
        frame = await self.frames.get()
        if frame == "cut":
            raise ConnectionLost("cut")
        return frame

    async def send(self, frame: str | bytes) -> None:
        await self.on_send()
        self.sent.append((asyncio.get_running_loop().time(), frame))

    async def close(self) -> None:
        self.closes += 1

    def take(self, ticks: Sequence[Tick], now_ns: int) -> int:
        self.taken += ticks
        self.parts.append(len(ticks))
        return len(ticks)

    def heard(self, source: str, now_ns: int) -> None:
        self.heard_s.append(asyncio.get_running_loop().time())

    def problems(self) -> Mapping[str, int]:
        return self.runner.status().problems


async def _nothing() -> None:
    """Nothing happens."""


async def _fetch(request: HttpRequest) -> HttpAnswer:
    raise FeedUnavailable("nobody is asked")


async def _for_ever() -> None:
    await asyncio.sleep(1e9)


def on_stage(body: Callable[[Stage], Awaitable[None]], make: Callable[[], Stage] = Stage) -> None:
    async def run() -> None:
        stage = make()
        task = asyncio.ensure_future(stage.runner.run())
        try:
            await body(stage)
            assert not task.done()
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    run_virtual(run())


def test_beats_are_sent_at_their_rate_whether_frames_come_or_not() -> None:
    async def body(stage: Stage) -> None:
        stage.frames.put_nowait("live")
        for second in range(50):
            await asyncio.sleep(1)
            if second > 25:
                stage.frames.put_nowait("something")
        beats = [at for at, frame in stage.sent if frame == "beat"]
        assert [round(b - a) for a, b in pairwise(beats)] == [10, 10, 10]

    def make() -> Stage:
        stage = Stage()
        stage.beat_s = 10.0
        return stage

    on_stage(body, make)


def test_a_live_feed_is_said_to_be_alive_until_it_is_silent() -> None:
    async def body(stage: Stage) -> None:
        stage.frames.put_nowait("live")
        await asyncio.sleep(59)
        assert len(stage.heard_s) == 59 // LIFE_S
        await asyncio.sleep(30)
        assert len(stage.heard_s) <= 60 // LIFE_S

    on_stage(body)


def test_a_quiet_feed_is_given_more_patience_and_is_not_called_alive_meanwhile() -> None:
    async def body(stage: Stage) -> None:
        stage.frames.put_nowait("live")
        await asyncio.sleep(61)
        stage.frames.put_nowait("live")
        await asyncio.sleep(61)
        assert stage.prepares == 2
        assert stage.runner.status().is_stale
        heard = len(stage.heard_s)
        await asyncio.sleep(50)
        assert (stage.prepares, len(stage.heard_s)) == (2, heard)
        await asyncio.sleep(15)
        assert stage.prepares == 3

    on_stage(body)


def test_what_never_becomes_live_is_left_in_time() -> None:
    async def body(stage: Stage) -> None:
        for _ in range(round(LIVE_S) + 1):
            await asyncio.sleep(1)
            stage.frames.put_nowait("something")
        assert stage.problems() == {ProblemKind.SILENT: 1, ProblemKind.CONNECTION: 1}
        assert stage.prepares == stage.closes + 1 == 2

    on_stage(body)


def test_preparing_and_sending_are_bounded_in_time() -> None:
    async def body(stage: Stage) -> None:
        stage.on_prepare = _for_ever
        await asyncio.sleep(CONNECT_S + 1)
        assert stage.problems() == {ProblemKind.CONNECTION: 1}
        stage.on_prepare, stage.on_send = _nothing, _for_ever
        await asyncio.sleep(CONNECT_S + SEND_S + 5)
        assert stage.closes >= 1
        stage.on_send = _nothing
        stage.frames.put_nowait("live")
        await asyncio.sleep(60)
        assert stage.runner.status().state == FeedState.LIVE

    on_stage(body)


@pytest.mark.parametrize(
    ("error", "kind", "wait_s"),
    [
        (FeedRefused("no"), ProblemKind.REFUSED, REFUSED_WAIT_S),
        (FeedUnavailable("later", 33.0), ProblemKind.LIMITED, 33.0),
        (FeedUnavailable("down"), ProblemKind.CONNECTION, 0.0),
        (ConnectionLost("cut"), ProblemKind.CONNECTION, 0.0),
        (ZeroDivisionError("a fault of ours"), ProblemKind.UNEXPECTED, 0.0),
    ],
)
def test_what_preparing_raises(error: Exception, kind: str, wait_s: float) -> None:
    async def body(stage: Stage) -> None:
        async def fail() -> None:
            stage.on_prepare = _nothing
            raise error

        stage.on_prepare = fail
        stage.frames.put_nowait("live")
        await asyncio.sleep(wait_s + 2)
        assert stage.problems() == {kind: 1}
        assert stage.waits[0] == wait_s + 0.5
        assert stage.runner.status().state == FeedState.LIVE

    on_stage(body)


@pytest.mark.parametrize(
    ("kind", "live", "ends"),
    [
        (ProblemKind.EXPIRED, True, True),
        (ProblemKind.LIMITED, True, True),
        (ProblemKind.REFUSED, True, False),
        (ProblemKind.REFUSED, False, True),
        (ProblemKind.MALFORMED, False, False),
        (ProblemKind.GAP, True, False),
    ],
)
def test_which_problems_end_a_connection(kind: str, live: bool, ends: bool) -> None:
    def script(frame: str) -> Received | None:
        return Received([TICK], [], [FeedProblem(kind)], live) if frame == "trouble" else None

    async def body(stage: Stage) -> None:
        if live:
            stage.frames.put_nowait("live")
        stage.frames.put_nowait("trouble")
        await asyncio.sleep(0.1)
        assert stage.closes == ends
        assert stage.problems()[kind] == 1
        # What came with it is not lost.
        assert stage.taken == [TICK]

    on_stage(body, lambda: Stage(script))


def test_a_fault_in_a_machine_does_not_end_the_feed(caplog: pytest.LogCaptureFixture) -> None:
    def script(frame: str) -> Received | None:
        if frame == "trouble":
            raise ZeroDivisionError
        return None

    async def body(stage: Stage) -> None:
        stage.frames.put_nowait("trouble")
        await asyncio.sleep(5)
        stage.frames.put_nowait("live")
        await asyncio.sleep(1)
        assert stage.problems() == {ProblemKind.UNEXPECTED: 1}
        assert stage.runner.status().state == FeedState.LIVE
        assert "ZeroDivisionError" in caplog.text

    on_stage(body, lambda: Stage(script))


def test_a_large_frame_is_handed_over_in_parts_with_turns_for_others_between() -> None:
    def script(frame: str) -> Received | None:
        count = TICKS_AT_ONCE * 3 + 1
        return Received([TICK] * count, [], [], True) if frame == "many" else None

    async def body(stage: Stage) -> None:
        turns = 0
        stage.frames.put_nowait("many")
        while len(stage.taken) < TICKS_AT_ONCE * 3 + 1:
            turns += len(stage.taken) > 0
            await asyncio.sleep(0)
        assert stage.parts == [TICKS_AT_ONCE] * 3 + [1]
        assert turns >= 3

    on_stage(body, lambda: Stage(script))


def test_asking_on_a_cut_connection_is_left_to_the_next_one() -> None:
    async def body(stage: Stage) -> None:
        async def fail() -> None:
            raise ConnectionLost("cut")

        stage.frames.put_nowait("live")
        await asyncio.sleep(1)
        stage.on_send = fail
        await stage.runner.subscribe({"B": CATALOG[1].instrument})
        await stage.runner.unsubscribe(["A", "unknown"])
        stage.on_send = _nothing
        stage.frames.put_nowait("cut")
        await asyncio.sleep(2)
        assert [one.their_symbol for one in stage.runner.status().symbols] == ["B"]
        await stage.runner.unsubscribe(["B"])
        assert [frame for _, frame in stage.sent] == ["hello", "hello", "-B"]

    on_stage(body)
