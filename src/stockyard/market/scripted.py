"""A market by a script: what is said of one instrument while its prices are under control.

Promises: the same script asked at the same times gives the same facts; no point of a path and no
recorded fact is left out because nobody asked at its moment, as long as ``FACTS_PER_TURN_MAX`` of
them are due at once; prices lie on the tick, a bid below its ask. Must not know: clocks (times are
handed in), the engine, or who wrote the script.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple, Protocol

from stockyard.model.facts import Quote, Trade
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import INT_MAX

FACTS_PER_TURN_MAX: Final = 500
"""More that is due at once waits for the next turn."""
FACTOR_UNIT: Final = 1_000_000
"""Factors are counted in millionths."""
BID: Final = "bid"
ASK: Final = "ask"

Said = Quote | Trade


class Shape(NamedTuple):
    """A quote without its time; a missing side is 0 / 0."""

    bid: int
    ask: int
    bid_qty: int
    ask_qty: int

    @property
    def mid(self) -> int:
        """The middle price; of one side alone its price; 0 for none."""
        if self.bid and self.ask:
            return (self.bid + self.ask) // 2
        return self.bid or self.ask

    def quote(self, instrument_id: int, ts_ns: int) -> Quote:
        """The quote at a time."""
        return Quote(instrument_id, self.bid, self.ask, self.bid_qty, self.ask_qty, ts_ns)


class Point(NamedTuple):
    """Where a path is at a time."""

    ts_ns: int
    bid: int
    ask: int


class Script(Protocol):
    """What is said of one instrument. ``shape``: what it quoted last; ``ends_ns``: 0 for never."""

    kind: str
    shape: Shape
    ends_ns: int

    def take(self, ts_ns: int) -> list[Said]:
        """Everything since the last turn up to this time; the time never goes back."""

    def moved(self, wanted: int, base: int) -> "Script":
        """The rest of the script with all prices as ``wanted`` is to ``base``."""


def tick_at(instrument: Instrument, price: int) -> int:
    """The price increment at a price."""
    return instrument.tick if price >= instrument.tick_threshold else instrument.tick_below


def on_tick(instrument: Instrument, price: int, up: bool = False) -> int:
    """A price on its tick, rounded down or up, at least one tick."""
    tick = tick_at(instrument, price)
    ticks = -(-price // tick) if up else price // tick
    return min(max(1, ticks) * tick, INT_MAX)


def nearest_tick(instrument: Instrument, price: int) -> int:
    """A price on the nearest tick."""
    return on_tick(instrument, price + tick_at(instrument, price) // 2)


def around(instrument: Instrument, price: int, spread: int) -> tuple[int, int]:
    """Bid and ask around a price, a spread apart, at least one tick."""
    bid = on_tick(instrument, max(0, price - spread // 2))
    return bid, max(on_tick(instrument, bid + spread, up=True), bid + tick_at(instrument, bid))


def scaled_shape(instrument: Instrument, shape: Shape, wanted: int, base: int) -> Shape:
    """A quote with its middle moved as ``wanted`` is to ``base``, as far apart as it was."""
    if shape.bid and shape.ask:
        mid = (shape.bid + shape.ask) * wanted // (2 * base)
        bid, ask = around(instrument, mid, shape.ask - shape.bid)
        return Shape(bid, ask, shape.bid_qty, shape.ask_qty)
    bid = nearest_tick(instrument, shape.bid * wanted // base) if shape.bid else 0
    ask = nearest_tick(instrument, shape.ask * wanted // base) if shape.ask else 0
    return Shape(bid, ask, shape.bid_qty, shape.ask_qty)


class Held:
    """A quote that stands, and is said again at each turn."""

    kind: str = "quote"
    ends_ns: int = 0

    def __init__(self, instrument: Instrument, shape: Shape) -> None:
        self._instrument, self.shape = instrument, shape

    def take(self, ts_ns: int) -> list[Said]:
        """The quote."""
        return [self.shape.quote(self._instrument.instrument_id, ts_ns)]

    def moved(self, wanted: int, base: int) -> "Held":
        """The same with its prices moved."""
        return Held(self._instrument, scaled_shape(self._instrument, self.shape, wanted, base))


class Path:
    """Points in time, and what lies between them: a straight line, or (``steps``) the last point.

    Says nothing before the first point, and the last one for ever. Each new middle price is also
    printed as a trade of ``trade_qty``, unless that is 0.
    """

    kind: str = "path"

    def __init__(
        self,
        instrument: Instrument,
        points: Sequence[Point],
        qtys: tuple[int, int],
        *,
        steps: bool = False,
        trade_qty: int = 0,
    ) -> None:
        assert points
        assert all(a.ts_ns < b.ts_ns for a, b in pairwise(points))
        self._instrument, self._points, self._qtys = instrument, tuple(points), qtys
        self._steps, self._trade_qty = steps, trade_qty
        self._times = [point.ts_ns for point in points]
        self._taken_ns = self._printed = 0
        self.ends_ns = points[-1].ts_ns
        self.shape = self._at(points[0].ts_ns)

    def _at(self, ts_ns: int) -> Shape:
        """Where it is, at or after the first point."""
        index = bisect_right(self._times, ts_ns) - 1
        here = self._points[index]
        bid, ask = here.bid, here.ask
        if not self._steps and index + 1 < len(self._points):
            there = self._points[index + 1]
            passed, whole = ts_ns - here.ts_ns, there.ts_ns - here.ts_ns
            bid += (there.bid - bid) * passed // whole
            ask += (there.ask - ask) * passed // whole
        bid = on_tick(self._instrument, bid)
        ask = max(on_tick(self._instrument, ask, up=True), bid + tick_at(self._instrument, bid))
        return Shape(bid, ask, *self._qtys)

    def take(self, ts_ns: int) -> list[Said]:
        """Each point that was passed, and where it is now."""
        passed = bisect_right(self._times, self._taken_ns)
        times = [at for at in self._times[passed : passed + FACTS_PER_TURN_MAX] if at <= ts_ns]
        late = len(times) == FACTS_PER_TURN_MAX
        if ts_ns >= self._times[0] and not late and times[-1:] != [ts_ns]:
            times.append(ts_ns)
        said: list[Said] = []
        for at in times:
            self.shape = self._at(at)
            said.append(self.shape.quote(self._instrument.instrument_id, at))
            price = nearest_tick(self._instrument, self.shape.mid)
            if self._trade_qty and price != self._printed:
                self._printed = price
                said.append(Trade(self._instrument.instrument_id, price, self._trade_qty, at))
        if times:
            self._taken_ns = times[-1]
        return said

    def moved(self, wanted: int, base: int) -> "Path":
        """The same with all its points moved, gone as far."""
        points = [
            Point(
                ts,
                *around(self._instrument, (bid + ask) * wanted // (2 * base), ask - bid),
            )
            for ts, bid, ask in self._points
        ]
        found = Path(
            self._instrument, points, self._qtys, steps=self._steps, trade_qty=self._trade_qty
        )
        found._taken_ns, found._printed = self._taken_ns, self._printed
        if self._taken_ns:
            found.shape = found._at(self._taken_ns)
        return found


class Played:
    """Recorded facts, said again ``shift_ns`` later, then the last quote for ever.

    ``wanted`` and ``base``: all prices as these are to each other, on the tick.
    """

    kind: str = "recording"

    def __init__(
        self,
        instrument: Instrument,
        facts: Sequence[Said],
        shift_ns: int,
        wanted: int = 1,
        base: int = 1,
    ) -> None:
        assert facts
        self._instrument, self._facts, self._shift_ns = instrument, facts, shift_ns
        self._wanted, self._base = wanted, base
        self._next = 0
        self.ends_ns = facts[-1].ts_event + shift_ns
        self.shape = Shape(0, 0, 0, 0)

    def take(self, ts_ns: int) -> list[Said]:
        """What was recorded up to this time."""
        facts = self._facts
        said: list[Said] = []
        while self._next < len(facts) and len(said) < FACTS_PER_TURN_MAX:
            fact = facts[self._next]
            if fact.ts_event + self._shift_ns > ts_ns:
                break
            said.append(self._again(fact))
            self._next += 1
        if not said and self._next == len(facts) and self.shape.mid:
            return [self.shape.quote(self._instrument.instrument_id, ts_ns)]
        return said

    def _again(self, fact: Said) -> Said:
        terms, at = self._instrument, fact.ts_event + self._shift_ns
        if isinstance(fact, Trade):
            price = nearest_tick(terms, fact.price * self._wanted // self._base)
            return Trade(terms.instrument_id, price, fact.qty, at)
        bid = on_tick(terms, fact.bid * self._wanted // self._base) if fact.bid else 0
        ask = on_tick(terms, fact.ask * self._wanted // self._base, up=True) if fact.ask else 0
        if bid and ask <= bid and ask:
            ask = bid + tick_at(terms, bid)
        self.shape = Shape(bid, ask, fact.bid_qty, fact.ask_qty)
        return self.shape.quote(terms.instrument_id, at)

    def moved(self, wanted: int, base: int) -> "Played":
        """The rest of it with its prices moved."""
        found = Played(
            self._instrument,
            self._facts,
            self._shift_ns,
            self._wanted * wanted,
            self._base * base,
        )
        found._next = self._next
        if self.shape.mid:
            found.shape = scaled_shape(self._instrument, self.shape, wanted, base)
        return found


class Dress(NamedTuple):
    """What is done to every quote: its spread times ``factor`` millionths, one side ``emptied``."""

    factor: int = FACTOR_UNIT
    emptied: str = ""


PLAIN: Final = Dress()


def dressed(instrument: Instrument, said: Sequence[Said], dress: Dress) -> list[Said]:
    """What is said with every quote dressed; no trade at a side that is empty is left.

    Trades lie at the quote before them.
    """
    found: list[Said] = []
    quote: Quote | None = None
    for fact in said:
        if isinstance(fact, Quote):
            quote = fact
            found.append(_dressed_quote(instrument, fact, dress))
        elif quote is None or not _is_empty_at(quote, fact.price, dress.emptied):
            found.append(fact)
    return found


def _is_empty_at(quote: Quote, price: int, emptied: str) -> bool:
    if emptied == ASK:
        return 0 < quote.ask <= price
    return emptied == BID and quote.bid > 0 and price <= quote.bid


def _dressed_quote(instrument: Instrument, quote: Quote, dress: Dress) -> Quote:
    bid, ask = quote.bid, quote.ask
    if bid and ask and dress.factor != FACTOR_UNIT:
        spread = (ask - bid) * dress.factor // FACTOR_UNIT
        bid, ask = around(instrument, (bid + ask) // 2, spread)
    bid_qty, ask_qty = quote.bid_qty, quote.ask_qty
    if dress.emptied == BID:
        bid = bid_qty = 0
    elif dress.emptied == ASK:
        ask = ask_qty = 0
    return Quote(quote.instrument_id, bid, ask, bid_qty, ask_qty, quote.ts_event)
