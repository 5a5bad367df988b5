"""Goal: people come in by mails alone, through a real server, a real mail server, and a kill."""

import http.client
import json
import re
import socket
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from queue import Queue
from typing import Any, NamedTuple

import pytest
from aiosmtpd.controller import Controller

from tests.e2e.running import Running

PASSWORD = "correct horse battery"
MAIL_S = 20.0
LINK = re.compile(r"^(http://\S+)", re.MULTILINE)


class Post:
    """A mail server's hands: what came in, in order."""

    def __init__(self) -> None:
        self.mails: Queue[EmailMessage] = Queue()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.put(message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"

    def next(self, to: str, subject: str) -> str:
        """The next mail's link, once the mail is what it must be."""
        mail = self.mails.get(timeout=MAIL_S)
        assert (mail["To"], mail["Subject"]) == (to, subject)
        assert mail["From"] == "Stockyard <no-reply@stockyard.example>"
        found = LINK.search(mail.get_content())
        assert found is not None
        return found.group(1)


class Told(NamedTuple):
    """What came back."""

    status: int
    body: Any
    headers: http.client.HTTPMessage


def ask(
    server: Running, method: str, path: str, body: Any = None, cookie: str = "", **headers: str
) -> Told:
    """One request of a browser's page."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=20)
    said = {"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin", **headers}
    if cookie:
        said["Cookie"] = cookie
    connection.request(method, path, None if body is None else json.dumps(body), said)
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return Told(response.status, json.loads(content) if content else None, response.headers)


def cookie_of(told: Told, name: str) -> str:
    """A cookie that an answer sets."""
    pairs = [line.partition(";")[0] for line in told.headers.get_all("Set-Cookie", [])]
    (found,) = [pair for pair in pairs if pair.startswith(f"{name}=")]
    return found


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


Start = Callable[[Post, int], Controller]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts mail servers, which are stopped in the end."""
    running: list[Controller] = []

    def begin(post: Post, port: int) -> Controller:
        running.append(Controller(post, hostname="127.0.0.1", port=port))
        running[-1].start()
        return running[-1]

    yield begin
    for one in running:
        one.stop(no_assert=True)


def test_signing_up_and_in_by_mails_also_across_a_kill(tmp_path: Path, start: Start) -> None:
    port, post, smtp = free_port(), Post(), free_port()
    server = Running(
        tmp_path / "data",
        at_port=port,
        public_url=f"http://127.0.0.1:{port}",
        smtp_host="127.0.0.1",
        smtp_port=smtp,
        smtp_tls="none",
        mail_from="Stockyard <no-reply@stockyard.example>",
        sign_up="confirmed",
        market="none",
    )
    try:
        # Nobody takes mails yet, and the server dies: what it promised to send is sent later.
        wanted = {"name": "Ann", "email": "ann@example.com"}
        assert ask(server, "POST", "/api/v1/auth/register", wanted).status == 202
        server.kill()
        start(post, smtp)
        server.start()
        link = post.next("ann@example.com", "Open your Stockyard account")
        page, _, token = link.partition("#")
        assert page == f"http://127.0.0.1:{port}/finish"
        chosen = {"token": token, "password": PASSWORD}
        assert ask(server, "POST", "/api/v1/auth/register/finish", chosen).status == 201
        assert ask(server, "POST", "/api/v1/auth/register", wanted).status == 202
        link = post.next("ann@example.com", "You have a Stockyard account")
        assert link == f"http://127.0.0.1:{port}/sign-in"

        body = {"email": "ann@example.com"}
        asked = ask(server, "POST", "/api/v1/auth/magic-link", body)
        assert asked.status == 202
        link = post.next("ann@example.com", "Sign in to Stockyard")
        path = link.removeprefix(f"http://127.0.0.1:{port}")
        opened = ask(
            server, "GET", path, cookie=cookie_of(asked, "stockyard_browser"), Accept="text/html"
        )
        assert (opened.status, opened.headers["Location"]) == (303, "/link#signed-in")
        session = cookie_of(opened, "stockyard_session")
        me = ask(server, "GET", "/api/v1/me", cookie=session)
        assert me.body["user"]["email"] == "ann@example.com"
        assert post.mails.empty()
    finally:
        server.kill()
