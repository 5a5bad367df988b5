"""Commands on a data directory that no server holds: ``verify`` and ``rebuild``.

Must not know: how files are laid out beyond what ``app`` opens.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from stockyard import app
from stockyard.config import read_config
from stockyard.people.directory import People
from stockyard.runtime.alert_watch import AlertWatch
from stockyard.runtime.verification import Finding, rebuild_projections, verify_directory


def _watched(title: str) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn(title),
        TextColumn("{task.completed:,} inputs"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )


def verify(*, data: Path | None = None) -> None:
    """Replay the whole journal and check everything that must hold.

    Exit code 0: the chain of records is whole, the books balance after every input, snapshot and
    query tables agree with the journal row by row, and every account has an owner. 1: something is
    broken; it says what and where.

    Parameters
    ----------
    data: Directory to check (./data); no server may be running on it.
    """
    directory = app.existing_directory(read_config(os.environ, data=data).data)
    try:
        with _watched("verifying") as progress:
            task = progress.add_task("")
            with app.scratch_store() as scratch:
                finding = verify_directory(
                    directory.journal,
                    directory.snapshots,
                    directory.store,
                    scratch,
                    lambda n: progress.update(task, completed=n),
                )
            ownerless = app.ownerless_accounts(directory, finding.accounts)
    finally:
        directory.close()
    if ownerless:
        what = f"people.db knows no owner of {len(ownerless)} accounts, the first {ownerless[0]}"
        finding = finding._replace(broken=(*finding.broken, what))
    _show(finding)
    sys.exit(1 if finding.broken else 0)


def _show(finding: Finding) -> None:
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
    for name in app.set_aside_damaged(path):
        print(f"set aside: {name}")
    directory = app.existing_directory(path)
    try:
        with _watched("rebuilding") as progress, _alerts_of(directory) as alerts:
            task = progress.add_task("")
            seq = rebuild_projections(
                directory.journal,
                directory.store,
                lambda n: progress.update(task, completed=n),
                alerts,
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
