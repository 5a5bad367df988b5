"""Commands on a data directory that no server holds: ``verify`` and ``rebuild``.

Must not know: how files are laid out beyond what ``app`` opens.
"""

import sys
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from stockyard import app
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


def verify(*, data: Path = Path("data")) -> None:
    """Replay the whole journal and check everything that must hold.

    Exit code 0: the chain of records is whole, the books balance after every input, and snapshot
    and query tables agree with the journal. 1: something is broken; it says what and at which seq.

    Parameters
    ----------
    data: Directory to check; no server may be running on it.
    """
    directory = app.existing_directory(data)
    try:
        with _watched("verifying") as progress:
            task = progress.add_task("")
            finding = verify_directory(
                directory.journal,
                directory.snapshots,
                directory.store,
                lambda n: progress.update(task, completed=n),
            )
    finally:
        directory.close()
    _show(finding)
    sys.exit(1 if finding.broken else 0)


def _show(finding: Finding) -> None:
    for name, value in (
        ("seq", finding.seq),
        ("state hash", finding.state_hash),
        ("ledger balance", finding.balance),
        ("accounts", finding.accounts),
        ("open orders", finding.open_orders),
        ("snapshot at seq", finding.snapshot_seq),
        ("query tables at seq", finding.projected_seq),
    ):
        print(f"{name:<22}{value}")
    for line in finding.broken:
        print(f"broken: {line}")
    print("broken" if finding.broken else "whole")


def rebuild(*, data: Path = Path("data")) -> None:
    """Empty the query tables and fill them again from the journal.

    Parameters
    ----------
    data: Directory to rebuild in; no server may be running on it.
    """
    directory = app.existing_directory(data)
    try:
        with _watched("rebuilding") as progress:
            task = progress.add_task("")
            seq = rebuild_projections(
                directory.journal,
                directory.store,
                lambda n: progress.update(task, completed=n),
            )
    finally:
        directory.close()
    print(f"query tables rebuilt up to seq {seq}")
