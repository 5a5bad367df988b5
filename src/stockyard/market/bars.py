"""Stage A: trades of each source to bars of five lengths. Stage B builds its own with ``Windows``.

Promises: the same trades give the same bars however they are divided over calls, and in whatever
order they come within ``LATE_NS``; a trade costs O(1); memory is bounded by ``LATE_NS`` and the
number of instruments and sources. Must not know: clocks, feeds, or who reads the bars.

The rules. A trade is added to the second it happened in; seconds are added to the longer windows
when the instrument's time moves on or somebody looks. A trade that comes when its window is over
amends that bar, which counts it in ``revision``; one that comes more than ``LATE_NS`` after the
window's end is left out of that window, and counted. Windows begin at multiples of their length in
UTC; a day is a trading day (``trading_days``), whose prices are those of regular hours and whose
volume is that of all hours. A window in which no trade counts for the open and close, and none for
the high and low, is no bar; its volume is in the longer ones.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from stockyard.market.trading_days import TradingDays
from stockyard.model.ticks import DAY_S, SECOND_S, WINDOWS_S, Bar, TradeSlice, TradeTick

NS: Final = 1_000_000_000
LATE_NS: Final = 30 * NS
"""How long after its end a window still takes trades, by the instrument's own time."""
SWEEP_NS: Final = 5 * NS
_WINDOWS: Final = tuple(enumerate(length * NS for length in WINDOWS_S[:-1]))
_DAY_INDEX: Final = len(WINDOWS_S) - 1
_UNKNOWN: Final = (-1, "", 0)


class _Window:
    """A bar that may still change. ``first`` and ``last``: time, source and sequence."""

    __slots__ = (
        "close",
        "count",
        "end_ns",
        "first",
        "high",
        "is_dirty",
        "is_final",
        "last",
        "low",
        "open",
        "revision",
        "start_ns",
        "value",
        "volume",
        "window_s",
    )

    def __init__(self, window_s: int, start_ns: int, end_ns: int) -> None:
        self.window_s, self.start_ns, self.end_ns = window_s, start_ns, end_ns
        self.first = self.last = _UNKNOWN
        self.open = self.high = self.low = self.close = 0
        self.volume = self.value = self.count = self.revision = 0
        self.is_dirty = self.is_final = False

    def add(self, piece: TradeSlice, with_prices: bool) -> None:
        """Add a second's trades."""
        self.volume += piece.volume
        self.value += piece.value
        self.count += piece.count
        if not with_prices:
            return
        if piece.high:
            if piece.high > self.high:
                self.high = piece.high
            if not self.low or piece.low < self.low:
                self.low = piece.low
        if piece.open:
            last = (piece.last_ts, piece.source, piece.last_sequence)
            if not self.open:
                self.first = (piece.first_ts, piece.source, piece.first_sequence)
                self.open, self.close, self.last = piece.open, piece.close, last
                return
            if last >= self.last:
                self.close, self.last = piece.close, last
            first = (piece.first_ts, piece.source, piece.first_sequence)
            if first < self.first:
                self.open, self.first = piece.open, first


class Windows:
    """The bars of one instrument and source that may still change, or have since the last look."""

    __slots__ = ("_by_start", "_days", "_instrument_id", "_source", "_sweep_ns", "too_late")

    def __init__(self, instrument_id: int, source: str, days: TradingDays) -> None:
        self._instrument_id, self._source, self._days = instrument_id, source, days
        self._by_start: tuple[dict[int, _Window], ...] = tuple({} for _ in WINDOWS_S)
        self._sweep_ns = 0
        self.too_late = 0

    def __len__(self) -> int:
        return sum(map(len, self._by_start))

    def add(self, piece: TradeSlice, dirty: "list[tuple[Windows, _Window]]") -> None:
        """Add a second's trades to all its windows; windows that become dirty are appended."""
        second, reached = piece.second_ns, piece.reached_ns
        oldest_end = reached - LATE_NS
        for index, length in _WINDOWS:
            start = second - second % length
            window = self._by_start[index].get(start)
            if start + length <= oldest_end:
                self.too_late += piece.ticks if index == 0 else 0
                continue
            if window is None:
                window = _Window(WINDOWS_S[index], start, start + length)
                self._by_start[index][start] = window
            if start + length <= reached:
                window.revision += piece.ticks
            window.add(piece, True)
            if not window.is_dirty:
                window.is_dirty = True
                dirty.append((self, window))
        self._add_day(piece, dirty)
        if reached >= self._sweep_ns:
            self.sweep(reached, dirty)

    def _add_day(self, piece: TradeSlice, dirty: "list[tuple[Windows, _Window]]") -> None:
        day = self._days.of(piece.second_ns)
        if day.end_ns <= piece.reached_ns - LATE_NS:
            return
        windows = self._by_start[_DAY_INDEX]
        window = windows.get(day.start_ns)
        if window is None:
            window = windows[day.start_ns] = _Window(DAY_S, day.start_ns, day.end_ns)
        if day.end_ns <= piece.reached_ns:
            window.revision += piece.ticks
        window.add(piece, day.open_ns <= piece.second_ns < day.close_ns)
        if not window.is_dirty:
            window.is_dirty = True
            dirty.append((self, window))

    def sweep(self, reached_ns: int, dirty: "list[tuple[Windows, _Window]]") -> None:
        """Make final what takes no more trades, and forget it."""
        self._sweep_ns = reached_ns + SWEEP_NS
        oldest_end = reached_ns - LATE_NS
        for windows in self._by_start:
            for window in [w for w in windows.values() if w.end_ns <= oldest_end]:
                del windows[window.start_ns]
                window.is_final = True
                if not window.is_dirty:
                    window.is_dirty = True
                    dirty.append((self, window))

    def bar(self, window: _Window) -> Bar | None:
        """The bar as it stands; None where it has no price."""
        if not (window.open and window.high):
            return None
        return Bar(
            self._instrument_id,
            self._source,
            window.window_s,
            window.start_ns,
            window.open,
            window.high,
            window.low,
            window.close,
            window.volume,
            window.value,
            window.count,
            window.revision,
            window.is_final,
        )

    def latest(self, window_s: int) -> Bar | None:
        """The latest bar of this length that may still change, with a price."""
        windows = self._by_start[WINDOWS_S.index(window_s)]
        for start in sorted(windows, reverse=True):
            bar = self.bar(windows[start])
            if bar is not None:
                return bar
        return None

    def restore(self, bar: Bar) -> None:
        """Take up a bar that was kept before a restart.

        Which trades made its open and close is no longer known: the open stands, and the close
        gives way to any trade that comes.
        """
        index = WINDOWS_S.index(bar.window_s)
        window = _Window(bar.window_s, bar.start_ns, _end_ns(bar, self._days))
        window.open, window.high, window.low = bar.open, bar.high, bar.low
        window.close, window.volume, window.value = bar.close, bar.volume, bar.value
        window.count, window.revision = bar.count, bar.revision
        self._by_start[index][bar.start_ns] = window


def _end_ns(bar: Bar, days: TradingDays) -> int:
    return (
        days.of(bar.start_ns).end_ns if bar.window_s == DAY_S else bar.start_ns + bar.window_s * NS
    )


def is_over(bar: Bar, days: TradingDays, now_ns: int) -> bool:
    """Whether no trade of a time until now can belong to a bar any more."""
    return _end_ns(bar, days) + LATE_NS <= now_ns


Dirty = list[tuple[Windows, _Window]]


class _Track:
    """One source of an instrument: its bars, and the second that is being added up."""

    __slots__ = ("instrument", "piece", "windows")

    def __init__(self, instrument: "_Instrument", windows: Windows) -> None:
        self.instrument, self.windows = instrument, windows
        self.piece: TradeSlice | None = None


class _Instrument:
    """What all sources of an instrument share: the latest second any of them has reached."""

    __slots__ = ("pending", "reached_ns", "tracks")

    def __init__(self) -> None:
        self.reached_ns = 0
        self.pending: list[_Track] = []
        self.tracks: list[_Track] = []


class BarBuilder:
    """Builds the bars of every instrument and source."""

    def __init__(self, days: Mapping[int, TradingDays]) -> None:
        self._days = days
        self._tracks: dict[tuple[int, str], _Track] = {}
        self._instruments: dict[int, _Instrument] = {}
        self._pending: dict[_Instrument, None] = {}
        self._dirty: Dirty = []
        self._slices: list[TradeSlice] = []

    def __len__(self) -> int:
        """How many bars are held."""
        return sum(len(track.windows) for track in self._tracks.values())

    @property
    def too_late(self) -> int:
        """Trades that came too late for the second they happened in."""
        return sum(track.windows.too_late for track in self._tracks.values())

    def _track(self, instrument_id: int, source: str) -> _Track:
        track = self._tracks.get((instrument_id, source))
        if track is None:
            instrument = self._instruments.get(instrument_id)
            if instrument is None:
                instrument = self._instruments[instrument_id] = _Instrument()
            windows = Windows(instrument_id, source, self._days[instrument_id])
            track = self._tracks[instrument_id, source] = _Track(instrument, windows)
            instrument.tracks.append(track)
        return track

    def take(self, tick: TradeTick) -> None:
        """Add a trade of a known instrument, with a price and quantity above zero."""
        track = self._tracks.get((tick.instrument_id, tick.source))
        if track is None:
            track = self._track(tick.instrument_id, tick.source)
        ts = tick.ts_event
        second = ts - ts % NS
        piece = track.piece
        if piece is None or piece.second_ns != second:
            instrument = track.instrument
            if second > instrument.reached_ns:
                self._flush(instrument)
                instrument.reached_ns = second
            elif piece is not None:
                self._close(track)
            if not instrument.pending:
                self._pending[instrument] = None
            piece = track.piece = TradeSlice(
                tick.instrument_id, tick.source, second, instrument.reached_ns
            )
            instrument.pending.append(track)
        price, counts = tick.price, tick.counts
        piece.ticks += 1
        if counts & 4:
            qty = tick.qty
            piece.volume += qty
            piece.value += price * qty
            piece.count += 1
        if counts & 2:
            if price > piece.high:
                piece.high = price
            if price < piece.low or not piece.low:
                piece.low = price
        if counts & 1:
            sequence = tick.sequence
            if not piece.open:
                piece.open = piece.close = price
                piece.first_ts = piece.last_ts = ts
                piece.first_sequence = piece.last_sequence = sequence
            elif ts > piece.last_ts or (ts == piece.last_ts and sequence >= piece.last_sequence):
                piece.close, piece.last_ts, piece.last_sequence = price, ts, sequence
            elif ts < piece.first_ts or (ts == piece.first_ts and sequence < piece.first_sequence):
                piece.open, piece.first_ts, piece.first_sequence = price, ts, sequence

    def _close(self, track: _Track) -> None:
        """Add the second of one source to its windows, and hand it to stage B."""
        piece = track.piece
        assert piece is not None
        track.instrument.pending.remove(track)
        track.piece = None
        track.windows.add(piece, self._dirty)
        self._slices.append(piece)

    def _flush(self, instrument: _Instrument) -> None:
        while instrument.pending:
            self._close(instrument.pending[0])
        self._pending.pop(instrument, None)

    def flush(self) -> None:
        """Add every second that is being added up to its windows."""
        while self._pending:
            self._flush(next(iter(self._pending)))

    def settle(self, now_ns: int) -> dict[int, int]:
        """Let the time of instruments pass that have no trades: it is at least twice ``LATE_NS``
        behind. What it is now, by instrument, for stage B.
        """
        floor = now_ns - now_ns % NS - 2 * LATE_NS
        settled = {}
        for instrument_id, instrument in self._instruments.items():
            if instrument.reached_ns < floor - SWEEP_NS:
                self._flush(instrument)
                instrument.reached_ns = settled[instrument_id] = floor
                for track in instrument.tracks:
                    track.windows.sweep(floor, self._dirty)
        return settled

    def reached_ns(self, instrument_id: int) -> int:
        """The latest second that trades of an instrument have reached, 0 for none."""
        instrument = self._instruments.get(instrument_id)
        return instrument.reached_ns if instrument is not None else 0

    def take_slices(self) -> list[TradeSlice]:
        """Seconds that were added to windows since the last call, for stage B."""
        slices, self._slices = self._slices, []
        return slices

    def take_bars(self) -> list[Bar]:
        """Bars that changed since the last call, as they stand now."""
        self.flush()
        return changed_bars(self._dirty)

    def reach(self, bar: Bar) -> None:
        """Let an instrument's time be at least what it must have been for this bar.

        Without it a trade that comes hours late would, after a restart, begin a final bar anew.
        """
        second = bar.start_ns
        if bar.final:
            second = _end_ns(bar, self._days[bar.instrument_id]) + LATE_NS
        elif bar.window_s != SECOND_S:
            return
        instrument = self._instruments.setdefault(bar.instrument_id, _Instrument())
        instrument.reached_ns = max(instrument.reached_ns, second)

    def restore(self, bars: Iterable[Bar]) -> None:
        """Take up the bars of sources that were kept before a restart."""
        for bar in bars:
            self._track(bar.instrument_id, bar.source).windows.restore(bar)


def changed_bars(dirty: Dirty) -> list[Bar]:
    """The bars of these windows, which are dirty no more; the list is emptied."""
    bars = []
    for windows, window in dirty:
        window.is_dirty = False
        bar = windows.bar(window)
        if bar is not None:
            bars.append(bar)
    dirty.clear()
    return bars
