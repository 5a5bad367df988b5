"""Goal: what waits in the outbox reaches a real SMTP server once, or says why it did not."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from threading import Event
from typing import Any, cast

import pytest
from aiosmtpd.smtp import SMTP as SmtpServer
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from stockyard.people.directory import People
from stockyard.people.outbox import Mail, MailState, Outbox
from stockyard.runtime.mailer import (
    Delivery,
    Mailer,
    NoDelivery,
    ShownDelivery,
    Smtp,
    SmtpDelivery,
    Unreachable,
    message_of,
)
from stockyard.storage.memory import MemoryDatabase, MemoryDisk
from stockyard.storage.ports import Database, StorageUnavailable
from stockyard.storage.sqlite import SqliteDatabase

FULL = StorageUnavailable("the disk is full")
NOW = 1_767_366_000_000_000_000
SENDER = Address("Stockyard", "no-reply", "stockyard.example")
TO = "ann@example.com"


class Inbox:
    """What a mail server took; ``answers``: what it says to a recipient instead of taking it."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.messages: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.sessions: set[int] = set()

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        refusal = self.answers.get(address.partition("@")[0])
        if refusal is not None:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.sessions.add(id(session))
        self.raw.append(envelope.content)
        parsed = BytesParser(policy=default).parsebytes(envelope.content)
        self.messages.append(cast(EmailMessage, parsed))
        return "250 OK"


@asynccontextmanager
async def mail_server(inbox: Inbox, port: int = 0, **said: Any) -> AsyncIterator[int]:
    """A real SMTP server in this loop; gives its port."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SmtpServer(inbox, hostname="localhost", loop=loop, **said), "127.0.0.1", port
    )
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await server.wait_closed()


class Post:
    """An outbox, and a mailer that takes turns when told to."""

    def __init__(self, delivery: Delivery | None = None) -> None:
        self.disk = MemoryDisk()
        database = MemoryDatabase(self.disk, "people")
        self.outbox: Outbox = People(database).outbox
        self.now_ns = NOW
        if delivery is not None:
            self.mailer = Mailer(self.outbox, delivery, _at_once, lambda: self.now_ns)

    def with_smtp(self, port: int, **said: Any) -> "Post":
        """The same with a mail server, unencrypted unless said otherwise."""
        smtp = Smtp("127.0.0.1", port, SENDER, **{"tls": "none", **said})
        delivery = SmtpDelivery(smtp, lambda: self.now_ns)
        self.mailer = Mailer(self.outbox, delivery, _at_once, lambda: self.now_ns)
        return self

    def put(self, to: str = TO, subject: str = "Hello", text: str = "words", **said: Any) -> str:
        return self.outbox.put(to, subject, text, self.now_ns, **said)

    def states(self) -> list[str]:
        return sorted(mail.state for mail in self.outbox.latest(100))


async def _at_once(work: Callable[[], None]) -> None:
    work()


async def turn(post: Post) -> None:
    """One turn of the mailer."""
    await post.mailer._turn()


async def until(met: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not met():
            await asyncio.sleep(0.002)


async def test_a_mail_arrives_as_it_was_written() -> None:
    inbox, post = Inbox(), Post()
    async with mail_server(inbox) as port:
        post.with_smtp(port)
        mail_id = post.put(subject="Schönes €", text="Zeile 1\n.\nZeile 3\n", html="<b>Zeile")
        await turn(post)
    (got,) = inbox.messages
    assert (got["From"], got["To"]) == ("Stockyard <no-reply@stockyard.example>", TO)
    assert got["Subject"] == "Schönes €"
    assert got["Message-ID"] == f"<{mail_id}@stockyard.example>"
    assert got["Date"].datetime == datetime(2026, 1, 2, 15, tzinfo=UTC)
    assert got["Auto-Submitted"] == "auto-generated"
    plain, html = got.get_body(("plain",)), got.get_body(("html",))
    assert plain is not None
    assert plain.get_content().split() == ["Zeile", "1", ".", "Zeile", "3"]
    assert html is not None
    assert html.get_content().strip() == "<b>Zeile"
    assert post.states() == [MailState.SENT]


async def test_no_text_becomes_a_header() -> None:
    inbox, post = Inbox(), Post()
    async with mail_server(inbox) as port:
        post.with_smtp(port)
        post.put(subject="Hi\r\nBcc: all@example.com\r\n\r\nbody", text="To: eve@example.com\n")
        await turn(post)
    (got,) = inbox.messages
    assert got["Bcc"] is None
    assert got["Subject"] == "Hi Bcc: all@example.com body"
    assert got.get_all("To") == [TO]


async def test_many_go_out_over_one_connection_in_order() -> None:
    inbox, post = Inbox(), Post()
    async with mail_server(inbox) as port:
        post.with_smtp(port)
        for number in range(20):
            post.now_ns += 1
            post.put(subject=str(number))
        await turn(post)
    assert [got["Subject"] for got in inbox.messages] == [str(n) for n in range(20)]
    assert len(inbox.sessions) == 1


async def test_a_refusal_for_good_is_believed_and_a_passing_one_is_tried_again() -> None:
    inbox, post = Inbox(gone="550 no such user", busy="450 greylisted"), Post()
    async with mail_server(inbox) as port:
        post.with_smtp(port)
        post.put("gone@example.com")
        post.put("busy@example.com")
        post.put()
        await turn(post)
        assert post.states() == [MailState.GIVEN_UP, MailState.SENT, MailState.WAITING]
        inbox.answers.clear()
        await turn(post)
        assert len(inbox.messages) == 1
        post.now_ns += 10 * 10**9
        await turn(post)
    assert [got["To"] for got in inbox.messages] == [TO, "busy@example.com"]
    (given_up,) = (m for m in post.outbox.latest(9) if m.state == MailState.GIVEN_UP)
    assert given_up.error == "550 no such user"


async def test_a_server_that_is_away_costs_no_mail_a_try(caplog: pytest.LogCaptureFixture) -> None:
    inbox, post = Inbox(), Post()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    post.with_smtp(port)
    post.put(subject="late", life_s=60)
    post.put(subject="in time")
    for _ in range(3):
        await turn(post)
    assert [mail.attempts for mail in post.outbox.latest(9)] == [0, 0]
    assert caplog.text.count("mails cannot be sent") == 1
    post.now_ns += 60 * 10**9
    await turn(post)
    async with mail_server(inbox, port):
        await turn(post)
    assert [got["Subject"] for got in inbox.messages] == ["in time"]
    assert post.states() == [MailState.GIVEN_UP, MailState.SENT]


async def test_a_running_mailer_sends_what_is_put_from_another_thread() -> None:
    inbox, post = Inbox(), Post()
    async with mail_server(inbox) as port:
        post.with_smtp(port)
        sending = asyncio.ensure_future(post.mailer.run())
        await asyncio.sleep(0)
        await asyncio.to_thread(post.put)
        await until(lambda: len(inbox.messages) == 1)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    post.put()


async def test_a_mail_is_sent_when_its_transaction_is_kept_and_not_half_a_minute_later(
    tmp_path: Path,
) -> None:
    """The mailer is woken before the transaction is over, and must not look too early."""
    loop, thread = asyncio.get_running_loop(), ThreadPoolExecutor(1)
    database = SqliteDatabase(tmp_path / "people.db", durable=False)
    outbox = People(database).outbox

    async def write(work: Callable[[], None]) -> None:
        await loop.run_in_executor(thread, work)

    sending = asyncio.ensure_future(Mailer(outbox, ShownDelivery(), write, lambda: NOW).run())
    await write(lambda: outbox.put(TO, "Earlier", "words", NOW) and None)
    await until(lambda: outbox.counts() == {MailState.SHOWN: 1})
    put, go_on = Event(), Event()

    def work(transaction: Database) -> None:
        outbox.put(TO, "Hello", "words", NOW, transaction=transaction)
        put.set()
        assert go_on.wait(10)

    committing = loop.run_in_executor(thread, database.transact, work)
    await until(put.is_set)
    for _ in range(50):
        await asyncio.sleep(0)
    go_on.set()
    await committing
    await until(lambda: outbox.counts() == {MailState.SHOWN: 2})
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    thread.shutdown()
    database.close()


async def test_the_development_mailbox_keeps_the_words_and_nothing_leaves() -> None:
    post = Post(ShownDelivery())
    post.put()
    await turn(post)
    (found,) = post.outbox.latest(9)
    assert (found.state, found.text) == (MailState.SHOWN, "words")


async def test_without_any_way_out_a_mail_is_given_up_with_a_record() -> None:
    post = Post(NoDelivery())
    post.put()
    await turn(post)
    (found,) = post.outbox.latest(9)
    assert (found.state, found.error) == (MailState.GIVEN_UP, "no mail server is set")


async def test_a_full_disk_is_waited_out() -> None:
    post = Post(ShownDelivery())
    post.put()
    post.disk.fail_next(FULL)
    await turn(post)
    await turn(post)
    assert post.states() == [MailState.SHOWN]


class Authority:
    """A certificate for this machine, and who trusts it."""

    def __init__(self, folder: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        day = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(day - timedelta(days=1))
            .not_valid_after(day + timedelta(days=1))
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False
            )
            .sign(key, hashes.SHA256())
        )
        file = folder / "server.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        self.server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.server.load_cert_chain(file)
        self.trust = ssl.create_default_context(cafile=str(file))


def _who(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    return AuthResult(success=(data.login, data.password) == (b"me", b"secret"), handled=False)


async def test_it_signs_in_over_starttls_and_trusts_no_stranger(tmp_path: Path) -> None:
    authority, inbox, post = Authority(tmp_path), Inbox(), Post()
    said = {
        "tls_context": authority.server,
        "require_starttls": True,
        "auth_required": True,
        "authenticator": _who,
    }
    async with mail_server(inbox, **said) as port:
        post.put()
        signed = {"user": "me", "password": "secret", "tls": "starttls"}
        await turn(post.with_smtp(port, **signed))
        await turn(post.with_smtp(port, tls="none"))
        wrong = {**signed, "password": "wrong", "trust": authority.trust}
        await turn(post.with_smtp(port, **wrong))
        assert post.states() == [MailState.WAITING]
        assert inbox.messages == []
        post.now_ns += 10 * 10**9
        await turn(post.with_smtp(port, **signed, trust=authority.trust))
    assert post.states() == [MailState.SENT]


async def test_a_server_that_hangs_up_in_mid_batch_gets_the_rest_later() -> None:
    class Rude(Inbox):
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
            await super().handle_DATA(server, session, envelope)
            if len(self.messages) == 2:
                server.transport.abort()
            return "250 OK"

    inbox, post = Rude(), Post()
    async with mail_server(inbox) as port:
        post.with_smtp(port)
        for number in range(3):
            post.now_ns += 1
            post.put(subject=str(number))
        await turn(post)
        assert post.states() == [MailState.SENT, MailState.WAITING, MailState.WAITING]
        await turn(post)
    # What was taken without an answer comes twice, under the same id.
    assert [got["Subject"] for got in inbox.messages] == ["0", "1", "1", "2"]
    assert len({got["Message-ID"] for got in inbox.messages}) == 3


def test_a_message_is_made_of_checked_values() -> None:
    mail = Mail("id", TO, "Hello", "wörds " * 400, "", "waiting", 0, NOW, NOW, "")
    written = message_of(mail, SENDER, NOW).as_bytes()
    assert max(map(len, written.split(b"\r\n"))) <= 998


async def test_an_unreachable_server_is_no_fault_of_a_mail() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    delivery = SmtpDelivery(Smtp("127.0.0.1", port, SENDER, tls="none"), lambda: NOW)
    with pytest.raises(Unreachable):
        await delivery.deliver([], _never)


async def _never(mail: Mail, refusal: object) -> None:
    raise AssertionError
