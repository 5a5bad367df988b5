"""Goal: a replacement is a new order that counts the chain and keeps what is filled. Playbooks."""

from collections.abc import Callable

import pytest

from stockyard.model.denials import DenyCode
from tests.engine_world import World
from tests.scenario.playbook import check

PLAYBOOKS = {
    "quantity, price and time in force, alone and together": """
        quote ACME 99.90x300 100.00x200
        buy 10 ACME limit=90.00            | accepted #1
        replace #1 qty=12                  | replaced #1 by #2; accepted #2
        replace #2 limit=91.00             | replaced #2 by #3; accepted #3
        replace #3 tif=gtc                 | replaced #3 by #4; accepted #4
        look                               | cash 100000.00 held 1092.00
        replace #4 qty=5 limit=80.00 tif=day | replaced #4 by #5; accepted #5
        tick 16:00:00                      | expired #5 trading_day_ended
    """,
    "a replacement that changes nothing, or an order that is gone": """
        quote ACME 99.90x300 100.00x200
        buy 10 ACME limit=90.00            | accepted #1
        replace #1                         | denied replace_changes_nothing
        replace #1 qty=10 limit=90.00 tif=day | denied replace_changes_nothing
        replace #1 qty=11                  | replaced #1 by #2; accepted #2
        replace #1 qty=12                  | denied order_not_open
        cancel #1                          | denied order_not_open
        cancel #2                          | canceled #2 canceled_by_client
        replace #2 qty=12                  | denied order_not_open
    """,
    "the new total counts what the old order has filled": """
        use realistic                      | profile set
        quote ACME 99.90x300 100.00x40
        buy 100 ACME limit=100.00          | accepted #1; filled #1 40 @ 100.00 part
        replace #1 qty=39                  | denied replace_quantity_not_above_filled
        replace #1 qty=40                  | denied replace_quantity_not_above_filled
        replace #1 qty=100                 | denied replace_changes_nothing
        replace #1 limit=99.00             | replaced #1 by #2; accepted #2
        look                               | cash 96000.00 held 5940.00; 40 ACME cost 4000.00
        quote ACME 98.90x300 99.00x10      | filled #2 10 @ 99.00 part
        replace #2 qty=10                  | denied replace_quantity_not_above_filled
        replace #2 qty=11                  | replaced #2 by #3; accepted #3
        quote ACME 98.90x300 99.00x10      | filled #3 1 @ 99.00
    """,
    "a replacement that reaches the quote fills at once": """
        quote ACME 99.90x300 100.00x200
        buy 10 ACME limit=90.00            | accepted #1
        replace #1 limit=100.00            | replaced #1 by #2; accepted #2; filled #2 10 @ 100.00
        buy 10 ACME limit=90.00            | accepted #3
        replace #3 limit=95.00 tif=ioc     | replaced #3 by #4; accepted #4; \
canceled #4 rest_of_immediate_or_cancel
    """,
    "a replacement obeys every rule of an order": """
        quote ACME 99.90x300 100.00x200
        buy 10 ACME limit=90.00            | accepted #1
        replace #1 limit=90.005            | denied price_off_tick
        replace #1 limit=150.01            | denied price_outside_band
        replace #1 qty=0.01                | denied notional_too_small
        replace #1 qty=1000001             | denied quantity_too_large
        replace #1 qty=100000              | denied notional_too_large
        replace #1 qty=1200                | denied exceeds_buying_power
        sell 1 ACME limit=120.00           | denied exceeds_position
        replace #1 limit=100.00            | replaced #1 by #2; accepted #2; filled #2 10 @ 100.00
        sell 4 ACME limit=120.00           | accepted #3
        replace #3 qty=11                  | denied exceeds_position
        replace #3 qty=10                  | replaced #3 by #4; accepted #4
        look                               | cash 99000.00; 10 ACME held 10 cost 1000.00
    """,
    "a market order that waits can be replaced, with a new collar": """
        use realistic                      | profile set
        quote ACME 99.90x300 100.00x10
        buy 30 ACME                        | accepted #1; filled #1 10 @ 100.00 part
        replace #1 limit=100.00            | denied limit_price_not_allowed
        quote ACME 104.90x300 105.00x5     | filled #1 5 @ 105.00 part
        replace #1 qty=20                  | replaced #1 by #2; accepted #2
        quote ACME 109.90x300 110.00x9     | filled #2 5 @ 110.00
    """,
    "a replacement is filled under the account's profile of now": """
        quote ACME 99.90x300 100.00x10
        buy 30 ACME limit=99.00            | accepted #1
        buy 30 ACME limit=99.00            | accepted #2
        use realistic                      | profile set
        replace #1 limit=99.50             | replaced #1 by #3; accepted #3
        quote ACME 98.90x300 99.00x10      | filled #2 30 @ 99.00; filled #3 10 @ 99.00 part
    """,
}


@pytest.mark.parametrize("title", PLAYBOOKS)
@pytest.mark.parametrize("restarted", [False, True], ids=["", "restarted"])
def test_replace(world: World, title: str, restarted: bool) -> None:
    check(world, PLAYBOOKS[title], restarted)


def test_the_chain_is_counted_and_linked(world: World) -> None:
    world.buy("10", "ACME", limit="90.00")
    for version, price in enumerate(("91.00", "92.00", "93.00"), 2):
        replaced, accepted = world.replace(version - 1, limit=price)
        assert replaced.order_id == world.orders[version - 2]
        assert replaced.replaced_by == accepted.order_id == world.orders[version - 1]
        assert (accepted.replaces, accepted.version) == (replaced.order_id, version)
        assert (replaced.held_micros_after, accepted.held_micros_after) == (
            0,
            accepted.limit_price * 1_000,
        )
    world.restart()
    assert world.open_order(4).version == 4


def test_an_account_at_its_limit_of_orders_may_still_replace(
    new_world: Callable[..., World],
) -> None:
    world = new_world()
    for _ in range(20):
        world.buy("1", "ACME", limit="9.00")
    [denied] = world.buy("1", "ACME", limit="9.00")
    assert (denied.code, denied.required, denied.available) == (
        DenyCode.TOO_MANY_OPEN_ORDERS,
        21,
        20,
    )
    assert len(world.replace(20, limit="8.00")) == 2
    assert len(world.cancel(1)) == 1
    assert len(world.buy("1", "ACME", limit="9.00")) == 1
    assert len(world.engine.snapshot().orders) == 20


def test_closing_a_position_frees_the_places_of_the_orders_it_cancels(world: World) -> None:
    world.quote("ACME", "99.90", "100.00")
    world.buy("30", "ACME")
    for _ in range(20):
        world.sell("1", "ACME", limit="120.00")
    [denied] = world.close("ACME")
    assert denied.code == DenyCode.TOO_MANY_OPEN_ORDERS
    assert len(world.close("ACME", cancel_orders=True)) == 22
    assert world.position("ACME").qty == 0
