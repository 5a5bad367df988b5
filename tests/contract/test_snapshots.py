"""What every ``Snapshots`` promises."""

from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from stockyard.storage.ports import Snapshot, StorageUnavailable
from tests.contract.places import Place


def snapshot_at(seq: int, size: int = 1_000) -> Snapshot:
    return Snapshot(seq, seq * 10, f"{seq:064x}", "0.1.0", bytes(16), Random(seq).randbytes(size))


def test_there_is_none_at_first(place: Place) -> None:
    assert place.snapshots().load() is None


def test_the_last_one_stored_replaces_the_one_before(place: Place) -> None:
    snapshots = place.snapshots()
    for seq in (3, 9, 27):
        snapshots.store(snapshot_at(seq))
        assert snapshots.load() == snapshot_at(seq)
        assert isinstance(snapshots.load(), Snapshot)


def test_a_stored_one_survives_a_crash_and_a_close(place: Place) -> None:
    snapshots = place.snapshots()
    snapshots.store(snapshot_at(3))
    place.crash()
    again = place.snapshots()
    assert again.load() == snapshot_at(3)
    again.store(snapshot_at(4))
    again.close()
    assert place.snapshots().load() == snapshot_at(4)


def test_a_failed_store_leaves_the_one_before(place: Place) -> None:
    snapshots = place.snapshots()
    snapshots.store(snapshot_at(3))
    place.break_disk(snapshots)
    with pytest.raises(StorageUnavailable, match="full"):
        snapshots.store(snapshot_at(4, 200_000))
    assert snapshots.load() == snapshot_at(3)
    place.mend_disk(snapshots)
    snapshots.store(snapshot_at(5, 200_000))
    place.crash()
    assert place.snapshots().load() == snapshot_at(5, 200_000)


def test_ten_megabytes_from_a_worker_thread_while_another_loads(place: Place) -> None:
    snapshots = place.snapshots()
    small, large = snapshot_at(1), snapshot_at(2, 10_000_000)
    snapshots.store(small)
    with ThreadPoolExecutor(2) as pool:
        storing = pool.submit(snapshots.store, large)
        seen = [pool.submit(snapshots.load).result() for _ in range(5)]
        storing.result()
    assert all(found in (small, large) for found in seen)
    assert snapshots.load() == large
