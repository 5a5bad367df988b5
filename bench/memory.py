"""P10: what a server with users, history and open orders takes of memory, children included.

Proportional memory counts a page that parent and child share once, so a snapshot's child counts
with what it does not share. The peak over all samples is the figure. Linux only.
"""

import shutil
import tempfile
import time
from pathlib import Path

from bench import child, machine
from bench.figures import Figure, Report
from bench.filled import PASSWORD, Filled
from bench.serving import ServerFailed, Serving
from bench.sizes import Sizes

SAMPLE_S = 0.02


def run(sizes: Sizes, folder: Path) -> Report:
    """Start, sign in, and sample until several snapshots were taken."""
    place = Path(tempfile.mkdtemp(prefix="memory-", dir=folder))
    given = {
        "path": str(place / "data"),
        "users": sizes.users,
        "orders": sizes.history_orders,
        "open_orders": sizes.history_open,
    }
    filled = child.run("bench.filled:fill", Filled, given)
    with Serving(place / "data") as server:
        for holder in filled.holders[: sizes.sign_ins]:
            body = {"email": holder.email, "password": PASSWORD}
            status, answer = server.ask("POST", "/api/v1/auth/login", body)
            if status != 200:
                raise ServerFailed(f"sign-in refused: {status} {answer[:300]!r}")
        pid = server.process.pid
        samples: list[tuple[float, float]] = []
        until = time.perf_counter() + sizes.memory_seconds
        while not samples or time.perf_counter() < until:
            samples.append(machine.resident_mb(pid))
            time.sleep(SAMPLE_S)
    shutil.rmtree(place)
    about = (
        f"P10 memory, {sizes.users:,} users, {sizes.history_orders:,} orders,"
        f" {sizes.history_open:,} open, after {sizes.sign_ins} sign-ins"
    )
    peak = max(proportional for _, proportional in samples)
    steady = sorted(proportional for _, proportional in samples)[len(samples) // 2]
    if peak == 0:
        return Report(
            [Figure("p10_memory", about, None, "MB", "<= 250 MB", note="only Linux tells")]
        )
    return Report(
        [
            Figure(
                "p10_memory",
                about,
                peak,
                "MB",
                "<= 250 MB",
                peak <= 250,
                f"its own median, {steady:.0f} MB",
                peak / steady,
                f"resident, shared pages counted twice: {max(r for r, _ in samples):.0f} MB",
            )
        ]
    )
