"""Alerts: what somebody wants to be told of, armed once and fired at most once for each arming.

Promises: a firing, what the inbox and the mail are told of it, and the end of the arming are one
transaction, and the database itself refuses a second firing of an arming; somebody else's alert is
as if it did not exist; only the table holds alerts, who watches for them keeps its own notes. Must
not know: prices, symbols, or when an alert is due.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from stockyard.people.errors import UserError
from stockyard.people.limits import PeopleLimits
from stockyard.storage.ports import Database, Row

NOTE_LENGTH_MAX: Final = 200
LOADED_AT_ONCE: Final = 5_000
_ID_BYTES: Final = 16


class AlertKind:
    """What an alert is about."""

    PRICE: Final = "price"
    PERCENT: Final = "percent"
    PROFIT: Final = "pnl"
    VOLUME: Final = "volume"


class Direction:
    """Where its level must be passed to, the level itself included."""

    ABOVE: Final = "above"
    BELOW: Final = "below"
    EITHER: Final = "either"


class Watched:
    """Which price it is."""

    LAST: Final = "last"
    BID: Final = "bid"
    ASK: Final = "ask"
    MARK: Final = "mark"


class Since:
    """From where a move or a profit is counted."""

    ARMING: Final = "arming"
    CLOSE: Final = "previous_close"
    START: Final = "start"


class AlertStatus:
    """Where an alert stands."""

    ARMED: Final = "armed"
    FIRED: Final = "fired"
    OFF: Final = "off"


class AlertTerms(msgspec.Struct, frozen=True, gc=False):
    """What is watched for. ``instrument_id`` 0: the whole account.

    ``level``: a price or a quantity scaled by the instrument, millionths for a percentage, or
    micro-dollars. ``base``: what a move or a profit since the arming is counted from.
    """

    kind: str
    instrument_id: int
    direction: str
    level: int
    watched: str
    since: str
    base: int


class Alert(msgspec.Struct, frozen=True, gc=False):
    """One alert. ``arming`` counts how often it was armed; ``armed_seq``: what is in the journal up
    to there came before.
    """

    id: str
    user_id: str
    account_id: int
    terms: AlertTerms
    note: str
    email: bool
    status: str
    arming: int
    armed_seq: int
    armed_ns: int
    created_ns: int
    fired_ns: int | None


class Firing(NamedTuple):
    """An arming whose condition record ``seq`` met, in words; ``shown``: the value that met it."""

    alert_id: str
    arming: int
    seq: int
    ts: int
    shown: str
    title: str
    text: str


class FiredAlert(msgspec.Struct, frozen=True, gc=False):
    """One firing as it is kept. ``number`` grows."""

    number: int
    alert_id: str
    arming: int
    user_id: str
    account_id: int
    kind: str
    instrument_id: int
    shown: str
    title: str
    text: str
    seq: int
    ts: int
    fired_ns: int


class AlertDay(NamedTuple):
    """What was traded of an instrument in the trading day that ends at ``end_ns``, as of ``seq``;
    ``close``: of the day before, 0 for none.
    """

    instrument_id: int
    seq: int
    end_ns: int
    close: int
    last: int
    volume: int


class Arming(NamedTuple):
    """When something is armed: what was journaled by then, and the wall's time."""

    seq: int
    now_ns: int


Tell = Callable[[Database, Alert, Firing, int], None]
"""Tells a user of a firing inside its transaction, at a time."""

_COLUMNS: Final = (
    "id, user_id, account_id, kind, instrument_id, direction, level, watched, since, base, note,"
    " email, status, arming, armed_seq, armed_ns, created_ns, fired_ns"
)
_FIRED: Final = (
    "number, alert_id, arming, user_id, account_id, kind, instrument_id, shown, title, text, seq,"
    " ts, fired_ns"
)
_DAY: Final = "instrument_id, seq, end_ns, close, last, volume"


class Alerts:
    """All alerts and their history, in their tables."""

    def __init__(
        self,
        database: Database,
        limits: PeopleLimits,
        random_bytes: Callable[[int], bytes],
        tell: Tell,
    ) -> None:
        self._database, self._limits, self._random_bytes = database, limits, random_bytes
        self._tell = tell
        self._count = self._one("SELECT COUNT(*) FROM alerts")
        self._last = self._one("SELECT COALESCE(MAX(number), 0) FROM alert_firings")

    def _one(self, sql: str, *params: str | int) -> int:
        return int(self._database.query(sql, params)[0][0])

    # Reading.

    def of_account(
        self, account_id: int, status: str | None = None, instrument_id: int | None = None
    ) -> list[Alert]:
        """An account's alerts, newest first."""
        wanted = ""
        values: list[str | int] = [account_id]
        if status is not None:
            wanted += " AND status = ?"
            values.append(status)
        if instrument_id is not None:
            wanted += " AND instrument_id = ?"
            values.append(instrument_id)
        rows = self._database.query(
            f"SELECT {_COLUMNS} FROM alerts WHERE account_id = ?{wanted}"
            " ORDER BY created_ns DESC, id",
            values,
        )
        return [_alert(row) for row in rows]

    def find(self, account_id: int, alert_id: str) -> Alert:
        """One alert by its id. Raises ``UserError`` ``unknown_alert``."""
        rows = self._database.query(
            f"SELECT {_COLUMNS} FROM alerts WHERE id = ? AND account_id = ?",
            (alert_id.lower(), account_id),
        )
        if not rows:
            raise UserError(
                "unknown_alert", "alert_id", "there is no such alert", "name one of the account's"
            )
        return _alert(rows[0])

    def armed(self) -> Iterator[Alert]:
        """Every armed alert, by id, read in pieces."""
        last = ""
        while True:
            rows = self._database.query(
                f"SELECT {_COLUMNS} FROM alerts WHERE status = 'armed' AND id > ? ORDER BY id"
                " LIMIT ?",
                (last, LOADED_AT_ONCE),
            )
            if not rows:
                return
            yield from map(_alert, rows)
            last = rows[-1][0]

    def history(
        self, account_id: int, limit: int, before: int | None = None, alert_id: str | None = None
    ) -> list[FiredAlert]:
        """What fired, newest first; those with a ``number`` below ``before``, or of one alert."""
        wanted = ""
        params: list[str | int] = [account_id]
        if before is not None:
            wanted += " AND number < ?"
            params.append(before)
        if alert_id is not None:
            wanted += " AND alert_id = ?"
            params.append(alert_id.lower())
        rows = self._database.query(
            f"SELECT {_FIRED} FROM alert_firings WHERE account_id = ?{wanted}"
            " ORDER BY number DESC LIMIT ?",
            (*params, limit),
        )
        return [FiredAlert(*row) for row in rows]

    # Changing.

    def create(
        self,
        user_id: str,
        account_id: int,
        terms: AlertTerms,
        note: str,
        email: bool,
        arming: Arming,
    ) -> Alert:
        """Make an alert and arm it.

        Raises ``UserError``: ``invalid_note``, ``too_many_alerts``.
        """
        note = checked_note(note)
        most = self._limits.alerts_per_account_max
        if self._one("SELECT COUNT(*) FROM alerts WHERE account_id = ?", account_id) >= most:
            raise _too_many(f"an account may have {most} alerts")
        if self._count >= self._limits.alerts_max:
            raise _too_many(f"this Stockyard keeps {self._limits.alerts_max} alerts")
        made = Alert(
            str(UUID(bytes=self._random_bytes(_ID_BYTES), version=4)),
            user_id, account_id, terms, note, email, AlertStatus.ARMED, 1,
            arming.seq, arming.now_ns, arming.now_ns, None,
        )  # fmt: skip
        self._database.execute(
            f"INSERT INTO alerts ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
            " ?, ?, ?)",
            _row(made),
        )
        self._count += 1
        return made

    def change(
        self,
        found: Alert,
        terms: AlertTerms | None,
        note: str,
        email: bool,
        arming: Arming | None,
    ) -> Alert:
        """Give an alert these terms (None: as they are), note and way; ``arming`` arms it, None
        leaves that as it is.

        Raises ``UserError``: ``invalid_note``, ``unknown_alert`` when it is gone meanwhile.
        """
        found = self.find(found.account_id, found.id)
        after = msgspec.structs.replace(
            found, terms=terms or found.terms, note=checked_note(note), email=email
        )
        if arming is not None:
            after = msgspec.structs.replace(
                after,
                status=AlertStatus.ARMED,
                arming=found.arming + 1,
                armed_seq=arming.seq,
                armed_ns=arming.now_ns,
            )
        return self._store(after)

    def switch_off(self, account_id: int, alert_id: str) -> Alert:
        """Do not watch any longer; one that does not stays as it is.

        Raises ``UserError`` ``unknown_alert``.
        """
        found = self.find(account_id, alert_id)
        if found.status != AlertStatus.ARMED:
            return found
        return self._store(msgspec.structs.replace(found, status=AlertStatus.OFF))

    def _store(self, after: Alert) -> Alert:
        names = _COLUMNS.split(", ")[3:]
        self._database.execute(
            f"UPDATE alerts SET {', '.join(f'{name} = ?' for name in names)} WHERE id = ?",
            (*_row(after)[3:], after.id),
        )
        return after

    def delete(self, account_id: int, alert_id: str) -> Alert:
        """Forget an alert; what it fired stays in the history.

        Raises ``UserError`` ``unknown_alert``.
        """
        found = self.find(account_id, alert_id)
        self._database.execute("DELETE FROM alerts WHERE id = ?", (found.id,))
        self._count -= 1
        return found

    def forget_user(self, user_id: str, within: Database) -> None:
        """Drop a user's alerts and history, in the transaction that deletes the user."""
        for table in ("alert_firings", "alerts"):
            within.execute(f"DELETE FROM {table} WHERE user_id = ?", (user_id,))

    def recount(self) -> None:
        """See how many there are, after a user's were dropped."""
        self._count = self._one("SELECT COUNT(*) FROM alerts")

    # Firing.

    def fire(self, firings: Sequence[Firing], now_ns: int) -> list[FiredAlert]:
        """Let alerts fire, all or none; those that did.

        One that is not armed any more, or was armed anew, or fired already, does not.
        """
        done: list[FiredAlert] = []
        number = self._last

        def work(transaction: Database) -> None:
            nonlocal number
            accounts: dict[int, None] = {}
            for firing in firings:
                rows = transaction.query(
                    f"SELECT {_COLUMNS} FROM alerts WHERE id = ? AND arming = ?"
                    " AND status = 'armed'",
                    (firing.alert_id, firing.arming),
                )
                if not rows:
                    continue
                alert = _alert(rows[0])
                number += 1
                done.append(_fired(number, alert, firing, now_ns))
                transaction.execute(
                    "UPDATE alerts SET status = 'fired', fired_ns = ? WHERE id = ?",
                    (now_ns, alert.id),
                )
                transaction.execute(
                    f"INSERT INTO alert_firings ({_FIRED})"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    msgspec.structs.astuple(done[-1]),
                )
                self._tell(transaction, alert, firing, now_ns)
                accounts[alert.account_id] = None
            for account_id in accounts:
                self._prune(transaction, account_id)

        self._database.transact(work)
        self._last = number
        return done

    def _prune(self, transaction: Database, account_id: int) -> None:
        """Let the oldest of an account's history give way."""
        transaction.execute(
            "DELETE FROM alert_firings WHERE account_id = ? AND number <= (SELECT number"
            " FROM alert_firings WHERE account_id = ? ORDER BY number DESC LIMIT 1 OFFSET ?)",
            (account_id, account_id, self._limits.firings_per_account_max),
        )

    # Trading days.

    def days(self) -> list[AlertDay]:
        """What was noted of trading days."""
        rows = self._database.query(f"SELECT {_DAY} FROM alert_days ORDER BY instrument_id")
        return [AlertDay(*row) for row in rows]

    def store_days(self, days: Sequence[AlertDay]) -> None:
        """Note trading days, each in the place of what was noted of its instrument."""
        if days:
            self._database.executemany(
                f"INSERT INTO alert_days ({_DAY}) VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (instrument_id) DO UPDATE SET seq = excluded.seq,"
                " end_ns = excluded.end_ns, close = excluded.close, last = excluded.last,"
                " volume = excluded.volume",
                days,
            )


def checked_note(text: str) -> str:
    """A note without what surrounds it. Raises ``UserError`` ``invalid_note``."""
    note = text.strip()
    if len(note) > NOTE_LENGTH_MAX or not (note.isprintable() or not note):
        raise UserError(
            "invalid_note",
            "note",
            "the note is too long or has characters that cannot be printed",
            f"use at most {NOTE_LENGTH_MAX} printable characters",
        )
    return note


def _too_many(wrong: str) -> UserError:
    return UserError("too_many_alerts", "", wrong, "delete one that is not used any more")


def _alert(row: Row) -> Alert:
    terms, (note, email) = AlertTerms(*row[3:10]), row[10:12]
    return Alert(row[0], row[1], row[2], terms, note, bool(email), *row[12:18])


def _row(alert: Alert) -> tuple[str | int | None, ...]:
    return (
        alert.id, alert.user_id, alert.account_id, *msgspec.structs.astuple(alert.terms),
        alert.note, int(alert.email), alert.status, alert.arming, alert.armed_seq, alert.armed_ns,
        alert.created_ns, alert.fired_ns,
    )  # fmt: skip


def _fired(number: int, alert: Alert, firing: Firing, now_ns: int) -> FiredAlert:
    return FiredAlert(
        number, alert.id, alert.arming, alert.user_id, alert.account_id, alert.terms.kind,
        alert.terms.instrument_id, firing.shown, firing.title, firing.text, firing.seq, firing.ts,
        now_ns,
    )  # fmt: skip
