"""A data directory with a few accounts, a market, and archived states to prune to."""

from pathlib import Path

from stockyard.app import DataDirectory, open_world
from stockyard.cli.scratch import scratch_store
from stockyard.model.commands import CancelOrder
from stockyard.model.events import CommandDenied
from stockyard.runtime import snapshots
from stockyard.runtime.archive_check import ArchiveCheck
from stockyard.runtime.clock import ManualClock
from stockyard.runtime.verification import Finding, verify_directory
from stockyard.runtime.world import World
from stockyard.storage.archive import FOLDER_NAME, Archive
from tests.unit.runtime.worlds import NOON_NS, buy, nothing, open_account, prepared, quote, send

DAY = 86_400 * 10**9


def opened(directory: DataDirectory, clock: ManualClock | None = None) -> World:
    """The world of a directory, recovered."""
    return open_world(
        directory.journal,
        directory.snapshots,
        directory.store,
        clock or ManualClock(NOON_NS),
        schedule=nothing,
        begin=directory.beginning,
    )


def a_day(world: World, number: int, rounds: int) -> None:
    """Trade: an account, quotes that move, orders that fill, rest and are canceled."""
    account_id = open_account(world, key=f"day-{number}")
    for turn in range(rounds):
        name = f"{number}-{turn}"
        world.clock.time_ns += 10**9  # type: ignore[attr-defined]
        quote(world, 1_999_000 + 100 * (turn % 7), 2_000_000 + 100 * (turn % 5))
        send(world, buy(account_id, f"{name}-filled", shares=1))
        [resting] = send(world, buy(account_id, f"{name}-rests", 1, 1_500_000)).events[:1]
        if turn % 2:
            assert not isinstance(resting, CommandDenied), resting
            order_id = resting.order_id  # type: ignore[union-attr]
            send(world, CancelOrder(account_id, order_id, f"{name}-key", b"c" * 16))


def keep(directory: DataDirectory, world: World) -> int:
    """Store a snapshot and archive it; its seq."""
    world.projector.flush()
    taken = snapshots.encode_now(world.engine, world.projector.digest)
    directory.snapshots.store(taken)
    head = directory.journal.head_at(taken.seq)
    Archive(directory.path / FOLDER_NAME).add(taken, head, "day")
    return taken.seq


def fill(path: Path, days: int, rounds: int = 10) -> tuple[list[int], str]:
    """Make a directory of so many days, one archived state after each; their seqs and the last
    state's hash. What follows the last one is a tail.
    """
    directory = DataDirectory(path)
    world = prepared(opened(directory))
    seqs = []
    for number in range(days):
        a_day(world, number, rounds)
        seqs.append(keep(directory, world))
        world.clock.time_ns = NOON_NS + (number + 1) * DAY  # type: ignore[attr-defined]
    a_day(world, days, rounds)
    world.projector.flush()
    found = world.engine.state_hash()
    directory.close()
    return seqs, found


def verified(path: Path) -> Finding:
    """What ``stockyard verify`` finds."""
    directory = DataDirectory(path)
    try:
        with scratch_store() as scratch:
            return verify_directory(
                directory.journal,
                directory.snapshots,
                directory.store,
                scratch,
                lambda _: None,
                ArchiveCheck(Archive(path / FOLDER_NAME), path / "journal.db"),
                directory.beginning,
            )
    finally:
        directory.close()
