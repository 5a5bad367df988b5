"""The hub: private events in an unbroken chain, quotes conflated, nobody waited for."""

import msgspec
import pytest

from stockyard.model.facts import Quote, Trade
from stockyard.model.ticks import Bar
from stockyard.runtime import hub
from stockyard.runtime.clock import ManualClock
from stockyard.runtime.hub import QUEUE_EVENTS_MAX, SUBSCRIBERS_MAX, Channel, Hub, Subscriber
from stockyard.runtime.market_data import Changes
from stockyard.runtime.world import World
from stockyard.storage.memory import MemoryDisk
from tests.unit.runtime.worlds import (
    AAPL,
    NOON_NS,
    buy,
    nothing,
    open_account,
    open_on,
    quote,
    send,
)


def test_private_events_form_a_chain_also_across_a_restart() -> None:
    disk = MemoryDisk()
    world = open_on(disk, ManualClock(NOON_NS))
    account_id = open_account(world)
    other_id = open_account(world, key="r2")
    quote(world)
    follower = Subscriber(nothing)
    assert world.hub.join(follower)
    last = world.hub.follow_account(follower, account_id)
    send(world, buy(account_id, "o1"))
    send(world, buy(other_id, "o2"))
    send(world, buy(account_id, "o3"))
    told = follower.take_events()
    assert {event.event.account_id for event in told} == {account_id}
    assert [event.prev for event in told] == [last, *[(e.seq, e.idx) for e in told[:-1]]]
    world.projector.flush()
    again = open_on(disk, ManualClock(NOON_NS))
    assert again.hub.last_name(account_id) == (told[-1].seq, told[-1].idx)
    replayed = again.store.events_after(account_id, *last, limit=100)
    assert [(seq, idx) for seq, idx, _, _ in replayed] == [(e.seq, e.idx) for e in told]


def changed(world: World, follower: Subscriber) -> list[int]:
    """The instruments whose quotes wait for a follower once they were distributed."""
    world.hub.distribute()
    return [topic.key[1] for topic in follower.take_pending()]


def trades(follower: Subscriber) -> list[int]:
    """The prices of the trades that wait for a follower."""
    return [item.value.price for item in follower.take_items()]


def test_quotes_are_conflated_and_distributed_once() -> None:
    world = open_on(MemoryDisk(), ManualClock(NOON_NS))
    told: list[None] = []
    world.hub.on_change = lambda: told.append(None)
    follower = Subscriber(nothing)
    world.hub.join(follower)
    world.hub.subscribe(follower, [AAPL])
    for ask in (2_000_000, 2_000_100, 2_000_200):
        quote(world, ask=ask)
    send(world, Quote(2, 1, 2, 1, 1, NOON_NS))
    assert len(told) == 1
    assert world.hub.distribute() == [follower]
    quote(world)
    assert len(told) == 2
    assert world.hub.distribute() == [], "something waits for it already"
    assert changed(world, follower) == [AAPL]
    world.hub.unsubscribe(follower, [AAPL])
    quote(world)
    assert changed(world, follower) == []
    assert len(told) == 2


def test_trades_come_one_by_one_and_what_does_not_fit_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = open_on(MemoryDisk(), ManualClock(NOON_NS))
    one, every = Subscriber(nothing), Subscriber(nothing)
    for follower in (one, every):
        world.hub.join(follower)
    world.hub.subscribe(one, [AAPL], Channel.TRADES)
    world.hub.subscribe_all(every, Channel.TRADES)
    for price in (7, 8):
        send(world, Trade(AAPL, price, 1, NOON_NS))
    send(world, Trade(2, 9, 1, NOON_NS))
    assert world.hub.distribute() == [one, every]
    assert (trades(one), trades(every)) == ([7, 8], [7, 8, 9])
    assert not one.take_pending(), "it does not follow quotes"
    monkeypatch.setattr(hub, "QUEUE_ITEMS_MAX", 3)
    monkeypatch.setattr(hub, "TOPIC_ITEMS_MAX", 5)
    for price in range(6):
        send(world, Trade(AAPL, price, 1, NOON_NS))
    world.hub.distribute()
    assert world.hub.dropped == 1
    assert (trades(one), one.take_missed()) == ([0, 1, 2], {Channel.TRADES: 2})
    assert one.take_missed() == {}
    world.hub.unsubscribe_all(every, Channel.TRADES)
    assert (trades(every), every.take_missed()) == ([], {})
    world.hub.unsubscribe(one, [AAPL], Channel.TRADES)
    send(world, Trade(AAPL, 5, 1, NOON_NS))
    assert world.hub.distribute() == []


def test_subscribe_all_follows_every_symbol_until_unsubscribed() -> None:
    world = open_on(MemoryDisk(), ManualClock(NOON_NS))
    follower = Subscriber(nothing)
    world.hub.join(follower)
    world.hub.subscribe(follower, [AAPL])
    world.hub.subscribe_all(follower)
    assert world.hub.followed(follower) == []
    quote(world)
    send(world, Quote(2, 1, 2, 1, 1, NOON_NS))
    assert changed(world, follower) == [AAPL, 2]
    quote(world)
    world.hub.distribute()
    world.hub.unsubscribe_all(follower)
    quote(world)
    assert changed(world, follower) == []


def test_a_subscriber_that_does_not_read_overflows_and_others_do_not_notice() -> None:
    world = open_on(MemoryDisk(), ManualClock(NOON_NS))
    account_id = open_account(world)
    idle, reading = Subscriber(nothing), Subscriber(nothing)
    for follower in (idle, reading):
        world.hub.join(follower)
        world.hub.follow_account(follower, account_id)
    for n in range(QUEUE_EVENTS_MAX + 10):
        send(world, buy(account_id, f"o{n}", shares=1, limit=0))
        assert len(reading.take_events()) == 1
    assert idle.overflowed
    assert len(idle.events) == QUEUE_EVENTS_MAX
    assert not reading.overflowed


def test_the_number_of_subscribers_is_bounded() -> None:
    full = Hub()
    assert all(full.join(Subscriber(nothing)) for _ in range(SUBSCRIBERS_MAX))
    late = Subscriber(nothing)
    assert not full.join(late)
    full.leave(next(iter(full._subscribers)))
    assert full.join(late)
    assert len(full) == SUBSCRIBERS_MAX


def bar(minute: int, close: int, final: bool = False, revision: int = 0) -> Bar:
    """A bar of one minute of AAPL."""
    return Bar(
        AAPL, "", 60, minute * 60 * 10**9, 1, close, 1, close, 10, 10 * close, 1, revision, final
    )


def bars(full: Hub, follower: Subscriber) -> list[tuple[int, int, bool]]:
    """Close, revision and whether it is final of each bar that waits, items first."""
    full.distribute()
    found = [item.value for item in follower.take_items()]
    found += [topic.latest for topic in follower.take_pending()]
    return [(one.close, one.revision, one.final) for one in found]


def test_the_last_of_each_bar_is_said_also_when_late_or_amended() -> None:
    full, follower = Hub(), Subscriber(nothing)
    full.join(follower)
    full.publish_bar(bar(1, 5))
    assert not full.has_changes, "nobody follows"
    assert full.topic(Channel.BARS, AAPL, 60).latest == bar(1, 5)
    full.subscribe(follower, [AAPL], Channel.BARS, 60)
    for close in (6, 7):
        full.publish_bar(bar(1, close))
    assert bars(full, follower) == [(7, 0, False)]
    full.publish_bar(bar(1, 8))
    full.publish_bar(bar(2, 9))
    assert bars(full, follower) == [(8, 0, False), (9, 0, False)]
    full.publish_bar(bar(1, 8, final=True))
    full.publish_bar(bar(1, 10, final=True, revision=1))
    full.publish_bar(bar(2, 11))
    full.publish_bar(bar(2, 11, final=True))
    assert bars(full, follower) == [(8, 0, True), (10, 1, True), (11, 0, True)]
    full.publish_market(
        Changes([bar(3, 12), msgspec.structs.replace(bar(3, 13), source="a")], [AAPL])
    )
    assert bars(full, follower) == [(12, 0, False)]
    full.unsubscribe_all(follower, Channel.BARS, 1)
    full.publish_bar(bar(3, 13))
    assert bars(full, follower) == [(13, 0, False)]
    full.unsubscribe_all(follower, Channel.BARS)
    full.publish_bar(bar(3, 14))
    assert bars(full, follower) == []
