"""Watchlists over the API: kept, in their order, and nobody else's."""

import pytest

from tests.api.rig import Rig, Trader

MINE = {"name": "Mine", "symbols": ["MSFT", "btcusd", "AAPL"]}


@pytest.fixture
async def ann(rig: Rig) -> Trader:
    """A trader."""
    return await rig.trader()


async def test_a_list_is_made_changed_read_and_deleted(rig: Rig, ann: Trader) -> None:
    made = await ann.call("POST", "/watchlists", MINE)
    assert (made.status, made.json["symbols"]) == (201, ["MSFT", "BTC/USD", "AAPL"])
    path = f"/watchlists/{made.json['id']}"
    added = await ann.call("POST", path + "/symbols", {"symbol": "eth-usd"})
    assert added.json["symbols"] == ["MSFT", "BTC/USD", "AAPL", "ETH/USD"]
    assert (await ann.call("DELETE", path + "/symbols/BTC/USD")).status == 200
    changed = await ann.call("PATCH", path, {"symbols": ["AAPL", "MSFT"], "name": "Two"})
    assert (changed.json["name"], changed.json["symbols"]) == ("Two", ["AAPL", "MSFT"])
    rig.restart()
    assert (await ann.call("GET", "/watchlists")).json == [changed.json]
    assert (await ann.call("GET", path)).json == changed.json
    assert (await ann.call("DELETE", path)).status == 204
    assert (await ann.call("GET", path)).json["code"] == "unknown_watchlist"
    assert (await ann.call("GET", "/watchlists")).json == []


async def test_a_foreign_list_does_not_exist(rig: Rig, ann: Trader) -> None:
    made = (await ann.call("POST", "/watchlists", MINE)).json
    bob = await rig.trader("bob@example.com")
    path = f"/watchlists/{made['id']}"
    for method, behind, body in (
        ("GET", "", None),
        ("PATCH", "", {"name": "Taken"}),
        ("DELETE", "", None),
        ("POST", "/symbols", {"symbol": "AAPL"}),
        ("DELETE", "/symbols/AAPL", None),
    ):
        theirs = await bob.call(method, path + behind, body)
        nobodys = await bob.call(method, f"/watchlists/{made['id'][::-1]}{behind}", body)
        assert (theirs.status, theirs.json["code"]) == (404, "unknown_watchlist")
        assert theirs.json["detail"] == nobodys.json["detail"]
    assert (await ann.call("GET", path)).json == made
    assert (await bob.call("POST", "/watchlists", MINE)).status == 201


async def test_what_cannot_be_kept_is_said(rig: Rig, ann: Trader) -> None:
    made = (await ann.call("POST", "/watchlists", MINE)).json
    path = f"/watchlists/{made['id']}"
    for method, where, body, code in (
        ("POST", "/watchlists", MINE, "watchlist_exists"),
        ("POST", "/watchlists", {"name": ""}, "invalid_name"),
        ("POST", "/watchlists", {"name": "x", "symbols": ["NOPE"]}, "unknown_symbol"),
        ("PATCH", path, {}, "nothing_to_change"),
        ("POST", path + "/symbols", {"symbol": "NOPE"}, "unknown_symbol"),
        ("DELETE", path + "/symbols/TSLA", None, "not_watched"),
        ("DELETE", path + "/symbols/NOPE", None, "unknown_symbol"),
    ):
        assert (await ann.call(method, where, body)).json["code"] == code
    reader = await rig.key(ann.headers, scopes=["read"])
    denied = await rig.call("POST", "/api/v1/watchlists", MINE, headers=reader)
    assert denied.json["code"] == "scope_missing"
    assert (await rig.call("GET", "/api/v1/watchlists", headers=reader)).json == [made]
    assert (await rig.call("GET", "/api/v1/watchlists")).status == 401


async def test_lists_stand_in_an_order_of_their_own(rig: Rig, ann: Trader) -> None:
    ids = {
        name: (await ann.call("POST", "/watchlists", {"name": name})).json["id"]
        for name in ("a", "b", "c")
    }

    async def names() -> list[str]:
        return [found["name"] for found in (await ann.call("GET", "/watchlists")).json]

    assert await names() == ["a", "b", "c"]
    moved = await ann.call("PATCH", f"/watchlists/{ids['c']}", {"place": 0})
    assert (moved.status, moved.json["place"]) == (200, 0)
    assert await names() == ["c", "a", "b"]
    await ann.call("PATCH", f"/watchlists/{ids['c']}", {"place": 1, "name": "C"})
    await ann.call("DELETE", f"/watchlists/{ids['a']}")
    rig.restart()
    assert (await ann.call("POST", "/watchlists", {"name": "d"})).status == 201
    assert await names() == ["C", "b", "d"]
    await ann.call("PATCH", f"/watchlists/{ids['c']}", {"place": 1000})
    assert await names() == ["b", "d", "C"]
    refused = await ann.call("PATCH", f"/watchlists/{ids['c']}", {"place": -1})
    assert refused.status == 422
