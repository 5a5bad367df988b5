"""Webhooks over the API: made, told what happens, tried again, logged, and one's own."""

import asyncio
from base64 import b64decode
from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple, TypeVar, get_args

import msgspec
import pytest

from stockyard.api import webhook_shapes as w
from stockyard.api.telling import teller
from stockyard.engine.engine import Engine
from stockyard.model.events import Event
from stockyard.people.deliveries import Outcome
from stockyard.people.directory import People
from stockyard.people.identity import UserStatus
from stockyard.people.webhooks import Webhook
from stockyard.runtime import webhooks
from stockyard.runtime.hub import StreamEvent
from stockyard.runtime.webhooks import WebhookTeller
from tests.api.listener import Listener
from tests.api.rig import SECOND, Rig, Trader
from tests.golden.recording import read_journal, replay

T = TypeVar("T")
URL = "http://127.0.0.1:4711/hook"
WELL = Outcome(200, "", 3)
BAD = Outcome(500, "it answered 500", 3)


class Sent(NamedTuple):
    """What a receiver got."""

    id: str
    secret: bytes
    said: Any


class Stand:
    """A door whose webhooks are served by hand, and a receiver that answers as it is told."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.got, self.answers = rig, list[Sent](), list[Outcome]()
        self.open()

    def open(self) -> None:
        async def write(work: Callable[[People], T]) -> T:
            return await self.rig.app.door.desk.write(work)

        self.teller = WebhookTeller(
            self.rig.world, self.rig.people, write, teller(self.rig.app.door), self.send, Random(1)
        )

    async def send(self, url: str, delivery_id: str, secret: bytes, body: bytes) -> Outcome:
        self.got.append(Sent(delivery_id, secret, msgspec.json.decode(body)))
        return self.answers.pop(0) if self.answers else WELL

    async def serve(self) -> list[str]:
        """Put in line what is new, and send what is due; the names of the events."""
        before = len(self.got)
        while await self.teller.put_in_line():
            pass
        while await self.teller.send_due():
            await self.teller.settled()
        return [f"{one.said['type']}.{one.said['event']}" for one in self.got[before:]]

    async def restart(self) -> None:
        """As after a crash."""
        self.rig.restart()
        self.open()

    def later(self, seconds: float) -> None:
        self.rig.clock.time_ns += round(seconds * SECOND)


@pytest.fixture
async def rig() -> Rig:
    made = Rig(webhooks_private=True)
    made.quote("AAPL", 189.99, 190.01)
    return made


@pytest.fixture
def stand(rig: Rig) -> Stand:
    return Stand(rig)


async def make(trader: Trader, **said: Any) -> Any:
    answer = await trader.call("POST", "/webhooks", {"url": URL, **said})
    assert answer.status == 201, answer
    return answer.json


async def test_it_is_told_what_happens_from_now_on(stand: Stand, ann: Trader) -> None:
    await ann.order(qty="1")
    made = await make(ann, name="Bot")
    hook = made["webhook"]
    assert made["secret"].startswith("whsec_")
    assert (hook["state"], hook["events"], hook["waiting"]) == ("active", [*w.DEFAULT_EVENTS], 0)
    assert await stand.serve() == [], "nothing of before"
    placed = (await ann.order(qty="2")).json
    await ann.call("POST", "/account/deposits", {"amount": "5"})
    assert (await ann.order(qty="99999")).status == 403
    assert await stand.serve() == ["order.accepted", "fill.fill", "account.deposited"]
    first, second, third = stand.got
    assert first.said["order"]["id"] == placed["id"]
    assert second.said["fill"]["qty"] == "2"
    account = (await ann.call("GET", "/account")).json["id"]
    for one in stand.got:
        assert (one.said["webhook_id"], one.said["account_id"]) == (hook["id"], account)
    assert len({one.id for one in stand.got}) == 3
    assert third.said["prev"] == second.said["token"]
    log = (await ann.call("GET", f"/webhooks/{hook['id']}/deliveries")).json["deliveries"]
    assert [(one["event"], one["state"], one["status"]) for one in log] == [
        ("account.deposited", "delivered", 200),
        ("fill.fill", "delivered", 200),
        ("order.accepted", "delivered", 200),
    ]
    assert [one["id"] for one in log] == [one.id for one in reversed(stand.got)]
    assert msgspec.json.decode(log[0]["body"]) == third.said


async def test_it_says_what_the_stream_does(rig: Rig, stand: Stand, ann: Trader) -> None:
    listener = await Listener(rig).connected(ann.headers, "")
    await listener.next()
    await make(ann, events=["order", "fill", "account", "request"])
    await ann.order(qty="2")
    await ann.order(qty="99999")
    frames = [await listener.next() for _ in range(3)]
    await listener.hang_up()
    await stand.serve()
    for one, frame in zip(stand.got, frames, strict=True):
        assert {**frame, **one.said} == one.said


async def test_only_what_is_wanted_is_told(stand: Stand, ann: Trader) -> None:
    made = await make(ann, events=["order.canceled", "request"])
    order = (await ann.order(type="limit", limit_price="180")).json
    await ann.order(qty="99999")
    await ann.call("DELETE", f"/orders/{order['id']}")
    assert await stand.serve() == ["request.denied", "order.canceled"]
    path = f"/webhooks/{made['webhook']['id']}"
    changed = await ann.call("PATCH", path, {"events": ["account", "fill", "account"]})
    assert changed.json["events"] == ["fill", "account"]
    await ann.order(qty="1")
    assert await stand.serve() == ["fill.fill"]


async def test_every_kind_of_event_has_a_name_that_can_be_wanted(rig: Rig, ann: Trader) -> None:
    """Over the recorded journal, which holds every event there is."""
    door = rig.app.door
    tell = teller(door)
    hook = Webhook("h", "u", 1, "", URL, ("order",), "", "active", "", (0, 0), 0, 0, 0, 0)
    some_instrument = next(iter(door.view.instruments.values()))
    engine, records, seen = Engine(), read_journal(), set[str]()
    known = dict(door.view.instruments)
    kinds: set[type] = set()
    for record, events in zip(records, replay(engine, records), strict=True):
        for idx, event in enumerate(events):
            if event.account_id == 0 or type(event) in kinds:
                continue
            kinds.add(type(event))
            door.view.instruments.setdefault(getattr(event, "instrument_id", 0), some_instrument)
            if getattr(event, "profile_id", 1) in door.view.profiles:
                told = tell(hook, StreamEvent(record.seq, idx, record.ts, event, (0, 0)))
                seen.add(f"{told.kind}.{told.event}")
                assert msgspec.json.decode(told.body)["event"] == told.event
    assert kinds <= set(get_args(Event))
    door.view.instruments.clear()
    door.view.instruments.update(known)
    assert seen <= set(w.EVENT_WORDS)
    assert len(seen) > 20


async def test_a_crash_loses_nothing_and_tells_nothing_under_two_names(
    stand: Stand, ann: Trader
) -> None:
    await make(ann)
    orders = []
    for number in range(12):
        orders.append((await ann.order(qty="1")).json["id"])
        if number % 3 == 0:
            await stand.teller.put_in_line()
        if number % 4 == 0:
            await stand.restart()
        if number % 5 == 0:
            await stand.serve()
    await stand.restart()
    await stand.serve()
    told = [one.said["order"]["id"] for one in stand.got if one.said["type"] == "order"]
    assert told == orders
    assert len({one.id for one in stand.got}) == len(stand.got) == 24


async def test_what_was_sent_but_not_noted_goes_out_again_under_its_own_name(
    stand: Stand, ann: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make(ann, events=["fill"])
    await ann.order(qty="1")
    await stand.teller.put_in_line()
    deliveries, now_ns = stand.rig.people.deliveries, stand.rig.clock.time_ns
    (hook,) = deliveries.due(now_ns, ())
    due = deliveries.next_due(hook.id, now_ns)
    assert due is not None
    await stand.send(URL, due[1].id, b"", due[1].body.encode())
    await stand.restart()
    await stand.serve()
    assert [one.id for one in stand.got] == [due[1].id] * 2


async def test_failures_are_tried_again_and_told(stand: Stand, ann: Trader) -> None:
    path = f"/webhooks/{(await make(ann, events=['fill']))['webhook']['id']}"
    stand.answers = [BAD, BAD]
    await ann.order(qty="1")
    assert await stand.serve() == ["fill.fill"]
    hook = (await ann.call("GET", path)).json
    assert (hook["failures"], hook["waiting"]) == (1, 1)
    assert hook["rests_until"] is not None
    (one,) = (await ann.call("GET", path + "/deliveries")).json["deliveries"]
    assert (one["state"], one["attempts"], one["status"]) == ("waiting", 1, 500)
    assert (one["error"], one["ended_at"]) == ("it answered 500", None)
    stand.later(6)
    assert await stand.serve() == ["fill.fill"]
    stand.later(40)
    assert await stand.serve() == ["fill.fill"]
    assert len({one.id for one in stand.got}) == 1
    hook = (await ann.call("GET", path)).json
    assert (hook["failures"], hook["waiting"], hook["rests_until"]) == (0, 0, None)


async def test_one_that_is_switched_off_holds_up_no_other_and_goes_on(
    stand: Stand, ann: Trader
) -> None:
    first = (await make(ann, events=["fill"]))["webhook"]
    await make(ann, events=["order"])
    paused = await ann.call("PATCH", f"/webhooks/{first['id']}", {"active": False})
    assert paused.json["state"] == "paused"
    await ann.order(qty="1")
    assert await stand.serve() == ["order.accepted"]
    await ann.call("PATCH", f"/webhooks/{first['id']}", {"active": True})
    assert await stand.serve() == ["fill.fill"]


async def test_one_that_is_full_waits_in_the_journal(
    stand: Stand, ann: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "BATCH", 2)
    deliveries = stand.rig.people.deliveries
    deliveries.limits = deliveries.limits._replace(waiting_max=4)
    await make(ann)
    for _ in range(5):
        await ann.order(qty="1")
    while await stand.teller.put_in_line():
        pass
    (hook,) = (await ann.call("GET", "/webhooks")).json
    assert hook["waiting"] == 4
    assert len(await stand.serve()) == 4
    assert len(await stand.serve()) == 4
    assert len(await stand.serve()) == 2


async def test_nobody_is_told_anything_for_who_may_not_act(stand: Stand, ann: Trader) -> None:
    await make(ann)
    await ann.order(qty="1")
    await stand.teller.put_in_line()
    user = stand.rig.people.user_by_email("ann@example.com")
    assert user is not None
    stand.rig.people.set_status(user.id, UserStatus.SUSPENDED)
    assert await stand.serve() == []
    stand.rig.people.set_status(user.id, UserStatus.ACTIVE)
    assert await stand.serve() == ["order.accepted", "fill.fill"]


async def test_the_task_serves_until_it_is_canceled(
    stand: Stand, ann: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "LOOK_S", 0.001)
    came = asyncio.Event()
    told = stand.send

    async def send(url: str, delivery_id: str, secret: bytes, body: bytes) -> Outcome:
        came.set()
        return await told(url, delivery_id, secret, body)

    stand.teller._send = send
    await make(ann, events=["fill"])
    task = asyncio.ensure_future(stand.teller.run())
    await ann.order(qty="1")
    async with asyncio.timeout(5):
        await came.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not stand.teller._sending


async def test_a_test_is_sent_and_an_ended_one_again(stand: Stand, ann: Trader) -> None:
    path = f"/webhooks/{(await make(ann))['webhook']['id']}"
    sent = await ann.call("POST", path + "/test")
    assert (sent.status, sent.json["event"], sent.json["state"]) == (202, "test", "waiting")
    waits = await ann.call("POST", f"{path}/deliveries/{sent.json['id']}/again")
    assert (waits.status, waits.json["code"]) == (409, "delivery_waiting")
    assert await stand.serve() == ["test.test"]
    again = await ann.call("POST", f"{path}/deliveries/{sent.json['id']}/again")
    assert (again.status, again.json["id"]) == (202, sent.json["id"])
    assert await stand.serve() == ["test.test"]
    assert stand.got[0] == stand.got[1]


async def test_a_new_secret_counts_at_once(stand: Stand, ann: Trader) -> None:
    made = await make(ann)
    path = f"/webhooks/{made['webhook']['id']}"
    await ann.call("POST", path + "/test")
    renewed = await ann.call("POST", path + "/secret")
    assert renewed.status == 201
    assert renewed.json["secret"] != made["secret"]
    await stand.serve()
    assert stand.got[0].secret == b64decode(renewed.json["secret"].removeprefix("whsec_"))


async def test_secrets_are_told_once_and_on_no_record(rig: Rig, stand: Stand, ann: Trader) -> None:
    made = await make(ann)
    path = f"/webhooks/{made['webhook']['id']}"
    await ann.call("PATCH", path, {"name": "Other"})
    listed = await ann.call("GET", "/webhooks")
    read = await ann.call("GET", path)
    record = await ann.call("GET", "/account/audit")
    assert record.status == 200, record
    assert b"webhook.created" in record.body
    assert b"webhook.changed" in record.body
    bare = made["secret"].removeprefix("whsec_").encode()
    for answer in (listed, read, record):
        assert bare not in answer.body


async def test_ones_own_alone(rig: Rig, stand: Stand, ann: Trader, bob: Trader) -> None:
    made = (await make(ann))["webhook"]
    test = (await ann.call("POST", f"/webhooks/{made['id']}/test")).json
    never = "00000000-0000-4000-8000-000000000000"
    assert (await bob.call("GET", "/webhooks")).json == []
    for method, rest, body in (
        ("GET", "", None),
        ("PATCH", "", {"name": "x"}),
        ("DELETE", "", None),
        ("POST", "/secret", None),
        ("POST", "/test", None),
        ("GET", "/deliveries", None),
        ("POST", f"/deliveries/{test['id']}/again", None),
    ):
        theirs = await bob.call(method, f"/webhooks/{made['id']}{rest}", body)
        nobody = await bob.call(method, f"/webhooks/{never}{rest}", body)
        assert (theirs.status, nobody.status) == (404, 404), (method, rest)
        assert theirs.json | {"request_id": ""} == nobody.json | {"request_id": ""}
    assert (await rig.call("GET", "/api/v1/webhooks")).status == 401


async def test_a_key_reads_but_changes_nothing(rig: Rig, ann: Trader) -> None:
    made = (await make(ann))["webhook"]
    bot = Trader(rig, await rig.key(ann.headers))
    assert (await bot.call("GET", "/webhooks")).status == 200
    assert (await bot.call("GET", f"/webhooks/{made['id']}/deliveries")).status == 200
    for method, path, body in (
        ("POST", "/webhooks", {"url": URL}),
        ("PATCH", f"/webhooks/{made['id']}", {"name": "x"}),
        ("DELETE", f"/webhooks/{made['id']}", None),
        ("POST", f"/webhooks/{made['id']}/secret", None),
    ):
        refused = await bot.call(method, path, body)
        assert (refused.status, refused.json["code"]) == (403, "session_required")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "missing_field"),
        ({"url": "ftp://x"}, 422, "invalid_url"),
        ({"url": "http://127.0.0.1/"}, 422, "url_not_allowed"),
        ({"url": "http://[::ffff:10.0.0.1]/"}, 422, "url_not_allowed"),
        ({"url": "http://169.254.169.254/latest"}, 422, "url_not_allowed"),
        ({"url": "http://localhost:8000/"}, 422, "url_not_allowed"),
        ({"url": URL, "events": ["nothing"]}, 422, "invalid_events"),
        ({"url": URL, "events": []}, 422, "invalid_events"),
        ({"url": URL, "secret": "mine"}, 422, "unknown_field"),
    ],
)
async def test_what_is_refused(body: dict[str, Any], status: int, code: str) -> None:
    rig = Rig()
    ann = await rig.trader()
    refused = await ann.call("POST", "/webhooks", body)
    assert (refused.status, refused.json["code"]) == (status, code), refused.json


async def test_changes_that_are_refused_change_nothing(ann: Trader) -> None:
    made = (await make(ann))["webhook"]
    path = f"/webhooks/{made['id']}"
    for body, code in (
        ({}, "nothing_to_change"),
        ({"url": "x"}, "invalid_url"),
        ({"url": "https://ok.example", "name": "x" * 101}, None),
        ({"events": ["x"]}, "invalid_events"),
    ):
        refused = await ann.call("PATCH", path, body)
        assert refused.status == 422
        assert code is None or refused.json["code"] == code
    assert (await ann.call("GET", path)).json == made
    wrong = await ann.call("GET", path + "/deliveries", query="before=x")
    assert (wrong.status, wrong.json["field"]) == (422, "before")


async def test_the_log_is_paged(stand: Stand, ann: Trader) -> None:
    path = f"/webhooks/{(await make(ann))['webhook']['id']}"
    sent = [(await ann.call("POST", path + "/test")).json["id"] for _ in range(5)]
    read, query = [], "limit=2"
    while True:
        page = (await ann.call("GET", path + "/deliveries", query=query)).json
        read += [one["id"] for one in page["deliveries"]]
        if page["next"] is None:
            break
        query = f"limit=2&before={page['next']}"
    assert read == sent[::-1]
    assert (await ann.call("DELETE", path)).status == 204
    assert (await ann.call("GET", path)).status == 404
    assert await stand.serve() == []
