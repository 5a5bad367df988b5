"""How costs grow: double the accounts, the open orders, the symbols, the accounts that borrow and
are watched, the inputs to recover.

A cost that stays as it is has a factor of 1 per doubling; one that grows with the logarithm stays
near 1; a linear one has 2. Larger states miss the processor's caches more often, which shows as a
little more than 1.
"""

import gc
import shutil
import tempfile
import time
from pathlib import Path

import msgspec

from bench import child, workload
from bench.figures import Growth, Report
from bench.recovery import build, start
from bench.sizes import Sizes
from stockyard.engine.engine import Engine
from stockyard.model.events import Event
from stockyard.model.records import Record

BASE_RESTING = 10_000
BASE_INSTRUMENTS = 20
BASE_BORROWERS = 10_000
FLAT_BELOW = 1.4
"""A factor per doubling below this passes for flat or logarithmic: a square root has 1.41."""


class Costs(msgspec.Struct):
    """Nanoseconds for each of a quote, an order (half fill at once) and a cancel."""

    quote_ns: float
    order_ns: float
    cancel_ns: float


def costs(
    accounts: int, resting: int, instruments: int, borrowers: int, probe: int, rounds: int
) -> Costs:
    """Measure each kind of input by itself on an engine of this size, the best of rounds.

    What else runs on the machine only ever adds to a cost, and differently to each size.
    """
    maker = workload.Maker(1, accounts, instruments, borrowers)
    maker.setup(resting)
    engine = Engine()
    _apply(engine, maker.take())
    gc.collect()
    gc.freeze()
    found: tuple[list[float], list[float], list[float]] = ([], [], [])
    for _ in range(rounds):
        for _ in range(probe):
            maker.any_quote()
        found[0].append(_apply(engine, maker.take()))
        for n in range(probe):
            maker.order(fills=n % 2 == 0)
        found[1].append(_apply(engine, maker.take()))
        for _ in range(probe // 2):
            maker.cancel()
        found[2].append(_apply(engine, maker.take()))
    return Costs(*map(min, found))


def _apply(engine: Engine, records: list[Record]) -> float:
    """Nanoseconds for each record."""
    out: list[Event] = []
    begun = time.perf_counter_ns()
    for record in records:
        engine.apply(record.seq, record.ts, record.input, out)
        if out:
            out = []
    return (time.perf_counter_ns() - begun) / len(records)


def recovery_seconds(path: str, inputs: int, accounts: int, resting: int, rounds: int) -> float:
    """Seconds to recover a journal of ``inputs``, the best of rounds."""
    built = build(path, inputs, accounts, resting, False)
    found = [start(path, True) for _ in range(rounds)]
    assert all(one.state_hash == built.state_hash for one in found)
    return min(one.seconds for one in found)


def run(sizes: Sizes, folder: Path) -> Report:
    """Measure every table that needs no server."""
    base = {
        "accounts": sizes.growth_base,
        "resting": BASE_RESTING * sizes.growth_base // 1_000,
        "instruments": BASE_INSTRUMENTS,
        "borrowers": BASE_BORROWERS * sizes.growth_base // 1_000,
    }
    growths = []
    for counted, label in (
        ("accounts", "accounts"),
        ("resting", "open orders"),
        ("instruments", "symbols"),
        ("borrowers", "accounts that borrow"),
    ):
        growths += _engine_tables(sizes, base, counted, label)
    growths.append(_recovery_table(sizes, folder))
    return Report([], growths)


def _engine_tables(sizes: Sizes, base: dict[str, int], counted: str, label: str) -> list[Growth]:
    rows: dict[str, list[tuple[int, float]]] = {"quote": [], "order": [], "cancel": []}
    for doubling in range(sizes.growth_doublings + 1):
        size = {**base, counted: base[counted] << doubling}
        given = {**size, "probe": sizes.growth_probe, "rounds": sizes.rounds}
        found = child.run("bench.growth:costs", Costs, given)
        for kind, table in rows.items():
            table.append((size[counted], getattr(found, f"{kind}_ns")))
    return [
        Growth(f"growth_{kind}_by_{counted}", f"engine, one {kind}", label, "ns", table)
        for kind, table in rows.items()
    ]


def _recovery_table(sizes: Sizes, folder: Path) -> Growth:
    rows: list[tuple[int, float]] = []
    for doubling in range(min(sizes.growth_doublings, 3) + 1):
        inputs = sizes.growth_recovery << doubling
        path = Path(tempfile.mkdtemp(prefix="growth-", dir=folder))
        given = {
            "path": str(path),
            "inputs": inputs,
            "accounts": sizes.growth_base,
            "resting": sizes.growth_base,
            "rounds": min(sizes.rounds, 3),
        }
        seconds = child.run("bench.growth:recovery_seconds", float, given)
        rows.append((inputs, seconds / inputs * 1e9))
        shutil.rmtree(path)
    return Growth("growth_recovery", "recovery, one input", "inputs", "ns", rows)
