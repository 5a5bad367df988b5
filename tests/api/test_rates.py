"""How often may be asked over the API: 429, when to come again, and what is left."""

import pytest

from stockyard.people.user_rates import Rates
from tests.api.rig import SECOND, Rig, Trader


@pytest.fixture
async def ann() -> Trader:
    """A trader where ten requests and three orders a minute are allowed."""
    rig = Rig(requests_per_minute=10, orders_per_minute=3)
    rig.quote("AAPL", 100, 100)
    return await rig.trader()


async def test_a_users_requests_are_counted_on_every_path(ann: Trader) -> None:
    rig = ann.rig
    left = []
    for path in ("/me", "/quotes/AAPL", "/orders", "/nothing", "/account") * 2:
        answer = await ann.call("GET", path)
        assert answer.headers["ratelimit-limit"] == "10"
        assert answer.headers["ratelimit-policy"] == "10;w=60"
        left.append(int(answer.headers["ratelimit-remaining"]))
    assert left == [*range(9, -1, -1)]
    for path in ("/me", "/quotes/AAPL"):
        refused = await ann.call("GET", path)
        assert (refused.status, refused.json["code"]) == (429, "too_many_requests")
        assert refused.json["retryable"] is True
        assert refused.headers["retry-after"] == "6"
        assert refused.headers["ratelimit-remaining"] == "0"
    assert (await rig.call("GET", "/health")).status == 200
    assert (await rig.call("GET", "/api/v1/quotes/AAPL")).status == 200
    rig.clock.time_ns += 6 * SECOND
    assert (await ann.call("GET", "/me")).status == 200
    assert (await ann.call("GET", "/me")).status == 429


async def test_without_a_sign_in_addresses_are_counted(ann: Trader) -> None:
    rig = ann.rig
    wrong = {"Authorization": "Bearer sy_" + "x" * 43}
    statuses = [(await rig.call("GET", "/api/v1/me", headers=wrong)).status for _ in range(12)]
    assert statuses == [401] * 8 + [429] * 4
    login = {"email": "ann@example.com", "password": "wrong"}
    assert (await rig.call("POST", "/api/v1/auth/login", login)).status == 429
    assert (await ann.call("GET", "/me")).status == 200


async def test_orders_are_counted_by_whatever_way_they_come(ann: Trader) -> None:
    key = await ann.rig.key(ann.headers)
    assert (await ann.order(qty="1")).status == 201
    body = {"symbol": "AAPL", "side": "buy", "qty": "1", "type": "market", "time_in_force": "day"}
    assert (await ann.rig.call("POST", "/v2/orders", body, headers=key)).status == 200
    assert (await ann.call("DELETE", "/positions/AAPL")).status in (200, 201)
    refused = await ann.order(qty="1")
    assert (refused.status, refused.json["code"]) == (429, "too_many_orders")
    assert refused.headers["retry-after"] == "20"
    alpaca = await ann.rig.call("POST", "/v2/orders", body, headers=key)
    assert alpaca.status == 429
    assert ann.rig.world.view.seq > 0
    ann.rig.clock.time_ns += 20 * SECOND
    assert (await ann.order(qty="1")).status == 201


async def test_a_user_may_have_rates_of_their_own() -> None:
    rig = Rig()
    rig.quote("AAPL", 100, 100)
    ann, bob = await rig.trader(), await rig.trader("bob@example.com")
    free = await ann.call("GET", "/me")
    assert "ratelimit-limit" not in free.headers
    rig.people.rates.store(free.json["user"]["id"], Rates(2, 1))
    rig.restart()
    assert [(await ann.call("GET", "/me")).status for _ in range(3)] == [200, 200, 429]
    rig.clock.time_ns += 60 * SECOND
    assert [(await ann.order(qty="1")).status for _ in range(2)] == [201, 429]
    for _ in range(5):
        assert (await bob.order(qty="1")).status == 201
        assert (await rig.call("GET", "/api/v1/quotes/AAPL")).status == 200
