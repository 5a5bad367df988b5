"""Goal: what whoever runs the house decides of a user binds all its accounts, and never what
reduces a position. Method: playbooks.
"""

from collections.abc import Callable

import pytest

from tests.engine_terms import ALL_PROFILES, CREDIT, WITH_PERP
from tests.engine_world import World
from tests.scenario.playbook import check

PLAYBOOKS = {
    "a frozen user trades in no account, cancels, and cannot lift it": """
        open 1000 ideal                    | opened; deposited 1000.00
        quote ACME 99.90x1000 100.00x1000  |
        buy 10 ACME                        | accepted #1; filled #1 10 @ 100.00
        buy 10 ACME limit=99.00 tif=gtc    | accepted #2
        freeze on                          | frozen @1; frozen @2
        buy 1 ACME                         | denied trading_frozen
        sell 10 ACME                       | denied trading_frozen
        buy 1 ACME account=2               | denied trading_frozen
        close ACME                         | denied trading_frozen
        replace #2 limit=98.00             | denied trading_frozen
        protect ACME sl=90.00              | denied trading_frozen
        reset 1000                         | denied trading_frozen
        restrict -suspend_trade            | unrestricted
        buy 1 ACME                         | denied trading_frozen
        restrict suspend_trade             | restricted suspend_trade
        buy 1 ACME                         | denied trading_suspended
        restrict -suspend_trade            | unrestricted
        cancel #2                          | canceled #2 canceled_by_client
        deposit 5                          | deposited 5.00
        freeze off                         | thawed @1; thawed @2
        sell 10 ACME                       | accepted #3; filled #3 10 @ 99.90
    """,
    "an account opened later is bound as well": """
        quote ACME 99.90x1000 100.00x1000  |
        limit order=500                    | limited @1
        freeze on                          | frozen @1
        open 1000 ideal                    | opened; deposited 1000.00; limited @2; frozen @2
        buy 1 ACME account=2               | denied trading_frozen
        freeze off account=2               | thawed @1; thawed @2
        buy 6 ACME account=2               | denied order_value_above_limit
        limit account=2                    | unlimited @1; unlimited @2
        buy 6 ACME account=2               | accepted #1; filled #1 6 @ 100.00
        open 1000 ideal                    | opened; deposited 1000.00
    """,
    "the value of an order, at the worst it may come to": """
        quote ACME 99.90x1000 100.00x1000  |
        limit order=1000                   | limited @1
        buy 10 ACME limit=100.00           | accepted #1; filled #1 10 @ 100.00
        buy 11 ACME limit=100.00           | denied order_value_above_limit
        buy $1000 ACME                     | accepted #2; filled #2 10 @ 100.00
        buy $1000.01 ACME                  | denied order_value_above_limit
        buy 10 ACME limit=90.00 tif=gtc    | accepted #3
        replace #3 qty=12                  | denied order_value_above_limit
        replace #3 qty=11                  | replaced #3 by #4; accepted #4
        sell 20 ACME                       | accepted #5; filled #5 20 @ 99.90
        cancel all                         | canceled #4 canceled_by_client
        sell 11 ACME limit=95.00           | denied order_value_above_limit
        sell 10 ACME limit=95.00           | accepted #6; filled #6 10 @ 99.90
    """,
    "open orders of all accounts together; exits of a position are free": """
        open 10000 ideal                   | opened; deposited 10000.00
        quote ACME 99.90x1000 100.00x1000  |
        limit orders=2                     | limited @1; limited @2
        buy 1 ACME limit=90.00 tif=gtc     | accepted #1
        buy 1 ACME limit=91.00 tif=gtc account=2 | accepted #2
        buy 1 ACME limit=92.00 tif=gtc     | denied open_orders_above_limit
        buy 1 ACME account=2               | denied open_orders_above_limit
        replace #1 limit=90.50             | replaced #1 by #3; accepted #3
        cancel #3                          | canceled #3 canceled_by_client
        buy 1 ACME                         | accepted #4; filled #4 1 @ 100.00
        buy 1 ACME class=bracket tp=110.00 sl=95.00 | denied open_orders_above_limit
        protect ACME tp=110.00 sl=90.00    | accepted #5; accepted #6
        sell 1 ACME                        | denied exceeds_position
    """,
    "types and symbols that are allowed to open": """
        quote ACME 99.90x1000 100.00x1000  |
        quote COIN/USD 99.90x1000 100.00x1000  |
        limit ACME market                  | limited @1
        buy 1 COIN/USD                     | denied symbol_not_allowed
        buy 1 ACME limit=99.00             | denied order_type_not_allowed
        buy 1 COIN/USD limit=99.00             | denied symbol_not_allowed
        buy 10 ACME                        | accepted #1; filled #1 10 @ 100.00
        sell 5 ACME limit=120.00           | accepted #2
        limit COIN/USD                         | limited @1
        sell 5 ACME                        | accepted #3; filled #3 5 @ 99.90
        buy 1 ACME                         | denied symbol_not_allowed
    """,
    "leverage: what positions and orders are worth against the equity": """
        open 10000 ideal margin            | opened; deposited 10000.00
        quote ACME 100.00x1000 100.00x1000 |
        limit leverage=1.5                 | limited @1; limited @2
        buy 100 ACME limit=100.00 account=2 | accepted #1; filled #1 100 @ 100.00
        buy 51 ACME limit=100.00 account=2 | denied leverage_above_limit
        buy 30 ACME limit=90.00 tif=gtc account=2 | accepted #2
        buy 30 ACME limit=90.00 account=2  | denied leverage_above_limit
        replace #2 qty=50 account=2        | replaced #2 by #3; accepted #3
        replace #3 qty=60 account=2        | denied leverage_above_limit
        sell 100 ACME account=2            | accepted #4; filled #4 100 @ 100.00
        limit                              | unlimited @1; unlimited @2
        replace #3 qty=60 account=2        | replaced #3 by #5; accepted #5
    """,
    "what cannot be a limit, and repeats": """
        limit order=-1                     | denied limits_not_supported
        limit orders=-1                    | denied limits_not_supported
        limit leverage=0.99                | denied limits_not_supported
        limit leverage=100.01              | denied limits_not_supported
        limit nothing                      | denied limits_not_supported
        limit market market                | denied limits_not_supported
        limit ACME ACME                    | denied limits_not_supported
        limit XXXX                         | denied limits_not_supported
        limit orders=1 key=k body=a        | limited @1
        limit orders=1 key=k body=a        | repeats 9
        limit orders=2 key=k body=b        | denied idempotency_key_reused
        freeze on key=f body=a             | frozen @1
        freeze on key=f body=a             | repeats 12
    """,
}


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("name", PLAYBOOKS)
def test_bounds(new_world: Callable[..., World], name: str, restarted: bool) -> None:
    """The table holds, also when the engine starts again from its snapshot after every line."""
    world = new_world(cash="100000", kind="margin", credit=CREDIT, profiles=ALL_PROFILES)
    check(world, PLAYBOOKS[name], restarted)


def test_a_contracts_leverage_keeps_within_the_limit(new_world: Callable[..., World]) -> None:
    """No more than the user's leverage can be chosen, and the value of contracts counts."""
    world = new_world(
        cash="1000", kind="margin", credit=CREDIT, profiles=ALL_PROFILES, instruments=WITH_PERP
    )
    check(
        world,
        """
        mark PERP 100.00                   |
        quote PERP 100.00x1000 100.00x1000 |
        leverage PERP 10 isolated          | leverage 10 isolated
        limit leverage=2                   | limited @1
        leverage PERP 3                    | denied leverage_out_of_range
        buy 10 PERP limit=100.00           | accepted #1; filled #1 10 @ 100.00
        buy 11 PERP limit=100.00           | denied leverage_above_limit
        buy 9 PERP limit=100.00            | accepted #2; filled #2 9 @ 100.00
        freeze on                          | frozen @1
        leverage PERP 1 isolated           | denied trading_frozen
        """,
        False,
    )
