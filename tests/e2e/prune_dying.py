"""Prunes, or rebuilds, a directory in processes that are killed at random moments.

Each is forked from this one, which has no threads, and killed by SIGKILL after a random part of the
time that the work takes; a child says when its work begins.
"""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from stockyard.app import DataDirectory
from stockyard.runtime.pruning import choose, prepare, switch, tidy
from stockyard.runtime.verification import rebuild_projections

Work = Callable[[], None]


def untold(_: int) -> None:
    """Tell nobody."""


def prune_to(data: Path, seq: int) -> None:
    """Prune to the newest archived state at or before an input, and remove all that goes."""
    directory = DataDirectory(data)
    target = choose(data, directory.journal.base, seq=seq + 1)
    if target is not None:
        base = prepare(data, target, untold)
        switch(data, directory.journal, base)
    tidy(data)
    while directory.journal.remove_some():
        continue
    directory.journal.shrink()
    directory.close()


def rebuild(data: Path) -> None:
    """Make the query tables anew."""
    directory = DataDirectory(data)
    rebuild_projections(directory.journal, directory.store, untold, begin=directory.beginning)
    directory.close()


def killed(work: Work, after_s: float) -> bool:
    """Run some work in a process that is killed after a while; whether it was still at it."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if not child:
        os.close(read_end)
        os.write(write_end, b"!")
        try:
            work()
        finally:
            os._exit(0)
    os.close(write_end)
    os.read(read_end, 1)
    os.close(read_end)
    time.sleep(after_s)
    os.kill(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def took_s(work: Work) -> float:
    """How long some work takes, in a process of its own."""
    begun = time.perf_counter()
    child = os.fork()
    if not child:
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0, "the work failed"
    return time.perf_counter() - begun


def moments(seed: int, count: int, whole_s: float) -> list[float]:
    """Random moments of some work; a few after its end."""
    random = Random(seed)
    return [random.random() * whole_s * 1.1 for _ in range(count)]
