"""What a feed says is looked at before it counts: wrong, untimely, absurd or repeated ticks go.

Promises: every tick left out is counted under one ``Fault``; a tick costs O(1); memory is bounded
by the instruments, ``SOURCES_MAX``, ``NAMES_MAX`` and ``SEQUENCES_MAX``. Must not know: clocks (the
time is handed in), feeds, or what becomes of a tick.

The rules. A price is absurd when it lies further from the instrument's last good trade than its
band (``Instrument.band_bps``); ``BELIEVED`` absurd trades in a row, each inside the band of the one
before it, are a new level and believed, as after a split or a night. A quote is absurd when its bid
lies above the band or its ask below it, so that stub quotes far away pass. A quote whose bid is
above its ask is crossed; one that is older than the source's last is stale. A trade is a duplicate
when its source used its sequence for one of the last ``SEQUENCES_MAX`` trades; without a sequence
it never is, because equal trades at one time do happen.
"""

from collections.abc import Iterable
from typing import Final

from stockyard.model.instruments import Instrument
from stockyard.model.numbers import INT_MAX
from stockyard.model.ticks import (
    BandTick,
    BarTick,
    GreeksTick,
    MarkTick,
    QuoteTick,
    StatusTick,
    Tick,
    TradeTick,
)

FUTURE_NS: Final = 5_000_000_000
"""How far a tick's time may lie ahead of the clock."""
PAST_NS: Final = 86_400_000_000_000
"""How far a tick's time may lie back."""
SOURCES_MAX: Final = 16
"""Sources one instrument may have."""
SOURCE_LENGTH_MAX: Final = 40
NAMES_MAX: Final = 32
"""Sources whose faults are counted under their names before they have said anything that counts."""
SEQUENCES_MAX: Final = 256
BELIEVED: Final = 5
_BPS: Final = 10_000


class Fault:
    """Why a tick was left out; 0 for one that counts."""

    NONE: Final = 0
    WRONG: Final = 1
    UNKNOWN_INSTRUMENT: Final = 2
    TOO_MANY_SOURCES: Final = 3
    FUTURE: Final = 4
    DEEP_PAST: Final = 5
    ABSURD: Final = 6
    CROSSED: Final = 7
    DUPLICATE: Final = 8
    STALE: Final = 9


FAULT_WORDS: Final = {
    Fault.WRONG: "wrong",
    Fault.UNKNOWN_INSTRUMENT: "unknown_instrument",
    Fault.TOO_MANY_SOURCES: "too_many_sources",
    Fault.FUTURE: "future",
    Fault.DEEP_PAST: "deep_past",
    Fault.ABSURD: "absurd",
    Fault.CROSSED: "crossed",
    Fault.DUPLICATE: "duplicate",
    Fault.STALE: "stale",
}
"""As they are counted and shown."""


class _Level:
    """Where an instrument trades: its last good price, and absurd ones that may be a new level."""

    __slots__ = ("band_bps", "doubted", "doubts", "last", "last_ts", "sources")

    def __init__(self, band_bps: int) -> None:
        self.band_bps = band_bps
        self.last = self.last_ts = self.doubted = self.doubts = self.sources = 0


class _Seen:
    """What a source said of an instrument: its latest quote, and sequences of its last trades."""

    __slots__ = ("level", "quote", "sequences")

    def __init__(self, level: _Level) -> None:
        self.level = level
        self.quote: QuoteTick | None = None
        self.sequences: dict[int, None] = {}


class TickFilter:
    """Looks at every tick of some instruments."""

    def __init__(self, instruments: Iterable[Instrument]) -> None:
        self._levels: dict[int, _Level] = {}
        self._seen: dict[tuple[int, str], _Seen] = {}
        self._named: set[str] = set()
        self.counts: dict[tuple[str, int], int] = {}
        for instrument in instruments:
            self.know(instrument)

    def know(self, instrument: Instrument) -> None:
        """Take ticks of this instrument from now on, or by its new terms."""
        level = self._levels.get(instrument.instrument_id)
        if level is None:
            self._levels[instrument.instrument_id] = _Level(instrument.band_bps)
        else:
            level.band_bps = instrument.band_bps

    def set_level(self, instrument_id: int, last: int) -> None:
        """Where an instrument last traded, as known from before."""
        self._levels[instrument_id].last = last

    def forget_quotes(self, source: str) -> None:
        """A source is lost: whatever it quotes when it is back counts, also if it is the same."""
        for (_, name), seen in self._seen.items():
            if name == source:
                seen.quote = None

    def check(self, tick: Tick, now_ns: int) -> int:
        """The ``Fault`` of a tick at this time, counted by its source; 0 when it counts."""
        seen = self._seen.get((tick.instrument_id, tick.source))
        if seen is None:
            return self._first(tick, now_ns)
        fault = self._look(tick, seen, now_ns)
        return self._count(tick.source, fault) if fault else fault

    def _look(self, tick: Tick, seen: _Seen, now_ns: int) -> int:
        if isinstance(tick, TradeTick):
            return self._trade(tick, seen, now_ns)
        if isinstance(tick, QuoteTick):
            return self._quote(tick, seen, now_ns)
        return _other(tick, now_ns)

    def _count(self, source: str, fault: int) -> int:
        self.counts[source, fault] = self.counts.get((source, fault), 0) + 1
        return fault

    def _first(self, tick: Tick, now_ns: int) -> int:
        """Look at what a new source says, and follow it from its first tick that counts.

        Made-up names take nobody's place, and no memory: after the first ``NAMES_MAX`` their faults
        are counted under no source.
        """
        level = self._levels.get(tick.instrument_id)
        if level is None:
            return self._count("", Fault.UNKNOWN_INSTRUMENT)
        if not 0 < len(tick.source) <= SOURCE_LENGTH_MAX:
            return self._count("", Fault.WRONG)
        if level.sources >= SOURCES_MAX:
            return self._count("", Fault.TOO_MANY_SOURCES)
        seen = _Seen(level)
        fault = self._look(tick, seen, now_ns)
        if fault:
            if tick.source not in self._named and len(self._named) < NAMES_MAX:
                self._named.add(tick.source)
            return self._count(tick.source if tick.source in self._named else "", fault)
        level.sources += 1
        self._seen[tick.instrument_id, tick.source] = seen
        return Fault.NONE

    def _trade(self, tick: TradeTick, seen: _Seen, now_ns: int) -> int:
        price, ts = tick.price, tick.ts_event
        if not (0 < price <= INT_MAX and 0 < tick.qty <= INT_MAX and 0 <= tick.counts <= 7):
            return Fault.WRONG
        if ts > now_ns + FUTURE_NS:
            return Fault.FUTURE
        if ts < now_ns - PAST_NS:
            return Fault.DEEP_PAST
        sequence = tick.sequence
        if sequence:
            sequences = seen.sequences
            if sequence in sequences:
                return Fault.DUPLICATE
            sequences[sequence] = None
            if len(sequences) > SEQUENCES_MAX:
                del sequences[next(iter(sequences))]
        level = seen.level
        last = level.last
        if last and abs(price - last) * _BPS > last * level.band_bps:
            return self._doubt(price, ts, level)
        level.doubts = 0
        if ts >= level.last_ts and (tick.counts & 1 or not last):
            level.last, level.last_ts = price, ts
        return Fault.NONE

    def _doubt(self, price: int, ts: int, level: _Level) -> int:
        near = level.doubts and abs(price - level.doubted) * _BPS <= level.doubted * level.band_bps
        level.doubts = level.doubts + 1 if near else 1
        level.doubted = price
        if level.doubts < BELIEVED:
            return Fault.ABSURD
        level.doubts, level.last = 0, price
        level.last_ts = max(level.last_ts, ts)
        return Fault.NONE

    def _quote(self, tick: QuoteTick, seen: _Seen, now_ns: int) -> int:
        bid, ask, ts = tick.bid, tick.ask, tick.ts_event
        if not (0 <= bid <= INT_MAX and 0 <= ask <= INT_MAX):
            return Fault.WRONG
        if not (0 <= tick.bid_qty <= INT_MAX and 0 <= tick.ask_qty <= INT_MAX):
            return Fault.WRONG
        if (bid == 0) != (tick.bid_qty == 0) or (ask == 0) != (tick.ask_qty == 0):
            return Fault.WRONG
        if ts > now_ns + FUTURE_NS:
            return Fault.FUTURE
        if ts < now_ns - PAST_NS:
            return Fault.DEEP_PAST
        if bid > ask > 0:
            return Fault.CROSSED
        level = seen.level
        last = level.last
        if last and ((bid - last) * _BPS > last * level.band_bps or _is_far_below(ask, level)):
            return Fault.ABSURD
        before = seen.quote
        if before is not None:
            if ts < before.ts_event:
                return Fault.STALE
            if tick == before:
                return Fault.DUPLICATE
        seen.quote = tick
        return Fault.NONE


def _is_far_below(ask: int, level: _Level) -> bool:
    return ask > 0 and (level.last - ask) * _BPS > level.last * level.band_bps


def _other(tick: StatusTick | BandTick | MarkTick | GreeksTick | BarTick, now_ns: int) -> int:
    ts = tick.start_ns if isinstance(tick, BarTick) else tick.ts_event
    if ts > now_ns + FUTURE_NS:
        return Fault.FUTURE
    if isinstance(tick, BandTick):
        return Fault.NONE if 0 <= tick.lower <= tick.upper <= INT_MAX else Fault.WRONG
    if isinstance(tick, MarkTick):
        right = 0 < tick.mark <= INT_MAX and 0 <= tick.index <= INT_MAX
        return Fault.NONE if right else Fault.WRONG
    return Fault.NONE
