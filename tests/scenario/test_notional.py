"""Goal: an order for an amount of money never spends or brings more. Method: playbooks."""

from collections.abc import Callable

import pytest

from tests.engine_world import World
from tests.scenario.playbook import check

PLAYBOOKS = {
    "a purchase for an amount is rounded down to the lot": """
        quote ACME 29.99x300 30.00x200
        buy $100 ACME                      | accepted #1; filled #1 3.333333333 @ 30.00
        look                               | cash 99900.00; 3.333333333 ACME cost 100.00
        quote RAIL 29.99x300 30.00x200
        buy $100 RAIL                      | accepted #2; filled #2 3 @ 30.00
        buy $29.99 RAIL                    | denied notional_too_small
        buy $30 RAIL                       | accepted #3; filled #3 1 @ 30.00
    """,
    "a waiting purchase spends what is left at the new price, for no more shares than at first": """
        use realistic                      | profile set
        quote RAIL 99.90x300 100.00x5
        buy $1000 RAIL                     | accepted #1; filled #1 5 @ 100.00 part
        look                               | cash 99500.00 held 500.00; 5 RAIL cost 500.00
        quote RAIL 104.00x300 104.10x3     | filled #1 3 @ 104.10 part
        look                               | cash 99187.70 held 187.70; 8 RAIL cost 812.30
        quote RAIL 104.00x300 104.10x3     | filled #1 1 @ 104.10
        look                               | cash 99083.60; 9 RAIL cost 916.40
        quote RAIL 99.90x300 100.00x5
        buy $1000 RAIL                     | accepted #2; filled #2 5 @ 100.00 part
        quote RAIL 89.90x300 90.00x50      | filled #2 5 @ 90.00
        look                               | cash 98133.60; 19 RAIL cost 1866.40
    """,
    "a waiting purchase whose rest buys less than one lot has ended": """
        use realistic                      | profile set
        quote RAIL 99.90x300 100.00x1
        buy $200 RAIL                      | accepted #1; filled #1 1 @ 100.00 part
        quote RAIL 100.90x300 101.00x1     | canceled #1 notional_below_one_lot
        look                               | cash 99900.00; 1 RAIL cost 100.00
    """,
    "a sale for an amount stops when it has brought it": """
        quote ACME 99.90x300 100.00x200
        buy 50 ACME                        | accepted #1; filled #1 50 @ 100.00
        use realistic                      | profile set
        quote RAIL 99.90x300 100.00x200
        buy 50 RAIL                        | accepted #2; filled #2 50 @ 100.00
        quote RAIL 100.00x4 100.10x200
        sell $1000 RAIL                    | accepted #3; filled #3 4 @ 100.00 part \
fee sec_section_31 0.01 fee finra_taf 0.01
        look                               | cash 90399.98; 50 ACME cost 5000.00; \
46 RAIL held 6 cost 4600.00
        quote RAIL 150.00x100 150.10x200   | filled #3 4 @ 150.00 fee sec_section_31 0.02
        look                               | cash 90999.96; 50 ACME cost 5000.00; \
42 RAIL cost 4200.00 realized 200.00
    """,
    "a sale for an amount leaves no dust behind": """
        quote ACME 29.97x300 30.00x200
        buy 50 ACME                        | accepted #1; filled #1 50 @ 30.00
        sell $100 ACME tif=ioc             | accepted #2; filled #2 3.336670003 @ 29.97
        sell $100 ACME                     | accepted #3; filled #3 3.336670003 @ 29.97
        look                               | cash 98699.999998; \
43.326659994 ACME cost 1299.7998 realized -0.200202
        use realistic                      | profile set
        quote COIN/USD 99.90x300 100.03x2
        buy $333.33 COIN/USD               | accepted #4; filled #4 2 @ 100.03 part \
fee crypto_taker 0.50015
        quote COIN/USD 99.90x300 100.07x2  | filled #4 1.331767762 @ 100.07 \
fee crypto_taker 0.333175
        quote COIN/USD 100.26x0 100.40x2
        sell $250 COIN/USD                 | accepted #5
        quote COIN/USD 100.30x1 100.40x2   | filled #5 1 @ 100.30 part fee crypto_taker 0.25075
        quote COIN/USD 100.28x50 100.40x2  | filled #5 1.492820103 @ 100.28 \
fee crypto_taker 0.37425
    """,
    "a sale for an amount needs the shares": """
        quote RAIL 99.90x300 100.00x200
        buy 5 RAIL                         | accepted #1; filled #1 5 @ 100.00
        sell $600 RAIL                     | denied exceeds_position
        sell $99 RAIL                      | denied notional_too_small
        sell $500 RAIL tif=ioc             | accepted #2; filled #2 5 @ 99.90
    """,
    "an amount is for market orders that may be filled in part": """
        quote ACME 99.90x300 100.00x200
        buy $500 ACME tif=fok              | denied notional_not_allowed
        buy $500 ACME limit=100.00         | denied notional_not_allowed
        buy $0.999999 ACME                 | denied notional_too_small
        buy $1000000.01 ACME               | denied notional_too_large
        buy $1 ACME tif=ioc                | accepted #1; filled #1 0.01 @ 100.00
    """,
    "an amount cannot be replaced": """
        use realistic                      | profile set
        quote RAIL 99.90x300 100.00x1
        buy $500 RAIL                      | accepted #1; filled #1 1 @ 100.00 part
        replace #1 qty=7                   | denied notional_not_replaceable
        replace #1 tif=gtc                 | denied notional_not_replaceable
        cancel #1                          | canceled #1 canceled_by_client
        look                               | cash 99900.00; 1 RAIL cost 100.00
    """,
    "the hold covers the amount and its fees": """
        use realistic                      | profile set
        quote COIN/USD 99.90x3 100.00x2
        buy $99800 COIN/USD                | denied exceeds_buying_power
        buy $99750 COIN/USD                | accepted #1; filled #1 2 @ 100.00 part \
fee crypto_taker 0.50
        look                               | cash 99799.50 held 99798.875; 2 COIN/USD cost 200.00
        cancel #1                          | canceled #1 canceled_by_client
        look                               | cash 99799.50; 2 COIN/USD cost 200.00
    """,
}


@pytest.mark.parametrize("title", PLAYBOOKS)
def test_notional(world: World, title: str) -> None:
    check(world, PLAYBOOKS[title])


def test_an_amount_below_one_lot_says_what_one_lot_costs(world: World) -> None:
    """The two numbers of a denial must not fit: one lot's cost and the amount."""
    world.quote("RAIL", "99.90", "100.00")
    [denied] = world.buy("$60", "RAIL")
    assert (denied.required, denied.available) == (100_000_000, 60_000_000)


def test_the_event_tells_the_quantity_that_was_traded(new_world: Callable[..., World]) -> None:
    world = new_world(profile="realistic")
    world.quote("RAIL", "99.90x10", "100.00x5")
    [accepted, first] = world.buy("$1000", "RAIL")
    assert (accepted.qty, first.order_qty) == (10 * 10**9, 10 * 10**9)
    [last] = world.quote("RAIL", "104.90x10", "105.00x5")
    assert (last.order_qty, last.filled_qty, last.status) == (9 * 10**9, 9 * 10**9, 4)
