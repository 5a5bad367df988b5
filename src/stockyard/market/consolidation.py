"""Stage B: one view of an instrument over all its sources, and its consolidated bars.

Promises: the same quotes and seconds of trades give the same view and bars; a quote costs O(1) but
for at most ``SOURCES_MAX`` comparisons when the best source falls back; a view is made only when
somebody looks. Must not know: clocks, feeds, or what the engine makes of it.

The rules. Best bid: the highest, then the larger, then the source that comes first by name; the
ask alike. Its size is that source's alone. A source that is lost counts no more until it speaks
again. Where the sources' best prices cross each other, the view says so. Trades of all sources are
added, but for those in ``quotes_only``, which repeat a tape that another source has already.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from stockyard.market.bars import NS, Dirty, Windows, changed_bars
from stockyard.market.trading_days import TradingDays
from stockyard.model.facts import Quote
from stockyard.model.ticks import (
    CONSOLIDATED,
    DAY_S,
    BandTick,
    Bar,
    MarketView,
    MarkTick,
    QuoteTick,
    SourceState,
    StatusTick,
    TradeSlice,
)

VOLATILITY_MINUTES: Final = 30
"""Minutes of trading that the realised volatility looks back."""
VOLATILITY_RETURNS_MIN: Final = 5
_MINUTE_S: Final = 60
_MINUTE_NS: Final = _MINUTE_S * NS


def realised_volatility(closes: Mapping[int, int], minutes_year: int) -> float | None:
    """The annual realised volatility of one-minute closes by the start of their minute, UTC ns.

    The square root of ``minutes_year / n * sum(r**2)``: ``r`` the logarithmic return from one close
    to the next, ``n`` the minutes between the first and the last, so that a minute without a trade
    counts as one without a move. It looks back ``VOLATILITY_MINUTES`` from the newest close; a gap
    of more than that (a night) is left out. None for fewer than ``VOLATILITY_RETURNS_MIN`` returns.
    Source: realised variance as in Andersen and Bollerslev, "Answering the Skeptics", International
    Economic Review 39 (1998).
    """
    squares, minutes, returns = 0.0, 0, 0
    after: int | None = None
    for start in sorted(closes, reverse=True):
        if after is not None:
            passed = (after - start) // _MINUTE_NS
            if passed <= VOLATILITY_MINUTES:
                if minutes + passed > VOLATILITY_MINUTES:
                    break
                squares += math.log(closes[after] / closes[start]) ** 2
                minutes += passed
                returns += 1
        after = start
    if returns < VOLATILITY_RETURNS_MIN:
        return None
    return math.sqrt(squares * minutes_year / minutes)


class _Book:
    """All that is known of one instrument."""

    __slots__ = (
        "ask",
        "band",
        "bid",
        "day",
        "day_closes",
        "halted_by",
        "last",
        "last_key",
        "lost",
        "mark",
        "minute_closes",
        "newest",
        "quotes",
        "reached_ns",
        "trade_ts",
        "windows",
    )

    def __init__(self, windows: Windows) -> None:
        self.windows = windows
        self.quotes: dict[str, QuoteTick] = {}
        self.bid: QuoteTick | None = None
        self.ask: QuoteTick | None = None
        self.newest: QuoteTick | None = None
        self.lost: dict[str, int] = {}
        self.trade_ts: dict[str, int] = {}
        self.reached_ns = 0
        self.last = 0
        self.last_key = (0, "", 0)
        self.halted_by: dict[str, str] = {}
        self.band: BandTick | None = None
        self.mark: MarkTick | None = None
        self.minute_closes: dict[int, int] = {}
        self.day_closes: dict[int, int] = {}
        self.day: Bar | None = None


class Consolidation:
    """The views and consolidated bars of some instruments."""

    def __init__(self, days: Mapping[int, TradingDays]) -> None:
        self._days = days
        self.quotes_only: Collection[str] = ()
        self._books: dict[int, _Book] = {}
        self._dirty: Dirty = []

    def _book(self, instrument_id: int) -> _Book:
        book = self._books.get(instrument_id)
        if book is None:
            windows = Windows(instrument_id, CONSOLIDATED, self._days[instrument_id])
            book = self._books[instrument_id] = _Book(windows)
        return book

    def take_quote(self, tick: QuoteTick) -> bool:
        """Take a source's quote; whether the best bid or offer, or a size of it, changed."""
        book = self._books.get(tick.instrument_id)
        if book is None:
            book = self._book(tick.instrument_id)
        source = tick.source
        before_bid, before_ask = book.bid, book.ask
        book.quotes[source] = tick
        book.newest = tick
        if book.lost:
            book.lost.pop(source, None)
        bid, ask = before_bid, before_ask
        if tick.bid and (bid is None or _bids_better(tick, bid)):
            book.bid = bid = tick
        elif bid is not None and bid.source == source:
            book.bid = bid = _best_bid(book.quotes)
        if tick.ask and (ask is None or _asks_better(tick, ask)):
            book.ask = ask = tick
        elif ask is not None and ask.source == source:
            book.ask = ask = _best_ask(book.quotes)
        return _bid_differs(before_bid, bid) or _ask_differs(before_ask, ask)

    def is_best(self, tick: QuoteTick) -> bool:
        """Whether a quote that was taken is the best bid or offer."""
        book = self._books.get(tick.instrument_id)
        return book is not None and (book.bid is tick or book.ask is tick)

    def quote(self, instrument_id: int) -> Quote | None:
        """What the engine is told: the best of each side.

        Where they cross, the newest source's own quote stands for both.
        """
        book = self._books.get(instrument_id)
        if book is None or book.newest is None:
            return None
        bid, ask = book.bid, book.ask
        if bid is not None and ask is not None and bid.bid > ask.ask:
            bid = ask = book.newest
        return Quote(
            instrument_id,
            bid.bid if bid is not None else 0,
            ask.ask if ask is not None else 0,
            bid.bid_qty if bid is not None else 0,
            ask.ask_qty if ask is not None else 0,
            max(bid.ts_event if bid is not None else 0, ask.ts_event if ask is not None else 0)
            or book.newest.ts_event,
        )

    def quoting(self, instrument_id: int) -> int:
        """How many sources quote an instrument now."""
        book = self._books.get(instrument_id)
        return 0 if book is None else len(book.quotes)

    def sources(self) -> dict[str, tuple[int, int]]:
        """For each source: how many instruments it spoke of, and on how many its quote counts."""
        spoken: Counter[str] = Counter()
        quoting: Counter[str] = Counter()
        for book in self._books.values():
            quoting.update(book.quotes.keys())
            spoken.update({*book.quotes, *book.lost, *book.trade_ts})
        return {source: (count, quoting[source]) for source, count in spoken.items()}

    def crossed(self) -> list[int]:
        """The instruments where one source's bid lies above another's ask."""
        return [
            instrument_id
            for instrument_id, book in self._books.items()
            if book.bid is not None and book.ask is not None and book.bid.bid > book.ask.ask
        ]

    def halted(self) -> list[int]:
        """The instruments that a source says are halted."""
        return [instrument_id for instrument_id, book in self._books.items() if book.halted_by]

    def reached_ns(self, instrument_id: int) -> int:
        """The latest second that trades of an instrument have reached, 0 for none."""
        book = self._books.get(instrument_id)
        return 0 if book is None else book.reached_ns

    def lose(self, source: str) -> list[int]:
        """Count a silent source's quotes no more; the instruments whose best changed."""
        changed = []
        for instrument_id, book in self._books.items():
            gone = book.quotes.pop(source, None)
            if gone is None:
                continue
            book.lost[source] = gone.ts_event
            if book.newest is gone:
                book.newest = max(book.quotes.values(), key=_quoted_at, default=gone)
            before_bid, before_ask = book.bid, book.ask
            book.bid, book.ask = _best_bid(book.quotes), _best_ask(book.quotes)
            if _bid_differs(before_bid, book.bid) or _ask_differs(before_ask, book.ask):
                changed.append(instrument_id)
        return changed

    def take_status(self, tick: StatusTick) -> bool:
        """Take a halt or its end; whether the instrument's state changed.

        One source is enough to halt it, and one to let it go on.
        """
        book = self._book(tick.instrument_id)
        before = bool(book.halted_by)
        if tick.halted:
            book.halted_by[tick.source] = tick.reason
        else:
            book.halted_by.clear()
        return bool(book.halted_by) != before

    def take_band(self, tick: BandTick) -> None:
        """Take a price band."""
        self._book(tick.instrument_id).band = tick

    def take_mark(self, tick: MarkTick) -> None:
        """Take a perpetual's mark price."""
        self._book(tick.instrument_id).mark = tick

    def quoted_ns(self, instrument_id: int) -> int:
        """When the newest quote of an instrument was made, 0 for none."""
        book = self._books.get(instrument_id)
        return 0 if book is None or book.newest is None else book.newest.ts_event

    def take_slices(self, slices: Iterable[TradeSlice]) -> None:
        """Take seconds of trades, in the order in which stage A finished them."""
        for piece in slices:
            source = piece.source
            if source in self.quotes_only:
                continue
            book = self._book(piece.instrument_id)
            if piece.reached_ns < book.reached_ns:
                # Another process has seen less; what is final here stays so.
                piece.reached_ns = book.reached_ns
            book.reached_ns = piece.reached_ns
            book.windows.add(piece, self._dirty)
            traded_ns = max(piece.second_ns, piece.last_ts)
            if traded_ns > book.trade_ts.get(source, 0):
                book.trade_ts[source] = traded_ns
            if piece.open:
                key = (piece.last_ts, source, piece.last_sequence)
                if key >= book.last_key:
                    book.last, book.last_key = piece.close, key

    def settle(self, reached: Mapping[int, int]) -> None:
        """Let time pass for these instruments without trades; see ``BarBuilder.settle``."""
        for instrument_id, reached_ns in reached.items():
            book = self._books.get(instrument_id)
            if book is not None:
                book.reached_ns = max(book.reached_ns, reached_ns)
                book.windows.sweep(book.reached_ns, self._dirty)

    def take_bars(self) -> list[Bar]:
        """Consolidated bars that changed since the last call."""
        bars = changed_bars(self._dirty)
        for bar in bars:
            self._note(self._books[bar.instrument_id], bar)
        return bars

    def _note(self, book: _Book, bar: Bar) -> None:
        """Remember closes of minutes and days, for the volatility and the change."""
        if bar.window_s == _MINUTE_S:
            book.minute_closes[bar.start_ns] = bar.close
            if len(book.minute_closes) > VOLATILITY_MINUTES + 1:
                del book.minute_closes[min(book.minute_closes)]
        elif bar.window_s == DAY_S:
            if book.day is None or bar.start_ns >= book.day.start_ns:
                book.day = bar
            book.day_closes[bar.start_ns] = bar.close
            if len(book.day_closes) > 2:
                del book.day_closes[min(book.day_closes)]

    def view(self, instrument_id: int) -> MarketView | None:
        """The view as of what was taken; bars first taken by ``take_bars``. None: nothing known."""
        book = self._books.get(instrument_id)
        if book is None:
            return None
        # Where the latest day has taken all its trades, it stands until another has a price.
        bid, ask, day = book.bid, book.ask, book.windows.latest(DAY_S) or book.day
        before = [start for start in book.day_closes if day is not None and start < day.start_ns]
        crossed = bid is not None and ask is not None and bid.bid > ask.ask
        return MarketView(
            instrument_id=instrument_id,
            bid=bid.bid if bid is not None else 0,
            bid_qty=bid.bid_qty if bid is not None else 0,
            bid_source=bid.source if bid is not None else "",
            ask=ask.ask if ask is not None else 0,
            ask_qty=ask.ask_qty if ask is not None else 0,
            ask_source=ask.source if ask is not None else "",
            is_crossed=crossed,
            last=book.last,
            last_source=book.last_key[1],
            last_ts=book.last_key[0],
            session_ns=day.start_ns if day is not None else 0,
            open=day.open if day is not None else 0,
            high=day.high if day is not None else 0,
            low=day.low if day is not None else 0,
            previous_close=book.day_closes[max(before)] if before else 0,
            volume=day.volume if day is not None else 0,
            vwap=day.vwap if day is not None else 0,
            count=day.count if day is not None else 0,
            volatility=realised_volatility(
                book.minute_closes, self._days[instrument_id].minutes_year
            ),
            is_halted=bool(book.halted_by),
            halt_reason=next(iter(book.halted_by.values()), ""),
            lower=book.band.lower if book.band is not None else 0,
            upper=book.band.upper if book.band is not None else 0,
            mark=book.mark,
            sources=_sources(book),
        )

    def restore(self, bars: Iterable[Bar]) -> None:
        """Take up the consolidated bars kept before a restart, also those that are final."""
        for bar in sorted(bars, key=_start):
            book = self._book(bar.instrument_id)
            self._note(book, bar)
            if not bar.final:
                book.windows.restore(bar)
            if bar.start_ns >= book.last_key[0]:
                book.last, book.last_key = bar.close, (bar.start_ns, "", 0)


def _quoted_at(quote: QuoteTick) -> int:
    return quote.ts_event


def _start(bar: Bar) -> int:
    return bar.start_ns


def _sources(book: _Book) -> tuple[SourceState, ...]:
    names = sorted({*book.quotes, *book.lost, *book.trade_ts})
    states = []
    for name in names:
        quote = book.quotes.get(name)
        quote_ts = quote.ts_event if quote is not None else book.lost.get(name, 0)
        states.append(SourceState(name, quote_ts, book.trade_ts.get(name, 0), name in book.lost))
    return tuple(states)


def _bids_better(one: QuoteTick, other: QuoteTick) -> bool:
    if one.bid != other.bid:
        return one.bid > other.bid
    if one.bid_qty != other.bid_qty:
        return one.bid_qty > other.bid_qty
    return one.source <= other.source


def _asks_better(one: QuoteTick, other: QuoteTick) -> bool:
    if one.ask != other.ask:
        return one.ask < other.ask
    if one.ask_qty != other.ask_qty:
        return one.ask_qty > other.ask_qty
    return one.source <= other.source


def _best_bid(quotes: Mapping[str, QuoteTick]) -> QuoteTick | None:
    best: QuoteTick | None = None
    for quote in quotes.values():
        if quote.bid and (best is None or _bids_better(quote, best)):
            best = quote
    return best


def _best_ask(quotes: Mapping[str, QuoteTick]) -> QuoteTick | None:
    best: QuoteTick | None = None
    for quote in quotes.values():
        if quote.ask and (best is None or _asks_better(quote, best)):
            best = quote
    return best


def _bid_differs(one: QuoteTick | None, other: QuoteTick | None) -> bool:
    if one is None or other is None:
        return one is not other
    return one.bid != other.bid or one.bid_qty != other.bid_qty


def _ask_differs(one: QuoteTick | None, other: QuoteTick | None) -> bool:
    if one is None or other is None:
        return one is not other
    return one.ask != other.ask or one.ask_qty != other.ask_qty
