"""``/stream``: signing in, listening, every kind of event, and that the API shows it already."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from stockyard.api.alpaca import sockets
from stockyard.api.alpaca.formats import JsonFormat
from stockyard.api.alpaca.trade_updates import ulid
from stockyard.runtime import hub
from tests.api.alpaca.bot import Bot
from tests.api.alpaca.socket import Socket
from tests.api.rig import SECOND, Rig, basic
from tests.api.serving import PATIENCE
from tests.api.test_venue import MILLISECOND, pass_ms, use

LISTEN = {"action": "listen", "data": {"streams": ["trade_updates"]}}
AUTHORIZED = {
    "stream": "authorization", "data": {"status": "authorized", "action": "authenticate"},
}  # fmt: skip
LISTENING = {"stream": "listening", "data": {"streams": ["trade_updates"]}}


@pytest.fixture
async def listen(bot: Bot) -> AsyncIterator[Callable[..., Any]]:
    """Open streams that listen, and are hung up at the end."""
    opened: list[Socket] = []

    async def listen(who: Bot | None = None, packed: bool = False, query: str = "") -> Socket:
        one = await Socket(bot.rig, "/stream", packed).open((who or bot).key, query)
        opened.append(one)
        assert await one.next() == AUTHORIZED
        assert await one.ask(**LISTEN) == LISTENING
        return one

    yield listen
    for one in opened:
        await one.hang_up()
    assert len(bot.rig.app.gateway) == len(bot.rig.world.hub) == 0
    assert len(bot.rig.app.alpaca_streams.updates) == 0


async def told(one: Socket, count: int) -> list[Any]:
    """The next updates."""
    found = await one.some(count)
    assert {each["stream"] for each in found} == {"trade_updates"}
    return [each["data"] for each in found]


def seen(updates: list[Any]) -> list[tuple[str, str]]:
    return [(each["event"], each["order"]["status"]) for each in updates]


async def agree(bot: Bot, updates: list[Any]) -> None:
    """The last that was told of each order is how the API shows it."""
    for order in {each["order"]["id"]: each["order"] for each in updates}.values():
        assert await bot.get(f"/v2/orders/{order['id']}") == order


async def test_the_path_of_the_older_python_client_is_taken_too(bot: Bot) -> None:
    one = await Socket(bot.rig, "/stream/").open(bot.key)
    assert await one.next() == AUTHORIZED
    assert await one.ask(**LISTEN) == LISTENING
    await one.hang_up()


async def test_a_market_order_is_new_and_filled_before_anyone_is_told(
    bot: Bot, listen: Callable[..., Any]
) -> None:
    one = await listen()
    placed = (await bot.trader.order()).json
    new, fill = await told(one, 2)
    assert seen([new, fill]) == [("new", "new"), ("fill", "filled")]
    assert new["order"]["filled_qty"] == "0"
    assert (fill["price"], fill["qty"], fill["position_qty"]) == ("190.01", "10", "10")
    assert fill["order"]["id"] == placed["id"]
    assert "price" not in new
    assert new["event_id"] < fill["event_id"]
    assert fill["timestamp"] == fill["order"]["filled_at"]
    executions = (await bot.trader.call("GET", f"/orders/{placed['id']}/executions")).json
    assert executions[0]["id"] == fill["execution_id"]
    await agree(bot, [fill])


async def test_parts_of_a_fill_say_what_is_held_after_each(
    bot: Bot, rig: Rig, listen: Callable[..., Any]
) -> None:
    await use(bot.trader, "realistic")
    one = await listen()
    rig.quote("AAPL", 190, 190.02, 4)
    await bot.trader.order(type="limit", limit_price="190.02", qty="10")
    first = await told(one, 2)
    assert seen(first) == [("new", "new"), ("partial_fill", "partially_filled")]
    assert (first[1]["qty"], first[1]["position_qty"]) == ("4", "4")
    rig.quote("AAPL", 190, 190.01, 1000)
    (last,) = await told(one, 1)
    assert (last["event"], last["qty"], last["position_qty"]) == ("fill", "6", "10")
    await bot.trader.order(side="sell", qty="3")
    assert (await told(one, 2))[1]["position_qty"] == "7"


async def test_a_cancel_and_a_replacement(bot: Bot, listen: Callable[..., Any]) -> None:
    one = await listen()
    placed = (await bot.trader.order(type="limit", limit_price="150")).json
    await bot.trader.call("PATCH", f"/orders/{placed['id']}", {"limit_price": "151"})
    new, replaced, newer = await told(one, 3)
    assert seen([new, replaced, newer]) == [
        ("new", "new"),
        ("replaced", "replaced"),
        ("new", "new"),
    ]
    assert replaced["order"]["replaced_by"] == newer["order"]["id"]
    assert newer["order"]["replaces"] == placed["id"]
    await bot.trader.call("DELETE", f"/orders/{newer['order']['id']}")
    (canceled,) = await told(one, 1)
    assert seen([canceled]) == [("canceled", "canceled")]
    assert canceled["order"]["canceled_at"] == canceled["timestamp"]
    await agree(bot, [replaced, canceled])


async def test_legs_are_held_then_new_and_the_other_is_canceled(
    bot: Bot, rig: Rig, listen: Callable[..., Any]
) -> None:
    await use(bot.trader, "realistic")
    one = await listen()
    await bot.trader.order(
        qty="10", order_class="bracket", take_profit={"limit_price": "200"},
        stop_loss={"stop_price": "180"}, time_in_force="gtc",
    )  # fmt: skip
    first = await told(one, 6)
    assert sorted(seen(first)) == [
        ("fill", "filled"), ("held", "held"), ("held", "held"), ("new", "new"), ("new", "new"),
        ("new", "new"),
    ]  # fmt: skip
    rig.quote("AAPL", 201, 201.02, 4)
    part, smaller = await told(one, 2)
    assert [part["event"], smaller["event"]] == ["partial_fill", "restated"]
    assert smaller["order"]["qty"] == "6"
    rig.quote("AAPL", 202, 202.02, 100)
    last = await told(one, 2)
    assert sorted(seen(last)) == [("canceled", "canceled"), ("fill", "filled")]
    await agree(bot, [*first, part, smaller, *last])


async def test_an_order_outside_the_session_is_accepted_then_new_then_expired() -> None:
    rig = Rig(stock_calendar="xnys")
    rig.clock.time_ns += 8 * 3_600 * SECOND
    rig.quote("AAPL", 189.99, 190.01)
    bot = await Bot.made(rig)
    one = await Socket(rig, "/stream").open(bot.key)
    assert await one.next() == AUTHORIZED
    await one.ask(**LISTEN)
    await bot.trader.order(type="limit", limit_price="150")
    found = await told(one, 1)
    assert seen(found) == [("accepted", "accepted")]
    for _ in range(3):
        rig.clock.time_ns += 24 * 3_600 * SECOND
        rig.quote("AAPL", 189.99, 190.01)
    found = await told(one, 2)
    assert seen(found) == [("new", "new"), ("expired", "expired")]
    await agree(bot, found)
    await one.hang_up()


async def test_on_the_way_to_the_venue_everything_is_pending_first(
    bot: Bot, rig: Rig, listen: Callable[..., Any]
) -> None:
    await use(bot.trader, "exchange")
    one = await listen()
    placed = (await bot.trader.order(type="limit", limit_price="150")).json
    assert seen(await told(one, 1)) == [("pending_new", "pending_new")]
    pass_ms(rig, 5)
    assert seen(await told(one, 1)) == [("new", "new")]
    await bot.trader.call("PATCH", f"/orders/{placed['id']}", {"limit_price": "151"})
    found = await told(one, 2)
    assert [each["event"] for each in found] == ["pending_replace", "pending_new"]
    newer = found[1]["order"]
    pass_ms(rig, 5)
    assert seen(await told(one, 2)) == [("replaced", "replaced"), ("new", "new")]
    await bot.trader.call("DELETE", f"/orders/{newer['id']}")
    found = await told(one, 1)
    assert seen(found) == [("pending_cancel", "pending_cancel")]
    await agree(bot, found)
    pass_ms(rig, 5)
    found = await told(one, 1)
    assert seen(found) == [("canceled", "canceled")]
    await agree(bot, found)


@pytest.mark.parametrize("change", ["cancel", "replace"])
async def test_what_comes_too_late_is_told_as_rejected(
    bot: Bot, rig: Rig, listen: Callable[..., Any], change: str
) -> None:
    await use(bot.trader, "exchange")
    one = await listen()
    placed = (await bot.trader.order(type="limit", limit_price="190")).json
    pass_ms(rig, 5)
    await told(one, 2)
    if change == "cancel":
        await bot.trader.call("DELETE", f"/orders/{placed['id']}")
    else:
        await bot.trader.call("PATCH", f"/orders/{placed['id']}", {"limit_price": "181"})
    rig.clock.time_ns += 2 * MILLISECOND - SECOND
    rig.quote("AAPL", 189.9, 189.95)
    found = await told(one, 2 if change == "cancel" else 3)
    pass_ms(rig, 5)
    found += await told(one, 1 if change == "cancel" else 2)
    assert [each["event"] for each in found] == {
        "cancel": ["pending_cancel", "fill", "order_cancel_rejected"],
        "replace": [
            "pending_replace", "pending_new", "fill", "rejected", "order_replace_rejected"
        ],
    }[change]  # fmt: skip
    assert (found[-1]["order"]["id"], found[-1]["order"]["status"]) == (placed["id"], "filled")
    await agree(bot, found)


async def test_each_update_is_written_once_for_all_and_only_for_the_account(
    bot: Bot, rig: Rig, listen: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    some = [await listen() for _ in range(3)]
    other = await Bot.made(rig, "bob@example.com")
    theirs = await listen(other)
    made: list[Any] = []
    encode = JsonFormat.encode
    monkeypatch.setattr(
        JsonFormat, "encode", lambda form, value: made.append(value) or encode(form, value)
    )
    await bot.trader.order()
    found = [await told(each, 2) for each in some]
    assert found[0] == found[1] == found[2]
    assert len(made) == 2
    await other.trader.order(qty="1")
    assert (await told(theirs, 2))[1]["position_qty"] == "1"
    assert all(each.frames.empty() for each in some)


async def test_frames_are_bytes_text_where_asked_for_or_messagepack(
    bot: Bot, listen: Callable[..., Any]
) -> None:
    plain, text, packed = (
        await listen(),
        await listen(query="frames=text"),
        await listen(packed=True),
    )
    await bot.trader.order()
    found = [await told(one, 2) for one in (plain, text, packed)]
    assert found[0] == found[1] == found[2]
    assert [set(one.kinds) for one in (plain, text, packed)] == [{"bytes"}, {"text"}, {"bytes"}]


async def test_listen_is_absolute(bot: Bot, listen: Callable[..., Any]) -> None:
    one = await listen()
    nothing = {"stream": "listening", "data": {"streams": []}}
    assert await one.ask(action="listen", data={"streams": []}) == nothing
    await bot.trader.order()
    assert await one.ask(**LISTEN) == LISTENING
    await bot.trader.order(qty="1")
    assert (await told(one, 2))[1]["position_qty"] == "11"
    told_of = {"streams": ["trade_updates", "account_updates"]}
    assert await one.ask(action="listen", data=told_of) == LISTENING


def ways(bot: Bot) -> list[dict[str, Any]]:
    key, secret = bot.key["APCA-API-KEY-ID"], bot.key["APCA-API-SECRET-KEY"]
    token = bot.trader.headers["Authorization"].removeprefix("Bearer ")
    return [
        {"action": "authenticate", "data": {"key_id": key, "secret_key": secret}},
        {"action": "auth", "key": key, "secret": secret},
        {"action": "authenticate", "data": {"oauth_token": token}},
        {"action": "auth", "key": "oauth", "secret": token},
    ]


@pytest.mark.parametrize("way", range(4))
async def test_every_way_to_sign_in(bot: Bot, way: int) -> None:
    one = await Socket(bot.rig, "/stream").open()
    assert await one.ask(**ways(bot)[way]) == AUTHORIZED
    assert await one.ask(**ways(bot)[way]) == AUTHORIZED
    assert await one.ask(**LISTEN) == LISTENING
    await one.hang_up()


async def test_basic_and_bearer_of_the_upgrade(bot: Bot) -> None:
    for headers in (basic(bot.key), bot.trader.headers):
        one = await Socket(bot.rig, "/stream").open(headers)
        assert await one.next() == AUTHORIZED
        await one.hang_up()


async def test_who_is_not_known_is_refused_and_may_try_again(bot: Bot) -> None:
    one = await Socket(bot.rig, "/stream").open()
    refused = await one.ask(**LISTEN)
    assert (refused["data"]["status"], refused["data"]["action"]) == ("unauthorized", "listen")
    for wrong in (
        {"action": "authenticate", "data": {"key_id": "x", "secret_key": "y"}},
        {"action": "authenticate", "data": {"oauth_token": 7}},
        {"action": "authenticate", "data": "nonsense"},
        {"action": "auth"},
    ):
        refused = await one.ask(**wrong)
        assert refused["data"]["status"] == "unauthorized"
        assert refused["data"]["action"] == "authenticate"
    assert await one.ask(**ways(bot)[0]) == AUTHORIZED
    await one.hang_up()


async def test_a_key_that_may_not_read_is_refused(bot: Bot, rig: Rig) -> None:
    key = await rig.key(bot.trader.headers, scopes=["trade"])
    one = await Socket(rig, "/stream").open(key)
    assert (await one.next())["data"]["status"] == "unauthorized"
    await one.hang_up()


async def test_nonsense_is_answered(bot: Bot) -> None:
    one = await Socket(bot.rig, "/stream").open(bot.key)
    assert await one.next() == AUTHORIZED
    for text in ("", "[]", "nonsense", "\ud800", '{"action":"dance"}', '{"action":"listen"}'):
        one.send_text(text)
        refused = await one.next()
        assert (refused["stream"], refused["action"]) == ("error", "error")
        assert refused["data"]["error_message"]
    one.send_bytes(b'{"action":"listen","data":{"streams":[]}}')
    assert (await one.next())["stream"] == "listening"
    await one.hang_up()


async def test_who_does_not_sign_in_is_let_go(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "SIGN_IN_S", 0.02)
    one = await Socket(bot.rig, "/stream").open()
    assert (await one.next())["data"]["status"] == "unauthorized"
    assert (await one.end())[0] == 1008


async def test_who_loses_updates_is_let_go(
    bot: Bot, rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await Socket(rig, "/stream").open(bot.key)
    await one.next()
    await one.ask(**LISTEN)
    monkeypatch.setattr(hub, "QUEUE_EVENTS_MAX", 1)
    await bot.trader.order()
    assert (await one.end())[0] == 4008
    assert rig.app.gateway.cut_off == 1


async def test_a_burst_of_orders_is_told_whole_and_in_order(
    bot: Bot, listen: Callable[..., Any]
) -> None:
    one = await listen()
    await asyncio.gather(
        *[bot.trader.order(type="limit", limit_price="150", qty="1") for _ in range(300)]
    )
    found = await told(one, 300)
    assert seen(found) == [("new", "new")] * 300
    names = [each["event_id"] for each in found]
    assert names == sorted(set(names))
    async with asyncio.timeout(PATIENCE):
        orders = (await bot.trader.call("GET", "/orders", query="limit=500")).json
    assert {each["id"] for each in orders} == {each["order"]["id"] for each in found}


def test_names_of_events_sort_by_time_and_place() -> None:
    assert ulid(0, 0, 0) == "0" * 26
    assert ulid(1_767_366_000 * 10**9, 7, 1) < ulid(1_767_366_000 * 10**9, 7, 2)
    assert ulid(1_767_366_000 * 10**9, 2**62 - 1, 0) < ulid(1_767_366_001 * 10**9, 0, 0)
    assert len(ulid(2**62, 2**62 - 1, 2**18 - 1)) == 26
