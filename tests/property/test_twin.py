"""Goal: the engine does what the rules say. Method: long random runs beside the naive twin."""

import pytest

from tests.engine_world import World
from tests.property.comparison import Comparison
from tests.random_inputs import RandomInputs

INPUTS = 1000


@pytest.mark.parametrize("seed", range(4))
def test_a_random_market(seed: int, soak_factor: int) -> None:
    """Quotes, orders of every kind, changes of terms: the twin agrees after each."""
    fills = 0
    for run in range(soak_factor):
        world = World(profile="realistic" if seed % 2 else "ideal")
        world.open_account("20000", "ideal" if seed % 2 else "realistic")
        pair = Comparison(world.journal)
        source = RandomInputs(seed + 1000 * run, world.engine.snapshot())
        for _ in range(INPUTS):
            seq, ts, message = source.next()
            out = pair.apply(seq, ts, message)
            source.see(out)
            fills += len(pair.twin.fills)
    assert fills > soak_factor * INPUTS // 20, "the market was too quiet to prove anything"
