"""One view over several sources."""

import math
from itertools import pairwise

import pytest

from stockyard.market.bars import BarBuilder
from stockyard.market.consolidation import Consolidation, realised_volatility
from stockyard.market.trading_days import SESSION_MINUTES_YEAR
from stockyard.model.facts import Quote
from stockyard.model.ticks import BandTick, QuoteTick, StatusTick, TradeTick
from tests.unit.market.ticking import AAPL, DAYS, NS, T0, quote, trade

ONE = AAPL.instrument_id


def best(*ticks: QuoteTick, lost: str = "") -> tuple[int, str, int, str, bool]:
    """Best bid and offer with their sources, and whether they cross."""
    stage = Consolidation(DAYS)
    for tick in ticks:
        stage.take_quote(tick)
    if lost:
        stage.lose(lost)
    view = stage.view(ONE)
    assert view is not None
    return (view.bid, view.bid_source, view.ask, view.ask_source, view.is_crossed)


@pytest.mark.parametrize(
    ("quotes", "expected"),
    [
        ([("a", 10, 12), ("b", 11, 13)], (11, "b", 12, "a", False)),
        ([("b", 11, 13), ("a", 11, 13)], (11, "a", 13, "a", False)),
        ([("b", 11, 13), ("a", 10, 14), ("b", 9, 15)], (10, "a", 14, "a", False)),
        ([("b", 11, 13), ("b", 0, 13)], (0, "", 13, "b", False)),
        ([("a", 10, 11), ("b", 12, 13)], (12, "b", 11, "a", True)),
        ([("a", 10, 11), ("b", 12, 13), ("b", 10, 12)], (10, "a", 11, "a", False)),
    ],
)
def test_the_best_of_each_side(quotes: list[tuple[str, int, int]], expected: object) -> None:
    """Highest bid, lowest ask, then the source by name; a source that falls back gives way."""
    assert best(*(quote(0, bid, ask, source=source) for source, bid, ask in quotes)) == expected


def test_of_equal_prices_the_larger_size_is_best() -> None:
    """Whatever the order in which they came."""
    small, large = quote(0, 10, 12, source="a"), quote(0, 10, 12, bid_qty=5, ask_qty=5, source="b")
    assert best(small, large) == best(large, small) == (10, "b", 12, "b", False)


def test_a_lost_source_counts_no_more_until_it_speaks() -> None:
    """The rest stands for the whole."""
    one, other = quote(0, 10, 12, source="a"), quote(0, 11, 13, source="b")
    assert best(one, other, lost="b") == (10, "a", 12, "a", False)
    stage = Consolidation(DAYS)
    stage.take_quote(one)
    assert stage.lose("a") == [ONE]
    assert stage.lose("a") == []
    assert stage.quote(ONE) == Quote(ONE, 0, 0, 0, 0, T0)
    view = stage.view(ONE)
    assert view is not None
    assert [(s.source, s.quote_ts, s.is_lost) for s in view.sources] == [("a", T0, True)]
    assert stage.take_quote(quote(1, 10, 12, source="a"))
    assert stage.view(ONE).sources[0].is_lost is False  # type: ignore[union-attr]


def test_the_engine_is_told_no_crossed_quote() -> None:
    """Where the sources cross, the newest one's own quote stands."""
    stage = Consolidation(DAYS)
    assert stage.take_quote(quote(0, 10, 11, source="a"))
    assert stage.take_quote(quote(1, 12, 13, source="b"))
    assert stage.quote(ONE) == Quote(ONE, 12, 13, 1, 1, T0 + NS)
    assert not stage.take_quote(quote(2, 12, 13, source="b"))


def session(*ticks: TradeTick) -> Consolidation:
    """Stage B after these trades."""
    builder, stage = BarBuilder(DAYS), Consolidation(DAYS)
    stage.quotes_only = ["copy"]
    for tick in ticks:
        builder.take(tick)
    builder.take_bars()
    stage.take_slices(builder.take_slices())
    stage.take_bars()
    return stage


def test_the_session_over_all_sources() -> None:
    """Trades are added, but for a source that repeats another's."""
    stage = session(
        trade(-86_400, 9),
        trade(0, 10, source="b"),
        trade(1, 14, source="a"),
        trade(2, 12, 200, source="b"),
        trade(2.5, 99, 900, source="copy"),
    )
    view = stage.view(ONE)
    assert view is not None
    assert (view.open, view.high, view.low, view.last) == (10, 14, 10, 12)
    assert (view.last_source, view.last_ts) == ("b", T0 + 2 * NS)
    assert (view.volume, view.count, view.vwap) == (400, 3, (10 * 100 + 14 * 100 + 2400) // 400)
    assert (view.previous_close, view.change) == (9, 3)
    assert [source.source for source in view.sources] == ["a", "b"]


def test_the_latest_day_stands_until_another_has_a_price() -> None:
    """Over a weekend, and after a restart on one."""
    stage = session(trade(-86_400, 9), trade(0, 10), trade(1, 12, 200))
    bars, days_later = stage.take_bars(), T0 + 2 * 86_400 * NS
    stage.settle({ONE: days_later})
    bars = stage.take_bars()
    restarted = Consolidation(DAYS)
    restarted.restore(bars)
    for one in (stage, restarted):
        view = one.view(ONE)
        assert view is not None
        assert (view.open, view.high, view.low, view.volume, view.count) == (10, 12, 10, 300, 2)
    view = stage.view(ONE)
    assert view is not None
    assert (view.previous_close, view.change) == (9, 3)


def test_the_average_price_is_the_nearest() -> None:
    """As the bars say it: rounded half to even."""
    for prices, average in [((10, 10, 11), 10), ((10, 11, 11), 11), ((10, 11), 10), ((11, 12), 12)]:
        view = session(*(trade(n, price) for n, price in enumerate(prices))).view(ONE)
        assert view is not None
        assert view.vwap == average


def test_realised_volatility_looks_back_half_an_hour() -> None:
    """However long ago the last minutes with a trade were."""
    closes = {minute * 60 * NS: 100 + minute % 2 for minute in range(10)}
    latest = {(n * 5 + 100) * 60 * NS: 100 + n % 3 for n in range(7)}
    expected = realised_volatility(latest, SESSION_MINUTES_YEAR)
    assert expected is not None
    sparse = {(n * 5 + 70) * 60 * NS: 100 + n % 3 for n in range(7)}
    assert realised_volatility({**closes, **sparse, **latest}, SESSION_MINUTES_YEAR) == (
        pytest.approx(expected)
    )


def test_realised_volatility_of_minutes() -> None:
    """By the formula; a minute without a trade is one without a move; a night is left out."""
    prices = [100, 101, 100, 102, 101, 103]
    closes = {minute * 60 * NS: price for minute, price in enumerate(prices)}
    squares = sum(math.log(b / a) ** 2 for a, b in pairwise(prices))
    expected = math.sqrt(squares * SESSION_MINUTES_YEAR / 5)
    assert realised_volatility(closes, SESSION_MINUTES_YEAR) == pytest.approx(expected)
    closes[1_000 * 60 * NS] = 200
    assert realised_volatility(closes, SESSION_MINUTES_YEAR) == pytest.approx(expected)
    closes[1_005 * 60 * NS] = 200
    expected = math.sqrt(squares * SESSION_MINUTES_YEAR / 10)
    assert realised_volatility(closes, SESSION_MINUTES_YEAR) == pytest.approx(expected)
    assert realised_volatility({0: 100, 60 * NS: 101}, SESSION_MINUTES_YEAR) is None


def test_halts_and_bands() -> None:
    """One source halts, any lets it go on; the change is told once."""
    stage = Consolidation(DAYS)
    halt = StatusTick(ONE, "a", True, "LUDP", T0)
    assert stage.take_status(halt)
    assert not stage.take_status(halt)
    stage.take_band(BandTick(ONE, "a", 9, 11, T0))
    view = stage.view(ONE)
    assert view is not None
    assert (view.is_halted, view.halt_reason, view.lower, view.upper) == (True, "LUDP", 9, 11)
    assert stage.take_status(StatusTick(ONE, "b", False, "", T0))
    assert stage.view(99) is None
