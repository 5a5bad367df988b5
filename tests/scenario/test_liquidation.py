"""Goal: what happens when a margin call is not met. Method: playbooks, and accounts with more
positions than one input can close.
"""

from collections.abc import Callable
from typing import Any

import pytest

from stockyard.model import events as e
from stockyard.model.denials import DenyCode
from stockyard.model.numbers import LEGS_MAX
from tests import engine_terms as terms
from tests.engine_terms import ALL_PROFILES, CREDIT
from tests.engine_world import World
from tests.scenario.playbook import check

PLAYBOOKS = {
    "largest loss first, and no more than is needed": (
        {"cash": "33000", "kind": "margin"},
        """
    quote ACME 99.00x1000 100.00x1000 |
    quote LATE 50.00x1000 50.10x1000  |
    buy 500 ACME limit=100.00         | accepted #1; filled #1 500 @ 100.00
    buy 300 LATE limit=50.10          | accepted #2; filled #2 300 @ 50.10
    buy 10 LATE limit=40.00 tif=gtc   | accepted #3
    quote ACME 60.00x1000 60.10x1000  | called equity 12970.00 of 13500.00
    tick 11:59:59                     |
    tick 12:00:01                     | liquidation equity 12970.00 of 13500.00; \
canceled #3 account_in_liquidation; accepted #4; filled #4 500 @ 60.00; \
call met equity 12970.00 of 4500.00
    look                              | cash -2030.00 realized -20000.00; 300 LATE cost 15030.00
    tick 12:01:02                     |
    """,
    ),
    "of equal losses by symbol": (
        {"cash": "26000", "kind": "margin"},
        """
    quote LATE 100.00x1000 100.00x1000 |
    quote ACME 100.00x1000 100.00x1000 |
    buy 250 LATE limit=100.00          | accepted #1; filled #1 250 @ 100.00
    buy 250 ACME limit=100.00          | accepted #2; filled #2 250 @ 100.00
    quote LATE 60.00x1000 60.00x1000   |
    quote ACME 60.00x1000 60.00x1000   | called equity 6000.00 of 9000.00
    tick 12:00:01                      | liquidation equity 6000.00 of 9000.00; accepted #3; \
filled #3 250 @ 60.00; call met equity 6000.00 of 4500.00
    look                               | cash -9000.00 realized -10000.00; 250 LATE cost 25000.00
    """,
    ),
    "short and long": (
        {"cash": "30000", "kind": "margin"},
        """
    quote LATE 100.00x1000 100.00x1000 |
    quote ACME 100.00x1000 100.00x1000 |
    buy 250 LATE limit=100.00          | accepted #1; filled #1 250 @ 100.00
    sell 300 ACME limit=100.00         | accepted #2; filled #2 300 @ 100.00
    quote ACME 151.00x1000 151.00x1000 | called equity 14700.00 of 21090.00
    tick 12:00:01                      | liquidation equity 14700.00 of 21090.00; accepted #3; \
filled #3 300 @ 151.00; call met equity 14700.00 of 7500.00
    look                               | cash -10300.00 realized -15300.00; 250 LATE cost 25000.00
    """,
    ),
    "a closed market is waited for": (
        {"cash": "30000", "kind": "margin"},
        """
    quote ACME 99.00x1000 100.00x1000 |
    buy 600 ACME limit=100.00         | accepted #1; filled #1 600 @ 100.00
    tick 15:30:00                     |
    quote ACME 60.00x1000 60.10x1000  | called equity 6000.00 of 10800.00
    tick 17:35:00                     | liquidation equity 6000.00 of 10800.00; queued #2
    cancel #2                         | denied liquidation_order
    replace #2 qty=5                  | denied liquidation_order
    cancel all                        |
    close ACME cancel=yes             | denied exceeds_position
    look                              | cash -30000.00; 600 ACME held 600 cost 60000.00
    tick day 2 09:30:00               | charged 6.00 debit_interest; activated #2
    quote ACME 61.00x1000 61.10x1000  | filled #2 600 @ 61.00; call met equity 6594.00 of 0.00
    look                              | cash 6594.00 realized -23400.00
    """,
    ),
    "met meanwhile": (
        {"cash": "30000", "kind": "margin"},
        """
    quote ACME 99.00x1000 100.00x1000 |
    buy 600 ACME limit=100.00         | accepted #1; filled #1 600 @ 100.00
    tick 15:30:00                     |
    quote ACME 60.00x1000 60.10x1000  | called equity 6000.00 of 10800.00
    tick 17:35:00                     | liquidation equity 6000.00 of 10800.00; queued #2
    deposit 4799.99                   | deposited 4799.99
    deposit 0.01                      | deposited 0.01; call met equity 10800.00 of 10800.00; \
canceled #2 margin_call_met
    look                              | cash -25200.00; 600 ACME cost 60000.00
    """,
    ),
    "nobody takes it all at once": (
        {"cash": "30000", "profile": "realistic", "kind": "margin"},
        """
    fees us_equity rules=             |
    quote ACME 99.00x1000 100.00x1000 |
    buy 600 ACME limit=100.00         | accepted #1; filled #1 600 @ 100.00
    quote ACME 60.00x200 60.10x1000   | called equity 6000.00 of 10800.00
    tick 12:00:03                     | liquidation equity 6000.00 of 10800.00; accepted #2
    quote ACME 60.00x200 60.10x1000   | filled #2 200 @ 60.00 part
    quote ACME 60.00x200 60.10x1000   | filled #2 200 @ 60.00 part; \
call met equity 6000.00 of 3600.00; canceled #2 margin_call_met
    look                              | cash -6000.00; 200 ACME cost 20000.00 realized -16000.00
    """,
    ),
    "exits go first": (
        {"cash": "30000", "kind": "margin"},
        """
    quote ACME 99.00x1000 100.00x1000 |
    buy 600 ACME limit=100.00         | accepted #1; filled #1 600 @ 100.00
    protect ACME tp=120.00 sl=50.00   | accepted #2; accepted #3
    quote ACME 60.00x1000 60.10x1000  | called equity 6000.00 of 10800.00
    tick 12:00:03                     | liquidation equity 6000.00 of 10800.00; \
canceled #2 account_in_liquidation; canceled #3 account_in_liquidation; accepted #4; \
filled #4 600 @ 60.00; call met equity 6000.00 of 0.00
    look                              | cash 6000.00 realized -24000.00
    """,
    ),
}


@pytest.mark.parametrize("restarted", [False, True], ids=["", "restarted"])
@pytest.mark.parametrize("name", PLAYBOOKS)
def test_liquidation(new_world: Callable[..., World], name: str, restarted: bool) -> None:
    settings, table = PLAYBOOKS[name]
    check(new_world(credit=CREDIT, profiles=ALL_PROFILES, **settings), table, restarted)


NAMES = [f"S{number:02}" for number in range(1, 21)]
STOCKS = tuple(terms.stock(number, name) for number, name in enumerate(NAMES, 1))


def fallen(new_world: Callable[..., World], accounts: list[list[str]]) -> World:
    """Each account holds 20 shares of its stocks at $100, half of them on credit, and is called
    when they fall to about $51: the first of all the deepest.
    """
    world = new_world(
        instruments=STOCKS, credit=CREDIT, cash=str(1_000 * len(accounts[0])), kind="margin"
    )
    for others in accounts[1:]:
        world.open_account(str(1_000 * len(others)), kind="margin")
    for name in NAMES:
        world.quote(name, "100", "100")
    for number, names in enumerate(accounts, 1):
        for name in names:
            world.order("buy", "20", name, limit="100", account=number)
    world.wait("3600")
    for place, name in enumerate(NAMES):
        price = f"51.{place:02}"
        world.quote(name, price, price)
    return world


def closed(world: World, events: list[Any]) -> list[str]:
    """The stocks that the house sold."""
    sold = [x for x in events if isinstance(x, e.OrderFilled)]
    assert [x.order_id for x in sold] == [
        world.engine.seq * LEGS_MAX + leg for leg in range(len(sold))
    ]
    return [NAMES[x.instrument_id - 1] for x in sold]


def count(events: list[Any], kind: type) -> int:
    """How many of the events are of a kind."""
    return sum(isinstance(x, kind) for x in events)


@pytest.mark.parametrize("restarted", [False, True], ids=["", "restarted"])
def test_more_positions_than_one_input_closes(
    new_world: Callable[..., World], restarted: bool
) -> None:
    """$438 of equity carries one position that requires $307, not two."""
    world = fallen(new_world, [NAMES])
    assert count(world.events, e.MarginCalled) == 1
    first = world.tick("13:00:05")
    assert closed(world, first) == NAMES[:LEGS_MAX]
    assert count(first, e.LiquidationStarted) == 1
    assert count(first, e.MarginCallMet) == 0
    assert world.engine.next_due_ns == world.ts, "the rest is due at once"
    if restarted:
        world.restart()
        assert world.engine.next_due_ns == world.ts
    assert world.quote("S20", "51.19", "51.20") == [], "nothing is closed but by the clock"
    denied = world.order("buy", "1", "S20", limit="51.20")
    assert [x.code for x in denied] == [DenyCode.MARGIN_CALLED], denied
    rest = world.tick("13:00:06")
    assert closed(world, rest) == NAMES[LEGS_MAX:19]
    assert count(rest, e.LiquidationStarted) == 0
    assert count(rest, e.MarginCallMet) == 1
    assert [x.qty for x in world.account(1).positions if x.qty] == [20 * 10**9]
    assert world.tick("13:02:00") == []


def test_what_the_owner_sells_meanwhile_is_not_closed_again(
    new_world: Callable[..., World],
) -> None:
    world = fallen(new_world, [NAMES])
    world.tick("13:00:05")
    world.restart()
    assert count(world.close("S17"), e.OrderFilled) == 1
    assert closed(world, world.tick("13:00:06")) == ["S18", "S19"]


@pytest.mark.parametrize("restarted", [False, True], ids=["", "restarted"])
def test_one_input_closes_for_several_accounts(
    new_world: Callable[..., World], restarted: bool
) -> None:
    """Equity of $209 and of $229 carries no position of $306: all are closed, one account's first
    and of the other's what still fits.
    """
    world = fallen(new_world, [NAMES[:10], NAMES[10:]])
    assert count(world.events, e.MarginCalled) == 2
    first = world.tick("13:00:05")
    assert count(first, e.LiquidationStarted) == 2
    assert closed(world, first) == [*NAMES[:10], *NAMES[10:16]]
    if restarted:
        world.restart()
    rest = world.tick("13:00:06")
    assert count(rest, e.LiquidationStarted) == 0
    assert closed(world, rest) == NAMES[16:]
