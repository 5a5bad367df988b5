"""Goal: a link that comes by mail lets its reader in once, and tells nobody else anything."""

import re
from typing import Any
from urllib.parse import unquote

import pytest
from pyotp import TOTP
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from stockyard.people.links import LinkKind
from tests.api.rig import PASSWORD, Answer, Rig, Trader
from tests.api.serving import say, served, told

SAME_SITE = {"sec-fetch-site": "same-origin"}
TOKEN = re.compile(r"sl_[A-Za-z0-9_-]{43}")
MINUTE = 60 * 10**9
PAGE = {"accept": "text/html"}


class Browser:
    """A browser's cookies and what it says of itself."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.cookies: dict[str, str] = {}

    async def call(self, method: str, path: str, json: Any = None, **said: Any) -> Answer:
        self.rig.clock.time_ns += 1
        headers = {"host": "localhost:8000", **SAME_SITE, **said.pop("headers", {})}
        if self.cookies:
            headers["cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        wanted = [(name, value) for name, value in headers.items() if value is not None]
        got = await self.rig.call(method, "/api/v1" + path, json, headers=wanted, **said)
        for line in self.rig.cookies_set:
            pair, _, rest = line.partition(";")
            name, _, value = pair.partition("=")
            self.cookies[name] = value
            if "Max-Age=0" in rest:
                del self.cookies[name]
        return got

    async def ask(self, email: str = "ann@example.com") -> str:
        """Ask for a link that signs in; its token."""
        got = await self.call("POST", "/auth/magic-link", {"email": email})
        assert got.status == 202, got
        return newest(self.rig)

    async def open(self, token: str, **headers: Any) -> Answer:
        """Follow a link, as from a mail's page."""
        said = {**PAGE, "sec-fetch-site": "cross-site", **headers}
        return await self.call("GET", "/auth/verify", query=f"token={token}", headers=said)

    async def go_on(self, token: str, **said: Any) -> Answer:
        """Confirm a link on its page."""
        return await self.call("POST", "/auth/verify", {"token": token, **said})

    async def is_in(self) -> bool:
        return (await self.call("GET", "/me")).status == 200


def newest(rig: Rig) -> str:
    """The token in the newest mail."""
    found = TOKEN.search(rig.people.outbox.latest(1)[0].text)
    assert found is not None
    return found.group()


def same(one: Answer, other: Answer) -> bool:
    """Whether two refusals differ in nothing but the request they name."""
    told = [{k: v for k, v in got.json.items() if k != "request_id"} for got in (one, other)]
    return one.status == other.status and told[0] == told[1]


@pytest.fixture
def browser(rig: Rig, ann: Trader) -> Browser:
    return Browser(rig)


async def test_the_browser_that_asked_is_in_by_opening_the_link(browser: Browser) -> None:
    token = await browser.ask()
    assert not await browser.is_in()
    got = await browser.open(token)
    assert (got.status, got.headers["location"]) == (303, "/link#signed-in")
    assert got.headers["referrer-policy"] == "no-referrer"
    assert await browser.is_in()
    browser.rig.restart()
    assert await browser.is_in()
    browser.rig.clock.time_ns += 7 * 24 * 60 * MINUTE
    assert not await browser.is_in()


async def test_the_cookie_is_for_this_host_alone(browser: Browser) -> None:
    await browser.go_on(await browser.ask())
    (line,) = [line for line in browser.rig.cookies_set if line.startswith("stockyard_session")]
    assert line.partition("; ")[2] == "Path=/; Max-Age=604800; HttpOnly; SameSite=Strict"


async def test_over_https_the_cookie_is_secure(rig: Rig, ann: Trader) -> None:
    safe = Rig(disk=rig.disk, secure_cookies=True, public_url="https://paper.example")
    browser = Browser(safe)
    token = await browser.ask()
    assert "https://paper.example/api/v1/auth/verify?token=" in safe.people.outbox.latest(1)[0].text
    assert (await browser.open(token)).headers["location"] == "/link#signed-in"
    assert list(browser.cookies) == ["__Host-stockyard_session"]
    assert all("; Secure" in line for line in safe.cookies_set)
    assert await browser.is_in()
    browser.cookies = {"stockyard_session": browser.cookies["__Host-stockyard_session"]}
    assert not await browser.is_in()


async def test_another_browser_has_to_go_on_and_a_scanner_uses_nothing_up(
    browser: Browser, rig: Rig
) -> None:
    token = await browser.ask()
    scanner = Browser(rig)
    for _ in range(3):
        got = await scanner.open(token)
        assert (got.status, got.headers["location"]) == (303, f"/link#{token}")
    for headers in ({"sec-purpose": "prefetch"}, {"purpose": "prefetch"}):
        assert (await browser.open(token, **headers)).headers["location"] == f"/link#{token}"
    head = await browser.call("HEAD", "/auth/verify", query=f"token={token}", headers=PAGE)
    assert head.status == 303
    assert scanner.cookies == {}
    looked = await scanner.open(token, accept="application/json")
    assert looked.json["email"] == "a…@example.com"
    phone = Browser(rig)
    got = await phone.go_on(token)
    assert got.json["user"]["email"] == "ann@example.com"
    assert "token" not in got.json
    assert await phone.is_in()


async def test_what_is_no_link_any_more_is_refused_alike(browser: Browser, rig: Rig) -> None:
    used = await browser.ask()
    assert (await browser.go_on(used)).status == 200
    tampered = await browser.ask()
    expired = await browser.ask()
    rig.clock.time_ns += 15 * MINUTE
    await browser.call("POST", "/auth/recovery", {"email": "ann@example.com"})
    other_kind = newest(rig)
    stranger = Browser(rig)
    refused = [
        await stranger.go_on(token)
        for token in (
            used,
            tampered[:-1] + ("A" if tampered[-1] != "A" else "B"),
            expired,
            other_kind,
            "",
            "x" * 5000,
            "sl_\u0000é" + "x" * 41,
        )
    ]
    assert refused[0].json["code"] == "invalid_link"
    assert refused[0].status == 401
    assert all(same(refused[0], one) for one in refused)
    assert (await stranger.open(used)).headers["location"] == "/link"
    assert (await stranger.open(used, accept="application/json")).status == 401
    assert stranger.cookies == {}


async def test_a_link_works_to_its_last_nanosecond(browser: Browser, rig: Rig) -> None:
    token = await browser.ask()
    ((expires_ns,),) = rig.people._database.query("SELECT expires_ns FROM links")
    for now_ns, status in ((expires_ns, 401), (expires_ns - 1, 200)):
        rig.clock.time_ns = now_ns - 1
        assert (await browser.go_on(token)).status == status


async def test_one_use_ends_the_others_and_no_more_than_three_work(
    browser: Browser, rig: Rig
) -> None:
    tokens = []
    for _ in range(4):
        tokens.append(await browser.ask())
        rig.clock.time_ns += MINUTE
    assert (await browser.go_on(tokens[0])).status == 401
    assert (await browser.go_on(tokens[1])).status == 200
    assert [(await browser.go_on(token)).status for token in tokens[2:]] == [401, 401]


async def test_nobody_learns_who_is_a_user(browser: Browser, rig: Rig) -> None:
    known = await browser.call("POST", "/auth/magic-link", {"email": "ann@example.com"})
    mails = len(rig.people.outbox.latest(100))
    for path in ("/auth/magic-link", "/auth/recovery"):
        unknown = await Browser(rig).call("POST", path, {"email": "nobody@example.com"})
        assert (unknown.status, unknown.body) == (known.status, known.body)
    assert len(rig.people.outbox.latest(100)) == mails
    assert rig.people.outbox.counts() == {"waiting": mails}
    wrong = await browser.call("POST", "/auth/magic-link", {"email": "no address"})
    assert (wrong.status, wrong.json["code"]) == (422, "invalid_email")


async def test_as_much_is_written_for_nobody_as_for_somebody(browser: Browser, rig: Rig) -> None:
    """The same statements in one durable transaction: it takes as long."""
    commits: list[int] = []
    keep = rig.disk.keep

    def counted(work: Any) -> None:
        commits.append(1)
        keep(work)

    rig.disk.keep = counted  # type: ignore[method-assign]
    written = []
    for email in ("ann@example.com", "nobody@example.com"):
        before = len(commits)
        await browser.call("POST", "/auth/magic-link", {"email": email})
        written.append(len(commits) - before)
    assert written[0] == written[1] > 0


async def test_too_many_are_refused_alike_for_known_and_unknown(rig: Rig, ann: Trader) -> None:
    refused = []
    for email in ("ann@example.com", "nobody@example.com"):
        browser = Browser(rig)
        for _ in range(5):
            assert (await browser.call("POST", "/auth/recovery", {"email": email})).status == 202
        refused.append(await browser.call("POST", "/auth/magic-link", {"email": email}))
    assert [got.json["code"] for got in refused] == ["too_many_attempts"] * 2
    assert same(*refused)
    assert int(refused[0].headers["retry-after"]) > 0


async def test_one_place_cannot_ask_for_everybody(rig: Rig) -> None:
    browser = Browser(rig)
    statuses = [
        (await browser.call("POST", "/auth/recovery", {"email": f"u{n}@example.com"})).status
        for n in range(31)
    ]
    assert statuses == [202] * 30 + [429]


async def test_a_user_who_may_not_act_gets_no_link(browser: Browser, rig: Rig) -> None:
    token = await browser.ask()
    user = rig.people.user_by_email("ann@example.com")
    assert user is not None
    rig.people.set_status(user.id, "suspended")
    assert (await browser.go_on(token)).json["code"] == "invalid_link"
    mails = len(rig.people.outbox.latest(100))
    got = await browser.call("POST", "/auth/magic-link", {"email": "ann@example.com"})
    assert got.status == 202
    assert len(rig.people.outbox.latest(100)) == mails


async def test_where_no_mail_is_sent_there_are_no_links() -> None:
    rig = Rig(mail="")
    got = await Browser(rig).call("POST", "/auth/magic-link", {"email": "ann@example.com"})
    assert (got.status, got.json["code"]) == (403, "no_mail")
    assert (await rig.call("GET", "/api/v1/house")).json["mail"] is False


# The cookie as a credential.


@pytest.mark.parametrize(
    "said",
    [
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": None, "origin": "http://localhost:8000"},
        {"sec-fetch-site": None, "origin": "http://localhost:5173"},
    ],
)
async def test_a_page_of_this_host_trades_by_the_cookie(
    browser: Browser, said: dict[str, str | None]
) -> None:
    await browser.go_on(await browser.ask())
    order = {"symbol": "AAPL", "side": "buy", "qty": "1"}
    assert (await browser.call("POST", "/orders", order, headers=said)).status == 201


@pytest.mark.parametrize(
    "said",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": None},
        {"sec-fetch-site": None, "origin": "null"},
        {"sec-fetch-site": None, "origin": "http://evil.example"},
        {"sec-fetch-site": None, "origin": "http://[::1"},
        {"sec-fetch-site": "cross-site", "origin": "http://localhost:8000"},
    ],
)
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/orders"), ("DELETE", "/orders"), ("POST", "/auth/logout")]
)
async def test_no_other_page_does(
    browser: Browser, said: dict[str, str | None], method: str, path: str
) -> None:
    await browser.go_on(await browser.ask())
    body = {"symbol": "AAPL", "side": "buy", "qty": "1"} if path == "/orders" else None
    got = await browser.call(method, path, body, headers=said)
    assert (got.status, got.json["code"]) == (403, "cross_site")
    assert await browser.is_in()


async def test_a_page_of_this_host_reads_by_the_cookie(browser: Browser) -> None:
    await browser.go_on(await browser.ask())
    for said in ({"sec-fetch-site": "none"}, {"sec-fetch-site": None}):
        assert (await browser.call("GET", "/orders", headers=said)).status == 200


async def test_signing_out_ends_the_session_and_the_cookie(browser: Browser) -> None:
    await browser.go_on(await browser.ask())
    held = dict(browser.cookies)
    assert (await browser.call("POST", "/auth/logout")).status == 204
    assert browser.cookies == {}
    browser.cookies = held
    got = await browser.call("GET", "/me")
    assert got.status == 401
    assert browser.cookies == {}


async def test_what_a_request_says_outright_counts_more_than_its_cookie(
    browser: Browser, rig: Rig, bob: Trader
) -> None:
    await browser.go_on(await browser.ask())
    got = await browser.call("GET", "/me", headers=bob.headers)
    assert got.json["user"]["email"] == "bob@example.com"
    wrong = {"authorization": "Bearer sy_nothing"}
    assert (await browser.call("GET", "/me", headers=wrong)).status == 401


async def test_two_cookies_of_one_name_are_refused(browser: Browser, rig: Rig) -> None:
    await browser.go_on(await browser.ask())
    value = browser.cookies["stockyard_session"]
    cookie = f"stockyard_session={value}; stockyard_session=sy_other"
    got = await rig.call("GET", "/api/v1/me", headers={"cookie": cookie})
    assert (got.status, got.json["code"]) == (400, "conflicting_headers")
    twice = f"a=b; stockyard_session={value}; stockyard_session={value}"
    assert (await rig.call("GET", "/api/v1/me", headers={"cookie": twice})).status == 200


async def test_sessions_by_link_are_listed_as_such(browser: Browser) -> None:
    await browser.go_on(await browser.ask())
    listed = (await browser.call("GET", "/auth/sessions")).json
    assert "link" in str(listed)


async def test_a_second_factor_is_asked_for_after_a_link_too(
    browser: Browser, rig: Rig, ann: Trader
) -> None:
    begun = (await ann.call("POST", "/auth/second-factor", {"password": PASSWORD})).json
    app = TOTP(begun["secret"])
    shown = app.at(rig.clock.time_ns // 10**9)
    assert (await ann.call("POST", "/auth/second-factor/confirm", {"code": shown})).status == 200
    rig.clock.time_ns += MINUTE
    token = await browser.ask()
    assert (await browser.open(token)).headers["location"] == f"/link#{token}"
    assert (await browser.go_on(token)).json["code"] == "second_factor_required"
    assert (await browser.go_on(token, code="000000")).json["code"] == "invalid_code"
    assert not await browser.is_in()
    code = app.at(rig.clock.time_ns // 10**9)
    assert (await browser.go_on(token, code=code)).status == 200
    assert await browser.is_in()


async def test_a_stream_is_opened_by_the_cookie_from_a_page_of_this_host_alone(
    browser: Browser, rig: Rig
) -> None:
    await browser.go_on(await browser.ask())
    cookie = f"stockyard_session={browser.cookies['stockyard_session']}"
    async with served(rig) as port:
        there = f"ws://127.0.0.1:{port}/api/v1/stream"
        ours = {"Cookie": cookie, "Origin": f"http://127.0.0.1:{port}"}
        async with connect(there, additional_headers=ours) as client:
            await told(client)
            await say(client, type="auth")
            assert (await told(client))["type"] == "authenticated"
        async with connect(there, additional_headers={"Cookie": cookie}) as client:
            await told(client)
            await say(client, type="auth")
            assert (await told(client))["code"] == "cross_site"
        with pytest.raises(InvalidStatus):
            async with connect(
                there, additional_headers={**ours, "Origin": "http://evil.example"}
            ) as client:
                await told(client)


# Forgotten passwords.


async def test_a_forgotten_password_is_replaced_and_everybody_signed_out(
    browser: Browser, rig: Rig, ann: Trader
) -> None:
    await browser.go_on(await browser.ask())
    waiting = await browser.ask()
    await browser.call("POST", "/auth/recovery", {"email": "Ann@Example.com"})
    token = newest(rig)
    assert f"/reset#{token}" in rig.people.outbox.latest(1)[0].text
    rig.clock.time_ns += 1
    fresh = {"token": token, "password": "a new horse battery"}
    assert (await Browser(rig).call("POST", "/auth/recovery/reset", fresh)).status == 204
    assert rig.people.outbox.latest(1)[0].subject == "Your password for Stockyard was changed"
    assert not await browser.is_in()
    assert (await ann.call("GET", "/me")).status == 401
    assert (await browser.go_on(waiting)).status == 401
    for _ in range(2):
        for password, status in ((PASSWORD, 401), ("a new horse battery", 200)):
            said = {"email": "ann@example.com", "password": password}
            assert (await rig.call("POST", "/api/v1/auth/login", said)).status == status
        rig.restart()
    again = await Browser(rig).call("POST", "/auth/recovery/reset", fresh)
    assert (again.status, again.json["code"]) == (401, "invalid_link")


async def test_a_password_that_cannot_be_taken_uses_no_link_up(browser: Browser, rig: Rig) -> None:
    await browser.call("POST", "/auth/recovery", {"email": "ann@example.com"})
    said = {"token": newest(rig), "password": "short"}
    refused = await browser.call("POST", "/auth/recovery/reset", said)
    assert (refused.status, refused.json["field"]) == (422, "password")
    said["password"] = "ann@example.com"
    assert (await browser.call("POST", "/auth/recovery/reset", said)).status == 422
    said["password"] = "long enough now"
    assert (await browser.call("POST", "/auth/recovery/reset", said)).status == 204


async def test_a_reset_is_done_also_when_no_more_mail_can_be_put(
    browser: Browser, rig: Rig
) -> None:
    await browser.call("POST", "/auth/recovery", {"email": "ann@example.com"})
    token = newest(rig)
    limits = rig.people.outbox._limits
    rig.people.outbox._limits = limits._replace(waiting_max=1)
    said = {"token": token, "password": "long enough now"}
    assert (await browser.call("POST", "/auth/recovery/reset", said)).status == 204


# A new address.


async def test_a_new_address_counts_once_it_is_confirmed(
    browser: Browser, rig: Rig, ann: Trader
) -> None:
    asked = {"email": "Ann@Example.org", "password": PASSWORD}
    got = await ann.call("POST", "/auth/email", asked)
    assert (got.status, got.json["email"]) == (200, "ann@example.com")
    mail = rig.people.outbox.latest(1)[0]
    assert mail.to == "ann@example.org"
    token = newest(rig)
    assert f"/confirm-email#{token}" in mail.text
    assert (await browser.go_on(token)).json["code"] == "invalid_link"
    waiting = await browser.ask()
    rig.clock.time_ns += 1
    got = await browser.call("POST", "/auth/email/confirm", {"token": token})
    assert (got.status, got.json["email"]) == (200, "ann@example.org")
    told = rig.people.outbox.latest(1)[0]
    assert (told.to, "ann@example.org" in told.text) == ("ann@example.com", True)
    assert (await browser.go_on(waiting)).status == 401
    again = await browser.call("POST", "/auth/email/confirm", {"token": token})
    assert again.json["code"] == "invalid_link"
    rig.restart()
    user = rig.people.user_by_email("ann@example.org")
    assert user is not None
    assert rig.people.user_by_email("ann@example.com") is None


async def test_an_address_that_was_taken_meanwhile_stays_its_owners(
    rig: Rig, browser: Browser, ann: Trader
) -> None:
    await ann.call("POST", "/auth/email", {"email": "eve@example.com", "password": PASSWORD})
    token = newest(rig)
    await rig.register("eve@example.com")
    got = await browser.call("POST", "/auth/email/confirm", {"token": token})
    assert (got.status, got.json["code"]) == (409, "email_taken")


async def test_expired_links_are_purged(browser: Browser, rig: Rig) -> None:
    await browser.ask()
    await rig.app.tidy_people()
    assert rig.people._database.query("SELECT kind FROM links") == [(LinkKind.SIGN_IN,)]
    rig.clock.time_ns += 15 * MINUTE
    await rig.app.tidy_people()
    assert rig.people._database.query("SELECT kind FROM links") == []


async def test_no_letter_holds_a_users_own_words(rig: Rig) -> None:
    said = {
        "email": "victim@example.com",
        "password": PASSWORD,
        "name": "Win at https://evil.example",
    }
    assert (await rig.call("POST", "/api/v1/auth/register", said)).status == 201
    await Browser(rig).ask("victim@example.com")
    assert "evil" not in unquote(rig.people.outbox.latest(1)[0].text)


async def test_tokens_are_kept_nowhere_in_the_clear(browser: Browser, rig: Rig) -> None:
    token = await browser.ask()
    kept = [
        rig.people._database.query(f"SELECT * FROM {table}")
        for table in ("links", "mails", "sessions")
    ]
    assert token not in str(kept)
    assert browser.cookies["stockyard_browser"] not in str(kept)
