"""Goal: how far "a worse profile never gives a better total" holds for whole streams of orders.

Method: hypothesis looks for a counterexample among streams of one side. Where the market never
comes nearer it holds for profiles that fill at the quote; levels behind it, slippage and
improvement are left out, for a deeper profile pays for not waiting. One order at one moment:
``test_monotone``.
"""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from stockyard.model.events import OrderFilled
from stockyard.model.instruments import VenueProfile
from tests import engine_terms as terms
from tests.engine_world import World
from tests.property.test_monotone import MILLION, Pair, pairs

Step = tuple[str, int, int, int]
"""Buy or quote; then a quantity and a limit, or how the price moves and both sizes."""
SIDES = st.sampled_from(("buy", "sell"))
SIZES = st.sampled_from((1, 4, 30, 500))
ORDERS = st.tuples(
    st.just("order"), st.sampled_from((1, 7, 60, 300)), st.sampled_from((0, 0, 4, 30)), st.just(0)
)


def streams(moves: st.SearchStrategy[int]) -> st.SearchStrategy[list[Step]]:
    """Orders and quotes in turn."""
    quotes = st.tuples(st.just("quote"), moves, SIZES, SIZES)
    return st.lists(st.one_of(ORDERS, quotes), min_size=1, max_size=8)


def fills(profile: VenueProfile, side: str, stream: list[Step]) -> list[OrderFilled]:
    """What a stream of orders of one side fills; prices move away from them by ``moves``."""
    world = World(profile="realistic", profiles=terms.ALL_PROFILES, cash="9000000")
    world.quote("ACME", "10.00x99999", "10.00x99999")
    if side == "sell":
        world.order("buy", "9000", "ACME")
    world.define(profile)
    cents, way = 1000, 1 if side == "buy" else -1
    world.quote("ACME", "10.00x60", "10.02x60")
    begun = len(world.events)
    for kind, first, second, third in stream:
        if kind == "quote":
            cents += way * first
            bid, ask = f"{cents / 100:.2f}", f"{(cents + 2) / 100:.2f}"
            world.quote("ACME", f"{bid}x{second}", f"{ask}x{third}")
        else:
            touch = cents + 2 if side == "buy" else cents
            limit = f"{(touch + way * (second - 10)) / 100:.2f}" if second else ""
            world.order(side, str(first), "ACME", limit)
    return [e for e in world.events[begun:] if isinstance(e, OrderFilled)]


def paid_for(found: list[OrderFilled], qty: int) -> int:
    """What the first so many units of all fills cost or brought, in the order of filling."""
    total, left = 0, qty
    for fill in found:
        taken = min(left, fill.qty)
        total += taken * fill.price
        left -= taken
    return total


def flat(profile: VenueProfile) -> VenueProfile:
    """A profile without levels behind the quote, slippage or price improvement."""
    return msgspec.structs.replace(
        profile, depth_levels=0, slippage_bps=0, improvement_ppm=0, improvement_odds_ppm=0
    )


def totals(
    kind: VenueProfile, harsh: VenueProfile, side: str, stream: list[Step]
) -> tuple[int, int]:
    """What both paid for as much as both have filled; got, with a minus, where they sell."""
    ours, theirs = fills(kind, side, stream), fills(harsh, side, stream)
    both = min(sum(f.qty for f in ours), sum(f.qty for f in theirs))
    sign = 1 if side == "buy" else -1
    return sign * paid_for(ours, both), sign * paid_for(theirs, both)


@settings(max_examples=25)
@given(pair=pairs(), side=SIDES, stream=streams(st.integers(0, 9)))
def test_in_a_market_that_never_comes_nearer_waiting_is_never_lucky(
    pair: Pair, side: str, stream: list[Step]
) -> None:
    """Less size and more rejections, at any sizes: the total for what both filled is no better."""
    ours, theirs = totals(flat(pair.kind), flat(pair.harsh), side, stream)
    assert theirs >= ours


@settings(max_examples=25)
@given(pair=pairs(), side=SIDES, stream=streams(st.integers(-9, 9)))
def test_nothing_but_price_improvement_beats_the_quote_of_the_moment(
    pair: Pair, side: str, stream: list[Step]
) -> None:
    """In any market no fill is better than what the ideal profile would pay then."""
    for fill in fills(pair.harsh, side, stream):
        if side == "buy":
            assert fill.price + fill.improvement >= fill.ask
        else:
            assert fill.price - fill.improvement <= fill.bid


def test_depth_pays_more_than_waiting_even_in_a_market_that_stands_still() -> None:
    shallow = terms.PROFILES[1]
    deep = msgspec.structs.replace(
        shallow, depth_levels=3, depth_step_bps=10, depth_size_ppm=MILLION
    )
    ours, theirs = totals(deep, shallow, "buy", [("order", 300, 0, 0), ("quote", 0, 500, 500)])
    assert theirs < ours


def test_price_improvement_beats_the_quote() -> None:
    improved = msgspec.structs.replace(
        terms.PROFILES[1], improvement_ppm=MILLION // 2, improvement_odds_ppm=MILLION
    )
    (fill,) = fills(improved, "buy", [("order", 7, 0, 0)])
    assert fill.price < fill.ask
