"""A circuit breaker: a dependency that fails is left alone for a while.

Promises: at most one question to a dependency that is believed dead at a time, and a bounded memory
of its answers. Must not know: what is asked, how long it takes, or what time it is (the clock is
passed in).

The pattern is M. Nygard's (Release It!, 2007); a sliding window of outcomes decides, as in Hystrix.
"""

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import msgspec

TIMEOUT_S: Final = 5.0
"""How long whoever calls may wait for an answer before it counts as a failure."""
CALLS_MIN: Final = 10
"""Calls in the window before their failures are looked at."""
CALLS_MAX: Final = 50
"""Calls that are remembered."""
WINDOW_S: Final = 60.0
"""How long they are."""
FAILURES_MAX_PERCENT: Final = 50
"""It opens when more of them than this have failed."""
OPEN_S: Final = 30.0
"""How long it stays open before one call may try."""

T = TypeVar("T")


class BreakerState:
    """What a breaker does with the next call."""

    CLOSED: Final = "closed"
    OPEN: Final = "open"
    HALF_OPEN: Final = "half_open"


BREAKER_STATES: Final = (BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN)


class BreakerOpen(Exception):
    """The call was not made; ``retry_s``: when one may be."""

    def __init__(self, name: str, retry_s: float) -> None:
        super().__init__(f"{name} is left alone for {retry_s:.1f} s more: its last calls failed")
        self.retry_s = retry_s


class BreakerStatus(msgspec.Struct, frozen=True):
    """A breaker as it is now; the counts are of its whole life."""

    name: str
    state: str
    calls: int
    failures: int
    refusals: int
    openings: int
    retry_s: float


class Breakers:
    """The breakers of all dependencies, by name."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._breakers: dict[str, Breaker] = {}

    def of(self, name: str) -> "Breaker":
        """The breaker of a dependency. Names are configured ones, never a client's."""
        found = self._breakers.get(name)
        if found is None:
            found = self._breakers[name] = Breaker(name, self._now_s)
        return found

    def statuses(self) -> list[BreakerStatus]:
        """Every breaker as it is now, in order of first use."""
        return [breaker.status() for breaker in self._breakers.values()]


class Breaker:
    """The breaker of one dependency. ``now_s``: seconds of a clock that never goes back."""

    def __init__(self, name: str, now_s: Callable[[], float]) -> None:
        self.name = name
        self._now_s = now_s
        self._outcomes: deque[tuple[float, bool]] = deque()
        self._window_failures = 0
        self._opened_s: float | None = None
        self._trying = False
        self._calls = self._failures = self._refusals = self._openings = 0

    @property
    def state(self) -> str:
        """A ``BreakerState``."""
        if self._opened_s is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if self._retry_s() > 0 else BreakerState.HALF_OPEN

    def status(self) -> BreakerStatus:
        """State and counts."""
        return BreakerStatus(
            self.name,
            self.state,
            self._calls,
            self._failures,
            self._refusals,
            self._openings,
            self._retry_s(),
        )

    async def call(
        self, ask: Callable[[], Awaitable[T]], failures: tuple[type[Exception], ...]
    ) -> T:
        """Ask the dependency. One of ``failures`` counts against it, being canceled does not.

        Raises ``BreakerOpen`` without asking, and what ``ask`` raises.
        """
        on_trial = self._enter()
        try:
            found = await ask()
        except failures:
            self._leave(on_trial, failed=True)
            raise
        except BaseException:
            # Neither an answer nor a failure: the next call is the trial.
            self._trying &= not on_trial
            raise
        self._leave(on_trial, failed=False)
        return found

    def _retry_s(self) -> float:
        if self._opened_s is None:
            return 0.0
        return max(0.0, self._opened_s + OPEN_S - self._now_s())

    def _enter(self) -> bool:
        """Let a call through, or not; whether it is the one that tries."""
        on_trial = self._opened_s is not None
        if on_trial:
            if self._retry_s() > 0 or self._trying:
                self._refusals += 1
                raise BreakerOpen(self.name, self._retry_s())
            self._trying = True
        self._calls += 1
        return on_trial

    def _leave(self, on_trial: bool, *, failed: bool) -> None:
        self._failures += failed
        if on_trial:
            self._trying = False
            self._outcomes.clear()
            self._window_failures = 0
            self._opened_s = self._now_s() if failed else None
            self._openings += failed
            return
        if self._opened_s is not None:
            return
        now_s = self._now_s()
        self._outcomes.append((now_s, failed))
        self._window_failures += failed
        while len(self._outcomes) > CALLS_MAX or self._outcomes[0][0] < now_s - WINDOW_S:
            self._window_failures -= self._outcomes.popleft()[1]
        count = len(self._outcomes)
        if count >= CALLS_MIN and self._window_failures * 100 > count * FAILURES_MAX_PERCENT:
            self._opened_s = now_s
            self._openings += 1
