"""Goal: what an account restricts itself to binds every new order, and nothing else. Method:
playbooks.
"""

from collections.abc import Callable

import pytest

from tests.engine_terms import ALL_PROFILES, CREDIT
from tests.engine_world import World
from tests.scenario.playbook import check

PLAYBOOKS = {
    "a suspended account takes no new order, and cancels": """
        quote ACME 99.90x1000 100.00x1000 |
        buy 10 ACME                        | accepted #1; filled #1 10 @ 100.00
        buy 10 ACME limit=99.00 tif=gtc    | accepted #2
        restrict suspend_trade             | restricted suspend_trade
        buy 10 ACME                        | denied trading_suspended
        sell 10 ACME                       | denied trading_suspended
        close ACME                         | denied trading_suspended
        replace #2 limit=98.00             | denied trading_suspended
        protect ACME sl=90.00              | denied trading_suspended
        quote ACME 98.90x1000 99.00x1000   | filled #2 10 @ 99.00
        restrict -suspend_trade            | unrestricted
        sell 20 ACME                       | accepted #3; filled #3 20 @ 98.90
    """,
    "exits of an order from before come alive, and can be taken off": """
        quote ACME 99.90x1000 100.00x1000 |
        buy 10 ACME limit=99.00 tif=gtc class=bracket tp=110.00 sl=95.00 | accepted #1; \
held #2; held #3
        restrict suspend_trade             | restricted suspend_trade
        replace #2 limit=111.00            | denied trading_suspended
        quote ACME 98.90x1000 99.00x1000   | filled #1 10 @ 99.00; activated #2; activated #3
        cancel all                         | \
canceled #2 canceled_by_client; canceled #3 canceled_by_client
        protect ACME                       | denied no_protection
    """,
    "no short sale, but any other": """
        quote ACME 99.90x1000 100.00x1000 |
        sell 10 ACME                       | accepted #1; filled #1 10 @ 99.90
        restrict no_shorting               | restricted no_shorting
        sell 1 ACME                        | denied shorting_restricted
        sell 1 ACME limit=120.00           | denied shorting_restricted
        buy 10 ACME                        | accepted #2; filled #2 10 @ 100.00
        buy 10 ACME                        | accepted #3; filled #3 10 @ 100.00
        sell 11 ACME                       | denied exceeds_position
        sell 10 ACME                       | accepted #4; filled #4 10 @ 99.90
        be cash                            | is cash
        sell 1 ACME                        | denied exceeds_position
    """,
    "no part of a share is opened; what there is can be closed": """
        quote ACME 99.90x1000 100.00x1000 |
        buy 1.5 ACME                       | accepted #1; filled #1 1.5 @ 100.00
        restrict no_fractions              | restricted no_fractions
        buy 0.5 ACME                       | denied fractions_restricted
        buy $150 ACME                      | denied fractions_restricted
        buy $200 ACME                      | accepted #2; filled #2 2 @ 100.00
        sell 0.25 ACME                     | accepted #3; filled #3 0.25 @ 99.90
        close ACME                         | accepted #4; filled #4 3.25 @ 99.90
    """,
    "several at once, one lifted, and words nobody knows": """
        restrict no_shorting suspend_trade      | restricted suspend_trade no_shorting
        restrict -suspend_trade no_fractions    | restricted no_shorting no_fractions
        restrict                                | restricted no_shorting no_fractions
        restrict nothing                        | denied restriction_not_supported
        restrict -nothing                       | denied restriction_not_supported
        restrict no_shorting -no_shorting       | denied restriction_not_supported
        reset 1000                              | reset to 1000.00
        restrict                                | restricted no_shorting no_fractions
        restrict -no_shorting -no_fractions key=r1 body=b | unrestricted
        restrict -no_shorting -no_fractions key=r1 body=b | repeats 9
    """,
}


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("name", PLAYBOOKS)
def test_restrictions(new_world: Callable[..., World], name: str, restarted: bool) -> None:
    """The table holds, also when the engine starts again from its snapshot after every line."""
    world = new_world(cash="100000", kind="margin", credit=CREDIT, profiles=ALL_PROFILES)
    check(world, PLAYBOOKS[name], restarted)
