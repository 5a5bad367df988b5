"""``stockyard history``: what ticks and bars a data directory has, and more of them in and out.

Must not know: how files are laid out, or how a history keeps what it has.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Final, Literal, NamedTuple

from cyclopts import App, Parameter
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from stockyard import app
from stockyard.adapters import open_past
from stockyard.config import Config, ConfigError, read_config
from stockyard.model.instruments import Instrument
from stockyard.model.past import WINDOW_WORDS
from stockyard.runtime.clock import Clock, ManualClock, WallClock
from stockyard.runtime.history_days import days_in, export_bars, export_ticks
from stockyard.runtime.history_import import HistoryImport, Imported
from stockyard.runtime.history_upkeep import FOLDER_NAME, MEGABYTE
from stockyard.runtime.world import World
from stockyard.storage.history import DatabaseHistory
from stockyard.storage.ports import NS_MAX

PLAIN_WIDTH: Final = 160
"""Columns of the tables where nobody's terminal says how wide it is."""
_DAY: Final = 86_400 * 10**9
_SECONDS: Final = {word: seconds for seconds, word in WINDOW_WORDS.items()}

history: Final = App(
    name="history", help="List, fill and export the ticks and bars of a data directory."
)


class _Opened(NamedTuple):
    """A data directory that no server holds."""

    directory: app.DataDirectory
    world: World
    history: DatabaseHistory

    def instruments(self) -> dict[str, Instrument]:
        """Every instrument by its symbol."""
        return {row.symbol: row for row in self.world.view.instruments.values()}


@contextmanager
def _opened(config: Config, *, fresh: bool = False) -> Iterator[_Opened]:
    """Open a directory; ``fresh``: a new one is begun where there is none."""
    is_new = not (config.data / "journal.db").is_file()
    if is_new and not fresh:
        raise ConfigError(f"data {str(config.data)!r}: there is no journal.db in it")
    directory = app.DataDirectory(config.data)
    try:
        head = directory.journal.head
        # The world's time stands still: a world of the past stays there.
        clock: Clock = ManualClock(head.ts) if head.seq else WallClock()
        world = app.open_world(
            directory.journal,
            directory.snapshots,
            directory.store,
            clock,
            schedule=_nothing,
            begin=directory.beginning,
        )
        app.found(world, app.genesis(world, config.market_seed))
        history = directory.open_history()
        try:
            yield _Opened(directory, world, history)
            history.sync()
        finally:
            history.close()
    finally:
        directory.close()


def _nothing() -> None:
    """Commit nothing by itself: ``found`` does."""


def _calendar(config: Config, world: World) -> str:
    return config.calendar or app.kept_calendar(world) or "xnys"


@history.command(name="list")
def list_(*, data: Path | None = None) -> None:
    """Show which ticks and bars there are, from when to when, and the Parquet days.

    Parameters
    ----------
    data
        Directory to look at (./data); no server may be running on it.
    """
    config = read_config(os.environ, data=data)
    with _opened(config) as opened:
        symbols = {row.instrument_id: row.symbol for row in opened.instruments().values()}
        table = Table("symbol", "source", "what", "count", "first", "last", box=None)
        for ticks in opened.history.kept_ticks():
            name, source, *rest = symbols[ticks.instrument_id], *ticks[1:]
            table.add_row(name, source, "ticks", *_span(*rest))
        for bars in opened.history.kept_bars():
            name, word = symbols[bars.instrument_id], WINDOW_WORDS[bars.window_s]
            table.add_row(name, bars.source or "(all)", word, *_span(*bars[3:]))
        size = opened.history.size_bytes()
    console = _console()
    console.print(table)
    console.print(f"history.db: {size / MEGABYTE:,.1f} MB in use")
    for day, files, taken in days_in(config.data / FOLDER_NAME):
        console.print(f"Parquet day {day}: {files} files, {taken / MEGABYTE:,.1f} MB")


def _span(count: int, first_ns: int, last_ns: int) -> tuple[str, str, str]:
    return f"{count:,}", _time_text(first_ns), _time_text(last_ns)


@history.command(name="import")
def import_(
    spec: str, *, source: str = "", replace: bool = False, data: Path | None = None
) -> None:
    """Put ticks or bars of files into the history.

    Ticks make bars by the rules of live ones; bars of a second, minute or hour make the longer
    ones. What the history has already stays, unless it is to be replaced. Symbols that are not
    listed are listed. Exit code 2: something cannot be read, or is there already.

    Parameters
    ----------
    spec
        A recording, such as lean:DIR?resolution=tick; also of minute, hour or daily bars.
    source
        Under which name it is kept (the word before the colon).
    replace
        Replace ticks of the same source and day, and bars of the same window.
    data
        Directory to fill (./data); no server may be running on it.
    """
    config = read_config(os.environ, data=data)
    past = open_past(spec, source)
    with _opened(config, fresh=True) as opened, _progress("importing") as progress:
        calendar = _calendar(config, opened.world)
        instruments = app.listed_for(opened.world, past, calendar)
        days = app.trading_days(instruments.values(), calendar)
        span = past.last_ts - past.first_ts
        task = progress.add_task("", total=span if span < 2**60 else None, ticks=0, bars=0)

        def told(so_far: Imported) -> None:
            done = max(0, so_far.ts - past.first_ts)
            progress.update(task, completed=done, ticks=so_far.ticks, bars=so_far.bars)

        now_ns = WallClock().now_ns()
        work = HistoryImport(opened.history, instruments, days, told, now_ns, replace=replace)
        found = work.run(past)
    print(f"imported {found.ticks:,} ticks and {found.bars:,} bars of {', '.join(past.symbols)}")


@history.command(name="export")
def export(
    folder: Path,
    *,
    what: Literal["ticks", "1s", "1m", "5m", "1h", "1d"] = "ticks",
    symbols: str = "",
    source: str = "",
    start: Annotated[str | None, Parameter(name="--from")] = None,
    end: Annotated[str | None, Parameter(name="--to")] = None,
    data: Path | None = None,
) -> None:
    """Write ticks or bars into Parquet files.

    Ticks: a folder for each day (UTC) with a file for each symbol, which ``replay`` and ``history
    import`` read as parquet:FOLDER/DAY. Bars: a file for each symbol. Needs the parquet extra.

    Parameters
    ----------
    folder
        Where to write; files that are there already are never overwritten.
    what
        ticks, or bars of a window.
    symbols
        Names divided by commas (all).
    source
        Bars of one source (those of all sources together).
    start
        First day (the first there is).
    end
        Last day, included (the last there is).
    data
        Directory to read (./data); no server may be running on it.
    """
    from_ns, to_ns = _day_ns(start, "--from", 0), _day_ns(end, "--to", NS_MAX - _DAY) + _DAY
    rows, paths = 0, []
    with _opened(read_config(os.environ, data=data)) as opened, _progress("exporting") as progress:
        chosen = _chosen(opened.instruments(), symbols)
        task = progress.add_task("", total=len(chosen), ticks=0, bars=0)

        def told(count: int) -> None:
            nonlocal rows
            rows += count
            if what == "ticks":
                progress.update(task, ticks=rows)
            else:
                progress.update(task, bars=rows)

        for instrument in chosen:
            if what == "ticks":
                paths += export_ticks(opened.history, instrument, folder, from_ns, to_ns, told)
            else:
                kind, span = (source, _SECONDS[what]), (from_ns, to_ns)
                path = export_bars(opened.history, instrument, folder, kind, *span, told)
                paths += [path] if path is not None else []
            progress.advance(task)
    print(f"exported {rows:,} {'ticks' if what == 'ticks' else what + ' bars'}"
          f" into {len(paths)} files")  # fmt: skip


def _chosen(instruments: dict[str, Instrument], symbols: str) -> list[Instrument]:
    names = symbols.split(",") if symbols else list(instruments)
    for name in names:
        if name not in instruments:
            raise ConfigError(f"symbols: {name[:40]!r} is not listed in this directory")
    return [instruments[name] for name in dict.fromkeys(names)]


def _day_ns(text: str | None, option: str, otherwise: int) -> int:
    if text is None:
        return otherwise
    try:
        return (date.fromisoformat(text) - date(1970, 1, 1)).days * _DAY
    except ValueError:
        raise ConfigError(f"{option}: {text[:40]!r} is no day, write 2013-10-07") from None


def _time_text(ts_ns: int) -> str:
    return datetime.fromtimestamp(ts_ns // 10**9, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _progress(title: str) -> Progress:
    return Progress(
        TextColumn(title),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[ticks]:,} ticks, {task.fields[bars]:,} bars"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )


def _console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=PLAIN_WIDTH)
