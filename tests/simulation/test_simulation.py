"""Goal: no seed finds anything. Method: many short stories, each judged after every recovery."""

import asyncio
import gc
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from stockyard.engine import engine
from stockyard.model import events as e
from stockyard.model.codes import (
    CLASS_WORDS,
    FILL_RULE_WORDS,
    LOT_METHOD_WORDS,
    TIF_WORDS,
    FillRule,
)
from stockyard.runtime.clock import ManualClock
from tests.simulation.faults import SimulatedLoop
from tests.simulation.shrinker import shrink
from tests.simulation.story import Story, StoryFailed
from tests.simulation.untried import LONG, Untried

IS_COMPILED = not str(engine.__file__).endswith(".py")
SEEDS = 1_000 if IS_COMPILED else 40
"""Both engines give the same events, which other suites see to: one of them tells most stories."""
BLOCK = 20
MORE = 400
"""Long stories that are told besides, until something that is seldom has happened."""
ROOT = Path(__file__).parents[2]
COMMON = {kind.__name__ for kind in (e.OrderFilled, e.OrderCanceled, e.MarginCalled, e.FundingPaid)}
EVERYTHING = {
    *(kind.__name__ for kind in e.Event.__args__),
    *({*FILL_RULE_WORDS.values()} - {FILL_RULE_WORDS[FillRule.AUCTION_WHOLE]}),
    *(f"profile {number}" for number in range(1, 7)),
    *(f"method {number}" for number in LOT_METHOD_WORDS),
    *("slippage", "improvement", "level", "short", "liquidates", "extended_hours"),
    *(*CLASS_WORDS.values(), *TIF_WORDS.values()),
    *("margin apart", "insured", "liquidation of one position", "reduce_only", "post_only"),
}


def words(events: Iterable[e.Event]) -> set[str]:
    """What happens in events, in words."""
    found: set[str] = set()
    for x in events:
        found.add(type(x).__name__)
        if isinstance(x, e.OrderFilled):
            found |= {FILL_RULE_WORDS[x.rule], f"profile {x.profile_id}"}
            found |= {name for name in ("slippage", "improvement", "level") if getattr(x, name)}
            found |= {"short"} if x.position_qty_after < 0 else set()
            found |= {f"method {x.lot_method}"} if x.lots else set()
            found |= {"margin apart"} if x.pot_micros_after else set()
            found |= {"insured"} if x.insured_micros else set()
        elif isinstance(x, e.OrderAccepted):
            found |= {CLASS_WORDS[x.order_class], TIF_WORDS[x.time_in_force]}
            flags = ("liquidates", "extended_hours", "reduce_only", "post_only")
            found |= {name for name in flags if getattr(x, name)}
        elif isinstance(x, e.LiquidationStarted) and x.instrument_id:
            found.add("liquidation of one position")
    return found


@pytest.fixture(scope="module")
def heard() -> set[str]:
    """What happened in any of the stories told so far, in words."""
    return set()


@pytest.mark.parametrize("block", range(SEEDS // BLOCK))
def test_every_story_is_judged_sound(block: int, heard: set[str]) -> None:
    inputs = crashes = 0
    for seed in range(1 + block * BLOCK, 1 + (block + 1) * BLOCK):
        story = Story(seed)
        try:
            ending = story.run()
        except StoryFailed as failed:
            pytest.fail(shrink(failed).story(), pytrace=False)
        inputs += ending.counts["inputs"]
        crashes += ending.crashes
        heard |= words(story.auditor.events())
    # Stories in which nothing happens would be sound, too.
    assert inputs > 100 * BLOCK
    assert crashes > 3 * BLOCK


@pytest.mark.parametrize("wanted", [EVERYTHING] if IS_COMPILED else [COMMON])
def test_stories_tell_of_everything(wanted: set[str], heard: set[str]) -> None:
    """The engine that tells most stories tells of everything that can happen."""
    for seed in range(SEEDS + 1, SEEDS + MORE + 1):
        if wanted <= heard:
            return
        story = Untried(seed, LONG)
        story.run()
        heard |= words(story.auditor.events())
    assert wanted <= heard, f"no story tells of {wanted - heard}"


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


def test_a_kill_ends_every_task() -> None:
    """Also one that waits for others on its way out, one nobody holds and one not begun yet."""
    loop, told = SimulatedLoop(ManualClock(0)), []

    async def wait(name: str) -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            told.append(name)

    async def serve() -> None:
        inner = [asyncio.ensure_future(wait("first")), asyncio.ensure_future(wait("second"))]
        try:
            await asyncio.sleep(1)
        finally:
            await asyncio.gather(*inner, return_exceptions=True)

    async def begin() -> None:
        told.append("begun")

    loop.create_task(serve())
    loop.turn(2)
    gc.collect()
    loop.create_task(begin())
    loop.kill()
    assert sorted(told) == ["first", "second"]
    assert loop.is_closed()
    assert not asyncio.all_tasks(loop)
