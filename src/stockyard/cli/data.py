"""Commands on a data directory that no server holds: ``verify`` and ``rebuild``.

Must not know: how files are laid out beyond what ``app`` opens.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from stockyard import app
from stockyard.cli.scratch import scratch_store
from stockyard.cli.watching import watched
from stockyard.config import read_config
from stockyard.people.directory import People
from stockyard.runtime.alert_watch import AlertWatch
from stockyard.runtime.archive_check import ArchiveCheck
from stockyard.runtime.set_aside import set_aside_damaged
from stockyard.runtime.verification import Finding, rebuild_projections, verify_directory
from stockyard.storage.archive import FOLDER_NAME, Archive


def verify(*, data: Path | None = None) -> None:
    """Replay the whole journal and check everything that must hold.

    A journal that was pruned is replayed from its base, which is checked to the last byte.

    Exit code 0: the chain of records is whole, the books balance after every input, the snapshot,
    every archived one and the query tables row by row agree with the journal, and every account has
    an owner. 1: something is broken; it says what and where.

    Parameters
    ----------
    data: Directory to check (./data); no server may be running on it.
    """
    path = read_config(os.environ, data=data).data
    with watched("verifying") as told:
        finding = examine(path, told)
    _show(finding)
    sys.exit(1 if finding.broken else 0)


def examine(path: Path, progress: Callable[[int], None], scratch_in: Path | None = None) -> Finding:
    """Read a whole directory that nobody has open, and check everything that must hold.

    ``scratch_in``: where the query tables are made once more, to be compared. Raises
    ``ConfigError``, ``StorageError``.
    """
    directory = app.existing_directory(path)
    try:
        archive = ArchiveCheck(Archive(path / FOLDER_NAME), path / "journal.db")
        with scratch_store(scratch_in) as scratch:
            finding = verify_directory(
                directory.journal,
                directory.snapshots,
                directory.store,
                scratch,
                progress,
                archive,
                directory.beginning,
            )
        ownerless = _ownerless(directory, finding.accounts)
    finally:
        directory.close()
    if ownerless:
        what = f"people.db knows no owner of {len(ownerless)} accounts, the first {ownerless[0]}"
        finding = finding._replace(broken=(*finding.broken, what))
    return finding


def _ownerless(directory: app.DataDirectory, account_ids: Iterable[int]) -> list[int]:
    """Accounts of the engine that nobody in the people's database owns.

    A directory without one was never served (a replay makes such); there nobody is missed.
    """
    if not (directory.path / "people.db").exists():
        return []
    database = directory.open_people()
    try:
        people = People(database)
        unfinished = people.unfinished()
        return [a for a in account_ids if people.account_owner(a) is None and not unfinished]
    finally:
        database.close()


def _show(finding: Finding) -> None:
    if finding.base_seq:
        print(f"{'pruned, begins at seq':<22}{finding.base_seq}")
    for name, value in (
        ("seq", finding.seq),
        ("state hash", finding.state_hash),
        ("ledger balance", finding.balance),
        ("accounts", len(finding.accounts)),
        ("open orders", finding.open_orders),
        ("snapshot at seq", finding.snapshot_seq),
        ("query tables at seq", finding.projected_seq),
    ):
        print(f"{name:<22}{value}")
    for line in finding.broken:
        print(f"broken: {line}")
    print("broken" if finding.broken else "whole")


def rebuild(*, data: Path | None = None) -> None:
    """Empty the query tables and fill them again from the journal.

    A file of query tables or of the snapshot that is damaged is set aside and made anew.

    Parameters
    ----------
    data: Directory to rebuild in (./data); no server may be running on it.
    """
    path = read_config(os.environ, data=data).data
    for name in set_aside_damaged(path):
        print(f"set aside: {name}")
    directory = app.existing_directory(path)
    try:
        with watched("rebuilding") as told, _alerts_of(directory) as alerts:
            seq = rebuild_projections(
                directory.journal,
                directory.store,
                told,
                alerts,
                directory.beginning,
            )
    finally:
        directory.close()
    print(f"query tables rebuilt up to seq {seq}")


@contextmanager
def _alerts_of(directory: app.DataDirectory) -> Iterator[AlertWatch]:
    """The watch over a directory's alerts; over none where it was never served."""
    if not (directory.path / "people.db").exists():
        yield AlertWatch()
        return
    database = directory.open_people()
    try:
        yield AlertWatch(People(database))
    finally:
        database.close()
