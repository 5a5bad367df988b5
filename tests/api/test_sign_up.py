"""Goal: whoever signs up learns nothing of others, and nobody else signs up in their name."""

import re
from typing import Any

import pytest

from stockyard.api.registering import complete_unfinished
from stockyard.api.settings import MailWay, SignUpWay, sign_up_way
from stockyard.config import Config
from stockyard.people import sign_ups
from stockyard.people.identity import Role
from stockyard.runtime.writer import Refused
from stockyard.server import Server
from tests.api.rig import PASSWORD, Answer, Rig, Trader

TOKEN = re.compile(r"/finish#(sl_[A-Za-z0-9_-]{43})")
HOUR = 3600 * 10**9
WANTED = {"name": "Ann", "email": "ann@example.com"}


def mailed(rig: Rig) -> str:
    """The token of the newest mail."""
    found = TOKEN.search(rig.people.outbox.latest(1)[0].text)
    assert found is not None
    return found.group(1)


async def ask(rig: Rig, email: str = "ann@example.com", **said: Any) -> Answer:
    rig.clock.time_ns += 1
    body = {**WANTED, "email": email, **said}
    return await rig.call("POST", "/api/v1/auth/register", body)


async def finish(rig: Rig, token: str, password: str = PASSWORD) -> Answer:
    body = {"token": token, "password": password}
    return await rig.call("POST", "/api/v1/auth/register/finish", body)


@pytest.fixture
async def closed_mouthed() -> Rig:
    """A house with one user, Bob, in which signing up is confirmed."""
    rig = Rig()
    await rig.register("bob@example.com")
    return Rig(disk=rig.disk, sign_up="confirmed")


async def test_a_link_finishes_and_the_password_is_chosen_there(closed_mouthed: Rig) -> None:
    rig = closed_mouthed
    asked = await ask(rig, "Ann@Example.com", account_name="Ideas")
    assert asked.status == 202
    assert rig.people.user_by_email("ann@example.com") is None
    mail = rig.people.outbox.latest(1)[0]
    assert (mail.to, mail.subject) == ("ann@example.com", "Open your Stockyard account")
    for _ in range(2):
        # Programs that look through mails open links.
        assert (await rig.call("GET", "/finish")).status in (200, 404)
        assert (await rig.call("GET", "/api/v1/auth/register/finish")).status == 405
    token = mailed(rig)
    made = await finish(rig, token)
    assert (made.status, made.json["user"]["email"]) == (201, "ann@example.com")
    assert (made.json["account"]["name"], made.json["account"]["cash"]) == ("Ideas", "100000.00")
    for _ in range(2):
        await rig.sign_in()
        again = await finish(rig, token)
        assert (again.status, again.json["code"]) == (401, "invalid_link")
        rig.restart()
    assert rig.people._database.query("SELECT * FROM sign_ups") == []


async def test_nobody_learns_who_is_a_user(closed_mouthed: Rig) -> None:
    rig = closed_mouthed
    new, taken = await ask(rig, "new@example.com"), await ask(rig, "BOB@example.com")
    assert (new.status, new.body) == (taken.status, taken.body)
    told, known = rig.people.outbox.latest(2)
    assert (known.to, told.to) == ("new@example.com", "bob@example.com")
    assert told.subject == "You have a Stockyard account"
    assert TOKEN.search(told.text) is None
    assert len(rig.people._database.query("SELECT * FROM sign_ups")) == 1
    too_many = []
    for email in ("new@example.com", "bob@example.com"):
        for _ in range(4):
            assert (await ask(rig, email)).status == 202
        too_many.append(await ask(rig, email))
    assert [one.json["code"] for one in too_many] == ["too_many_attempts"] * 2
    assert too_many[0].headers["retry-after"] == too_many[1].headers["retry-after"]


async def test_no_password_of_a_strangers_opens_an_account(closed_mouthed: Rig) -> None:
    """Who asks with another's address and a password of their own does not get in by it."""
    rig = closed_mouthed
    assert (await ask(rig, password="the thief's own words")).status == 202
    assert (await finish(rig, mailed(rig))).status == 201
    login = {"email": "ann@example.com", "password": "the thief's own words"}
    assert (await rig.call("POST", "/api/v1/auth/login", login)).status == 401
    await rig.sign_in()


async def test_no_letter_holds_the_words_of_whoever_asked(closed_mouthed: Rig) -> None:
    rig = closed_mouthed
    await ask(rig, name="Win at https://evil.example", account_name="evil")
    assert "evil" not in rig.people.outbox.latest(1)[0].text


async def test_what_is_no_link_any_more_is_refused_alike(closed_mouthed: Rig) -> None:
    rig = closed_mouthed
    await ask(rig)
    expired = mailed(rig)
    rig.clock.time_ns += 24 * HOUR
    await ask(rig, "bob2@example.com")
    overtaken = mailed(rig)
    rig.people.changes.email(rig.people.users()[0].id, "bob2@example.com")
    refused = [await finish(rig, token) for token in (expired, overtaken, "", "x" * 9_000)]
    assert {(one.status, one.json["code"]) for one in refused} == {(401, "invalid_link")}
    await rig.app.tidy_people()
    assert len(rig.people._database.query("SELECT * FROM sign_ups")) == 1


async def test_no_more_than_three_links_work_and_one_use_ends_all(closed_mouthed: Rig) -> None:
    rig = closed_mouthed
    tokens = []
    for _ in range(4):
        await ask(rig)
        tokens.append(mailed(rig))
    assert (await finish(rig, tokens[0])).status == 401
    assert (await finish(rig, tokens[1])).status == 201
    assert [(await finish(rig, token)).status for token in tokens[2:]] == [401, 401]


@pytest.mark.parametrize("password", ["short", "ann@example.com", "x" * 129])
async def test_a_password_that_cannot_be_taken_uses_no_link_up(
    closed_mouthed: Rig, password: str
) -> None:
    rig = closed_mouthed
    await ask(rig)
    refused = await finish(rig, mailed(rig), password)
    assert (refused.status, refused.json["field"]) == (422, "password")
    assert (await finish(rig, mailed(rig))).status == 201


async def test_an_engine_that_refuses_uses_no_link_up(closed_mouthed: Rig) -> None:
    rig = closed_mouthed
    await ask(rig)
    rig.world.writer.close(Refused("shutting_down", "stopping", 5))
    assert (await finish(rig, mailed(rig))).status == 503
    rig.restart()
    assert (await finish(rig, mailed(rig))).status == 201


async def test_a_crash_before_the_account_is_open_is_made_good_once(
    closed_mouthed: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = closed_mouthed
    await ask(rig)

    def broken(*_: object) -> None:
        raise AssertionError("broken")

    monkeypatch.setattr(rig.world.projector, "fold", broken)
    assert (await finish(rig, mailed(rig))).json["code"] == "engine_stopped"
    monkeypatch.undo()
    rig.restart()
    assert (await finish(rig, mailed(rig))).status == 401
    assert await complete_unfinished(rig.world, rig.people) == 1
    await rig.sign_in()
    assert (await finish(rig, mailed(rig))).status == 401
    assert len(rig.world.view.accounts) == 2


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"email": "nobody"}, "invalid_email"),
        ({"name": " "}, "invalid_name"),
        ({"account_name": ""}, "invalid_name"),
    ],
)
async def test_what_is_asked_is_checked(
    closed_mouthed: Rig, said: dict[str, Any], code: str
) -> None:
    refused = await ask(closed_mouthed, **said)
    assert (refused.status, refused.json["code"]) == (422, code)


async def test_no_more_wait_than_may(closed_mouthed: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_ups, "WAITING_MAX", 1)
    assert (await ask(closed_mouthed)).status == 202
    for email in ("new@example.com", "bob@example.com"):
        refused = await ask(closed_mouthed, email)
        assert (refused.status, refused.json["code"]) == (503, "too_many_sign_ups")


async def test_a_taken_address_is_not_told_when_ones_own_is_changed(closed_mouthed: Rig) -> None:
    rig = closed_mouthed
    bob = Trader(rig, await rig.sign_in("bob@example.com"))
    await ask(rig)
    await finish(rig, mailed(rig))

    async def change(email: str) -> Answer:
        rig.clock.time_ns += 1
        return await bob.call("POST", "/auth/email", {"email": email, "password": PASSWORD})

    free, taken = await change("free@example.com"), await change("ANN@example.com")
    assert (free.status, free.body) == (taken.status, taken.body)
    told, sent = rig.people.outbox.latest(2)
    assert (told.to, told.subject) == ("ann@example.com", "You have a Stockyard account")
    found = re.search(r"/confirm-email#(sl_[A-Za-z0-9_-]{43})", sent.text)
    assert found is not None
    await ask(rig, "free@example.com")
    assert (await finish(rig, mailed(rig))).status == 201
    late = await rig.call("POST", "/api/v1/auth/email/confirm", {"token": found.group(1)})
    assert (late.status, late.json["code"]) == (401, "invalid_link")


async def test_without_mail_an_address_changes_only_where_signing_up_is_open() -> None:
    rig = Rig()
    await rig.register()
    shut = Rig(disk=rig.disk, sign_up="closed", mail="")
    ann = Trader(shut, await shut.sign_in())
    asked = {"email": "free@example.com", "password": PASSWORD}
    refused = await ann.call("POST", "/auth/email", asked)
    assert (refused.status, refused.json["code"]) == (403, "no_mail")


async def test_closed_is_said_with_what_to_do() -> None:
    rig = Rig(sign_up="closed")
    refused = await ask(rig, password=PASSWORD)
    assert (refused.status, refused.json["code"]) == (403, "sign_up_closed")
    for word in ("stockyard users add", "STOCKYARD_SIGN_UP", "STOCKYARD_SMTP_HOST"):
        assert word in str(refused.json)
    assert (await rig.call("GET", "/api/v1/house")).json["sign_up"] == "closed"


async def test_closed_closes_for_links_that_were_sent_before(closed_mouthed: Rig) -> None:
    await ask(closed_mouthed)
    token = mailed(closed_mouthed)
    refused = await finish(Rig(disk=closed_mouthed.disk, sign_up="closed"), token)
    assert (refused.status, refused.json["code"]) == (403, "sign_up_closed")
    assert (await finish(Rig(disk=closed_mouthed.disk, sign_up="confirmed"), token)).status == 201


@pytest.mark.parametrize(
    ("asked", "mail", "is_local", "found"),
    [
        ("", MailWay.SHOWN, True, SignUpWay.OPEN),
        ("", MailWay.SMTP, True, SignUpWay.OPEN),
        ("", MailWay.SMTP, False, SignUpWay.CONFIRMED),
        ("", MailWay.SHOWN, False, SignUpWay.CLOSED),
        ("", MailWay.NOWHERE, False, SignUpWay.CLOSED),
        ("open", MailWay.NOWHERE, False, SignUpWay.OPEN),
        ("confirmed", MailWay.SHOWN, True, SignUpWay.CONFIRMED),
        ("confirmed", MailWay.SHOWN, False, SignUpWay.CLOSED),
        ("closed", MailWay.SMTP, True, SignUpWay.CLOSED),
    ],
)
def test_the_way_that_fits(asked: str, mail: str, is_local: bool, found: str) -> None:
    assert sign_up_way(asked, mail, is_local=is_local) == found


MAIL: dict[str, Any] = {"smtp_host": "mail.example.com", "mail_from": "no-reply@example.com"}


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({}, SignUpWay.OPEN),
        ({"public_url": "http://localhost:8000"}, SignUpWay.OPEN),
        ({"host": "0.0.0.0"}, SignUpWay.CLOSED),
        ({"trusted_proxies": "127.0.0.1"}, SignUpWay.CLOSED),
        ({"public_url": "https://paper.example.com"}, SignUpWay.CLOSED),
        ({"public_url": "https://paper.example.com", **MAIL}, SignUpWay.CONFIRMED),
        ({"public_url": "https://paper.example.com", "production": True}, SignUpWay.CLOSED),
        ({"host": "0.0.0.0", "sign_up": "open"}, SignUpWay.OPEN),
    ],
)
def test_who_can_reach_it_decides(said: dict[str, Any], found: str) -> None:
    assert Server(Config(**said)).sign_up_way == found


# Users that the house adds.


@pytest.fixture
async def root(closed_mouthed: Rig) -> Trader:
    """An administrator where nobody signs up by themselves."""
    rig = Rig(disk=closed_mouthed.disk, sign_up="closed")
    rig.people.set_role(rig.people.users()[0].id, Role.ADMIN)
    return Trader(rig, await rig.sign_in("bob@example.com"))


def behind(url: str) -> str:
    """The token of a link for a password."""
    page, _, token = url.partition("#")
    assert page == "http://127.0.0.1:8000/reset"
    return token


async def test_a_user_who_was_added_chooses_a_password_by_the_link(root: Trader) -> None:
    rig = root.rig
    made = await root.call("POST", "/admin/users", {**WANTED, "role": "instructor"})
    assert (made.status, made.json["user"]["role"]) == (201, "instructor")
    assert (made.json["user"]["status"], made.json["user"]["accounts"]) == ("active", 1)
    chosen = {"token": behind(made.json["link"]["url"]), "password": PASSWORD}
    rig.clock.time_ns += 24 * HOUR - 1
    for status in (204, 401):
        got = await rig.call("POST", "/api/v1/auth/recovery/reset", chosen)
        assert got.status == status
    await rig.sign_in()
    taken = await root.call("POST", "/admin/users", WANTED)
    assert (taken.status, taken.json["code"]) == (409, "email_taken")
    wrong = await root.call(
        "POST", "/admin/users", {"name": "Eve", "email": "eve@example.com", "role": "king"}
    )
    assert (wrong.status, wrong.json["code"]) == (422, "invalid_role")


async def test_a_lost_password_is_replaced_by_a_link_of_the_house(root: Trader) -> None:
    rig = root.rig
    user_id = (await root.call("POST", "/admin/users", WANTED)).json["user"]["id"]
    made = await root.call("POST", f"/admin/users/{user_id}/password-link")
    chosen = {"token": behind(made.json["url"]), "password": PASSWORD}
    assert (await rig.call("POST", "/api/v1/auth/recovery/reset", chosen)).status == 204
    noted = (await root.call("GET", "/admin/audit", query="kind=user.link_made")).json
    assert {entry["user_id"] for entry in noted} == {user_id}
    assert "sl_" not in str(noted)
    await root.call("PATCH", f"/admin/users/{user_id}", {"status": "suspended"})
    refused = await root.call("POST", f"/admin/users/{user_id}/password-link")
    assert (refused.status, refused.json["code"]) == (409, "user_not_active")
