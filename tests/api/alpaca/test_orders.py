"""Orders through Alpaca's paths."""

import asyncio
import re
from typing import Any

import pytest

from tests.api.alpaca.bot import Bot, refused
from tests.api.rig import SECOND, Rig

ORDER_FIELDS = re.findall(
    r"\w+",
    """id client_order_id created_at updated_at submitted_at filled_at expired_at expires_at
    canceled_at failed_at replaced_at replaced_by replaces asset_id symbol asset_class notional qty
    filled_qty filled_avg_price order_class order_type type side position_intent time_in_force
    limit_price stop_price status extended_hours legs trail_percent trail_price hwm ratio_qty
    subtag source""",
)
BRACKET: dict[str, Any] = {
    "type": "limit", "limit_price": 180, "order_class": "bracket", "time_in_force": "gtc",
    "take_profit": {"limit_price": 210.5}, "stop_loss": {"stop_price": 170, "limit_price": 169.5},
}  # fmt: skip


async def test_every_field_is_there(bot: Bot) -> None:
    taken = await bot.order(qty=10.0, client_order_id="mine")
    assert sorted(taken) == sorted(ORDER_FIELDS)
    made = await bot.get(f"/v2/orders/{taken['id']}")
    assert sorted(made) == sorted(ORDER_FIELDS)
    assert made == {
        **made,
        "client_order_id": "mine", "symbol": "AAPL", "asset_class": "us_equity", "qty": "10",
        "notional": None, "filled_qty": "10", "filled_avg_price": "190.01", "order_class": "",
        "type": "market", "order_type": "market", "side": "buy", "time_in_force": "day",
        "position_intent": "buy_to_open", "status": "filled", "extended_hours": False,
        "limit_price": None, "legs": None, "hwm": None, "canceled_at": None,
    }  # fmt: skip
    assert made["filled_at"] == made["created_at"] == made["submitted_at"]
    assert made["filled_at"].endswith("Z")
    assert await bot.get("/v2/orders:by_client_order_id?client_order_id=mine") == made


@pytest.mark.parametrize(
    ("said", "becomes"),
    [
        ({}, "filled"),
        ({"notional": 500, "qty": None}, "filled"),
        ({"time_in_force": "fok"}, "filled"),
        ({"time_in_force": "ioc", "type": "limit", "limit_price": 150}, "canceled"),
    ],
)
async def test_the_answer_is_the_order_as_it_was_taken(bot: Bot, said: Any, becomes: str) -> None:
    """A bot that polls acts upon a status that changes: one that is filled in the answer never
    does.
    """
    taken = await bot.order(**said)
    assert (taken["status"], taken["filled_qty"], taken["filled_avg_price"]) == ("new", "0", None)
    assert (taken["filled_at"], taken["canceled_at"]) == (None, None)
    found = await bot.get(f"/v2/orders/{taken['id']}")
    assert found["status"] == becomes
    assert found["created_at"] == taken["created_at"]


async def test_a_bracket_that_is_filled_at_once_is_new_and_its_exits_are_held(bot: Bot) -> None:
    taken = await bot.order(**{**BRACKET, "type": "market", "limit_price": None})
    assert [taken["status"], *(leg["status"] for leg in taken["legs"])] == ["new", "held", "held"]
    found = await bot.get(f"/v2/orders/{taken['id']}?nested=true")
    assert [found["status"], *(leg["status"] for leg in found["legs"])] == ["filled", "new", "new"]


async def test_a_replacement_that_is_filled_at_once_is_new_in_the_answer(bot: Bot) -> None:
    waits = await bot.order(type="limit", limit_price=150)
    answer = await bot.call("PATCH", f"/v2/orders/{waits['id']}", {"limit_price": 200})
    assert (answer.status, answer.json["status"], answer.json["filled_qty"]) == (200, "new", "0")
    found = await bot.get(f"/v2/orders/{answer.json['id']}")
    assert (found["status"], found["filled_qty"]) == ("filled", "10")


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b'{"qty":1,"limit_price":150.25}', ("1", "150.25")),
        (b'{"qty":"1","limit_price":"150.25"}', ("1", "150.25")),
        (b'{"qty":1.0,"limit_price":150.10000}', ("1", "150.10")),
        (b'{"qty":1E0,"limit_price":1.5025e2}', ("1", "150.25")),
        (b'{"qty":0.000000001e9,"limit_price":100}', ("1", "100.00")),
    ],
)
async def test_numbers_are_taken_digit_by_digit(
    bot: Bot, body: bytes, shown: tuple[str, str]
) -> None:
    rest = b',"symbol":"AAPL","side":"buy","type":"limit","time_in_force":"day"}'
    answer = await bot.call("POST", "/v2/orders", body=body[:-1] + rest)
    assert answer.status == 200, answer
    assert (answer.json["qty"], answer.json["limit_price"]) == shown


async def test_a_small_quantity_of_a_coin_arrives_exactly(bot: Bot) -> None:
    taken = await bot.order(symbol="BTC/USD", qty=0.00002, time_in_force="gtc")
    made = await bot.get(f"/v2/orders/{taken['id']}")
    assert (made["qty"], made["filled_qty"]) == ("0.00002", "0.00002")
    assert (made["asset_class"], made["symbol"]) == ("crypto", "BTC/USD")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ({"type": "limit", "limit_price": 150}, {"limit_price": "150.00", "status": "new"}),
        ({"type": "stop", "stop_price": 200}, {"stop_price": "200.00", "status": "new"}),
        (
            {"type": "stop_limit", "stop_price": 200, "limit_price": 201},
            {"stop_price": "200.00", "limit_price": "201.00"},
        ),
        ({"type": "trailing_stop", "trail_percent": 1.5}, {"trail_percent": "1.5"}),
        ({"type": "trailing_stop", "trail_price": 2}, {"trail_price": "2.00"}),
        ({"qty": None, "notional": 500.5}, {"notional": "500.50", "qty": None}),
        ({"qty": 0.5}, {"qty": "0.5", "filled_qty": "0.5"}),
        ({"time_in_force": "ioc", "type": "limit", "limit_price": 150}, {"status": "canceled"}),
        ({"time_in_force": "fok"}, {"time_in_force": "fok", "status": "filled"}),
        (
            {"type": "limit", "limit_price": 150, "extended_hours": True},
            {"extended_hours": True},
        ),
        ({"order_class": "simple"}, {"order_class": ""}),
        ({"order_class": ""}, {"order_class": ""}),
        ({"position_intent": "buy_to_open"}, {"position_intent": "buy_to_open"}),
        ({"client_order_id": "", "order_class": None, "stop_loss": None}, {"status": "filled"}),
        ({"nobody_knows": 1}, {"status": "filled"}),
    ],
)
async def test_types_and_terms(bot: Bot, said: Any, shown: Any) -> None:
    made = await bot.get(f"/v2/orders/{(await bot.order(**said))['id']}")
    assert {name: made[name] for name in shown} == shown


async def test_an_asset_is_named_by_its_id_too(bot: Bot) -> None:
    first = await bot.order(symbol="aapl")
    again = await bot.order(symbol=first["asset_id"])
    assert (first["symbol"], again["symbol"]) == ("AAPL", "AAPL")


async def test_a_trailing_stop_shows_how_far_it_got(rig: Rig, bot: Bot) -> None:
    await bot.order()
    made = await bot.order(side="sell", type="trailing_stop", trail_price=2, time_in_force="gtc")
    rig.quote("AAPL", 195, 195.02)
    found = await bot.get(f"/v2/orders/{made['id']}")
    assert (found["hwm"], found["stop_price"]) == ("195.00", "193.00")


async def test_a_bracket_answers_with_its_legs(rig: Rig, bot: Bot) -> None:
    made = await bot.order(**BRACKET)
    profit, loss = made["legs"]
    assert (made["order_class"], profit["order_class"], loss["order_class"]) == ("bracket",) * 3
    assert (profit["type"], profit["limit_price"], profit["status"]) == ("limit", "210.50", "held")
    assert (loss["type"], loss["stop_price"], loss["limit_price"]) == (
        "stop_limit", "170.00", "169.50",
    )  # fmt: skip
    assert (profit["side"], profit["legs"]) == ("sell", None)
    alone = await bot.get(f"/v2/orders/{made['id']}")
    nested = await bot.get(f"/v2/orders/{made['id']}?nested=True")
    assert alone["legs"] is None
    assert [leg["id"] for leg in nested["legs"]] == [profit["id"], loss["id"]]


async def test_nested_lists_have_legs_inside_and_plain_ones_beside(rig: Rig, bot: Bot) -> None:
    made = await bot.order(**BRACKET)
    legs = [leg["id"] for leg in made["legs"]]
    plain = await bot.get("/v2/orders")
    assert sorted(x["id"] for x in plain) == sorted([made["id"], *legs])
    assert all(x["legs"] is None for x in plain)
    nested = await bot.get("/v2/orders?nested=true")
    assert [x["id"] for x in nested] == [made["id"]]
    assert [x["id"] for x in nested[0]["legs"]] == legs
    # An entry that was filled is listed for the sake of its open exits.
    rig.quote("AAPL", 179.98, 180)
    filled = await bot.get("/v2/orders?status=open&nested=true")
    assert [(x["id"], x["status"]) for x in filled] == [(made["id"], "filled")]
    assert await bot.get("/v2/orders?status=closed&nested=true") == []
    assert [x["id"] for x in await bot.get("/v2/orders?status=closed")] == [made["id"]]


@pytest.mark.parametrize("price", [{"limit_price": 200}, {"take_profit": {"limit_price": 200}}])
async def test_an_oco_takes_its_price_in_either_place(bot: Bot, price: Any) -> None:
    await bot.order()
    said = {"take_profit": {"limit_price": "200.00"}, **price}
    made = await bot.order(
        side="sell", type="limit", order_class="oco", time_in_force="gtc",
        stop_loss={"stop_price": 170}, **said,
    )  # fmt: skip
    assert (made["limit_price"], made["type"], made["order_class"]) == ("200.00", "limit", "oco")
    assert [(leg["type"], leg["stop_price"]) for leg in made["legs"]] == [("stop", "170.00")]
    nested = await bot.get("/v2/orders?nested=true")
    assert [(x["id"], len(x["legs"])) for x in nested] == [(made["id"], 1)]
    assert len(await bot.get("/v2/orders")) == 2


async def test_an_oto(bot: Bot) -> None:
    made = await bot.order(
        type="limit", limit_price=180, order_class="oto", stop_loss={"stop_price": 170}
    )
    assert [leg["type"] for leg in made["legs"]] == ["stop"]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"symbol": None}, (422, 40010001)),
        ({"side": None}, (422, 40010001)),
        ({"type": None}, (422, 40010001)),
        ({"time_in_force": None}, (422, 40010001)),
        ({"qty": None}, (422, 40010001)),
        ({"notional": 10}, (422, 40010001)),
        ({"qty": 0}, (422, 40010001)),
        ({"qty": -1}, (422, 40010001)),
        ({"qty": "ten"}, (422, 40010001)),
        ({"qty": [1]}, (400, 40010000)),
        ({"qty": True}, (400, 40010000)),
        ({"symbol": 1}, (400, 40010000)),
        ({"extended_hours": "yes"}, (400, 40010000)),
        ({"side": "hold"}, (422, 40010001)),
        ({"type": "magic"}, (422, 40010001)),
        ({"time_in_force": "gtd"}, (422, 42210000)),
        ({"symbol": "NOPE"}, (422, 42210000)),
        ({"type": "limit"}, (422, 40010001)),
        ({"type": "limit", "limit_price": 150.255}, (422, 42210000)),
        ({"limit_price": 150}, (422, 40010001)),
        ({"type": "stop"}, (422, 40010001)),
        ({"type": "trailing_stop"}, (422, 40010001)),
        ({"extended_hours": True}, (422, 40010001)),
        ({"client_order_id": "x" * 129}, (422, 40010001)),
        ({"order_class": "mleg", "symbol": None, "legs": [{}, {}]}, (422, 42210000)),
        ({"order_class": "odd"}, (422, 40010001)),
        ({"symbol": "AAPL261218C00150000"}, (422, 42210000)),
        ({"order_class": "bracket"}, (422, 40010001)),
        ({"order_class": "bracket", "take_profit": {}, "stop_loss": {}}, (422, 40010001)),
        ({"order_class": "oco", "type": "limit", "limit_price": 200}, (422, 40010001)),
        ({"qty": 0.5, "time_in_force": "gtc"}, (422, 42210000)),
        ({"qty": 0.5, "type": "trailing_stop", "trail_price": 1}, (422, 42210000)),
        ({**BRACKET, "qty": "1.5", "time_in_force": "day"}, (422, 42210000)),
        ({"qty": None, "notional": 100, "time_in_force": "gtc"}, (422, 42210000)),
        ({"symbol": "BTC/USD"}, (422, 42210000)),
        ({"symbol": "BTC/USD", "time_in_force": "gtc", "type": "stop", "stop_price": 70000},
         (422, 42210000)),
        ({**BRACKET, "symbol": "BTC/USD"}, (422, 42210000)),
        ({"position_intent": "sell_to_open"}, (422, 42210000)),
        ({"position_intent": "hold"}, (422, 40010001)),
        ({"symbol": "BTC/USD", "side": "sell", "time_in_force": "gtc"}, (403, 40310000)),
    ],
)  # fmt: skip
async def test_what_is_refused(bot: Bot, said: Any, told: tuple[int, int]) -> None:
    assert refused(await bot.try_order(**said)) == told
    assert await bot.get("/v2/orders?status=all") == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"1", b'"x"', b"\xff", b'{"qty":NaN}'])
async def test_what_is_no_order_is_malformed(bot: Bot, body: bytes) -> None:
    assert refused(await bot.call("POST", "/v2/orders", body=body)) == (400, 40010000)


async def test_a_body_need_not_be_said_to_be_json(bot: Bot) -> None:
    body = b'{"symbol":"AAPL","qty":1,"side":"buy","type":"market","time_in_force":"day"}'
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await bot.call("POST", "/v2/orders", body=body, headers=kind)).status == 200
    # A browser may have added these by itself.
    session = {"Authorization": "Basic eDp5", **kind}
    assert (await bot.rig.call("POST", "/v2/orders", body=body, headers=session)).status == 401


async def test_a_name_is_taken_once(bot: Bot) -> None:
    await bot.order(client_order_id="a")
    assert refused(await bot.try_order(client_order_id="a")) == (422, 40010001)
    assert refused(await bot.try_order(client_order_id="a", qty=5)) == (422, 40010001)
    assert "unique" in (await bot.try_order(client_order_id="a")).json["message"]
    assert len(await bot.get("/v2/orders?status=all")) == 1


async def test_a_refused_order_leaves_its_name_free(bot: Bot) -> None:
    assert refused(await bot.try_order(client_order_id="a", qty=1000)) == (403, 40310000)
    assert (await bot.order(client_order_id="a", qty=1))["client_order_id"] == "a"


async def test_of_two_at_once_under_one_name_one_is_taken(bot: Bot) -> None:
    both = await asyncio.gather(*(bot.try_order(client_order_id="a") for _ in range(2)))
    assert sorted(x.status for x in both) == [200, 422]
    assert refused(max(both)) == (422, 40010001)


async def test_too_little_buying_power_says_how_much(bot: Bot) -> None:
    answer = await bot.try_order(qty=1000, type="limit", limit_price=190)
    assert refused(answer) == (403, 40310000)
    assert answer.json["message"] == "insufficient buying power"
    assert answer.json["buying_power"] == "100000.00"
    assert float(answer.json["cost_basis"]) >= 190_000


async def test_too_few_shares_say_how_many(bot: Bot) -> None:
    await bot.order(qty=20)
    await bot.order(qty=5, side="sell", type="limit", limit_price=250)
    answer = await bot.try_order(qty=20, side="sell")
    assert refused(answer) == (403, 40310000)
    told = answer.json
    assert (told["symbol"], told["available"], told["existing_qty"], told["held_for_orders"]) == (
        "AAPL", "15", "20", "5",
    )  # fmt: skip
    assert told["message"] == (
        "insufficient qty available for order (requested: 20, available: 15)"
    )


async def test_an_order_of_the_other_side_in_the_way_is_named(bot: Bot) -> None:
    assert (await bot.trader.call("PATCH", "/account", {"kind": "margin"})).status == 200
    first = await bot.order(type="limit", limit_price=180)
    answer = await bot.try_order(side="sell", type="limit", limit_price=200)
    assert refused(answer) == (403, 40310000)
    assert answer.json["existing_order_id"] == first["id"]


async def _some(rig: Rig, bot: Bot) -> list[Any]:
    """Four orders, a second apart: AAPL open, BTC open, AAPL filled, AAPL to sell."""
    made = []
    for said in (
        {"type": "limit", "limit_price": 150, "client_order_id": "first"},
        {"symbol": "BTC/USD", "type": "limit", "limit_price": 50000, "qty": "0.01",
         "time_in_force": "gtc"},
        {},
        {"side": "sell", "type": "limit", "limit_price": 250},
    ):  # fmt: skip
        made.append(await bot.order(**said))
        rig.clock.time_ns += SECOND
    return made


async def test_lists_and_their_filters(rig: Rig, bot: Bot) -> None:
    made = await _some(rig, bot)
    ids = [x["id"] for x in made]

    async def listed(query: str) -> list[int]:
        return [ids.index(x["id"]) for x in await bot.get(f"/v2/orders?{query}")]

    assert await listed("") == [3, 1, 0]
    assert await listed("status=closed") == [2]
    assert await listed("status=all") == [3, 2, 1, 0]
    assert await listed("status=all&direction=asc") == [0, 1, 2, 3]
    for status in ("open", "all"):
        rest = [x for x in (0, 1, 2, 3) if status == "all" or x != 2]
        s = f"status={status}&direction=asc"
        assert await listed(f"{s}&limit=2") == rest[:2]
        assert await listed(f"{s}&symbols=AAPL%2CNOPE") == [x for x in rest if x != 1]
        assert await listed(f"{s}&symbols=btcusd,AAPL") == rest
        assert await listed(f"{s}&symbols=NOPE") == []
        assert await listed(f"{s}&side=sell") == [3]
        assert await listed(f"{s}&asset_class=crypto") == [1]
        assert await listed(f"{s}&asset_class=us_option") == []
        assert await listed(f"{s}&asset_class=us_equity,crypto,crypto_perp") == rest
        at = made[1]["submitted_at"]
        assert await listed(f"{s}&after={at}") == [x for x in rest if x > 1]
        assert await listed(f"{s}&until={at}") == [0]
        assert await listed(f"{s}&after_order_id={ids[1]}") == [x for x in rest if x > 1]
        assert await listed(f"{s}&before_order_id={ids[1]}") == [0]
        assert await listed(f"{s}&nested=True") == rest
    assert await listed("after=2026-01-02") == [3, 1, 0]
    assert await listed("after=2026-01-02T00:00:00+00:00") == [3, 1, 0]
    assert await listed("until=2026-01-02T00:00:00-05:00") == []


@pytest.mark.parametrize(
    "query",
    [
        "status=held", "limit=0", "limit=501", "limit=x", "direction=up", "side=hold",
        "asset_class=bonds", "after=yesterday", "nested=2", "before_order_id=x",
        "after=2026-01-02&after_order_id=" + "0" * 36, "symbols=" + ",".join(["A"] * 1001),
    ],
)  # fmt: skip
async def test_parameters_that_cannot_be_taken(bot: Bot, query: str) -> None:
    assert refused(await bot.call("GET", f"/v2/orders?{query}")) == (422, 40010001)


async def test_an_order_without_a_name_is_found_by_the_one_it_got(bot: Bot) -> None:
    made = await bot.order()
    assert made["client_order_id"] == made["id"]
    path = "/v2/orders:by_client_order_id"
    assert (await bot.get(f"{path}?client_order_id={made['id']}"))["id"] == made["id"]
    assert refused(await bot.call("GET", f"{path}?client_order_id=no")) == (404, 40410000)
    assert refused(await bot.call("GET", path)) == (422, 40010001)


async def test_orders_of_others_are_not_there(rig: Rig, bot: Bot) -> None:
    made = await bot.order(type="limit", limit_price=150, client_order_id="mine")
    bob = await Bot.made(rig, "bob@example.com")
    for method, path in (
        ("GET", f"/v2/orders/{made['id']}"),
        ("PATCH", f"/v2/orders/{made['id']}"),
        ("DELETE", f"/v2/orders/{made['id']}"),
        ("GET", "/v2/orders:by_client_order_id?client_order_id=mine"),
    ):
        answer = await bob.call(method, path, {} if method == "PATCH" else None)
        assert refused(answer) == (404, 40410000)
    assert await bob.get("/v2/orders?status=all") == []


async def test_a_replacement_is_a_new_order(bot: Bot) -> None:
    old = await bot.order(type="limit", limit_price=150)
    answer = await bot.call("PATCH", f"/v2/orders/{old['id']}", {"qty": 3, "limit_price": 150.5})
    new = answer.json
    assert (answer.status, new["qty"], new["limit_price"]) == (200, "3", "150.50")
    assert (new["replaces"], new["status"]) == (old["id"], "new")
    ended = await bot.get(f"/v2/orders/{old['id']}")
    assert (ended["status"], ended["replaced_by"]) == ("replaced", new["id"])
    assert ended["replaced_at"] is not None


async def test_trails_and_legs_are_replaced(bot: Bot) -> None:
    await bot.order(qty=20)
    for kind in ("trail_percent", "trail_price"):
        old = await bot.order(side="sell", type="trailing_stop", time_in_force="gtc", **{kind: 2})
        answer = await bot.call("PATCH", f"/v2/orders/{old['id']}", {"trail": 3.5})
        assert float(answer.json[kind]) == 3.5
    made = await bot.order(**BRACKET)
    answer = await bot.call("PATCH", f"/v2/orders/{made['legs'][0]['id']}", {"limit_price": 220})
    assert (answer.status, answer.json["limit_price"]) == (200, "220.00")
    nested = await bot.get(f"/v2/orders/{made['id']}?nested=true")
    assert [leg["limit_price"] for leg in nested["legs"]] == ["220.00", "169.50"]


async def test_what_cannot_be_replaced(rig: Rig, bot: Bot) -> None:
    done = await bot.order(client_order_id="a")
    path = f"/v2/orders/{done['id']}"
    assert refused(await bot.call("PATCH", path, {"qty": 3})) == (422, 42210000)
    waiting = await bot.order(type="limit", limit_price=150)
    path = f"/v2/orders/{waiting['id']}"
    for said, told in (
        ({}, (422, 40010001)),
        ({"trail": 1}, (422, 40010001)),
        ({"time_in_force": "gtd"}, (422, 42210000)),
        ({"qty": {}}, (400, 40010000)),
        ({"client_order_id": "a", "qty": 2}, (422, 40010001)),
    ):
        assert refused(await bot.call("PATCH", path, said)) == told
    assert (await bot.get(path))["status"] == "new"


async def test_a_queued_order_cannot_be_replaced() -> None:
    rig = Rig(stock_calendar="xnys")
    rig.quote("AAPL", 189.99, 190.01)
    rig.clock.time_ns += 8 * 3600 * SECOND
    rig.quote("AAPL", 189.99, 190.01)
    bot = await Bot.made(rig)
    made = await bot.order()
    assert made["status"] == "accepted"
    answer = await bot.call("PATCH", f"/v2/orders/{made['id']}", {"qty": 3})
    assert refused(answer) == (422, 42210000)
    assert (await bot.call("DELETE", f"/v2/orders/{made['id']}")).status == 204


async def test_cancel_is_empty_and_once(bot: Bot) -> None:
    made = await bot.order(type="limit", limit_price=150)
    answer = await bot.call("DELETE", f"/v2/orders/{made['id']}")
    assert (answer.status, answer.body) == (204, b"")
    assert "content-type" not in answer.headers
    again = await bot.call("DELETE", f"/v2/orders/{made['id']}")
    assert refused(again) == (422, 42210000)
    assert '"canceled"' in again.json["message"]
    found = await bot.get(f"/v2/orders/{made['id']}")
    assert (found["status"], found["canceled_at"] is not None) == ("canceled", True)


async def test_changes_that_travel() -> None:
    """Where the market is far away, what was asked for is under way until it arrives."""
    rig = Rig(profile="brutal")
    rig.quote("AAPL", 189.99, 190.01)
    bot = await Bot.made(rig)
    first = await bot.order(type="limit", limit_price=180)
    assert first["status"] == "pending_new"
    assert refused(await bot.call("PATCH", f"/v2/orders/{first['id']}", {"qty": 5}))[0] == 422
    rig.quote("AAPL", 189.99, 190.01)
    assert (await bot.get(f"/v2/orders/{first['id']}"))["status"] == "new"
    second = (await bot.call("PATCH", f"/v2/orders/{first['id']}", {"qty": 5})).json
    assert (second["status"], second["replaces"]) == ("pending_new", first["id"])
    alone = await bot.get(f"/v2/orders/{first['id']}")
    (listed,) = await bot.get("/v2/orders?direction=asc&limit=1")
    assert (alone["status"], listed["status"]) == ("pending_replace", "pending_replace")
    rig.quote("AAPL", 189.99, 190.01)
    assert (await bot.get(f"/v2/orders/{first['id']}"))["status"] == "replaced"
    path = f"/v2/orders/{second['id']}"
    assert (await bot.call("DELETE", path)).status == 204
    assert (await bot.get(path))["status"] == "pending_cancel"
    assert refused(await bot.call("DELETE", path)) == (422, 42210000)
    listed = (await bot.call("DELETE", "/v2/orders")).json
    assert [(row["id"], row["status"]) for row in listed] == [(second["id"], 200)]
    rig.quote("AAPL", 189.99, 190.01)
    assert (await bot.get(path))["status"] == "canceled"


async def test_all_are_canceled_with_a_row_each(bot: Bot) -> None:
    assert (await bot.call("DELETE", "/v2/orders")).json == []
    made = await bot.order(**BRACKET)
    other = await bot.order(type="limit", limit_price=150)
    answer = await bot.call("DELETE", "/v2/orders")
    ids = [made["id"], *(leg["id"] for leg in made["legs"]), other["id"]]
    assert answer.status == 207
    assert [(x["id"], x["status"]) for x in answer.json] == [(x, 200) for x in ids]
    assert {x["body"]["status"] for x in answer.json} == {"canceled"}
    assert await bot.get("/v2/orders") == []


async def test_many_at_once_are_all_taken(bot: Bot) -> None:
    made = await asyncio.gather(*(bot.order(qty=1, client_order_id=f"c{n}") for n in range(20)))
    assert len({x["id"] for x in made}) == 20


async def test_an_order_of_the_native_api_is_seen(bot: Bot) -> None:
    until = "2026-03-02T16:00:00-05:00"
    said = {"type": "limit", "limit_price": "150", "time_in_force": "gtd", "expires_at": until}
    native = (await bot.trader.order(**said)).json
    seen = await bot.get(f"/v2/orders/{native['id']}")
    assert (seen["time_in_force"], seen["expires_at"]) == ("gtc", "2026-03-02T21:00:00.000000000Z")
