"""``python -m tests.simulation.run --seed N``: tell simulated stories and say how fast time went.

A story that fails is told again with steps left out, as long as it fails the same way, and the
shortest is printed. Several processes share many seeds; each story is told by one of them alone.
"""

import argparse
import logging
import sys
import time
from collections.abc import Iterator
from multiprocessing import get_context
from typing import Any, NamedTuple

from stockyard.engine.engine import COMPILED
from tests.simulation.shrinker import shrink
from tests.simulation.story import HOUR, Story, StoryFailed

TOLD_EVERY = 1_000
"""After so many stories it is said how far it is."""


class Sum(NamedTuple):
    """What some stories came to; ``failure``: how to see what one of them found, or empty."""

    stories: int = 0
    simulated_ns: int = 0
    crashes: int = 0
    inputs: int = 0
    failure: str = ""

    def and_also(self, other: "Sum") -> "Sum":
        """Both together."""
        both: list[Any] = [mine + its for mine, its in zip(self, other, strict=True)]
        return Sum(*both)

    def said(self, seconds: float) -> str:
        """In words, with the speed."""
        hours, minutes = self.simulated_ns / HOUR, seconds / 60
        return (
            f"{self.stories:,} stories, {self.inputs:,} inputs, {self.crashes:,} crashes,"
            f" all judged sound; {hours:,.0f} simulated hours in {seconds:.1f} s:"
            f" {hours / minutes:,.0f} simulated hours a minute"
            f" ({'compiled' if COMPILED else 'interpreted'} engine)"
        )


def main() -> int:
    """Run the seeds asked for; the exit status is 1 when a story failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.run")
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--seeds", type=int, default=1, help="how many, counting up")
    parser.add_argument("--steps", type=int, default=0, help="steps of each story")
    parser.add_argument("--processes", type=int, default=1, help="how many share the seeds")
    parser.add_argument("--trace", action="store_true", help="print every line of every story")
    asked = parser.parse_args()
    # What a server says of a disk that fails is no news here.
    logging.disable(logging.CRITICAL)
    began = time.perf_counter()
    work = [
        (seed, asked.steps, asked.trace) for seed in range(asked.seed, asked.seed + asked.seeds)
    ]
    total = Sum()
    for one in _told(work, asked.processes):
        total = total.and_also(one)
        if one.failure:
            print(one.failure)
            return 1
        if total.stories % TOLD_EVERY == 0 and total.stories < asked.seeds:
            print(total.said(time.perf_counter() - began), flush=True)
    print(total.said(time.perf_counter() - began))
    return 0


def _told(work: list[tuple[int, int, bool]], processes: int) -> Iterator[Sum]:
    """Each story's sum, in the order in which they end."""
    if processes == 1:
        yield from map(_tell, work)
        return
    with get_context("spawn").Pool(processes, initializer=_begin) as pool:
        yield from pool.imap_unordered(_tell, work, chunksize=4)


def _begin() -> None:
    logging.disable(logging.CRITICAL)


def _tell(asked: tuple[int, int, bool]) -> Sum:
    """Tell one story."""
    seed, steps, traced = asked
    story = Story(seed, steps)
    try:
        ending = story.run()
    except StoryFailed as failed:
        return Sum(1, failure=f"{shrink(failed).story()}\n")
    if traced:
        print("\n".join(story.trace))
        print(f"seed {seed}: {ending.counts}, trace {ending.digest[:16]}")
    return Sum(1, ending.simulated_ns, ending.crashes, ending.counts["inputs"])


if __name__ == "__main__":
    sys.exit(main())
