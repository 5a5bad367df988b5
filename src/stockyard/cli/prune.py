"""``stockyard prune``: a journal's beginning gives way to an archived state, where no server runs.

Promises: nothing is removed before it was replayed once more and came to the archived state; what
is removed can be exported first. Must not know: how that is made safe.
"""

import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from stockyard import app
from stockyard.cli.points import Point, parse_point
from stockyard.cli.watching import watched
from stockyard.config import Config, ConfigError, read_config
from stockyard.people.audit_log import FILE_NAME as AUDIT_NAME
from stockyard.people.audit_segments import FOLDER_NAME as AUDIT_FOLDER
from stockyard.runtime.audit_files import open_audit
from stockyard.runtime.auditing import pruned
from stockyard.runtime.journal_export import export_journal
from stockyard.runtime.pruning import choose, only_one, prepare, readers, switch, tidy
from stockyard.storage.archive import FOLDER_NAME, Archive, Archived
from stockyard.storage.ports import Base, StorageUnavailable

MEGABYTE: Final = 1_000_000
_DAY_NS: Final = 86_400 * 1_000_000_000


def prune(
    *,
    data: Path | None = None,
    before: str | None = None,
    dry_run: bool = False,
    export: Path | None = None,
) -> None:
    """Remove the journal's beginning; an archived state with its query tables stands for it.

    It goes back to the newest archived state before the point that is named, never beyond what the
    audit log and others have read. First everything up to there is replayed and compared. Exit
    code 0: pruned, or there is nothing to prune. 1: something does not fit, and nothing is removed.

    Parameters
    ----------
    data: Directory to prune (./data); no server may be running on it.
    before: An input's number, or a time with its zone such as 2026-11-20T00:00:00Z; without it the
        setting journal_keep_days says how much stays.
    dry_run: Only say what would be removed.
    export: Folder for a Parquet file of what is removed; written first.
    """
    config = read_config(os.environ, data=data)
    seq, ts = _point(config, before)
    directory = app.existing_directory(config.data)
    try:
        with only_one(config.data):
            base = directory.journal.base
            target = choose(config.data, base, seq=seq, ts=ts)
            if target is None:
                print(_nothing(config.data, base))
                return
            begin = 0 if base is None else base.seq
            print(
                f"archived state: seq {target.seq:,} of {_time_text(target.ts)};"
                f" {target.seq - begin:,} inputs from seq {begin + 1:,} on give way to it"
            )
            if dry_run:
                print("Nothing was changed.")
                return
            if export is not None:
                _export(config.data, export, begin + 1, target.seq)
            _prune(config, directory, target)
    finally:
        directory.close()


def _prune(config: Config, directory: app.DataDirectory, target: Archived) -> None:
    before = (config.data / "journal.db").stat().st_size
    with watched("replaying") as told:
        base = prepare(config.data, target, told)
    switch(config.data, directory.journal, base)
    tidy(config.data)
    with watched("removing", "batches") as told:
        removed = 0
        while count := directory.journal.remove_some():
            removed += count
            told(removed)
    _record(config, base)
    try:
        directory.journal.shrink()
    except StorageUnavailable as error:
        print(f"stockyard: the file was not made smaller: {error}", file=sys.stderr)
    after = (config.data / "journal.db").stat().st_size
    print(
        f"The journal begins after seq {base.seq:,} now; its file has {after / MEGABYTE:,.1f} MB,"
        f" before {before / MEGABYTE:,.1f} MB."
    )


def _point(config: Config, text: str | None) -> Point:
    """The point before which everything goes: a seq or a time, UTC ns. Raises ``ConfigError``."""
    if text is None:
        if not config.journal_keep_days:
            raise ConfigError(
                "before: say up to where, an input's number or a time such as"
                " 2026-11-20T00:00:00Z, or set journal_keep_days"
            )
        return Point(None, time.time_ns() - config.journal_keep_days * _DAY_NS)
    return parse_point("before", text)


def _nothing(data: Path, base: Base | None) -> str:
    """Why there is nothing to prune, and what there is."""
    said = ["There is nothing to prune up to there."]
    if base is not None:
        said.append(f"The journal begins after seq {base.seq:,}, {_time_text(base.ts)}.")
    found = [one for one in Archive(data / FOLDER_NAME).list() if not one.damage]
    if found:
        said.append(
            f"Archived states: {len(found)}, of seq {found[0].seq:,} ({_time_text(found[0].ts)})"
            f" to {found[-1].seq:,} ({_time_text(found[-1].ts)})."
        )
    else:
        said.append("No state is archived yet: a running server does that once a day.")
    said += [f"Read by {reader.name}: up to seq {reader.seq:,}." for reader in readers(data)]
    return "\n".join(said)


def _export(data: Path, folder: Path, first: int, last: int) -> None:
    out = folder / f"journal-{first}-{last}.parquet"
    with watched("exporting") as told:
        exported = export_journal(data, out, first, last, told)
    print(f"exported {exported.rows:,} records into {out}")


def _record(config: Config, base: Base) -> None:
    """Put on record that the journal was pruned, where there is a log."""
    if not (config.data / AUDIT_NAME).is_file():
        return
    folder = Path(config.audit_folder) if config.audit_folder else config.data / AUDIT_FOLDER
    log = open_audit(config.data, folder)
    try:
        now_ns = time.time_ns()
        log.append([pruned(base, now_ns, "system:command")], now_ns)
    finally:
        log.close()


def _time_text(ts_ns: int) -> str:
    return datetime.fromtimestamp(ts_ns // 1_000_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
