"""``stockyard audit``: whether the log of who did what is whole.

Promises: reads only; a server may be running. Must not know: what makes a log whole.
"""

import os
import sys
from pathlib import Path

from cyclopts import App

from stockyard.cli.watching import watched
from stockyard.config import read_config
from stockyard.people.audit_segments import FOLDER_NAME
from stockyard.runtime.audit_verification import verify_audit
from stockyard.storage.files import JOURNAL
from stockyard.storage.sqlite import read_base_of

audit: App = App(name="audit", help="Check the log of who did what.")


@audit.command
def verify(*, data: Path | None = None, public_key: tuple[str, ...] = ()) -> None:
    """Read the whole log and name every record that was altered, removed or put in.

    Each record is held against the hash of all before it, the seals, the signed days and the
    journal. Exit code 0: the log is whole. 1: it is not, and it says what and where.

    Parameters
    ----------
    data: Directory to check (./data); a server may be running on it.
    public_key: Key that the days must be signed with, as an earlier check showed it; several are
        allowed.
    """
    config = read_config(os.environ, data=data)
    folder = Path(config.audit_folder) if config.audit_folder else config.data / FOLDER_NAME
    with watched("verifying", "records") as told:
        report = verify_audit(config.data, folder, told)
    broken = list(report.broken)
    strange = [key for key in report.keys if public_key and key not in public_key]
    broken += [f"days are signed with {key}, which was not named" for key in strange]
    base = read_base_of(config.data / JOURNAL) if (config.data / JOURNAL).is_file() else None
    if base is not None:
        print(f"{'journal pruned':<22}up to seq {base.seq:,}; the log stands for what was before")
    records = f"{report.first:,} to {report.last:,}" if report.last else "none"
    for name, value in (
        ("records", records),
        ("signed days", report.days),
        ("signed with", ", ".join(report.keys) or "no key yet"),
    ):
        print(f"{name:<22}{value}")
    for line in broken:
        print(f"broken: {line}")
    print("broken" if broken else "whole")
    sys.exit(1 if broken else 0)
