"""Linked orders and protections over HTTP and the stream."""

from typing import Any

import pytest

from tests.api.listener import Listener
from tests.api.rig import Rig, Trader

EXITS = {"take_profit": {"limit_price": "210"}, "stop_loss": {"stop_price": "180"}}
BRACKET = {"order_class": "bracket", "time_in_force": "gtc", **EXITS}
OCO = {
    "side": "sell",
    "type": "limit",
    "limit_price": "210",
    "time_in_force": "gtc",
    "order_class": "oco",
    "stop_loss": {"stop_price": "180", "limit_price": "179"},
}
PROTECTION = "/positions/AAPL/protection"


async def shown(ann: Trader, order_id: str) -> Any:
    """The order as it stands, which the list must show alike."""
    read = await ann.call("GET", "/orders/" + order_id)
    listed = (await ann.call("GET", "/orders")).json
    assert read.json in listed
    return read.json


async def test_a_bracket_nests_its_legs(rig: Rig, ann: Trader) -> None:
    placed = await ann.order(**BRACKET, type="limit", limit_price="185")
    assert placed.status == 201
    entry = placed.json
    profit, loss = entry["legs"]
    assert (entry["order_class"], entry["status"], entry["parent_id"]) == ("bracket", "new", None)
    assert (entry["take_profit_id"], entry["stop_loss_id"]) == (profit["id"], loss["id"])
    assert (profit["status"], profit["lifecycle"]) == ("held", "pending")
    assert (profit["type"], profit["limit_price"], profit["side"]) == ("limit", "210.00", "sell")
    assert (loss["type"], loss["stop_price"], loss["qty"]) == ("stop", "180.00", "10")
    assert profit["parent_id"] == loss["parent_id"] == entry["id"]
    assert (profit["sibling_id"], loss["sibling_id"]) == (loss["id"], profit["id"])
    assert profit["legs"] is loss["legs"] is None
    assert await shown(ann, entry["id"]) == entry
    moved = await ann.call("PATCH", "/orders/" + loss["id"], {"stop_price": "181"})
    assert (moved.json["status"], moved.json["replaces"]) == ("held", loss["id"])
    found = await shown(ann, entry["id"])
    assert found["stop_loss_id"] == moved.json["id"] == found["legs"][1]["id"]
    larger = await ann.call("PATCH", "/orders/" + entry["id"], {"qty": "12"})
    assert [leg["id"] for leg in larger.json["legs"]] == [profit["id"], moved.json["id"]]
    rig.restart()
    found = await shown(ann, larger.json["id"])
    assert found == larger.json
    assert [leg["qty"] for leg in found["legs"]] == ["12", "12"]
    assert [leg["parent_id"] for leg in found["legs"]] == [found["id"], found["id"]]


async def test_a_replacement_answers_its_legs_as_it_left_them(rig: Rig, ann: Trader) -> None:
    entry = (await ann.order(**BRACKET, type="limit", limit_price="185")).json
    key = {"Idempotency-Key": "r"}
    path, dearer = "/orders/" + entry["id"], {"limit_price": "195"}
    filled = await ann.call("PATCH", path, dearer, headers=key)
    assert [leg["status"] for leg in filled.json["legs"]] == ["new", "new"]
    assert await shown(ann, filled.json["id"]) == filled.json
    rig.trade("AAPL", 179)
    rig.quote("AAPL", 178, 179)
    assert (await shown(ann, filled.json["legs"][1]["id"]))["status"] == "filled"
    again = await ann.call("PATCH", path, dearer, headers=key)
    assert (again.json, again.headers["idempotent-replayed"]) == (filled.json, "true")
    rig.restart()
    assert (await ann.call("PATCH", path, dearer, headers=key)).body == filled.body


async def test_a_replaced_oco_answers_its_shrunk_stop_loss(rig: Rig, ann: Trader) -> None:
    await ann.call("PATCH", "/account", {"profile": "realistic"})
    await ann.order()
    one = (await ann.order(**OCO)).json
    rig.quote("AAPL", 210.5, 210.6, size=4)
    key = {"Idempotency-Key": "r"}
    path, dearer = "/orders/" + one["id"], {"limit_price": "215"}
    moved = await ann.call("PATCH", path, dearer, headers=key)
    [loss] = moved.json["legs"]
    assert loss["qty"] == moved.json["qty"] != "10"
    assert loss["sibling_id"] == moved.json["id"]
    assert await shown(ann, moved.json["id"]) == moved.json
    await ann.call("DELETE", "/orders")
    assert (await ann.call("PATCH", path, dearer, headers=key)).body == moved.body


async def test_legs_come_alive_and_shrink_each_other(rig: Rig, ann: Trader) -> None:
    await ann.call("PATCH", "/account", {"profile": "realistic"})
    entry = (await ann.order(**BRACKET)).json
    assert (entry["status"], [leg["status"] for leg in entry["legs"]]) == ("filled", ["new", "new"])
    position = (await ann.call("GET", "/positions/AAPL")).json
    assert (position["qty"], position["qty_available"]) == ("10", "0")
    moved = await ann.call("PATCH", "/orders/" + entry["take_profit_id"], {"limit_price": "205"})
    rig.quote("AAPL", 205, 205.02, size=4)
    found = await shown(ann, entry["id"])
    profit, loss = found["legs"]
    assert found["take_profit_id"] == entry["take_profit_id"]
    assert (profit["id"], profit["filled_qty"], profit["qty"]) == (moved.json["id"], "4", "10")
    assert (loss["qty"], loss["filled_qty"]) == ("6", "0")
    stopped = await ann.call("DELETE", "/orders/" + loss["id"])
    assert stopped.json["reason"] == "canceled_by_client"
    found = await shown(ann, profit["id"])
    assert (found["status"], found["reason"]) == ("canceled", "other_leg_ended")
    position = (await ann.call("GET", "/positions/AAPL")).json
    assert position["qty"] == position["qty_available"] == "6"


async def test_an_oco_is_its_own_take_profit(rig: Rig, ann: Trader) -> None:
    await ann.order()
    plain = {key: said for key, said in OCO.items() if key != "limit_price"}
    one = (await ann.order(**OCO, client_order_id="one")).json
    assert [leg["type"] for leg in one["legs"]] == ["stop_limit"]
    assert one["sibling_id"] == one["legs"][0]["id"]
    again = await ann.order(**OCO, client_order_id="one")
    assert again.json == one
    other = await ann.order(**{**OCO, "limit_price": "211"}, client_order_id="one")
    assert other.json["code"] == "idempotency_key_reused"
    await ann.call("DELETE", "/orders")
    two = (await ann.order(**plain, take_profit={"limit_price": "210"})).json
    assert (two["limit_price"], two["order_class"]) == ("210.00", "oco")
    assert (await shown(ann, two["id"]))["legs"] == two["legs"]
    await ann.call("DELETE", "/orders")
    untyped = {name: value for name, value in plain.items() if name != "type"}
    same = (await ann.order(**untyped, take_profit={"limit_price": "210"}, qty="1")).json
    assert (same["type"], same["limit_price"]) == ("limit", "210.00")
    market = await ann.order(**untyped, type="market", qty="1")
    assert (market.status, market.json["code"]) == (422, "class_type_not_supported")
    assert market.json["field"] == "type"


async def test_a_protection_is_put_shown_and_removed(rig: Rig, ann: Trader) -> None:
    nobody = await ann.call("PUT", PROTECTION, EXITS)
    assert (nobody.status, nobody.json["code"]) == (404, "no_position")
    await ann.order()
    assert (await ann.call("GET", PROTECTION)).json["code"] == "no_protection"
    put = await ann.call("PUT", PROTECTION, EXITS, headers={"Idempotency-Key": "p"})
    assert put.status == 200
    profit, loss = put.json["take_profit"], put.json["stop_loss"]
    assert profit["protects"] is loss["protects"] is True
    assert (profit["sibling_id"], profit["time_in_force"]) == (loss["id"], "gtc")
    again = await ann.call("PUT", PROTECTION, EXITS, headers={"Idempotency-Key": "p"})
    assert (again.json, again.headers["idempotent-replayed"]) == (put.json, "true")
    wrong = await ann.call("PUT", PROTECTION, {"take_profit": {"limit_price": "180"}})
    assert (wrong.json["code"], wrong.json["field"]) == ("take_profit_wrong_side", "take_profit")
    assert (wrong.json["required"], wrong.json["available"]) == ("180.00", "190.00")
    many = await ann.call("PUT", PROTECTION, {**EXITS, "qty": "11"})
    assert (many.json["code"], many.json["available"]) == ("protection_exceeds_position", "10")
    kept = await ann.call("GET", PROTECTION)
    assert [kept.json[leg]["id"] for leg in ("take_profit", "stop_loss")] == [
        profit["id"],
        loss["id"],
    ]
    assert (await ann.call("GET", "/positions")).json[0]["protection"] == kept.json
    trail = await ann.call("PUT", PROTECTION, {"stop_loss": {"trail_percent": "5"}, "qty": "4"})
    assert (trail.json["take_profit"], trail.json["stop_loss"]["qty"]) == (None, "4")
    assert (await shown(ann, loss["id"]))["reason"] == "protection_replaced"
    gone = await ann.call("DELETE", PROTECTION)
    assert [end["id"] for end in gone.json] == [trail.json["stop_loss"]["id"]]
    assert (await ann.call("DELETE", PROTECTION)).json["code"] == "no_protection"
    assert (await ann.call("GET", "/positions/AAPL")).json["protection"] is None


@pytest.mark.parametrize(
    ("said", "code", "field"),
    [
        ({"order_class": "both"}, "order_class_not_supported", "order_class"),
        ({"order_class": "bracket"}, "leg_missing", None),
        (EXITS, "leg_not_allowed", None),
        ({**BRACKET, "stop_loss": {}}, "stop_loss_unclear", "stop_loss"),
        (
            {**BRACKET, "stop_loss": {"stop_price": "180", "trail_price": "2"}},
            "stop_loss_unclear",
            "stop_loss",
        ),
        (
            {**BRACKET, "take_profit": {"limit_price": "0"}},
            "leg_price_not_positive",
            "take_profit.limit_price",
        ),
        (
            {**BRACKET, "take_profit": {"limit_price": "210.00001"}},
            "leg_price_off_tick",
            "take_profit.limit_price",
        ),
        ({**BRACKET, "take_profit": {"limit_price": "210.005"}}, "leg_price_off_tick", None),
        ({**BRACKET, "take_profit": {}}, "missing_field", "limit_price"),
        ({**BRACKET, "take_profit": {"price": "1"}}, "unknown_field", "price"),
        ({**BRACKET, "take_profit": {"limit_price": "190"}}, "take_profit_wrong_side", None),
        ({**BRACKET, "stop_loss": {"stop_price": "195"}}, "stop_loss_wrong_side", None),
        (
            {**BRACKET, "time_in_force": "ioc"},
            "class_time_in_force_not_supported",
            "time_in_force",
        ),
        ({**BRACKET, "qty": None, "notional": "500"}, "class_notional_not_allowed", "notional"),
        (OCO, "leg_would_open_position", None),
    ],
)
async def test_what_does_not_go_together(
    rig: Rig, ann: Trader, said: dict[str, Any], code: str, field: str | None
) -> None:
    denied = await ann.order(**said)
    assert (denied.status, denied.json["code"]) == (403 if "open_" in code else 422, code)
    if field is not None:
        assert denied.json["field"] == field
    assert denied.json["wrong"]
    assert denied.json["right"]
    assert (await ann.call("GET", "/orders")).json == []


async def test_a_repeated_field_is_refused_inside_too(rig: Rig, ann: Trader) -> None:
    body = (
        b'{"symbol":"AAPL","side":"buy","qty":"1","order_class":"oto",'
        b'"stop_loss":{"stop_price":"180","stop_price":"181"}}'
    )
    answer = await ann.call(
        "POST", "/orders", body=body, headers={"Content-Type": "application/json"}
    )
    assert answer.json["code"] == "repeated_field"


async def test_a_protection_needs_something(rig: Rig, ann: Trader) -> None:
    await ann.order()
    empty = await ann.call("PUT", PROTECTION, {})
    assert (empty.status, empty.json["code"]) == (422, "protection_empty")


async def test_the_stream_and_the_story_tell_of_links(rig: Rig, ann: Trader) -> None:
    await ann.call("PATCH", "/account", {"profile": "realistic"})
    entry = (await ann.order(**BRACKET, type="limit", limit_price="190.01", qty="10")).json
    rig.quote("AAPL", 210, 210.02, size=4)
    rig.quote("AAPL", 210, 210.02, size=6)
    profit, loss = (await shown(ann, entry["id"]))["legs"]
    assert (profit["status"], loss["reason"]) == ("filled", "other_leg_filled")
    told = (await ann.call("GET", f"/orders/{loss['id']}/story")).json
    assert [chapter["event"] for chapter in told] == [
        "accepted",
        "activated",
        "reduced",
        "canceled",
    ]
    assert f"until order {entry['id']} has ended" in told[0]["text"]
    assert "this one is for 6 now" in told[2]["text"]


async def test_frames_of_a_bracket(rig: Rig, ann: Trader) -> None:
    await ann.call("PATCH", "/account", {"profile": "realistic"})
    listener = await Listener(rig).connected(ann.headers)
    await listener.next()
    entry = (await ann.order(**BRACKET, type="limit", limit_price="190.01")).json
    rig.quote("AAPL", 210, 210.02, size=4)
    frames = await listener.some(8)
    told = [(frame["type"], frame["event"]) for frame in frames]
    assert told == [
        ("order", "accepted"),
        ("order", "accepted"),
        ("order", "accepted"),
        ("fill", "fill"),
        ("order", "activated"),
        ("order", "activated"),
        ("fill", "partial_fill"),
        ("order", "reduced"),
    ]
    assert (frames[1]["order"]["status"], frames[1]["order"]["parent_id"]) == ("held", entry["id"])
    assert frames[4]["order"] == {
        "id": entry["take_profit_id"],
        "status": "new",
        "lifecycle": "submitted",
        "qty": "10",
        "expires_at": None,
    }
    assert (frames[7]["order"]["id"], frames[7]["order"]["qty"]) == (entry["stop_loss_id"], "6")
    await listener.hang_up()
