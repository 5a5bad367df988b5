"""Market data words: what feeds say, before and after it is made one view.

Promises: prices, sizes and funding are integers scaled by the instrument, times UTC nanoseconds by
the source's own clock; ``source`` names who said it. Only volatility and Greeks are floats. Must
not know: which vendor writes them how, or what the engine is told.
"""

from typing import Final

import msgspec

WINDOWS_S: Final = (1, 60, 300, 3600, 86400)
"""Lengths of the bars that are built, in seconds; the last one is a trading day."""
SECOND_S: Final = WINDOWS_S[0]
MINUTE_S: Final = WINDOWS_S[1]
DAY_S: Final = WINDOWS_S[-1]
CONSOLIDATED: Final = ""
"""The source of bars made of all sources."""


class Counts:
    """What a trade counts for, as bits: the open and close of a bar, its high and low, its volume.

    An odd lot has VOLUME only.
    """

    LAST: Final = 1
    HIGH_LOW: Final = 2
    VOLUME: Final = 4
    ALL: Final = 7


class TradeTick(msgspec.Struct, frozen=True, array_like=True, tag=1, gc=False):
    """A trade. ``counts``: bits of ``Counts``; ``sequence``: the source's own number, 0 for none.

    Trades of a source at one time are in the order of ``sequence``; where it has none, in the order
    they came.
    """

    instrument_id: int
    source: str
    price: int
    qty: int
    ts_event: int
    counts: int
    sequence: int = 0


class QuoteTick(msgspec.Struct, frozen=True, array_like=True, tag=2, gc=False):
    """A source's best bid and offer; a missing side is 0 / 0."""

    instrument_id: int
    source: str
    bid: int
    ask: int
    bid_qty: int
    ask_qty: int
    ts_event: int


class StatusTick(msgspec.Struct, frozen=True, array_like=True, tag=3, gc=False):
    """Trading in an instrument stops or goes on again; ``reason`` in the source's words."""

    instrument_id: int
    source: str
    halted: bool
    reason: str
    ts_event: int


class BandTick(msgspec.Struct, frozen=True, array_like=True, tag=4, gc=False):
    """Limit up and limit down: the lowest and highest price a trade may have now."""

    instrument_id: int
    source: str
    lower: int
    upper: int
    ts_event: int


class MarkTick(msgspec.Struct, frozen=True, array_like=True, tag=5, gc=False):
    """A perpetual's mark and index price, and its funding rate in billionths with its next time."""

    instrument_id: int
    source: str
    mark: int
    index: int
    funding_ppb: int
    next_funding_ns: int
    ts_event: int


class GreeksTick(msgspec.Struct, frozen=True, array_like=True, tag=6, gc=False):
    """An option's theoretical price, implied volatility and Greeks as a vendor computed them."""

    instrument_id: int
    source: str
    price: float
    volatility: float
    delta: float
    gamma: float
    theta: float
    vega: float
    rho: float
    ts_event: int


class BarTick(msgspec.Struct, frozen=True, array_like=True, tag=7, gc=False):
    """A bar that the vendor built, for backfill and comparison only; ``vwap`` is a price."""

    instrument_id: int
    source: str
    window_s: int
    start_ns: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    vwap: int
    count: int
    final: bool


Tick = TradeTick | QuoteTick | StatusTick | BandTick | MarkTick | GreeksTick | BarTick


class Bar(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A bar built here. ``source`` "" is all of them together.

    ``value``: sum of price times quantity, unscaled. ``revision``: how many late trades amended it
    after a later window had begun. ``final``: no trade will be taken into it any more.
    """

    instrument_id: int
    source: str
    window_s: int
    start_ns: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    value: int
    count: int
    revision: int
    final: bool

    @property
    def vwap(self) -> int:
        """The average price weighted by quantity; the close where nothing counts.

        Rounded half to even, as everything that is shown.
        """
        if not self.volume:
            return self.close
        price, rest = divmod(self.value, self.volume)
        return price + (rest * 2 > self.volume or (rest * 2 == self.volume and price % 2 == 1))


class TradeSlice(msgspec.Struct, array_like=True, gc=False):
    """Trades of one source within one second of its time: what bars are added up from.

    ``first`` and ``last`` are the times and sequences of the trades that make open and close; a
    price is 0 where no trade counts for it. ``value``: sum of price times quantity. ``count``:
    trades in the volume; ``ticks``: all of them. ``reached_ns``: the latest second its instrument
    had reached when these trades came, which tells how late they are.
    """

    instrument_id: int
    source: str
    second_ns: int
    reached_ns: int
    first_ts: int = 0
    first_sequence: int = 0
    last_ts: int = 0
    last_sequence: int = 0
    open: int = 0
    high: int = 0
    low: int = 0
    close: int = 0
    volume: int = 0
    value: int = 0
    count: int = 0
    ticks: int = 0


class SourceState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How a source stands with an instrument: its latest times, 0 for none; whether it is lost."""

    source: str
    quote_ts: int
    trade_ts: int
    is_lost: bool


class MarketView(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One instrument over all its sources. Prices and sizes scaled, 0 where there is none.

    The session is the latest trading day with a trade: ``open``, ``high`` and ``low`` of its
    regular hours, ``volume``, ``vwap`` and ``count`` of all of it. ``previous_close``: of the
    trading day before. ``volatility``: realised, annual, as a share; None while too little is
    known. ``lower`` and ``upper``: the price band, 0 for none.
    """

    instrument_id: int
    bid: int
    bid_qty: int
    bid_source: str
    ask: int
    ask_qty: int
    ask_source: str
    is_crossed: bool
    last: int
    last_source: str
    last_ts: int
    session_ns: int
    open: int
    high: int
    low: int
    previous_close: int
    volume: int
    vwap: int
    count: int
    volatility: float | None
    is_halted: bool
    halt_reason: str
    lower: int
    upper: int
    mark: MarkTick | None
    sources: tuple[SourceState, ...]

    @property
    def change(self) -> int:
        """The last price less the previous close, 0 where one is missing."""
        return self.last - self.previous_close if self.last and self.previous_close else 0
