"""Stages in processes of their own make the bars that one process makes, and take reports once."""

from collections.abc import Sequence
from random import Random

import msgspec
import pytest

from stockyard.app import follow_market
from stockyard.market.calendars import ALWAYS_ID, CALENDAR_NAMES, XNYS_ID
from stockyard.market.catalog import CATALOG
from stockyard.model.facts import Quote, Trade
from stockyard.model.stages import StageReport, StageTerms
from stockyard.model.ticks import Bar, Tick
from stockyard.runtime.clock import ManualClock
from stockyard.runtime.stages import (
    REPORT_TICKS_MAX,
    STAGES_MAX,
    StageA,
    StageB,
    StageLog,
    StageRefused,
    found_by_symbol,
    take_report,
)
from stockyard.runtime.world import World
from stockyard.runtime.writer import Refused
from stockyard.storage.memory import MemoryDisk
from tests.unit.market.ticking import AAPL, NS, T0, quote, trade
from tests.unit.runtime.worlds import open_on

ONE = AAPL.instrument_id
NAMES = {XNYS_ID: "xnys", ALWAYS_ID: "always"}
TERMS = StageTerms([listing.instrument for listing in CATALOG], NAMES, [])
Key = tuple[int, str, int, int]


class Market:
    """A world with market data, whose last word on every bar is kept."""

    def __init__(self) -> None:
        self.world: World = open_on(MemoryDisk(), ManualClock(T0))
        follow_market(self.world, "xnys")
        self.market, self.log = self.world.market, StageLog()
        self.bars: dict[Key, Bar] = {}
        self.market.keeper = self.keep
        self.ticks: list[Tick] = []

    def keep(self, ticks: Sequence[Tick], bars: Sequence[Bar]) -> None:
        """Note what is handed over to be kept."""
        self.ticks += ticks
        self.bars.update({(b.instrument_id, b.source, b.window_s, b.start_ns): b for b in bars})

    def take(self, report: StageReport | None, now_ns: int) -> None:
        """Take a report that traveled, and once more as if its answer had been lost."""
        if report is None:
            return
        traveled = msgspec.json.encode(report)
        for is_known in (False, True):
            found = msgspec.json.decode(traveled, type=StageReport)
            assert take_report(self.market, self.log, found, now_ns).known is is_known

    def told(self) -> list[Quote | Trade]:
        """What the engine was told."""
        self.world.writer.drain()
        inputs = [record.input for record in self.world.journal.read(0)]
        return [one for one in inputs if isinstance(one, Quote | Trade)]

    def figures(self) -> dict[Key, tuple[int, ...]]:
        """Of every bar, but for how it came about."""
        return {
            key: (b.open, b.high, b.low, b.close, b.volume, b.value, b.count)
            for key, b in self.bars.items()
        }


def steps(seed: int) -> list[list[Tick]]:
    """Ticks of two sources over ten seconds, some late, step by step."""
    chance = Random(seed)
    made: list[list[Tick]] = []
    number = 0
    for step in range(100):
        ticks: list[Tick] = []
        for _ in range(chance.randrange(6)):
            number += 1
            at = step / 10 - chance.choice([0, 0, 0, 2.5])
            source, price = chance.choice("ab"), 2_300_000 + chance.randrange(-500, 500) * 100
            if chance.random() < 0.4:
                ticks.append(quote(step / 10 + number / 1e6, price, price + 200, source=source))
            else:
                qty, counts = chance.randrange(1, 9) * 10**12, chance.choice([7, 7, 4, 6])
                said = trade(at, price, qty, source=source, counts=counts, sequence=number)
                ticks.append(said)
        made.append(ticks)
    return made


def now(step: int) -> int:
    """The time at a step's end."""
    return T0 + (step + 1) * NS // 10


@pytest.mark.parametrize("seed", range(8))
def test_the_same_bars_in_one_process_two_or_four(seed: int) -> None:
    """All in one; two stages A before the server; and a stage B between them."""
    alone, two, four = Market(), Market(), Market()
    stages = {name: StageA(name, 1, TERMS) for name in "ab"}
    firsts = {name: StageA(name, 1, TERMS) for name in "ab"}
    middle, log = StageB("middle", 1, TERMS), StageLog()
    for step, ticks in enumerate(steps(seed)):
        alone.market.take(ticks, now(step))
        alone.market.turn(now(step))
        for name in "ab":
            mine = [tick for tick in ticks if tick.source == name]
            assert stages[name].take(mine, now(step)) == len(mine)
            assert firsts[name].take(mine, now(step)) == len(mine)
            two.take(stages[name].report(now(step)), now(step))
            report = firsts[name].report(now(step))
            if report is not None:
                assert not take_report(middle.market, log, report, now(step)).known
        two.market.turn(now(step))
        four.take(middle.report(now(step)), now(step))
        four.market.turn(now(step))
    assert alone.figures() == two.figures() == four.figures()
    assert sorted(map(repr, alone.ticks)) == sorted(map(repr, two.ticks))
    assert sorted(map(repr, alone.ticks)) == sorted(map(repr, four.ticks))
    trades = [[one for one in m.told() if isinstance(one, Trade)] for m in (alone, two, four)]
    assert sorted(map(repr, trades[0])) == sorted(map(repr, trades[1]))
    assert trades[1] == trades[2]
    views = [m.market.view(ONE) for m in (alone, two, four)]
    assert views[1] == views[2]
    for view in views[1:]:
        assert view is not None
        assert views[0] is not None
        assert (view.bid, view.ask, view.last, view.volume) == (
            views[0].bid,
            views[0].ask,
            views[0].last,
            views[0].volume,
        )


def test_reports_of_an_earlier_run_and_of_too_many_stages_are_refused() -> None:
    """A name belongs to the process that was started last."""
    market = Market()
    assert not take_report(market.market, market.log, StageReport("a", 5, 3), T0).known
    assert take_report(market.market, market.log, StageReport("a", 5, 2), T0).known
    assert not take_report(market.market, market.log, StageReport("a", 6, 1), T0).known
    with pytest.raises(StageRefused, match="started later"):
        take_report(market.market, market.log, StageReport("a", 5, 4), T0)
    for number in range(STAGES_MAX - 1):
        take_report(market.market, market.log, StageReport(f"b{number}", 5, 1), T0)
    with pytest.raises(StageRefused, match="already"):
        take_report(market.market, market.log, StageReport("c", 5, 1), T0)


def test_a_report_without_room_is_not_taken() -> None:
    """It is taken when it is sent again."""
    market = Market()
    report = StageReport("a", 1, 1, [trade(0, 2_300_000)])
    while market.world.writer.waiting < 5_000:
        market.world.writer.submit(Quote(ONE, 1, 2, 1, 1, T0))
    with pytest.raises(Refused):
        take_report(market.market, market.log, report, T0)
    market.world.writer.drain()
    assert not take_report(market.market, market.log, report, T0).known
    assert [one for one in market.told() if isinstance(one, Trade)]


def test_a_stage_takes_no_more_than_it_may_report() -> None:
    """And says how much it took."""
    stage = StageA("a", 1, TERMS)
    ticks = [trade(n / 1e4, 2_300_000, sequence=n + 1) for n in range(REPORT_TICKS_MAX + 5)]
    assert stage.take(ticks, T0 + NS) == REPORT_TICKS_MAX
    assert stage.is_behind
    report = stage.report(T0 + NS)
    assert report is not None
    assert (report.sequence, len(report.ticks)) == (1, REPORT_TICKS_MAX)
    assert not stage.is_behind
    assert stage.take(ticks[REPORT_TICKS_MAX:], T0 + NS) == 5


def test_a_stage_that_is_started_again_goes_on_with_its_own_bars_alone() -> None:
    """Those of a source that it does not hear are left to whoever does."""
    market = Market()
    for name in "ab":
        stage = StageA(name, 1, TERMS)
        stage.take([trade(0, 2_300_000, source=name)], T0)
        market.take(stage.report(T0), T0)
    market.market.turn(T0)
    again = StageA("a", 2, StageTerms(TERMS.instruments, NAMES, list(market.bars.values())))
    again.take([trade(3, 2_310_000, source="a")], T0 + 3 * NS)
    market.take(again.report(T0 + 200 * NS), T0 + 200 * NS)
    market.market.turn(T0 + 200 * NS)
    day = {
        bar.source: (bar.open, bar.close, bar.volume)
        for bar in market.bars.values()
        if bar.window_s == 86_400
    }
    assert day == {
        "a": (2_300_000, 2_310_000, 200),
        "b": (2_300_000, 2_300_000, 100),
        "": (2_300_000, 2_310_000, 300),
    }


def test_symbols_are_found_in_every_spelling() -> None:
    """As at the server's door."""
    found = found_by_symbol(TERMS.instruments)
    assert found["BTC/USD"] is found["BTC-USD"] is found["BTCUSD"]
    assert "NOSUCH" not in found
    assert set(CALENDAR_NAMES) >= set(NAMES)
