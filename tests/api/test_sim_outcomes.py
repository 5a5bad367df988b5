"""Planned outcomes over the API: planned, met, told, forgotten; orders held and released."""

from typing import Any

import pytest

from tests.api.alpaca.socket import Socket
from tests.api.listener import Listener
from tests.api.rig import Rig, Trader

PATH = "/sim/outcomes"
KEY = {"idempotency-key": "k1"}


@pytest.fixture
async def rig() -> Rig:
    made = Rig(controls=True)
    made.quote("AAPL", 189.99, 190.01)
    return made


@pytest.fixture
async def ann(rig: Rig) -> Trader:
    return await rig.trader()


async def plan(ann: Trader, outcome: str, **terms: Any) -> Any:
    """What is planned."""
    answer = await ann.call("POST", PATH, {"outcome": outcome, **terms})
    assert answer.status == 201, answer
    return answer.json


async def plans(ann: Trader) -> Any:
    return (await ann.call("GET", PATH)).json


async def test_outcomes_need_leave_like_every_control() -> None:
    rig = Rig()
    ann = await rig.trader()
    calls = (
        ("GET", PATH),
        ("POST", PATH),
        ("DELETE", PATH),
        ("DELETE", PATH + "/1"),
        ("POST", "/sim/orders/x/release"),
    )
    for method, path in calls:
        answer = await ann.call(method, path, {"outcome": "hold"} if method == "POST" else None)
        assert (answer.status, answer.json["code"]) == (403, "controls_not_allowed"), path


async def test_a_denial_and_what_it_was_used_for(rig: Rig, ann: Trader) -> None:
    planned = await plan(ann, "deny", reason="exceeds_buying_power", note="poor")
    assert (planned["count"], planned["left"], planned["over"]) == (1, 1, False)
    denied = await ann.order(qty="1")
    assert (denied.status, denied.json["code"]) == (403, "exceeds_buying_power")
    assert (await ann.order(qty="1")).status == 201
    found = await plans(ann)
    assert [(x["id"], x["left"], x["over"]) for x in found] == [(planned["id"], 0, True)]
    assert found[0]["used"][0]["order_id"] is None
    rig.restart()
    assert await plans(ann) == found


async def test_a_partial_fill_waits_and_is_released(rig: Rig, ann: Trader) -> None:
    planned = await plan(ann, "fill", qty="30", price="42.5", symbol="aapl", note="first part")
    assert (planned["qty"], planned["price"], planned["then"]) == ("30", "42.5", "wait")
    order = (await ann.order(qty="100")).json
    assert (order["status"], order["filled_qty"]) == ("partially_filled", "30")
    assert order["filled_avg_price"].startswith("42.5")
    rig.quote("AAPL", 189.99, 190.01)
    released = await ann.call("POST", f"/sim/orders/{order['id']}/release")
    assert (released.status, released.json["status"]) == (200, "filled")
    again = await ann.call("POST", f"/sim/orders/{order['id']}/release")
    assert again.json["code"] == "order_not_open"
    story = (await ann.call("GET", f"/orders/{order['id']}/story")).json
    told = next(x["text"] for x in story if x["event"] == "planned")
    assert told == f"It met outcome {planned['id']}, planned by a test: fill (first part)."
    used = (await plans(ann))[0]["used"]
    assert [x["order_id"] for x in used] == [order["id"]]


async def test_held_then_released_on_the_stream(rig: Rig, ann: Trader) -> None:
    listener = await Listener(rig).connected(ann.headers, "")
    await listener.next()
    await plan(ann, "hold", client_order_id_prefix="x-", count=2)
    assert (await listener.next())["event"] == "outcome_planned"
    order = (await ann.order(qty="1", client_order_id="x-1")).json
    assert order["status"] == "pending_new"
    frame = await listener.next()
    assert (frame["event"], frame["order"]["status"]) == ("accepted", "pending_new")
    frame = await listener.next()
    assert (frame["event"], frame["account"]["order_id"]) == ("outcome_used", order["id"])
    assert frame["account"]["left"] == 1
    await ann.call("POST", f"/sim/orders/{order['id']}/release")
    frame = await listener.next()
    assert (frame["event"], frame["order"]["status"]) == ("activated", "new")
    assert (await listener.next())["event"] == "fill"
    gone = await ann.call("DELETE", PATH)
    assert [x["left"] for x in gone.json] == [1]
    assert (await listener.next())["event"] == "outcomes_forgotten"
    await listener.hang_up()
    assert await plans(ann) == []


async def test_the_venues_words(rig: Rig, ann: Trader) -> None:
    await plan(ann, "reject")
    await plan(ann, "cancel", side="buy")
    await plan(ann, "expire", type="market", reason="good_till_date_reached")
    for status in ("rejected", "canceled", "expired"):
        order = (await ann.order(qty="1")).json
        assert order["status"] == status
    assert [x["left"] for x in await plans(ann)] == [0, 0, 0]


async def test_a_delay_is_of_the_worlds_time(rig: Rig, ann: Trader) -> None:
    await plan(ann, "delay", delay_ms=1500)
    order = (await ann.order(qty="1")).json
    assert order["status"] == "pending_new"
    assert (await plans(ann))[0]["delay_ms"] == 1500


async def test_one_is_forgotten_and_a_key_answers_once(ann: Trader) -> None:
    first = await ann.call("POST", PATH, {"outcome": "hold"}, headers=KEY)
    again = await ann.call("POST", PATH, {"outcome": "hold"}, headers=KEY)
    assert (again.status, again.json) == (201, first.json)
    other = await plan(ann, "reject")
    gone = await ann.call("DELETE", f"{PATH}/{first.json['id']}")
    assert [x["id"] for x in gone.json] == [first.json["id"]]
    assert [x["id"] for x in await plans(ann)] == [other["id"]]
    for unknown in (first.json["id"], "0", "x", "9" * 30):
        answer = await ann.call("DELETE", f"{PATH}/{unknown}")
        assert (answer.status, answer.json["code"]) == (404, "unknown_outcome")


async def test_nobody_plans_for_others(rig: Rig, ann: Trader) -> None:
    bob = await rig.trader("bob@example.com")
    await plan(ann, "reject")
    assert await plans(bob) == []
    assert (await bob.order(qty="1")).json["status"] == "filled"
    order = (await ann.order(qty="1")).json
    answer = await bob.call("POST", f"/sim/orders/{order['id']}/release")
    assert (answer.status, answer.json["code"]) == (404, "unknown_order")


WORDS = [
    ({"outcome": "hold"}, True, ["pending_new", "new", "fill"]),
    ({"outcome": "reject"}, False, ["new", "rejected"]),
    ({"outcome": "cancel"}, False, ["new", "canceled"]),
    ({"outcome": "expire"}, False, ["new", "expired"]),
    ({"outcome": "fill", "qty": "4"}, True, ["new", "partial_fill", "fill"]),
    ({"outcome": "fill", "qty": "4", "then": "cancel"}, False, ["new", "partial_fill", "canceled"]),
]


@pytest.mark.parametrize(("body", "releases", "words"), WORDS)
async def test_alpacas_stream_tells_it_in_its_words(
    rig: Rig, ann: Trader, body: dict[str, Any], releases: bool, words: list[str]
) -> None:
    one = await Socket(rig, "/stream").open(await rig.key(ann.headers))
    await one.next()
    await one.ask(action="listen", data={"streams": ["trade_updates"]})
    await plan(ann, **body)
    order = (await ann.order()).json
    if releases:
        await ann.call("POST", f"/sim/orders/{order['id']}/release")
    found = [each["data"]["event"] for each in await one.some(len(words))]
    assert found == words
    await one.hang_up()


WRONG = [
    ({"outcome": "explode"}, "outcome"),
    ({"outcome": "deny"}, "reason"),
    ({"outcome": "deny", "reason": "nonsense"}, "reason"),
    ({"outcome": "deny", "reason": "no_quote", "part": "exit"}, "part"),
    ({"outcome": "hold", "reason": "no_quote"}, "reason"),
    ({"outcome": "hold", "qty": "1"}, "qty"),
    ({"outcome": "hold", "delay_ms": 5}, "delay_ms"),
    ({"outcome": "delay"}, "delay_ms"),
    ({"outcome": "cancel", "delay_ms": 0}, "delay_ms"),
    ({"outcome": "fill", "qty": "-1"}, "qty"),
    ({"outcome": "fill", "price": "0"}, "price"),
    ({"outcome": "fill", "then": "vanish"}, "then"),
    ({"outcome": "hold", "count": 0}, "count"),
    ({"outcome": "hold", "count": 1001}, "count"),
    ({"outcome": "hold", "note": "x" * 201}, "note"),
    ({"outcome": "hold", "symbol": "NOPE"}, "symbol"),
    ({"outcome": "hold", "side": "long"}, "side"),
    ({"outcome": "hold", "expires_at": "soon"}, "expires_at"),
    (
        {"outcome": "hold", "client_order_id": "a", "client_order_id_prefix": "b"},
        "client_order_id_prefix",
    ),
]


@pytest.mark.parametrize(("body", "field"), WRONG)
async def test_what_makes_no_sense_is_refused(
    ann: Trader, body: dict[str, Any], field: str
) -> None:
    answer = await ann.call("POST", PATH, body)
    assert (answer.status, answer.json["field"]) == (422, field), answer
    assert answer.json["right"]


async def test_there_is_an_end_to_planning(ann: Trader) -> None:
    for _ in range(100):
        await plan(ann, "hold")
    answer = await ann.call("POST", PATH, {"outcome": "hold"})
    assert (answer.status, answer.json["code"]) == (403, "too_many_outcomes")
