"""Who did what is on record before it is answered, and is found by whom it concerns."""

from typing import Any

import pytest

from stockyard.people.identity import Role
from stockyard.storage.ports import StorageUnavailable
from tests.api.rig import PASSWORD, Rig, Trader

AGENT = {"User-Agent": "test/1", "X-Request-ID": "req-1"}


async def own(trader: Trader, query: str = "") -> list[dict[str, Any]]:
    answer = await trader.call("GET", "/account/audit", query=query)
    assert answer.status == 200, answer
    found: list[dict[str, Any]] = answer.json
    return found


async def administrator(rig: Rig) -> Trader:
    """Somebody who runs the house."""
    trader = await rig.trader("root@example.com")
    user = rig.people.user_by_email("root@example.com")
    assert user is not None
    rig.people.set_role(user.id, Role.ADMIN)
    return trader


async def test_what_is_done_to_a_user_is_in_the_users_history(rig: Rig, ann: Trader) -> None:
    await ann.call("POST", "/api-keys", {"name": "bot"}, headers=AGENT)
    await ann.call("POST", "/watchlists", {"name": "Tech", "symbols": ["AAPL"]})
    await ann.call("POST", "/account/deposits", {"amount": "5"}, headers={"Idempotency-Key": "k1"})
    await ann.order(headers=AGENT)
    found = await own(ann)
    assert [one["kind"] for one in found] == [
        "order.place",
        "money.deposit",
        "account.open",
        "watchlist.created",
        "api_key.created",
        "session.opened",
        "user.registered",
    ], "the journal is folded when somebody asks, the rest before it is answered"
    order, deposit, _, watchlist, key, session, registered = found
    account_id = (await ann.call("GET", "/account")).json["id"]
    assert order["actor"] == session["actor"] == f"user:{registered['subject']}"
    assert (order["address"], order["user_agent"], order["request_id"]) == (
        "192.0.2.1",
        "test/1",
        "req-1",
    )
    assert (order["account_id"], order["after"]["asked"]["symbol"]) == (account_id, "AAPL")
    placed = (await ann.call("GET", "/orders", query="status=all")).json[0]
    assert order["subject"] == placed["id"]
    assert [one["event"] for one in order["after"]["done"]] == ["order.accepted", "order.filled"]
    assert order["after"]["done"][1]["price"] == "190.01"
    assert (deposit["idempotency_key"], deposit["after"]["asked"]) == ("k1", {"amount": "5.00"})
    assert watchlist["after"] == {"name": "Tech", "symbols": ["AAPL"]}
    assert key["after"] == {"name": "bot", "scopes": ["read", "trade"]}
    assert "secret" not in str(found)
    assert (registered["actor"], registered["after"]["email"]) == ("anyone", "ann@example.com")


async def test_a_failed_sign_in_stands_in_the_history_of_whose_it_was(
    rig: Rig, ann: Trader
) -> None:
    for email, password in (("ANN@example.com", "wrong"), ("eve@example.com", "wrong")):
        said = {"email": email, "password": password}
        assert (await rig.call("POST", "/api/v1/auth/login", said)).status == 401
    await rig.call("POST", "/api/v1/auth/login", {"email": PASSWORD, "password": "x"})
    (refused,) = [one for one in await own(ann) if one["kind"] == "session.refused"]
    assert (refused["actor"], refused["subject"]) == ("anyone", "ann@example.com")
    assert refused["after"] == {"why": "invalid_credentials"}
    root = await administrator(rig)
    found = (await root.call("GET", "/admin/audit", query="kind=session.refused")).json
    assert [one["subject"] for one in found] == [None, "eve@example.com", "ann@example.com"], (
        "what is no address may be a password, and is not kept"
    )


async def test_signing_out_and_revoking_are_on_record(rig: Rig, ann: Trader) -> None:
    key = (await rig.key(ann.headers))["APCA-API-KEY-ID"]
    await ann.call("DELETE", f"/api-keys/{key}")
    other = Trader(rig, await rig.sign_in())
    await other.call("POST", "/auth/logout")
    kinds = [(one["kind"], one["subject"]) for one in await own(ann)]
    assert ("api_key.revoked", key) in kinds
    assert "session.closed" in [kind for kind, _ in kinds]


async def test_a_keys_orders_stand_in_its_users_history_but_a_key_cannot_read_it(
    rig: Rig, ann: Trader
) -> None:
    pair = await rig.key(ann.headers, scopes=["read", "trade"])
    await ann.order(headers={"Authorization": "", **pair})
    bot = Trader(rig, pair)
    await bot.order()
    found = await own(ann, "kind=order")
    assert found[0]["actor"] == f"key:{pair['APCA-API-KEY-ID']}"
    refused = await bot.call("GET", "/account/audit")
    assert (refused.status, refused.json["code"]) == (403, "session_required")


async def test_nobody_sees_the_history_of_another(rig: Rig, ann: Trader, bob: Trader) -> None:
    await ann.order()
    assert not [one for one in await own(bob) if one["kind"].startswith("order")]
    refused = await ann.call("GET", "/admin/audit")
    assert refused.status == 403


async def test_the_market_moves_orders_and_that_is_on_record(rig: Rig, ann: Trader) -> None:
    await ann.order(type="limit", limit_price="180")
    rig.quote("AAPL", 179.0, 179.5)
    filled = (await own(ann))[0]
    assert (filled["kind"], filled["actor"]) == ("order.filled", "system:engine")
    assert filled["after"]["price"] == "179.50"


async def test_an_administrator_searches_everything(rig: Rig, ann: Trader) -> None:
    await ann.order(headers={"X-Request-ID": "find-me"})
    root = await administrator(rig)

    async def found(query: str) -> list[str]:
        answer = await root.call("GET", "/admin/audit", query=query)
        assert answer.status == 200, answer
        return [one["kind"] for one in answer.json]

    assert await found("request_id=find-me") == ["order.place"]
    assert await found("kind=order&limit=1") == ["order.place"]
    assert "house.fees_scheduled" in await found("actor=system:house&limit=500")
    first = (await root.call("GET", "/admin/audit", query="limit=1")).json[0]["number"]
    assert len(await found(f"after={first}&limit=2")) == 2
    assert await found("start=2030-01-01") == []


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=501", "after=0", "kind=", "start=never", "who=me", "actor=" + "x" * 300],
)
async def test_a_search_that_cannot_be_meant_is_refused(rig: Rig, query: str) -> None:
    root = await administrator(rig)
    refused = await root.call("GET", "/admin/audit", query=query)
    assert refused.status == 422, refused


async def test_what_cannot_be_put_on_record_is_not_answered_as_done(rig: Rig, ann: Trader) -> None:
    audit = rig.auditor.log.database

    def broken(work: Any) -> None:
        raise StorageUnavailable("the disk is full")

    audit.transact, kept = broken, audit.transact  # type: ignore[method-assign]
    refused = await ann.call("POST", "/watchlists", {"name": "Tech", "symbols": []})
    assert refused.status == 503
    audit.transact = kept  # type: ignore[method-assign]
    assert (await ann.call("POST", "/watchlists", {"name": "More", "symbols": []})).status == 201


async def test_after_a_crash_nothing_is_missing_and_nothing_there_twice(
    rig: Rig, ann: Trader
) -> None:
    for amount in range(1, 4):
        await ann.call("POST", "/account/deposits", {"amount": str(amount)})
    rig.restart()
    await ann.call("POST", "/account/deposits", {"amount": "4"})
    assert len(await own(ann, "kind=money")) == 4
    rig.restart()
    found = await own(ann, "kind=money")
    assert [one["after"]["asked"]["amount"] for one in found] == ["4.00", "3.00", "2.00", "1.00"]
