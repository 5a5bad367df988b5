"""Bars beside a plain recount of all trades, in any order and divided in any way."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from stockyard.market.bars import BarBuilder
from stockyard.market.catalog import CATALOG
from stockyard.market.consolidation import Consolidation
from stockyard.market.trading_days import TradingDays
from stockyard.model.ticks import CONSOLIDATED, WINDOWS_S, Bar, TradeTick

NS = 1_000_000_000
T0 = 1_700_058_590 * NS
"""Ten seconds before New York opens at 09:30 on 2023-11-15, Z."""
ONE = CATALOG[0].instrument.instrument_id
TWO = CATALOG[1].instrument.instrument_id
DAYS = {ONE: TradingDays("xnys"), TWO: TradingDays("always")}

Key = tuple[int, str, int, int]


def trades(span_ms: int) -> st.SearchStrategy[list[TradeTick]]:
    """Trades of two instruments and three sources within so many milliseconds, each numbered."""
    one = st.tuples(
        st.sampled_from([ONE, TWO]),
        st.sampled_from("abc"),
        st.integers(1, 50),
        st.integers(1, 9),
        st.integers(0, span_ms),
        st.sampled_from([7, 7, 7, 4, 6, 3, 0]),
    )
    return st.lists(one, max_size=60).map(
        lambda rows: [
            TradeTick(i, s, p, q, T0 + ms * 1_000_000, c, n)
            for n, (i, s, p, q, ms, c) in enumerate(rows, 1)
        ]
    )


def built(ticks: Sequence[TradeTick], looks: set[int]) -> tuple[dict[Key, Bar], BarBuilder]:
    """The last word on every bar of both stages, looking after the ticks with these numbers."""
    builder, stage_b = BarBuilder(DAYS), Consolidation(DAYS)
    bars: dict[Key, Bar] = {}
    for number, tick in enumerate(ticks):
        if tick.counts:
            builder.take(tick)
        if number in looks or number == len(ticks) - 1:
            changed = builder.take_bars()
            stage_b.take_slices(builder.take_slices())
            for bar in changed + stage_b.take_bars():
                bars[bar.instrument_id, bar.source, bar.window_s, bar.start_ns] = bar
    return bars, builder


def recounted(ticks: Sequence[TradeTick]) -> dict[Key, tuple[int, ...]]:
    """Open, high, low, close, volume, value and count of every bar, from all trades at once."""
    groups: dict[Key, list[TradeTick]] = {}
    for tick in ticks:
        second = tick.ts_event // NS * NS
        for window_s in WINDOWS_S[:-1]:
            for source in (tick.source, CONSOLIDATED):
                start = second // (window_s * NS) * window_s * NS
                groups.setdefault((tick.instrument_id, source, window_s, start), []).append(tick)
        start = DAYS[tick.instrument_id].of(second).start_ns
        for source in (tick.source, CONSOLIDATED):
            groups.setdefault((tick.instrument_id, source, WINDOWS_S[-1], start), []).append(tick)
    found = {}
    for key, group in groups.items():
        day = DAYS[key[0]].of(key[3])
        priced = [
            tick
            for tick in sorted(group, key=lambda t: (t.ts_event, t.source, t.sequence))
            if key[2] != WINDOWS_S[-1] or day.open_ns <= tick.ts_event < day.close_ns
        ]
        closes = [tick.price for tick in priced if tick.counts & 1]
        extremes = [tick.price for tick in priced if tick.counts & 2]
        volume = [tick for tick in group if tick.counts & 4]
        if closes and extremes:
            found[key] = (
                closes[0],
                max(extremes),
                min(extremes),
                closes[-1],
                sum(tick.qty for tick in volume),
                sum(tick.qty * tick.price for tick in volume),
                len(volume),
            )
    return found


def figures(bars: dict[Key, Bar]) -> dict[Key, tuple[int, ...]]:
    """What a recount gives as well."""
    return {
        key: (b.open, b.high, b.low, b.close, b.volume, b.value, b.count) for key, b in bars.items()
    }


@given(trades(29_000), st.randoms(use_true_random=False), st.sets(st.integers(0, 60)))
def test_any_order_within_the_horizon_gives_what_a_recount_gives(ticks, chance, looks) -> None:
    """Nothing is too late within half a minute."""
    shuffled = list(ticks)
    chance.shuffle(shuffled)
    bars, builder = built(shuffled, looks)
    assert figures(bars) == recounted(ticks)
    assert builder.too_late == 0


@given(trades(40_000_000), st.sets(st.integers(0, 60)))
def test_a_day_in_order_gives_what_a_recount_gives(ticks, looks) -> None:
    """Hours long, in order of time."""
    ordered = sorted(ticks, key=lambda tick: tick.ts_event)
    assert figures(built(ordered, looks)[0]) == recounted(ticks)


@given(trades(200_000), st.sets(st.integers(0, 60)), st.sets(st.integers(0, 60)))
def test_looking_changes_nothing(ticks, looks, others) -> None:
    """However the ticks are divided, and however late they are: the same bars and revisions."""
    one, first = built(ticks, looks)
    other, second = built(ticks, others)
    assert one == other
    assert first.too_late == second.too_late
