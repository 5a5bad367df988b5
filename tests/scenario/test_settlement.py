"""Goal: in a cash account the proceeds of stocks come a day later. Method: playbooks."""

from collections.abc import Callable

import pytest

from tests.engine_terms import ALL_PROFILES, CREDIT
from tests.engine_world import World
from tests.scenario.playbook import check

PLAYBOOKS = {
    "proceeds buy, but do not leave": (
        {"cash": "10100"},
        """
    quote ACME 99.00x1000 100.00x1000 |
    quote LATE 50.00x1000 50.00x1000  |
    buy 100 ACME limit=100.00         | accepted #1; filled #1 100 @ 100.00
    sell 100 ACME                     | accepted #2; filled #2 100 @ 99.00
    look proceeds=yes                 | cash 10000.00 realized -100.00; 9900.00 to come
    withdraw 101                      | denied exceeds_withdrawable_cash
    withdraw 100                      | withdrawn 100.00
    buy 150 LATE                      | accepted #3; filled #3 150 @ 50.00
    look proceeds=yes                 | cash 2400.00 realized -100.00; 150 LATE cost 7500.00; \
2400.00 to come; 150 LATE unpaid
    tick day 2 09:30:00               |
    look proceeds=yes                 | cash 2400.00 realized -100.00; 150 LATE cost 7500.00
    withdraw 2400                     | withdrawn 2400.00
    """,
    ),
    "a good faith violation": (
        {"cash": "10100"},
        """
    quote ACME 99.00x1000 100.00x1000 |
    quote LATE 50.00x1000 50.00x1000  |
    buy 100 ACME limit=100.00         | accepted #1; filled #1 100 @ 100.00
    sell 100 ACME                     | accepted #2; filled #2 100 @ 99.00
    buy 150 LATE                      | accepted #3; filled #3 150 @ 50.00
    sell 1 LATE                       | accepted #4; filled #4 1 @ 50.00; \
good faith violation 1: #4 1
    look proceeds=yes                 | cash 2550.00 realized -100.00; 149 LATE cost 7450.00; \
2550.00 to come
    sell 149 LATE                     | accepted #5; filled #5 149 @ 50.00
    look proceeds=yes                 | cash 10000.00 realized -100.00; 10000.00 to come
    """,
    ),
    "what was paid for is sold first": (
        {"cash": "12000"},
        """
    quote ACME 100.00x1000 100.00x1000 |
    quote LATE 50.00x1000 50.00x1000   |
    buy 40 LATE                        | accepted #1; filled #1 40 @ 50.00
    buy 100 ACME limit=100.00          | accepted #2; filled #2 100 @ 100.00
    sell 100 ACME                      | accepted #3; filled #3 100 @ 100.00
    buy 100 LATE limit=50.00           | accepted #4; filled #4 100 @ 50.00
    look proceeds=yes                  | cash 5000.00; 140 LATE cost 7000.00; 5000.00 to come; \
100 LATE unpaid
    sell 40 LATE                       | accepted #5; filled #5 40 @ 50.00
    sell 1 LATE                        | accepted #6; filled #6 1 @ 50.00; \
good faith violation 1: #6 1
    """,
    ),
    "no violation once it has settled": (
        {"cash": "10000"},
        """
    quote ACME 100.00x1000 100.00x1000 |
    quote LATE 50.00x1000 50.00x1000   |
    buy 100 ACME limit=100.00          | accepted #1; filled #1 100 @ 100.00
    sell 100 ACME                      | accepted #2; filled #2 100 @ 100.00
    buy 100 LATE limit=50.00           | accepted #3; filled #3 100 @ 50.00
    tick day 2 10:00:00                |
    quote LATE 50.00x1000 50.00x1000   |
    sell 100 LATE                      | accepted #4; filled #4 100 @ 50.00
    look proceeds=yes                  | cash 10000.00; 5000.00 to come
    """,
    ),
    "sold on two days": (
        {"cash": "10000"},
        """
    quote ACME 100.00x1000 100.00x1000 |
    buy 100 ACME limit=100.00          | accepted #1; filled #1 100 @ 100.00
    sell 40 ACME                       | accepted #2; filled #2 40 @ 100.00
    tick day 2 10:00:00                |
    quote ACME 100.00x1000 100.00x1000 |
    look proceeds=yes                  | cash 4000.00; 60 ACME cost 6000.00
    sell 60 ACME                       | accepted #3; filled #3 60 @ 100.00
    look proceeds=yes                  | cash 10000.00; 6000.00 to come
    tick day 3 09:29:59                |
    look proceeds=yes                  | cash 10000.00; 6000.00 to come
    tick day 3 09:30:00                |
    look proceeds=yes                  | cash 10000.00
    """,
    ),
    "coins settle at once": (
        {"cash": "10000"},
        """
    quote COIN/USD 100.00x1000 100.00x1000 |
    buy 100 COIN/USD limit=100.00          | accepted #1; filled #1 100 @ 100.00
    sell 100 COIN/USD                      | accepted #2; filled #2 100 @ 100.00
    withdraw 10000                         | withdrawn 10000.00
    """,
    ),
    "a margin account lends itself meanwhile": (
        {"cash": "10000", "kind": "margin"},
        """
    quote ACME 100.00x1000 100.00x1000 |
    buy 100 ACME limit=100.00          | accepted #1; filled #1 100 @ 100.00
    sell 100 ACME                      | accepted #2; filled #2 100 @ 100.00
    withdraw 10000                     | withdrawn 10000.00
    """,
    ),
}


@pytest.mark.parametrize("restarted", [False, True], ids=["", "restarted"])
@pytest.mark.parametrize("name", PLAYBOOKS)
def test_settlement(new_world: Callable[..., World], name: str, restarted: bool) -> None:
    settings, table = PLAYBOOKS[name]
    check(new_world(credit=CREDIT, profiles=ALL_PROFILES, **settings), table, restarted)
