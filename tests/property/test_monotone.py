"""Goal: a worse profile never gives an order a better price at the same moment of the same market.

The theorem, as docs/reference/fills.md states it: send one order into one state of the market,
under two profiles of which the second is worse or equal in every term. There and then the second
fills no more of it, and its n-th unit costs no less (brings no more) than the first's n-th.
Method: hypothesis looks for a counterexample. Below it stand the ones that exist for anything
stronger: a worse profile makes an order wait, and waiting can be lucky.
"""

from dataclasses import dataclass

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from stockyard.model.codes import LimitRule
from stockyard.model.events import OrderFilled
from stockyard.model.instruments import VenueProfile
from tests import engine_terms as terms
from tests.engine_world import World

MILLION = 1_000_000
SHARES = st.sampled_from(("1", "3.5", "10", "60", "200"))
EARLY = st.sampled_from(("1", "2", "7", "50"))
WANTED = st.sampled_from(("1", "20", "90", "350", "800"))


@dataclass
class Pair:
    """A profile and one that is worse or equal in every term."""

    kind: VenueProfile
    harsh: VenueProfile


def harsher(low: int, high: int) -> st.SearchStrategy[tuple[int, int]]:
    """Two numbers, the second not below the first."""
    return st.tuples(st.integers(low, high), st.integers(low, high)).map(
        lambda two: (min(two), max(two))
    )


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    """Terms of which a larger number is worse come as they are, others the other way round."""
    bounded = draw(st.sampled_from(((False, False), (False, True), (True, True), (True, True))))
    shares_left = st.sampled_from((100_000, 330_001, 500_000, MILLION, MILLION))
    caps = sorted(draw(st.tuples(shares_left, shares_left)))
    sizes = sorted(draw(st.tuples(shares_left, shares_left)))
    levels, steps = draw(harsher(2, 6)), draw(harsher(0, 40))
    slips, shares = draw(harsher(0, 60)), draw(harsher(0, MILLION))
    odds, rejects = draw(harsher(0, MILLION)), draw(harsher(0, 100_000))
    made = []
    for n in (0, 1):
        made.append(
            VenueProfile(
                terms.REALISTIC, 2, "realistic", bounded[n], False, 0,
                size_cap_ppm=caps[1 - n],
                depth_levels=levels[1 - n] if bounded[n] else 0,
                depth_step_bps=steps[n], depth_size_ppm=sizes[1 - n],
                slippage_bps=slips[n],
                improvement_ppm=shares[1 - n], improvement_odds_ppm=odds[1 - n],
                reject_ppm=rejects[n],
            )
        )  # fmt: skip
    return Pair(*made)


def units(
    profile: VenueProfile, symbol: str, spread: int, sizes: tuple[str, str], early: str,
    side: str, qty: str, limit: int, tif: str,
) -> list[tuple[int, int]]:  # fmt: skip
    """Price and quantity of each fill that one order gets at once."""
    world = World(profile="realistic", profiles=terms.ALL_PROFILES)
    world.open_account("90000", "improved")
    world.quote(symbol, "10.00x9999", "10.00x9999")
    world.order("buy", "900", symbol, account=1)
    world.order("buy", "900", symbol, account=2)
    world.define(profile)
    world.quote(symbol, f"10.00x{sizes[0]}", f"10.{spread:02d}x{sizes[1]}")
    world.order(side, early, symbol, account=2)
    price = f"{10 + (limit if side == 'buy' else -limit) / 100:.2f}" if limit else ""
    events = world.order(side, qty, symbol, price, tif)
    return [(e.price, e.qty) for e in events if isinstance(e, OrderFilled)]


@given(
    pair=pairs(), symbol=st.sampled_from(("ACME", "RAIL")), spread=st.integers(0, 9),
    sizes=st.tuples(SHARES, SHARES), early=EARLY, side=st.sampled_from(("buy", "sell")),
    qty=WANTED, limit=st.sampled_from((0, 0, 0, 4, 12, 40)),
    tif=st.sampled_from(("day", "day", "ioc", "fok")),
)  # fmt: skip
def test_at_one_moment_no_unit_is_better(
    pair: Pair, symbol: str, spread: int, sizes: tuple[str, str], early: str, side: str, qty: str,
    limit: int, tif: str,
) -> None:  # fmt: skip
    """Unit by unit: the worse profile's price is no better, and it has no more of them."""
    told = (symbol, spread, sizes, early, side, qty, limit, tif)
    kind, harsh = units(pair.kind, *told), units(pair.harsh, *told)
    if not kind:
        return
    ahead, left = list(kind), 0
    price = 0
    for worse, amount in harsh:
        while amount:
            if not left:
                assert ahead, f"the worse profile fills more: {kind}, {harsh}"
                price, left = ahead.pop(0)
            taken = min(amount, left)
            assert worse >= price if side == "buy" else worse <= price, (kind, harsh)
            amount -= taken
            left -= taken


def cost(world: World) -> int:
    """What the first account's shares of ACME cost."""
    return world.position("ACME").cost_micros


def test_less_size_makes_wait_and_waiting_can_be_lucky() -> None:
    paid = []
    for profile in (terms.PROFILES[1], msgspec.structs.replace(terms.PROFILES[1], size_cap_ppm=1)):
        world = World(profile="realistic")
        world.define(profile)
        world.quote("ACME", "9.90x100", "10.00x100")
        world.buy("100", "ACME")
        world.quote("ACME", "9.80x9", "9.90x100000000")
        paid.append(cost(world))
    assert paid[1] < paid[0]


def test_less_depth_makes_wait_and_a_new_quote_is_nearer_than_a_deeper_level() -> None:
    deep = msgspec.structs.replace(
        terms.PROFILES[1], depth_levels=3, depth_step_bps=10, depth_size_ppm=MILLION
    )
    paid = []
    for profile in (deep, terms.PROFILES[1]):
        world = World(profile="realistic")
        world.define(profile)
        world.quote("ACME", "9.90x100", "10.00x50")
        world.buy("100", "ACME")
        world.quote("ACME", "9.90x100", "10.00x50")
        assert world.position("ACME").qty == 100 * 10**9
        paid.append(cost(world))
    assert paid[1] < paid[0]


def test_latency_can_be_lucky() -> None:
    late = msgspec.structs.replace(terms.PROFILES[0], latency_ns=terms.SECOND)
    paid = []
    for profile in (terms.PROFILES[0], late):
        world = World(profile="ideal")
        world.define(profile)
        world.quote("ACME", "9.90", "10.00")
        world.buy("100", "ACME")
        world.quote("ACME", "9.80", "9.90")
        world.tick("10:00:02")
        paid.append(cost(world))
    assert paid[1] < paid[0]


def test_touch_knows_no_trades_so_the_harder_rules_can_fill_first() -> None:
    filled = []
    for rule in (LimitRule.TOUCH, LimitRule.PENETRATE):
        world = World(profile="realistic")
        world.define(msgspec.structs.replace(terms.PROFILES[1], limit_rule=rule))
        world.quote("ACME", "9.90x100", "10.00x100")
        world.buy("100", "ACME", limit="9.95")
        world.trade("ACME", "9.94", "100")
        filled.append(world.position("ACME").qty)
    assert filled == [0, 100 * 10**9]
