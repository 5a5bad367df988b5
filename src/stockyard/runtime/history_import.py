"""Filling a history from files: ticks with the bars they make, or bars with the longer ones.

Promises: nothing that a history has is lost to an import unless it is asked to replace it; ticks
are never written without the bars they make; memory is bounded. Must not know: file formats, or
where progress is shown.

The rules. Ticks of a source and a UTC day that the history has already are refused, or taken away
first where they are to be replaced. Ticks make bars by the rules of live ones. Bars make the longer
windows that are kept; a day has the prices of regular hours and the volume of all. A bar that the
history has already stays, or is replaced. What one source brings also stands for all sources
together in windows that have no bar yet.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple

import msgspec

from stockyard.market.bars import BarBuilder, is_over
from stockyard.market.consolidation import Consolidation
from stockyard.market.folding import begun, joined
from stockyard.market.trading_days import TradingDays
from stockyard.model.instruments import Instrument
from stockyard.model.past import Past
from stockyard.model.recordings import RecordingError
from stockyard.model.ticks import CONSOLIDATED, DAY_S, WINDOWS_S, Bar, BarTick, Tick, TradeTick
from stockyard.storage.ports import History

BATCH: Final = 5_000
"""Ticks or bars of one transaction."""
_NS: Final = 1_000_000_000
_DAY_NS: Final = DAY_S * _NS
_LATER_NS: Final = 3 * _DAY_NS
"""So long after its last tick every bar is final."""
_BARS_LOOKED_AT: Final = 1_000_000
_Kind = tuple[int, str, int]


class Imported(NamedTuple):
    """How far an import is: what was written, and the time of the last of it."""

    ticks: int
    bars: int
    ts: int


class HistoryImport:
    """One import into a history. ``days``: trading days by instrument id.

    Bars of windows that are not over at ``now_ns`` are not final: trades may be added to them.
    """

    def __init__(
        self,
        history: History,
        instruments: Mapping[str, Instrument],
        days: Mapping[int, TradingDays],
        told: Callable[[Imported], None],
        now_ns: int,
        *,
        replace: bool = False,
    ) -> None:
        self._history, self._instruments, self._days = history, instruments, days
        self._told, self._now_ns, self._replace = told, now_ns, replace
        self._symbols = {i.instrument_id: i.symbol for i in instruments.values()}
        self._builder, self._consolidation = BarBuilder(days), Consolidation(days)
        self._admitted: set[tuple[int, str, int]] = set()
        self._folded: dict[_Kind, Bar] = {}
        self._last: dict[_Kind, int] = {}
        self._ticks = self._bars = self._ts = 0

    def run(self, past: Past) -> Imported:
        """Write everything a past has.

        Raises ``RecordingError`` for what cannot be read or is there already, ``StorageError``;
        what was written until then stays.
        """
        self._take_ticks(past)
        self._take_bars(past)
        return Imported(self._ticks, self._bars, self._ts)

    def _take_ticks(self, past: Past) -> None:
        batch: list[Tick] = []
        for tick in past.ticks(self._instruments):
            self._admit(tick)
            batch.append(tick)
            if isinstance(tick, TradeTick) and tick.counts and tick.qty:
                self._builder.take(tick)
            if len(batch) >= BATCH:
                self._write(batch, self._made_bars())
                batch = []
        settled = self._builder.settle(past.last_ts + _LATER_NS)
        bars = self._made_bars()
        self._consolidation.settle(settled)
        self._write(batch, bars + self._made_bars())
        if self._builder.too_late:
            raise RecordingError(
                "the ticks",
                f"{self._builder.too_late} trades came too late for their bars",
                "sort each symbol's trades by time",
            )

    def _admit(self, tick: Tick) -> None:
        """Make sure that a tick's source and day are not there yet."""
        ts = tick.start_ns if isinstance(tick, BarTick) else tick.ts_event
        key = tick.instrument_id, tick.source, ts // _DAY_NS
        if key in self._admitted:
            return
        self._admitted.add(key)
        begin = key[2] * _DAY_NS
        where = tick.instrument_id, tick.source, begin, begin + _DAY_NS
        if not self._history.has_ticks(*where):
            return
        if not self._replace:
            raise RecordingError(
                f"{self._symbols[tick.instrument_id]} on {_day_text(begin)}",
                f'the history has ticks of "{tick.source}" already',
                "name another source with --source, or replace them with --replace",
            )
        while self._history.forget_source(*where, BATCH):
            continue

    def _made_bars(self) -> list[Bar]:
        """Bars that the ticks so far have made and that are final."""
        bars = self._builder.take_bars()
        self._consolidation.take_slices(self._builder.take_slices())
        bars += self._consolidation.take_bars()
        return [bar for bar in bars if bar.final]

    def _take_bars(self, past: Past) -> None:
        pending: list[Bar] = []
        for bar in past.bars(self._instruments):
            kind = bar.instrument_id, bar.source, bar.window_s
            if bar.start_ns < self._last.get(kind, 0):
                raise RecordingError(
                    f"{self._symbols[bar.instrument_id]} at {_day_text(bar.start_ns)}",
                    "a bar is earlier than the one before",
                    "sort the bars by start",
                )
            self._last[kind] = bar.start_ns
            pending.append(bar)
            if past.window_s:
                pending += self._fold(bar)
            if len(pending) >= BATCH:
                self._write([], _with_consolidated(pending))
                pending = []
        pending += [bar for bar in self._folded.values() if bar.open]
        self._write([], _with_consolidated(pending))

    def _fold(self, bar: Bar) -> list[Bar]:
        """Add a bar to the longer windows that hold it; those that it ends."""
        ended = []
        for window_s in WINDOWS_S:
            if window_s <= bar.window_s:
                continue
            start, part = bar.start_ns - bar.start_ns % (window_s * _NS), bar
            if window_s == DAY_S:
                day = self._days[bar.instrument_id].of(bar.start_ns)
                start = day.start_ns
                if not day.open_ns <= bar.start_ns < day.close_ns:
                    part = msgspec.structs.replace(bar, open=0, high=0, low=0, close=0)
            kind = bar.instrument_id, bar.source, window_s
            before = self._folded.get(kind)
            if before is not None and before.start_ns == start:
                self._folded[kind] = joined(before, part)
                continue
            if before is not None and before.open:
                ended.append(before)
            self._folded[kind] = begun(part, start, window_s)
        return ended

    def _write(self, ticks: list[Tick], bars: list[Bar]) -> None:
        bars = [
            bar
            if is_over(bar, self._days[bar.instrument_id], self._now_ns)
            else msgspec.structs.replace(bar, final=False)
            for bar in bars
        ]
        wanted = bars if self._replace else self._missing(bars)
        self._history.append(ticks, wanted)
        self._ticks += len(ticks)
        self._bars += len(wanted)
        if ticks:
            last = ticks[-1]
            self._ts = last.start_ns if isinstance(last, BarTick) else last.ts_event
        elif bars:
            self._ts = max(bar.start_ns for bar in bars)
        self._told(Imported(self._ticks, self._bars, self._ts))

    def _missing(self, bars: Iterable[Bar]) -> list[Bar]:
        """Bars of windows that the history has none for."""
        kinds: dict[_Kind, list[Bar]] = {}
        for bar in bars:
            kinds.setdefault((bar.instrument_id, bar.source, bar.window_s), []).append(bar)
        missing: list[Bar] = []
        for kind, those in kinds.items():
            first, last = min(b.start_ns for b in those), max(b.start_ns for b in those)
            there = self._history.bars(*kind, first, last + 1, _BARS_LOOKED_AT)
            starts = {bar.start_ns for bar in there}
            missing += [bar for bar in those if bar.start_ns not in starts]
        return missing


def _with_consolidated(bars: list[Bar]) -> list[Bar]:
    """Bars of sources, and each as one of all sources together too."""
    return bars + [msgspec.structs.replace(bar, source=CONSOLIDATED) for bar in bars if bar.source]


def _day_text(ts_ns: int) -> str:
    return datetime.fromtimestamp(ts_ns // _NS, UTC).date().isoformat()
