"""Goal: the engine does what the rules say. Method: long random runs beside the naive twin."""

import pytest

from stockyard.model.codes import PLAN_WORDS, FillRule, Plan
from stockyard.model.events import (
    CommandDenied,
    FundingPaid,
    LeverageSet,
    LiquidationStarted,
    MarginCalled,
    MarginCallMet,
    OrderFilled,
    OutcomeUsed,
)
from stockyard.model.operator_denials import OPERATOR_RULES
from tests.engine_terms import ACME, ALL_PROFILES, CREDIT, EAGER, LATE, PERP, WITH_PERP
from tests.engine_world import World
from tests.property.comparison import Comparison
from tests.random_inputs import RandomInputs

INPUTS = 1000
SOAK_RUNS = 5
"""A soak makes more than a million inputs of the runs of this file together."""


@pytest.mark.parametrize("seed", range(4))
def test_a_random_market(seed: int, soak_factor: int) -> None:
    """Quotes, orders of every kind, changes of terms: the twin agrees after each."""
    fills = 0
    for run in range(1 + (soak_factor - 1) * SOAK_RUNS):
        world = World(profile="realistic" if seed % 2 else "ideal", profiles=ALL_PROFILES)
        world.open_account("20000", "ideal" if seed % 2 else "realistic")
        for name in ("strict", "queued", "improved"):
            world.open_account("30000", name, owner=name)
        pair = Comparison(world.journal)
        source = RandomInputs(seed + 1000 * run, world.engine.snapshot())
        for _ in range(INPUTS):
            seq, ts, message = source.next()
            out = pair.apply(seq, ts, message)
            source.see(out)
            fills += len(pair.twin.fills)
    assert fills > (run + 1) * INPUTS // 30, "the market was too quiet to prove anything"


@pytest.mark.parametrize("seed", range(4))
def test_random_outcomes(seed: int, soak_factor: int) -> None:
    """Orders that meet what is planned for them, of every kind, in every kind of market."""
    met: set[tuple[int, int]] = set()
    for run in range(1 + (soak_factor - 1) * SOAK_RUNS):
        kind = "margin" if seed % 2 else "cash"
        instruments = (LATE,) if seed == 2 else WITH_PERP
        world = World(
            profiles=ALL_PROFILES, credit=EAGER, cash="30000", kind=kind, instruments=instruments
        )
        for name in ("realistic", "strict", "queued"):
            world.open_account("30000", name, owner=name, kind=kind)
        pair = Comparison(world.journal)
        source = RandomInputs(seed + 1000 * run, world.engine.snapshot(), 40, outcomes=0.15)
        for _ in range(INPUTS):
            seq, ts, message = source.next()
            out = pair.apply(seq, ts, message)
            source.see(out)
            met |= {(x.plan, x.order_id > 0) for x in out if isinstance(x, OutcomeUsed)}
    plans = {(plan, plan != Plan.DENY) for plan in PLAN_WORDS}
    assert met <= plans
    assert len(met) == len(plans) if soak_factor > 1 else len(met) > 3, "little was met"


@pytest.mark.parametrize("seed", range(4))
def test_random_bounds(seed: int, soak_factor: int) -> None:
    """Users who are limited and frozen, each with several accounts of every kind."""
    codes: set[int] = set()
    for run in range(1 + (soak_factor - 1) * SOAK_RUNS):
        kind = "margin" if seed else "cash"
        world = World(
            profiles=ALL_PROFILES, credit=EAGER, cash="9000", kind=kind, instruments=WITH_PERP
        )
        for name in ("realistic", "ideal", "queued"):
            world.open_account("9000", name, owner="ann" if seed % 2 else name, kind=kind)
        pair = Comparison(world.journal)
        source = RandomInputs(seed + 1000 * run, world.engine.snapshot(), bounds=0.05)
        for _ in range(INPUTS):
            seq, ts, message = source.next()
            out = pair.apply(seq, ts, message)
            source.see(out)
            codes |= {x.code for x in out if isinstance(x, CommandDenied)}
    told = codes & OPERATOR_RULES.keys()
    assert len(told) == len(OPERATOR_RULES) if soak_factor > 1 else len(told) > 3, told


@pytest.mark.parametrize("seed", range(2))
def test_a_random_exchange(seed: int, soak_factor: int) -> None:
    """Many phases of many days of a stock with auctions, early and late trading."""
    rules: set[int] = set()
    for run in range(1 + (soak_factor - 1) * SOAK_RUNS):
        profile = "realistic" if seed else "ideal"
        world = World(instruments=(LATE,), profile=profile, profiles=ALL_PROFILES)
        world.open_account("20000", "ideal" if seed else "realistic")
        for name in ("strict", "queued"):
            world.open_account("30000", name, owner=name)
        pair = Comparison(world.journal)
        source = RandomInputs(seed + 1000 * run, world.engine.snapshot(), boundary_every=12)
        for _ in range(INPUTS):
            seq, ts, message = source.next()
            out = pair.apply(seq, ts, message)
            source.see(out)
            rules |= {event.rule for event in out if isinstance(event, OrderFilled)}
    assert rules & {FillRule.AUCTION_WHOLE, FillRule.AUCTION_PRINTED}, "no auction was seen"


@pytest.mark.parametrize("seed", range(4))
def test_random_contracts(seed: int, soak_factor: int) -> None:
    """Perpetual contracts beside stocks: leverage, funding, margin apart, insurance."""
    seen: set[type] = set()
    insured = 0
    for run in range(1 + (soak_factor - 1) * SOAK_RUNS):
        instruments = WITH_PERP if seed % 2 else (PERP, ACME)
        credit = EAGER if seed < 2 else CREDIT
        world = World(
            profiles=ALL_PROFILES,
            credit=credit,
            cash="9000",
            kind="margin",
            instruments=instruments,
        )
        for name, cash in (("realistic", "9000"), ("ideal", "12000"), ("queued", "9000")):
            world.open_account(cash, name, owner=name, kind="margin")
        world.open_account("3000", "strict", owner="more", kind="margin")
        pair = Comparison(world.journal)
        every = 60 if seed % 2 else 500
        source = RandomInputs(seed + 1000 * run, world.engine.snapshot(), boundary_every=every)
        for _ in range(INPUTS):
            seq, ts, message = source.next()
            out = pair.apply(seq, ts, message)
            source.see(out)
            seen |= {type(event) for event in out}
            insured += sum(x.insured_micros for x in out if isinstance(x, OrderFilled))
    assert {FundingPaid, LeverageSet} <= seen
    if soak_factor > 1:
        assert {MarginCalled, LiquidationStarted} <= seen, "nobody was called"
        assert insured, "nobody lost more than his margin"


@pytest.mark.parametrize("seed", range(4))
def test_a_random_house_of_credit(seed: int, soak_factor: int) -> None:
    """Accounts that borrow cash and shares: called, let go and closed at the very same inputs."""
    seen: set[type] = set()
    for run in range(1 + (soak_factor - 1) * SOAK_RUNS):
        world = World(profile="ideal", profiles=ALL_PROFILES, credit=EAGER, cash="9000")
        for name, cash in (("realistic", "9000"), ("ideal", "12000"), ("queued", "9000")):
            world.open_account(cash, name, owner=name, kind="margin")
        world.open_account("12000", "ideal", owner="more", kind="margin")
        pair = Comparison(world.journal)
        every = 60 if seed % 2 else 500
        source = RandomInputs(seed + 1000 * run, world.engine.snapshot(), boundary_every=every)
        for _ in range(INPUTS):
            seq, ts, message = source.next()
            out = pair.apply(seq, ts, message)
            source.see(out)
            seen |= {type(event) for event in out}
    if soak_factor > 1:
        assert {MarginCalled, MarginCallMet, LiquidationStarted} <= seen, "nobody was called"
