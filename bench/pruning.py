"""Pruning: how long the replay takes that it needs, what an order waits for meanwhile, and what a
journal's bytes are spent on.

The journal is the mixed workload spread over a day and archived as a server does it. It is pruned
to its newest archived state; then what is left must recover, without query tables and snapshot, to
the state the engine had live.
"""

import resource
import shutil
import tempfile
import time
from pathlib import Path
from typing import Final

import msgspec

from bench import child, time_machine
from bench.figures import Figure, Report, quantile
from bench.sizes import Sizes
from stockyard.app import DataDirectory
from stockyard.model.facts import ClockTick
from stockyard.model.records import Record
from stockyard.runtime import pruning
from stockyard.runtime.journal_export import export_journal
from stockyard.runtime.journal_stats import JournalStats, journal_stats
from stockyard.runtime.projector import run_at_once
from stockyard.runtime.recovery import recover, restore_engine

STATES: Final = 4
"""How often a state is archived on the way."""
MB: Final = 1e6


class Pruned(msgspec.Struct):
    """Seconds for each part; how long bites and the appends between them took."""

    prepare_s: float
    switch_s: float
    bites_s: list[float]
    appends_s: list[float]
    inputs: int
    tables_bytes: int


class Exported(msgspec.Struct):
    """Seconds for an export, its size, and the most memory that the process had."""

    seconds: float
    rows: int
    bytes: int
    memory_mb: float


def prune(path: str) -> Pruned:
    """Prune ``path`` to its newest archived state, with an append after each bite."""
    folder = Path(path)
    directory = DataDirectory(folder)
    journal = directory.journal
    target = pruning.choose(folder, None, seq=journal.head.seq + 1)
    assert target is not None
    begun = time.perf_counter()
    base = pruning.prepare(folder, target, lambda _: None)
    prepared = time.perf_counter()
    pruning.switch(folder, journal, base)
    found = Pruned(prepared - begun, time.perf_counter() - prepared, [], [], base.seq, 0)
    found.tables_bytes = sum(one.stat().st_size for one in (folder / "archive").glob("*.db"))
    while True:
        begun = time.perf_counter()
        if not journal.remove_some():
            break
        bitten = time.perf_counter()
        head = journal.head
        journal.append([Record(head.seq + 1, head.ts, 0, ClockTick())])
        found.bites_s.append(bitten - begun)
        found.appends_s.append(time.perf_counter() - bitten)
    directory.close()
    return found


def export(path: str) -> Exported:
    """Export the whole journal of ``path``."""
    out = Path(path) / "all.parquet"
    begun = time.perf_counter()
    told = export_journal(Path(path), out, 1, 2**62, lambda _: None)
    seconds, size = time.perf_counter() - begun, out.stat().st_size
    out.unlink()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Exported(seconds, told.rows, size, memory)


def look(path: str) -> JournalStats:
    """What the bytes of ``path`` are spent on."""
    return journal_stats(Path(path) / "journal.db", lambda _: None)


def check(path: str, until: int) -> str:
    """The state's hash after input ``until``, from the base on; ``path`` must recover from it."""
    for name in ("projections.db", "snapshots.db"):
        (Path(path) / name).unlink(missing_ok=True)
    directory = DataDirectory(Path(path))
    engine = restore_engine(directory.beginning().snapshot)
    for record in directory.journal.read(engine.seq):
        if record.seq > until:
            break
        engine.apply(record.seq, record.ts, record.input, [])
    recover(
        directory.journal,
        directory.snapshots,
        directory.store,
        run_at_once,
        begin=directory.beginning,
    )
    directory.close()
    return engine.state_hash()


def run(sizes: Sizes, folder: Path) -> Report:
    """Build a journal, export it, prune it, and recover what is left."""
    path = Path(tempfile.mkdtemp(prefix="prune-", dir=folder))
    given = {
        "path": str(path),
        "inputs": sizes.recovery_inputs,
        "accounts": sizes.accounts,
        "resting": sizes.resting,
        "every": sizes.recovery_inputs // STATES,
        "seed": 7,
    }
    day = child.run("bench.time_machine:build", time_machine.Day, given)
    only = {"path": str(path)}
    stats = child.run("bench.pruning:look", JournalStats, only)
    exported = child.run("bench.pruning:export", Exported, only)
    pruned = child.run("bench.pruning:prune", Pruned, only)
    found = child.run("bench.pruning:check", str, {**only, "until": day.inputs})
    assert found == day.state_hash, "pruning led to another state"
    shutil.rmtree(path)
    return _report(day, stats, exported, pruned)


def _report(
    day: time_machine.Day, stats: JournalStats, exported: Exported, pruned: Pruned
) -> Report:
    bite, append = quantile(pruned.bites_s, 0.99), quantile(pruned.appends_s, 0.99)
    figures = [
        Figure(
            "prune_prepare",
            f"Pruning {pruned.inputs:,} inputs: the replay before it",
            pruned.prepare_s,
            "s",
            note=f"{pruned.inputs / pruned.prepare_s:,.0f} inputs/s; in a server at idle priority",
        ),
        Figure("prune_switch", "The switch", pruned.switch_s * 1e3, "ms"),
        Figure(
            "prune_bite_p99",
            f"One of {len(pruned.bites_s):,} bites that remove batches, p99",
            bite * 1e3,
            "ms",
            against=f"an append between them, p99 {append * 1e3:.2f} ms",
            ratio=bite / append,
        ),
        Figure(
            "prune_tables",
            "Query tables of the base",
            pruned.tables_bytes / MB,
            "MB",
            against=f"the journal, {day.journal_bytes / MB:,.0f} MB",
            ratio=pruned.tables_bytes / day.journal_bytes,
        ),
        Figure(
            "journal_export",
            f"Export of {exported.rows:,} records to Parquet",
            exported.seconds,
            "s",
            note=f"{exported.bytes / MB:,.1f} MB; at most {exported.memory_mb:,.0f} MB of memory",
        ),
        Figure("journal_bytes_per_order", "Journal per order", stats.bytes_per_order, "bytes"),
        Figure("journal_bytes_per_quote", "Journal per quote", stats.bytes_per_quote, "bytes"),
    ]
    return Report(figures, [], ["Bytes per order: all that clients sent, by the orders among it."])
