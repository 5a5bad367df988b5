"""The inbox over the API: newest first, page by page, and nobody else's."""

import pytest

from tests.api.rig import NOW, Rig, Trader


@pytest.fixture
async def ann(rig: Rig) -> Trader:
    """A trader who was told three things."""
    made = await rig.trader()
    user = rig.people.user_by_email("ann@example.com")
    assert user is not None
    for count in range(3):
        rig.people.inbox.put(user.id, "test", f"Thing {count}", "It happened.", NOW, "/orders")
    return made


async def test_pages_marks_and_the_count(rig: Rig, ann: Trader) -> None:
    first = (await ann.call("GET", "/inbox", query="limit=2")).json
    assert (first["unread"], [x["title"] for x in first["items"]]) == (3, ["Thing 2", "Thing 1"])
    assert (first["items"][0]["link"], first["items"][0]["read_at"]) == ("/orders", None)
    last = (await ann.call("GET", "/inbox", query=f"limit=2&before={first['next']}")).json
    assert ([x["title"] for x in last["items"]], last["next"]) == (["Thing 0"], None)
    path = f"/inbox/items/{first['items'][0]['id']}"
    marked = await ann.call("PATCH", path, {"read": True})
    assert marked.json["read_at"] is not None
    assert (await ann.call("GET", "/inbox/unread")).json == {"unread": 2}
    unread = (await ann.call("GET", "/inbox", query="unread=true")).json
    assert [x["title"] for x in unread["items"]] == ["Thing 1", "Thing 0"]
    rig.restart()
    assert (await ann.call("POST", "/inbox/read")).json == {"unread": 0}
    assert (await ann.call("DELETE", path)).status == 204
    assert (await ann.call("DELETE", path)).json["code"] == "unknown_inbox_item"


async def test_a_foreign_item_does_not_exist(rig: Rig, ann: Trader) -> None:
    item = (await ann.call("GET", "/inbox")).json["items"][0]
    bob = await rig.trader("bob@example.com")
    assert (await bob.call("GET", "/inbox")).json == {"unread": 0, "items": [], "next": None}
    for method, body in (("PATCH", {"read": True}), ("DELETE", None)):
        theirs = await bob.call(method, f"/inbox/items/{item['id']}", body)
        nobodys = await bob.call(method, f"/inbox/items/{item['id'][::-1]}", body)
        assert (theirs.status, theirs.json["code"]) == (404, "unknown_inbox_item")
        assert theirs.json["detail"] == nobodys.json["detail"]
    await bob.call("POST", "/inbox/read")
    assert (await ann.call("GET", "/inbox/unread")).json == {"unread": 3}


async def test_what_cannot_be_is_said(rig: Rig, ann: Trader) -> None:
    for query, code in (
        ("before=x", "invalid_parameter"),
        ("before=" + "9" * 30, "invalid_parameter"),
        ("limit=0", "invalid_parameter"),
        ("limit=201", "invalid_parameter"),
        ("unread=maybe", "invalid_parameter"),
    ):
        refused = await ann.call("GET", "/inbox", query=query)
        assert (refused.status, refused.json["code"]) == (422, code), query
    assert (await rig.call("GET", "/api/v1/inbox")).status == 401
