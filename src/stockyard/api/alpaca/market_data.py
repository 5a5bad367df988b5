"""What stocks and coins are asked alike: series page by page, the latest, snapshots.

Promises: an answer is one object, never ``null``; a symbol without data is left out of it, and
where it stands in the path, it has an empty list or is refused. Must not know: paths.

A page with bars that are made up says how many of its bars are, in ``X-Stockyard-Invented``.
"""

from collections.abc import Callable, Sequence
from typing import Final

from stockyard.api.alpaca import ticks
from stockyard.api.alpaca.asking import (
    Range,
    Token,
    asked_range,
    check_words,
    instruments,
    named,
    no_data,
    token,
)
from stockyard.api.alpaca.bars import Page, Series, bar_text, newest, newest_minute
from stockyard.api.alpaca.bars import page as bars_page
from stockyard.api.alpaca.errors import invalid
from stockyard.api.alpaca.routing import Call, Reply
from stockyard.api.alpaca.timeframes import NEW_YORK_DAYS, UTC_DAYS, timeframe_of
from stockyard.api.problems import Headers
from stockyard.model.codes import AssetClass
from stockyard.model.instruments import Instrument
from stockyard.model.ticks import QuoteTick, TradeTick
from stockyard.projections.rows import QuoteRow
from stockyard.runtime.history import HistoryReader

INVENTED: Final = b"x-stockyard-invented"
Rows = dict[str, str]
Wanted = Sequence[Instrument]
Work = Callable[[Wanted, Range, Token | None, HistoryReader], Page]
Write = Callable[[Page], str]


class Kind:
    """Of which classes of assets a family of paths tells."""

    def __init__(self, asset_class: int) -> None:
        self.classes = frozenset({asset_class})
        self.is_stocks = asset_class == AssetClass.US_EQUITY
        self.place = NEW_YORK_DAYS if self.is_stocks else UTC_DAYS

    def of_path(self, call: Call) -> tuple[str, Wanted]:
        """The symbol in the path, and its instrument if there is one. Raises ``Refusal``."""
        check_words(call, self.is_stocks)
        said = call.named["symbol"].upper()
        return said, instruments(call.door, [said], self.classes)

    def named(self, call: Call) -> Wanted:
        """The instruments of the parameter. Raises ``Refusal``."""
        check_words(call, self.is_stocks)
        return named(call, self.classes)


async def _page(call: Call, kind: Kind, wanted: Wanted, work: Work, write: Write) -> Reply:
    """A page that is read, made and written in a thread. Raises ``Refusal``."""
    asked = asked_range(call, kind.place)
    after = token(call, [instrument.symbol for instrument in wanted])

    def make(reader: HistoryReader) -> Reply:
        found = work(wanted, asked, after, reader)
        more = "null" if found.after is None else f'"{found.after.text()}"'
        headers: Headers = ((INVENTED, b"%d" % found.invented),) if found.invented else ()
        return Reply(200, f'{{{write(found)},"next_page_token":{more}}}'.encode(), headers)

    return await call.door.history.read(make)


def _bars_work(call: Call) -> Work:
    said = call.query.text("timeframe")
    if said is None:
        raise invalid("timeframe", "", "name one such as 1Min or 1Day")
    frame = timeframe_of(said)

    def work(wanted: Wanted, asked: Range, after: Token | None, reader: HistoryReader) -> Page:
        return bars_page(call.door, wanted, frame, asked, after, reader)

    return work


def _ticks_work(call: Call, what: type[TradeTick] | type[QuoteTick]) -> Work:
    left_out = frozenset(call.door.world.market.consolidation.quotes_only)

    def work(wanted: Wanted, asked: Range, after: Token | None, reader: HistoryReader) -> Page:
        return ticks.page(wanted, what, left_out, asked, after, reader)

    return work


def _series_work(call: Call, noun: str) -> Work:
    if noun == "bars":
        return _bars_work(call)
    return _ticks_work(call, TradeTick if noun == "trades" else QuoteTick)


async def series(call: Call, kind: Kind, noun: str) -> Reply:
    """A page of several symbols' bars, quotes or trades. Raises ``Refusal``."""

    def write(found: Page) -> str:
        inner = ",".join(f'"{symbol}":[{",".join(rows)}]' for symbol, rows in found.rows.items())
        return f'"{noun}":{{{inner}}}'

    return await _page(call, kind, kind.named(call), _series_work(call, noun), write)


async def series_of_one(call: Call, kind: Kind, noun: str) -> Reply:
    """The same of the symbol in the path, as one list. Raises ``Refusal``."""
    symbol, wanted = kind.of_path(call)

    def write(found: Page) -> str:
        rows = ",".join(found.rows.get(wanted[0].symbol, ()) if wanted else ())
        return f'"{noun}":[{rows}],"symbol":"{symbol}"'

    return await _page(call, kind, wanted, _series_work(call, noun), write)


async def _latest(call: Call, wanted: Wanted, noun: str) -> Rows:
    """The latest of each symbol that has any."""
    door = call.door
    if noun == "bars":

        def work(reader: HistoryReader) -> Rows:
            found = {}
            for instrument in wanted:
                bar = newest_minute(Series(door, instrument, reader))
                if bar is not None:
                    found[instrument.symbol] = bar_text(bar, instrument)
            return found

        return await door.history.read(work)
    makers: dict[str, Callable[[Instrument, QuoteRow], str | None]] = {
        "quotes": ticks.latest_quote,
        "trades": ticks.latest_trade,
        "orderbooks": ticks.book_text,
    }
    make, found = makers[noun], {}
    for instrument in wanted:
        text = make(instrument, door.view.quotes[instrument.instrument_id])
        if text is not None:
            found[instrument.symbol] = text
    return found


def _object(rows: Rows) -> str:
    return "{" + ",".join(f'"{symbol}":{text}' for symbol, text in rows.items()) + "}"


async def latest(call: Call, kind: Kind, noun: str) -> Reply:
    """The latest bar, quote, trade or order book of several symbols. Raises ``Refusal``."""
    rows = await _latest(call, kind.named(call), noun)
    return Reply(200, f'{{"{noun}":{_object(rows)}}}'.encode())


async def latest_of_one(call: Call, kind: Kind, noun: str) -> Reply:
    """The same of the symbol in the path. Raises ``Refusal``."""
    symbol, wanted = kind.of_path(call)
    rows = await _latest(call, wanted, noun)
    word = noun[:-1]
    if not rows:
        raise no_data(word, symbol)
    return Reply(200, f'{{"symbol":"{symbol}","{word}":{next(iter(rows.values()))}}}'.encode())


async def _snapshots(call: Call, wanted: Wanted) -> Rows:
    """What is known of each symbol of which anything is, without the braces around it."""
    door = call.door
    found: Rows = {}

    def work(reader: HistoryReader) -> dict[str, list[str]]:
        shown = {}
        for instrument in wanted:
            latest = newest(Series(door, instrument, reader))
            words = ("minuteBar", latest.minute), ("dailyBar", latest.day), (
                "prevDailyBar", latest.day_before,
            )  # fmt: skip
            shown[instrument.symbol] = [
                f'"{word}":{bar_text(bar, instrument)}' for word, bar in words if bar is not None
            ]
        return shown

    bars = await door.history.read(work)
    for instrument in wanted:
        row = door.view.quotes[instrument.instrument_id]
        parts = [
            f'"{word}":{text}'
            for word, text in (
                ("latestTrade", ticks.latest_trade(instrument, row)),
                ("latestQuote", ticks.latest_quote(instrument, row)),
            )
            if text is not None
        ]
        parts += bars[instrument.symbol]
        if parts:
            found[instrument.symbol] = ",".join(parts)
    return found


async def snapshots(call: Call, kind: Kind) -> Reply:
    """Snapshots of several symbols: of stocks by symbol, of coins in ``snapshots``.

    Raises ``Refusal``.
    """
    found = await _snapshots(call, kind.named(call))
    inner = _object({symbol: f"{{{text}}}" for symbol, text in found.items()})
    return Reply(200, (inner if kind.is_stocks else f'{{"snapshots":{inner}}}').encode())


async def snapshot_of_one(call: Call, kind: Kind) -> Reply:
    """The snapshot of the symbol in the path. Raises ``Refusal``."""
    symbol, wanted = kind.of_path(call)
    found = await _snapshots(call, wanted)
    if not found:
        raise no_data("snapshot", symbol)
    return Reply(200, f'{{"symbol":"{symbol}",{next(iter(found.values()))}}}'.encode())
