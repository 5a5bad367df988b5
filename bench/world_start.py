"""How long a test waits for a World of its own: the fixture ``broker``, from nothing to the first
answer, in memory and on disk, and what the plugin costs those who do not use it.

The first World of a process also loads the code; that is measured apart, in fresh processes.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from bench.figures import Figure, Report
from bench.sizes import Sizes
from stockyard.testing.broker import open_broker

AIM_S = 0.3
LOADED = "import time; begun = time.perf_counter(); import {}; print(time.perf_counter() - begun)"


def _start(folder: Path, journal: str) -> tuple[float, float]:
    """Seconds until the fixture hands a World over, and for its end."""
    place = Path(tempfile.mkdtemp(prefix="world-", dir=folder))
    begun = time.perf_counter()
    with open_broker(place / "data", {"journal": journal}) as broker:
        ready = time.perf_counter() - begun
        broker.client.accounts.read()
        ending = time.perf_counter()
    return ready, time.perf_counter() - ending


def _loading(module: str, rounds: int) -> float:
    """Seconds to load a module in a fresh process."""
    code = "import pytest, argparse, pathlib; " + LOADED.format(module)
    found = [
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
        ).stdout
        for _ in range(rounds)
    ]
    return median(map(float, found))


def run(sizes: Sizes, folder: Path) -> Report:
    """Measure both kinds, each several times."""
    rounds = max(sizes.rounds, 2)
    _start(folder, "memory")
    memory = [_start(folder, "memory") for _ in range(rounds)]
    disk = [_start(folder, "disk") for _ in range(rounds)]
    plugin = _loading("stockyard.testing.plugin", rounds)
    code = _loading("stockyard.testing.broker", rounds)
    ready = median(one for one, _ in memory)
    return Report(
        [
            Figure(
                "world_start",
                "World start: the fixture `broker`, in memory",
                ready * 1e3,
                "ms",
                "<= 300 ms",
                ready <= AIM_S,
                f"loading the code, once for each process, {code * 1e3:.0f} ms",
                ready / code,
            ),
            Figure(
                "world_start_disk",
                "the same on disk",
                median(one for one, _ in disk) * 1e3,
                "ms",
                "<= 300 ms",
                median(one for one, _ in disk) <= AIM_S,
            ),
            Figure(
                "world_stop",
                "its end, in memory",
                median(one for _, one in memory) * 1e3,
                "ms",
            ),
            Figure(
                "plugin_loading",
                "the plugin, for whoever does not use it",
                plugin * 1e3,
                "ms",
                "<= 10 ms",
                plugin <= AIM_S / 30,
            ),
        ]
    )
