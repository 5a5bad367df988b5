"""Stop orders and good-till-date over HTTP and the stream."""

from typing import Any

import pytest

from stockyard.api import placing
from stockyard.api.door import digest
from stockyard.api.fields import OrderBody, ReplaceBody
from stockyard.api.rendering import made_orders
from stockyard.model import events as e
from stockyard.model.codes import OrderType, Side, Status, TimeInForce
from stockyard.model.order_types import ORDER_TYPES
from tests.api.listener import Listener
from tests.api.rig import NOW, SECOND, Answer, Rig, Trader

HOUR = 3600 * SECOND
STOP = {"type": "stop", "stop_price": "180"}
STOP_LIMIT = {"type": "stop_limit", "stop_price": "180", "limit_price": "179.50"}
TRAIL = {"type": "trailing_stop", "trail_percent": "1.5"}
UNTIL = {"time_in_force": "gtd", "expires_at": "2026-01-02T12:30:00.5-05:00"}
"""Two and a half hours after the rig's beginning."""
TRAILING = {"type": "trailing_stop"}
BUY = {**TRAILING, "side": "buy", "qty": "1"}


def at(text: str) -> dict[str, str]:
    """A date till which an order shall be good."""
    return {"time_in_force": "gtd", "expires_at": text}


@pytest.fixture
async def holder(ann: Trader) -> Trader:
    """Ann, with 10 AAPL to protect."""
    assert (await ann.order()).json["status"] == "filled"
    return ann


async def sell(ann: Trader, **said: Any) -> Answer:
    """A sale of ten, good until canceled unless said otherwise."""
    return await ann.order(**{"side": "sell", "time_in_force": "gtc", **said})


async def shown(ann: Trader, order_id: str) -> Any:
    """The order as it stands, which the list must show alike."""
    read = await ann.call("GET", "/orders/" + order_id)
    listed = (await ann.call("GET", "/orders")).json
    assert read.json in listed
    return read.json


async def test_a_stop_waits_for_a_trade_and_is_sold_at_the_market(rig: Rig, holder: Trader) -> None:
    placed = await sell(holder, **STOP)
    assert placed.status == 201
    order = placed.json
    assert (order["status"], order["type"], order["stop_price"]) == ("new", "stop", "180.00")
    assert order["triggered_at"] is order["hwm"] is order["trail_percent"] is None
    rig.trade("AAPL", 181)
    rig.quote("AAPL", 179.98, 180.00)
    assert (await shown(holder, order["id"]))["status"] == "new"
    rig.trade("AAPL", 179.99)
    found = await shown(holder, order["id"])
    assert (found["status"], found["filled_avg_price"]) == ("filled", "179.98")
    assert found["triggered_at"] == found["filled_at"] == found["updated_at"]
    assert found["stop_price"] == "180.00"
    assert found["collar_price"] is not None


async def test_a_stop_limit_becomes_a_limit_order(rig: Rig, holder: Trader) -> None:
    order = (await sell(holder, **STOP_LIMIT)).json
    assert (order["stop_price"], order["limit_price"]) == ("180.00", "179.50")
    rig.trade("AAPL", 190)
    rig.quote("AAPL", 179.00, 179.02)
    rig.trade("AAPL", 179.01)
    waits = await shown(holder, order["id"])
    assert (waits["status"], waits["collar_price"]) == ("new", None)
    assert waits["triggered_at"] is not None
    moved = await holder.call("PATCH", "/orders/" + order["id"], {"stop_price": "178"})
    assert (moved.status, moved.json["code"]) == (422, "already_triggered")
    assert moved.json["field"] == "stop_price"
    lower = await holder.call("PATCH", "/orders/" + order["id"], {"limit_price": "179"})
    assert (lower.json["status"], lower.json["filled_avg_price"]) == ("filled", "179.00")
    assert lower.json["triggered_at"] == lower.json["created_at"]


async def test_a_trailing_stop_shows_where_it_has_got_to(rig: Rig, holder: Trader) -> None:
    rig.trade("AAPL", 190)
    placed = await sell(holder, **TRAIL)
    order = placed.json
    assert (order["trail_percent"], order["trail_price"]) == ("1.5", None)
    assert order["hwm"] is order["stop_price"] is None
    for price, best, stop in (
        (190, "190.00", "187.15"),
        (200, "200.00", "197.00"),
        (198, "200.00", "197.00"),
    ):
        rig.trade("AAPL", price)
        found = await shown(holder, order["id"])
        assert (found["hwm"], found["stop_price"], found["status"]) == (best, stop, "new")
        assert found["updated_at"] == order["updated_at"]
    rig.restart()
    assert (await shown(holder, order["id"]))["hwm"] == "200.00"
    rig.trade("AAPL", 197)
    found = await shown(holder, order["id"])
    assert (found["status"], found["stop_price"], found["hwm"]) == ("filled", "197.00", None)


async def test_a_trail_in_dollars_follows_the_lowest_price_to_buy(rig: Rig, ann: Trader) -> None:
    order = (await ann.order(type="trailing_stop", trail_price="2.50", qty="1")).json
    assert (order["trail_price"], order["trail_percent"]) == ("2.50", None)
    found = await shown(ann, order["id"])
    assert (found["hwm"], found["stop_price"]) == ("190.01", "192.51")
    rig.trade("AAPL", 185)
    found = await shown(ann, order["id"])
    assert (found["hwm"], found["stop_price"]) == ("185.00", "187.50")


async def test_a_replaced_trailing_stop_starts_anew(rig: Rig, holder: Trader) -> None:
    rig.trade("AAPL", 200)
    rig.trade("AAPL", 198)
    order = (await sell(holder, **TRAIL)).json
    rig.trade("AAPL", 199)
    new = await holder.call("PATCH", "/orders/" + order["id"], {"trail_price": "3"})
    assert new.status == 201
    assert (new.json["trail_price"], new.json["trail_percent"]) == ("3.00", None)
    found = await shown(holder, new.json["id"])
    assert (found["hwm"], found["stop_price"]) == ("199.00", "196.00")
    assert (await shown(holder, order["id"]))["hwm"] is None
    again = await holder.call("PATCH", "/orders/" + found["id"], {"trail_percent": "0.0001"})
    assert again.json["trail_percent"] == "0.0001"


async def test_a_replaced_stop_has_its_new_price(rig: Rig, holder: Trader) -> None:
    order = (await sell(holder, **STOP)).json
    new = (await holder.call("PATCH", "/orders/" + order["id"], {"stop_price": "185.5"})).json
    assert (new["stop_price"], new["replaces"], new["qty"]) == ("185.50", order["id"], "10")
    same = await holder.call("PATCH", "/orders/" + new["id"], {"stop_price": "185.50"})
    assert same.json["code"] == "replace_changes_nothing"


async def test_an_order_good_till_a_date_ends_then(rig: Rig, holder: Trader) -> None:
    order = (await sell(holder, **{**STOP, **UNTIL})).json
    assert (order["time_in_force"], order["expires_at"]) == (
        "gtd",
        "2026-01-02T17:30:00.500000000Z",
    )
    later = {"expires_at": "2026-01-02T18:00:00z"}
    new = (await holder.call("PATCH", "/orders/" + order["id"], later)).json
    assert new["expires_at"] == "2026-01-02T18:00:00.000000000Z"
    rig.clock.time_ns = NOW + 3 * HOUR - 2 * SECOND
    rig.quote("AAPL", 189.99, 190.01)
    assert (await shown(holder, new["id"]))["status"] == "new"
    rig.quote("AAPL", 189.99, 190.01)
    found = await shown(holder, new["id"])
    assert (found["status"], found["reason"]) == ("expired", "good_till_date_reached")


async def test_a_limit_order_may_change_to_a_date_and_back(ann: Trader) -> None:
    order = (await ann.order(type="limit", limit_price="180", qty="1")).json
    dated = (await ann.call("PATCH", "/orders/" + order["id"], UNTIL)).json
    assert dated["expires_at"] == "2026-01-02T17:30:00.500000000Z"
    ever = (await ann.call("PATCH", "/orders/" + dated["id"], {"time_in_force": "gtc"})).json
    assert (ever["time_in_force"], ever["expires_at"]) == ("gtc", None)


@pytest.mark.parametrize(
    ("said", "code", "field", "numbers"),
    [
        ({"type": "stop"}, "stop_price_missing", "stop_price", None),
        ({**STOP_LIMIT, "stop_price": None}, "stop_price_missing", "stop_price", None),
        ({**STOP, "stop_price": "190"}, "stop_price_wrong_side", "stop_price", "190.00 189.99"),
        ({"stop_price": "180"}, "stop_price_not_allowed", "stop_price", None),
        ({**TRAIL, "stop_price": "180"}, "stop_price_not_allowed", "stop_price", None),
        ({**STOP, "stop_price": "0"}, "price_not_positive", "stop_price", None),
        ({**STOP, "stop_price": "180.00001"}, "price_off_tick", "stop_price", None),
        ({**STOP, "stop_price": "1e2"}, "invalid_number", "stop_price", None),
        ({**STOP, "limit_price": "179"}, "limit_price_not_allowed", "limit_price", None),
        (TRAILING, "trail_missing", "trail_price", None),
        ({**TRAIL, "trail_price": "1"}, "trail_missing", "trail_percent", None),
        ({"trail_percent": "1"}, "trail_not_allowed", "trail_percent", None),
        ({**STOP, "trail_price": "1"}, "trail_not_allowed", "trail_price", None),
        ({**TRAIL, "trail_percent": "0"}, "trail_out_of_range", "trail_percent", None),
        ({**TRAIL, "trail_percent": "-1"}, "trail_out_of_range", "trail_percent", None),
        ({**TRAIL, "trail_percent": "9" * 30}, "trail_out_of_range", "trail_percent", None),
        ({**TRAIL, "trail_percent": "1.00001"}, "invalid_number", "trail_percent", None),
        ({**TRAILING, "trail_price": "-1"}, "trail_out_of_range", "trail_price", None),
        ({**TRAILING, "trail_price": "0.00001"}, "price_off_tick", "trail_price", None),
        ({**BUY, "trail_percent": "100"}, "trail_out_of_range", "trail_percent", "100 100"),
        ({**TRAIL, "trail_percent": "100"}, "trail_out_of_range", "trail_percent", "100 100"),
        ({**TRAIL, "trail_percent": "150"}, "trail_out_of_range", "trail_percent", "150 100"),
        ({**TRAILING, "trail_price": "200"}, "trail_out_of_range", "trail_price", "200.00 189.99"),
        ({**BUY, "trail_price": "190.01"}, "trail_out_of_range", "trail_price", "190.01 190.01"),
        ({**STOP, "time_in_force": "gtd"}, "expiry_missing", "expires_at", None),
        ({**STOP, **at("2026-01-03T00:00:00Z"), "time_in_force": "day"}, "expiry_not_allowed",
         "expires_at", None),
        ({**STOP, **at("2026-01-02T15:00:00Z")}, "expiry_not_ahead", "expires_at", None),
        ({**STOP, **at("2027-01-05T00:00:00Z")}, "expiry_not_ahead", "expires_at", None),
        ({**STOP, **at("1970-01-01T00:00:00Z")}, "expiry_not_ahead", "expires_at", None),
        ({**STOP, **at("0001-01-01T00:00:00+14:00")}, "expiry_not_ahead", "expires_at", None),
        ({**STOP, **at("9999-12-31T23:59:59Z")}, "expiry_not_ahead", "expires_at", None),
        ({**STOP, **at("2026-02-30T00:00:00Z")}, "invalid_time", "expires_at", None),
        ({**STOP, **at("2026-01-03T00:00:00")}, "invalid_time", "expires_at", None),
        ({**STOP, **at("2026-01-03")}, "invalid_time", "expires_at", None),
        ({**STOP, **at("2026-01-03T24:00:00Z")}, "invalid_time", "expires_at", None),
        ({**STOP, "time_in_force": "ioc"}, "time_in_force_not_supported", "time_in_force", None),
        ({**STOP, "qty": None, "notional": "100"}, "notional_not_allowed", "notional", None),
    ],
)  # fmt: skip
async def test_what_cannot_be_is_told_with_its_field(
    holder: Trader, said: dict[str, Any], code: str, field: str | None, numbers: str | None
) -> None:
    refused = await sell(holder, **said)
    assert (refused.status, refused.json["code"]) == (422, code)
    assert refused.json.get("field") == field
    body = {"symbol": "AAPL", "side": "sell", "qty": "10", "time_in_force": "gtc", **said}
    body = {name: value for name, value in body.items() if value is not None}
    preview = await holder.call("POST", "/orders/preview", body)
    told = refused.json if preview.status == 422 else preview.json["denials"][0]
    assert (told["code"], told.get("field")) == (code, field)
    if numbers is not None:
        for answer in (refused.json, told):
            assert f"{answer['required']} {answer['available']}" == numbers


async def test_a_triggered_trailing_stop_keeps_its_trail(rig: Rig, holder: Trader) -> None:
    await holder.call("PATCH", "/account", {"profile": "realistic"})
    rig.trade("AAPL", 190)
    order = (await sell(holder, **TRAIL)).json
    rig.quote("AAPL", 187, 187.02, 4)
    rig.trade("AAPL", 187)
    assert (await shown(holder, order["id"]))["status"] == "partially_filled"
    for said in ({"trail_percent": "2"}, {"trail_price": "2"}):
        refused = await holder.call("PATCH", "/orders/" + order["id"], said)
        assert (refused.status, refused.json["code"]) == (422, "already_triggered")
        assert [refused.json["field"]] == list(said)
    for said in ({"expires_at": "2026-01-02T18:00:00Z"}, {"expires_at": "soon"}):
        assert (await holder.call("PATCH", "/orders/" + order["id"], said)).status == 422


async def test_a_preview_of_a_stop_changes_nothing(rig: Rig, holder: Trader) -> None:
    seq = rig.world.engine.seq
    body = {"symbol": "AAPL", "side": "buy", "qty": "10", "type": "stop", "stop_price": "200"}
    found = (await holder.call("POST", "/orders/preview", body)).json
    assert (found["accepted"], found["denials"]) == (True, [])
    assert float(found["reserved"]) == pytest.approx(10 * 200 * 1.05)
    assert rig.world.engine.seq == seq


@pytest.mark.parametrize("said", [STOP, STOP_LIMIT, TRAIL, {**STOP, **UNTIL}])
@pytest.mark.parametrize("change", [None, {"qty": "4"}])
async def test_the_first_answer_is_repeated_byte_for_byte(
    rig: Rig, holder: Trader, said: dict[str, str], change: dict[str, str] | None
) -> None:
    """Also once the order was triggered, and after a crash."""
    rig.trade("AAPL", 190)
    key = {"Idempotency-Key": "once"}
    first = await sell(holder, **said, headers=key)
    path, body = "/orders/" + first.json["id"], change
    changed = first
    if change:
        changed = await holder.call("PATCH", path, body, headers={"Idempotency-Key": "changed"})
    rig.trade("AAPL", 195)
    rig.quote("AAPL", 179.6, 179.7)
    rig.trade("AAPL", 179.65)
    assert (await shown(holder, changed.json["id"]))["status"] == "filled"
    for _ in range(2):
        repeat = await sell(holder, **said, headers=key)
        assert (repeat.status, repeat.body) == (201, first.body)
        assert repeat.headers["idempotent-replayed"] == "true"
        if change:
            again = await holder.call("PATCH", path, body, headers={"Idempotency-Key": "changed"})
            assert again.body == changed.body
        rig.restart()


async def test_another_stop_under_the_same_key_is_another_request(holder: Trader) -> None:
    key = {"Idempotency-Key": "once"}
    placed = (await sell(holder, **STOP, **UNTIL, headers=key)).json
    for said in (
        {**STOP, **UNTIL, "stop_price": "179"},
        {**STOP, **UNTIL, "expires_at": "2026-01-02T18:00:00Z"},
        {**TRAIL, **UNTIL},
        {**TRAIL, **UNTIL, "trail_percent": None, "trail_price": "1.5"},
    ):
        refused = await sell(holder, **said, headers=key)
        assert (refused.status, refused.json["code"]) == (422, "idempotency_key_reused")
    alike = {**STOP, **UNTIL, "stop_price": "180.0", "expires_at": "2026-01-02T17:30:00.5Z"}
    assert (await sell(holder, **alike, headers=key)).json == placed


async def test_the_digest_of_a_plain_request_is_what_it_was(rig: Rig, ann: Trader) -> None:
    """Keys remembered from before stops existed still know their requests."""
    plain = OrderBody("AAPL", "buy", qty="10", type="limit", limit_price="180")
    command, instrument = placing.place_order(rig.app.door, plain, 7, "k")
    number, qty = instrument.instrument_id, 10 * 10**instrument.qty_scale
    price = 180 * 10**instrument.price_scale
    asked = (number, Side.BUY, OrderType.LIMIT, TimeInForce.DAY, qty, price, 0)
    assert command.digest == digest("POST /orders", *asked, "")
    order = (await ann.order(type="limit", limit_price="180", qty="1")).json
    row = next(row for row in rig.world.view.orders.values() if row.limit_price == price)
    told = placing.replace_order(ReplaceBody(qty="10"), row, instrument, "k").digest
    assert told == digest("PATCH /orders", row.order_id, qty, 0, 0, "")
    other = ReplaceBody(qty="10", stop_price="3")
    assert placing.replace_order(other, row, instrument, "k").digest != told
    assert rig.app.door.render.order_id(row.order_id) == order["id"]


def test_a_stop_that_comes_alive_in_its_own_record_is_folded() -> None:
    accepted = e.OrderAccepted(
        16, 7, 1, Side.SELL, OrderType.STOP, TimeInForce.GTC, 10, 0, 0, 95, "", Status.NEW, 1, 0,
        1, 0, 0, 10, 100,
    )  # fmt: skip
    mine = e.OrderTriggered(16, 7, 1, 99, 100, 94, 0, 10)
    other = e.OrderTriggered(32, 8, 1, 99, 98, 93, 0, 10)
    [waits] = made_orders(5, [accepted, other])
    assert waits is not None
    assert (waits.triggered_ns, waits.stop_price, waits.collar_price) == (0, 100, 95)
    [alive] = made_orders(5, [accepted, mine])
    assert alive is not None
    assert (alive.triggered_ns, alive.stop_price, alive.collar_price) == (5, 100, 94)


async def followed(rig: Rig, ann: Trader) -> tuple[Listener, str]:
    """A stream of the account, and its first token."""
    listener = await Listener(rig).connected(ann.headers)
    return listener, (await listener.next())["token"]


async def test_the_stream_tells_of_a_trigger_and_again_on_resuming(
    rig: Rig, holder: Trader
) -> None:
    rig.trade("AAPL", 190)
    listener, start = await followed(rig, holder)
    order = (await sell(holder, **TRAIL)).json
    rig.quote("AAPL", 187, 187.02)
    rig.trade("AAPL", 187.01)
    frames = await listener.some(3)
    assert [(told["type"], told["event"]) for told in frames] == [
        ("order", "accepted"),
        ("order", "triggered"),
        ("fill", "fill"),
    ]
    assert [told["prev"] for told in frames] == [start, *(told["token"] for told in frames[:2])]
    assert frames[0]["order"] == order
    assert frames[1]["order"] == {
        "id": order["id"],
        "account_id": order["account_id"],
        "symbol": "AAPL",
        "status": "new",
        "lifecycle": "submitted",
        "price": "187.01",
        "stop_price": "187.15",
        "collar_price": "177.65",
        "triggered_at": frames[2]["at"],
    }
    await listener.hang_up()
    rig.restart()
    again, _ = await followed(rig, holder)
    again.send(type="resume", token=start)
    assert (await again.next())["type"] == "resumed"
    assert await again.some(3) == frames
    await again.hang_up()


async def test_a_resync_shows_where_a_trailing_stop_has_got_to(rig: Rig, holder: Trader) -> None:
    order = (await sell(holder, **TRAIL)).json
    rig.trade("AAPL", 200)
    listener, _ = await followed(rig, holder)
    listener.send(type="resume", token="99999999-0")
    told = await listener.next()
    assert told["type"] == "resync"
    [found] = told["orders"]
    assert (found["id"], found["hwm"], found["stop_price"]) == (order["id"], "200.00", "197.00")
    await listener.hang_up()


async def test_order_types_are_told_to_anyone_and_drive_a_ticket(rig: Rig, holder: Trader) -> None:
    """Filling in what each type needs gives an order that is taken, for every time in
    force but those of an auction, which this symbol has not."""
    told = (await rig.call("GET", "/api/v1/order-types")).json
    assert [row["type"] for row in told] == [row.word for row in ORDER_TYPES]
    values = {
        "qty": "1", "notional": "200", "limit_price": "189", "stop_price": "200",
        "trail_price": "5", "trail_percent": "2.5",
    }  # fmt: skip
    for row in told:
        assert row["title"]
        assert row["description"]
        assert ("oco" in row["order_classes"]) == row["extended_hours"] == (row["type"] == "limit")
        assert row["lasting_times_in_force"] == ["day", "gtc", "gtd"]
        assert row["post_only"] == (row["type"] == "limit")
        for tif in row["times_in_force"]:
            if tif in ("opg", "cls"):
                continue
            for choice in (0, -1):
                said = {group[choice]: values[group[choice]] for group in row["needs"]}
                if "notional" in said and tif == "fok":
                    continue
                said |= {"type": row["type"], "time_in_force": tif}
                if tif == "gtd":
                    said["expires_at"] = UNTIL["expires_at"]
                placed = await holder.order(**{"qty": None, **said})
                assert placed.status == 201, (said, placed.json)
