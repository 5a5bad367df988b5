"""Orders: placing, reading, listing, changing, canceling, explaining."""


from tests.api.rig import Rig, Trader


async def test_a_market_order_is_filled_at_once_and_can_be_read(rig: Rig, ann: Trader) -> None:
    placed = await ann.order(client_order_id="first")
    assert placed.status == 201
    order = placed.json
    assert (order["status"], order["lifecycle"], order["filled_qty"]) == ("filled", "filled", "10")
    assert order["filled_avg_price"] == "190.01"
    assert order["client_order_id"] == "first"
    assert order["notional"] is None
    assert order["limit_price"] is None
    assert order["created_at"] == "2026-01-02T15:00:02.000000000Z"
    assert order["filled_at"] == order["created_at"]
    read = await ann.call("GET", "/orders/" + order["id"])
    assert (read.status, read.body) == (200, placed.body)
    rig.restart()
    assert (await ann.call("GET", "/orders/" + order["id"])).body == placed.body
