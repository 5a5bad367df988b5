"""The built-in market of a world that was there before."""

from stockyard.app import simulated_market
from stockyard.model.facts import FundingRate, MarkPrice, Quote
from stockyard.runtime import feeds, snapshots
from stockyard.runtime.clock import ManualClock
from stockyard.runtime.world import World
from stockyard.storage.memory import MemoryDisk
from tests.unit.runtime.worlds import open_on

SECOND = 10**9
HOUR = 3_600 * SECOND
NOON = 1_790_000_000 * SECOND // HOUR * HOUR


def step(world: World, clock: ManualClock, ts_ns: int, seed: int = 1) -> list[object]:
    """One step of a market that has just been started, journaled; what it said."""
    clock.time_ns = ts_ns
    market = simulated_market(world, seed, "always")
    facts = market.step(ts_ns, feeds.open_instruments(world))
    feeds.send(world, facts)
    world.writer.drain()
    return list(facts)


def test_funding_that_was_missed_is_made_up_for_once_after_a_crash() -> None:
    disk, clock = MemoryDisk(), ManualClock(NOON - 60 * SECOND)
    world = open_on(disk, clock)
    assert not [f for f in step(world, clock, NOON - 60 * SECOND) if isinstance(f, FundingRate)]
    contract = world.view.symbols["BTC-PERP"]
    seen = world.view.quotes[contract]
    premium = seen.long_mark / seen.index_price - 1
    disk.snapshot = snapshots.encode_now(world.engine, world.projector.digest)
    world = open_on(disk, clock)
    kept = world.view.quotes[contract]
    assert (kept.long_mark, kept.index_price) == (seen.long_mark, seen.index_price)
    said = step(world, clock, NOON + 5 * HOUR, 2)
    # One funding of each contract; the mark goes on at the premium it had.
    assert [f.instrument_id for f in said if isinstance(f, FundingRate)] == [25, 26, 27]
    mark = next(f for f in said if isinstance(f, MarkPrice) and f.instrument_id == contract)
    assert abs(mark.mark / mark.index - 1 - premium) < 0.00002
    assert not [
        f for f in step(world, clock, NOON + 5 * HOUR + SECOND) if isinstance(f, FundingRate)
    ]


def test_contracts_on_what_a_feed_brings_are_left_to_feeds() -> None:
    clock = ManualClock(NOON)
    world = open_on(MemoryDisk(), clock)
    market = simulated_market(world, 1, "always", ["BTC/USD", "SOL-PERP"])
    said = market.step(NOON, feeds.open_instruments(world))
    symbols = {world.view.instruments[f.instrument_id].symbol for f in said if isinstance(f, Quote)}
    assert {"ETH/USD", "SOL/USD", "ETH-PERP"} <= symbols
    assert not {"BTC/USD", "BTC-PERP", "SOL-PERP"} & symbols
