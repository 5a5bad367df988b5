"""Market data on its way: ticks of any source to bars, views, the journal and the history.

Promises: what the engine is told goes through the journal like everything else, a quote before the
trade that follows it; quotes are conflated while the writer's line is long, trades never, so
``take`` says how many ticks it took. Must not know: vendors, sockets, disks, or who reads the
views.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

import msgspec

from stockyard.market.bars import BarBuilder, is_over
from stockyard.market.calendars import CALENDAR_NAMES
from stockyard.market.consolidation import Consolidation
from stockyard.market.contract_marks import ContractMarks
from stockyard.market.tick_filter import FAULT_WORDS, FUTURE_NS, TickFilter
from stockyard.market.trading_days import TradingDays
from stockyard.model.facts import (
    FundingRate,
    MarketFact,
    MarkPrice,
    Quote,
    Trade,
    TradingHalted,
)
from stockyard.model.instruments import Instrument
from stockyard.model.records import Input
from stockyard.model.stages import StageReport
from stockyard.model.ticks import (
    CONSOLIDATED,
    BandTick,
    Bar,
    Counts,
    MarketView,
    MarkTick,
    QuoteTick,
    StatusTick,
    Tick,
    TradeTick,
)
from stockyard.runtime.clock import Clock
from stockyard.runtime.writer import WAITING_MAX, Refused

QUOTES_LINE_MAX: Final = WAITING_MAX // 4
"""A longer line of the writer, and quotes are conflated."""
TRADES_LINE_MAX: Final = WAITING_MAX // 2
"""A longer line of the writer, and no more trades are taken."""
NEWS_NS: Final = 10_000_000_000
"""A trade further behind the newest trade or quote of its symbol is not told to the engine: clocks
of sources may be 5 seconds ahead, and somewhat behind.
"""
CONFIRM_NS: Final = 1_000_000_000
"""How often the engine is told a best quote that stays, while it is quoted again."""
LOST_NS: Final = 15_000_000_000
"""A source that says nothing for this long is lost."""
TURN_S: Final = 0.1
"""How old a change of a bar or a view is at most until it is told."""

SIMULATED: Final = "simulated"
RECORDED: Final = "recorded"


class Changes(NamedTuple):
    """What changed since the last turn: bars as they stand now, and instruments whose view did."""

    bars: list[Bar]
    instruments: list[int]


class MarketCounts(NamedTuple):
    """What happened to all ticks so far.

    ``faults``: those left out, by source and reason. ``too_late``: trades too late for the bar of
    their second. ``quotes_conflated``: best bids and offers that gave way to later ones unseen.
    """

    taken: int
    faults: dict[tuple[str, str], int]
    too_late: int
    quotes_conflated: int


class SourceCount(NamedTuple):
    """What one source has said so far: ticks that count, and when the last of them came.

    ``symbols``: instruments it spoke of. ``quoting``: those where its quote counts now.
    """

    source: str
    ticks: int
    last_ns: int
    symbols: int
    quoting: int


Keeper = Callable[[Sequence[Tick], Sequence[Bar]], None]
"""Is handed ticks that were taken and bars that changed; must not wait."""


class FactSink(Protocol):
    """Where facts for the engine go: a writer, or another process."""

    @property
    def waiting(self) -> int:
        """How many facts wait there."""

    def submit(self, message: Input) -> None:
        """Line up a fact. Raises ``Refused``."""


class MarketData:
    """All sources of one world, made into one market.

    ``keeper`` gets what should be kept, ``listener`` what should be shown, ``on_turn`` the time of
    each turn after that.
    """

    def __init__(self, writer: FactSink) -> None:
        self._writer = writer
        self._quotes_only: frozenset[str] = frozenset()
        self._days: dict[int, TradingDays] = {}
        self._calendars: dict[str, TradingDays] = {}
        self.filter = TickFilter(())
        self.builder = BarBuilder(self._days)
        self.consolidation = Consolidation(self._days)
        self.marks = ContractMarks()
        self.listener: Callable[[Changes], None] | None = None
        self.on_turn: Callable[[int], None] | None = None
        self.keeper: Keeper | None = None
        self._heard: dict[str, int] = {}
        self._said: dict[str, list[int]] = {}
        self._observed: set[str] = set()
        self._owed: dict[int, None] = {}
        self._quoted: dict[int, int] = {}
        self._halts: dict[int, TradingHalted] = {}
        self._changed: dict[int, None] = {}
        self._unkept: list[Tick] = []
        self._reported: list[Bar] = []
        self._views: dict[int, MarketView] = {}
        self._taken = self._conflated = 0

    def count_quotes_only(self, sources: Iterable[str]) -> None:
        """Count only the quotes of these sources: their trades repeat a tape that another one has.

        Such a trade makes bars of its source alone, and the engine is not told.
        """
        self._quotes_only = self.consolidation.quotes_only = frozenset(sources)

    def know(self, instrument: Instrument, calendars: Mapping[int, str] = CALENDAR_NAMES) -> None:
        """Take ticks of this instrument from now on; ``calendars``: names by calendar id."""
        name = calendars[instrument.calendar_id]
        if name not in self._calendars:
            self._calendars[name] = TradingDays(name)
        self._days[instrument.instrument_id] = self._calendars[name]
        self.filter.know(instrument)

    def restore(self, bars: Iterable[Bar], now_ns: int) -> None:
        """Go on with bars of before a restart: those that are not final, and the latest of every
        window of all sources. Call it when the instruments are known.

        One that claims to be final before its time, as of an import in the middle of its day or a
        clock that ran ahead, goes on too: else it would keep out every trade until then.
        """
        single, consolidated = [], []
        for bar in bars:
            if bar.instrument_id not in self._days:
                continue
            if bar.final and not is_over(bar, self._days[bar.instrument_id], now_ns + FUTURE_NS):
                bar = msgspec.structs.replace(bar, final=False)
            self.builder.reach(bar)
            if bar.source == CONSOLIDATED:
                consolidated.append(bar)
            elif not bar.final:
                single.append(bar)
        self.builder.restore(single)
        self.consolidation.restore(consolidated)
        for instrument_id in dict.fromkeys(bar.instrument_id for bar in consolidated):
            view = self.consolidation.view(instrument_id)
            if view is not None and view.last:
                self.filter.set_level(instrument_id, view.last)

    def take(self, ticks: Sequence[Tick], now_ns: int, faults: list[int] | None = None) -> int:
        """Take ticks at this time of the world's clock; how many were taken, from the first on.

        The others were not looked at, because trades in them would not fit in the writer's line:
        offer them again later. A tick that is left out for a fault is taken; ``faults`` gets the
        ``Fault`` of each that was taken.
        """
        count = len(ticks)
        for index, tick in enumerate(ticks):
            if isinstance(tick, TradeTick) and self._writer.waiting >= TRADES_LINE_MAX:
                count = index
                break
            fault = self.filter.check(tick, now_ns)
            if not fault and not self._apply(tick, now_ns, self._tell, self.builder):
                count = index
                break
            if faults is not None:
                faults.append(fault)
        self._taken += count
        self._tell_owed()
        self._hand_over()
        return count

    def observe(self, facts: Iterable[MarketFact], source: str, now_ns: int) -> None:
        """Take facts that are on their way to the journal already."""
        self._observed.add(source)
        for fact in facts:
            tick = _tick_of(fact, source)
            if tick is None:
                continue
            self._taken += 1
            if not self.filter.check(tick, now_ns):
                self._apply(tick, now_ns, _told_already, self.builder)
        if self._owed:
            self._tell_owed()
        self._hand_over()

    def observe_status(self, tick: StatusTick, now_ns: int) -> None:
        """Take a halt or its end that is in the journal already."""
        self._apply(tick, now_ns, _told_already, None)
        self._halts.pop(tick.instrument_id, None)
        self._hand_over()

    def take_report(self, report: StageReport, now_ns: int) -> bool:
        """Take what another process has done already; False, and nothing, while there is no room.

        What it left out and which bars it built is not looked at again.
        """
        if self._writer.waiting >= QUOTES_LINE_MAX:
            return False
        for fact in report.facts:
            self._tell(fact)
        for tick in report.ticks:
            self._apply(tick, now_ns, self._tell, None)
        self._taken += len(report.ticks) + len(report.kept)
        self._unkept += report.kept
        for tick in report.kept:
            self._count(tick.source, now_ns)
        self.consolidation.take_slices(report.slices)
        self.consolidation.settle(report.settled)
        self._reported += report.bars
        for view in report.views:
            self._views[view.instrument_id] = view
            self._changed[view.instrument_id] = None
        self._tell_owed()
        self._hand_over()
        return True

    def _apply(
        self,
        tick: Tick,
        now_ns: int,
        tell: "Callable[[MarketFact], bool]",
        builder: BarBuilder | None,
    ) -> bool:
        """Count a tick in; False when a trade could not be told, because the writer is closed.

        ``builder``: None where another process has built its bars.
        """
        instrument_id, source = tick.instrument_id, tick.source
        self._heard[source] = now_ns
        self._count(source, now_ns)
        if isinstance(tick, TradeTick):
            if tick.counts & Counts.LAST and self._is_news(tick):
                if instrument_id in self._owed:
                    self._tell_quote(instrument_id)
                if not tell(Trade(instrument_id, tick.price, tick.qty, tick.ts_event)):
                    return False
            if tick.counts and builder is not None:
                builder.take(tick)
        elif isinstance(tick, QuoteTick):
            changed = self.consolidation.take_quote(tick)
            if (changed or self._confirms(tick, now_ns)) and self._is_untold(instrument_id, source):
                self._conflated += instrument_id in self._owed
                self._owed[instrument_id] = None
                self._quoted[instrument_id] = now_ns
        elif isinstance(tick, StatusTick):
            if self.consolidation.take_status(tick):
                self._halts[instrument_id] = TradingHalted(instrument_id, tick.halted, tick.reason)
        elif isinstance(tick, BandTick):
            self.consolidation.take_band(tick)
        elif isinstance(tick, MarkTick):
            self._take_mark(tick, now_ns)
        self._changed[instrument_id] = None
        if self.keeper is not None:
            self._unkept.append(tick)
        return True

    def _count(self, source: str, now_ns: int) -> None:
        said = self._said.get(source)
        if said is None:
            said = self._said[source] = [0, 0]
        said[0] += 1
        said[1] = now_ns

    def _is_news(self, tick: TradeTick) -> bool:
        """Whether the engine should be told of a trade: it is no other source's, and the market has
        not gone on since, so that no stop is triggered by a price of the past.
        """
        instrument_id = tick.instrument_id
        reached_ns = max(
            self.builder.reached_ns(instrument_id),
            self.consolidation.reached_ns(instrument_id),
            self.consolidation.quoted_ns(instrument_id),
        )
        return tick.source not in self._quotes_only and tick.ts_event >= reached_ns - NEWS_NS

    def _take_mark(self, tick: MarkTick, now_ns: int) -> None:
        if self.marks.follows(tick) in self._heard:
            return
        self.consolidation.take_mark(tick)
        if tick.source not in self._observed:
            self.marks.take(tick, now_ns)

    def _confirms(self, tick: QuoteTick, now_ns: int) -> bool:
        """Whether a quote says again what is best, and the engine has not heard it lately: it
        would take it for an old one.
        """
        heard_ns = self._quoted.get(tick.instrument_id, 0)
        return now_ns - heard_ns >= CONFIRM_NS and self.consolidation.is_best(tick)

    def _is_untold(self, instrument_id: int, source: str) -> bool:
        """Whether the engine does not know a best bid or offer that this source changed: of a
        source that is observed it has the quote itself, which is the best while it is alone.
        """
        return source not in self._observed or self.consolidation.quoting(instrument_id) > 1

    def _hand_over(self) -> None:
        if self.keeper is not None and self._unkept:
            ticks, self._unkept = self._unkept, []
            self.keeper(ticks, ())

    def _tell(self, fact: MarketFact | TradingHalted) -> bool:
        try:
            self._writer.submit(fact)
        except Refused:
            return False
        return True

    def _tell_quote(self, instrument_id: int) -> bool:
        quote = self.consolidation.quote(instrument_id)
        if quote is not None and not self._tell(quote):
            return False
        self._owed.pop(instrument_id, None)
        return True

    def _tell_owed(self) -> None:
        """Tell the engine halts and funding, and, while the writer's line is short, marks and the
        quotes that changed.
        """
        while self._halts:
            instrument_id = next(iter(self._halts))
            if not self._tell(self._halts[instrument_id]):
                return
            del self._halts[instrument_id]
        while (fact := self.marks.untold()) is not None:
            if isinstance(fact, MarkPrice) and self._writer.waiting >= QUOTES_LINE_MAX:
                break
            if not self._tell(fact):
                return
            self.marks.told()
        while self._owed and self._writer.waiting < QUOTES_LINE_MAX:
            if not self._tell_quote(next(iter(self._owed))):
                return

    def heard(self, source: str, now_ns: int) -> None:
        """A source gave a sign of life without a tick."""
        self._heard[source] = now_ns

    def turn(self, now_ns: int) -> Changes:
        """What changed since the last turn. Sources that fell silent are lost, windows that took
        all their trades become final, and quotes that had to wait are told.
        """
        for source in [s for s, at in self._heard.items() if now_ns - at > LOST_NS]:
            if source not in self._observed:
                del self._heard[source]
                self.filter.forget_quotes(source)
                for instrument_id in self.consolidation.lose(source):
                    self._owed[instrument_id] = self._changed[instrument_id] = None
        self.marks.pass_time(now_ns)
        self._tell_owed()
        settled = self.builder.settle(now_ns)
        bars = self.builder.take_bars()
        self.consolidation.take_slices(self.builder.take_slices())
        self.consolidation.settle(settled)
        bars += self.consolidation.take_bars() + self._reported
        self._reported = []
        if self.keeper is not None and bars:
            self.keeper((), bars)
        changes = Changes(bars, list(self._changed))
        self._changed.clear()
        if self.listener is not None and (changes.bars or changes.instruments):
            self.listener(changes)
        if self.on_turn is not None:
            self.on_turn(now_ns)
        return changes

    def view(self, instrument_id: int) -> MarketView | None:
        """The consolidated view of an instrument; None while nothing is known of it.

        Where another process makes it, the last one that it has reported.
        """
        found = self._views.get(instrument_id)
        if found is not None:
            return found
        self.builder.flush()
        self.consolidation.take_slices(self.builder.take_slices())
        return self.consolidation.view(instrument_id)

    def sources(self) -> list[SourceCount]:
        """What each source has said, by name."""
        spoken = self.consolidation.sources()
        return [
            SourceCount(source, ticks, last_ns, *spoken.get(source, (0, 0)))
            for source, (ticks, last_ns) in sorted(self._said.items())
        ]

    @property
    def counts(self) -> MarketCounts:
        """What happened to all ticks so far."""
        return MarketCounts(
            self._taken,
            {(source, FAULT_WORDS[f]): n for (source, f), n in self.filter.counts.items()},
            self.builder.too_late,
            self._conflated,
        )


def _tick_of(fact: MarketFact, source: str) -> TradeTick | QuoteTick | MarkTick | None:
    """What a source said that led to this fact; None for funding, which nobody watches."""
    if isinstance(fact, Quote):
        return QuoteTick(
            fact.instrument_id,
            source,
            fact.bid,
            fact.ask,
            fact.bid_qty,
            fact.ask_qty,
            fact.ts_event,
        )
    if isinstance(fact, FundingRate):
        return None
    if isinstance(fact, MarkPrice):
        return MarkTick(fact.instrument_id, source, fact.mark, fact.index, 0, 0, fact.ts_event)
    return TradeTick(fact.instrument_id, source, fact.price, fact.qty, fact.ts_event, Counts.ALL)


def _told_already(fact: MarketFact) -> bool:
    return True


async def keep_turning(market: MarketData, clock: Clock, interval_s: float = TURN_S) -> None:
    """Take a turn at a steady rate, for ever."""
    while True:
        await asyncio.sleep(interval_s)
        market.turn(clock.now_ns())
