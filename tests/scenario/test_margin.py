"""Goal: what a margin account can buy, must keep and pays. Method: playbooks, worked by hand."""

from collections.abc import Callable

import pytest

from tests.engine_terms import ALL_PROFILES, CREDIT
from tests.engine_world import World
from tests.scenario.playbook import check

PLAYBOOKS = {
    "half is borrowed: Regulation T": (
        {"cash": "50000", "kind": "margin"},
        """
    quote ACME 99.00x1000 100.00x1000 |
    buy 1001 ACME limit=100.00        | denied exceeds_buying_power
    buy 1000 ACME limit=100.00        | accepted #1; filled #1 1000 @ 100.00
    look                              | cash -50000.00; 1000 ACME cost 100000.00
    buy 1 ACME limit=100.00           | denied exceeds_buying_power
    sell 1001 ACME                    | denied exceeds_position
    withdraw 1                        | denied exceeds_withdrawable_cash
    deposit 1000                      | deposited 1000.00
    withdraw 501                      | denied exceeds_withdrawable_cash
    withdraw 500                      | denied exceeds_withdrawable_cash
    buy 10 ACME limit=100.00          | accepted #2; filled #2 10 @ 100.00
    buy 1 ACME limit=100.00           | denied exceeds_buying_power
    close ACME                        | accepted #3; filled #3 1010 @ 99.00
    look                              | cash 49990.00 realized -1010.00
    """,
    ),
    "an order holds its initial requirement, and gives it back": (
        {"cash": "50000", "profile": "realistic", "kind": "margin"},
        """
    fees us_equity rules=             |
    quote ACME 99.00x100 100.00x100   |
    buy 600 ACME limit=100.00 tif=gtc | accepted #1; filled #1 100 @ 100.00 part
    look                              | cash 40000.00 held 25000.00; 100 ACME cost 10000.00
    quote ACME 98.00x100 99.00x100    | filled #1 100 @ 99.00 part
    look                              | cash 30100.00 held 20000.00; 200 ACME cost 19900.00
    replace #1 limit=99.50            | replaced #1 by #2; accepted #2
    look                              | cash 30100.00 held 19900.00; 200 ACME cost 19900.00
    cancel #2                         | canceled #2 canceled_by_client
    look                              | cash 30100.00; 200 ACME cost 19900.00
    buy 100 ACME                      | accepted #3
    look                              | cash 30100.00 held 5197.50; 200 ACME cost 19900.00
    """,
    ),
    "called below 30 %, met above": (
        {"cash": "50000", "kind": "margin"},
        """
    quote ACME 99.00x1000 100.00x1000 |
    buy 1000 ACME limit=100.00        | accepted #1; filled #1 1000 @ 100.00
    quote ACME 80.00x5000 80.10x5000  |
    buy 1 ACME limit=80.10            | denied exceeds_buying_power
    quote ACME 71.43x5000 71.50x5000  |
    quote ACME 71.42x5000 71.50x5000  | called equity 21420.00 of 21426.00
    quote ACME 70.00x5000 71.50x5000  |
    buy 1 LATE limit=1.00             | denied margin_called
    quote ACME 71.43x5000 71.50x5000  | call met equity 21430.00 of 21429.00
    quote ACME 71.42x5000 71.50x5000  | called equity 21420.00 of 21426.00
    deposit 6                         | deposited 6.00; call met equity 21426.00 of 21426.00
    """,
    ),
    "a price below $2.50 is not lent on": (
        {"cash": "3000", "kind": "margin"},
        """
    quote ACME 2.60x9000 2.60x9000 |
    buy 1000 ACME limit=2.60       | accepted #1; filled #1 1000 @ 2.60
    quote ACME 2.50x9000 2.55x9000 |
    quote ACME 2.49x9000 2.55x9000 |
    buy 100 ACME limit=2.55        | accepted #2; filled #2 100 @ 2.55
    quote LATE 2.40x9000 2.40x9000 |
    buy 700 LATE limit=2.40        | denied exceeds_buying_power
    buy 10 LATE limit=2.40         | accepted #3; filled #3 10 @ 2.40
    look                           | cash 121.00; 1100 ACME cost 2855.00; 10 LATE cost 24.00
    """,
    ),
    "coins are paid in full": (
        {"cash": "3000", "kind": "margin"},
        """
    quote COIN/USD 100.00x100 100.00x100 |
    buy 31 COIN/USD limit=100.00         | denied exceeds_buying_power
    buy 30 COIN/USD limit=100.00         | accepted #1; filled #1 30 @ 100.00
    look                                 | cash 0.00; 30 COIN/USD cost 3000.00
    """,
    ),
    "below $2,000 nothing is borrowed": (
        {"cash": "1900", "kind": "margin"},
        """
    quote ACME 100.00x1000 100.10x1000 |
    buy 15 ACME                        | accepted #1; filled #1 15 @ 100.10
    buy 5 ACME                         | denied equity_below_minimum
    sell 15 ACME                       | accepted #2; filled #2 15 @ 100.00
    sell 5 ACME                        | denied equity_below_minimum
    look                               | cash 1898.50 realized -1.50
    """,
    ),
    "interest is charged at every midnight": (
        {"cash": "31000", "kind": "margin"},
        """
    quote ACME 99.00x1000 100.00x1000 |
    buy 600 ACME limit=100.00         | accepted #1; filled #1 600 @ 100.00
    look                              | cash -29000.00; 600 ACME cost 60000.00
    tick day 2 00:00:00               | charged 5.80 debit_interest
    tick day 5 00:00:01               | charged 5.80116 debit_interest; \
charged 5.802321 debit_interest; charged 5.803481 debit_interest
    tick day 5 10:00:00               |
    quote ACME 99.00x1000 100.00x1000 |
    close ACME                        | accepted #2; filled #2 600 @ 99.00
    tick day 6 00:00:00               |
    look                              | cash 30376.793038 realized -600.00
    """,
    ),
    "an account changes its kind": (
        {"cash": "50000"},
        """
    quote ACME 99.00x1000 100.00x1000 |
    buy 600 ACME limit=100.00         | denied exceeds_buying_power
    be credit                         | denied account_kind_not_supported
    be margin                         | is margin
    be margin                         | is margin
    buy 600 ACME limit=100.00         | accepted #1; filled #1 600 @ 100.00
    be cash                           | denied account_borrows
    deposit 11000                     | deposited 11000.00
    be cash                           | is cash
    buy 10 ACME limit=90.00 tif=gtc   | accepted #2
    look                              | cash 1000.00 held 900.00; 600 ACME cost 60000.00
    be margin                         | is margin
    look                              | cash 1000.00 held 900.00; 600 ACME cost 60000.00
    sell 5 LATE limit=10.00           | accepted #3
    be cash                           | denied opening_orders_open
    cancel #2                         | canceled #2 canceled_by_client
    be cash                           | denied opening_orders_open
    """,
    ),
}


@pytest.mark.parametrize("restarted", [False, True], ids=["", "restarted"])
@pytest.mark.parametrize("name", PLAYBOOKS)
def test_margin(new_world: Callable[..., World], name: str, restarted: bool) -> None:
    settings, table = PLAYBOOKS[name]
    check(new_world(credit=CREDIT, profiles=ALL_PROFILES, **settings), table, restarted)
