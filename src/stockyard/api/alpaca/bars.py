"""Bars as Alpaca tells them: of one symbol or of several, page by page.

Promises: what was kept and, before it, what the built-in market makes up of its past are one
series, in which nothing stands twice; bars of minutes and hours are told when they are over, those
of days and more as they stand. A page is read, folded and written in a thread. Must not know:
paths.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from stockyard.api.alpaca.asking import Range, Token
from stockyard.api.alpaca.timeframes import DAY, MINUTE, Timeframe, place_of
from stockyard.api.door import Door
from stockyard.api.invented import past_of
from stockyard.api.shapes import time_text
from stockyard.market.folding import joined
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import format_decimal, format_ratio
from stockyard.model.ticks import DAY_S, Bar
from stockyard.runtime.history import HistoryReader

KEPT_MAX: Final = 50_000
"""Kept bars that one page looks at: a page of long bars may end sooner than its limit."""
_NS: Final = 1_000_000_000


class Page(NamedTuple):
    """Rows by symbol, as JSON, and where the next page begins; how many rows are made up."""

    rows: dict[str, list[str]]
    after: Token | None
    invented: int = 0


class Series:
    """The bars of one instrument, kept and made up, for one thread."""

    def __init__(self, door: Door, instrument: Instrument, reader: HistoryReader) -> None:
        self.instrument = instrument
        self.place = place_of(instrument, door.settings.calendars[instrument.calendar_id])
        self._reader = reader
        self._past = past_of(door, instrument, reader)
        self.now_ns = door.world.clock.now_ns()

    @property
    def until_ns(self) -> int:
        """What begins before this is made up."""
        return self._past.until_ns if self._past is not None else 0

    def first(self, window_s: int, from_ns: int, to_ns: int, limit: int) -> list[Bar]:
        """The first ``limit`` bars of a kept length that begin in the range."""
        past = self._past
        made_up: list[Bar] = []
        if past is not None and from_ns < past.until_ns:
            made_up = past.bars(window_s, from_ns, to_ns, limit)
            if window_s == DAY_S:
                morning = past.morning
                if morning is not None and from_ns <= morning.start_ns < to_ns:
                    made_up.append(morning)
        left = limit - len(made_up) + 1
        if left <= 0:
            return made_up[:limit]
        kept = self._reader.bars(self.instrument.instrument_id, window_s, from_ns, to_ns, left)
        return _one_series(made_up, kept)[:limit]

    def newest(self, window_s: int, before_ns: int, limit: int) -> list[Bar]:
        """The last ``limit`` bars of a kept length that begin before a moment, oldest first."""
        instrument_id, past = self.instrument.instrument_id, self._past
        kept = self._reader.newest_bars(instrument_id, window_s, before_ns, limit)
        if past is None or (len(kept) == limit and kept[0].start_ns >= past.until_ns):
            return kept
        made_up = past.newest_bars(window_s, before_ns, limit - len(kept) + 1)
        morning = past.morning if window_s == DAY_S else None
        if morning is not None and morning.start_ns < before_ns:
            made_up.append(morning)
        return _one_series(made_up, kept)[-limit:]


def _one_series(made_up: list[Bar], kept: list[Bar]) -> list[Bar]:
    """What is made up ends within the bar in which what was kept begins."""
    if made_up and kept and made_up[-1].start_ns == kept[0].start_ns:
        return [*made_up[:-1], joined(made_up[-1], kept[0]), *kept[1:]]
    return made_up + kept if made_up else kept


def _over_ns(frame: Timeframe, series: Series) -> int:
    """Bars that begin from here on are not told yet."""
    if not frame.seconds:
        return series.now_ns + 1
    return series.now_ns - frame.seconds * _NS + 1


class _Budget:
    """How many kept bars a page may still look at."""

    def __init__(self) -> None:
        self.left = KEPT_MAX

    def wanted(self, windows: int, parts_max: int) -> int:
        """How many to read for so many bars; always enough for a whole one and the next."""
        return max(parts_max + 1, min(windows * parts_max + 1, self.left))


def _forward(
    series: Series, frame: Timeframe, from_ns: int, to_ns: int, limit: int, budget: _Budget
) -> tuple[list[Bar], int | None]:
    """The first bars that begin in the range, and where the next one does."""
    place = series.place
    kept_s, parts_max = frame.kept_s(place), frame.parts_max(place)
    to_ns = min(to_ns, _over_ns(frame, series))
    at = frame.start_ns(from_ns, place)
    at = at if at >= from_ns else frame.next_ns(at, place)
    if at >= to_ns:
        return [], None
    upto = frame.next_ns(frame.start_ns(to_ns - 1, place), place)
    found: list[Bar] = []
    after: int | None = at
    while after is not None and len(found) <= limit:
        wanted = budget.wanted(limit + 1 - len(found), parts_max)
        kept = series.first(kept_s, after, upto, wanted)
        budget.left -= len(kept)
        bars = frame.fold(kept, place)
        # The last one may lack a part.
        after = bars.pop().start_ns if len(kept) == wanted else None
        found += [bar for bar in bars if bar.open and bar.high]
        if budget.left <= 0:
            break
    if len(found) > limit:
        return found[:limit], found[limit].start_ns
    return found, after


def _backward(
    series: Series, frame: Timeframe, from_ns: int, to_ns: int, limit: int, budget: _Budget
) -> tuple[list[Bar], int | None]:
    """The last bars that begin in the range, newest first, and before which the next one does."""
    place = series.place
    kept_s, parts_max = frame.kept_s(place), frame.parts_max(place)
    to_ns = min(to_ns, _over_ns(frame, series))
    if to_ns <= from_ns:
        return [], None
    before: int | None = frame.next_ns(frame.start_ns(to_ns - 1, place), place)
    found: list[Bar] = []
    while before is not None and len(found) <= limit:
        wanted = budget.wanted(limit + 1 - len(found), parts_max)
        kept = series.newest(kept_s, before, wanted)
        budget.left -= len(kept)
        bars = frame.fold(kept, place)
        if len(kept) == wanted:
            del bars[0]
            before = bars[0].start_ns
        else:
            before = None
        if bars and bars[0].start_ns < from_ns:
            before = None
        found += [
            bar for bar in reversed(bars) if bar.open and bar.high and bar.start_ns >= from_ns
        ]
        if budget.left <= 0:
            break
    if len(found) > limit:
        return found[:limit], found[limit - 1].start_ns
    return found, before


def page(
    door: Door,
    wanted: Sequence[Instrument],
    frame: Timeframe,
    asked: Range,
    after: Token | None,
    reader: HistoryReader,
) -> Page:
    """One page of bars, for a thread. ``wanted``: by symbol. Raises ``StorageError``."""
    budget, rows, count, invented = _Budget(), dict[str, list[str]](), 0, 0
    for instrument in wanted:
        symbol = instrument.symbol
        if after is not None and symbol < after.symbol:
            continue
        begins = after.ts_ns if after is not None and symbol == after.symbol else None
        if count >= asked.limit or budget.left <= 0:
            at = asked.to_ns + 1 if asked.newest_first else asked.from_ns
            return Page(rows, Token(symbol, at if begins is None else begins), invented)
        series = Series(door, instrument, reader)
        left = asked.limit - count
        if asked.newest_first:
            to_ns = asked.to_ns + 1 if begins is None else begins
            bars, following = _backward(series, frame, asked.from_ns, to_ns, left, budget)
        else:
            from_ns = asked.from_ns if begins is None else begins
            bars, following = _forward(series, frame, from_ns, asked.to_ns + 1, left, budget)
        if bars:
            rows[symbol] = [bar_text(bar, instrument) for bar in bars]
            count += len(bars)
            invented += sum(bar.start_ns < series.until_ns for bar in bars)
        if following is not None:
            return Page(rows, Token(symbol, following), invented)
    return Page(rows, None, invented)


class Newest(NamedTuple):
    """The latest bars of a symbol; None where there is none. ``minute``: the last that is over."""

    minute: Bar | None
    day: Bar | None
    day_before: Bar | None


def newest_minute(series: Series) -> Bar | None:
    """The last minute that is over and had a trade."""
    found, _ = _backward(series, MINUTE, 0, series.now_ns + 1, 1, _Budget())
    return found[0] if found else None


def newest(series: Series) -> Newest:
    """The latest bars of a symbol."""
    days, _ = _backward(series, DAY, 0, series.now_ns + 1, 2, _Budget())
    return Newest(
        newest_minute(series),
        days[0] if days else None,
        days[1] if len(days) > 1 else None,
    )


def bar_text(bar: Bar, instrument: Instrument) -> str:
    """A bar as JSON, its numbers exact."""
    prices, amounts = instrument.price_scale, instrument.qty_scale
    if bar.volume and bar.value:
        average = format_ratio(bar.value, bar.volume * 10**prices, prices)
    else:
        average = format_decimal(bar.close, prices)
    return (
        f'{{"t":"{time_text(bar.start_ns)[:19]}Z"'
        f',"o":{format_decimal(bar.open, prices)},"h":{format_decimal(bar.high, prices)}'
        f',"l":{format_decimal(bar.low, prices)},"c":{format_decimal(bar.close, prices)}'
        f',"v":{format_decimal(bar.volume, amounts)},"n":{bar.count},"vw":{average}}}'
    )
