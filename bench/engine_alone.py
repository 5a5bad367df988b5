"""P3: the engine by itself, on inputs that lie ready in memory.

Ledger check, lots, margin and fill explanations are on: there is no way to switch them off. The
cyclic garbage collector runs as in the server, which freezes what exists when it opens its doors.
"""

import gc
import time
from statistics import median

import msgspec

from bench import child, workload
from bench.figures import Figure, Report
from bench.sizes import Sizes
from stockyard.engine.engine import COMPILED, Engine
from stockyard.model.events import Event, OrderFilled


class Pace(msgspec.Struct):
    """Seconds of each round over the same inputs; every round must end in the same state."""

    compiled: bool
    mix: str
    inputs: int
    fills: int
    state_hash: str
    seconds: list[float]

    @property
    def per_second(self) -> float:
        """Inputs a second in the median round."""
        return self.inputs / median(self.seconds)


def pace(inputs: int, accounts: int, resting: int, rounds: int) -> Pace:
    """Apply the mix ``rounds`` times, each time to an engine made anew."""
    work = workload.make(inputs, accounts=accounts, resting=resting)
    seconds: list[float] = []
    hashes: set[str] = set()
    fills = 0
    for _ in range(rounds):
        engine = Engine()
        for record in work.setup:
            engine.apply(record.seq, record.ts, record.input, [])
        gc.collect()
        gc.freeze()
        told: list[list[Event]] = []
        out: list[Event] = []
        apply, keep = engine.apply, told.append
        begun = time.perf_counter()
        for record in work.mix:
            apply(record.seq, record.ts, record.input, out)
            if out:
                keep(out)
                out = []
        seconds.append(time.perf_counter() - begun)
        gc.unfreeze()
        fills = sum(isinstance(event, OrderFilled) for events in told for event in events)
        hashes.add(engine.state_hash())
    assert len(hashes) == 1, "the same inputs led to different states"
    return Pace(COMPILED, workload.describe(work.mix), inputs, fills, hashes.pop(), seconds)


def run(sizes: Sizes) -> Report:
    """Measure the engine as installed, and as plain Python in the same run."""
    same = {"accounts": sizes.accounts, "resting": sizes.resting, "rounds": sizes.rounds}
    here = child.run("bench.engine_alone:pace", Pace, {"inputs": sizes.engine_inputs, **same})
    plain = child.run(
        "bench.engine_alone:pace", Pace, {"inputs": sizes.plain_inputs, **same}, plain=True
    )
    twin = here
    if sizes.plain_inputs != sizes.engine_inputs:
        few = {**same, "inputs": sizes.plain_inputs, "rounds": 1}
        twin = child.run("bench.engine_alone:pace", Pace, few)
    assert twin.state_hash == plain.state_hash, "compiled and plain Python led to different states"
    kind = "compiled" if here.compiled else "plain Python, not compiled here"
    rate, base = here.per_second, plain.per_second
    figures = [
        Figure(
            "p3_engine_inputs",
            f"P3 engine alone ({kind})",
            rate,
            "inputs/s",
            ">= 1,000,000 and >= 3x plain Python",
            rate >= 1e6 and rate >= 3 * base,
            f"plain Python, {base:,.0f} inputs/s",
            rate / base,
        ),
        Figure(
            "p3_engine_fills",
            "P3 fills within that",
            rate * here.fills / here.inputs,
            "fills/s",
        ),
    ]
    notes = [
        f"P3 mix: {here.mix}; {sizes.accounts:,} accounts, {sizes.resting:,} resting orders,"
        f" {here.inputs:,} inputs with {here.fills:,} fills; state hash equal compiled and plain.",
    ]
    return Report(figures, [], notes)
