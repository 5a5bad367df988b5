"""Goal: mails can be read where they were made, by nobody elsewhere, and as text alone."""

import pytest

from tests.api.rig import NOW, Rig

HERE = {"headers": {"host": "localhost:8000"}, "address": "127.0.0.1"}
TEXT = "Hello <script>alert(1)</script>\nhttps://x.example/a?b=1&c=\"2'\n& bye"


def put(rig: Rig, subject: str = "<b>Hi</b>") -> None:
    rig.people.outbox.put("ann@example.com", subject, TEXT, NOW, "<i>Hello</i>")


async def test_the_page_shows_mails_as_text_and_addresses_as_links() -> None:
    rig = Rig()
    put(rig)
    found = await rig.call("GET", "/dev/mail", **HERE)
    html = found.body.decode()
    assert found.status == 200
    assert "<script" not in html
    assert "&lt;b&gt;Hi&lt;/b&gt;" in html
    assert 'href="https://x.example/a?b=1&amp;c="' in html
    assert "default-src 'none'" in found.headers["content-security-policy"]
    assert found.headers["referrer-policy"] == "no-referrer"


async def test_a_program_gets_the_newest_first_as_json() -> None:
    rig = Rig()
    assert (await rig.call("GET", "/dev/mail.json", **HERE)).json == []
    put(rig, "first")
    rig.people.outbox.put("bob@example.com", "second", "text", NOW + 1)
    found = (await rig.call("GET", "/dev/mail.json", **HERE)).json
    assert [(mail["to"], mail["subject"]) for mail in found] == [
        ("bob@example.com", "second"),
        ("ann@example.com", "first"),
    ]
    assert found[1]["text"] == TEXT
    assert found[1]["html"] == "<i>Hello</i>"


@pytest.mark.parametrize("path", ["/dev/mail", "/dev/mail.json"])
@pytest.mark.parametrize(
    ("host", "address", "more"),
    [
        ("localhost:8000", "192.0.2.1", {}),
        ("attacker.example:8000", "127.0.0.1", {}),
        ("localhost:8000", "127.0.0.1", {"x-forwarded-for": "203.0.113.9"}),
        ("localhost:8000", "127.0.0.1", {"forwarded": "for=203.0.113.9"}),
        ("localhost:8000", "127.0.0.1", {"via": "1.1 proxy"}),
    ],
)
async def test_nobody_elsewhere_reads_it(
    path: str, host: str, address: str, more: dict[str, str]
) -> None:
    rig = Rig()
    put(rig)
    headers = {"host": host, **more}
    found = await rig.call("GET", path, headers=headers, address=address)
    assert (found.status, found.json["code"]) == (404, "not_found")


@pytest.mark.parametrize("mail", ["smtp", ""])
async def test_it_is_not_there_where_mails_go_elsewhere_or_nowhere(mail: str) -> None:
    rig = Rig(mail=mail)
    put(rig)
    assert (await rig.call("GET", "/dev/mail", **HERE)).status == 404
