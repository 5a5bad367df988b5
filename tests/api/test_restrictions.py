"""What an account restricts its own orders to, over the API, and after a restart."""

import pytest

from tests.api.listener import Listener
from tests.api.rig import Rig, Trader

PATH = "/account/restrictions"


@pytest.fixture
async def ann(rig: Rig) -> Trader:
    """A trader, and a quote."""
    rig.quote("AAPL", 100, 100)
    return await rig.trader()


async def told(trader: Trader) -> tuple[bool, bool, bool]:
    """What the account says of itself."""
    found = (await trader.call("GET", "/account")).json
    alone = (await trader.call("GET", PATH)).json
    words = ("suspend_trade", "no_shorting", "fractional_trading")
    assert [found[word] for word in words] == [alone[word] for word in words]
    return tuple(found[word] for word in words)  # type: ignore[return-value]


async def test_a_suspended_account_takes_no_order(rig: Rig, ann: Trader) -> None:
    assert await told(ann) == (False, False, True)
    listener = await Listener(rig).connected(ann.headers, "")
    await listener.next()
    made = await ann.call("PATCH", PATH, {"suspend_trade": True})
    assert (made.status, made.json["suspend_trade"]) == (200, True)
    frame = await listener.next()
    assert (frame["event"], frame["account"]["suspend_trade"]) == ("restrictions_set", True)
    await listener.hang_up()
    denied = await ann.order(qty="1")
    assert (denied.status, denied.json["code"]) == (403, "trading_suspended")
    rig.restart()
    assert (await ann.order(qty="1")).json["code"] == "trading_suspended"
    assert await told(ann) == (True, False, True)
    await ann.call("PATCH", PATH, {"suspend_trade": False, "no_shorting": None})
    assert (await ann.order(qty="1")).status == 201


async def test_no_shorting_and_no_fractions(rig: Rig, ann: Trader) -> None:
    await ann.call("PATCH", "/account", {"kind": "margin"})
    await ann.call("PATCH", PATH, {"no_shorting": True, "fractional_trading": False})
    assert await told(ann) == (False, True, False)
    short = await ann.order(side="sell", qty="1")
    assert (short.status, short.json["code"]) == (403, "shorting_restricted")
    part = await ann.order(qty="0.5")
    assert (part.status, part.json["code"]) == (403, "fractions_restricted")
    looked = (await ann.call("POST", "/orders/preview", {**part_order(), "qty": "0.5"})).json
    assert [each["code"] for each in looked["denials"]] == ["fractions_restricted"]


def part_order() -> dict[str, str]:
    """An order's terms but for its quantity."""
    return {"symbol": "AAPL", "side": "buy", "type": "market", "time_in_force": "day"}


async def test_a_key_makes_it_repeatable(rig: Rig, ann: Trader) -> None:
    body, key = {"no_shorting": True}, {"Idempotency-Key": "once"}
    first = await ann.call("PATCH", PATH, body, headers=key)
    again = await ann.call("PATCH", PATH, body, headers=key)
    assert first.json == again.json
    other = await ann.call("PATCH", PATH, {"no_shorting": False}, headers=key)
    assert (other.status, other.json["code"]) == (422, "idempotency_key_reused")


async def test_what_cannot_be_read(ann: Trader) -> None:
    for body in ({}, {"suspend_trade": None}):
        empty = await ann.call("PATCH", PATH, body)
        assert (empty.status, empty.json["code"]) == (422, "nothing_to_change")
    for body in ({"suspend_trade": "yes"}, {"suspended": True}):
        assert (await ann.call("PATCH", PATH, body)).status in (400, 422)
