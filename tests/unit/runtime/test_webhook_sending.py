"""A delivery over a real socket: signed, bounded, and what the receiver made of it."""

import asyncio
import hmac
import ssl
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from stockyard.people.deliveries import Outcome
from stockyard.runtime import webhook_sending
from stockyard.runtime.webhook_addresses import Addresses
from stockyard.runtime.webhook_sending import Sender, signature

NOW = 1_767_366_000_000_000_000
SECRET = bytes(range(32))
BODY = b'{"type":"fill"}'
ID = "6f0f2a55-0000-4000-8000-000000000001"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class Receiver:
    """Answers every request with the same bytes; keeps what came."""

    def __init__(self) -> None:
        self.answer, self.hold, self.got = OK, asyncio.Event(), list[bytes]()
        self.hold.set()
        self.server: asyncio.Server
        self.port = 0

    async def open(self, trust: ssl.SSLContext | None = None) -> None:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=trust)
        self.port = self.server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.got.append(head + await reader.readexactly(len(BODY)))
            await self.hold.wait()
            writer.write(self.answer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def headers(self) -> dict[str, str]:
        head = self.got[-1].partition(b"\r\n\r\n")[0].decode()
        pairs = [line.partition(": ") for line in head.split("\r\n")[1:]]
        return {name: value for name, _, value in pairs}


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    await made.open()
    yield made
    made.hold.set()
    made.server.close()


@pytest.fixture
def sender() -> Sender:
    return Sender(Addresses(private=True), lambda: NOW, "stockyard/1")


def url(receiver: Receiver, path: str = "/in?x=1") -> str:
    return f"http://127.0.0.1:{receiver.port}{path}"


async def test_it_is_signed_as_the_specification_says(receiver: Receiver, sender: Sender) -> None:
    outcome = await sender.send(url(receiver), ID, SECRET, BODY)
    assert (outcome.status, outcome.error, outcome.for_good) == (200, "", False)
    assert receiver.got[0].startswith(b"POST /in?x=1 HTTP/1.1\r\n")
    assert receiver.got[0].endswith(b"\r\n\r\n" + BODY)
    headers = receiver.headers()
    assert headers["host"] == f"127.0.0.1:{receiver.port}"
    assert headers["content-type"] == "application/json"
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == (ID, "1767366000")
    version, _, told = headers["webhook-signature"].partition(",")
    signed = f"{ID}.1767366000.".encode() + BODY
    assert version == "v1"
    assert b64decode(told) == hmac.new(SECRET, signed, sha256).digest()


def test_the_published_example() -> None:
    """The one of the Standard Webhooks specification."""
    secret = b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    found = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert len(b64encode(secret)) == 32


@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, ""),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, 200, ""),
        (b"HTTP/1.0 202 Accepted\r\n\r\nand so on", 202, ""),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", 200, ""),
        (b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n", 500, "it answered 500"),
        (b"HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n", 404, "it answered 404"),
        (
            b"HTTP/1.1 302 F\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
            302,
            "it answered 302, and redirects are not followed",
        ),
        (b"SSH-2.0-OpenSSH\r\n", 0, "the answer is not HTTP"),
        (b"", 0, "the connection ended without an answer"),
        (b"HTTP/1.1 200 OK", 0, "the connection ended without an answer"),
    ],
)
async def test_what_counts_is_the_status(
    receiver: Receiver, sender: Sender, answer: bytes, status: int, error: str
) -> None:
    receiver.answer = answer
    outcome = await sender.send(url(receiver), ID, SECRET, BODY)
    assert outcome.status == status
    assert outcome.error.startswith(error)
    assert bool(outcome.error) == bool(error)


async def test_gone_is_for_good_and_busy_names_a_time(receiver: Receiver, sender: Sender) -> None:
    receiver.answer = b"HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n"
    assert (await sender.send(url(receiver), ID, SECRET, BODY)).for_good
    for told, wait_s in ((b"120", 120.0), (b"999999999", 3_600.0), (b"Fri, 21 Nov", 0.0)):
        receiver.answer = (
            b"HTTP/1.1 429 Busy\r\nretry-after: " + told + b"\r\ncontent-length: 0\r\n\r\n"
        )
        assert (await sender.send(url(receiver), ID, SECRET, BODY)).wait_s == wait_s


async def test_a_receiver_that_never_ends_is_left(
    receiver: Receiver, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.answer = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1_000_000
    outcome = await sender.send(url(receiver), ID, SECRET, BODY)
    assert (outcome.status, outcome.error) == (200, "")
    monkeypatch.setattr(webhook_sending, "TIMEOUT_S", 0.05)
    receiver.hold.clear()
    outcome = await sender.send(url(receiver), ID, SECRET, BODY)
    assert (outcome.status, outcome.error) == (0, "it did not answer within 0.05 s")


async def test_nobody_is_called_where_we_may_not_go(receiver: Receiver) -> None:
    careful = Sender(Addresses(), lambda: NOW, "stockyard/1")
    outcome = await careful.send(url(receiver), ID, SECRET, BODY)
    assert "open internet" in outcome.error
    assert receiver.got == []


async def test_a_port_that_nobody_listens_on(receiver: Receiver, sender: Sender) -> None:
    receiver.server.close()
    await receiver.server.wait_closed()
    outcome = await sender.send(url(receiver), ID, SECRET, BODY)
    assert outcome.status == 0
    assert outcome.error.startswith("ConnectionRefusedError")


async def test_the_connection_goes_to_the_address_that_was_checked(receiver: Receiver) -> None:
    """The name is said in the header alone; nothing looks it up a second time."""

    async def once(host: str, port: int) -> list[str]:
        looked_up.append(host)
        return ["127.0.0.1"]

    looked_up: list[str] = []
    sender = Sender(Addresses(private=True, resolve=once), lambda: NOW, "stockyard/1")
    outcome = await sender.send(f"http://nobody.invalid:{receiver.port}/", ID, SECRET, BODY)
    assert outcome.error == ""
    assert looked_up == ["nobody.invalid"]
    assert receiver.headers()["host"] == f"nobody.invalid:{receiver.port}"


def certified(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's certificate for a name, and the trust in it."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.DNSName(name), x509.IPAddress(ip_address("192.0.2.1"))]
            ),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return serving, ssl.create_default_context(cafile=str(folder / "cert.pem"))


async def test_https_checks_the_certificate_against_the_name(tmp_path: Path) -> None:
    serving, trust = certified(tmp_path, "hook.example")
    receiver = Receiver()
    await receiver.open(serving)

    async def here(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    async def send(host: str, trusted: ssl.SSLContext | None) -> Outcome:
        made = Sender(Addresses(True, here), lambda: NOW, "stockyard/1", trusted)
        return await made.send(f"https://{host}:{receiver.port}/", ID, SECRET, BODY)

    try:
        well = await send("hook.example", trust)
        assert (well.status, well.error) == (200, "")
        other = await send("other.example", trust)
        assert "CERTIFICATE_VERIFY_FAILED" in other.error
        stranger = await send("hook.example", None)
        assert "CERTIFICATE_VERIFY_FAILED" in stranger.error
        assert len(receiver.got) == 1
    finally:
        receiver.server.close()
