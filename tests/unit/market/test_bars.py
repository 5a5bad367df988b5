"""Bars of one source: which trades make them, what late ones do, what a day is."""

from stockyard.market.bars import LATE_NS, BarBuilder
from stockyard.market.trading_days import TradingDays
from stockyard.model.ticks import DAY_S, Bar, Counts, TradeTick
from tests.unit.market.ticking import AAPL, BTC, DAYS, NS, T0, trade


def built(*ticks: TradeTick) -> dict[tuple[int, int], Bar]:
    """Bars by window and seconds from ``T0`` to their start."""
    builder = BarBuilder(DAYS)
    for tick in ticks:
        builder.take(tick)
    return by_start(builder.take_bars())


def by_start(bars: list[Bar]) -> dict[tuple[int, int], Bar]:
    """Bars by window and seconds from ``T0`` to their start."""
    return {(bar.window_s, (bar.start_ns - T0) // NS): bar for bar in bars}


def prices(bar: Bar) -> tuple[int, ...]:
    """Open, high, low, close, volume and count."""
    return (bar.open, bar.high, bar.low, bar.close, bar.volume, bar.count)


def test_windows_of_every_length() -> None:
    """Three trades over a minute's border."""
    bars = built(trade(1, 10), trade(1.5, 12), trade(61, 11, 300))
    assert prices(bars[1, 1]) == (10, 12, 10, 12, 200, 2)
    assert prices(bars[60, 0]) == (10, 12, 10, 12, 200, 2)
    assert prices(bars[60, 60]) == (11, 11, 11, 11, 300, 1)
    for window_s in (300, 3600):
        assert prices(bars[window_s, 0]) == (10, 12, 10, 11, 500, 3)
        assert bars[window_s, 0].vwap == (10 * 100 + 12 * 100 + 11 * 300) // 500
    assert len(bars) == 7


def test_what_a_trade_counts_for() -> None:
    """An odd lot counts in the volume alone; a late print not for the close; a price alone does."""
    bars = built(
        trade(1, 10),
        trade(1.1, 99, 5, counts=Counts.VOLUME),
        trade(1.2, 8, 50, counts=Counts.HIGH_LOW | Counts.VOLUME),
        trade(1.3, 11, 70, counts=Counts.LAST | Counts.HIGH_LOW),
        trade(1.4, 77, 70, counts=0),
    )
    assert prices(bars[1, 1]) == (10, 11, 8, 11, 155, 3)


def test_a_window_without_a_price_is_no_bar_but_its_volume_counts() -> None:
    """Only odd lots in the third second."""
    bars = built(trade(1, 10), trade(3, 12, 5, counts=Counts.VOLUME))
    assert (1, 3) not in bars
    assert prices(bars[60, 0]) == (10, 10, 10, 10, 105, 2)


def test_order_within_a_second_is_by_time_then_sequence_then_arrival() -> None:
    """Each pair of trades at one time, in three ways."""
    assert prices(built(trade(1.5, 10), trade(1.2, 11))[1, 1])[::3] == (11, 10)
    later_first = trade(1, 10, sequence=2), trade(1, 11, sequence=1)
    assert prices(built(*later_first)[1, 1])[::3] == (11, 10)
    assert prices(built(trade(1, 10), trade(1, 11))[1, 1])[::3] == (10, 11)


def test_a_late_trade_amends_and_says_so() -> None:
    """Within the horizon it counts in every window, and the amended ones tell a revision."""
    builder = BarBuilder(DAYS)
    for tick in (trade(1, 10), trade(2, 11), trade(20, 12)):
        builder.take(tick)
    before = by_start(builder.take_bars())
    assert before[1, 1].revision == 0
    builder.take(trade(1.9, 15))
    after = by_start(builder.take_bars())
    assert sorted(after) == [(1, 1), (60, 0), (300, 0), (3600, 0), (86400, -36000)]
    assert prices(after[1, 1]) == (10, 15, 10, 15, 200, 2)
    assert after[1, 1].revision == 1
    assert prices(after[60, 0]) == (10, 15, 10, 12, 400, 4)
    assert after[60, 0].revision == 0


def test_a_trade_that_is_too_late_counts_only_where_the_window_still_takes_it() -> None:
    """More than the horizon after its second's end: left out there and counted, kept elsewhere."""
    builder = BarBuilder(DAYS)
    late_s = LATE_NS // NS
    builder.take(trade(1, 10))
    builder.take(trade(2 + late_s, 11))
    builder.take(trade(1.5, 9))
    bars = by_start(builder.take_bars())
    assert builder.too_late == 1
    assert (1, 1) not in bars or prices(bars[1, 1])[1:3] == (10, 10)
    assert prices(bars[60, 0]) == (10, 11, 9, 11, 300, 3)


def test_bars_become_final_and_are_forgotten() -> None:
    """By trades that follow, or because time passes; what is held stays bounded."""
    builder = BarBuilder(DAYS)
    finals = []
    for second in range(2_000):
        builder.take(trade(second, 10 + second % 7))
        finals += [bar for bar in builder.take_bars() if bar.final and bar.window_s == 1]
        assert len(builder) < 50
    assert len(finals) >= 1_950
    assert len({bar.start_ns for bar in finals}) == len(finals)
    builder.settle(T0 + 2_200 * NS)
    last = [bar for bar in builder.take_bars() if bar.final and bar.window_s == 1]
    assert last[-1].start_ns == T0 + 1_999 * NS
    assert len(builder) == 2


def test_a_stocks_day_has_the_prices_of_regular_hours_and_the_volume_of_all() -> None:
    """Before nine thirty, in the session, and after four in the afternoon of New York."""
    early, late = trade(-3600, 50), trade(6.5 * 3600, 5)
    bars = [bar for bar in built(early, trade(0, 10), late).values() if bar.window_s == DAY_S]
    assert [prices(bar) for bar in bars] == [(10, 10, 10, 10, 300, 3)]
    day = TradingDays("xnys").of(T0)
    assert (bars[0].start_ns, day.end_ns - day.start_ns) == (day.start_ns, 86_400 * NS)
    assert (T0 - day.open_ns, day.close_ns - T0) == (1_800 * NS, 21_600 * NS)


def test_days_with_changed_clocks_holidays_and_coins() -> None:
    """A day of 25 hours, Christmas, a year that no table has, and UTC."""
    stock = TradingDays("xnys")
    long_day = stock.of(1_699_160_400 * NS)
    assert long_day.end_ns - long_day.start_ns == 25 * 3600 * NS
    for moment in (1_703_530_000 * NS, 100 * NS):
        day = stock.of(moment)
        assert (day.open_ns, day.close_ns) == (day.start_ns, day.end_ns)
    coin = trade(0, 10, instrument_id=BTC.instrument_id)
    bars = [bar for bar in built(coin).values() if bar.window_s == DAY_S]
    assert bars[0].start_ns == T0 - T0 % (86_400 * NS)


def test_a_restored_bar_goes_on() -> None:
    """The open of before stands, the rest is added to."""
    day = TradingDays("xnys").of(T0)
    kept = Bar(
        AAPL.instrument_id, "a", DAY_S, day.start_ns, 20, 21, 19, 20, 900, 18_000, 9, 0, False
    )
    builder = BarBuilder(DAYS)
    builder.restore([kept])
    builder.take(trade(5, 25))
    bar = next(bar for bar in builder.take_bars() if bar.window_s == DAY_S)
    assert prices(bar) == (20, 25, 19, 25, 1_000, 10)
