"""Signing up, in and out; keys, scopes and whose account it is."""

import asyncio
from threading import Event
from typing import Any

import pytest

from tests.api.rig import PASSWORD, Rig, Trader, basic

DAY = 24 * 3600 * 10**9


async def test_registering_opens_a_funded_account(rig: Rig) -> None:
    made = await rig.register()
    assert made["user"]["email"] == "ann@example.com"
    assert made["user"]["status"] == "active"
    assert (made["account"]["cash"], made["account"]["profile"]) == ("100000.00", "ideal")
    taken = await rig.call(
        "POST",
        "/api/v1/auth/register",
        {"email": "ANN@example.com", "password": PASSWORD, "name": "A"},
    )
    assert (taken.status, taken.json["code"], taken.json["field"]) == (409, "email_taken", "email")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"email": "nobody"}, "invalid_email"),
        ({"password": "short"}, "invalid_password"),
        ({"name": " "}, "invalid_name"),
        ({"account_name": ""}, "invalid_name"),
        ({"role": "admin"}, "unknown_field"),
    ],
)
async def test_a_registration_is_checked(rig: Rig, change: dict[str, Any], code: str) -> None:
    body = {"email": "ann@example.com", "password": PASSWORD, "name": "Ann", **change}
    refused = await rig.call("POST", "/api/v1/auth/register", body)
    assert (refused.status, refused.json["code"]) == (422, code)
    assert rig.people.user_by_email("ann@example.com") is None


async def test_a_session_ends_by_signing_out_and_by_time(rig: Rig, ann: Trader) -> None:
    me = (await ann.call("GET", "/me")).json
    assert (me["user"]["name"], me["key_id"], len(me["accounts"])) == ("Ann", None, 1)
    assert me["scopes"] == ["read", "sim", "trade"]
    other = Trader(rig, await rig.sign_in())
    assert (await ann.call("POST", "/auth/logout")).status == 204
    refused = await ann.call("GET", "/me")
    assert (refused.status, refused.json["code"]) == (401, "invalid_token")
    assert refused.headers["www-authenticate"] == 'Bearer realm="stockyard"'
    assert (await other.call("GET", "/me")).status == 200
    rig.clock.time_ns += DAY
    assert (await other.call("GET", "/me")).status == 401


async def test_wrong_passwords_are_counted(rig: Rig) -> None:
    await rig.register()
    wrong = {"email": "ann@example.com", "password": "not the one"}
    for _ in range(10):
        refused = await rig.call("POST", "/api/v1/auth/login", wrong)
        assert (refused.status, refused.json["code"]) == (401, "invalid_credentials")
    refused = await rig.call("POST", "/api/v1/auth/login", wrong)
    assert (refused.status, refused.json["code"]) == (429, "too_many_attempts")
    assert int(refused.headers["retry-after"]) > 0


async def test_too_many_waiting_sign_ins_are_turned_away() -> None:
    rig = Rig(people_waiting_max=2)
    await rig.register()
    desk, gate = rig.app.door.desk, Event()
    jobs = [asyncio.ensure_future(desk.run(gate.wait)) for _ in range(2)]
    await asyncio.sleep(0)
    body = {"email": "ann@example.com", "password": PASSWORD}
    try:
        busy = await asyncio.wait_for(rig.call("POST", "/api/v1/auth/login", body), 5)
    finally:
        gate.set()
    assert (busy.status, busy.json["code"], busy.headers["retry-after"]) == (503, "busy", "3")
    await asyncio.gather(*jobs)
    assert desk.waiting == 0
    assert (await rig.call("POST", "/api/v1/auth/login", body)).status == 200


async def test_a_key_trades_for_its_account_in_three_spellings(rig: Rig, ann: Trader) -> None:
    pair = await rig.key(ann.headers)
    for headers in (pair, basic(pair)):
        trader = Trader(rig, headers)
        assert (await trader.order(qty="1")).status == 201
        assert (await trader.call("GET", "/me")).json["key_id"] == pair["APCA-API-KEY-ID"]
    listed = (await ann.call("GET", "/api-keys")).json
    assert "secret" not in listed[0]
    assert listed[0]["last_used_at"] is not None
    revoked = await ann.call("DELETE", "/api-keys/" + pair["APCA-API-KEY-ID"])
    assert (revoked.status, revoked.json["revoked_at"] is None) == (200, False)
    assert (await Trader(rig, pair).call("GET", "/me")).json["code"] == "invalid_api_key"
    assert (await Trader(rig, basic(pair)).call("GET", "/me")).status == 401
    assert (await ann.call("DELETE", "/api-keys/SKNONE")).json["code"] == "unknown_api_key"


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "missing_credentials"),
        ({"APCA-API-KEY-ID": "SK"}, "missing_credentials"),
        ({"APCA-API-SECRET-KEY": "x"}, "missing_credentials"),
        ({"APCA-API-KEY-ID": "SK", "APCA-API-SECRET-KEY": "x"}, "invalid_api_key"),
        ({"Authorization": "Bearer nonsense"}, "invalid_token"),
        ({"Authorization": "Bearer"}, "invalid_token"),
        ({"Authorization": "Basic !!"}, "invalid_api_key"),
        ({"Authorization": "Digest x"}, "invalid_credentials"),
    ],
)
async def test_bad_credentials(rig: Rig, headers: dict[str, str], code: str) -> None:
    for method, path in (("GET", "/account"), ("POST", "/orders"), ("GET", "/orders/1")):
        refused = await Trader(rig, headers).call(method, path)
        assert (refused.status, refused.json["code"]) == (401, code)


async def test_a_scope_is_enough_for_what_it_says(rig: Rig, ann: Trader) -> None:
    reader = Trader(rig, await rig.key(ann.headers, scopes=["read"]))
    order = (await ann.order(type="limit", limit_price="180")).json
    for method, path, body in (
        ("POST", "/orders", {"symbol": "AAPL", "side": "buy", "qty": "1"}),
        ("DELETE", "/orders", None),
        ("DELETE", f"/orders/{order['id']}", None),
        ("PATCH", f"/orders/{order['id']}", {"qty": "1"}),
        ("DELETE", "/positions/AAPL", None),
        ("POST", "/account/deposits", {"amount": "1"}),
        ("POST", "/account/withdrawals", {"amount": "1"}),
        ("POST", "/account/reset", {}),
        ("PATCH", "/account", {"profile": "ideal"}),
    ):
        refused = await reader.call(method, path, body)
        assert (refused.status, refused.json["code"]) == (403, "scope_missing"), path
    for path in ("/orders", "/account", "/accounts", "/positions", "/portfolio", "/me"):
        assert (await reader.call("GET", path)).status == 200
    writer = Trader(rig, await rig.key(ann.headers, scopes=["trade"]))
    assert (await writer.order(qty="1")).status == 201
    assert (await writer.call("GET", "/orders")).json["code"] == "scope_missing"


async def test_a_key_cannot_act_as_its_user(rig: Rig, ann: Trader) -> None:
    trader = Trader(rig, await rig.key(ann.headers))
    for method, path, body in (
        ("POST", "/api-keys", {"name": "another"}),
        ("GET", "/api-keys", None),
        ("DELETE", "/api-keys/x", None),
        ("POST", "/accounts", {"name": "another"}),
        ("POST", "/auth/logout", None),
    ):
        refused = await trader.call(method, path, body)
        assert (refused.status, refused.json["code"]) == (403, "session_required")


async def test_keys_are_checked(rig: Rig, ann: Trader, bob: Trader) -> None:
    bobs = (await bob.call("GET", "/account")).json["id"]
    for body, status, code in (
        ({"name": "x", "scopes": ["fly"]}, 422, "invalid_scopes"),
        ({"name": "x", "scopes": []}, 422, "invalid_scopes"),
        ({"name": "x", "scopes": ["admin"]}, 403, "scope_not_allowed"),
        ({"name": ""}, 422, "invalid_name"),
        ({"name": "x", "account_id": bobs}, 404, "unknown_account"),
        ({"name": "x", "scopes": "read"}, 422, "invalid_type"),
    ):
        refused = await ann.call("POST", "/api-keys", body)
        assert (refused.status, refused.json["code"]) == (status, code)


async def test_a_session_chooses_among_its_own_accounts(rig: Rig, ann: Trader, bob: Trader) -> None:
    first = (await ann.call("GET", "/account")).json["id"]
    second = (await ann.call("POST", "/accounts", {"name": "Ideas"})).json["id"]
    named = {"X-Account-ID": second}
    assert (await ann.order(headers=named, qty="1")).json["account_id"] == second
    assert (await ann.order(qty="1")).json["account_id"] == first
    by_query = await ann.call("GET", "/portfolio", query="account_id=" + second)
    assert by_query.json["account_id"] == second
    hot = await ann.call(
        "POST",
        "/orders",
        {"symbol": "AAPL", "side": "buy", "qty": "1"},
        query="account_id=" + second,
    )
    assert hot.json["account_id"] == second
    both = await ann.call("GET", "/account", headers=named, query="account_id=" + first)
    assert (both.status, both.json["code"]) == (400, "conflicting_accounts")
    foreign = (await bob.call("GET", "/account")).json["id"]
    for wrong in (foreign, "17", first[:-1] + "f"):
        for path in ("/account", "/positions", "/portfolio", "/orders"):
            refused = await ann.call("GET", path, headers={"X-Account-ID": wrong})
            assert (refused.status, refused.json["code"]) == (404, "unknown_account")
        assert (await ann.order(headers={"X-Account-ID": wrong})).status == 404
    key = Trader(rig, await rig.key(ann.headers, account_id=second))
    assert (await key.call("GET", "/account")).json["id"] == second
    assert (await key.call("GET", "/account", headers={"X-Account-ID": first})).status == 404
    assert [a["id"] for a in (await key.call("GET", "/accounts")).json] == [second]
    assert [a["id"] for a in (await ann.call("GET", "/accounts")).json] == [first, second]
