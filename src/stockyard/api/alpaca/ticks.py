"""Quotes and trades as Alpaca tells them: as they came, and the latest ones.

Promises: of stocks every field of Alpaca's, with the words that the streams have for exchange and
tape; sizes in shares. A trade's ``i`` is its source's number, or its time in microseconds. Must not
know: paths.

A page of past ticks is read in a thread. Ticks of one symbol can be read about a second after they
came; before the market began there are none.
"""

from collections.abc import Sequence
from typing import Final

from stockyard.api.alpaca.asking import Range, Token
from stockyard.api.alpaca.bars import Page
from stockyard.api.alpaca.data_frames import EXCHANGE, QUOTE_CONDITIONS, TAPE, TRADE_CONDITIONS
from stockyard.api.shapes import time_text
from stockyard.model.codes import AssetClass
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import format_decimal
from stockyard.model.ticks import Counts, QuoteTick, Tick, TradeTick
from stockyard.projections.rows import QuoteRow
from stockyard.runtime.history import HistoryReader
from stockyard.storage.ports import NS_MAX, KeptTick, TickPlace

LOOKED_MAX: Final = 50_000
"""Ticks of all kinds that one page looks through: it may end sooner than its limit."""
AT_ONCE: Final = 5_000
ODD_LOT: Final = "I"


def trade_id(sequence: int, ts_ns: int) -> int:
    """A trade's number: its source's own, or its time in microseconds, which a double holds."""
    return sequence or ts_ns // 1_000


def trade_text(
    instrument: Instrument,
    price: int,
    qty: int,
    ts_ns: int,
    sequence: int = 0,
    counts: int = Counts.ALL,
) -> str:
    """A trade as JSON. A coin's has no exchange and no conditions; nobody knows who took."""
    start = (
        f'{{"t":"{time_text(ts_ns)}","p":{format_decimal(price, instrument.price_scale)}'
        f',"s":{format_decimal(qty, instrument.qty_scale)},"i":{trade_id(sequence, ts_ns)}'
    )
    if instrument.asset_class != AssetClass.US_EQUITY:
        return start + ',"tks":""}'
    words = TRADE_CONDITIONS if counts & Counts.LAST else [*TRADE_CONDITIONS, ODD_LOT]
    return f'{start},"x":"{EXCHANGE}","c":{_list(words)},"z":"{TAPE}"}}'


def quote_text(
    instrument: Instrument, bid: int, ask: int, bid_qty: int, ask_qty: int, ts_ns: int
) -> str:
    """A quote as JSON; a missing side is 0 at 0."""
    prices, amounts = instrument.price_scale, instrument.qty_scale
    sides = (
        f'{{"t":"{time_text(ts_ns)}","bp":{format_decimal(bid, prices)}'
        f',"bs":{format_decimal(bid_qty, amounts)},"ap":{format_decimal(ask, prices)}'
        f',"as":{format_decimal(ask_qty, amounts)}'
    )
    if instrument.asset_class != AssetClass.US_EQUITY:
        return sides + "}"
    return (
        f'{sides},"bx":"{EXCHANGE}","ax":"{EXCHANGE}","c":{_list(QUOTE_CONDITIONS)},"z":"{TAPE}"}}'
    )


def _list(words: Sequence[str]) -> str:
    return "[" + ",".join(f'"{word}"' for word in words) + "]"


def latest_quote(instrument: Instrument, row: QuoteRow) -> str | None:
    """The quote that stands, None where there was none."""
    if not row.seq or not (row.bid or row.ask):
        return None
    return quote_text(instrument, row.bid, row.ask, row.bid_qty, row.ask_qty, row.ts)


def latest_trade(instrument: Instrument, row: QuoteRow) -> str | None:
    """The last trade, None where there was none."""
    if not row.last_price:
        return None
    return trade_text(instrument, row.last_price, row.last_qty, row.last_ts)


def book_text(instrument: Instrument, row: QuoteRow) -> str | None:
    """The order book as far as it is known, which is its best level; None for none."""
    if not row.seq:
        return None
    prices, amounts = instrument.price_scale, instrument.qty_scale

    def side(price: int, qty: int) -> str:
        if not price:
            return "[]"
        return f'[{{"p":{format_decimal(price, prices)},"s":{format_decimal(qty, amounts)}}}]'

    return (
        f'{{"t":"{time_text(row.ts)}","b":{side(row.bid, row.bid_qty)}'
        f',"a":{side(row.ask, row.ask_qty)}}}'
    )


def _tick_text(tick: Tick, instrument: Instrument) -> str:
    if isinstance(tick, TradeTick):
        return trade_text(
            instrument, tick.price, tick.qty, tick.ts_event, tick.sequence, tick.counts
        )
    assert isinstance(tick, QuoteTick)
    return quote_text(instrument, tick.bid, tick.ask, tick.bid_qty, tick.ask_qty, tick.ts_event)


def page(
    wanted: Sequence[Instrument],
    kind: type[TradeTick] | type[QuoteTick],
    left_out: frozenset[str],
    asked: Range,
    after: Token | None,
    reader: HistoryReader,
) -> Page:
    """One page of ticks of a kind, for a thread. ``left_out``: sources whose trades repeat those of
    another one. Raises ``StorageError``.
    """
    rows: dict[str, list[str]] = {}
    left, looked = asked.limit, LOOKED_MAX
    for instrument in wanted:
        symbol = instrument.symbol
        if after is not None and symbol < after.symbol:
            continue
        place = _first_place(asked, after if after is not None and symbol == after.symbol else None)
        while True:
            if left <= 0 or looked <= 0:
                return Page(rows, Token(symbol, *place))
            count = min(AT_ONCE, max(left, 100))
            found = _read(reader, instrument, asked, place, count)
            looked -= len(found)
            for kept in found:
                if left <= 0:
                    break
                place, tick = kept
                if isinstance(tick, kind) and not (
                    isinstance(tick, TradeTick) and tick.source in left_out
                ):
                    rows.setdefault(symbol, []).append(_tick_text(tick, instrument))
                    left -= 1
            else:
                if len(found) < count:
                    break
    return Page(rows, None)


def _first_place(asked: Range, after: Token | None) -> TickPlace:
    """After which place, or before which one, the first tick is looked for."""
    if after is not None:
        return TickPlace(after.ts_ns, after.number)
    if asked.newest_first:
        return TickPlace(asked.to_ns + 1, 0)
    return TickPlace(max(0, asked.from_ns - 1), NS_MAX)


def _read(
    reader: HistoryReader, instrument: Instrument, asked: Range, place: TickPlace, count: int
) -> list[KeptTick]:
    instrument_id = instrument.instrument_id
    if asked.newest_first:
        return reader.ticks(instrument_id, asked.from_ns, place, count)
    return reader.ticks_after(instrument_id, place, asked.to_ns + 1, count)
