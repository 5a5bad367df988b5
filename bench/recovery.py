"""P4: how long a start takes, from files to the exact state, by the one path there is.

The journal on disk is the one the engine read live, with a record's length, checksum and chain
checked again on the way back. The query tables stand where a crash leaves them: at the journal's
end, give or take a tenth of a second. Rebuilding them from nothing is a figure of its own.
"""

import gc
import shutil
import tempfile
import time
from pathlib import Path
from statistics import median

import msgspec

from bench import child, workload
from bench.figures import Figure, Report
from bench.sizes import Sizes
from stockyard.app import DataDirectory
from stockyard.model.events import Event
from stockyard.model.records import Record
from stockyard.runtime import snapshots
from stockyard.runtime.projector import run_at_once
from stockyard.runtime.recovery import Recovered, recover

BATCH = 1_024


class Start(msgspec.Struct):
    """Seconds until the engine stood where the journal ends, and what it was like there."""

    seconds: float
    replayed: int
    state_hash: str


def write_journal(directory: DataDirectory, records: list[Record]) -> None:
    """Append records in large commits."""
    for at in range(0, len(records), BATCH):
        directory.journal.append(records[at : at + BATCH])


def open_parts(directory: DataDirectory) -> Recovered:
    """Recover as the server does."""
    return recover(directory.journal, directory.snapshots, directory.store, run_at_once)


def build(path: str, inputs: int, accounts: int, resting: int, snapshot: bool) -> Start:
    """Fill ``path`` with a journal and query tables; returns the state they must lead to.

    ``snapshot``: one is stored after the set-up, so that only the mixed inputs are the tail.
    """
    work = workload.make(inputs, accounts=accounts, resting=resting)
    directory = DataDirectory(Path(path))
    write_journal(directory, work.setup)
    recovered = open_parts(directory)
    if snapshot:
        digest = recovered.projector.digest
        directory.snapshots.store(snapshots.Taking(recovered.engine, digest).collect())
    write_journal(directory, work.mix)
    engine, projector = recovered.engine, recovered.projector
    for record in work.mix:
        events: list[Event] = []
        engine.apply(record.seq, record.ts, record.input, events)
        projector.fold(record, events)
    projector.flush()
    directory.close()
    return Start(0.0, len(work.setup) + len(work.mix), engine.state_hash())


def start(path: str, projections: bool) -> Start:
    """Recover ``path`` once. ``projections`` False: the query tables are emptied first."""
    begun = time.perf_counter()
    directory = DataDirectory(Path(path))
    if not projections:
        directory.store.clear()
        begun = time.perf_counter()
    recovered = open_parts(directory)
    seconds = time.perf_counter() - begun
    gc.collect()
    found = Start(seconds, recovered.replayed, recovered.engine.state_hash())
    directory.close()
    return found


def read(path: str) -> float:
    """Seconds to read the journal of ``path`` and check every record, applying none."""
    directory = DataDirectory(Path(path))
    begun = time.perf_counter()
    for _ in directory.journal.read(0):
        continue
    seconds = time.perf_counter() - begun
    directory.close()
    return seconds


def starts(path: Path, wanted: str, rounds: int, *, projections: bool = True) -> list[Start]:
    """Recover ``path`` several times, each in its own process; the state must be ``wanted``."""
    found = []
    for _ in range(rounds):
        arguments = {"path": str(path), "projections": projections}
        one = child.run("bench.recovery:start", Start, arguments)
        assert one.state_hash == wanted, "recovery led to another state than the live engine's"
        found.append(one)
    return found


class Measured(msgspec.Struct):
    """Starts with the query tables at hand, one without them, and the journal merely read."""

    ready: float
    lost: float | None
    read: float
    replayed: int


def run(sizes: Sizes, folder: Path) -> Report:
    """Measure a start from the whole journal, and one from a snapshot and its tail."""
    whole = _measure(folder, sizes, sizes.recovery_inputs, sizes.resting, snapshot=False)
    tail = _measure(folder, sizes, sizes.recovery_tail, sizes.recovery_open, snapshot=True)
    aim = 4.0 * sizes.recovery_inputs / 1e6
    aim_short = 1.5 * (sizes.recovery_open + sizes.recovery_tail) / 2e5
    assert whole.lost is not None
    figures = [
        Figure(
            "p4_recovery_journal",
            f"P4 start from {sizes.recovery_inputs:,} mixed inputs, no snapshot",
            whole.ready,
            "s",
            f"<= {aim:.3g} s",
            whole.ready <= aim,
            f"reading and checking the records only, {whole.read:.2f} s",
            whole.ready / whole.read,
            f"{whole.replayed / whole.ready:,.0f} inputs/s",
        ),
        Figure(
            "p4_recovery_snapshot",
            f"P4 start from {sizes.recovery_open:,} open orders + {sizes.recovery_tail:,} tail",
            tail.ready,
            "s",
            f"<= {aim_short:.3g} s",
            tail.ready <= aim_short,
            f"reading and checking the whole journal only, {tail.read:.2f} s",
            tail.ready / tail.read,
        ),
        Figure(
            "p4_rebuild",
            f"P4 query tables lost too: {whole.replayed:,} inputs replayed and written",
            whole.lost,
            "s",
            against=f"with the tables at hand, {whole.ready:.2f} s",
            ratio=whole.lost / whole.ready,
        ),
    ]
    return Report(
        figures, [], ["P4: every start led to the state hash of the engine that ran live."]
    )


def _measure(folder: Path, sizes: Sizes, inputs: int, resting: int, *, snapshot: bool) -> Measured:
    path = Path(tempfile.mkdtemp(prefix="recovery-", dir=folder))
    given = {
        "path": str(path),
        "inputs": inputs,
        "accounts": sizes.accounts,
        "resting": resting,
        "snapshot": snapshot,
    }
    built = child.run("bench.recovery:build", Start, given)
    ready = starts(path, built.state_hash, min(sizes.rounds, 3))
    lost = None
    if not snapshot:
        lost = starts(path, built.state_hash, 1, projections=False)[0].seconds
    reading = child.run("bench.recovery:read", float, {"path": str(path)})
    shutil.rmtree(path)
    seconds = median([one.seconds for one in ready])
    return Measured(seconds, lost, reading, ready[0].replayed)
