"""Orders: placing, reading, listing, changing, canceling, explaining."""

import pytest

from tests.api.rig import Rig, Trader


async def test_a_market_order_is_filled_at_once_and_can_be_read(rig: Rig, ann: Trader) -> None:
    placed = await ann.order(client_order_id="first")
    assert placed.status == 201
    order = placed.json
    assert (order["status"], order["lifecycle"], order["filled_qty"]) == ("filled", "filled", "10")
    assert order["filled_avg_price"] == "190.01"
    assert order["collar_price"] is not None
    assert order["client_order_id"] == "first"
    assert order["notional"] is None
    assert order["limit_price"] is None
    assert order["created_at"] == "2026-01-02T15:00:02.000000000Z"
    assert order["filled_at"] == order["created_at"]
    read = await ann.call("GET", "/orders/" + order["id"])
    assert (read.status, read.body) == (200, placed.body)
    rig.restart()
    assert (await ann.call("GET", "/orders/" + order["id"])).body == placed.body


async def test_an_order_without_a_client_id_goes_by_its_own(ann: Trader) -> None:
    order = (await ann.order()).json
    assert order["client_order_id"] == order["id"]
    found = await ann.call("GET", "/orders", query="client_order_id=" + order["id"])
    assert [row["id"] for row in found.json] == [order["id"]]


@pytest.mark.parametrize("symbol", ["BTC/USD", "btc/usd", "BTCUSD", "BTC-USD"])
async def test_a_pair_has_several_spellings(ann: Trader, symbol: str) -> None:
    placed = await ann.order(symbol=symbol, qty="0.05")
    assert placed.json["symbol"] == "BTC/USD"
    for path in ("/quotes/", "/assets/", "/positions/"):
        assert (await ann.call("GET", path + symbol)).json["symbol"] == "BTC/USD"


async def test_numbers_may_be_integers_and_notional_buys_for_an_amount(ann: Trader) -> None:
    order = (await ann.order(qty=None, notional=1000)).json
    assert order["notional"] == "1000.00"
    assert order["status"] == "filled"
    assert float(order["filled_qty"]) * 190.01 == pytest.approx(1000, abs=0.001)


async def test_orders_are_listed_newest_first_in_pages(ann: Trader) -> None:
    ids = [(await ann.order(qty="1")).json["id"] for _ in range(3)]
    resting = (await ann.order(type="limit", limit_price="180", qty="1")).json["id"]
    listed = (await ann.call("GET", "/orders")).json
    assert [row["id"] for row in listed] == [resting, *reversed(ids)]
    page = await ann.call("GET", "/orders", query=f"limit=2&after={ids[2]}")
    assert [row["id"] for row in page.json] == [ids[1], ids[0]]
    wanted = {
        "status=open": 1, "status=closed": 3, "status=filled": 3, "status=all": 4,
        "status=new": 1, "status=canceled": 0, "symbol=AAPL": 4, "symbol=BTCUSD": 0,
        "status=ended": 0, "side=buy": 4, "side=sell": 0, "type=limit": 1, "type=market": 3,
        "start=2026-01-02": 4, "end=2026-01-02": 0, "start=2026-01-03": 0, "end=2026-01-03": 4,
        "side=buy&type=limit&status=open": 1,
    }  # fmt: skip
    for wrong in ("status", "side", "type", "start"):
        refused = await ann.call("GET", "/orders", query=f"{wrong}=nothing")
        assert (refused.status, refused.json["field"]) == (422, wrong)
    for query, count in wanted.items():
        assert len((await ann.call("GET", "/orders", query=query)).json) == count, query


async def test_a_replacement_is_a_new_order(rig: Rig, ann: Trader) -> None:
    old = (await ann.order(type="limit", limit_price="180", time_in_force="gtc")).json
    new = await ann.call("PATCH", "/orders/" + old["id"], {"limit_price": "181.50", "qty": "4"})
    assert new.status == 201
    assert (new.json["replaces"], new.json["version"]) == (old["id"], 2)
    assert (new.json["limit_price"], new.json["qty"]) == ("181.50", "4")
    gone = (await ann.call("GET", "/orders/" + old["id"])).json
    assert (gone["status"], gone["replaced_by"]) == ("replaced", new.json["id"])
    assert gone["replaced_at"] is not None
    nothing = await ann.call("PATCH", "/orders/" + new.json["id"], {})
    assert (nothing.status, nothing.json["code"]) == (422, "replace_changes_nothing")


async def test_canceling_one_and_all(rig: Rig, ann: Trader) -> None:
    ids = [(await ann.order(type="limit", limit_price="180", qty="1")).json["id"] for _ in range(3)]
    done = await ann.call("DELETE", "/orders/" + ids[0])
    assert (done.status, done.json["status"]) == (200, "canceled")
    assert done.json["reason"] == "canceled_by_client"
    again = await ann.call("DELETE", "/orders/" + ids[0])
    assert (again.status, again.json["code"]) == (422, "order_not_open")
    none = await ann.call("DELETE", "/orders", query="symbol=BTC/USD")
    assert (none.status, none.json) == (200, [])
    rest = await ann.call("DELETE", "/orders")
    assert [row["id"] for row in rest.json] == ids[1:]
    rig.restart()
    shown = (await ann.call("GET", "/orders/" + ids[1])).json
    assert (shown["status"], shown["canceled_at"] is None) == ("canceled", False)


async def test_fills_are_explained(rig: Rig, ann: Trader) -> None:
    await ann.call("PATCH", "/account", {"profile": "realistic"})
    rig.quote("AAPL", 189.99, 190.01, 300)
    order = (await ann.order(qty="400")).json
    assert (order["status"], order["lifecycle"], order["filled_qty"]) == (
        "partially_filled",
        "partial",
        "300",
    )
    rig.quote("AAPL", 189.98, 190.00, 300)
    fills = await ann.call("GET", f"/orders/{order['id']}/executions")
    first, second = fills.json
    assert (first["qty"], first["price"], second["qty"], second["price"]) == (
        "300", "190.01", "100", "190.00",
    )  # fmt: skip
    assert first["quote"]["ask_size"] == first["size_open"] == first["size_taken"] == "300"
    assert first["profile"] == {"name": "realistic", "version": 1}
    assert first["rule"] == "take_displayed_size_at_quote"
    assert first["explanation"].startswith("Bought 300 AAPL at 190.01: the ask, with 300 of 300")
    assert second["order_status"] == "filled"
    sold = (await ann.order(side="sell", qty="100")).json
    fees = (await ann.call("GET", f"/orders/{sold['id']}/executions")).json[0]
    assert {line["kind"] for line in fees["fees"]} == {"finra_taf"}
    assert fees["fee_table"].startswith("us-equity-")
    assert fees["fees_total"] == sold["fees"] == fees["fees"][0]["amount"]


async def test_a_preview_changes_nothing(rig: Rig, ann: Trader) -> None:
    seq = rig.world.engine.seq
    body = {"symbol": "AAPL", "side": "buy", "qty": "10"}
    found = (await ann.call("POST", "/orders/preview", body)).json
    assert (found["accepted"], found["price"], found["value"]) == (True, "190.01", "1900.10")
    assert found["fillable_qty"] == "10"
    assert found["buying_power_after"] == "98099.90"
    refused = (await ann.call("POST", "/orders/preview", {**body, "qty": "10000"})).json
    assert (refused["accepted"], refused["denials"][0]["code"]) == (False, "exceeds_buying_power")
    assert refused["denials"][0]["available"] == "100000.00"
    assert rig.world.engine.seq == seq


async def test_someone_elses_order_does_not_exist(ann: Trader, bob: Trader) -> None:
    order = (await ann.order(type="limit", limit_price="180")).json
    for method, path, body in (
        ("GET", f"/orders/{order['id']}", None),
        ("DELETE", f"/orders/{order['id']}", None),
        ("PATCH", f"/orders/{order['id']}", {"qty": "5"}),
        ("GET", f"/orders/{order['id']}/executions", None),
    ):
        foreign = await bob.call(method, path, body)
        unknown = await bob.call(method, path.replace(order["id"], order["id"][:-1] + "f"), body)
        nonsense = await bob.call(method, path.replace(order["id"], "17"), body)
        for found in (foreign, unknown, nonsense):
            assert (found.status, found.json["code"]) == (404, "unknown_order")
            assert found.headers["content-type"] == "application/problem+json"
    assert (await ann.call("GET", f"/orders/{order['id']}")).json["status"] == "new"


async def test_a_queued_limit_order_expires_and_frees_its_cash(rig: Rig, ann: Trader) -> None:
    order = (await ann.order(type="limit", limit_price="180")).json
    assert order["expires_at"] == "2026-01-02T21:00:00.000000000Z"
    assert (await ann.call("GET", "/account")).json["reserved"] == "1800.00"
    rig.clock.time_ns += 8 * 3600 * 10**9
    rig.quote("AAPL", 189.99, 190.01)
    found = (await ann.call("GET", "/orders/" + order["id"])).json
    assert (found["status"], found["reason"]) == ("expired", "trading_day_ended")
    assert found["expired_at"] is not None
    assert (await ann.call("GET", "/account")).json["reserved"] == "0.00"


async def test_an_answer_shows_the_order_as_its_record_left_it(rig: Rig, ann: Trader) -> None:
    await ann.call("PATCH", "/account", {"profile": "realistic"})
    rig.quote("AAPL", 189.99, 190.01, 100)
    placed = await ann.order(qty="150", time_in_force="ioc")
    order = placed.json
    assert (order["status"], order["filled_qty"], order["filled_at"]) == ("canceled", "100", None)
    assert order["reason"] == "rest_of_immediate_or_cancel"
    assert order["canceled_at"] == order["created_at"]
    assert (await ann.call("GET", "/orders/" + order["id"])).body == placed.body
    whole = (await ann.order(qty="150", time_in_force="fok")).json
    assert (whole["status"], whole["filled_avg_price"]) == ("canceled", None)


@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "k"}])
async def test_a_day_that_ends_in_the_same_record_is_no_part_of_the_answer(
    rig: Rig, ann: Trader, key: dict[str, str]
) -> None:
    """The first command after a session's end shares its record with the day's expiries."""
    old = (await ann.order(type="limit", limit_price="180")).json
    rig.clock.time_ns += 8 * 3600 * 10**9
    placed = await ann.order(headers=key, type="limit", limit_price="181")
    assert (placed.json["status"], placed.json["limit_price"]) == ("new", "181.00")
    assert (await ann.call("GET", "/orders/" + old["id"])).json["status"] == "expired"
    rig.clock.time_ns += 24 * 3600 * 10**9
    ann = Trader(rig, await rig.sign_in())
    done = await ann.call("DELETE", "/orders", headers=key and {"Idempotency-Key": "l"})
    assert done.json == []
    assert (await ann.call("GET", "/orders/" + placed.json["id"])).json["status"] == "expired"
