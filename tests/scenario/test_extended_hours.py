"""Goal: outside the regular session only flagged limit orders trade, on its own quotes. Playbooks.

LATE trades from 04:00 to 09:30 (pre), to 16:00 (open) and to 20:00 (post); on day 3 it closes at
13:00 and ends at 17:00. A world begins on day 1 at 10:00.
"""

import pytest

from tests.engine_terms import DAY, EPOCH, HOUR
from tests.engine_world import World
from tests.scenario.playbook import check

PLAYBOOKS = {
    "after the close only flagged orders trade": """
        tick 16:00:00
        buy 10 LATE limit=100.00 tif=gtc           | queued #1
        buy 10 LATE limit=100.00 tif=gtc ext=yes   | accepted #2
        quote LATE 99.90x300 100.00x200            | filled #2 10 @ 100.00
        sell 4 LATE limit=99.90 ext=yes            | accepted #3; filled #3 4 @ 99.90
        buy 1 LATE                                 | queued #4
        buy 1 LATE tif=ioc                         | denied session_closed
        tick day 2 04:00:00
        quote LATE 99.90x300 100.00x200
        tick 09:30:00                              | activated #1; activated #4
        quote LATE 99.90x300 100.00x200            | filled #4 1 @ 100.00; filled #1 10 @ 100.00
    """,
    "orders without the flag that work through the close trade again at the next open": """
        use realistic                              | profile set
        quote LATE 99.90x300 100.00x4
        buy 10 LATE tif=gtc                        | accepted #1; filled #1 4 @ 100.00 part
        buy 10 LATE limit=100.00 tif=gtc           | accepted #2
        buy 10 LATE limit=99.00 tif=gtc ext=yes    | accepted #3
        tick 16:00:00
        quote LATE 98.90x300 99.00x200             | filled #3 10 @ 99.00
        tick day 2 04:00:00
        quote LATE 98.90x300 99.00x200
        tick 09:30:00
        quote LATE 98.90x300 99.00x200             | filled #1 6 @ 99.00; filled #2 10 @ 99.00
    """,
    "before the open only flagged orders trade": """
        tick day 2 03:00:00
        buy 10 LATE limit=100.00 ext=yes           | queued #1
        buy 10 LATE limit=100.00                   | queued #2
        tick 04:00:00                              | activated #1
        buy 10 LATE limit=99.00 ext=yes            | accepted #3
        quote LATE 99.90x300 100.00x200            | filled #1 10 @ 100.00
        quote LATE 98.90x300 99.00x200             | filled #3 10 @ 99.00
        tick 09:30:00                              | activated #2
        quote LATE 98.90x300 99.00x200             | filled #2 10 @ 99.00
    """,
    "a quote of one phase fills nothing in the next": """
        quote LATE 99.90x300 100.00x200
        tick 16:00:00
        buy 10 LATE limit=100.00 tif=gtc ext=yes   | accepted #1
        quote LATE 99.90x300 100.10x200
        tick day 2 04:00:00
        buy 10 LATE limit=100.10 ext=yes           | accepted #2
        quote LATE 99.90x300 100.10x200            | filled #2 10 @ 100.10
        tick 09:30:00
        buy 10 LATE limit=100.10                   | accepted #3
        quote LATE 99.90x300 100.10x200            | filled #3 10 @ 100.10
    """,
    "a flagged order trades in the regular session like any other, by price and age": """
        use realistic                              | profile set
        buy 5 LATE limit=100.00                    | accepted #1
        buy 5 LATE limit=100.10 ext=yes            | accepted #2
        buy 5 LATE limit=100.00 ext=yes            | accepted #3
        buy 5 LATE limit=100.05                    | accepted #4
        quote LATE 99.90x300 100.00x12             | filled #2 5 @ 100.00; \
filled #4 5 @ 100.00; filled #1 2 @ 100.00 part
        quote LATE 99.90x300 100.00x4              | filled #1 3 @ 100.00; \
filled #3 1 @ 100.00 part
    """,
    "a day order ends at the close, a flagged one with the late session": """
        buy 1 LATE limit=90.00                     | accepted #1
        buy 1 LATE limit=90.00 ext=yes             | accepted #2
        buy 1 LATE limit=90.00 tif=gtc ext=yes     | accepted #3
        buy 1 LATE limit=90.00 tif=gtd until=1T18:00:00 ext=yes | accepted #4
        tick 16:00:00                              | expired #1 trading_day_ended
        buy 1 LATE limit=90.00 ext=yes             | accepted #5
        buy 1 LATE limit=90.00                     | queued #6
        tick 18:00:00                              | expired #4 good_till_date_reached
        tick 20:00:00                              | expired #2 trading_day_ended; \
expired #5 trading_day_ended
        buy 1 LATE limit=90.00 ext=yes             | queued #7
        tick day 2 04:00:00                        | activated #7
        tick 09:30:00                              | activated #6
        tick 16:00:00                              | expired #6 trading_day_ended
        tick 20:00:00                              | expired #7 trading_day_ended
        look                                       | cash 100000.00 held 90.00
    """,
    "an early close moves the late session too": """
        tick day 3 12:59:59
        buy 1 LATE limit=90.00                     | accepted #1
        buy 1 LATE limit=90.00 ext=yes             | accepted #2
        tick 13:00:00                              | expired #1 trading_day_ended
        quote LATE 89.90x300 90.00x200             | filled #2 1 @ 90.00
        buy 1 LATE limit=89.00 ext=yes             | accepted #3
        tick 17:00:00                              | expired #3 trading_day_ended
        buy 1 LATE limit=89.00 ext=yes             | queued #4
    """,
    "stops wait for the regular session": """
        trade LATE 100.00
        quote LATE 99.90x300 100.00x200
        buy 10 LATE                                | accepted #1; filled #1 10 @ 100.00
        sell 10 LATE stop=95.00 tif=gtc            | accepted #2
        tick 16:00:00
        trade LATE 90.00
        quote LATE 89.90x300 90.00x200
        tick day 2 04:00:00
        trade LATE 90.00
        tick 09:30:00
        quote LATE 89.90x300 90.00x200
        trade LATE 89.95                           | triggered #2 89.95 past 95.00; \
filled #2 10 @ 89.90
    """,
    "canceling and replacing outside the regular session": """
        tick 16:00:00
        buy 10 LATE limit=90.00 ext=yes            | accepted #1
        quote LATE 89.90x300 91.00x200
        replace #1 limit=91.00                     | replaced #1 by #2; accepted #2; \
filled #2 10 @ 91.00
        buy 10 LATE limit=90.00 ext=yes            | accepted #3
        replace #3 tif=ioc                         | denied session_closed
        cancel #3                                  | canceled #3 canceled_by_client
        buy 10 LATE limit=90.00                    | queued #4
        replace #4 tif=gtc                         | replaced #4 by #5; queued #5
        cancel all                                 | canceled #5 canceled_by_client
    """,
    "the flag needs a limit order that may wait": """
        buy 10 LATE ext=yes                        | denied no_quote
        quote LATE 99.90x300 100.00x200
        buy 10 LATE ext=yes                        | denied extended_hours_not_limit
        buy 10 LATE stop=110.00 ext=yes            | denied extended_hours_not_limit
        buy 10 LATE limit=100.00 tif=ioc ext=yes   | denied extended_hours_time_in_force
        buy 10 LATE limit=100.00 tif=fok ext=yes   | denied extended_hours_time_in_force
        buy 10 LATE limit=99.00 ext=yes order_class=oto sl=90.00 | denied extended_hours_class
        buy 10 LATE limit=99.00 ext=yes            | accepted #1
        replace #1 tif=ioc                         | denied extended_hours_time_in_force
    """,
    "where there are no extended hours the flag changes nothing": """
        quote COIN/USD 99.90x3 100.00x2
        buy 1 COIN/USD limit=99.00 ext=yes         | accepted #1
        buy 1 ACME limit=99.00 ext=yes             | accepted #2
        tick 16:00:00                              | expired #2 trading_day_ended; \
expired #1 trading_day_ended
        buy 1 ACME limit=99.00 tif=gtc ext=yes     | queued #3
        quote ACME 98.90x300 99.00x200
        tick day 2 09:30:00                        | activated #3
        quote ACME 98.90x300 99.00x200             | filled #3 1 @ 99.00
    """,
    "several phases pass at once": """
        buy 1 LATE limit=90.00 ext=yes             | accepted #1
        tick 20:30:00                              | expired #1 trading_day_ended
        buy 1 LATE limit=90.00                     | queued #2
        buy 1 LATE limit=90.00 ext=yes             | queued #3
        tick day 2 22:00:00                        | activated #3; activated #2; \
expired #2 trading_day_ended; expired #3 trading_day_ended
    """,
}


@pytest.mark.parametrize("title", PLAYBOOKS)
@pytest.mark.parametrize("restarted", [False, True], ids=["", "restarted"])
def test_extended_hours(world: World, title: str, restarted: bool) -> None:
    check(world, PLAYBOOKS[title], restarted)


def test_an_order_says_whether_and_how_long_it_trades(world: World) -> None:
    [plain] = world.buy("1", "LATE", limit="9.00")
    [late] = world.order("buy", "1", "LATE", limit="9.00", ext="yes")
    assert (plain.extended_hours, plain.expires_ns) == (False, EPOCH + DAY + 16 * HOUR)
    assert (late.extended_hours, late.expires_ns) == (True, EPOCH + DAY + 20 * HOUR)
    world.tick("16:00:00")
    [plain] = world.buy("1", "LATE", limit="9.00")
    [late] = world.order("buy", "1", "LATE", limit="9.00", ext="yes")
    assert plain.expires_ns == EPOCH + 2 * DAY + 16 * HOUR
    assert late.expires_ns == EPOCH + DAY + 20 * HOUR
