"""Goal: an operator sees how fast each route is and where time went; nobody else does."""

from typing import Any

import pytest

from stockyard.model.feeds import FeedUnavailable
from stockyard.storage.ports import StorageUnavailable
from stockyard.telemetry.traces import Part
from tests.api.rig import SECOND, Rig, Trader

PATHS = (
    "/admin/routes",
    "/admin/routes/history",
    "/admin/caches",
    "/admin/traces",
    "/admin/traces/0123456789abcdef",
)


@pytest.fixture
async def root(rig: Rig) -> Trader:
    """An administrator."""
    user = (await rig.register("root@example.com"))["user"]
    rig.people.set_role(user["id"], "admin")
    return Trader(rig, await rig.sign_in("root@example.com"))


async def routes(root: Trader, query: str = "") -> dict[tuple[str, str], Any]:
    answer = await root.call("GET", "/admin/routes", query=query)
    assert answer.status == 200, answer
    return {(one["method"], one["route"]): one for one in answer.json["routes"]}


async def traces(root: Trader, query: str = "") -> list[Any]:
    answer = await root.call("GET", "/admin/traces", query=query)
    assert answer.status == 200, answer
    found: list[Any] = answer.json["requests"]
    return found


@pytest.mark.parametrize("path", PATHS)
async def test_only_administrators_are_told(rig: Rig, ann: Trader, path: str) -> None:
    assert (await rig.call("GET", "/api/v1" + path)).status == 401
    assert (await ann.call("GET", path)).json["code"] == "scope_missing"


async def test_an_order_s_parts_are_told(rig: Rig, ann: Trader, root: Trader) -> None:
    placed = await ann.order(headers={"X-Request-ID": "order-1"})
    assert placed.headers["x-request-id"] == "order-1"
    (found,) = await traces(root, "request_id=order-1")
    assert found["at"].startswith("2026-01-02T1")
    assert (found["method"], found["route"], found["status"]) == ("POST", "/api/v1/orders", 201)
    assert found["order_id"] == placed.json["id"]
    assert found["command"] == "PlaceOrder"
    assert found["user_id"]
    told = (await root.call("GET", f"/admin/traces/{found['id']}")).json
    assert told["request"] == found
    parts = [one["part"] for one in told["spans"]]
    assert parts == [Part.WAITING, Part.JOURNAL, Part.ENGINE, Part.SERIALISATION]
    ends = [one["begun_ns"] + one["took_ns"] for one in told["spans"]]
    assert ends == sorted(ends)
    assert ends[-1] <= found["took_ns"]
    assert [one["request_id"] for one in await traces(root, f"order_id={placed.json['id']}")] == [
        "order-1"
    ]


async def test_routes_are_counted_by_what_became_of_them(
    rig: Rig, ann: Trader, root: Trader
) -> None:
    for _ in range(3):
        await ann.order()
    await ann.order(qty="-1")
    await ann.call("GET", "/orders")
    await rig.call("GET", "/v2/account", headers=ann.headers)
    await rig.call("GET", "/api/v1/nowhere")
    found = await routes(root)
    orders = found["POST", "/api/v1/orders"]
    assert (orders["count"], orders["refused"], orders["failed"]) == (4, 1, 0)
    assert 0 < orders["p50_ns"] <= orders["p95_ns"] <= orders["p99_ns"] <= orders["slowest_ns"]
    assert {one["part"] for one in orders["parts"]} >= {Part.JOURNAL, Part.ENGINE}
    assert sum(one["mean_ns"] for one in orders["parts"]) <= orders["mean_ns"] + 9
    assert found["GET", "/api/v1/orders"]["parts"][0]["part"] in (Part.DATABASE, Part.CATCHING_UP)
    assert found["GET", "/v2/account"]["refused"] == 0
    assert found["GET", "unmatched"]["refused"] == 1


async def test_a_sign_in_s_parts_are_told(rig: Rig, root: Trader) -> None:
    (found, *_) = await traces(root, "route=/api/v1/auth/login")
    spans = (await root.call("GET", f"/admin/traces/{found['id']}")).json["spans"]
    assert {one["part"] for one in spans} >= {Part.PEOPLE, Part.AUDIT, Part.SERIALISATION}


async def test_a_refusal_says_by_which_rule(rig: Rig, ann: Trader, root: Trader) -> None:
    await ann.order(qty="99999")
    await rig.call("GET", "/v2/orders/none", headers=ann.headers)
    found = {one["route"]: one for one in await traces(root, "status=refused")}
    assert found["/api/v1/orders"]["code"] == "exceeds_buying_power"
    assert found["/api/v1/orders"]["order_id"] is None
    assert found["/v2/orders/{order_id}"]["status"] in (404, 422)


async def test_our_fault_is_kept(
    rig: Rig, ann: Trader, root: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("a fault")

    monkeypatch.setattr(rig.app.door.render, "quote", broken)
    assert (await rig.call("GET", "/api/v1/quotes/AAPL")).status == 500
    (found,) = await traces(root, "status=failed")
    assert (found["kept_for"], found["code"]) == ("failed", "internal_error")
    assert (await routes(root))["GET", "/api/v1/quotes/{name}"]["failed"] == 1


async def test_figures_stay_through_a_restart(rig: Rig, ann: Trader, root: Trader) -> None:
    await ann.order()
    await rig.requests_kept.save(last=True)
    rig.restart()
    again = Trader(rig, root.headers)
    assert (await routes(again))["POST", "/api/v1/orders"]["count"] == 1
    assert len(await traces(again, "route=/api/v1/orders&method=POST")) == 1


async def test_any_window_can_be_asked_for(rig: Rig, ann: Trader, root: Trader) -> None:
    await ann.order()
    now = "2026-01-02T15:00:00Z"
    assert ("POST", "/api/v1/orders") in await routes(root, f"start={now}")
    assert ("POST", "/api/v1/orders") in await routes(root, "start=2026-01-02&end=2026-01-03")
    assert await routes(root, f"start=2026-01-02&end={now}") == {}
    for query in (f"start={now}&end={now}", "start=2020-01-01", "minutes=0"):
        answer = await root.call("GET", "/admin/routes", query=query)
        assert answer.status == 422, query
    answer = await root.call("GET", "/admin/routes", query="end=2026-01-02T15:00:30Z&minutes=1")
    assert answer.json["end"].startswith("2026-01-02T15:01:00")


async def test_a_route_over_time(rig: Rig, ann: Trader, root: Trader) -> None:
    await ann.order()
    rig.clock.time_ns += 120 * SECOND
    rig.requests_kept.log._turn_ns = 0
    await ann.order()
    query = "route=/api/v1/orders&method=POST&minutes=60"
    found = (await root.call("GET", "/admin/routes/history", query=query)).json
    assert [(one["at"][11:19], one["count"]) for one in found["points"]] == [
        ("15:00:00", 1),
        ("15:02:00", 1),
    ]
    long = await root.call("GET", "/admin/routes/history", query="minutes=100000")
    assert long.json["step_s"] == 60 * 417


async def test_caches_say_how_often_they_knew(rig: Rig, ann: Trader, root: Trader) -> None:
    for _ in range(3):
        assert (await ann.call("GET", "/company/AAPL")).status == 200
    found = (await root.call("GET", "/admin/caches")).json["caches"]
    company = next(one for one in found if one["kind"] == "company")
    assert company["window"] == {
        "hit": 2,
        "miss": 1,
        "stale": 0,
        "unavailable": 0,
        "hit_percent": "66.7",
    }
    assert company["since_start"] == company["window"]
    assert company["entries"] == 1
    seen = (await routes(root))["GET", "/api/v1/company/{symbol}"]
    assert (seen["cache_hits"], seen["cache_misses"]) == (2, 1)


async def test_pages_follow_each_other(rig: Rig, ann: Trader, root: Trader) -> None:
    for n in range(3):
        await ann.call("GET", f"/orders/{n}")
        rig.clock.time_ns += SECOND
    for sort in ("newest", "slowest"):
        query = f"route=/api/v1/orders/{{name}}&limit=1&sort={sort}"
        seen, after = [], ""
        while True:
            page = (await root.call("GET", "/admin/traces", query=query + after)).json
            seen += [one["id"] for one in page["requests"]]
            if page["next"] is None:
                break
            after = f"&after={page['next']}"
        assert len(seen) == len(set(seen)) == 3


@pytest.mark.parametrize(
    "query",
    [
        "sort=fastest",
        "status=nice",
        "status=2000",
        "kept_for=fun",
        "after=x",
        "after=1-2",
        "limit=0",
        "limit=201",
        "least_us=-1",
        f"route={'x' * 201}",
        "unknown=1",
    ],
)
async def test_what_cannot_be_asked_is_refused(root: Trader, query: str) -> None:
    answer = await root.call("GET", "/admin/traces", query=query)
    assert answer.status == 422, answer


async def test_an_unknown_trace_is_not_found(root: Trader) -> None:
    answer = await root.call("GET", "/admin/traces/0123456789abcdef")
    assert (answer.status, answer.json["code"]) == (404, "unknown_trace")


async def test_a_disk_that_cannot_be_read_costs_the_past_only(
    rig: Rig, ann: Trader, root: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: Any) -> Any:
        raise StorageUnavailable("the disk is gone")

    await ann.order()
    for name in ("figures", "records", "record"):
        monkeypatch.setattr(rig.requests_kept._requests, name, gone)
    answer = await root.call("GET", "/admin/routes")
    assert (answer.status, answer.json["whole"]) == (200, False)
    assert answer.json["lost"] == 0
    assert any(one["route"] == "/api/v1/orders" for one in answer.json["routes"])
    for path in PATHS[3:]:
        refused = await root.call("GET", path)
        assert (refused.status, refused.json["code"]) == (503, "requests_unavailable")


async def test_nothing_secret_is_kept(rig: Rig, root: Trader) -> None:
    await rig.call("GET", "/api/v1/nowhere/secret-1", query="token=secret-2")
    await rig.call("POST", "/api/v1/auth/login", {"email": "a@b.c", "password": "secret-3"})
    for one in await traces(root):
        told = (await root.call("GET", f"/admin/traces/{one['id']}")).body
        assert b"secret" not in told


async def test_an_outside_call_is_a_part(rig: Rig, ann: Trader, root: Trader) -> None:
    """Asked through the real HTTP client: whoever is outside cannot be reached here."""
    from stockyard.model.feeds import HttpRequest
    from stockyard.runtime.feed_socket import FeedHttp

    http = FeedHttp(rig.world.breakers)
    log = rig.requests_kept.log
    trace = log.begin()
    with pytest.raises(FeedUnavailable):
        await http.fetch(HttpRequest("GET", "http://127.0.0.1:9/"))
    log.end(trace, "GET", "/outside", 200)
    await http.close()
    (found,) = await traces(root, "route=/outside")
    spans = (await root.call("GET", f"/admin/traces/{found['id']}")).json["spans"]
    assert [(one["part"], one["word"]) for one in spans] == [("outside", "127.0.0.1:9 failed")]
