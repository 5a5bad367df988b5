"""Words between processes that share the work on market data.

Promises: a stage's reports are numbered from 1 in each run, and each is sent until it is taken.
Must not know: how they travel.
"""

import msgspec

from stockyard.model.facts import FundingRate, MarkPrice, Quote, Trade, TradingHalted
from stockyard.model.instruments import Instrument
from stockyard.model.ticks import Bar, MarketView, Tick, TradeSlice

StageFact = Quote | Trade | TradingHalted | MarkPrice | FundingRate


class StageReport(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a stage has done since its last report. ``run``: when it was started, UTC ns.

    Stage A sends ``ticks`` that count, in order, finished seconds as ``slices``, and to which time
    it has ``settled`` instruments. Stage B sends ``facts`` for the engine in their order, ``views``
    that changed, and ticks that are only ``kept``. Both send ``bars`` that changed.
    """

    stage: str
    run: int
    sequence: int
    ticks: list[Tick] = []
    slices: list[TradeSlice] = []
    settled: dict[int, int] = {}
    bars: list[Bar] = []
    facts: list[StageFact] = []
    views: list[MarketView] = []
    kept: list[Tick] = []


class StageTerms(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a stage must know to begin. ``calendars``: names by id; ``bars``: those of before."""

    instruments: list[Instrument]
    calendars: dict[int, str]
    bars: list[Bar]


class StageAnswer(msgspec.Struct, frozen=True, gc=False):
    """A report was taken. ``known``: already before; nothing was done again."""

    known: bool
