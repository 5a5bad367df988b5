"""Raw ticks and bars in a relational database.

Promises: a batch is one transaction and two statements, however many rows it has; a bar replaces
the earlier revision of itself. A killed process loses nothing that ``append`` returned for; a power
cut may take what came after the last ``sync``. Must not know: when a batch is due, or who reads.

A tick is kept as the JSON text of its message, beside the columns it is found by. A bar's
``volume`` and ``value`` are text: a day's coins may pass 64 bits, as price times quantity does.
"""

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Final

import msgspec

from stockyard.model.ticks import WINDOWS_S, Bar, BarTick, Tick
from stockyard.storage.ports import (
    Database,
    KeptBars,
    KeptTick,
    KeptTicks,
    Row,
    SqlValue,
    TickPlace,
)
from stockyard.storage.sqlite import SqliteDatabase
from stockyard.storage.troubles import Part

FILE_NAME: Final = "history.db"
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS ticks (
    instrument_id INTEGER NOT NULL,
    ts_event INTEGER NOT NULL,
    number INTEGER NOT NULL,
    source TEXT NOT NULL,
    tick TEXT NOT NULL,
    PRIMARY KEY (instrument_id, ts_event, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS numbers (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    last INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS marks (
    name TEXT PRIMARY KEY,
    ts_ns INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS bars (
    instrument_id INTEGER NOT NULL,
    source TEXT NOT NULL,
    window_s INTEGER NOT NULL,
    start_ns INTEGER NOT NULL,
    open INTEGER NOT NULL,
    high INTEGER NOT NULL,
    low INTEGER NOT NULL,
    close INTEGER NOT NULL,
    volume TEXT NOT NULL,
    value TEXT NOT NULL,
    count INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    final INTEGER NOT NULL,
    PRIMARY KEY (instrument_id, source, window_s, start_ns)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS open_bars ON bars (final) WHERE final = 0;
CREATE INDEX IF NOT EXISTS bars_by_age ON bars (window_s, start_ns)
"""
_TICK_COLUMNS: Final = ("instrument_id", "ts_event", "number", "source", "tick")
_TICK_KEY: Final = "instrument_id, ts_event, number"
_BAR_COLUMNS: Final = Bar.__struct_fields__
_BAR_KEY: Final = "instrument_id, source, window_s, start_ns"
_BARS: Final = f"SELECT {', '.join(_BAR_COLUMNS)} FROM bars"
_NUMBERED: Final = (
    "INSERT INTO numbers (id, last) VALUES (1, ?)"
    " ON CONFLICT (id) DO UPDATE SET last = excluded.last"
)
_MARKED: Final = (
    "INSERT INTO marks (name, ts_ns) VALUES (?, ?)"
    " ON CONFLICT (name) DO UPDATE SET ts_ns = excluded.ts_ns"
)
_OF_A_KIND: Final = "instrument_id = ? AND source = ? AND window_s = ?"
_OF_A_SOURCE: Final = "instrument_id = ? AND source = ? AND ts_event >= ? AND ts_event < ?"
_WIDE_AT: Final = (_BAR_COLUMNS.index("volume"), _BAR_COLUMNS.index("value"))
_FINAL_AT: Final = _BAR_COLUMNS.index("final")
_encode: Final = msgspec.json.Encoder().encode
_decode_tick: Final = msgspec.json.Decoder(Tick).decode


def tick_time(tick: Tick) -> int:
    """When a tick happened: a vendor's bar at its start."""
    return tick.start_ns if isinstance(tick, BarTick) else tick.ts_event


class DatabaseHistory:
    """A ``ports.History`` over a database of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.script(_SCHEMA)
        self._turn = Lock()
        rows = database.query("SELECT last FROM numbers WHERE id = 1")
        self._number: int = rows[0][0] if rows else 0

    def append(self, ticks: Sequence[Tick], bars: Sequence[Bar]) -> None:
        """Keep ticks and bars in one transaction; see ``ports.History``."""
        if not (ticks or bars):
            return
        with self._turn:
            first = self._number + 1
            tick_rows = _encode(
                [
                    (tick.instrument_id, tick_time(tick), number, tick.source, tick)
                    for number, tick in enumerate(ticks, first)
                ]
            )
            bar_rows = _encode([_bar_row(bar) for bar in bars])

            def work(database: Database) -> None:
                if ticks:
                    database.upsert_json("ticks", _TICK_COLUMNS, _TICK_KEY, tick_rows)
                    database.execute(_NUMBERED, (first + len(ticks) - 1,))
                if bars:
                    database.upsert_json("bars", _BAR_COLUMNS, _BAR_KEY, bar_rows)

            self._database.transact(work)
            self._number += len(ticks)

    def bars(
        self,
        instrument_id: int,
        source: str,
        window_s: int,
        from_ns: int,
        to_ns: int,
        limit: int,
    ) -> list[Bar]:
        """The first ``limit`` bars that begin in the range, in order of time."""
        rows = self._database.query(
            f"{_BARS} WHERE {_OF_A_KIND} AND start_ns >= ? AND start_ns < ?"
            " ORDER BY start_ns LIMIT ?",
            (instrument_id, source, window_s, from_ns, to_ns, limit),
        )
        return [_bar(row) for row in rows]

    def newest_bars(
        self, instrument_id: int, source: str, window_s: int, before_ns: int, limit: int
    ) -> list[Bar]:
        """The last ``limit`` bars that begin before ``before_ns``, in order of time."""
        rows = self._database.query(
            f"{_BARS} WHERE {_OF_A_KIND} AND start_ns < ? ORDER BY start_ns DESC LIMIT ?",
            (instrument_id, source, window_s, before_ns, limit),
        )
        return [_bar(row) for row in reversed(rows)]

    def open_bars(self) -> list[Bar]:
        """The bars that are not final."""
        rows = self._database.query(f"{_BARS} WHERE final = 0 ORDER BY {_BAR_KEY}")
        return [_bar(row) for row in rows]

    def ticks(
        self, instrument_id: int, from_ns: int, before: TickPlace, limit: int
    ) -> list[KeptTick]:
        """The newest ``limit`` ticks from ``from_ns`` on and before a place, newest first."""
        rows = self._database.query(
            "SELECT ts_event, number, tick FROM ticks WHERE instrument_id = ?"
            " AND ts_event >= ? AND (ts_event, number) < (?, ?)"
            " ORDER BY ts_event DESC, number DESC LIMIT ?",
            (instrument_id, from_ns, *before, limit),
        )
        return [_kept(row) for row in rows]

    def ticks_after(
        self, instrument_id: int, after: TickPlace, to_ns: int, limit: int
    ) -> list[KeptTick]:
        """The first ``limit`` ticks after a place and before ``to_ns``, in order of time."""
        rows = self._database.query(
            "SELECT ts_event, number, tick FROM ticks WHERE instrument_id = ?"
            " AND (ts_event, number) > (?, ?) AND ts_event < ?"
            " ORDER BY ts_event, number LIMIT ?",
            (instrument_id, *after, to_ns, limit),
        )
        return [_kept(row) for row in rows]

    def kept_bars(self) -> list[KeptBars]:
        """What bars there are."""
        rows = self._database.query(
            "SELECT instrument_id, source, window_s, count(*), min(start_ns), max(start_ns)"
            " FROM bars GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
        )
        return [KeptBars._make(row) for row in rows]

    def kept_ticks(self) -> list[KeptTicks]:
        """What raw ticks there are."""
        rows = self._database.query(
            "SELECT instrument_id, source, count(*), min(ts_event), max(ts_event)"
            " FROM ticks GROUP BY 1, 2 ORDER BY 1, 2"
        )
        return [KeptTicks._make(row) for row in rows]

    def has_ticks(self, instrument_id: int, source: str, from_ns: int, to_ns: int) -> bool:
        """Whether a source has a tick in the range."""
        rows = self._database.query(
            f"SELECT 1 FROM ticks WHERE {_OF_A_SOURCE} LIMIT 1",
            (instrument_id, source, from_ns, to_ns),
        )
        return bool(rows)

    def forget_source(
        self, instrument_id: int, source: str, from_ns: int, to_ns: int, limit: int
    ) -> int:
        """Remove up to ``limit`` ticks of one source in a range; how many it were."""
        which = (instrument_id, source, from_ns, to_ns)
        return self._forget("ticks", _OF_A_SOURCE, _TICK_KEY, which, limit)

    def forget_ticks(self, instrument_id: int, from_ns: int, to_ns: int, limit: int) -> int:
        """Remove up to ``limit`` of the oldest ticks of a time; how many it were."""
        which = "instrument_id = ? AND ts_event >= ? AND ts_event < ?"
        return self._forget("ticks", which, _TICK_KEY, (instrument_id, from_ns, to_ns), limit)

    def forget_bars(self, window_s: int, from_ns: int, to_ns: int, limit: int) -> int:
        """Remove up to ``limit`` bars that begin in a time; how many it were."""
        assert window_s in WINDOWS_S, f"bars of {window_s} s are not kept"
        which = "window_s = ? AND start_ns >= ? AND start_ns < ?"
        return self._forget("bars", which, _BAR_KEY, (window_s, from_ns, to_ns), limit)

    def mark(self, name: str) -> int | None:
        """The time that was last set under a name."""
        rows = self._database.query("SELECT ts_ns FROM marks WHERE name = ?", (name,))
        return rows[0][0] if rows else None

    def set_mark(self, name: str, ts_ns: int) -> None:
        """Remember a time under a name."""
        self._database.execute(_MARKED, (name, ts_ns))

    def _forget(
        self, table: str, which: str, key: str, params: Sequence[SqlValue], limit: int
    ) -> int:
        removed: list[Row] = []

        def work(database: Database) -> None:
            removed.extend(
                database.query(
                    f"DELETE FROM {table} WHERE ({key}) IN"
                    f" (SELECT {key} FROM {table} WHERE {which} ORDER BY {key} LIMIT ?)"
                    " RETURNING 1",
                    (*params, limit),
                )
            )

        self._database.transact(work)
        return len(removed)

    def size_bytes(self) -> int:
        """Bytes in use: pages of the file that hold something."""
        ((pages, free, size),) = self._database.query(
            "SELECT page_count, freelist_count, page_size"
            " FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
        )
        return int((pages - free) * size)

    def sync(self) -> None:
        """Make what is kept safe from a power cut as well."""
        self._database.sync()

    def close(self) -> None:
        """Release the files."""
        self._database.close()


def open_history(directory: Path, part: Part | None = None) -> DatabaseHistory:
    """The history of a data directory. Raises ``StorageError`` when it cannot be opened."""
    return DatabaseHistory(SqliteDatabase(directory / FILE_NAME, durable=False, part=part))


def _kept(row: Row) -> KeptTick:
    ts_event, number, text = row
    return KeptTick(TickPlace(ts_event, number), _decode_tick(text))


def _bar_row(bar: Bar) -> list[object]:
    row: list[object] = list(msgspec.structs.astuple(bar))
    for at in _WIDE_AT:
        row[at] = str(row[at])
    row[_FINAL_AT] = int(bar.final)
    return row


def _bar(row: Row) -> Bar:
    values = list(row)
    for at in _WIDE_AT:
        values[at] = int(values[at])
    values[_FINAL_AT] = bool(values[_FINAL_AT])
    return Bar(*values)
