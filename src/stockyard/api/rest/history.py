"""The past of a market: bars of any window, and raw ticks."""

import asyncio
import re
from collections.abc import Callable, Sequence
from typing import Annotated, Final, NamedTuple, TypeVar

from fastapi import Query

from stockyard.api import fields
from stockyard.api import history_answers as h
from stockyard.api.describing import Trait, described
from stockyard.api.door import Door
from stockyard.api.hot import symbol_in_path
from stockyard.api.invented import InventedBars
from stockyard.api.problems import Problem
from stockyard.api.routes import Response, Visiting, answer, router
from stockyard.api.shapes import price_text, time_text
from stockyard.market.folding import Window, WindowError, fold, window_of
from stockyard.market.invented_past import INVENTED
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import format_decimal, format_ratio
from stockyard.model.ticks import (
    CONSOLIDATED,
    DAY_S,
    BandTick,
    Bar,
    BarTick,
    Counts,
    GreeksTick,
    MarkTick,
    QuoteTick,
    StatusTick,
    Tick,
    TradeTick,
)
from stockyard.runtime.history import HistoryRecorder
from stockyard.storage.ports import NS_MAX, TickPlace

routes = router()
TAG: Final = "Market"
BARS_DEFAULT: Final = 1_000
BARS_MAX: Final = 10_000
TICKS_DEFAULT: Final = 1_000
TICKS_MAX: Final = 10_000
SYMBOLS_MAX: Final = 100
KEPT_MAX: Final = 50_000
"""Kept bars or ticks that one request looks at."""
SOURCE_LENGTH_MAX: Final = 64
RENDERED_AT_ONCE: Final = 250
"""Rows that are rendered before an order may pass: about two milliseconds' worth."""
_NS: Final = 1_000_000_000
_HALF_DAY_NS: Final = DAY_S * _NS // 2
_CURSOR: Final = re.compile(r"([0-9]{1,19})\.([0-9]{1,19})", re.ASCII)
_KINDS: Final[dict[str, type]] = {
    "trade": TradeTick,
    "quote": QuoteTick,
    "status": StatusTick,
    "band": BandTick,
    "mark": MarkTick,
    "greeks": GreeksTick,
    "bar": BarTick,
}
_COUNT_BITS: Final = dict(
    zip(h.COUNT_WORDS, (Counts.LAST, Counts.HIGH_LOW, Counts.VOLUME), strict=True)
)
Start = Annotated[
    str | None, Query(description="RFC 3339 with a zone, or a day such as 2026-11-20 (UTC).")
]
Cursor = Annotated[str | None, Query(description="`next` of the page before.")]
_Row = TypeVar("_Row")
_Shown = TypeVar("_Shown")


class _Asked(NamedTuple):
    """What bars are asked for."""

    text: str
    window: Window
    source: str
    from_ns: int | None
    to_ns: int
    limit: int


@routes.get(
    "/bars",
    **described(
        "list_bars",
        TAG,
        "List bars",
        "Windows 1s, 1m, 5m, 1h and 1d are kept; 15m, 30m, 4h, 1w and whatever else divides a day"
        " are folded from them. With `start`: the bars that begin from then until before `end`,"
        " oldest first, page by page. Without it: the newest `limit` bars of each symbol that begin"
        " before `end`; to go further back, send the first one's `start` as `end`. Days are trading"
        " days. Needs no sign-in.",
        traits=Trait.HISTORY,
        answer=h.BarsPage,
        answered="The bars.",
    ),
)
async def list_bars(
    visit: Visiting,
    symbol: Annotated[str | None, Query(description="One symbol.")] = None,
    symbols: Annotated[str | None, Query(description="Several, divided by commas.")] = None,
    window: Annotated[str, Query()] = "1m",
    source: Annotated[
        str,
        Query(
            description="A feed's own bars; `invented`: what the built-in market makes up of the"
            " time before it began, in windows from a minute to a day."
        ),
    ] = CONSOLIDATED,
    start: Start = None,
    end: Start = None,
    limit: Annotated[int, Query(ge=1, le=BARS_MAX)] = BARS_DEFAULT,
    cursor: Cursor = None,
) -> Response:
    """List bars."""
    door = visit.door
    instruments = named_instruments(door, symbol, symbols)
    asked = _Asked(
        window,
        _window(window),
        _source(source),
        fields.day_or_moment("start", start) if start is not None else None,
        fields.day_or_moment("end", end) if end is not None else NS_MAX,
        limit,
    )
    if asked.from_ns is None:
        if cursor is not None:
            raise _invalid("cursor", "a cursor goes with start", "send the same start as before")
        return answer(h.BarsPage(await _newest(door, instruments, asked), None))
    if asked.from_ns >= asked.to_ns:
        raise _invalid("end", "end is not later than start", "send a later end")
    return answer(await _page(door, instruments, asked, cursor))


def _keeper(door: Door, asked: _Asked) -> HistoryRecorder | InventedBars:
    """Who has the bars of a source."""
    return InventedBars(door) if asked.source == INVENTED else door.history


async def _newest(door: Door, instruments: list[Instrument], asked: _Asked) -> list[h.Bar]:
    if len(instruments) * asked.limit > BARS_MAX:
        raise _invalid(
            "limit",
            "these are too many bars at once",
            f"ask for at most {BARS_MAX} of all symbols together, or send start",
        )
    shown = []
    window = asked.window
    for instrument in instruments:
        wanted = min(asked.limit * window.parts_max, KEPT_MAX) + 1
        kept = await _keeper(door, asked).newest_bars(
            instrument.instrument_id, asked.source, window.kept_s, asked.to_ns, wanted
        )
        found = fold(kept, window)
        if len(kept) == wanted:
            # What lies before was not looked at: the first one may lack a part.
            del found[0]
        shown += await _shown(door, found[-asked.limit :], instrument, asked)
    return shown


async def _page(
    door: Door, instruments: list[Instrument], asked: _Asked, cursor: str | None
) -> h.BarsPage:
    assert asked.from_ns is not None
    index, from_ns = 0, asked.from_ns
    if cursor is not None:
        index, from_ns = _cursor(cursor)
        if index >= len(instruments):
            raise _invalid_cursor()
    shown: list[h.Bar] = []
    while index < len(instruments):
        left = asked.limit - len(shown)
        found, next_ns = await _bars(door, instruments[index], asked, from_ns, left)
        shown += await _shown(door, found, instruments[index], asked)
        if next_ns is not None:
            return h.BarsPage(shown, f"{index}.{next_ns}")
        index, from_ns = index + 1, asked.from_ns
        if len(shown) >= asked.limit and index < len(instruments):
            return h.BarsPage(shown, f"{index}.{from_ns}")
    return h.BarsPage(shown, None)


async def _bars(
    door: Door, instrument: Instrument, asked: _Asked, from_ns: int, limit: int
) -> tuple[list[Bar], int | None]:
    """Bars of one instrument that begin from ``from_ns`` on, and where the next ones begin."""
    window = asked.window
    wanted = min(limit * window.parts_max, KEPT_MAX) + 1
    # A trading day that belongs to a week may begin on the evening before it.
    early_ns = _HALF_DAY_NS if window.seconds > DAY_S else 0
    kept = await _keeper(door, asked).bars(
        instrument.instrument_id,
        asked.source,
        window.kept_s,
        max(0, from_ns - early_ns),
        asked.to_ns,
        wanted,
    )
    found = [
        bar
        for bar in fold([b for b in kept if window.start_ns(b.start_ns) >= from_ns], window)
        if bar.start_ns < asked.to_ns
    ]
    next_ns = None
    if len(kept) == wanted and found:
        next_ns = found.pop().start_ns
    if len(found) > limit:
        next_ns = found[limit].start_ns
    return found[:limit], next_ns


async def _in_slices(rows: Sequence[_Row], show: Callable[[_Row], _Shown]) -> list[_Shown]:
    """Render rows, letting others have a turn in between."""
    shown: list[_Shown] = []
    for at in range(0, len(rows), RENDERED_AT_ONCE):
        shown += map(show, rows[at : at + RENDERED_AT_ONCE])
        await asyncio.sleep(0)
    return shown


async def _shown(door: Door, bars: list[Bar], instrument: Instrument, asked: _Asked) -> list[h.Bar]:
    now_ns = door.world.clock.now_ns()
    return await _in_slices(bars, lambda bar: _bar(bar, instrument, asked, now_ns))


def _bar(bar: Bar, instrument: Instrument, asked: _Asked, now_ns: int) -> h.Bar:
    # The parts that there are may all be final while others are still to come.
    over = (
        asked.window.seconds == asked.window.kept_s
        or bar.start_ns + asked.window.seconds * _NS <= now_ns
    )
    return shown_bar(bar, instrument, asked.text, over=over)


def shown_bar(bar: Bar, instrument: Instrument, window: str, *, over: bool = True) -> h.Bar:
    """A bar of a window's name; ``over``: whether the window is."""
    scale = instrument.price_scale
    vwap = format_ratio(bar.value, bar.volume * 10**scale, scale, 2) if bar.volume else None
    return h.Bar(
        instrument.symbol,
        window,
        bar.source,
        time_text(bar.start_ns),
        _price(bar.open, instrument),
        _price(bar.high, instrument),
        _price(bar.low, instrument),
        _price(bar.close, instrument),
        format_decimal(bar.volume, instrument.qty_scale),
        vwap,
        bar.count,
        bar.revision,
        bar.final and over,
    )


def _price(price: int, instrument: Instrument) -> str | None:
    """A price as text; none is 0."""
    return price_text(price, instrument) if price else None


@routes.get(
    "/tickers/{symbol:path}/history",
    **described(
        "list_ticks",
        TAG,
        "List raw ticks",
        "What the feeds said, newest first; a tick can be read about a second after it came. Older"
        " days are moved to files (see the guide on history). Needs no sign-in.",
        traits=Trait.NAMED | Trait.HISTORY,
        answer=h.TicksPage,
        answered="The ticks.",
    ),
)
async def list_ticks(
    visit: Visiting,
    symbol: str,
    kind: Annotated[str | None, Query(description=f"Only one kind: {', '.join(_KINDS)}.")] = None,
    start: Start = None,
    end: Start = None,
    limit: Annotated[int, Query(ge=1, le=TICKS_MAX)] = TICKS_DEFAULT,
    cursor: Cursor = None,
) -> Response:
    """List raw ticks."""
    door = visit.door
    instrument = door.view.instruments[symbol_in_path(door, symbol)]
    if kind is not None and kind not in _KINDS:
        raise _invalid("kind", "there is no such kind", f"use one of {', '.join(_KINDS)}")
    from_ns = fields.day_or_moment("start", start) if start is not None else 0
    before = TickPlace(fields.day_or_moment("end", end) if end is not None else NS_MAX, 0)
    if cursor is not None:
        before = min(before, TickPlace(*_cursor(cursor)))
    wanted = Tick if kind is None else _KINDS[kind]
    found: list[Tick] = []
    seen, more = 0, True
    while more and len(found) < limit and seen < KEPT_MAX:
        # All that are kept are wanted where no kind is named; else a page is looked through.
        rows = limit - len(found) if kind is None else TICKS_MAX
        page = await door.history.ticks(instrument.instrument_id, from_ns, before, rows)
        more, seen = len(page) == rows, seen + len(page)
        for kept in page:
            before = kept.place
            if isinstance(kept.tick, wanted):
                found.append(kept.tick)
                if len(found) == limit:
                    more = True
                    break
    after = f"{before.ts_event}.{before.number}" if more else None
    shown = await _in_slices(found, lambda tick: _tick(tick, instrument))
    return answer(h.TicksPage(instrument.symbol, shown, after))


def _tick(tick: Tick, instrument: Instrument) -> h.PastTick:
    qty_scale = instrument.qty_scale
    if isinstance(tick, TradeTick):
        return h.PastTick(
            "trade",
            tick.source,
            time_text(tick.ts_event),
            price=price_text(tick.price, instrument),
            size=format_decimal(tick.qty, qty_scale),
            counts=[word for word, bit in _COUNT_BITS.items() if tick.counts & bit],
        )
    if isinstance(tick, QuoteTick):
        return h.PastTick(
            "quote",
            tick.source,
            time_text(tick.ts_event),
            bid=_price(tick.bid, instrument),
            ask=_price(tick.ask, instrument),
            bid_size=format_decimal(tick.bid_qty, qty_scale),
            ask_size=format_decimal(tick.ask_qty, qty_scale),
        )
    return _other_tick(tick, instrument)


def _other_tick(tick: Tick, instrument: Instrument) -> h.PastTick:
    """A tick of a kind that is rarely looked at, with all it says as text."""
    kind = type(tick).__name__.removesuffix("Tick").lower()
    ts_ns = tick.start_ns if isinstance(tick, BarTick) else tick.ts_event
    prices = {"lower", "upper", "mark", "index", "open", "high", "low", "close", "vwap"}
    detail = {}
    for name in tick.__struct_fields__:
        value = getattr(tick, name)
        if name in prices:
            detail[name] = price_text(value, instrument)
        elif name == "volume":
            detail[name] = format_decimal(value, instrument.qty_scale)
        elif name not in ("instrument_id", "source", "ts_event", "start_ns"):
            detail[name] = str(value).lower() if isinstance(value, bool) else str(value)
    return h.PastTick(kind, tick.source, time_text(ts_ns), detail=detail)


def named_instruments(door: Door, symbol: str | None, symbols: str | None) -> list[Instrument]:
    """The instruments of one symbol or of several divided by commas. Raises ``Problem``."""
    if (symbol is None) == (symbols is None):
        raise _invalid("symbol", "it must be clear whose bars", "send either symbol or symbols")
    texts = symbols.split(",") if symbols is not None else [symbol or ""]
    if len(texts) > SYMBOLS_MAX:
        raise _invalid("symbols", "there are too many symbols", f"name at most {SYMBOLS_MAX}")
    found = {door.instrument(text.strip()).symbol: text for text in texts}
    return [door.instrument(name) for name in found]


def _window(text: str) -> Window:
    try:
        return window_of(text)
    except WindowError as error:
        raise _invalid("window", "there is no such window", str(error)) from None


def _source(text: str) -> str:
    if len(text) > SOURCE_LENGTH_MAX:
        raise _invalid("source", "no feed has so long a name", "see GET /api/v1/feeds")
    return text


def _cursor(text: str) -> tuple[int, int]:
    match = _CURSOR.fullmatch(text)
    numbers = (int(match[1]), int(match[2])) if match is not None else (NS_MAX + 1, 0)
    if max(numbers) > NS_MAX:
        raise _invalid_cursor()
    return numbers


def _invalid_cursor() -> Problem:
    return _invalid("cursor", "this is no cursor", "send next of the page before as it came")


def _invalid(field: str, wrong: str, right: str) -> Problem:
    return Problem(422, f"invalid_{field}", wrong, right, field=field)
