"""Goal: no damage to the file of the snapshot is taken for a whole one. Method: its bytes, each cut
and flipped; some of them ordinarily, all of them in a soak.
"""

from pathlib import Path

import pytest

from stockyard.runtime import snapshots
from stockyard.runtime.clock import ManualClock
from stockyard.runtime.recovery import restore_engine
from stockyard.storage.memory import MemoryDisk
from stockyard.storage.ports import StorageError
from stockyard.storage.sqlite import SqliteSnapshots
from tests.unit.runtime.worlds import NOON_NS, buy, events, open_account, open_on, quote

STEP = 41


@pytest.fixture
def kept(tmp_path: Path) -> tuple[Path, str]:
    """A snapshot file, and the hash of the state in it."""
    world = open_on(MemoryDisk(), ManualClock(NOON_NS))
    account_id = open_account(world)
    quote(world)
    events(world, buy(account_id, "o1"))
    path = tmp_path / "snapshots.db"
    store = SqliteSnapshots(path)
    store.store(snapshots.encode_now(world.engine, world.projector.digest))
    store.close()
    return path, world.engine.state_hash()


def state_of(path: Path) -> str | None:
    """The hash of the state that a start would take from the file; None where it is refused."""
    try:
        store = SqliteSnapshots(path)
    except StorageError:
        return None
    try:
        return restore_engine(store.load()).state_hash()
    except StorageError:
        return None
    finally:
        store.close()


@pytest.mark.parametrize("kind", ["flipped", "cut"])
def test_any_damaged_byte_is_refused_or_harmless(
    kept: tuple[Path, str], kind: str, soak_factor: int
) -> None:
    path, whole = kept
    content = path.read_bytes()
    assert state_of(path) == whole
    step = STEP if soak_factor == 1 else 1
    texts = content.find(whole.encode())
    assert texts > 0
    refused = 0
    for at in sorted({*range(0, len(content), step), *range(texts - 16, texts + 96)}):
        damaged = bytearray(content)
        if kind == "cut":
            del damaged[at:]
        else:
            damaged[at] ^= 1 << (at % 8)
        path.write_bytes(damaged)
        for tail in ("-wal", "-shm"):
            path.with_name(path.name + tail).unlink(missing_ok=True)
        found = state_of(path)
        fresh = restore_engine(None).state_hash()
        # Cut to nothing it is a file that was never written: a start replays everything.
        assert found in (None, whole) or (found == fresh and at < 4096), f"byte {at}"
        refused += found is None
    assert refused > len(content) // step // 8
