"""The read store: tables of another version are laid out anew and filled from the journal."""

from stockyard.projections.store import ReadStore
from stockyard.runtime.clock import ManualClock
from stockyard.runtime.snapshots import encode_now
from stockyard.storage.memory import MemoryDatabase, MemoryDisk
from tests.unit.runtime.worlds import NOON_NS, buy, open_account, open_on, quote, send


def test_opening_again_keeps_what_is_there() -> None:
    disk = MemoryDisk()
    world = open_on(disk, ManualClock(NOON_NS))
    open_account(world)
    world.projector.flush()
    store = ReadStore(MemoryDatabase(disk, "projections"))
    assert store.cursor().seq == world.engine.seq
    assert len(store.accounts()) == 1


def test_tables_of_another_version_are_laid_out_anew_and_filled_at_the_next_start() -> None:
    disk = MemoryDisk()
    world = open_on(disk, ManualClock(NOON_NS))
    account_id = open_account(world)
    quote(world)
    send(world, buy(account_id, "o1", limit=1_500_000))
    world.projector.flush()
    disk.snapshot = encode_now(world.engine, world.projector.digest)
    before = (world.store.accounts(), world.store.open_orders(), world.store.cursor())
    database = MemoryDatabase(disk, "projections")
    database.execute("ALTER TABLE orders DROP COLUMN reason")
    database.execute("UPDATE format SET tables = ?", ("of another version",))
    again = open_on(disk, ManualClock(NOON_NS))
    assert (again.store.accounts(), again.store.open_orders(), again.store.cursor()) == before
    assert again.engine.state_hash() == world.engine.state_hash()
