"""Lots over the API: listed, chosen, taken by a method, and reported for the tax year."""

from collections.abc import AsyncIterator

import pytest

from tests.api.listener import Listener
from tests.api.rig import SECOND, Rig, Trader

DAY = 86_400 * SECOND


@pytest.fixture
async def ann(rig: Rig) -> Trader:
    """A trader who bought 10 at 100, then 10 at 120."""
    trader = await rig.trader()
    assert (await trader.call("PATCH", "/account", {"profile": "ideal"})).status == 200
    await trade(rig, trader, "buy", 10, 100)
    await trade(rig, trader, "buy", 10, 120)
    return trader


@pytest.fixture
async def heard(rig: Rig, ann: Trader) -> AsyncIterator[Listener]:
    """A stream that follows the account."""
    listener = await Listener(rig).connected(ann.headers, "")
    await listener.next()
    yield listener
    await listener.hang_up()


async def trade(rig: Rig, trader: Trader, side: str, qty: int, price: int, **more: object) -> str:
    """Trade at a price; the order's id."""
    rig.quote("AAPL", price, price)
    made = (await trader.order(side=side, qty=str(qty), **more)).json
    assert made["status"] == "filled", made
    return str(made["id"])


async def lots(trader: Trader) -> list[tuple[str, str, str]]:
    """Quantity, what is free of it, and cost of each open lot."""
    found = (await trader.call("GET", "/positions/AAPL/lots")).json
    return [(lot["qty"], lot["qty_available"], lot["cost"]) for lot in found]


async def test_the_method_is_chosen_and_kept(rig: Rig, ann: Trader, heard: Listener) -> None:
    told = (await ann.call("PATCH", "/account", {"lot_method": "hifo"})).json
    assert told["lot_method"] == "hifo"
    assert (await ann.call("GET", "/account")).json["lot_method"] == "hifo"
    frame = await heard.next()
    assert (frame["event"], frame["account"]["lot_method"]) == ("lot_method_set", "hifo")
    await trade(rig, ann, "sell", 4, 110)
    assert await lots(ann) == [("10", "10", "1000.00"), ("6", "6", "720.00")]
    rig.restart()
    assert await lots(ann) == [("10", "10", "1000.00"), ("6", "6", "720.00")]
    position = (await ann.call("GET", "/positions/AAPL")).json
    assert (position["lot_method"], position["realized_pl"]) == ("hifo", "-40.00")


async def test_lots_are_chosen(rig: Rig, ann: Trader) -> None:
    first, second = (await ann.call("GET", "/positions/AAPL/lots")).json
    assert (first["side"], first["symbol"], first["fees"]) == ("long", "AAPL", "0.00")
    chosen = [{"id": second["id"], "qty": "6"}, {"id": first["id"], "qty": "1"}]
    body = {"side": "sell", "qty": "7", "type": "limit", "limit_price": "150", "lots": chosen}
    waits = (await ann.order(client_order_id="mine", **body)).json
    assert await lots(ann) == [("10", "9", "1000.00"), ("10", "4", "1200.00")]
    again = await ann.order(client_order_id="mine", **body)
    assert again.json == waits
    other = await ann.order(client_order_id="mine", **{**body, "lots": chosen[::-1]})
    assert other.json["code"] == "idempotency_key_reused"
    story = (await ann.call("GET", f"/orders/{waits['id']}/story")).json
    assert f"taking of its lots 6 of {second['id']}, 1 of {first['id']}" in str(story)
    too_much = await ann.order(
        side="sell", qty="5", type="limit", limit_price="150", lots=[{**chosen[0], "qty": "5"}]
    )
    assert (too_much.status, too_much.json["code"]) == (403, "exceeds_lot")
    assert (too_much.json["required"], too_much.json["available"]) == ("5", "4")
    rig.quote("AAPL", 150, 150)
    assert await lots(ann) == [("9", "9", "900.00"), ("4", "4", "480.00")]


BAD = {
    "no lots at all": ([], "lots_not_the_quantity"),
    "not an id": ([{"id": "x", "qty": "1"}], "unknown_lot"),
    "another sum": ([{"id": "first", "qty": "2"}], "lots_not_the_quantity"),
    "twice": ([{"id": "first", "qty": "1"}] * 2, "lot_named_twice"),
}


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_choice(ann: Trader, name: str) -> None:
    first, _ = (await ann.call("GET", "/positions/AAPL/lots")).json
    chosen, code = BAD[name]
    sent = [{**lot, "id": lot["id"].replace("first", first["id"])} for lot in chosen]
    refused = await ann.order(side="sell", qty="1", lots=sent)
    assert (refused.status, refused.json["code"]) == (422, code)


async def test_other_bad_input(ann: Trader) -> None:
    wrong = await ann.call("PATCH", "/account", {"lot_method": "dearest"})
    assert (wrong.status, wrong.json["code"]) == (422, "lot_method_not_supported")
    both = await ann.call("PATCH", "/account", {"lot_method": "fifo", "kind": "margin"})
    assert (both.status, both.json["code"]) == (422, "one_change_at_a_time")
    none = await ann.call("GET", "/positions/MSFT/lots")
    assert (none.status, none.json["code"]) == (404, "no_position")
    for query, status in (("year=1", 422), ("format=doc", 422), ("symbol=NOPE", 422)):
        assert (await ann.call("GET", "/reports/tax", query=query)).status == status


async def test_a_year_with_a_wash_sale(rig: Rig, ann: Trader) -> None:
    """Sold at a loss and bought back: the loss moves to the new lot, which then earns less."""
    assert (await ann.call("PATCH", "/account", {"lot_method": "fifo"})).status == 200
    await trade(rig, ann, "sell", 20, 105)
    await trade(rig, ann, "buy", 4, 106)
    await trade(rig, ann, "sell", 4, 120)
    report = (await ann.call("GET", "/reports/tax", query="year=2026")).json
    shown = [
        (
            x["qty"],
            x["economic_pl"],
            x["cost_adjustment"],
            x["wash_sale_disallowed"],
            x["wash_sale"],
        )
        for x in report["lines"]
    ]
    assert shown == [
        ("10", "50.00", "0.00", "0.00", False),
        ("10", "-150.00", "0.00", "60.00", True),
        ("4", "56.00", "60.00", "0.00", False),
    ]
    [to] = report["lines"][1]["replacements"]
    assert (to["lot_id"], to["qty"], to["amount"]) == (report["lines"][2]["lot_id"], "4", "60.00")
    total = report["total"]
    assert (total["lines"], total["proceeds"], total["cost"]) == (3, "2580.00", "2624.00")
    assert (total["economic_pl"], total["taxable_pl"]) == ("-44.00", "-44.00")
    assert report["short_term"] == total
    assert report["long_term"]["lines"] == 0
    assert {x["closed_on"] for x in report["lines"]} == {"2026-01-02"}
    table = (await ann.call("GET", "/reports/tax", query="format=csv")).body.decode().splitlines()
    assert table[0].startswith("symbol,side,qty,lot_id,execution_id,opened_on")
    assert len(table) == 4
    assert table[2].endswith(",short,1050.00,1200.00,0.00,-150.00,0.00,60.00,-90.00,true")
    assert (await ann.call("GET", "/reports/tax", query="year=2025")).json["lines"] == []
    assert (await ann.call("GET", "/reports/tax", query="symbol=MSFT")).json["lines"] == []
    assert (await ann.call("GET", "/reports/tax", query="symbol=AAPL")).json["total"] == total
    rig.restart()
    assert (await ann.call("GET", "/reports/tax", query="year=2026")).json == report


async def test_a_short_sale_and_fees(rig: Rig) -> None:
    """Its proceeds come first; what both executions were charged is in the line."""
    bob = await rig.trader("bob@example.com")
    assert (await bob.call("PATCH", "/account", {"kind": "margin"})).status == 200
    assert (await bob.call("PATCH", "/account", {"profile": "realistic"})).status == 200
    rig.quote("AAPL", 200, 200)
    await bob.order(side="sell", qty="100", type="limit", limit_price="200")
    rig.quote("AAPL", 190, 190)
    await bob.order(side="buy", qty="100", type="limit", limit_price="190")
    report = (await bob.call("GET", "/reports/tax")).json
    [line] = report["lines"]
    assert (line["side"], line["term"], line["proceeds"], line["cost"]) == (
        "short",
        "short",
        "20000.00",
        "19000.00",
    )
    account = (await bob.call("GET", "/account")).json
    assert line["fees"] == account["fees"] != "0.00"
    assert float(line["taxable_pl"]) == 1000 - float(line["fees"])
