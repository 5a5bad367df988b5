"""What the figures were measured on: processor, Python, and how long the disk takes to sync.

Must not know: what is measured on it.
"""

import os
import platform
import sys
import time
from pathlib import Path
from typing import NamedTuple

from bench.figures import quantile

SYNC_BYTES = 300
"""As much as a small record of the journal."""


class SyncTimes(NamedTuple):
    """How long each of several appends took to reach the disk, in seconds."""

    seconds: list[float]

    @property
    def p50_ms(self) -> float:
        """The median."""
        return quantile(self.seconds, 0.5) * 1e3

    @property
    def p99_ms(self) -> float:
        """What one in a hundred passes."""
        return quantile(self.seconds, 0.99) * 1e3


def sync_times(folder: Path, count: int) -> SyncTimes:
    """Append ``SYNC_BYTES`` to a file in ``folder`` and sync its data, ``count`` times."""
    path = folder / "sync.bin"
    sync = getattr(os, "fdatasync", os.fsync)
    seconds = []
    with path.open("wb", buffering=0) as file:
        for _ in range(count):
            begun = time.perf_counter()
            file.write(bytes(SYNC_BYTES))
            sync(file.fileno())
            seconds.append(time.perf_counter() - begun)
    path.unlink()
    return SyncTimes(seconds)


def processor() -> str:
    """The processor's name as the system tells it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def load() -> str:
    """How busy the machine has been in the last minute."""
    if not hasattr(os, "getloadavg"):
        return "unknown"
    return f"{os.getloadavg()[0]:.2f}"


def cores() -> int:
    """Processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def facts(compiled: bool) -> dict[str, str]:
    """The machine in words, apart from its disk."""
    return {
        "processor": f"{processor()}, {cores()} cores",
        "system": f"{platform.system()} {platform.release()}",
        "Python": sys.version.split()[0],
        "engine": "compiled" if compiled else "plain Python",
    }


def resident_mb(pid: int) -> tuple[float, float]:
    """Resident and proportional memory of a process and its children, in MB (10**6 bytes).

    The first counts pages that parent and child share twice, the second once. Linux only.
    """
    resident = proportional = 0
    for one in (pid, *_children(pid)):
        try:
            text = Path(f"/proc/{one}/smaps_rollup").read_text(encoding="utf-8")
        except OSError:
            continue
        for line in text.splitlines():
            name, _, rest = line.partition(":")
            if name == "Rss":
                resident += int(rest.split()[0])
            elif name == "Pss":
                proportional += int(rest.split()[0])
    return resident * 1024 / 1e6, proportional * 1024 / 1e6


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(text) for text in task.read_text(encoding="utf-8").split()]
        except OSError:
            continue
    return found


def processor_seconds(pid: int) -> float:
    """Processor time a process has used, in user and system mode. Linux only."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    fields = text.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
