"""Records and figures of requests in a relational database of their own.

Promises: it does not grow beyond its limits: of what is older than an hour only the slowest, the
failed and a few others stay, figures by the minute become figures by the hour. Losing the file
loses what was measured and nothing else. Must not know: when something is kept, or who reads it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from stockyard.storage.ports import NS_MAX, Database, SqlValue
from stockyard.storage.sqlite import SqliteDatabase
from stockyard.storage.troubles import Part
from stockyard.telemetry.records import (
    HOUR_S,
    MINUTE_S,
    Figures,
    KeptFor,
    RequestRecord,
    RouteFigures,
    summed,
)

FILE_NAME: Final = "requests.db"
DAY_S: Final = 86_400
RECORDS_MAX: Final = 100_000
"""Requests that are kept whole, about 500 bytes each; the oldest leave."""
MINUTES_KEPT_S: Final = 2 * DAY_S
HOURS_KEPT_S: Final = 90 * DAY_S
WHOLE_S: Final = HOUR_S
"""So long everything stays that was kept; then it is thinned."""
THINNED_S: Final = 600
THINNED_KEEP: Final = 3
"""Requests of a route that stay of each ``THINNED_S``, for each reason but failure."""
SETTLED_S: Final = 2 * MINUTE_S
"""After this the last minute of an hour has come."""
HOURS_AT_ONCE: Final = 50
"""Hours that one upkeep adds up at most."""
_NS: Final = 1_000_000_000
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS requests (
    span_id TEXT PRIMARY KEY,
    at_ns BIGINT NOT NULL,
    took_ns BIGINT NOT NULL,
    method TEXT NOT NULL,
    route TEXT NOT NULL,
    status INTEGER NOT NULL,
    trace_id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    order_id TEXT NOT NULL,
    kept_for TEXT NOT NULL,
    record TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS requests_by_time ON requests (at_ns, span_id);
CREATE INDEX IF NOT EXISTS requests_by_name ON requests (request_id);
CREATE TABLE IF NOT EXISTS figures (
    length_s INTEGER NOT NULL,
    at_s BIGINT NOT NULL,
    method TEXT NOT NULL,
    route TEXT NOT NULL,
    figures TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS figures_by_time ON figures (length_s, at_s)
"""
_KEEP: Final = (
    "INSERT INTO requests (span_id, at_ns, took_ns, method, route, status, trace_id, request_id,"
    " user_id, order_id, kept_for, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_COUNT: Final = (
    "INSERT INTO figures (length_s, at_s, method, route, figures) VALUES (?, ?, ?, ?, ?)"
)
_THIN: Final = (
    "DELETE FROM requests WHERE span_id IN (SELECT span_id FROM (SELECT span_id, ROW_NUMBER() OVER"
    " (PARTITION BY method, route, kept_for, at_ns / ? ORDER BY took_ns DESC, span_id) AS place"
    " FROM requests WHERE at_ns >= ? AND at_ns < ? AND kept_for <> ?) AS ranked WHERE place > ?)"
)
_TRIM: Final = (
    "DELETE FROM requests WHERE at_ns < (SELECT MIN(at_ns) FROM"
    " (SELECT at_ns FROM requests ORDER BY at_ns DESC LIMIT ?) AS newest)"
)
_encode: Final = msgspec.json.Encoder().encode
_record: Final = msgspec.json.Decoder(RequestRecord).decode
_figures: Final = msgspec.json.Decoder(Figures).decode


class RequestFilter(NamedTuple):
    """Which requests are wanted; empty text and None: any.

    ``slowest``: in order of how long they took, else the newest first. ``after``: only those that
    follow the one with this time (ns, or how long it took) and ``span_id``.
    """

    limit: int
    start_ns: int = 0
    end_ns: int = NS_MAX
    method: str = ""
    route: str = ""
    status_least: int = 0
    status_most: int = 999
    took_least_ns: int = 0
    trace_id: str = ""
    request_id: str = ""
    user_id: str = ""
    order_id: str = ""
    kept_for: str = ""
    slowest: bool = False
    after: tuple[int, str] | None = None


class DatabaseRequests:
    """Requests over a database of its own. Every method may raise ``StorageError``."""

    def __init__(self, database: Database, records_max: int = RECORDS_MAX) -> None:
        self._database, self._records_max = database, records_max
        database.script(_SCHEMA)

    def save(self, records: Sequence[RequestRecord], figures: Sequence[RouteFigures]) -> None:
        """Keep these, all or none."""
        kept = [
            (
                *(one.span_id, one.at_ns, one.took_ns, one.method, one.route, one.status),
                *(one.trace_id, one.request_id, one.user_id, one.order_id, one.kept_for),
                _encode(one).decode(),
            )
            for one in records
        ]
        counted = [_row(one) for one in figures]

        def work(database: Database) -> None:
            database.executemany(_KEEP, kept)
            database.executemany(_COUNT, counted)

        self._database.transact(work)

    def record(self, span_id: str) -> RequestRecord | None:
        """The request of this name."""
        found = self._database.query("SELECT record FROM requests WHERE span_id = ?", (span_id,))
        return _record(found[0][0]) if found else None

    def records(self, wanted: RequestFilter) -> list[RequestRecord]:
        """The requests that are wanted, in the wanted order."""
        terms = ["at_ns >= ?", "at_ns < ?", "status >= ?", "status <= ?", "took_ns >= ?"]
        values: list[SqlValue] = [
            *(wanted.start_ns, wanted.end_ns, wanted.status_least, wanted.status_most),
            wanted.took_least_ns,
        ]
        for column in (
            *("method", "route", "trace_id", "request_id", "user_id", "order_id", "kept_for"),
        ):
            if text := getattr(wanted, column):
                terms.append(f"{column} = ?")
                values.append(text)
        order = "took_ns" if wanted.slowest else "at_ns"
        if wanted.after is not None:
            terms.append(f"({order}, span_id) < (?, ?)")
            values += wanted.after
        sql = (
            f"SELECT record FROM requests WHERE {' AND '.join(terms)}"
            f" ORDER BY {order} DESC, span_id DESC LIMIT ?"
        )
        return [_record(row[0]) for row in self._database.query(sql, (*values, wanted.limit))]

    def figures(self, start_s: int, end_s: int) -> list[RouteFigures]:
        """Figures of the minutes that begin in the range.

        Whole hours stand for their minutes; where minutes are gone, also hours that it cuts.
        """
        first = self._database.query(
            "SELECT MIN(at_s) FROM figures WHERE length_s = ?", (MINUTE_S,)
        )
        minutes_from = first[0][0] if first[0][0] is not None else NS_MAX
        hours = self._read(
            "length_s = ? AND at_s > ? AND at_s < ? AND (at_s < ? OR (at_s >= ? AND at_s <= ?))",
            (HOUR_S, start_s - HOUR_S, end_s, minutes_from, start_s, end_s - HOUR_S),
        )
        covered = {one.at_s for one in hours}
        minutes = self._read("length_s = ? AND at_s >= ? AND at_s < ?", (MINUTE_S, start_s, end_s))
        return hours + [one for one in minutes if one.at_s // HOUR_S * HOUR_S not in covered]

    def _read(self, where: str, values: Sequence[SqlValue]) -> list[RouteFigures]:
        sql = f"SELECT at_s, length_s, method, route, figures FROM figures WHERE {where}"
        return [
            RouteFigures(at_s, length_s, method, route, _figures(text))
            for at_s, length_s, method, route, text in self._database.query(sql, values)
        ]

    def tidy(self, now_s: int, days: int) -> None:
        """Add up hours, thin what is older, and drop what is older than ``days``, or too much."""
        self._add_up(now_s)
        whole_ns = (now_s - WHOLE_S) // THINNED_S * THINNED_S * _NS

        def work(database: Database) -> None:
            database.execute(
                "DELETE FROM requests WHERE at_ns < ?", ((now_s - days * DAY_S) * _NS,)
            )
            database.execute(
                _THIN,
                (
                    *(THINNED_S * _NS, whole_ns - 2 * WHOLE_S * _NS, whole_ns),
                    *(KeptFor.FAILED, THINNED_KEEP),
                ),
            )
            database.execute(_TRIM, (self._records_max,))
            for length_s, kept_s in ((MINUTE_S, MINUTES_KEPT_S), (HOUR_S, HOURS_KEPT_S)):
                database.execute(
                    "DELETE FROM figures WHERE length_s = ? AND at_s < ?",
                    (length_s, (now_s - kept_s) // HOUR_S * HOUR_S),
                )

        self._database.transact(work)

    def _add_up(self, now_s: int) -> None:
        """Make figures of hours out of those of minutes, once each."""
        over_s = (now_s - SETTLED_S) // HOUR_S * HOUR_S
        found = self._database.query(
            "SELECT DISTINCT at_s - at_s % 3600 FROM figures WHERE length_s = ? AND at_s < ?"
            " AND at_s - at_s % 3600 NOT IN (SELECT at_s FROM figures WHERE length_s = ?)"
            " ORDER BY 1 LIMIT ?",
            (MINUTE_S, over_s, HOUR_S, HOURS_AT_ONCE),
        )
        for (hour_s,) in found:
            minutes = self._read(
                "length_s = ? AND at_s >= ? AND at_s < ?", (MINUTE_S, hour_s, hour_s + HOUR_S)
            )
            rows = [
                _row(RouteFigures(hour_s, HOUR_S, method, route, figures))
                for (method, route), figures in summed(minutes).items()
            ]
            self._database.executemany(_COUNT, rows)

    def close(self) -> None:
        """Release the file."""
        self._database.close()


def _row(one: RouteFigures) -> tuple[SqlValue, ...]:
    return one.length_s, one.at_s, one.method, one.route, _encode(one.figures).decode()


def open_requests(directory: Path, part: Part | None = None) -> DatabaseRequests:
    """The requests of a data directory. Raises ``StorageError`` when it cannot be opened."""
    return DatabaseRequests(SqliteDatabase(directory / FILE_NAME, durable=False, part=part))
