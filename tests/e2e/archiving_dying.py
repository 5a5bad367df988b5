"""Runs a world that does nothing but take snapshots and archive them, in processes that are killed
at random moments; prints how it went.

Run with the directory, a seed and how often to kill. Each process is forked from this one, which
has no threads, says when its world is whole and after each snapshot, and lives until it is killed.
"""

import asyncio
import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from random import Random

from stockyard import app
from stockyard.runtime import upkeep
from stockyard.runtime.archiving import Archiving
from stockyard.runtime.clock import ManualClock
from stockyard.runtime.recovery import restore_engine
from stockyard.runtime.world import World
from stockyard.storage.archive import Archive
from tests.unit.runtime.worlds import NOON_NS, open_account, prepared, quote

INPUTS = 3
"""After as many inputs a snapshot is archived."""
SNAPSHOTS_MAX, LATER_S = 4, 0.15
"""A kill comes some time after one of the first snapshots of a life, however slow that is."""
STEP_NS = 3_600 * 10**9
"""By which time goes on with every snapshot: days pass, and old ones leave."""


def opened(path: Path) -> tuple[app.DataDirectory, World, ManualClock]:
    """The world of the directory with its archive; every archived snapshot must be whole."""
    directory, clock = app.DataDirectory(path), ManualClock(NOON_NS)
    world = app.open_world(
        directory.journal, directory.snapshots, directory.store, clock, schedule=lambda: None
    )
    clock.time_ns = max(NOON_NS, world.engine.ts)
    archive = Archive(path / "archive")
    for found in archive.list():
        assert not found.damage, found
        assert restore_engine(archive.load(found.seq)).seq == found.seq
    upkeep.begin_archive(prepared(world), Archiving(archive, INPUTS))
    return directory, world, clock


def live(path: Path, draw: Random, said: int) -> None:
    """Quote and take snapshots until the end."""
    _, world, clock = opened(path)
    if not world.view.accounts:
        open_account(world)
    while True:
        os.write(said, b"!")
        for _ in range(draw.randrange(1, 6)):
            quote(world, bid=1_990_000 + 100 * draw.randrange(90))
        clock.time_ns += STEP_NS
        asyncio.run(upkeep.take_snapshot(world))


def main() -> None:
    """Kill as often as asked; then open once more and say what is there."""
    path, draw, deaths = Path(sys.argv[1]), Random(sys.argv[2]), 0
    unfinished = 0
    for _ in range(int(sys.argv[3])):
        read_fd, write_fd = os.pipe()
        child = os.fork()
        if not child:
            os.close(read_fd)
            try:
                live(path, draw, write_fd)
            except BaseException:
                traceback.print_exc()
            os._exit(1)
        os.close(write_fd)
        with os.fdopen(read_fd, "rb") as pipe:
            for _ in range(1 + draw.randrange(SNAPSHOTS_MAX)):
                assert pipe.read(1) == b"!", "a start after a kill was not whole"
            time.sleep(draw.random() * LATER_S)
            os.kill(child, signal.SIGKILL)
            deaths += os.WIFSIGNALED(os.waitpid(child, 0)[1])
        unfinished += len(list((path / "archive").glob("*.unfinished")))
    directory, world, _ = opened(path)
    archived = len(Archive(path / "archive").list())
    world.projector.flush()
    seq = world.engine.seq
    directory.close()
    told = {"deaths": deaths, "archived": archived, "unfinished": unfinished, "seq": seq}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
