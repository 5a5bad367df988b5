"""``stockyard replay``: play recorded days with scripted orders, and show what came of them.

Must not know: how a recording is read, or how an order is filled.
"""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final, Literal, NamedTuple

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from stockyard import app
from stockyard.adapters import open_recording
from stockyard.config import Config, ConfigError
from stockyard.market.calendars import CalendarError
from stockyard.market.catalog import listings_for
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import NumberError
from stockyard.model.recordings import RecordingError
from stockyard.runtime import upkeep
from stockyard.runtime.clock import RecordedClock
from stockyard.runtime.order_script import (
    MarketDays,
    OrderScriptError,
    ScriptedOrder,
    read_orders,
    time_of_day,
)
from stockyard.runtime.playback import (
    Playback,
    PlaybackError,
    Terms,
    day_end_ns,
    opening,
    plan,
    within,
)
from stockyard.runtime.playback_report import PlaybackReport, PlayedOrder, ReportReader
from stockyard.runtime.world import World
from stockyard.storage.memory import MemoryDisk

PLAIN_WIDTH: Final = 200
"""Columns of the tables where nobody's terminal says how wide it is."""
SPEED_MAX: Final = 1e6

Told = Callable[[float, int], None]
"""Is told which part of the time is played, from 0 to 1, and the inputs journaled."""


class ReplayRequest(NamedTuple):
    """What to play and under which terms; the fields are the command's parameters."""

    spec: str
    orders: Path | None = None
    data: Path | None = None
    profile: str = "realistic"
    cash: str = "100000"
    speed: float = 0.0
    start: str | None = None
    end: str | None = None


def replay(
    spec: str,
    *,
    orders: Path | None = None,
    data: Path | None = None,
    profile: Literal[
        "realistic", "ideal", "brutal", "exchange", "wholesaler", "crypto_exchange"
    ] = "realistic",
    cash: str = "100000",
    speed: float = 0.0,
    start: Annotated[str | None, Parameter(name="--from")] = None,
    end: Annotated[str | None, Parameter(name="--to")] = None,
    report: Path | None = None,
) -> None:
    """Play recorded days through a fresh world, with orders at market times.

    Exit code 0: played. 1: the data directory cannot be written or read. 2: the recording, the
    orders or an option is wrong; the message names the file, the line and what would be right.

    Parameters
    ----------
    spec: The recording, such as "lean:DIR?date=2013-10-07&symbols=IBM" (see the guide).
    orders: CSV file of orders to place, cancel and replace at market times.
    data: Directory for the journal, empty or with this same playback cut off; without it, memory.
    profile: How honest fills are; GET /api/v1/profiles tells what each does.
    cash: Dollars the account starts with.
    speed: Speed against the recording's own time; 0 for as fast as possible.
    start: Time of day to begin at, such as 10:00: New York's for stocks, UTC for coins.
    end: Time of day to end at.
    report: File to write everything to, as JSON.
    """
    request = ReplayRequest(spec, orders, data, profile, cash, speed, start, end)
    began = time.monotonic()
    try:
        with _progress_bar() as told:
            found, played = play_recording(request, told)
    except KeyboardInterrupt:
        if data is not None:
            print("stopped; the same command goes on from here", file=sys.stderr)
        raise
    _show(found, played, time.monotonic() - began)
    if report is not None:
        try:
            report.write_bytes(msgspec.json.format(msgspec.json.encode(found)) + b"\n")
        except OSError as error:
            raise ConfigError(f"report {str(report)!r}: {error.strerror}") from None


def play_recording(request: ReplayRequest, told: Told | None = None) -> tuple[PlaybackReport, int]:
    """Play a recording; the report, and how many inputs were played (a playback that was cut off
    goes on, and counts only what is new).

    Raises ``RecordingError``, ``ConfigError`` or ``StorageError``.
    """
    recording = open_recording(request.spec)
    days = MarketDays.of(recording.asset_class, recording.first_ts, recording.last_ts)
    instruments = {i.symbol: i for i in listings_for(recording.symbols, recording.asset_class)}
    terms = Terms(tuple(instruments.values()), days, request.profile, _cash_micros(request.cash))
    windows = _windows(request, days)
    script = _script(request.orders, instruments, days)
    orders = [o for o in script if any(begin <= o.ts <= end for begin, end in windows)]
    start_ns = max(recording.first_ts, windows[0][0])
    start_ns = min([start_ns, *(order.ts for order in orders[:1])])
    last_ns = max([min(recording.last_ts, windows[-1][1]), *(order.ts for order in orders[-1:])])
    try:
        until_ns = day_end_ns(days, terms.instruments, last_ns) if request.end is None else last_ns
        first_inputs = opening(terms, f"{recording.symbols} {recording.first_ts}")
    except CalendarError as error:
        raise RecordingError(request.spec, str(error), "play other days") from None
    facts = within(recording.facts(instruments), windows)
    clock = RecordedClock(start_ns, _speed(request.speed))
    with _world(request.data, clock) as world:
        playback = Playback(world, clock, _fraction(told, start_ns, until_ns))
        try:
            playback.play(plan(start_ns, first_inputs, facts, orders), until_ns)
        except PlaybackError as error:
            raise ConfigError(f"data {str(request.data)!r}: {error}") from None
        upkeep.final_snapshot(world)
        report = ReportReader(world, playback, days).report(
            request.spec, start_ns, len(script) - len(orders)
        )
    return report, playback.played


def _fraction(told: Told | None, start_ns: int, until_ns: int) -> Callable[[int, int], None] | None:
    if told is None:
        return None
    return lambda ts, seq: told((ts - start_ns) / max(1, until_ns - start_ns), seq)


def _cash_micros(text: str) -> int:
    try:
        return app.starting_micros(Config(starting_cash=text))
    except ConfigError:
        raise ConfigError(f"cash {text!r}: expected dollars from 0 to 1000000000") from None


def _speed(speed: float) -> float:
    if not 0 <= speed <= SPEED_MAX:
        raise ConfigError(f"speed {speed}: expected 0 to {SPEED_MAX:g}")
    return speed


def _windows(request: ReplayRequest, days: MarketDays) -> tuple[tuple[int, int], ...]:
    """What to play of each day."""
    times = []
    for option, text in (("--from", request.start), ("--to", request.end)):
        try:
            times.append(None if text is None else time_of_day(text))
        except NumberError as error:
            raise ConfigError(f"{option} {text!r}: {error}") from None
    windows = days.windows(*times)
    if any(begin >= end for begin, end in windows):
        raise ConfigError(f"--from {request.start} --to {request.end}: --to must be later")
    return windows


def _script(
    path: Path | None, instruments: Mapping[str, Instrument], days: MarketDays
) -> tuple[ScriptedOrder, ...]:
    if path is None:
        return ()
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return read_orders(lines, str(path), instruments, days)
    except OSError as error:
        raise OrderScriptError(
            str(path), f"the file cannot be read ({error.strerror})", "name a CSV file of orders"
        ) from None
    except UnicodeDecodeError:
        raise OrderScriptError(str(path), "this is no UTF-8 text", "save it as UTF-8") from None


@contextmanager
def _world(data: Path | None, clock: RecordedClock) -> Iterator[World]:
    """A world in a directory, or in memory where none is named. A playback that fails leaves it as
    a crash would: what is journaled is kept.
    """
    if data is None:
        yield app.memory_world(clock, MemoryDisk(), schedule=_nobody)
        return
    try:
        directory = app.DataDirectory(data)
    except OSError as error:
        raise ConfigError(f"data {str(data)!r}: {error.strerror}") from None
    try:
        yield app.open_world(
            directory.journal,
            directory.snapshots,
            directory.store,
            clock,
            schedule=_nobody,
            begin=directory.beginning,
        )
    finally:
        directory.close()


def _nobody() -> None:
    """Schedule nothing: a playback commits by itself, and nobody else sends anything."""


@contextmanager
def _progress_bar() -> Iterator[Told]:
    columns = (
        TextColumn("playing"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[inputs]:,} inputs"),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task("", total=1.0, inputs=0)
        yield lambda part, inputs: progress.update(task, completed=part, inputs=inputs)


def _show(found: PlaybackReport, played: int, seconds: float) -> None:
    width = None if Console().is_terminal else PLAIN_WIDTH
    console = Console(width=width, markup=False, emoji=False, highlight=False)
    if found.orders:
        _show_orders(console, found)
    if found.fills:
        _show_fills(console, found)
    if found.positions:
        _show_positions(console, found)
    _show_summary(console, found, played, seconds)


def _show_orders(console: Console, found: PlaybackReport) -> None:
    table = Table("line", "time", "action", "client_order_id", "order", "answer", title="Orders")
    table.add_column("filled", justify="right")
    table.add_column("at", justify="right")
    table.add_column("why")
    for order in found.orders:
        amount = f"${order.notional}" if order.notional else order.qty
        words = (
            order.side,
            amount,
            order.symbol,
            order.type,
            f"at {order.limit_price}" if order.limit_price else "",
            f"from {order.stop_price}" if order.stop_price else "",
            f"trailing {order.trail_price}" if order.trail_price else "",
            f"trailing {order.trail_percent} %" if order.trail_percent else "",
            order.time_in_force,
            f"until {order.expires_at}" if order.expires_at else "",
            *_linked(order),
        )
        table.add_row(
            str(order.line),
            order.market_time,
            order.action,
            order.client_order_id,
            " ".join(word for word in words if word),
            order.answer,
            order.filled_qty,
            order.average_price,
            order.detail,
        )
    console.print(table)


def _linked(order: PlayedOrder) -> tuple[str, ...]:
    """What an order's row says of its class, its exits and its hours."""
    profit = order.take_profit_limit_price
    return (
        order.order_class,
        f"profit at {profit}" if profit else "",
        f"loss from {order.stop_loss_stop_price}" if order.stop_loss_stop_price else "",
        f"at {order.stop_loss_limit_price}" if order.stop_loss_limit_price else "",
        f"loss trailing {order.stop_loss_trail_price}" if order.stop_loss_trail_price else "",
        f"loss trailing {order.stop_loss_trail_percent} %" if order.stop_loss_trail_percent else "",
        "extended hours" if order.extended_hours else "",
    )


def _show_fills(console: Console, found: PlaybackReport) -> None:
    table = Table("time", "client_order_id", "side", "symbol", title="Fills")
    for name in ("qty", "price", "bid x size", "ask x size", "age ms", "fees", "realized"):
        table.add_column(name, justify="right")
    table.add_column("rule")
    for fill in found.fills:
        table.add_row(
            fill.market_time,
            fill.client_order_id,
            fill.side,
            fill.symbol,
            fill.qty,
            fill.price,
            f"{fill.bid} x {fill.bid_size}",
            f"{fill.ask} x {fill.ask_size}",
            fill.quote_age_ms,
            " ".join(f"{kind} {fee}" for kind, fee in fill.fees.items()),
            fill.realized,
            fill.rule,
        )
    console.print(table)


def _show_positions(console: Console, found: PlaybackReport) -> None:
    table = Table("symbol", title="Positions")
    for name in ("qty", "cost", "mark", "value", "unrealized", "realized", "fees"):
        table.add_column(name, justify="right")
    for p in found.positions:
        table.add_row(
            p.symbol,
            p.qty,
            p.cost,
            p.mark or "-",
            p.value or "-",
            p.unrealized or "-",
            p.realized,
            p.fees,
        )
    console.print(table)


def _show_summary(console: Console, found: PlaybackReport, played: int, seconds: float) -> None:
    money = found.money
    table = Table(show_header=False, box=None)
    table.add_row("recording", found.recording)
    table.add_row("from, to", f"{found.first_time}, {found.last_time}")
    table.add_row("profile", found.profile)
    table.add_row("orders, fills", f"{len(found.orders)}, {len(found.fills)}")
    if found.orders_left_out:
        table.add_row("orders outside --from and --to", f"{found.orders_left_out}, not sent")
    table.add_row(
        "profit",
        f"{money.profit} (realized {money.realized},"
        f" unrealized {money.unrealized}, fees {money.fees})",
    )
    table.add_row("final equity", f"{money.equity} (cash {money.cash})")
    balance = " ".join((found.ledger_balance, *found.unbalanced_symbols))
    table.add_row("ledger balance", balance)
    table.add_row("inputs", f"{found.inputs} ({played / max(seconds, 1e-9):,.0f} a second)")
    table.add_row("state hash", found.state_hash)
    table.add_row("engine", f"{found.engine}, version {found.engine_version}")
    console.print(table)
