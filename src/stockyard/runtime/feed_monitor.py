"""What is known of one feed: counts, ages, staleness, clock skew, and when to try again.

Promises: memory bounded by the symbols asked for; every time is passed in. Must not know: sockets,
tasks, or what a frame holds.
"""

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from statistics import median_low
from typing import Final

from stockyard.model.feeds import (
    DETAIL_LENGTH_MAX,
    FeedProblem,
    FeedState,
    FeedStatus,
    SymbolStatus,
)
from stockyard.model.instruments import Instrument
from stockyard.model.ticks import QuoteTick, Tick, TradeTick

_log: Final = logging.getLogger("stockyard.feeds")
SKEW_TICKS: Final = 64
"""The clock skew is the median over so many ticks."""
BACKOFF_MIN_S: Final = 0.5
BACKOFF_MAX_S: Final = 60.0
REFUSED_WAIT_S: Final = 60.0
"""The least wait after credentials were refused."""
STEADY_S: Final = 60.0
"""A connection that was live this long makes the next failure count as the first."""
QUIET_DOUBLINGS_MAX: Final = 4
"""A feed that says nothing on one connection after another is given up to 16 times as long."""
_NS: Final = 1_000_000_000
_DOUBLINGS_MAX: Final = 10


class _Symbol:
    """The last of one symbol."""

    __slots__ = ("instrument", "last_ns", "theirs", "ticks")

    def __init__(self, theirs: str, instrument: Instrument) -> None:
        self.theirs, self.instrument = theirs, instrument
        self.ticks = self.last_ns = 0


class FeedMonitor:
    """One feed's record.

    ``silence_s`` is how long a connection may say nothing, ``stale_s`` how long a symbol may.
    ``jitter`` gives numbers from 0 up to 1.
    """

    def __init__(
        self,
        name: str,
        symbols: Mapping[str, Instrument],
        stale_s: float,
        jitter: Callable[[], float],
    ) -> None:
        self.name, self.stale_s = name, stale_s
        self._jitter = jitter
        self._symbols: dict[int, _Symbol] = {}
        self.state = FeedState.CONNECTING
        self._silence_s = stale_s
        self._live_since_ns = self._last_frame_ns = self._last_tick_ns = self._retry_ns = 0
        self._failures = self._attempts = self._reconnects = self._quiet = 0
        self._frames = self._bytes = self._ticks = 0
        self._lost_ns = 0
        self._offsets: deque[int] = deque(maxlen=SKEW_TICKS)
        self._problems: dict[str, int] = {}
        self._details: dict[str, str] = {}
        self.add(symbols)

    def add(self, symbols: Mapping[str, Instrument]) -> None:
        """These are asked for too."""
        for theirs, instrument in symbols.items():
            self._symbols.setdefault(instrument.instrument_id, _Symbol(theirs, instrument))

    def remove(self, symbols: Mapping[str, Instrument]) -> None:
        """These are asked for no more."""
        for instrument in symbols.values():
            self._symbols.pop(instrument.instrument_id, None)

    def connecting(self) -> None:
        """Another attempt begins."""
        self.state = FeedState.CONNECTING
        self._attempts += 1
        self._retry_ns = 0

    def opened(self, silence_s: float, now_ns: int) -> None:
        """The connection stands; nothing has been said on it yet."""
        self._silence_s = silence_s
        self._last_frame_ns = now_ns

    def silence_s(self) -> float:
        """How long this connection may say nothing."""
        return self._silence_s * (1 << min(self._quiet, QUIET_DOUBLINGS_MAX))

    def live(self, now_ns: int) -> int:
        """Authenticated and subscribed; for how long it was not, ns, 0 for the first time."""
        away_ns = now_ns - self._lost_ns if self._lost_ns else 0
        self.state, self._live_since_ns = FeedState.LIVE, now_ns
        self._reconnects += self._lost_ns > 0
        _log.info("feed %s is live", self.name)
        return away_ns

    def frame(self, size: int, now_ns: int) -> None:
        """A whole frame came."""
        self._frames += 1
        self._bytes += size
        self._last_frame_ns = now_ns

    def ticks(self, ticks: Sequence[Tick], now_ns: int) -> None:
        """A frame held these."""
        self._ticks += len(ticks)
        self._last_tick_ns, self._quiet = now_ns, 0
        for tick in ticks:
            symbol = self._symbols.get(tick.instrument_id)
            if symbol is not None:
                symbol.ticks += 1
                symbol.last_ns = now_ns
            if isinstance(tick, TradeTick | QuoteTick):
                self._offsets.append(tick.ts_event - now_ns)

    def problem(self, problem: FeedProblem) -> None:
        """Count it, keep its detail, and log the first of its kind."""
        count = self._problems.get(problem.kind, 0)
        detail = problem.detail[:DETAIL_LENGTH_MAX]
        self._problems[problem.kind] = count + 1
        self._details[problem.kind] = detail
        if count == 0:
            _log.warning(
                "feed %s: %s (%s); more of this kind is only counted",
                self.name,
                problem.kind,
                detail.encode("unicode_escape").decode(),
            )

    def silent(self) -> None:
        """The connection said nothing for too long."""
        self._quiet += 1

    def lost(self, now_ns: int, *, refused: bool, wait_s: float) -> float:
        """The attempt or the connection is over; how long to wait before the next, in seconds.

        Exponential backoff with full jitter (M. Brooker, Exponential Backoff And Jitter, 2015),
        never less than what the source asked for.
        """
        if self.state == FeedState.LIVE:
            if now_ns - self._live_since_ns >= STEADY_S * _NS:
                self._failures = 0
            self._lost_ns = now_ns
        self._failures += 1
        bound_s = min(BACKOFF_MAX_S, BACKOFF_MIN_S * (1 << min(self._failures, _DOUBLINGS_MAX)))
        delay_s = BACKOFF_MIN_S + self._jitter() * (bound_s - BACKOFF_MIN_S)
        if refused:
            wait_s = max(wait_s, REFUSED_WAIT_S)
        # What the source asked for is the least: those it told the same do not come all at once.
        delay_s = delay_s if wait_s == 0 else wait_s + delay_s
        self.state, self._live_since_ns = FeedState.WAITING, 0
        self._retry_ns = now_ns + round(delay_s * _NS)
        return delay_s

    def stopped(self) -> None:
        """It will not try again."""
        self.state, self._live_since_ns, self._retry_ns = FeedState.STOPPED, 0, 0

    def status(self, now_ns: int) -> FeedStatus:
        """How the feed is doing now."""
        live = self.state == FeedState.LIVE
        silent = now_ns - self._last_frame_ns > self._silence_s * _NS
        oldest_ns = now_ns - round(self.stale_s * _NS)
        return FeedStatus(
            name=self.name,
            state=self.state,
            is_stale=not live or silent,
            live_since_ns=self._live_since_ns,
            last_frame_ns=self._last_frame_ns if self._frames else 0,
            last_tick_ns=self._last_tick_ns,
            retry_ns=self._retry_ns,
            attempts=self._attempts,
            reconnects=self._reconnects,
            frames=self._frames,
            bytes=self._bytes,
            ticks=self._ticks,
            skew_ns=median_low(self._offsets) if self._offsets else None,
            problems=dict(self._problems),
            details=dict(self._details),
            symbols=tuple(
                SymbolStatus(
                    one.instrument.symbol,
                    one.theirs,
                    one.ticks,
                    one.last_ns,
                    not live or one.last_ns < oldest_ns,
                )
                for one in self._symbols.values()
            ),
        )
