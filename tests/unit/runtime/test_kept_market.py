"""Market data and its history together: what a restart goes on with."""

from concurrent.futures import ThreadPoolExecutor
from random import Random

from stockyard.app import follow_market, keep_market
from stockyard.model.ticks import CONSOLIDATED, WINDOWS_S, Bar, TradeTick
from stockyard.runtime.clock import ManualClock
from stockyard.runtime.history import HistoryRecorder
from stockyard.runtime.world import World
from stockyard.storage.history import DatabaseHistory
from stockyard.storage.memory import MemoryDatabase, MemoryDisk
from stockyard.storage.ports import NS_MAX, TickPlace
from tests.unit.market.ticking import AAPL, BTC, NS, T0, trade
from tests.unit.runtime.worlds import open_on

ONE, COIN = AAPL.instrument_id, BTC.instrument_id
LONG_S = 7_200


class Market:
    """A world whose market is kept, on a disk that outlives it."""

    def __init__(self) -> None:
        self.disk, self.now_ns = MemoryDisk(), T0
        self.start()

    def start(self) -> None:
        """Open what the disk holds; what still waited to be written is lost."""
        self.world: World = open_on(self.disk, ManualClock(self.now_ns))
        follow_market(self.world, "xnys")
        history = DatabaseHistory(MemoryDatabase(self.disk, "history"))
        self.recorder = HistoryRecorder(history, ThreadPoolExecutor(1), ThreadPoolExecutor(1))
        keep_market(self.world, self.recorder)

    async def take(self, ticks: list[TradeTick], *, until_s: float) -> None:
        """Take trades one by one, each as it happens, and write everything down."""
        market = self.world.market
        for tick in ticks:
            assert market.take([tick], max(tick.ts_event, T0)) == 1
            market.turn(max(tick.ts_event, T0))
            self.world.writer.drain()
        self.now_ns = T0 + round(until_s * NS)
        market.turn(self.now_ns)
        await self.recorder.written()

    def kept(self) -> list[Bar]:
        """Every bar on the disk."""
        kinds = [(i, s, w) for i in (ONE, COIN) for s in ("", "a", "b") for w in WINDOWS_S]
        return [b for kind in kinds for b in self.recorder.history.bars(*kind, 0, NS_MAX, 99_999)]


def some_trades() -> list[TradeTick]:
    """Two hours of trades of a stock and a coin at two sources, in order of time; every third one
    is followed by an odd lot.
    """
    random = Random(20_260_102)
    ticks = []
    for second in sorted(random.randrange(LONG_S) for _ in range(900)):
        source, instrument_id = random.choice("ab"), random.choice([ONE, ONE, COIN])
        for counts in (7, 4) if random.random() < 0.3 else (7,):
            price, qty = 1_000 + random.randrange(40), random.randrange(1, 300)
            where = {"source": source, "instrument_id": instrument_id}
            ticks.append(trade(second, price, qty, counts=counts, **where))
    return ticks


async def test_bars_go_on_through_restarts_as_if_there_had_been_none() -> None:
    """Every bar of every window and source is the same, and so is the view."""
    ticks = some_trades()
    straight, broken = Market(), Market()
    await straight.take(ticks, until_s=LONG_S + 1)
    random, done = Random(4), 0
    while done < len(ticks):
        count = random.randrange(1, 200)
        piece = ticks[done : done + count]
        await broken.take(piece, until_s=(piece[-1].ts_event - T0) / NS)
        broken.start()
        done += count
    await broken.take([], until_s=LONG_S + 1)
    assert broken.kept() == straight.kept()
    for instrument_id in (ONE, COIN):
        views = [m.world.market.view(instrument_id) for m in (straight, broken)]
        assert views[0] is not None
        assert views[1] is not None
        for name in ("last", "open", "high", "low", "volume", "vwap", "count", "volatility"):
            assert getattr(views[0], name) == getattr(views[1], name), name


async def test_a_trade_hours_late_does_not_begin_a_final_bar_anew() -> None:
    """Not after a restart either, when nothing of that bar is in memory."""
    market = Market()
    await market.take(some_trades(), until_s=LONG_S + 100)
    before = market.kept()
    market.start()
    late = [trade(second, 1_030, source="a") for second in (60.5, 1_800, LONG_S - 600)]
    assert market.world.market.take(late, T0 + LONG_S * NS) == 3
    market.world.market.turn(T0 + (LONG_S + 100) * NS)
    await market.recorder.written()
    final = [bar for bar in before if bar.final]
    assert len(final) > 1_000
    assert [bar for bar in market.kept() if bar in final] == final
    assert market.world.market.counts.too_late == 3


async def test_a_bar_that_was_open_becomes_final_although_nothing_trades_any_more() -> None:
    """A source that is gone leaves no bar open for ever."""
    market = Market()
    await market.take([trade(0, 1_000), trade(0, 1_000, instrument_id=COIN)], until_s=1)
    assert len(market.recorder.history.open_bars()) == 20
    market.start()
    await market.take([], until_s=3 * 86_400)
    assert market.recorder.history.open_bars() == []
    (day,) = market.recorder.history.bars(ONE, CONSOLIDATED, 86_400, 0, NS_MAX, 9)
    assert (day.final, day.volume) == (True, 100)


async def test_raw_ticks_are_kept_as_they_came() -> None:
    """Those that were left out for a fault are not."""
    market = Market()
    ticks = some_trades()
    await market.take(ticks, until_s=LONG_S)
    assert market.world.market.take([trade(-90_000, 1_000)], T0 + LONG_S * NS) == 1
    await market.recorder.written()
    found = []
    for instrument_id in (ONE, COIN):
        page = market.recorder.history.ticks_after(instrument_id, TickPlace(0, 0), NS_MAX, 9_999)
        found += [row.tick for row in page]
    assert found == sorted(ticks, key=lambda tick: (tick.instrument_id, tick.ts_event))
