"""The history's buffer: ticks and bars wait here until a batch of them is worth a transaction.

Promises: nobody who hands something over waits for the disk; one batch is written at a time, when
the period is over or enough ticks wait. What waits is bounded: the oldest raw ticks are dropped and
counted when the disk is slower than the market, bars only beyond a bound that hours without a disk
reach. A killed process loses what waits and nothing else. Must not know: SQL, or who reads.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from typing import Any, Final, NamedTuple, TypeVar

from stockyard.market.consolidation import VOLATILITY_MINUTES
from stockyard.model.ticks import CONSOLIDATED, MINUTE_S, WINDOWS_S, Bar, Tick
from stockyard.storage.ports import NS_MAX, History, KeptTick, StorageError, TickPlace
from stockyard.telemetry.traces import Part, Spent

LOG: Final = logging.getLogger("stockyard.history")
TICKS_AT: Final = 200
"""So many waiting ticks are written before the period is over."""
TICKS_AT_FAST: Final = 5_000
"""The same where time may go faster than the wall's: each batch stops the world for a moment."""
TICKS_MAX: Final = 50_000
"""More raw ticks than this never wait."""
BARS_MAX: Final = 100_000
"""More bars than this never wait: one-second bars go first."""
BATCH_MAX: Final = 10_000
"""Ticks of one transaction."""
PERIOD_S_MIN: Final = 1.0
PERIOD_S_MAX: Final = 5.0
SYNC_S: Final = 10.0
"""How often what was written is made safe from a power cut."""

_Key = tuple[int, str, int, int]
_Batch = tuple[list[Tick], dict[_Key, Bar]]
_Made = TypeVar("_Made")


class HistoryFigures(NamedTuple):
    """What has become of ticks and bars since the start."""

    ticks_written: int
    bars_written: int
    batches: int
    ticks_lost: int
    bars_lost: int
    failures: int
    ticks_waiting: int
    bars_waiting: int


def _key(bar: Bar) -> _Key:
    return bar.instrument_id, bar.source, bar.window_s, bar.start_ns


def _newer(one: Bar, other: Bar) -> Bar:
    """Of two states of the same bar the later one."""
    if (other.revision, other.final, other.count) >= (one.revision, one.final, one.count):
        return other
    return one


class HistoryReader:
    """Bars and ticks for one that reads in a thread: what is on the disk, and the bars of all
    sources together that still waited when this was made.
    """

    def __init__(self, history: History, waiting: Iterable[Bar]) -> None:
        self._history = history
        self._waiting: dict[tuple[int, int], list[Bar]] = {}
        for bar in waiting:
            if bar.source == CONSOLIDATED:
                self._waiting.setdefault((bar.instrument_id, bar.window_s), []).append(bar)

    def bars(
        self, instrument_id: int, window_s: int, from_ns: int, to_ns: int, limit: int
    ) -> list[Bar]:
        """The first ``limit`` bars that begin in the range. Raises ``StorageError``."""
        found = self._history.bars(instrument_id, CONSOLIDATED, window_s, from_ns, to_ns, limit)
        waiting = self._waiting.get((instrument_id, window_s), ())
        return _merged(found, [b for b in waiting if from_ns <= b.start_ns < to_ns])[:limit]

    def newest_bars(
        self, instrument_id: int, window_s: int, before_ns: int, limit: int
    ) -> list[Bar]:
        """The last ``limit`` bars that begin before ``before_ns``. Raises ``StorageError``."""
        found = self._history.newest_bars(instrument_id, CONSOLIDATED, window_s, before_ns, limit)
        waiting = self._waiting.get((instrument_id, window_s), ())
        return _merged(found, [b for b in waiting if b.start_ns < before_ns])[-limit:]

    def ticks(
        self, instrument_id: int, from_ns: int, before: TickPlace, limit: int
    ) -> list[KeptTick]:
        """The newest ``limit`` ticks before a place, newest first. Raises ``StorageError``."""
        return self._history.ticks(instrument_id, from_ns, before, limit)

    def ticks_after(
        self, instrument_id: int, after: TickPlace, to_ns: int, limit: int
    ) -> list[KeptTick]:
        """The first ``limit`` ticks after a place, in order. Raises ``StorageError``."""
        return self._history.ticks_after(instrument_id, after, to_ns, limit)


class HistoryRecorder:
    """A ``History`` behind a buffer, on one event loop.

    ``writer`` does the writing and ``readers`` the reading, so that no number of questions holds up
    what is kept. ``period_s``: the longest a tick waits while the disk keeps up. ``ticks_at``: so
    many are written before that.
    """

    def __init__(
        self,
        history: History,
        writer: Executor,
        readers: Executor,
        period_s: float = PERIOD_S_MIN,
        ticks_at: int = TICKS_AT,
    ) -> None:
        self.history, self._ticks_at = history, ticks_at
        self._writer, self._readers, self._period_s = writer, readers, period_s
        self._ticks: list[Tick] = []
        self._bars: dict[_Key, Bar] = {}
        self._in_flight: _Batch = ([], {})
        self._writing: asyncio.Future[None] | None = None
        self._failing = False
        self._ticks_written = self._bars_written = self._batches = 0
        self._ticks_lost = self._bars_lost = self._failures = 0

    @property
    def figures(self) -> HistoryFigures:
        """Counts since the start, and what waits now."""
        return HistoryFigures(
            self._ticks_written,
            self._bars_written,
            self._batches,
            self._ticks_lost,
            self._bars_lost,
            self._failures,
            self.ticks_waiting,
            len(self._bars) + len(self._in_flight[1]),
        )

    @property
    def ticks_waiting(self) -> int:
        """Ticks not yet on the disk."""
        return len(self._ticks) + len(self._in_flight[0])

    @property
    def is_behind(self) -> bool:
        """Whether so many ticks wait that whoever can should bring more of them later.

        Not while the disk fails: the market goes on without it.
        """
        return not self._failing and self.ticks_waiting > TICKS_MAX // 2

    def take(self, ticks: Sequence[Tick], bars: Iterable[Bar]) -> None:
        """Have ticks and changed bars written soon; a bar replaces an earlier state of itself."""
        self._ticks.extend(ticks)
        waiting = self._bars
        for bar in bars:
            waiting[_key(bar)] = bar
        if len(self._ticks) > TICKS_MAX:
            self._drop_ticks()
        if len(waiting) > BARS_MAX:
            self._drop_bars()
        if len(self._ticks) >= self._ticks_at and not self._failing:
            self._begin()

    def _drop_ticks(self) -> None:
        # A tenth more than needed, so that the list is not moved for every tick.
        count = len(self._ticks) - TICKS_MAX + TICKS_MAX // 10
        del self._ticks[:count]
        self._ticks_lost += count

    def _drop_bars(self) -> None:
        waiting = self._bars
        count = len(waiting) - BARS_MAX + BARS_MAX // 10
        for key in sorted(waiting, key=lambda key: (key[2], key[3]))[:count]:
            del waiting[key]
        self._bars_lost += count

    async def keep(self) -> None:
        """Write what waits at the end of every period, for ever."""
        loop = asyncio.get_running_loop()
        synced_s = loop.time()
        while True:
            await asyncio.sleep(self._period_s)
            self._begin()
            if loop.time() - synced_s >= SYNC_S:
                synced_s = loop.time()
                try:
                    await loop.run_in_executor(self._writer, self.history.sync)
                except StorageError as error:
                    LOG.warning("the history was not synced, trying again: %s", error)

    def _begin(self) -> None:
        """Start writing a batch, unless one is being written."""
        if self._writing is not None or not (self._ticks or self._bars):
            return
        ticks, bars = self._ticks[:BATCH_MAX], self._bars
        del self._ticks[:BATCH_MAX]
        self._bars = {}
        self._in_flight = ticks, bars
        self._writing = asyncio.get_running_loop().run_in_executor(
            self._writer, self.history.append, ticks, list(bars.values())
        )
        self._writing.add_done_callback(self._written)

    def _written(self, writing: "asyncio.Future[None]") -> None:
        ticks, bars = self._in_flight
        self._in_flight, self._writing = ([], {}), None
        error = None if writing.cancelled() else writing.exception()
        if error is None and not writing.cancelled():
            self._count(ticks, bars)
            self._failing = False
            if len(self._ticks) >= self._ticks_at:
                self._begin()
            return
        self._failures += 1
        if not self._failing:
            LOG.warning("the history cannot be written, what comes in waits: %s", error)
        self._failing = True
        self._ticks[:0] = ticks
        self._bars = {**bars, **self._bars}
        self.take((), ())

    def _count(self, ticks: list[Tick], bars: dict[_Key, Bar]) -> None:
        self._ticks_written += len(ticks)
        self._bars_written += len(bars)
        self._batches += 1

    async def written(self) -> None:
        """Wait until what waits now is on the disk, or could not be written."""
        while self._writing is not None or self._ticks or self._bars:
            failures = self._failures
            self._begin()
            if self._writing is not None:
                await asyncio.wait([self._writing])
            # The callback that books the outcome runs after the wait ends.
            await asyncio.sleep(0)
            if self._failures > failures:
                return

    async def close(self) -> None:
        """Write what waits and release the files; what cannot be written is lost and told."""
        await self.written()
        lost = self.ticks_waiting, len(self._bars)
        if any(lost):
            LOG.error("lost at the end: %d ticks and %d bars of the history", *lost)
        await asyncio.get_running_loop().run_in_executor(self._writer, self.history.close)

    async def bars(
        self,
        instrument_id: int,
        source: str,
        window_s: int,
        from_ns: int,
        to_ns: int,
        limit: int,
    ) -> list[Bar]:
        """The first ``limit`` bars that begin in the range, with those that still wait."""
        waiting = self._waiting(instrument_id, source, window_s, from_ns, to_ns)
        found = await self._in_thread(
            self.history.bars, instrument_id, source, window_s, from_ns, to_ns, limit
        )
        return _merged(found, waiting)[:limit]

    async def newest_bars(
        self, instrument_id: int, source: str, window_s: int, before_ns: int, limit: int
    ) -> list[Bar]:
        """The last ``limit`` bars that begin before ``before_ns``, with those that still wait."""
        waiting = self._waiting(instrument_id, source, window_s, 0, before_ns)
        found = await self._in_thread(
            self.history.newest_bars, instrument_id, source, window_s, before_ns, limit
        )
        return _merged(found, waiting)[-limit:]

    async def read(self, work: Callable[[HistoryReader], _Made]) -> _Made:
        """What ``work`` makes of the history, in a thread that may take its time."""
        reader = HistoryReader(self.history, [*self._in_flight[1].values(), *self._bars.values()])
        return await self._in_thread(work, reader)

    async def bars_of_before(self, instrument_ids: Iterable[int]) -> list[Bar]:
        """The same as the function of this name, with what still waits. Raises ``StorageError``."""
        found = await self._in_thread(bars_of_before, self.history, list(instrument_ids))
        by_key = {_key(bar): bar for bar in found}
        for waiting in (self._in_flight[1], self._bars):
            by_key.update(waiting)
        return list(by_key.values())

    def _waiting(
        self, instrument_id: int, source: str, window_s: int, from_ns: int, to_ns: int
    ) -> list[Bar]:
        kind = instrument_id, source, window_s
        return [
            bar
            for waiting in (self._in_flight[1], self._bars)
            for key, bar in waiting.items()
            if key[:3] == kind and from_ns <= key[3] < to_ns
        ]

    async def ticks(
        self, instrument_id: int, from_ns: int, before: TickPlace, limit: int
    ) -> list[KeptTick]:
        """The newest ``limit`` ticks before a place, newest first; those that wait come later."""
        return await self._in_thread(self.history.ticks, instrument_id, from_ns, before, limit)

    async def _in_thread(self, work: Callable[..., _Made], *given: Any) -> _Made:
        """Read in a thread; a part of the time of whoever's request it is."""
        with Spent(Part.DATABASE, "history"):
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._readers, work, *given)


def bars_of_before(history: History, instrument_ids: Iterable[int]) -> list[Bar]:
    """What market data goes on with after a restart: bars that are not final, and of each
    instrument the latest bars of all sources. Raises ``StorageError``.
    """
    found = history.open_bars()
    for instrument_id in instrument_ids:
        for window_s in WINDOWS_S:
            count = VOLATILITY_MINUTES + 1 if window_s == MINUTE_S else 2
            past = history.newest_bars(instrument_id, CONSOLIDATED, window_s, NS_MAX, count)
            found += [bar for bar in past if bar.final]
    return found


def _merged(found: list[Bar], waiting: list[Bar]) -> list[Bar]:
    """Bars of one kind from the disk and from the buffer, each once, in order of time."""
    if not waiting:
        return found
    by_start = {bar.start_ns: bar for bar in found}
    for bar in waiting:
        by_start[bar.start_ns] = _newer(by_start.get(bar.start_ns, bar), bar)
    return [by_start[start] for start in sorted(by_start)]
