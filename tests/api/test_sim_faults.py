"""Faults on purpose: what is hit, how it looks to a client, and that nothing is hit beyond it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest

from stockyard.api.faults import RULES_MAX, FaultKind, Faults, Terms
from stockyard.model.facts import ControlUsed
from tests.api.alpaca.bot import Bot, check_shape, refused
from tests.api.listener import Listener
from tests.api.rig import Rig, Trader
from tests.api.serving import served

SECOND = 10**9


@pytest.fixture
async def rig() -> Rig:
    made = Rig(controls=True)
    made.quote("AAPL", 189.99, 190.01)
    return made


@pytest.fixture
async def ann(rig: Rig) -> Trader:
    return await rig.trader()


@pytest.fixture
async def listen(rig: Rig) -> AsyncIterator[Callable[..., Any]]:
    opened: list[Listener] = []

    async def listen(headers: dict[str, str] | None = None) -> Listener:
        opened.append(await Listener(rig).connected(headers))
        return opened[-1]

    yield listen
    for listener in opened:
        assert listener.task is not None
        if not listener.task.done():
            await listener.hang_up()


async def fault(ann: Trader, **said: Any) -> Any:
    answer = await ann.call("POST", "/sim/faults", said)
    assert answer.status == 201, answer
    return answer.json


async def rules(ann: Trader) -> Any:
    return (await ann.call("GET", "/sim/faults")).json


async def test_faults_need_leave_like_every_control() -> None:
    rig = Rig()
    ann = await rig.trader()
    for method, path in (("GET", ""), ("POST", ""), ("DELETE", ""), ("DELETE", "/1")):
        answer = await ann.call(method, f"/sim/faults{path}", {"kind": "cut"})
        assert (answer.status, answer.json["code"]) == (403, "controls_not_allowed")


@pytest.mark.parametrize(
    ("status", "code", "after"),
    [
        (429, "rate_limited", "1"),
        (500, "internal_error", None),
        (503, "unavailable", "1"),
        (504, "timeout", None),
    ],
)
async def test_the_next_requests_are_answered_otherwise_and_do_nothing(
    ann: Trader, status: int, code: str, after: str | None
) -> None:
    made = await fault(ann, kind="answer", status=status, method="POST", count=2)
    for _ in range(2):
        answer = await ann.order()
        assert (answer.status, answer.json["code"]) == (status, code)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers.get("retry-after") == after
        assert answer.headers["x-stockyard-fault"] == str(made["id"])
        assert answer.json["request_id"] == answer.headers["x-request-id"]
    assert (await ann.call("GET", "/orders")).json == []
    assert (await ann.order()).status == 201
    (rule,) = await rules(ann)
    assert (rule["met"], rule["struck"], rule["over"]) == (2, 2, True)


async def test_a_rule_ends_with_its_time(rig: Rig, ann: Trader) -> None:
    await fault(ann, kind="answer", status=503, path="/api/v1/account", for_seconds=10)
    for _ in range(3):
        assert (await ann.call("GET", "/account")).status == 503
    rig.clock.time_ns += 10 * SECOND
    assert (await ann.call("GET", "/account")).status == 200
    assert rig.app.door.faults.requests == []


async def test_controls_and_health_are_never_hit(rig: Rig, ann: Trader) -> None:
    await fault(ann, kind="answer", status=500, path="*", for_seconds=60)
    assert (await rig.call("GET", "/health")).status == 200
    assert len(await rules(ann)) == 1
    assert (await ann.call("GET", "/account")).status == 500
    assert (await ann.call("DELETE", "/sim/faults")).status == 200
    assert (await ann.call("GET", "/account")).status == 200
    assert await rules(ann) == []


async def test_a_rule_hits_its_path_method_and_account_only(rig: Rig, ann: Trader) -> None:
    bob = await rig.trader("bob@example.com")
    mine = (await ann.call("GET", "/account")).json["id"]
    await fault(
        ann,
        kind="answer",
        status=500,
        method="GET",
        path="/api/v1/orders/{id}",
        account_id=mine,
        for_seconds=60,
    )
    order = (await ann.order()).json["id"]
    assert (await ann.call("GET", f"/orders/{order}")).status == 500
    assert (await ann.call("GET", "/orders")).status == 200
    assert (await ann.call("DELETE", f"/orders/{order}")).status != 500
    assert (await bob.call("GET", f"/orders/{order}")).status == 404


async def test_answered_too_late_a_repeat_under_the_same_key_gets_the_first_answer(
    ann: Trader,
) -> None:
    await fault(ann, kind="answer", status=504, when="after", method="POST", path="/api/v1/orders")
    key = {"Idempotency-Key": "once"}
    assert (await ann.order(headers=key)).status == 504
    again = await ann.order(headers=key)
    assert again.status == 201
    assert again.headers["idempotent-replayed"] == "true"
    items = (await ann.call("GET", "/orders", query="status=all")).json
    assert [row["id"] for row in items] == [again.json["id"]]


async def test_on_alpacas_paths_a_fault_has_alpacas_shape(rig: Rig, ann: Trader) -> None:
    bot = Bot(rig, ann, await rig.key(ann.headers))
    await fault(ann, kind="answer", status=429, path="/v2/*")
    answer = await bot.call("GET", "/v2/orders/x")
    check_shape(answer)
    assert refused(answer) == (429, 42910000)
    assert answer.headers["retry-after"] == "1"


async def test_a_hit_stands_in_the_journal(rig: Rig, ann: Trader) -> None:
    made = await fault(ann, kind="answer", status=504, when="after", path="/api/v1/orders")
    await ann.order()
    rig.world.writer.drain()
    used = [r.input for r in rig.world.journal.read(0) if isinstance(r.input, ControlUsed)]
    assert [one.action for one in used] == ["fault.make", "fault.struck"]
    assert used[1].detail == f"fault {made['id']}: answer after with 504: POST /api/v1/orders"


@pytest.mark.parametrize("when", ["before", "after"])
async def test_answers_are_delayed(ann: Trader, when: str) -> None:
    await fault(ann, kind="delay_answer", delay_ms=30, when=when, path="/api/v1/account")
    loop = asyncio.get_running_loop()
    begun = loop.time()
    assert (await ann.call("GET", "/account")).status == 200
    assert loop.time() - begun >= 0.029


async def test_chance_is_drawn_from_the_seed_and_every_counts() -> None:
    def struck(**said: Any) -> list[bool]:
        faults = Faults(lambda: 0)
        faults.add(Terms(FaultKind.CUT, **said))
        return [faults.of_request("GET", "/v2/clock", lambda: 0) is not None for _ in range(200)]

    first = struck(probability=0.3, seed=7)
    assert first == struck(probability=0.3, seed=7)
    assert first != struck(probability=0.3, seed=8)
    assert 40 <= sum(first) <= 80
    assert struck(every=3, times=2) == [n in (2, 5) for n in range(200)]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"kind": "explode"}, "kind"),
        ({"kind": "answer"}, "status"),
        ({"kind": "answer", "status": 404}, "status"),
        ({"kind": "cut", "status": 500}, "status"),
        ({"kind": "cut", "count": 0}, "count"),
        ({"kind": "cut", "for_seconds": 0}, "for_seconds"),
        ({"kind": "cut", "for_seconds": 86_401}, "for_seconds"),
        ({"kind": "cut", "every": 0}, "every"),
        ({"kind": "cut", "probability": 1.5}, "probability"),
        ({"kind": "cut", "seed": -1}, "seed"),
        ({"kind": "cut", "path": "v2"}, "path"),
        ({"kind": "cut", "path": "/" + "x" * 200}, "path"),
        ({"kind": "cut", "method": "FETCH"}, "method"),
        ({"kind": "cut", "when": "later"}, "when"),
        ({"kind": "cut", "stream": "native"}, "stream"),
        ({"kind": "cut", "delay_ms": 5}, "delay_ms"),
        ({"kind": "delay_answer"}, "delay_ms"),
        ({"kind": "delay_message", "delay_ms": 300_001}, "delay_ms"),
        ({"kind": "drop", "path": "/v2/*"}, "path"),
        ({"kind": "drop", "when": "after"}, "when"),
        ({"kind": "drop", "stream": "radio"}, "stream"),
        ({"kind": "drop", "messages": []}, "messages"),
        ({"kind": "drop", "code": 1001}, "code"),
        ({"kind": "close", "code": 1005}, "code"),
        ({"kind": "close", "code": 1001, "reason": "x" * 101}, "reason"),
    ],
)
async def test_a_rule_that_cannot_be_is_refused(
    ann: Trader, said: dict[str, Any], field: str
) -> None:
    answer = await ann.call("POST", "/sim/faults", said)
    assert (answer.status, answer.json["field"]) == (422, field), answer
    assert await rules(ann) == []


async def test_rules_have_a_limit_and_those_that_are_over_make_room(ann: Trader) -> None:
    await fault(ann, kind="answer", status=500, path="/api/v1/account")
    for _ in range(RULES_MAX - 1):
        await fault(ann, kind="answer", status=500, path="/v2/nothing")
    full = await ann.call("POST", "/sim/faults", {"kind": "cut", "path": "/v2/nothing"})
    assert (full.status, full.json["code"]) == (409, "too_many_faults")
    assert (await ann.call("GET", "/account")).status == 500
    made = await fault(ann, kind="cut", path="/v2/nothing")
    found = await rules(ann)
    assert len(found) == RULES_MAX
    assert (await ann.call("DELETE", f"/sim/faults/{made['id']}")).json["over"] is True
    assert (await ann.call("DELETE", f"/sim/faults/{made['id']}")).status == 404
    assert (await ann.call("DELETE", "/sim/faults/one")).status == 404
    unknown = "00000000-0000-8000-8000-000000000000"
    answer = await ann.call("POST", "/sim/faults", {"kind": "cut", "account_id": unknown})
    assert answer.status == 404


# Streams.


async def signed_in(listen: Callable[..., Any], ann: Trader) -> Listener:
    listener: Listener = await listen(ann.headers)
    assert (await listener.next())["type"] == "authenticated"
    return listener


async def test_every_second_event_is_lost_and_resuming_brings_it(
    ann: Trader, listen: Callable[..., Any]
) -> None:
    listener = await listen(ann.headers)
    start = (await listener.next())["token"]
    await fault(ann, kind="drop", stream="native", every=2, for_seconds=60)
    for _ in range(3):
        await ann.order()
    heard = await listener.some(3)
    assert heard[0]["prev"] == start
    assert heard[1]["prev"] != heard[0]["token"]
    await ann.call("DELETE", "/sim/faults")
    listener.send(type="resume", token=start)
    assert (await listener.next())["type"] == "resumed"
    whole = await listener.some(6)
    for told in whole:
        assert told["prev"] == start
        start = told["token"]
    assert [one["token"] for one in whole[::2]] == [one["token"] for one in heard]


async def test_messages_come_twice_or_late(ann: Trader, listen: Callable[..., Any]) -> None:
    listener = await signed_in(listen, ann)
    await fault(ann, kind="duplicate", messages=["fill"])
    await ann.order()
    heard = [one["type"] for one in await listener.some(3)]
    assert heard == ["order", "fill", "fill"]
    await fault(ann, kind="delay_message", delay_ms=20, messages=["order"])
    await ann.order()
    heard = [one["type"] for one in await listener.some(2)]
    assert heard == ["fill", "order"]


async def test_quotes_are_lost_where_a_rule_names_them(
    rig: Rig, ann: Trader, listen: Callable[..., Any]
) -> None:
    listener = await listen()
    listener.send(type="subscribe", symbols=["AAPL"])
    assert (await listener.next())["type"] == "snapshot"
    await fault(ann, kind="drop", messages=["quotes"])
    rig.quote("AAPL", 190.99, 191.01)
    await asyncio.sleep(0.1)
    rig.quote("AAPL", 191.99, 192.01)
    told = await listener.next()
    assert "192.01" in str(told)


async def test_answers_are_spared_unless_they_are_named(
    ann: Trader, listen: Callable[..., Any]
) -> None:
    listener = await signed_in(listen, ann)
    await fault(ann, kind="drop", for_seconds=60)
    await ann.order()
    listener.send(type="ping")
    assert (await listener.next())["type"] == "pong"
    await fault(ann, kind="duplicate", messages=["pong"])
    listener.send(type="ping")
    assert [one["type"] for one in await listener.some(2)] == ["pong", "pong"]


async def test_open_streams_close_with_the_code(ann: Trader, listen: Callable[..., Any]) -> None:
    first, second = await signed_in(listen, ann), await signed_in(listen, ann)
    await fault(ann, kind="close", code=4321, reason="on purpose")
    assert await first.end() == (4321, "on purpose")
    await ann.order()
    assert (await second.next())["type"] == "order"


async def test_a_stream_that_comes_later_is_closed_too(
    rig: Rig, ann: Trader, listen: Callable[..., Any]
) -> None:
    await fault(ann, kind="close", code=1013)
    later = await Listener(rig).open()
    assert await later.end() == (1013, "")


async def test_event_streams_are_hit_as_well(rig: Rig, ann: Trader) -> None:
    async with served(rig) as port, httpx2.AsyncClient(headers=ann.headers) as client:
        url = f"http://127.0.0.1:{port}/api/v1/events"
        async with client.stream("GET", url, params={"symbols": "AAPL"}) as response:
            lines = response.aiter_lines()
            async for line in lines:
                if line.startswith("event: snapshot"):
                    break
            await fault(ann, kind="close", stream="events", code=1012, reason="on purpose")
            rest = [line async for line in lines]
    assert "event: end" in rest
    assert any("on purpose" in line for line in rest)


# Over a real socket.


@pytest.mark.parametrize(("when", "orders"), [("before", 0), ("after", 1)])
async def test_a_connection_is_cut(rig: Rig, ann: Trader, when: str, orders: int) -> None:
    await fault(ann, kind="cut", when=when, method="POST", path="/api/v1/orders")
    body = {"symbol": "AAPL", "side": "buy", "qty": "1"}
    async with served(rig) as port, httpx2.AsyncClient(headers=ann.headers) as client:
        url = f"http://127.0.0.1:{port}/api/v1/orders"
        with pytest.raises(httpx2.RemoteProtocolError):
            await client.post(url, json=body)
        found = await client.get(url, params={"status": "all"})
        assert len(found.json()) == orders
        assert (await client.post(url, json=body)).status_code == 201
