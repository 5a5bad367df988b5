"""Scripts: what they say at which times, that nothing is skipped, and how they are moved."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockyard.market.catalog import CATALOG
from stockyard.market.scripted import (
    FACTOR_UNIT,
    FACTS_PER_TURN_MAX,
    Dress,
    Held,
    Path,
    Played,
    Point,
    Said,
    Script,
    Shape,
    around,
    dressed,
    nearest_tick,
    on_tick,
    scaled_shape,
)
from stockyard.model.facts import Quote, Trade

AAPL = next(x.instrument for x in CATALOG if x.instrument.symbol == "AAPL")
ID = AAPL.instrument_id
SECOND = 10**9
T = 1_700_000_000 * SECOND
CENT = AAPL.tick


def dollars(amount: float) -> int:
    return round(amount * 10**AAPL.price_scale)


def point(seconds: float, bid: float, ask: float) -> Point:
    return Point(T + round(seconds * SECOND), dollars(bid), dollars(ask))


def quotes(said: list[Said]) -> list[tuple[float, float, float]]:
    scale = 10**AAPL.price_scale
    return [
        ((x.ts_event - T) / SECOND, x.bid / scale, x.ask / scale)
        for x in said
        if isinstance(x, Quote)
    ]


def test_a_held_quote_is_said_again_at_each_turn() -> None:
    held = Held(AAPL, Shape(dollars(99), dollars(101), 5, 7))
    for seconds in (0, 1, 5):
        at = T + seconds * SECOND
        assert held.take(at) == [Quote(ID, dollars(99), dollars(101), 5, 7, at)]


def test_a_path_goes_in_a_straight_line_or_in_steps() -> None:
    points = [point(0, 100, 100.02), point(10, 110, 110.02)]
    line = Path(AAPL, points, (1, 1))
    assert quotes(line.take(T)) == [(0, 100, 100.02)]
    assert quotes(line.take(T + 5 * SECOND)) == [(5, 105, 105.02)]
    assert quotes(line.take(T + 20 * SECOND)) == [(10, 110, 110.02), (20, 110, 110.02)]
    steps = Path(AAPL, points, (1, 1), steps=True)
    assert quotes(steps.take(T + 9 * SECOND)) == [(0, 100, 100.02), (9, 100, 100.02)]


def test_a_spike_between_two_turns_is_said() -> None:
    path = Path(
        AAPL, [point(0.2, 100, 101), point(0.4, 50, 51), point(0.6, 100, 101)], (1, 1), trade_qty=3
    )
    said = path.take(T + SECOND)
    assert quotes(said) == [(0.2, 100, 101), (0.4, 50, 51), (0.6, 100, 101), (1.0, 100, 101)]
    assert [x.price for x in said if isinstance(x, Trade)] == [
        dollars(100.5), dollars(50.5), dollars(100.5),
    ]  # fmt: skip


def test_nothing_is_said_before_the_first_point() -> None:
    path = Path(AAPL, [point(5, 100, 101)], (1, 1))
    assert path.take(T) == []
    assert quotes(path.take(T + 5 * SECOND)) == [(5, 100, 101)]


def test_what_is_too_much_at_once_comes_later() -> None:
    count = FACTS_PER_TURN_MAX + 10
    path = Path(AAPL, [point(n / 1000, 100, 101) for n in range(count)], (1, 1))
    late = path.take(T + 5 * SECOND)
    assert len(late) == FACTS_PER_TURN_MAX
    assert len(path.take(T + 5 * SECOND)) == 11
    facts = [Trade(ID, dollars(100), 1, n) for n in range(count)]
    played = Played(AAPL, facts, T)
    assert [len(played.take(T + SECOND)) for _ in range(3)] == [FACTS_PER_TURN_MAX, 10, 0]


prices = st.integers(1, 10**6)


@given(
    st.lists(
        st.tuples(st.integers(1, 5 * SECOND), prices, st.integers(1, 500)), min_size=1, max_size=8
    ),
    st.lists(st.integers(1, 3 * SECOND), max_size=12),
    st.booleans(),
    st.integers(1, 300),
)
def test_whenever_a_path_is_asked_it_stays_on_the_tick_and_skips_no_point(
    legs: list[tuple[int, int, int]], gaps: list[int], steps: bool, factor: int
) -> None:
    points, at = [], T
    for wait, cents, wide in legs:
        at += wait
        points.append(Point(at, cents * CENT, (cents + wide) * CENT))
    path: Script = Path(AAPL, points, (1, 1), steps=steps, trade_qty=1)
    said, now = [], T
    for number, gap in enumerate([*gaps, 60 * SECOND]):
        now += gap
        said += path.take(now)
        if number == 1:
            path = path.moved(factor, 100)
    told = [x for x in said if isinstance(x, Quote)]
    for quote in told:
        assert 0 < quote.bid < quote.ask
        assert on_tick(AAPL, quote.bid) == quote.bid
        assert on_tick(AAPL, quote.ask) == quote.ask
    times = [x.ts_event for x in told]
    assert all(a <= b for a, b in pairwise(x.ts_event for x in said))
    assert {x.ts_ns for x in points} <= set(times)


def test_a_recording_is_shifted_rebased_and_its_end_stands() -> None:
    facts: list[Said] = [
        Quote(ID, dollars(10), dollars(10.1), 3, 4, 1_000),
        Trade(ID, dollars(10.05), 9, 1_500),
        Quote(ID, dollars(11), 0, 3, 0, 2_000),
    ]
    played = Played(AAPL, facts, T - 1_000, 20, 10)
    assert played.ends_ns == T + 1_000
    assert played.take(T - 1) == []
    assert played.take(T + 600) == [
        Quote(ID, dollars(20), dollars(20.2), 3, 4, T),
        Trade(ID, dollars(20.1), 9, T + 500),
    ]
    assert played.take(T + 1_000) == [Quote(ID, dollars(22), 0, 3, 0, T + 1_000)]
    assert played.take(T + SECOND) == [Quote(ID, dollars(22), 0, 3, 0, T + SECOND)]
    assert played.moved(1, 2).take(T + SECOND) == [Quote(ID, dollars(11), 0, 3, 0, T + SECOND)]


def test_a_quote_keeps_its_width_when_its_middle_moves() -> None:
    shape = Shape(dollars(99.99), dollars(100.01), 1, 2)
    assert scaled_shape(AAPL, shape, 92, 100) == Shape(dollars(91.99), dollars(92.01), 1, 2)
    assert scaled_shape(AAPL, Shape(0, dollars(100), 0, 2), 1, 2) == Shape(0, dollars(50), 0, 2)


@given(prices, st.integers(0, 10**9), st.integers(1, 10**6))
def test_around_any_price_there_is_a_bid_below_an_ask(cents: int, spread: int, off: int) -> None:
    bid, ask = around(AAPL, cents * CENT + off % CENT, spread)
    assert 0 < bid < ask
    assert on_tick(AAPL, bid) == bid
    assert on_tick(AAPL, ask) == ask
    assert nearest_tick(AAPL, bid) == bid


@pytest.mark.parametrize(
    ("dress", "left"),
    [
        (Dress(), (99, 101, [99, 100, 101])),
        (Dress(3 * FACTOR_UNIT), (97, 103, [99, 100, 101])),
        (Dress(FACTOR_UNIT // 2), (99.5, 100.5, [99, 100, 101])),
        (Dress(FACTOR_UNIT, "ask"), (99, 0, [99, 100])),
        (Dress(2 * FACTOR_UNIT, "bid"), (0, 102, [100, 101])),
    ],
)
def test_quotes_are_dressed_and_no_trade_is_at_an_empty_side(
    dress: Dress, left: tuple[float, float, list[float]]
) -> None:
    said: list[Said] = [Quote(ID, dollars(99), dollars(101), 5, 6, T)]
    said += [Trade(ID, dollars(price), 1, T) for price in (99, 100, 101)]
    bid, ask, traded = left
    assert dressed(AAPL, said, dress) == [
        Quote(ID, dollars(bid), dollars(ask), 5 if bid else 0, 6 if ask else 0, T),
        *(Trade(ID, dollars(price), 1, T) for price in traded),
    ]
