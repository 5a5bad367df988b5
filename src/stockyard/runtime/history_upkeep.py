"""What a history forgets: old raw ticks go to Parquet days, old short bars go.

Promises: only what grows old here is touched: what was imported and is older than its time stays; a
tick that could not be put into a file stays; orders and other ticks do not wait for it. Must not
know: when it is called.

Without the extra package that writes Parquet, old ticks are dropped.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event
from typing import Final, NamedTuple

from stockyard.adapters.parquet.wire import has_pyarrow
from stockyard.model.instruments import Instrument
from stockyard.model.recordings import RecordingError
from stockyard.model.ticks import DAY_S
from stockyard.runtime.history_days import FORGOTTEN_AT_ONCE, forget_days, move_old_ticks
from stockyard.storage.ports import History

LOG: Final = logging.getLogger("stockyard.history")
FOLDER_NAME: Final = "history"
"""The folder of Parquet days, beside the history's file."""
MEGABYTE: Final = 1_000_000
PAUSE_S: Final = 0.005
"""Between pieces of work, so that orders pass."""
_NS: Final = 1_000_000_000
_HOUR_NS: Final = 3_600 * _NS
_DAY_NS: Final = DAY_S * _NS
_TICKS: Final = "ticks"


class Retention(NamedTuple):
    """How long what is kept, in days; 0 for ever. ``file_days``: after the days in the history.
    ``megabytes_max``: of the history's file.
    """

    tick_days: int = 1
    second_days: int = 7
    minute_days: int = 400
    file_days: int = 7
    megabytes_max: int = 2_048

    def bar_days(self) -> tuple[tuple[int, int], ...]:
        """Windows of bars that grow old, and their days; hours and days stay."""
        return (1, self.second_days), (60, self.minute_days), (300, self.minute_days)


class Tidied(NamedTuple):
    """What one turn took out of the history."""

    ticks: int
    bars: int
    days: int


class _Stopped(Exception):
    """The process ends."""


class HistoryUpkeep:
    """Keeps a history at its size. ``folder``: of Parquet days."""

    def __init__(self, history: History, folder: Path, retention: Retention) -> None:
        self._history, self._folder, self._retention = history, folder, retention
        self._instruments: Sequence[Instrument] = ()
        self._stopping = Event()

    def stop(self) -> None:
        """Let a turn that is running end soon."""
        self._stopping.set()

    def run(self, now_ns: int, instruments: Sequence[Instrument]) -> Tidied:
        """Take one turn, from any thread but one at a time. Raises ``StorageError``.

        ``now_ns``: the world's time.
        """
        self._instruments = instruments
        ticks = bars = days = 0
        try:
            ticks = self._move_ticks(now_ns)
            bars = sum(self._forget_bars(w, d, now_ns) for w, d in self._retention.bar_days() if d)
            ticks += self._shrink(now_ns)
            if self._retention.file_days:
                kept = self._retention.tick_days + self._retention.file_days
                before = now_ns - kept * _DAY_NS
                days = len(forget_days(self._folder, before))
        except _Stopped:
            LOG.info("the history's upkeep goes on after the restart")
        except RecordingError as error:
            LOG.warning("old ticks stay in the history: %s", error)
        return Tidied(ticks, bars, days)

    def _move_ticks(self, now_ns: int) -> int:
        days = self._retention.tick_days
        if not days:
            return 0
        before = (now_ns - days * _DAY_NS) // _DAY_NS * _DAY_NS
        return self._move(self._begin(_TICKS, before), before)

    def _begin(self, name: str, first_ns: int) -> int:
        """Up to where things are gone already. Older ones, which only an import brings, stay."""
        mark = self._history.mark(name)
        if mark is None:
            self._history.set_mark(name, first_ns)
            return first_ns
        return mark

    def _move(self, from_ns: int, before_ns: int) -> int:
        if before_ns <= from_ns:
            return 0
        moved = 0
        is_possible = has_pyarrow()
        for instrument in self._instruments:
            if is_possible:
                moved += move_old_ticks(
                    self._history, instrument, self._folder, (from_ns, before_ns), self._paused
                )
            else:
                moved += self._drop(instrument.instrument_id, from_ns, before_ns)
        self._history.set_mark(_TICKS, before_ns)
        return moved

    def _drop(self, instrument_id: int, from_ns: int, before_ns: int) -> int:
        dropped = 0
        where = instrument_id, from_ns, before_ns
        while gone := self._history.forget_ticks(*where, FORGOTTEN_AT_ONCE):
            dropped += gone
            self._paused(gone)
        return dropped

    def _forget_bars(self, window_s: int, days: int, now_ns: int) -> int:
        name, before = f"bars.{window_s}", now_ns - days * _DAY_NS
        begin, forgotten = self._begin(name, before), 0
        while gone := self._history.forget_bars(window_s, begin, before, FORGOTTEN_AT_ONCE):
            forgotten += gone
            self._paused(gone)
        self._history.set_mark(name, max(begin, before))
        return forgotten

    def _shrink(self, now_ns: int) -> int:
        """Move ticks before their time while the file is too large, the oldest first."""
        moved = 0
        for before in self._cuts(now_ns):
            if self._history.size_bytes() <= self._retention.megabytes_max * MEGABYTE:
                return moved
            moved += self._move(self._begin(_TICKS, before - _DAY_NS), before)
        if self._history.size_bytes() > self._retention.megabytes_max * MEGABYTE:
            LOG.warning("the history is larger than history_megabytes_max by what stays in it")
        return moved

    def _cuts(self, now_ns: int) -> Iterator[int]:
        """Days, then hours up to the last one."""
        day = (now_ns - max(self._retention.tick_days, 1) * _DAY_NS) // _DAY_NS * _DAY_NS
        while (day := day + _DAY_NS) <= now_ns:
            yield day
        hour = now_ns // _DAY_NS * _DAY_NS
        while (hour := hour + _HOUR_NS) <= now_ns:
            yield hour

    def _paused(self, _: int) -> None:
        time.sleep(PAUSE_S)
        if self._stopping.is_set():
            raise _Stopped
