"""``stockyard aggregate``: a stage of market data in a process of its own.

Must not know: how ticks are made into bars, or reports are sent.
"""

import asyncio
import os
import signal
from contextlib import nullcontext
from typing import Annotated, Any, Final, Literal

import msgspec
import uvicorn
from cyclopts import Parameter

from stockyard.api.http_protocol import DoorProtocol
from stockyard.api.ingest import Ingest
from stockyard.api.internal import Internal
from stockyard.api.problems import rule_problem
from stockyard.api.stage_door import StageDoor
from stockyard.config import ConfigError
from stockyard.model.denials import DenyCode
from stockyard.model.instruments import Instrument
from stockyard.model.stages import StageAnswer, StageReport, StageTerms
from stockyard.runtime.clock import WallClock
from stockyard.runtime.stages import (
    NextStage,
    StageA,
    StageB,
    StageRefused,
    found_by_symbol,
    take_report,
)
from stockyard.runtime.writer import Refused

NAME_LENGTH_MAX: Final = 40
_GRACE_S: Final = 2


class _Uvicorn(uvicorn.Server):
    """uvicorn inside our loop, which ends it."""

    def capture_signals(self) -> Any:
        """Leave signals alone."""
        return nullcontext()


def aggregate(
    *,
    stage: Literal["a", "b"],
    next_url: Annotated[
        str, Parameter(name="--next", env_var="AGGREGATE_NEXT")
    ] = "http://127.0.0.1:8000",
    name: Annotated[str, Parameter(env_var="AGGREGATE_NAME")] = "",
    host: Annotated[str, Parameter(env_var="AGGREGATE_HOST")] = "127.0.0.1",
    port: Annotated[int, Parameter(env_var="AGGREGATE_PORT")] = 8100,
) -> None:
    """Run a stage of market data in a process of its own, until told to stop.

    Stage a takes ticks at /ingest like the server, filters them, builds the bars of each source and
    reports. Stage b takes the reports of stages a, makes one market of them, and reports that. Each
    reports to the next: a stage b, or the server. INTERNAL_TOKEN is the credential of all of them,
    INGEST_USERNAME and INGEST_PASSWORD those of the webhook.

    Parameters
    ----------
    stage: Which stage this is.
    next_url: Where it reports to.
    name: What it is called; every stage needs a name of its own. Default: the stage.
    host: Address to listen on.
    port: Port to listen on.
    """
    name = name or f"stage-{stage}"
    token = os.environ.get("INTERNAL_TOKEN", "")
    credentials = os.environ.get("INGEST_USERNAME", ""), os.environ.get("INGEST_PASSWORD", "")
    if not token:
        raise ConfigError("INTERNAL_TOKEN: set it, as for the server")
    if stage == "a" and not all(credentials):
        raise ConfigError("INGEST_USERNAME and INGEST_PASSWORD: set both for a stage a")
    if len(name) > NAME_LENGTH_MAX or not name.isascii() or not name.isprintable():
        raise ConfigError(f"name: expected 1 to {NAME_LENGTH_MAX} plain characters")
    try:
        asyncio.run(
            _Stage(name, NextStage(next_url, token), token).run(stage, credentials, host, port)
        )
    except StageRefused as error:
        raise ConfigError(str(error)) from None


class _Stage:
    """One stage with its door and its line to the next."""

    def __init__(self, name: str, following: NextStage, token: str) -> None:
        self._name, self._next, self._token = name, following, token
        self._clock = WallClock()
        self._stopping = asyncio.Event()

    async def run(self, stage: str, credentials: tuple[str, str], host: str, port: int) -> None:
        """Serve and report until a signal comes; then report what is left."""
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._stopping.set)
        begin = asyncio.ensure_future(self._next.terms())
        stopping = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait([begin, stopping], return_when=asyncio.FIRST_COMPLETED)
        if not begin.done():
            begin.cancel()
            return
        terms = msgspec.json.decode(begin.result(), type=StageTerms)
        built: StageA | StageB
        if stage == "a":
            built = StageA(self._name, self._clock.wall_ns(), terms)
            door = self._door_a(built, terms, credentials)
        else:
            built = StageB(self._name, self._clock.wall_ns(), terms)
            door = self._door_b(built)
        reporting = asyncio.ensure_future(
            self._next.keep_reporting(built.report, self._clock, self._stopping)
        )
        server = _Uvicorn(
            uvicorn.Config(
                door,
                host=host,
                port=port,
                http=DoorProtocol,
                ws="none",
                lifespan="off",
                access_log=False,
                log_config=None,
                server_header=False,
                date_header=False,
                timeout_graceful_shutdown=_GRACE_S,
            )
        )
        serving = asyncio.ensure_future(server.serve())
        while not server.started and not serving.done():
            await asyncio.sleep(0.01)
        if server.started:
            address = server.servers[0].sockets[0].getsockname()
            print(f"Stage {stage} is running on http://{address[0]}:{address[1]}", flush=True)
        await asyncio.wait([serving, reporting], return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        await serving
        await reporting
        await self._next.close()

    def _door_a(self, stage: StageA, terms: StageTerms, credentials: tuple[str, str]) -> StageDoor:
        found = found_by_symbol(terms.instruments)

        def find(symbol: str) -> Instrument:
            instrument = found.get(symbol) or found.get(symbol.upper())
            if instrument is None:
                raise rule_problem(DenyCode.UNKNOWN_INSTRUMENT, "symbol")
            return instrument

        ingest = Ingest(
            credentials,
            find,
            stage,
            self._clock.now_ns,
            lambda: stage.is_behind,
            lambda source: False,
        )

        def told() -> dict[str, Any]:
            counts = ingest.counts
            return {
                "stage": "a",
                "name": self._name,
                "taken": counts.taken,
                "duplicates": counts.duplicates,
                "denied": sum(counts.denied.values()),
                "put_off": counts.put_off,
                "repeated": self._next.repeated,
            }

        return StageDoor(told, ingest, None)

    def _door_b(self, stage: StageB) -> StageDoor:
        def take(report: StageReport) -> StageAnswer:
            if stage.is_behind:
                raise Refused("overloaded", "the next stage takes no more; send the report again")
            return take_report(stage.market, stage.log, report, self._clock.now_ns())

        internal = Internal(self._token, take, self._next.terms)

        def told() -> dict[str, Any]:
            return {
                "stage": "b",
                "name": self._name,
                "reports": internal.taken,
                "known": internal.known,
                "repeated": self._next.repeated,
            }

        return StageDoor(told, None, internal)
