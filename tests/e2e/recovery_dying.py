"""Recovers a directory in processes that are killed at random moments of it; prints how it went.

Run with the directory, a seed and how often to kill. Each process is forked from this one, which
has no threads. Query tables are written often on the way, so that each start finds others.
"""

import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path
from random import Random

from stockyard import app
from stockyard.people.directory import People
from stockyard.runtime import projector
from stockyard.runtime.clock import ManualClock

WAITING_MAX = 200
"""Events that wait before the tables are written."""


def recover(path: Path) -> str:
    """Start a world and end it as it is; its state's hash, its seq and the tables' cursor."""
    projector.WAITING_EVENTS_MAX = WAITING_MAX  # type: ignore[misc]
    directory = app.DataDirectory(path)
    people = directory.open_people()
    world = app.open_world(
        directory.journal,
        directory.snapshots,
        directory.store,
        ManualClock(time.time_ns()),
        schedule=lambda: None,
        people=People(people),
        begin=directory.beginning,
    )
    cursor = directory.store.cursor()
    found = f"{world.engine.state_hash()} {world.engine.seq} {cursor.seq} {cursor.digest.hex()}"
    world.close()
    people.close()
    directory.release()
    return found


def main() -> None:
    """Recover once undisturbed, to know how long it takes and what comes out; then die."""
    path, draw, kills = Path(sys.argv[1]), Random(sys.argv[2]), int(sys.argv[3])
    whole = path.with_name("whole")
    shutil.copytree(path, whole)
    began = time.monotonic()
    wanted = recover(whole)
    took_s = time.monotonic() - began
    deaths, ends, cursors = 0, 0, set()
    while deaths < kills:
        child = os.fork()
        if not child:
            try:
                recover(path)
            finally:
                os._exit(0)
        time.sleep(draw.random() * took_s)
        os.kill(child, signal.SIGKILL)
        died = os.WIFSIGNALED(os.waitpid(child, 0)[1])
        deaths += died
        ends += not died
        cursors.add(_cursor(path))
        if not died or draw.random() < 0.2:
            # It is through, or goes on from nothing: so that there is something left to die of.
            for file in path.glob("projections.db*"):
                file.unlink()
    found = recover(path)
    told = {"deaths": deaths, "ends": ends, "cursors": len(cursors), "same": found == wanted}
    print(json.dumps({**told, "took_s": round(took_s, 2)}))


def _cursor(path: Path) -> int:
    """How far the query tables are, in a process of its own: the lock belongs to nobody then."""
    read_fd, write_fd = os.pipe()
    child = os.fork()
    if not child:
        directory = app.DataDirectory(path)
        os.write(write_fd, str(directory.store.cursor().seq).encode())
        os._exit(0)
    os.close(write_fd)
    with os.fdopen(read_fd) as pipe:
        found = pipe.read()
    os.waitpid(child, 0)
    return int(found)


if __name__ == "__main__":
    main()
