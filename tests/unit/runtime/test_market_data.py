"""Ticks of any source on their way to the journal, the bars, the views and whoever keeps them."""

from collections.abc import Sequence

import pytest

from stockyard.app import follow_market
from stockyard.model.facts import FundingRate, MarkPrice, Quote, Trade, TradingHalted
from stockyard.model.records import Input
from stockyard.model.ticks import CONSOLIDATED, DAY_S, Bar, Counts, MarkTick, StatusTick, Tick
from stockyard.runtime.clock import ManualClock
from stockyard.runtime.market_data import (
    LOST_NS,
    QUOTES_LINE_MAX,
    SIMULATED,
    TRADES_LINE_MAX,
    Changes,
)
from stockyard.runtime.world import World
from stockyard.runtime.writer import Refused
from stockyard.storage.memory import MemoryDisk
from tests.unit.market.ticking import AAPL, NS, T0, quote, trade
from tests.unit.runtime.worlds import open_on

ONE = AAPL.instrument_id


@pytest.fixture(name="world")
def _world() -> World:
    world = open_on(MemoryDisk(), ManualClock(T0))
    follow_market(world, "xnys")
    return world


def inputs(world: World) -> list[Input]:
    """Everything that the journal has got, in order."""
    world.writer.drain()
    return [record.input for record in world.journal.read(0)]


def journaled(world: World) -> list[Input]:
    """Market facts that the journal has got, in order."""
    return [one for one in inputs(world) if isinstance(one, Quote | Trade | TradingHalted)]


def fill_line(world: World, count: int) -> None:
    """Let so many inputs wait for the writer."""
    while world.writer.waiting < count:
        world.writer.submit(Quote(ONE, 1, 2, 1, 1, T0))


def test_the_engine_hears_the_best_quote_before_the_trade_that_follows(world: World) -> None:
    """Two sources; the second bid is lower, so nothing is told of it."""
    ticks: list[Tick] = [
        quote(0, 1_000, 1_010, source="a"),
        trade(0.1, 1_010, source="a"),
        quote(0.2, 990, 1_020, source="b"),
        quote(0.3, 1_005, 1_012, source="b"),
    ]
    assert world.market.take(ticks, T0 + NS) == 4
    assert journaled(world) == [
        Quote(ONE, 1_000, 1_010, 1, 1, T0),
        Trade(ONE, 1_010, 100, T0 + NS // 10),
        Quote(ONE, 1_005, 1_010, 1, 1, T0 + 3 * NS // 10),
    ]


def test_a_best_quote_that_is_said_again_is_not_an_old_one(world: World) -> None:
    """Once a second at most, and only by who says the best."""
    world.market.take([quote(0, 1_000, 1_010, source="a")], T0)
    for at in (0.5, 0.9, 1.2, 1.3, 2.5):
        ticks = [quote(at, 1_000, 1_010, source="a"), quote(at, 990, 1_020, source="b")]
        world.market.take(ticks, T0 + int(at * NS))
    world.market.take([quote(9, 990, 1_020, source="b")], T0 + 9 * NS)
    assert journaled(world) == [
        Quote(ONE, 1_000, 1_010, 1, 1, T0),
        Quote(ONE, 1_000, 1_010, 1, 1, T0 + 12 * NS // 10),
        Quote(ONE, 1_000, 1_010, 1, 1, T0 + 25 * NS // 10),
    ]


def test_an_odd_lot_is_no_news_to_the_engine_but_volume(world: World) -> None:
    """What does not count for the last price is not told."""
    world.market.take([trade(0, 1_000), trade(0.5, 1_100, 5, counts=Counts.VOLUME)], T0 + NS)
    assert journaled(world) == [Trade(ONE, 1_000, 100, T0)]
    view = world.market.view(ONE)
    assert view is not None
    assert (view.last, view.volume) == (1_000, 105)


def test_a_trade_of_the_past_is_not_told_but_counts_in_its_bars(world: World) -> None:
    """Ten seconds behind the newest is news, more is not; where nothing is newer, all is."""
    market = world.market
    market.take([trade(-9_000, 990)], T0 - 2 * NS)
    market.take([trade(20, 1_000), trade(10, 1_001)], T0 + 20 * NS)
    market.take([trade(9.9, 1_002), trade(-60, 1_003)], T0 + 20 * NS)
    assert [one.price for one in journaled(world) if isinstance(one, Trade)] == [990, 1_000, 1_001]
    view = market.view(ONE)
    assert view is not None
    assert (view.last, view.high) == (1_000, 1_003)


def test_a_quote_too_shows_that_a_trade_is_of_the_past(world: World) -> None:
    """Also of a symbol that has not traded yet: no stop is triggered by yesterday's price."""
    world.market.take([quote(0, 1_000, 1_001), trade(-11, 900), trade(-10, 999)], T0)
    assert [one.price for one in journaled(world) if isinstance(one, Trade)] == [999]


def test_trades_that_repeat_another_tape_count_once(world: World) -> None:
    """Its quotes count, its trades make its own bars."""
    world.market.count_quotes_only(["copy"])
    world.market.take([trade(0, 1_000), trade(0, 1_000, source="copy")], T0)
    world.market.take([quote(0, 999, 1_001, source="copy")], T0)
    assert journaled(world) == [Trade(ONE, 1_000, 100, T0), Quote(ONE, 999, 1_001, 1, 1, T0)]
    days = [bar for bar in world.market.turn(T0 + NS).bars if bar.window_s == DAY_S]
    assert {bar.source: bar.volume for bar in days} == {"a": 100, "copy": 100, CONSOLIDATED: 100}


def test_what_is_left_out_is_counted_and_told_to_nobody(world: World) -> None:
    """A crossed quote, a trade from tomorrow, and one of nothing known."""
    ticks = [quote(0, 12, 10), trade(86_400, 10), trade(0, 10, instrument_id=999)]
    assert world.market.take(ticks, T0) == 3
    assert journaled(world) == []
    counts = world.market.counts
    assert counts.taken == 3
    assert counts.faults == {
        ("a", "crossed"): 1,
        ("a", "future"): 1,
        ("", "unknown_instrument"): 1,
    }


def test_behind_a_long_line_quotes_are_conflated(world: World) -> None:
    """Only the latest is told, at the next turn after the line is short again."""
    fill_line(world, QUOTES_LINE_MAX)
    for second in range(5):
        world.market.take([quote(second, 1_000 + second, 1_010)], T0 + 9 * NS)
    assert world.writer.waiting == QUOTES_LINE_MAX
    assert world.market.counts.quotes_conflated == 4
    world.writer.drain()
    world.market.turn(T0 + 10 * NS)
    assert journaled(world)[-1] == Quote(ONE, 1_004, 1_010, 1, 1, T0 + 4 * NS)


def test_behind_a_longer_line_trades_are_given_back_and_none_is_lost(world: World) -> None:
    """What was not taken is taken when it is offered again, although it has a sequence."""
    ticks = [trade(n / 10, 1_000 + n, sequence=n + 1) for n in range(5)]
    fill_line(world, TRADES_LINE_MAX - 2)
    assert world.market.take(ticks, T0 + NS) == 2
    world.writer.drain()
    assert world.market.take(ticks[2:], T0 + NS) == 3
    assert [one.price for one in journaled(world) if isinstance(one, Trade)] == [
        1_000, 1_001, 1_002, 1_003, 1_004,
    ]  # fmt: skip
    assert world.market.counts.faults == {}


def test_a_closed_writer_takes_no_trade(world: World) -> None:
    """Nothing raises, and the caller knows."""
    world.writer.close(Refused("shutting_down", "stopping"))
    assert world.market.take([trade(0, 1_000)], T0) == 0


def test_facts_of_the_simulated_market_are_told_once(world: World) -> None:
    """They are in the journal already; bars and views know them."""
    facts = [Quote(ONE, 1_000, 1_010, 5, 5, T0), Trade(ONE, 1_005, 100, T0)]
    world.market.observe(facts, SIMULATED, T0)
    assert journaled(world) == []
    view = world.market.view(ONE)
    assert view is not None
    assert (view.bid, view.bid_source, view.last, view.volume) == (1_000, SIMULATED, 1_005, 100)
    world.market.take([quote(1, 1_002, 1_008, source="b")], T0 + NS)
    world.market.observe([Quote(ONE, 1_001, 1_010, 5, 5, T0 + 2 * NS)], SIMULATED, T0 + 2 * NS)
    world.market.observe([Quote(ONE, 1_004, 1_010, 5, 5, T0 + 3 * NS)], SIMULATED, T0 + 3 * NS)
    told = [(one.bid, one.ask) for one in journaled(world) if isinstance(one, Quote)]
    assert told == [(1_002, 1_008), (1_004, 1_008)]


def test_a_silent_source_is_lost_and_comes_back_with_the_same_quote(world: World) -> None:
    """Its quote is taken from the engine, and given back when it repeats it."""
    market = world.market
    market.take([quote(0, 1_000, 1_010)], T0)
    market.heard("a", T0 + LOST_NS)
    assert market.turn(T0 + LOST_NS + NS).instruments == [ONE]
    assert market.turn(T0 + 2 * LOST_NS + 1).instruments == [ONE]
    market.take([quote(0, 1_000, 1_010)], T0 + 3 * LOST_NS)
    assert [(one.bid, one.ask) for one in journaled(world) if isinstance(one, Quote)] == [
        (1_000, 1_010), (0, 0), (1_000, 1_010),
    ]  # fmt: skip


def mark(second: float, price: int, due: float, rate: int, source: str = "a") -> MarkTick:
    """A mark with its next funding time in seconds after ``T0``."""
    at, next_ns = T0 + round(second * NS), T0 + round(due * NS)
    return MarkTick(ONE, source, price, price + 1, rate, next_ns, at)


def test_marks_are_told_and_funding_is_paid_once_when_it_is_due(world: World) -> None:
    """At the rate told last before it; by the clock, or by the mark that comes after it."""
    market = world.market
    market.take([mark(0, 100, 10, 5), mark(1, 101, 10, 7)], T0 + NS)
    market.turn(T0 + 9 * NS)
    market.turn(T0 + 10 * NS)
    market.turn(T0 + 11 * NS)
    market.take([mark(12, 102, 10, 9)], T0 + 12 * NS)
    market.take([mark(13, 103, 20, 11)], T0 + 13 * NS)
    market.take([mark(21, 104, 30, 13)], T0 + 21 * NS)
    assert [one for one in inputs(world) if isinstance(one, FundingRate)] == [
        FundingRate(ONE, 7, T0 + 10 * NS),
        FundingRate(ONE, 11, T0 + 20 * NS),
    ]
    marks = [one for one in inputs(world) if isinstance(one, MarkPrice)]
    assert [one.mark for one in marks] == [101, 102, 103, 104]
    assert marks[0] == MarkPrice(ONE, 101, 102, T0 + NS)


def test_marks_of_one_source_count_until_it_is_lost(world: World) -> None:
    """The second one's are kept, and take over."""
    market = world.market
    market.take([mark(0, 100, 99, 5), mark(0, 200, 99, 6, "b")], T0)
    assert market.view(ONE).mark.mark == 100  # type: ignore[union-attr]
    market.turn(T0 + LOST_NS + NS)
    market.take([mark(20, 201, 99, 6, "b")], T0 + 20 * NS)
    assert [one.mark for one in inputs(world) if isinstance(one, MarkPrice)] == [100, 201]


def test_facts_about_a_contract_are_told_once(world: World) -> None:
    """As those of the simulated market."""
    facts = [MarkPrice(ONE, 100, 101, T0), FundingRate(ONE, 5, T0)]
    world.market.observe(facts, SIMULATED, T0)
    assert world.market.view(ONE).mark.index == 101  # type: ignore[union-attr]
    assert not [one for one in inputs(world) if isinstance(one, MarkPrice | FundingRate)]


def test_a_halt_reaches_the_engine_once(world: World) -> None:
    """However often it is repeated."""
    halt = StatusTick(ONE, "a", True, "LUDP", T0)
    world.market.take([halt, halt], T0)
    world.market.take([halt], T0)
    world.market.take([StatusTick(ONE, "a", False, "", T0)], T0)
    assert journaled(world) == [TradingHalted(ONE, True, "LUDP"), TradingHalted(ONE, False, "")]


def test_a_turn_tells_changes_and_hands_over_what_is_kept(world: World) -> None:
    """Each tick that counts once, each changed bar; of a quiet turn nobody is told."""
    ticks: list[Tick] = []
    bars: list[Bar] = []
    told: list[Changes] = []

    def keep(new_ticks: Sequence[Tick], new_bars: Sequence[Bar]) -> None:
        ticks.extend(new_ticks)
        bars.extend(new_bars)

    world.market.keeper, world.market.listener = keep, told.append
    good = [quote(0, 1_000, 1_010), trade(0, 1_005)]
    world.market.take([*good, quote(0, 12, 10)], T0)
    world.market.turn(T0 + NS)
    world.market.turn(T0 + NS)
    assert ticks == good
    assert told == [Changes(bars, [ONE])]
    assert {bar.source for bar in bars} == {"a", CONSOLIDATED}
    assert len(bars) == 10


def test_a_bar_that_is_said_to_be_final_before_its_time_takes_trades(world: World) -> None:
    """As one of a file that was written in the middle of its day."""
    day = T0 - 15 * 3_600 * NS + 5 * 3_600 * NS
    whole = Bar(ONE, "", 86_400, day, 1_000, 1_010, 990, 1_000, 500, 500_000, 5, 0, True)
    follow_market(world, "xnys")
    world.market.restore([whole], T0)
    world.market.take([trade(0, 1_020)], T0)
    assert [one.price for one in journaled(world) if isinstance(one, Trade)] == [1_020]
    view = world.market.view(ONE)
    assert view is not None
    assert (view.open, view.high, view.last, view.volume) == (1_000, 1_020, 1_020, 600)


def test_a_restart_goes_on_with_the_bars_of_before(world: World) -> None:
    """The session's figures, the close of the day before, and the level that is believed."""
    kept: dict[tuple[int, str, int, int], Bar] = {}

    def keep(_: Sequence[Tick], bars: Sequence[Bar]) -> None:
        kept.update({(b.instrument_id, b.source, b.window_s, b.start_ns): b for b in bars})

    world.market.keeper = keep
    world.market.take([trade(-86_000, 900)], T0 - 86_000 * NS)
    world.market.take([trade(0, 1_000), trade(1, 1_020)], T0)
    world.market.turn(T0 + NS)
    again = open_on(MemoryDisk(), ManualClock(T0))
    follow_market(again, "xnys")
    again.market.restore(kept.values(), T0)
    assert again.market.take([trade(2, 5_000), trade(3, 980)], T0 + 3 * NS) == 2
    assert again.market.counts.faults == {("a", "absurd"): 1}
    view = again.market.view(ONE)
    assert view is not None
    assert (view.open, view.high, view.low, view.last) == (1_000, 1_020, 980, 980)
    assert (view.volume, view.count, view.change) == (300, 3, 80)
    days = [bar for bar in again.market.turn(T0 + 4 * NS).bars if bar.window_s == DAY_S]
    assert {bar.source: bar.volume for bar in days} == {"a": 300, CONSOLIDATED: 300}
