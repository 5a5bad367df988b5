"""P5: what a snapshot of many open orders costs those who trade meanwhile.

Orders go one after another through the real writer, journal, View and projector on an event loop,
in blocks that alternate: some with snapshots taken and stored without a break, some with none. So
every order of the first kind is placed during a snapshot; the server takes one every ten seconds.
"""

import asyncio
import gc
import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from bench import child, workload
from bench.figures import Figure, Report, quantile
from bench.recovery import write_journal
from bench.sizes import Sizes
from stockyard.app import DataDirectory, open_world
from stockyard.model.commands import PlaceOrder
from stockyard.model.records import Origin
from stockyard.runtime import snapshots, upkeep
from stockyard.runtime.clock import ManualClock
from stockyard.runtime.world import World

ORIGIN = Origin("key:bench", "0" * 16, "127.0.0.1", "bench")
BLOCKS = 4
HOLDS = 11


class Held(msgspec.Struct):
    """Milliseconds: the loop held up by each snapshot's begin; each order with and without."""

    begin_ms: list[float]
    whole_ms: list[float]
    with_ms: list[float]
    without_ms: list[float]
    state_mb: float
    snapshots: int


def measure(path: str, accounts: int, resting: int, orders: int) -> Held:
    """Build a world with ``resting`` open orders and trade in it."""
    return asyncio.run(_measure(Path(path), accounts, resting, orders))


async def _measure(path: Path, accounts: int, resting: int, orders: int) -> Held:
    maker = workload.Maker(1, accounts, workload.INSTRUMENTS)
    maker.setup(resting)
    directory = DataDirectory(path)
    write_journal(directory, maker.take())
    projecting = ThreadPoolExecutor(1, "projector")
    loop = asyncio.get_running_loop()

    def schedule() -> None:
        loop.call_soon(world.writer.commit)

    world = open_world(
        directory.journal,
        directory.snapshots,
        directory.store,
        ManualClock(directory.journal.head.ts),
        schedule=schedule,
        run=projecting.submit,
    )
    gc.collect()
    gc.freeze()
    upkeep_task = asyncio.ensure_future(upkeep.keep_projecting(world, 0.1))
    held = Held([], [], [], [], 0.0, 0)
    for _ in range(HOLDS):
        held.state_mb = await _hold(world, held)
    maker.take()
    for _ in range(BLOCKS):
        held.without_ms += await _trade(world, maker, orders // BLOCKS)
        stopping = asyncio.Event()
        taking = asyncio.ensure_future(_keep_taking(world, stopping))
        held.with_ms += await _trade(world, maker, orders // BLOCKS)
        stopping.set()
        held.snapshots += await taking
    upkeep_task.cancel()
    world.close()
    directory.release()
    return held


async def _hold(world: World, held: Held) -> float:
    """Time the part of one snapshot that holds the loop, and the whole; returns its size in MB."""
    begun = time.perf_counter()
    taking = snapshots.Taking(world.engine, world.projector.digest)
    held.begin_ms.append((time.perf_counter() - begun) * 1e3)
    snapshot = await asyncio.get_running_loop().run_in_executor(None, taking.collect)
    held.whole_ms.append((time.perf_counter() - begun) * 1e3)
    return len(snapshot.state) / 1e6


async def _keep_taking(world: World, stopping: asyncio.Event) -> int:
    taken = 0
    while not stopping.is_set():
        await upkeep.take_snapshot(world)
        taken += 1
    return taken


async def _trade(world: World, maker: workload.Maker, orders: int) -> list[float]:
    """Place orders one after another, every second one filling; returns their milliseconds."""
    for n in range(orders):
        maker.order(fills=n % 2 == 0)
    took = []
    for record in maker.take():
        assert isinstance(record.input, PlaceOrder)
        begun = time.perf_counter()
        await world.execute(record.input, ORIGIN)
        took.append((time.perf_counter() - begun) * 1e3)
    return took


def run(sizes: Sizes, folder: Path) -> Report:
    """Measure how long a snapshot holds the engine up, and what orders feel of it."""
    path = Path(tempfile.mkdtemp(prefix="snapshots-", dir=folder))
    arguments = {
        "path": str(path),
        "accounts": sizes.accounts,
        "resting": sizes.snapshot_open,
        "orders": sizes.snapshot_orders,
    }
    held = child.run("bench.snapshots_alive:measure", Held, arguments)
    shutil.rmtree(path)
    hold, worst = quantile(held.begin_ms, 0.5), max(held.begin_ms)
    whole = quantile(held.whole_ms, 0.5)
    calm, busy = quantile(held.without_ms, 0.99), quantile(held.with_ms, 0.99)
    figures = [
        Figure(
            "p5_snapshot_hold",
            f"P5 snapshot of {sizes.snapshot_open:,} open orders holds the engine (worst)",
            worst,
            "ms",
            "<= 20 ms",
            worst <= 20,
            f"the whole snapshot, {whole:.0f} ms",
            worst / whole,
            f"median {hold:.2f} ms, state {held.state_mb:.1f} MB",
        ),
        Figure(
            "p5_order_p99",
            "P5 order p99 while snapshots are taken, through the writer",
            busy,
            "ms",
            "<= 2x without",
            busy <= 2 * calm,
            f"without, {calm:.2f} ms",
            busy / calm,
            f"p50 {quantile(held.with_ms, 0.5):.2f} ms, without"
            f" {quantile(held.without_ms, 0.5):.2f} ms; {held.snapshots} snapshots back to back",
        ),
    ]
    return Report(figures)
