"""``stockyard journal``: what the journal holds, exported, and what its bytes are spent on.

Promises: reads only; a server may be running. Must not know: how a journal is kept.
"""

import os
from pathlib import Path
from typing import Annotated, Final

import msgspec
from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from stockyard.cli.points import parse_point
from stockyard.cli.watching import watched
from stockyard.config import ConfigError, read_config
from stockyard.runtime.journal_export import export_journal
from stockyard.runtime.journal_stats import JournalStats, Share, journal_stats
from stockyard.storage.journal_points import JournalPoints

MEGABYTE: Final = 1_000_000
PLAIN_WIDTH: Final = 160
DAYS_SHOWN: Final = 14

journal: Final = App(name="journal", help="Export the journal, and tell what its bytes are.")


@journal.command
def export(
    *,
    out: Path,
    start: Annotated[str | None, Parameter(name="--from")] = None,
    end: Annotated[str | None, Parameter(name="--to")] = None,
    data: Path | None = None,
) -> None:
    """Write a stretch of the journal into a Parquet file, every input with who sent it.

    Columns: seq, ts, wall, kind, account, instrument, actor, request_id, address, user_agent and
    payload, the input as JSON. Needs the parquet extra. Exit code 2: the file is there already.

    Parameters
    ----------
    out: The file to write; one that is there is never overwritten.
    start: First input, by its number or a time with its zone (the first there is).
    end: Last input, included, likewise (the last there is).
    data: Directory to read (./data); a server may be running on it.
    """
    path = _existing(data)
    points = JournalPoints(path / "journal.db")
    first = _first(points, start)
    last = _last(points, end)
    if last < first:
        raise ConfigError(f"to: input {last:,} comes before input {first:,}")
    with watched("exporting") as told:
        exported = export_journal(path, out, first, last, told)
    span = f", {exported.first_seq:,} to {exported.last_seq:,}" if exported.rows else ""
    print(f"exported {exported.rows:,} records{span} into {out}")


@journal.command
def stats(*, data: Path | None = None, json: bool = False) -> None:
    """Tell what the journal's bytes are spent on: kinds of input, days, each order and quote.

    Parameters
    ----------
    data: Directory to read (./data); a server may be running on it.
    json: Print everything as JSON.
    """
    path = _existing(data)
    with watched("reading") as told:
        found = journal_stats(path / "journal.db", told)
    if json:
        print(msgspec.json.format(msgspec.json.encode(found)).decode())
        return
    _show(found)


def _show(found: JournalStats) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=PLAIN_WIDTH)
    if found.base_seq:
        console.print(f"pruned, begins after seq {found.base_seq:,}")
    console.print(f"records {found.first_seq:,} to {found.last_seq:,}", highlight=False)
    console.print(
        f"file {found.file_bytes / MEGABYTE:,.1f} MB, {found.free_bytes / MEGABYTE:,.1f} MB of it"
        f" free for what comes; records {found.record_bytes / MEGABYTE:,.1f} MB",
        highlight=False,
    )
    for title, shares in (("kind", found.kinds), ("day (UTC)", found.days[-DAYS_SHOWN:])):
        console.print(_table(title, shares))
    console.print(
        f"bytes per order {found.bytes_per_order:,.0f}, per quote {found.bytes_per_quote:,.0f}",
        highlight=False,
    )
    if found.bytes_per_day:
        console.print(f"growth {found.bytes_per_day / MEGABYTE:,.1f} MB a day", highlight=False)


def _table(title: str, shares: list[Share]) -> Table:
    table = Table(title, "count", "bytes", "each", box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    for share in shares:
        table.add_row(share.name, f"{share.count:,}", f"{share.bytes:,}", f"{share.each:,.0f}")
    return table


def _existing(data: Path | None) -> Path:
    path = read_config(os.environ, data=data).data
    if not (path / "journal.db").is_file():
        raise ConfigError(f"data {str(path)!r}: there is no journal.db in it")
    return path


def _first(points: JournalPoints, text: str | None) -> int:
    if text is None:
        return 1 if points.base is None else points.base.seq + 1
    seq, ts = parse_point("from", text)
    return points.seq_at(ts - 1) + 1 if ts is not None else max(1, seq or 0)


def _last(points: JournalPoints, text: str | None) -> int:
    if text is None:
        return points.last_seq
    seq, ts = parse_point("to", text)
    return points.seq_at(ts) if ts is not None else seq or 0
