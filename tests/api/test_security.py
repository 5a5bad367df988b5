"""Sessions, second factor, tokens, and what people change of themselves, over HTTP."""

import re
from typing import Any

import pytest
from pyotp import TOTP

from stockyard.people.errors import UserError
from tests.api.rig import PASSWORD, Rig, Trader

SECOND = 10**9
MINUTE = 60 * SECOND
EMAIL = "ann@example.com"
NEW = "staple the horse"


def code_now(rig: Rig, secret: str) -> str:
    """What the app shows, half a minute after the last time it was asked."""
    rig.clock.time_ns += 30 * SECOND
    return TOTP(secret).at(rig.clock.time_ns // SECOND)


async def enrol(rig: Rig, who: Trader) -> tuple[str, list[str]]:
    """Turn a second factor on; the secret and the recovery codes."""
    begun = await who.call("POST", "/auth/second-factor", {"password": PASSWORD})
    assert begun.status == 201, begun
    secret = begun.json["secret"]
    code = code_now(rig, secret)
    done = await who.call("POST", "/auth/second-factor/confirm", {"code": code})
    assert done.status == 200, done
    return secret, done.json["codes"]


async def login(rig: Rig, email: str = EMAIL, password: str = PASSWORD, **more: Any) -> Any:
    return await rig.call(
        "POST", "/api/v1/auth/login", {"email": email, "password": password, **more}
    )


async def tokens(rig: Rig, **more: Any) -> Any:
    answer = await rig.call(
        "POST", "/api/v1/auth/token", {"email": EMAIL, "password": PASSWORD, **more}
    )
    assert answer.status == 200, answer
    assert answer.headers["cache-control"] == "no-store"
    return answer.json


def bearer(rig: Rig, pair: Any) -> Trader:
    return Trader(rig, {"Authorization": "Bearer " + pair["access_token"]})


async def test_one_sees_where_one_is_signed_in_and_ends_it(
    rig: Rig, ann: Trader, bob: Trader
) -> None:
    rig.clock.time_ns += MINUTE
    signed = await rig.call(
        "POST",
        "/api/v1/auth/login",
        {"email": EMAIL, "password": PASSWORD},
        headers={"User-Agent": "Elsewhere/1.0 " + "x" * 500},
    )
    other = Trader(rig, {"Authorization": "Bearer " + signed.json["token"]})
    client = bearer(rig, await tokens(rig))
    listed = (await ann.call("GET", "/auth/sessions")).json
    assert [(x["kind"], x["current"], x["scopes"]) for x in listed] == [
        ("password", False, None),
        ("password", True, None),
        ("tokens", False, ["read", "trade"]),
    ]
    assert listed[0]["address"] == "192.0.2.1"
    assert listed[0]["user_agent"] == ("Elsewhere/1.0 " + "x" * 500)[:200]
    assert listed[1]["last_seen_at"] > listed[1]["created_at"]
    for one in (listed[0], listed[2]):
        for outsider in (bob, client):
            refused = await outsider.call("DELETE", f"/auth/sessions/{one['id']}")
            assert refused.status == (404 if outsider is bob else 403)
        assert (await ann.call("DELETE", f"/auth/sessions/{one['id']}")).status == 204
        assert (await ann.call("DELETE", f"/auth/sessions/{one['id']}")).status == 404
    assert (await other.call("GET", "/me")).status == 401
    assert (await client.call("GET", "/me")).status == 401
    assert (await ann.call("GET", "/me")).status == 200


async def test_somebody_elses_session_is_as_none(rig: Rig, ann: Trader, bob: Trader) -> None:
    (mine,) = (await ann.call("GET", "/auth/sessions")).json
    theirs = await bob.call("DELETE", f"/auth/sessions/{mine['id']}")
    nowhere = await bob.call("DELETE", f"/auth/sessions/{'0' * 32}")
    theirs.json.pop("request_id")
    assert {**theirs.json, "request_id": ""} == {**nowhere.json, "request_id": ""}


async def test_signing_out_everywhere_leaves_keys(rig: Rig, ann: Trader) -> None:
    key = Trader(rig, await rig.key(ann.headers))
    others = [Trader(rig, await rig.sign_in()), bearer(rig, await tokens(rig))]
    done = await ann.call("DELETE", "/auth/sessions", query="others=true")
    assert done.json == {"ended": 2}
    for _ in range(2):
        assert [(await x.call("GET", "/me")).status for x in (ann, *others)] == [200, 401, 401]
        rig.restart()
    done = await ann.call("DELETE", "/auth/sessions")
    assert done.json == {"ended": 1}
    assert (await ann.call("GET", "/me")).status == 401
    assert (await key.call("GET", "/me")).status == 200


async def test_a_session_keeps_where_it_was_opened_over_a_restart(rig: Rig, ann: Trader) -> None:
    await ann.call("GET", "/me")
    await rig.app.tidy_people()
    before = (await ann.call("GET", "/auth/sessions")).json
    await rig.app.tidy_people()
    rig.restart()
    assert (await ann.call("GET", "/auth/sessions")).json == before


async def test_a_second_factor_is_asked_for_at_every_sign_in(rig: Rig, ann: Trader) -> None:
    assert (await ann.call("GET", "/auth/second-factor")).json == {
        "enabled": False,
        "enabled_at": None,
        "recovery_codes_left": 0,
    }
    secret, recovery = await enrol(rig, ann)
    found = (await ann.call("GET", "/auth/second-factor")).json
    assert (found["enabled"], found["recovery_codes_left"]) == (True, 10)
    refused = await login(rig)
    assert (refused.status, refused.json["code"]) == (403, "second_factor_required")
    assert refused.json["field"] == "code"
    wrong = await login(rig, password="wrong password", code=code_now(rig, secret))
    assert (wrong.status, wrong.json["code"]) == (401, "invalid_credentials")
    code = code_now(rig, secret)
    assert (await login(rig, code=code)).status == 200
    replayed = await login(rig, code=code)
    assert (replayed.status, replayed.json["code"]) == (403, "invalid_code")
    assert (await login(rig, code=recovery[0])).status == 200
    assert (await login(rig, code=recovery[0])).json["code"] == "invalid_code"
    rig.restart()
    assert (await login(rig, code=code)).json["code"] == "invalid_code"
    assert (await login(rig, code=code_now(rig, secret))).status == 200


async def test_tokens_need_the_code_too(rig: Rig, ann: Trader) -> None:
    secret, _ = await enrol(rig, ann)
    body = {"email": EMAIL, "password": PASSWORD}
    refused = await rig.call("POST", "/api/v1/auth/token", body)
    assert (refused.status, refused.json["code"]) == (403, "second_factor_required")
    assert (await tokens(rig, code=code_now(rig, secret)))["token_type"] == "Bearer"


async def test_wrong_codes_are_throttled_and_the_password_alone_is_not(
    rig: Rig, ann: Trader
) -> None:
    secret, _ = await enrol(rig, ann)
    for _ in range(20):
        assert (await login(rig)).json["code"] == "second_factor_required"
    for _ in range(5):
        assert (await login(rig, code="000000")).json["code"] == "invalid_code"
    throttled = await login(rig, code=code_now(rig, secret))
    assert (throttled.status, throttled.json["code"]) == (429, "too_many_attempts")
    assert int(throttled.headers["retry-after"]) > 60


async def test_the_qr_code_is_a_picture_of_the_address(rig: Rig, ann: Trader) -> None:
    begun = (await ann.call("POST", "/auth/second-factor", {"password": PASSWORD})).json
    assert begun["uri"].startswith("otpauth://totp/Stockyard:ann%40example.com?secret=")
    assert begun["secret"] in begun["uri"]
    assert begun["qr_svg"].startswith("<svg ")
    assert "script" not in begun["qr_svg"]


async def test_turning_it_off_needs_password_and_code(rig: Rig, ann: Trader) -> None:
    secret, recovery = await enrol(rig, ann)
    path = "/auth/second-factor/disable"
    for body, code in (
        ({"password": "wrong password", "code": recovery[0]}, "wrong_password"),
        ({"password": PASSWORD}, "second_factor_required"),
        ({"password": PASSWORD, "code": "000000"}, "invalid_code"),
    ):
        refused = await ann.call("POST", path, body)
        assert (refused.status, refused.json["code"]) == (403, code)
    body = {"password": PASSWORD, "code": code_now(rig, secret)}
    renewed = await ann.call("POST", "/auth/second-factor/recovery-codes", body)
    assert len(renewed.json["codes"]) == 10
    assert (await login(rig, code=recovery[0])).json["code"] == "invalid_code"
    off = {"password": PASSWORD, "code": renewed.json["codes"][0]}
    assert (await ann.call("POST", path, off)).status == 204
    assert (await login(rig)).status == 200


async def test_neither_keys_nor_tokens_do_what_needs_the_person(rig: Rig, ann: Trader) -> None:
    key = Trader(rig, await rig.key(ann.headers))
    client = bearer(rig, await tokens(rig))
    confirm = {"password": PASSWORD}
    for who in (key, client):
        for method, path, body in (
            ("GET", "/auth/sessions", None),
            ("DELETE", "/auth/sessions", None),
            ("GET", "/auth/second-factor", None),
            ("POST", "/auth/second-factor", confirm),
            ("POST", "/auth/second-factor/confirm", {"code": "123456"}),
            ("POST", "/auth/second-factor/recovery-codes", confirm),
            ("POST", "/auth/second-factor/disable", confirm),
            ("POST", "/auth/password", {**confirm, "new_password": NEW}),
            ("POST", "/auth/email", {**confirm, "email": "x@example.com"}),
            ("POST", "/auth/leave", confirm),
            ("POST", "/api-keys", {"name": "another"}),
            ("POST", "/auth/logout", None),
        ):
            refused = await who.call(method, path, body)
            assert (refused.status, refused.json["code"]) == (403, "session_required"), path


async def test_an_access_token_trades_until_it_expires(rig: Rig, ann: Trader) -> None:
    pair = await tokens(rig)
    client = bearer(rig, pair)
    assert (await client.order()).status == 201
    assert (await client.call("GET", "/me")).json["scopes"] == ["read", "trade"]
    rig.clock.time_ns += 15 * MINUTE
    expired = await client.call("GET", "/me")
    assert (expired.status, expired.json["code"]) == (401, "invalid_token")
    fresh = await rig.call(
        "POST", "/api/v1/auth/token/refresh", {"refresh_token": pair["refresh_token"]}
    )
    assert (await bearer(rig, fresh.json).call("GET", "/me")).status == 200
    again = await rig.call(
        "POST", "/api/v1/auth/token/refresh", {"refresh_token": pair["refresh_token"]}
    )
    assert (again.status, again.json["code"]) == (401, "refresh_token_reused")
    assert (await bearer(rig, fresh.json).call("GET", "/me")).status == 401


async def test_a_token_does_what_its_scopes_say(rig: Rig, ann: Trader) -> None:
    reader = bearer(rig, await tokens(rig, scopes=["read"]))
    assert (await reader.call("GET", "/orders")).status == 200
    assert (await reader.order()).json["code"] == "scope_missing"
    body = {"email": EMAIL, "password": PASSWORD, "scopes": ["admin"]}
    refused = await rig.call("POST", "/api/v1/auth/token", body)
    assert (refused.status, refused.json["code"]) == (403, "scope_not_allowed")


async def test_revoking_says_nothing_of_what_there_was(rig: Rig, ann: Trader) -> None:
    pair = await tokens(rig)
    for text in ("nonsense", pair["refresh_token"], pair["refresh_token"]):
        done = await rig.call("POST", "/api/v1/auth/token/revoke", {"refresh_token": text})
        assert (done.status, done.body) == (204, b"")
    assert (await bearer(rig, pair).call("GET", "/me")).status == 401


async def test_public_keys_are_public(rig: Rig, ann: Trader) -> None:
    assert (await rig.call("GET", "/api/v1/auth/jwks")).json == {"keys": []}
    await tokens(rig)
    (key,) = (await rig.call("GET", "/api/v1/auth/jwks")).json["keys"]
    assert set(key) == {"kty", "crv", "alg", "use", "kid", "x"}


async def test_a_new_password_ends_every_other_sign_in(rig: Rig, ann: Trader) -> None:
    others = [Trader(rig, await rig.sign_in()), bearer(rig, await tokens(rig))]
    done = await ann.call("POST", "/auth/password", {"password": PASSWORD, "new_password": NEW})
    assert done.json == {"ended": 2}
    for _ in range(2):
        assert [(await x.call("GET", "/me")).status for x in (ann, *others)] == [200, 401, 401]
        rig.restart()
    assert (await login(rig)).status == 401
    assert (await login(rig, password=NEW)).status == 200


async def test_a_new_password_ends_links_too_and_is_told_by_mail(rig: Rig, ann: Trader) -> None:
    await rig.call("POST", "/api/v1/auth/magic-link", {"email": EMAIL})
    await rig.call("POST", "/api/v1/auth/recovery", {"email": EMAIL})
    words = [mail.text for mail in rig.people.outbox.latest(2)]
    rig.clock.time_ns += SECOND
    done = await ann.call("POST", "/auth/password", {"password": PASSWORD, "new_password": NEW})
    assert done.status == 200
    told = rig.people.outbox.latest(1)[0]
    assert (told.to, told.subject) == (EMAIL, "Your password for Stockyard was changed")
    for text in words:
        found = re.search(r"(?:token=|#)([\w-]+)", text)
        assert found is not None
        path = "recovery/reset" if "/reset#" in text else "verify"
        body = {"token": found[1], **({"password": "x" * 12} if "reset" in path else {})}
        refused = await rig.call(
            "POST", f"/api/v1/auth/{path}", body, headers={"Sec-Fetch-Site": "same-origin"}
        )
        assert (refused.status, refused.json["code"]) == (401, "invalid_link"), path


async def test_turning_the_second_factor_off_is_told_by_mail(rig: Rig, ann: Trader) -> None:
    secret, _ = await enrol(rig, ann)
    body = {"password": PASSWORD, "code": code_now(rig, secret)}
    assert (await ann.call("POST", "/auth/second-factor/disable", body)).status == 204
    told = rig.people.outbox.latest(1)[0]
    assert (told.to, told.subject) == (EMAIL, "Your second factor for Stockyard was turned off")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"password": "wrong password", "new_password": NEW}, 403, "wrong_password"),
        ({"password": PASSWORD, "new_password": "short"}, 422, "invalid_password"),
        ({"password": PASSWORD, "new_password": EMAIL}, 422, "invalid_password"),
        ({"password": PASSWORD}, 422, "missing_field"),
    ],
)
async def test_a_bad_change_of_password_changes_nothing(
    rig: Rig, ann: Trader, body: dict[str, str], status: int, code: str
) -> None:
    refused = await ann.call("POST", "/auth/password", body)
    assert (refused.status, refused.json["code"]) == (status, code)
    assert (await login(rig)).status == 200


async def test_present_passwords_cannot_be_guessed_at(rig: Rig, ann: Trader) -> None:
    body = {"password": "wrong password", "new_password": NEW}
    for _ in range(10):
        assert (await ann.call("POST", "/auth/password", body)).status == 403
    assert (await ann.call("POST", "/auth/password", body)).status == 429


async def test_a_second_factor_guards_changes(rig: Rig, ann: Trader) -> None:
    secret, _ = await enrol(rig, ann)
    for path, body in (
        ("/auth/password", {"password": PASSWORD, "new_password": NEW}),
        ("/auth/email", {"password": PASSWORD, "email": "ann@example.org"}),
        ("/auth/leave", {"password": PASSWORD}),
    ):
        refused = await ann.call("POST", path, body)
        assert (refused.status, refused.json["code"]) == (403, "second_factor_required"), path
    body = {"password": PASSWORD, "new_password": NEW, "code": code_now(rig, secret)}
    assert (await ann.call("POST", "/auth/password", body)).status == 200


async def test_changing_the_address_where_no_mail_is_sent() -> None:
    rig = Rig(mail="")
    ann, _ = await rig.trader(), await rig.trader("bob@example.com")

    async def change(email: str) -> Any:
        return await ann.call("POST", "/auth/email", {"email": email, "password": PASSWORD})

    for email, status, code in (
        ("nobody", 422, "invalid_email"),
        ("ANN@example.com", 422, "same_email"),
        ("bob@example.com", 409, "email_taken"),
    ):
        refused = await change(email)
        assert (refused.status, refused.json["code"]) == (status, code)
    assert (await change("Ann@Example.org")).json["email"] == "ann@example.org"
    for _ in range(2):
        assert (await login(rig)).status == 401
        assert (await login(rig, email="ann@example.org")).status == 200
        rig.restart()
    await rig.register()


async def test_who_leaves_is_gone_and_the_books_stay(rig: Rig, ann: Trader) -> None:
    key = Trader(rig, await rig.key(ann.headers))
    client = bearer(rig, await tokens(rig))
    account = (await ann.call("GET", "/account")).json["id"]
    assert (await ann.order()).status == 201
    assert (await ann.order(type="limit", limit_price="100.00")).json["status"] == "new"
    await ann.call("POST", "/watchlists", {"name": "Mine", "symbols": ["AAPL"]})
    refused = await ann.call("POST", "/auth/leave", {"password": "wrong password"})
    assert refused.json["code"] == "wrong_password"
    assert (await ann.call("POST", "/auth/leave", {"password": PASSWORD})).status == 204
    for _ in range(2):
        for who in (ann, key, client):
            assert (await who.call("GET", "/me")).status == 401
        assert (await login(rig)).status == 401
        (account_id,) = rig.world.view.accounts_of[rig.people.users()[0].id]
        row = rig.world.view.accounts[account_id]
        assert (row.cash_micros, rig.people.watchlists.of_account(account_id)) == (0, ())
        assert not rig.world.view.open_orders[account_id]
        rig.restart()
        assert await rig.app.complete_unfinished() == 0
    fresh = Trader(rig, {})
    await rig.register()
    fresh.headers = await rig.sign_in()
    assert (await fresh.call("GET", "/account")).json["id"] != account
    assert "ann@example.com" not in str([u for u in rig.people.users() if u.name == "Deleted user"])


async def test_a_crash_while_leaving_is_finished_at_the_next_start(rig: Rig, ann: Trader) -> None:
    assert (await ann.order(type="limit", limit_price="100.00")).status == 201
    user_id = (await ann.call("GET", "/me")).json["user"]["id"]
    rig.people.leave(user_id, "x", rig.clock.wall_ns())
    rig.restart()
    assert await rig.app.complete_unfinished() == 1
    (account_id,) = rig.world.view.accounts_of[user_id]
    assert rig.world.view.accounts[account_id].cash_micros == 0
    rig.restart()
    assert await rig.app.complete_unfinished() == 0


async def test_what_was_done_is_on_record_without_secrets(rig: Rig, ann: Trader) -> None:
    secret, codes = await enrol(rig, ann)
    pair = await tokens(rig, code=code_now(rig, secret))
    refresh = {"refresh_token": pair["refresh_token"]}
    for _ in range(2):
        await rig.call("POST", "/api/v1/auth/token/refresh", refresh)
    await ann.call("POST", "/auth/leave", {"password": "wrong password"})
    body = {"password": PASSWORD, "new_password": NEW, "code": code_now(rig, secret)}
    assert (await ann.call("POST", "/auth/password", body)).status == 200
    answer = await ann.call("GET", "/account/audit")
    kinds = [x["kind"] for x in answer.json if not x["kind"].startswith("account")]
    assert kinds[:5] == [
        "user.password_changed",
        "confirmation.refused",
        "session.ended",
        "session.opened",
        "second_factor.enabled",
    ]
    told = answer.body.decode()
    for word in (secret, codes[0], PASSWORD, NEW, pair["refresh_token"], pair["access_token"]):
        assert word not in told


async def test_the_last_admin_stays(rig: Rig, ann: Trader) -> None:
    user_id = (await ann.call("GET", "/me")).json["user"]["id"]
    rig.people.set_role(user_id, "admin")
    refused = await ann.call("POST", "/auth/leave", {"password": PASSWORD})
    assert refused.json["code"] == "last_admin"
    assert (await login(rig)).status == 200


async def test_the_demo_user_stays_as_it_is(rig: Rig, ann: Trader) -> None:
    rig.app.door.demo_email = EMAIL
    for path, body in (
        ("/auth/password", {"password": PASSWORD, "new_password": NEW}),
        ("/auth/email", {"password": PASSWORD, "email": "x@example.com"}),
        ("/auth/leave", {"password": PASSWORD}),
        ("/auth/second-factor", {"password": PASSWORD}),
    ):
        refused = await ann.call("POST", path, body)
        assert (refused.status, refused.json["code"]) == (403, "demo_user")


async def test_a_proxy_in_front_keeps_the_demo_shut(rig: Rig, ann: Trader) -> None:
    rig.app.door.demo_email = EMAIL
    host = {"Host": "127.0.0.1:8000"}
    assert (await rig.call("POST", "/api/v1/auth/demo", headers=host)).status == 200
    for name in ("X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"):
        headers = {**host, name: "127.0.0.1"}
        refused = await rig.call("POST", "/api/v1/auth/demo", headers=headers)
        assert (refused.status, refused.json["code"]) == (403, "no_demo")
        assert (await rig.call("GET", "/api/v1/house", headers=headers)).json["demo"] is False


def test_refusals_of_people_have_their_status() -> None:
    assert UserError("invalid_code", "", "", "").http_status == 403
