"""Goal: what happens when a margin call is not met. Method: playbooks."""

from collections.abc import Callable

import pytest

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
