"""The history: how fast ticks are written, and what a chart costs over HTTP.

Ticks go in as the server writes them, a batch of 200 in a transaction, and beside it each as a row
of its own in a database on the same disk, committed. The questions of a chart are asked of a server
on one keep-alive connection, its directory filled with several stocks before; beside them the same
rows are read by one SELECT from a plain table in this process, without HTTP.
"""

import http.client
import shutil
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from bench.figures import Figure, Report, quantile
from bench.serving import Serving
from bench.sizes import Sizes
from stockyard.app import catalog_instruments
from stockyard.model.ticks import CONSOLIDATED, Bar, QuoteTick, Tick, TradeTick
from stockyard.storage.history import open_history

BATCH: Final = 200
NS: Final = 10**9
UNIT: Final = 10**9
MINUTE_NS: Final = 60 * NS
DAY_NS: Final = 86_400 * NS
MINUTES: Final = 390
DAYS: Final = 105
"""Trading days of five months."""
MINUTE_DAYS: Final = 5
STOCKS: Final = catalog_instruments()[:10]
END_NS: Final = 19_000 * DAY_NS
"""The end of 2022-01-07, UTC."""
TICKS: Final = 1_000
WRITE_AIM: Final = 50_000
QUERY_AIM_MS: Final = 20.0


def ticks(count: int) -> list[Tick]:
    """Four quotes to a trade, of several stocks, a millisecond apart, up to the end."""
    made: list[Tick] = []
    for number in range(count):
        one, ts = STOCKS[number % len(STOCKS)].instrument_id, END_NS - (count - number) * 1_000_000
        if number % 5:
            bid = 1_900_000 + number % 97 * 100
            made.append(QuoteTick(one, "bench", bid, bid + 100, 3 * UNIT, 5 * UNIT, ts))
        else:
            made.append(TradeTick(one, "bench", 1_900_000, 100 * UNIT, ts, 7, number))
    return made


def bars() -> list[Bar]:
    """Minutes of some days, and days of five months, of every stock."""
    made = []
    for instrument in STOCKS:
        starts = [
            (60, END_NS - (day + 1) * DAY_NS + (14 * 60 + 30 + minute) * MINUTE_NS)
            for day in range(MINUTE_DAYS)
            for minute in range(MINUTES)
        ]
        starts += [(86_400, END_NS - (day + 1) * DAY_NS) for day in range(DAYS)]
        for window_s, start in starts:
            qty = 12_300 * UNIT
            made.append(
                Bar(
                    instrument.instrument_id, CONSOLIDATED, window_s, start,
                    1_900_000, 1_905_000, 1_899_900, 1_901_100, qty, qty * 1_900_500, 77, 0, True,
                )
            )  # fmt: skip
    return made


def write(folder: Path, made: list[Tick]) -> float:
    """Write ticks as the server does; ticks a second."""
    history = open_history(folder)
    begun = time.perf_counter()
    for at in range(0, len(made), BATCH):
        history.append(made[at : at + BATCH], [])
    seconds = time.perf_counter() - begun
    history.close()
    return len(made) / seconds


def insert(path: Path, made: list[Tick]) -> float:
    """Write each tick as a row and commit it, no safer from a power cut; ticks a second."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=NORMAL")
    database.execute(
        "CREATE TABLE ticks (instrument_id, ts, number, source, said,"
        " PRIMARY KEY (instrument_id, ts, number)) WITHOUT ROWID"
    )
    begun = time.perf_counter()
    for number, tick in enumerate(made):
        assert isinstance(tick, QuoteTick | TradeTick)
        row = (tick.instrument_id, tick.ts_event, number, tick.source, msgspec.json.encode(tick))
        database.execute("INSERT INTO ticks VALUES (?, ?, ?, ?, ?)", row)
    seconds = time.perf_counter() - begun
    database.close()
    return len(made) / seconds


def plain_tables(path: Path, kept: list[Bar], made: list[Tick]) -> sqlite3.Connection:
    """The same bars and ticks in plain tables."""
    database = sqlite3.connect(path, isolation_level=None)
    names = ", ".join(Bar.__struct_fields__)
    key = "PRIMARY KEY (instrument_id, window_s, start_ns)"
    database.execute(f"CREATE TABLE bars ({names}, {key}) WITHOUT ROWID")
    key = "PRIMARY KEY (instrument_id, ts, number)"
    database.execute(f"CREATE TABLE ticks (instrument_id, ts, number, said, {key}) WITHOUT ROWID")
    database.execute("BEGIN")
    marks = ", ".join("?" * len(Bar.__struct_fields__))
    for bar in kept:
        row = msgspec.structs.astuple(msgspec.structs.replace(bar, value=bar.volume))
        database.execute(f"INSERT INTO bars VALUES ({marks})", row)
    for number, tick in enumerate(made):
        assert isinstance(tick, QuoteTick | TradeTick)
        said = msgspec.json.encode(tick).decode()
        row = (tick.instrument_id, tick.ts_event, number, said)
        database.execute("INSERT INTO ticks VALUES (?, ?, ?, ?)", row)
    database.execute("COMMIT")
    return database


class Question(NamedTuple):
    """What a chart asks: its path and query, and the SELECT that reads the same rows."""

    name: str
    about: str
    path: str
    select: str
    first: int
    rows: int


def questions(count: int) -> list[Question]:
    """A day of minutes, five months of days, the newest ticks. ``count``: ticks there are."""
    day = time.strftime("%Y-%m-%d", time.gmtime((END_NS - DAY_NS) // NS))
    end = time.strftime("%Y-%m-%d", time.gmtime(END_NS // NS))
    of_bars = "SELECT * FROM bars WHERE instrument_id = ? AND window_s ="
    newest = "SELECT ts, number, said FROM ticks WHERE instrument_id = ?"
    ticks_there = min(TICKS, count // len(STOCKS))
    return [
        Question(
            "minutes",
            f"a day of minute bars ({MINUTES})",
            f"/api/v1/bars?symbol={{}}&window=1m&start={day}&end={end}",
            f"{of_bars} 60 AND start_ns >= ? ORDER BY start_ns",
            END_NS - DAY_NS,
            MINUTES,
        ),
        Question(
            "days",
            f"five months of daily bars ({DAYS})",
            f"/api/v1/bars?symbol={{}}&window=1d&limit={DAYS}",
            f"{of_bars} 86400 AND start_ns >= ? ORDER BY start_ns",
            0,
            DAYS,
        ),
        Question(
            "ticks",
            f"the newest {ticks_there:,} ticks",
            f"/api/v1/tickers/{{}}/history?limit={ticks_there}",
            f"{newest} AND ts >= ? ORDER BY ts DESC, number DESC LIMIT {ticks_there}",
            0,
            ticks_there,
        ),
    ]


def asked(connection: http.client.HTTPConnection, one: Question, count: int) -> list[float]:
    """Milliseconds of each answer; whole answers, read but not decoded (but for the first)."""
    took = []
    for number in range(count):
        path = one.path.format(STOCKS[number % len(STOCKS)].symbol)
        begun = time.perf_counter()
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        took.append((time.perf_counter() - begun) * 1_000)
        assert answer.status == 200, body
        if number == 0:
            found = msgspec.json.decode(body)
            rows = found.get("bars", found.get("ticks"))
            assert len(rows) == one.rows, (len(rows), one.rows)
    return took


def selected(database: sqlite3.Connection, one: Question, count: int) -> list[float]:
    """Milliseconds of each SELECT with all its rows."""
    took = []
    for number in range(count):
        which = STOCKS[number % len(STOCKS)].instrument_id
        begun = time.perf_counter()
        rows = database.execute(one.select, (which, one.first)).fetchall()
        took.append((time.perf_counter() - begun) * 1_000)
        assert len(rows) == one.rows
    return took


def run(sizes: Sizes, folder: Path) -> Report:
    """Write, then ask; the plain ways on the same disk in the same run."""
    place = Path(tempfile.mkdtemp(prefix="history-", dir=folder))
    try:
        return _run(sizes, place)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _run(sizes: Sizes, place: Path) -> Report:
    made, kept = ticks(sizes.history_ticks), bars()
    data = place / "data"
    data.mkdir()
    rate = write(data, made)
    plain = insert(place / "plain.db", made[: sizes.history_inserts])
    with closing(open_history(data)) as history:
        history.append([], kept)
    figures = [
        Figure(
            "history_write",
            f"History: raw ticks written, {BATCH} a transaction",
            rate,
            "ticks/s",
            aim=f">= {WRITE_AIM:,}",
            met=rate >= WRITE_AIM,
            against=f"one row per INSERT, {plain:,.0f} ticks/s",
            ratio=rate / plain,
        )
    ]
    tables = plain_tables(place / "tables.db", kept, made)
    with closing(tables), Serving(data, market="none") as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        for one in questions(len(made)):
            asked(connection, one, len(STOCKS))
            took = asked(connection, one, sizes.history_questions)
            plainly = quantile(selected(tables, one, sizes.history_questions), 0.5)
            p50 = quantile(took, 0.5)
            figures.append(
                Figure(
                    f"history_{one.name}_p50",
                    f"History over HTTP: {one.about}, p50",
                    p50,
                    "ms",
                    aim=f"<= {QUERY_AIM_MS:.0f} ms",
                    met=p50 <= QUERY_AIM_MS,
                    against=f"one SELECT of the same rows without HTTP, {plainly:.2f} ms",
                    ratio=p50 / plainly,
                    note=f"p99 {quantile(took, 0.99):.1f} ms",
                )
            )
        connection.close()
    notes = [
        f"History: {len(made):,} ticks and {len(kept):,} bars of {len(STOCKS)} stocks;"
        f" {(data / 'history.db').stat().st_size / len(made):,.0f} bytes a tick on the disk, bars"
        " included."
    ]
    return Report(figures, [], notes)
