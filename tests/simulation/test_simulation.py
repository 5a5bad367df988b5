"""Goal: no seed finds anything. Method: many short stories, each judged after every recovery."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stockyard.engine import engine
from tests.simulation.shrinker import shrink
from tests.simulation.story import STEPS, Story, StoryFailed

IS_COMPILED = not str(engine.__file__).endswith(".py")
SEEDS = 200 if IS_COMPILED else 60
"""Both engines give the same events, which other suites see to: one of them tells most stories."""
BLOCK = 20
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("block", range(SEEDS // BLOCK))
def test_every_story_is_judged_sound(block: int, soak_factor: int) -> None:
    first = 1 + block * BLOCK * soak_factor
    inputs = crashes = 0
    for seed in range(first, first + BLOCK * soak_factor):
        try:
            ending = Story(seed).run()
        except StoryFailed as failed:
            pytest.fail(shrink(failed, STEPS).story(), pytrace=False)
        inputs += ending.counts["inputs"]
        crashes += ending.crashes
    # Stories in which nothing happens would be sound, too.
    assert inputs > 100 * BLOCK
    assert crashes > 3 * BLOCK


def test_a_seed_tells_the_same_story_again() -> None:
    """Also in another process, where text hashes otherwise."""
    here = Story(7)
    ending = here.run()
    assert Story(7).run() == ending
    told = subprocess.run(
        [sys.executable, "-m", "tests.simulation.run", "--seed", "7", "--trace"],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert told.startswith("\n".join(here.trace) + "\n")
    assert ending.digest[:16] in told


def test_other_seeds_tell_other_stories() -> None:
    assert len({Story(seed, 60).run().digest for seed in range(10)}) == 10


def test_a_dropped_step_is_not_taken() -> None:
    told = Story(7, 30, dropped=frozenset(range(10, 20)))
    told.run()
    assert not [line for line in told.trace if 10 <= int(line.split()[0]) < 20]
