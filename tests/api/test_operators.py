"""What those who run the house see and do, and what nobody else may."""

from typing import Any

import pytest

from stockyard.people.identity import Role
from tests.api.listener import Listener
from tests.api.rig import SECOND, Rig, Trader


class House:
    """An admin, an instructor and two users; all are signed in."""

    def __init__(self, rig: Rig, people: dict[str, Trader], ids: dict[str, str]) -> None:
        self.rig, self.ids = rig, ids
        self.root, self.tess, self.ann, self.bob = (
            people[name] for name in ("root", "tess", "ann", "bob")
        )

    def path(self, name: str, rest: str = "") -> str:
        """The path of a user."""
        return f"/admin/users/{self.ids[name]}{rest}"

    async def settle(self) -> None:
        """Have the query tables catch up."""
        self.rig.world.projector.flush()


@pytest.fixture
async def house(rig: Rig) -> House:
    """Everybody there is."""
    rig.quote("AAPL", 100, 100)
    people, ids = {}, {}
    for name in ("root", "tess", "ann", "bob"):
        people[name] = await rig.trader(f"{name}@example.com")
        ids[name] = (await people[name].call("GET", "/me")).json["user"]["id"]
    rig.people.set_role(ids["root"], Role.ADMIN)
    rig.people.set_role(ids["tess"], Role.INSTRUCTOR)
    return House(rig, people, ids)


def emails(page: Any) -> list[str]:
    """Who is on a page."""
    return [user["email"].removesuffix("@example.com") for user in page["users"]]


EVERYTHING = (
    ("GET", "/admin/users", None),
    ("POST", "/admin/users", {"name": "Eve", "email": "eve@example.com"}),
    ("POST", "/admin/users/{}/password-link", None),
    ("GET", "/admin/users/{}", None),
    ("PATCH", "/admin/users/{}", {"role": "admin"}),
    ("PUT", "/admin/users/{}/limits", {}),
    ("PUT", "/admin/users/{}/freeze", {"frozen": True}),
    ("POST", "/admin/users/{}/grants", {"amount": "1"}),
    ("GET", "/admin/users/{}/day", None),
    ("GET", "/admin/presence", None),
)


@pytest.mark.parametrize(("method", "path", "body"), EVERYTHING)
async def test_users_may_nothing_of_it(house: House, method: str, path: str, body: Any) -> None:
    at = path.format(house.ids["ann"])
    for answer in (await house.bob.call(method, at, body), await house.ann.call(method, at, body)):
        assert (answer.status, answer.json["code"]) == (403, "scope_missing")
    key = await house.rig.key(house.root.headers, scopes=["read", "trade"])
    assert (await Trader(house.rig, key).call(method, at, body)).status == 403
    nobody = await house.rig.call(method, "/api/v1" + at, body)
    assert nobody.status == 401


@pytest.mark.parametrize(("method", "path", "body"), EVERYTHING[1:-1])
async def test_an_instructor_sees_only_users(
    house: House, method: str, path: str, body: Any
) -> None:
    foreign = [
        await house.tess.call(method, path.format(each), body)
        for each in (house.ids["root"], "b3a3b6ae-0000-4000-8000-000000000000", "nobody")
    ]
    if method == "PATCH" or path in ("/admin/users", "/admin/users/{}/password-link"):
        assert {answer.status for answer in foreign} == {403}
        return
    assert {(answer.status, answer.json["code"]) for answer in foreign} == {(404, "unknown_user")}
    told = [{**answer.json, "request_id": ""} for answer in foreign]
    assert told[0] == told[1] == told[2]


async def test_an_admins_key_makes_no_way_in_as_somebody(house: House) -> None:
    """Whoever has the link chooses the password: a key with the scope would be every user's."""
    key = Trader(
        house.rig, await house.rig.key(house.root.headers, scopes=["read", "teach", "admin"])
    )
    wanted = {"name": "Eve", "email": "eve@example.com", "role": "admin"}
    for path, body in (("", wanted), (f"/{house.ids['root']}/password-link", None)):
        refused = await key.call("POST", f"/admin/users{path}", body)
        assert (refused.status, refused.json["code"]) == (403, "session_required")
    assert (await key.call("GET", "/admin/users")).status == 200


async def test_users_are_found_page_by_page(house: House) -> None:
    everybody = (await house.root.call("GET", "/admin/users")).json
    assert emails(everybody) == ["root", "tess", "ann", "bob"]
    assert (everybody["total"], everybody["next"]) == (4, None)
    first = (await house.root.call("GET", "/admin/users", query="limit=3")).json
    rest = await house.root.call("GET", "/admin/users", query=f"limit=3&after={first['next']}")
    assert emails(first) + emails(rest.json) == emails(everybody)
    assert rest.json["next"] is None
    for query, found in (
        ("q=ANN@", ["ann"]),
        ("q=@example", ["root", "tess", "ann", "bob"]),
        ("role=instructor", ["tess"]),
        ("role=user&status=active", ["ann", "bob"]),
        ("status=suspended", []),
        ("frozen=true", []),
        (f"q={house.ids['bob']}", ["bob"]),
    ):
        assert emails((await house.root.call("GET", "/admin/users", query=query)).json) == found
    assert emails((await house.tess.call("GET", "/admin/users")).json) == ["ann", "bob"]
    line = everybody["users"][2]
    assert (line["equity"], line["accounts"], line["frozen"], line["limited"]) == (
        "100000.00", 1, False, False,
    )  # fmt: skip
    for query, code in (
        ("role=king", "invalid_role"),
        ("status=gone", "invalid_status"),
        ("after=nobody", "invalid_id"),
        ("limit=0", "invalid_parameter"),
        ("q=" + "x" * 201, "invalid_q"),
    ):
        refused = await house.root.call("GET", "/admin/users", query=query)
        assert (refused.status, refused.json["code"]) == (422, code)


async def test_a_frozen_user_cannot_lift_it(house: House) -> None:
    rig, ann = house.rig, house.ann
    await ann.order(type="limit", limit_price="90", time_in_force="gtc")
    listener = await Listener(rig).connected(ann.headers, "")
    await listener.next()
    done = await house.tess.call("PUT", house.path("ann", "/freeze"), {"frozen": True})
    assert (done.status, done.json["user"]["frozen"]) == (200, True)
    frame = await listener.next()
    assert (frame["event"], frame["account"]["frozen"]) == ("freeze_set", True)
    await listener.hang_up()
    for answer in (
        await ann.order(qty="1"),
        await ann.call("POST", "/account/reset", {}),
    ):
        assert (answer.status, answer.json["code"]) == (403, "trading_frozen")
    await ann.call("PATCH", "/account/restrictions", {"suspend_trade": False})
    second = await ann.call("POST", "/accounts", {"name": "Second"})
    there = {"X-Account-ID": second.json["id"]}
    assert (await ann.order(headers=there, qty="1")).json["code"] == "trading_frozen"
    rig.restart()
    assert (await ann.order(qty="1")).json["code"] == "trading_frozen"
    assert (await ann.call("GET", "/account/limits")).json["frozen"] is True
    found = await house.root.call("GET", "/admin/users", query="frozen=true")
    assert emails(found.json) == ["ann"]
    body = {"frozen": True, "cancel_orders": True}
    await house.root.call("PUT", house.path("ann", "/freeze"), body)
    orders = (await ann.call("GET", "/orders", query="status=open")).json
    assert orders == []
    await house.tess.call("PUT", house.path("ann", "/freeze"), {"frozen": False})
    assert (await ann.order(qty="1")).status == 201
    assert (await house.bob.order(qty="1")).status == 201


async def test_limits_bind_every_way_in(house: House) -> None:
    wanted = {
        "order_value": "1000.00",
        "open_orders": 3,
        "leverage": "1.50",
        "order_types": ["market", "limit"],
        "symbols": ["AAPL"],
        "requests_per_minute": None,
        "orders_per_minute": None,
    }
    done = await house.tess.call("PUT", house.path("ann", "/limits"), wanted)
    assert (done.status, done.json) == (200, wanted)
    assert (await house.ann.call("GET", "/account/limits")).json == {
        "frozen": False,
        "limits": wanted,
    }
    house.rig.restart()
    detail = (await house.root.call("GET", house.path("ann"))).json
    assert (detail["limits"], detail["user"]["limited"]) == (wanted, True)
    beyond = await house.ann.order(qty="11")
    assert (beyond.status, beyond.json["code"]) == (403, "order_value_above_limit")
    assert (beyond.json["required"], beyond.json["available"]) == ("1155.00", "1000.00")
    house.rig.quote("MSFT", 10, 10)
    other = await house.ann.order(symbol="MSFT", qty="1")
    assert (other.json["code"], other.json["field"]) == ("symbol_not_allowed", "symbol")
    stop = await house.ann.order(type="stop", stop_price="110", qty="1")
    assert (stop.json["code"], stop.json["field"]) == ("order_type_not_allowed", "type")
    key = await house.rig.key(house.ann.headers)
    body = {"symbol": "AAPL", "side": "buy", "qty": "11", "type": "market", "time_in_force": "day"}
    alpaca = await house.rig.call("POST", "/v2/orders", body, headers=key)
    assert (alpaca.status, "worth more" in alpaca.json["message"]) == (403, True)
    looked = (await house.ann.call("POST", "/orders/preview", body)).json
    assert [each["code"] for each in looked["denials"]] == ["order_value_above_limit"]
    day = (await house.root.call("GET", house.path("ann", "/day"))).json
    (told,) = [entry["text"] for entry in day["entries"] if entry["event"] == "limits_set"]
    assert told == (
        "AccountLimitsSet: orders worth at most 1000.00, at most 3 open, leverage at most 1.50,"
        " only market limit, only AAPL"
    )
    none = await house.tess.call("PUT", house.path("ann", "/limits"), {})
    assert set(none.json.values()) == {None}
    assert (await house.ann.order(qty="11")).status == 201


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"order_value": "-1"}, "amount_not_positive"),
        ({"order_value": "0"}, "amount_not_positive"),
        ({"order_value": "1e3"}, "invalid_number"),
        ({"open_orders": 0}, "limits_not_supported"),
        ({"open_orders": 10**9}, "limits_not_supported"),
        ({"leverage": "0.5"}, "limits_not_supported"),
        ({"leverage": "101"}, "limits_not_supported"),
        ({"order_types": []}, "limits_not_supported"),
        ({"order_types": ["market", "market"]}, "limits_not_supported"),
        ({"order_types": ["iceberg"]}, "limits_not_supported"),
        ({"symbols": []}, "limits_not_supported"),
        ({"symbols": ["AAPL", "aapl"]}, "limits_not_supported"),
        ({"symbols": ["NOBODY"]}, "unknown_symbol"),
        ({"requests_per_minute": 0}, "invalid_rate"),
        ({"leverages": "1"}, "unknown_field"),
    ],
)
async def test_what_is_no_limit_changes_nothing(
    house: House, body: dict[str, Any], code: str
) -> None:
    refused = await house.root.call("PUT", house.path("ann", "/limits"), body)
    assert (refused.status, refused.json["code"]) == (422, code)
    limits = (await house.root.call("GET", house.path("ann"))).json["limits"]
    assert set(limits.values()) == {None}


async def test_money_is_granted_once(house: House) -> None:
    path, key = house.path("ann", "/grants"), {"Idempotency-Key": "k1"}
    await house.ann.call("POST", "/account/deposits", {"amount": "5"}, headers=key)
    first = await house.tess.call("POST", path, {"amount": "1000"}, headers=key)
    again = await house.tess.call("POST", path, {"amount": "1000"}, headers=key)
    assert first.status == again.status == 201
    assert first.json == again.json
    other = await house.root.call("POST", path, {"amount": "7"}, headers=key)
    assert other.json["amount"] == "7.00"
    assert (await house.ann.call("GET", "/account")).json["cash"] == "101012.00"
    foreign = (await house.bob.call("GET", "/account")).json["id"]
    refused = await house.root.call("POST", path, {"amount": "1", "account_id": foreign})
    told = refused.status, refused.json["code"], refused.json["field"]
    assert told == (404, "unknown_account", "account_id")
    none = await house.root.call("POST", path, {"amount": "0"})
    assert (none.status, none.json["code"]) == (422, "amount_not_positive")


@pytest.mark.parametrize("path", ["/account", "/day"])
async def test_anothers_account_is_refused_by_the_name_of_the_parameter(
    house: House, path: str
) -> None:
    foreign = (await house.bob.call("GET", "/account")).json["id"]
    refused = await house.root.call("GET", house.path("ann", path), query=f"account={foreign}")
    told = refused.status, refused.json["code"], refused.json["field"]
    assert told == (404, "unknown_account", "account")


async def test_a_suspended_user_is_out_at_once(house: House) -> None:
    rig, ann = house.rig, house.ann
    key = await rig.key(ann.headers)
    listener = await Listener(rig).connected(ann.headers, "")
    await listener.next()
    await ann.order(type="limit", limit_price="90", time_in_force="gtc")
    await listener.next()
    body = {"status": "suspended", "cancel_orders": True}
    done = await house.root.call("PATCH", house.path("ann"), body)
    assert (done.status, done.json["user"]["status"], done.json["sessions"]) == (
        200, "suspended", 0,
    )  # fmt: skip
    assert (await ann.call("GET", "/me")).status == 401
    assert (await Trader(rig, key).call("GET", "/account")).status == 401
    assert rig.world.view.open_orders[rig.world.view.accounts_of[house.ids["ann"]][0]] == {}
    await house.root.call("PATCH", house.path("ann"), {"status": "active"})
    assert (await Trader(rig, key).call("GET", "/account")).status == 200
    await house.root.call("PATCH", house.path("ann"), {"status": "closed"})
    refused = await house.root.call("PATCH", house.path("ann"), {"status": "active"})
    assert (refused.status, refused.json["code"]) == (403, "user_not_active")


async def test_roles_change_at_once_and_never_ones_own(house: House) -> None:
    done = await house.root.call("PATCH", house.path("ann"), {"role": "instructor"})
    assert done.json["user"]["role"] == "instructor"
    assert (await house.ann.call("GET", "/admin/users")).status == 200
    own = await house.root.call("PATCH", house.path("root"), {"role": "user"})
    assert (own.status, own.json["code"]) == (409, "own_user")
    await house.root.call("PATCH", house.path("bob"), {"role": "admin"})
    last = await house.bob.call("PATCH", house.path("root"), {"role": "user"})
    assert last.status == 200
    for body, code in (({}, "nothing_to_change"), ({"role": "king"}, "invalid_role")):
        refused = await house.bob.call("PATCH", house.path("ann"), body)
        assert (refused.status, refused.json["code"]) == (422, code)
    low = await house.ann.call("PATCH", house.path("tess"), {"role": "user"})
    assert low.status == 403


async def test_a_day_is_replayed_event_by_event(house: House) -> None:
    rig, ann = house.rig, house.ann
    await ann.order(qty="10")
    rig.quote("AAPL", 110, 110)
    await ann.order(side="sell", qty="4")
    await ann.order(qty="1000000")
    await house.settle()
    day = (await house.tess.call("GET", house.path("ann", "/day"))).json
    told = [f"{entry['type']}.{entry['event']}" for entry in day["entries"]]
    assert told == [
        "account.opened", "account.deposited", "order.accepted", "fill.fill", "order.accepted",
        "fill.fill", "request.denied",
    ]  # fmt: skip
    assert day["events"]["fill.fill"] == 2
    assert day["start"] is None
    cash = [entry["after"]["cash"] for entry in day["entries"]]
    assert [each.removesuffix(".00") for each in cash] == [
        "0", "100000", "100000", "99000", "99000", "99440", "99440",
    ]  # fmt: skip
    (held,) = day["entries"][3]["after"]["positions"]
    assert (held["symbol"], held["qty"], held["cost"]) == ("AAPL", "10", "1000.00")
    account = (await ann.call("GET", "/account")).json
    assert (day["end"]["cash"], day["end"]["realized"]) == (account["cash"], "40.00")
    pages: list[Any] = []
    query = "limit=3"
    while True:
        page = (await house.tess.call("GET", house.path("ann", "/day"), query=query)).json
        pages += page["entries"]
        if page["next"] is None:
            break
        query = f"limit=3&after={page['next']}"
    assert pages == day["entries"]
    rig.clock.time_ns += 20 * 3600 * SECOND
    rig.quote("AAPL", 120, 120)
    await ann.order(side="sell", qty="6")
    await house.settle()
    later = (await house.tess.call("GET", house.path("ann", "/day"))).json
    assert later["start"] == day["end"]
    assert [entry["event"] for entry in later["entries"]] == ["accepted", "fill"]
    before = await house.tess.call("GET", house.path("ann", "/day"), query="date=2026-01-02")
    assert before.json == day
    empty = await house.tess.call("GET", house.path("ann", "/day"), query="date=2025-12-31")
    assert (empty.json["entries"], empty.json["end"]) == ([], None)
    for query, code in (
        ("date=yesterday", "invalid_date"),
        ("date=20260102", "invalid_date"),
        ("after=x", "invalid_id"),
        ("limit=1001", "invalid_parameter"),
    ):
        refused = await house.tess.call("GET", house.path("ann", "/day"), query=query)
        assert (refused.status, refused.json["code"]) == (422, code)


async def test_who_is_connected(house: House) -> None:
    rig = house.rig
    listeners = [await Listener(rig).connected(who.headers, "") for who in (house.ann, house.root)]
    found = (await house.root.call("GET", "/admin/presence")).json
    assert found["streams"] == 2
    assert {user["email"] for user in found["users"]} == {"ann@example.com", "root@example.com"}
    seen = (await house.tess.call("GET", "/admin/presence")).json
    assert [user["email"] for user in seen["users"]] == ["ann@example.com"]
    line = (await house.root.call("GET", house.path("ann"))).json["user"]
    assert line["streams"] == 1
    for listener in listeners:
        await listener.hang_up()
