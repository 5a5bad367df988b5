"""A server makes backups by schedule, and goes on with the schedule after it was killed."""

import time
from pathlib import Path

from stockyard.storage.backups import Backup, backups_in
from tests.e2e.running import Running

WAIT_S = 240.0


def wait_for(folder: Path, count: int) -> list[Backup]:
    """The backups of a folder, once there are so many."""
    deadline = time.monotonic() + WAIT_S
    while len(found := backups_in(folder)) < count:
        assert time.monotonic() < deadline, "no backup was made"
        time.sleep(0.1)
    return found


def test_backups_are_made_and_rotated(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    server = Running(tmp_path / "data", backup_dir=folder, backup_every_hours=0.001, backup_keep=1)
    (first,) = wait_for(folder, 1)
    server.kill()
    # What a run that was cut off has left, whoever it was cut off by.
    (folder / ".backup-20260102T140000.000Z.partial").mkdir(exist_ok=True)
    server.start()
    deadline = time.monotonic() + WAIT_S
    while [one.path for one in backups_in(folder)] in ([], [first.path]):
        assert time.monotonic() < deadline, "the schedule did not go on"
        time.sleep(0.1)
    client = server.connect()
    assert client.ask("GET", "/api/v1/admin/storage")[0] == 403
    client.close()
    assert server.stop() == 0
    found = backups_in(folder)
    # The second one took the place of the first, or a third one is there beside it by now.
    assert 1 <= len(found) <= 2
    assert first.path not in [one.path for one in found]
    for one in found:
        assert one.manifest is not None
        assert (one.manifest.checked, one.manifest.broken, one.manifest.notes) == (True, [], [])
