"""Marks of perpetual contracts, and when their funding is paid.

Promises: of one contract the marks of one source count, the first that tells one until it is lost;
marks are conflated, funding never; each funding time is paid once, at the rate that the source told
last before it. Must not know: clocks, or who pays.

A funding time that is past when it is told first is not paid: after a restart nobody knows whether
it was.
"""

from stockyard.model.facts import FundingRate, MarkPrice
from stockyard.model.ticks import MarkTick


class ContractMarks:
    """The marks of one market, and what the engine has not been told of them."""

    def __init__(self) -> None:
        self._marks: dict[int, MarkTick] = {}
        self._untold: dict[int, None] = {}
        self._due: dict[int, FundingRate] = {}
        self._waiting: list[FundingRate] = []

    def follows(self, tick: MarkTick) -> str:
        """The other source whose marks of this contract count so far; empty for none."""
        before = self._marks.get(tick.instrument_id)
        return before.source if before is not None and before.source != tick.source else ""

    def take(self, tick: MarkTick, now_ns: int) -> None:
        """Take a mark that counts."""
        self.pass_time(now_ns)
        self._marks[tick.instrument_id] = tick
        self._untold[tick.instrument_id] = None
        if tick.next_funding_ns > now_ns:
            self._due[tick.instrument_id] = FundingRate(
                tick.instrument_id, tick.funding_ppb, tick.next_funding_ns
            )

    def pass_time(self, now_ns: int) -> None:
        """Let funding be paid whose time has come."""
        for funding in [one for one in self._due.values() if one.ts_event <= now_ns]:
            del self._due[funding.instrument_id]
            self._waiting.append(funding)

    def untold(self) -> MarkPrice | FundingRate | None:
        """What the engine should be told next: funding first, then marks."""
        if self._waiting:
            return self._waiting[0]
        if not self._untold:
            return None
        tick = self._marks[next(iter(self._untold))]
        return MarkPrice(tick.instrument_id, tick.mark, tick.index, tick.ts_event)

    def told(self) -> None:
        """The engine was told that."""
        if self._waiting:
            del self._waiting[0]
        else:
            del self._untold[next(iter(self._untold))]
