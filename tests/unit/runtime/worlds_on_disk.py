"""Small worlds in a directory, for what is about files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stockyard import app
from stockyard.runtime.clock import ManualClock
from stockyard.runtime.world import World
from tests.unit.runtime.worlds import NOON_NS, nothing, prepared


@contextmanager
def world_at(path: Path, clock: ManualClock) -> Iterator[World]:
    """The world of a directory with the catalog's reference facts, held for a block."""
    directory = app.DataDirectory(path)
    try:
        yield prepared(
            app.open_world(
                directory.journal, directory.snapshots, directory.store, clock, schedule=nothing
            )
        )
    finally:
        directory.close()


@contextmanager
def reopened(path: Path) -> Iterator[World]:
    """The same world again, noon being over."""
    with world_at(path, ManualClock(NOON_NS)) as world:
        yield world
