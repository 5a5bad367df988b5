"""Goal: a rerun changes one account's profile and nothing else. Method: a small world in memory."""

import pytest

from stockyard.model.codes import AccountKind, OrderType, Side, Status, TimeInForce
from stockyard.model.commands import (
    PlaceOrder,
    ResetAccount,
    SetAccountKind,
    SetAccountProfile,
    SetLeverage,
)
from stockyard.model.facts import MarkPrice, Quote
from stockyard.runtime.clock import ManualClock
from stockyard.runtime.rerun import RerunError, rerun
from stockyard.runtime.world import World
from stockyard.storage.memory import MemoryDisk
from tests.unit.runtime.worlds import NOON_NS, UNIT, buy, events, open_account, open_on, quote, send

SECOND = 10**9


@pytest.fixture
def world() -> World:
    """Two accounts that bought; the second under the profile it chose later."""
    clock = ManualClock(NOON_NS)
    world = open_on(MemoryDisk(), clock)
    first, second = open_account(world, "r1"), open_account(world, "r2")
    quote(world)
    events(world, SetAccountProfile(second, 1, "", b""))
    for account_id in (first, second):
        events(world, buy(account_id, f"market-{account_id}", 300))
        events(world, buy(account_id, f"limit-{account_id}", 10, 1_999_800))
    clock.time_ns += SECOND
    quote(world, 1_999_700, 1_999_800)
    return world


def test_under_its_own_profile_nothing_changes(world: World) -> None:
    account_id = min(world.view.accounts)
    found = rerun(lambda: world.journal.read(0), account_id, "realistic")
    assert found.was == found.would
    assert all(pair.was == pair.would for pair in found.orders)
    assert found.was.orders == found.was.fills == 2


def test_under_a_worse_one_it_fills_later_less_and_dearer(world: World) -> None:
    account_id = min(world.view.accounts)
    head = world.journal.head
    found = rerun(lambda: world.journal.read(0), account_id, "brutal")
    market, limit = found.orders
    assert market.was is not None
    assert market.would is not None
    assert market.would.filled_qty <= market.was.filled_qty
    paid = [int(o.filled_value) / o.filled_qty for o in (market.was, market.would)]
    assert paid[1] > paid[0]
    assert limit.was is not None
    assert limit.would is not None
    assert (limit.was.status, limit.would.status) == (Status.FILLED, Status.NEW)
    assert found.would.profit_micros < found.was.profit_micros
    assert world.journal.head == head


def test_a_reset_is_told_for_the_money_counts_from_it(world: World) -> None:
    first, second = sorted(world.view.accounts)
    events(world, ResetAccount(first, 100_000 * 10**6, "", b""))
    found = rerun(lambda: world.journal.read(0), first, "brutal")
    assert (found.resets, found.was.profit_micros, found.was.fills) == (1, 0, 2)
    assert rerun(lambda: world.journal.read(0), second, "brutal").resets == 0


def test_what_the_account_chose_later_is_overruled_too(world: World) -> None:
    account_id = max(world.view.accounts)
    found = rerun(lambda: world.journal.read(0), account_id, "realistic")
    assert (found.was.profile, found.would.profile) == ("ideal", "realistic")
    assert found.orders[0].would is not None
    assert found.orders[0].would.profile_id == 2


def test_a_perpetual_contract_is_worth_what_it_won_and_its_margin(world: World) -> None:
    account_id, contract = max(world.view.accounts), world.view.symbols["BTC-PERP"]
    before = rerun(lambda: world.journal.read(0), account_id, "ideal").was.equity_micros
    events(world, SetAccountKind(account_id, AccountKind.MARGIN, "", b""))
    events(world, SetLeverage(account_id, contract, 10, True, "", b""))
    send(world, MarkPrice(contract, 900_000_000, 900_000_000, world.clock.now_ns()))
    send(world, Quote(contract, 900_000_000, 900_000_000, UNIT, UNIT, world.clock.now_ns()))
    order = PlaceOrder(
        account_id, contract, Side.BUY, OrderType.MARKET, TimeInForce.IOC, UNIT // 10, 0, 0,
        "perp", "", b"",
    )  # fmt: skip
    assert events(world, order)
    send(world, MarkPrice(contract, 910_000_000, 910_000_000, world.clock.now_ns()))
    found = rerun(lambda: world.journal.read(0), account_id, "ideal").was
    # 0.1 of a contract that has risen by 1,000 dollars.
    assert found.equity_micros == before + 100_000_000


def test_what_is_not_there(world: World) -> None:
    with pytest.raises(RerunError, match="no such account"):
        rerun(lambda: world.journal.read(0), 3, "brutal")
    with pytest.raises(RerunError, match="use one of brutal"):
        rerun(lambda: world.journal.read(0), min(world.view.accounts), "kind")
