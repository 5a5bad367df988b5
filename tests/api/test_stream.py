"""The stream: quotes, an account's events, resuming, limits."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from stockyard.api.sockets import FRAMES_BURST
from stockyard.runtime import hub
from tests.api.listener import Listener
from tests.api.rig import Rig, Trader


@pytest.fixture
async def listen(rig: Rig) -> AsyncIterator[Callable[..., Any]]:
    """Open streams that are hung up at the end."""
    opened: list[Listener] = []

    async def listen(headers: dict[str, str] | None = None, query: str = "") -> Listener:
        opened.append(await Listener(rig).connected(headers, query))
        return opened[-1]

    yield listen
    for listener in opened:
        assert listener.task is not None
        if not listener.task.done():
            listener.reading.set()
            await listener.hang_up()
    assert len(rig.world.hub) == 0
    assert len(rig.app.streams) == 0


def token(ann: Trader) -> str:
    return ann.headers["Authorization"].removeprefix("Bearer ")


async def signed_in(listen: Callable[..., Any], ann: Trader) -> tuple[Listener, str]:
    """A stream that follows the account, and the token it begins with."""
    listener = await listen(ann.headers)
    told = await listener.next()
    assert told["type"] == "authenticated"
    return listener, told["token"]


def chained(frames: list[Any], start: str) -> str:
    """Check that nothing is missing or twice; returns the last token."""
    for told in frames:
        assert told["prev"] == start, frames
        start = told["token"]
    return start


async def test_quotes_come_as_a_snapshot_then_as_they_change(
    rig: Rig, listen: Callable[..., Any]
) -> None:
    listener = await listen()
    listener.send(type="subscribe", symbols=["AAPL", "btc-usd"])
    snapshot = await listener.next()
    assert snapshot["type"] == "snapshot"
    assert [(q["symbol"], q["bid"]) for q in snapshot["quotes"]] == [
        ("AAPL", "189.99"),
        ("BTC/USD", "60000.00"),
    ]
    rig.quote("MSFT", 400, 400.02)
    rig.quote("AAPL", 190.01, 190.03)
    rig.quote("AAPL", 190.02, 190.04)
    delta = await listener.next()
    assert delta["type"] == "quotes"
    assert [(q["symbol"], q["bid"]) for q in delta["quotes"]] == [("AAPL", "190.02")]
    rig.quote("AAPL", 190.03, 190.05)
    rig.quote("BTC/USD", 60001, 60011)
    rig.trade("AAPL", 190.04)
    delta = await listener.next()
    assert {(q["symbol"], q["bid"], q["last"]) for q in delta["quotes"]} == {
        ("AAPL", "190.03", "190.04"),
        ("BTC/USD", "60001.00", None),
    }
    listener.send(type="unsubscribe", symbols=["AAPL"])
    assert await listener.next() == {"type": "unsubscribed", "symbols": ["BTC/USD"]}
    listener.send(type="unsubscribe_all")
    assert await listener.next() == {"type": "unsubscribed", "symbols": []}
    rig.quote("AAPL", 190.01, 190.03)
    listener.send(type="ping")
    assert (await listener.next())["type"] == "pong"


async def test_everything_can_be_subscribed(rig: Rig, listen: Callable[..., Any]) -> None:
    listener = await listen()
    listener.send(type="subscribe_all")
    assert len((await listener.next())["quotes"]) == 27
    rig.quote("MSFT", 400, 400.02)
    assert (await listener.next())["quotes"][0]["symbol"] == "MSFT"
    listener.send(type="unsubscribe", symbols=["MSFT"])
    assert (await listener.next())["code"] == "subscribed_to_all"


async def test_an_account_is_followed(
    rig: Rig, ann: Trader, bob: Trader, listen: Callable[..., Any]
) -> None:
    listener, start = await signed_in(listen, ann)
    order = (await ann.order(qty="2")).json
    await bob.order()
    await ann.call("POST", "/account/deposits", {"amount": "5"})
    await ann.order(qty="99999")
    frames = await listener.some(4)
    assert [(told["type"], told["event"]) for told in frames] == [
        ("order", "accepted"),
        ("fill", "fill"),
        ("account", "deposited"),
        ("request", "denied"),
    ]
    chained(frames, start)
    assert frames[0]["order"]["id"] == frames[1]["fill"]["order_id"] == order["id"]
    assert frames[1]["fill"]["explanation"].startswith("Bought 2 AAPL")
    assert frames[2]["account"]["cash_after"] == "99624.98"
    assert frames[3]["request"]["code"] == "exceeds_buying_power"
    assert listener.frames.empty()


async def test_every_private_frame_has_its_words(
    rig: Rig, ann: Trader, listen: Callable[..., Any]
) -> None:
    listener, start = await signed_in(listen, ann)
    resting = (await ann.order(type="limit", limit_price="180", client_order_id="a")).json["id"]
    new = (await ann.call("PATCH", f"/orders/{resting}", {"qty": "3"})).json["id"]
    await ann.call("DELETE", f"/orders/{new}")
    await ann.order(type="limit", limit_price="180", client_order_id="a")
    await ann.call("POST", "/account/withdrawals", {"amount": "5"})
    await ann.call("PATCH", "/account", {"profile": "realistic"})
    rig.quote("AAPL", 189.99, 190.01, 1)
    await ann.order(qty="2")
    rig.clock.time_ns += 12 * 3600 * 10**9
    rig.quote("AAPL", 189.99, 190.01, 1)
    await ann.call("POST", "/account/reset")
    words = [
        ("order", "accepted"), ("order", "replaced"), ("order", "accepted"), ("order", "canceled"),
        ("request", "repeated"), ("account", "withdrawn"), ("account", "profile_set"),
        ("order", "accepted"), ("fill", "partial_fill"), ("order", "expired"),
        ("account", "position_given_up"), ("account", "reset"),
    ]  # fmt: skip
    frames = await listener.some(len(words))
    assert [(told["type"], told["event"]) for told in frames] == words
    chained(frames, start)
    assert frames[1]["order"] == {
        "id": resting, "status": "replaced", "lifecycle": "canceled", "replaced_by": new,
    }  # fmt: skip
    assert frames[-2]["account"]["qty"] == "1"
    later = await listen()
    later.send(type="auth", token=token(ann), resume=start)
    assert (await later.some(2))[1] == {
        "type": "resumed", "token": start, "events": len(words)
    }  # fmt: skip
    assert await later.some(len(words)) == frames


async def test_resuming_misses_nothing_and_repeats_nothing(
    rig: Rig, ann: Trader, listen: Callable[..., Any]
) -> None:
    first, start = await signed_in(listen, ann)
    for n in range(5):
        await ann.order(qty="1", client_order_id=f"seen-{n}")
    last = chained(await first.some(10), start)
    await first.hang_up()
    for n in range(150):
        await ann.order(qty="1", client_order_id=f"missed-{n}")
    rig.restart()
    second, now = await signed_in(listen, ann)
    assert now != last
    second.send(type="resume", token=last)
    trading = [ann.order(qty="1", client_order_id=f"meanwhile-{n}") for n in range(20)]
    await asyncio.gather(*trading)
    frames = await second.some(1)
    while frames[0]["type"] != "resumed":
        frames = await second.some(1)
    frames = await second.some((150 + 20) * 2)
    chained(frames, last)
    named = [told["order"]["client_order_id"] for told in frames if told["type"] == "order"]
    assert named[:150] == [f"missed-{n}" for n in range(150)]
    assert sorted(named[150:]) == sorted(f"meanwhile-{n}" for n in range(20))
    await ann.order(qty="1")
    assert chained(await second.some(2), frames[-1]["token"]) != frames[-1]["token"]


@pytest.mark.parametrize("resumed", [True, False])
async def test_what_happens_while_history_is_read_comes_once(
    rig: Rig,
    ann: Trader,
    listen: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    resumed: bool,
) -> None:
    listener, start = await signed_in(listen, ann)
    await ann.order(qty="1")
    await listener.some(2)
    query = rig.world.query

    async def slow(read: Callable[[Any], Any]) -> Any:
        await ann.order(qty="2")
        found = await query(read)
        await ann.order(qty="3")
        return found

    monkeypatch.setattr(rig.world, "query", slow)
    listener.send(type="resume", token=start if resumed else "1-0")
    begun = await listener.next()
    await ann.order(qty="4")
    if resumed:
        assert begun["type"] == "resumed"
        chained(await listener.some(8), start)
    else:
        assert begun["type"] == "resync"
        chained(await listener.some(2), begun["token"])
    assert listener.frames.empty()


async def test_an_old_or_unknown_token_gets_everything_anew(
    rig: Rig, ann: Trader, listen: Callable[..., Any]
) -> None:
    listener, start = await signed_in(listen, ann)
    await ann.order(qty="2")
    resting = (await ann.order(type="limit", limit_price="180")).json
    latest = chained(await listener.some(3), start)
    for unknown in ("1-0", "99999-0", latest.replace("-0", "-7"), "4611686018427387903-0"):
        listener.send(type="resume", token=unknown)
        told = await listener.next()
        assert (told["type"], told["reason"], told["token"]) == ("resync", "unknown_token", latest)
        assert told["account"] == (await ann.call("GET", "/account")).json
        assert told["positions"] == (await ann.call("GET", "/positions")).json
        assert told["orders"] == [resting]
    listener.send(type="resume", token="0-0")
    assert (await listener.next())["events"] == 5
    assert chained(await listener.some(5), "0-0") == latest


async def test_a_token_too_far_back_gets_everything_anew() -> None:
    rig = Rig(resume_events_max=4)
    rig.quote("AAPL", 189.99, 190.01)
    ann = await rig.trader()
    listener = await Listener(rig).connected(ann.headers)
    start = (await listener.next())["token"]
    for _ in range(2):
        await ann.order(qty="1")
    await listener.some(4)
    listener.send(type="resume", token=start)
    assert (await listener.next())["type"] == "resumed"
    await listener.some(4)
    await ann.order(qty="1")
    await listener.some(2)
    listener.send(type="resume", token=start)
    assert (await listener.next())["reason"] == "token_too_old"
    await listener.hang_up()


async def test_ways_to_sign_in(rig: Rig, ann: Trader, listen: Callable[..., Any]) -> None:
    pair = await rig.key(ann.headers)
    account = (await ann.call("GET", "/account")).json["id"]
    told = []
    for listener in (await listen(pair), await listen(query="token=" + token(ann))):
        told.append(await listener.next())
    listener = await listen()
    key, secret = pair.values()
    listener.send(type="auth", key=key, secret=secret)
    told.append(await listener.next())
    assert {(t["type"], t["account_id"]) for t in told} == {("authenticated", account)}
    listener.send(type="auth", token=token(ann))
    assert (await listener.next())["code"] == "already_authenticated"


async def test_the_connection_names_the_account(
    rig: Rig, ann: Trader, bob: Trader, listen: Callable[..., Any]
) -> None:
    second = (await ann.call("POST", "/accounts", {"name": "Second"})).json["id"]
    first = (await ann.call("GET", "/account")).json["id"]
    query = f"account_id={second}"
    for headers, asked in (
        ({}, f"token={token(ann)}&{query}"),
        (ann.headers, query),
        ({**ann.headers, "X-Account-ID": second}, query),
    ):
        listener = await listen(headers, asked)
        assert (await listener.next())["account_id"] == second
    for headers, asked in (({}, query), ({"X-Account-ID": second}, "")):
        listener = await listen(headers, asked)
        listener.send(type="auth", token=token(ann), account_id=first)
        assert (await listener.next())["code"] == "conflicting_accounts"
        listener.send(type="auth", token=token(ann))
        assert (await listener.next())["account_id"] == second
    foreign = (await bob.call("GET", "/account")).json["id"]
    listener = await listen({}, f"token={token(ann)}&account_id={foreign}")
    assert (await listener.next())["code"] == "unknown_account"


@pytest.mark.parametrize(
    ("headers", "query", "code"),
    [
        ({}, "symbols=AAPL", "unknown_parameter"),
        ({}, "x" * 40 + "%F0%9F%98%80" * 40 + "=1", "unknown_parameter"),
        ({}, "token=a&token=b", "repeated_parameter"),
        ({"X-Account-ID": "a"}, "account_id=b", "conflicting_accounts"),
    ],
)
async def test_connections_that_cannot_be(
    rig: Rig, headers: dict[str, str], query: str, code: str
) -> None:
    lost = await Listener(rig).open(headers, query)
    told = await lost.next()
    assert (told["type"], told["code"]) == ("error", code)
    closed, reason = await lost.end()
    assert closed == 1008
    assert 0 < len(reason.encode()) <= 123
    assert len(rig.world.hub) == 0


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://evil.example", "trade.example"),
        ("https://trade.example.evil.example", "trade.example"),
        ("null", "trade.example"),
        ("", "trade.example"),
        ("https://trade.example", None),
        ("https://[trade.example", "[trade.example"),
    ],
)
async def test_pages_of_other_sites_get_no_stream(rig: Rig, origin: str, host: str | None) -> None:
    headers = {"Origin": origin} if host is None else {"Origin": origin, "Host": host}
    lost = await Listener(rig).open(headers)
    assert await lost.end() == (1008, "a page of another site asks for this")
    assert lost.frames.empty()
    assert not lost.accepted


async def test_pages_of_this_site_get_a_stream(rig: Rig, listen: Callable[..., Any]) -> None:
    for origin, host in (
        ("https://trade.example", "trade.example"),
        ("http://Trade.Example:8000", "trade.example:8000"),
        ("https://trade.example", "trade.example:443"),
        ("http://[::1]:8000", "[::1]:8000"),
    ):
        found = await listen({"Origin": origin, "Host": host})
        assert found.accepted


async def test_ways_not_to_sign_in(
    rig: Rig, ann: Trader, bob: Trader, listen: Callable[..., Any]
) -> None:
    for headers, query in (({"Authorization": "Bearer x"}, ""), ({}, "token=x")):
        assert (await (await listen(headers, query)).next())["code"] == "invalid_token"
    foreign = (await bob.call("GET", "/account")).json["id"]
    blind = await rig.key(ann.headers, scopes=["trade"])
    listener = await listen()
    for said, code in (
        ({}, "missing_credentials"),
        ({"token": "x", "key": "y"}, "missing_credentials"),
        ({"key": "y"}, "missing_credentials"),
        ({"token": "x"}, "invalid_token"),
        ({"key": "x", "secret": "y"}, "invalid_api_key"),
        ({"token": token(ann), "account_id": foreign}, "unknown_account"),
        ({"token": token(ann), "resume": "soon"}, "invalid_token"),
        ({"key": blind["APCA-API-KEY-ID"], "secret": blind["APCA-API-SECRET-KEY"]},
         "scope_missing"),
    ):  # fmt: skip
        listener.send(type="auth", **said)
        told = await listener.next()
        assert (told["type"], told["code"]) == ("error", code)
    listener.send(type="resume", token="1-0")
    assert (await listener.next())["code"] == "missing_credentials"
    await ann.order()
    assert listener.frames.empty()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "invalid_json"),
        ("[]", "invalid_type"),
        ('{"type": "shout"}', "unknown_type"),
        ('{"symbols": []}', "missing_field"),
        ('{"type": "subscribe"}', "missing_field"),
        ('{"type": "subscribe", "symbols": []}', "missing_field"),
        ('{"type": "subscribe", "symbols": ["AAPL", "NONE"]}', "unknown_symbol"),
        ('{"type": "subscribe", "symbols": [1]}', "invalid_type"),
        ('{"type": "ping", "type": "ping"}', "repeated_field"),
        ('{"type": "ping", "loud": true}', "unknown_field"),
    ],
)
async def test_frames_that_cannot_be(
    rig: Rig, listen: Callable[..., Any], text: str, code: str
) -> None:
    listener = await listen()
    listener.send_text(text)
    told = await listener.next()
    assert (told["type"], told["code"]) == ("error", code)
    assert told["wrong"]
    assert told["right"]
    rig.quote("AAPL", 190.01, 190.03)
    listener.send(type="ping")
    assert (await listener.next())["type"] == "pong"


async def test_limits_close_the_stream_with_a_reason(rig: Rig, listen: Callable[..., Any]) -> None:
    large = await listen()
    large.send_text('{"type":"' + "x" * 17_000 + '"}')
    assert await large.end() == (1009, "a frame has at most 16384 bytes")
    binary = await listen()
    binary.send_bytes(b"{}")
    assert (await binary.end())[0] == 1003
    hasty = await listen()
    for _ in range(FRAMES_BURST + 1):
        hasty.send(type="ping")
    assert await hasty.end() == (1008, "at most 20 frames a second")


async def test_a_connection_the_server_broke_off_is_a_client_that_left(
    rig: Rig, ann: Trader, listen: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    listener, _ = await signed_in(listen, ann)
    listener.broken_off = True
    await ann.order(qty="1")
    assert listener.task is not None
    await asyncio.wait_for(asyncio.shield(listener.task), 5)
    assert caplog.text == ""


async def test_who_never_reads_is_closed_and_holds_nobody_up() -> None:
    rig = Rig(stall_s=0.05)
    rig.quote("AAPL", 189.99, 190.01)
    ann = await rig.trader()
    deaf = await Listener(rig).connected(ann.headers)
    keen = await Listener(rig).connected(ann.headers)
    await deaf.next()
    await keen.next()
    deaf.reading.clear()
    for _ in range(20):
        assert (await ann.order(qty="1")).status == 201
    await keen.some(40)
    assert deaf.frames.empty()
    await asyncio.wait_for(_cut_off(rig), 5)
    deaf.reading.set()
    code, reason = await deaf.end()
    assert (code, reason) == (4008, "the client reads too slowly: connect again and resume")
    await ann.order(qty="1")
    await keen.some(2)
    await keen.hang_up()


async def _cut_off(rig: Rig) -> None:
    while not any(stream.ending for stream in rig.app.streams):
        await asyncio.sleep(0)


async def test_a_queue_that_overflows_ends_the_stream(
    rig: Rig, ann: Trader, listen: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "QUEUE_EVENTS_MAX", 10)
    listener, _ = await signed_in(listen, ann)
    listener.reading.clear()
    for _ in range(12):
        await ann.order(qty="1")
    listener.reading.set()
    assert (await listener.end())[0] == 4008


async def test_credentials_that_end_end_the_stream(
    rig: Rig, ann: Trader, listen: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stockyard.api.gateway.WATCH_S", 0.01)
    monkeypatch.setattr("stockyard.api.listeners.RECHECK_S", 0.0)
    listener, _ = await signed_in(listen, ann)
    await ann.call("POST", "/auth/logout")
    assert await listener.end() == (1008, "the token is wrong or has expired")


async def test_stopping_closes_streams_with_a_reason(rig: Rig, listen: Callable[..., Any]) -> None:
    listener = await listen()
    rig.app.begin_stop("this Stockyard is stopping")
    assert await listener.end() == (1001, "this Stockyard is stopping")
    late = await Listener(rig).open()
    assert (await late.end())[0] == 1013
    await rig.app.close()


async def test_there_is_room_for_so_many(
    rig: Rig, listen: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "SUBSCRIBERS_MAX", 1)
    await listen()
    late = await Listener(rig).open()
    assert (await late.end())[0] == 1013


async def test_other_paths_have_no_stream(rig: Rig) -> None:
    lost = await Listener(rig, "/api/v1/other").open()
    await lost.end()
    assert lost.frames.empty()
