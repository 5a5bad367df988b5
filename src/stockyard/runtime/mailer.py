"""Sends what waits in the outbox: by SMTP, or into the development mailbox, or nowhere.

Promises: a mail server that cannot be reached costs no mail a try; one that refuses a mail for good
is believed; everything else is tried again. A message's headers are made of checked values only.
Must not know: what is written in a mail, or how people are stored.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from stockyard.people.errors import UserError
from stockyard.people.outbox import Mail, Outbox
from stockyard.people.users import normal_email
from stockyard.storage.ports import StorageError

if TYPE_CHECKING:
    from ssl import SSLContext

LOG: Final = logging.getLogger("stockyard.mail")
BATCH: Final = 50
"""Mails that go out over one connection."""
PURGE_EVERY: Final = 20
"""Batches between two looks at what is kept."""
TIMEOUT_S: Final = 20.0
LOOK_S: Final = 30.0
"""The longest wait until the outbox is looked at again."""
PAUSES_S: Final = (1.0, 5.0, 30.0, 120.0, 300.0)
"""Between two tries to reach the mail server."""
_PERMANENT: Final = 500
_NS: Final = 1_000_000_000


class Smtp(NamedTuple):
    """A mail server and who its mails are from; ``tls``: ``starttls``, ``tls`` or ``none``."""

    host: str
    port: int
    sender: Address
    user: str = ""
    password: str = ""
    tls: str = "starttls"
    trust: "SSLContext | None" = None


class MailSettingWrong(ValueError):
    """A setting of the mail server that cannot be meant; the message names it."""


def smtp_of(host: str, port: int, user: str, password: str, tls: str, sender: str) -> Smtp:
    """The mail server of these settings. Raises ``MailSettingWrong``."""
    name, address = parseaddr(sender if sender.isprintable() else "")
    try:
        checked = Address(name, addr_spec=normal_email(address))
    except (UserError, ValueError):
        raise MailSettingWrong(
            f"mail_from {sender!r}: expected an address, such as Stockyard <no-reply@example.com>"
        ) from None
    if bool(user) != bool(password):
        raise MailSettingWrong("smtp_user and smtp_password: give both or none")
    if user and tls == "none" and host not in ("localhost", "127.0.0.1", "::1"):
        raise MailSettingWrong(
            "smtp_tls none: a password would cross the network in the clear; use starttls or tls"
        )
    return Smtp(host, port, checked, user, password, tls)


class Unreachable(Exception):
    """The mail server cannot be reached or will not speak with us; no mail is to blame."""


class Refusal(NamedTuple):
    """Why a mail was not taken; ``for_good``: it never will be."""

    error: str
    for_good: bool


class Delivery(Protocol):
    """A way out for mails."""

    async def deliver(self, mails: Sequence[Mail], done: "Done") -> None:
        """Deliver mails in order and tell what became of each. Raises ``Unreachable``."""


Done = Callable[[Mail, Refusal | None], Awaitable[None]]
Write = Callable[[Callable[[], None]], Awaitable[None]]


class SmtpDelivery:
    """Hands mails to a mail server."""

    def __init__(self, smtp: Smtp, wall_ns: Callable[[], int]) -> None:
        self._smtp, self._wall_ns = smtp, wall_ns

    async def deliver(self, mails: Sequence[Mail], done: Done) -> None:
        """Send the mails over one connection. Raises ``Unreachable``."""
        import aiosmtplib

        smtp = self._smtp
        client = aiosmtplib.SMTP(
            hostname=smtp.host,
            port=smtp.port,
            username=smtp.user or None,
            password=smtp.password or None,
            use_tls=smtp.tls == "tls",
            start_tls=smtp.tls == "starttls",
            tls_context=smtp.trust,
            timeout=TIMEOUT_S,
        )
        try:
            await client.connect()
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise Unreachable(str(error)) from error
        try:
            for mail in mails:
                refusal = None
                try:
                    await client.send_message(message_of(mail, smtp.sender, self._wall_ns()))
                except (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError) as error:
                    raise Unreachable(str(error)) from error
                except aiosmtplib.SMTPRecipientsRefused as error:
                    refusal = _refusal(error.recipients[0])
                except aiosmtplib.SMTPSenderRefused as error:
                    # Ours is wrong, not the mail's: whoever runs this can set it right.
                    refusal = Refusal(f"sender refused: {error.message}", for_good=False)
                except aiosmtplib.SMTPResponseException as error:
                    refusal = _refusal(error)
                except aiosmtplib.SMTPException as error:
                    refusal = Refusal(str(error), for_good=False)
                await done(mail, refusal)
            with suppress(aiosmtplib.SMTPException, OSError):
                await client.quit()
        finally:
            client.close()


class ShownDelivery:
    """Leaves mails in the development mailbox."""

    async def deliver(self, mails: Sequence[Mail], done: Done) -> None:
        """Take every mail."""
        for mail in mails:
            await done(mail, None)


class NoDelivery:
    """Takes no mail, where there is neither a mail server nor a development mailbox."""

    async def deliver(self, mails: Sequence[Mail], done: Done) -> None:
        """Refuse every mail."""
        for mail in mails:
            await done(mail, Refusal("no mail server is set", for_good=True))


class Mailer:
    """The task that empties the outbox.

    ``write`` runs work on the outbox where nothing else writes.
    """

    def __init__(
        self, outbox: Outbox, delivery: Delivery, write: Write, wall_ns: Callable[[], int]
    ) -> None:
        self._outbox, self._delivery = outbox, delivery
        self._write, self._wall_ns = write, wall_ns
        self._woken = asyncio.Event()
        self._failures = 0
        self._batches = 0

    async def run(self) -> None:
        """Send until canceled."""
        loop = asyncio.get_running_loop()

        def wake() -> None:
            loop.call_soon_threadsafe(self._woken.set)

        task = asyncio.current_task()
        assert task is not None
        self._outbox.on_put = wake
        try:
            # Before Python 3.12 ``wait_for``, on which the SMTP client stands, may lose a cancel.
            while not task.cancelling():
                self._woken.clear()
                pause_s = await self._turn()
                if task.cancelling():
                    break
                if self._failures:
                    await asyncio.sleep(pause_s)
                    continue
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause_s):
                        await self._woken.wait()
        finally:
            self._outbox.on_put = _nobody

    async def _turn(self) -> float:
        """Send what is due; seconds until the next turn."""
        mails: list[Mail] = []
        try:
            # Whoever put one may have its transaction open: it is over by the time this is run.
            await self._write(lambda: mails.extend(self._outbox.due(self._wall_ns(), BATCH)))
            if mails:
                await self._delivery.deliver(mails, self._note)
                self._batches += 1
            if mails and self._batches % PURGE_EVERY == 0:
                await self._write(self._outbox.purge)
            self._well()
            return self._wait_s()
        except (Unreachable, StorageError) as error:
            return await self._unwell(mails, error)

    async def _note(self, mail: Mail, refusal: Refusal | None) -> None:
        """Keep what became of a mail."""
        if refusal is None:
            shown = isinstance(self._delivery, ShownDelivery)
            note = self._outbox.shown if shown else self._outbox.sent
            await self._write(lambda: note(mail.id))
            return
        now_ns = self._wall_ns()

        def failed() -> None:
            if not self._outbox.failed(mail, refusal.error, now_ns, for_good=refusal.for_good):
                LOG.warning("the mail %s is given up: %s", mail.id, refusal.error)

        await self._write(failed)

    def _wait_s(self) -> float:
        due_ns = self._outbox.next_due_ns()
        if due_ns is None:
            return LOOK_S
        return min(max(0.0, (due_ns - self._wall_ns()) / _NS), LOOK_S)

    def _well(self) -> None:
        if self._failures:
            LOG.info("mails are sent again")
        self._failures = 0

    async def _unwell(self, mails: Sequence[Mail], error: Exception) -> float:
        """Say once that mails do not go out, and give up those that are too late."""
        if not self._failures:
            LOG.warning("mails cannot be sent, trying again: %s", error)
        pause_s = PAUSES_S[min(self._failures, len(PAUSES_S) - 1)]
        self._failures += 1
        now_ns = self._wall_ns()
        with suppress(StorageError):
            for mail in mails:
                if mail.until_ns <= now_ns:
                    await self._note(mail, Refusal(f"too late: {error}", for_good=True))
        return pause_s


def message_of(mail: Mail, sender: Address, now_ns: int) -> EmailMessage:
    """A mail as a message (RFC 5322), said to be nobody's own writing (RFC 3834)."""
    message = EmailMessage(policy=SMTP_POLICY)
    message["From"] = sender
    message["To"] = Address(addr_spec=mail.to)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(datetime.fromtimestamp(now_ns // _NS, UTC))
    message["Message-ID"] = f"<{mail.id}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    if mail.html:
        message.add_alternative(mail.html, subtype="html")
    return message


def _refusal(error: object) -> Refusal:
    code, words = getattr(error, "code", 0), getattr(error, "message", "")
    return Refusal(f"{code} {words}", for_good=code >= _PERMANENT)


def _nobody() -> None:
    """Nobody sends mails any more."""
