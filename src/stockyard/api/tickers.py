"""Views of markets as they are shown.

Must not know: how a view is made, or who reads it.
"""

from typing import Final

from stockyard.api import ticker_answers as t
from stockyard.api.shapes import price_text, time_or_none, time_text
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import format_decimal, format_ratio
from stockyard.model.ticks import MarketView, MarkTick, SourceState

PERCENT_PLACES: Final = 4
VOLATILITY_PLACES: Final = 4
RATE_PLACES: Final = 9


def ticker(view: MarketView, instrument: Instrument, now_ns: int) -> t.Ticker:
    """A view with the ages that its sources have at this time."""

    def price(value: int) -> str | None:
        return price_text(value, instrument) if value else None

    size, known = instrument.qty_scale, bool(view.last and view.previous_close)
    return t.Ticker(
        symbol=instrument.symbol,
        bid=price(view.bid),
        bid_size=format_decimal(view.bid_qty, size),
        bid_source=view.bid_source or None,
        ask=price(view.ask),
        ask_size=format_decimal(view.ask_qty, size),
        ask_source=view.ask_source or None,
        crossed=view.is_crossed,
        last=price(view.last),
        last_source=view.last_source or None,
        last_at=time_or_none(view.last_ts),
        session_start=time_or_none(view.session_ns),
        open=price(view.open),
        high=price(view.high),
        low=price(view.low),
        previous_close=price(view.previous_close),
        change=price_text(view.change, instrument) if known else None,
        change_percent=format_ratio(view.change * 100, view.previous_close, PERCENT_PLACES)
        if known
        else None,
        volume=format_decimal(view.volume, size),
        vwap=price(view.vwap),
        trades=view.count,
        volatility=None
        if view.volatility is None
        else format_decimal(round(view.volatility * 10**VOLATILITY_PLACES), VOLATILITY_PLACES),
        halted=view.is_halted,
        halt_reason=view.halt_reason or None,
        limit_down=price(view.lower),
        limit_up=price(view.upper),
        mark=_mark(view.mark, instrument) if view.mark is not None else None,
        sources=[_source(source, now_ns) for source in view.sources],
    )


def nothing_known(instrument: Instrument) -> t.Ticker:
    """The view of a market that nobody has said anything of."""
    empty = MarketView(
        instrument.instrument_id, 0, 0, "", 0, 0, "", False, 0, "", 0, 0, 0, 0, 0, 0, 0, 0, 0,
        None, False, "", 0, 0, None, (),
    )  # fmt: skip
    return ticker(empty, instrument, 0)


def _mark(tick: MarkTick, instrument: Instrument) -> t.TickerMark:
    return t.TickerMark(
        tick.source,
        price_text(tick.mark, instrument),
        price_text(tick.index, instrument) if tick.index else None,
        format_decimal(tick.funding_ppb, RATE_PLACES) if tick.next_funding_ns else None,
        time_or_none(tick.next_funding_ns),
        time_text(tick.ts_event),
    )


def _source(state: SourceState, now_ns: int) -> t.TickerSource:
    return t.TickerSource(
        state.source,
        time_or_none(state.quote_ts),
        max(0, now_ns - state.quote_ts) if state.quote_ts else None,
        time_or_none(state.trade_ts),
        max(0, now_ns - state.trade_ts) if state.trade_ts else None,
        state.is_lost,
    )
