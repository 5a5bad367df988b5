"""Backs up and restores in processes that are killed at any moment; prints how it went.

Run with the data directory, a folder for everything else, a seed and how often to kill. A process
writes to the directory all the time. Each backup and restore runs in a process of its own, forked
from this one, which has no threads and no open database.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path
from random import Random
from shutil import rmtree

from stockyard import app
from stockyard.cli.backup import check_of
from stockyard.config import Config
from stockyard.market.catalog import CATALOG
from stockyard.model.facts import Quote
from stockyard.runtime.backing_up import Watch, restore_backup, take_backup
from stockyard.runtime.clock import WallClock
from stockyard.storage.backups import backups_in, copy_checked

KEEP = 3


def write(data: Path) -> None:
    """Journal quotes until killed."""
    directory = app.DataDirectory(data)
    world = app.open_world(
        directory.journal, directory.snapshots, directory.store, WallClock(), schedule=lambda: None
    )
    instruments = [listing.instrument for listing in CATALOG][:5]
    for turn in range(10_000_000):
        for one in instruments:
            mid = 1_000_000 + turn % 1_000
            world.writer.submit(Quote(one.instrument_id, mid, mid + 100, 10**9, 10**9, 0))
        world.writer.drain()
        world.projector.flush()
        time.sleep(0.003)


def back_up(data: Path, folder: Path) -> None:
    """Make a backup, checked."""
    check = check_of(Config(data=data), Watch(), data)
    take_backup(data, folder, check, Watch(), keep=KEEP)


def put_back(folder: Path, to: Path) -> None:
    """Restore the newest backup, checked."""
    check = check_of(Config(data=to), Watch(), None)
    restore_backup(backups_in(folder)[-1].path, to, check, Watch())


def killed(work: object, after_s: float) -> bool:
    """Run work in a process that is killed after a while; whether that came in time."""
    child = os.fork()
    if not child:
        assert callable(work)
        work()
        os._exit(0)
    time.sleep(after_s)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or not os.WEXITSTATUS(status), "the work failed by itself"
    return os.WIFSIGNALED(status)


def main() -> None:
    """Kill as often as asked, looking at what is left each time."""
    data, place, draw = Path(sys.argv[1]), Path(sys.argv[2]), Random(sys.argv[3])
    folder, to, kills = place / "backups", place / "again", int(sys.argv[4])
    begun = time.monotonic()
    back_up(data, folder)
    took_s = time.monotonic() - begun
    writing = os.fork()
    if not writing:
        write(data)
    deaths = {"backup": 0, "restore": 0}
    finished = 0
    try:
        for turn in range(10 * kills):
            if sum(deaths.values()) >= kills:
                break
            kind = "restore" if turn % 3 == 2 else "backup"
            work = (
                (lambda: put_back(folder, to)) if turn % 3 == 2 else (lambda: back_up(data, folder))
            )
            died = killed(work, draw.uniform(0, took_s * 1.2))
            deaths[kind] += died
            finished += not died
            found = backups_in(folder)
            assert found, "no backup is left"
            for one in found:
                assert one.is_good, (one.path, one.wrong)
            assert one.manifest is not None
            copy_checked(one.manifest, one.path, place / "held", lambda _: None)
            rmtree(place / "held")
            if to.exists():
                assert kind == "restore", "a backup made a directory"
                whole = check_of(Config(data=to), Watch(), None)(to)
                assert not whole.broken, whole.broken
                rmtree(to)
    finally:
        os.kill(writing, signal.SIGKILL)
        os.waitpid(writing, 0)
    back_up(data, folder)
    put_back(folder, to)
    left = [path.name for path in folder.iterdir() if not path.name.startswith("backup-")]
    told = {"deaths": deaths, "finished": finished, "backups": len(backups_in(folder))}
    print(json.dumps({**told, "left": left}))


if __name__ == "__main__":
    main()
