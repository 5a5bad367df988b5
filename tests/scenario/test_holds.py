"""Goal: what an order holds is free again on every way out, to the last cent. Method: playbooks."""

from collections.abc import Callable

import pytest

from tests.engine_world import World
from tests.scenario.playbook import check

BEGIN = """
    use realistic                      | profile set
    quote ACME 99.90x300 100.00x200
    buy 200 ACME                       | accepted #1; filled #1 200 @ 100.00
    look                               | cash 80000.00; 200 ACME cost 20000.00
"""
RESTING = """
    buy 100 ACME limit=99.00 tif=gtc   | accepted #2
    look                               | cash 80000.00 held 9900.00; 200 ACME cost 20000.00
"""
PART = """
    quote ACME 98.90x300 99.00x40      | filled #2 40 @ 99.00 part
    look                               | cash 76040.00 held 5940.00; 240 ACME cost 23960.00
"""
PLAYBOOKS = {
    "filled at its limit": RESTING
    + """
    quote ACME 98.90x300 99.00x400     | filled #2 100 @ 99.00
    look                               | cash 70100.00; 300 ACME cost 29900.00
    """,
    "filled better than its limit": RESTING
    + """
    quote ACME 97.90x300 98.00x400     | filled #2 100 @ 98.00
    look                               | cash 70200.00; 300 ACME cost 29800.00
    """,
    "filled in part better than its limit": RESTING
    + """
    quote ACME 97.90x300 98.00x50      | filled #2 50 @ 98.00 part
    look                               | cash 75100.00 held 4950.00; 250 ACME cost 24900.00
    """,
    "canceled": RESTING
    + """
    cancel #2                          | canceled #2 canceled_by_client
    look                               | cash 80000.00; 200 ACME cost 20000.00
    """,
    "filled in part, then canceled": RESTING
    + PART
    + """
    cancel #2                          | canceled #2 canceled_by_client
    look                               | cash 76040.00; 240 ACME cost 23960.00
    """,
    "filled in part, then canceled with all others": RESTING
    + PART
    + """
    sell 50 ACME limit=200.00          | accepted #3
    buy 10 RAIL limit=1.00             | accepted #4
    cancel all RAIL                    | canceled #4 canceled_by_client
    cancel all                         | canceled #2 canceled_by_client; \
canceled #3 canceled_by_client
    cancel all
    look                               | cash 76040.00; 240 ACME cost 23960.00
    """,
    "a day order expired at the close": """
    buy 100 ACME limit=99.00           | accepted #2
    sell 150 ACME limit=120.00         | accepted #3
    look                               | cash 80000.00 held 9900.00; \
200 ACME held 150 cost 20000.00
    tick 15:59:59
    tick 16:00:00                      | expired #2 trading_day_ended; \
expired #3 trading_day_ended
    look                               | cash 80000.00; 200 ACME cost 20000.00
    """,
    "filled in part, then expired": """
    buy 100 ACME limit=99.00           | accepted #2
    quote ACME 98.90x300 99.00x40      | filled #2 40 @ 99.00 part
    tick 16:00:00                      | expired #2 trading_day_ended
    look                               | cash 76040.00; 240 ACME cost 23960.00
    """,
    "replaced by a smaller, a larger and a dearer one": RESTING
    + """
    replace #2 qty=50                  | replaced #2 by #3; accepted #3
    look                               | cash 80000.00 held 4950.00; 200 ACME cost 20000.00
    replace #3 qty=800                 | replaced #3 by #4; accepted #4
    look                               | cash 80000.00 held 79200.00; 200 ACME cost 20000.00
    replace #4 qty=809                 | denied exceeds_buying_power
    replace #4 qty=808                 | replaced #4 by #5; accepted #5
    replace #5 limit=99.01             | denied exceeds_buying_power
    replace #5 limit=98.99             | replaced #5 by #6; accepted #6
    cancel #6                          | canceled #6 canceled_by_client
    look                               | cash 80000.00; 200 ACME cost 20000.00
    """,
    "replaced after a partial fill": RESTING
    + PART
    + """
    replace #2 qty=40                  | denied replace_quantity_not_above_filled
    replace #2 qty=50                  | replaced #2 by #3; accepted #3
    look                               | cash 76040.00 held 990.00; 240 ACME cost 23960.00
    quote ACME 98.90x300 99.00x40      | filled #3 10 @ 99.00
    look                               | cash 75050.00; 250 ACME cost 24950.00
    """,
    "denied": """
    buy 900 ACME limit=99.00           | denied exceeds_buying_power
    sell 201 ACME                      | denied exceeds_position
    look                               | cash 80000.00; 200 ACME cost 20000.00
    """,
    "ended by a reset": RESTING
    + PART
    + """
    sell 100 ACME limit=120.00         | accepted #3
    reset 5000                         | canceled #2 account_reset; canceled #3 account_reset; \
gave up 240 ACME; reset to 5000.00
    look                               | cash 5000.00
    """,
    "ended to close the position": RESTING
    + """
    sell 150 ACME limit=120.00         | accepted #3
    buy 10 RAIL limit=1.00             | accepted #4
    close ACME qty=60                  | denied exceeds_position
    close ACME                         | accepted #5; filled #5 50 @ 99.90 \
fee sec_section_31 0.11 fee finra_taf 0.01
    close ACME                         | denied exceeds_position
    close ACME cancel=yes qty=151      | denied exceeds_position
    close ACME cancel=yes              | canceled #2 canceled_to_close_position; \
canceled #3 canceled_to_close_position; accepted #6; filled #6 150 @ 99.90 \
fee sec_section_31 0.31 fee finra_taf 0.03
    close ACME                         | denied no_position
    look                               | cash 99979.54 held 10.00 realized -20.00
    """,
    "a market order holds to its collar, and less once it is filled": """
    buy 762 ACME                       | denied exceeds_buying_power
    quote ACME 99.90x300 100.00x200
    buy 761 ACME                       | accepted #2; filled #2 200 @ 100.00 part
    look                               | cash 60000.00 held 58905.00; 400 ACME cost 40000.00
    quote ACME 99.90x300 105.00x200    | filled #2 200 @ 105.00 part
    look                               | cash 39000.00 held 37905.00; 600 ACME cost 61000.00
    quote ACME 99.90x300 105.01x200    | canceled #2 market_moved_beyond_collar
    look                               | cash 39000.00; 600 ACME cost 61000.00
    """,
    "immediate orders hold nothing afterwards": """
    buy 250 ACME limit=100.00 tif=ioc  | accepted #2; canceled #2 rest_of_immediate_or_cancel
    sell 200 ACME limit=100.00 tif=fok | accepted #3; canceled #3 fill_or_kill_not_fillable_whole
    look                               | cash 80000.00; 200 ACME cost 20000.00
    """,
    "sales hold shares, not cash, and two may not sell the same share": """
    sell 120 ACME limit=120.00         | accepted #2
    sell 81 ACME limit=121.00          | denied exceeds_position
    sell 80 ACME limit=121.00          | accepted #3
    quote ACME 120.00x50 120.10x10     | filled #2 50 @ 120.00 part \
fee sec_section_31 0.13 fee finra_taf 0.01
    look                               | cash 85999.86; \
150 ACME held 150 cost 15000.00 realized 1000.00
    cancel #2                          | canceled #2 canceled_by_client
    look                               | cash 85999.86; \
150 ACME held 80 cost 15000.00 realized 1000.00
    """,
    "withdrawals leave what orders hold": RESTING
    + """
    withdraw 70100.01                  | denied exceeds_withdrawable_cash
    withdraw 70100                     | withdrawn 70100.00
    withdraw 0.000001                  | denied exceeds_withdrawable_cash
    buy 0.02 ACME limit=99.00          | denied exceeds_buying_power
    cancel #2                          | canceled #2 canceled_by_client
    withdraw 9900                      | withdrawn 9900.00
    look                               | cash 0.00; 200 ACME cost 20000.00
    """,
}


@pytest.mark.parametrize("title", PLAYBOOKS)
@pytest.mark.parametrize("restarted", [False, True], ids=["", "restarted"])
def test_holds(world: World, title: str, restarted: bool) -> None:
    """Each way out, also when the engine is restored from a snapshot after every input."""
    check(world, BEGIN + PLAYBOOKS[title], restarted)
    if not world.engine.snapshot().orders:
        assert world.held() == "0.00"


def test_two_accounts_hold_apart(new_world: Callable[..., World]) -> None:
    check(
        new_world(),
        """
        open 1000 ideal                        | opened; deposited 1000.00
        quote ACME 99.90x300 100.00x200
        buy 10 ACME limit=100.00 account=2     | accepted #1; filled #1 10 @ 100.00
        buy 1 ACME limit=99.00 account=2       | denied exceeds_buying_power
        buy 1 ACME limit=99.00                 | accepted #2
        cancel #2 account=2                    | denied order_not_open
        replace #2 qty=2 account=2             | denied order_not_open
        sell 10 ACME                           | denied exceeds_position
        close ACME                             | denied no_position
        cancel all account=2
        look account=2                         | cash 0.00; 10 ACME cost 1000.00
        look                                   | cash 100000.00 held 99.00
    """,
    )
