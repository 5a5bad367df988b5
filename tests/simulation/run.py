"""``python -m tests.simulation.run --seed N``: tell simulated stories and say how fast time went.

A story that fails is told again with steps left out, as long as it fails the same way, and the
shortest is printed.
"""

import argparse
import sys
import time

from stockyard.engine.engine import COMPILED
from tests.simulation.shrinker import shrink
from tests.simulation.story import HOUR, STEPS, Story, StoryFailed


def main() -> int:
    """Run the seeds asked for; the exit status is 1 when a story failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.run")
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--seeds", type=int, default=1, help="how many, counting up")
    parser.add_argument("--steps", type=int, default=STEPS, help="steps of each story")
    parser.add_argument("--trace", action="store_true", help="print every line of every story")
    asked = parser.parse_args()
    began = time.perf_counter()
    simulated_ns = crashes = inputs = 0
    for seed in range(asked.seed, asked.seed + asked.seeds):
        story = Story(seed, asked.steps)
        try:
            ending = story.run()
        except StoryFailed as failed:
            print(shrink(failed, asked.steps).story())
            return 1
        if asked.trace:
            print("\n".join(story.trace))
        simulated_ns += ending.simulated_ns
        crashes += ending.crashes
        inputs += ending.counts["inputs"]
        if asked.seeds == 1:
            print(f"seed {seed}: {ending.counts}, trace {ending.digest[:16]}")
    minutes = (time.perf_counter() - began) / 60
    hours = simulated_ns / HOUR
    print(
        f"{asked.seeds} stories, {inputs:,} inputs, {crashes} crashes, all judged sound;"
        f" {hours:,.0f} simulated hours in {minutes * 60:.1f} s:"
        f" {hours / minutes:,.0f} simulated hours a minute"
        f" ({'compiled' if COMPILED else 'interpreted'} engine)"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
