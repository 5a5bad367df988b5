"""Goal: one holder per directory, freed by its death. Method: real processes, one killed."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stockyard.storage import lock
from stockyard.storage.lock import DirectoryLock
from stockyard.storage.ports import DirectoryInUse, StorageUnavailable

HOLD = """
import sys, pathlib
from stockyard.storage.lock import DirectoryLock
lock = DirectoryLock(pathlib.Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""
FORK = """
import os, sys, pathlib
from stockyard.storage.lock import DirectoryLock
path = pathlib.Path(sys.argv[1])
lock = DirectoryLock(path)
reading, writing = os.pipe()
ready, tell = os.pipe()
child = os.fork()
if child == 0:
    os.close(writing)
    os.write(tell, b"!")
    os.read(reading, 1)
    os._exit(0)
os.read(ready, 1)
lock.close()
DirectoryLock(path)
os.close(writing)
os.waitpid(child, 0)
print("held again")
"""


def started(script: str, path: Path) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        [sys.executable, "-c", script, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )


def test_a_second_lock_is_refused_and_names_the_holder(tmp_path: Path) -> None:
    with (
        DirectoryLock(tmp_path),
        pytest.raises(DirectoryInUse, match=rf"in use by process {os.getpid()}$"),
    ):
        DirectoryLock(tmp_path)


def test_a_closed_lock_is_free_again(tmp_path: Path) -> None:
    lock = DirectoryLock(tmp_path)
    lock.close()
    lock.close()
    with DirectoryLock(tmp_path), pytest.raises(DirectoryInUse):
        DirectoryLock(tmp_path)


def test_another_process_holds_it_until_it_is_killed(tmp_path: Path) -> None:
    with started(HOLD, tmp_path) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(DirectoryInUse, match=re.escape(f"process {holder.pid}")):
            DirectoryLock(tmp_path)
        holder.kill()
        holder.wait()
        DirectoryLock(tmp_path).close()


def test_a_forked_child_does_not_hold_it(tmp_path: Path) -> None:
    with started(FORK, tmp_path) as parent:
        output, _ = parent.communicate(timeout=30)
    assert output == "held again\n"


def test_a_directory_that_is_not_there_cannot_be_locked(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="cannot be locked"):
        DirectoryLock(tmp_path / "absent")


ORPHANED = """
import os, signal, sys, time
from pathlib import Path
from stockyard.storage.lock import DirectoryLock
lock = DirectoryLock(Path(sys.argv[1]))
kept = os.dup(lock._descriptor)
if not os.fork():
    print(os.getpid(), flush=True)
    time.sleep(float(sys.argv[2]))
    os._exit(0)
time.sleep(0.05)
os.kill(os.getpid(), signal.SIGKILL)
"""
"""A process that is killed while a child it has just forked still holds the directory."""


@pytest.mark.parametrize(("holds_s", "free"), [(0.3, True), (20.0, False)])
def test_a_child_of_a_process_that_died_is_waited_for_but_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, holds_s: float, free: bool
) -> None:
    if not free:
        monkeypatch.setattr(lock, "ORPHAN_S", 0.1)
    died = subprocess.Popen(
        [sys.executable, "-c", ORPHANED, str(tmp_path), str(holds_s)], stdout=subprocess.PIPE
    )
    assert died.stdout is not None
    orphan = int(died.stdout.readline())
    assert died.wait() == -9
    if free:
        with DirectoryLock(tmp_path):
            assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"
    else:
        with pytest.raises(DirectoryInUse, match=f"in use by process {died.pid}"):
            DirectoryLock(tmp_path)
        os.kill(orphan, signal.SIGKILL)
    died.stdout.close()
