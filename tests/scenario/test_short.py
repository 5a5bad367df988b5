"""Goal: shares are sold short, borrowed, bought back and protected. Method: playbooks."""

from collections.abc import Callable

import pytest

from tests.engine_terms import ALL_PROFILES, CREDIT
from tests.engine_world import World
from tests.scenario.playbook import check

PLAYBOOKS = {
    "a short sale keeps its proceeds and half of its value": (
        {"cash": "25000", "kind": "margin"},
        """
    quote ACME 100.00x1000 100.10x1000 |
    sell 501 ACME limit=99.00          | denied exceeds_buying_power
    sell 499 ACME limit=99.00          | accepted #1; filled #1 499 @ 100.00
    look                               | cash 74900.00; -499 ACME cost -49900.00
    buy 500 ACME                       | denied exceeds_position
    buy 10 ACME                        | accepted #2; filled #2 10 @ 100.10
    look                               | cash 73899.00; -489 ACME cost -48900.00 realized -1.00
    close ACME                         | accepted #3; filled #3 489 @ 100.10
    look                               | cash 24950.10 realized -49.90
    """,
    ),
    "what is left may be worth less than an order's least value": (
        {"cash": "25000", "kind": "margin"},
        """
    quote ACME 100.00x1000 100.00x1000 |
    sell 1 ACME                        | accepted #1; filled #1 1 @ 100.00
    buy 0.995 ACME                     | accepted #2; filled #2 0.995 @ 100.00
    buy 0.002 ACME                     | accepted #3; filled #3 0.002 @ 100.00
    close ACME                         | accepted #4; filled #4 0.003 @ 100.00
    buy 0.002 ACME                     | denied notional_too_small
    """,
    ),
    # Own cash is what would be left if the shares were bought back: 0, then 1000 - 200.
    "the proceeds of a short sale are not withdrawn": (
        {"cash": "20000", "kind": "margin"},
        """
    quote ACME 100.00x1000 100.00x1000 |
    quote LATE 50.00x1000 50.00x1000   |
    buy 200 ACME limit=100.00          | accepted #1; filled #1 200 @ 100.00
    sell 100 LATE limit=50.00          | accepted #2; filled #2 100 @ 50.00
    look                               | cash 5000.00; 200 ACME cost 20000.00; \
-100 LATE cost -5000.00
    withdraw 0.01                      | denied exceeds_withdrawable_cash
    deposit 1000                       | deposited 1000.00
    quote LATE 52.00x1000 52.00x1000   |
    withdraw 800.01                    | denied exceeds_withdrawable_cash
    withdraw 800                       | withdrawn 800.00
    """,
    ),
    "called when the price rises, met by buying back": (
        {"cash": "25000", "kind": "margin"},
        """
    quote ACME 100.00x1000 100.00x1000 |
    sell 500 ACME limit=100.00         | accepted #1; filled #1 500 @ 100.00
    quote ACME 115.30x1000 115.38x1000 |
    quote ACME 115.30x1000 115.39x1000 | called equity 17305.00 of 17308.50
    sell 1 ACME                        | denied margin_called
    buy 89 ACME                        | accepted #2; filled #2 89 @ 115.39; \
call met equity 17305.00 of 14227.587
    look                               | cash 64730.29; -411 ACME cost -41100.00 realized -1369.71
    """,
    ),
    "below $5 the whole value, at least $2.50 a share": (
        {"cash": "10000", "kind": "margin"},
        """
    quote ACME 4.00x9000 4.00x9000 |
    sell 2501 ACME limit=4.00      | denied exceeds_buying_power
    sell 2500 ACME limit=4.00      | accepted #1; filled #1 2500 @ 4.00
    look                           | cash 20000.00; -2500 ACME cost -10000.00
    quote ACME 4.00x9000 4.01x9000 | called equity 9975.00 of 10025.00
    quote ACME 2.00x9000 2.00x9000 | call met equity 15000.00 of 6250.00
    sell 1200 ACME limit=2.00      | accepted #2; filled #2 1200 @ 2.00
    look                           | cash 22400.00; -3700 ACME cost -12400.00
    """,
    ),
    "at least $5 a share": (
        {"cash": "10000", "kind": "margin"},
        """
    quote ACME 6.00x9000 6.00x9000 |
    sell 2000 ACME limit=6.00      | accepted #1; filled #1 2000 @ 6.00
    quote ACME 6.00x9000 6.01x9000 | called equity 9980.00 of 10000.00
    look                           | cash 22000.00; -2000 ACME cost -12000.00
    """,
    ),
    "what is hard to borrow": (
        {"cash": "100000", "kind": "margin"},
        """
    quote RAIL 100.00x1000 100.10x1000            |
    sell 10 RAIL                                  | denied locate_needed
    sell 10 RAIL locate=yes                       | accepted #1; filled #1 10 @ 100.00
    sell 291 RAIL locate=yes                      | denied not_enough_to_borrow
    sell 290 RAIL locate=yes limit=120.00 tif=gtc | accepted #2
    open 50000 ideal margin                       | opened; deposited 50000.00
    sell 1 RAIL locate=yes account=2              | denied not_enough_to_borrow
    replace #2 qty=289                            | replaced #2 by #3; accepted #3
    sell 1 RAIL locate=yes account=2              | accepted #4; filled #4 1 @ 100.00
    cancel #3                                     | canceled #3 canceled_by_client
    lend RAIL no                                  |
    sell 1 RAIL locate=yes                        | denied not_shortable
    lend ACME 5                                   |
    quote ACME 100.00x1000 100.10x1000            |
    sell 6 ACME                                   | denied not_enough_to_borrow
    sell 1.5 ACME                                 | denied short_not_whole
    sell 5 ACME                                   | accepted #5; filled #5 5 @ 100.00
    quote COIN/USD 100.00x1000 100.10x1000        |
    sell 1 COIN/USD                               | denied not_shortable
    look                                          | cash 101500.00; -5 ACME cost -500.00; \
-10 RAIL cost -1000.00
    """,
    ),
    "the fee for borrowing": (
        {"cash": "100000", "kind": "margin"},
        """
    quote RAIL 20.00x1000 20.00x1000     |
    sell 100 RAIL limit=20.00 locate=yes | accepted #1; filled #1 100 @ 20.00
    tick day 2 00:00:00                  | charged 2.00 borrow_fee RAIL
    tick day 2 10:00:00                  |
    quote RAIL 29.90x1000 30.00x1000     |
    tick day 4 00:00:00                  | charged 3.00 borrow_fee RAIL; \
charged 3.00 borrow_fee RAIL
    look                                 | cash 101992.00; -100 RAIL cost -2000.00
    """,
    ),
    "a position is never turned round": (
        {"cash": "100000", "kind": "margin"},
        """
    quote ACME 99.90x1000 100.00x1000 |
    sell 10 ACME limit=105.00 tif=gtc | accepted #1
    buy 10 ACME limit=90.00 tif=gtc   | denied opposite_order_open
    cancel #1                         | canceled #1 canceled_by_client
    buy 10 ACME limit=90.00 tif=gtc   | accepted #2
    sell 10 ACME limit=105.00 tif=gtc | denied opposite_order_open
    buy 20 ACME                       | accepted #3; filled #3 20 @ 100.00
    sell 21 ACME                      | denied exceeds_position
    sell 20 ACME limit=110.00 tif=gtc | accepted #4
    sell 1 ACME                       | denied exceeds_position
    close ACME                        | denied exceeds_position
    close ACME cancel=yes             | canceled #2 canceled_to_close_position; \
canceled #4 canceled_to_close_position; accepted #5; filled #5 20 @ 99.90
    sell 10 ACME                      | accepted #6; filled #6 10 @ 99.90
    look                              | cash 100997.00; -10 ACME cost -999.00 realized -2.00
    """,
    ),
    "exits of a short position": (
        {"cash": "31000", "kind": "margin"},
        """
    quote ACME 99.90x1000 100.00x1000              |
    sell 100 ACME                                  | accepted #1; filled #1 100 @ 99.90
    protect ACME tp=101.00                         | denied take_profit_wrong_side
    protect ACME tp=95.00 sl=105.00                | accepted #2; accepted #3
    look                                           | cash 40990.00; \
-100 ACME held 100 cost -9990.00
    quote ACME 94.80x1000 95.00x1000               | filled #2 100 @ 95.00; \
canceled #3 other_leg_filled
    look                                           | cash 31490.00 realized 490.00
    sell 50 ACME limit=94.80 class=bracket tp=90.00 sl=97.00 | accepted #4; held #5; held #6; \
filled #4 50 @ 94.80; activated #5; activated #6
    quote ACME 97.00x1000 97.10x1000               | triggered #6 97.10 past 97.00; \
filled #6 50 @ 97.10; canceled #5 other_leg_filled
    look                                           | cash 31375.00 realized 375.00
    sell 50 ACME limit=97.00 class=oto sl=~1.00    | accepted #7; held #8; filled #7 50 @ 97.00; \
activated #8
    quote ACME 95.00x1000 95.10x1000               |
    quote ACME 96.00x1000 96.10x1000               | triggered #8 96.10 past 96.10; \
filled #8 50 @ 96.10
    look                                           | cash 31420.00 realized 420.00
    """,
    ),
    "under latency": (
        {"cash": "31000", "profile": "strict", "kind": "margin"},
        """
    quote ACME 99.90x1000 100.00x1000 |
    sell 100 ACME                     | sent #1
    wait 1                            |
    quote ACME 99.80x1000 99.90x1000  | arrived #1; \
filled #1 100 @ 99.88 slipped 0.02 fee sec_section_31 0.21 fee finra_taf 0.02
    look                              | cash 40987.77; -100 ACME cost -9988.00
    buy 50 ACME                       | sent #2
    buy 50 ACME                       | sent #3
    buy 1 ACME                        | denied exceeds_position
    wait 1                            |
    quote ACME 99.80x1000 99.90x1000  | arrived #2; filled #2 50 @ 99.92 slipped 0.02; \
arrived #3; filled #3 50 @ 99.92 slipped 0.02
    look                              | cash 30995.77 realized -4.00
    """,
    ),
    "a reset gives back what is borrowed": (
        {"cash": "31000", "kind": "margin"},
        """
    quote RAIL 99.90x1000 100.00x1000  |
    sell 100 RAIL locate=yes           | accepted #1; filled #1 100 @ 99.90
    reset 5000                         | gave up -100 RAIL; reset to 5000.00
    look                               | cash 5000.00
    open 90000 ideal margin            | opened; deposited 90000.00
    sell 301 RAIL locate=yes account=2 | denied not_enough_to_borrow
    sell 300 RAIL locate=yes account=2 | accepted #2; filled #2 300 @ 99.90
    """,
    ),
}


@pytest.mark.parametrize("restarted", [False, True], ids=["", "restarted"])
@pytest.mark.parametrize("name", PLAYBOOKS)
def test_short(new_world: Callable[..., World], name: str, restarted: bool) -> None:
    settings, table = PLAYBOOKS[name]
    check(new_world(credit=CREDIT, profiles=ALL_PROFILES, **settings), table, restarted)
