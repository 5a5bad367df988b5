"""The whole story of an order, over HTTP."""

from tests.api.rig import Rig, Trader


async def told(trader: Trader, order_id: str) -> list[tuple[str, str]]:
    answer = await trader.call("GET", f"/orders/{order_id}/story")
    assert answer.status == 200
    return [(chapter["event"], chapter["text"]) for chapter in answer.json]


async def test_a_fill_is_told_with_what_it_saw(ann: Trader) -> None:
    order = (await ann.order(client_order_id="one")).json
    (first, accepted), (second, filled) = await told(ann, order["id"])
    assert (first, second) == ("accepted", "filled")
    assert "Taken as new: buy 10 AAPL, market order, day, at worst" in accepted
    assert "under profile ideal" in accepted
    assert filled.startswith("Bought 10 AAPL at ")
    assert filled.endswith("Of the order nothing is left.")


async def test_a_stop_is_told_from_waiting_to_its_end(rig: Rig, ann: Trader) -> None:
    await ann.order()
    order = (await ann.order(side="sell", type="stop", stop_price="180", time_in_force="gtc")).json
    rig.trade("AAPL", 181)
    rig.quote("AAPL", 179.00, 179.10)
    rig.trade("AAPL", 179.05)
    story = await told(ann, order["id"])
    assert [word for word, _ in story] == ["accepted", "triggered", "filled"]
    texts = [text for _, text in story]
    assert "sell 10 AAPL, stop order, gtc, stop 180.00" in texts[0]
    assert texts[1].startswith("The market came to 179.05; the stop was 180.00, so it goes on at")
    assert texts[2].startswith("Sold 10 AAPL at 179.00")


async def test_an_end_is_told_with_its_reason(ann: Trader) -> None:
    order = (await ann.order(type="limit", limit_price="100")).json
    await ann.call("DELETE", f"/orders/{order['id']}")
    assert (await told(ann, order["id"]))[-1] == (
        "canceled",
        "What was left was canceled: canceled by client.",
    )


async def test_a_replaced_order_names_its_successor_and_the_other_way_round(ann: Trader) -> None:
    old = (await ann.order(type="limit", limit_price="100")).json
    new = (await ann.call("PATCH", f"/orders/{old['id']}", {"limit_price": "101"})).json
    assert (await told(ann, old["id"]))[-1] == ("replaced", f"It gave way to order {new['id']}.")
    assert f"It replaces order {old['id']}." in (await told(ann, new["id"]))[0][1]


async def test_a_story_of_somebody_else_is_not_told(rig: Rig, ann: Trader) -> None:
    order = (await ann.order()).json
    bob = await rig.trader("bob@example.com")
    assert (await bob.call("GET", f"/orders/{order['id']}/story")).status == 404
