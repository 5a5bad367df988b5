"""Mails that wait to be sent: durable, in order, tried again, given up with a record.

Promises: a mail put inside a transaction is sent if that transaction is kept and never otherwise;
it goes out at least once, under one message id, so that a second copy can be told from a second
mail; no text of a mail can become a header; the words of a mail, which may hold a link that signs
somebody in, are sealed, and forgotten once a mail server has them. Must not know: how mails are
sent.
"""

from collections.abc import Callable
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from stockyard.people.errors import UserError
from stockyard.people.limits import SECOND_NS
from stockyard.people.sealing import MAIL_WORDS, Sealer
from stockyard.people.users import normal_email
from stockyard.storage.ports import Database, Row

SUBJECT_LENGTH_MAX: Final = 200
TEXT_LENGTH_MAX: Final = 64 * 1024
ERROR_LENGTH_MAX: Final = 300
_ID_BYTES: Final = 16
_COLUMNS: Final = "id, recipient, subject, words, state, attempts, created_ns, until_ns, error"
_decode: Final = msgspec.json.Decoder(tuple[str, str]).decode


class MailState:
    """Where a mail stands."""

    WAITING: Final = "waiting"
    SENT: Final = "sent"
    GIVEN_UP: Final = "given_up"
    SHOWN: Final = "shown"
    """Delivered to the development mailbox, which keeps its words."""


class MailLimits(NamedTuple):
    """How much waits and is kept, and how long a mail is tried.

    ``pauses_s``: between two tries, the last one again and again.
    """

    waiting_max: int = 10_000
    records_max: int = 2_000
    shown_max: int = 200
    pauses_s: tuple[int, ...] = (10, 30, 60, 300, 900, 3600)
    life_s: int = 24 * 3600


DEFAULT_MAIL_LIMITS: Final = MailLimits()


class Mail(msgspec.Struct, frozen=True, gc=False):
    """One mail. ``until_ns``: after this it is not worth sending any more."""

    id: str
    to: str
    subject: str
    text: str
    html: str
    state: str
    attempts: int
    created_ns: int
    until_ns: int
    error: str


def checked_subject(text: str) -> str:
    """The subject of a mail as one line of printable text, cut to a bearable length.

    A line break would begin a header of the writer's choice (RFC 5322 section 2.2).
    """
    printable = "".join(
        letter if letter.isprintable() else " " for letter in text[:TEXT_LENGTH_MAX]
    )
    return " ".join(printable.split())[:SUBJECT_LENGTH_MAX]


class Outbox:
    """All mails, in their table."""

    def __init__(
        self,
        database: Database,
        random_bytes: Callable[[int], bytes],
        sealer: Sealer,
        limits: MailLimits = DEFAULT_MAIL_LIMITS,
    ) -> None:
        self._database, self._random_bytes = database, random_bytes
        self._sealer, self._limits = sealer, limits
        self.on_put: Callable[[], None] = _nobody_listens
        """Called after a mail was put, from whichever thread; inside its transaction, if any."""

    def put(
        self,
        to: str,
        subject: str,
        text: str,
        now_ns: int,
        html: str = "",
        *,
        life_s: int | None = None,
        transaction: Database | None = None,
    ) -> str:
        """Have a mail sent; returns its id. Give the ``transaction`` that it belongs to, if any.

        ``life_s``: how long it is worth sending, a day unless said. Raises ``UserError``:
        ``invalid_email``, ``too_many_mails``.
        """
        to = normal_email(to)
        mail_id = str(UUID(bytes=self._random_bytes(_ID_BYTES), version=4))
        life_s = self._limits.life_s if life_s is None else life_s
        words = msgspec.json.encode((_writable(text), _writable(html))).decode()
        row = (
            mail_id,
            to,
            checked_subject(subject),
            self._sealer.seal(words, MAIL_WORDS.purpose_of(mail_id)),
            MailState.WAITING,
            0,
            now_ns,
            now_ns + life_s * SECOND_NS,
            "",
            now_ns,
        )

        def work(inside: Database) -> None:
            self._check_room(inside)
            inside.execute(
                f"INSERT INTO mails ({_COLUMNS}, due_ns) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )

        if transaction is None:
            self._database.transact(work)
        else:
            work(transaction)
        self.on_put()
        return mail_id

    def store_erase(self, transaction: Database, recipient: str) -> None:
        """Delete every mail to an address, sent or not."""
        transaction.execute("DELETE FROM mails WHERE recipient = ?", (recipient,))

    def due(self, now_ns: int, limit: int) -> list[Mail]:
        """The first mails whose turn it is."""
        rows = self._database.query(
            f"SELECT {_COLUMNS} FROM mails WHERE state = ? AND due_ns <= ?"
            " ORDER BY due_ns, created_ns, id LIMIT ?",
            (MailState.WAITING, now_ns, limit),
        )
        return [self._opened(row) for row in rows]

    def next_due_ns(self) -> int | None:
        """When the next mail is to be sent; None while none waits."""
        rows = self._database.query(
            "SELECT MIN(due_ns) FROM mails WHERE state = ?", (MailState.WAITING,)
        )
        found: int | None = rows[0][0]
        return found

    def sent(self, mail_id: str) -> None:
        """Note that a mail server took a mail; its words are forgotten."""
        self._finish(mail_id, MailState.SENT, "", forget=True)

    def shown(self, mail_id: str) -> None:
        """Note that a mail lies in the development mailbox, with its words."""
        self._finish(mail_id, MailState.SHOWN, "", forget=False)

    def failed(self, mail: Mail, error: str, now_ns: int, *, for_good: bool) -> bool:
        """Note a try that failed; whether there will be another.

        ``for_good``: the mail server will never take it.
        """
        pauses_s = self._limits.pauses_s
        pause_s = pauses_s[min(mail.attempts, len(pauses_s) - 1)]
        due_ns = now_ns + pause_s * SECOND_NS
        if for_good or due_ns >= mail.until_ns:
            self._finish(mail.id, MailState.GIVEN_UP, error, forget=True)
            return False
        self._database.execute(
            "UPDATE mails SET attempts = attempts + 1, due_ns = ?, error = ?"
            " WHERE id = ? AND state = ?",
            (due_ns, error[:ERROR_LENGTH_MAX], mail.id, MailState.WAITING),
        )
        return True

    def latest(self, limit: int) -> list[Mail]:
        """The newest mails, whatever became of them, newest first."""
        rows = self._database.query(
            f"SELECT {_COLUMNS} FROM mails ORDER BY created_ns DESC, id LIMIT ?", (limit,)
        )
        return [self._opened(row) for row in rows]

    def counts(self) -> dict[str, int]:
        """How many mails are kept in each state."""
        return dict(self._database.query("SELECT state, COUNT(*) FROM mails GROUP BY state"))

    def purge(self) -> None:
        """Forget the oldest of those that are done, beyond what is kept. Call it now and then."""
        for states, most in (
            ((MailState.SENT, MailState.GIVEN_UP), self._limits.records_max),
            ((MailState.SHOWN, MailState.SHOWN), self._limits.shown_max),
        ):
            self._database.execute(
                "DELETE FROM mails WHERE id IN (SELECT id FROM mails WHERE state IN (?, ?)"
                " ORDER BY created_ns DESC, id LIMIT ? OFFSET ?)",
                (*states, self._limits.waiting_max, most),
            )

    def _opened(self, row: Row) -> Mail:
        mail_id, to, subject, sealed, *rest = row
        text, html = "", ""
        if sealed is not None:
            text, html = _decode(self._sealer.open(sealed, MAIL_WORDS.purpose_of(mail_id)))
        return Mail(mail_id, to, subject, text, html, *rest)

    def _finish(self, mail_id: str, state: str, error: str, *, forget: bool) -> None:
        words = ", words = NULL" if forget else ""
        self._database.execute(
            f"UPDATE mails SET state = ?, attempts = attempts + 1, error = ?{words}"
            " WHERE id = ? AND state = ?",
            (state, error[:ERROR_LENGTH_MAX], mail_id, MailState.WAITING),
        )

    def _check_room(self, inside: Database) -> None:
        rows = inside.query("SELECT COUNT(*) FROM mails WHERE state = ?", (MailState.WAITING,))
        if rows[0][0] >= self._limits.waiting_max:
            raise UserError(
                "too_many_mails",
                "",
                "as many mails wait to be sent as may",
                "try again later; whoever runs this Stockyard should look at its mail server",
            )


def _writable(text: str) -> str:
    """Text that can be written down: half a surrogate pair cannot."""
    return text[:TEXT_LENGTH_MAX].encode("utf-8", "replace").decode()


def _nobody_listens() -> None:
    """Nobody sends mails."""
