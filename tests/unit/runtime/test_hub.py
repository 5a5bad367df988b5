"""The hub: private events in an unbroken chain, quotes conflated, nobody waited for."""

from stockyard.model.facts import Quote
from stockyard.runtime.clock import ManualClock
from stockyard.runtime.hub import QUEUE_EVENTS_MAX, SUBSCRIBERS_MAX, Hub, Subscriber
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


def test_quotes_are_conflated_and_wake_once() -> None:
    world = open_on(MemoryDisk(), ManualClock(NOON_NS))
    woken: list[None] = []
    follower = Subscriber(lambda: woken.append(None))
    world.hub.join(follower)
    world.hub.subscribe(follower, [AAPL])
    for ask in (2_000_000, 2_000_100, 2_000_200):
        quote(world, ask=ask)
    send(world, Quote(2, 1, 2, 1, 1, NOON_NS))
    assert follower.take_quotes() == [AAPL]
    assert len(woken) == 1
    world.hub.unsubscribe(follower, [AAPL])
    quote(world)
    assert follower.take_quotes() == []


def test_subscribe_all_follows_every_symbol_until_unsubscribed() -> None:
    world = open_on(MemoryDisk(), ManualClock(NOON_NS))
    follower = Subscriber(nothing)
    world.hub.join(follower)
    world.hub.subscribe_all(follower)
    quote(world)
    send(world, Quote(2, 1, 2, 1, 1, NOON_NS))
    assert follower.take_quotes() == [AAPL, 2]
    world.hub.unsubscribe_all(follower)
    quote(world)
    assert follower.take_quotes() == []


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
    hub = Hub()
    assert all(hub.join(Subscriber(nothing)) for _ in range(SUBSCRIBERS_MAX))
    late = Subscriber(nothing)
    assert not hub.join(late)
    hub.leave(next(iter(hub._subscribers)))
    assert hub.join(late)
    assert len(hub) == SUBSCRIBERS_MAX
