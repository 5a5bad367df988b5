"""Webhooks and their deliveries: kept, in line once, tried again, disabled, told to their owner."""

from collections.abc import Callable

import pytest

from stockyard.people.deliveries import (
    DEFAULT_DELIVERY_LIMITS,
    Deliveries,
    Delivery,
    DeliveryLimits,
    DeliveryState,
    Item,
    Outcome,
)
from stockyard.people.directory import People
from stockyard.people.errors import UserError
from stockyard.people.sealing import reseal
from stockyard.people.webhooks import HookState, Webhook, checked_events, checked_url
from stockyard.storage.memory import MemoryDatabase, MemoryDisk
from tests.unit.people.given import NOW, CountedBytes

SECOND = 1_000_000_000
URL = "https://example.com/hook"
WELL = Outcome(200, "", 12)
BAD = Outcome(500, "it answered 500", 7)


@pytest.fixture
def user_id(add_user: Callable[..., str]) -> str:
    return add_user()


@pytest.fixture
def hook(people: People, user_id: str) -> Webhook:
    return people.webhooks.create(user_id, 17, "Bot", URL, ("order",), (10, 0), NOW)[0]


def put(people: People, hook: Webhook, *tokens: int) -> None:
    before = people.webhooks.find(17, hook.id).cursor
    items = [Item("order.accepted", f"{seq}-0", f'{{"seq":{seq}}}') for seq in tokens]
    assert people.deliveries.put(hook.id, before, (tokens[-1], 0), items, NOW) == len(items)


def due(people: People, now_ns: int = NOW) -> list[Delivery]:
    found = [
        people.deliveries.next_due(one.id, now_ns) for one in people.deliveries.due(now_ns, ())
    ]
    return [one[1] for one in found if one is not None]


def again(disk: MemoryDisk, people: People) -> People:
    """The same people after a crash."""
    return People(MemoryDatabase(disk, "people"), sealer=people.sealer)


def test_a_webhook_and_its_secret_survive_a_restart_and_a_new_key(
    disk: MemoryDisk, database: MemoryDatabase, people: People, user_id: str
) -> None:
    made, told = people.webhooks.create(user_id, 17, " My  bot ", URL, ("fill",), (3, 1), NOW)
    assert told.startswith("whsec_")
    assert (made.name, made.cursor, made.state) == ("My bot", (3, 1), HookState.ACTIVE)
    assert told[6:] not in str(database.query("SELECT secret FROM webhooks")), "it is sealed"
    reseal(database, people.sealer)
    other = again(disk, people)
    assert other.webhooks.find(17, made.id.upper()).url == URL
    assert len(other.webhooks.secret(other.webhooks.find(17, made.id))) == 32
    renewed, another = other.webhooks.renew_secret(17, made.id, NOW + 1)
    assert another != told
    assert other.webhooks.secret(renewed) != people.webhooks.secret(made)


def test_somebody_elses_is_as_if_it_were_not_there(people: People, hook: Webhook) -> None:
    for work in (
        lambda: people.webhooks.find(18, hook.id),
        lambda: people.webhooks.change(18, hook.id, NOW, name="x"),
        lambda: people.webhooks.delete(18, hook.id),
        lambda: people.webhooks.renew_secret(18, hook.id, NOW),
        lambda: people.webhooks.find(17, "nobody"),
    ):
        with pytest.raises(UserError) as refused:
            work()
        assert (refused.value.code, refused.value.http_status) == ("unknown_webhook", 404)
    assert people.webhooks.of_account(18) == ()


def test_an_account_has_so_many_and_no_more(people: People, user_id: str) -> None:
    for number in range(10):
        people.webhooks.create(user_id, 17, str(number), URL, ("fill",), (0, 0), NOW)
    with pytest.raises(UserError) as refused:
        people.webhooks.create(user_id, 17, "", URL, ("fill",), (0, 0), NOW)
    assert refused.value.code == "too_many_webhooks"


@pytest.mark.parametrize(
    "url",
    [
        "", "example.com", "ftp://example.com", "https://", "http:///x", "https://a:b@example.com",
        "https://example.com/#x", "https://example.com#", "https://example.com:22/",
        "https://example.com:70000/", "https://exa mple.com", "https://example.com/\r\nX: y",
        "https://ex\u00e4mple.com", "http:\\\\example.com", "javascript:alert(1)",
        "file:///etc/passwd", "https://example.com/" + "x" * 2_000, "https://[::1", "gopher://x/",
    ],
)  # fmt: skip
def test_addresses_that_cannot_be_called(url: str) -> None:
    with pytest.raises(UserError) as refused:
        checked_url(url)
    assert (refused.value.code, refused.value.field) == ("invalid_url", "url")


@pytest.mark.parametrize(
    "url", [URL, "http://example.com", "https://example.com:8443/a?b=c", "https://[2606:4700::1]/"]
)
def test_addresses_that_can(url: str) -> None:
    assert checked_url(url) == url


def test_events_are_named_in_one_order_and_once() -> None:
    known = ("order", "fill", "order.canceled")
    assert checked_events(["fill", "order", "fill"], known) == ("order", "fill")
    for words in ([], ["nothing"], ["order", "x" * 999]):
        with pytest.raises(UserError) as refused:
            checked_events(words, known)
        assert refused.value.code == "invalid_events"


def test_events_are_in_line_once_whatever_crashes(
    disk: MemoryDisk, people: People, hook: Webhook
) -> None:
    put(people, hook, 11, 12)
    # The same stretch once more, as after a crash before it was answered: the cursor has moved on.
    items = [Item("order.accepted", "11-0", "{}")]
    assert people.deliveries.put(hook.id, (10, 0), (12, 0), items, NOW) == 0
    other = again(disk, people)
    assert other.webhooks.find(17, hook.id).cursor == (12, 0)
    assert [one.token for one in due(other)] == ["11-0"]
    assert [one.token for one in other.deliveries.log(hook.id, None, 9)] == ["12-0", "11-0"]
    put(other, hook, 13)
    assert [one.number for one in other.deliveries.log(hook.id, None, 9)] == [3, 2, 1]


def test_a_delivery_keeps_its_id_and_is_tried_later_each_time(
    people: People, hook: Webhook
) -> None:
    put(people, hook, 11)
    limits, now_ns, seen = DEFAULT_DELIVERY_LIMITS, NOW, []
    for pause_s in limits.pauses_s:
        (one,) = due(people, now_ns)
        seen.append(one.id)
        after = people.deliveries.note(one, BAD, now_ns)
        assert (after.state, after.due_ns) == (DeliveryState.WAITING, now_ns + pause_s * SECOND)
        assert (after.status, after.error, after.took_ms) == (500, "it answered 500", 7)
        now_ns = after.due_ns
        rest_ns = people.webhooks.find(17, hook.id).rest_until_ns
        now_ns = max(now_ns, rest_ns)
    (one,) = due(people, now_ns)
    last = people.deliveries.note(one, BAD, now_ns)
    assert (last.state, last.attempts, last.ended_ns) == (DeliveryState.FAILED, 10, now_ns)
    assert set(seen) == {one.id}
    assert due(people, now_ns + 10**18) == []


def test_one_that_is_taken_forgets_the_failures(people: People, hook: Webhook) -> None:
    put(people, hook, 11, 12)
    (one,) = due(people)
    people.deliveries.note(one, BAD, NOW)
    assert people.webhooks.find(17, hook.id).failures == 1
    assert due(people) == [], "it rests"
    (other,) = due(people, NOW + 2 * SECOND)
    assert other.token == "12-0", "what failed waits longer than what has not been tried"
    people.deliveries.note(other, WELL, NOW + 2 * SECOND)
    kept = people.webhooks.find(17, hook.id)
    assert (kept.failures, kept.rest_until_ns) == (0, 0)
    log = people.deliveries.log(hook.id, None, 9)
    assert [one.state for one in log] == [DeliveryState.DELIVERED, DeliveryState.WAITING]


def test_the_receiver_may_ask_for_patience(people: People, hook: Webhook) -> None:
    put(people, hook, 11)
    (one,) = due(people)
    after = people.deliveries.note(one, BAD._replace(status=429, wait_s=900.0), NOW, 1.0)
    assert after.due_ns == NOW + 990 * SECOND, "a tenth more, so that not all come at once"
    assert people.webhooks.find(17, hook.id).rest_until_ns == after.due_ns


def test_after_many_failures_it_is_disabled_and_its_owner_is_told(
    disk: MemoryDisk, people: People, hook: Webhook, user_id: str
) -> None:
    people.deliveries = Deliveries(
        people._database, people.webhooks, people.inbox, DeliveryLimits(failures_max=3)
    )
    put(people, hook, 11, 12, 13, 14)
    now_ns = NOW
    for _ in range(3):
        now_ns += 3600 * SECOND
        people.deliveries.note(due(people, now_ns)[0], BAD, now_ns)
    kept = people.webhooks.find(17, hook.id)
    assert kept.state == HookState.DISABLED
    assert kept.reason == "3 tries failed; the last: it answered 500"
    assert due(people, now_ns + 10**15) == []
    assert people.deliveries.put(hook.id, (14, 0), (15, 0), [], NOW) == 0, "it follows no more"
    other = again(disk, people)
    (item,) = other.inbox.page(user_id, 10)
    assert (item.kind, item.link) == ("webhook_disabled", "/webhooks")
    assert "Bot" in item.title
    back = other.webhooks.change(17, hook.id, NOW, active=True)
    assert (back.state, back.failures, back.reason) == (HookState.ACTIVE, 0, "")
    assert len(due(other, now_ns + 10**15)) == 1, "what waited is sent after all"


def test_one_that_says_it_is_gone_is_believed(people: People, hook: Webhook) -> None:
    put(people, hook, 11)
    people.deliveries.note(due(people)[0], Outcome(410, "it answered 410: gone", 1, 0, True), NOW)
    kept = people.webhooks.find(17, hook.id)
    assert kept.state == HookState.DISABLED
    assert "gone" in kept.reason


def test_a_paused_one_is_told_nothing_and_goes_on(people: People, hook: Webhook) -> None:
    put(people, hook, 11)
    people.webhooks.change(17, hook.id, NOW, active=False)
    assert due(people) == []
    assert people.deliveries.put(hook.id, (11, 0), (12, 0), [Item("a", "b", "c")], NOW) == 0
    people.webhooks.change(17, hook.id, NOW, active=True)
    assert [one.token for one in due(people)] == ["11-0"]


def test_what_its_owner_changed_while_it_was_tried_stays(people: People, hook: Webhook) -> None:
    put(people, hook, 11)
    (one,) = due(people)
    people.webhooks.change(17, hook.id, NOW, url="https://example.com/other", active=False)
    people.deliveries.note(one, WELL, NOW)
    kept = people.webhooks.find(17, hook.id)
    assert (kept.url, kept.state) == ("https://example.com/other", HookState.PAUSED)
    put_after = people.webhooks.change(17, hook.id, NOW, name="Other")
    assert put_after.cursor == (11, 0)


def test_the_log_and_the_line_are_bounded(people: People, hook: Webhook) -> None:
    people.deliveries = Deliveries(
        people._database, people.webhooks, people.inbox, DeliveryLimits(waiting_max=6, log_max=3)
    )
    put(people, hook, 11, 12, 13, 14, 15)
    assert people.deliveries.room(hook.id) == 1
    people.deliveries.put_test(hook, "{}", NOW)
    with pytest.raises(UserError) as refused:
        people.deliveries.put_test(hook, "{}", NOW)
    assert refused.value.code == "too_many_deliveries"
    for _ in range(5):
        people.deliveries.note(due(people)[0], WELL, NOW)
    assert people.deliveries.room(hook.id) == 5
    log = people.deliveries.log(hook.id, None, 9)
    assert [(one.number, one.state) for one in log] == [
        (6, "waiting"), (5, "delivered"), (4, "delivered"), (3, "delivered"),
    ]  # fmt: skip
    assert [one.number for one in people.deliveries.log(hook.id, 5, 1)] == [4]


def test_an_ended_one_is_sent_again_under_its_own_id(people: People, hook: Webhook) -> None:
    put(people, hook, 11)
    (one,) = due(people)
    with pytest.raises(UserError) as refused:
        people.deliveries.again(hook.id, one, NOW)
    assert refused.value.code == "delivery_waiting"
    ended = people.deliveries.note(one, WELL, NOW)
    more = people.deliveries.again(hook.id, ended, NOW + 1)
    assert (more.id, more.body, more.attempts, more.ended_ns) == (one.id, one.body, 0, None)
    assert [each.id for each in due(people, NOW + 1)] == [one.id]
    assert people.deliveries.room(hook.id) == DEFAULT_DELIVERY_LIMITS.waiting_max - 1


def test_deleted_nothing_is_left(
    database: MemoryDatabase, people: People, hook: Webhook, user_id: str
) -> None:
    put(people, hook, 11)
    (one,) = due(people)
    people.webhooks.delete(17, hook.id)
    people.deliveries.note(one, WELL, NOW)
    assert due(people) == []
    assert database.query("SELECT COUNT(*) FROM webhook_deliveries") == [(0,)]
    other = people.webhooks.create(user_id, 17, "", URL, ("fill",), (0, 0), NOW)[0]
    put(people, other, 21)
    database.transact(lambda inside: people.webhooks.store_erase(inside, user_id))
    people.webhooks.erase(user_id)
    assert people.webhooks.of_account(17) == ()
    assert database.query("SELECT COUNT(*) FROM webhook_deliveries") == [(0,)]


def test_ids_are_the_same_for_the_same_number(people: People, hook: Webhook) -> None:
    assert CountedBytes()(4) == CountedBytes()(4)
    put(people, hook, 11)
    (one,) = due(people)
    assert people.deliveries.find(hook.id, one.id.upper()) == one
    with pytest.raises(UserError) as refused:
        people.deliveries.find("00000000-0000-4000-8000-000000000000", one.id)
    assert refused.value.code == "unknown_delivery"


def test_nobody_is_asked_for_where_nothing_waits(people: People, hook: Webhook) -> None:
    assert not people.deliveries.is_waiting
    put(people, hook, 11)
    assert people.deliveries.is_waiting
    people.deliveries.note(due(people)[0], WELL, NOW)
    assert not people.deliveries.is_waiting
    put(people, hook, 12)
    people.webhooks.delete(17, hook.id)
    assert not people.deliveries.is_waiting
