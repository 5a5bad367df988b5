"""``python -m bench [--quick] [name ...]``: measures, prints a table, writes ``out/latest.json``.

A benchmark that fails is told with its reason, the others still run, and the exit code is 1. An aim
that was missed is no failure. Must not know: how anything is measured.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from bench import (
    alerts,
    alpaca,
    audit,
    cold_start,
    engine_alone,
    fan_out,
    growth,
    history,
    ingest,
    machine,
    market_data,
    memory,
    orders_over_http,
    portfolios,
    pruning,
    recovery,
    report,
    requests,
    served_recovery,
    simulated_days,
    snapshots_alive,
    time_machine,
    web_app,
    world_start,
)
from bench.figures import Report
from bench.sizes import FULL, QUICK, Sizes
from stockyard.engine.engine import COMPILED

OUT: Final = Path(__file__).resolve().parent / "out"

Benchmark = Callable[[Sizes, Path], Report]
BENCHMARKS: Final[dict[str, Benchmark]] = {
    "P1": orders_over_http.run_alone,
    "P2": orders_over_http.run_together,
    "P3": lambda sizes, folder: engine_alone.run(sizes),
    "P4": recovery.run,
    "day": time_machine.run,
    "prune": pruning.run,
    "P4-served": served_recovery.run,
    "P5": snapshots_alive.run,
    "P5-http": orders_over_http.run_snapshots,
    "P6": fan_out.run,
    "P8": cold_start.run,
    "P9": web_app.run,
    "P10": memory.run,
    "P11": lambda sizes, folder: requests.run(sizes),
    "market-data": lambda sizes, folder: market_data.run(sizes),
    "ingest": ingest.run,
    "history": history.run,
    "simulated-days": simulated_days.run,
    "world": world_start.run,
    "alpaca": alpaca.run,
    "alerts": lambda sizes, folder: alerts.run(sizes),
    "portfolios": portfolios.run,
    "audit": audit.run,
    "growth": growth.run,
    "growth-http": orders_over_http.run_growth,
}


def measure(names: Sequence[str], sizes: Sizes, out: Path) -> tuple[Report, dict[str, str], bool]:
    """Run benchmarks one after another; returns what they found, the machine, and if all ran."""
    out.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="work-", dir=out))
    # PostgreSQL runs as somebody else and must be able to pass through.
    folder.chmod(0o711)
    found, whole = Report(), True
    facts = machine.facts(COMPILED)
    load_before = machine.load()
    try:
        synced = machine.sync_times(folder, sizes.sync_count)
        facts["fdatasync of 300 bytes"] = f"p50 {synced.p50_ms:.2f} ms, p99 {synced.p99_ms:.2f} ms"
        for name in names:
            begun = time.perf_counter()
            try:
                one = BENCHMARKS[name](sizes, folder)
            except Exception as error:
                whole = False
                print(f"{name} failed: {error}", file=sys.stderr)
                reason = str(error).strip().rpartition("\n")[2]
                found.notes.append(f"{name} was not measured: {reason}")
                continue
            found.figures += one.figures
            found.growths += one.growths
            found.notes += one.notes
            print(f"{name}: {time.perf_counter() - begun:.1f} s", file=sys.stderr, flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    facts["load average before and after"] = f"{load_before}, {machine.load()}"
    return found, facts, whole


def main(arguments: Sequence[str], sizes: Sizes | None = None, out: Path = OUT) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure Stockyard.")
    parser.add_argument("--quick", action="store_true", help="smaller sizes, under a minute")
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(BENCHMARKS))
    given = parser.parse_args(arguments)
    unknown = [name for name in given.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no {unknown[0]}; choose from {', '.join(BENCHMARKS)}")
    chosen = sizes or (QUICK if given.quick else FULL)
    found, facts, whole = measure(given.names or list(BENCHMARKS), chosen, out)
    report.show(found, facts)
    report.write(out / "latest.json", found, facts)
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
