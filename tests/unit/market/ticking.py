"""Instruments, times and ticks for the tests of market data."""

from stockyard.market.catalog import CATALOG
from stockyard.market.trading_days import TradingDays
from stockyard.model.ticks import Counts, QuoteTick, TradeTick

NS = 1_000_000_000
AAPL = CATALOG[0].instrument
BTC = CATALOG[20].instrument
T0 = 1_700_060_400 * NS
"""2023-11-15 15:00 UTC: ten in the morning in New York, a Wednesday."""
DAYS = {AAPL.instrument_id: TradingDays("xnys"), BTC.instrument_id: TradingDays("always")}


def trade(
    second: float,
    price: int,
    qty: int = 100,
    *,
    source: str = "a",
    counts: int = Counts.ALL,
    sequence: int = 0,
    instrument_id: int = AAPL.instrument_id,
) -> TradeTick:
    """A trade so many seconds after ``T0``."""
    ts = T0 + round(second * NS)
    return TradeTick(instrument_id, source, price, qty, ts, counts, sequence)


def quote(
    second: float, bid: int, ask: int, *, bid_qty: int = 1, ask_qty: int = 1, source: str = "a"
) -> QuoteTick:
    """A quote so many seconds after ``T0``; sizes of missing sides are zero."""
    ts = T0 + round(second * NS)
    sizes = bid_qty if bid else 0, ask_qty if ask else 0
    return QuoteTick(AAPL.instrument_id, source, bid, ask, *sizes, ts)
