"""What the audit log costs: those who trade, those who sign in, and whoever checks it.

A journal of the mixed workload is folded into a new log, as at the first start after an upgrade;
then the writer's part of it is timed alone, and acts of people wait for the disk one by one.
"""

import asyncio
import time
from pathlib import Path

from bench.figures import Figure, Report, quantile
from bench.machine import sync_times
from bench.recovery import write_journal
from bench.sizes import Sizes
from bench.workload import make
from stockyard.app import DataDirectory, open_world
from stockyard.model.facts import ClockTick
from stockyard.model.records import Record
from stockyard.people.audit import Act
from stockyard.people.audit_segments import FOLDER_NAME
from stockyard.runtime.audit_verification import verify_audit
from stockyard.runtime.auditing import Auditor
from stockyard.runtime.clock import ManualClock

ACTS = 200
LOOKS = 20_000


def run(sizes: Sizes, folder: Path) -> Report:
    """Fold, take, note and verify."""
    return asyncio.run(_run(sizes, folder / "audit"))


async def _run(sizes: Sizes, path: Path) -> Report:
    work = make(sizes.plain_inputs, accounts=sizes.accounts, resting=sizes.resting)
    directory = DataDirectory(path)
    write_journal(directory, [*work.setup, *work.mix])
    clock = ManualClock(directory.journal.head.ts)
    world = open_world(
        directory.journal, directory.snapshots, directory.store, clock, schedule=lambda: None
    )
    log, _ = directory.open_audit()
    auditor = Auditor(world, log)
    begun, cpu = time.perf_counter(), time.process_time()
    await auditor.settle()
    fold_s, fold_cpu_s = time.perf_counter() - begun, time.process_time() - cpu
    inputs, entries = world.engine.seq, log.head.number
    look_ns = _look_ns(auditor, world.engine.seq)
    noted = [await _note_s(auditor, clock) for _ in range(ACTS)]
    synced = sync_times(path, sizes.sync_count)
    begun = time.perf_counter()
    report = verify_audit(path, path / FOLDER_NAME, lambda _: None)
    verify_s = time.perf_counter() - begun
    assert not report.broken, report.broken[0]
    await auditor.close()
    world.close()
    directory.release()
    note_ms = quantile(noted, 0.5) * 1e3
    return Report(
        [
            Figure(
                "audit_take_ns",
                "audit log: a quote passing by",
                look_ns,
                "ns",
                aim="<= 500 ns",
                met=look_ns <= 500,
            ),
            Figure(
                "audit_fold_us",
                "audit log: an order or event folded from the journal, processor",
                fold_cpu_s / entries * 1e6,
                "us",
                aim="<= 100 us",
                met=fold_cpu_s / entries * 1e6 <= 100,
                note=f"{entries:,} records of {inputs:,} inputs in {fold_s:.2f} s",
            ),
            Figure(
                "audit_note_ms",
                "audit log: an act of a person durable, p50",
                note_ms,
                "ms",
                against=f"fdatasync p50, {synced.p50_ms:.2f} ms",
                ratio=note_ms / synced.p50_ms,
            ),
            Figure(
                "audit_verify_per_s",
                "audit log: stockyard audit verify",
                report.last / verify_s,
                "records/s",
                note="the whole journal read beside it",
            ),
        ]
    )


def _look_ns(auditor: Auditor, seq: int) -> float:
    """What the writer pays for a record that is not kept."""
    record, take = Record(seq, 0, 0, ClockTick()), auditor.take
    begun = time.perf_counter()
    for _ in range(LOOKS):
        take(record, ())
    return (time.perf_counter() - begun) / LOOKS * 1e9


async def _note_s(auditor: Auditor, clock: ManualClock) -> float:
    begun = time.perf_counter()
    now_ns = clock.wall_ns()
    await auditor.note(
        Act(at_ns=now_ns, kind="session.opened", actor="user:bench", user_id="bench")
    )
    return time.perf_counter() - begun
