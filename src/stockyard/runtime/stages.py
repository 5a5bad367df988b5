"""Stages of market data in processes of their own, and the line between them.

Promises: ticks that pass through stages make the bars that one process makes of them; a report that
was not answered is sent again, and taken once; what waits in a stage is bounded. Must not know:
HTTP servers, or who sends ticks.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

import httpx2
import msgspec

from stockyard.market.bars import BarBuilder
from stockyard.market.tick_filter import TickFilter
from stockyard.market.trading_days import TradingDays
from stockyard.model.instruments import Instrument
from stockyard.model.records import Input
from stockyard.model.stages import StageAnswer, StageFact, StageReport, StageTerms
from stockyard.model.ticks import CONSOLIDATED, Bar, MarketView, Tick, TradeTick
from stockyard.runtime.clock import Clock
from stockyard.runtime.market_data import Changes, MarketData
from stockyard.runtime.writer import WAITING_MAX, Refused

LOG: Final = logging.getLogger("stockyard.stages")
UPDATE_PATH: Final = "/internal/agg-update"
TERMS_PATH: Final = "/internal/agg-terms"
REPORT_TICKS_MAX: Final = 5_000
"""Ticks of one report, and as many wait for the next; then no more are taken."""
REPORT_S: Final = 0.1
PAUSE_S: Final = 0.5
TIMEOUT_S: Final = 10.0
STAGES_MAX: Final = 64
_TAKEN: Final = 200
_REFUSED: Final = (401, 404, 409, 415, 422)


class StageRefused(Exception):
    """The next stage will not take reports; the message says why."""


class StageLog:
    """Which reports were taken, of each stage."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[int, int]] = {}

    def is_known(self, report: StageReport) -> bool:
        """Whether the report was taken before. Raises ``StageRefused`` for one of an earlier run,
        and for a stage too many.
        """
        run, sequence = self._last.get(report.stage, (0, 0))
        if report.run < run:
            raise StageRefused(f"another process named {report.stage} was started later")
        if not run and len(self._last) >= STAGES_MAX:
            raise StageRefused(f"there are {STAGES_MAX} stages already")
        return report.run == run and report.sequence <= sequence

    def note(self, report: StageReport) -> None:
        """The report was taken."""
        self._last[report.stage] = (report.run, report.sequence)


class StageA:
    """Filters ticks and builds the bars of each source. ``run``: the time it is started, UTC ns."""

    def __init__(self, name: str, run: int, terms: StageTerms) -> None:
        self.name, self._run, self._sequence = name, run, 0
        self.filter = TickFilter(terms.instruments)
        self._days: dict[int, TradingDays] = {}
        calendars = {word: TradingDays(word) for word in terms.calendars.values()}
        for instrument in terms.instruments:
            word = terms.calendars[instrument.calendar_id]
            self._days[instrument.instrument_id] = calendars[word]
        self.builder = BarBuilder(self._days)
        self._past: dict[tuple[int, str], list[Bar]] = {}
        for bar in terms.bars:
            if bar.instrument_id in self._days and bar.source != CONSOLIDATED and not bar.final:
                self._past.setdefault((bar.instrument_id, bar.source), []).append(bar)
        self._ticks: list[Tick] = []

    def take(self, ticks: Sequence[Tick], now_ns: int, faults: list[int] | None = None) -> int:
        """Take ticks; how many were taken before too many waited, each with its ``Fault``."""
        for index, tick in enumerate(ticks):
            if len(self._ticks) >= REPORT_TICKS_MAX:
                return index
            fault = self.filter.check(tick, now_ns)
            if faults is not None:
                faults.append(fault)
            if fault:
                continue
            self._ticks.append(tick)
            if isinstance(tick, TradeTick) and tick.counts:
                # Only what this stage goes on with: other sources have stages of their own.
                past = self._past.pop((tick.instrument_id, tick.source), None)
                if past is not None:
                    self.builder.restore(past)
                self.builder.take(tick)
        return len(ticks)

    @property
    def is_behind(self) -> bool:
        """Whether too many ticks wait to be reported."""
        return len(self._ticks) >= REPORT_TICKS_MAX

    def report(self, now_ns: int) -> StageReport | None:
        """What happened since the last report; None for nothing."""
        settled = self.builder.settle(now_ns)
        bars, slices = self.builder.take_bars(), self.builder.take_slices()
        ticks, self._ticks = self._ticks, []
        if not (ticks or slices or settled or bars):
            return None
        self._sequence += 1
        return StageReport(self.name, self._run, self._sequence, ticks, slices, settled, bars)


class _FactLine:
    """Facts on their way to another process's journal, in order."""

    def __init__(self) -> None:
        self.facts: list[StageFact] = []

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self.facts)

    def submit(self, message: Input) -> None:
        """Line up a fact. Raises ``Refused`` when the line is full."""
        if len(self.facts) >= WAITING_MAX:
            raise Refused("overloaded", "too many facts wait for the next stage")
        assert isinstance(message, StageFact)
        self.facts.append(message)


class StageB:
    """Makes one market of what stages A report. ``run``: the time it is started, UTC ns."""

    def __init__(self, name: str, run: int, terms: StageTerms) -> None:
        self.name, self._run, self._sequence = name, run, 0
        self._line = _FactLine()
        self.market = MarketData(self._line)
        for instrument in terms.instruments:
            self.market.know(instrument, terms.calendars)
        self.market.restore([bar for bar in terms.bars if bar.source == CONSOLIDATED], run)
        self.market.keeper = self._keep
        self.log = StageLog()
        self._kept: list[Tick] = []

    @property
    def is_behind(self) -> bool:
        """Whether too much waits to be reported."""
        return max(len(self._kept), self._line.waiting) >= REPORT_TICKS_MAX

    def _keep(self, ticks: Sequence[Tick], bars: Sequence[Bar]) -> None:
        self._kept += ticks

    def report(self, now_ns: int) -> StageReport | None:
        """What happened since the last report; None for nothing."""
        changes: Changes = self.market.turn(now_ns)
        facts, self._line.facts = self._line.facts, []
        kept, self._kept = self._kept, []
        views: list[MarketView] = []
        for instrument_id in changes.instruments:
            view = self.market.view(instrument_id)
            if view is not None:
                views.append(view)
        if not (facts or kept or views or changes.bars):
            return None
        self._sequence += 1
        return StageReport(
            self.name,
            self._run,
            self._sequence,
            bars=changes.bars,
            facts=facts,
            views=views,
            kept=kept,
        )


class NextStage:
    """Where a stage's reports go. ``token``: the service credential."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._client = httpx2.AsyncClient(
            headers={"authorization": f"Bearer {token}"}, timeout=TIMEOUT_S
        )
        self.repeated = 0
        """Reports that had to be sent again."""

    async def terms(self) -> bytes:
        """What a stage must know, encoded; waits for the next stage to answer. Raises
        ``StageRefused``.
        """
        while True:
            try:
                answer = await self._client.get(self._url + TERMS_PATH)
            except (httpx2.HTTPError, OSError):
                await asyncio.sleep(PAUSE_S)
                continue
            if answer.status_code == _TAKEN:
                return answer.content
            if answer.status_code in _REFUSED:
                raise StageRefused(self._refusal(answer))
            await asyncio.sleep(PAUSE_S)

    async def keep_reporting(
        self,
        report: Callable[[int], StageReport | None],
        clock: Clock,
        stopping: asyncio.Event,
    ) -> None:
        """Send a stage's reports one after the other, each until it is taken; once it is
        ``stopping``, the last one, which is given up when nobody takes it. Raises ``StageRefused``.
        """
        # A bar's value may pass 64 bits, which MessagePack has no word for.
        encode = msgspec.json.Encoder().encode
        last = False
        while not last:
            with suppress(TimeoutError):
                async with asyncio.timeout(REPORT_S):
                    await stopping.wait()
            last = stopping.is_set()
            made = report(clock.now_ns())
            if made is not None:
                await self._send(encode(made), stopping)

    async def _send(self, body: bytes, stopping: asyncio.Event) -> None:
        headers = {"content-type": "application/json"}
        while True:
            try:
                answer = await self._client.post(
                    self._url + UPDATE_PATH, content=body, headers=headers
                )
            except (httpx2.HTTPError, OSError):
                answer = None
            if answer is not None and answer.status_code == _TAKEN:
                return
            if answer is not None and answer.status_code in _REFUSED:
                raise StageRefused(self._refusal(answer))
            if stopping.is_set():
                LOG.error("a last report could not be sent and is lost")
                return
            self.repeated += 1
            with suppress(TimeoutError):
                async with asyncio.timeout(PAUSE_S):
                    await stopping.wait()

    def _refusal(self, answer: httpx2.Response) -> str:
        return f"{self._url} answered {answer.status_code}: {answer.text[:300]}"

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()


def take_report(market: MarketData, log: StageLog, report: StageReport, now_ns: int) -> StageAnswer:
    """Take a report into a market, once. Raises ``StageRefused``, and ``Refused`` while there is no
    room.
    """
    if log.is_known(report):
        return StageAnswer(True)
    if not market.take_report(report, now_ns):
        raise Refused("overloaded", "too many inputs wait; send the report again")
    log.note(report)
    return StageAnswer(False)


def found_by_symbol(instruments: Sequence[Instrument]) -> Mapping[str, Instrument]:
    """Instruments by their symbols, also as BTC-USD and BTCUSD."""
    found: dict[str, Instrument] = {}
    for instrument in instruments:
        symbol = instrument.symbol
        for name in (symbol.replace("/", "-"), symbol.replace("/", "")):
            found.setdefault(name, instrument)
    for instrument in instruments:
        found[instrument.symbol] = instrument
    return found
