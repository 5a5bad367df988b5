"""Latency, halts, rejections and profiles, over HTTP and the stream."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace

from stockyard.model.facts import ClockTick, ProfileDefined, TradingHalted
from tests.api.listener import Listener
from tests.api.rig import SECOND, Rig, Trader

MILLISECOND = SECOND // 1000


@pytest.fixture
async def heard(rig: Rig, ann: Trader) -> AsyncIterator[Listener]:
    """A stream that follows the account."""
    listener = await Listener(rig).connected(ann.headers, "")
    await listener.next()
    yield listener
    await listener.hang_up()


async def use(trader: Trader, profile: str) -> None:
    """Choose a profile."""
    answer = await trader.call("PATCH", "/account", {"profile": profile})
    assert answer.json["profile"] == profile


def define(rig: Rig, name: str, **rules: Any) -> None:
    """Give a profile other rules."""
    profiles = {p.name: p for p in rig.world.view.profiles.values()}
    known = profiles[name]
    rig.feed(ProfileDefined(replace(known, version=known.version + 1, **rules)))


def pass_ms(rig: Rig, milliseconds: int) -> None:
    """Let the clock go on."""
    rig.clock.time_ns += milliseconds * MILLISECOND
    rig.world.writer.submit(ClockTick())
    rig.world.writer.drain()


def halt(rig: Rig, halted: bool) -> None:
    """Halt AAPL, or let it go on."""
    rig.feed(TradingHalted(rig.world.view.symbols["AAPL"], halted, "news"))


async def shown(trader: Trader, order: Any) -> Any:
    """An order as it is now."""
    return (await trader.call("GET", "/orders/" + order["id"])).json


async def words(heard: Listener, count: int) -> list[str]:
    """The next frames' events; of an order with its status."""
    frames = [await heard.next() for _ in range(count)]
    return [
        frame["event"]
        + (f" {frame['order']['status']}" if "status" in frame.get("order", ()) else "")
        for frame in frames
    ]


async def test_every_profile_is_listed_and_can_be_chosen(rig: Rig, ann: Trader) -> None:
    listed = (await rig.call("GET", "/api/v1/profiles")).json
    names = ["ideal", "realistic", "brutal", "exchange", "wholesaler", "crypto_exchange"]
    assert [profile["name"] for profile in listed] == names
    told = {profile["name"]: profile for profile in listed}
    assert (told["brutal"]["latency_ms"], told["exchange"]["latency_ms"]) == ("250", "5")
    assert (told["brutal"]["on_halt"], told["realistic"]["on_halt"]) == ("deny", "hold")
    for profile in listed:
        assert profile["description"].endswith(".")
        await use(ann, profile["name"])
        assert (await ann.call("GET", "/account")).json["profile"] == profile["name"]
    wrong = await ann.call("PATCH", "/account", {"profile": "lucky"})
    assert (wrong.status, wrong.json["code"]) == (422, "unknown_profile")
    define(rig, "brutal", latency_ns=0)
    told = {p["name"]: p for p in (await rig.call("GET", "/api/v1/profiles")).json}
    assert (told["brutal"]["version"], told["brutal"]["latency_ms"]) == (2, "0")


async def test_an_order_travels_and_meets_the_market_it_finds(
    rig: Rig, ann: Trader, heard: Listener
) -> None:
    await use(ann, "exchange")
    order = (await ann.order()).json
    assert (order["status"], order["lifecycle"], order["filled_qty"]) == (
        "pending_new",
        "pending",
        "0",
    )
    pass_ms(rig, 4)
    rig.clock.time_ns -= SECOND
    rig.quote("AAPL", 190.99, 191.01)
    assert (await shown(ann, order))["status"] == "pending_new"
    rig.restart()
    assert await shown(ann, order) == order
    pass_ms(rig, 1)
    told = await shown(ann, order)
    assert (told["status"], told["filled_avg_price"]) == ("filled", "191.01")
    listed = await ann.call("GET", "/orders", query="status=filled")
    assert [row["id"] for row in listed.json] == [order["id"]]
    text = " ".join(
        line["text"] for line in (await ann.call("GET", f"/orders/{order['id']}/story")).json
    )
    assert "5 ms" in text, text


async def test_frames_of_orders_that_travel(rig: Rig, ann: Trader, heard: Listener) -> None:
    await use(ann, "exchange")
    order = (await ann.order(type="limit", limit_price="180")).json
    pass_ms(rig, 5)
    assert (await shown(ann, order))["status"] == "new"
    canceled = await ann.call("DELETE", "/orders/" + order["id"])
    assert (canceled.status, canceled.json["status"]) == (200, "pending_cancel")
    assert canceled.json["canceled_at"] is None
    assert (await shown(ann, order))["status"] == "pending_cancel"
    again = await ann.call("DELETE", "/orders/" + order["id"])
    assert (again.status, again.json["code"]) == (422, "change_under_way")
    pass_ms(rig, 5)
    assert (await shown(ann, order))["status"] == "canceled"
    assert await words(heard, 7) == [
        "profile_set", "accepted pending_new", "activated new", "rested",
        "cancel_sent pending_cancel", "denied", "canceled canceled",
    ]  # fmt: skip


async def test_a_fill_comes_before_the_cancellation(rig: Rig, ann: Trader, heard: Listener) -> None:
    await use(ann, "exchange")
    order = (await ann.order(type="limit", limit_price="190")).json
    pass_ms(rig, 5)
    await ann.call("DELETE", "/orders/" + order["id"])
    rig.clock.time_ns += 2 * MILLISECOND - SECOND
    rig.quote("AAPL", 189.9, 189.95)
    told = await shown(ann, order)
    assert (told["status"], told["filled_avg_price"]) == ("filled", "190.00")
    pass_ms(rig, 5)
    assert await shown(ann, order) == told
    assert (await words(heard, 6))[4:] == ["cancel_sent pending_cancel", "fill"]


async def test_a_replacement_travels_too(rig: Rig, ann: Trader, heard: Listener) -> None:
    await use(ann, "exchange")
    old = (await ann.order(type="limit", limit_price="180")).json
    pass_ms(rig, 5)
    new = (await ann.call("PATCH", "/orders/" + old["id"], {"limit_price": "181"})).json
    assert (new["status"], new["limit_price"], new["qty"]) == ("pending_new", "181.00", "10")
    assert (await shown(ann, old))["status"] == "new"
    second = await ann.call("PATCH", "/orders/" + old["id"], {"limit_price": "182"})
    assert (second.status, second.json["code"]) == (422, "change_under_way")
    pass_ms(rig, 5)
    assert (await shown(ann, old))["status"] == "replaced"
    assert (await shown(ann, new))["status"] == "new"
    assert await words(heard, 9) == [
        "profile_set", "accepted pending_new", "activated new", "rested",
        "replacement_sent pending_new", "denied", "replaced replaced", "accepted new", "rested",
    ]  # fmt: skip


async def test_a_replacement_that_comes_too_late_is_rejected(
    rig: Rig, ann: Trader, heard: Listener
) -> None:
    await use(ann, "exchange")
    old = (await ann.order(type="limit", limit_price="190")).json
    pass_ms(rig, 5)
    new = (await ann.call("PATCH", "/orders/" + old["id"], {"limit_price": "181"})).json
    rig.clock.time_ns += 2 * MILLISECOND - SECOND
    rig.quote("AAPL", 189.9, 189.95)
    pass_ms(rig, 5)
    assert (await shown(ann, old))["status"] == "filled"
    told = await shown(ann, new)
    reason = "order_had_ended_before_the_replacement_arrived"
    assert (told["status"], told["reason"]) == ("rejected", reason)
    assert (await words(heard, 7))[-1] == "rejected rejected"


@pytest.mark.parametrize("latency_ms", [0, 250])
async def test_a_rejection_by_the_venue(
    rig: Rig, ann: Trader, heard: Listener, latency_ms: int
) -> None:
    await use(ann, "brutal")
    define(rig, "brutal", reject_ppm=1_000_000, latency_ns=latency_ms * MILLISECOND)
    rig.quote("AAPL", 189.99, 190.01)
    order = (await ann.order()).json
    assert order["status"] == ("pending_new" if latency_ms else "rejected")
    pass_ms(rig, latency_ms)
    told = await shown(ann, order)
    assert (told["status"], told["lifecycle"]) == ("rejected", "rejected")
    assert (told["reason"], told["filled_qty"]) == ("rejected_by_venue", "0")
    assert (await ann.call("GET", "/account")).json["reserved"] == "0.00"
    assert (await ann.call("GET", "/orders", query="status=open")).json == []
    activated = ["activated new"] if latency_ms else []
    began = "accepted pending_new" if latency_ms else "accepted new"
    assert (await words(heard, 3 + len(activated)))[1:] == [began, *activated, "rejected rejected"]
    gone = await ann.call("DELETE", "/orders/" + order["id"])
    assert (gone.status, gone.json["code"]) == (422, "order_not_open")
    story = (await ann.call("GET", f"/orders/{order['id']}/story")).json
    assert "venue" in story[-1]["text"]


async def test_a_halt_holds_orders_or_denies_them(rig: Rig, ann: Trader, heard: Listener) -> None:
    halt(rig, True)
    assert (await ann.call("GET", "/assets/AAPL")).json["halted"] is True
    await use(ann, "realistic")
    held = (await ann.order(qty="4")).json
    assert (held["status"], held["filled_qty"]) == ("new", "0")
    rig.quote("AAPL", 189.99, 190.01)
    rig.trade("AAPL", 190)
    assert (await shown(ann, held))["filled_qty"] == "0"
    await use(ann, "brutal")
    denied = await ann.order()
    assert (denied.status, denied.json["code"]) == (422, "trading_halted")
    preview = await ann.call(
        "POST", "/orders/preview", {"symbol": "AAPL", "side": "buy", "qty": "1"}
    )
    assert "trading_halted" in preview.body.decode()
    rig.restart()
    assert (await ann.call("GET", "/assets/AAPL")).json["halted"] is True
    halt(rig, False)
    assert (await ann.call("GET", "/assets/AAPL")).json["halted"] is False
    assert (await shown(ann, held))["filled_qty"] == "0"
    rig.quote("AAPL", 188.99, 189.01)
    told = await shown(ann, held)
    assert (told["status"], told["filled_avg_price"]) == ("filled", "189.01")
    assert (await words(heard, 3)) == ["profile_set", "accepted new", "rested"]


async def test_an_old_quote_holds_orders_or_denies_them(rig: Rig, ann: Trader) -> None:
    await use(ann, "realistic")
    rig.clock.time_ns += 61 * SECOND
    held = (await ann.order(qty="4")).json
    assert (held["status"], held["filled_qty"]) == ("new", "0")
    await use(ann, "brutal")
    denied = await ann.order()
    assert (denied.status, denied.json["code"]) == (422, "stale_quote")
    assert denied.json["right"]
    rig.quote("AAPL", 188.99, 189.01)
    assert (await shown(ann, held))["filled_avg_price"] == "189.01"
    assert (await ann.order()).json["status"] == "pending_new"
